/** What earlier releases stored (tests/data/vault), record by record: each is read, and written again to the byte. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import './module.mjs';

const { decodePerson, encodePerson, isId } = await import('../../www/vault/codec.js');
const { BOUND, binding, importKey, unseal } = await import('../../www/vault/crypto.js');
const { changedGuests, decodeGuests } = await import('../../www/vault/guests.js');
const { decodeSettings, encodeSettings } = await import('../../www/vault/settings.js');
const { logEntry, logFirst, logGrown, logHead, logVerify } = await import('../../www/worker/brow.js');

const FOLDER = new URL('../data/vault/', import.meta.url);
const text = (bytes) => Buffer.from(bytes).toString();
const plain = (value) => (value?.b64 === undefined ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)])) : new Uint8Array(Buffer.from(value.b64, 'base64')));

/** A record as it is written now: the first ones did not say that they are of version 1. */
function versioned(bytes) {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const json = Buffer.from(bytes.subarray(4, 4 + length)).toString();
  if (json.startsWith('{"version":')) return bytes;
  const now = Buffer.from(json.replace('{', '{"version":1,'));
  const blobs = JSON.parse(json).references.reduce((sum, one) => sum + one.bytes, JSON.parse(json).pictureBytes ?? 0);
  const used = 4 + now.length + blobs;
  const out = new Uint8Array(Math.ceil(used / 256) * 256);
  new DataView(out.buffer).setUint32(0, now.length, true);
  out.set(now, 4);
  out.set(bytes.subarray(4 + length, 4 + length + blobs), 4 + now.length);
  return out;
}

for (const release of readdirSync(FOLDER)) {
  test(`every record of ${release} comes back as it was`, async () => {
    const { stores } = JSON.parse(readFileSync(new URL(`${release}/open.json`, FOLDER), 'utf8'));
    const [[, { key: { aes } }]] = stores.vault.rows;
    const vaultKey = await importKey(new Uint8Array(Buffer.from(aes, 'base64')));
    const keys = new Map(stores.keys.rows);
    const keyOf = async (id) => importKey(await unseal(vaultKey, plain(keys.get(id)), binding(BOUND, 'key', id)));
    const open = async (kind, id, sealed, key = id) => unseal(await keyOf(key), plain(sealed), binding(BOUND, kind, id));
    const records = new Map(stores.records.rows);

    const people = [...records.keys()].filter(isId);
    assert.equal(people.length, 3);
    for (const id of people) {
      const bytes = await open('person', id, records.get(id));
      const { person, protection } = decodePerson(bytes);
      assert.equal(person.id, id);
      assert.deepEqual(encodePerson(person, protection), versioned(bytes));
    }
    const settings = await open('settings', 'settings', records.get('settings'));
    assert.equal(text(encodeSettings(decodeSettings(settings))).replace('"version":1,', ''), text(settings).replace('"version":1,', ''));

    // The first lists said neither their version nor whom guests visit.
    const now = (list) => text(list).trim().replace(/^\{(?!"version")/, '{"version":1,').replaceAll(/("photo":"[^"]*"),(?!"host")/g, '$1,"host":"",');
    const guests = await open('guests', 'guests', records.get('guests'));
    const { record } = changedGuests(null, { set: decodeGuests(guests) });
    assert.equal(text(record).trim(), now(guests));
    assert.equal(record.length, guests.length);
    assert.equal(changedGuests(guests, { remove: [] }), null);

    const head = await open('log', 'log-head', records.get('log-head'), 'log');
    const entries = await Promise.all(stores.log.rows.map(([seq, row]) => open('log', String(seq), row, 'log')));
    assert.deepEqual(entries.map((entry) => logEntry(entry)), entries.map(text));
    assert.deepEqual(JSON.parse(logVerify(logHead(head), `[${entries.map(text)}]`)), { ok: true, entries: 8, from: 1, to: 8, problem: null });
    let log = logFirst();
    for (const entry of entries) {
      const { time, event, subject, detail } = JSON.parse(text(entry));
      const [grown, , line] = logGrown(log, JSON.stringify([{ event, subject, detail }]), String(time)).split('\n');
      assert.equal(line, text(entry));
      log = grown;
    }
    assert.equal(log.replace('"version":1,', ''), text(head).replace('"version":1,', ''));
  });
}
