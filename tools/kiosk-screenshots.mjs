/**
 * Takes the kiosk's pictures of docs/ from the built page: `node tools/kiosk-screenshots.mjs`. What is seen comes from here, not
 * from a camera, and a drawing lies over the camera's picture: nobody real is on them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Visitor, plainClip } from '../tests/e2e/browser.mjs';
import { administer, enter, kioskModule, prepareKiosk, screen, visitKiosk } from '../tests/e2e/kiosk-browser.mjs';
import { root } from './setup.mjs';

const DEVICES = {
  phone: { viewport: { width: 390, height: 780 }, deviceScaleFactor: 1 },
  large: { viewport: { width: 1080, height: 1920 }, deviceScaleFactor: 0.4 },
};
const PEOPLE = ['Ada Lindqvist', 'Jonas Okafor', 'Mei Tanaka', 'Noor Haddad'];

/** A drawn head in the mirror, with or without a mask; none: an empty room. */
function draw(page, head) {
  return page.evaluate((kind) => {
    const mirror = document.querySelector('.mirror');
    mirror.querySelector('canvas')?.remove();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 800;
    Object.assign(mirror.style, { display: '', position: 'relative' });
    Object.assign(canvas.style, { position: 'absolute', inset: '0', inlineSize: '100%', blockSize: '100%' });
    const context = canvas.getContext('2d');
    const blob = (colour, x, y, across, down) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x, y, across, down, 0, 0, 2 * Math.PI);
      context.fill();
    };
    context.fillStyle = '#b9c6c0';
    context.fillRect(0, 0, 800, 800);
    context.fillStyle = '#a7b6af';
    context.fillRect(0, 560, 800, 240);
    if (kind !== 'none') {
      blob('#3f6f78', 400, 830, 290, 200);
      blob('#c98f6b', 400, 610, 70, 90);
      blob('#3d2f2a', 400, 330, 190, 210);
      blob('#d9a37e', 400, 400, 160, 205);
      for (const x of [335, 465]) {
        blob('#3d2f2a', x, 330, 42, 8);
        blob('#ffffff', x, 368, 28, 15);
        blob('#3a2a22', x, 368, 13, 14);
      }
      if (kind === 'masked') {
        context.fillStyle = '#e8f1f4';
        context.strokeStyle = '#b9ccd3';
        context.lineWidth = 5;
        context.beginPath();
        context.moveTo(250, 430);
        context.quadraticCurveTo(400, 395, 550, 430);
        context.quadraticCurveTo(545, 590, 400, 618);
        context.quadraticCurveTo(255, 590, 250, 430);
        context.fill();
        context.stroke();
        for (const y of [470, 510, 550]) {
          context.beginPath();
          context.moveTo(275, y);
          context.quadraticCurveTo(400, y - 18, 525, y);
          context.stroke();
        }
      }
    }
    mirror.append(canvas);
  }, head);
}

/** A screen of the flow, in the place of the one that follows from the camera's frames; it stays. */
async function show(module, kind, person = null) {
  await module.evaluate(({ eyes }, shown) => {
    const { client } = eyes;
    const { vault } = client;
    client.vault = (op, ...fields) => (op === 'kioskNamed' ? new Promise(() => {}) : vault.call(client, op, ...fields));
    const kiosk = { screen: { number: 1000 + shown.kind.length, masked: true, ...shown }, ask: null, idle: false, lastsMs: 600_000, forgot: false, codes: false };
    eyes.dispatchEvent(new CustomEvent('look', { detail: { height: 480, observations: [], kiosk } }));
  }, { kind, person });
}

