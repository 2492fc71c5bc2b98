/** Compiles a crate of the bench as the product is compiled. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { flagsFor, optimise } from '../tools/engine-files.mjs';
import { root } from '../tools/setup.mjs';

/** Says how it is optimised. */
const HOW = join(root, 'tools/engine-files.mjs');

/** @param {'wasm' | 'rten'} crate @param {{relaxed: boolean}} build @returns {Promise<string>} the optimised module */
export async function compile(crate, { relaxed }) {
  const target = join(root, 'target/bench', relaxed ? 'relaxed' : 'plain');
  execFileSync('cargo', ['build', '--locked', '--release', '--target', 'wasm32-unknown-unknown'], {
    cwd: join(root, 'bench', crate),
    stdio: 'inherit',
    env: { ...process.env, CARGO_TARGET_DIR: target, RUSTFLAGS: flagsFor({ relaxed }) },
  });
  const name = crate === 'wasm' ? 'brow_bench' : 'rten_bench';
  const compiled = join(target, 'wasm32-unknown-unknown/release', `${name}.wasm`);
  const optimised = join(target, `${name}.wasm`);
  // Cargo leaves alone what has not changed, and so does this.
  const changed = Math.max(...[compiled, HOW].map((file) => statSync(file).mtimeMs));
  if (!existsSync(optimised) || statSync(optimised).mtimeMs < changed) await optimise(compiled, optimised, { relaxed });
  return optimised;
}
