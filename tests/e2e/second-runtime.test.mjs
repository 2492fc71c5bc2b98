/** Networks that the engine's own runtime refuses, a transformer among them, run in the page on tract as a module beside the networks of their pack: they answer as ONNX Runtime does, and people are recognised with them. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha } from '../../tools/engine-files.mjs';
import { findTractModule, layInto } from '../../tools/tract-module.mjs';
import { ROOT, Visitor, portrait } from './browser.mjs';
import { buildWith } from './built.mjs';

const tractModule = findTractModule();
const skip = !tractModule && 'SKIPPED: the second runtime is not there: node tools/tract-module.mjs --quick';
const EDGEFACE = ['shared', '../shared'].map((folder) => join(ROOT, folder, 'models/edgeface-xs.onnx')).find((file) => existsSync(file)) ?? null;
/** Each with what ONNX Runtime answers. @type {{name: string, file: string, skip: string | false}[]} */
const NETWORKS = [
  { name: 'tiny-erf', file: join(ROOT, 'tests/data/packs/tiny-erf.onnx'), skip },
  { name: 'edgeface-xs', file: EDGEFACE, skip: skip || (!EDGEFACE && 'SKIPPED: ../shared with edgeface-xs.onnx is not there') },
];
/** The largest difference of one number from ONNX Runtime's, in units of the output's largest. */
const RELATIVE = 1e-4;

const temporary = mkdtempSync(join(tmpdir(), 'brow-second-'));
after(() => rmSync(temporary, { recursive: true, force: true }));
const pack = join(temporary, 'pack');

