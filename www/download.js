/** Fetches the engine's files in the worker, with progress in bytes over all of them, and says plainly what failed. */
import { files } from './files.js';
import { fault } from './messages.js';

/** @import { Progress } from './types.js' */
/** @import { FetchedFile } from './files.js' */

/** Progress is told at most so often: it is for people. */
const PROGRESS_EVERY_MS = 50;

export class Download {
  #loaded = 0;
  #total = [files.wasm, files.manifest, ...Object.values(files.models)].reduce((sum, file) => sum + file.bytes, 0);
  #told = 0;
  #tell;

  /** @param {(progress: Progress) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** The compiled module; its integrity is checked by the browser. @returns {Promise<WebAssembly.Module>} */
  async module() {
    const file = files.wasm;
    const options = file.integrity ? { integrity: file.integrity } : {};
    let response;
    try {
      response = await fetch(addressOf(file), options);
    } catch (error) {
      // A wrong hash and a broken connection reject alike: only if the file can be had is it the file's fault.
      const there = await fetch(addressOf(file), { method: 'HEAD', cache: 'no-store' }).then((answer) => answer.ok, () => false);
      throw there ? fault('program_damaged') : failure(error);
    }
    if (!response.ok) throw failure(response.status);
    try {
      const module = await WebAssembly.compileStreaming(response);
      this.#count('brow_bg.wasm', file.bytes);
      return module;
    } catch (error) {
      console.error(error);
      throw fault('program_damaged');
    }
  }

  /** @returns {Promise<string>} */
  async manifest() {
    return new TextDecoder().decode(await this.#bytes('manifest.json', files.manifest));
  }

  /** A network as the manifest names it. @param {string} name @returns {Promise<Uint8Array>} */
  async model(name) {
    const file = files.models[name];
    if (!file) throw fault('download_failed');
    return this.#bytes(name, file);
  }

  /** @param {string} name @param {FetchedFile} file @returns {Promise<Uint8Array>} */
  async #bytes(name, file) {
    let counted = 0;
    try {
      const response = await fetch(addressOf(file));
      if (!response.ok || !response.body) throw failure(response.status);
      /** @type {Uint8Array[]} */
      const parts = [];
      let length = 0;
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        length += part.value.length;
        const step = Math.min(part.value.length, Math.max(0, file.bytes - counted));
        counted += step;
        this.#count(name, step);
      }
      return join(parts, length);
    } catch (error) {
      this.#loaded -= counted;
      throw failure(error);
    }
  }

  /** @param {string} name @param {number} bytes */
  #count(name, bytes) {
    this.#loaded += bytes;
    const now = performance.now();
    if (now - this.#told < PROGRESS_EVERY_MS && this.#loaded < this.#total) return;
    this.#told = now;
    this.#tell({ event: 'progress', file: name, loaded: this.#loaded, total: this.#total });
  }
}

/** @param {FetchedFile} file */
function addressOf(file) {
  return new URL(file.url, import.meta.url);
}

/** @param {unknown} cause what fetch threw, a fault, or a status @returns {import('./types.js').Fault} */
function failure(cause) {
  if (cause && typeof cause === 'object' && 'remedy' in cause) return /** @type {import('./types.js').Fault} */ (cause);
  console.warn('brow: a download failed:', cause);
  return fault(navigator.onLine ? 'download_failed' : 'offline');
}

/** @param {Uint8Array[]} parts @param {number} length */
function join(parts, length) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
