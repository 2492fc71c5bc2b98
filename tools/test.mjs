/**
 * Runs the checks, goes on where one fails, and names at the end what failed and how long each took. Two things run at a time, compilers and files of browser
 * tests alike; a file that fails is run again when nothing runs beside it, and is named even where it passes then: such a test hangs on the speed of the machine.
 *
 *   node tools/test.mjs          what a change of the product needs, in a quarter of an hour
 *   node tools/test.mjs --all    also all other browser tests, and what takes minutes: fuzzing, a hundred kills, other browsers, samples, tract, the training room
 *   node tools/test.mjs NAME...  only the parts whose name contains one of these words
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
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
/** So many things at a time: a compiler's last steps and a browser keep one processor busy. */
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

/** @typedef {{name: string, command: string[], needs?: string, after?: string}} Part `needs`: a part without which this one makes no sense; `after`: what it would only wait for */

/** What the training room needs: it is gigabytes and hardly any work, so it is fetched while others compile, beside the lanes. */
const FETCH = 'fetch';
const files = tests('tests/e2e').filter((file) => (all || words.length > 0 || isOneOf(DESK, file)) && isWanted(file));
/** What is missing is installed by these alone, one after the other: two that find it missing at the same time would both install it, and one of them fails. */
const INSTALL = [
  { name: 'toolchain', command: make('setup-rust') },
  { name: 'setup', command: make(all ? 'setup-test-all' : files.length > 0 ? 'setup-test' : 'setup-build'), needs: 'toolchain' },
];
/** @type {Part[]} in the order in which they begin */
const wanted = [
  { name: 'format', command: make('check-format'), needs: 'toolchain' },
  { name: 'lints', command: make('check-lints'), needs: 'toolchain' },
  { name: 'build', command: make('package'), needs: 'setup' },
  { name: 'rust', command: make('check-rust'), needs: 'toolchain', after: 'lints' },
  ...(all ? [{ name: 'tract', command: make('check-tract'), needs: 'toolchain' }, { name: 'tract-module', command: ['node', 'tools/tract-module.mjs', '--quick'], needs: 'setup' }] : []),
  { name: 'types', command: make('check-types'), needs: 'setup' },
  { name: 'size', command: ['node', 'tools/size.mjs'], needs: 'build' },
  { name: 'unit', command: node(300_000, ...tests('tests/unit'), ...tests('tests/vault')), needs: 'build' },
  ...(all ? [{ name: 'training', command: make('check-training'), after: FETCH }] : []),
].filter(({ name }) => isWanted(name));
const parts = [...INSTALL, ...wanted];
/** @param {string} file @returns {Part} */
const browserTest = (file) => ({ name: file, command: node(isOneOf(LONG, file) ? 600_000 : 400_000, file), needs: 'build' });
/** The long ones first: the last one leaves the other lane empty. */
const together = files.filter((file) => !isOneOf(ALONE, file)).sort((a, b) => Number(isOneOf(LONG, b)) - Number(isOneOf(LONG, a))).map(browserTest);

const env = { ...(all ? THOROUGHLY : SHORTLY), ...process.env };
/** Says `part` whenever something ended that others may wait for. */
const ended = new EventEmitter();
/** What has not ended yet. */
const pending = new Set(parts.map(({ name }) => name));
/** @type {Set<string>} */
const failed = new Set();
/** @type {{name: string, seconds: number}[]} */
const took = [];

/** Runs a part and prints what it said when it is done. @param {Part} part @returns {Promise<boolean>} whether it passed */
async function passes({ name, command }) {
  const began = Date.now();
  console.log(`test: ${name} begins`);
  const child = spawn(command[0], command.slice(1), { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {Buffer[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  const seconds = Math.round((Date.now() - began) / 1000);
  took.push({ name, seconds });
  console.log(`test: ${name}, ${seconds} s\n${Buffer.concat(said)}`);
  return code === 0;
}

/** @param {string} name */
function end(name) {
  pending.delete(name);
  ended.emit('part');
}

/** Whether something else still has to end before this part may begin. @param {Part} part */
const waits = ({ needs, after }) => [needs, after].some((name) => name !== undefined && pending.has(name));

/** One lane: takes part after part that may begin, and waits for what others run where none may. @param {Part[]} waiting */
async function lane(waiting) {
  while (waiting.length > 0) {
    const at = waiting.findIndex((part) => !waits(part));
    if (at < 0) {
      await once(ended, 'part');
      continue;
    }
    const [part] = waiting.splice(at, 1);
    if (part.needs && failed.has(part.needs)) {
      console.log(`test: ${part.name} is left out, for ${part.needs} failed`);
      failed.add(part.name);
    } else if (!(await passes(part))) {
      failed.add(part.name);
      // What is missing was said, and how it is installed: nothing else can be told.
      if (INSTALL.includes(part)) process.exit(1);
    }
    end(part.name);
  }
}

if (pending.has('training')) {
  pending.add(FETCH);
  spawn('make', ['-C', 'models/training', 'setup'], { cwd: root, stdio: 'ignore' }).on('close', () => end(FETCH));
}

const waiting = [...parts, ...together];
await Promise.all(Array.from({ length: Math.min(LANES, availableParallelism()) }, () => lane(waiting)));
await lane(files.filter((file) => isOneOf(ALONE, file)).map(browserTest));

/** Browser tests that failed beside others. */
const late = failed.has('build') ? [] : files.filter((file) => failed.has(file));
if (late.length <= TRIED_AGAIN) for (const file of late) if (await passes(browserTest(file))) failed.delete(file);

console.log(`\ntest: seconds by part: ${took.sort((a, b) => b.seconds - a.seconds).map(({ name, seconds }) => `${name} ${seconds}`).join(', ')}`);
for (const file of late) if (!failed.has(file)) console.log(`test: passed only at its second try: ${file}`);
for (const name of failed) console.log(`test: FAILED: ${name}`);
const count = wanted.length + files.length;
console.log(`${count - failed.size} passed, ${failed.size} failed`);
if (failed.size > 0 || count === 0) process.exit(1);