/** The shipped pack with another network of the whole face, and the second runtime beside it. @param {string} name @param {Buffer} bytes @param {number} dimensions */
function makePack(name, bytes, dimensions) {
  rmSync(pack, { recursive: true, force: true });
  cpSync(join(ROOT, 'models'), pack, { recursive: true, filter: (path) => !path.includes('training') });
  const manifest = JSON.parse(readFileSync(join(pack, 'manifest.json'), 'utf8'));
  const full = manifest.models.find(({ role }) => role === 'full');
  const window = { width: 112, height: 112, centre: { x: 56, y: 56 }, zoom: 1 };
  const normalisation = { channels: 'rgb', mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
  writeFileSync(join(pack, `${name}.onnx`), bytes);
  Object.assign(full, { id: name, file: `${name}.onnx`, bytes: bytes.length, sha256: sha('sha256', bytes, 'hex'), backend: 'tract', view: { window, aligned_by: 'face', normalisation, dimensions } });
  delete full.provenance;
  delete manifest.faceness;
  delete manifest.calibration.groups;
  writeFileSync(join(pack, 'manifest.json'), JSON.stringify(manifest));
}

const build = () => buildWith(join(temporary, 'dist'), { PACK: pack });

test('a page is not built with a network that needs the second runtime before that lies beside it', () => {
  makePack('tiny-1', readFileSync(join(ROOT, 'tests/data/packs/tiny.onnx')), 8);
  assert.throws(build, /needs the second runtime.*make tract-module PACK=.*docs\/PACKS\.md/);
});

for (const { name, file, skip } of NETWORKS) describe(`with ${name}`, { skip }, () => {
  const golden = JSON.parse(readFileSync(join(ROOT, `tests/data/packs/${name}.json`), 'utf8'));
  /** @type {Visitor} */
  let visitor;
  before(async () => {
    const bytes = readFileSync(file);
    assert.equal(sha('sha256', bytes, 'hex'), golden.sha256, 'the golden is of this file');
    makePack(name, bytes, golden.output.length);
    layInto(pack, tractModule);
    visitor = await Visitor.arrive({ folder: build() });
  });
  after(() => visitor.depart());

  test('the module answers in the browser as ONNX Runtime does', async (context) => {
    const page = await visitor.visit({
      path: '/alone/',
      // The engine's worker compiles it, as large as it is; a page may only what is smaller than the quick one.
      flags: ['--enable-features=WebAssemblyUnlimitedSyncCompilation'],
      wait: false,
      prepare: async (page) => {
        const files = { '': '<!doctype html><title>Alone</title>', 'second-runtime.js': readFileSync(join(ROOT, 'www/worker/second-runtime.js')), 'tract.wasm': readFileSync(tractModule), 'network.onnx': readFileSync(file) };
        await page.route('**/alone/*', (route) => {
          const asked = new URL(route.request().url()).pathname.slice('/alone/'.length);
          return route.fulfill({ contentType: asked.endsWith('.js') ? 'text/javascript' : asked ? 'application/octet-stream' : 'text/html', body: files[asked] });
        });
      },
    });
    const { output, loading, times } = await page.evaluate(async () => {
      const { SecondRuntime } = await import('/alone/second-runtime.js');
      const read = async (file) => new Uint8Array(await (await fetch(`/alone/${file}`)).arrayBuffer());
      const [module, network] = await Promise.all([read('tract.wasm'), read('network.onnx')]);
      const input = Float32Array.from({ length: 3 * 112 * 112 }, (_, i) => ((i % 112 + 5 * Math.floor(i / 112)) % 64) / 32 - 1);
      const began = performance.now();
      const opened = new SecondRuntime(module).open(network, 112, 112);
      const loading = performance.now() - began;
      const times = Array.from({ length: 8 }, () => {
        const start = performance.now();
        opened.run(input);
        return performance.now() - start;
      });
      return { output: [...opened.run(input)], loading, times };
    });
    context.diagnostic(`loading ${loading.toFixed(0)} ms, a run ${Math.min(...times).toFixed(1)} ms at least`);
    const largest = Math.max(...golden.output.map(Math.abs));
    const apart = Math.max(...golden.output.map((value, index) => Math.abs(value - output[index]))) / largest;
    context.diagnostic(`${apart.toExponential(1)} apart`);
    assert.equal(output.length, golden.output.length);
    assert.ok(apart <= RELATIVE, `${apart} apart`);
  });

  test('people are recognised with it, the page says what runs it, and fetches it once', async () => {
    visitor.requests.length = 0;
    const page = await visitor.visit();
    const verified = await page.evaluate(async (pictures) => {
      const element = document.querySelector('brow-recogniser');
      const [one, same, stranger] = pictures.map((base64) => new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], { type: 'image/jpeg' }));
      const { id } = await element.enrol({ name: 'Barack', consent: { text: 'Yes.', version: '1', language: 'en' }, photo: one });
      return [(await element.verify(id, { photo: same })).verified, (await element.verify(id, { photo: stranger })).verified];
    }, ['obama-1', 'obama-2', 'biden'].map((name) => readFileSync(portrait(name)).toString('base64')));
    assert.deepEqual(verified, [true, false]);
    await page.locator('footer .networks summary').click();
    const said = await page.locator('footer .network', { hasText: `${name}@` }).innerText();
    assert.match(said, /runs on the second runtime, tract[^]*Weights\s+not stated/);
    assert.equal(visitor.requests.filter((url) => /tract\.[0-9a-f]+\.wasm$/.test(url)).length, 1);
    assert.deepEqual(visitor.strayRequests(), []);
  });
});

test('an operator that neither runtime has is refused in words that say where to read on', { skip }, async () => {
  const bytes = Buffer.from(readFileSync(join(ROOT, 'tests/data/packs/tiny.onnx')).toString('latin1').replace('\x07Flatten', '\x07Flutter'), 'latin1');
  makePack('tiny-1', bytes, 8);
  layInto(pack, tractModule);
  const visitor = await Visitor.arrive({ folder: build() });
  try {
    const page = await visitor.visit({ wait: false });
    await page.getByText('The second runtime can’t run the network tiny-1').first().waitFor();
  } finally {
    await visitor.depart();
  }
});
