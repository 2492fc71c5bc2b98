/** The list of people where they are many: found, sorted, scrolled, and when each is erased. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, assetOf, findings } from './browser.mjs';

const MANY = 10_000;
const DAY_MS = 86_400_000;
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

/** The page is told of so many people, as by its worker. */
async function tell(count, retentionDays = null) {
  await page.evaluate(async ({ inside, count, retentionDays, day }) => {
    const { insideOf } = await import(inside);
    const client = insideOf(document.querySelector('brow-recogniser')).client();
    globalThis.told ??= await client.state();
    const people = Array.from({ length: count }, (_, at) => ({
      id: `id-${at}`, name: at === 7_777 ? 'Zoë Ångström' : `Person ${String(at).padStart(5, '0')}`, created: 1_700_000_000_000 + at * 60_000, updated: 1_700_000_000_000,
      consent: { text: 'x', version: '1', language: 'en', time: 1_900_000_000_000 }, expires: at === 42 ? 1_900_000_000_000 + 5 * day : null, bare: 1, masked: 0, refused: 0, picture: null,
    }));
    const { vault } = globalThis.told;
    client.dispatchEvent(new CustomEvent('state', { detail: { ...globalThis.told, people, vault: { ...vault, settings: { ...vault.settings, retentionDays } } } }));
  }, { inside: assetOf('element/inside'), count, retentionDays, day: DAY_MS });
}

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
  await tell(MANY, 30);
  assert.match(await page.locator('ul.people li').first().innerText(), /erased by itself on/, 'where all are erased after a time');
});
