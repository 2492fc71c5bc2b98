/** The main job in WebKit, Safari's engine: Debian's build for GTK, by WebDriver. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startReceiver } from '../../tools/receiver.mjs';
import { startServer } from '../../tools/serve.mjs';
import { findWebkit } from '../../tools/setup.mjs';
import { ROOT, portrait } from './browser.mjs';
import { WebKit } from './webkit-browser.mjs';

const skip = findWebkit() ? false : 'SKIPPED: there is no WebKit here (Debian: webkit2gtk-driver and xvfb)';
const ELEMENT = 'brow-recogniser';
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {WebKit} */
let browser;

before(async () => {
  if (skip) return;
  server = await startServer({ folder: join(ROOT, 'dist') });
  browser = await WebKit.launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Whoever is on this portrait comes before the camera of the page that is open: the browser's own shows a test card. @param {string} who */
async function standBefore(who) {
  await browser.run(async (base64) => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))]));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 480];
    const context = canvas.getContext('2d');
    const scale = Math.max(640 / picture.width, 480 / picture.height) * 1.06;
    setInterval(() => {
      const [x, y] = [8 * Math.sin(performance.now() / 500), 6 * Math.cos(performance.now() / 600)];
      context.drawImage(picture, x - 10, y - 10, picture.width * scale, picture.height * scale);
    }, 40);
    MediaDevices.prototype.getUserMedia = async () => canvas.captureStream(25);
  }, readFileSync(portrait(who)).toString('base64'));
}

/** The words beside the first face that is named so, once this person stands before the camera. @param {string} who @param {string} name */
async function seen(who, name) {
  await browser.open(server.url);
  await standBefore(who);
  return start(name);
}

/** Starts the camera. @param {string} name @returns {Promise<string>} the words beside the first face that is named so */
async function start(name) {
  await browser.click('button.start', ELEMENT);
  return browser.sees((element, wanted) => {
    const faces = document.querySelector(element).shadowRoot.querySelectorAll('.results .who');
    return Array.from(faces, (face) => face.innerText.replace(/\s+/g, ' ')).find((words) => words.includes(wanted));
  }, ELEMENT, name);
}

test('somebody enrols from a photo, and is named before the camera with a mask on, after a reload; a stranger is not', { skip }, async () => {
  await browser.open(server.url);
  await browser.click('.enrol-photo');
  await browser.type('#enrol input[type="file"]', portrait('obama-1'));
  await browser.sees(() => document.querySelector('#enrol').innerText.includes('One face found'));
  await browser.type('#enrol-name', 'Barack');
  await browser.click('#enrol [name="consent"]');
  await browser.click('#enrol .submit');
  await browser.find('#enrol .saved-name');
  assert.match(await seen('obama-1-masked', 'Barack'), /Recognised.*mask on/);
  assert.match(await seen('biden-masked', 'Unknown person'), /Matches nobody enrolled here/);
});

test('a page that is left lets go of the store, and goes on when somebody comes back to it', { skip }, async () => {
  const noneIsHeld = () => browser.sees(async () => (await navigator.locks.query()).held.length === 0);
  await seen('obama-1', 'Barack');
  // WebKit keeps a page that was left, with its workers: the locks of one that was kept would never be given back.
  await browser.open(`${server.url}/check.html`);
  await noneIsHeld();
  // The driver can't follow its browser to a kept page; so this one is only told that it is left, and is here again.
  await browser.open(server.url);
  await standBefore('obama-1');
  await browser.run(() => void dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await noneIsHeld();
  await browser.run(() => void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  assert.match(await start('Barack'), /Recognised/);
});

test('its own camera opens, and every check of the device finds it well', { skip }, async () => {
  const check = async () => {
    await browser.click('.run');
    await browser.sees(() => !document.querySelector('.run').disabled && document.querySelectorAll('.checks li').length === 7);
    // How fast it is depends on what else the machine does.
    const { speed, ...others } = Object.fromEntries(await browser.run(() => Array.from(document.querySelectorAll('.checks li'), ({ dataset }) => [dataset.check, dataset.code ?? dataset.state])));
    assert.ok(speed);
    return others;
  };
  await browser.open(`${server.url}/check.html`);
  const fine = { browser: 'ok', engine: 'ok', storage: 'storage_clearable', offline: 'ok', camera: 'ok', light: 'ok' };
  assert.deepEqual({ ...await check(), light: 'ok' }, fine);
  await standBefore('obama-1');
  assert.deepEqual(await check(), fine);
});

test('nothing that the page tries reaches a receiver', { skip }, async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.close());
  await browser.open(`${server.url}/prove.html?to=${encodeURIComponent(receiver.url)}`, '#run:enabled');
  await browser.sees(() => document.querySelector('#address').value);
  await browser.click('#run');
  await browser.sees(() => /ways out|stopped/.test(document.querySelector('#verdict').textContent));
  const rows = await browser.run(() => Array.from(document.querySelectorAll('#results tbody tr'), ({ dataset, cells }) => ({ outcome: dataset.outcome, from: cells[1].textContent, what: cells[0].textContent, why: cells[2].textContent })));
  assert.deepEqual(receiver.received, []);
  assert.deepEqual(rows.filter(({ outcome, from }) => outcome === 'out' && !from.includes('own site')), []);
  // WebKit tells no worker that the policy refused it; what is known instead is said at each of them.
  const silent = rows.filter(({ outcome }) => outcome === 'silent');
  assert.ok(silent.every(({ from, what }) => `${from} ${what}`.includes('worker')), JSON.stringify(silent));
  assert.deepEqual(silent.filter(({ why }) => !/^Failed, and this browser does not tell a worker why\..*refused by that policy \((connect|script)-src/.test(why)), []);
  const others = rows.filter(({ from }) => !from.includes('own site'));
  assert.ok(others.filter(({ outcome }) => ['refused', 'absent'].includes(outcome)).length >= 35, JSON.stringify(others));
});

test('without a network it opens and recognises', { skip }, async () => {
  await browser.open(server.url);
  await browser.sees(async () => (await navigator.serviceWorker.ready).active.state === 'activated');
  await server.close();
  assert.match(await seen('obama-1', 'Barack'), /Recognised/);
});
