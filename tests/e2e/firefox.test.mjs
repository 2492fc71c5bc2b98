/** The main job in Firefox, by WebDriver BiDi: Debian's build, and what playwright drives is another one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { startReceiver } from '../../tools/receiver.mjs';
import { startServer } from '../../tools/serve.mjs';
import { findFirefox } from '../../tools/setup.mjs';
import { PATIENCE, ROOT, portrait } from './browser.mjs';

const skip = findFirefox() ? false : 'SKIPPED: there is no Firefox here (Debian: firefox-esr)';
const profile = mkdtempSync(join(tmpdir(), 'brow-firefox-'));
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {import('puppeteer-core').Browser} */
let browser;
const complaints = [];

before(async () => {
  if (skip) return;
  server = await startServer({ folder: join(ROOT, 'dist') });
  browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: findFirefox(),
    userDataDir: profile,
    extraPrefsFirefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
  });
});
after(async () => {
  await browser?.close();
  await server?.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** Whoever is on this portrait comes before the camera: Firefox has no clips in place of one. Runs in the page. */
function standBefore(base64) {
  // The empty page that a tab begins with has no cameras.
  if (!navigator.mediaDevices) return;
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type: 'image/jpeg' }));
  navigator.mediaDevices.getUserMedia = async () => {
    await picture.decode();
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 480;
    const context = canvas.getContext('2d');
    const scale = Math.max(640 / picture.naturalWidth, 480 / picture.naturalHeight) * 1.06;
    setInterval(() => {
      const [x, y] = [8 * Math.sin(performance.now() / 500), 6 * Math.cos(performance.now() / 600)];
      context.drawImage(picture, x - 10, y - 10, picture.naturalWidth * scale, picture.naturalHeight * scale);
    }, 40);
    return canvas.captureStream(25);
  };
}

/** Opens a page, ready to be used. @param {string} path @param {string} [who] a portrait that comes before the camera */
async function visit(path, who, ready = 'html[data-ready]') {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error}`));
  if (who) await page.evaluateOnNewDocument(standBefore, readFileSync(portrait(who)).toString('base64'));
  await page.goto(`${server.url}${path}`);
  await page.waitForSelector(ready);
  return page;
}

/** @param {import('puppeteer-core').Page} page @param {string} name */
const press = (page, name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();

/** The words beside the first face that is named so. @param {import('puppeteer-core').Page} page @param {string} name */
async function seen(page, name) {
  const handle = await page.waitForFunction((wanted) => {
    const faces = document.querySelector('brow-recogniser').shadowRoot.querySelectorAll('.results .who');
    return Array.from(faces, (face) => face.innerText.replace(/\s+/g, ' ')).find((words) => words.includes(wanted));
  }, {}, name);
  return handle.jsonValue();
}

test('somebody enrols from a photo, and is named before the camera with a mask on, after a reload', { skip }, async () => {
  let page = await visit('/');
  await press(page, 'Enrol from a photo');
  await (await page.waitForSelector('#enrol input[type="file"]')).uploadFile(portrait('obama-1'));
  await page.waitForFunction(() => document.querySelector('#enrol').innerText.includes('One face found'));
  await page.type('#enrol-name', 'Barack');
  await page.click('#enrol [name="consent"]');
  await press(page, 'Enrol');
  await page.waitForSelector('#enrol .saved-name', { visible: true });
  await page.close();
  page = await visit('/', 'obama-1-masked');
  await page.locator('brow-recogniser >>> ::-p-text(Start the camera)').click();
  assert.match(await seen(page, 'Barack'), /Recognised.*mask on/);
  await page.close();
  page = await visit('/', 'biden-masked');
  await page.locator('brow-recogniser >>> ::-p-text(Start the camera)').click();
  assert.match(await seen(page, 'Unknown person'), /Matches nobody enrolled here/);
  await page.close();
  assert.deepEqual(complaints.splice(0), []);
});

test('every check of the device finds it well', { skip }, async () => {
  const page = await visit('/check.html', 'obama-1');
  await press(page, 'Start the check');
  await page.waitForFunction(() => !document.querySelector('.run').disabled, { timeout: 60_000 });
  const found = await page.$$eval('.checks li', (items) => Object.fromEntries(items.map(({ dataset }) => [dataset.check, dataset.code ?? dataset.state])));
  const { speed, ...others } = found;
  assert.ok(['ok', 'speed_slow'].includes(speed));
  assert.deepEqual(others, { browser: 'ok', engine: 'ok', storage: 'storage_clearable', offline: 'ok', camera: 'ok', light: 'ok' });
  await page.close();
});

test('nothing that the page tries reaches a receiver', { skip }, async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.close());
  const page = await visit(`/prove.html?to=${encodeURIComponent(receiver.url)}`, undefined, '#run:enabled');
  await page.click('#run');
  // One of the attempts opens a window. Behind it this page draws no frames, and waiting by frames would wait for ever.
  await page.waitForFunction(() => /ways out|stopped/.test(document.querySelector('#verdict').textContent), { timeout: 150_000, polling: 250 });
  const rows = await page.$$eval('#results tbody tr', (list) => list.map((row) => [`${row.cells[1].textContent}: ${row.cells[0].textContent}`, row.dataset.outcome]));
  const received = receiver.received;
  await page.close();
  assert.deepEqual(rows.filter(([name, outcome]) => outcome === 'out' && !name.includes('own site')), []);
  assert.deepEqual(received, []);
  // At the others Firefox does not say that it was the policy.
  assert.ok(rows.filter(([name, outcome]) => ['refused', 'absent'].includes(outcome) && !name.includes('own site')).length >= 36, JSON.stringify(rows));
});

test('without a network it opens and recognises', { skip }, async () => {
  let page = await visit('/');
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active.state !== 'activated') await new Promise((resolve) => active.addEventListener('statechange', resolve, { once: true }));
  });
  await page.close();
  await server.close();
  page = await visit('/', 'obama-1');
  await page.locator('brow-recogniser >>> ::-p-text(Start the camera)').click();
  assert.match(await seen(page, 'Barack'), /Recognised/);
  await page.close();
});
