/** The worker has no words: it says codes and values, and the page puts them in its language. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { fault, faultOf, setLanguage } from '../../www/words/messages.js';
import { StoreError, fromCause, storeError } from '../../www/vault/errors.js';
import { raisedOf } from '../../www/worker/raised.js';
import { importsIn } from '../../tools/imports.mjs';
import { SPECIAL } from '../../tools/special.mjs';

const textOf = (path) => readFileSync(new URL(`../../www/${path}`, import.meta.url), 'utf8');

/** The worker's modules, less what the compiler makes. */
function modulesOf(path, seen = new Set()) {
  if (seen.has(path) || path === SPECIAL.glue) return seen;
  seen.add(path);
  for (const { name } of importsIn(textOf(path))) modulesOf(posix.join(posix.dirname(path), name), seen);
  return seen;
}

/** What stands in quotation marks. */
function quotedIn(path) {
  const quoted = [];
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) quoted.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS));
  return quoted;
}

/** Labels that keys are derived by: part of a backup's format, nothing that is read. */
const LABELS = ['brow backup key', 'brow backup check'];

test('no sentence stands in what the worker is made of, and no table of words is imported', () => {
  const modules = [...modulesOf(SPECIAL.worker)];
  assert.ok(modules.includes('vault/errors.js') && modules.length > 30);
  assert.deepEqual(modules.filter((path) => /^words\/(?!names\.js$)/.test(path)), []);
  const sentences = modules.flatMap((path) => quotedIn(path).filter((quoted) => /[a-z]{2} [a-z]{2}/i.test(quoted) && !LABELS.includes(quoted)).map((quoted) => `${path}: ${quoted}`));
  assert.deepEqual(sentences, []);
});

test('what the worker throws crosses as a code and values, and the page says it in its language', async () => {
  const crossed = structuredClone(raisedOf(storeError('passphrase_too_short', { least: 12 })));
  assert.deepEqual(crossed, { code: 'passphrase_too_short', values: { least: 12 } });
  await setLanguage('de');
  assert.match(faultOf(crossed).remedy, /mindestens 12 Zeichen/);
  await setLanguage('en');
});

test('what a browser throws gets a code of ours, and what nobody expected the general one', (t) => {
  t.mock.method(console, 'error', () => {});
  assert.equal(raisedOf(fromCause(new DOMException('', 'QuotaExceededError'))).code, 'storage_full');
  // A DOMException has a number for its code.
  for (const odd of [new DOMException('', 'DataError'), new TypeError('x'), 'words', null, undefined]) assert.deepEqual(raisedOf(odd), { code: 'unexpected', values: {} });
  assert.equal(new StoreError('locked').message, 'locked');
  assert.equal(faultOf(raisedOf(null)).message, fault('unexpected').message);
});
