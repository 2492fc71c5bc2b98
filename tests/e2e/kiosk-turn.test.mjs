/**
 * The kiosk before a head that turns as it is asked: the frames of a clip in which somebody turned to both sides, shown forwards and
 * backwards by a camera that reads the kiosk's screen. And before whoever cheats meanwhile.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Visitor, needsShared, portrait, sharedFrames } from './browser.mjs';
import { agree, enter, kioskModule, makeCode, prepareKiosk, typeCode, visitKiosk, watchScreens } from './kiosk-browser.mjs';

/** Frames of the clip from the end of the turn to the own right to that of the turn to the left, and where a straight and a little turned head are in them. */
const [FIRST, LAST, STRAIGHT, LITTLE] = [55, 88, 71, { left: 79, right: 63 }];
/** A slower machine than this gives a head that turns no chance to be followed. */
const LEAST_FPS = 5;

/** @type {Visitor | undefined} */
let visitor;
let frames;
before(async () => {
  if (needsShared) return;
  visitor = await Visitor.arrive();
  frames = sharedFrames('clips/stranger-1.mp4', FIRST, LAST);
  await prepareKiosk(visitor, [{ name: 'Ada', photo: frames[STRAIGHT - FIRST] }, { name: 'Joe', picture: 'biden' }]);
});
after(() => visitor?.depart());

/**
 * For `prepare`: the camera. `head.mode`: `turns` does as asked; `leaves`, `swaps` and `pairs` leaves, is another or two as soon as a turn is
 * asked for; `stays` keeps still then, and `unplugs` loses the camera once, which comes back after two seconds.
 */
const turningHead = (page) => page.addInitScript(({ pictures, other, straight, little }) => {
  const [canvas, bitmaps] = [document.createElement('canvas'), []];
  [canvas.width, canvas.height] = [640, 480];
  const context = canvas.getContext('2d');
  const decode = async (data) => createImageBitmap(new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))]));
  Promise.all([...pictures, other].map(decode)).then((decoded) => bitmaps.push(...decoded));
  globalThis.head = { mode: 'turns', unplugged: 0 };
  /** @type {MediaStreamTrack[]} */
  let tracks = [];
  const { mediaDevices } = navigator;
  let [at, asked, since, step] = [straight, '', 0, 0];
  setInterval(() => {
    if (!bitmaps.length) return;
    step += 1;
    const guide = document.querySelector('#kiosk .turn');
    const arrows = guide?.hidden === false ? guide.querySelector('.arrows').textContent : '';
    since = arrows === asked ? since + 1 : 0;
    asked = arrows;
    // A third of a second to react.
    if (since >= 8 && head.mode !== 'stays' && head.mode !== 'unplugs') {
      const own = guide?.dataset.side;
      const isBack = /back/.test(document.querySelector('#kiosk h1')?.innerText ?? '');
      const goal = asked === '' ? straight : isBack ? at + (own === 'left' ? 1 : -1) : asked.length === 2 ? (own === 'left' ? pictures.length - 1 : 0) : little[own];
      at += Math.sign(goal - at);
    }
    if (asked !== '' && head.mode === 'unplugs' && !head.unplugged) {
      head.unplugged = performance.now();
      for (const track of tracks) {
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      setTimeout(() => mediaDevices.dispatchEvent(new Event('devicechange')), 2_000);
    }
    const cheats = asked !== '' && ['leaves', 'swaps', 'pairs'].includes(head.mode);
    context.fillStyle = '#8d9a92';
    context.fillRect(0, 0, 640, 480);
    if (!cheats || head.mode === 'pairs') context.drawImage(bitmaps[at], Math.sin(step / 5), 0);
    if (cheats && head.mode === 'swaps') context.drawImage(bitmaps.at(-1), 150 + Math.sin(step / 5), 60, 340, 420);
    if (cheats && head.mode === 'pairs') context.drawImage(bitmaps.at(-1), 380 + Math.sin(step / 5), 100, 260, 330);
  }, 40);
  mediaDevices.getUserMedia = async () => {
    if (head.unplugged && performance.now() - head.unplugged < 1_900) throw new DOMException('No such device', 'NotFoundError');
    const stream = canvas.captureStream(25);
    tracks = stream.getTracks();
    return stream;
  };
  mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput', deviceId: 'drawn', label: 'Drawn camera' }];
}, {
  pictures: frames.map((frame) => frame.toString('base64')), other: readFileSync(portrait('biden')).toString('base64'),
  straight: STRAIGHT - FIRST, little: { left: LITTLE.left - FIRST, right: LITTLE.right - FIRST },
});

/** The kiosk anew, with a head that does so and all of its five tries. @param {string} mode @param {string} [presence] what it asks */
async function standBefore(mode, presence = 'require-turn') {
  const page = await visitKiosk(visitor, { prepare: turningHead });
  await enter(page, { presence });
  await watchScreens(page);
  await page.evaluate((chosen) => {
    globalThis.saw = (kind) => screens.some((screen) => screen.startsWith(`${kind}:`));
    head.mode = chosen;
  }, mode);
  return page;
}

/** Whether this machine can follow a head that turns; says so where it cannot. */
async function isFast(t) {
  const page = await standBefore('leaves');
  await page.locator('#kiosk:not([data-screen=attract])').waitFor({ timeout: 60_000 });
  const module = await kioskModule(page);
  const fps = await module.evaluate(({ eyes }) => new Promise((resolve) => {
    let looks = 0;
    eyes.addEventListener('look', () => { looks += 1; });
    setTimeout(() => resolve(looks / 3), 3_000);
  }));
  if (fps < LEAST_FPS) t.skip(`SKIPPED: this machine looks at ${fps.toFixed(1)} frames a second, too few to follow a head that turns`);
  return fps >= LEAST_FPS;
}

