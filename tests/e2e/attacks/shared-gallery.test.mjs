/** Whoever runs a host on the frame's list wants the gallery of another host on it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layHost, siteFor } from '../../../tools/samples.mjs';
import { startServer } from '../../../tools/serve.mjs';
import { Visitor } from '../browser.mjs';
import { openBrowser, pageHelpers } from '../vault-browser.mjs';

test('to see the people of another host, by an origin that is written almost alike', { timeout: 120_000 }, async () => {
  const host = await startServer({ folder: layHost() });
  const { port } = new URL(host.url);
  // Of one site, for which the browser keeps one storage.
  const [one, other] = [`http://a-b.shop.localhost:${port}`, `http://a.b.shop.localhost:${port}`];
  const site = await startServer({ folder: siteFor(`${one} ${other}`) });
  const visitor = await Visitor.arrive();
  try {
    const stores = [];
    for (const url of [one, other]) {
      const page = await visitor.visit({ url, path: `/?brow=${site.url}`, wait: false });
      await page.waitForFunction(() => globalThis.brow);
      stores.push(await page.evaluate(async () => (await globalThis.brow.state()).options.store));
    }
    assert.notEqual(stores[0], stores[1]);
  } finally {
    await visitor.depart();
    for (const server of [site, host]) await server.close();
  }
});

test('a gallery under the old name is taken over once, by the first host that comes to it', async () => {
  const browser = await openBrowser();
  try {
    await browser.context.addInitScript(pageHelpers);
    const page = await browser.openPage();
    const seen = await page.evaluate(async () => {
      const { galleryOf } = await import('/vault/migrations/frame-name.js');
      const old = await t.open({ name: 'frame-https---a-b-example' });
      await old.put(t.person('Anna'));
      await old.setPin('correct horse');
      old.close();
      const found = [];
      for (const origin of ['https://a-b.example', 'https://a.b.example', 'https://a-b.example']) {
        const name = await galleryOf(origin);
        const store = await t.open({ name });
        if (store.locked) await store.unlock('correct horse');
        found.push([name.length <= 64, (await store.people()).people.map(({ name: person }) => person)]);
        store.close();
      }
      return [found, (await indexedDB.databases()).some(({ name }) => name === 'frame-https---a-b-example')];
    });
    assert.deepEqual(seen, [[[true, ['Anna']], [true, []], [true, ['Anna']]], false]);
  } finally {
    await browser.close();
  }
});
