/** Which PINs are named as weak, and why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weakness } from '../../www/vault/weak-pin.js';

test('what anybody tries first is named by what it is', () => {
  const said = { 111111: 'same', 121212: 'same', abcabc: 'same', 123456: 'row', 654321: 'row', 567890: 'row', qwertz: 'row', ytrewq: 'row', 240588: 'date', 880524: 'date', 24051988: 'date', 19880524: 'date', 493817: 'digits' };
  for (const [pin, why] of Object.entries(said)) assert.equal(weakness(pin), why, pin);
});

test('words, and digits that are many, are not', () => {
  for (const pin of ['four random words', 'horse staple', '4938174938', 'Zug 7 nach Ulm', '']) assert.equal(weakness(pin), null, pin);
});
