/** A script that came in after all uses the site itself as the way out: what it asks for carries what it took. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { startServer } from '../../../tools/serve.mjs';
import { ROOT, Visitor } from '../browser.mjs';

/** @type {string[]} */
const asked = [];
/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await visitor.server.close();
  visitor.server = await startServer({ folder: join(ROOT, 'dist'), plain: true, tell: (path) => asked.push(path) });
});
after(() => visitor.depart());

/** The ways that reached the site, by the query that each sent. */
const arrived = () => [...new Set(asked.map((path) => /\?taken=(\w+)/.exec(path)?.[1]).filter(Boolean))].sort();

test('from the page that recognises, what was taken is sent to the site in the query of a picture, a style, a video or a worker', async () => {
  const page = await visitor.visit({ camera: 'ask' });
  await page.evaluate(async () => {
    const settle = (node) => new Promise((resolve) => {
      node.onload = node.onerror = node.onloadeddata = resolve;
      setTimeout(resolve, 1_500);
    });
    const address = (way) => `${location.origin}/index.html?taken=${way}`;
    const put = (tag, attributes) => {
      const node = Object.assign(document.createElement(tag), attributes);
      document.head.append(node);
      return settle(node);
    };
    const background = document.createElement('div');
    document.body.append(background);
    background.style.background = `url(${address('background')})`;
    const image = new Image();
    image.src = address('picture');
    await Promise.all([
      settle(image),
      put('link', { rel: 'stylesheet', href: address('style') }),
      put('link', { rel: 'icon', href: address('icon') }),
      put('link', { rel: 'preload', as: 'image', href: address('preload') }),
      put('link', { rel: 'prefetch', href: address('prefetch') }),
      put('video', { src: address('video'), preload: 'auto' }),
      put('audio', { src: address('audio'), preload: 'auto' }),
      put('video', { poster: address('poster') }),
      put('iframe', { src: address('frame') }),
      fetch(address('fetch')).catch(() => {}),
      navigator.sendBeacon(address('beacon')),
      import(address('import')).catch(() => {}),
    ]);
  });
  // What no policy can take from a page that loads the words of other languages: docs/SECURITY.md names it.
  assert.deepEqual(arrived(), ['import', 'prefetch']);
});

test('from the worker, where the templates are, what was taken is sent to the site', async () => {
  asked.length = 0;
  const [worker] = visitor.context.pages()[0].workers();
  await worker.evaluate(async (origin) => {
    const address = (way) => `${origin}/index.html?taken=${way}`;
    const same = { createScriptURL: (url) => url };
    const policy = globalThis.trustedTypes?.createPolicy('brow', same) ?? same;
    const inBlob = (code) => new Promise((resolve) => {
      try {
        new Worker(policy.createScriptURL(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))).onerror = resolve;
      } catch {
        resolve();
      }
      setTimeout(resolve, 1_000);
    });
    const request = new XMLHttpRequest();
    request.open('GET', address('xhr'));
    await Promise.all([
      fetch(address('fetch')).catch(() => {}),
      new Promise((resolve) => {
        request.onloadend = resolve;
        try {
          request.send();
        } catch {
          resolve();
        }
      }),
      import(address('import')).catch(() => {}),
      caches.open('x').then((cache) => cache.add(address('cache'))).catch(() => {}),
      inBlob(`fetch(${JSON.stringify(address('nested'))})`),
      new Promise((resolve) => {
        try {
          new Worker(policy.createScriptURL(address('worker'))).onerror = resolve;
        } catch {
          resolve();
        }
        setTimeout(resolve, 1_000);
      }),
    ]);
  }, visitor.server.url);
  assert.deepEqual(arrived(), ['import']);
});
