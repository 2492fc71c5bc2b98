/**
 * Compiles the browser's second runtime, tract/web: `node tools/tract-module.mjs`, a few minutes once and some 110 crates that nothing else
 * needs. With PACK it lies in that folder afterwards, and the folder's manifest names it (docs/PACKS.md).
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { OPTIMISED, flagsFor, manifestOf, sha } from './engine-files.mjs';
import { root } from './setup.mjs';

const target = join(root, 'target/tract-web');
/** Where the compiled module lies. */
export const tractModule = join(target, 'tract.wasm');
/** What it is called in a pack. */
const NAME = 'tract.wasm';

function compile() {
  execFileSync('cargo', ['build', '--locked', '--manifest-path', 'tract/Cargo.toml', '--package', 'brow-tract-web', '--profile', 'web', '--target', 'wasm32-unknown-unknown'],
    // The file of an ONNX network asks for no random numbers.
    { cwd: root, stdio: 'inherit', env: { ...process.env, CARGO_TARGET_DIR: target, RUSTFLAGS: `${flagsFor({ relaxed: false })} --cfg getrandom_backend="unsupported"` } });
  const flags = OPTIMISED.map((flag) => (flag === '-O3' ? '-Oz' : flag));
  const compiled = join(target, 'wasm32-unknown-unknown/web/brow_tract_web.wasm');
  execFileSync(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), ...flags, compiled, '-o', tractModule], { stdio: 'inherit' });
}

/** Lays the module into a pack. @param {string} folder */
export function layInto(folder) {
  const manifest = manifestOf(folder);
  const bytes = readFileSync(tractModule);
  copyFileSync(tractModule, join(folder, NAME));
  manifest.second_runtime = { file: NAME, bytes: bytes.length, sha256: sha('sha256', bytes, 'hex') };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PACK } = process.env;
  const folder = PACK ? resolve(root, PACK) : null;
  if (folder && !existsSync(join(folder, 'manifest.json'))) throw new Error(`PACK: ${folder} holds no manifest.json; make a pack with make pack NETWORK=your.onnx (docs/PACKS.md)`);
  compile();
  const bytes = readFileSync(tractModule);
  console.log(`tract-module: ${tractModule}, ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
  if (folder) {
    layInto(folder);
    console.log(`tract-module: ${folder} has it, and its manifest names it`);
  }
}
