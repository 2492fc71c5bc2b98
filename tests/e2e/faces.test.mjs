/** A photo of a group: whose face it is is never guessed. One is chosen by eye, by keyboard or by what a screen reader says of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES } from '../../www/words/messages.js';
import { Visitor, findings, pairPhoto, plainClip, portraitClip, seen, speak } from './browser.mjs';
import { administer, enter, visitKiosk } from './kiosk-browser.mjs';
import { cutOff } from './layout.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
const group = pairPhoto('obama-1', 'biden');
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ clip: plainClip('gray') });
});
after(() => visitor.depart());

const faces = () => page.locator('dialog[open] .faces button');
const choosePhoto = async () => {
  await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  await page.getByLabel('Choose a photo').setInputFiles(group);
  await page.getByRole('heading', { name: 'Which face is it?' }).waitFor();
};

test('nobody is chosen by Enter, and whoever goes back is told why nothing was taken', async () => {
  await choosePhoto();
  assert.deepEqual(await faces().allInnerTexts(), ['Face 1 of 2, no mask', 'Face 2 of 2, no mask']);
  assert.ok(await page.getByRole('img', { name: 'The picture, its faces numbered from left to right' }).isVisible());
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Enter');
  assert.equal(await faces().count(), 2, 'the question is still there');
  await page.keyboard.press('Escape');
  // A dialog tells that it is closed a moment after the key.
  await page.locator('#enrol .problem[data-code=several_faces]').waitFor();
  assert.equal(await page.locator('#enrol .photo-text').innerText(), '');
  await page.keyboard.press('Escape');
});

test('by keyboard the second face is taken, another one instead, and the one that was taken is known', async () => {
  await choosePhoto();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Face 2 of 2 is chosen, no mask.').waitFor();
  await page.getByRole('button', { name: 'Choose another face' }).click();
  await page.getByRole('button', { name: 'Face 1 of 2, no mask' }).click();
  await page.getByText('Face 1 of 2 is chosen, no mask.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'enrol-name');
  await page.keyboard.type('Barack');
  await page.getByLabel('I agree to this').check();
  await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  await page.locator('#enrol .saved-name').waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  page = await visitor.visit({ clip: portraitClip('obama-2') });
  await seen(page, 'Barack');
});

test('a face that is known already says whose it looks like, in every language, and nothing is cut off on a phone', async () => {
  await page.setViewportSize({ width: 320, height: 700 });
  const cut = [];
  for (const tag of Object.keys(LANGUAGES)) {
    await speak(page, tag);
    await page.locator('.enrol-photo').click();
    await page.locator('#enrol [name=photo]').setInputFiles(group);
    await faces().first().waitFor();
    assert.equal(await faces().first().locator('bdi').innerText(), 'Barack');
    assert.equal(await faces().nth(1).locator('bdi').count(), 0);
    cut.push(...await cutOff(page, `${tag}, faces of a group`));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  }
  assert.deepEqual(cut, []);
  await page.locator('#language').selectOption('en');
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('among the photos of one person, a group asks which face is theirs, and somebody else\u2019s is left out', async () => {
  await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
  for (const [index, words] of [[0, '1 photo was added.'], [1, 'group.jpg does not look like Barack and was left out']]) {
    await page.getByRole('button', { name: 'Details: Barack', exact: true }).click();
    await page.getByLabel('Add photos of this person').setInputFiles(group);
    await page.getByLabel('I agree to this').last().check();
    await page.locator('dialog.vault-dialog[open]').getByRole('button', { name: 'Save', exact: true }).click();
    await faces().nth(Number(index)).click();
    await page.getByText(String(words)).waitFor();
  }
});

test('staff of a kiosk choose the face of a guest whose photo shows two', async () => {
  page = await visitKiosk(visitor, { clip: plainClip('gray') });
  await enter(page);
  await administer(page);
  await page.getByRole('button', { name: 'Add a guest' }).click();
  const form = page.locator('dialog.vault-dialog[open]');
  await form.getByLabel('Name').fill('Joe');
  await form.getByLabel('Choose a photo').setInputFiles(group);
  await form.getByLabel('I hold this person\u2019s consent').check();
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await faces().nth(1).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  await form.getByText('Faces in this picture: 2').waitFor();
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await faces().nth(1).click();
  await page.getByText('Joe can be recognised now.').waitFor();
});
