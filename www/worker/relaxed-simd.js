/** Which of the engine module's two builds a browser takes: asked by the page and by the service worker. */

/** A module with one function that multiplies and adds in one instruction: valid only where relaxed SIMD is known. */
const RELAXED_SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
]);

/** Whether the engine's build for relaxed SIMD runs here, as far as the browser says. */
export const knowsRelaxedSimd = () => WebAssembly.validate(RELAXED_SIMD_MODULE);
