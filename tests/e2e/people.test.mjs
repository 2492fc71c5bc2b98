/** The list of people where they are many: found, sorted, folded, scrolled, and when each is erased. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, findings } from './browser.mjs';
import { cutOff } from './layout.mjs';
import { tellOf } from './told-people.mjs';

const MANY = 10_000;
/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ camera: 'ask', locale: 'en' });
});
after(() => visitor.depart());

const names = () => page.locator('#people .name').allInnerTexts();

const tell = (count, how) => tellOf(page, count, how);

test('a few people are all there, with nothing to search among them', async () => {
  await tell(3);
  assert.equal(await page.locator('ul.people li').count(), 3);
  assert.ok(!(await page.locator('#people-search').isVisible()));
});

test('of ten thousand only those are made that can be seen soon, and scrolling brings the next', async () => {
  await tell(MANY);
  assert.match(await page.locator('#people .count').innerText(), /10,000/);
  const made = await page.locator('ul.people li').count();
  assert.ok(made < 300, `${made} rows`);
  // They scroll by themselves: the page stays as short as it was.
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight < 6 * innerHeight));
  await page.locator('ul.people').evaluate((list) => { list.scrollTop = list.scrollHeight; });
  await page.waitForFunction((before) => document.querySelectorAll('ul.people li').length > before, made);
  assert.deepEqual(await findings(page), []);
});

test('somebody is found by a part of the name, as it is typed without its marks', async () => {
  await page.getByLabel('Find by name').fill('angstrom');
  await page.getByText('1 person found').waitFor();
  assert.deepEqual(await names(), ['Zoë Ångström']);
  await page.getByLabel('Find by name').fill('');
  await page.waitForFunction(() => document.querySelectorAll('ul.people li').length > 1);
});

test('sorted by what is erased first, the date stands with the name; by age, the newest comes first', async () => {
  await page.getByLabel('Order').selectOption('expiry');
  assert.equal((await names())[0], 'Person 00042');
  assert.match(await page.locator('ul.people li').first().innerText(), /erased by itself on/);
  assert.doesNotMatch(await page.locator('ul.people li').nth(1).innerText(), /erased by itself/);
  await page.getByLabel('Order').selectOption('newest');
  assert.equal((await names())[0], 'Person 09999');
  await tell(MANY, { retentionDays: 30 });
  assert.match(await page.locator('ul.people li').first().innerText(), /erased by itself on/, 'where all are erased after a time');
});

test('where people are in groups they can be put in order by them, and each group folded, also by the keyboard', async () => {
  await page.getByLabel('Order').selectOption('name');
  assert.ok(!(await page.locator('#people-order').innerText()).includes('By group'), 'nobody is in a group yet');
  await tell(MANY, { groups: 3 });
  await page.getByLabel('Order').selectOption('group');
  // Rows that are far down are not laid out.
  const namesNow = () => page.locator('#people .name').allTextContents();
  const heading = (name) => page.locator('#people .group-head button', { hasText: name });
  assert.ok(await page.locator('ul.people li').count() < 300);
  assert.deepEqual(await page.locator('#people .group-head').allTextContents(), ['Group 1 (2,500)']);
  await heading('Group 1').focus();
  await page.keyboard.press('Enter');
  assert.equal(await heading('Group 1').getAttribute('aria-expanded'), 'false');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Group 1 (2,500)', 'the keyboard stays where it is');
  // Whoever is in two groups stands in both.
  assert.deepEqual([(await page.locator('#people .group-head').allTextContents()).slice(0, 2), (await namesNow())[0]], [['Group 1 (2,500)', 'Group 2 (2,501)'], 'Person 00001']);
  await page.getByRole('button', { name: 'Fold all groups' }).click();
  assert.deepEqual(await page.locator('ul.people li').allTextContents(), ['Group 1 (2,500)', 'Group 2 (2,501)', 'Group 3 (2,500)', 'In no group (2,500)']);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(await cutOff(page, 'folded groups'), []);
  // What is folded stays so, whatever comes from elsewhere and however it was looked at meanwhile.
  await heading('Group 2').click();
  await tell(MANY, { groups: 3 });
  await page.getByLabel('Order').selectOption('newest');
  await page.getByLabel('Order').selectOption('group');
  assert.deepEqual(await page.locator('#people .group-head [aria-expanded="true"]').allTextContents(), ['Group 2 (2,501)']);
  await page.getByLabel('Find by name').fill('00001');
  assert.deepEqual([await page.locator('#people .group-head').allTextContents(), await namesNow()], [['Group 1 (1)', 'Group 2 (1)'], ['Person 00001']]);
  await page.getByLabel('Find by name').fill('');
  await page.getByRole('button', { name: 'Fold all groups' }).click();
  await page.getByRole('button', { name: 'Unfold all groups' }).click();
  assert.equal(await page.locator('#people .group-head [aria-expanded="false"]').count(), 0);
});
