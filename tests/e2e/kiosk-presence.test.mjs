/** The kiosk before whom nobody stands: a picture of somebody enrolled is not greeted, whatever the administrator asks of presence. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, findings, portraitClip } from './browser.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Joe', picture: 'biden' }]);
});
after(() => visitor.depart());

/** Counts whom the kiosk greets. */
const countGreetings = (page) => page.evaluate(() => {
  globalThis.greeted = 0;
  document.addEventListener('brow-handoff', () => { greeted += 1; });
});

test('asks whoever would be greeted to turn the head, greets no portrait, and says why it did not count', async () => {
  const page = await visitKiosk(visitor, { clip: portraitClip('biden') });
  await enter(page, { presence: 'require-turn' });
  await countGreetings(page);
  await page.waitForFunction(() => ['straight', 'turn', 'back', 'retry', 'refused'].includes(document.querySelector('#kiosk').dataset.screen), null, { timeout: 90_000 });
  await page.waitForFunction(() => ['retry', 'refused'].includes(document.querySelector('#kiosk').dataset.screen), null, { timeout: 90_000 });
  assert.notEqual(await page.locator('#kiosk .also').innerText(), '');
  assert.deepEqual(await findings(page), []);
  await page.waitForTimeout(10_000);
  assert.equal(await page.evaluate(() => greeted), 0);
  assert.notEqual(await page.locator('#kiosk').getAttribute('data-screen'), 'stranger');
});

test('its administrator may ask for less, and the setting says what that means', async () => {
  const page = await visitKiosk(visitor, { clip: portraitClip('biden') });
  await enter(page, { presence: 'require-turn' });
  await administer(page);
  const setting = page.getByLabel('Make sure that a person stands there');
  assert.equal(await setting.inputValue(), 'require-turn');
  assert.match(await page.locator('#presence-words').innerText(), /a photograph that is held to the camera is checked in/);
  await setting.selectOption('off');
  await page.locator('#kiosk-log tbody tr', { hasText: 'Settings changed' }).first().waitFor();
  await backToKiosk(page);
  await screen(page, 'greet', { timeout: 90_000 });
});
