/**
 * The service worker: keeps one release whole on this device, so that every page of it opens without a network.
 *
 * A release has a cache of its own. It is filled while the release before goes on serving, each file is held to its
 * SHA-256, and then the engine out of that cache must pass its self-test. Only a release that did is kept; if anything
 * fails, its cache is dropped and the old one stays. It takes over when a page says so or when all pages were closed, and
 * from then on every page and file comes from it: two releases are never mixed.
 *
 * It fetches what its release lists, and nothing else; other requests it leaves to the browser and the page's policy. Every
 * script of this origin can write into its caches: what it serves out of them is compared with the list again, each time, and
 * gets the headers of the release.
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
/** The first visit fetches for itself; a page that never says that it is done is not waited for longer. */
const BEGIN_MS = 60_000;
const TYPES = /** @type {Record<string, string>} */ ({
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json', wasm: 'application/wasm', svg: 'image/svg+xml', png: 'image/png', jpg: 'image/jpeg',
});

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
 * SHA-256 as the list has it: of a page without the hash of this service worker in it, which holds the page's own.
 * @param {string} path
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function hashOf(path, bytes) {
  if (!path.endsWith('.html')) return hex(await sha256(bytes));
  const page = new TextDecoder().decode(bytes).replace(/(<meta name="brow-service-worker" content=")[^"]*/, '$1');
  return hex(await sha256(new TextEncoder().encode(page)));
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
    if (!response.ok || (await hashOf(path, bytes)) !== hash) continue;
    // The body is unpacked already.
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
    const text = await (await kept(cache, manifest)).text();
    const engine = new Engine(text);
    const files = Object.entries(models).map(async ([file, path]) => /** @type {[string, Blob]} */ ([file, await (await kept(cache, path)).blob()]));
    addModels(engine, text, await readModels(await Promise.all(files)));
    right = await passes(engine, await (await kept(cache, picture)).blob());
    engine.free();
  } catch (error) {
    throw new Refusal('update_failed', String(error));
  }
  if (!right) throw new Refusal('update_failed', 'the answer is wrong');
}

/** Resolved when a page says that it has all that it needs. */
const begun = new Promise((resolve) => {
  scope.addEventListener('message', ({ data }) => data === 'begin' && resolve(undefined));
});

async function install() {
  if (!scope.registration.active) await Promise.race([begun, new Promise((resolve) => setTimeout(resolve, BEGIN_MS))]);
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

/**
 * What a path is sent with: as the release says. Who may frame it is the host's to say (docs/KIOSK.md), where it says anything.
 * @param {string} path
 * @param {Headers} sent as it came from the host
 */
function headersFor(path, sent) {
  const rule = release.headers.find((one) => one.path === `/${path}`) ?? release.headers.find((one) => one.path === '/*');
  const headers = new Headers(rule?.headers);
  headers.set('Content-Type', TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
  const ancestors = /frame-ancestors [^;,]+/.exec(sent.get('Content-Security-Policy') ?? '')?.[0];
  const policy = headers.get('Content-Security-Policy');
  if (!ancestors || !policy) return headers;
  headers.set('Content-Security-Policy', policy.replace(/frame-ancestors [^;,]+/, ancestors));
  for (const name of ['X-Frame-Options', 'Cross-Origin-Resource-Policy']) {
    const value = sent.get(name);
    if (value) headers.set(name, value);
    else headers.delete(name);
  }
  return headers;
}

/**
 * A file out of a cache, if it is what it should be.
 * @param {Response | undefined} response
 * @param {string} path
 * @param {(hash: string) => boolean} right
 * @returns {Promise<Response | null>}
 */
async function checked(response, path, right) {
  if (!response) return null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return right(await hashOf(path, bytes)) ? new Response(bytes, { headers: headersFor(path, response.headers) }) : null;
}

/** @param {Request} request @param {string} path @returns {Promise<Response>} */
async function answer(request, path) {
  const cache = await caches.open(NAME);
  const own = release.files[path];
  if (own) {
    const right = (/** @type {string} */ hash) => hash === own;
    const here = await checked(await cache.match(addressOf(path)), path, right);
    if (here) return here;
    // Cleared by the browser, or written over by somebody: as it comes from the host, if that is it.
    await cache.delete(addressOf(path));
    await keep(cache, path, own).catch(() => {});
    return (await checked(await cache.match(addressOf(path)), path, right)) ?? fetch(request);
  }
  // Of the release before, whose page is still open: its name holds the hash of its content.
  const [, named] = /\.([0-9a-f]{10})\.(?!html)[a-z]+$/.exec(path) ?? [];
  const older = named ? await checked(await caches.match(addressOf(path)), path, (hash) => hash.startsWith(named)) : null;
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
  if (event.data === 'update') event.waitUntil(scope.registration.update().catch(() => {}));
  if (event.data === 'status') event.waitUntil(missing().then((count) => event.ports[0].postMessage({ missing: count })));
});
