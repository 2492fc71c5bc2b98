import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { countText, fault, faultOf, text } from '../../www/words/messages.js';

const www = new URL('../../www/', import.meta.url);
const sources = readdirSync(www, { recursive: true }).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, www), 'utf8'));

test('every text that a page or module asks for exists', () => {
  const keys = sources.flatMap((source) => [...source.matchAll(/\btext\('([^'$]+)'|data-t(?:-label)?="([^"]+)"/g)].map((found) => found[1] ?? found[2]));
  assert.ok(keys.length > 100);
  for (const key of keys) assert.ok(text(key).length > 0, key);
});

test('every fault that a module raises has words and a remedy', () => {
  const codes = sources.flatMap((source) => [...source.matchAll(/\bfault\('([^']+)'/g)].map((found) => found[1]));
  assert.ok(codes.length > 20);
  for (const code of new Set(codes)) {
    const { message, remedy } = fault(code);
    assert.ok(code === 'unexpected' || message !== fault('unexpected').message, code);
    assert.ok(remedy.length > 10, code);
  }
});

test('every reason of the engine has words', () => {
  const types = readFileSync(new URL('types.js', www), 'utf8');
  const named = (type) => [...new RegExp(`@typedef \\{([^}]+)\\} ${type}\\b`).exec(types)[1].matchAll(/'(\w+)'/g)].map((found) => found[1]);
  for (const hint of named('EnrolHint')) assert.ok(text(`hint.${hint}`), hint);
  for (const state of named('MaskState')) assert.ok(text(`mask.${state}`), state);
  for (const reason of [...named('QualityProblem'), ...named('UndecidedReason')]) assert.ok(text(`who.undecided.${reason}`), reason);
});

test('one and many are told apart', () => {
  assert.equal(countText('people.count', 1), '1 person enrolled');
  assert.equal(countText('people.count', 1200), '1,200 people enrolled');
});

test('a fault with words of its own keeps them, a stranger gets general ones', () => {
  const own = { code: 'from_engine', message: 'What happened.', remedy: 'What to do.' };
  assert.deepEqual(faultOf(own), own);
  assert.equal(faultOf({ code: 'no_face', message: 'x', remedy: 'y' }).message, fault('no_face').message);
});
