/** A kiosk as its operator wants it: event, words, logo, colour, a second language, and arrivals that the desk confirms. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, findings, plainClip, portraitClip, until } from './browser.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Eileen', picture: 'astronaut' }]);
});
after(() => visitor.depart());

const open = async (clip) => {
  const page = await visitKiosk(visitor, { clip });
  await enter(page);
  return page;
};
/** A drawn logo, or one of noise, which makes large files. */
const logo = (page, { noise = false } = {}) => page.evaluate((noise) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 900, height: 300 });
  const context = canvas.getContext('2d');
  context.fillStyle = '#803060';
  context.fillRect(0, 0, 900, 300);
  if (noise) {
    const pixels = context.getImageData(0, 0, 900, 300);
    for (let at = 0, random = 1; at < pixels.data.length; at += 1) {
      random = Math.imul(random, 1_664_525) + 1_013_904_223;
      if (at % 4 < 3) pixels.data[at] = random >>> 24;
    }
    context.putImageData(pixels, 0, 0);
  }
  return canvas.toDataURL('image/jpeg').split(',')[1];
}, noise).then((data) => Buffer.from(data, 'base64'));

test('event, words, logo and colour are set in the administration, shown to guests, and told to nobody before the PIN', async () => {
  let page = await open(plainClip('gray'));
  await administer(page);
  await turnTo(page, 'look');
  await page.getByLabel('Name of the event').fill('Spring fair');
  await page.getByLabel('Your own words of welcome').fill('Good to see you!');
  await page.getByLabel('Logo', { exact: true }).setInputFiles({ name: 'logo.jpg', mimeType: 'image/jpeg', buffer: await logo(page) });
  await page.getByText('The logo is kept.').waitFor();
  await page.getByLabel('Colour of buttons and ring').fill('#803060');
  await page.getByLabel('Colour of buttons and ring').blur();
  assert.deepEqual(await findings(page), []);
  await backToKiosk(page);
  const looks = async () => {
    await page.getByRole('heading', { name: 'Good to see you!' }).waitFor();
    await page.getByText('Spring fair').waitFor();
    assert.equal(await page.locator('.headline bdi').innerText(), 'Good to see you!', 'set apart: in Arabic it runs the other way');
    const width = await page.locator('.event img').evaluate(async (image) => {
      await image.decode();
      return image.naturalWidth;
    });
    assert.equal(width, 480);
    assert.equal(await page.locator('.mirror').evaluate((mirror) => getComputedStyle(mirror).borderTopColor), 'rgb(128, 48, 96)');
  };
  await looks();
  assert.deepEqual(await findings(page), []);
  page = await visitKiosk(visitor, { clip: plainClip('gray') });
  await page.locator('#setup').waitFor();
  assert.doesNotMatch(await page.evaluate(() => document.documentElement.outerHTML), /Spring fair|Good to see you/);
  assert.equal(await page.locator('.event img').getAttribute('src'), null);
  await enter(page);
  await looks();
  await administer(page);
  await turnTo(page, 'look');
  await page.getByLabel('Logo', { exact: true }).setInputFiles({ name: 'noise.jpg', mimeType: 'image/jpeg', buffer: await logo(page, { noise: true }) });
  await page.getByText('The logo is kept.').waitFor();
  await page.waitForFunction(() => [320, 200, 120].includes(document.querySelector('.event img').naturalWidth), null, { timeout: 10_000 });
  await page.getByRole('button', { name: 'Back to the look it came with' }).click();
  await page.waitForFunction(() => document.querySelector('#event').value === '');
  await backToKiosk(page);
  await page.getByRole('heading', { name: 'Welcome. Please step up to the camera.' }).waitFor();
  assert.equal(await page.locator('.event').isVisible(), false);
});

test('a guest takes the second language for their visit; whoever comes next finds the kiosk in its own', async () => {
  const page = await open(plainClip('gray'));
  await administer(page);
  await turnTo(page, 'settings');
  await page.getByLabel('Forget a name').fill('15');
  await page.getByLabel('Forget a name').blur();
  // Closed in the same instant: what was chosen is stored a moment later.
  await page.getByLabel('Second language').evaluate((select) => {
    select.value = 'de';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    document.querySelector('#admin .close').click();
  });
  await page.getByRole('button', { name: 'Deutsch' }).waitFor();
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const apart = await page.evaluate(() => {
      const words = document.createRange();
      words.selectNodeContents(document.querySelector('.foot'));
      const tongue = document.querySelector('.tongue').getBoundingClientRect();
      return Array.from(words.getClientRects()).every(({ left, bottom }) => left > tongue.right || bottom < tongue.top);
    });
    assert.ok(apart, `at ${width} px the language's button lies beside the words at the foot`);
  }
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await page.locator('html[lang="de"]').waitFor({ state: 'attached' });
  await page.getByRole('heading', { name: 'Willkommen.' }).waitFor();
  await page.getByRole('button', { name: 'English' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Deutsch' }).waitFor();
  // For the guest of the next visit.
  await administer(page);
  await turnTo(page, 'settings');
  await page.getByLabel('Forget a name').fill('60');
  await page.getByLabel('Forget a name').blur();
  await page.getByLabel('The desk confirms each arrival').check();
  const confirms = () => page.evaluate(async () => (await (await import(document.querySelector('script[type=module]').src)).eyes.client.state()).vault.settings.kioskConfirm);
  await until(confirms, 'the choice is kept');
});

test('the greeting itself is said in the other language, and hands the guest off once', async () => {
  const page = await visitKiosk(visitor, { clip: portraitClip('astronaut'), prepare: (fresh) => fresh.addInitScript(() => {
    globalThis.handed = 0;
    document.addEventListener('brow-handoff', () => { handed += 1; });
  }) });
  await enter(page);
  await screen(page, 'greet');
  await page.getByRole('heading', { name: 'Welcome, Eileen' }).waitFor();
  await page.getByText('The desk will confirm your arrival.').waitFor();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { name: 'Willkommen, Eileen' }).waitFor();
  await page.getByText('Der Empfang best\u00e4tigt Ihre Ankunft.').waitFor();
  assert.equal(await page.evaluate(() => handed), 1);
});

test('who was seen is listed for the desk, and has arrived once it is confirmed', async () => {
  const page = await open(plainClip('gray'));
  await administer(page);
  assert.match(await page.locator('#checkin .summary').innerText(), /^Arrived: 0 of 1\./);
  await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Seen, to be confirmed' });
  assert.deepEqual(await page.locator('#checkin .rows tbody th').allInnerTexts(), ['Eileen']);
  await page.getByRole('button', { name: 'Mark arrived: Eileen', exact: true }).click();
  await page.getByText('Arrived: 1 of 1').waitFor();
  assert.deepEqual(await page.locator('#checkin .rows tbody th').allInnerTexts(), []);
});
