/**
 * What is asked of presence and cannot be kept, for want of a network, by a curve that is none, or in words that nobody knows: said
 * at the start by page, element, frame and kiosk, and never skipped: nobody is named who would have to show that they are there.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../../tools/serve.mjs';
import { ROOT, Visitor, assetOf, enrolByPhoto, portrait, portraitClip, seen } from './browser.mjs';
import { buildWith } from './built.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** The page around the frame: says what it is told to, and keeps what it hears. */
const HOST = `<!doctype html><html lang="en"><title>Host</title><h1>Host</h1><iframe title="Brow" allow="camera" width="640" height="600"></iframe><script>
  globalThis.heard = [];
  addEventListener('message', ({ data }) => heard.push(data));
  const frame = document.querySelector('iframe');
  frame.src = new URLSearchParams(location.search).get('brow') + '/frame.html';
  globalThis.say = (op, fields) => frame.contentWindow.postMessage({ brow: 1, id: op, op, ...fields }, '*');
</script>`;

const temporary = mkdtempSync(join(tmpdir(), 'brow-unkept-'));
const [pack, dist, hall] = ['pack', 'dist', 'hall'].map((name) => join(temporary, name));
/** The release's own list of networks, and the same without that for presence. */
const whole = JSON.parse(readFileSync(join(ROOT, 'models/manifest.json'), 'utf8'));
const lacking = { ...whole, models: whole.models.filter(({ role }) => role !== 'presence') };
delete lacking.presence;

/** @type {Visitor} */
let visitor;
let host;
before(async () => {
  mkdirSync(hall);
  writeFileSync(join(hall, 'index.html'), HOST);
  host = await startServer({ folder: hall, plain: true });
  cpSync(join(ROOT, 'models'), pack, { recursive: true, filter: (path) => !path.includes('training') });
  writeFileSync(join(pack, 'manifest.json'), JSON.stringify(lacking));
  buildWith(dist, { PACK: pack, FRAME_ORIGINS: host.url });
  visitor = await Visitor.arrive({ folder: dist });
}, { timeout: 600_000 });
after(async () => {
  await visitor?.depart();
  await host?.close();
  rmSync(temporary, { recursive: true, force: true });
});

const withoutNetwork = /can’t tell a person from a picture.*Switch the check for a person off/s;

test('the page, which warns only, says at its start that it cannot, and goes on naming', async () => {
  const page = await visitor.visit({ clip: portraitClip('obama-1') });
  assert.match(await page.locator('#notices [data-code="presence_unavailable"]').innerText(), withoutNetwork);
  await enrolByPhoto(page, 'Ada', portrait('obama-1'));
  await seen(page, 'Ada');
});

/** An element of the built page in a page of its own, which keeps what happened; it is loaded with these attributes and its camera runs. */
async function element(attributes, { manifest } = {}) {
  const page = await visitor.visit({
    path: '/host.html',
    wait: false,
    clip: portraitClip('obama-1'),
    prepare: async (page) => {
      await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><html lang="en"><title>Host</title><body><h1>Host</h1>' }));
      await page.route('**/packs/own/*', (route) => {
        const file = new URL(route.request().url()).pathname.split('/').at(-1);
        return route.fulfill({ body: file === 'manifest.json' ? JSON.stringify(manifest) : readFileSync(join(ROOT, 'models', file)) });
      });
    },
  });
  await page.evaluate(async ({ module, attributes, photo }) => {
    await import(module);
    globalThis.happened = [];
    globalThis.recogniser = document.createElement('brow-recogniser');
    for (const [name, value] of Object.entries({ store: `unkept-${Math.random().toString(36).slice(2)}`, ...attributes })) recogniser.setAttribute(name, value);
    for (const kind of ['brow-fault', 'brow-match', 'brow-undecided', 'brow-unknown']) recogniser.addEventListener(kind, ({ detail }) => happened.push({ kind, ...detail }));
    globalThis.photo = new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))], { type: 'image/jpeg' });
    globalThis.consent = { text: 'Yes.', version: '1', language: 'en' };
    document.body.append(recogniser);
  }, { module: assetOf('element/element', dist), attributes, photo: readFileSync(portrait('obama-1')).toString('base64') });
  return page;
}

const enrolAndStart = (page) => page.evaluate(async () => {
  await recogniser.enrol({ name: 'Ada', consent, photo });
  await recogniser.start();
});
const faults = (page) => page.evaluate(() => happened.filter(({ kind }) => kind === 'brow-fault').map(({ code }) => code));
const happens = (page, kind) => page.waitForFunction((wanted) => happened.find((event) => event.kind === wanted), kind, { timeout: 60_000 });

