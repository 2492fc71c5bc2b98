/**
 * What is checked of a device, each by itself: what it is like, in words, and what to do where it is not as it should be.
 * The page that shows them is check.js.
 */
import { Camera, FrameLoop } from '../../camera/camera.js';
import { fault, faultOf } from '../../words/messages.js';
import { HEIGHT, WIDTH, isRight } from '../../worker/self-test.js';
import { picturesScrambled, unsupported } from '../../camera/support.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Fault, Frame, Quality, QualityProblem, Raised } from '../../types.js' */

/**
 * @typedef {{state: 'ok', key: string, values?: Record<string, unknown>}
 *   | {state: 'warn' | 'fail', fault: Raised} | {state: 'skipped'}} Finding `key`: of the words
 */
/** @typedef {{client: BrowClient, picture: () => Promise<Uint8ClampedArray<ArrayBuffer>>, video: HTMLVideoElement}} Means */

/** Frames that are measured, after some for the browser's compilers. */
const FRAMES = 20;
const WARM_UP = 10;
/** Slower than this, a live picture stutters: under eight frames a second. */
const SLOW_MS = 120;
/** Less room than this, and people with pictures may soon not fit. */
const LITTLE_BYTES = 50e6;
/** How long the camera's picture is looked at: its exposure takes a second to settle. */
const LOOK_MS = 3_000;
/** Mean brightness, 0..255, of a picture without a face; that on a face is judged by the engine, as for an enrolment. */
const BLACK = 12;
const DARK = 55;
const BRIGHT = 225;
const ANSWER_MS = 5_000;

const ok = (/** @type {string} */ key, /** @type {Record<string, unknown>} */ values) => /** @type {Finding} */ ({ state: 'ok', key, values });
const warn = (/** @type {Raised} */ found) => /** @type {Finding} */ ({ state: 'warn', fault: found });
const fail = (/** @type {Raised} */ found) => /** @type {Finding} */ ({ state: 'fail', fault: found });

/** @returns {Finding} */
export function checkBrowser() {
  const missing = unsupported() ?? (picturesScrambled() ? fault('pictures_scrambled') : null);
  return missing ? fail(missing) : ok('check.browser.ok', {});
}

/** @param {Means} means @returns {Promise<Finding>} */
export async function checkEngine({ client, picture }) {
  await client.start();
  const faces = await client.identifyPhoto(frameOf(await picture(), 0));
  return isRight(faces) ? ok('check.engine.ok', {}) : fail(fault('engine_wrong'));
}

/** @param {Means} means @returns {Promise<Finding>} */
export async function checkSpeed({ client, picture }) {
  const pixels = await picture();
  const times = [];
  for (let index = 0; index < WARM_UP + FRAMES; index++) {
    const begun = performance.now();
    await client.observe(frameOf(pixels, index));
    if (index >= WARM_UP) times.push(performance.now() - begun);
  }
  await client.resetTracks();
  const ms = Math.round(times.sort((a, b) => a - b)[FRAMES / 2]);
  return ms > SLOW_MS ? warn(fault('speed_slow', { ms })) : ok('check.speed.ok', { ms });
}

/** @param {Means} means @returns {Promise<Finding>} */
export async function checkStorage({ client }) {
  const { storage } = await client.state();
  if (storage) return fail(storage);
  // Older browsers say nothing of the room there is, nor whether they keep what is stored.
  const { quota = Infinity, usage = 0 } = await navigator.storage?.estimate?.().catch(() => null) ?? {};
  const free = quota - usage;
  if (free < LITTLE_BYTES) return warn(fault('storage_little', { megabytes: Math.max(0, Math.round(free / 1e6)) }));
  return await navigator.storage?.persisted?.() ? ok('check.storage.ok', {}) : warn(fault('storage_clearable'));
}

/** Whether this site is kept here, whole. @returns {Promise<Finding>} */
export async function checkOffline() {
  if (!navigator.serviceWorker) return warn(fault('offline_unsupported'));
  const worker = (await navigator.serviceWorker.getRegistration())?.active;
  if (!worker) return warn(fault('offline_not_yet'));
  const { port1, port2 } = new MessageChannel();
  const missing = await new Promise((resolve) => {
    setTimeout(resolve, ANSWER_MS, Infinity);
    port1.onmessage = ({ data }) => resolve(data.missing);
    worker.postMessage('status', [port2]);
  });
  port1.close();
  return missing === 0 ? ok('check.offline.ok', {}) : warn(fault('offline_incomplete'));
}

/**
 * Starts the camera and looks through it for a while.
 * @param {Means & {onface: (face: Quality | null) => void}} means onface: told of the largest face in each frame
 * @returns {Promise<{camera: Finding, light: Finding}>}
 */
export async function checkCamera({ client, video, onface }) {
  const camera = new Camera(video);
  /** @type {Sight[]} */
  const sights = [];
  const loop = new FrameLoop(camera, async (frame) => {
    const picture = camera.brightness();
    const { observations } = await client.observe(frame);
    const [nearest] = [...observations].sort((a, b) => b.box.width - a.box.width);
    const face = nearest?.quality ?? null;
    sights.push({ picture, face });
    onface(face);
    return 1;
  }, () => client.reads);
  /** @type {Fault | null} */
  let gone = null;
  camera.addEventListener('fault', (event) => {
    gone = /** @type {CustomEvent<Fault>} */ (event).detail;
  });
  try {
    await camera.start();
    const name = camera.stream?.getVideoTracks()[0].label ?? '';
    loop.start();
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    const { videoWidth: width, videoHeight: height } = video;
    if (sights.length === 0) return { camera: fail(gone ?? fault('camera_frozen')), light: { state: 'skipped' } };
    return { camera: ok('check.camera.ok', { name, width, height }), light: judgeLight(sights.slice(-Math.ceil(sights.length / 2))) };
  } catch (error) {
    return { camera: fail(faultOf(error)), light: { state: 'skipped' } };
  } finally {
    loop.stop();
    camera.stop();
  }
}

/** How bright a picture is, and the quality of the largest face in it, if there is any. @typedef {{picture: number, face: Quality | null}} Sight */

/** @param {Sight[]} sights the last ones @returns {Finding} */
export function judgeLight(sights) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (mean(sights.map(({ picture }) => picture)) < BLACK) return fail(fault('camera_black'));
  const faces = sights.flatMap(({ face }) => (face === null ? [] : [face]));
  const level = mean(sights.map(({ picture }) => picture));
  const often = (/** @type {QualityProblem} */ problem) => faces.filter(({ shortcoming }) => shortcoming === problem).length > faces.length / 2;
  if (faces.length ? often('too_dark') : level < DARK) return warn(fault('light_dark'));
  if (faces.length ? often('too_bright') : level > BRIGHT) return warn(fault('light_bright'));
  return ok(faces.length ? 'check.light.ok' : 'check.light.nobody', {});
}

/** A live picture is never twice the same: a corner of it changes. @param {Uint8ClampedArray<ArrayBuffer>} pixels @param {number} index @returns {Frame} */
function frameOf(pixels, index) {
  const copy = new Uint8ClampedArray(pixels);
  copy[0] = index & 255;
  return { buffer: copy.buffer, width: WIDTH, height: HEIGHT, timeMs: performance.now() };
}
