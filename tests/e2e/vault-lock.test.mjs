/** PIN, locking and back-off in a real browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onEmptyPages } from './vault-browser.mjs';

const PIN = 'correct horse';
let browser;
let page;
onEmptyPages((now) => {
  ({ browser, page } = now);
});

test('a vault with a PIN is locked after a reload, and opens with the PIN only', async () => {
  await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.put(t.person('A'));
    await store.setPin(pin);
    await store.put(t.person('B', { seed: 2 })); // Still open where it was set.
  }, PIN);
  await page.reload();
  const seen = await page.evaluate(async (pin) => {
    const store = await t.open();
    const locked = [store.locked, await t.failure(() => store.people()), await t.failure(() => store.settings()), await t.failure(() => store.exportTo('long enough'))];
    const wrong = await t.failure(() => store.unlock('correct horsf'));
    const { failures } = await store.status();
    await store.unlock(pin);
    const { entries } = await store.logEntries();
    return { locked, wrong, failures, people: (await store.people()).people.length, log: entries.slice(0, 2).map(({ event, detail }) => [event, detail.tries ?? null]), after: (await store.status()).failures };
  }, PIN);
  assert.deepEqual(seen, {
    locked: [true, 'locked', 'locked', 'locked'], wrong: 'wrong_pin', failures: 1, people: 2, after: 0,
    log: [['unlocked', null], ['unlock_refused', 1]],
  });
});

test('under a PIN the database holds no key that opens anything, and the old key opens nothing new', async () => {
  const seen = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.put(t.person('A'));
    let oldKey;
    await t.tamper(['vault'], async (tx, get) => { oldKey = (await get('vault', 'header')).key; });
    await store.setPin(pin);
    const after = await store.put(t.person('B', { seed: 2 }));
    let header;
    let row;
    await t.tamper(['vault', 'keys'], async (tx, get) => { header = await get('vault', 'header'); row = await get('keys', after.id); });
    const { binding } = await import('/vault/crypto.js');
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv, additionalData: binding(2, 'key', after.id) }, oldKey, row.data).then(() => true, () => false);
    return { key: header.key, kdf: header.wrapping.kdf, salt: header.wrapping.salt.length, opened };
  }, PIN);
  assert.deepEqual(seen, { key: null, kdf: 'PBKDF2-SHA-256', salt: 16, opened: false });
});

test('the PIN is stretched by at least 600,000 rounds unless a test says otherwise', async () => {
  const iterations = await page.evaluate(async (pin) => {
    const store = await t.open({ iterations: undefined });
    await store.setPin(pin);
    let header;
    await t.tamper(['vault'], async (tx, get) => { header = await get('vault', 'header'); });
    return header.wrapping.iterations;
  }, PIN);
  assert.ok(iterations >= 600_000);
});

test('wrong tries in a row make one wait, also after a reload and with the right PIN', async () => {
  const first = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.setPin(pin);
    await store.lock();
    const codes = [];
    for (let i = 0; i < 4; i += 1) codes.push(await t.failure(() => store.unlock(`wrong ${i}`)));
    return [...codes, (await store.status()).waitSeconds];
  }, PIN);
  assert.deepEqual(first.slice(0, 4), ['wrong_pin', 'wrong_pin', 'wrong_pin', 'too_many_tries']);
  assert.ok(first[4] >= 1 && first[4] <= 5);
  await page.reload();
  const second = await page.evaluate(async (pin) => {
    const store = await t.open();
    const error = await store.unlock(pin).then(() => null, (caught) => caught);
    await t.tamper(['vault'], async (tx, get) => { // Time passes.
      const header = await get('vault', 'header');
      tx.objectStore('vault').put({ ...header, tries: { ...header.tries, until: Date.now() - 1 } }, 'header');
    });
    const fourth = await t.failure(() => store.unlock('wrong again'));
    const { waitSeconds } = await store.status();
    await t.tamper(['vault'], async (tx, get) => {
      const header = await get('vault', 'header');
      tx.objectStore('vault').put({ ...header, tries: { ...header.tries, until: 0 } }, 'header');
    });
    store.close(); // While it is open it goes by a clock that nobody can set.
    const later = await t.open();
    await later.unlock(pin);
    return [error.code, (await t.words(error)).remedy, fourth, waitSeconds > 5, later.locked];
  }, PIN);
  assert.deepEqual([second[0], second[2], second[3], second[4]], ['too_many_tries', 'wrong_pin', true, false]);
  assert.match(second[1], /^Wait \d+ seconds?, then try again\.$/);
});

test('a try is counted before it is tested, so that killing the tab wins none', async () => {
  await page.evaluate(async (pin) => {
    const store = await t.open({ iterations: 3_000_000 });
    await store.setPin(pin);
    await store.lock();
    void store.unlock('wrong').catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 250));
  }, PIN);
  const other = await browser.openPage();
  await browser.crash(page);
  assert.equal(await other.evaluate(async () => (await (await t.open()).status()).failures), 1);
});

test('the PIN can be changed and removed by whoever knows it, and too short ones are refused', async () => {
  const seen = await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.put(t.person('A'));
    const codes = [await t.failure(() => store.setPin('12345')), await t.failure(() => store.lock()), await t.failure(() => store.unlock(pin))];
    await store.setPin(pin);
    codes.push(await t.failure(() => store.setPin('another one')), await t.failure(() => store.changePin('wrong', 'new words')));
    await store.changePin(pin, 'new words');
    await store.lock();
    codes.push(await t.failure(() => store.unlock(pin)));
    await store.unlock('new words');
    codes.push(await t.failure(() => store.removePin(pin)));
    await store.removePin('new words');
    store.close();
    const again = await t.open();
    return [...codes, again.locked, (await again.people()).people.length, (await again.verifyLog()).ok];
  }, PIN);
  assert.deepEqual(seen, ['pin_too_short', 'not_protected', 'not_protected', 'already_protected', 'wrong_pin', 'wrong_pin', 'wrong_pin', false, 1, true]);
});

test('it locks itself after idle time, in the other tab too, and a locked vault can still be erased', async () => {
  const other = await browser.openPage();
  const open = async () => {
    globalThis.events = [];
    globalThis.store = await t.open({ onevent: (event) => events.push([event.kind, event.reason ?? null]) });
  };
  await page.evaluate(open);
  await page.evaluate(async (pin) => {
    await store.put(t.person('A'));
    await store.setSettings({ lockAfterMinutes: 0.01 });
    await store.setPin(pin);
  }, PIN);
  await other.evaluate(open);
  assert.equal(await other.evaluate(() => store.locked), true);
  await other.evaluate((pin) => store.unlock(pin), PIN);
  await page.waitForFunction(() => events.some(([kind]) => kind === 'locked'), null, { timeout: 5000 });
  await other.waitForFunction(() => store.locked, null, { timeout: 5000 });
  const seen = await page.evaluate(async () => {
    const code = await t.failure(() => store.people());
    const receipt = await store.eraseEverything();
    return [code, receipt.confirmed, store.locked, (await store.status()).pin];
  });
  assert.deepEqual(seen, ['locked', true, false, false]);
});

test('a tab that is open when another sets a PIN is locked by it, and writes nothing under the old key', async () => {
  const other = await browser.openPage();
  await other.evaluate(async () => {
    globalThis.store = await t.open();
  });
  await page.evaluate(async (pin) => {
    const store = await t.open();
    await store.put(t.person('A'));
    await store.setPin(pin);
  }, PIN);
  const seen = await other.evaluate(async (pin) => {
    const code = await t.failure(() => store.put(t.person('B', { seed: 2 })));
    await store.unlock(pin);
    await store.put(t.person('C', { seed: 3 }));
    const { people, damaged } = await store.people();
    return [code, people.map(({ name }) => name), damaged.length, (await store.verifyLog()).ok];
  }, PIN);
  assert.deepEqual(seen, ['locked', ['A', 'C'], 0, true]);
});
