/**
 * Every way out of a page or a worker that a browser knows, each as one attempt to reach an address.
 *
 * The address is another's, or the own site's once the page has sealed itself: then it is a script of this site with a query,
 * which is all that carrying something away needs.
 *
 * An attempt counts as refused only on positive evidence: the browser reported a violation of the policy, threw a
 * security error, or does not offer the way at all. A failure without such evidence ("no answer") might be a receiver
 * that is switched off, and is shown as such.
 */

/** @typedef {'refused' | 'absent' | 'silent' | 'out'} Outcome */
/** @typedef {'absent' | 'policy' | 'cancelled' | 'browser' | 'failed' | 'mute' | 'out' | 'untried'} Reason */
/** @typedef {{way: string, outcome: Outcome, reason: Reason, detail: string}} Result detail: what the browser itself said */
/**
 * @typedef {object} Attempt
 * @property {string} way short; its words are the text `prove.way.` and this
 * @property {string} [needs] global that the way needs; where it is missing there is no way out
 * @property {() => boolean} [offered] whether the browser says that it has the way, where no global tells
 * @property {(url: string) => unknown} go resolves if it got through, rejects or throws if not
 * @property {boolean} [leaves] the page is gone if it succeeds
 * @property {boolean} [inward] reaches nobody: it is about what runs here
 * @property {boolean} [mute] success and failure look alike to the page: only a violation decides
 */

const PATIENCE_MS = 1500;
/** How long a report of a violation may come after the failure itself. */
const REPORT_MS = 150;

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const inDocument = typeof document !== 'undefined';

/**
 * An address becomes a script only by a Trusted Types policy. The attempts take the page's own one and let everything
 * through, so that what is tested is the rest of the policy.
 * @type {{createScriptURL: (url: string) => any, createScript: (code: string) => any}}
 */
export const trusted = (() => {
  const types = Reflect.get(globalThis, 'trustedTypes');
  const same = { createScriptURL: (/** @type {string} */ url) => url, createScript: (/** @type {string} */ code) => code };
  try {
    return types ? types.createPolicy('brow', same) : same;
  } catch {
    return same;
  }
})();

/** @param {string} tag @param {Record<string, string>} attributes @param {{load?: boolean}} [options] */
function element(tag, attributes, { load = true } = {}) {
  return new Promise((resolve, reject) => {
    const node = document.createElement(tag);
    node.addEventListener('load', () => resolve(undefined));
    node.addEventListener('loadeddata', () => resolve(undefined));
    node.addEventListener('error', () => reject(new Error('error event')));
    for (const [name, value] of Object.entries(attributes)) {
      if (tag === 'script' && name === 'src') Reflect.set(node, 'src', trusted.createScriptURL(value));
      else node.setAttribute(name, value);
    }
    document[tag === 'link' || tag === 'script' ? 'head' : 'body'].append(node);
    setTimeout(() => {
      node.remove();
      if (load) reject(new Error('nothing happened'));
      else resolve(undefined);
    }, PATIENCE_MS);
  });
}

/** @param {EventTarget & {close?: () => void}} connection */
function opened(connection) {
  return new Promise((resolve, reject) => {
    connection.addEventListener('open', () => resolve(connection.close?.()));
    connection.addEventListener('error', () => reject(new Error('error event')));
  });
}

/** @param {any} address @param {WorkerOptions} [options] */
function startWorker(address, options) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(address, options);
    worker.addEventListener('message', ({ data }) => {
      if (data === 'out') resolve(undefined);
      else reject(new DOMException(`${data} in the worker`, 'SecurityError'));
    });
    worker.addEventListener('error', () => reject(new Error('error event')));
  });
}

/**
 * Starts a worker that was made here, and so has this page's policy, and in it runs `code`, which posts 'out' if it gets
 * through; a violation there is posted as what it violated.
 * @param {string} code
 */
function startMadeWorker(code) {
  const report = "addEventListener('securitypolicyviolation', (event) => postMessage(event.effectiveDirective));";
  return startWorker(trusted.createScriptURL(URL.createObjectURL(new Blob([report, code], { type: 'text/javascript' }))));
}

