/** The guided capture: what a picture still needs is ticked off, what was taken is shown, and can be taken again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, findings, portraitClip } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** Answers what is asked of a picture that is not good enough by itself, until somebody is enrolled. */
async function saved(page) {
  const keep = page.getByRole('button', { name: 'Keep it all the same' });
  const done = page.locator('#enrol .saved-name');
  await keep.or(done).first().waitFor({ timeout: 60_000 });
  if (await keep.isVisible()) await keep.click();
  await done.waitFor();
}

test('size, light, straight and sharp are ticked off in turn; what was taken is shown, and the next picture takes its place', async () => {
  const page = await visitor.visit({ clip: portraitClip('astronaut') });
  await page.getByRole('button', { name: 'Enrol by camera' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Eileen');
  await page.getByLabel('I agree to this').check();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const size = page.locator('.ticks li', { hasText: 'Size' });
  await size.and(page.locator('[data-state="ok"]')).waitFor();
  assert.equal((await size.innerText()).replace(/\s+/g, ' ').trim(), 'Size is good');
  assert.deepEqual(await page.locator('.ticks li > span:nth-child(2)').allInnerTexts(), ['Size', 'Light', 'Straight', 'Sharp']);
  await saved(page);
  const shown = () => page.getByRole('img', { name: 'The picture at the moment it was taken' }).evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data).size;
  });
  assert.ok(await shown() > 50, 'a picture, and not one colour');
  assert.deepEqual(await findings(page), []);
  const people = () => page.locator('ul.people li').evaluateAll((rows) => rows.map((row) => [row.dataset.id, row.querySelector('.note').textContent.split('\u00b7')[0]]));
  const before = await people();
  assert.equal(before.length, 1);
  await page.getByRole('button', { name: 'Take it again' }).click();
  await page.locator('#enrol .capture').waitFor();
  await saved(page);
  assert.deepEqual(await people(), before, 'one person, with one picture\u2019s views');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  assert.equal(await page.locator('.still').evaluate((canvas) => canvas.width), 0, 'nothing of the picture is left');
});
