/** Nothing is cut off, and nothing lies over anything: every dialog, in every language, on a phone, on one held sideways, and enlarged to 200 and 400 %. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LANGUAGES } from '../../www/words/messages.js';
import { Visitor, assetOf, enrolByPhoto, plainClip, portrait } from './browser.mjs';
import { PARTS, administer, backToKiosk, direct, enter, kioskModule, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';
import { cutOff } from './layout.mjs';

const NAME = 'Maximiliane-Alexandra Freifrau von Schwarzenberg-Donaudampfschiffahrt';
/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
/** @type {string[]} */
let found;
/** Looks at what is shown now on every screen. @param {string} what */
const look = async (what) => found.push(...await cutOff(page, what));
const dialog = () => page.locator('dialog[open]').last();
const close = () => page.evaluate(() => [...document.querySelectorAll('dialog[open]')].at(-1)?.close());
/** Opens a dialog by the button that a visitor presses, in whatever language, and looks at it. */
const through = async (button) => {
  await page.evaluate((selector) => document.querySelector(selector).click(), button);
  await dialog().waitFor();
  await look(button);
};

describe('the page', () => {
  before(async () => {
    visitor = await Visitor.arrive();
    page = await visitor.visit({ camera: 'ask', locale: 'en' });
    await enrolByPhoto(page, NAME, portrait('obama-1'));
  });
  after(() => visitor.depart());

  for (const tag of Object.keys(LANGUAGES)) {
    test(`in ${LANGUAGES[tag]}`, async () => {
      found = [];
      await page.evaluate((value) => {
        const select = document.querySelector('#language');
        select.value = value;
        select.dispatchEvent(new Event('change'));
      }, tag);
      await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
      await page.evaluate(() => { for (const details of document.querySelectorAll('details')) details.open = true; });
      await look('the page');
      for (const button of ['.pin-set', '.export', '.import', '.log', '.renew', '.everything', '.clear', '#people li .danger', '#people li button:nth-child(2)', '#people li button:nth-child(3)', '#people li button:first-child']) {
        await through(button);
        await close();
      }

      await through('.enrol-photo');
      await dialog().locator('input[type=file]').setInputFiles({ name: 'a-photo-with-a-rather-long-name-as-cameras-give-them.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4') });
      await dialog().locator('[data-code="photo_not_image"]').waitFor();
      await look('a photo that was refused');
      await dialog().locator('input[type=file]').setInputFiles(portrait('obama-1'));
      await dialog().locator('.preview canvas').waitFor();
      await page.waitForFunction(() => document.querySelector('.photo-text').textContent.length > 0 && !document.querySelector('#enrol [data-code]'));
      await look('a photo that was found good');
      await page.locator('#enrol-name').fill(NAME);
      await page.locator('#enrol [name=consent]').check();
      await page.waitForFunction(() => {
        if (!document.querySelector('dialog.choice')) document.querySelector('#enrol .submit').click();
        return document.querySelector('dialog.choice');
      }, undefined, { polling: 300 });
      await look('a name that is there already');
      await dialog().locator('button').nth(1).click();
      await page.waitForFunction(() => document.querySelector('dialog.choice button')?.textContent.length);
      await look('a face that is there already');
      await dialog().locator('button').first().click();
      await page.locator('#enrol .saved-name').waitFor();
      await look('somebody is enrolled');
      await close();

      await through('.enrol-camera');
      await page.locator('#enrol-name').fill(`${NAME} ${tag}`);
      await page.locator('#enrol [name=consent]').check();
      await page.locator('#enrol .submit').click();
      await page.locator('#enrol .hint').waitFor();
      await look('the capture');
      await close();
      await page.evaluate(() => document.querySelector('brow-recogniser').stop());
      await page.evaluate(async (inside) => {
        const { insideOf } = await import(inside);
        await insideOf(document.querySelector('brow-recogniser')).client().vault('vaultSetPin', { pin: '493817' });
      }, assetOf('element/inside'));
      for (const button of ['.pin-change', '.pin-remove']) {
        await through(button);
        await close();
      }
      await page.evaluate(() => document.querySelector('.lock-now').click());
      await page.locator('#lock h2').waitFor();
      await look('the locked page');
      await page.evaluate(async (inside) => {
        const { insideOf } = await import(inside);
        const client = insideOf(document.querySelector('brow-recogniser')).client();
        await client.vault('vaultUnlock', { pin: '493817' });
        await client.vault('vaultRemovePin', { pin: '493817' });
      }, assetOf('element/inside'));
      assert.deepEqual(found, []);
    });
  }
});

