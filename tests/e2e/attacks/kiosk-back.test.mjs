/** Whoever stands at a kiosk wants the main page behind it: names, people, a backup. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, plainClip } from '../browser.mjs';
import { PIN, enter, prepareKiosk, screen, visitKiosk } from '../kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Ada Findable', picture: 'obama-1' }]);
});
after(() => visitor.depart());

const clip = plainClip('gray');
/** What is on the page, and whether it asks for the PIN. */
async function mainPage(page) {
  await page.waitForURL((url) => !url.pathname.endsWith('kiosk.html'));
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  await page.locator('#lock:not([hidden])').waitFor();
  return page.evaluate(() => document.documentElement.innerHTML.includes('Findable'));
}

test('to go from a kiosk that goes on by itself to the main page, without the PIN', async () => {
  const page = await visitKiosk(visitor, { clip });
  await enter(page, { restart: 'go' });
  await screen(page, 'attract');
  await page.goto(`${visitor.server.url}/`);
  assert.equal(await mainPage(page), false);
  // The kiosk goes on as before.
  await page.goto(`${visitor.server.url}/kiosk.html`);
  await screen(page, 'attract');
});

test('to find the main page as it was left, by Back', async () => {
  const page = await visitor.visit({ clip, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  await page.locator('#unlock-pin').fill(PIN);
  await page.keyboard.press('Enter');
  await page.getByText('Ada Findable').first().waitFor();
  await page.evaluate(() => void setTimeout(() => location.assign('kiosk.html'), 0));
  await page.locator('#kiosk').waitFor();
  await screen(page, 'attract').catch(() => enter(page));
  // Once, it stays where it is.
  await page.locator('body').click({ position: { x: 5, y: 5 } });
  await page.evaluate(() => void setTimeout(() => history.back(), 0));
  await page.waitForTimeout(1_000);
  assert.match(page.url(), /kiosk\.html$/);
  await page.evaluate(() => void setTimeout(() => history.go(2 - history.length), 0));
  assert.equal(await mainPage(page), false);
});

test('to open the context menu of a kiosk', async () => {
  const page = await visitKiosk(visitor, { clip });
  await page.locator('#kiosk').waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => document.querySelector('#kiosk').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))), false);
});
