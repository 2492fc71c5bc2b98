/** Whoever copies the files of the browser's profile wants to read the people in a vault that has a PIN. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeBrowser } from '../browser.mjs';
import { openBrowser, pageHelpers } from '../vault-browser.mjs';
import { openedByFiles, witness } from './profile.mjs';

const PIN = 'correct horse';

/** A visitor over several starts of the browser, whose keys and records are noted as they are made. */
async function visitor() {
  const browser = await openBrowser({ persistent: true });
  const sealed = [];
  let page = null;
  return {
    /** @param {() => Promise<any>} work @param {any} [about] */
    async visit(work, about) {
      if (!page) {
        await browser.context.addInitScript(pageHelpers);
        await browser.context.addInitScript(witness);
        page = await browser.openPage();
      }
      const value = await page.evaluate(work, about);
      sealed.push(...(await page.evaluate(() => globalThis.sealed.splice(0))));
      return value;
    },
    reload: () => page.reload(),
    async restart() {
      await closeBrowser(browser.context, browser.profile);
      await browser.restart();
      page = null;
    },
    async quit() {
      await closeBrowser(browser.context, browser.profile);
      page = null;
    },
    opened: () => openedByFiles(browser.profile, sealed),
    /** Waits until the browser has tidied up what it deleted: the keys that were there before some work are in none of its files. @param {() => Promise<any>} work */
    async tidied(work) {
      const before = [...sealed];
      const value = await work();
      for (let tries = 0; openedByFiles(browser.profile, before).vaultKeys > 0; tries += 1) {
        assert.ok(tries < 40, 'after ten seconds the files still hold a key that was deleted');
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      return value;
    },
    close: () => browser.close(),
  };
}

const enrol = async () => {
  globalThis.store = await t.open();
  for (let i = 0; i < 3; i += 1) await store.put(t.person(`P${i}`, { seed: i }));
  return (await store.people()).people.length;
};

test('to read people from a copy of the profile after a PIN was set', { timeout: 120_000 }, async () => {
  const they = await visitor();
  try {
    assert.equal(await they.visit(enrol), 3);
    // The control: without a PIN the files open everybody.
    assert.equal(they.opened().people.length, 3);
    await they.restart();
    await they.visit(enrol);
    await they.visit((pin) => store.setPin(pin), PIN);
    assert.deepEqual(they.opened().current, [], 'with the keys of before, records as they are now');
    assert.equal(await they.visit(async () => (await store.status()).stale), true, 'that the files may hold more is said');
    await they.reload();
    const [stale, people] = await they.visit(async (pin) => {
      const store = await t.open();
      const { stale } = await store.status();
      await store.unlock(pin);
      return [stale, (await store.people()).people.length];
    }, PIN);
    assert.deepEqual([stale, people], [false, 6]);
    assert.deepEqual(they.opened(), { people: [], current: [], vaultKeys: 0 });
    await they.quit();
    assert.deepEqual(they.opened(), { people: [], current: [], vaultKeys: 0 });
  } finally {
    await they.close();
  }
});

test('to read people from a copy of the profile after the vault was kept open and locked', { timeout: 120_000 }, async () => {
  const they = await visitor();
  try {
    await they.visit(enrol);
    await they.visit((pin) => store.setPin(pin), PIN);
    await they.restart();
    await they.visit(async (pin) => {
      globalThis.store = await t.open();
      await store.unlock(pin);
      await store.keepOpen(true);
    }, PIN);
    assert.equal(they.opened().current.length, 3, 'as long as it is kept open, the files open everybody');
    await they.visit(() => store.lock());
    assert.deepEqual(they.opened().current, []);
    await they.restart();
    const people = await they.visit(async (pin) => {
      const store = await t.open({ unattended: true });
      const { locked } = store;
      await store.unlock(pin);
      return [locked, (await store.people()).people.length];
    }, PIN);
    assert.deepEqual(people, [true, 3]);
    assert.deepEqual(they.opened(), { people: [], current: [], vaultKeys: 0 });
  } finally {
    await they.close();
  }
});

test('to read people from a copy of the profile after keeping open was ended by a page that never heard the PIN', { timeout: 120_000 }, async () => {
  const they = await visitor();
  try {
    await they.visit(enrol);
    await they.visit(async (pin) => {
      await store.setPin(pin);
      await store.keepOpen(true);
    }, PIN);
    await they.restart();
    await they.visit(async () => {
      const store = await t.open({ unattended: true });
      await store.people();
      await store.lock('idle');
    });
    await they.reload();
    const seen = await they.tidied(() => they.visit(async (pin) => {
      const store = await t.open({ unattended: true });
      await store.unlock(pin);
      await store.put(t.person('Later', { seed: 9 }));
      return (await store.people()).people.length;
    }, PIN));
    assert.equal(seen, 4);
    // What lies in the browser's files until the next start is said; from then on it opens nothing.
    await they.restart();
    await they.visit(async () => { await t.open({ unattended: true }); });
    assert.deepEqual(they.opened(), { people: [], current: [], vaultKeys: 0 });
  } finally {
    await they.close();
  }
});
