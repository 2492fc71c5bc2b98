/** The store moved into a new database after its keys were made anew: a start that was killed at any step of it loses nobody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onEmptyPages } from './vault-browser.mjs';

const PIN = 'correct horse';
let browser;
let page;
onEmptyPages(async (now) => {
  ({ browser, page } = now);
  await page.evaluate(async (pin) => {
    const store = await t.open();
    for (let i = 0; i < 3; i += 1) await store.put(t.person(`P${i}`, { seed: i }));
    await store.setPin(pin);
    store.close();
    t.remove = (name) => new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    });
    /** Opens the store as the next start does, and tells what is there. */
    t.next = async (words) => {
      const again = await t.open();
      await again.unlock(words);
      const { people, damaged } = await again.people();
      const seen = [people.map(({ name }) => name), damaged.length, (await again.verifyLog()).ok, (await again.status()).stale];
      again.close();
      return [...seen, (await indexedDB.databases()).map(({ name }) => name).filter((name) => name.startsWith('test')).sort()];
    };
  }, PIN);
});

const WHOLE = [['P0', 'P1', 'P2'], 0, true, false, ['test']];

test('nothing stands in its way', async () => {
  assert.deepEqual(await page.evaluate((pin) => t.next(pin), PIN), WHOLE);
});

test('killed while the copy was made, it begins again', async () => {
  const seen = await page.evaluate(async (pin) => {
    const { copyAll } = await import('/vault/old-bytes.js');
    await copyAll('test', 'test-moving');
    // Half of it: the header comes last.
    const db = await new Promise((resolve) => { indexedDB.open('test-moving').onsuccess = (event) => resolve(event.target.result); });
    const tx = db.transaction(['vault', 'records'], 'readwrite');
    tx.objectStore('vault').clear();
    tx.objectStore('records').clear();
    await new Promise((resolve) => { tx.oncomplete = resolve; });
    db.close();
    return t.next(pin);
  }, PIN);
  assert.deepEqual(seen, WHOLE);
});

for (const [when, left] of [['before anything was put back', 'nothing'], ['while it was put back', 'half']]) {
  test(`killed after the old database was deleted, ${when}, it goes on from the copy`, async () => {
    const seen = await page.evaluate(async ({ pin, half }) => {
      const { copyAll } = await import('/vault/old-bytes.js');
      await copyAll('test', 'test-moving');
      await t.remove('test');
      if (half) {
        await copyAll('test-moving', 'test');
        await t.tamper(['vault', 'keys'], (tx) => {
          tx.objectStore('vault').clear();
          tx.objectStore('keys').clear();
        });
      }
      return t.next(pin);
    }, { pin: PIN, half: left === 'half' });
    assert.deepEqual(seen, WHOLE);
  });
}

test('killed before the copy was deleted, it only deletes that', async () => {
  const seen = await page.evaluate(async (pin) => {
    const { copyAll } = await import('/vault/old-bytes.js');
    await copyAll('test', 'test-moving');
    await t.tamper(['vault'], async (tx, get) => void tx.objectStore('vault').put({ ...(await get('vault', 'header')), stale: 'moved' }, 'header'));
    return t.next(pin);
  }, PIN);
  assert.deepEqual(seen, WHOLE);
});

test('while another tab has the store open it waits for a later start, and both go on', async () => {
  const other = await browser.openPage();
  await other.evaluate(async (pin) => {
    globalThis.store = await t.open();
    await store.unlock(pin);
  }, PIN);
  const stale = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.unlock(pin);
    await store.changePin(pin, pin);
    store.close();
    const again = await t.open();
    const { stale: still } = await again.status();
    again.close();
    return still;
  }, PIN);
  assert.equal(stale, true);
  assert.equal(await other.evaluate((pin) => store.people().catch(() => store.unlock(pin).then(() => store.people())).then(({ people }) => people.length), PIN), 3);
  await other.close();
  assert.deepEqual(await page.evaluate((pin) => t.next(pin), PIN), WHOLE);
});
