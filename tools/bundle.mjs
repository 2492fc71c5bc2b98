/**
 * Makes one script of a module and all that it imports, for what has to be one file: a worker that is held to one hash.
 * Each module is a function that is called when it is first asked for, as it was written but for its comments.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { webDir } from './engine-files.mjs';
import { importsIn } from './imports.mjs';
import { root } from './setup.mjs';
import { SPECIAL } from './special.mjs';

const www = join(root, 'www');

/** A module's text by its path from www/. @param {string} path */
export const source = (path) => readFileSync(path === SPECIAL.glue ? join(webDir, 'brow.js') : join(www, path), 'utf8');

/** The files that a module imports, by how it names them and by their paths from www/. @param {string} path @param {string} text @returns {[string, string][]} */
const namesIn = (path, text) => importsIn(text).map(({ name }) => [name, posix.join(posix.dirname(path), name)]);

/** The paths of the files that a module imports. @param {string} path */
export const importsOf = (path) => namesIn(path, source(path)).map(([, found]) => found);

/** A module and all that it imports, each after what it needs. @param {string} path @returns {string[]} */
export function closure(path, seen = new Set()) {
  if (seen.has(path)) return [];
  seen.add(path);
  return [...importsOf(path).flatMap((found) => closure(found, seen)), path];
}

/**
 * @param {string} entry path from www/
 * @param {Record<string, string>} [made] texts of modules that the build makes, by their paths
 * @returns {string}
 */
export function bundle(entry, made = {}) {
  const modules = closure(entry).map((path) => {
    // What is asked for by an address that nobody knows yet stays the browser's to import.
    const text = (made[path] ?? source(path)).replace(/\bimport\((?=[a-z])/g, 'importAddress(');
    const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: false, removeComments: true } });
    return `${JSON.stringify(path)}: [${JSON.stringify(Object.fromEntries(namesIn(path, text)))}, function (exports, require) {\n${outputText}}]`;
  });
  return `const modules = {\n${modules.join(',\n')}\n};
const importAddress = (address) => import(address);
const done = new Map();
function load(path) {
  const known = done.get(path);
  if (known) return known;
  const exports = {};
  done.set(path, exports);
  const [names, run] = modules[path];
  run(exports, (name) => load(names[name]));
  return exports;
}
load(${JSON.stringify(entry)});
`;
}
