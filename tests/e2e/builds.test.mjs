/** The engine's module is built twice: for relaxed SIMD and for browsers that do not know it. That both answer alike shows int8-builds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** What bench.html says, and which builds of the module were fetched for it. */
async function measured(prepare) {
  const before = visitor.requests.length;
  visitor.complaints.length = 0;
  const page = await visitor.visit({ camera: 'ask', path: '/bench.html?auto&frames=12', wait: false, prepare: (page) => page.addInitScript(prepare) });
  await page.waitForFunction(() => globalThis.browBench, null, { timeout: 60_000 });
  const { build, faces } = await page.evaluate(() => globalThis.browBench);
  const modules = visitor.requests.slice(before).map((url) => /brow_bg(_relaxed)?\.[^/]*wasm/.exec(url)).filter(Boolean);
  return { build, faces, fetched: modules.map(([, relaxed]) => (relaxed ? 'relaxed' : 'plain')) };
}

test('where relaxed SIMD is known, the build for it is fetched and no other', async () => {
  assert.deepEqual(await measured(() => {}), { build: 'relaxed', faces: 1, fetched: ['relaxed'] });
});

test('where it is not, the plain build is fetched and no other, and finds the same face', async () => {
  const plain = await measured(() => {
    const validate = WebAssembly.validate;
    // 253, 133, 2: f32x4.relaxed_madd.
    WebAssembly.validate = (bytes) => !String(new Uint8Array(bytes)).includes('253,133,2') && validate(bytes);
  });
  assert.deepEqual(plain, { build: 'plain', faces: 1, fetched: ['plain'] });
});

test('where it is known and yet does not compile, the plain build takes its place', async () => {
  const fallen = await measured(() => {
    const compile = WebAssembly.compileStreaming;
    WebAssembly.compileStreaming = async (source) => {
      const response = await source;
      if (response.url.includes('_relaxed')) throw new WebAssembly.CompileError('an instruction that this browser only believes to know');
      return compile(response);
    };
  });
  assert.deepEqual(fallen, { build: 'plain', faces: 1, fetched: ['relaxed', 'plain'] });
  assert.ok(visitor.complaints.some((words) => words.includes('takes the place of that for relaxed SIMD')), visitor.complaints.join());
});

test('where it is known and cannot be fetched, the plain build takes its place', async () => {
  const unreached = await measured(() => {
    const fetchIt = globalThis.fetch;
    globalThis.fetch = (address, options) => (String(address).includes('_relaxed') ? Promise.reject(new TypeError('Failed to fetch')) : fetchIt(address, options));
  });
  assert.deepEqual(unreached, { build: 'plain', faces: 1, fetched: ['plain'] });
});