/** Ways that pages and workers have in common. @returns {Attempt[]} */
function commonAttempts() {
  return [
    { way: 'fetch', go: (url) => fetch(url, { mode: 'no-cors' }) },
    { way: 'keepalive', go: (url) => fetch(url, { mode: 'no-cors', method: 'POST', body: 'x', keepalive: true }) },
    { way: 'xhr', needs: 'XMLHttpRequest', go: (url) => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.onload = resolve;
      request.onerror = () => reject(new Error('error event'));
      request.open('GET', url);
      request.send();
    }) },
    { way: 'websocket', needs: 'WebSocket', go: (url) => opened(new WebSocket(url.replace(/^http/, 'ws'))) },
    { way: 'eventsource', needs: 'EventSource', go: (url) => opened(new EventSource(url)) },
    { way: 'webtransport', needs: 'WebTransport', go: (url) => new (Reflect.get(globalThis, 'WebTransport'))(url.replace(/^http:/, 'https:')).ready },
    { way: 'module', go: (url) => import(url) },
    { way: 'worker', needs: 'Worker', go: (url) => startWorker(trusted.createScriptURL(url)) },
    { way: 'worker_fetch', needs: 'Worker', go: (url) =>
      startMadeWorker(`fetch(${JSON.stringify(url)}, {mode: 'no-cors'}).then(() => postMessage('out'), () => {});`) },
    { way: 'worker_script', needs: 'Worker', go: (url) =>
      startMadeWorker(`
        const same = {createScriptURL: (url) => url};
        const policy = globalThis.trustedTypes ? trustedTypes.createPolicy('brow', same) : same;
        try { importScripts(policy.createScriptURL(${JSON.stringify(url)})); postMessage('out'); } catch {}`) },
    { way: 'cache', needs: 'caches', go: async (url) => {
      const cache = await caches.open('prove');
      try {
        await cache.add(new Request(url, { mode: 'no-cors' }));
      } finally {
        await caches.delete('prove');
      }
    } },
    { way: 'eval', inward: true, go: () => { (0, eval)('1'); } },
  ];
}

/** @returns {Attempt[]} */
export function pageAttempts() {
  return [
    ...commonAttempts(),
    { way: 'beacon', go: (url) => { if (!navigator.sendBeacon(url, 'x')) throw new Error('refused'); }, mute: true },
    { way: 'webrtc', inward: true, needs: 'RTCPeerConnection', go: () => { throw new Error('WebRTC is there'); } },
    { way: 'picture', go: (url) => element('img', { src: url }) },
    { way: 'background', go: async (url) => {
      document.body.style.backgroundImage = `url("${url}")`;
      await sleep(400);
      document.body.style.backgroundImage = '';
    }, mute: true },
    { way: 'media', go: (url) => element('video', { src: url, preload: 'auto' }) },
    { way: 'font', needs: 'FontFace', go: (url) => new FontFace('prove', `url("${url}")`).load() },
    { way: 'style', go: (url) => element('link', { rel: 'stylesheet', href: url }) },
    { way: 'script', go: (url) => element('script', { src: url }) },
    { way: 'inline', inward: true, go: () => {
      const script = document.createElement('script');
      script.text = trusted.createScript('globalThis.proveInline = true');
      document.head.append(script);
      script.remove();
      if (Reflect.get(globalThis, 'proveInline')) return;
      throw new Error('did not run');
    } },
    { way: 'frame', go: (url) => element('iframe', { src: url }, { load: false }), mute: true },
    { way: 'object', go: (url) => element('object', { data: url }) },
    { way: 'form', go: async (url) => {
      const form = document.createElement('form');
      form.action = url;
      form.method = 'post';
      document.body.append(form);
      form.submit();
      await sleep(400);
      form.remove();
    }, mute: true },
    { way: 'prefetch', offered: () => document.createElement('link').relList.supports('prefetch'), go: (url) => element('link', { rel: 'prefetch', href: url }) },
    { way: 'preload', go: (url) => element('link', { rel: 'preload', as: 'image', href: url }) },
    { way: 'ping', go: async (url) => {
      const link = document.createElement('a');
      link.href = '#tried';
      link.ping = url;
      document.body.append(link);
      link.click();
      await sleep(400);
      link.remove();
    }, mute: true },
    { way: 'service_worker', needs: 'ServiceWorker', go: async (url) => (await navigator.serviceWorker.register(trusted.createScriptURL(url))).unregister() },
    { way: 'shared_worker', needs: 'SharedWorker', go: (url) => new Promise((resolve, reject) => {
      // One that started says nothing by itself; Firefox tells of a refusal later, not at once.
      new SharedWorker(trusted.createScriptURL(url)).addEventListener('error', () => reject(new Error('error event')));
      setTimeout(resolve, PATIENCE_MS);
    }) },
    { way: 'base', inward: true, go: async (url) => {
      const base = document.createElement('base');
      base.href = url;
      document.head.append(base);
      const moved = document.baseURI.startsWith(url);
      base.remove();
      if (!moved) throw new Error('refused');
    } },
    { way: 'window', go: async (url) => {
      const opened = window.open(url, '_blank', 'noreferrer=no');
      if (opened === null) throw new DOMException('no window was opened', 'SecurityError');
      await sleep(600);
      let arrived = true;
      try {
        // Readable means that it is still the empty page it began as, or an error page of our own.
        arrived = opened.location.href !== 'about:blank';
      } catch {
        arrived = !opened.closed;
      }
      opened.close();
      if (!arrived) throw new DOMException('the window stayed empty', 'SecurityError');
    } },
    { way: 'departure', leaves: true, go: async (url) => {
      location.href = url;
      await sleep(600);
    } },
  ];
}

