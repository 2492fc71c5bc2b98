/** How the engine is built, where it lies and which networks belong to it: for the site, the npm package and the bench. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './setup.mjs';

/** The folder with brow.js and both builds of the module: BROW_WASM_DIR, or where tools/build.mjs leaves them. */
export const webDir = process.env.BROW_WASM_DIR ?? join(root, 'target/web');
/** The module's build for every browser with SIMD, by the name that wasm-bindgen gives it, and that for relaxed SIMD. */
export const PLAIN = 'brow_bg.wasm';
export const RELAXED = 'brow_bg_relaxed.wasm';

/** The room of www/ in which the module and its glue lie. */
export const ENGINE_ROOM = 'worker';

/** What the compiler may use; without relaxed SIMD as in .cargo/config.toml. @param {{relaxed: boolean}} build */
export const flagsFor = ({ relaxed }) => `-C target-feature=+simd128,+bulk-memory,+nontrapping-fptoint${relaxed ? ',+relaxed-simd' : ''}`;

/** @param {string} from @param {string} to may be the same file @param {{relaxed: boolean}} build */
export async function optimise(from, to, { relaxed }) {
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), '-O3', '--enable-simd', '--enable-bulk-memory',
    '--enable-nontrapping-float-to-int', '--enable-sign-ext', '--enable-mutable-globals', '--enable-reference-types', '--enable-multivalue',
    ...(relaxed ? ['--enable-relaxed-simd'] : []), from, '-o', `${to}.opt`]);
  renameSync(`${to}.opt`, to);
}

/** @param {'sha256' | 'sha384'} algorithm @param {Buffer} bytes @param {'hex' | 'base64'} encoding */
export const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

/** As the browser's `integrity` has it. @param {Buffer} bytes */
export const integrity = (bytes) => `sha384-${sha('sha384', bytes, 'base64')}`;

/** The names of the networks that the manifest lists, wherever in it they stand. @returns {string[]} */
export function modelFiles() {
  const files = new Set();
  JSON.parse(readFileSync(join(root, 'models/manifest.json'), 'utf8'), (key, value) => {
    if (key === 'file' && typeof value === 'string' && value.endsWith('.onnx')) files.add(value);
    return value;
  });
  return [...files];
}
