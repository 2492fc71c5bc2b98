/**
 * Runs the checks one after the other, goes on where one fails, and names at the end what failed and how long each took.
 *
 *   node tools/test.mjs          what a change of the product needs
 *   node tools/test.mjs --all    also what takes minutes: fuzzing, a hundred kills, other browsers, samples, tract, the training room
 *   node tools/test.mjs NAME...  only the parts whose name contains one of these words
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Tests that take minutes each, or need more than Chromium. */
const LONG = ['own-pack', 'second-runtime', 'firefox', 'webkit', 'package', 'frameworks', 'int8-builds', 'trunk'];
/** What is smaller at a desk than in the run of everything. */
const SHORTLY = { BROW_KILLS: '10', FUZZ_SECONDS: '1' };
const THOROUGHLY = { BROW_KILLS: '100', FUZZ_SECONDS: '60' };

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const all = process.argv.includes('--all');

/** The files of a folder and the folders in it that hold tests. */
const tests = (folder) => readdirSync(join(root, folder), { recursive: true })
  .map((name) => `${folder}/${String(name).split('\\').join('/')}`).filter((name) => name.endsWith('.test.mjs')).sort();

const isLong = (file) => LONG.some((name) => file.endsWith(`/${name}.test.mjs`));
const make = (target) => ['make', '--no-print-directory', target];

/** @type {{name: string, command: string[], needs?: string}[]} `needs`: a part without which this one makes no sense */
const parts = [
  { name: 'format', command: make('check-format') },
  { name: 'lints', command: make('check-lints') },
  { name: 'types', command: make('check-types') },
  { name: 'rust', command: make('check-rust') },
  { name: 'build', command: make('package') },
  { name: 'size', command: ['node', 'tools/size.mjs'], needs: 'build' },
  { name: 'unit', command: make('check-unit'), needs: 'build' },
  ...tests('tests/e2e').filter((file) => all || words.length > 0 || !isLong(file))
    .map((file) => ({ name: file, command: ['node', '--test', `--test-timeout=${isLong(file) ? 600_000 : 300_000}`, file], needs: 'build' })),
  ...(all ? [{ name: 'tract', command: make('check-tract') }, { name: 'training', command: make('check-training') }] : []),
].filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const env = { ...(all ? THOROUGHLY : SHORTLY), ...process.env };
const failed = new Set();
const took = [];
for (const { name, command, needs } of parts) {
  if (needs && failed.has(needs)) {
    console.log(`test: ${name} is left out, for ${needs} failed`);
    failed.add(name);
    continue;
  }
  console.log(`test: ${name}`);
  const began = Date.now();
  if (spawnSync(command[0], command.slice(1), { cwd: root, env, stdio: 'inherit' }).status !== 0) failed.add(name);
  took.push({ name, seconds: Math.round((Date.now() - began) / 1000) });
}
console.log(`\ntest: seconds by part: ${took.sort((a, b) => b.seconds - a.seconds).map(({ name, seconds }) => `${name} ${seconds}`).join(', ')}`);
for (const name of failed) console.log(`test: FAILED: ${name}`);
console.log(`${parts.length - failed.size} passed, ${failed.size} failed`);
if (failed.size > 0 || parts.length === 0) process.exit(1);
