/** What is said and shown stands where people look, in their language, and can be seen. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import { LANGUAGES, setLanguage, text } from '../../www/words/messages.js';
import { Visitor, assetOf, portrait, speak } from './browser.mjs';
import { visitKiosk } from './kiosk-browser.mjs';

const PIN = '493817';
/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ camera: 'ask', viewport: { width: 360, height: 640 } });
  page.setDefaultTimeout(10_000);
});
after(() => visitor.depart());
beforeEach(() => page.setViewportSize({ width: 360, height: 640 }));

/** Whether all of an element lies within the window, with nothing over it. */
const isSeen = (locator) => locator.evaluate((element) => {
  const box = element.getBoundingClientRect();
  const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return box.width > 0 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth && (element.contains(over) || over?.contains(element) === true);
});
const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('name'));

/** The colours of a picture of the page, as `r,g,b`, row by row. */
function pixels(png) {
  const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', 'pipe:', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:'], { input: png });
  return Array.from({ length: raw.length / 3 }, (_, at) => [...raw.subarray(3 * at, 3 * at + 3)]);
}

test('why a photo was refused stands beside the chooser, seen, announced and tied to it', async () => {
  await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  const problem = page.locator('#enrol .problem');
  for (const [name, mimeType, code] of [['x.pdf', 'application/pdf', 'photo_not_image'], ['empty.jpg', 'image/jpeg', 'photo_empty']]) {
    // Somebody has read on, down to the consent.
    await page.locator('#enrol').evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    await page.locator('#enrol input[type=file]').setInputFiles({ name, mimeType, buffer: Buffer.from(code === 'photo_empty' ? '' : '%PDF-1.4') });
    await page.locator(`#enrol [data-code="${code}"]`).waitFor();
    assert.ok(await isSeen(problem), `${code} is out of sight`);
    assert.equal(await focused(), 'photo');
    assert.equal(await problem.getAttribute('role'), 'alert');
    assert.ok((await page.locator('#enrol input[type=file]').getAttribute('aria-describedby')).split(' ').includes(await problem.getAttribute('id')));
    const apart = await page.locator('#enrol .chooser').evaluate((chooser) => document.querySelector('#enrol .problem').getBoundingClientRect().top - chooser.getBoundingClientRect().bottom);
    assert.ok(apart >= 0 && apart < 24, `${apart} px below the chooser`);
  }
});

test('what is wrong with a name or the consent is said beside it', async () => {
  await page.locator('#enrol input[type=file]').setInputFiles(portrait('obama-1'));
  await page.getByText('One face found').waitFor();
  await page.locator('#enrol .submit').click();
  assert.ok(await isSeen(page.locator('#enrol .problem')));
  assert.equal(await focused(), 'enrol-name');
  await page.locator('#enrol-name').fill('Barack');
  await page.locator('#enrol .submit').click();
  assert.match(await page.locator('#enrol .problem').innerText(), /without their consent/);
  assert.ok(await isSeen(page.locator('#enrol .problem')));
});

test('whoever is enrolled from a photo need not be here: nobody is told to put a mask on', async () => {
  await page.locator('#enrol [name=consent]').check();
  await page.locator('#enrol .submit').click();
  await page.locator('#enrol .saved-name').waitFor();
  assert.equal(await page.locator('#enrol .saved-advice').innerText(), text('enrol.saved.photo.bare'));
  await page.locator('#enrol .saved .close').click();
});

