/**
 * Takes the kiosk's pictures of docs/ from the built page: `node tools/kiosk-screenshots.mjs`. What is seen comes from here, not
 * from a camera, and a drawing lies over the camera's picture: nobody real is on them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor, plainClip } from '../tests/e2e/browser.mjs';
import { administer, backToKiosk, direct, enter, kioskModule, prepareKiosk, screen, turnTo, visitKiosk } from '../tests/e2e/kiosk-browser.mjs';
import { root } from './setup.mjs';
import { sheet } from './sheet.mjs';

/** What a kiosk stands on; the height of its screens on their sheet. */
const DEVICES = {
  laptop: { viewport: { width: 1280, height: 800 }, height: 360 },
  phone: { viewport: { width: 390, height: 844 }, height: 640 },
  large: { viewport: { width: 1080, height: 1920 }, height: 640 },
  wide: { viewport: { width: 1920, height: 1080 }, height: 360 },
};
const LOOKS = [{ colorScheme: 'light', language: 'de' }, { colorScheme: 'dark', language: 'ar' }];
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

const visitor = await Visitor.arrive();
/** @type {Buffer[]} */
let pictures = [];
const shot = async (page) => {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  pictures.push(await page.screenshot());
};
const save = async (page, name, height) => {
  writeFileSync(join(root, `docs/kiosk-${name}.webp`), await sheet(page, pictures, height));
  pictures = [];
  console.log(name);
};
/** @param {string} colorScheme @param {{viewport: {width: number, height: number}}} device */
const open = async (colorScheme, { viewport }) => {
  const page = await visitKiosk(visitor, { clip: plainClip('gray'), locale: 'en', colorScheme, reducedMotion: 'reduce', viewport });
  await enter(page);
  return page;
};
try {
  await prepareKiosk(visitor, PEOPLE.map((name) => ({ name, picture: 'obama-1' })));
  for (const [device, parts] of Object.entries(DEVICES)) {
    for (const { colorScheme, language } of LOOKS) {
      const page = await open(colorScheme, parts);
      const person = await (await kioskModule(page)).evaluate(async ({ eyes }, tag) => {
        const { people } = await eyes.client.setSettings({ language: tag });
        return people.find(({ name }) => name === 'Ada Lindqvist').id;
      }, language);
      await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
      const show = await direct(page);
      await show({ kind: 'attract' });
      await draw(page, 'none');
      await shot(page);
      await draw(page, 'masked');
      await show({ kind: 'closer', masked: true });
      await shot(page);
      await show({ kind: 'greet', masked: true, person });
      await shot(page);
      await administer(page);
      await shot(page);
      await save(page, `${device}-${colorScheme}`, parts.height);
    }
  }
  // A look of its own, and what staff see of the day, on a phone.
  const page = await open('light', DEVICES.phone);
  await (await kioskModule(page)).evaluate(({ eyes }) => eyes.client.setSettings({ language: 'en' }));
  await page.locator('html[lang=en]').waitFor({ state: 'attached' });
  await administer(page);
  for (const name of PEOPLE.slice(1)) await page.getByRole('button', { name: `Mark arrived: ${name}`, exact: true }).click();
  await turnTo(page, 'look');
  for (const [label, words] of [['Name of the event', 'Spring fair'], ['Your own words of welcome', 'Good to see you!'], ['Colour of buttons and ring', '#803060']]) {
    await page.getByLabel(label).fill(words);
    await page.getByLabel(label).blur();
  }
  await shot(page);
  await turnTo(page, 'settings');
  await page.getByLabel('Second language').selectOption('de');
  await turnTo(page, 'day');
  await page.locator('#day .day-chart').evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await shot(page);
  await backToKiosk(page);
  await page.getByRole('heading', { name: 'Good to see you!' }).waitFor();
  await page.getByRole('button', { name: 'Deutsch' }).waitFor();
  await draw(page, 'none');
  await shot(page);
  await save(page, 'own');
  // A guest with a code.
  await administer(page);
  await page.getByRole('button', { name: 'Make a code for a guest' }).click();
  await page.locator('.given .code').evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await shot(page);
  const code = await page.locator('.given .code').innerText();
  await backToKiosk(page);
  await page.getByRole('button', { name: 'I have a code' }).click();
  await page.keyboard.type(code);
  await shot(page);
  await page.keyboard.press('Enter');
  await screen(page, 'details');
  await page.keyboard.type('Sofia Marino');
  await page.getByLabel('I agree to this').check();
  await shot(page);
  await page.getByRole('button', { name: 'Next' }).click();
  await screen(page, 'capture');
  await draw(page, 'none');
  await shot(page);
  await save(page, 'code');
} finally {
  await visitor.depart();
}
