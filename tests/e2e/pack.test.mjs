/** Other networks than the release's own: named by the element, from a folder of the page's origin, or built into the page. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha } from '../../tools/engine-files.mjs';
import { ROOT, Visitor, assetOf, portrait } from './browser.mjs';
import { buildWith } from './built.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'brow-pack-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** The shipped pack with the network of the whole face under another name, as somebody's own would have it. */
const pack = join(temporary, 'pack');
cpSync(join(ROOT, 'models'), pack, { recursive: true, filter: (path) => !path.includes('training') });
// What tells people from things, and what groups have in common, is of the embedders that ship.
const { faceness, ...manifest } = JSON.parse(readFileSync(join(pack, 'manifest.json'), 'utf8'));
const { groups, ...calibration } = manifest.calibration;
manifest.calibration = calibration;
const full = manifest.models.find(({ role }) => role === 'full');
cpSync(join(pack, full.file), join(pack, 'other-1.onnx'));
rmSync(join(pack, full.file));
Object.assign(full, { id: 'other-1', file: 'other-1.onnx' });
writeFileSync(join(pack, 'manifest.json'), JSON.stringify(manifest));

const lacking = Buffer.from(readFileSync(join(ROOT, 'tests/data/packs/tiny.onnx')).toString('latin1').replace('\x07Flatten', '\x07Flutter'), 'latin1');
writeFileSync(join(pack, 'lacking-1.onnx'), lacking);
const TRACT = { file: 'tract.wasm', bytes: 1000, sha256: '0'.repeat(64) };
/** The manifest's network of the whole face is one with an operator that the engine lacks. */
const withLacking = (manifest) => {
  const full = manifest.models.find(({ role }) => role === 'full');
  Object.assign(full, { id: 'lacking-1', file: 'lacking-1.onnx', bytes: lacking.length, sha256: sha('sha256', lacking, 'hex') });
  full.view.dimensions = 8;
  return manifest;
};
/** Manifests that are not as they should be. */
const changes = {
  operator: withLacking,
  'runtime-missing': (manifest) => ({ ...withLacking(manifest), second_runtime: TRACT }),
  'runtime-changed': (manifest) => ({ ...withLacking(manifest), second_runtime: TRACT }),
  uncalibrated: (manifest) => {
    manifest.calibration.among_few.bare_bare = [];
    return manifest;
  },
  'of-others': (manifest) => ({ ...manifest, faceness }),
  'groups-of-others': (manifest) => ({ ...manifest, calibration: { ...manifest.calibration, groups } }),
  one: (manifest) => ({ ...manifest, models: manifest.models.filter(({ role }) => role !== 'full') }),
};

/** The pack of this repository whose every source is plain: the folder's name is what follows `PACK=`. */
const plain = join(ROOT, 'packs/plain');
const plainNetworks = JSON.parse(readFileSync(join(plain, 'manifest.json'), 'utf8')).models.map(({ id }) => id).sort();

/** What a page that is built with it fetches of networks: names without the hash. */
const networksIn = (requests) => requests.map((url) => /([^/]+)\.onnx$/.exec(url)?.[1].replace(/\.[0-9a-f]{10}$/, '')).filter(Boolean);

