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
