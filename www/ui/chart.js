/**
 * Charts in plain SVG, drawn here and nowhere else. Each is a picture with words for whoever does not see it, and tells its rows apart
 * by form as well as by colour, so that it is read without colours, too. What it shows stands in a table beside it.
 */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 640;
const HEIGHT = 220;
const TOP = 12;
const BOTTOM = 28;
const LEFT = 40;
/** Of the step between two columns, what their bars fill. */
const FILL = 0.72;
/** So many words stand below a chart at most. */
const WORDS_MOST = 12;
/** Curves stand in narrow places, where a wide chart's words would be too small to read. */
const CURVES = Object.freeze({ width: 340, height: 210, left: 60, right: 26 });

/** How they look: written by the build ahead of the pages' style, and into files that are saved. */
export const chartStyle = `
.chart { display: block; inline-size: 100%; max-inline-size: 40rem; block-size: auto; direction: ltr; font: 13px system-ui, sans-serif; }
.chart text { fill: var(--soft); }
.chart-line { stroke: var(--line); fill: none; }
.chart-row-0 { fill: var(--match); stroke: var(--match); }
.chart-row-1 { fill: none; stroke: var(--unknown); stroke-width: 2; stroke-dasharray: 4 2; }
.chart-curves { max-inline-size: 30rem; font-size: 15px; }
.chart-curve-0, .chart-curve-1 { fill: none; stroke-width: 2.5; }
.chart-curve-0 { stroke: var(--match); }
.chart-curve-1 { stroke: var(--unknown); stroke-dasharray: 7 4; }
.chart-dot-0 { fill: var(--match); }
.chart-dot-1 { fill: var(--unknown); }
.chart-mark { fill: none; stroke: var(--ink); stroke-width: 2; }
.chart-bars { display: block; inline-size: 100%; block-size: 1.5em; }
.chart-bars rect { vector-effect: non-scaling-stroke; }
.chart-bars:dir(rtl) { transform: scaleX(-1); }
.chart-key { display: inline-block; inline-size: 1.6em; block-size: 0.8em; vertical-align: baseline; }
@media (forced-colors: active) {
  .chart text { fill: CanvasText; }
  .chart-line { stroke: GrayText; }
  .chart-row-0 { fill: CanvasText; stroke: CanvasText; }
  .chart-row-1, .chart-curve-0, .chart-curve-1 { stroke: CanvasText; }
  .chart-dot-0, .chart-dot-1 { fill: CanvasText; }
  .chart-mark { stroke: Highlight; }
}
`;

/** @param {string} name @param {Record<string, string | number>} attributes @param {(Node | string)[]} children @returns {SVGElement} */
function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The next round number, so that the scale's top can be read: 1, 2 or 5 times a power of ten. @param {number} value at least 1 */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/**
 * How many of each kind, column by column, side by side.
 * @param {{label: string, columns: string[], rows: number[][], number: (value: number) => string}} chart
 *   label: the whole of it in words; rows: at most two, one number a column; number: how a number is written
 * @returns {SVGElement}
 */
