/** What somebody wants who can write to the site's storage, post to its channel, set the device's clock, or stand at its kiosk. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openBrowser, pageHelpers } from '../vault-browser.mjs';

const PIN = 'correct horse';
let browser;
let page;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());
beforeEach(async () => {
  await browser.renew();
  await browser.context.addInitScript(pageHelpers);
  page = await browser.openPage();
});

test('to plant people and settings in a vault with a PIN, in the clear of version 1', async () => {
  const seen = await page.evaluate(async (pin) => {
    let store = await t.open();
    const anna = await store.put(t.person('Anna'));
    await store.setPin(pin);
    store.close();
    // Copies every row, and makes the database anew at version 1 with them and two more stores.
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const db = await t.raw();
    const rows = {};
    for (const name of db.objectStoreNames) rows[name] = [await done(db.transaction(name).objectStore(name).getAllKeys()), await done(db.transaction(name).objectStore(name).getAll())];
    db.close();
    await done(indexedDB.deleteDatabase('test'));
    const opening = indexedDB.open('test', 1);
    opening.onupgradeneeded = () => {
      for (const [name, [keys, values]] of Object.entries(rows)) {
        const made = opening.result.createObjectStore(name, name === 'aside' ? { autoIncrement: true } : {});
        keys.forEach((key, i) => made.put(values[i], key));
      }
      const people = opening.result.createObjectStore('people', { keyPath: 'id' });
      people.put({ ...t.person('Anna', { seed: 66 }), id: anna.id });
      people.put({ ...t.person('Mallory', { seed: 67 }), id: crypto.randomUUID() });
      const settings = opening.result.createObjectStore('settings');
      settings.put(0.1, 'targetFmr');
      settings.put(['https://evil.example'], 'kioskHosts');
    };
    (await done(opening)).close();
    store = await t.open();
    await store.unlock(pin);
    const { people } = await store.people();
    const { targetFmr, kioskHosts } = await store.settings();
    const { entries } = await store.logEntries();
    const first = people.find(({ id }) => id === anna.id).references[0].template;
    return {
      names: people.map(({ name }) => name), own: first.every((byte, i) => byte === anna.references[0].template[i]), targetFmr, kioskHosts,
      told: entries.find(({ event }) => event === 'vault_upgraded')?.detail.refused,
    };
  }, PIN);
  assert.deepEqual(seen, { names: ['Anna'], own: true, targetFmr: 1e-3, kioskHosts: [], told: 2 });
});

test('to put people of version 1 in the place of others where there is no PIN', async () => {
  const seen = await page.evaluate(async () => {
    let store = await t.open();
    const anna = await store.put(t.person('Anna'));
    store.close();
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const db = await t.raw();
    const rows = {};
    for (const name of db.objectStoreNames) rows[name] = [await done(db.transaction(name).objectStore(name).getAllKeys()), await done(db.transaction(name).objectStore(name).getAll())];
    db.close();
    await done(indexedDB.deleteDatabase('test'));
    const opening = indexedDB.open('test', 1);
    opening.onupgradeneeded = () => {
      for (const [name, [keys, values]] of Object.entries(rows)) {
        const made = opening.result.createObjectStore(name, name === 'aside' ? { autoIncrement: true } : {});
        keys.forEach((key, i) => made.put(values[i], key));
      }
      opening.result.createObjectStore('people', { keyPath: 'id' }).put({ ...t.person('Mallory', { seed: 66 }), id: anna.id });
      opening.result.createObjectStore('settings').put(['https://evil.example'], 'kioskHosts');
    };
    (await done(opening)).close();
    store = await t.open();
    return [(await store.people()).people.map(({ name }) => name), (await store.settings()).kioskHosts];
  });
  assert.deepEqual(seen, [['Anna'], []]);
});

test('to lose everybody by locking while another tab changes the PIN, a hundred times', { timeout: 240_000 }, async () => {
  const VAULTS = 10;
  const names = Array.from({ length: VAULTS }, (_, i) => `test-${i}`);
  const open = async (all) => {
    globalThis.stores = await Promise.all(all.map((name) => t.open({ name, unattended: true })));
  };
  await page.evaluate(open, names);
  await page.evaluate((pin) => Promise.all(stores.map(async (store) => {
    for (let i = 0; i < 3; i += 1) await store.put(t.person(`P${i}`, { seed: i }));
    await store.setPin(pin);
  })), PIN);
  let pins = names.map(() => PIN);
  let changes = 0;
  let lasts = 300;
  const unlockAll = (all) => Promise.all(stores.map((store, i) => (store.locked ? store.unlock(all[i]) : null)));
  for (let round = 0; round < 10; round += 1) {
    await page.evaluate(unlockAll, pins);
    await page.evaluate(() => Promise.all(stores.map((store) => store.keepOpen(true))));
    // A page whose first write the locking is: it waits for a new log between reading and writing.
    const other = await browser.openPage();
    await other.evaluate(open, names);
    const began = Date.now();
    const [changed] = await Promise.all([
      page.evaluate(({ now, next }) => Promise.all(stores.map((store, i) => store.changePin(now[i], next).then(() => true, () => false))), { now: pins, next: `${PIN} ${round}` }),
      other.evaluate((lasts) => Promise.all(stores.map(async (store, i) => {
        // Over all of the time that the change takes.
        await new Promise((resolve) => setTimeout(resolve, (lasts * i) / stores.length));
        await store.lock().catch(() => {});
      })), lasts),
    ]);
    lasts = (lasts + Date.now() - began) / 2;
    await other.close();
    pins = pins.map((pin, i) => (changed[i] ? `${PIN} ${round}` : pin));
    changes += changed.filter(Boolean).length;
    const left = await page.evaluate((all) => Promise.all(stores.map(async (store, i) => {
      // It may hear of the lock only now.
      const { people, damaged } = await store.people().catch(() => store.unlock(all[i]).then(() => store.people()));
      return [people.length, damaged.length];
    })), pins);
    assert.deepEqual(left, names.map(() => [3, 0]), `round ${round}`);
  }
  assert.ok(changes > 5, `only ${changes} of 100 changes came first: the tabs did not race`);
});

test('to have a key overwritten by one read that fails', async () => {
  const seen = await page.evaluate(async () => {
    const shift = (sign) => (template, key) => template.map((byte, i) => (i < 4 ? byte : (byte + sign * key[i % key.length]) & 255));
    const protector = { protect: shift(1), unprotect: shift(-1) };
    let store = await t.open({ protector });
    await store.put(t.person('Anna'));
    await store.setSettings({ theme: 'dark' });
    store.close();
    const { get } = IDBObjectStore.prototype;
    const failures = [];
    for (const row of ['protection', 'log', 'settings']) {
      let once = true;
      IDBObjectStore.prototype.get = function (key) {
        if (key === row && once) {
          once = false;
          throw new DOMException('the disk did not answer', 'UnknownError');
        }
        return get.call(this, key);
      };
      failures.push(await t.open({ protector }).then((opened) => (opened.close(), 'opened'), ({ code }) => code));
      IDBObjectStore.prototype.get = get;
    }
    store = await t.open({ protector });
    const { people, damaged } = await store.people();
    return [failures.every((code) => code !== 'opened'), people.map(({ name }) => name), damaged.length, (await store.settings()).theme, (await store.verifyLog()).ok];
  });
  assert.deepEqual(seen, [true, ['Anna'], 0, 'dark', true]);
});

test('to have what does not open thrown away', async () => {
  const kept = await page.evaluate(async () => {
    let store = await t.open();
    await store.setSettings({ theme: 'dark' });
    store.close();
    const before = {};
    await t.tamper(['keys', 'records'], async (tx, get) => {
      const [key, settings] = [await get('keys', 'log'), await get('records', 'settings')];
      key.data[3] ^= 1;
      settings.data[3] ^= 1;
      Object.assign(before, { key: [...key.data], settings: [...settings.data] });
      tx.objectStore('keys').put(key, 'log');
      tx.objectStore('records').put(settings, 'settings');
    });
    store = await t.open();
    const db = await t.raw();
    if (!db.objectStoreNames.contains('aside')) return null;
    const rows = await new Promise((resolve) => { db.transaction('aside').objectStore('aside').getAll().onsuccess = (event) => resolve(event.target.result); });
    db.close();
    const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);
    return rows.map(({ store: name, id, row }) => [name, id, same([...row.data], name === 'keys' ? before.key : before.settings)]);
  });
  assert.deepEqual(kept, [['keys', 'log', true], ['records', 'settings', true]]);
});

test('to clear the audit log without anybody noticing', async () => {
  const seen = await page.evaluate(async () => {
    let store = await t.open();
    const { id } = await store.put(t.person('Anna'));
    await store.log('refused', { subject: id });
    store.close();
    await t.tamper(['log', 'records'], (tx) => {
      tx.objectStore('log').clear();
      tx.objectStore('records').delete('log-head');
    });
    store = await t.open();
    for (let i = 0; i < 5; i += 1) await store.log('matched', { subject: id });
    const { ok, problem } = await store.verifyLog();
    return [ok, problem?.code];
  });
  assert.deepEqual(seen, [false, 'restarted']);
});

test('to lock a vault without a PIN until it is loaded again, by a message of its own channel', async () => {
  const seen = await page.evaluate(async () => {
    const store = await t.open();
    await store.put(t.person('Anna'));
    const channel = new BroadcastChannel('brow-vault-test');
    for (const kind of ['locked', 'rekeyed', 'locked']) channel.postMessage({ kind });
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [store.locked, await store.people().then(({ people }) => people.length, ({ code }) => code)];
  });
  assert.deepEqual(seen, [false, 1]);
});

test('to try PINs without waiting, by setting the clock forward', async () => {
  const seen = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.setPin(pin);
    await store.lock();
    for (let i = 0; i < 4; i += 1) await store.unlock(`wrong ${i}`).catch(() => {});
    const { now } = Date;
    Date.now = () => now() + 86_400_000;
    return t.failure(() => store.unlock(pin));
  }, PIN);
  assert.equal(seen, 'too_many_tries');
});

test('to keep out whoever looks after a kiosk, by using up the tries at it', async () => {
  const seen = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.setPin(pin);
    const waits = [];
    for (let i = 0; i < 12; i += 1) {
      await store.provePin(`wrong ${i}`).catch(({ values }) => waits.push(values.waitSeconds ?? 0));
      // The guests have time.
      await t.tamper(['vault'], async (tx, get) => {
        const header = await get('vault', 'header');
        const past = (tries) => tries && { ...tries, until: 0 };
        tx.objectStore('vault').put({ ...header, tries: past(header.tries), ...(header.asked ? { asked: past(header.asked) } : {}) }, 'header');
      });
      performance.now = ((base) => () => base() + 3_700_000)(performance.now.bind(performance));
    }
    // And a vault that was locked meanwhile asks without a wait.
    await store.lock();
    return [Math.max(...waits), (await store.status()).waitSeconds, await t.failure(() => store.unlock(pin))];
  }, PIN);
  assert.deepEqual([seen[0] <= 60, seen[1], seen[2]], [true, 0, null]);
});
