/** Lists as spreadsheets of many places write them: shown as they will be read, corrected, taken. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ROOT, Visitor, findings, plainClip } from './browser.mjs';
import { administer, enter, listHands, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitKiosk(visitor, { clip: plainClip('gray') });
  await enter(page);
  await administer(page);
});
after(() => visitor.depart());

const list = (name) => join(ROOT, 'tests/data/lists', name);
const preview = () => page.locator('.preview');
const menu = (name) => page.getByLabel(name, { exact: true });

const found = () => preview().locator('.found').innerText();
const cells = (row) => preview().locator('tr:has(td)').nth(row).locator('td').allInnerTexts();
const { look, take, problems, guests } = listHands(() => page);

describe('a list', () => {
  const KINDS = [
    ['guests-sjis-ja-head.csv', 'shift_jis', ['\u5c71\u7530\u592a\u90ce']],
    ['guests-sjis-ascii-head.csv', 'shift_jis', ['\u5c71\u7530\u592a\u90ce']],
    ['guests-eucjp.csv', 'euc-jp', ['\u5c71\u7530\u592a\u90ce']],
    ['guests-big5.csv', 'big5', ['\u738b\u5c0f\u660e']],
    ['guests-gbk.csv', 'gbk', ['\u738b\u5c0f\u660e']],
    ['guests-euckr.csv', 'euc-kr', ['\uae40\ubbfc\uc218']],
    ['guests-1250.csv', 'windows-1250', ['Ji\u0159\u00ed Dvo\u0159\u00e1k']],
    ['guests-1251.csv', 'windows-1251', ['\u0418\u0432\u0430\u043d\u043e\u0432 \u0418\u0432\u0430\u043d']],
    ['guests-1256.csv', 'windows-1256', ['\u0645\u062d\u0645\u062f \u0639\u0628\u062f \u0627\u0644\u0644\u0647']],
    ['guests-macintosh.csv', 'macintosh', ['J\u00f6rg M\u00fcller']],
    ['guests-utf16le-nobom.csv', 'utf-16le', ['Eva Muster']],
    ['guests-utf16be-nobom.csv', 'utf-16be', ['Eva Muster', 'Zo\u00eb Sample']],
    ['guests-title-row.csv', 'utf-8', ['Ada Example']],
    ['guests-no-head.csv', 'utf-8', ['Ada Example', 'Bob Example']],
    ['guests-other-heads.csv', 'utf-8', ['Ada Example']],
    ['guests-star-heads.csv', 'utf-8', ['Ada Example']],
    ['guests-pipe.csv', 'utf-8', ['Ada Example']],
    ['guests-nachname-vorname.csv', 'utf-8', ['Eva Muster']],
    ['guests-comma-in-head.csv', 'utf-8', ['Muster, Eva', 'Probe, Jan']],
  ];
  for (const [file, encoding, names] of KINDS) {
    test(`${file} shows the right names before anything is kept, and keeps them`, async () => {
      const kept = await guests();
      await look(list(file));
      assert.equal(await menu('Letters (encoding)').inputValue(), encoding);
      assert.deepEqual(await guests(), kept, 'nothing is kept by looking');
      await take();
      const now = await guests();
      for (const name of names) assert.ok(now.includes(name), `${name} in ${now}`);
    });
  }

  test('a list without photos is good for marking by hand, and is told so once, not line by line', async () => {
    await look(list('guests-pipe.csv'));
    await take();
    const told = await problems();
    assert.equal(told.length, 1, told.join('|'));
    assert.match(told[0], /^The list names no photos\. Arrivals can be marked by hand/);
  });

  test('with an open quotation mark loses that line and no other', async () => {
    await look(list('guests-unbalanced-quote.csv'));
    assert.match((await problems()).join('|'), /^Line 3: A quotation mark is opened/);
    assert.match(await found(), /People: 3\. Lines left out: 1\. Nothing is kept yet/);
    await take();
    assert.deepEqual(await guests(), ['Ada "The Ace" Example', 'Cid Example', 'Dora Example']);
  });

  test('can be read otherwise in every respect', async () => {
    await look(list('guests-sjis-ja-head.csv'));
    await menu('Letters (encoding)').selectOption('windows-1252');
    await page.waitForFunction(() => !document.querySelector('.first-rows').textContent.includes('\u5c71\u7530'));
    await menu('Letters (encoding)').selectOption('utf-8');
    await preview().getByText('Some letters can\u2019t be read').waitFor();
    await menu('Letters (encoding)').selectOption('shift_jis');
    await preview().getByRole('cell', { name: '\u5c71\u7530\u592a\u90ce', exact: true }).waitFor();
    await look({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from('who;where\nAda;Sample\nBob;Sample\n') });
    await preview().getByText('No line names the columns').waitFor();
    await menu('Titles of the columns').selectOption('1');
    await page.locator('.row-problems', { hasText: 'No column is taken for the name' }).waitFor();
    await menu('What column 1 holds: who').selectOption('name');
    await page.waitForFunction(() => /People: 2/.test(document.querySelector('.found').textContent));
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'What column 1 holds: who');
    await menu('Titles of the columns').selectOption('0');
    await page.waitForFunction(() => /People: 3/.test(document.querySelector('.found').textContent));
    await preview().getByText('No line names the columns').waitFor();
    await menu('Between the cells stands').selectOption(',');
    await page.waitForFunction(() => document.querySelectorAll('.first-rows tr:nth-child(2) td').length === 1);
    assert.deepEqual(await cells(1), ['Ada;Sample']);
    assert.deepEqual(await findings(page), []);
  });

  test('that is a workbook under either name is told how to save, and nothing says "Imported" beside it', async () => {
    await look(list('guests-pipe.csv'));
    await take();
    for (const name of ['guests.xlsx', 'guests.csv']) {
      await look({ name, mimeType: 'text/csv', buffer: readFileSync(list('guests.xlsx')) });
      assert.match(await page.locator('.import > .problem').innerText(), /workbook.*CSV UTF-8/s);
      assert.equal(await page.locator('.working').innerText(), '');
      await page.getByLabel('I hold the consent').check();
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.locator('.import > .problem', { hasText: 'workbook' }).waitFor();
      assert.deepEqual(await guests(), ['Ada Example']);
      assert.equal(await page.locator('.working').innerText(), '');
    }
  });
});
