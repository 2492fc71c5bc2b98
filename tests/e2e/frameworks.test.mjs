/** The element under React and Vue, as samples/ wrap it: what is put into the page, taken out and put in again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildViteSample } from '../../tools/samples.mjs';
import { portraitClip } from './browser.mjs';
import { arriveWithPackage } from './package-visitor.mjs';

const { visitor, serve } = await arriveWithPackage();

/** Opens a sample with somebody before the camera; every stream that the page was given, and every start that the element was asked for, is counted. */
async function open(where) {
  const url = await serve(where);
  visitor.complaints.length = 0;
  return visitor.visit({
    url,
    clip: portraitClip('obama-1'),
    wait: false,
    prepare: (page) => page.addInitScript(() => {
      globalThis.given = [];
      const { mediaDevices } = navigator;
      const ask = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        globalThis.given.push(stream);
        return stream;
      };
      globalThis.starts = 0;
      customElements.whenDefined('brow-recogniser').then(({ prototype }) => {
        const { start } = prototype;
        prototype.start = function counted() {
          globalThis.starts += 1;
          return start.call(this);
        };
      });
    }),
  });
}

/** What the page holds now: elements, workers, and cameras that are on. */
const held = async (page) => ({
  ...await page.evaluate(() => ({
    elements: document.querySelectorAll('brow-recogniser').length,
    cameras: globalThis.given.flatMap((stream) => stream.getTracks()).filter(({ readyState }) => readyState === 'live').length,
  })),
  workers: page.workers().length,
});

const until = async (page, wanted) => {
  const end = Date.now() + 30_000;
  let now = await held(page);
  while (JSON.stringify(now) !== JSON.stringify(wanted) && Date.now() < end) {
    await page.waitForTimeout(200);
    now = await held(page);
  }
  assert.deepEqual(now, wanted);
};

const OPEN = { elements: 1, cameras: 1, workers: 1 };
const CLOSED = { elements: 0, cameras: 0, workers: 0 };

async function comesAndGoes(page) {
  const button = (name) => page.getByRole('button', { name });
  for (let round = 0; round < 2; round++) {
    await button('Open the door').click();
    await page.locator('[role=status]', { hasText: 'Seen: not sure, empty_gallery' }).waitFor({ timeout: 90_000 });
    await until(page, OPEN);
    await button('Close the door').click();
    await until(page, CLOSED);
  }
  // Closed before it was ready, nothing stays either; and what was closed in haste can be opened.
  await button('Open the door').click();
  await button('Close the door').click();
  await until(page, CLOSED);
  await button('Open the door').click();
  await page.locator('brow-recogniser .results .who').first().waitFor({ timeout: 90_000 });
  await until(page, OPEN);
  assert.deepEqual(visitor.complaints, []);
}

// StrictMode, which is there for developers only, starts what it mounts, stops it and starts it again.
for (const { name, mode, starts } of /** @type {const} */ ([{ name: 'react', mode: 'development', starts: 8 }, { name: 'vue', mode: 'production', starts: 4 }])) {
  test(`${name}, built for ${mode}: one element, one worker and one camera while it is in the page, and none of them after`, async (t) => {
    const where = buildViteSample(name, { NODE_ENV: mode });
    if (!where) return t.skip(`SKIPPED: what samples/${name} needs can not be installed here`);
    const page = await open(where);
    await comesAndGoes(page);
    assert.equal(await page.evaluate(() => globalThis.starts), starts);
  });
}
