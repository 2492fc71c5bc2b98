import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openExports, synthetic } from '../../bench/page.mjs';
import { compile } from '../../bench/compile.mjs';
import { root } from '../../tools/setup.mjs';

const operators = join(root, 'tests/data/golden/operators');
/** What the native build answers: tests/golden.rs holds it to this file, and ONNX Runtime's answers to within a step. */
const promised = JSON.parse(readFileSync(join(root, 'tests/data/int8.json'), 'utf8'));

/** The SHA-256 of what every network of bytes answers in the module at `file`. */
export async function answers(file) {
  const found = {};
  for (const name of Object.keys(promised)) {
    const { input, seeds } = JSON.parse(readFileSync(join(operators, `${name}.json`), 'utf8'));
    const network = await openExports(readFileSync(file), readFileSync(join(operators, `${name}.onnx`)), input);
    const hash = createHash('sha256');
    for (const output of network.run(synthetic(input, seeds[0]))) hash.update(Float32Array.from(output, (value) => value + 0));
    found[name] = hash.digest('hex');
  }
  return found;
}

const here = fileURLToPath(import.meta.url);
if (process.argv[2] === 'answers') {
  console.log(JSON.stringify(await answers(process.argv[3])));
} else {
  for (const relaxed of [false, true]) {
    test(`networks of bytes give the same integers in the ${relaxed ? 'relaxed' : 'plain'} build as natively`, { timeout: 600_000 }, async () => {
      const file = await compile('wasm', { relaxed });
      // Node 20 knows relaxed SIMD behind a switch.
      const flags = relaxed && Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
      const found = execFileSync(process.execPath, [...flags, here, 'answers', file], { encoding: 'utf8' });
      assert.ok(Object.keys(promised).length > 10);
      assert.deepEqual(JSON.parse(found), promised);
    });
  }
}
