/** The policy in a real browser: nothing reaches a receiver on this machine that would take anything. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startReceiver } from '../../tools/receiver.mjs';
import { openBrowser } from './vault-browser.mjs';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));

/** A copy of the page as the build makes it for hosts that cannot set headers: the policy is in the page itself. */
function withPolicyInPage() {
  const folder = mkdtempSync(join(tmpdir(), 'brow-plain-'));
  cpSync(WWW, folder, { recursive: true });
  const policy = /Content-Security-Policy: (.+)/.exec(readFileSync(join(WWW, '_headers'), 'utf8'))[1]
    .split('; ').filter((part) => !/^(frame-ancestors|sandbox)/.test(part)).join('; ');
  const page = readFileSync(join(WWW, 'prove.html'), 'utf8');
  writeFileSync(join(folder, 'prove.html'), page.replace('<meta charset="utf-8">', `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`));
  return folder;
}

/** Runs the prove page and gives its rows by "place: name". */
async function proveIn(page, url, receiver) {
  await page.goto(`${url}/prove.html?to=${encodeURIComponent(receiver.url)}`);
  await page.click('#run');
  await page.waitForFunction(() => /ways out|stopped/.test(document.querySelector('#verdict').textContent), null, { timeout: 90_000 });
  const rows = await page.$$eval('#results tbody tr', (list) => list.map((row) => [`${row.cells[1].textContent}: ${row.cells[0].textContent}`, row.dataset.outcome, row.cells[2].textContent]));
  return { rows, verdict: await page.textContent('#verdict') };
}

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
    assert.deepEqual(not(rows, ['refused', 'absent']), []);
    assert.deepEqual(receiver.received, []);
    assert.match(verdict, /^All \d+ ways out were refused\.$/);
    assert.equal(new URL(page.url()).origin, browser.url);
    await page.close();
  });

  test('without the script guard, the headers alone keep WebRTC, new windows and departures from connecting', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${browser.url}/vault/types.js`);
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
      const own = (await fetch('/pages/prove/prove.js')).ok;
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

  test('after loading, the page and a worker started then can reach not even the own site', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${browser.url}/prove.html`);
    const seen = await page.evaluate(async () => {
      const { trusted } = await import('/pages/prove/attempts.js');
      const own = `${location.origin}/pages/prove/prove.js`;
      const before = await fetch(own).then(() => 'open', () => 'refused');
      const meta = document.createElement('meta');
      meta.httpEquiv = 'Content-Security-Policy';
      meta.content = "connect-src 'none'";
      document.head.append(meta);
      const inPage = await fetch(own).then(() => 'open', () => 'refused');
      const code = `import '${location.origin}/vault/errors.js'; fetch('${own}').then(() => postMessage('open'), () => postMessage('refused'))`;
      const worker = new Worker(trusted.createScriptURL(URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))), { type: 'module' });
      const inWorker = await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
      });
      return { before, inPage, inWorker };
    });
    assert.deepEqual(seen, { before: 'open', inPage: 'refused', inWorker: 'refused' });
    await page.close();
  });
});

test('on a host that cannot set headers, the policy in the page holds in the page and in its worker', async () => {
  const folder = withPolicyInPage();
  const browser = await openBrowser({ plain: true, folder });
  const receiver = await startReceiver();
  try {
    const page = await browser.context.newPage();
    const { rows } = await proveIn(page, browser.url, receiver);
    assert.deepEqual(not(rows, ['refused', 'absent']), []);
    // The browser may connect ahead of a departure that is then cancelled, and sends nothing; only the header forbids that.
    assert.deepEqual(receiver.received.filter((what) => what !== 'connection'), []);
  } finally {
    await browser.close();
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('without any policy the same attempts do arrive, so that their refusal means something', async () => {
  const browser = await openBrowser({ plain: true });
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
  }
});
