import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameProblem, tidyName } from '../../www/words/names.js';
import '../vault/module.mjs';

const { numbered, taken } = await import('../../www/vault/names.js');

test('a name is kept composed, on one line, without doubled spaces', () => {
  assert.equal(tidyName('  Zoe\u0308 \n\t von\u00a0 Berg '), 'Zo\u00eb von Berg');
});

test('marks that turn the text around a name are dropped, its own letters stay', () => {
  assert.equal(tidyName('\u202e\u05d9\u05d5\u05e1\u05e3\u202c'), '\u05d9\u05d5\u05e1\u05e3');
});

test('joiners within emoji and Persian names stay', () => {
  assert.equal(tidyName('\u{1F469}\u200d\u{1F52C}'), '\u{1F469}\u200d\u{1F52C}');
  assert.equal(tidyName('\u0645\u06cc\u200c\u062e'), '\u0645\u06cc\u200c\u062e');
});

test('names that nobody could see are no names', () => {
  for (const name of ['', '\u200b', '\u200d\u200d', '\u0301']) assert.deepEqual(nameProblem(tidyName(name)), ['name.empty'], JSON.stringify(name));
});

test('80 characters are enough, counted as people count them', () => {
  assert.equal(nameProblem('\u{1F469}\u200d\u{1F52C}'.repeat(20)), null);
  assert.deepEqual(nameProblem('x'.repeat(81)), ['name.long', { most: 80, length: 81 }]);
  assert.deepEqual(nameProblem(`z${'\u0301'.repeat(500)}`), ['name.long', { most: 80, length: 501 }]);
});

test('upper case makes no other person, nor does the width of letters; an accent does', () => {
  assert.deepEqual(taken(['Jos\u00e9', 'JOSE\u0301', 'Jose', '\uff21da', 'A\nda'], ['Ada', 'JOS\u00c9', 'jos\u00e9']), [1, 1, null, 0, null]);
  assert.deepEqual(taken(['Ada'], []), [null]);
});

test('a second person of a name gets a number that nobody has', () => {
  assert.equal(numbered('Ada', ['Ada', 'ada (2)']), 'Ada (3)');
});