/** @returns {Attempt[]} */
export function workerAttempts() {
  return [
    ...commonAttempts(),
    { way: 'webrtc', inward: true, needs: 'RTCPeerConnection', go: () => { throw new Error('WebRTC is there'); } },
  ];
}

/** @param {Attempt[]} attempts @returns {Attempt[]} those that mean something for the own site */
export const toOwnSite = (attempts) => attempts.filter(({ inward }) => !inward);

/** @param {string} address @param {string} way @param {boolean} own */
function addressFor(address, way, own) {
  const url = new URL(own ? address : `/out/${way}`, address);
  url.searchParams.set('from', inDocument ? 'page' : 'worker');
  if (own) url.searchParams.set('out', way);
  return url.href;
}

/**
 * @param {Attempt} attempt
 * @param {string} address
 * @param {boolean} own whether it is one of the own site
 * @returns {Promise<Result>}
 */
async function attemptOne({ way, needs, offered, go, mute, leaves }, address, own) {
  /** @param {Outcome} outcome @param {Reason} reason @param {string} [detail] @returns {Result} */
  const result = (outcome, reason, detail = '') => ({ way, outcome, reason, detail });
  if ((needs !== undefined && !(needs in globalThis)) || offered?.() === false) return result('absent', 'absent');
  // No page can keep itself from going to another address of its own site, and this one would be gone.
  if (leaves && own) return result('out', 'untried');
  const url = addressFor(address, way, own);
  /** @type {string | null} */
  let violated = null;
  const notice = (/** @type {Event} */ event) => {
    violated ??= /** @type {SecurityPolicyViolationEvent} */ (event).effectiveDirective;
  };
  const source = inDocument ? document : globalThis;
  source.addEventListener('securitypolicyviolation', notice);
  let cancelled = false;
  // Registered after the guard's own listener, so that it sees what that decided.
  const navigation = /** @type {EventTarget | undefined} */ (Reflect.get(globalThis, 'navigation'));
  const departure = (/** @type {Event} */ event) => { cancelled ||= event.defaultPrevented; };
  navigation?.addEventListener('navigate', departure);
  /** @type {unknown} */
  let failure = null;
  try {
    await Promise.race([go(url), sleep(PATIENCE_MS + 500).then(() => { throw new Error('nothing happened'); })]);
  } catch (error) {
    failure = error ?? new Error('refused');
  }
  await sleep(REPORT_MS);
  source.removeEventListener('securitypolicyviolation', notice);
  navigation?.removeEventListener('navigate', departure);
  if (violated !== null) return result('refused', 'policy', violated);
  if (cancelled) return result('refused', 'cancelled');
  const kind = failure && typeof failure === 'object' && 'name' in failure ? String(failure.name) : '';
  if (failure instanceof DOMException && kind === 'SecurityError') return result('refused', 'browser', failure.message);
  if (kind === 'EvalError') return result('refused', 'policy', 'script-src');
  if (failure) return result('silent', 'failed', String(failure));
  if (mute) return result('silent', 'mute');
  return result('out', 'out');
}

/**
 * One after another, so that each violation belongs to one attempt.
 * @param {Attempt[]} attempts
 * @param {string} address
 * @param {(result: Result) => void} report
 * @param {{own?: boolean}} [options]
 */
export async function attemptAll(attempts, address, report, { own = false } = {}) {
  for (const attempt of attempts) report(await attemptOne(attempt, address, own));
}
