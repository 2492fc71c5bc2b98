/** What is in dist/ is what it says it is, and works on hosts that can't be told anything. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, Visitor } from './browser.mjs';

const dist = join(ROOT, 'dist');
const pages = readdirSync(dist).filter((name) => name.endsWith('.html'));

test('every script and style of every page carries its integrity, and no page has any inline', () => {
  assert.ok(pages.includes('index.html') && pages.includes('bench.html'));
  for (const name of pages) {
    const page = readFileSync(join(dist, name), 'utf8');
    const tags = [...page.matchAll(/<script\b[^>]*>|<link\b[^>]*rel="(?:stylesheet|modulepreload)"[^>]*>/g)].map(([tag]) => tag);
    assert.ok(tags.length >= 2, name);
    for (const tag of tags) {
      const [, path] = /(?:src|href)="([^"]+)"/.exec(tag) ?? assert.fail(`${name}: inline: ${tag}`);
      const [, integrity] = /integrity="sha384-([^"]+)"/.exec(tag) ?? assert.fail(`${name}: no integrity: ${tag}`);
      assert.equal(createHash('sha384').update(readFileSync(join(dist, path))).digest('base64'), integrity, `${name}: ${path}`);
    }
    assert.doesNotMatch(page, /<script\b[^>]*>[^<]|<style|\sstyle="|\son\w+="/, name);
  }
});

test('every name in assets holds the hash of its content, so that releases never mix', () => {
  const assets = readdirSync(join(dist, 'assets'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(gz|br)$/.test(entry.name));
  assert.ok(assets.length > 20);
  for (const entry of assets) {
    const bytes = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
    assert.ok(entry.name.includes(`.${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}.`), entry.name);
  }
});

test('the page that proves links the security notes, as they stand in docs/', () => {
  const [, path] = /<a href="([^"]+security-notes[^"]+)"/.exec(readFileSync(join(dist, 'prove.html'), 'utf8')) ?? assert.fail('no link');
  assert.deepEqual(readFileSync(join(dist, path)), readFileSync(join(ROOT, 'docs/SECURITY.md')));
});

test('on a host that sends no headers the page works, and once loaded it can connect to nothing', async () => {
  const visitor = await Visitor.arrive({ plain: true });
  try {
    const page = await visitor.visit({ camera: 'ask' });
    const outcome = await page.evaluate(() => fetch(location.href).then(() => 'fetched', () => 'refused'));
    assert.equal(outcome, 'refused');
    const inWorker = await page.workers()[0].evaluate((url) => fetch(url).then(() => 'fetched', () => 'refused'), visitor.server.url);
    assert.equal(inWorker, 'refused');
    assert.deepEqual(visitor.strayRequests(), []);
  } finally {
    await visitor.depart();
  }
});
