/**
 * The service worker: keeps one release whole on this device, so that every page of it opens without a network.
 *
 * A release has a cache of its own. It is filled while the release before goes on serving, each file is held to its
 * SHA-256, and then the engine out of that cache must pass its self-test. Only a release that did is kept; if anything
 * fails, its cache is dropped and the old one stays. It takes over when a page says so or when all pages were closed, and
 * from then on every page and file comes from it: two releases are never mixed.
 *
 * It fetches what its release lists, and nothing else; other requests it leaves to the browser and the page's policy.
 */
import init, { Engine } from './worker/brow.js';
import { addModels, readModels } from './worker/models.js';
import { knowsRelaxedSimd } from './worker/relaxed-simd.js';
import { release } from './offline/release.js';
import { passes } from './worker/self-test.js';
import { hex, sha256 } from './vault/crypto.js';

/** @typedef {{waitUntil: (work: Promise<unknown>) => void, respondWith: (answer: Promise<Response>) => void, request: Request,
 *   data: unknown, ports: readonly MessagePort[]}} WorkerEvent */
/** @typedef {{registration: ServiceWorkerRegistration, skipWaiting: () => Promise<void>,
 *   clients: {matchAll: (options: object) => Promise<{postMessage: (message: unknown) => void}[]>},
 *   addEventListener: (type: string, listener: (event: WorkerEvent) => void) => void}} Scope */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));
const base = scope.registration.scope;
/** Several sites may share an origin, each below a path of its own. */
const PREFIX = `brow ${new URL(base).pathname} `;
const NAME = `${PREFIX}${release.id}`;
/** So many files are fetched at a time. */
const AT_A_TIME = 6;

const addressOf = (/** @type {string} */ path) => new URL(path, base).href;

/** Why a release was not taken. */
class Refusal extends Error {
  /** @param {'update_unreachable' | 'update_damaged' | 'update_failed'} code @param {string} detail */
  constructor(code, detail) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/**
 * Fetches a file and keeps it if it is what it should be. What the browser has kept may be damaged or of another release:
 * then it is fetched anew.
 * @param {Cache} cache
 * @param {string} path
 * @param {string} hash
 */
async function keep(cache, path, hash) {
  const hashed = path.startsWith('assets/');
  for (const mode of /** @type {RequestCache[]} */ (hashed ? ['default', 'reload'] : ['reload'])) {
    let response;
    let bytes;
    try {
      response = await fetch(addressOf(path), { cache: mode, credentials: 'same-origin' });
      bytes = new Uint8Array(await response.arrayBuffer());
    } catch {
      throw new Refusal('update_unreachable', path);
    }
    if (!response.ok || hex(await sha256(bytes)) !== hash) continue;
    // The body is unpacked already; the other headers, the policy among them, belong to the page.
    const headers = new Headers(response.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
    await cache.put(addressOf(path), new Response(bytes, { headers }));
    return;
  }
  throw new Refusal('update_damaged', path);
}

/** @param {Cache} cache @param {string} path @returns {Promise<Response>} */
async function kept(cache, path) {
  const response = await cache.match(addressOf(path));
  if (!response) throw new Refusal('update_failed', `${path} was not kept`);
  return response;
}

/** Keeps the build of the module that this browser takes, as download.js chooses it. @param {Cache} cache @returns {Promise<WebAssembly.Module>} */
async function keepModule(cache) {
  const { plain, relaxed } = release.engine.wasm;
  let cause;
  for (const path of knowsRelaxedSimd() ? [relaxed, plain] : [plain]) {
    await keep(cache, path, release.files[path]);
    try {
      return await WebAssembly.compile(await (await kept(cache, path)).arrayBuffer());
    } catch (error) {
      cause = error;
    }
  }
  throw new Refusal('update_failed', String(cause));
}

/** Starts the engine out of what was kept, and asks it something whose answer is known. @param {Cache} cache @param {WebAssembly.Module} module */
async function test(cache, module) {
  const { manifest, models, picture } = release.engine;
  let right = false;
  try {
    await init({ module_or_path: module });
    const engine = new Engine(await (await kept(cache, manifest)).text());
    const files = Object.entries(models).map(async ([file, path]) => /** @type {[string, Blob]} */ ([file, await (await kept(cache, path)).blob()]));
    addModels(engine, await readModels(await Promise.all(files)));
    right = await passes(engine, await (await kept(cache, picture)).blob());
    engine.free();
  } catch (error) {
    throw new Refusal('update_failed', String(error));
  }
  if (!right) throw new Refusal('update_failed', 'the answer is wrong');
}

async function install() {
  try {
    const cache = await caches.open(NAME);
    const builds = Object.values(release.engine.wasm);
    const waiting = Object.entries(release.files).filter(([path]) => !builds.includes(path));
    await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await keep(cache, ...next);
    }));
    await test(cache, await keepModule(cache));
  } catch (error) {
    await caches.delete(NAME);
    const code = error instanceof Refusal ? error.code : 'update_unreachable';
    console.warn('brow: this release is not taken:', String(error));
    const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
    for (const page of pages) page.postMessage({ brow: 'refused', code });
    throw error;
  }
}

/**
 * Drops the releases before, but for the last: pages that are open may still be of that, and ask for more of its files.
 * Their names hold the hash of their content, so this mixes nothing.
 */
async function tidy() {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

/** The file that an address asks for, as the list names it; null where it is none of ours. @param {URL} url */
function pathOf(url) {
  if (!url.href.startsWith(base)) return null;
  const path = decodeURIComponent(`${url.origin}${url.pathname}`.slice(base.length));
  const known = [path || 'index.html', `${path}.html`].find((candidate) => Object.hasOwn(release.files, candidate));
  if (known) return known;
  return path.startsWith('assets/') ? path : null;
}

/** @param {Request} request @param {string} path @returns {Promise<Response>} */
async function answer(request, path) {
  const own = await (await caches.open(NAME)).match(addressOf(path));
  if (own) return own;
  // Of the release before, whose page is still open; or cleared by the browser.
  const older = path.startsWith('assets/') ? await caches.match(addressOf(path)) : undefined;
  return older ?? fetch(request);
}

/** How many files are not here any more. */
async function missing() {
  const cache = await caches.open(NAME);
  const here = new Set((await cache.keys()).map(({ url }) => url));
  const builds = Object.values(release.engine.wasm);
  const gone = Object.keys(release.files).filter((path) => !builds.includes(path) && !here.has(addressOf(path))).length;
  // One build of the engine is enough: the one that this browser takes.
  return builds.some((path) => here.has(addressOf(path))) ? gone : gone + 1;
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(tidy()));
scope.addEventListener('fetch', (event) => {
  const path = event.request.method === 'GET' ? pathOf(new URL(event.request.url)) : null;
  if (path !== null) event.respondWith(answer(event.request, path));
});
scope.addEventListener('message', (event) => {
  if (event.data === 'switch') event.waitUntil(scope.skipWaiting());
  if (event.data === 'status') event.waitUntil(missing().then((count) => event.ports[0].postMessage({ missing: count })));
});
