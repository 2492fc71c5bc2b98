/**
 * A camera that is none. Programs can pretend to be a camera and play a recording; some say so by their name, and some play it so well
 * that no sensor could: pictures that come again exactly, clockwork in their times, no noise where nothing moves. None of it proves
 * anything, and its absence proves nothing: it is for the operator to know.
 */

/** What the names of cameras say that are programs. */
const VIRTUAL = /virtual|\bobs\b|manycam|snap camera|xsplit|splitcam|droidcam|iriun|epoccam|camo\b|mmhmm|v4l2loopback|dummy|fake|sparkocam|youcam|webcamoid|e2esoft|vcam|unity video|deepfacelive|avatarify/i;

/** Whether a camera's name says that a program is behind it. @param {string} label */
export function isVirtual(label) {
  return VIRTUAL.test(label);
}

/** Pictures that are remembered to be found again: a minute of a loop at 30 a second. */
const REMEMBERED = 1800;
/** So many different pictures between two that are the same: a loop, not a still room. */
const LOOP_LEAST = 12;
/** So often a picture must come again. */
const REPEATS_LEAST = 8;
/** Times between pictures that differ by less than this many milliseconds (standard deviation) come from a clock. */
const JITTER_MS = 0.02;
const TIMES = 120;
/** Of pictures that change somewhere, so large a part of the rest is exactly the same: no sensor does that. */
const SAME_SHARE = 0.6;
const QUIET_LEAST = 20;
/** Pixels of a picture that are looked at. */
const SAMPLES = 1024;

/** @typedef {'virtual' | 'repeats' | 'jitter' | 'noise'} Suspicion */
/** @import { Watched } from '../types.js' */

/** Watches one camera's pictures. */
export class CameraSuspicion {
  /** @type {Map<number, number>} number of the picture by its fingerprint */
  #seen = new Map();
  #pictures = 0;
  #repeats = 0;
  #quiet = 0;
  #lively = 0;
  /** @type {number[]} */
  #times = [];
  /** @type {Uint8Array | null} */
  #last = null;
  #label;

  /** @param {string} label of the camera */
  constructor(label) {
    this.#label = label;
  }

  /** @param {Uint8ClampedArray | Uint8Array} rgba @param {number | null} time of the picture by the camera's own clock, in milliseconds */
  look(rgba, time) {
    if (time !== null && time !== this.#times.at(-1)) this.#times = [...this.#times.slice(1 - TIMES), time];
    const pixels = rgba.length >> 2;
    const step = Math.max(1, Math.floor(pixels / SAMPLES));
    const sample = new Uint8Array(Math.floor(pixels / step));
    let print = 2166136261;
    for (let i = 0; i < sample.length; i++) {
      const at = 4 * (i * step);
      sample[i] = rgba[at + 1];
      print = Math.imul(print ^ rgba[at] ^ (rgba[at + 1] << 8) ^ (rgba[at + 2] << 16), 16777619);
    }
    const last = this.#last;
    this.#last = sample;
    if (last?.length === sample.length) {
      let same = 0;
      let moved = 0;
      for (let i = 0; i < sample.length; i++) {
        // A pixel that is black or white has no room for noise.
        if (sample[i] === last[i]) same += sample[i] > 16 && sample[i] < 240 ? 1 : 0;
        else if (Math.abs(sample[i] - last[i]) > 12) moved += 1;
      }
      // The same picture handed out twice is neither.
      if (same < sample.length && moved > sample.length / 50) {
        this.#lively += 1;
        if (same > SAME_SHARE * sample.length) this.#quiet += 1;
      }
    }
    const before = this.#seen.get(print);
    if (before !== undefined && this.#pictures - before > LOOP_LEAST) this.#repeats += 1;
    if (before === undefined || this.#pictures - before > 1) this.#pictures += 1;
    this.#seen.delete(print);
    this.#seen.set(print, this.#pictures);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(/** @type {number} */ (this.#seen.keys().next().value));
  }

  /** What speaks against a camera, the plainest first. @returns {Suspicion[]} */
  get why() {
    /** @type {Suspicion[]} */
    const why = [];
    if (isVirtual(this.#label)) why.push('virtual');
    if (this.#repeats >= REPEATS_LEAST) why.push('repeats');
    if (this.#quiet >= QUIET_LEAST && this.#quiet > 0.8 * this.#lively) why.push('noise');
    if (this.#times.length === TIMES) {
      const gaps = this.#times.slice(1).map((time, i) => time - this.#times[i]);
      const mean = gaps.reduce((a, b) => a + b) / gaps.length;
      const spread = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
      if (spread < JITTER_MS) why.push('jitter');
    }
    return why;
  }
}

/** Watches whatever camera is open. */
export class CameraWatch {
  #opened = NaN;
  #camera = new CameraSuspicion('');

  /** @param {Uint8Array} rgba @param {Watched} watched @returns {Suspicion[]} what speaks against it so far */
  look(rgba, { label, opened, timeMs }) {
    if (opened !== this.#opened) this.#camera = new CameraSuspicion(label);
    this.#opened = opened;
    this.#camera.look(rgba, timeMs);
    return this.#camera.why;
  }
}
