/**
 * `node bench/day.mjs [--seconds 60] [--frames 10000]`: what the built page in dist/ costs that runs all day, in headless
 * Chromium: processor seconds a minute with an empty room before the camera and with a face, and the memory of the page's
 * process while the speed page looks at many frames. The camera is a clip, which Chromium decodes itself: what that costs is
 * told apart. So is what showing a video costs without a graphics card: a bare page with nothing but the video is measured too.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium, root } from '../tools/setup.mjs';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, frames: { type: 'string', default: '10000' } } });
const clips = mkdtempSync(join(tmpdir(), 'brow-day-'));
/** Longer than the page waits before it turns idle, and than enrolling and compiling take. */
const SETTLE_MS = 15_000;

/** @param {string} name @param {string[]} input of ffmpeg */
function clip(name, input) {
  const file = join(clips, `${name}.mjpeg`);
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, '-an', '-q:v', '2', '-f', 'mjpeg', file]);
  return file;
}

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
  const { browser, processes, page } = await open(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${clip}`]);
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

const server = await startServer({ folder: join(root, 'dist') });
try {
  const portrait = join(root, 'tests/data/portraits/obama-1.jpg');
  const empty = clip('empty', ['-f', 'lavfi', '-i', 'color=c=gray:s=640x480:r=25:d=2', '-vf', 'noise=alls=3:allf=t']);
  const motion = "scale=1600:1200,zoompan=z='1.06+0.04*sin(on/16)':x='(iw-iw/zoom)/2+8*sin(on/11)':y='(ih-ih/zoom)/2+6*cos(on/13)':d=1:s=640x480:fps=25";
  const face = clip('face', ['-loop', '1', '-framerate', '25', '-t', '4', '-i', portrait, '-vf', motion]);
  const share = ({ page, browser }) => `${page.toFixed(1)} s a minute in the page (${(page / 0.6).toFixed(1)} % of a core), ${browser.toFixed(1)} s in the rest of the browser`;
  const nobody = await energy(server.url, empty, async () => {});
  const { width, height } = nobody.size;
  console.log(`the video alone, ${width} x ${height}: ${share(await energy(server.url, empty, async () => {}, bare(nobody.size)))}`);
  console.log(`nobody in view: ${share(nobody)}`);
  console.log(`a face in view: ${share(await energy(server.url, face, (page) => page.locator('.results .who').first().waitFor()))}`);
  for (const { frames, megabytes } of await memory(server.url, Number(options.frames))) console.log(`after ${frames} frames: ${megabytes} MB`);
} finally {
  await server.close();
  rmSync(clips, { recursive: true });
}
