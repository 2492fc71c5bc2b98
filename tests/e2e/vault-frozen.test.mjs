/** What earlier releases stored, opened by this one: tests/data/vault holds a folder of each format that was ever released (tests/vault/freeze.mjs). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PASSPHRASE, PIN } from '../vault/frozen.mjs';
import { ROOT } from './browser.mjs';
import { onEmptyPages } from './vault-browser.mjs';

const FROZEN = join(ROOT, 'tests/data/vault');
let page;
onEmptyPages((now) => {
  ({ page } = now);
}, { engine: true });

/** Inside the page: opens a restored database and tells what is in it; then works on, so that what was read can be written. */
async function opened({ database, pin }) {
  await t.restore('frozen', database);
  const engine = await t.engine();
  const open = () => t.open({ name: 'frozen', protector: engine, iterations: undefined, unattended: true });
  let store = await open();
  const { locked } = store;
  if (locked) await store.unlock(pin);
  const before = await t.pictured(store);
  await store.put(t.person('One more', { references: 0 }));
  await store.setSettings({ theme: 'light' });
  store.close();
  store = await open();
  if (store.locked) await store.unlock(pin);
  return { locked, before, after: await t.pictured(store) };
}

for (const release of readdirSync(FROZEN)) {
  const read = (part) => JSON.parse(readFileSync(join(FROZEN, release, part), 'utf8'));
  describe(`what the release of ${release} stored`, () => {
    for (const state of ['open', 'locked', 'kept']) {
      test(`is all there when this one opens it (${state})`, async () => {
        const seen = await page.evaluate(opened, { database: read(`${state}.json`), pin: PIN });
        const pictured = read('pictured.json')[state === 'open' ? 'open' : 'locked'];
        const { people, damaged, settings, log } = pictured;
        // A list of then names no hosts.
        const guests = { ...pictured.guests, guests: pictured.guests.guests.map((guest) => ({ host: '', ...guest })) };
        assert.equal(people.length, 3);
        assert.equal(seen.locked, state === 'locked');
        for (const [when, expected] of [['before', { people, damaged, guests, log }], ['after', { damaged, guests, log }]]) {
          for (const [part, value] of Object.entries(expected)) assert.deepEqual(seen[when][part], value, `${part} ${when}`);
        }
        // A setting that came later has its default.
        for (const [name, value] of Object.entries(settings)) assert.deepEqual(seen.before.settings[name], value, name);
        assert.deepEqual(seen.after.people.filter(({ name }) => name !== 'One more'), people);
        assert.equal(seen.after.settings.theme, 'light');
      });
    }

    test('comes in from its backup', async () => {
      const file = readFileSync(join(FROZEN, release, 'backup.brow')).toString('base64');
      const seen = await page.evaluate(async ({ text, passphrase }) => {
        const blob = new Blob([t.fromText(text)]);
        const store = await t.open({ iterations: undefined });
        const preview = await store.previewImport(blob, passphrase);
        const counts = await store.importFrom(blob, passphrase, 'skip');
        return { who: preview.who.map(({ name }) => name), counts, ...(await t.pictured(store)) };
      }, { text: file, passphrase: PASSPHRASE });
      const { people } = read('pictured.json').open;
      assert.deepEqual(seen.people, people);
      assert.deepEqual(seen.who.toSorted(), people.map(({ name }) => name).toSorted());
      assert.deepEqual([seen.counts.added, seen.counts.references], [3, 4]);
    });
  });
}

test('there is something frozen', () => assert.ok(existsSync(FROZEN) && readdirSync(FROZEN).length >= 1));
