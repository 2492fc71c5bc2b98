/**
 * `node tests/soak.mjs [--frames 10000] [--people 500] [--deaths 50] [--losses 50]`: days of running in short. A kiosk looks at
 * many frames, enrols and forgets people, loses its worker and its camera, and must not grow by it: after each twentieth of the way
 * the memory of the page's process, of its scripts and of the engine is read. All deaths come in the first half, so that the
 * second half shows what a worker holds that lives on. Fails where the second or the fourth quarter takes more than a tenth, and
 * 16 MB, over the one before it, warming up left out. Small numbers show whether it runs, not whether it grows.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Visitor, portrait } from './e2e/browser.mjs';
import { enter, kioskModule, obedientCamera, prepareKiosk, visitKiosk } from './e2e/kiosk-browser.mjs';

const { values } = parseArgs({ options: { frames: { type: 'string', default: '10000' }, people: { type: 'string', default: '500' }, deaths: { type: 'string', default: '50' }, losses: { type: 'string', default: '50' } } });
const wanted = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
const PARTS = 20;
/** Parts in which caches fill and engines take the memory they keep. */
const WARMING = 2;
/** Growth that is no growth: caches fill, the heap is swept when the browser likes. */
const SLACK_BYTES = 16 * 1024 * 1024;
const PICTURE = 'obama-1';

