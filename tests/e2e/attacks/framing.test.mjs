/** A page around ours makes somebody click on what they do not see. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { layHost, siteFor } from '../../../tools/samples.mjs';
import { startServer } from '../../../tools/serve.mjs';
import { ROOT, Visitor, portraitClip } from '../browser.mjs';

/** @type {Visitor} */
let visitor;
const servers = [];
const folders = [];
async function serve(options) {
  const server = await startServer(options);
  servers.push(server);
  return server;
}
before(async () => {
  visitor = await Visitor.arrive();
});
after(async () => {
  await visitor.depart();
  for (const server of servers) await server.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('on a host that sends no headers, any page puts ours into a frame', async () => {
  const site = await serve({ folder: join(ROOT, 'dist'), plain: true });
  const folder = mkdtempSync(join(tmpdir(), 'brow-around-'));
  folders.push(folder);
  writeFileSync(join(folder, 'index.html'), ['index', 'check', 'bench', 'prove'].map((name) => `<iframe src="${site.url}/${name}.html" allow="camera"></iframe>`).join(''));
  const around = await serve({ folder });
  const page = await visitor.visit({ url: around.url, wait: false });
  for (const frame of page.frames().slice(1)) {
    await frame.getByRole('heading', { name: 'Brow does not run inside another page' }).waitFor();
    assert.equal(await frame.locator('button, brow-recogniser, video, input').count(), 0, frame.url());
  }
  assert.equal(page.frames().length, 5);
  await page.waitForTimeout(1_000);
  assert.equal(page.workers().length, 0);
});

describe('a host on the list', () => {
  let page;
  before(async () => {
    const host = await serve({ folder: layHost() });
    const site = await serve({ folder: siteFor(host.url) });
    page = await visitor.visit({ url: host.url, path: `/?brow=${site.url}`, wait: false, clip: portraitClip('obama-1') });
    await page.waitForFunction(() => globalThis.brow);
    await page.locator('#log li', { hasText: 'mask: bare' }).waitFor({ timeout: 90_000 });
  });

  const inside = () => page.frames().find((frame) => frame.url().endsWith('/frame.html'));

  /** The host asks for consent and does something to the frame; the visitor moves to where the button is, and clicks. */
  async function lure(style, cover = '') {
    await page.evaluate(([style, cover]) => {
      document.querySelector('iframe').setAttribute('style', style);
      document.querySelector('#cover')?.remove();
      if (cover) document.body.insertAdjacentHTML('beforeend', `<div id="cover" style="${cover}">Win a prize</div>`);
      globalThis.asked = globalThis.brow.enrol({ name: 'Lured', consent: { text: 'Everything.', version: '1', language: 'en' } }).then(() => 'enrolled', (error) => error.code);
    }, [style, cover]);
    const agree = inside().getByRole('button', { name: 'I agree to this' });
    await agree.waitFor();
    await page.waitForTimeout(2_500);
    const { x, y, width, height } = await agree.boundingBox();
    await page.mouse.move(x - 60, y - 40);
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 12 });
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForTimeout(500);
    const open = await agree.count();
    if (open) {
      await inside().getByRole('button', { name: 'Cancel' }).evaluate((button) => button.click());
      assert.equal(await page.evaluate(() => globalThis.asked), 'consent_refused');
    }
    return open === 0;
  }

  test('makes the frame invisible', async () => assert.equal(await lure('opacity: 0.01'), false));
  test('hides the question behind a picture that lets clicks through', async () => assert.equal(await lure('', 'position: fixed; inset: 0; background: #fff; pointer-events: none'), false));
  test('puts the question under a click that was coming anyway', async () => {
    await page.evaluate(() => {
      document.querySelector('iframe').removeAttribute('style');
      document.querySelector('#cover')?.remove();
      globalThis.asked = globalThis.brow.enrol({ name: 'Hasty', consent: { text: 'Everything.', version: '1', language: 'en' } }).then(() => 'enrolled', (error) => error.code);
    });
    const agree = inside().getByRole('button', { name: 'I agree to this' });
    const { x, y, width, height } = await agree.boundingBox();
    for (let i = 0; i < 4; i++) await page.mouse.click(x + width / 2, y + height / 2);
    assert.equal(await agree.isDisabled(), true);
    // Whoever sees the question and moves to the button may agree.
    await page.waitForTimeout(1_500);
    await page.mouse.move(x - 60, y - 40);
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 12 });
    await agree.click();
    assert.notEqual(await page.evaluate(() => globalThis.asked), 'consent_refused');
  });
});
