/**
 * Measures the engine on this device, on a built-in frame and an empty gallery store of its own. `?auto` runs at once;
 * `?frames=100` sets the count. The result lies in `window.browBench` for tools.
 */
import '../../offline/guard.js';
import '../../offline/alone.js';
import { BrowClient } from '../../client/client.js';
import release from './release.js';
import { chartKey, rowBars } from '../../ui/chart.js';
import { find, make } from '../../ui/dom.js';
import { date, number, onLanguage, text } from '../../words/messages.js';
import { Notices } from '../../ui/notices.js';
import { startLanguage } from '../../ui/page-language.js';
import { unsupported } from '../../camera/support.js';

/** @import { EngineBuild, Frame } from '../../types.js' */

const [WIDTH, HEIGHT] = [640, 480];
/** The built-in picture at half the size, for a camera that gives no more. */
const SMALL = /** @type {const} */ ([320, 240]);
/** Where the built-in picture holds its face, with some room, and where its copies go that make it five. */
const FACE = /** @type {const} */ ([182, 16, 213, 240]);
const COPIES = /** @type {const} */ ([[0, 0], [213, 0], [427, 0], [0, 240], [427, 240]]);
/** Frames that are run before measuring, so that the browser's compilers have finished. */
const WARM_UP = 12;
/** Frames that are looked at without knowing anything from the frame before. */
const NEWCOMERS = 20;
/** Frames after which five faces are known well enough to be looked at only now and then, and frames that are measured. */
const FIVE_SETTLE = 40;
const FIVE_FRAMES = 60;
const STAGES = /** @type {const} */ (['detect', 'landmarks', 'quality', 'periocular', 'full', 'decide', 'total']);

/**
 * @typedef {object} BenchResult times in milliseconds, counted from navigation where they name a moment
 * @property {string} userAgent
 * @property {number} cores
 * @property {number} frames
 * @property {EngineBuild} build of the engine's module
 * @property {number} faces
 * @property {{workerMs: number, moduleMs: number, modelsMs: number, prepareMs: number, firstDecisionMs: number}} load prepareMs: how
 *   long it took to read and prepare all networks
 * @property {{fetched: number, decoded: number}} bytes fetched: over the network, 0 for what the cache had
 * @property {Record<string, {median: number, minimum: number}>} stages
 */

await startLanguage();
const parameters = new URLSearchParams(location.search);
const frames = Math.max(1, Number(parameters.get('frames')) || 60);
const notices = new Notices(find('#notices', HTMLElement));
const status = find('.status', HTMLElement);
const runButton = find('.run', HTMLButtonElement);
const copyButton = find('.copy', HTMLButtonElement);

