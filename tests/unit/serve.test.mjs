import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseHeaders, startServer } from '../../tools/serve.mjs';

const outside = mkdtempSync(join(tmpdir(), 'brow-serve-'));
const folder = join(outside, 'dist');
let server;

before(async () => {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, '_headers'), '# note\n/*\n  X-All: yes\n/index.html\n  X-One: yes\n');
  writeFileSync(join(folder, 'assets/app.0123456789.js'), 'plain');
  writeFileSync(join(folder, 'assets/app.0123456789.js.br'), 'small');
  server = await startServer({ folder });
});
after(async () => {
  await server.close();
  rmSync(outside, { recursive: true, force: true });
});

/** By hand: fetch would tidy the path before sending it. */
const get = (path, headers = {}, method = 'GET') => new Promise((resolve, reject) => {
  const { hostname, port } = new URL(server.url);
  request({ hostname, port, path, headers, method }, (response) => {
    let body = '';
    response.on('data', (part) => {
      body += part;
    });
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
  }).on('error', reject).end();
});

test('a folder gives its index, with the headers of every rule that matches', async () => {
  const { status, headers } = await get('/');
  assert.equal(status, 200);
  assert.equal(headers['x-all'], 'yes');
  assert.equal(headers['x-one'], undefined);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['cache-control'], 'no-cache');
  assert.equal((await get('/index.html')).headers['x-one'], 'yes');
});

test('names with a hash are cached for ever, compressed for whoever takes it', async () => {
  const small = await get('/assets/app.0123456789.js', { 'accept-encoding': 'gzip, br' });
  assert.equal(small.body, 'small');
  assert.equal(small.headers['content-encoding'], 'br');
  assert.match(small.headers['cache-control'], /immutable/);
  assert.equal((await get('/assets/app.0123456789.js')).body, 'plain');
});

test('nothing outside the folder and no rule file is served', async () => {
  for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/_headers', '/missing', '/%']) {
    const { status, body } = await get(path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(!body.includes('secret'));
  }
});

test('nothing can be sent to it', async () => {
  assert.equal((await get('/', {}, 'POST')).status, 405);
});

test('rules are read with stars and comments', () => {
  const [all, one] = parseHeaders('# c\n/*\n  A: b: c\n\n/x.html\n  D: e\n');
  assert.ok(all.matches('/anything/at/all'));
  assert.deepEqual(all.headers, [['A', 'b: c']]);
  assert.ok(one.matches('/x.html') && !one.matches('/xahtml'));
});