const visitor = await Visitor.arrive();
let failed = false;
try {
  await prepareKiosk(visitor, [{ name: 'Barack Obama', picture: PICTURE }]);
  const page = await visitKiosk(visitor, { prepare: (fresh) => obedientCamera(fresh, [PICTURE]) });
  await enter(page);
  const module = await kioskModule(page);
  const browser = await page.context().browser()?.newBrowserCDPSession() ?? await page.context().newCDPSession(page);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('Performance.enable');

  const measure = async (done) => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    const resident = Math.max(...processInfo.filter(({ type }) => type === 'renderer')
      .map(({ id }) => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0)));
    const engine = await module.evaluate(({ eyes }) => eyes.client.memory());
    return { done, resident, scripts: metrics.find(({ name }) => name === 'JSHeapUsedSize').value, engine };
  };

  await module.evaluate(async ({ eyes }, photo) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(640, 480);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    let step = 0;
    const frame = () => {
      const scale = (480 / bitmap.height) * (1.1 + 0.04 * Math.sin(++step / 16));
      context.fillRect(0, 0, 640, 480);
      context.drawImage(bitmap, 320 - (bitmap.width * scale) / 2 + 8 * Math.sin(step / 11), 240 - (bitmap.height * scale) / 2, bitmap.width * scale, bitmap.height * scale);
      return { buffer: context.getImageData(0, 0, 640, 480).data.buffer, width: 640, height: 480, timeMs: performance.now() };
    };
    /** Again where the worker was replaced meanwhile: on a busy machine one that does not answer in time is given up. */
    const patiently = async (work) => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (error.code !== 'worker_restarted') throw error;
        }
      }
    };
    const consent = { text: 'Given on paper', version: 'test', language: 'en', time: Date.now() };
    globalThis.soak = {
      handedOff: 0, restarts: 0, found: 0,
      async look(frames) {
        for (let i = 0; i < frames; i += 1) soak.found += (await patiently(() => eyes.client.observe(frame()))).observations.length > 0;
      },
      async enrolAndForget(people) {
        for (let i = 0; i < people; i += 1) {
          const id = crypto.randomUUID();
          await patiently(async () => {
            if ((await eyes.client.nameOf(id)) !== null) return;
            await eyes.client.enrolPhoto(frame());
            await eyes.client.save({ id, name: `Guest ${i}`, source: 'photo', keepPicture: false, consent });
          });
          await patiently(async () => {
            if ((await eyes.client.nameOf(id)) !== null) await eyes.client.remove(id);
          });
        }
      },
      people: async () => (await eyes.client.state()).people.length,
    };
    eyes.client.addEventListener('restarted', () => { soak.restarts += 1; });
    document.addEventListener('brow-handoff', () => { soak.handedOff += 1; });
    // The soak's own frames take the place of the camera's, so that a frame is not cut off by the other's tracks.
    eyes.pause(true);
  }, readFileSync(portrait(PICTURE)).toString('base64'));

  const share = (number, part, parts = PARTS) => Math.round((number * (part + 1)) / parts) - Math.round((number * part) / parts);
  const began = performance.now();
  const path = [];
  for (let part = 0; part < PARTS; part += 1) {
    await page.evaluate((frames) => soak.look(frames), share(wanted.frames, part));
    await page.evaluate((people) => soak.enrolAndForget(people), share(wanted.people, part));
    for (let i = part < PARTS / 2 ? share(wanted.deaths, part, PARTS / 2) : 0; i > 0; i -= 1) {
      const before = await page.evaluate(() => soak.restarts);
      await page.workers().at(-1).evaluate(() => self.close()).catch(() => {});
      await page.evaluate(() => soak.look(1));
      await page.waitForFunction((count) => soak.restarts > count, before, { timeout: 60_000 });
    }
    await module.evaluate(({ eyes }) => eyes.pause(false));
    for (let i = share(wanted.losses, part); i > 0; i -= 1) {
      const before = await page.evaluate(() => soak.handedOff);
      await page.evaluate(() => obey.lose());
      await page.locator('.trouble:visible').waitFor();
      await page.evaluate(() => obey.plug());
      await page.locator('.trouble').waitFor({ state: 'hidden' });
      // Whoever stands there after it is greeted anew: the kiosk works on, not only its camera.
      await page.waitForFunction((count) => soak.handedOff > count, before, { timeout: 60_000 });
    }
    await module.evaluate(({ eyes }) => eyes.pause(true));
    await sleep(500);
    path.push(await measure(part + 1));
    const { resident, scripts, engine } = path.at(-1);
    console.log(`${part + 1} of ${PARTS}: process ${(resident / 1e6).toFixed(0)} MB, scripts ${(scripts / 1e6).toFixed(1)} MB, engine ${(engine / 1e6).toFixed(1)} MB`);
  }
  const [found, people, restarts, handedOff] = await page.evaluate(async () => [soak.found, await soak.people(), soak.restarts, soak.handedOff]);
  console.log(`${wanted.frames} frames (a face found in ${found}), ${wanted.people} people enrolled and forgotten (${people} left), ${restarts} restarts after ${wanted.deaths} deaths, ${wanted.losses} losses of the camera, ${handedOff} greetings, in ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
  console.log(`workers given up because they did not answer in time: ${visitor.complaints.filter((words) => words.includes('did not answer in time')).length}, of which ${wanted.deaths} were killed`);
  const complaints = [];
  if (found < 0.95 * wanted.frames) complaints.push('the face was not found in some frames');
  if (people !== 1) complaints.push('somebody who was forgotten is still there, or somebody is lost');
  if (restarts < wanted.deaths) complaints.push('a worker did not come back');
  for (const what of /** @type {const} */ (['resident', 'scripts', 'engine'])) {
    const quarters = [0, 1, 2, 3].map((quarter) => {
      const points = path.slice(Math.max(WARMING, (quarter * PARTS) / 4), ((quarter + 1) * PARTS) / 4);
      return points.reduce((sum, point) => sum + point[what], 0) / points.length;
    });
    console.log(`${what}: ${quarters.map((mean) => (mean / 1e6).toFixed(1)).join(', ')} MB, means of the quarters`);
    if ([1, 3].some((quarter) => quarters[quarter] > 1.1 * quarters[quarter - 1] + SLACK_BYTES)) complaints.push(`${what} memory grows`);
  }
  if (visitor.strayRequests().length) complaints.push('a request went to another origin');
  for (const complaint of complaints) console.error(`soak: ${complaint}`);
  failed = complaints.length > 0;
} finally {
  await visitor.depart();
}
process.exit(failed ? 1 : 0);
