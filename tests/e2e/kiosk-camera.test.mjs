/** What goes wrong while nobody attends the kiosk: workers and cameras that die, freeze, see nothing or the wrong light. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Visitor, greyClip, portraitClip } from './browser.mjs';
import { administer, enter, kioskModule, obedientCamera, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Barack Obama', picture: 'obama-1' }]);
});
after(() => visitor.depart());

/** A kiosk that has started, before a camera that obeys. */
async function kiosk({ mode = 'face', restart = 'ask', prepare = async () => {}, ...options } = {}) {
  const page = await visitKiosk(visitor, { prepare: async (fresh) => {
    await obedientCamera(fresh, ['obama-1'], mode);
    await prepare(fresh);
  }, ...options });
  await enter(page, { restart });
  return page;
}

const trouble = (page, code, options) => page.locator(`.trouble[data-code="${code}"]:visible`).waitFor(options);
const well = (page) => page.locator('.trouble').waitFor({ state: 'hidden' });

describe('a kiosk that nobody attends', () => {
  test('its worker dies, or is replaced for its memory: nobody has to enter the PIN', async () => {
    const page = await kiosk();
    // The name is shown after the screen, and the hand-off told with it.
    await page.locator('.headline', { hasText: 'Obama' }).waitFor();
    const module = await kioskModule(page);
    // Whoever still stands there is greeted anew by the new worker: its first greeting is counted, not its screen.
    await page.evaluate(() => {
      globalThis.greeted = 0;
      document.addEventListener('brow-handoff', () => { greeted += 1; });
    });
    await page.workers()[0].evaluate(() => self.close());
    await page.waitForFunction(() => greeted === 1, null, { timeout: 60_000 });
    const recycled = await module.evaluate(async ({ eyes }) => [await eyes.recycle(1e9), await eyes.recycle(-1), eyes.recycled]);
    assert.deepEqual(recycled, [false, true, 1]);
    await page.waitForFunction(() => greeted === 2, null, { timeout: 60_000 });
    assert.equal(await page.locator('#setup').isVisible(), false);
  });

  test('its camera is pulled out, black, or stands still: it says so in words, and goes on by itself', async () => {
    const page = await kiosk();
    await screen(page, 'greet');
    await page.evaluate(() => obey.lose());
    await trouble(page, 'camera_unplugged');
    await screen(page, 'attract');
    // It tries again and says what it found then.
    await trouble(page, 'camera_absent');
    await page.evaluate(() => obey.plug());
    await well(page);
    await screen(page, 'greet');

    await page.evaluate(() => { obey.mode = 'black'; });
    await trouble(page, 'camera_black');
    await page.evaluate(() => { obey.mode = 'face'; });
    await well(page);

    const opened = await page.evaluate(() => obey.opened);
    await page.evaluate(() => { obey.mode = 'frozen'; });
    // The same picture over and over counts as frozen after half a minute.
    await trouble(page, 'camera_frozen', { timeout: 60_000 });
    await page.evaluate(() => { obey.mode = 'face'; });
    await well(page);
    // A driver that hangs is started anew.
    await page.waitForFunction((before) => obey.opened > before, opened);
    await screen(page, 'greet');
  });

  test('after sleep in which the system took the camera away without a word, it is started anew', async () => {
    const page = await kiosk();
    await screen(page, 'greet');
    await page.evaluate(() => {
      document.querySelector('video').srcObject.getVideoTracks()[0].stop();
      document.dispatchEvent(new Event('resume'));
    });
    await screen(page, 'attract');
    await page.waitForFunction(() => document.querySelector('video').srcObject?.getVideoTracks()[0].readyState === 'live');
    await screen(page, 'greet');
  });

  test('the screen is kept on by a lock, asked for anew when it is taken back, or else by a moving picture', async () => {
    const page = await kiosk({ mode: 'empty', prepare: (fresh) => fresh.addInitScript(() => {
      globalThis.locks = [];
      globalThis.refuse = false;
      const request = async () => {
        if (refuse) throw new DOMException('Low battery', 'NotAllowedError');
        locks.push(new EventTarget());
        return locks.at(-1);
      };
      Object.defineProperty(navigator, 'wakeLock', { value: { request } });
    }) });
    assert.equal(await page.evaluate(() => locks.length), 1);
    assert.equal(await page.locator('.keep-awake').count(), 0);
    await page.evaluate(() => {
      refuse = true;
      locks[0].dispatchEvent(new Event('release'));
    });
    await page.locator('.keep-awake').waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.querySelector('.keep-awake').currentTime > 0);
    await administer(page);
    await turnTo(page, 'settings');
    assert.match(await page.locator('.awake').innerText(), /moving picture/);
    await page.evaluate(() => {
      refuse = false;
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.getByText('kept on by the browser').waitFor();
    assert.equal(await page.locator('.keep-awake').count(), 0);
  });

  test('full screen is asked for with the start, and refused it works in a window', async () => {
    const page = await kiosk({ mode: 'empty', prepare: (fresh) => fresh.addInitScript(() => {
      globalThis.asked = 0;
      Element.prototype.requestFullscreen = async () => {
        asked += 1;
        throw new TypeError('refused');
      };
    }) });
    await screen(page, 'attract');
    assert.equal(await page.evaluate(() => asked), 1);
  });

  test('the browser is killed: told to go on by itself, the kiosk greets again without the PIN', async () => {
    const page = await kiosk({ restart: 'go' });
    await screen(page, 'greet');
    await page.goto('chrome://crash').catch(() => {});
    const again = await visitKiosk(visitor, { prepare: (fresh) => obedientCamera(fresh, ['obama-1']) });
    await screen(again, 'greet');
  });
});

describe('infrared cameras', () => {
  test('are avoided by name, and by a picture without colour', async () => {
    const other = await Visitor.arrive();
    try {
      const page = await other.visit({ clip: portraitClip('obama-1'), path: '/kiosk.html', wait: false, flags: ['--use-fake-device-for-media-stream=device-count=2'], prepare: (fresh) => fresh.addInitScript(() => {
        globalThis.asked = [];
        const { mediaDevices } = navigator;
        const open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (wanted) => {
          asked.push(wanted.video?.deviceId?.exact ?? null);
          const stream = await open({ video: true });
          const [track] = stream.getVideoTracks();
          const first = wanted.video?.deviceId?.exact === undefined;
          Object.defineProperty(track, 'label', { value: first ? 'HP IR Camera' : 'HP Wide Vision' });
          track.getSettings = () => ({ deviceId: first ? 'infrared' : wanted.video.deviceId.exact });
          return stream;
        };
        mediaDevices.enumerateDevices = async () => [['infrared', 'HP IR Camera'], ['colour', 'HP Wide Vision']].map(([deviceId, label]) => ({ kind: 'videoinput', deviceId, label }));
      }) });
      await enter(page);
      await page.waitForFunction(() => asked.at(-1) === 'colour');
      await administer(page);
      await turnTo(page, 'settings');
      assert.deepEqual(await page.getByLabel('Camera', { exact: true }).locator('option').allInnerTexts(), ['Chosen by the kiosk (infrared cameras are avoided)', 'HP IR Camera (infrared)', 'HP Wide Vision']);
    } finally {
      await other.depart();
    }
  });

  test('a camera without colour is named as such when there is no other', async () => {
    const other = await Visitor.arrive();
    try {
      const page = await other.visit({ clip: greyClip(), path: '/kiosk.html', wait: false });
      await enter(page);
      await page.locator('.trouble[data-code="camera_infrared"]:visible').waitFor();
    } finally {
      await other.depart();
    }
  });
});

