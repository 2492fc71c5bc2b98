/** What is kept about one person, shown to them and saved. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Visitor, enrolByPhoto, findings, plainClip, portrait } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

test('a person sees all that is kept about them, with the words they agreed to, and takes it away as a file that reads by itself', async () => {
  const page = await visitor.visit({ clip: plainClip('gray') });
  await enrolByPhoto(page, 'Ada <b>Example</b>', portrait('astronaut'));
  await page.getByRole('button', { name: 'Show data: Ada <b>Example</b>' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'What is kept about Ada <b>Example</b>' }).waitFor();
  const shown = await dialog.innerText();
  const [consent, id] = await page.evaluate(() => [document.querySelector('#consent-text').textContent, document.querySelector('.people li').dataset.id]);
  for (const words of [consent, id, 'version 20', 'from a photo, no mask', 'Person enrolled', 'none is kept']) assert.ok(shown.includes(words), `${words} in ${shown}`);
  assert.deepEqual(await findings(page), []);
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Save as a file' }).click()]);
  const html = readFileSync(await download.path(), 'utf8');
  assert.match(html, /^<!doctype html>\n<html lang="en" dir="ltr"><head><meta charset="utf-8">/);
  assert.ok(html.includes('Ada &lt;b&gt;Example&lt;/b&gt;') && html.includes(id));
  assert.doesNotMatch(html, /<script|https?:/);
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Show data');
});

test('a picture that was asked for is the face with its border, lies in the file, and what was asked for is part of the consent', async () => {
  const page = await visitor.visit({ clip: plainClip('gray') });
  await enrolByPhoto(page, 'Grace', portrait('biden'), { picture: true });
  await page.getByRole('button', { name: 'Show data: Grace' }).click();
  const dialog = page.getByRole('dialog');
  const picture = dialog.getByRole('img', { name: 'Picture of Grace' });
  await picture.waitFor();
  assert.deepEqual(await picture.evaluate(async (img) => {
    await img.decode();
    return [img.naturalWidth, img.naturalHeight];
  }), [320, 320]);
  assert.match(await dialog.locator('q').innerText(), /unless I ask for it below.*Also keep a picture of my face/s);
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Save as a file' }).click()]);
  assert.match(readFileSync(await download.path(), 'utf8'), /src="data:image\/jpeg;base64,\/9j\//);
});
