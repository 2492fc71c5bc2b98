/**
 * Makes one script of a module and all that it imports, for what has to be one file: a worker that is held to one hash.
 * Each module is a function that is called when it is first asked for, as it was written but for its comments.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { ENGINE_ROOM, webDir } from './engine-files.mjs';
import { root } from './setup.mjs';

const www = join(root, 'www');
const WORDS = 'words/texts/';
const ENGLISH = `${WORDS}en.js`;

/** A module's text by its path from www/. @param {string} path */
export const source = (path) => readFileSync(path === `${ENGINE_ROOM}/brow.js` ? join(webDir, 'brow.js') : join(www, path), 'utf8');

/** The files that a module imports, by how it names them and by their paths from www/. @param {string} path @param {string} text @returns {[string, string][]} */
function namesIn(path, text) {
  return ts.preProcessFile(text, true, true).importedFiles
    .map(({ fileName }) => /** @type {[string, string]} */ ([fileName, posix.join(posix.dirname(path), fileName)]))
    .filter(([, found]) => /(?<!types)\.js$/.test(found));
}

/** The paths of the files that a module imports. @param {string} path */
export const importsOf = (path) => namesIn(path, source(path)).map(([, found]) => found);

/** A module and all that it imports, each after what it needs. @param {string} path @returns {string[]} */
export function closure(path, seen = new Set()) {
  if (seen.has(path)) return [];
  seen.add(path);
  return [...importsOf(path).flatMap((found) => closure(found, seen)), path];
}

/** What a worker needs of the words: a page puts its own in their place, so these are there only in case it has none. */
const { default: english } = await import(pathToFileURL(join(www, ENGLISH)).href);
const workerWords = `export default ${JSON.stringify({
  consentVersion: english.consentVersion,
  texts: Object.fromEntries(Object.entries(english.texts).filter(([key]) => key.startsWith('duration.'))),
  faults: english.faults,
})};\n`;

/**
 * @param {string} entry path from www/
 * @param {Record<string, string>} [made] texts of modules that the build makes, by their paths
 * @returns {string}
 */
export function bundle(entry, made = {}) {
  const texts = { [ENGLISH]: workerWords, ...made };
  // A worker asks for no other language.
  const modules = closure(entry).filter((path) => !path.startsWith(WORDS) || path === ENGLISH).map((path) => {
    // What is asked for by an address that nobody knows yet stays the browser's to import.
    const text = (texts[path] ?? source(path)).replace(/\bimport\((?=[a-z])/g, 'importAddress(');
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
