/**
 * Compiles the browser's second runtime, tract/web: `node tools/tract-module.mjs`, a few minutes once and some 110 crates that nothing else
 * needs. With PACK it lies in that folder afterwards, and the folder's manifest names it (docs/PACKS.md). With `--quick` one that answers alike,
 * slow and large and compiled soon, for tests.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { flagsFor, manifestOf, optimise, sha } from './engine-files.mjs';
import { root } from './setup.mjs';

const target = join(root, 'target/tract-web');
/** Where the module lies that goes into a pack. */
const tractModule = join(target, 'tract.wasm');
/** What it is called in a pack. */
const NAME = 'tract.wasm';

/** Where a module lies as it was linked. @param {'web' | 'quick'} profile of tract/Cargo.toml */
const linked = (profile) => join(target, `wasm32-unknown-unknown/${profile}/brow_tract_web.wasm`);
/** What there is to test: the one that goes into a pack, where somebody compiled it, else the quick one; null where there is neither. */
export const findTractModule = () => [tractModule, linked('quick')].find((file) => existsSync(file)) ?? null;

/** @param {'web' | 'quick'} profile */
function compile(profile) {
  execFileSync('cargo', ['build', '--locked', '--manifest-path', 'tract/Cargo.toml', '--package', 'brow-tract-web', '--profile', profile, '--target', 'wasm32-unknown-unknown'],
    // The file of an ONNX network asks for no random numbers.
    { cwd: root, stdio: 'inherit', env: { ...process.env, CARGO_TARGET_DIR: target, RUSTFLAGS: `${flagsFor({ relaxed: false })} --cfg getrandom_backend="unsupported"` } });
}

/** Lays the module into a pack. @param {string} folder @param {string} [module] */
export function layInto(folder, module = tractModule) {
  const manifest = manifestOf(folder);
  const bytes = readFileSync(module);
  copyFileSync(module, join(folder, NAME));
  manifest.second_runtime = { file: NAME, bytes: bytes.length, sha256: sha('sha256', bytes, 'hex') };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Compiles it and lays it into the pack that PACK names, if any. */
async function make() {
  const { PACK } = process.env;
  const folder = PACK ? resolve(root, PACK) : null;
  if (folder && !existsSync(join(folder, 'manifest.json'))) throw new Error(`PACK: ${folder} holds no manifest.json; make a pack with make pack NETWORK=your.onnx (docs/PACKS.md)`);
  compile('web');
  await optimise(linked('web'), tractModule, { relaxed: false, small: true });
  const bytes = readFileSync(tractModule);
  console.log(`tract-module: ${tractModule}, ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
  if (folder) {
    layInto(folder);
    console.log(`tract-module: ${folder} has it, and its manifest names it`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--quick')) compile('quick');
  else await make();
}