export function barChart({ label, columns, rows, number }) {
  const most = roundUp(Math.max(1, ...rows.flat()));
  const step = (WIDTH - LEFT) / Math.max(1, columns.length);
  const bar = (step * FILL) / rows.length;
  const height = HEIGHT - TOP - BOTTOM;
  const ground = TOP + height;
  const chart = shape('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
  for (const share of [0, 0.5, 1]) {
    const y = ground - share * height;
    chart.append(shape('path', { class: 'chart-line', d: `M${LEFT} ${y}H${WIDTH}` }));
    if (Number.isInteger(share * most)) chart.append(shape('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, number(share * most)));
  }
  const every = Math.ceil(columns.length / WORDS_MOST);
  columns.forEach((words, column) => {
    const from = LEFT + column * step + (step * (1 - FILL)) / 2;
    rows.forEach((row, index) => {
      const tall = (row[column] / most) * height;
      if (tall > 0) chart.append(shape('rect', { class: `chart-row-${index}`, x: (from + index * bar + 1).toFixed(1), y: (ground - tall).toFixed(1), width: Math.max(1, bar - 2).toFixed(1), height: tall.toFixed(1) }));
    });
    if (column % every === 0) chart.append(shape('text', { x: (LEFT + (column + 0.5) * step).toFixed(1), y: HEIGHT - 8, 'text-anchor': 'middle' }, words));
  });
  return chart;
}

/**
 * Bars of one row of a table, one below the other; their numbers stand in the row.
 * @param {number[]} values at most two @param {number} most what fills the width
 * @returns {SVGElement}
 */
export function rowBars(values, most) {
  const chart = shape('svg', { class: 'chart-bars', viewBox: `0 0 100 ${6 * values.length}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  values.forEach((value, row) => chart.append(shape('rect', { class: `chart-row-${row}`, x: 0.3, y: 6 * row + 1, width: ((99.4 * value) / most).toFixed(2), height: 4 })));
  return chart;
}

/**
 * Curves over one axis, with a mark at one place of it: a dot on the first, a square on the second.
 * @param {{label: string, ticks: {at: number, words: string}[], most: number, rows: [at: number, value: number][][], mark: number, percent: (value: number) => string}} chart
 *   ticks: what stands below, first and last being the axis's ends; most: the highest value that there is room for; rows: at most two, by rising `at`;
 *   mark: the place on the axis; percent: how a value is written
 * @returns {SVGElement}
 */
export function curveChart({ label, ticks, most, rows, mark, percent }) {
  const { width, height, left, right } = CURVES;
  const [from, to] = [ticks[0].at, ticks[ticks.length - 1].at];
  const ground = height - BOTTOM;
  const x = (/** @type {number} */ at) => left + ((at - from) / (to - from)) * (width - left - right);
  const y = (/** @type {number} */ value) => ground - (Math.min(value, most) / most) * (ground - TOP);
  const chart = shape('svg', { class: 'chart chart-curves', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  for (const share of [0, 0.5, 1]) {
    chart.append(shape('path', { class: 'chart-line', d: `M${left} ${y(share * most)}H${width - right}` }));
    chart.append(shape('text', { x: left - 6, y: y(share * most) + 4, 'text-anchor': 'end' }, percent(share * most)));
  }
  for (const { at, words } of ticks) chart.append(shape('text', { x: x(at).toFixed(1), y: height - 8, 'text-anchor': 'middle' }, words));
  chart.append(shape('path', { class: 'chart-mark', d: `M${x(mark).toFixed(1)} ${TOP - 6}V${ground}` }));
  rows.forEach((points, row) => {
    chart.append(shape('path', { class: `chart-curve-${row}`, d: points.map(([at, value], index) => `${index ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('') }));
    const here = points.reduce((near, point) => (Math.abs(point[0] - mark) < Math.abs(near[0] - mark) ? point : near));
    const [dotX, dotY] = [x(mark), y(here[1])];
    chart.append(row === 0 ? shape('circle', { class: 'chart-dot-0', cx: dotX.toFixed(1), cy: dotY.toFixed(1), r: 5 })
      : shape('rect', { class: 'chart-dot-1', x: (dotX - 4.5).toFixed(1), y: (dotY - 4.5).toFixed(1), width: 9, height: 9 }));
  });
  return chart;
}

/** The sign of a curve, for the words that say what it is. @param {number} row */
export function curveKey(row) {
  return shape('svg', { class: 'chart-key', viewBox: '0 0 32 16', 'aria-hidden': 'true' }, shape('path', { class: `chart-curve-${row}`, d: 'M1 8H31' }));
}

/** The sign of a row, for the words that say what it is. @param {number} row */
export function chartKey(row) {
  return shape('svg', { class: 'chart-key', viewBox: '0 0 32 16', 'aria-hidden': 'true' }, shape('rect', { class: `chart-row-${row}`, x: 1, y: 1, width: 30, height: 14 }));
}
