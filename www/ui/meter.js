/**
 * How sure a match is, as a picture: a bar that grows with the likeness, and a mark where a match begins. What it says is said in
 * words too, for whoever does not see it.
 */
import { number, text } from '../words/messages.js';

/** @import { Decision } from '../types.js' */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 200;
const HEIGHT = 14;
/** Where a match begins: in the middle, wherever the operator has set it. */
const MARK = WIDTH / 2;
/** Rarer than the measurements reach no likeness is said to be: one in so many. */
const RAREST = 1e6;

/** How it looks, for the element and, written by the build, for the pages. */
export const meterStyle = `
.meter { inline-size: 14em; max-inline-size: 100%; block-size: 0.98em; align-self: center; color: var(--undecided); }
.meter[data-kind="match"] { color: var(--match); }
.meter[data-kind="unknown"] { color: var(--unknown); }
.meter-track { fill: none; stroke: var(--soft); }
.meter-reach { fill: currentColor; }
.meter-mark { fill: none; stroke: var(--ink); stroke-width: 2.5; }
.meter:dir(rtl) { transform: scaleX(-1); }
@media (forced-colors: active) {
  .meter-track, .meter-mark { stroke: CanvasText; }
  .meter-reach { fill: Highlight; }
}
`;

/** One chance in so many, in two digits. @param {number} score */
function rate(score) {
  const times = Math.max(1, Math.min(RAREST, 10 ** score));
  return number(times, { maximumSignificantDigits: times < 10 ? 1 : 2 });
}

/** What the meter shows, in words. @param {{score: number, needed: number}} decision */
function meterWords({ score, needed }) {
  const values = { rate: rate(score), needed: rate(needed) };
  return text(score >= Math.log10(RAREST) ? 'meter.rarest' : 'meter.words', values);
}

/**
 * The meter of one face; null where there is nothing to compare.
 * @param {Pick<Decision, 'kind' | 'score' | 'needed'>} decision
 * @returns {SVGSVGElement | null}
 */
export function matchMeter({ kind, score, needed }) {
  if (score === null || !(needed > 0)) return null;
  const shape = (/** @type {string} */ name, /** @type {Record<string, string | number>} */ attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
  const meter = /** @type {SVGSVGElement} */ (shape('svg', { class: 'meter', part: 'meter', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': meterWords({ score, needed }), 'data-kind': kind }));
  const reach = Math.max(0, Math.min(WIDTH, (score / needed) * MARK));
  meter.append(
    shape('rect', { class: 'meter-track', x: 0.5, y: 4.5, width: WIDTH - 1, height: 5, rx: 2.5 }),
    shape('rect', { class: 'meter-reach', x: 0, y: 4, width: reach.toFixed(1), height: 6, rx: 3 }),
    shape('path', { class: 'meter-mark', d: `M${MARK} 0.5v13` }),
  );
  return meter;
}
