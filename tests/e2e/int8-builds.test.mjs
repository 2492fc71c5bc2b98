/** The network runtime as both builds of the module have it, alone in a browser: the same integers as natively, and ONNX Runtime's answers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { compile } from '../../bench/compile.mjs';
import { SLACK_OF_BYTES } from '../../bench/page.mjs';
import { startServer } from '../../tools/serve.mjs';
import { findChromium, root } from '../../tools/setup.mjs';

const operators = join(root, 'tests/data/golden/operators');
/** What the native build answers: tests/golden.rs holds it to this file, and ONNX Runtime's answers to within a step. */
const promised = JSON.parse(readFileSync(join(root, 'tests/data/int8.json'), 'utf8'));

/** The SHA-256 of what every network of bytes answers in the module at `file`, in Chromium: Node 20's relaxed SIMD is not the final one. */
async function answers(file) {
  const folder = mkdtempSync(join(tmpdir(), 'brow-int8-'));
  copyFileSync(file, join(folder, 'module.wasm'));
  copyFileSync(join(root, 'bench/page.mjs'), join(folder, 'page.js'));
  for (const name of Object.keys(promised)) for (const end of ['json', 'onnx']) copyFileSync(join(operators, `${name}.${end}`), join(folder, `${name}.${end}`));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>int8</title>');
  const server = await startServer({ folder });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    return await page.evaluate(async (names) => {
      const { openExports, synthetic } = await import('/page.js');
      const read = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
      const module = await read('/module.wasm');
      const found = {};
      for (const name of names) {
        const { input, seeds } = await (await fetch(`/${name}.json`)).json();
        // The file says its sizes.
        const network = await openExports(module, await read(`/${name}.onnx`), [0, 0, 0, 0]);
        const outputs = network.run(synthetic(input, seeds[0])).map((output) => Float32Array.from(output, (value) => value + 0));
        const hash = await crypto.subtle.digest('SHA-256', await new Blob(outputs).arrayBuffer());
        found[name] = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      }
      return found;
    }, Object.keys(promised));
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

for (const relaxed of [false, true]) {
  test(`networks of bytes give the same integers in the ${relaxed ? 'relaxed' : 'plain'} build as natively`, { timeout: 1_200_000 }, async () => {
    assert.ok(Object.keys(promised).length > 10);
    assert.deepEqual(await answers(await compile('wasm', { relaxed })), promised);
  });
}

test('both builds answer as ONNX Runtime does, for every network', { timeout: 1_200_000 }, () => {
  const words = execFileSync(process.execPath, ['bench/run.mjs', '--alone', '--rounds', '0'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const off = [...words.matchAll(/^(\S+)\s+(brow|brow-plain)( int8)?\s.*\s(\S+)$/gm)]
    .map(([, network, build, ofBytes, difference]) => ({ network, build, ofBytes: Boolean(ofBytes), difference: Number(difference) }));
  assert.ok(off.filter(({ build }) => build === 'brow').length >= 4, words);
  assert.equal(off.filter(({ build }) => build === 'brow').length, off.filter(({ build }) => build === 'brow-plain').length, words);
  // Of networks of bytes it is the angle, and ONNX Runtime's own two ways of running them say how close anything can come (bench/page.mjs).
  const slack = (/** @type {string} */ network) => SLACK_OF_BYTES * (1 - JSON.parse(readFileSync(join(root, `tests/data/golden/${network}.json`), 'utf8')).agreement);
  for (const { network, build, ofBytes, difference } of off) {
    assert.ok(difference <= (ofBytes ? slack(network) : 2e-5), `${network} in ${build}: ${difference}`);
  }
});
