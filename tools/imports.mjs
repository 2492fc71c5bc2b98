/** What a module imports, found by TypeScript's parser: the one way for the site, for workers and for the package. */
import ts from 'typescript';

/**
 * @typedef {object} Import
 * @property {string} name as the module writes it
 * @property {number} start of the name in the module's text, behind its quotation mark
 * @property {number} end
 * @property {boolean} late imported when it is asked for, by `import()`
 */

/** @param {string} text of a module @returns {Import[]} by their places */
export function importsIn(text) {
  const file = ts.createSourceFile('module.js', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  /** @type {Import[]} */
  const found = [];
  const note = (/** @type {ts.Node | undefined} */ literal, late = false) => {
    if (!literal || !ts.isStringLiteral(literal)) return;
    const start = literal.getStart(file) + 1;
    found.push({ name: literal.text, start, end: literal.end - 1, late });
  };
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) note(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) note(node.arguments[0], true);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** A module's text with other names for what it imports. @param {string} text @param {(found: Import) => string} rename called in their order */
export function withImports(text, rename) {
  let changed = '';
  let at = 0;
  for (const found of importsIn(text)) {
    changed += text.slice(at, found.start) + rename(found);
    at = found.end;
  }
  return changed + text.slice(at);
}
