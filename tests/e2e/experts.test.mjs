/** For who wants to look closer: what a choice of sureness costs, by curves; the developer's overlay; speeds as bars. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import release from '../../www/pages/bench/release.js';
import { LANGUAGES } from '../../www/words/messages.js';
import { ROOT, Visitor, enrolByPhoto, findings, plainClip, portrait, portraitClip, speak } from './browser.mjs';
import { buildWith } from './built.mjs';
import { cutOff } from './layout.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'brow-experts-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A page with the shipped networks, whose manifest says these misses. @param {string} name @param {any[]} misses */
function site(name, misses) {
  const [pack, folder] = ['pack', 'dist'].map((what) => join(temporary, `${name}-${what}`));
  cpSync(join(ROOT, 'models'), pack, { recursive: true, filter: (path) => !path.includes('training') });
  const manifest = JSON.parse(readFileSync(join(pack, 'manifest.json'), 'utf8'));
  delete manifest.calibration.misses;
  if (misses.length) manifest.calibration.misses = misses;
  writeFileSync(join(pack, 'manifest.json'), JSON.stringify(manifest));
  return buildWith(folder, { PACK: pack });
}

/** Of a bare picture one in a hundred is missed a score, of a masked one five. @param {string} set @param {number} times */
const made = (set, times) => {
  const cell = (share) => [[0, 0], [10, 10 * share * times]];
  const cells = { bare_bare: cell(0.01), bare_masked: cell(0.05), masked_masked: cell(0.05) };
  return { set, among_few: cells, among_many: cells };
};

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
const unfold = () => page.locator('#settings details.expert > summary').click();

describe('how sure a match must be', () => {
  before(async () => {
    visitor = await Visitor.arrive({ folder: site('measured', [made('tiny set', 1), made('hard set', 2)]) });
    page = await visitor.visit({ clip: plainClip('gray') });
  });
  after(() => visitor.depart());

  test('the curve says what the choice costs, without and with a mask, and follows the choice', async () => {
    await unfold();
    await page.locator('.choices').getByText('Of pictures of somebody enrolled, 3% are missed without a mask and 15% with one.').first().waitFor();
    assert.match(await page.locator('.choices').innerText(), /Nobody is enrolled yet/);
    assert.deepEqual(await findings(page), []);
    await page.getByLabel('How sure must a match be?').selectOption('0.00001');
    await page.locator('.choices svg[aria-label*="5% are missed without a mask and 25% with one"]').waitFor();
    await page.locator('.choices').getByText('The same in numbers').click();
    assert.deepEqual(await page.locator('.choices tbody tr').allInnerTexts(), ['100\t2%\t10%', '1,000\t3%\t15%', '10,000\t4%\t20%', '100,000\t5%\t25%', '1,000,000\t6%\t30%']);
    assert.equal(await page.locator('.choices [aria-current] th').innerText(), '100,000');
  });

  test('today\u2019s gallery counts: ten times the people need a score higher by one', async () => {
    await enrolByPhoto(page, 'Barack', portrait('obama-1'));
    await enrolByPhoto(page, 'Eileen', portrait('astronaut'));
    await page.getByText('Enrolled: 2. About 1 stranger in 100,000 is taken for one of them; for that, each single comparison may go wrong once in 200,000.').first().waitFor();
    await page.locator('.choices svg[aria-label*="5.3% are missed without a mask and 27% with one"]').waitFor();
  });

  test('measured on several sets of people, one of them is chosen', async () => {
    await page.getByLabel('Measured on').selectOption('hard set');
    await page.locator('.choices svg[aria-label*="11% are missed without a mask and 53% with one"]').waitFor();
  });

  test('nothing of it is cut off on a phone, in any language, and it is read without colours', async () => {
    await page.setViewportSize({ width: 320, height: 700 });
    const cut = [];
    for (const tag of Object.keys(LANGUAGES)) {
      await speak(page, tag);
      await page.locator('.choices svg').first().waitFor();
      cut.push(...await cutOff(page, `${tag}, the curve`));
      assert.deepEqual(await findings(page), []);
    }
    assert.deepEqual(cut, []);
    await page.emulateMedia({ forcedColors: 'active' });
    const strokes = await page.locator('.choices path[class^="chart-curve"]').evaluateAll((curves) => curves.map((curve) => getComputedStyle(curve).strokeDasharray));
    assert.equal(new Set(strokes).size, 2, 'the curves differ in form');
    await page.emulateMedia({ forcedColors: 'none' });
  });
});

