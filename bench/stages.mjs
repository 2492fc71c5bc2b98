/**
 * `node bench/stages.mjs [--visits 6] [NAME=FOLDER ...]`: what a bare and a masked person's frames cost, stage by stage, in
 * headless Chromium. Each FOLDER is a built page (`now=dist` without any); several are visited in turn, in one run, so that a
 * change can be told from the machine's mood. To build what was before: `git worktree add ../before COMMIT`, `make dist` there.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium, root } from '../tools/setup.mjs';
import { buildsOf, leastAndMedian } from './pieces.mjs';

const { values: options, positionals } = parseArgs({ options: { visits: { type: 'string', default: '6' } }, allowPositionals: true });
const builds = buildsOf(positionals);
const KINDS = { bare: 'obama-1', masked: 'obama-1-masked' };
const STAGES = ['detect', 'landmarks', 'quality', 'periocular', 'full', 'decide', 'total'];

/** Runs in the page: timings of every frame of each picture, a person who comes into view ROUNDS times. */
async function measure({ client, pictures }) {
  const [ROUNDS, FRAMES, WIDTH, HEIGHT] = [4, 24, 640, 480];
  const { BrowClient } = await import(client);
  const brow = new BrowClient({ store: 'brow-bench' });
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen = [];
  await brow.start();
  for (const [kind, base64] of Object.entries(pictures)) {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    for (let round = 0; round < ROUNDS; round++) {
      await brow.resetTracks();
      for (let index = 0; index < FRAMES; index++) {
        const zoom = (HEIGHT / picture.height) * (1.06 + 0.04 * Math.sin(index / 16));
        const [x, y] = [8 * Math.sin(index / 11), 6 * Math.cos(index / 13)];
        context.drawImage(picture, (WIDTH - zoom * picture.width) / 2 + x, (HEIGHT - zoom * picture.height) / 2 + y, zoom * picture.width, zoom * picture.height);
        const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
        const { observations, timings } = await brow.observe({ buffer: data.buffer, width: WIDTH, height: HEIGHT, timeMs: performance.now() });
        // The first round lets the browser's compilers finish.
        if (round > 0) seen.push({ kind, newcomer: index === 0, mask: observations[0]?.mask?.state, timings });
      }
    }
  }
  return seen;
}

const pictures = Object.fromEntries(Object.entries(KINDS).map(([kind, file]) => [kind, readFileSync(join(root, `tests/data/portraits/${file}.jpg`)).toString('base64')]));
const servers = await Promise.all(builds.map(({ folder }) => startServer({ folder })));
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const frames = builds.map(() => []);
try {
  for (let visit = 0; visit < Number(options.visits); visit++) {
    for (const [at, { folder }] of builds.entries()) {
      const client = readdirSync(join(folder, 'assets/client')).find((file) => /^client\.\w+\.js$/.test(file));
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${servers[at].url}/bench.html`);
      frames[at].push(...(await page.evaluate(measure, { client: `/assets/client/${client}`, pictures })));
      await context.close();
    }
  }
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.close()));
}

console.log(`| frame, build | ${STAGES.join(' | ')} |\n|${'---|'.repeat(STAGES.length + 1)}`);
for (const kind of Object.keys(KINDS)) {
  for (const newcomer of [true, false]) {
    for (const [at, { name }] of builds.entries()) {
      const of = frames[at].filter((frame) => frame.kind === kind && frame.newcomer === newcomer);
      if (of.some(({ mask }) => mask !== kind)) console.error(`${name}: ${of.filter(({ mask }) => mask !== kind).length} of ${of.length} frames were not taken for ${kind}`);
      const cells = STAGES.map((stage) => {
        const all = of.map(({ timings }) => timings[stage]);
        // Followed frames differ: most take neither a search nor a template. What counts is their mean.
        return newcomer ? leastAndMedian(all) : (all.reduce((sum, value) => sum + value, 0) / all.length).toFixed(1);
      });
      console.log(`| ${kind}, ${newcomer ? 'newcomer (minimum, median)' : 'followed (mean)'}, ${name} | ${cells.join(' | ')} |`);
    }
  }
}
