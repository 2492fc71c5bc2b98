/** What the tests of the kiosk share: starting it, its administration, people enrolled beforehand, a camera that obeys. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { plainClip, portrait } from './browser.mjs';

export const PIN = 'four random words';

/** @param {import('./browser.mjs').Visitor} visitor */
export const visitKiosk = (visitor, options) => visitor.visit({ path: '/kiosk.html', wait: false, ...options });

/**
 * Enters the PIN, once or twice where it is new. The cameras of these tests show portraits, which a kiosk refuses: tests that are not about
 * that have the administration's setting for it off.
 */
export async function enter(page, { restart = 'ask', presence = 'off', pin = PIN } = {}) {
  await page.locator('#setup').waitFor();
  await page.locator('#kiosk-pin').fill(pin);
  if (await page.locator('#kiosk-pin-again').isVisible()) await page.locator('#kiosk-pin-again').fill(pin);
  if (restart === 'go') await page.locator('[name=restart][value=go]').check();
  await page.locator('#setup button').click();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  // What was chosen beside the PIN is kept a moment later.
  await page.locator('#setup button:not([disabled])').waitFor({ state: 'attached' });
  await setPresence(page, presence);
}

/** Sets what the kiosk asks of whoever is before it, where it is another. */
async function setPresence(page, presence) {
  const module = await kioskModule(page);
  await module.evaluate(async ({ eyes: { client } }, kioskPresence) => {
    const { vault } = await client.state();
    if (vault.settings.kioskPresence !== kioskPresence) await client.vault('vaultSettings', { patch: { kioskPresence } });
  }, presence);
}

export const screen = (page, kind, options) => page.locator(`#kiosk[data-screen="${kind}"]`).waitFor(options);

export async function administer(page, { pin = PIN } = {}) {
  await page.keyboard.press('Control+Alt+A');
  await page.locator('#vault-admin-pin').fill(pin);
  await page.keyboard.press('Enter');
  await page.locator('#admin[open]').waitFor();
  await page.locator('#kiosk-log tbody tr').first().waitFor({ state: 'attached' });
}

/** The parts of the administration, by what their tabs are called in the page. */
export const PARTS = ['guests', 'import', 'day', 'setup', 'settings', 'look', 'people', 'log'];

/** Turns to a part of the open administration. @param {import('playwright-core').Page} page @param {string} part */
export const turnTo = (page, part) => page.locator(`#tab-${part}`).click();

export const backToKiosk = (page) => page.locator('#admin .close').click();

export const button = (page, name) => page.getByRole('button', { name, exact: true });

/** The code for a guest that staff make in the administration. */
export async function makeCode(page) {
  await administer(page);
  await button(page, 'Make a code for a guest').click();
  const code = await page.locator('#admin .given .code').innerText();
  assert.match(code, /^\d{3}\u00a0\d{3}$/);
  await backToKiosk(page);
  return code;
}

/** A guest types a code. */
export async function typeCode(page, code) {
  await button(page, 'I have a code').click();
  await screen(page, 'code');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'guest-code');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
}

/** Says who they are, and agrees. */
export async function agree(page, name) {
  await screen(page, 'details');
  await page.keyboard.type(name);
  await page.getByLabel('I agree to this').check();
  await button(page, 'Next').click();
  await screen(page, 'capture');
}

