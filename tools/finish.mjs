/**
 * Finishes a release: `finish(folder)` writes www/, models/ and the compiled engine into a folder.
 *
 *   *.html, sw.js, app.webmanifest, _headers   fetched anew every time
 *   assets/**                                  everything else, each name with a hash of its content: cached for ever
 *
 * References between files are rewritten to the hashed names, so one page never mixes two releases. HTML gets the
 * integrity of its scripts, of all modules that they import, and of its styles; files.js holds that of the worker, of the
 * WebAssembly module's two builds and of the manifest, which holds that of the networks; hashes.js that of the languages.
 * No bundler for the page: the modules are few, and what a sceptic reads is what we wrote. The worker is one script
 * (bundle.mjs), for nothing holds the imports of a worker to a hash.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { pageColours } from '../www/ui/colours.js';
import { chartStyle } from '../www/ui/chart.js';
import { meterStyle } from '../www/ui/meter.js';
import { LANGUAGES, text } from '../www/words/messages.js';
import { bundle } from './bundle.mjs';
import { ENGINE_ROOM, PLAIN, RELAXED, integrity, packFiles, packFolder, sha, webDir } from './engine-files.mjs';
import { withFrameOrigins } from './frame-origins.mjs';
import { rules } from './hosts.mjs';
import { withImports } from './imports.mjs';
import { root } from './setup.mjs';
import { SPECIAL } from './special.mjs';

const www = join(root, 'www');
const COMPRESSED = new Set(['.html', '.css', '.js', '.json', '.svg', '.wasm', '.onnx', '.webmanifest']);
const COMPRESSED_BEFORE = join(root, 'target/compressed');
/** Each one script with all of its modules in it. */
const WORKERS = [SPECIAL.worker, SPECIAL.proveWorker];
/** The room of the networks, and what lists them. */
const PACK_ROOM = 'models';
const PACK_MANIFEST = `${PACK_ROOM}/manifest.json`;
/** Left out of the release: declarations for the type checker. */
const NOT_SHIPPED = /(^|\/)types\.js$|\.d\.ts$/;
/** What trunk is told of the engine stands in the page's source only. */
const FOR_TRUNK = /\s*<link data-trunk\b[^>]*>/g;
/** Lies beside the pages under its own name. */
const isFixed = (path) => path.endsWith('.html') || path === SPECIAL.manifest || path === SPECIAL.serviceWorker;

/** All files under a folder, as slash-separated paths relative to it. */
function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).split('\\').join('/'));
}

/** @returns {Map<string, Buffer>} every source file by its path as the modules see it */
function gather() {
  const sources = new Map();
  for (const path of listFiles(www)) if (!NOT_SHIPPED.test(path)) sources.set(path, readFileSync(join(www, path)));
  sources.set(SPECIAL.style, Buffer.concat([Buffer.from(pageColours() + meterStyle + chartStyle), sources.get(SPECIAL.style)]));
  const framed = withFrameOrigins({ page: String(sources.get(SPECIAL.frame)), headers: String(sources.get(SPECIAL.headers)) }, process.env.FRAME_ORIGINS ?? '');
  sources.set(SPECIAL.frame, Buffer.from(framed.page)).set(SPECIAL.headers, Buffer.from(framed.headers));
  for (const name of ['brow.js', PLAIN, RELAXED]) sources.set(`${ENGINE_ROOM}/${name}`, readFileSync(join(webDir, name)));
  sources.set(SPECIAL.notes, readFileSync(join(root, 'docs/SECURITY.md')));
  const pack = packFolder();
  for (const file of ['manifest.json', ...packFiles(pack)]) sources.set(`${PACK_ROOM}/${file}`, readFileSync(join(pack, file)));
  return sources;
}

/** Adds a script to every page. @param {Map<string, Buffer>} sources @param {string} path @param {string} script */
function addScript(sources, path, script) {
  for (const [page, bytes] of sources) if (page.endsWith('.html')) sources.set(page, Buffer.from(String(bytes).replace('</body>', `<script src="${path}"></script></body>`)));
  sources.set(path, Buffer.from(script));
}