test('the words of file choosers are the page\u2019s, in every language, with what was chosen', async () => {
  for (const tag of Object.keys(LANGUAGES)) {
    await setLanguage(tag);
    await speak(page, tag);
    for (const [button, input] of [['.enrol-photo', '#enrol input[type=file]'], ['#vault .import', '#vault-file']]) {
      await page.locator(button).click();
      const chooser = page.locator(input).locator('..');
      assert.deepEqual(await chooser.locator('span').allInnerTexts(), [text('file.choose.one'), text('file.none')]);
      assert.equal(await page.locator(input).evaluate((element) => getComputedStyle(element).opacity), '0', 'the browser\u2019s own words show');
      await page.locator(input).setInputFiles({ name: 'backup.brow', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
      await chooser.getByText('backup.brow').waitFor();
      await page.keyboard.press('Escape');
    }
  }
  await setLanguage('en');
  await page.locator('#language').selectOption('en');
  await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
});

test('what is typed unseen can be shown, and is hidden again when it is sent', async () => {
  await page.locator('.pin-set').click();
  const [first, second] = [page.locator('#vault-new-pin'), page.locator('#vault-new-pin-again')];
  await first.fill(PIN);
  await second.fill('493818');
  const tick = page.locator('dialog[open] .secret').first().getByLabel('Show');
  await tick.check();
  assert.deepEqual([await first.getAttribute('type'), await second.getAttribute('type')], ['text', 'password']);
  await first.press('Enter');
  await page.getByText('The two are not the same.').waitFor();
  assert.deepEqual([await first.getAttribute('type'), await tick.isChecked()], ['password', false]);
  await second.fill(PIN);
  await second.press('Enter');
  await page.locator('.notice', { hasText: 'The PIN is set.' }).waitFor();
});

test('what was done is said where the person is, however far down', async () => {
  assert.ok(await page.evaluate(() => scrollY) > 600, 'the button stands far down on a phone');
  assert.ok(await isSeen(page.locator('.notice', { hasText: 'The PIN is set.' })));
});

test('a fault that comes while a dialog is open is said in the dialog, and stays when that is closed', async () => {
  await page.getByRole('button', { name: 'Enrol by camera' }).click();
  await page.evaluate(() => document.querySelector('brow-recogniser').dispatchEvent(new CustomEvent('brow-fault', { cancelable: true, detail: { code: 'camera_busy', message: 'x', remedy: 'y' } })));
  const notice = page.locator('.notice[data-code="camera_busy"]');
  assert.ok(await isSeen(notice));
  assert.equal(await notice.evaluate((element) => element.closest('dialog')?.id), 'enrol');
  await page.keyboard.press('Escape');
  await page.locator('#enrol').waitFor({ state: 'hidden' });
  assert.equal(await notice.evaluate((element) => element.closest('dialog')), null);
  assert.ok(await isSeen(notice));
  await notice.getByRole('button', { name: 'Dismiss' }).click();
});

test('after "Lock now" the PIN can be typed at once', async () => {
  await page.locator('.lock-now').click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  assert.equal(await focused(), 'unlock-pin');
  assert.ok(await isSeen(page.locator('#unlock-pin')));
});

/** Puts looks in place of the worker's. */
const stand = (observations) => page.evaluate(async ([list, inside]) => {
  const { insideOf } = await import(inside);
  insideOf(document.querySelector('brow-recogniser')).client().observe = async () => ({ observations: list, timings: {} });
}, [observations, assetOf('element/inside')]);

/** What the page's client answers. @param {string} call @param {...unknown} parts */
const ask = (call, ...parts) => page.evaluate(async ([method, values, inside]) => {
  const { insideOf } = await import(inside);
  await insideOf(document.querySelector('brow-recogniser')).client()[method](...values);
}, [call, parts, assetOf('element/inside')]);
const face = (track, box, decision) => ({ track, box, decision, mask: { state: 'bare', probability: 1 }, frames: 9, quality: { score: 1 } });

test('while locked, the live view says that, and not that nobody is enrolled', async () => {
  await stand([face(1, { x: 200, y: 100, width: 150, height: 150 }, { kind: 'undecided', reason: 'empty_gallery', score: null, needed: 3 })]);
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await page.locator('.results .note').waitFor();
  assert.equal(await page.locator('.results .note').innerText(), text('who.undecided.locked'));
  await ask('vault', 'vaultUnlock', { pin: PIN });
});

test('how sure a match is stands beside each face as a picture with its words: how far the likeness reaches, where a match begins, and who fell just short', async () => {
  const person = await page.locator('ul.people li').first().getAttribute('data-id');
  const box = { x: 200, y: 100, width: 150, height: 150 };
  await stand([
    face(1, box, { kind: 'match', person, score: 4, needed: 3 }), face(2, box, { kind: 'match', person, score: 7, needed: 3 }),
    face(3, box, { kind: 'unknown', score: 2.9, needed: 3, closest: person }), face(4, box, { kind: 'unknown', score: 0.5, needed: 3, closest: null }),
    face(5, box, { kind: 'undecided', reason: 'too_small', score: null, needed: 3 }),
  ]);
  const rows = page.locator('.results .who');
  await rows.locator('.meter').nth(3).waitFor();
  const told = await rows.evaluateAll((faces) => faces.map((one) => {
    const [meter, reach, mark] = ['.meter', '.meter-reach', '.meter-mark'].map((part) => one.querySelector(part));
    return meter && {
      words: meter.getAttribute('aria-label'), role: meter.getAttribute('role'), note: one.querySelector('.note').textContent,
      reach: Number(reach.getAttribute('width')) - mark.getBBox().x, told: getComputedStyle(reach).fill !== getComputedStyle(mark).stroke,
    };
  }));
  assert.deepEqual(told.map((one) => one && Math.round(one.reach)), [33, 100, -3, -83, null], 'beyond the mark, or before it, as the score is');
  assert.ok(told.every((one) => !one || (one.role === 'img' && one.told)));
  assert.deepEqual(told.slice(0, 4).map(({ words }) => words), [
    'About 1 in 10,000 strangers looks as similar; for a match at most 1 in 1,000 may', 'Fewer than 1 in 1,000,000 strangers looks as similar; for a match at most 1 in 1,000 may',
    'About 1 in 790 strangers looks as similar; for a match at most 1 in 1,000 may', 'About 1 in 3 strangers looks as similar; for a match at most 1 in 1,000 may',
  ]);
  assert.deepEqual(told.slice(2, 4).map(({ note }) => note), ['Closest: Barack, just below', 'Matches nobody enrolled here']);
  await page.emulateMedia({ forcedColors: 'active' });
  const colours = await rows.first().evaluate((one) => ['.meter-reach', '.meter-mark'].map((part) => getComputedStyle(one.querySelector(part))).map(({ fill, stroke }) => (fill === 'none' ? stroke : fill)));
  assert.notEqual(colours[0], colours[1], 'told apart without colours of ours, too');
  await page.emulateMedia({ forcedColors: null });
});

test('the name at a face is whole, wherever in the picture the face is', async () => {
  const box = (x, y, size = 120) => ({ x, y, width: size, height: size });
  const person = await page.locator('ul.people li').first().getAttribute('data-id');
  await ask('rename', person, 'Maximiliane von Schwarzenberg');
  await stand([box(-40, 180), box(560, 20), box(-10, 400), box(530, 420), box(260, 300, 260), box(150, 150, 30)].map((at, track) => face(track, at, { kind: 'match', person, score: 5, needed: 3 })));
  await page.locator('.overlay .label').nth(5).waitFor();
  for (const [width, mirrored] of [[320, 'true'], [320, 'false'], [1280, 'true']]) {
    await page.setViewportSize({ width, height: 900 });
    await page.locator('brow-recogniser').evaluate((element, value) => element.setAttribute('mirrored', value), mirrored);
    await page.waitForTimeout(400);
    const cut = await page.locator('.overlay').evaluate((overlay) => {
      const stage = overlay.getBoundingClientRect();
      return [...overlay.querySelectorAll('.label')].map((label) => label.getBoundingClientRect())
        .map(({ left, right, top, bottom }) => Math.round(Math.max(stage.left - left, right - stage.right, stage.top - top, bottom - stage.bottom)));
    });
    assert.equal(cut.length, 6);
    assert.ok(cut.every((missing) => missing <= 1), `${width} px, mirrored ${mirrored}: ${cut}`);
  }
  await page.evaluate(() => document.querySelector('brow-recogniser').stop());
});

test('in forced colours a bar shows how far it is, in the page and in the element', async () => {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    await page.getByRole('button', { name: 'Enrol by camera' }).click();
    await page.evaluate(() => {
      document.querySelector('#enrol .details').hidden = true;
      document.querySelector('#enrol .capture').hidden = false;
      document.querySelector('#enrol .capture progress').value = 0.5;
      const { shadowRoot } = document.querySelector('brow-recogniser');
      const bar = shadowRoot.querySelector('.enrolled');
      bar.hidden = false;
      bar.value = 0.5;
    });
    for (const bar of ['#enrol .capture progress', 'brow-recogniser .enrolled']) {
      if (bar.startsWith('brow')) await page.keyboard.press('Escape');
      const seen = pixels(await page.locator(bar).screenshot());
      const { width, height } = await page.locator(bar).boundingBox();
      const row = seen.slice(Math.floor(height / 2) * Math.round(width), (Math.floor(height / 2) + 1) * Math.round(width));
      const [done, left] = [row[Math.floor(width / 4)], row[Math.floor((3 * width) / 4)]];
      assert.ok(done.some((part, at) => Math.abs(part - left[at]) > 60), `${bar}, ${colorScheme}: ${done} beside ${left}`);
    }
  }
  await page.emulateMedia({ forcedColors: null, colorScheme: null });
});

test('the moving picture that keeps a kiosk awake is not seen', async () => {
  page = await visitKiosk(visitor, { locale: 'en', viewport: { width: 800, height: 600 }, prepare: (fresh) => fresh.addInitScript(() => { navigator.wakeLock.request = async () => { throw new Error('no lock'); }; }) });
  await page.locator('#setup').waitFor();
  await page.locator('.keep-awake').waitFor({ state: 'attached' });
  await page.waitForTimeout(1_500);
  const seen = pixels(await page.screenshot({ clip: { x: 0, y: 0, width: 8, height: 8 } }));
  assert.ok(seen.every((colour) => colour.every((part, at) => Math.abs(part - seen.at(-1)[at]) <= 3)), JSON.stringify(seen.slice(0, 3)));
  assert.ok(await page.locator('.keep-awake').evaluate((video) => !video.paused && video.isConnected), 'it goes on');
});
