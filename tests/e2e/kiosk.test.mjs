/** The kiosk, in a real browser with a clip in place of the camera: from the first PIN to the erased event. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Visitor, findings, greyClip, plainClip, portrait, portraitClip } from './browser.mjs';

const PIN = 'four random words';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

const visit = (options) => visitor.visit({ path: '/kiosk.html', wait: false, ...options });

/** Enters the PIN, once or twice where it is new. */
async function enter(page, { restart = 'ask' } = {}) {
  await page.locator('#setup').waitFor();
  await page.getByLabel('PIN or passphrase').fill(PIN);
  if (await page.getByLabel('The same once more').isVisible()) await page.getByLabel('The same once more').fill(PIN);
  if (restart === 'go') await page.getByLabel('Go on without the PIN').check();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
}

const screen = (page, kind, options) => page.locator(`#kiosk[data-screen="${kind}"]`).waitFor(options);

async function administer(page) {
  await page.keyboard.press('Control+Alt+A');
  await page.getByLabel('PIN or passphrase').last().fill(PIN);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.locator('#admin[open]').waitFor();
  await page.locator('#kiosk-log tbody tr').first().waitFor();
}

const backToKiosk = (page) => page.getByRole('button', { name: 'Back to the kiosk' }).click();

/** Imports a list with photos in the open administration. */
async function importList(page, csv, photos, { consent = true } = {}) {
  await page.getByLabel('List (CSV)').setInputFiles({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  if (photos.length) await page.getByLabel('Photos', { exact: true }).setInputFiles(photos);
  if (consent) await page.getByLabel('I hold the consent').check();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
}

/** The exports of the kiosk's own module, as another script of this origin would get them. */
const kioskModule = (page) => page.evaluateHandle(() => import(document.querySelector('script[type=module]').src));

const LIST = '\ufeffName;Email;Firma;Foto\r\n"Obama; Barack";b@example.org;"Example ""Inc"" ";obama-1.jpg\r\n=Astro Naut;;;ASTRONAUT.JPG\r\nNobody There;;;missing.jpg\r\nNo Photo;;;\r\nTwo Faces;;;pair.jpg\r\nNo Face;;;blank.png\r\n;x@example.org;;\r\n';

describe('a kiosk from its first day', () => {
  test('asks for a PIN of its own, and refuses one that is entered differently or too short', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await page.locator('#setup').waitFor();
    await page.getByLabel('PIN or passphrase').fill('123456');
    await page.getByLabel('The same once more').fill('123457');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('The two are not the same.').waitFor();
    await page.getByLabel('The same once more').fill('123');
    await page.getByLabel('PIN or passphrase').fill('123');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('too short').waitFor();
    assert.deepEqual(await findings(page), []);
    await enter(page);
    await screen(page, 'attract');
    assert.match(await page.locator('.say').innerText(), /You can keep your mask on/);
  });

  test('opens its administration for the PIN only, by key, by a long press, and not by a short one', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await enter(page);
    await page.locator('.corner').click();
    await page.waitForTimeout(300);
    assert.equal(await page.locator('dialog[open]').count(), 0);
    await page.locator('.corner').click({ delay: 1_500 });
    await page.getByLabel('PIN or passphrase').last().fill('wrong words');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('not right').waitFor();
    assert.equal(await page.locator('#admin').getAttribute('open'), null);
    await page.keyboard.press('Escape');
    await page.locator('.corner').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('PIN or passphrase').last().fill(PIN);
    await page.keyboard.press('Enter');
    await page.locator('#admin[open]').waitFor();
    await page.locator('#kiosk-log tbody tr', { hasText: 'Administration opened' }).first().waitFor();
  });

  test('takes in a list, says by row what is wrong, and enrols the others with consent on paper', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await enter(page);
    await administer(page);
    const photos = [{ name: 'obama-1.jpg', mimeType: 'image/jpeg', buffer: readFileSync(portrait('obama-1')) }, { name: 'astronaut.jpg', mimeType: 'image/jpeg', buffer: readFileSync(portrait('astronaut')) },
      { name: 'pair.jpg', mimeType: 'image/jpeg', buffer: await twoFaces(page) }, { name: 'blank.png', mimeType: 'image/png', buffer: await blank(page) }];
    await importList(page, LIST, photos, { consent: false });
    await page.getByText('Without their consent nobody').waitFor();
    assert.equal(await page.locator('#checkin tbody tr').count(), 0);
    await page.getByLabel('I hold the consent').check();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Imported: 6 people, 2 of them').waitFor({ timeout: 60_000 });
    const problems = await page.locator('.row-problems li').allInnerTexts();
    for (const wrong of [/^Line 8: .*name/i, /^Line 4, Nobody There: The photo was not/, /^Line 5, No Photo: No photo is named/, /^Line 6, Two Faces: .*more than one face/, /^Line 7, No Face: No face/]) {
      assert.ok(problems.some((words) => wrong.test(words)), `${wrong} in ${problems.join(' | ')}`);
    }
    assert.match(await page.locator('#checkin .summary').innerText(), /^0 of 6 have arrived; 2 can/);
    const consent = await page.evaluate(async () => (await (await import(document.querySelector('script[type=module]').src)).eyes.client.state()).people[0].consent);
    assert.match(consent.text, /^Consent given on paper/);
    assert.deepEqual(await findings(page), []);
    await page.getByLabel('Search').fill('naut');
    assert.equal(await page.locator('#checkin tbody tr').count(), 1);
    // Nothing of the list lies in the clear.
    const raw = await page.evaluate(async () => {
      const db = await new Promise((resolve) => { indexedDB.open('brow').onsuccess = (event) => resolve(event.target.result); });
      const all = await Promise.all([...db.objectStoreNames].map((name) => new Promise((resolve) => { db.transaction(name).objectStore(name).getAll().onsuccess = (event) => resolve(event.target.result); })));
      db.close();
      const words = (value) => (value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value && typeof value === 'object' ? Object.values(value).map(words).join(' ') : String(value));
      return words(all);
    });
    assert.ok(raw.length > 1000);
    assert.doesNotMatch(raw, /Obama|Nobody There|example\.org/);
  });

  test('greets an expected guest by name with a mask on, marks the arrival, hands off once, and forgets the name', async () => {
    const page = await visit({ clip: portraitClip('obama-1-masked'), prepare: (fresh) => fresh.addInitScript(() => {
      globalThis.handed = [];
      document.addEventListener('brow-handoff', ({ detail }) => handed.push(detail));
    }) });
    await enter(page);
    await screen(page, 'greet');
    await page.locator('.headline', { hasText: 'Welcome, Obama; Barack' }).waitFor();
    await page.getByText('You are checked in.').waitFor();
    assert.deepEqual(await findings(page), []);
    // The clip goes on for ever: whoever stands there is greeted once, then forgotten.
    await screen(page, 'attract');
    assert.doesNotMatch(await page.evaluate(() => document.documentElement.outerHTML), /Obama/);
    await page.waitForTimeout(3_000);
    const handed = await page.evaluate(() => handed);
    assert.equal(handed.length, 1);
    assert.equal(handed[0].person.name, 'Obama; Barack');
    assert.deepEqual(Object.keys(handed[0]).sort(), ['person', 'time']);
    await administer(page);
    await page.locator('#checkin tbody tr', { hasText: 'Obama' }).locator('.arrived:not(:empty)').waitFor();
    assert.match(await page.locator('#checkin .summary').innerText(), /^1 of 6/);
  });

  test('marks by hand, undoes it, and saves a table in which no cell is a formula', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await enter(page);
    await administer(page);
    await page.getByRole('button', { name: 'Mark =Astro Naut as arrived' }).click();
    await page.getByText('2 of 6 have arrived').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8');
    assert.match(csv, /^\ufeffname,email,id,company,photo,arrived,last seen,by\r\n/);
    assert.match(csv, /\r\n'=Astro Naut,,,,ASTRONAUT\.JPG,\d{4}-.*,hand\r\n/);
    assert.match(csv, /\r\nObama; Barack|\r\n"Obama; Barack"/);
    await page.getByRole('button', { name: 'Undo the last change' }).click();
    await page.getByText('1 of 6 have arrived').waitFor();
  });

  test('sends a stranger to the desk, and offers another try', async () => {
    const page = await visit({ clip: portraitClip('biden') });
    await enter(page);
    await screen(page, 'stranger');
    assert.match(await page.locator('.say').innerText(), /Please ask at the desk/);
    assert.deepEqual(await findings(page), []);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => document.querySelector('#kiosk').dataset.screen !== 'stranger');
    await screen(page, 'stranger');
  });

  test('sleeps while the face is farther off than the operator set, and says how near that is', async () => {
    const page = await visit({ clip: portraitClip('biden') });
    await enter(page);
    await administer(page);
    await page.getByLabel('Wake when a face').fill('60');
    await page.getByText(/From 60 %/).waitFor();
    await page.getByText(/The face in view now has \d+ %/).waitFor();
    await backToKiosk(page);
    await page.waitForTimeout(4_000);
    assert.equal(await page.locator('#kiosk').getAttribute('data-screen'), 'attract');
    await administer(page);
    await page.getByLabel('Wake when a face').fill('22');
    await page.getByText(/From 22 %/).waitFor();
  });

  test('after a reload asks for the PIN; told to go on by itself, it does, and locking ends that', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await enter(page, { restart: 'go' });
    await page.reload();
    await screen(page, 'attract');
    await administer(page);
    assert.equal(await page.getByLabel('Go on without the PIN').last().isChecked(), true);
    await page.getByRole('button', { name: /^Lock/ }).click();
    await page.locator('#setup').waitFor();
    await page.reload();
    await page.locator('#setup').waitFor();
  });

  test('its worker dies, or is replaced for its memory: nobody has to enter the PIN', async () => {
    const page = await visit({ clip: portraitClip('obama-1') });
    await enter(page);
    await screen(page, 'greet');
    await page.workers()[0].evaluate(() => self.close());
    await screen(page, 'attract');
    await screen(page, 'greet');
    const module = await kioskModule(page);
    const recycled = await module.evaluate(async ({ eyes }) => [await eyes.recycle(1e9), await eyes.recycle(-1), eyes.recycled]);
    assert.deepEqual(recycled, [false, true, 1]);
    await screen(page, 'greet');
  });

  test('the camera is lost, or stands still after sleep: it comes back by itself', async () => {
    const page = await visit({ clip: portraitClip('obama-1') });
    await enter(page);
    await screen(page, 'greet');
    await page.evaluate(() => document.querySelector('video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended')));
    await page.locator('.trouble[data-code="camera_unplugged"]:visible').waitFor();
    await page.locator('.trouble').waitFor({ state: 'hidden' });
    await screen(page, 'greet');
    await page.evaluate(() => {
      document.querySelector('video').srcObject.getVideoTracks()[0].stop();
      document.dispatchEvent(new Event('resume'));
    });
    await page.waitForFunction(() => document.querySelector('video').srcObject?.getVideoTracks()[0].readyState === 'live');
    await screen(page, 'greet');
  });

  test('a host of the list that frames it hears of hand-offs, another does not', async () => {
    const bare = await visitor.visit({ clip: plainClip('gray'), path: '/kiosk.html', wait: false });
    await enter(bare, { restart: 'go' });
    const html = (frame) => `<!doctype html><title>Desk</title><iframe allow="camera" src="${frame}"></iframe><script>heard = []; onmessage = ({ data, origin }) => heard.push({ ...data, origin });</script>`;
    const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html(`${visitor.server.url}/kiosk.html`)));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const host = `http://127.0.0.1:${server.address().port}`;
      await administer(bare);
      await bare.getByLabel('Pages that may hear').fill('nonsense');
      await bare.getByLabel('Pages that may hear').blur();
      await bare.getByText('This is not the address of a site: nonsense').waitFor();
      await bare.getByLabel('Pages that may hear').fill(host);
      await bare.getByLabel('Pages that may hear').blur();
      await bare.waitForTimeout(500);
      // The headers of production let nobody frame the page; the operator who wants it says so there (docs/KIOSK.md).
      const page = await visitor.visit({ clip: portraitClip('obama-1'), path: '/robots.txt', wait: false });
      await page.context().route('**/kiosk.html', async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), 'content-security-policy': response.headers()['content-security-policy'].replace("frame-ancestors 'none'", `frame-ancestors ${host}`) };
        delete headers['x-frame-options'];
        await route.fulfill({ response, headers });
      });
      await page.goto(host);
      const heard = await page.waitForFunction(() => heard.find(({ type }) => type === 'brow-handoff'), null, { timeout: 45_000 });
      const message = await heard.jsonValue();
      assert.deepEqual([message.version, message.person.name, message.origin], [1, 'Obama; Barack', visitor.server.url]);
    } finally {
      server.close();
    }
  });

  test('erasing the event erases the list and whoever was enrolled from it', async () => {
    const page = await visit({ clip: plainClip('gray') });
    if (await page.locator('#setup').waitFor({ timeout: 5_000 }).then(() => true, () => false)) await enter(page);
    await administer(page);
    await page.getByRole('button', { name: 'Erase this event' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
    await page.getByText('The event was erased.').waitFor();
    assert.equal(await page.locator('ul.people li').count(), 0);
    await page.getByText('There is no list yet.').waitFor();
  });

  test('not one request went to another origin', () => {
    assert.deepEqual(visitor.strayRequests().filter((url) => !/^http:\/\/127\.0\.0\.1:\d+\/(favicon\.ico)?$/.test(url)), []);
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe-core finds nothing on a locked kiosk, ${colorScheme}, on a phone; nothing is cut off, also from right to left`, async () => {
    const page = await visit({ clip: plainClip('gray'), colorScheme, reducedMotion: 'reduce', viewport: { width: 390, height: 780 } });
    if (await page.locator('#setup').waitFor({ timeout: 5_000 }).then(() => true, () => false)) {
      assert.deepEqual(await findings(page), []);
      await enter(page);
    }
    await screen(page, 'attract');
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.equal(await fits(), true);
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    assert.equal(await fits(), true);
    assert.ok((await page.locator('.corner').boundingBox()).x < 20);
    await administer(page);
    assert.deepEqual(await findings(page), []);
  });
}

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

/** A photo of two people. */
async function twoFaces(page) {
  const sources = ['obama-1', 'biden'].map((name) => readFileSync(portrait(name)).toString('base64'));
  return picture(page, sources);
}

/** A photo of nobody. */
const blank = (page) => picture(page, []);

async function picture(page, sources) {
  const data = await page.evaluate(async (encoded) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1200, height: 700 });
    const context = canvas.getContext('2d');
    context.fillStyle = '#c9c4b8';
    context.fillRect(0, 0, 1200, 700);
    for (const [index, source] of encoded.entries()) {
      const bytes = Uint8Array.from(atob(source), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const scale = 600 / bitmap.width;
      context.drawImage(bitmap, 600 * index, 0, 600, bitmap.height * scale);
    }
    return canvas.toDataURL('image/png').split(',')[1];
  }, sources);
  return Buffer.from(data, 'base64');
}