/** A module of made values. */
const moduleOf = (name, value) => Buffer.from(`export const ${name} = ${JSON.stringify(value, null, 2)};\n`);

/** The pack's files, by the names that its manifest has for them. @param {Map<string, Buffer>} sources */
const packed = (sources) => new Map([...sources.keys()].filter((path) => path.startsWith(`${PACK_ROOM}/`) && path !== PACK_MANIFEST).map((path) => [path.slice(PACK_ROOM.length + 1), path]));

/** What files.js tells the page: where each fetched file lies, how long it is, and its integrity. */
function filesModule(sources, resolve) {
  const entry = (path) => {
    const { address, bytes } = resolve(path);
    return { url: address, bytes: bytes.length, integrity: integrity(bytes) };
  };
  const [models, secondRuntime] = [true, false].map((isNetwork) => Object.fromEntries([...packed(sources)]
    .filter(([name]) => name.endsWith('.onnx') === isNetwork).map(([name, path]) => [name, entry(path)])));
  return moduleOf('files', {
    wasm: entry(SPECIAL.wasm), wasmRelaxed: entry(SPECIAL.wasmRelaxed), manifest: entry(PACK_MANIFEST), worker: entry(SPECIAL.worker), models, secondRuntime,
  });
}

/** What hashes.js tells of the tables that are imported when they are asked for. */
function hashesModule(resolve) {
  return moduleOf('hashes', Object.fromEntries(Object.keys(LANGUAGES).filter((tag) => tag !== 'en').map((tag) => {
    const { address, bytes } = resolve(`words/texts/${tag}.js`);
    return [tag, { url: address, integrity: integrity(bytes) }];
  })));
}

/** What the page that proves fetches. */
function proveFilesModule(resolve) {
  const worker = resolve(SPECIAL.proveWorker);
  return moduleOf('files', { worker: { url: worker.address, integrity: integrity(worker.bytes) }, arrived: { url: resolve(SPECIAL.arrived).address } });
}

/** Gives every asset its hashed name; a file is named only after all that it refers to. */
class Assets {
  constructor(sources) {
    this.sources = sources;
    /** @type {Map<string, {address: string, bytes: Buffer, imports: string[]}>} */
    this.done = new Map();
    this.open = [];
  }

  /** @param {string} path @returns {{address: string, bytes: Buffer, imports: string[]}} address: relative to assets/ */
  resolve(path) {
    const known = this.done.get(path);
    if (known) return known;
    if (this.open.includes(path)) throw new Error(`modules refer to each other in a circle: ${[...this.open, path].join(' -> ')}`);
    if (!this.sources.has(path)) throw new Error(`${this.open.at(-1) ?? 'a page'} refers to ${path}, which does not exist`);
    this.open.push(path);
    const imports = [];
    let bytes = this.sources.get(path);
    const near = (target) => {
      const found = this.resolve(target);
      return { ...found, address: posix.relative(posix.dirname(path), found.address) };
    };
    if (path === SPECIAL.files) bytes = filesModule(this.sources, near);
    else if (path === SPECIAL.hashes) bytes = hashesModule(near);
    else if (path === SPECIAL.proveFiles) bytes = proveFilesModule(near);
    else if (WORKERS.includes(path)) bytes = Buffer.from(bundle(path));
    else if (path.endsWith('.js')) bytes = Buffer.from(withImports(bytes.toString('utf8'), ({ name, late }) => {
      const target = posix.join(posix.dirname(path), name);
      // What is imported when it is asked for (a language) is not fetched ahead.
      if (!late) imports.push(target);
      const { address } = near(target);
      return address.startsWith('.') ? address : `./${address}`;
    }));
    this.open.pop();
    const extension = extname(path);
    const address = `${path.slice(0, -extension.length)}.${sha('sha256', bytes, 'hex').slice(0, 10)}${extension}`;
    const asset = { address, bytes, imports };
    this.done.set(path, asset);
    return asset;
  }

