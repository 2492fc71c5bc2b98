/** What an operator does with one person: sorts them, notes something, says when they are erased, looks at their views, and makes one of two records. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Visitor, enrolByPhoto, findings, plainClip, portrait } from './browser.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ clip: plainClip('gray') });
  await enrolByPhoto(page, 'Barack', portrait('obama-1'));
  await enrolByPhoto(page, 'Eileen', portrait('astronaut'));
});
after(() => visitor.depart());

const dialog = () => page.locator('dialog.vault-dialog[open]');
const details = async (name) => {
  await page.getByRole('button', { name: `Details: ${name}`, exact: true }).click();
  await dialog().locator('.views li').first().waitFor();
};
const save = () => dialog().getByRole('button', { name: 'Save', exact: true }).click();
const row = (name) => page.locator('ul.people li', { hasText: name });

test('groups and a note stand beside the name, are searched, and come back after the page was closed', async () => {
  await details('Barack');
  await dialog().getByLabel('Groups').fill('visitors,  second floor\u3001 visitors');
  await dialog().getByLabel('Note').fill('Needs a ramp');
  assert.deepEqual(await findings(page), []);
  await save();
  await page.getByText('The details of Barack are kept.').waitFor();
  for (const words of ['visitors \u00b7 second floor', 'Needs a ramp']) await row('Barack').getByText(words).waitFor();
  await page.getByLabel('Group', { exact: true }).selectOption('second floor');
  assert.equal(await page.locator('ul.people li').count(), 1);
  await page.getByLabel('Group', { exact: true }).selectOption('');
  page = await visitor.visit({ clip: plainClip('gray') });
  await row('Barack').getByText('Needs a ramp').waitFor();
  await page.getByRole('button', { name: 'Show data: Barack' }).click();
  await page.getByRole('dialog').getByText('Needs a ramp').waitFor();
  await page.keyboard.press('Escape');
});

test('a date of erasure is set for one person, and is not taken when it is over', async () => {
  await details('Barack');
  await dialog().getByLabel('Erase at the end of this day').evaluate((input) => { input.removeAttribute('min'); });
  await dialog().getByLabel('Erase at the end of this day').fill('2001-01-01');
  await save();
  await page.getByText('This day is over already.').waitFor();
  const year = new Date().getFullYear() + 2;
  await dialog().getByLabel('Erase at the end of this day').fill(`${year}-03-05`);
  await save();
  await row('Barack').getByText(`Mar 5, ${year}`).waitFor();
});

test('several photos are added at once; those of somebody else, and of nobody, are told and left out', async () => {
  await details('Barack');
  await dialog().getByLabel('Add photos of this person').setInputFiles([...['obama-1', 'obama-1-masked', 'biden'].map((name) => ({ name: `${name}.jpg`, mimeType: 'image/jpeg', buffer: readFileSync(portrait(name)) })), { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) }]);
  await save();
  await page.getByText('Photos are added only if this person agrees.').waitFor();
  await dialog().getByLabel('I agree to this').check();
  await save();
  const said = page.getByText('2 photos were added.');
  await said.waitFor({ timeout: 60_000 });
  assert.match(await said.innerText(), /biden\.jpg does not look like Barack.*empty\.png: /);
  await row('Barack').getByText('Looks kept: 2 without a mask, 1 with one').waitFor();
});

test('a view is erased by itself, but never the last', async () => {
  await details('Barack');
  assert.equal(await dialog().locator('.views li').count(), 3);
  for (const left of [2, 1]) {
    await dialog().locator('.views button').last().click();
    await page.waitForFunction((count) => document.querySelectorAll('.views li').length === count, left);
  }
  assert.ok(await dialog().locator('.views button').isDisabled());
  await dialog().getByRole('button', { name: 'Cancel' }).click();
});

test('two records of one person become one, once that was confirmed, with all that both held', async () => {
  await details('Barack');
  await dialog().getByLabel('The same person is also enrolled as').selectOption({ label: 'Eileen' });
  await save();
  await page.locator('dialog.choice').getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Nothing was changed.').waitFor();
  await save();
  assert.deepEqual(await findings(page), []);
  await page.locator('dialog.choice').getByRole('button', { name: 'Make them one' }).click();
  await page.getByText('The record of Eileen is now part of it.').waitFor();
  assert.equal(await page.locator('ul.people li').count(), 1);
  await row('Barack').getByText('Needs a ramp').waitFor();
  await details('Barack');
  assert.equal(await dialog().locator('.views li').count(), 2);
});
