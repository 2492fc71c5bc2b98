/**
 * `node bench/phone.mjs [--rate 4] [--frames 120] [--seconds 10] [--json FILE] [NAME=FOLDER ...]`: a slower device, as far as one can be
 * had of this one: the page's process runs one part in `rate` of the time and stands still for the rest, 100 times a second, so that the
 * page's thread and the worker are slowed alike, each as by a processor so much slower. Chromium's own throttle reaches the page's
 * thread only. Measured: a newcomer's frame in full, the frame of a face that is followed, and looks a second before the camera,
 * each at full speed and throttled, and a loop of arithmetic in a worker, which tells how much slower it really was.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium } from '../tools/setup.mjs';
import { buildsOf, cameraFlags, countLooks, swayingClip } from './pieces.mjs';

/** Milliseconds of a turn of running and standing still. */
const PERIOD_MS = 10;

/** In a thread of its own: lets processes run one part in `rate` of the time, until it is told to stop. */
function throttle({ pids, rate, flag }) {
  const stop = new Int32Array(flag);
  const signal = (name) => pids.forEach((pid) => { try { process.kill(pid, name); } catch { /* it ended */ } });
  const on = PERIOD_MS / rate;
  for (let turn = performance.now(); !Atomics.load(stop, 0); turn += PERIOD_MS) {
    signal('SIGCONT');
    Atomics.wait(stop, 0, 0, Math.max(0, turn + on - performance.now()));
    if (Atomics.load(stop, 0)) break;
    signal('SIGSTOP');
    Atomics.wait(stop, 0, 0, Math.max(0, turn + PERIOD_MS - performance.now()));
    // What this thread itself missed is not made good: the page would have run too long.
    turn = Math.max(turn, performance.now() - PERIOD_MS);
  }
  signal('SIGCONT');
}

/** Runs work while the processes are throttled. @template T @param {number[]} pids @param {number} rate @param {() => Promise<T>} work @returns {Promise<T>} */
async function throttled(pids, rate, work) {
  if (rate === 1) return work();
  const flag = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), { workerData: { pids, rate, flag } });
  const over = new Promise((done) => { worker.once('exit', done); });
  try {
    return await work();
  } finally {
    Atomics.store(new Int32Array(flag), 0, 1);
    Atomics.notify(new Int32Array(flag), 0);
    await over;
  }
}

/** Runs in a page without a policy: how long a loop of arithmetic takes in a worker, the median of nine. */
async function loopInWorker() {
  const code = `onmessage = () => { const took = []; for (let round = 0; round < 9; round++) { const begun = performance.now(); let x = 1;
    for (let i = 0; i < 2e7; i++) x = (x * 1664525 + 1013904223) | 0; took.push(performance.now() - begun + (x & 0)); } postMessage(took.sort((a, b) => a - b)[4]); };`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  return new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.postMessage(0);
  });
}

async function open(clip) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu', ...cameraFlags(clip)] });
  const session = await browser.newBrowserCDPSession();
  const context = await browser.newContext({ permissions: ['camera'], serviceWorkers: 'block' });
  const pids = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return { browser, page: await context.newPage(), pids };
}

/** What the built page on this server does at a rate. */
async function measure(url, rate, { frames, seconds, clip }) {
  const found = {};
  const { browser, page, pids } = await open(clip);
  try {
    await page.route('**/loop.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>loop</title>' }));
    await page.goto(`${url}/loop.html`);
    found.loop = await throttled(await pids(), rate, () => page.evaluate(loopInWorker));
    await page.goto(`${url}/bench.html?frames=${frames}`);
    await page.locator('.run').click();
    await throttled(await pids(), rate, () => page.waitForFunction(() => globalThis.browBench, null, { timeout: 600_000 }));
    const { stages } = await page.evaluate(() => globalThis.browBench);
    Object.assign(found, { newcomer: stages.newcomer, followed: stages.roundTrip });
    await countLooks(page);
    await page.goto(url);
    await page.locator('.overlay .face').first().waitFor({ timeout: 60_000 });
    found.looks = await throttled(await pids(), rate, async () => {
      await page.waitForTimeout(3_000);
      const read = () => page.evaluate(() => ({ looks: globalThis.looks, at: performance.now() }));
      const before = await read();
      await page.waitForTimeout(1000 * seconds);
      const after = await read();
      return (1000 * (after.looks - before.looks)) / (after.at - before.at);
    });
    return found;
  } finally {
    await browser.close();
  }
}

async function main() {
  const { values: options, positionals } = parseArgs({
    options: { rate: { type: 'string', default: '4' }, frames: { type: 'string', default: '120' }, seconds: { type: 'string', default: '10' }, json: { type: 'string' } },
    allowPositionals: true,
  });
  const builds = buildsOf(positionals);
  const folder = mkdtempSync(join(tmpdir(), 'brow-phone-'));
  const rows = [];
  try {
    const clip = swayingClip(join(folder, 'face.mjpeg'), 'obama-1');
    console.log('| build | rate | a loop in a worker, ms | a newcomer\'s frame, ms: least, median | a followed face\'s frame | looks a second |\n|---|---|---|---|---|---|');
    for (const { name, folder: site } of builds) {
      const server = await startServer({ folder: site });
      try {
        for (const rate of [1, Number(options.rate)]) {
          const found = await measure(server.url, rate, { frames: Number(options.frames), seconds: Number(options.seconds), clip });
          rows.push({ name, rate, ...found });
          const of = ({ minimum, median }) => `${minimum.toFixed(1)}, ${median.toFixed(1)}`;
          console.log(`| ${name} | ${rate} | ${found.loop.toFixed(1)} | ${of(found.newcomer)} | ${of(found.followed)} | ${found.looks.toFixed(1)} |`);
        }
      } finally {
        await server.close();
      }
    }
    if (options.json) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (isMainThread) await main();
else throttle(workerData);
