/** Trunk makes the release that the build without it makes, and serves it under the same policy. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { headersForAll } from '../../tools/hosts.mjs';
import { PATH, hasTrunk } from '../../tools/setup.mjs';
import { ROOT } from './browser.mjs';

const skip = hasTrunk() ? false : 'SKIPPED: trunk, which nothing depends on, is not installed';
const dist = mkdtempSync(join(tmpdir(), 'brow-trunk-'));
const env = { ...process.env, PATH };
after(() => rmSync(dist, { recursive: true, force: true }));

/** Every file of a release with the hash of its bytes. */
const hashes = (folder) => Object.fromEntries(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  return [path.slice(folder.length), createHash('sha256').update(readFileSync(path)).digest('hex')];
}).sort());

test('a release by trunk is that of the build, file by file', { skip }, () => {
  execFileSync('trunk', ['build', '--release', '--dist', dist], { cwd: ROOT, env, stdio: 'inherit' });
  const made = hashes(dist);
  assert.ok(Object.keys(made).length > 90);
  assert.deepEqual(made, hashes(join(ROOT, 'dist')));
});

/** A port that nobody listens on. */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

test("trunk's server sends the policy, no page has a script in it, and what is not there is not found", { skip }, async () => {
  const port = await freePort();
  const server = spawn('trunk', ['serve', '--port', String(port), '--dist', dist], { cwd: ROOT, env, stdio: 'inherit' });
  try {
    const address = `http://127.0.0.1:${port}`;
    let page = null;
    while (!page) {
      assert.equal(server.exitCode, null, 'trunk ended');
      page = await fetch(address).then((response) => (response.ok ? response : null), () => null);
      if (!page) await new Promise((resolve) => { setTimeout(resolve, 500); });
    }
    for (const [name, value] of headersForAll(readFileSync(join(ROOT, 'www/_headers'), 'utf8'))) assert.equal(page.headers.get(name), value, name);
    const text = await page.text();
    assert.doesNotMatch(text, /<script\b[^>]*>[^<]/);
    const [, script] = /<script src="\.\/(assets\/reload\.[0-9a-f]{10}\.js)" integrity="sha384-/.exec(text) ?? assert.fail('no script that loads it anew');
    assert.match(await (await fetch(`${address}/${script}`)).text(), /\.well-known\/trunk\/ws/);
    assert.equal((await fetch(`${address}/missing.html`)).status, 404);
  } finally {
    server.kill();
    await new Promise((resolve) => { server.once('exit', resolve); });
  }
});
