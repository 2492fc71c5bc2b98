/**
 * `node bench/day.mjs [--seconds 60] [--frames 10000] [NAME=FOLDER ...]`: what a built page costs that runs all day, in headless
 * Chromium: processor seconds a minute with an empty room before the camera, with a face, and with a newcomer every two seconds, and the
 * memory of the page's process while the speed page looks at many frames (none with `--frames 0`). Each FOLDER is a built page (`now=dist` without any);
 * several have their turns after each other. A day's use is told of them: ten hours of an empty room, one of a face, and 500 newcomers. The camera is a clip, which Chromium decodes itself: what that costs is
 * told apart. So is what showing a video costs without a graphics card: a bare page with nothing but the video is measured too.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium } from '../tools/setup.mjs';
import { buildsOf, cameraFlags, portrait, swayingClip, writeClip } from './pieces.mjs';

const { values: options, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, frames: { type: 'string', default: '10000' } }, allowPositionals: true,
});
const builds = buildsOf(positionals);
/** Of a day's use: hours with nobody in view and with somebody, and people who come; a newcomer's clip has one every so many seconds. */
const DAY = { empty: 10, face: 1, newcomers: 500 };
const NEWCOMER_S = 2;
const clips = mkdtempSync(join(tmpdir(), 'brow-day-'));
/** Longer than the page waits before it turns idle, and than enrolling and compiling take. */
const SETTLE_MS = 15_000;

/** A page that shows the camera as large as Brow's does, and does nothing else. @param {{width: number, height: number}} size */
const bare = ({ width, height }) => `<!doctype html><html data-ready><title>bare</title><video autoplay muted width=${width} height=${height} style="object-fit:cover"></video>
  <script>navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 30 } }).then((stream) => { document.querySelector('video').srcObject = stream; });</script>`;

async function open(args) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', ...args] });
  const session = await browser.newBrowserCDPSession();
  const processes = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo;
  return { browser, processes, page: await browser.newPage({ permissions: ['camera'] }) };
}

/** Processor seconds a minute of the page's own process and of the rest of the browser, and how large it shows the video. */
async function energy(url, clip, look, html) {
  const { browser, processes, page } = await open(cameraFlags(clip));
  try {
    if (html) await page.route(`${url}/`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(url);
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    const start = page.getByRole('button', { name: 'Start the camera' });
    if (await start.isVisible()) await start.click();
    await look(page);
    await sleep(SETTLE_MS);
    const before = await processes();
    const began = performance.now();
    await sleep(1000 * Number(options.seconds));
    const minutes = (performance.now() - began) / 60_000;
    const after = await processes();
    const spent = (wanted) => after.filter(({ type }) => (type === 'renderer') === wanted)
      .reduce((sum, { id, cpuTime }) => sum + cpuTime - (before.find((process) => process.id === id)?.cpuTime ?? 0), 0) / minutes;
    return { page: spent(true), browser: spent(false), size: await page.locator('video:visible').first().evaluate((video) => ({ width: video.clientWidth, height: video.clientHeight })) };
  } finally {
    await browser.close();
  }
}

/** Megabytes that the page's process holds, by the number of frames that were looked at. */
async function memory(url, frames) {
  const { browser, processes, page } = await open([]);
  const held = [];
  try {
    await page.goto(`${url}/bench.html?auto&frames=${frames}`);
    let wanted = 100;
    for (let done = 0; ; await sleep(250)) {
      if (await page.evaluate(() => Boolean(globalThis.browBench))) done = frames;
      else done = Number(/\d+/.exec(await page.locator('.status').innerText())?.[0] ?? 0);
      if (done < wanted) continue;
      let kilobytes = 0;
      for (const { id, type } of await processes()) {
        if (type === 'renderer') kilobytes = Math.max(kilobytes, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]));
      }
      held.push({ frames: done, megabytes: Math.round(kilobytes / 1024) });
      if (done >= frames) return held;
      wanted = Math.min(frames, Math.max(10 * wanted, done + 1));
    }
  } finally {
    await browser.close();
  }
}

const file = (/** @type {string} */ name) => join(clips, `${name}.mjpeg`);
try {
  const empty = writeClip(file('empty'), ['-f', 'lavfi', '-i', 'color=c=gray:s=640x480:r=25:d=2', '-vf', 'noise=alls=3:allf=t']);
  const face = swayingClip(file('face'), 'obama-1');
  // Each stands there for the first half of their time; the room is empty for the other.
  const come = (at) => `overlay=enable='between(mod(t,${2 * NEWCOMER_S}),${at},${at + NEWCOMER_S / 2})'`;
  const newcomers = writeClip(file('newcomers'), ['-f', 'lavfi', '-i', 'color=c=gray:s=640x480:r=25', '-loop', '1', '-framerate', '25', '-i', portrait('obama-1'), '-loop', '1', '-framerate', '25', '-i', portrait('biden'),
    '-filter_complex', `[1]scale=640:480[a];[2]scale=640:480[b];[0][a]${come(0)}[c];[c][b]${come(NEWCOMER_S)},noise=alls=3:allf=t`, '-t', String(2 * NEWCOMER_S)]);
  const share = ({ page, browser }) => `${page.toFixed(1)} s a minute in the page (${(page / 0.6).toFixed(1)} % of a core), ${browser.toFixed(1)} s in the rest of the browser`;
  const someone = (page) => page.locator('.results .who').first().waitFor();
  for (const { name, folder } of builds) {
    const server = await startServer({ folder });
    try {
      const nobody = await energy(server.url, empty, async () => {});
      const { width, height } = nobody.size;
      console.log(`${name}: the video alone, ${width} x ${height}: ${share(await energy(server.url, empty, async () => {}, bare(nobody.size)))}`);
      console.log(`${name}: nobody in view: ${share(nobody)}`);
      const stays = await energy(server.url, face, someone);
      console.log(`${name}: a face in view: ${share(stays)}`);
      const comes = await energy(server.url, newcomers, someone);
      console.log(`${name}: a newcomer every ${NEWCOMER_S} s: ${share(comes)}`);
      const day = 60 * (DAY.empty * nobody.page + DAY.face * stays.page) + (DAY.newcomers * NEWCOMER_S / 60) * comes.page;
      console.log(`${name}: a day of ${DAY.empty} h of an empty room, ${DAY.face} h of a face and ${DAY.newcomers} newcomers: ${(day / 60).toFixed(1)} processor minutes in the page`);
      const frames = Number(options.frames);
      for (const { frames: done, megabytes } of frames ? await memory(server.url, frames) : []) console.log(`${name}: after ${done} frames: ${megabytes} MB`);
    } finally {
      await server.close();
    }
  }
} finally {
  rmSync(clips, { recursive: true });
}
