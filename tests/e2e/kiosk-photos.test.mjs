/** Photos of a list, each the one that its row means, and what is exported. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Visitor, plainClip, portrait } from './browser.mjs';
import { administer, enter, listHands, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
const folder = mkdtempSync(join(tmpdir(), 'brow-lists-'));
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitKiosk(visitor, { clip: plainClip('gray') });
  await enter(page);
  await administer(page);
});
after(async () => {
  await visitor.depart();
  rmSync(folder, { recursive: true, force: true });
});
const { look, take, problems } = listHands(() => page);

describe('photos', () => {
  /** A folder of photos, each by its path. */
  function lay(name, photos) {
    for (const [path, picture] of Object.entries(photos)) {
      const file = join(folder, name, path);
      mkdirSync(join(file, '..'), { recursive: true });
      cpSync(portrait(picture), file);
    }
    return join(folder, name);
  }
  async function takeWith(csv, photos) {
    await look({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByLabel('or a folder of photos').setInputFiles(photos);
    await take();
  }
  const pictured = () => page.evaluate(async (files) => {
    const { eyes: { client } } = await import(document.querySelector('script[type=module]').src);
    const seen = {};
    for (const [name, data] of Object.entries(files)) {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))]));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const [{ decision }] = await client.identifyPhoto({ buffer: context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer, width: bitmap.width, height: bitmap.height, timeMs: 0 });
      seen[name] = decision.kind === 'match' ? await client.nameOf(decision.person) : decision.kind;
    }
    return seen;
  }, Object.fromEntries(['obama-1', 'astronaut'].map((name) => [name, readFileSync(portrait(name)).toString('base64')])));

  test('of two people under one file name are told apart by their folders', async () => {
    await takeWith('name,photo\nAda Example,ada/photo.jpg\nBob Example,bob\\PHOTO.JPG\n', lay('both', { 'ada/photo.jpg': 'astronaut', 'bob/photo.jpg': 'obama-1' }));
    assert.deepEqual(await pictured(), { astronaut: 'Ada Example', 'obama-1': 'Bob Example' });
  });

  test('where the list names one of them, the other is nobody', async () => {
    await takeWith('name,photo\nAda Example,ada/photo.jpg\n', lay('one', { 'ada/photo.jpg': 'astronaut', 'bob/photo.jpg': 'obama-1' }));
    assert.deepEqual(await pictured(), { astronaut: 'Ada Example', 'obama-1': 'unknown' });
  });

  test('whose name fits two files are refused on their line', async () => {
    await takeWith('name,photo\nAda Example,photo.jpg\n', lay('two', { 'ada/photo.jpg': 'astronaut', 'bob/photo.jpg': 'obama-1' }));
    assert.match((await problems()).join('|'), /Line 2, Ada Example: More than one photo fits/);
    assert.match(await page.locator('#checkin .summary').innerText(), /Can be recognised: 0/);
  });

  test('that show one face on two lines are told by line', async () => {
    await takeWith('name,photo\nAda Example,a.jpg\nEve Example,b.jpg\n', lay('same', { 'a.jpg': 'obama-1', 'b.jpg': 'obama-2' }));
    assert.match((await problems()).join('|'), /Line 3, Eve Example: Enrolled, but the photo shows the face of Ada Example in line 2/);
  });

  test('that are worse than they should be are told on their line, with what is to be better; good ones are not', async () => {
    await takeWith('name,photo\nAda Example,a.jpg\nEve Example,b.jpg\n', lay('poor', { 'a.jpg': 'astronaut', 'b.jpg': 'obama-1-backlit' }));
    assert.deepEqual(await problems(), ['Line 3, Eve Example: Enrolled, but recognition will often fail. The face is too dark for a reliable enrolment. Choose a picture with light from the front.']);
  });
});

describe('the export', () => {
  test('has times on this device\u2019s own clock, in a form that spreadsheets read, with their offset', async () => {
    await look({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from('name,company,host\nAda Example,"a;=HYPERLINK(""x"")",Grace\n') });
    await take();
    await turnTo(page, 'guests');
    await page.getByRole('button', { name: 'Mark arrived: Ada Example', exact: true }).click();
    await page.getByText('Arrived: 1 of 1').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8');
    assert.match(csv, /^\ufeffname,email,id,company,photo,host,arrived,arrived UTC offset,last seen,last seen UTC offset,by\r\n/);
    const row = /\r\nAda Example,,,"a;'=HYPERLINK\(""x""\)",,Grace,(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),UTC([+-]\d\d:\d\d),\1,UTC\2,hand\r\n$/.exec(csv);
    assert.ok(row, csv);
    const age = Date.now() - Date.parse(`${row[1].replace(' ', 'T')}${row[2]}`);
    assert.ok(age > -2000 && age < 60_000, String(age));
  });
});
