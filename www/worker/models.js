/**
 * Handing the networks to the engine. The browser hashes them, beside whatever else goes on; in the module this would take
 * half of the time of loading.
 */
import { hex, sha256 } from '../vault/crypto.js';
import { raised } from './raised.js';
import { SecondRuntime } from './second-runtime.js';

/** @import { Engine } from './brow.js' */

/** @typedef {{bytes: Uint8Array<ArrayBuffer>, digest: Uint8Array}} Model a network's file and the SHA-256 of it */

/** @param {Iterable<[string, Blob]>} files by the names that the manifest has for them @returns {Promise<Map<string, Model>>} */
export async function readModels(files) {
  return new Map(await Promise.all(Array.from(files, async ([name, file]) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return /** @type {[string, Model]} */ ([name, { bytes, digest: await sha256(bytes) }]);
  })));
}

/**
 * The runtime for networks that the engine's own refuses, of a pack that has one.
 * @param {string} manifest
 * @param {Map<string, Model>} models
 */
function secondRuntime(manifest, models) {
  const { second_runtime: wanted } = JSON.parse(manifest);
  if (!wanted) return null;
  try {
    const { bytes, digest } = /** @type {Model} */ (models.get(wanted.file));
    if (bytes.length === wanted.bytes && hex(digest) === wanted.sha256) return new SecondRuntime(bytes);
  } catch (error) {
    console.warn('brow:', wanted.file, error);
  }
  throw raised('second_runtime');
}

/**
 * Gives the engine all networks; it refuses those that are not the manifest's.
 * @param {Engine} engine of this manifest
 * @param {string} manifest
 * @param {Map<string, Model>} models
 * @returns {Set<string>} the files that the second runtime runs
 */
export function addModels(engine, manifest, models) {
  const second = secondRuntime(manifest, models);
  const onSecond = new Set();
  for (const { role, file } of engine.models()) {
    const model = models.get(file);
    if (!model) throw raised('model_damaged', { file });
    engine.addModel(role, model.bytes, model.digest, second ? (rows, columns) => {
      onSecond.add(file);
      try {
        return second.open(model.bytes, rows, columns);
      } catch (why) {
        // Whoever made the pack reads here what visitors have no use for.
        console.warn('brow:', file, why);
        throw why;
      }
    } : undefined);
  }
  return onSecond;
}
