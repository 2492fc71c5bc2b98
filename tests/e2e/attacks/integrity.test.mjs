/** Somebody alters a file of the release, on its host or on the way, and leaves the pages as they are. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Visitor } from '../browser.mjs';
import { copyOfRelease } from './altered.mjs';

const release = copyOfRelease();
/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive({ folder: release.folder });
});
afterEach(async () => {
  await visitor.leave();
  release.restore();
});
after(async () => {
  await visitor.depart();
  release.remove();
});

/** Tells the page, from wherever it runs. */
const CODE = ";new BroadcastChannel('attack').postMessage('ran');\n";

/** Opens the page and listens for altered code; nothing of the visit before is in its cache. */
async function open(options) {
  return visitor.visit({
    camera: 'ask', wait: false, flags: ['--disk-cache-size=1'],
    prepare: (page) => page.addInitScript(() => {
      globalThis.heard = [];
      new BroadcastChannel('attack').onmessage = ({ data }) => globalThis.heard.push(data);
    }),
    ...options,
  });
}

const damaged = (page) => page.locator('[data-code="program_damaged"]').first().waitFor({ timeout: 30_000 });

test('altered code of the worker runs where the templates are', async () => {
  release.alter(release.find('assets/worker/site-worker.', '.js'), (code) => code + CODE);
  const page = await open();
  await damaged(page);
  assert.deepEqual(await page.evaluate(() => globalThis.heard), []);
  assert.equal(await page.locator('html[data-ready]').count(), 0);
});

test('an altered manifest makes strangers match', async () => {
  release.alter(release.find('assets/models/manifest.', '.json'), (text) => text.replace(/("periocular"[^]*?)(-?\d+\.\d+)/, (_, before, number) => `${before}${Number(number) + 1}`));
  const page = await open();
  await damaged(page);
  assert.equal(await page.locator('html[data-ready]').count(), 0);
});

test('an altered table of words runs code in the page, as its first language', async () => {
  release.alter(release.find('assets/words/texts/de.', '.js'), (code) => code + CODE);
  const page = await open({ locale: 'de-DE' });
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.deepEqual(await page.evaluate(() => globalThis.heard), []);
});

test('an altered table of words runs code in the page', async () => {
  release.alter(release.find('assets/words/texts/de.', '.js'), (code) => code + CODE);
  const page = await open();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  await page.locator('#language').selectOption('de');
  await page.locator('[data-code="language_unavailable"]').waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.heard), []);
  await page.locator('#language').selectOption('fr');
  await page.locator('html[lang="fr"]').waitFor();
});