/** What is looked at: the built-in picture as it is, at half the size, and with its face five times. */
async function builtInFrames() {
  const picture = find('img[src*="self-test-face"]', HTMLImageElement);
  await picture.decode();
  const canvas = make('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(picture, 0, 0, WIDTH, HEIGHT);
  const whole = context.getImageData(0, 0, WIDTH, HEIGHT);
  const face = context.getImageData(...FACE);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  context.drawImage(picture, 0, 0, ...SMALL);
  const small = context.getImageData(0, 0, ...SMALL);
  context.fillRect(0, 0, WIDTH, HEIGHT);
  for (const [x, y] of COPIES) context.putImageData(face, x, y);
  return { whole, small, five: context.getImageData(0, 0, WIDTH, HEIGHT) };
}

/**
 * The frame at a moment. A live picture is never twice the same, so a corner of it changes: nothing may be remembered.
 * @param {ImageData} picture
 * @param {number} index
 * @returns {Frame}
 */
function frameAt({ data, width, height }, index) {
  const copy = new Uint8ClampedArray(data);
  copy[0] = index & 255;
  return { buffer: copy.buffer, width, height, timeMs: performance.now() };
}

/** @param {number[]} values */
function statistics(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const round = (/** @type {number} */ value) => Math.round(value * 100) / 100;
  return { median: round(median), minimum: round(sorted[0]) };
}

function bytesFetched() {
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const resources = /** @type {PerformanceResourceTiming[]} */ (entries);
  return {
    fetched: resources.reduce((sum, entry) => sum + entry.transferSize, 0),
    decoded: resources.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
  };
}

/** @param {number} absolute */
const sinceNavigation = (absolute) => Math.round(absolute - performance.timeOrigin);

/** @returns {Promise<BenchResult>} */
async function run() {
  // A store of its own: the people enrolled on this device are neither read nor compared.
  const client = new BrowClient({ store: 'brow-bench' });
  try {
    const [{ times, build }, { whole: pixels, small, five }] = await Promise.all([client.start(), builtInFrames()]);
    let firstDecisionMs = 0;
    let faces = 0;
    for (let index = 0; index < WARM_UP || (!firstDecisionMs && index < 60); index++) {
      const { observations } = await client.observe(frameAt(pixels, index));
      const decided = observations.some(({ decision }) => decision.kind !== 'undecided' || decision.reason !== 'too_few_frames');
      if (decided && !firstDecisionMs) firstDecisionMs = Math.round(performance.now());
      faces = observations.length;
    }
    /** @type {Record<string, number[]>} */
    const measured = Object.fromEntries([...STAGES, 'roundTrip'].map((stage) => [stage, []]));
    // Stages that tracking leaves out on most frames (a full embedding, say) are measured where they run.
    for (let index = 0; index < frames; index++) {
      if (index % 8 === 0) status.textContent = text('bench.running', { done: index, total: frames });
      const frame = frameAt(pixels, index);
      const begun = performance.now();
      const { timings } = await client.observe(frame);
      measured.roundTrip.push(performance.now() - begun);
      for (const stage of STAGES) if (timings[stage] > 0) measured[stage].push(timings[stage]);
    }
    measured.newcomer = [];
    for (let index = 0; index < NEWCOMERS; index++) {
      await client.resetTracks();
      const frame = frameAt(pixels, index);
      const begun = performance.now();
      const { timings } = await client.observe(frame);
      measured.newcomer.push(performance.now() - begun);
      for (const stage of STAGES) if (stage !== 'total' && timings[stage] > 0) measured[stage].push(timings[stage]);
    }
    measured.detectSmall = [];
    for (let index = 0; index < NEWCOMERS; index++) {
      await client.resetTracks();
      measured.detectSmall.push((await client.observe(frameAt(small, index))).timings.detect);
    }
    await client.resetTracks();
    measured.five = [];
    for (let index = 0; index < FIVE_SETTLE + FIVE_FRAMES; index++) {
      const { observations, timings } = await client.observe(frameAt(five, index));
      if (index >= FIVE_SETTLE && observations.length === COPIES.length) measured.five.push(timings.total);
    }
    // Where it is asked for, one frame in five has such a look: each face's first frame does.
    await client.decideBy({ presence: 'warn' });
    measured.presence = [];
    for (let index = 0; index < NEWCOMERS; index++) {
      await client.resetTracks();
      measured.presence.push((await client.observe(frameAt(pixels, index))).timings.presence);
    }
    return {
      userAgent: navigator.userAgent,
      cores: navigator.hardwareConcurrency,
      build,
      frames,
      faces,
      load: {
        workerMs: sinceNavigation(times.workerRunning),
        moduleMs: sinceNavigation(times.moduleReady),
        modelsMs: sinceNavigation(times.modelsReady),
        prepareMs: Math.round(times.modelsReady - times.moduleReady),
        firstDecisionMs,
      },
      bytes: bytesFetched(),
      stages: Object.fromEntries(Object.entries(measured).filter(([, values]) => values.length)
        .map(([stage, values]) => [stage, statistics(values)])),
    };
  } finally {
    client.close();
  }
}

/** @param {number} value */
const tenths = (value) => number(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** @param {BenchResult} result */
function show(result) {
  const most = Math.max(...Object.values(result.stages).map(({ median }) => median));
  const stageRows = Object.entries(result.stages).map(([stage, { median, minimum }]) => make('tr', {},
    make('th', { scope: 'row' }, text(`bench.stage.${stage}`), rowBars([median], most)),
    make('td', {}, tenths(median)), make('td', {}, tenths(minimum))));
  const megabytes = (/** @type {number} */ bytes) => text('networks.size', { size: number(bytes / 1e6, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) });
  const loadRows = [
    ...Object.entries(result.load).map(([moment, ms]) => [text(`bench.${moment}`), `${number(ms)} ms`]),
    [text('bench.build'), text(`bench.build.${result.build}`)],
    [text('bench.bytesFetched'), megabytes(result.bytes.fetched)],
    [text('bench.bytesDecoded'), megabytes(result.bytes.decoded)],
  ].map(([what, value]) => make('tr', {}, make('th', { scope: 'row' }, what), make('td', {}, value)));
  find('.tables', HTMLElement).replaceChildren(
    table('bench.caption', ['bench.stage', 'bench.median', 'bench.minimum'], stageRows),
    table('bench.first', ['bench.first.what', 'bench.first.value'], loadRows));
  find('pre', HTMLElement).textContent = JSON.stringify(result, null, 2);
  copyButton.disabled = false;
  status.textContent = text('bench.done');
}

/** The networks one by one in this engine and in the other, as this release was measured: pairs of bars, and their numbers. */
function showRelease() {
  const { networks, megabytes, processor, browser, onnxruntimeWeb } = release;
  const hundredths = (/** @type {number} */ value) => number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const row = (/** @type {string} */ name, /** @type {{brow: number, onnxruntimeWeb: number}} */ { brow, onnxruntimeWeb: other }, /** @type {number} */ most) => make('tr', {},
    make('th', { scope: 'row' }, make('bdi', {}, name), rowBars([brow, other], most)), make('td', {}, hundredths(brow)), make('td', {}, hundredths(other)));
  const heads = [['Brow', 0], [`onnxruntime-web ${onnxruntimeWeb}`, 1]].map(([name, at]) => make('th', { scope: 'col' }, chartKey(Number(at)), ' ', String(name)));
  const most = Math.max(...networks.flatMap(({ brow, onnxruntimeWeb: other }) => [brow, other]));
  find('.release > div', HTMLElement).replaceChildren(
    make('p', { class: 'note' }, text('bench.release.text', { date: date(new Date(`${release.time}T12:00`).getTime(), { dateStyle: 'medium' }), processor, browser })),
    make('table', {}, make('caption', {}, text('bench.release.caption')),
      make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, text('bench.release.network')), ...heads)),
      make('tbody', {}, ...networks.map(({ name, input, ...times }) => row(`${name}, ${input.join('\u202f\u00d7\u202f')}`, times, most)))),
    make('table', {}, make('caption', {}, text('bench.release.size')), make('thead', {}, make('tr', {}, make('td'), ...heads.map((head) => head.cloneNode(true)))),
      make('tbody', {}, row(text('bench.release.runtime'), megabytes, Math.max(megabytes.brow, megabytes.onnxruntimeWeb)))),
  );
}

/** @param {string} caption @param {string[]} heads @param {HTMLElement[]} rows */
function table(caption, heads, rows) {
  return make('table', {}, make('caption', {}, text(caption)),
    make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, text(head))))),
    make('tbody', {}, ...rows));
}

async function runAndShow() {
  runButton.disabled = true;
  try {
    const result = await run();
    show(result);
    /** @type {{browBench?: BenchResult}} */ (/** @type {unknown} */ (window)).browBench = result;
  } catch (error) {
    notices.fault(error);
  } finally {
    runButton.disabled = false;
  }
}

onLanguage(showRelease);
showRelease();
runButton.addEventListener('click', runAndShow);
copyButton.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(find('pre', HTMLElement).textContent ?? '');
    status.textContent = text('bench.copied');
  } catch (error) {
    console.warn(error);
    status.textContent = text('bench.copyFailed');
  }
});

const missing = unsupported();
if (missing) {
  notices.fault(missing);
  runButton.disabled = true;
} else if (parameters.has('auto')) {
  runAndShow();
}
