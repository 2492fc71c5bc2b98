/**
 * `node bench/people.mjs [--people 10000]`: how the built page in dist/ moves and answers in headless Chromium: the layout shift of a first
 * visit and of each page beside the main one, and the slowest of a person's interactions where so many people are enrolled (from the
 * press to the next picture, as the browser tells it; Event Timing counts from 16 ms on, in steps of 8).
 */
import { Visitor } from '../tests/e2e/browser.mjs';
import { tellOf } from '../tests/e2e/told-people.mjs';

const at = process.argv.indexOf('--people');
const PEOPLE = at < 0 ? 10_000 : Number(process.argv[at + 1]);
const PAGES = ['/', '/kiosk.html', '/check.html', '/bench.html', '/count.html', '/prove.html'];
/** So long a page is watched after it was loaded. */
const WATCHED_MS = 6_000;

const visitor = await Visitor.arrive();
try {
  const watch = (page) => page.addInitScript(() => {
    globalThis.shifted = 0;
    globalThis.slowest = {};
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => {
      for (const { name, duration, target } of list.getEntries()) {
        const what = `${name} ${target?.id || target?.className || target?.nodeName || ''}`;
        slowest[what] = Math.max(slowest[what] ?? 0, duration);
      }
    }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  });
  for (const path of PAGES) {
    const page = await visitor.visit({ camera: 'ask', path, wait: false, prepare: watch, locale: 'en' });
    await page.waitForTimeout(WATCHED_MS);
    console.log(`layout shift of ${path}: ${(await page.evaluate(() => shifted)).toFixed(4)}`);
  }
  const page = await visitor.visit({ camera: 'ask', prepare: watch, locale: 'en' });
  await tellOf(page, PEOPLE, { groups: 11 });
  await page.evaluate(() => { slowest = {}; });
  await page.getByLabel('Find by name').pressSequentially('person 07', { delay: 60 });
  for (let presses = 0; presses < 9; presses++) await page.keyboard.press('Backspace');
  for (const [label, value] of [['Order', 'newest'], ['Order', 'expiry'], ['Order', 'group'], ['Group', 'Group 3'], ['Group', '']]) await page.getByLabel(label, { exact: true }).selectOption(value);
  for (const name of ['Fold all groups', 'Unfold all groups']) await page.getByRole('button', { name }).click();
  await page.locator('#people .group-head button').first().click();
  await page.locator('#people .group-head button').first().press('Enter');
  await page.locator('ul.people').hover();
  for (let turns = 0; turns < 10; turns++) await page.mouse.wheel(0, 1_500);
  await page.getByRole('button', { name: /^Rename: / }).or(page.getByRole('button', { name: /^Rename / })).first().click();
  await page.keyboard.press('Escape');
  await page.waitForTimeout(500);
  const slowest = Object.entries(await page.evaluate(() => slowest)).sort(([, a], [, b]) => b - a);
  console.log(`slowest interactions with ${PEOPLE} people, ms: ${slowest.slice(0, 6).map(([what, ms]) => `${what} ${ms}`).join(', ') || 'all under 16'}`);
} finally {
  await visitor.depart();
}
