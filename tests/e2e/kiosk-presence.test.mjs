/** The kiosk before whom nobody stands: a picture of somebody enrolled is not greeted, whatever the administrator asks of presence. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, chainedClips, findings, needsShared, portraitClip, sharedFrame } from './browser.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Joe', picture: 'biden' }], { presence: 'require-turn' });
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

test('a page counts what prints are taken for, and stores nothing', async () => {
  const page = await visitor.visit({ path: '/count.html', clip: portraitClip('biden') });
  await page.getByLabel('What is held up').selectOption('print');
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await page.locator('[data-kind=print] td:last-child', { hasText: 'of 1' }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Count from the start' }).click();
  await page.locator('[data-kind=print] td:last-child', { hasText: 'of 0' }).waitFor();
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(visitor.strayRequests(), []);
});

/** Clips in which nobody is asked for anything: people, replays on phones, a tablet and a monitor. */
const CLIPS = [
  'pad/clips/live-1.mp4', 'pad/clips/live-2.mp4', 'pad/clips/live-3.mp4', 'pad/clips/replay-monitor-3.mp4', 'pad/clips/replay-phone-2.mp4',
  'pad/clips/replay-phone-4.mp4', 'pad/emulated-clips/phone-replay-stranger-1.mp4', 'pad/emulated-clips/tablet-replay-stranger-3.mp4',
];

test('greets nobody in clips and replays of people who are enrolled, for they do not turn as asked', { skip: needsShared }, async () => {
  // The person of a live clip is that of the replay with the same number.
  const apart = CLIPS.filter((path) => !/replay-(monitor-3|phone-2)/.test(path));
  const people = apart.map((path, index) => ({ name: `Person ${index}`, photo: sharedFrame(path, 0.4) }));
  const others = await Visitor.arrive();
  try {
    await prepareKiosk(others, people, { presence: 'require-turn' });
    const page = await visitKiosk(others, { clip: chainedClips(CLIPS, 4) });
    await enter(page, { presence: 'require-turn' });
    await countGreetings(page);
    await page.evaluate(() => {
      globalThis.screens = [];
      const kiosk = document.querySelector('#kiosk');
      new MutationObserver(() => screens.push(kiosk.dataset.screen)).observe(kiosk, { attributes: true, attributeFilter: ['data-screen'] });
    });
    // All of them once, as the camera plays them.
    await page.waitForTimeout(1_000 * CLIPS.length * 5.5);
    await page.waitForFunction(() => screens.includes('look'), null, { timeout: 60_000 });
    assert.equal(await page.evaluate(() => greeted), 0);
  } finally {
    await others.depart();
  }
});
