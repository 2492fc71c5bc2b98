/**
 * The tab, or the whole browser, killed in the middle of writes: nothing that was confirmed is lost, nothing that was
 * erased comes back, and nothing is half written. BROW_KILLS sets how often the tab is killed.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { join } from 'node:path';
import { killBrowser } from './browser.mjs';
import { openBrowser, pageHelpers } from './vault-browser.mjs';

const KILLS = Number(process.env.BROW_KILLS ?? 100);
const BROWSER_KILLS = 5;

/** Inside the page: opens the store and checks that every person is whole. */
async function inspect() {
  globalThis.store = await t.open();
  if (store.locked) await store.unlock('correct horse');
  const { people, damaged } = await store.people();
  const db = await t.raw();
  const staged = await new Promise((resolve) => { db.transaction('staging').objectStore('staging').count().onsuccess = (event) => resolve(event.target.result); });
  db.close();
  const verdict = await store.verifyLog();
  // A person's name tells how many references it was put with: both are of one write, or the record is a mixture.
  const mixed = people.filter(({ name, references }) => Number(name.split(' ')[1]) !== references.length);
  return { people: people.map(({ id, name }) => [id, name]), damaged: damaged.length, staged, log: verdict.problem, mixed: mixed.length };
}

/** Inside the page: changes people without end, and tells what it is about to do and what was confirmed. */
async function work(backup) {
  const tell = (what, ...about) => globalThis.note([what, ...about]);
  const file = new Blob([Uint8Array.from(atob(backup), (letter) => letter.charCodeAt(0))]);
  // Imported people are left alone, so that they can be counted by fours.
  const ids = (await store.people()).people.filter(({ name }) => name !== 'import 2').map(({ id }) => id);
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  for (let turn = 0; ; turn += 1) {
    const references = 1 + Math.floor(Math.random() * 30);
    const kind = pick(['put', 'put', 'update', 'remove', 'import', 'pin']);
    if (kind === 'put' || (ids.length < 3 && kind !== 'pin')) {
      const id = crypto.randomUUID();
      await tell('start', 'put', id);
      await store.put(t.person(`put ${references}`, { id, references, seed: turn }));
      tell('done', 'put', id, `put ${references}`);
      ids.push(id);
    } else if (kind === 'update') {
      const id = pick(ids);
      await tell('start', 'update', id);
      await store.update(id, { name: `update ${references}`, references: t.person('x', { references }).references });
      tell('done', 'update', id, `update ${references}`);
    } else if (kind === 'remove') {
      const id = ids.splice(Math.floor(Math.random() * ids.length), 1)[0];
      await tell('start', 'remove', id);
      await store.remove(id);
      tell('done', 'remove', id);
    } else if (kind === 'import') {
      await tell('start', 'import');
      await store.importFrom(file, 'four random words here', 'both');
      tell('done', 'import');
    } else {
      await tell('start', 'pin');
      if ((await store.status()).pin) await store.removePin('correct horse');
      else await store.setPin('correct horse');
      tell('done', 'pin');
    }
  }
}

/** A backup of four people called "import 2", base64. */
async function makeBackup(page) {
  return page.evaluate(async () => {
    const source = await t.open({ name: 'source' });
    for (let i = 0; i < 4; i += 1) await source.put(t.person('import 2', { references: 2, seed: i }));
    const { file } = await source.exportTo('four random words here');
    source.close();
    return btoa(String.fromCharCode(...new Uint8Array(await file.arrayBuffer())));
  });
}

/** What is known for sure, from what the page told before it died. */
class Ledger {
  /** @type {Map<string, Set<string | null>>} by id: the names that it may have now; null for not being there */
  people = new Map();
  writes = 0;

  note([what, kind, id, name]) {
    if (kind === 'import' || kind === 'pin') return;
    const may = this.people.get(id) ?? new Set([null]);
    if (what === 'done') {
      this.writes += 1;
      this.people.set(id, new Set([kind === 'remove' ? null : name]));
    } else {
      // Neither confirmed nor refused: afterwards the one or the other.
      this.people.set(id, new Set([...may, kind === 'remove' ? null : kind]));
    }
  }

  /** @param {[string, string][]} people */
  check(people) {
    const names = new Map(people);
    const wrong = [];
    for (const [id, may] of this.people) {
      const name = names.get(id) ?? null;
      const allowed = may.has(name) || (name !== null && may.has(name.split(' ')[0]));
      if (!allowed) wrong.push(`${id} is ${name}, but may only be ${[...may].join(' or ')}`);
      this.people.set(id, new Set([name]));
    }
    assert.deepEqual(wrong, [], `${people.length} people are there`);
  }
}

