/** The policy in a real browser: nothing reaches a receiver on this machine that would take anything. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startReceiver } from '../../tools/receiver.mjs';
import { ROOT, findings } from './browser.mjs';
import { openBrowser as open } from './vault-browser.mjs';

const DIST = join(ROOT, 'dist');
const openBrowser = (options) => open({ folder: DIST, ...options });

/** A copy of the release whose pages bring no policy. */
function withoutPolicy() {
  const folder = mkdtempSync(join(tmpdir(), 'brow-plain-'));
  cpSync(DIST, folder, { recursive: true });
  const page = readFileSync(join(DIST, 'prove.html'), 'utf8');
  writeFileSync(join(folder, 'prove.html'), page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ''));
  for (const copy of ['.gz', '.br']) rmSync(join(folder, `prove.html${copy}`));
  return folder;
}

/** Runs the prove page and gives its rows by "place: name". */
async function proveIn(page, url, receiver) {
  await page.goto(`${url}/prove.html?to=${encodeURIComponent(receiver.url)}`);
  await page.click('#run');
  await page.waitForFunction(() => /ways to the site|Do not trust|stopped/.test(document.querySelector('#verdict').textContent), null, { timeout: 150_000 });
  const rows = await page.$$eval('#results tbody tr', (list) => list.map((row) => [`${row.cells[1].textContent}: ${row.cells[0].textContent}`, row.dataset.outcome, row.cells[2].textContent]));
  return { rows, verdict: await page.textContent('#verdict') };
}

/** What stays open to the own site. */
const OPEN = ['page, to its own site: sending this page to the address', 'page, to its own site: module from the address (import)', 'page, to its own site: prefetching link', 'page, to its own site: script',
  'page, to its own site: worker made here that loads a script (importScripts)', 'worker, to its own site: module from the address (import)', 'worker, to its own site: worker made here that loads a script (importScripts)'].sort();
const outward = (rows) => rows.filter(([name]) => !/own site/.test(name));
const not = (rows, outcomes) => rows.filter(([, outcome]) => !outcomes.includes(outcome));

describe('with the headers of production', () => {
  let browser;
  let receiver;
  before(async () => {
    browser = await openBrowser();
    receiver = await startReceiver();
  });
  after(async () => {
    await browser.close();
    await receiver.close();
  });

  test('every way out is refused, in the page and in a worker, and nothing arrives', async () => {
    const page = await browser.context.newPage();
    const { rows, verdict } = await proveIn(page, browser.url, receiver);
    assert.ok(rows.filter(([name]) => name.startsWith('page')).length >= 30 && rows.filter(([name]) => name.startsWith('worker')).length >= 11, `${rows.length} attempts`);
    assert.deepEqual(not(outward(rows), ['refused', 'absent']), []);
    const groups = await page.$$eval('#results table', (tables) => tables.map((table) => [table.caption.textContent, table.tBodies[0].rows.length]));
    assert.deepEqual(groups.map(([title]) => title), ['Would carry away anything, whole pictures too', 'Would carry away what fits into an address, piece by piece', 'Would let foreign code in, which could do the rest']);
    for (const [title, count] of groups) assert.ok(count >= 10, title);
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(receiver.received, []);
    assert.match(verdict, /^All \d+ ways out were refused\. Of \d+ ways to the site that this page came from, 7 stay open/);
    // Each is named in docs/SECURITY.md; all else is refused by the policy.
    assert.deepEqual(not(rows, ['refused', 'absent']).map(([name]) => name).sort(), OPEN);
    assert.equal(new URL(page.url()).origin, browser.url);
    await page.close();
  });

  test('without the script guard, the headers alone keep WebRTC, new windows and departures from connecting', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${browser.url}/app.webmanifest`);
    await page.evaluate(async (target) => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: target.replace('http://', 'stun:') }] });
      peer.createDataChannel('x');
      await peer.setLocalDescription(await peer.createOffer());
      window.open(`${target}/open`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      location.href = `${target}/left`;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }, receiver.url).catch(() => {}); // An error page may have taken the place of this one.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual(receiver.received, []);
    await page.close();
  });

  test('the site itself, downloads and pictures made here still work', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${browser.url}/prove.html`);
    const download = page.waitForEvent('download');
    const seen = await page.evaluate(async () => {
      const own = (await fetch('/index.html')).ok;
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 2;
      const url = URL.createObjectURL(await new Promise((resolve) => canvas.toBlob(resolve)));
      const image = new Image();
      image.src = url;
      await image.decode();
      const link = document.createElement('a');
      link.href = url;
      link.download = 'x.brow';
      document.body.append(link);
      link.click();
      return [own, image.naturalWidth];
    });
    assert.deepEqual(seen, [true, 2]);
    assert.equal((await download).suggestedFilename(), 'x.brow');
    await page.close();
  });
});

test('on a host that cannot set headers, the policy in the page holds in the page and in its worker', async () => {
  const browser = await openBrowser({ plain: true });
  const receiver = await startReceiver();
  try {
    const page = await browser.context.newPage();
    const { rows } = await proveIn(page, browser.url, receiver);
    assert.deepEqual(not(outward(rows), ['refused', 'absent']), []);
    assert.deepEqual(not(rows, ['refused', 'absent']).map(([name]) => name).sort(), OPEN);
    // The browser may connect ahead of a departure that is then cancelled, and sends nothing; only the header forbids that.
    assert.deepEqual(receiver.received.filter((what) => what !== 'connection'), []);
  } finally {
    await browser.close();
    await receiver.close();
  }
});

test('without any policy the same attempts do arrive, so that their refusal means something', async () => {
  const folder = withoutPolicy();
  const browser = await openBrowser({ plain: true, folder });
  const receiver = await startReceiver();
  try {
    const page = await browser.context.newPage();
    const { rows, verdict } = await proveIn(page, browser.url, receiver);
    const out = rows.filter(([, outcome]) => outcome === 'out').map(([name]) => name);
    for (const name of ['page: fetch', 'page: XMLHttpRequest', 'page: WebSocket', 'page: server-sent events (EventSource)', 'page: picture', 'page: style sheet',
      'page: script', 'worker: fetch', 'worker: XMLHttpRequest', 'worker: WebSocket', 'worker: module from the address (import)', 'worker: worker made here that fetches']) {
      assert.ok(out.includes(name), `${name} was not seen to get out`);
    }
    for (const name of ['beacon', 'ping', 'prefetch', 'frame']) assert.ok(receiver.received.some((what) => what.includes(`/out/${name}`)), `${name} did not arrive`);
    assert.match(verdict, /Do not trust this copy/);
  } finally {
    await browser.close();
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
