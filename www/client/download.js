/**
 * Fetches all that the engine needs, with progress in bytes over all files, and says plainly what failed. The page does
 * this, not the worker: once everything is here, the page can give up its right to fetch anything (see client.js), and a
 * worker that has to be started again needs no network.
 */
import { BrowError } from '../words/errors.js';
import { files } from './files.js';
import { fault } from '../words/messages.js';
import { knowsRelaxedSimd } from '../worker/relaxed-simd.js';

/** @import { EngineBuild, EngineFiles, Progress } from '../types.js' */
/** @import { FetchedFile } from './files.js' */

/** @type {Record<EngineBuild, FetchedFile>} */
const FILE_OF = { plain: files.wasm, relaxed: files.wasmRelaxed };
/** Progress is told at most so often: it is for people. */
const PROGRESS_EVERY_MS = 50;
/** Where Vite's development server puts what it makes one file of; the files that are fetched do not come along. */
const MOVED = /\/\.vite\//;

/**
 * What is being fetched or is here, for every client of the page: it is the same, and a sealed page could not fetch it again.
 * By the address of the pack, empty for this release's own.
 * @type {Map<string, {fetching: Promise<EngineFiles> | null, listeners: Set<(progress: Progress) => void>}>}
 */
const fetched = new Map();

/**
 * All files of the engine; fetched once a page, again only after a failure.
 * @param {(progress: Progress) => void} tell
 * @param {string} pack the address of a folder of this origin with other networks; empty: this release's own
 * @returns {Promise<EngineFiles>}
 * @throws {BrowError} offline, download_failed, program_damaged, pack_elsewhere, pack_unreadable, second_runtime
 */
export async function engineFiles(tell, pack) {
  if (MOVED.test(files.wasm.url)) throw new BrowError(fault('bundler_moved'));
  const one = fetched.get(pack) ?? { fetching: null, listeners: new Set() };
  fetched.set(pack, one);
  one.listeners.add(tell);
  const fetching = one.fetching ??= fetchEngine(pack, (progress) => {
    for (const listener of one.listeners) listener(progress);
  });
  try {
    return await fetching;
  } catch (error) {
    if (one.fetching === fetching) one.fetching = null;
    throw error;
  } finally {
    one.listeners.delete(tell);
  }
}

/** @param {string} address @param {(progress: Progress) => void} tell @returns {Promise<EngineFiles>} */
async function fetchEngine(address, tell) {
  const build = knowsRelaxedSimd() ? 'relaxed' : 'plain';
  const pack = address ? await readPack(address) : { ...files, text: null };
  const beside = { ...pack.models, ...pack.secondRuntime };
  const names = Object.keys(beside);
  const networks = names.map((name) => beside[name]);
  const count = counter(tell, [FILE_OF[build], ...networks, ...(pack.text === null ? [pack.manifest] : [])]);
  const [engine, manifest, ...models] = await Promise.all([
    fetchEitherBuild(build, count),
    pack.text ?? fetchText('manifest.json', pack.manifest, count),
    ...networks.map((file, index) => fetchBlob(names[index], file, count).catch((error) => {
      throw names[index] in pack.secondRuntime && error.code === 'download_failed' ? new BrowError(fault('second_runtime')) : error;
    })),
  ]);
  return { ...engine, manifest, models: new Map(names.map((name, index) => [name, models[index]])) };
}

/** @param {string} address @returns {URL | null} null where it is none */
function folderOf(address) {
  try {
    return new URL(address.endsWith('/') ? address : `${address}/`, document.baseURI);
  } catch {
    return null;
  }
}

/** What a file of a pack is called: it lies in the pack's own folder. */
const FILE_NAME = /^[\w.-]+$/;

/**
 * Another pack than the release's own: its manifest, and where the files are that it names. It holds the networks to their
 * hashes, as the engine checks; it is itself trusted as whatever else comes from this origin.
 * @param {string} address
 * @returns {Promise<Pick<typeof files, 'manifest' | 'models' | 'secondRuntime'> & {text: string}>}
 */
async function readPack(address) {
  const folder = folderOf(address);
  if (folder?.origin !== location.origin) throw new BrowError(fault('pack_elsewhere'));
  const manifest = { url: new URL('manifest.json', folder).href, bytes: 0, integrity: '' };
  const text = await fetchText('manifest.json', manifest, () => {}).catch((error) => {
    throw error.code === 'offline' ? error : new BrowError(fault('pack_unreadable'));
  });
  /** @param {{file: string, bytes: number}} entry @returns {[string, FetchedFile]} */
  const fileOf = ({ file, bytes }) => {
    if (!FILE_NAME.test(file)) throw new TypeError(`${file} is no file's name`);
    return [file, { url: new URL(file, folder).href, bytes: Number(bytes), integrity: '' }];
  };
  try {
    const { models, second_runtime: second } = JSON.parse(text);
    return { text, manifest, models: Object.fromEntries(models.map(fileOf)), secondRuntime: Object.fromEntries(second ? [fileOf(second)] : []) };
  } catch (error) {
    console.warn('brow: the manifest of the pack:', error);
    throw new BrowError(fault('pack_unreadable'));
  }
}

