/** The page speaks the visitor's language, and keeps the one that is chosen. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, setLanguage, text } from '../../www/words/messages.js';
import { Visitor, findings } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

for (const tag of Object.keys(LANGUAGES)) {
  test(`a visitor whose browser is set to ${tag} reads the page in it, on a phone too`, async () => {
    await setLanguage(tag);
    const page = await visitor.visit({ camera: 'ask', locale: tag, viewport: { width: 390, height: 844 } });
    await page.waitForFunction((wanted) => document.documentElement.lang === wanted, tag);
    assert.equal(await page.locator('#people-title').innerText(), text('people.title'));
    assert.equal(await page.locator('html').getAttribute('dir'), tag === 'ar' ? 'rtl' : 'ltr');
    await page.getByRole('button', { name: text('live.start') }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'something is wider than the phone');
    assert.deepEqual(await findings(page), []);
  });
}

test('the language that is chosen is kept, on every page, and can be given back to the browser', async () => {
  await setLanguage('de');
  let page = await visitor.visit({ camera: 'ask', locale: 'en-US' });
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('heading', { name: text('settings.title') }).waitFor();
  await page.locator('#language:not([aria-busy])').waitFor();
  page = await visitor.visit({ camera: 'ask', locale: 'en-US' });
  await page.getByRole('button', { name: text('live.start') }).waitFor();
  assert.equal(await page.locator('#language').inputValue(), 'de');
  await page.goto(`${visitor.server.url}/bench.html`);
  await page.getByRole('heading', { name: text('bench.title') }).waitFor();
  await page.goto(visitor.server.url);
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  await page.locator('#language').selectOption('');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.locator('#language:not([aria-busy])').waitFor();
  assert.deepEqual(visitor.strayRequests(), []);
});

test('a fault that is shown is said in the language that is chosen afterwards', async () => {
  const page = await visitor.visit({ camera: 'refused', locale: 'en-US' });
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await page.locator('[data-code="camera_refused"]').waitFor();
  await setLanguage('de');
  await page.getByLabel('Language').selectOption('de');
  await page.locator('[data-code="camera_refused"]', { hasText: 'Dem Browser wurde gesagt' }).waitFor();
});

test('in Arabic every page runs from right to left, and axe-core finds nothing in pages and dialogs', async () => {
  await setLanguage('ar');
  const page = await visitor.visit({ camera: 'ask' });
  await page.locator('#language').selectOption('ar');
  await page.locator('html[dir="rtl"]').waitFor();
  const left = (selector) => page.locator(selector).first().evaluate((element) => element.getBoundingClientRect().left);
  assert.ok(await left('#people') < await left('#live'), 'the live view stands first, which is right');
  assert.equal(await page.locator('brow-recogniser .frame').evaluate((frame) => getComputedStyle(frame).direction), 'rtl');
  await page.getByRole('button', { name: text('people.enrolPhoto') }).click();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  for (const path of ['bench.html', 'prove.html']) {
    await page.goto(`${visitor.server.url}/${path}`);
    await page.locator('html[dir="rtl"]').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, path);
    assert.deepEqual(await findings(page), [], path);
  }
});
