/** What an errand costs a person: clicks, decisions, seconds, and how far they have to scroll. */
import { performance } from 'node:perf_hooks';

/** Counts in the page, from its first moment on. Kept over a change of page by whoever reads it before. */
function count() {
  /** @type {Set<Element>} */
  const scrolled = new Set();
  /** @type {WeakMap<Element, number>} */
  const tops = new WeakMap();
  const cost = {
    clicks: 0,
    scrolled: 0,
    /** How far it is from where the last decision was made: a driver that misses scrolls to and fro, a person does not. */
    decided() {
      for (const element of scrolled) {
        cost.scrolled += Math.abs(element.scrollTop - (tops.get(element) ?? 0));
        tops.set(element, element.scrollTop);
      }
    },
  };
  // A press on a label's words tells of a second click, on its field; it is one. What the driver holds back ends at the window.
  document.addEventListener('pointerdown', () => { cost.clicks += 1; }, true);
  document.addEventListener('scroll', ({ target }) => { scrolled.add(target === document ? document.scrollingElement : target); }, true);
  globalThis.errandCost = cost;
}

/**
 * One person on one errand. Everything that they have to make up their mind about goes through `decide`.
 * @typedef {{decide: (act: Promise<unknown>) => Promise<void>, cost: () => Promise<{clicks: number, decisions: number, seconds: number, scrolled: number}>}} Errand
 */

/** For `visit`'s `prepare`. @param {import('playwright-core').Page} page */
export const prepareErrand = (page) => page.addInitScript(count);

/** Begins with what the page shows now. @param {import('playwright-core').Page} page @returns {Promise<Errand>} */
export async function beginErrand(page) {
  const began = performance.now();
  let decisions = 0;
  const decided = () => page.evaluate(() => globalThis.errandCost.decided());
  await decided();
  await page.evaluate(() => Object.assign(globalThis.errandCost, { clicks: 0, scrolled: 0 }));
  return {
    async decide(act) {
      decisions += 1;
      await act;
      await decided();
    },
    async cost() {
      await decided();
      const { clicks, scrolled } = await page.evaluate(() => globalThis.errandCost);
      return { clicks, decisions, seconds: Math.round((performance.now() - began) / 1000), scrolled: Math.round(scrolled) };
    },
  };
}
