/**
 * Where the engine's files lie, relative to this module, how long they are, and the integrity of the WebAssembly
 * module. The build replaces this file by one with the real names; the lengths are what progress is counted in.
 *
 * @typedef {{url: string, bytes: number, integrity: string}} FetchedFile
 * @type {{wasm: FetchedFile, manifest: FetchedFile, models: Record<string, FetchedFile>}}
 */
export const files = {
  wasm: { url: 'brow_bg.wasm', bytes: 0, integrity: '' },
  manifest: { url: 'models/manifest.json', bytes: 0, integrity: '' },
  models: {},
};
