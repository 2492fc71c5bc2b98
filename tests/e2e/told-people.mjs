/** People who are not stored: so many that nobody could enrol them. */
import { assetOf } from './browser.mjs';

const DAY_MS = 86_400_000;

/**
 * The page is told of so many people, as by its worker. @param {import('playwright-core').Page} page @param {number} count
 * @param {{retentionDays?: number | null, groups?: number}} [how]
 */
export async function tellOf(page, count, { retentionDays = null, groups = 0 } = {}) {
  await page.evaluate(async ({ inside, count, retentionDays, groups, day }) => {
    const { insideOf } = await import(inside);
    const client = insideOf(document.querySelector('brow-recogniser')).client();
    globalThis.told ??= await client.state();
    const retired = retentionDays === null ? Infinity : 1_900_000_000_000 + retentionDays * day;
    const people = Array.from({ length: count }, (_, at) => ({
      id: `id-${at}`, name: at === 7_777 ? 'Zoë Ångström' : `Person ${String(at).padStart(5, '0')}`, created: 1_700_000_000_000 + at * 60_000, updated: 1_700_000_000_000,
      consent: { text: 'x', version: '1', language: 'en', time: 1_900_000_000_000 }, expires: at === 42 ? 1_900_000_000_000 + 5 * day : null,
      erased: at === 42 ? Math.min(1_900_000_000_000 + 5 * day, retired) : retired, note: '', bare: 1, masked: 0, refused: 0, picture: null,
      groups: groups && at % (groups + 1) ? [`Group ${at % (groups + 1)}`, ...(at === 1 ? ['Group 2'] : [])] : [],
    }));
    const { vault } = globalThis.told;
    client.dispatchEvent(new CustomEvent('state', { detail: { ...globalThis.told, people, vault: { ...vault, settings: { ...vault.settings, retentionDays } } } }));
  }, { inside: assetOf('element/inside'), count, retentionDays, groups, day: DAY_MS });
}
