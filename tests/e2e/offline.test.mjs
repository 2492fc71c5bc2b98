/** The page opens without a network, in one release or the next, never in something between. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../../tools/serve.mjs';
import { ROOT, Visitor, enrolByPhoto, portrait, portraitClip, seen, until } from './browser.mjs';

const folder = mkdtempSync(join(tmpdir(), 'brow-site-'));
/** @type {Visitor} */
let visitor;
before(async () => {
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
  visitor = await Visitor.arrive({ folder });
});
after(async () => {
  await visitor.depart();
  rmSync(folder, { recursive: true, force: true });
});

const visit = (options) => visitor.visit({ serviceWorkers: 'allow', ...options });
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');
const read = (path) => readFileSync(join(folder, path), 'utf8');

/** Writes a file, and its compressed copies away. */
function write(path, content) {
  writeFileSync(join(folder, path), content);
  for (const copy of ['.gz', '.br']) rmSync(join(folder, path + copy), { force: true });
}

/** Puts another release in the server's place: the page says its number. `change` makes it what it should not be. */
function deploy(number, change = () => {}) {
  const script = readFileSync(join(ROOT, 'dist/sw.js'), 'utf8');
  const [listed, json] = /release = (\{[^]*?\n\});/.exec(script);
  const release = JSON.parse(json);
  write('index.html', read('index.html').replace(/<html [^>]*>/, `<html lang="en" data-release="${number}">`));
  release.id = `release-${number}`;
  // The list has a page without the hash of the service worker, which holds the list.
  release.files['index.html'] = sha(read('index.html').replace(/(<meta name="brow-service-worker" content=")[^"]*/, '$1'));
  change(release);
  write('sw.js', script.replace(listed, () => `release = ${JSON.stringify(release)};`));
}

/** Waits until what is served now is kept. */
const kept = (page) => page.evaluate(async () => {
  const registration = await navigator.serviceWorker.ready;
  await new Promise((resolve) => {
    const worker = registration.active;
    if (worker.state === 'activated') resolve();
    else worker.addEventListener('statechange', () => worker.state === 'activated' && resolve());
  });
});
const update = (page) => page.evaluate(async () => {
  (await navigator.serviceWorker.getRegistration()).active.postMessage('update');
});
/** Waits until a page offers what is served now. Where the browser is asking by itself already, it holds both questions for one: so it is asked again. */
const offered = (page, code = 'update.ready') => until(async () => {
  await update(page);
  return page.locator(`[data-code="${code}"]`).waitFor({ timeout: 5_000 }).then(() => true, () => false);
}, `${code} is said`, 60_000);
const caches = (page) => page.evaluate(async () => (await globalThis.caches.keys()).map((name) => name.split(' ').at(-1)));
const releaseOf = (page) => page.locator('html').getAttribute('data-release');

test('from the second visit on every page opens in aeroplane mode, and recognises', async () => {
  let page = await visit({ clip: portraitClip('obama-1') });
  await enrolByPhoto(page, 'Barack', portrait('obama-1'));
  await kept(page);
  const modules = await page.evaluate(async () => (await (await globalThis.caches.open((await globalThis.caches.keys())[0])).keys()).filter(({ url }) => url.endsWith('.wasm')).length);
  assert.equal(modules, 1, 'of the engine, the build for this browser and no other');
  await visitor.leave();
  await visitor.server.close();
  page = await visit({ clip: portraitClip('obama-1-masked') });
  await seen(page, 'Barack');
  await page.locator('#language').selectOption('ar');
  await page.locator('html[dir="rtl"]').waitFor();
  await page.locator('#language').selectOption('');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.locator('#language:not([aria-busy])').waitFor();
  for (const path of ['frame.html', 'prove.html']) {
    await page.goto(`${visitor.server.url}/${path}`);
    await page.locator('h1').first().waitFor();
  }
  await page.goto(`${visitor.server.url}/bench.html?auto&frames=3`);
  await page.waitForFunction(() => globalThis.browBench, null, { timeout: 120_000 });
  await page.goto(`${visitor.server.url}/check.html`);
  await page.getByRole('button', { name: 'Start the check' }).click();
  await page.locator('[data-check="offline"][data-state="ok"]').waitFor();
  const answer = await page.goto(`${visitor.server.url}/index.html`);
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
  assert.deepEqual(visitor.strayRequests(), []);
  await visitor.leave();
  visitor.server = await startServer({ folder, port: Number(new URL(visitor.server.url).port) });
});

