/** Check-in of expected people: from the list, over the greeting, to the erased event. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Visitor, findings, plainClip, portrait, portraitClip } from './browser.mjs';
import { administer, backToKiosk, enter, importList, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

const visit = (options) => visitKiosk(visitor, options);

const LIST = '\ufeffName;Email;Firma;Foto\r\n"Obama; Barack";b@example.org;"Example ""Inc"" ";obama-1.jpg\r\n=Astro Naut;;;ASTRONAUT.JPG\r\nNobody There;;;missing.jpg\r\nNo Photo;;;\r\nTwo Faces;;;pair.jpg\r\nNo Face;;;blank.png\r\n;x@example.org;;\r\n';

describe('an event', () => {
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
    await page.getByText('Imported. On the list: 6. Newly enrolled: 2.').waitFor({ timeout: 60_000 });
    const problems = await page.locator('.row-problems li').allInnerTexts();
    for (const wrong of [/^Line 8: .*name/i, /^Line 4, Nobody There: The photo was not/, /^Line 5, No Photo: No photo is named/, /^Line 6, Two Faces: Faces in this picture: 2/, /^Line 7, No Face: No face/]) {
      assert.ok(problems.some((words) => wrong.test(words)), `${wrong} in ${problems.join(' | ')}`);
    }
    assert.match(await page.locator('#checkin .summary').innerText(), /^Arrived: 0 of 6\. Can be recognised: 2\./);
    const consent = await page.evaluate(async () => (await (await import(document.querySelector('script[type=module]').src)).eyes.client.state()).people[0].consent);
    assert.match(consent.text, /^Consent given on paper/);
    assert.deepEqual(await findings(page), []);
    await turnTo(page, 'guests');
    assert.deepEqual(await findings(page), []);
    await page.getByLabel('Search').fill('naut');
    await page.getByText('Shown: 1 of 6.').waitFor();
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
    assert.match(await page.locator('#checkin .summary').innerText(), /^Arrived: 1 of 6/);
  });

  test('marks by hand, undoes it, and saves a table in which no cell is a formula', async () => {
    const page = await visit({ clip: plainClip('gray') });
    await enter(page);
    await administer(page);
    await page.getByRole('button', { name: 'Mark arrived: =Astro Naut', exact: true }).click();
    await page.getByText('Arrived: 2 of 6').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8');
    assert.match(csv, /^\ufeffname,email,id,company,photo,host,arrived,arrived UTC offset,last seen,last seen UTC offset,by\r\n/);
    assert.match(csv, /\r\n'=Astro Naut,,,,ASTRONAUT\.JPG,,\d{4}-.*,hand\r\n/);
    assert.match(csv, /\r\nObama; Barack|\r\n"Obama; Barack"/);
    await page.getByRole('button', { name: 'Undo the last change' }).click();
    await page.getByText('Arrived: 1 of 6').waitFor();
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
      await turnTo(bare, 'settings');
      await bare.getByLabel('Pages that are told').fill('nonsense');
      await bare.getByLabel('Pages that are told').blur();
      await bare.getByText('This is not the address of a site: nonsense').waitFor();
      await bare.getByLabel('Pages that are told').fill(host);
      await bare.getByLabel('Pages that are told').blur();
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
