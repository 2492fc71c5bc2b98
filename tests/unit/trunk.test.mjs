/** What trunk is told is what the build without it does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPTIMISED } from '../../tools/engine-files.mjs';
import { headersForAll } from '../../tools/hosts.mjs';
import { bindgen, root } from '../../tools/setup.mjs';
import { reloadScript } from '../../tools/trunk.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** The pairs of one table of Trunk.toml, whose values are single lines of JSON too. */
function tableOf(name) {
  const [, lines] = new RegExp(`^\\[${name.replace('.', '\\.')}\\]\n((?:.+\n)*)`, 'm').exec(read('Trunk.toml'));
  return lines.trim().split('\n').filter((line) => !line.startsWith('#')).map((line) => {
    const [key, ...value] = line.split(' = ');
    return [key, JSON.parse(value.join(' = '))];
  });
}

test("trunk's server sends the headers that hosts are told for every path", () => {
  assert.ok(tableOf('serve.headers').length >= 10);
  assert.deepEqual(tableOf('serve.headers'), headersForAll(read('www/_headers')));
});

test('trunk optimises the module as the build does, by the same version', () => {
  const [link] = /<link data-trunk[^>]*>/.exec(read('www/index.html'));
  const attribute = (name) => new RegExp(` data-${name}="([^"]*)"`).exec(link)?.[1];
  assert.deepEqual([`-O${attribute('wasm-opt')}`, ...attribute('wasm-opt-params').split(' ')], OPTIMISED);
  assert.equal(attribute('bindgen-target'), 'web');
  const binaryen = JSON.parse(read('package.json')).devDependencies.binaryen;
  assert.deepEqual(tableOf('tools'), [['wasm_opt', `version_${binaryen.split('.')[0]}`]]);
});

test('the script that loads a page anew is taken out of it, knows its own host, and leaves no service worker behind', () => {
  const page = `<p></p><script>const address = '{{__TRUNK_ADDRESS__}}';\nconst base = '{{__TRUNK_WS_BASE__}}';\nws.onopen = () => window.location.reload();</script></body>`;
  const script = reloadScript(page);
  assert.doesNotMatch(script, /\{\{|<script|<\/script/);
  assert.match(script, /const address = window\.location\.host;\nconst base = '\/';\nws\.onopen = \(\) => anew\(\);/);
  assert.match(script, /unregister\(\)[^]*window\.location\.reload\(\)/);
  assert.equal(reloadScript('<p></p></body>'), null);
});

test('our wasm-bindgen says which version it is and refuses what it would not heed', { skip: existsSync(bindgen) ? false : 'SKIPPED: not compiled: make setup-build' }, () => {
  const answer = (...words) => spawnSync(bindgen, words, { encoding: 'utf8' });
  const [, version] = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(read('Cargo.lock'));
  assert.equal(answer('--version').stdout, `wasm-bindgen ${version}\n`);
  for (const words of [[], ['a.wasm'], ['--target=nodejs', '--out-dir=x', '--out-name=y', 'a.wasm'], ['--weak-refs', '--out-dir=x', '--out-name=y', 'a.wasm'], ['--out-dir=x', '--out-name=y', 'a.wasm', 'b.wasm']]) {
    const { status, stderr } = answer(...words);
    assert.equal(status, 1, words.join(' '));
    assert.match(stderr, /^wasm-bindgen: ('[^']+' is nothing|usage)/, words.join(' '));
  }
});
