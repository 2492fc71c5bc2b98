/** How the engine is built, where it lies and which networks belong to it: for the site, the npm package and the bench. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

/** What binaryen's wasm-opt is told; trunk is told the same in www/index.html. */
export const OPTIMISED = ['-O3', '--enable-simd', '--enable-bulk-memory', '--enable-nontrapping-float-to-int', '--enable-sign-ext',
  '--enable-mutable-globals', '--enable-reference-types', '--enable-multivalue'];

/** @param {string} from @param {string} to may be the same file @param {{relaxed: boolean, small?: boolean}} build small: rather than fast */
export async function optimise(from, to, { relaxed, small = false }) {
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), ...OPTIMISED.map((flag) => (small && flag === '-O3' ? '-Oz' : flag)),
    ...(relaxed ? ['--enable-relaxed-simd'] : []), from, '-o', `${to}.opt`]);
  renameSync(`${to}.opt`, to);
}

/** @param {'sha256' | 'sha384'} algorithm @param {Buffer} bytes @param {'hex' | 'base64'} encoding */
export const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

/** As the browser's `integrity` has it. @param {Buffer} bytes */
export const integrity = (bytes) => `sha384-${sha('sha384', bytes, 'base64')}`;

/** The folder with the networks of this release: docs/PACKS.md. */
export const ownPack = join(root, 'models');

/** The folder of the networks to build with: PACK, or this release's own. */
export function packFolder() {
  const folder = process.env.PACK ? resolve(root, process.env.PACK) : ownPack;
  if (!existsSync(join(folder, 'manifest.json'))) throw new Error(`PACK: ${folder} holds no manifest.json; make a pack with make pack NETWORK=your.onnx (docs/PACKS.md)`);
  if (manifestOf(folder).calibration.among_few.bare_bare.length === 0) throw new Error(`PACK: ${folder} has no curves yet: make calibrate PACK=${folder} SETS="name=FOLDER" (docs/PACKS.md)`);
  return folder;
}

/** The manifest of a pack. @param {string} folder */
export const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));

/** The files that a pack's manifest names: networks, and the second runtime of a pack that needs it. @param {string} folder @returns {string[]} */
export function packFiles(folder) {
  const { models, second_runtime: second } = manifestOf(folder);
  if (!second && models.some(({ backend }) => backend === 'tract')) {
    throw new Error(`PACK: a network of ${folder} needs the second runtime, which is not beside it yet: make tract-module PACK=${folder} (docs/PACKS.md)`);
  }
  const files = [...new Set([...models, ...(second ? [second] : [])].map(({ file }) => file))];
  const missing = files.find((file) => !existsSync(join(folder, file)));
  if (missing) throw new Error(`PACK: ${folder} lacks ${missing}, which its manifest names (docs/PACKS.md)`);
  return files;
}
