/**
 * For the vault's browser tests: serves www/ and the engine's module with the headers of production, and opens Chromium on an empty
 * page of it, where a test imports the vault's modules.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PLAIN, webDir } from '../../tools/engine-files.mjs';
import { startServer } from '../../tools/serve.mjs';
import { findChromium } from '../../tools/setup.mjs';
import { engineFolder, frozenHelpers } from '../vault/frozen.mjs';
import { FLAGS, closeBrowser } from './browser.mjs';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));

/** @param {{plain?: boolean, persistent?: boolean, folder?: string}} [options] persistent: a profile on the disk, as a visitor's */
export async function openBrowser({ plain = false, persistent = false, folder } = {}) {
  const own = folder ? null : engineFolder();
  const server = await startServer({ folder: folder ?? own, plain });
  const profile = mkdtempSync(join(tmpdir(), 'brow-profile-'));
  const launch = { executablePath: findChromium(), args: FLAGS };
  const browser = persistent ? null : await chromium.launch(launch);
  let context = persistent ? await chromium.launchPersistentContext(profile, launch) : await browser.newContext();
  /** An empty page of the site: a file of it that runs nothing. */
  const openPage = async () => {
    const page = await context.newPage();
    await page.goto(`${server.url}/vault/types.js`);
    return page;
  };
  return {
    url: server.url,
    profile,
    get context() {
      return context;
    },
    openPage,
    /** A fresh context: no database of the test before. */
    async renew() {
      await context.close();
      context = await browser.newContext();
    },
    /** Ends a page's process at once, as the system does that runs out of memory. */
    async crash(page) {
      const session = await context.newCDPSession(page);
      const crashed = new Promise((resolve) => page.once('crash', resolve));
      void session.send('Page.crash').catch(() => {});
      await crashed;
      await page.close();
    },
    /** Starts the browser again on the same profile. */
    async restart() {
      context = await chromium.launchPersistentContext(profile, launch);
    },
    async close() {
      if (browser) await browser.close();
      else await closeBrowser(context, profile).catch(() => {});
      await server.close();
      if (own) rmSync(own, { recursive: true, force: true });
      // What is left of a killed browser may be writing still.
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/**
 * Serves www/ and the engine's module under /source/ besides: in a release the vault is a part of the worker's one script. The module's bytes
 * are those of a script, `worker/bytes.js`, for a sealed page can fetch nothing else.
 * @param {import('playwright-core').Page} page
 */
export async function serveSource(page) {
  const made = {
    'worker/brow.js': () => readFileSync(join(webDir, 'brow.js'), 'utf8'),
    'worker/bytes.js': () => `export default Uint8Array.from(atob('${readFileSync(join(webDir, PLAIN), 'base64')}'), (letter) => letter.charCodeAt(0));`,
  };
  await page.route('**/source/**', (route) => {
    const path = new URL(route.request().url()).pathname.slice('/source/'.length);
    return route.fulfill({ ...(made[path] ? { body: made[path]() } : { path: join(WWW, path) }), contentType: 'text/javascript' });
  });
}

/**
 * The frame of a file of tests: one browser for all of them, and for each an empty page of a visitor who was never here.
 * @param {(now: {browser: Awaited<ReturnType<typeof openBrowser>>, page: import('playwright-core').Page}) => void | Promise<void>} given called before each test
 * @param {{engine?: boolean, helpers?: (() => void)[]}} [options] engine: the page has the helpers of frozen.mjs; helpers: run inside the page besides
 */
export function onEmptyPages(given, { engine = false, helpers = [] } = {}) {
  let browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    await browser.renew();
    for (const helper of [pageHelpers, ...(engine ? [frozenHelpers] : []), ...helpers]) await browser.context.addInitScript(helper);
    await given({ browser, page: await browser.openPage() });
  });
}

/**
 * Helpers for the inside of the page; `page.addInitScript(pageHelpers)` puts them on `globalThis.t`.
 */
export function pageHelpers() {
  const consent = { text: 'I agree that my template is kept on this device.', version: '1', language: 'en', time: 1 };
  globalThis.t = {
    /** A person with references that look like templates; `seed` makes them differ. */
    person(name, { seed = 1, references = 2, bytes = 900, ...rest } = {}) {
      const list = Array.from({ length: references }, (_, i) => {
        const template = new Uint8Array(bytes);
        for (let j = 0; j < bytes; j += 1) template[j] = (seed * 31 + i * 7 + j * 13 + (j >> 3)) & 255;
        template.set([66, 82, 87, 84]);
        return { template, source: 'camera', mask: 'bare', quality: 0.8, models: { full: 'full-1', periocular: 'periocular-1' }, time: 2 };
      });
      return { name, created: 10 + seed, updated: 10 + seed, consent, expires: null, references: list, picture: null, ...rest };
    },
    /** The engine's module, in which the vault's decisions are, ready to be asked. */
    async module() {
      const module = await import('/worker/brow.js');
      await module.default({ module_or_path: await (await fetch('/worker/brow_bg.wasm')).arrayBuffer() });
      return module;
    },
    async open(options = {}) {
      await this.module();
      const { openStore } = await import('/vault/store.js');
      return openStore({ name: 'test', iterations: 1000, ...options });
    },
    /** The words for an error. */
    async words(error) {
      const { faultOf } = await import('/words/messages.js');
      return faultOf(error);
    },
    /** The code of the error that `work` ends in, and that it has words; null if it succeeds. */
    async failure(work) {
      try {
        await work();
        return null;
      } catch (error) {
        if ((await this.words(error)).code !== error.code) throw error;
        return error.code;
      }
    },
    raw(version) {
      return new Promise((resolve, reject) => {
        const request = indexedDB.open('test', version);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    },
    /** Works on the object stores directly, as somebody with the developer tools would. */
    async tamper(stores, work) {
      const db = await this.raw();
      const tx = db.transaction(stores, 'readwrite');
      const get = (store, key) => new Promise((resolve) => {
        tx.objectStore(store).get(key).onsuccess = (event) => resolve(event.target.result);
      });
      await work(tx, get);
      await new Promise((resolve, reject) => {
        tx.oncomplete = resolve;
        tx.onabort = () => reject(tx.error);
      });
      db.close();
    },
  };
}
