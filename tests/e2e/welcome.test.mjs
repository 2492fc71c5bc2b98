/** Somebody who is here for the first time and reads nothing: what to do, a try without a camera, and their own name. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LANGUAGES } from '../../www/words/messages.js';
import { Visitor, findings, portraitClip, seen, speak } from './browser.mjs';
import { cutOff } from './layout.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

const act = (name) => page.locator(`#demo [data-act="${name}"][data-state="ok"] .result`);

test('while the recogniser is fetched the page says how much of it is there, and what to do stands there already', async () => {
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(undefined);
  });
  page = await visitor.visit({
    camera: 'ask', locale: 'en', wait: false,
    prepare: (fresh) => fresh.route('**/full-*.onnx', async (route) => {
      await held;
      await route.continue();
    }),
  });
  await page.locator('brow-recogniser .loading-bytes', { hasText: /^[\d.]+ of [\d.]+ MB/ }).waitFor();
  assert.ok(await page.locator('#welcome .begin').isVisible());
  release();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
});

describe('without a camera', () => {
  test('the page says what to do in three steps, and what is for experts is folded away', async () => {
    page = await visitor.visit({ camera: 'ask' });
    assert.equal(await page.locator('#welcome li').count(), 3);
    assert.ok(await page.locator('#welcome .begin').isVisible());
    assert.ok(!(await page.getByLabel('How sure must a match be?').isVisible()));
    assert.ok(!(await page.getByRole('button', { name: 'Save a backup' }).isVisible()));
    for (const other of ['kiosk.html', 'prove.html']) assert.ok(await page.locator(`footer a[href="${other}"]`).isVisible(), other);
    assert.deepEqual(await findings(page), []);
  });

  test('a clip shows what happens: somebody is enrolled, known under a mask, and a stranger is not', async () => {
    const requests = visitor.requests.length;
    await page.getByRole('button', { name: 'Try it without a camera' }).click();
    await act('enrol').getByText('Eileen Collins is enrolled').waitFor({ timeout: 60_000 });
    await act('mask').getByText('Eileen Collins, mask on.').waitFor();
    await act('stranger').getByText('Unknown person, no mask.').waitFor();
    await page.locator('#demo .own').waitFor();
    assert.deepEqual(await findings(page), []);
    // Pictures and engine were there before the page closed itself to its own site.
    assert.deepEqual(visitor.requests.slice(requests).filter((url) => !url.startsWith('blob:')), []);
  });

  test('nobody of the clip is kept', async () => {
    await page.locator('#demo .close').click();
    assert.equal(await page.locator('ul.people li').count(), 0);
    const stores = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    await page.reload();
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    assert.equal(await page.locator('ul.people li').count(), 0);
    assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)), stores);
  });

  test('closed in the middle it stops, and opened again it begins anew', async () => {
    await page.getByRole('button', { name: 'Try it without a camera' }).click();
    await page.locator('#demo [data-act="enrol"][data-state="now"]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Try it without a camera' }).click();
    await act('stranger').waitFor({ timeout: 60_000 });
    await page.locator('#demo .own').click();
    assert.ok(await page.locator('#enrol-name').isVisible(), 'then with the visitor\u2019s own camera');
    await page.keyboard.press('Escape');
  });

  test('left in the middle and come back to, it begins anew: whoever it had enrolled went with the page', async () => {
    const tell = (type) => page.evaluate((name) => void dispatchEvent(new PageTransitionEvent(name, { persisted: true })), type);
    await page.getByRole('button', { name: 'Try it without a camera' }).click();
    await act('enrol').waitFor({ timeout: 60_000 });
    // The driver switches off that a page is kept in memory; so this one is only told that it is left, and is here again.
    await tell('pagehide');
    await tell('pageshow');
    await act('mask').getByText('Eileen Collins, mask on.').waitFor({ timeout: 60_000 });
    await act('stranger').getByText('Unknown person, no mask.').waitFor();
    await page.locator('#demo .close').click();
  });

  test('nothing of it is cut off in any language', async () => {
    const found = [];
    for (const tag of Object.keys(LANGUAGES)) {
      await speak(page, tag);
      found.push(...await cutOff(page, `${tag}, the first visit`));
      await page.locator('.demo-open').click();
      found.push(...await cutOff(page, `${tag}, the clip`));
      assert.deepEqual(await findings(page), []);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(found, []);
  });
});

test('from the link to the own name it takes four decisions', async (context) => {
  await visitor.depart();
  visitor = await Visitor.arrive();
  const began = Date.now();
  page = await visitor.visit({ clip: portraitClip('obama-1'), camera: 'ask' });
  let decisions = 0;
  const decide = async (act) => {
    decisions += 1;
    await act;
  };
  await decide(page.locator('#welcome .begin').click());
  await page.keyboard.type('Barack');
  await decide(page.getByLabel('I agree to this').check());
  await decide(page.getByRole('button', { name: 'Start', exact: true }).click());
  await page.locator('#enrol .saved-name').waitFor({ timeout: 60_000 });
  await decide(page.locator('#enrol .saved .close').click());
  await seen(page, 'Barack');
  assert.equal(decisions, 4);
  context.diagnostic(`${Math.round((Date.now() - began) / 1000)} s from the link to the own name`);
  assert.ok(!(await page.locator('#welcome').isVisible()), 'the steps are over');
});