describe('an element that names a pack', () => {
  /** @type {Visitor} */
  let visitor;
  let page;
  before(async () => {
    visitor = await Visitor.arrive();
    page = await visitor.visit({
      path: '/host.html',
      wait: false,
      prepare: async (page) => {
        await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><html lang="en"><title>Host</title><body><h1>Host</h1>' }));
        await page.route('**/packs/**', (route) => {
          const [, kind, file] = /\/packs\/([^/]+)\/(.+)$/.exec(new URL(route.request().url()).pathname);
          if (file === 'tract.wasm' && kind === 'runtime-changed') return route.fulfill({ body: Buffer.alloc(TRACT.bytes, 1) });
          if (kind === 'plain') return route.fulfill({ body: readFileSync(join(plain, file)) });
          if (kind === 'none' || !readdirSync(pack).includes(file)) return route.fulfill({ status: 404, body: 'Not here.' });
          const bytes = readFileSync(join(pack, file));
          if (file === 'manifest.json' && changes[kind]) return route.fulfill({ body: JSON.stringify(changes[kind](structuredClone(manifest))) });
          if (kind === 'damaged' && file === 'other-1.onnx') bytes[bytes.length - 100] ^= 1;
          if (kind === 'words' && file === 'manifest.json') return route.fulfill({ body: 'Hello.' });
          if (kind === 'reaching' && file === 'manifest.json') {
            return route.fulfill({ body: JSON.stringify({ ...manifest, models: [{ ...full, file: '//elsewhere.example/x.onnx' }] }) });
          }
          return route.fulfill({ body: bytes });
        });
      },
    });
    await page.evaluate((url) => import(url), assetOf('element/element'));
    await page.evaluate((pictures) => {
      globalThis.pictures = pictures.map((base64) => new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], { type: 'image/jpeg' }));
    }, ['obama-1', 'obama-2', 'biden', 'obama-2-masked', 'biden-masked'].map((name) => readFileSync(portrait(name)).toString('base64')));
  });
  after(() => visitor.depart());

  /** What became of loading with this attribute: which pictures are taken for the first one's person, or the fault's code. */
  const outcome = (address, others = [1, 2]) => page.evaluate(async ([address, others]) => {
    const element = document.createElement('brow-recogniser');
    for (const [name, value] of Object.entries({ pack: address, store: `pack-${Math.random().toString(36).slice(2)}` })) element.setAttribute(name, value);
    document.body.append(element);
    try {
      await element.load();
      const { id } = await element.enrol({ name: 'Barack', consent: { text: 'Yes.', version: '1', language: 'en' }, photo: globalThis.pictures[0] });
      const verified = [];
      for (const other of others) verified.push((await element.verify(id, { photo: globalThis.pictures[other] })).verified);
      return verified;
    } catch (error) {
      return error.values?.why ? `${error.code}.${error.values.why}` : error.code ?? String(error);
    } finally {
      element.remove();
    }
  }, [address, others]);

  test('works with its networks, and fetches none of the release', async () => {
    visitor.requests.length = 0;
    assert.deepEqual(await outcome('/packs/good'), [true, false]);
    const networks = networksIn(visitor.requests);
    assert.ok(networks.includes('other-1') && !networks.some((name) => name.startsWith('full-')), networks.join(' '));
    assert.ok(visitor.requests.filter((url) => url.endsWith('.onnx')).every((url) => url.includes('/packs/good/')));
  });

  test('a pack that is not there, is none, or reaches out of its folder is refused as such, and one that was changed as damaged', async () => {
    for (const kind of ['none', 'words', 'reaching']) assert.equal(await outcome(`/packs/${kind}/`), 'pack_unreadable', kind);
    assert.equal(await outcome('/packs/damaged/'), 'model_damaged');
  });

  test('a pack without curves, with the faceness or the groups of other embedders, an operator that nothing here has, or whose second runtime is missing or another is refused as what it is', async () => {
    assert.equal(await outcome('/packs/uncalibrated/'), 'pack_uncalibrated');
    assert.equal(await outcome('/packs/of-others/'), 'manifest.faceness');
    assert.equal(await outcome('/packs/groups-of-others/'), 'manifest.groups');
    assert.equal(await outcome('/packs/operator/'), 'model_foreign.unsupported');
    for (const kind of ['runtime-missing', 'runtime-changed']) assert.equal(await outcome(`/packs/${kind}/`), 'second_runtime', kind);
  });

  test('a pack with one embedder works, and fetches no other', async () => {
    visitor.requests.length = 0;
    assert.deepEqual(await outcome('/packs/one/'), [true, false]);
    assert.ok(!networksIn(visitor.requests).includes('other-1'));
  });

  test('the plain pack knows its person bare and masked, and takes no other for them, by its own networks alone', async () => {
    visitor.requests.length = 0;
    assert.deepEqual(await outcome('/packs/plain', [1, 2, 3, 4]), [true, false, true, false]);
    assert.deepEqual(networksIn(visitor.requests).sort(), plainNetworks);
  });

  test('a pack of another site is refused, and nothing is asked of that site', async () => {
    for (const address of ['https://elsewhere.example/pack', '//elsewhere.example/pack', 'data:text/plain,x', 'http://[']) {
      assert.equal(await outcome(address), 'pack_elsewhere', address);
    }
    assert.deepEqual(visitor.strayRequests(), []);
  });
});

