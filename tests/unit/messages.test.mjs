import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { textsNamed } from './engine-types.mjs';
import { countText, fault, faultOf, text } from '../../www/words/messages.js';

const www = new URL('../../www/', import.meta.url);
const sources = readdirSync(www, { recursive: true }).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, www), 'utf8'));

test('every text that a page or module asks for exists', () => {
  const keys = sources.flatMap((source) => [...source.matchAll(/\btext\('([^'$]+)'|data-t(?:-label)?="([^"]+)"/g)].map((found) => found[1] ?? found[2]));
  assert.ok(keys.length > 100);
  for (const key of keys) assert.ok(text(key).length > 0, key);
});

test('every reason of the engine has words', () => {
  const said = { EnrolHint: 'hint', MaskState: 'mask', QualityProblem: 'who.undecided', UndecidedReason: 'who.undecided' };
  for (const [type, key] of Object.entries(said)) {
    const reasons = textsNamed(type);
    assert.ok(reasons.length > 2, type);
    for (const reason of reasons) assert.ok(text(`${key}.${reason}`), reason);
  }
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
