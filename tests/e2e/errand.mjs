/** What an errand costs a person: clicks, decisions, seconds, and how far they have to scroll. */
import { performance } from 'node:perf_hooks';

/** Counts in the page, from its first moment on. Kept over a change of page by whoever reads it before. */
function count() {
  /** @type {Set<Element>} */
  const scrolled = new Set();
  /** @type {WeakMap<Element, number>} */
  const tops = new WeakMap();
  let pressed = false;
  /** How far it is from where the last decision was made: a driver that misses scrolls to and fro, a person does not. @param {boolean} counts */
  const arrive = (counts) => {
    for (const element of scrolled) {
      // What was closed begins anew when it is opened again.
      const top = element.checkVisibility() ? element.scrollTop : 0;
      if (counts) cost.scrolled += Math.abs(top - (tops.get(element) ?? 0));
      tops.set(element, top);
    }
  };
  const cost = {
    clicks: 0,
    scrolled: 0,
    /** What moves after a press the page moves, and not the person: it closes something, or turns to something. */
    decided() {
      arrive(!pressed);
      pressed = false;
    },
  };
  const press = () => {
    arrive(true);
    pressed = true;
  };
  // A press on a label's words tells of a second click, on its field; it is one. What the driver holds back ends at the window.
  document.addEventListener('pointerdown', () => {
    cost.clicks += 1;
    press();
  }, true);
  document.addEventListener('keydown', ({ key }) => {
    if (['Enter', 'Escape', ' '].includes(key)) press();
  }, true);
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
