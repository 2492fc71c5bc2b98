/** For the tests in WebKit: Debian's MiniBrowser on a screen that nobody sees, driven by WebDriver. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findWebkit } from '../../tools/setup.mjs';
import { until } from './browser.mjs';

/** The keys under which WebDriver hands out an element and a shadow root. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const SHADOW = 'shadow-6066-11e4-a52e-4f735466cecf';

/** How long anything may take: all is drawn without a graphics card. */
const PATIENCE = 90_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** One browser with one page. What it stores lasts as long as it runs. */
export class WebKit {
  /** @type {import('node:child_process').ChildProcess[]} */
  #children = [];
  /** Where commands go. */
  #address = '';

  static async launch() {
    const browser = new WebKit();
    try {
      await browser.#start();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  async #start() {
    this.home = mkdtempSync(join(tmpdir(), 'brow-webkit-'));
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.#children.push(screen);
    // A test that is killed leaves none of them behind.
    process.once('exit', () => this.#children.forEach((child) => child.kill()));
    const [display] = await once(/** @type {import('node:stream').Readable} */ (screen.stdio[3]), 'data');
    const driver = `http://127.0.0.1:${await freePort()}`;
    this.#children.unshift(spawn('WebKitWebDriver', [`--port=${new URL(driver).port}`], {
      stdio: 'ignore',
      // Its sandbox asks for what containers forbid; the pages are this checkout's own.
      env: { ...process.env, DISPLAY: `:${String(display).trim()}`, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1', WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', HOME: this.home, XDG_RUNTIME_DIR: this.home },
    }));
    await until(() => fetch(`${driver}/status`).then(({ ok }) => ok, () => false), 'the driver', PATIENCE);
    this.#address = `${driver}/session`;
    const { sessionId } = await this.#send('POST', '', { capabilities: { alwaysMatch: {
      'webkitgtk:browserOptions': { binary: findWebkit(), args: ['--automation', '--enable-mock-capture-devices=true'] },
    } } });
    this.#address += `/${sessionId}`;
    await this.#send('POST', '/timeouts', { script: PATIENCE });
  }

  /** One command of WebDriver. @param {'GET' | 'POST' | 'DELETE'} method @param {string} path @param {object} [body] */
  async #send(method, path, body) {
    const response = await fetch(this.#address + path, { method, signal: AbortSignal.timeout(PATIENCE), ...(body ? { body: JSON.stringify(body) } : {}) });
    const { value } = await response.json();
    if (value?.error) throw new Error(`WebKit: ${value.error}: ${value.message}`);
    return value;
  }

  /** Opens a page and waits until it is ready to be used. @param {string} url */
  async open(url, ready = 'html[data-ready]') {
    await this.#send('POST', '/url', { url });
    await this.sees((selector) => document.querySelector(selector) !== null, ready);
  }

  /** Runs this in the page, and gives what it returns or resolves to. @param {(...values: any[]) => unknown} script @param {unknown[]} values */
  async run(script, ...values) {
    return this.#send('POST', '/execute/sync', { script: `return (${script})(...arguments)`, args: values });
  }

  /** Waits until this returns something in the page. @param {(...values: any[]) => unknown} script @param {unknown[]} values */
  sees(script, ...values) {
    return until(() => this.run(script, ...values), `${script} ${values}`, PATIENCE);
  }

  /** Waits for an element. @param {string} selector @param {string} [within] of the element in whose shadow it lies */
  async find(selector, within) {
    const wanted = { using: 'css selector', value: selector };
    await this.sees((of, host) => (host ? document.querySelector(host)?.shadowRoot : document)?.querySelector(of)?.checkVisibility(), selector, within ?? null);
    if (!within) return (await this.#send('POST', '/element', wanted))[ELEMENT];
    const host = (await this.#send('POST', '/element', { using: 'css selector', value: within }))[ELEMENT];
    const root = (await this.#send('GET', `/element/${host}/shadow`))[SHADOW];
    return (await this.#send('POST', `/shadow/${root}/element`, wanted))[ELEMENT];
  }

  /** @param {string} selector @param {string} [within] */
  async click(selector, within) {
    await this.#send('POST', `/element/${await this.find(selector, within)}/click`, {});
  }

  /** Types, or chooses a file by its path. @param {string} selector @param {string} text */
  async type(selector, text) {
    await this.#send('POST', `/element/${await this.find(selector)}/value`, { text });
  }

  async close() {
    if (this.#address) await this.#send('DELETE', '').catch(() => {});
    for (const child of this.#children) if (child.exitCode === null && child.kill()) await once(child, 'exit');
    if (this.home) rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
