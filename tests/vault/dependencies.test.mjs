/** What others wrote and we build, measure and train with: pinned, from the public registries only, under licences that go with ours. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ALLOWED = new Set(/allow = \[(.*)\]/.exec(readFileSync(`${ROOT}/deny.toml`, 'utf8'))[1].match(/[^", ]+/g));

/** Whether an SPDX expression leaves a choice that is allowed: enough for the "OR", "AND", "/" and brackets in use. */
function isAllowed(expression) {
  const words = expression.replaceAll('/', ' OR ').replaceAll('(', ' ( ').replaceAll(')', ' ) ').trim().split(/\s+/);
  let at = 0;
  const one = () => {
    if (words[at] !== '(') {
      const id = words[at++];
      // An exception only ever allows more.
      if (words[at] === 'WITH') at += 2;
      return ALLOWED.has(id);
    }
    at += 1;
    const inner = either();
    at += 1;
    return inner;
  };
  const all = () => {
    let ok = one();
    while (words[at] === 'AND') {
      at += 1;
      ok = one() && ok;
    }
    return ok;
  };
  function either() {
    let ok = all();
    while (words[at] === 'OR') {
      at += 1;
      ok = all() || ok;
    }
    return ok;
  }
  return either();
}

test('licence expressions are read as SPDX means them', () => {
  const cases = { 'MIT OR Apache-2.0': true, 'MIT/Apache-2.0': true, 'GPL-3.0': false, 'GPL-3.0 OR MIT': true, 'GPL-3.0 AND MIT': false, '(MIT OR GPL-3.0) AND Unicode-3.0': true, 'Apache-2.0 WITH LLVM-exception': true };
  for (const [expression, allowed] of Object.entries(cases)) assert.equal(isAllowed(expression), allowed, expression);
});

/** The lock files of this repository, wherever they lie. */
const tracked = (name) => execFileSync('git', ['ls-files', '--', name, `*/${name}`], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');

test('every crate comes from crates.io, with a checksum, under an allowed licence', () => {
  const metadata = JSON.parse(execFileSync('cargo', ['metadata', '--locked', '--format-version', '1'], { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] }));
  const others = metadata.packages.filter(({ source }) => source !== null);
  assert.ok(others.length > 5);
  for (const { name, license } of others) assert.ok(isAllowed(license ?? ''), `${name}: ${license}`);
  const locks = tracked('Cargo.lock');
  for (const wanted of ['Cargo.lock', 'tools/bindgen/Cargo.lock']) assert.ok(locks.includes(wanted), wanted);
  for (const lock of locks) {
    const packages = readFileSync(`${ROOT}/${lock}`, 'utf8').split('[[package]]').slice(1).filter((entry) => /^source = /m.test(entry));
    assert.ok(packages.length > 5, lock);
    for (const entry of packages) {
      assert.match(entry, /^source = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"$/m, lock);
      assert.match(entry, /^checksum = "[0-9a-f]{64}"$/m, `${lock}: ${entry}`);
    }
  }
});

test('every npm package is for building, testing and measuring only, pinned, with an integrity and an allowed licence', () => {
  const locks = tracked('package-lock.json');
  for (const wanted of ['package-lock.json', 'samples/vite/package-lock.json']) assert.ok(locks.includes(wanted), wanted);
  for (const lock of locks) {
    const { packages } = JSON.parse(readFileSync(`${ROOT}/${lock}`, 'utf8'));
    const { dependencies = {}, devDependencies = {} } = packages[''];
    if (lock === 'package-lock.json') assert.deepEqual(dependencies, {}, 'nothing of npm is fetched by a visitor');
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/, `${lock}: ${name}`);
    for (const [path, entry] of Object.entries(packages)) {
      if (path === '') continue;
      assert.match(entry.integrity ?? '', /^sha512-/, `${lock}: ${path}`);
      if (lock === 'package-lock.json') assert.equal(entry.dev, true, path);
      // MPL-2.0 is axe-core's: a tool of the tests, unchanged and not shipped.
      assert.ok(isAllowed(entry.license ?? '') || entry.license === 'MPL-2.0', `${lock}: ${path}: ${entry.license}`);
    }
  }
});

test('no npm package runs a script of its own while it is installed', () => {
  for (const path of ['tools/setup.mjs', 'tools/samples.mjs', 'bench/run.mjs']) {
    const calls = readFileSync(`${ROOT}/${path}`, 'utf8').match(/'(?:ci|install)',[^\n]*/g)?.filter((call) => /npm|no-audit|cwd/.test(call)) ?? [];
    assert.ok(calls.length > 0, path);
    for (const call of calls) if (!call.includes('apt-get')) assert.match(call, /--ignore-scripts/, `${path}: ${call}`);
  }
});

test('every Python package that the training room installs is pinned, with its hashes', () => {
  const text = readFileSync(`${ROOT}/models/training/requirements.txt`, 'utf8').replace(/\\\n\s*/g, '');
  const lines = text.split('\n').filter((line) => line.trim() && !line.startsWith('#'));
  const wanted = readFileSync(`${ROOT}/models/training/requirements.in`, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  assert.ok(wanted.length >= 5);
  for (const line of wanted) assert.ok(lines.some((entry) => entry.startsWith(`${line} `)), line);
  for (const line of lines) assert.match(line, /^[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/, line.slice(0, 60));
});