const folder = mkdtempSync(join(tmpdir(), 'brow-kiosk-'));
const visitor = await Visitor.arrive();
/** The same screens beside each other in one picture. */
function sheet(name, files) {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...files.flatMap((file) => ['-i', file]),
    '-filter_complex', `hstack=inputs=${files.length}`, '-frames:v', '1', join(root, `docs/${name}.png`)]);
}
try {
  await prepareKiosk(visitor, PEOPLE.map((name) => ({ name, picture: 'obama-1' })));
  for (const [device, size] of Object.entries(DEVICES)) {
    for (const [colorScheme, language] of [['light', 'en'], ['dark', 'en'], ['light', 'ar']]) {
      const page = await visitKiosk(visitor, { clip: plainClip('gray'), colorScheme, reducedMotion: 'reduce', ...size });
      await enter(page);
      const module = await kioskModule(page);
      const person = await module.evaluate(async ({ eyes }, tag) => {
        eyes.pause(true);
        const { people } = await eyes.client.setSettings({ language: tag });
        return people.find(({ name }) => name === 'Ada Lindqvist').id;
      }, language);
      await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
      const files = [];
      const shot = async () => {
        files.push(join(folder, `${files.length}.png`));
        await page.screenshot({ path: files.at(-1) });
      };
      await screen(page, 'attract');
      await page.waitForFunction((tag) => (document.querySelector('.also').textContent.includes('mask') ? 'en' : 'ar') === tag, language);
      await draw(page, 'none');
      await shot();
      await draw(page, 'masked');
      await show(module, 'closer');
      await screen(page, 'closer');
      await shot();
      await show(module, 'greet', person);
      await screen(page, 'greet');
      await shot();
      await administer(page);
      await shot();
      sheet(`kiosk-${device}-${language === 'en' ? colorScheme : language}`, files);
      await module.evaluate(({ eyes }) => eyes.client.setSettings({ language: 'en' }));
    }
  }
  // A look of its own, and what staff see of the day, on a phone.
  const files = [];
  const shot = async (page) => {
    files.push(join(folder, `own-${files.length}.png`));
    await page.screenshot({ path: files.at(-1) });
  };
  const page = await visitKiosk(visitor, { clip: plainClip('gray'), colorScheme: 'light', reducedMotion: 'reduce', ...DEVICES.phone });
  await enter(page);
  await administer(page);
  for (const name of PEOPLE.slice(1)) await page.getByRole('button', { name: `Mark arrived: ${name}`, exact: true }).click();
  for (const [label, words] of [['Name of the event', 'Spring fair'], ['Your own words of welcome', 'Good to see you!'], ['Colour of buttons and ring', '#803060']]) {
    await page.getByLabel(label).fill(words);
    await page.getByLabel(label).blur();
  }
  await page.getByLabel('Second language').selectOption('de');
  for (const part of ['#event', '#day .day-chart']) {
    await page.locator(part).evaluate((element) => element.scrollIntoView({ block: 'center' }));
    await shot(page);
  }
  await page.locator('#admin .close').click();
  await page.getByRole('heading', { name: 'Good to see you!' }).waitFor();
  await page.getByRole('button', { name: 'Deutsch' }).waitFor();
  await draw(page, 'none');
  await shot(page);
  sheet('kiosk-own', files);
  // A guest with a code.
  const coded = [];
  const codeShot = async () => {
    coded.push(join(folder, `code-${coded.length}.png`));
    await page.screenshot({ path: coded.at(-1) });
  };
  await administer(page);
  await page.getByRole('button', { name: 'Make a code for a guest' }).click();
  await page.locator('.given .code').evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await codeShot();
  const code = await page.locator('.given .code').innerText();
  await page.locator('#admin .close').click();
  await page.getByRole('button', { name: 'I have a code' }).click();
  await page.keyboard.type(code);
  await codeShot();
  await page.keyboard.press('Enter');
  await screen(page, 'details');
  await page.keyboard.type('Sofia Marino');
  await page.getByLabel('I agree to this').check();
  await codeShot();
  await page.getByRole('button', { name: 'Next' }).click();
  await screen(page, 'capture');
  await draw(page, 'none');
  await codeShot();
  sheet('kiosk-code', coded);
} finally {
  await visitor.depart();
  rmSync(folder, { recursive: true, force: true });
}
