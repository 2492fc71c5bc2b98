/**
 * Where the engine's files lie, relative to this module, how long they are, and the integrity of each: of the WebAssembly
 * module, of which a browser takes one build, of the manifest, which holds the networks and the second runtime of a pack that needs it to theirs, and of the worker, one
 * script with all of its modules in it. The build replaces this file by one with the real names; the lengths are what progress is counted in.
 *
 * @typedef {{url: string, bytes: number, integrity: string}} FetchedFile
 * @type {{wasm: FetchedFile, wasmRelaxed: FetchedFile, manifest: FetchedFile, worker: FetchedFile, models: Record<string, FetchedFile>, secondRuntime: Record<string, FetchedFile>}} secondRuntime: empty but for a pack that needs it
 */
export const files = {
  wasm: { url: 'brow_bg.wasm', bytes: 0, integrity: '' },
  wasmRelaxed: { url: 'brow_bg_relaxed.wasm', bytes: 0, integrity: '' },
  manifest: { url: 'models/manifest.json', bytes: 0, integrity: '' },
  worker: { url: '../worker/site-worker.js', bytes: 0, integrity: '' },
  models: {},
  secondRuntime: {},
};
