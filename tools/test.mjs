/**
 * Runs the checks, goes on where one fails, and names at the end what failed and how long each took. Browser tests run two files at a time; one that
 * fails is run again when nothing runs beside it, and is named even where it passes then: such a test hangs on the speed of the machine.
 *
 *   node tools/test.mjs          what a change of the product needs, in a quarter of an hour
 *   node tools/test.mjs --all    also all other browser tests, and what takes minutes: fuzzing, a hundred kills, other browsers, samples, tract, the training room
 *   node tools/test.mjs NAME...  only the parts whose name contains one of these words
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** What a change breaks first, of each room: a visitor's page, the element and its frame, the kiosk, the vault, offline use, what an attacker tries. The rest of the browser tests is of `--all`. */
const DESK = ['access', 'bad-input', 'camera', 'capture', 'element', 'frame', 'hostile-backup', 'integrity', 'kiosk-checkin', 'languages', 'offline', 'own-site', 'people',
  'recognise', 'release', 'surface', 'vault-page', 'vault-store', 'welcome'];
/** Tests that take minutes each. */
const LONG = ['own-pack', 'second-runtime', 'firefox', 'webkit', 'package', 'frameworks', 'int8-builds', 'trunk'];
/** Tests of what somebody before the camera does in time, or that take the whole machine: nothing runs beside them. */
const ALONE = ['kiosk-turn', 'frames', 'speed', 'int8-builds', 'second-runtime', 'own-pack', 'trunk', 'frameworks'];
/** So many files of the others at a time: each has a browser, which is busy on a processor and waits for the rest of its time. */
const LANES = 2;
/** Where more fail, it is no matter of speed. */
const TRIED_AGAIN = 8;
/** What is smaller at a desk than in the run of everything. */
const SHORTLY = { BROW_KILLS: '10', FUZZ_SECONDS: '1' };
const THOROUGHLY = { BROW_KILLS: '100', FUZZ_SECONDS: '15' };

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const all = process.argv.includes('--all');
const isWanted = (name) => words.length === 0 || words.some((word) => name.includes(word));

/** The files of a folder and the folders in it that hold tests. */
const tests = (folder) => readdirSync(join(root, folder), { recursive: true })
  .map((name) => `${folder}/${String(name).split('\\').join('/')}`).filter((name) => name.endsWith('.test.mjs')).sort();

const isOneOf = (names, file) => names.some((name) => file.endsWith(`/${name}.test.mjs`));
const make = (target) => ['make', '--no-print-directory', target];
/** A file of tests, which ends with its last test: a browser that will not go keeps nothing waiting. */
const node = (timeout, ...files) => ['node', '--test', '--test-force-exit', `--test-timeout=${timeout}`, ...files];

/** @type {{name: string, command: string[], needs?: string}[]} `needs`: a part without which this one makes no sense */
const parts = [
  { name: 'format', command: make('check-format') },
  { name: 'lints', command: make('check-lints') },
  { name: 'types', command: make('check-types') },
  { name: 'rust', command: make('check-rust') },
  { name: 'build', command: make('package') },
  { name: 'size', command: ['node', 'tools/size.mjs'], needs: 'build' },
  { name: 'unit', command: node(300_000, ...tests('tests/unit'), ...tests('tests/vault')), needs: 'build' },
  ...(all ? [{ name: 'tract', command: make('check-tract') }, { name: 'tract-module', command: ['node', 'tools/tract-module.mjs', '--quick'] }, { name: 'training', command: make('check-training') }] : []),
].filter(({ name }) => isWanted(name));
const files = tests('tests/e2e').filter((file) => (all || words.length > 0 || isOneOf(DESK, file)) && isWanted(file));

const env = { ...(all ? THOROUGHLY : SHORTLY), ...process.env };
const failed = new Set();
const late = new Set();
const took = [];

/** Remembers how long something took. @param {string} name @param {number} began */
const note = (name, began) => took.push({ name, seconds: Math.round((Date.now() - began) / 1000) });

/** What the training room needs is fetched while others compile: it is gigabytes, and hardly any work. */
const fetched = parts.some(({ name }) => name === 'training') && once(spawn('make', ['-C', 'models/training', 'setup'], { cwd: root, stdio: 'inherit' }), 'close');

for (const { name, command, needs } of parts) {
  if (name === 'training') await fetched;
  if (needs && failed.has(needs)) {
    console.log(`test: ${name} is left out, for ${needs} failed`);
    failed.add(name);
    continue;
  }
  console.log(`test: ${name}`);
  const began = Date.now();
  if (spawnSync(command[0], command.slice(1), { cwd: root, env, stdio: 'inherit' }).status !== 0) failed.add(name);
  note(name, began);
}

/** Runs a file of browser tests and prints what it said when it is done. @param {string} file @returns {Promise<boolean>} whether it passed */
async function passes(file) {
  const began = Date.now();
  const [command, ...rest] = node(isOneOf(LONG, file) ? 600_000 : 400_000, file);
  const child = spawn(command, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  console.log(`test: ${file}\n${Buffer.concat(said)}`);
  note(file, began);
  return code === 0;
}

/** One lane: takes file after file. @param {string[]} waiting @param {Set<string>} refused where those go that failed */
async function lane(waiting, refused) {
  for (let file = waiting.shift(); file; file = waiting.shift()) if (!(await passes(file))) refused.add(file);
}

if (failed.has('build')) {
  console.log('test: the browser tests are left out, for build failed');
  for (const file of files) failed.add(file);
} else {
  const together = files.filter((file) => !isOneOf(ALONE, file));
  await Promise.all(Array.from({ length: Math.min(LANES, availableParallelism()) }, () => lane(together, late)));
  await lane(files.filter((file) => isOneOf(ALONE, file)), late);
  if (late.size > TRIED_AGAIN) for (const file of late) failed.add(file);
  else await lane([...late], failed);
}

console.log(`\ntest: seconds by part: ${took.sort((a, b) => b.seconds - a.seconds).map(({ name, seconds }) => `${name} ${seconds}`).join(', ')}`);
for (const file of late) if (!failed.has(file)) console.log(`test: passed only at its second try: ${file}`);
for (const name of failed) console.log(`test: FAILED: ${name}`);
const count = parts.length + files.length;
console.log(`${count - failed.size} passed, ${failed.size} failed`);
if (failed.size > 0 || count === 0) process.exit(1);
