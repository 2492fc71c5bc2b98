/** Which networks' templates a backup may hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kinds } from '../../www/vault/kinds.js';

/** @param {string} periocular */
const reference = (periocular) => /** @type {any} */ ({ template: new Uint8Array(100), models: { periocular } });

test('a backup made with somebody\u2019s own pack is taken in as one of a release is', () => {
  const kinds = new Kinds();
  for (const name of ['periocular-5', 'full-4@fa357cb8', 'mine-1@0123abcd', 'my_net@0123abcd']) kinds.check(reference(name), null);
});

test('names without the bytes of a network, and more kinds than there can be, are refused', () => {
  for (const name of ['mine-1', 'invented-2', 'a b@0123abcd', 'x@0123']) assert.throws(() => new Kinds().check(reference(name), null), { code: 'file_refused' });
  const kinds = new Kinds();
  assert.throws(() => {
    for (let i = 0; i < 100; i++) kinds.check(reference(`mine-${i}@0123abcd`), null);
  }, { code: 'file_refused' });
});