/** Imports a list with photos in the open administration. */
export async function importList(page, csv, photos, { consent = true } = {}) {
  await turnTo(page, 'import');
  await page.getByLabel('List (CSV)').setInputFiles({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  if (photos.length) await page.getByLabel('Photos', { exact: true }).setInputFiles(photos);
  if (consent) await page.getByLabel('I hold the consent').check();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
}

/** What a person does with lists in the open administration. @param {() => import('playwright-core').Page} at */
export const listHands = (at) => ({
  /** Chooses a list and waits until it has been read. */
  async look(file) {
    const page = at();
    await turnTo(page, 'import');
    await page.getByLabel('List (CSV)').setInputFiles([]);
    await page.getByLabel('List (CSV)').setInputFiles(file);
    await page.locator('.preview:not([hidden]) .found:not(:empty), .import > .problem:not(:empty)').first().waitFor();
  },
  /** Takes the list that is shown in the place of the one that is there. */
  async take() {
    const page = at();
    await page.getByLabel('I hold the consent').check();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const replace = page.getByRole('button', { name: 'Replace', exact: true });
    const done = page.locator('.working', { hasText: 'Imported.' });
    await replace.or(done).first().waitFor({ timeout: 60_000 });
    if (await replace.isVisible()) await replace.click();
    await done.waitFor({ timeout: 60_000 });
  },
  problems: () => at().locator('.row-problems li').allInnerTexts(),
  guests: () => at().locator('#checkin .rows tbody th').allInnerTexts(),
});

/**
 * Everything that the kiosk shows from now on: in `screens` each screen with the words on it ("turn: Turn your head ..."), in `greeted` whom it greets,
 * in `cameAt` and `greetedAt` when somebody was near first and when they were greeted.
 */
export const watchScreens = (page) => page.evaluate(() => {
  Object.assign(globalThis, { greeted: [], screens: [], cameAt: 0, greetedAt: 0 });
  const kiosk = document.querySelector('#kiosk');
  const note = () => {
    const { screen } = kiosk.dataset;
    const words = `${screen}: ${kiosk.querySelector('h1').innerText} ${kiosk.querySelector('.also').innerText}`.trim();
    if (screens.at(-1) !== words) screens.push(words);
    if (screen !== 'attract') cameAt ||= performance.now();
  };
  new MutationObserver(note).observe(kiosk, { attributes: true, subtree: true, childList: true, characterData: true, attributeFilter: ['data-screen'] });
  document.addEventListener('brow-handoff', ({ detail }) => {
    greeted.push(detail.person.name);
    greetedAt ||= performance.now();
  });
});

/** The exports of the kiosk's own module, as another script of this origin would get them. */
export const kioskModule = (page) => page.evaluateHandle(() => import(document.querySelector('script[type=module]').src));

/**
 * From now on the kiosk shows what it is told here, and not what its camera sees. @param {import('playwright-core').Page} page
 * @returns {Promise<(screen: Partial<import('../../types/worker/brow.js').Screen>, said?: Partial<import('../../types/worker/brow.js').KioskSaid>) => Promise<void>>} shows a screen, which stays until the next
 */
export async function direct(page) {
  const module = await kioskModule(page);
  await module.evaluate(({ eyes }) => {
    if ('directed' in globalThis) return;
    const { client } = eyes;
    const { vault } = client;
    // A frame that is looked at already, and a camera that starts late, would end the screen.
    client.observe = () => new Promise(() => {});
    // The time to read a name would begin.
    client.vault = (op, ...fields) => (op === 'kioskNamed' ? new Promise(() => {}) : vault.call(client, op, ...fields));
    globalThis.directed = null;
    setInterval(() => {
      if (globalThis.directed) eyes.dispatchEvent(new CustomEvent('look', { detail: { height: 480, observations: [], kiosk: globalThis.directed } }));
    }, 100);
  });
  return async (shown, said = {}) => {
    await page.evaluate(({ shown, said }) => {
      const number = (globalThis.directed?.screen.number ?? 1e6) + 1;
      globalThis.directed = { screen: { number, person: null, masked: false, ...shown }, ask: null, idle: false, lastsMs: 600_000, forgot: false, codes: false, ...said };
    }, { shown, said });
    await screen(page, shown.kind);
  };
}

/** Sets the PIN of a kiosk, or unlocks it, and enrols people from portraits or photos, without its pages, for tests of what comes after. */
export async function prepareKiosk(visitor, people, { presence = 'off' } = {}) {
  const page = await visitKiosk(visitor, { clip: plainClip('gray') });
  await page.locator('#setup').waitFor();
  const module = await kioskModule(page);
  await module.evaluate(async ({ eyes: { client } }, { pin, people, presence }) => {
    if (!(await client.state()).vault.pin) await client.vault('vaultSetPin', { pin });
    else await client.vault('vaultUnlock', { pin });
    await client.vault('vaultSettings', { patch: { kioskPresence: presence } });
    const guests = [];
    for (const { name, photo } of people) {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))]));
      const [width, height] = [bitmap.width, bitmap.height];
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      await client.enrolPhoto({ buffer: context.getImageData(0, 0, width, height).data.buffer, width, height, timeMs: performance.now() });
      const id = crypto.randomUUID();
      await client.save({ id, name, source: 'photo', keepPicture: false, consent: { text: 'Given on paper', version: 'test', language: 'en', time: Date.now() } });
      guests.push({ id, line: guests.length + 2, name, email: '', ref: '', company: '', photo: '', problem: null, arrived: null, seen: null, by: null });
    }
    await client.vault('guestsSet', { list: { name: 'test', created: Date.now(), guests } });
  }, { pin: PIN, presence, people: people.map(({ name, picture, photo }) => ({ name, photo: (photo ?? readFileSync(portrait(picture))).toString('base64') })) });
  await visitor.leave();
}