/** @typedef {(file: string, bytes: number) => void} Count */

/** Adds bytes up and tells of them. @param {(progress: Progress) => void} tell @param {FetchedFile[]} all @returns {Count} */
function counter(tell, all) {
  const total = all.reduce((sum, file) => sum + file.bytes, 0);
  let loaded = 0;
  let told = -Infinity;
  return (file, bytes) => {
    loaded += bytes;
    const now = performance.now();
    if (now - told < PROGRESS_EVERY_MS && loaded < total) return;
    told = now;
    tell({ file, loaded, total });
  };
}

/**
 * The compiled module. Where that for relaxed SIMD does not compile or cannot be had (the service worker has kept the plain
 * one before the browser learned the other), the plain one takes its place.
 * @param {EngineBuild} build
 * @param {Count} count
 * @returns {Promise<Pick<EngineFiles, 'module' | 'build'>>}
 */
async function fetchEitherBuild(build, count) {
  try {
    const module = await fetchModule(FILE_OF[build]);
    count('brow_bg.wasm', FILE_OF[build].bytes);
    return { module, build };
  } catch (error) {
    if (build === 'plain') throw error;
    console.warn('brow: the plain build of the module takes the place of that for relaxed SIMD:', error);
    const engine = await fetchEitherBuild('plain', () => {});
    count('brow_bg.wasm', FILE_OF[build].bytes);
    return engine;
  }
}

/** @param {FetchedFile} file @returns {Promise<Response>} of a file whose integrity the browser has checked */
async function fetchChecked(file) {
  let response;
  try {
    response = await fetch(addressOf(file), file.integrity ? { integrity: file.integrity } : {});
  } catch (error) {
    // A wrong hash and a broken connection reject alike: only if the file can be had is it the file's fault.
    const there = await fetch(addressOf(file), { method: 'HEAD', cache: 'no-store' }).then((answer) => answer.ok, () => false);
    throw there ? new BrowError(fault('program_damaged')) : failure(error);
  }
  if (!response.ok) throw failure(response.status);
  return response;
}

/** A build of the module, compiled. @param {FetchedFile} file @returns {Promise<WebAssembly.Module>} */
async function fetchModule(file) {
  const response = await fetchChecked(file);
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    console.warn('brow: the module does not compile:', error);
    throw new BrowError(fault('program_damaged'));
  }
}

/** @param {string} name @param {FetchedFile} file @param {Count} count @returns {Promise<string>} */
async function fetchText(name, file, count) {
  const response = await fetchChecked(file);
  const text = await response.text().catch((error) => {
    throw failure(error);
  });
  count(name, file.bytes);
  return text;
}

/** The worker's script, fetched once a page. @type {Promise<Blob> | null} */
let script = null;

/**
 * The worker as a Blob of what was checked: it starts from there, whatever the host sends later, and imports nothing.
 * @returns {Promise<Blob>}
 * @throws {BrowError} as engineFiles
 */
export async function workerScript() {
  const fetching = script ??= fetchChecked(files.worker).then(async (response) => new Blob([await response.text()], { type: 'text/javascript' }));
  try {
    return await fetching;
  } catch (error) {
    if (script === fetching) script = null;
    throw failure(error);
  }
}

/** Where the worker's script lies, for pages whose policy lets none start from a Blob. */
export const workerAddress = () => addressOf(files.worker);

/**
 * A file as a Blob: handing it to a worker, however often, copies nothing.
 * @param {string} name
 * @param {FetchedFile} file
 * @param {Count} count
 * @returns {Promise<Blob>}
 */
async function fetchBlob(name, file, count) {
  try {
    const response = await fetch(addressOf(file));
    if (!response.ok || !response.body) throw failure(response.status);
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const parts = [];
    let counted = 0;
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      // A file that is longer than it should be does not make the bar overflow; the engine refuses it.
      const step = Math.min(part.value.length, file.bytes - counted);
      counted += step;
      count(name, step);
    }
    return new Blob(parts);
  } catch (error) {
    throw failure(error);
  }
}

/** @param {FetchedFile} file */
function addressOf(file) {
  return new URL(file.url, import.meta.url);
}

/** @param {unknown} cause what fetch threw, a fault, or a status @returns {BrowError} */
function failure(cause) {
  if (cause instanceof BrowError) return cause;
  console.warn('brow: a download failed:', cause);
  return new BrowError(fault(navigator.onLine ? 'download_failed' : 'offline'));
}
