/** What others wrote and we build with: pinned, from the public registries only, under licences that go with ours. */
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

test('every crate comes from crates.io, with a checksum, under an allowed licence', () => {
  const metadata = JSON.parse(execFileSync('cargo', ['metadata', '--locked', '--format-version', '1'], { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] }));
  const others = metadata.packages.filter(({ source }) => source !== null);
  assert.ok(others.length > 5);
  for (const { name, license, source } of others) {
    assert.equal(source, 'registry+https://github.com/rust-lang/crates.io-index', name);
    assert.ok(isAllowed(license ?? ''), `${name}: ${license}`);
  }
  const lock = readFileSync(`${ROOT}/Cargo.lock`, 'utf8');
  assert.equal(lock.match(/^source = /gm).length, lock.match(/^checksum = /gm).length);
});

test('every npm package is for building and testing only, pinned, with an integrity and an allowed licence', () => {
  const { packages } = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8'));
  assert.equal(packages[''].dependencies, undefined, 'nothing of npm is fetched by a visitor');
  for (const [range, version] of Object.entries(packages[''].devDependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, range);
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue;
    assert.match(entry.integrity ?? '', /^sha512-/, path);
    assert.equal(entry.dev, true, path);
    // MPL-2.0 is axe-core's: a tool of the tests, unchanged and not shipped.
    assert.ok(isAllowed(entry.license ?? '') || entry.license === 'MPL-2.0', `${path}: ${entry.license}`);
  }
});
