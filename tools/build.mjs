/**
 * Builds the release page: `node tools/build.mjs` turns the crate, www/ and models/ into dist/. `trunk build --release` makes the
 * same by Trunk.toml.
 *
 * `PACK` names a folder with other networks (docs/PACKS.md). `BROW_WASM_DIR` names a folder with brow.js, brow_bg.wasm and brow_bg_relaxed.wasm to use instead of compiling the crate.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileEngine } from './compile.mjs';
import { finish } from './finish.mjs';
import { root } from './setup.mjs';

if (!process.env.BROW_WASM_DIR) await compileEngine();
const next = join(root, 'target/dist-next');
const dist = join(root, 'dist');
const files = finish(next);
// A server that looks into dist/ meanwhile finds the release before.
rmSync(dist, { recursive: true, force: true });
cpSync(next, dist, { recursive: true });
rmSync(next, { recursive: true, force: true });
console.log(`build: dist/ holds ${files} files`);