test('the page can be installed as an app', async () => {
  const page = await visit({ camera: 'ask' });
  const browser = await visitor.context.newCDPSession(page);
  const { installabilityErrors } = await browser.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors, []);
  const { data, errors } = await browser.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  for (const { src, sizes, type } of JSON.parse(data).icons) {
    // The page itself may not load it any more.
    const bytes = Buffer.from(await (await fetch(new URL(src, `${visitor.server.url}/`))).arrayBuffer());
    const width = bytes.readUInt32BE(16);
    if (type === 'image/png') assert.equal(`${width}x${width}`, sizes);
  }
});

test('the service worker can reach no other origin, and under it every way out stays closed', async () => {
  const page = await visit({ camera: 'ask' });
  const other = await startServer({ folder });
  try {
    const [worker] = visitor.context.serviceWorkers();
    const outcome = await worker.evaluate((url) => fetch(url, { mode: 'no-cors' }).then(() => 'out', (error) => error.name), `${other.url}/robots.txt`);
    assert.equal(outcome, 'TypeError');
    await page.goto(`${visitor.server.url}/prove.html`);
    assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
    await page.locator('#receiver summary').click();
    await page.locator('#address').fill(other.url);
    await page.locator('#run').click();
    await page.locator('#run:enabled').waitFor({ timeout: 120_000 });
    assert.ok(await page.locator('#results tbody tr').count() > 40);
    assert.equal(await page.locator('#results tr[data-outcome="out"]', { hasNotText: 'to its own site' }).count(), 0);
    assert.equal(await page.locator('#results tr[data-outcome="out"]').count(), 7);
  } finally {
    await other.close();
  }
});

test('an update in the middle of use is offered, disturbs nobody, and comes with a click', async () => {
  const page = await visit({ clip: portraitClip('obama-1') });
  await seen(page, 'Barack');
  deploy(2);
  await offered(page);
  assert.equal(await releaseOf(page), null);
  await seen(page, 'Barack');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.locator('html[data-release="2"][data-ready]').waitFor({ state: 'attached' });
  await seen(page, 'Barack');
  assert.equal((await caches(page)).at(-1), 'release-2');
});

test('where one of two tabs changes to the new release, the other goes on in the old one until it is asked to follow', async () => {
  const first = await visit({ camera: 'ask' });
  const second = await visitor.context.newPage();
  await second.goto(visitor.server.url);
  await second.locator('html[data-ready]').waitFor({ state: 'attached' });
  deploy('2b');
  await offered(first);
  await second.locator('[data-code="update.ready"]').waitFor();
  await first.getByRole('button', { name: 'Reload' }).click();
  await first.locator('html[data-release="2b"][data-ready]').waitFor({ state: 'attached' });
  assert.equal(await releaseOf(second), '2');
  await second.getByRole('button', { name: 'Reload' }).click();
  await second.locator('html[data-release="2b"][data-ready]').waitFor({ state: 'attached' });
});

for (const [what, code, change] of [
  ['whose page is not the one it lists', 'update_damaged', () => write('index.html', `${read('index.html')}<!-- added on the way -->`)],
  ['whose engine finds no face', 'update_failed', (release) => {
    const { picture } = release.engine;
    // The icon is a picture, too, and no face.
    const icon = readdirSync(join(folder, 'assets')).find((name) => /^icon-192\..*png$/.test(name));
    release.engine.picture = `assets/${icon}`;
    assert.notEqual(picture, release.engine.picture);
  }],
]) {
  test(`a release ${what} is not taken: the one before stays, and that is said`, async () => {
    const page = await visit({ camera: 'ask' });
    const before = await releaseOf(page);
    deploy(code, change);
    await offered(page, code);
    assert.deepEqual((await caches(page)).filter((name) => name === `release-${code}`), []);
    await page.reload();
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    assert.equal(await releaseOf(page), before);
    assert.equal(await page.locator('[data-code="update.ready"]').count(), 0);
  });
}

test('a release that came while no page was open is taken by the next click, and what failed before is forgotten', async () => {
  deploy(3);
  const page = await visit({ camera: 'ask' });
  await offered(page);
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.locator('html[data-release="3"][data-ready]').waitFor({ state: 'attached' });
  assert.equal((await caches(page)).length, 2, 'this release and the one before');
});
