import assert from 'node:assert/strict';
import { test } from 'node:test';
import './module.mjs';
import { person, repeatable } from './people.mjs';
import { faultOf } from '../../www/words/messages.js';

const { readBackup, summaryOf, writeBackup } = await import('../../www/vault/backup.js');

const PASSPHRASE = 'four random words here';
const ROUNDS = 1000;
const CHUNK = 256 * 1024 + 16 + 4;

async function backup(people, { passphrase = PASSPHRASE, counted = people } = {}) {
  const pieces = [];
  for await (const piece of writeBackup(passphrase, await summaryOf('vault', counted), people, ROUNDS)) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function read(bytes, passphrase = PASSPHRASE) {
  const { summary, people } = await readBackup(new Blob([bytes]), passphrase);
  const all = [];
  for await (const one of people) all.push(one);
  return { summary, people: all };
}

const code = (work) => work.then(() => null, (error) => {
  if (faultOf(error).code !== error.code) throw error;
  return error.code;
});

/** Ten people with a thousand references: several chunks. */
const MANY = Array.from({ length: 10 }, (_, i) => person(`Person ${i}`, { references: 100 }));

test('a backup holds everybody, exactly, over several chunks', async () => {
  const bytes = await backup(MANY);
  assert.ok(bytes.length > 3 * CHUNK);
  const { summary, people } = await read(bytes);
  assert.deepEqual(people, MANY);
  assert.deepEqual([summary.people, summary.references, summary.models], [10, 1000, { 'full-1': 500, 'periocular-1': 1000 }]);
  assert.equal(summary.who[3].name, 'Person 3');
});

test('a backup of nobody is a backup', async () => {
  assert.deepEqual((await read(await backup([]))).people, []);
});

test('neither names nor templates are in a backup in the clear, and no two are alike', async () => {
  const [a, b] = [Buffer.from(await backup(MANY)), Buffer.from(await backup(MANY))];
  for (const needle of ['Person', 'agree', 'full-1', MANY[0].id]) assert.equal(a.includes(needle), false, needle);
  assert.equal(a.includes(Buffer.from(MANY[0].references[0].template.slice(0, 12))), false);
  assert.notDeepEqual(a.subarray(10), b.subarray(10));
});

test('a wrong passphrase is told from damage; composed and decomposed letters are the same passphrase', async () => {
  const bytes = await backup(MANY.slice(0, 1), { passphrase: 'Zo\u00eb likes tea' });
  assert.equal(await code(read(bytes, 'Zoe likes tea')), 'wrong_passphrase');
  assert.equal(await code(read(bytes, '')), 'wrong_passphrase');
  assert.equal(await code(read(bytes, 'Zoe\u0308 likes tea')), null);
});

test('foreign, newer and empty files are told apart', async () => {
  const good = await backup([]);
  const newer = good.slice();
  new DataView(newer.buffer).setUint16(4, 2, true);
  assert.equal(await code(read(new TextEncoder().encode('PK\u0003\u0004 some zip file'))), 'file_foreign');
  assert.equal(await code(read(new Uint8Array(0))), 'file_foreign');
  assert.equal(await code(read(newer)), 'file_newer');
});

test('wherever it is cut off, it says that a part is missing', async () => {
  const bytes = await backup(MANY);
  const header = 10 + new DataView(bytes.buffer).getUint32(6, true);
  const cuts = [10, 12, header - 1, header, header + 2, header + 4, header + 100, header + CHUNK - 1, header + CHUNK, header + CHUNK + 4, header + 2 * CHUNK, header + 3 * CHUNK, bytes.length - 1];
  for (const cut of cuts) assert.equal(await code(read(bytes.slice(0, cut))), 'file_truncated', `cut at ${cut} of ${bytes.length}`);
});

test('chunks that are swapped, repeated, left out, appended or taken from another backup are noticed', async () => {
  const bytes = await backup(MANY);
  const header = 10 + new DataView(bytes.buffer).getUint32(6, true);
  const chunk = (from, i) => from.slice(header + i * CHUNK, header + (i + 1) * CHUNK);
  const rest = bytes.slice(header + 3 * CHUNK);
  const join = (...parts) => new Uint8Array(Buffer.concat([bytes.slice(0, header), ...parts]));
  const other = await backup(MANY);
  for (const [what, bad] of Object.entries({
    swapped: join(chunk(bytes, 1), chunk(bytes, 0), chunk(bytes, 2), rest),
    repeated: join(chunk(bytes, 0), chunk(bytes, 1), chunk(bytes, 1), chunk(bytes, 2), rest),
    'left out': join(chunk(bytes, 0), chunk(bytes, 2), rest),
    appended: join(chunk(bytes, 0), chunk(bytes, 1), chunk(bytes, 2), rest, new Uint8Array(5)),
    'from another': join(chunk(bytes, 0), chunk(other, 1), chunk(bytes, 2), rest),
  })) assert.equal(await code(read(bad)), 'file_damaged', what);
});

test('a backup whose summary promises more or fewer people than follow is damaged', async () => {
  const three = MANY.slice(0, 3);
  assert.equal(await code(read(await backup(three, { counted: MANY }))), 'file_damaged');
  assert.equal(await code(read(await backup([three[0], three[0]], { counted: three.slice(0, 2) }))), 'file_damaged');
});

test('a header that asks for absurd work is refused at once', async () => {
  const good = Buffer.from(await backup([]));
  const length = good.readUInt32LE(6);
  const header = JSON.parse(good.subarray(10, 10 + length).toString());
  for (const wrong of [{ iterations: 1e12 }, { iterations: 0 }, { iterations: 'many' }, { kdf: 'none' }, { salt: 'x' }, { prefix: null }]) {
    const json = Buffer.from(JSON.stringify({ ...header, ...wrong }));
    const bad = Buffer.concat([good.subarray(0, 10), json, good.subarray(10 + length)]);
    bad.writeUInt32LE(json.length, 6);
    assert.match(await code(read(new Uint8Array(bad))), /^(file_damaged|wrong_passphrase)$/, JSON.stringify(wrong));
  }
  const huge = Buffer.from(good);
  huge.writeUInt32LE(2 ** 31, 6);
  assert.equal(await code(read(new Uint8Array(huge))), 'file_damaged');
});

test('a passphrase of fewer than eight characters is refused when writing', async () => {
  assert.equal(await code(backup([], { passphrase: 'seven77' })), 'passphrase_too_short');
});

test('no mutated file is taken for a good one, and none makes reading fail otherwise than with a message', async () => {
  const random = repeatable(7);
  const good = await backup(MANY.slice(0, 2));
  const allowed = /^(file_foreign|file_newer|file_truncated|file_damaged|wrong_passphrase)$/;
  const seconds = Number(process.env.FUZZ_SECONDS ?? 3);
  const end = Date.now() + seconds * 1000;
  let rounds = 0;
  while (Date.now() < end) {
    const bytes = good.slice(0, random() < 0.3 ? Math.floor(random() * good.length) : good.length);
    const early = random() < 0.5;
    for (let i = 0; i < 1 + random() * 4 && bytes.length; i += 1) {
      const at = Math.floor(random() * (early ? Math.min(300, bytes.length) : bytes.length));
      bytes[at] ^= 1 + Math.floor(random() * 255);
    }
    if (Buffer.compare(bytes, good) === 0) continue;
    const failure = await code(read(bytes));
    assert.ok(failure !== null && allowed.test(failure), `${failure} in round ${rounds}`);
    rounds += 1;
  }
  assert.ok(rounds > 10 * seconds, `only ${rounds} rounds`);
});