describe('networks that nobody measured misses of', () => {
  before(async () => {
    visitor = await Visitor.arrive({ folder: site('unmeasured', []) });
    page = await visitor.visit({ clip: portraitClip('obama-1') });
  });
  after(() => visitor.depart());

  test('work, and it is said that there is no curve', async () => {
    await unfold();
    await page.getByText('Nobody has measured for these networks how often people are missed').waitFor();
  });

  test('the developer\u2019s overlay is off, comes and goes by its keys and its tick, and tells looks, stages, points and quality', async () => {
    const overlay = page.getByRole('group', { name: 'Developer\u2019s overlay' });
    assert.equal(await overlay.count(), 0);
    await page.keyboard.press('Alt+Shift+KeyD');
    assert.ok(await page.getByRole('checkbox', { name: 'Developer\u2019s overlay' }).isChecked());
    await overlay.getByRole('columnheader', { name: /^Face \d/ }).waitFor();
    await overlay.getByText(/Looks a second: \d/).waitFor();
    assert.match(await overlay.innerText(), /Looks a second: \d+\.\d[^]*Search\s+\d[^]*All\s+\d[^]*Detection\s+\d+%[^]*Size\s+\d+ px/);
    assert.equal(await page.locator('.developer-points circle').count(), 5);
    // The points lie on the face as it is shown.
    // Both are drawn anew with each look: they are measured at one time.
    const [eye, box] = await (await page.waitForFunction(() => {
      const places = [document.querySelector('.developer-points circle'), document.querySelector('brow-recogniser').shadowRoot.querySelector('.face')];
      return places.every(Boolean) && places.map((place) => place.getBoundingClientRect().toJSON());
    })).jsonValue();
    assert.ok(eye.x > box.x && eye.x < box.x + box.width && eye.y > box.y && eye.y < box.y + box.height, JSON.stringify({ eye, box }));
    assert.deepEqual(await findings(page), []);
    await page.setViewportSize({ width: 320, height: 700 });
    await page.waitForTimeout(500);
    assert.deepEqual(await findings(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is not wider than the screen');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.getByRole('checkbox', { name: 'Developer\u2019s overlay' }).uncheck();
    assert.equal(await overlay.count() + await page.locator('.developer-points').count(), 0);
  });
});

describe('speeds', () => {
  before(async () => {
    visitor = await Visitor.arrive();
    page = await visitor.visit({ camera: 'ask', path: '/bench.html', wait: false });
  });
  after(() => visitor.depart());

  test('the release\u2019s stand as bars beside onnxruntime-web\u2019s before anything was run, with their numbers', async () => {
    const rows = page.locator('.release table').first().locator('tbody tr');
    await rows.first().waitFor();
    assert.equal(await rows.count(), release.networks.length);
    for (const [index, { name, brow, onnxruntimeWeb }] of release.networks.entries()) {
      const row = rows.nth(index);
      assert.match(await row.innerText(), new RegExp(`${name}[^]*${brow.toFixed(2)}[^]*${onnxruntimeWeb.toFixed(2)}`));
      const [ours, other] = await row.locator('rect').evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('width'))));
      assert.ok(Math.abs(ours / other - brow / onnxruntimeWeb) < 0.02, `${name}: ${ours} ${other}`);
    }
    assert.deepEqual(await findings(page), []);
  });

  test('the README and the measurements say what the bench wrote', () => {
    const [readme, measurements] = ['README.md', 'docs/MEASUREMENTS.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));
    for (const { name, brow, plain, onnxruntimeWeb } of release.networks) {
      assert.match(measurements, new RegExp(`${name}, [^|]*\\| ${brow.toFixed(2)} \\| ${plain.toFixed(2)} \\| ${onnxruntimeWeb.toFixed(2)} `), name);
      const row = readme.split('\n').find((line) => line.startsWith(`| ${name},`));
      const written = row?.split('|').slice(2, 4).map(parseFloat);
      if (written) [brow, onnxruntimeWeb].forEach((value, at) => assert.ok(Math.abs(written[at] - value) <= 0.051, row));
    }
  });
});