/**
 * Stands there until something is so. The passive look refuses a few live presentations in a hundred before a turn is asked for: who is sent
 * to the desk so comes again, as a person would.
 * @param {string} mode @param {() => boolean} isSo evaluated in the page
 */
async function comeUntil(mode, isSo) {
  for (let visits = 1; ; visits += 1) {
    const page = await standBefore(mode);
    await page.waitForFunction(() => saw('refused') || greeted.length > 0 || (saw('turn') && !screens.at(-1).startsWith('turn:') && head.mode !== 'turns'), null, { timeout: 60_000 })
      // What was shown meanwhile says why; whoever was looked at too slowly comes again.
      .catch(async () => console.log(`# ${mode}: nothing came of ${await page.evaluate(() => screens.join(' | '))}`));
    if (await page.evaluate(isSo)) return page;
    assert.ok(visits < 4, `${mode}: ${await page.evaluate(() => screens.join(' | '))}`);
  }
}

/** What is said to whoever does so when a turn is asked for; nothing to whoever is not there to read it. */
const SAID = {
  stays: /^retry: Once more, please That took too long/,
  // Whichever is found out first: another face, or that the one who was asked does not turn.
  swaps: /^retry: Once more, please (The face was not the same throughout|The face left the picture|That took too long)/,
  pairs: /^(retry: Once more, please A second face came near|single:)/,
  leaves: /^attract:/,
  unplugs: /^(retry|attract|look|straight):/,
};

test('greets nobody who keeps still, leaves, is another or is two when a turn is asked for, or whose camera is pulled out, and says why', { skip: needsShared }, async (t) => {
  if (!(await isFast(t))) return;
  for (const [mode, said] of Object.entries(SAID)) {
    const page = await comeUntil(mode, () => saw('turn'));
    await page.waitForFunction((words) => screens.slice(screens.findIndex((screen) => screen.startsWith('turn:'))).some((screen) => new RegExp(words).test(screen)), said.source, { timeout: 60_000 });
    // Meanwhile more of the five tries may follow.
    await page.waitForTimeout(4_000);
    const screens = await page.evaluate(() => globalThis.screens);
    t.diagnostic(`${mode}: ${screens.join(' | ')}`);
    assert.deepEqual(await page.evaluate(() => greeted), [], mode);
    assert.ok(!screens.some((screen) => /^(stranger|greet):/.test(screen)), `${mode}: ${screens.join(' | ')}`);
  }
});

test('greets whoever turns as asked', { skip: needsShared }, async (t) => {
  if (!(await isFast(t))) return;
  const took = {};
  for (const presence of ['off', 'require-turn']) {
    const page = presence === 'off' ? await standBefore('turns', presence) : await comeUntil('turns', () => greeted.length > 0);
    await page.waitForFunction(() => greeted.length > 0, null, { timeout: 60_000 });
    assert.deepEqual(await page.evaluate(() => greeted), ['Ada']);
    took[presence] = await page.evaluate(() => (greetedAt - cameAt) / 1000);
  }
  t.diagnostic(`greeted ${took['require-turn'].toFixed(1)} s after coming near where a turn is asked for, ${took.off.toFixed(1)} s where nothing is`);
});

test('enrols a guest with a code who turns as asked, and nobody by it who keeps still', { skip: needsShared }, async (t) => {
  if (!(await isFast(t))) return;
  const own = await Visitor.arrive();
  try {
    await prepareKiosk(own, [{ name: 'Joe', picture: 'biden' }]);
    /** A guest types a code that staff made and is looked at until the kiosk has a verdict. @param {string} mode what their head does @param {RegExp} said what they are told meanwhile */
    const come = async (mode, said) => {
      const page = await visitKiosk(own, { prepare: turningHead });
      await enter(page, { presence: 'require-turn' });
      await page.evaluate((chosen) => { head.mode = chosen; }, mode);
      const code = await makeCode(page);
      await watchScreens(page);
      await typeCode(page, code);
      await agree(page, 'Ada');
      await page.locator('#kiosk:is([data-screen=greet], [data-screen=refused])').waitFor({ timeout: 180_000 });
      const screens = await page.evaluate(() => globalThis.screens);
      assert.ok(screens.some((screen) => said.test(screen)), `${said}: ${screens.join(' | ')}`);
      const module = await kioskModule(page);
      return module.evaluate(async ({ eyes: { client } }) => {
        const [{ people }, { guests }, open] = await Promise.all([client.state(), client.vault('guests'), client.vault('codesOpen')]);
        return { people: people.map(({ name }) => name).sort(), guests: guests.map(({ name }) => name).sort(), open, greeted: globalThis.greeted };
      });
    };
    assert.deepEqual(await come('stays', /^capture: That took too long: turn as soon as the arrow is there/), { people: ['Joe'], guests: ['Joe'], open: 1, greeted: [] });
    // As before the kiosk, the look alone refuses a few of a hundred who are there.
    for (let visits = 1; ; visits += 1) {
      const kept = await come('turns', /^capture: Turn your head/);
      if (kept.greeted.length > 0 || visits === 3) {
        assert.deepEqual(kept, { people: ['Ada', 'Joe'], guests: ['Ada', 'Joe'], open: 0, greeted: ['Ada'] });
        break;
      }
    }
  } finally {
    await own.depart();
  }
});
