/** What a module imports is found by what it means, not by how it looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsIn, withImports } from '../../tools/imports.mjs';

const MODULE = `import './first.js';
import { a,
  b } from "../second.js";
export * from './third.js';
/** import './in-a-comment.js' and import('./too.js') */
/** @typedef {import('./types.js').Frame} Frame */
const words = "import './in-a-string.js'", late = () => import('./fourth.js'), other = (address) => import(address);
const code = \`export * from './in-a-template.js'\`;
export const c = import.meta.url;
`;

test('imports and exports of others are found, what is imported late is told apart, and what only looks like it is left alone', () => {
  assert.deepEqual(importsIn(MODULE).map(({ name, late }) => [name, late]), [['./first.js', false], ['../second.js', false], ['./third.js', false], ['./fourth.js', true]]);
});

test('what is imported is renamed and nothing else', () => {
  const asked = [];
  const renamed = withImports(MODULE, ({ name }) => {
    asked.push(name);
    return name.replace('.js', '.0123456789.js');
  });
  assert.deepEqual(asked, ['./first.js', '../second.js', './third.js', './fourth.js']);
  assert.equal(renamed, ['first', 'second', 'third', 'fourth'].reduce((text, name) => text.replace(`/${name}.js`, `/${name}.0123456789.js`), MODULE));
});
