/** Compiles the crate for the browser: the module, its build for relaxed SIMD, and the glue that both share. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PLAIN, RELAXED, flagsFor, optimise, sha, webDir } from './engine-files.mjs';
import { bindgen, root } from './setup.mjs';

const run = promisify(execFile);
/** Where the build for relaxed SIMD is made, before it lies beside the other. */
const relaxedDir = join(webDir, 'relaxed');
/** Each build has a folder of its own: in one, cargo would hand out the module of the other flags as its own. */
const targetOf = ({ relaxed }) => join(root, relaxed ? 'target/relaxed' : 'target');

/** Says in a folder what it was made from, so that it is not made again. */
class Stamp {
  constructor(folder, { relaxed }) {
    this.file = join(folder, 'built-from');
    this.compiled = join(targetOf({ relaxed }), 'wasm32-unknown-unknown/release/brow.wasm');
    this.text = sha('sha256', readFileSync(this.compiled), 'hex');
  }

  holds() {
    return existsSync(this.file) && readFileSync(this.file, 'utf8') === this.text;
  }

  write() {
    writeFileSync(this.file, this.text);
  }
}

/** Compiles the crate to `folder`/brow.js and brow_bg.wasm, optimised; with relaxed SIMD if asked. */
async function compileModule(folder, { relaxed }) {
  await run('cargo', ['build', '--locked', '--release', '--lib', '--target', 'wasm32-unknown-unknown'],
    { cwd: root, env: { ...process.env, CARGO_TARGET_DIR: targetOf({ relaxed }), RUSTFLAGS: flagsFor({ relaxed }) } });
  const stamp = new Stamp(folder, { relaxed });
  if (stamp.holds()) return;
  mkdirSync(folder, { recursive: true });
  await run(bindgen, ['--target=web', `--out-dir=${folder}`, '--out-name=brow', '--no-typescript', stamp.compiled]);
  await optimise(join(folder, PLAIN), join(folder, PLAIN), { relaxed });
  stamp.write();
}

/** The build that is faster by a seventh and more, and that not every browser takes. */
export const compileRelaxed = () => compileModule(relaxedDir, { relaxed: true });

/** Lays both builds side by side. */
export function joinBuilds() {
  if (!readFileSync(join(relaxedDir, 'brow.js')).equals(readFileSync(join(webDir, 'brow.js')))) {
    throw new Error('the two builds of the module want different glue: they cannot share brow.js');
  }
  cpSync(join(relaxedDir, PLAIN), join(webDir, RELAXED));
}

/** Takes the module for every browser from where somebody else compiled it with the same tools, flags and arguments. @param {string} folder */
export function takePlain(folder) {
  mkdirSync(webDir, { recursive: true });
  for (const name of ['brow.js', PLAIN]) cpSync(join(folder, name), join(webDir, name));
  new Stamp(webDir, { relaxed: false }).write();
}

/** Both builds, at the same time. */
export async function compileEngine() {
  await Promise.all([compileModule(webDir, { relaxed: false }), compileRelaxed()]);
  joinBuilds();
}