  /** A module and all modules that it imports, each once. */
  closure(path, seen = new Set()) {
    if (seen.has(path)) return [];
    seen.add(path);
    return [path, ...this.resolve(path).imports.flatMap((target) => this.closure(target, seen))];
  }
}

const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Writes the words of messages.js into a page, so that it reads well before its scripts run. */
function fillWords(html) {
  return html
    .replace(/(<(\w+)[^>]*\sdata-t="([^"]+)"[^>]*>)(<\/\2>)/g, (_, open, _tag, key, close) => `${open}${escaped(text(key))}${close}`)
    .replace(/\sdata-t-label="([^"]+)"/g, (whole, key) => `${whole} aria-label="${escaped(text(key))}"`);
}

/** A drawn picture as an address of its own: to load it asks nobody. */
const dataUrl = (assets, path) => `data:image/svg+xml;base64,${assets.sources.get(path).toString('base64')}`;

/** Points a page at the hashed assets and adds their integrity; adds the policy for hosts that cannot set headers. */
function rewritePage(html, assets, policy) {
  const preloads = new Set();
  const scripts = new Set();
  let page = fillWords(html.replace(FOR_TRUNK, '')).replace(/<(script|link|img|source|a)\b([^>]*?)\s(src|href)="(\.\/)?([^":#]+)"([^>]*)>/g, (whole, tag, before, attribute, _dot, target, after) => {
    if (!assets.sources.has(target) || isFixed(target)) return whole;
    // The browser asks for it late, when the page has closed its own site to itself.
    if (/rel="icon"/.test(whole)) return `<${tag}${before} ${attribute}="${dataUrl(assets, target)}"${after}>`;
    const asset = assets.resolve(target);
    let check = '';
    if (tag === 'script' || /rel="stylesheet"/.test(whole)) check = ` integrity="${integrity(asset.bytes)}"`;
    if (tag === 'script') {
      scripts.add(target);
      for (const path of assets.closure(target)) preloads.add(path);
    }
    return `<${tag}${before} ${attribute}="./assets/${asset.address}"${check}${after}>`;
  });
  const links = [...preloads].filter((path) => !scripts.has(path)).map((path) => {
    const asset = assets.resolve(path);
    return `  <link rel="modulepreload" href="./assets/${asset.address}" integrity="${integrity(asset.bytes)}">`;
  });
  const meta = policy && !/http-equiv="Content-Security-Policy"/i.test(page)
    ? [`  <meta http-equiv="Content-Security-Policy" content="${policy.replaceAll('"', '&quot;')}">`] : [];
  page = page.replace(/(<meta charset="[^"]+">)/i, `$1\n${[...meta, '  <meta name="brow-service-worker" content="">'].join('\n')}`);
  return page.replace('</head>', `${links.join('\n')}\n</head>`);
}

/** The policy of _headers, less what only a header may say. */
function policyForMeta(headers) {
  const found = /^\s+Content-Security-Policy:\s*(.+)$/mi.exec(headers ?? '');
  if (!found) return null;
  return found[1].split(';').map((part) => part.trim())
    .filter((part) => part && !/^(frame-ancestors|report-uri|report-to|sandbox)\b/.test(part)).join('; ');
}

/** How hard brotli tries. f16 weights gain nothing more from its slowest settings, which take minutes, as they do for what is larger than any module that ships. @param {string} path @param {number} length */
function qualityFor(path, length) {
  if (path.endsWith('.onnx') && length > 100_000) return 5;
  return length > 10_000_000 ? 9 : 10;
}

function writeOut(folder, path, bytes) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  if (!COMPRESSED.has(extname(path)) || bytes.length < 512) return;
  const hash = sha('sha256', bytes, 'hex');
  const quality = qualityFor(path, bytes.length);
  writeFileSync(`${file}.gz`, compressed(`${hash}.gz`, () => gzipSync(bytes, { level: 9 })));
  writeFileSync(`${file}.br`, compressed(`${hash}.${quality}.br`, () => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } })));
}

