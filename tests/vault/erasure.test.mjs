/** Erasing people, whatever the list of expected ones is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import './module.mjs';

const { Erasure } = await import('../../www/vault/parts/erasure.js');
const { changedGuests } = await import('../../www/vault/guests.js');

const ID = '00000000-0000-4000-8000-000000000001';

/** What is left of the rows when somebody is erased, where this is the record of the list. @param {Uint8Array | null} list */
async function erased(list) {
  const rows = new Set([ID, 'list']);
  const tx = { objectStore: () => ({ delete: (id) => rows.delete(id), put: () => {}, getAllKeys: () => ({ set onsuccess(tell) { this.result = [...rows]; queueMicrotask(tell); } }) }) };
  const session = { ready: async () => {}, exclusively: (work) => work(), vaultId: async () => 'vault', db: { read: async (_stores, work) => work(tx) } };
  const log = { commit: async (happenings, work) => {
    work(tx);
    return happenings.map((_happening, seq) => ({ seq, hash: 'x', time: 1 }));
  } };
  const people = { stored: async () => ({ references: [{}], picture: null }) };
  const guests = { changed: async (change) => changedGuests(list, change) };
  const receipt = await new Erasure({ session, log, settings: null, people, guests, opening: null }).person(ID);
  return { confirmed: receipt.confirmed, left: [...rows] };
}

test('whoever asks to be forgotten is, also where there is no list of expected people, it cannot be read, or a later release wrote it', async () => {
  const record = (text) => new TextEncoder().encode(text);
  for (const list of [null, record('x'), record('{"version":99,"name":"Opening","created":1,"guests":[]}')]) {
    assert.deepEqual(await erased(list), { confirmed: true, left: ['list'] });
  }
  assert.throws(() => changedGuests(record('{"version":99,"name":"Opening","created":1,"guests":[]}'), { remove: [ID] }), { code: 'storage_newer' });
});