/**
 * For `prepare`: a camera that obeys `obey.mode` in the place of the device's: `face` shows the portrait that `obey.portrait`
 * names, moving; `empty` an empty room; `black` a closed lens; `frozen` stands still; `gone` is not plugged in. `obey.lose()`
 * pulls the plug, `obey.plug()` puts it back.
 */
export async function obedientCamera(page, portraits, mode = 'face') {
  const pictures = Object.fromEntries(portraits.map((name) => [name, readFileSync(portrait(name)).toString('base64')]));
  await page.addInitScript(({ pictures, mode }) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 480];
    const context = canvas.getContext('2d');
    const bitmaps = {};
    for (const [name, data] of Object.entries(pictures)) {
      createImageBitmap(new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))])).then((bitmap) => { bitmaps[name] = bitmap; });
    }
    /** @type {MediaStreamTrack[]} */
    let tracks = [];
    const { mediaDevices } = navigator;
    globalThis.obey = {
      mode, portrait: Object.keys(pictures)[0], opened: 0,
      lose() {
        obey.mode = 'gone';
        for (const track of tracks) {
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }
        tracks = [];
      },
      plug(next = 'face') {
        obey.mode = next;
        mediaDevices.dispatchEvent(new Event('devicechange'));
      },
    };
    let step = 0;
    setInterval(() => {
      if (obey.mode === 'frozen' || obey.mode === 'gone') return;
      step += 1;
      context.fillStyle = obey.mode === 'black' ? '#000' : '#8d9a92';
      context.fillRect(0, 0, 640, 480);
      const bitmap = bitmaps[obey.portrait];
      if (obey.mode === 'face' && bitmap) {
        const scale = (480 / bitmap.height) * (1.1 + 0.04 * Math.sin(step / 16));
        context.drawImage(bitmap, 320 - (bitmap.width * scale) / 2 + 8 * Math.sin(step / 11), 240 - (bitmap.height * scale) / 2 + 6 * Math.cos(step / 13), bitmap.width * scale, bitmap.height * scale);
      } else if (obey.mode === 'empty') {
        context.fillStyle = `hsl(${step % 360} 30% 50%)`;
        context.fillRect(0, 470, 640, 10);
      }
    }, 50);
    mediaDevices.getUserMedia = async () => {
      if (obey.mode === 'gone') throw new DOMException('No such device', 'NotFoundError');
      obey.opened += 1;
      const stream = canvas.captureStream(20);
      tracks.push(...stream.getTracks());
      return stream;
    };
    mediaDevices.enumerateDevices = async () => (obey.mode === 'gone' ? [] : [{ kind: 'videoinput', deviceId: 'drawn', label: 'Drawn camera' }]);
  }, { pictures, mode });
}
