/**
 * Takes the pictures of people's errands for docs/errands/ from the built page: `node tools/errand-screenshots.mjs [NAME...]`. Each is a sheet of four
 * screens, so that every size, both themes, German and Arabic are seen. Portraits are in the public domain.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor, enrolByPhoto, pairPhoto, plainClip, portrait, portraitClip } from '../tests/e2e/browser.mjs';
import { PIN } from '../tests/e2e/kiosk-browser.mjs';
import { root } from './setup.mjs';
import { sheet } from './sheet.mjs';

const SCREENS = [
  { viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'de' },
  { viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'ar' },
  { viewport: { width: 1080, height: 1920 }, colorScheme: 'dark', locale: 'de' },
  { viewport: { width: 1920, height: 1080 }, colorScheme: 'light', locale: 'ar' },
];

const folder = join(root, 'docs/errands');
const dialog = (page) => page.locator('dialog.vault-dialog[open]');
const centre = (locator) => locator.evaluate((element) => element.scrollIntoView({ block: 'center' }));

/** By name: where it is, what the camera sees, and how one comes to what is to be seen. @type {Record<string, {path?: string, clip?: string, camera?: 'ask', people?: boolean, pin?: boolean, show: (page: import('playwright-core').Page) => Promise<unknown>}>} */
const ERRANDS = {
  'first-visit': { camera: 'ask', show: (page) => page.locator('#welcome .begin').waitFor() },
  'without-a-camera': {
    camera: 'ask',
    show: async (page) => {
      await page.locator('.demo-open').click();
      await page.locator('#demo [data-act="mask"][data-state="ok"]').waitFor({ timeout: 120_000 });
    },
  },
  person: {
    people: true,
    show: async (page) => {
      await page.locator('ul.people li').first().locator('.actions button').nth(2).click();
      await dialog(page).locator('.views li').first().waitFor();
      await page.locator('#person-groups').fill('Team, 2');
    },
  },
  faces: {
    people: true,
    show: async (page) => {
      await page.locator('.enrol-photo').click();
      await page.locator('#enrol [name=photo]').setInputFiles(pairPhoto('obama-1', 'biden'));
      await page.locator('.faces button').first().waitFor();
    },
  },
  sure: {
    people: true,
    show: async (page) => {
      await page.locator('#settings details.expert > summary').click();
      await page.locator('.choices svg').first().waitFor();
      // What is above it grows a moment longer.
      await page.waitForTimeout(1_000);
      await centre(page.locator('.choices svg').first());
    },
  },
  developer: {
    people: true, clip: 'obama-2',
    show: async (page) => {
      await page.keyboard.press('Alt+Shift+KeyD');
      await page.locator('.developer table').nth(1).waitFor();
      await page.locator('.results .who[data-kind="match"]').waitFor();
    },
  },
  lock: { people: true, pin: true, show: (page) => page.locator('#unlock-pin').waitFor() },
  check: {
    path: '/check.html', clip: 'obama-1',
    show: async (page) => {
      await page.locator('.run').click();
      await page.locator('.run:enabled').waitFor({ timeout: 120_000 });
    },
  },
  speed: {
    path: '/bench.html?frames=6',
    show: async (page) => {
      await page.locator('.run').click();
      await page.locator('.tables table').first().waitFor({ timeout: 240_000 });
      await centre(page.locator('.release table').first());
    },
  },
  proof: { path: '/prove.html', show: (page) => page.locator('#run').waitFor() },
};

/** What a camera would be called that is none of a test. @param {import('playwright-core').Page} page */
const prepare = (page) => page.addInitScript(() => Object.defineProperty(MediaStreamTrack.prototype, 'label', { get: () => 'HD camera' }));

mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
for (const [name, { path, clip, camera, people, pin, show }] of Object.entries(ERRANDS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const visitor = await Visitor.arrive();
  try {
    if (people) {
      const page = await visitor.visit({ clip: plainClip('gray'), locale: 'en' });
      await enrolByPhoto(page, 'Barack Obama', portrait('obama-1'), { picture: true });
      await enrolByPhoto(page, 'Eileen Collins', portrait('astronaut'), { picture: true });
      if (pin) {
        await page.getByRole('button', { name: 'Set a PIN' }).click();
        for (const label of ['New PIN or passphrase', 'The same once more']) await dialog(page).getByLabel(label, { exact: true }).fill(PIN);
        await dialog(page).getByRole('button', { name: 'Save' }).click();
        await page.getByText('The PIN is set.').waitFor();
      }
    }
    const pictures = [];
    let page;
    for (const screen of SCREENS) {
      page = await visitor.visit({ clip: clip ? portraitClip(clip) : plainClip('gray'), path, camera: camera ?? 'allowed', wait: !path, prepare, ...screen });
      page.setDefaultTimeout(120_000);
      await show(page);
      await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
      pictures.push(await page.screenshot());
    }
    writeFileSync(join(folder, `${name}.webp`), await sheet(page, pictures));
    console.log(name);
  } finally {
    await visitor.depart();
  }
}
