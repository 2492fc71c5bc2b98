/** The kiosk before whom nobody stands: a picture of somebody enrolled is not greeted, whatever the administrator asks of presence. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Visitor, findings, needsShared, portrait, portraitClip, sharedFile, sharedFrame } from './browser.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, turnTo, visitKiosk, watchScreens } from './kiosk-browser.mjs';

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
  await turnTo(page, 'settings');
  const setting = page.getByLabel('Make sure that a person stands there');
  assert.equal(await setting.inputValue(), 'require-turn');
  assert.match(await page.locator('#presence-words').innerText(), /a photograph that is held to the camera is checked in/);
  await setting.selectOption('off');
  await turnTo(page, 'log');
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

/** Those with the same number show the same person. */
const LIVE = ['pad/clips/live-1.mp4', 'pad/clips/live-2.mp4', 'pad/clips/live-3.mp4'];
const REPLAYS = [
  'pad/clips/replay-monitor-3.mp4', 'pad/clips/replay-phone-2.mp4', 'pad/clips/replay-phone-4.mp4', 'pad/emulated-clips/phone-replay-stranger-1.mp4',
  'pad/emulated-clips/tablet-replay-stranger-3.mp4', 'pad/emulated-clips/phone-replay-stranger-masked.mp4',
];
/** The portraits of people who are enrolled as things that are held before a camera, by models/training/presence_emulate.py, and the screen at which each ends. */
// The masked print is just as near as a face may be: some looks find it too near.
const PRINTS = { 'obama-1-print': /^refused/, 'obama-1-masked-print': /^(refused|back)/, 'biden-gloss': /^refused/, 'obama-1-phone': /^back/ };

/**
 * For `prepare`: a camera that plays what `show(name)` names, over and over, and a picture as if a hand held it; an empty room otherwise.
 * @param {import('playwright-core').Page} page @param {Record<string, {type: string, base64: string}>} shown by name
 */
const playingCamera = (page, shown) => page.addInitScript((files) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 480];
  const context = canvas.getContext('2d');
  /** @type {HTMLVideoElement | ImageBitmap | null} */
  let now = null;
  let step = 0;
  const blobOf = ({ type, base64 }) => new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
  globalThis.show = async (name) => {
    if (now instanceof HTMLVideoElement) now.pause();
    now = null;
    if (!name) return;
    const blob = blobOf(files[name]);
    if (blob.type.startsWith('image/')) {
      now = await createImageBitmap(blob);
      return;
    }
    const video = Object.assign(document.createElement('video'), { muted: true, loop: true, playsInline: true, src: URL.createObjectURL(blob) });
    await video.play();
    now = video;
  };
  setInterval(() => {
    step += 1;
    // A clip of another shape stands between black bars, as a camera that stands upright gives it: any other colour would be a frame held up.
    context.fillStyle = now instanceof HTMLVideoElement ? '#000' : `hsl(150 8% ${54 + (step % 2)}%)`;
    context.fillRect(0, 0, 640, 480);
    if (!now) return;
    const [width, height] = now instanceof HTMLVideoElement ? [now.videoWidth, now.videoHeight] : [now.width, now.height];
    const scale = Math.min(640 / width, 480 / height);
    const held = now instanceof HTMLVideoElement ? [0, 0] : [6 * Math.sin(step / 11), 4 * Math.cos(step / 13)];
    context.drawImage(now, (640 - scale * width) / 2 + held[0], (480 - scale * height) / 2 + held[1], scale * width, scale * height);
  }, 40);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(25);
  navigator.mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput', deviceId: 'drawn', label: 'Drawn camera' }];
}, shown);

/**
 * What the kiosk shows of each of these, until it is done with them.
 * @param {import('playwright-core').Page} page @param {string} name @param {RegExp} last the screen at which it is
 */
async function shows(page, name, last) {
  await page.evaluate(async (chosen) => {
    screens.length = 0;
    await show(chosen);
  }, name);
  await page.waitForFunction((wanted) => screens.some((screen) => new RegExp(wanted).test(screen)), last.source, { timeout: 90_000 });
  const screens = await page.evaluate(() => [...globalThis.screens]);
  await page.evaluate(() => globalThis.show(null));
  await screen(page, 'attract', { timeout: 60_000 });
  return screens;
}

const base64 = (file) => readFileSync(file).toString('base64');

test('of the people in clips who are enrolled, those who are live are asked to turn, replays are sent to the desk, and nobody is greeted', { skip: needsShared }, async (t) => {
  const people = [...LIVE, ...REPLAYS].filter((path) => !/replay-(monitor-3|phone-2)/.test(path)).map((path, index) => ({ name: `Person ${index}`, photo: sharedFrame(path, 0.4) }));
  const others = await Visitor.arrive();
  try {
    await prepareKiosk(others, people, { presence: 'require-turn' });
    const files = Object.fromEntries([...LIVE, ...REPLAYS].map((path) => [path, { type: 'video/mp4', base64: base64(sharedFile(path)) }]));
    const page = await visitKiosk(others, { prepare: (page) => playingCamera(page, files) });
    await enter(page, { presence: 'require-turn' });
    await screen(page, 'attract', { timeout: 60_000 });
    await watchScreens(page);
    for (const path of REPLAYS) {
      // A first look may be in doubt, and a turn be asked for: it is not made as asked.
      const screens = await shows(page, path, /^(refused|greet)/);
      t.diagnostic(`${path}: ${screens.join(' | ')}`);
      assert.match(screens.at(-1), /^refused: Please ask at the desk I could not make sure that somebody is standing here/, `${path}: ${screens.join(' | ')}`);
      assert.ok(screens.every((screen) => !/^stranger/.test(screen)), path);
    }
    for (const path of LIVE) {
      const screens = await shows(page, path, /^(turn|refused|greet)/);
      t.diagnostic(`${path}: ${screens.join(' | ')}`);
      assert.match(screens.at(-1), /^turn: Turn your head (a little|far) to your (left|right)/, `${path}: ${screens.join(' | ')}`);
    }
    assert.deepEqual(await page.evaluate(() => greeted), []);
  } finally {
    await others.depart();
  }
});

test('prints with the portraits of enrolled people, bare and masked, are sent to the desk as such, and a phone that fills the picture is asked to step back', async (t) => {
  const others = await Visitor.arrive();
  try {
    await prepareKiosk(others, [{ name: 'Barack', picture: 'obama-1' }, { name: 'Joe', picture: 'biden' }], { presence: 'require-turn' });
    const files = Object.fromEntries(Object.keys(PRINTS).map((name) => [name, { type: 'image/jpeg', base64: base64(portrait(name)) }]));
    const page = await visitKiosk(others, { prepare: (page) => playingCamera(page, files) });
    await enter(page, { presence: 'require-turn' });
    await screen(page, 'attract', { timeout: 60_000 });
    await watchScreens(page);
    for (const [name, wanted] of Object.entries(PRINTS)) {
      const screens = await shows(page, name, /^(refused|back|turn|straight|greet|stranger)/);
      t.diagnostic(`${name}: ${screens.join(' | ')}`);
      assert.match(screens.at(-1), wanted, `${name}: ${screens.join(' | ')}`);
    }
    assert.deepEqual(await page.evaluate(() => greeted), []);
  } finally {
    await others.depart();
  }
});