describe('the other pages, and the kiosk', () => {
  before(async () => {
    visitor = await Visitor.arrive();
    page = await visitKiosk(visitor, { clip: plainClip('gray'), locale: 'en' });
  });
  after(() => visitor.depart());

  for (const tag of Object.keys(LANGUAGES)) {
    test(`in ${LANGUAGES[tag]}`, async () => {
      found = [];
      await page.evaluate((chosen) => localStorage.setItem('brow.language', chosen), tag);
      for (const path of ['check.html', 'bench.html', 'count.html', 'prove.html', 'frame.html']) {
        await page.goto(`${visitor.server.url}/${path}`);
        await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
        await look(path);
      }
      await page.goto(`${visitor.server.url}/kiosk.html`);
      await page.locator('#setup').waitFor();
      await look('the kiosk\u2019s start');
      await enter(page);
      await look('the kiosk');
      await page.keyboard.press('Control+Alt+A');
      await page.locator('#vault-admin-pin').waitFor();
      await look('the question for the PIN');
      await close();
      await page.locator('#vault-admin-pin').waitFor({ state: 'detached' });
      await administer(page);
      await turnTo(page, 'settings');
      await page.locator('#kiosk-language').selectOption(tag);
      await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
      await turnTo(page, 'import');
      // Once there is a list, another one is asked about.
      const replaces = await page.locator('#checkin .rows tbody tr').count() > 0;
      await page.locator('#guest-file').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(`name,company,photo\n${NAME},Rindfleischetikettierungs GmbH,a.jpg\nAda,,\n`) });
      await page.locator('#checkin [name=consent]').check();
      await page.locator('#checkin .import button').click();
      if (replaces) {
        await page.locator('dialog.choice').waitFor();
        await look('whether the list is replaced');
        await close();
      }
      await page.locator('#checkin .rows tbody tr').first().waitFor({ state: 'attached' });
      await look('a list that was imported');
      await turnTo(page, 'guests');
      // Marked as arrived once: pressed again in the next language, the same button would take it back.
      const first = page.locator('#checkin .rows tbody tr').first();
      if (await first.locator('.arrived').innerText() === '') await first.locator('td:last-child button').first().dispatchEvent('click');
      await page.locator('#day .chart').waitFor({ state: 'attached' });
      for (const part of PARTS.filter((name) => name !== 'import')) {
        await turnTo(page, part);
        await look(`the administration: ${part}`);
      }
      await turnTo(page, 'guests');
      await through('.add-guest');
      await close();
      await through('.erase-guests');
      await close();
      await page.locator('.give-code').dispatchEvent('click');
      const code = await page.locator('#admin .given .code').innerText();
      await look('the code of a guest');
      await page.locator('#admin .close').click();
      await page.locator('.have-code').click();
      await page.locator('#guest-code').fill('000000');
      await page.keyboard.press('Enter');
      await page.locator('#by-code .problem:not(:empty)').waitFor();
      await look('a code that is not right');
      await page.locator('#guest-code').fill(code);
      await page.keyboard.press('Enter');
      await page.locator('#guest-own-name').fill(NAME);
      await page.locator('#by-code .go').dispatchEvent('click');
      await page.locator('#by-code .problem:not(:empty)').waitFor();
      await look('who a guest with a code is');
      await page.locator('#by-code [name=agree]').check();
      await page.locator('#by-code .go').dispatchEvent('click');
      await page.locator('#by-code .ticks li').first().waitFor();
      await look('the capture of a guest with a code');
      await page.keyboard.press('Escape');
      await page.locator('#kiosk[data-screen="empty"]').waitFor();
      assert.deepEqual(found, []);
    });
  }
});

/** What a kiosk can show, and with what on it. @type {Partial<import('../../types/worker/brow.js').Screen>[]} */
const KIOSK_SCREENS = [
  { kind: 'look' }, { kind: 'closer', masked: true }, { kind: 'glasses', masked: true }, { kind: 'single' }, { kind: 'turn', turn: { side: 'left', amount: 'far' } },
  { kind: 'retry', why: 'too_far' }, { kind: 'greet' }, { kind: 'stranger' }, { kind: 'refused' }, { kind: 'known' }, { kind: 'attract' },
];

describe('whatever the kiosk shows, with an event, words of its own, a second language and codes', () => {
  before(async () => {
    visitor = await Visitor.arrive();
    await prepareKiosk(visitor, [{ name: NAME, picture: 'obama-1' }]);
    page = await visitKiosk(visitor, { clip: plainClip('gray'), locale: 'en' });
    await enter(page);
  });
  after(() => visitor.depart());

  for (const tag of Object.keys(LANGUAGES)) {
    test(`in ${LANGUAGES[tag]}`, async () => {
      found = [];
      const module = await kioskModule(page);
      const person = await module.evaluate(async ({ eyes: { client } }, { tag, name }) => {
        await client.vault('vaultSettings', { patch: { kioskSecondLanguage: tag === 'de' ? 'ar' : 'de', kioskEvent: 'Internationale Fachmesse', kioskWelcome: tag === 'de' ? 'Sch\u00f6n, dass Sie da sind!' : '' } });
        const { people } = await client.setSettings({ language: tag });
        return people.find((one) => one.name === name).id;
      }, { tag, name: NAME });
      await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
      const show = await direct(page);
      for (const shown of KIOSK_SCREENS) {
        await show({ ...shown, ...(shown.kind === 'greet' ? { person } : {}) }, { codes: true });
        await page.locator('.tongue').waitFor();
        await look(`the kiosk: ${shown.kind}`);
      }
      await page.setViewportSize({ width: 320, height: 568 });
      await page.locator('.say').click({ delay: 2_500 });
      await page.locator('.how:not(:empty)').waitFor();
      await look('how the administration is reached');
      await administer(page);
      await backToKiosk(page);
      assert.deepEqual(found, []);
    });
  }
});