async function checkAll(page, ledger) {
  const seen = await page.evaluate(inspect);
  assert.deepEqual({ damaged: seen.damaged, staged: seen.staged, log: seen.log, mixed: seen.mixed }, { damaged: 0, staged: 0, log: null, mixed: 0 });
  ledger.check(seen.people);
  const imported = seen.people.filter(([, name]) => name === 'import 2').length;
  assert.equal(imported % 4, 0, `${imported} people of imports of four: one was taken in by half`);
  const strangers = seen.people.filter(([id, name]) => name !== 'import 2' && !ledger.people.has(id));
  assert.deepEqual(strangers, []);
}

test(`the tab killed ${KILLS} times at random points`, { timeout: 280_000 }, async () => {
  const browser = await openBrowser();
  await browser.context.addInitScript(pageHelpers);
  const ledger = new Ledger();
  await browser.context.exposeBinding('note', (_source, what) => ledger.note(what));
  try {
    let page = await browser.openPage();
    const backup = await makeBackup(page);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await checkAll(page, ledger);
      // A page's first write waits for a new log: not what is to be met here.
      await page.evaluate(async () => (await import('/vault/torn-log.js')).renewLog());
      void page.evaluate(work, backup).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 350));
      await browser.crash(page);
      page = await browser.openPage();
    }
    await checkAll(page, ledger);
    assert.ok(ledger.writes > KILLS, `only ${ledger.writes} confirmed writes: the kills came too early to mean anything`);
  } finally {
    await browser.close();
  }
});

/** Kills the browser and waits until it is gone. */
async function cutPower(browser) {
  const closed = new Promise((resolve) => browser.context.once('close', resolve));
  killBrowser(browser.profile);
  await closed;
}

test('a record that a kill left half written takes nothing that is written later with it', { timeout: 60_000 }, async () => {
  const browser = await openBrowser({ persistent: true });
  /** Adds people in a new session, which ends by a kill; returns how many there were at its start. */
  const session = async (seed) => {
    await browser.context.addInitScript(pageHelpers);
    const page = await browser.openPage();
    const found = await page.evaluate(async (first) => {
      const store = await t.open();
      const { people, damaged } = await store.people();
      for (let i = 0; i < 3; i += 1) await store.put(t.person('put 2', { seed: first + i }));
      return [people.length, damaged.length, (await store.verifyLog()).problem];
    }, seed);
    await cutPower(browser);
    return found;
  };
  try {
    assert.deepEqual(await session(0), [0, 0, null]);
    const folder = join(browser.profile, 'Default', 'IndexedDB');
    const database = join(folder, readdirSync(folder).find((name) => name.endsWith('.leveldb')));
    const logs = readdirSync(database).filter((name) => name.endsWith('.log'));
    assert.equal(logs.length, 1);
    // A checksum, a length of 1024 and a kind, without the bytes that belong to them.
    appendFileSync(join(database, logs[0]), Buffer.from([0x12, 0x34, 0x56, 0x78, 0x00, 0x04, 0x01]));
    await browser.restart();
    assert.deepEqual(await session(10), [3, 0, null]);
    await browser.restart();
    assert.deepEqual(await session(20), [6, 0, null]);
    await browser.restart();
    assert.deepEqual(await session(30), [9, 0, null]);
  } finally {
    await browser.close();
  }
});

test(`the whole browser killed ${BROWSER_KILLS} times`, { timeout: 120_000 }, async () => {
  const browser = await openBrowser({ persistent: true });
  const ledger = new Ledger();
  const prepare = async () => {
    await browser.context.addInitScript(pageHelpers);
    await browser.context.exposeBinding('note', (_source, what) => ledger.note(what));
    return browser.openPage();
  };
  try {
    let page = await prepare();
    const backup = await makeBackup(page);
    for (let kill = 0; kill < BROWSER_KILLS; kill += 1) {
      await checkAll(page, ledger);
      void page.evaluate(work, backup).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 700));
      await cutPower(browser);
      await browser.restart();
      page = await prepare();
    }
    await checkAll(page, ledger);
    assert.ok(ledger.writes > BROWSER_KILLS, `only ${ledger.writes} confirmed writes`);
  } finally {
    await browser.close();
  }
});
