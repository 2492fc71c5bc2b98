import assert from 'node:assert/strict';
import { test } from 'node:test';
import './people.mjs';
import { EVENTS, GENESIS, LOG_MOST, exportLog, nextEntry, toDrop, verifyChain, verifyExport } from '../../www/vault/audit.js';

async function chain(count) {
  const entries = [];
  let last = GENESIS;
  for (let i = 0; i < count; i += 1) {
    const entry = await nextEntry(last, EVENTS[i % EVENTS.length], { subject: i % 2 ? 'some-id' : null, detail: { people: i }, time: 1000 + i });
    entries.push(entry);
    last = entry;
  }
  return { entries, head: { seq: last.seq, hash: last.hash } };
}

test('an untouched log verifies', async () => {
  const { entries, head } = await chain(30);
  assert.deepEqual(await verifyChain(GENESIS, entries, head), { ok: true, entries: 30, from: 1, to: 30, problem: null });
  assert.equal((await verifyChain(GENESIS, [], GENESIS)).ok, true);
});

test('whatever is changed in it, the place is named', async () => {
  const { entries, head } = await chain(10);
  for (const change of [{ time: 1 }, { event: 'matched' }, { subject: 'another' }, { detail: { people: 99 } }, { hash: 'f'.repeat(64) }]) {
    const changed = entries.map((entry, i) => (i === 4 ? { ...entry, ...change } : entry));
    assert.equal((await verifyChain(GENESIS, changed, head)).problem.seq, 5, JSON.stringify(change));
  }
});

test('an entry left out, moved, unreadable or cut off at the end is noticed', async () => {
  const { entries, head } = await chain(10);
  const places = [];
  const swapped = entries.slice();
  [swapped[2], swapped[3]] = [swapped[3], swapped[2]];
  for (const bad of [entries.filter((_, i) => i !== 6), swapped, entries.map((entry, i) => (i === 1 ? null : entry)), entries.slice(0, 8), entries.slice(1)]) {
    places.push((await verifyChain(GENESIS, bad, head)).problem.seq);
  }
  assert.deepEqual(places, [7, 3, 2, 9, 1]);
});

test('whoever writes an entry anew has to write all later ones, and then misses the sealed end', async () => {
  const { entries, head } = await chain(5);
  const forged = [entries[0]];
  for (const { event, subject, detail, time } of entries.slice(1)) {
    forged.push(await nextEntry(forged.at(-1), event, { subject: subject && 'nobody', detail, time }));
  }
  assert.equal((await verifyChain(GENESIS, forged, null)).ok, true);
  assert.equal((await verifyChain(GENESIS, forged, head)).ok, false);
});

test('a log that lost its oldest entries to the cap verifies from its anchor', async () => {
  const { entries, head } = await chain(20);
  const anchor = { seq: 8, hash: entries[7].hash };
  assert.deepEqual(await verifyChain(anchor, entries.slice(8), head), { ok: true, entries: 12, from: 9, to: 20, problem: null });
  assert.equal((await verifyChain({ ...anchor, hash: GENESIS.hash }, entries.slice(8), head)).ok, false);
  assert.deepEqual([toDrop(LOG_MOST), toDrop(LOG_MOST + 1), toDrop(11, 10)], [0, LOG_MOST + 1 - LOG_MOST * 0.8, 3]);
});

test('an exported log can be checked by whoever gets it', async () => {
  const { entries } = await chain(6);
  const text = exportLog('vault', GENESIS, entries);
  assert.equal((await verifyExport(text)).ok, true);
  assert.equal((await verifyExport(text.replace('"people": 3', '"people": 4'))).ok, false);
  await assert.rejects(verifyExport('{}'), { code: 'log_damaged' });
  await assert.rejects(verifyExport('not json'), { code: 'log_damaged' });
});

test('no name can get into the log, nor an event that does not exist', async () => {
  await assert.rejects(nextEntry(GENESIS, 'enrolled', { detail: { who: 'Anna Müller' } }), { code: 'bad_setting' });
  await assert.rejects(nextEntry(GENESIS, 'sold', {}), { code: 'bad_setting' });
});
