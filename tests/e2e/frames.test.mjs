/** Every way in which a picture of the camera reaches the engine shows it the same, and the page reads no pixel where the worker can. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, portraitClip, seen } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** Counts in the page what is handed to the worker as a frame, and how often the page itself reads a picture of the camera's size. */
const noteFrames = (page) => page.addInitScript(() => {
  const noted = { video: 0, bitmap: 0, pixels: 0, read: 0 };
  Object.assign(globalThis, { noted });
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    const { frame } = message;
    if (message.op === 'observe') noted[frame.buffer ? 'pixels' : frame.picture instanceof ImageBitmap ? 'bitmap' : 'video'] += 1;
    return postMessage.call(this, message, ...rest);
  };
  const { getImageData } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.getImageData = function (...area) {
    if (area[2] >= 320) noted.read += 1;
    return getImageData.apply(this, area);
  };
});

/** A worker that says that it reads frames of this kind only. */
const workerReads = (page, kind) => page.addInitScript((only) => {
  const { set } = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
  Object.defineProperty(Worker.prototype, 'onmessage', {
    set(heed) {
      set.call(this, (event) => {
        if (event.data.value?.frames) event.data.value.frames = only;
        heed(event);
      });
    },
  });
}, kind);

/** How frames go in which browser. */
const BROWSERS = {
  video: () => {},
  bitmap: (page) => workerReads(page, 'bitmap'),
  pixels: (page) => workerReads(page, 'pixels'),
  // The page has taken a picture for granted, and it can't be had.
  'pixels, for want of a picture': (page) => page.addInitScript(() => {
    globalThis.VideoFrame = class { constructor() { throw new TypeError('no picture can be taken'); } };
  }),
};
const places = {};

for (const [name, prepare] of Object.entries(BROWSERS)) {
  const [kind] = name.split(',');
  test(`a face is seen by frames that are handed over as ${name}`, async () => {
    const page = await visitor.visit({
      clip: portraitClip('obama-1'), prepare: async (fresh) => {
        await noteFrames(fresh);
        await prepare(fresh);
      },
    });
    await seen(page, 'Face in view');
    const { noted, box } = await page.evaluate(async () => {
      const { noted } = globalThis;
      while (noted.video + noted.bitmap + noted.pixels < 40) await new Promise((resolve) => { setTimeout(resolve, 100); });
      const { left, top, width, height } = document.querySelector('brow-recogniser').shadowRoot.querySelector('.face').style;
      return { noted, box: [left, top, width, height].map(parseFloat) };
    });
    assert.equal(noted.video + noted.bitmap + noted.pixels - noted[kind], 0, JSON.stringify(noted));
    if (kind !== 'pixels') assert.equal(noted.read, 0, JSON.stringify(noted));
    places[name] = box;
    // The clip sways by 16 pixels of 640 and grows by a twelfth.
    for (const other of Object.values(places)) for (const [at, value] of box.entries()) assert.ok(Math.abs(value - other[at]) < 12, JSON.stringify(places));
    assert.deepEqual(visitor.complaints.filter((line) => /VideoFrame|garbage|uncaught/.test(line)), []);
  });
}
