/**
 * Asks the browser, before anything is loaded, whether it can do what the page needs. Whether workers may be modules
 * shows only when one is made: see client.js.
 */
import { fault } from '../words/messages.js';

/** @import { Fault } from '../types.js' */

/** A module with one function that adds two 128-bit vectors: valid only where WebAssembly SIMD is known. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** @returns {Fault | null} why the page can't work in this browser, or null */
export function unsupported() {
  if (!globalThis.isSecureContext) return fault('browser_insecure');
  if (typeof WebAssembly !== 'object' || typeof WebAssembly.compileStreaming !== 'function') return fault('browser_no_wasm');
  if (!WebAssembly.validate(SIMD_MODULE)) return fault('browser_no_simd');
  if (typeof Worker !== 'function') return fault('browser_no_module_worker');
  return null;
}

/** A picture of known pixels: so many to a side, in squares of two colours. */
const KNOWN_SIDE = 16;
/** A value that is read back may be so far from what was drawn: some browsers add a little noise, which harms nothing. */
const NOISE = 12;

/**
 * Whether the browser gives other pixels than were drawn, as some do against being recognised by them (Tor Browser, LibreWolf,
 * Firefox with `privacy.resistFingerprinting`): then no picture of a camera or a file can be looked at.
 */
export function picturesScrambled() {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = KNOWN_SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  const colours = [[200, 60, 20], [20, 120, 220]];
  const colourAt = (/** @type {number} */ x, /** @type {number} */ y) => colours[((x >> 2) + (y >> 2)) & 1];
  for (let y = 0; y < KNOWN_SIDE; y += 4) {
    for (let x = 0; x < KNOWN_SIDE; x += 4) {
      context.fillStyle = `rgb(${colourAt(x, y).join(' ')})`;
      context.fillRect(x, y, 4, 4);
    }
  }
  const { data } = context.getImageData(0, 0, KNOWN_SIDE, KNOWN_SIDE);
  let wrong = 0;
  for (let at = 0; at < KNOWN_SIDE * KNOWN_SIDE; at++) {
    const colour = colourAt(at % KNOWN_SIDE, Math.floor(at / KNOWN_SIDE));
    if (colour.some((value, part) => Math.abs(value - data[4 * at + part]) > NOISE)) wrong += 1;
  }
  return wrong > KNOWN_SIDE;
}
