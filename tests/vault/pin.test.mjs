import assert from 'node:assert/strict';
import { test } from 'node:test';
import './module.mjs';
import './people.mjs';
import { KEY_BYTES, PBKDF2_ITERATIONS, binding, importKey, newDeviceKey, randomBytes, seal, unseal } from '../../www/vault/crypto.js';
import { duration } from '../../www/words/messages.js';

const { newPinKey, unwrap, wrapUnder } = await import('../../www/vault/pin.js');

test('waits are told in words', () => {
  assert.deepEqual([1, 5, 59, 60, 61, 3600].map(duration), ['1 second', '5 seconds', '59 seconds', '1 minute', '2 minutes', '60 minutes']);
});

test('the right PIN opens the key, a wrong one does not, and a wrapping fits its own vault only', async () => {
  const key = randomBytes(KEY_BYTES);
  const { pinKey, how } = await newPinKey('correct horse', 1000);
  const wrapping = await wrapUnder(pinKey, how, key, 'vault-1');
  assert.deepEqual((await unwrap('correct horse', wrapping, 'vault-1')).key, key);
  assert.equal(await unwrap('correct hors', wrapping, 'vault-1'), null);
  assert.equal(await unwrap('correct horse', wrapping, 'vault-2'), null);
  assert.equal(await unwrap('correct horse', { ...wrapping, iterations: 1001 }, 'vault-1'), null);
  await assert.rejects(unwrap('correct horse', { ...wrapping, iterations: 1e12 }, 'vault-1'), { code: 'key_lost' });
});

test('the default stretching is not below 600,000 rounds', () => {
  assert.ok(PBKDF2_ITERATIONS >= 600_000);
});

test('what is sealed opens under the same key, id, kind and schema only', async () => {
  const key = await newDeviceKey();
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('raw', key));
  const sealed = await seal(key, new Uint8Array([1, 2, 3]), binding(2, 'person', 'a'));
  assert.deepEqual(await unseal(key, sealed, binding(2, 'person', 'a')), new Uint8Array([1, 2, 3]));
  const flipped = { ...sealed, data: sealed.data.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) };
  for (const [bad, boundTo] of [[sealed, binding(2, 'person', 'b')], [sealed, binding(2, 'key', 'a')], [sealed, binding(1, 'person', 'a')], [flipped, binding(2, 'person', 'a')], [{}, binding(2, 'person', 'a')]]) {
    await assert.rejects(unseal(key, bad, boundTo), { code: 'record_damaged' });
  }
  await assert.rejects(unseal(await importKey(randomBytes(KEY_BYTES)), sealed, binding(2, 'person', 'a')), { code: 'record_damaged' });
});
