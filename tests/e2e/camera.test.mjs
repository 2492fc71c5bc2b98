/** Cameras and browsers that do not do what is expected of them: it is said, with what to do, or mended. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, enrolByPhoto, overheadClip, portrait, seen } from './browser.mjs';
import { PIN } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ clip: overheadClip('obama-1'), camera: 'ask', prepare: (fresh) => fresh.addInitScript(misbehave) });
});
after(() => visitor.depart());

/** Runs in every page: what its address says after `#` goes wrong. */
function misbehave() {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const how = location.hash.slice(1);
  globalThis.streams = [];
  mediaDevices.getUserMedia = async (wanted) => {
    if (how === 'silent' && !globalThis.answering) await new Promise((resolve) => { globalThis.answer = resolve; });
    const stream = await open(wanted);
    globalThis.streams.push(stream);
    return stream;
  };
  if (how === 'untouched') {
    const { play } = HTMLMediaElement.prototype;
    document.addEventListener('click', () => { globalThis.touched = (globalThis.touched ?? 0) + 1; }, { capture: true });
    // The first touch is used up by the question for the camera.
    HTMLMediaElement.prototype.play = function () {
      return (globalThis.touched ?? 0) > 1 ? play.call(this) : Promise.reject(new DOMException('play() can only be initiated by a user gesture.', 'NotAllowedError'));
    };
  }
  if (how === 'scrambled') {
    const { getImageData } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.getImageData = function (...area) {
      const picture = getImageData.apply(this, area);
      picture.data.set(picture.data.map((_, at) => (at * 2654435761) >>> 24));
      return picture;
    };
  }
}

/** Opens a page of the site anew, with something that goes wrong. */
async function open(how, path = '/') {
  await page.goto('about:blank');
  await page.goto(`${visitor.server.url}${path}#${how}`);
  if (path === '/') await page.locator('html[data-ready]').waitFor({ state: 'attached' });
}
const startButton = () => page.getByRole('button', { name: 'Start the camera' });
const told = (code) => page.locator(`#notices [data-code="${code}"]`);

test('a browser that does not answer is said after eight seconds, with where to look; its answer is heeded when it comes, and the camera can be tried again', async () => {
  await open('silent');
  await startButton().click();
  await told('camera_silent').waitFor({ timeout: 15_000 });
  assert.match(await told('camera_silent').innerText(), /not answered yet.*Look for its question/s);
  assert.equal(await startButton().isEnabled(), true);
  await page.evaluate(() => globalThis.answer());
  await page.getByRole('button', { name: 'Stop the camera' }).waitFor();
  assert.equal(await told('camera_silent').count(), 0);
  await page.getByRole('button', { name: 'Stop the camera' }).click();

  await startButton().click();
  await told('camera_silent').waitFor({ timeout: 15_000 });
  await page.evaluate(() => { globalThis.answering = true; });
  await startButton().click();
  await page.getByRole('button', { name: 'Stop the camera' }).waitFor();
  // The answer to the question before comes too late: its camera is let go.
  await page.evaluate(() => globalThis.answer());
  await page.waitForFunction(() => globalThis.streams.length === 3 && globalThis.streams.filter((stream) => stream.active).length === 1);
});

test('where the picture starts only at a touch, that is said, and the touch starts it', async () => {
  await open('untouched');
  await startButton().click();
  await told('camera_touch').waitFor();
  assert.match(await told('camera_touch').innerText(), /only after a touch/);
  assert.equal(await told('camera_refused').count(), 0);
  await startButton().click();
  await page.getByRole('button', { name: 'Stop the camera' }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.streams.length), 1, 'the person is asked for the camera once');
  assert.equal(await told('camera_touch').count(), 0);
});

