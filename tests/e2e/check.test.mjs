/** The page of checks says what is wrong with a device, and what to do about it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LANGUAGES, setLanguage, text } from '../../www/words/messages.js';
import { Visitor, findings, plainClip, portraitClip } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** Opens the page of checks, runs them all and gives what each found: its state, or the code of the fault. */
async function check(options, button = 'Start the check') {
  const page = await visitor.visit({ path: '/check.html', ...options });
  await page.getByRole('button', { name: button }).click();
  await page.locator('.run:enabled').waitFor({ timeout: 60_000 });
  const found = await page.locator('.checks li').evaluateAll((items) => items.map(({ dataset }) => [dataset.check, dataset.code ?? dataset.state]));
  return { page, found: Object.fromEntries(found) };
}

test('where all is well it says so, and what could be better', async () => {
  const { page, found } = await check({ clip: portraitClip('obama-1'), prepare: (fresh) => fresh.addInitScript(() => {
    globalThis.ticked = new Set();
    new MutationObserver(() => {
      for (const tick of document.querySelectorAll('.ticks:not([hidden]) [data-state="ok"]')) ticked.add(tick.textContent.trim());
    }).observe(document, { subtree: true, childList: true });
  }) });
  // Beside the live picture stands what the face in it has.
  const ticked = await page.evaluate(() => [...ticked]);
  for (const tick of ['Size is good', 'Light is good', 'Straight is good']) assert.ok(ticked.includes(tick), `${tick} in ${ticked}`);
  assert.equal(await page.locator('.ticks').isVisible(), false);
  const { speed, ...others } = found;
  assert.ok(['ok', 'speed_slow'].includes(speed));
  // A browser that was not asked promises nothing, and these tests keep the service worker away.
  assert.deepEqual(others, { browser: 'ok', engine: 'ok', storage: 'storage_clearable', offline: 'offline_not_yet', camera: 'ok', light: 'ok' });
  assert.match(await page.locator('[data-check="camera"] p').innerText(), /640 by 480 pixels/);
  assert.match(await page.locator('.status').innerText(), /^[23] things could be better/);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(visitor.strayRequests(), []);
});

for (const [what, options, wanted] of [
  ['a covered lens', { clip: plainClip('black') }, { camera: 'ok', light: 'camera_black' }],
  ['a dark room', { clip: plainClip('0x202020') }, { camera: 'ok', light: 'light_dark' }],
  ['a face that is nearly black before a window', { clip: portraitClip('obama-1-backlit') }, { camera: 'ok', light: 'light_dark' }],
  ['a glaring light', { clip: plainClip('0xf8f8f8') }, { camera: 'ok', light: 'light_bright' }],
  ['an empty, light room', { clip: plainClip('0x909090') }, { camera: 'ok', light: 'ok' }],
  ['no camera', { camera: 'absent' }, { camera: 'camera_absent', light: 'skipped' }],
  ['a camera that the page may not use', { camera: 'refused' }, { camera: 'camera_refused', light: 'skipped' }],
]) {
  test(`it tells of ${what}`, async () => {
    const { found } = await check(options);
    for (const [name, finding] of Object.entries(wanted)) assert.equal(found[name], finding, name);
    assert.equal(found.engine, 'ok');
  });
}

test('an engine that finds no face where one is counts as broken, and what needs it is not checked', async () => {
  const icon = readFileSync(new URL('../../www/icon-512.png', import.meta.url));
  const { found } = await check({ camera: 'ask', prepare: (page) => page.route('**/self-test-face*', (route) => route.fulfill({ body: icon, contentType: 'image/png' })) });
  assert.equal(found.engine, 'engine_wrong');
  for (const name of ['speed', 'storage', 'camera', 'light']) assert.equal(found[name], 'skipped', name);
});

test('a browser without SIMD is told what to do', async () => {
  const { page, found } = await check({ camera: 'ask', prepare: (page) => page.addInitScript(() => { WebAssembly.validate = () => false; }) });
  assert.equal(found.browser, 'browser_no_simd');
  assert.match(await page.locator('[data-check="browser"] strong').innerText(), /Update the browser/);
});

for (const tag of Object.keys(LANGUAGES).filter((other) => other !== 'en')) {
  test(`it is said in ${tag}, and axe-core finds nothing`, async () => {
    await setLanguage(tag);
    const { page } = await check({ camera: 'absent', locale: tag, viewport: { width: 390, height: 844 } }, text('check.run'));
    await page.getByText(text('check.engine.ok')).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    assert.deepEqual(await findings(page), []);
  });
}