describe('the page with the networks that ship', () => {
  test('says where they come from, on the page and in the first entry of the audit log; and has nothing of the second runtime', async () => {
    assert.deepEqual(readdirSync(join(ROOT, 'dist'), { recursive: true }).filter((file) => /tract/.test(String(file))), []);
    const visitor = await Visitor.arrive();
    try {
      const page = await visitor.visit();
      assert.equal(visitor.requests.filter((url) => url.endsWith('.wasm')).length, 1, 'one module');
      const shipped = JSON.parse(readFileSync(join(ROOT, 'models/manifest.json'), 'utf8')).models;
      await page.locator('footer .networks summary').click();
      for (const { id, sha256, provenance } of shipped) {
        const words = await page.locator('footer .network', { hasText: `${id}@${sha256.slice(0, 8)}` }).innerText();
        for (const { name } of [...provenance.weights, ...provenance.pictures]) assert.ok(words.includes(name), `${id}: ${name}`);
      }
      await page.getByText('for research only').first().waitFor();
      const { entries } = JSON.parse(await page.evaluate(async (inside) => {
        const { insideOf } = await import(inside);
        return insideOf(document.querySelector('brow-recogniser')).client().vault('vaultExportLog');
      }, assetOf('element/inside')));
      assert.equal(entries[0].event, 'vault_created');
      for (const { id, sha256 } of shipped) assert.equal(entries[0].detail[id], sha256);
      const [, pictures] = Object.entries(entries[0].detail).find(([key]) => /^full.*\.pictures$/.test(key));
      assert.match(pictures, /research-only/);
    } finally {
      await visitor.depart();
    }
  });
});

describe('a page that was built with a pack', () => {
  const dist = join(temporary, 'dist');
  const build = (folder) => buildWith(dist, { PACK: folder });

  test('holds its networks and works with them', async () => {
    build(pack);
    const visitor = await Visitor.arrive({ folder: dist });
    try {
      await visitor.visit();
      const networks = networksIn(visitor.requests);
      assert.ok(networks.includes('other-1') && !networks.some((name) => name.startsWith('full-')), networks.join(' '));
    } finally {
      await visitor.depart();
    }
  });

  test('by the name of the plain pack holds that, and says that none of its sources is for research only', async () => {
    const [command] = execFileSync('make', ['--dry-run', '--no-print-directory', 'build', 'PACK=plain'], { cwd: ROOT, encoding: 'utf8' }).match(/PACK="[^"]*" node tools\/build/);
    build(/"(.*)"/.exec(command)[1]);
    const visitor = await Visitor.arrive({ folder: dist });
    try {
      const page = await visitor.visit();
      assert.deepEqual([...new Set(networksIn(visitor.requests))].sort(), plainNetworks);
      await page.locator('footer .networks summary').click();
      for (const id of plainNetworks) await page.locator('footer .network', { hasText: `${id}@` }).waitFor();
      assert.equal(await page.locator('footer .network', { hasText: 'for research only' }).count(), 0);
    } finally {
      await visitor.depart();
    }
  });

  test('is not built where the folder is no pack or lacks a network, and what to do is said', () => {
    assert.throws(() => build(temporary), /holds no manifest\.json.*docs\/PACKS\.md/);
    rmSync(join(pack, 'other-1.onnx'));
    assert.throws(() => build(pack), /lacks other-1\.onnx.*docs\/PACKS\.md/);
  });
});