/** What was compressed once is not compressed again by the next build: nearly all of its time. @param {string} name by the hash of what it was, and how it was compressed @param {() => Buffer} compress */
function compressed(name, compress) {
  const kept = join(COMPRESSED_BEFORE, name);
  if (existsSync(kept)) return readFileSync(kept);
  const result = compress();
  mkdirSync(COMPRESSED_BEFORE, { recursive: true });
  // Builds run beside each other: whoever finds it there must find it whole.
  writeFileSync(`${kept}.${process.pid}`, result);
  renameSync(`${kept}.${process.pid}`, kept);
  return result;
}

/** The manifest of the installed page, with its drawn icon in it: the browser asks for that when the page has closed its own site to itself. */
function rewriteManifest(bytes, assets) {
  const manifest = JSON.parse(bytes.toString('utf8'));
  for (const icon of manifest.icons) {
    icon.src = icon.src.endsWith('.svg') ? dataUrl(assets, icon.src) : `assets/${assets.resolve(icon.src).address}`;
  }
  return Buffer.from(JSON.stringify(manifest, null, 2));
}

/** Where a page carries the hash of the service worker, which holds the hash of the page without it. */
const WORKER_HASH = /(<meta name="brow-service-worker" content=")[^"]*/;

/** Writes sw.js, one script with the list of all files in it. */
function writeServiceWorker(folder, assets, written) {
  const { sources } = assets;
  const addressOf = (path) => `assets/${assets.resolve(path).address}`;
  const hashes = [...written].map(([path, bytes]) => [path, sha('sha256', bytes, 'hex')]).sort(([a], [b]) => (a < b ? -1 : 1));
  const models = Object.fromEntries(Array.from(packed(sources), ([name, path]) => [name, addressOf(path)]));
  const engine = { wasm: { plain: addressOf(SPECIAL.wasm), relaxed: addressOf(SPECIAL.wasmRelaxed) }, manifest: addressOf(PACK_MANIFEST), models, picture: addressOf(SPECIAL.face) };
  const headers = rules(String(sources.get(SPECIAL.headers))).map(({ path, headers }) => ({ path, headers }));
  const all = JSON.stringify([hashes, headers, bundle(SPECIAL.serviceWorker)]);
  const id = sha('sha256', Buffer.from(all), 'hex').slice(0, 16);
  const release = String(moduleOf('release', { id, files: Object.fromEntries(hashes), headers, engine }));
  const script = Buffer.from(bundle(SPECIAL.serviceWorker, { [SPECIAL.release]: release }));
  writeOut(folder, SPECIAL.serviceWorker, script);
  return script;
}

/**
 * @param {string} folder is emptied first
 * @param {{reload?: string | null}} [development] `reload`: a script for every page that loads it anew after a change
 * @returns {number} how many files it holds, but for the compressed copies
 */
export function finish(folder, { reload = null } = {}) {
  const sources = gather();
  if (reload) addScript(sources, 'reload.js', reload);
  const assets = new Assets(sources);
  const policy = policyForMeta(String(sources.get(SPECIAL.headers)));
  rmSync(folder, { recursive: true, force: true });
  /** What the service worker keeps: everything but itself. @type {Map<string, Buffer>} */
  const written = new Map();
  for (const [path, bytes] of sources) {
    if (path.endsWith('.html')) written.set(path, Buffer.from(rewritePage(bytes.toString('utf8'), assets, policy)));
    else if (path === SPECIAL.manifest) written.set(path, rewriteManifest(bytes, assets));
    else if (path === SPECIAL.headers) writeOut(folder, path, bytes);
  }
  // What no page refers to, alone or by what it refers to, lies in the worker's script or in the service worker's.
  for (const { address, bytes } of assets.done.values()) written.set(`assets/${address}`, bytes);
  const serviceWorker = integrity(writeServiceWorker(folder, assets, written));
  for (const [path, bytes] of written) {
    writeOut(folder, path, path.endsWith('.html') ? Buffer.from(bytes.toString('utf8').replace(WORKER_HASH, `$1${serviceWorker}`)) : bytes);
  }
  return listFiles(folder).filter((path) => !/\.(gz|br)$/.test(path)).length;
}
