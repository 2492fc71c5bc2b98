/** Everybody can use it: by keyboard, by screen reader, on a phone, in light and dark. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Visitor, enrolByPhoto, findingsLightAndDark, portrait, portraitClip, seen } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

describe('axe-core finds nothing, light and dark', () => {
  test('on the page with somebody in view, and in the dialogs', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await enrolByPhoto(page, 'Barack', portrait('obama-1'));
    await seen(page, 'Barack');
    await page.locator('#notices > *').last().waitFor({ state: 'detached' });
    assert.deepEqual(await findingsLightAndDark(page), []);
    await page.getByRole('button', { name: 'Enrol by camera' }).click();
    assert.deepEqual(await findingsLightAndDark(page), []);
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    await page.getByRole('button', { name: 'Enrol from a photo' }).click();
    assert.deepEqual(await findingsLightAndDark(page), []);
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    await page.getByRole('button', { name: 'Delete Barack' }).click();
    assert.deepEqual(await findingsLightAndDark(page), []);
  });

  test('on the page with a fault, before the camera was started', async () => {
    const page = await visitor.visit({ camera: 'refused' });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('[data-code="camera_refused"]').waitFor();
    assert.deepEqual(await findingsLightAndDark(page), []);
  });

  test('on the page about speed', async () => {
    const page = await visitor.visit({ camera: 'ask', path: '/bench.html?auto&frames=3', wait: false });
    await page.waitForFunction(() => globalThis.browBench);
    assert.deepEqual(await findingsLightAndDark(page), []);
  });
});

/** Chooses a setting, among those for experts too, and waits until it is kept. */
async function choose(page, label, value) {
  await page.locator('#settings details').evaluate((details) => { details.open = true; });
  const control = page.getByLabel(label);
  await control.selectOption(value);
  await control.and(page.locator(':not([aria-busy])')).waitFor();
}

test('the choice of appearance is kept', async () => {
  let page = await visitor.visit({ camera: 'ask', colorScheme: 'light' });
  await choose(page, 'Appearance', 'dark');
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
  page = await visitor.visit({ camera: 'ask', colorScheme: 'light' });
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await choose(page, 'Appearance', 'system');
});

test('the operator\u2019s target is kept', async () => {
  let page = await visitor.visit({ camera: 'ask' });
  await choose(page, 'How sure must a match be?', '0.00001');
  await page.reload();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  assert.equal(await page.getByLabel('How sure must a match be?').inputValue(), '0.00001');
  await choose(page, 'How sure must a match be?', '0.001');
  page = await visitor.visit({ camera: 'ask' });
  assert.equal(await page.getByLabel('How sure must a match be?').inputValue(), '0.001');
});

test('somebody enrols from a photo, is renamed and deleted, with the keyboard alone', async () => {
  const page = await visitor.visit({ camera: 'ask' });
  /** Presses Tab until what is focused has this name. */
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute('aria-label') ?? element?.labels?.[0]?.innerText ?? element?.innerText ?? '';
      });
      if (focused.trim().startsWith(name)) return;
    }
    assert.fail(`Tab never reaches ${name}`);
  };
  await tabTo('Enrol from a photo');
  await page.keyboard.press('Enter');
  // Only the system's own file window can't be driven here; it is opened from the focused field.
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'photo');
  await page.locator(':focus').setInputFiles(portrait('biden'));
  await page.getByText('One face found').waitFor();
  await tabTo('Name');
  await page.keyboard.type('Eileen');
  await tabTo('I agree');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await page.locator('#enrol .saved-name').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Close');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Enrol from a photo');
  await tabTo('Rename Eileen');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Eileen Collins');
  await page.keyboard.press('Enter');
  await page.getByText('is the new name').waitFor();
  await tabTo('Delete Eileen Collins');
  await page.keyboard.press('Enter');
  // A hasty Enter cancels.
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('button', { name: 'Delete Eileen Collins' }).count(), 1);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Eileen Collins was deleted.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'people-title');
});

test('what a screen reader says changes when a face comes into view', async () => {
  const page = await visitor.visit({ clip: portraitClip('obama-1') });
  await seen(page, 'Barack');
  await page.waitForFunction(() => /^Barack, no mask\.$/.test(document.querySelector('brow-recogniser').shadowRoot.querySelector('.announcer').textContent));
  assert.equal(await page.locator('.announcer').getAttribute('aria-live'), 'polite');
});

test('a turn that is asked for is told to screen readers while there is time to make it', async () => {
  const page = await visitor.visit({ clip: portraitClip('biden') });
  await enrolByPhoto(page, 'Joe', portrait('biden'));
  const told = await page.evaluate(() => new Promise((resolve) => {
    const recogniser = document.querySelector('brow-recogniser');
    const { shadowRoot } = recogniser;
    recogniser.presence = 'require-turn';
    const late = setTimeout(() => resolve('nothing'), 60_000);
    const look = () => {
      const words = shadowRoot.querySelector('.announcer').textContent;
      if (shadowRoot.querySelector('.turn').hidden || !/^Turn your head/.test(words)) return requestAnimationFrame(look);
      clearTimeout(late);
      resolve(words);
    };
    look();
  }));
  assert.match(told, /^Turn your head (a little|far) to your (left|right)$/);
});

test('on a phone nothing is cut off and everything can be touched', async () => {
  const page = await visitor.visit({ clip: portraitClip('obama-1'), viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await seen(page, 'Barack');
  const { wide, small } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth > innerWidth,
    small: [document, document.querySelector('brow-recogniser').shadowRoot].flatMap((root) => [...root.querySelectorAll('button, select, input')]).filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      return width > 0 && Math.min(width, height) < 24;
    }).map((element) => element.outerHTML.slice(0, 80)),
  }));
  assert.equal(wide, false, 'the page is wider than the screen');
  assert.deepEqual(small, []);
  await page.getByRole('button', { name: 'Enrol by camera' }).tap();
  const box = await page.locator('#enrol').boundingBox();
  assert.ok(box && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
});

test('whoever wants less motion gets none', async () => {
  const page = await visitor.visit({ clip: portraitClip('obama-1'), reducedMotion: 'reduce' });
  await page.locator('.overlay .face').first().waitFor();
  assert.match(await page.locator('.overlay .face').first().evaluate((element) => getComputedStyle(element).transitionProperty + getComputedStyle(element).transitionDuration), /none|^all0s/);
});