test('a browser that changes the pictures it hands out is named as the cause: before the camera, at a photo and in the check', async () => {
  await open('scrambled');
  await startButton().click();
  assert.match(await told('pictures_scrambled').innerText(), /changes the pictures/);
  await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  await page.getByLabel('Choose a photo').setInputFiles(portrait('obama-1'));
  await page.locator('#enrol .problem[data-code="pictures_scrambled"]').waitFor();
  await open('scrambled', '/check.html');
  await page.getByRole('button', { name: 'Start the check' }).click();
  await page.locator('[data-check="browser"][data-code="pictures_scrambled"]').waitFor();
});

test('a picture that is upside down is found so, and turned', async () => {
  await open('');
  await enrolByPhoto(page, 'Barack', portrait('obama-1'));
  await startButton().click();
  assert.match(await seen(page, 'Barack'), /Recognised/);
  assert.match(await page.locator('brow-recogniser video').evaluate((video) => video.style.transform), /rotate\(180deg\)/);
});

test('how the camera is mounted, when somebody sets it, counts from the picture as it comes, whatever was found before', async () => {
  await page.evaluate(() => { document.querySelector('brow-recogniser').rotation = 180; });
  assert.match(await page.locator('brow-recogniser video').evaluate((video) => video.style.transform), /rotate\(180deg\)/);
  await page.waitForTimeout(2_000);
  assert.match(await seen(page, 'Barack'), /Recognised/);
});

test('an element that was moved into a frame gives up camera and worker when the frame is removed', async () => {
  await page.evaluate(() => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    frame.contentDocument.body.append(document.querySelector('brow-recogniser'));
    globalThis.moved = frame.contentDocument.querySelector('brow-recogniser');
    globalThis.frame = frame;
  });
  // Moved by itself it goes on, and so may a browser that restarts what moves.
  await page.waitForFunction(() => globalThis.moved.camera.running && globalThis.moved.ready);
  const worker = () => page.workers().length;
  assert.equal(worker(), 1);
  await page.evaluate(() => globalThis.frame.remove());
  await page.waitForFunction(() => !globalThis.moved.camera.running && globalThis.streams.every((stream) => !stream.active) && !globalThis.moved.ready);
  for (let tries = 0; worker() > 0 && tries < 50; tries++) await page.waitForTimeout(100);
  assert.equal(worker(), 0);
});

test('the kiosk says all of these in its own place, and goes on by itself', async () => {
  await open('silent', '/kiosk.html');
  await page.locator('#setup').waitFor();
  await page.locator('#kiosk-pin').fill(PIN);
  await page.locator('#kiosk-pin-again').fill(PIN);
  await page.locator('#setup button').click();
  await page.locator('.trouble[data-code="camera_silent"]:visible').waitFor({ timeout: 20_000 });
  await page.evaluate(() => globalThis.answer());
  await page.locator('.trouble').waitFor({ state: 'hidden' });
  await page.locator('.mirror video').evaluate((video) => new Promise((resolve) => { video.readyState > 1 ? resolve() : video.addEventListener('loadeddata', resolve, { once: true }); }));
  await open('scrambled', '/kiosk.html');
  await page.locator('#kiosk-pin').fill(PIN);
  await page.locator('#setup button').click();
  await page.locator('.trouble[data-code="pictures_scrambled"]:visible').waitFor();
  await open('untouched', '/kiosk.html');
  await page.locator('#kiosk-pin').fill(PIN);
  await page.evaluate(() => document.querySelector('#setup').requestSubmit());
  await page.locator('.trouble[data-code="camera_touch"]:visible').waitFor();
  await page.evaluate(() => { globalThis.touched = 1; });
  await page.locator('#kiosk').click({ position: { x: 20, y: 20 } });
  await page.locator('.trouble').waitFor({ state: 'hidden' });
});

test('the check of the storage needs nothing that older browsers lack', async () => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'storage', { get: () => undefined }));
  await open('', '/check.html');
  await page.getByRole('button', { name: 'Start the check' }).click();
  await page.locator('[data-check="storage"][data-code="storage_clearable"]').waitFor({ timeout: 60_000 });
});
