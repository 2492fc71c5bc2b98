/**
 * Handing the networks to the engine. The browser hashes them, beside whatever else goes on; in the module this would take
 * half of the time of loading.
 */
import { fault } from '../words/messages.js';
import { sha256 } from '../vault/crypto.js';

/** @import { Engine } from './brow.js' */

/** @typedef {{bytes: Uint8Array, digest: Uint8Array}} Model a network's file and the SHA-256 of it */

/** @param {Iterable<[string, Blob]>} files by the names that the manifest has for them @returns {Promise<Map<string, Model>>} */
export async function readModels(files) {
  return new Map(await Promise.all(Array.from(files, async ([name, file]) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return /** @type {[string, Model]} */ ([name, { bytes, digest: await sha256(bytes) }]);
  })));
}

/** Gives the engine all networks; it refuses those that are not the manifest's. @param {Engine} engine @param {Map<string, Model>} models */
export function addModels(engine, models) {
  for (const { role, file } of engine.models()) {
    const model = models.get(file);
    if (!model) throw fault('model_damaged');
    engine.addModel(role, model.bytes, model.digest);
  }
}
