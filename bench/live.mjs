/**
 * `node bench/live.mjs [--seconds 10] [NAME=FOLDER ...]`: a face that moves before the camera by a known amount, in headless Chromium:
 * looks a second, the share of the time that the page's thread works, and how far the frame around the face trails it on the screen.
 * Each FOLDER is a built page (`now=dist` without any); several are visited in turn, in one run.
 *
 * The face sways 240 pixels of 640 in three seconds there and back, and a white bar below it sways with it: where that is in the
 * picture on the screen is where the face is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium } from '../tools/setup.mjs';
import { buildsOf, cameraFlags, countLooks, portrait, writeClip } from './pieces.mjs';

const { values: options, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '10' } }, allowPositionals: true });
const builds = buildsOf(positionals);

/** Runs in the page: for each picture of the screen, when it was, where the bar is and where the frame's middle is, in pixels of 640. */
async function follow(ms) {
  const { shadowRoot } = document.querySelector('brow-recogniser');
  const video = shadowRoot.querySelector('video');
  const context = new OffscreenCanvas(640, 1).getContext('2d', { willReadFrequently: true });
  const samples = [];
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const now = await new Promise((done) => { requestAnimationFrame(() => done(performance.now())); });
    context.drawImage(video, 0, 470, 640, 1, 0, 0, 640, 1);
    const { data } = context.getImageData(0, 0, 640, 1);
    let [sum, count] = [0, 0];
    for (let x = 0; x < 640; x++) {
      if (data[4 * x] < 128) continue;
      sum += x;
      count += 1;
    }
    const { left, width } = shadowRoot.querySelector('.overlay .face')?.style ?? {};
    // The picture is shown like a mirror.
    if (left && count) samples.push({ now, bar: sum / count, frame: 640 - 6.4 * (parseFloat(left) + parseFloat(width) / 2) });
  }
  return samples;
}

/** The bar's place at a time, between two samples. */
function barAt(samples, time) {
  const at = samples.findIndex(({ now }) => now >= time);
  if (at < 1) return null;
  const [before, after] = [samples[at - 1], samples[at]];
  return before.bar + ((after.bar - before.bar) * (time - before.now)) / (after.now - before.now);
}

/** By how many milliseconds the frame trails the face: the shift at which both go together best. */
function lagOf(samples) {
  let best = { lag: NaN, error: Infinity };
  for (let lag = -150; lag <= 500; lag += 5) {
    const pairs = samples.map(({ now, frame }) => ({ frame, bar: barAt(samples, now - lag) })).filter(({ bar }) => bar !== null);
    const offset = pairs.reduce((sum, { frame, bar }) => sum + frame - bar, 0) / pairs.length;
    const error = pairs.reduce((sum, { frame, bar }) => sum + (frame - bar - offset) ** 2, 0) / pairs.length;
    if (error < best.error) best = { lag, error };
  }
  return best.lag;
}

/** How far the frame is off its place beside the face, in pixels: mean, and what one in ten is beyond. */
function errorsOf(samples) {
  const offset = samples.reduce((sum, { frame, bar }) => sum + frame - bar, 0) / samples.length;
  const all = samples.map(({ frame, bar }) => Math.abs(frame - bar - offset)).sort((a, b) => a - b);
  return { mean: all.reduce((sum, value) => sum + value, 0) / all.length, tenth: all[Math.floor(0.9 * all.length)] };
}

const folder = mkdtempSync(join(tmpdir(), 'brow-live-'));
try {
  const clip = join(folder, 'sway.mjpeg');
  const x = '120*sin(2*PI*t/3)';
  const drawn = `color=c=0x8d9a92:s=640x480:r=30:d=12[wall];color=c=black:s=640x24:r=30:d=12[strip];color=c=white:s=24x24:r=30:d=12[bar];[0]scale=-2:420,crop=300:420[face];`
    + `[wall][face]overlay=x='170+${x}':y=30:eval=frame[a];[a][strip]overlay=0:456[b];[b][bar]overlay=x='308+${x}':y=456:eval=frame[out]`;
  writeClip(clip, ['-loop', '1', '-framerate', '30', '-t', '12', '-i', portrait('obama-1'), '-filter_complex', drawn, '-map', '[out]'], 3);
  console.log('| build | looks a second | page thread, % | frame trails by, ms | off by, px: mean, 9 in 10 below |\n|---|---|---|---|---|');
  for (const { name, folder: site } of builds) {
    const server = await startServer({ folder: site });
    const browser = await chromium.launch({
      executablePath: findChromium(),
      args: ['--headless', '--no-sandbox', '--disable-gpu', ...cameraFlags(clip)],
    });
    try {
      const context = await browser.newContext({ permissions: ['camera'], serviceWorkers: 'block' });
      const page = await context.newPage();
      await countLooks(page);
      await page.goto(server.url);
      await page.locator('.overlay .face').first().waitFor({ timeout: 60_000 });
      await page.waitForTimeout(3_000);
      const session = await context.newCDPSession(page);
      await session.send('Performance.enable');
      const read = async () => {
        const { metrics } = await session.send('Performance.getMetrics');
        const of = (key) => metrics.find((metric) => metric.name === key).value;
        return { looks: await page.evaluate(() => globalThis.looks), busy: of('TaskDuration'), at: of('Timestamp') };
      };
      const before = await read();
      await page.waitForTimeout(1000 * Number(options.seconds));
      const after = await read();
      const samples = await page.evaluate(follow, 1000 * Number(options.seconds));
      const passed = after.at - before.at;
      const { mean, tenth } = errorsOf(samples);
      console.log(`| ${name} | ${((after.looks - before.looks) / passed).toFixed(1)} | ${((100 * (after.busy - before.busy)) / passed).toFixed(1)} | ${lagOf(samples)} | ${mean.toFixed(1)}, ${tenth.toFixed(1)} |`);
    } finally {
      await browser.close();
      await server.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