test('the element says it, names nobody before the camera and enrols nobody by it, until the check is switched off', async () => {
  for (const presence of ['require-passive', 'require-turn']) {
    const page = await element({ presence });
    await enrolAndStart(page);
    const undecided = await (await happens(page, 'brow-undecided')).jsonValue();
    assert.deepEqual(await faults(page), ['presence_unavailable']);
    await page.waitForFunction(() => happened.some(({ kind, reason }) => kind === 'brow-undecided' && reason === 'presence_unproven'), null, { timeout: 60_000 });
    assert.equal(undecided.presence.reason, 'unavailable');
    assert.equal(await page.evaluate(() => recogniser.enrol({ name: 'Bob', consent }).catch(({ code }) => code)), 'presence_unavailable');
    assert.deepEqual(await page.evaluate(() => happened.filter(({ kind }) => kind === 'brow-match')), []);
    await page.evaluate(() => { recogniser.presence = 'off'; });
    await happens(page, 'brow-match');
  }
});

test('what nobody knows, or nothing, in the place of a policy is said, and asks for the most', async () => {
  for (const presence of ['require-trun', '']) {
    const page = await element({ presence });
    await enrolAndStart(page);
    await happens(page, 'brow-undecided');
    assert.deepEqual(await faults(page), ['presence_policy']);
    await page.waitForTimeout(3_000);
    assert.deepEqual(await page.evaluate(() => happened.filter(({ kind }) => kind === 'brow-match')), []);
  }
});

test('a pack whose curve for presence does not rise, or leaves 0 to 1, is refused when it is loaded', async () => {
  for (const bare of [[[0, 0.5], [1, 0.2]], [[0, 0], [1, 1.5]], [[0, 0]]]) {
    const page = await element({ pack: '/packs/own/', presence: 'warn' }, { manifest: { ...whole, presence: { ...whole.presence, bare } } });
    const code = await page.evaluate(() => recogniser.load().then(() => 'loaded', (error) => error.code));
    assert.ok(['manifest', 'pack_unreadable'].includes(code), `${code}: ${JSON.stringify(bare)}`);
    assert.deepEqual(await faults(page), [code]);
  }
});

test('the frame tells its host, and names nobody', async () => {
  const page = await visitor.visit({ url: host.url, path: `/?brow=${visitor.server.url}`, wait: false, clip: portraitClip('obama-1') });
  await page.waitForFunction(() => document.querySelector('iframe').src);
  await page.frameLocator('iframe').locator('html[data-ready]').waitFor({ state: 'attached' });
  await page.evaluate(() => {
    say('hello');
    say('set', { options: { presence: 'require-turn' } });
    say('start');
  });
  await page.waitForFunction(() => heard.some(({ event, detail }) => event === 'brow-fault' && detail.code === 'presence_unavailable'), null, { timeout: 90_000 });
  await page.waitForFunction(() => heard.some(({ event, detail }) => event === 'brow-undecided' && detail.presence?.reason === 'unavailable'), null, { timeout: 60_000 });
  await page.frameLocator('iframe').getByText(withoutNetwork).waitFor();
});

test('the kiosk says it as soon as its administrator’s choice is known, greets nobody, and serves again once it may do without', async () => {
  const kiosk = await Visitor.arrive({ folder: dist });
  try {
    await prepareKiosk(kiosk, [{ name: 'Barack', picture: 'obama-1' }], { presence: 'require-turn' });
    const page = await visitKiosk(kiosk, { clip: portraitClip('obama-1') });
    await enter(page, { presence: 'require-turn' });
    await page.evaluate(() => {
      globalThis.greeted = 0;
      document.addEventListener('brow-handoff', () => { greeted += 1; });
    });
    const trouble = page.locator('.trouble[data-code="presence_unavailable"]');
    await trouble.waitFor();
    assert.match(await trouble.innerText(), withoutNetwork);
    // It holds out: the camera that came on since is no end of it.
    await screen(page, 'unsure', { timeout: 60_000 });
    assert.ok(await trouble.isVisible());
    assert.equal(await page.evaluate(() => greeted), 0);
    await administer(page);
    await turnTo(page, 'settings');
    await page.getByLabel('Make sure that a person stands there').selectOption('off');
    await turnTo(page, 'log');
    await page.locator('#kiosk-log tbody tr', { hasText: 'Settings changed' }).first().waitFor();
    await backToKiosk(page);
    await screen(page, 'greet', { timeout: 60_000 });
    assert.ok(await page.locator('.trouble').isHidden());
  } finally {
    await kiosk.depart();
  }
});
