/** A guest whom nobody announced enrols at the kiosk by a code of staff: what it lets them do, and all that it does not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Visitor, findings, plainClip, until } from './browser.mjs';
import { PIN, administer, agree, backToKiosk, button, enter, kioskModule, makeCode, obedientCamera, prepareKiosk, screen, turnTo, typeCode, visitKiosk, watchScreens } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
  await prepareKiosk(visitor, [{ name: 'Barack', picture: 'obama-1' }]);
});
after(() => visitor.depart());

/** A kiosk before whose camera nobody stands yet. */
async function open(options = {}) {
  const page = await visitKiosk(visitor, { clip: plainClip('gray'), prepare: (page) => obedientCamera(page, ['astronaut', 'obama-1'], 'empty'), ...options });
  await enter(page);
  return page;
}
const stands = (page, portrait) => page.evaluate((portrait) => Object.assign(globalThis.obey, { mode: 'face', portrait }), portrait);
/** The clocks of the page and its worker go on at once. */
async function later(page, ms) {
  const shift = (ms) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + ms;
  };
  for (const worker of page.workers()) await worker.evaluate(shift, ms);
  await page.evaluate(shift, ms);
}
/** Who is enrolled, who is on the list, and whether a face waits to be kept. */
const kept = async (page) => (await kioskModule(page)).evaluate(async ({ eyes: { client } }) => {
  const [{ people }, list] = await Promise.all([client.state(), client.vault('guests')]);
  const waits = await client.save({ name: 'X', source: 'camera', keepPicture: false, consent: { text: 'x', version: 'x', language: 'en', time: 1 } }).then(() => true, ({ code }) => (code === 'nothing_captured' ? false : code));
  return { people: people.map(({ name }) => name), guests: list.guests.map(({ name, arrived, by }) => ({ name, arrived: arrived !== null, by })), waits };
});
const logOf = async (page) => (await kioskModule(page)).evaluate(({ eyes: { client } }) => client.vault('vaultExportLog'));
const BARACK = { people: ['Barack'], guests: [{ name: 'Barack', arrived: false, by: null }], waits: false };

describe('a guest with a code', () => {
  test('is not spoken to of codes where staff gave none', async () => {
    const page = await open();
    await screen(page, 'attract');
    await stands(page, 'astronaut');
    await screen(page, 'stranger');
    assert.ok(await button(page, 'I have a code').isHidden());
  });

  test('whose face looks like somebody\u2019s goes to the desk, is told no name, and has used it', async () => {
    const page = await open();
    const code = await makeCode(page);
    await typeCode(page, code);
    await screen(page, 'details');
    await watchScreens(page);
    await stands(page, 'obama-1');
    await agree(page, 'Somebody');
    await screen(page, 'known');
    await page.getByText('Somebody with your name or a face like yours is on the list already.').waitFor();
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(await kept(page), BARACK);
    assert.ok(!(await page.evaluate(() => screens.join())).includes('Barack'), 'whoever types a code is not told who is enrolled');
    assert.ok((await logOf(page)).includes('"code_known"'));
    const module = await kioskModule(page);
    await until(() => module.evaluate(async ({ eyes: { client } }) => (await client.vault('guests')).desk?.some(({ why }) => why === 'known')), 'they are counted');
    await administer(page);
    await turnTo(page, 'day');
    const day = page.getByRole('group', { name: 'The day' });
    await day.getByText(/^Sent to the desk: \d+\. .*, with a code, but name or face known already: 1\.$/).waitFor();
    assert.equal((await day.locator('tbody td:nth-child(3)').allInnerTexts()).reduce((all, words) => all + Number(words), 0), Number(/desk: (\d+)\./.exec(await day.innerText())[1]));
    await backToKiosk(page);
    await page.evaluate(() => { globalThis.obey.mode = 'empty'; });
    await screen(page, 'attract');
    await typeCode(page, code);
    await page.getByText('This code was used already. Ask at the desk for another one.').waitFor();
  });

  test('who says the name of somebody on the list goes to the desk as well', async () => {
    const page = await open();
    const code = await makeCode(page);
    await stands(page, 'astronaut');
    await screen(page, 'stranger');
    await typeCode(page, code);
    await agree(page, 'barack');
    await screen(page, 'known');
    // The verdict stays while they stand there, and is not taken for a newcomer's.
    await page.waitForTimeout(2_500);
    await screen(page, 'known');
    assert.deepEqual(await kept(page), BARACK);
  });

  test('leaves nothing behind in the middle, wherever that is, and keeps the code until its time is over', async () => {
    const page = await open();
    const code = await makeCode(page);
    await typeCode(page, code);
    await screen(page, 'details');
    await page.keyboard.type('Eileen');
    await button(page, 'Cancel').click();
    await screen(page, 'attract');
    assert.equal(await page.locator('[name=name]').inputValue(), '');
    await typeCode(page, code);
    await screen(page, 'details');
    await page.keyboard.type('Eileen');
    await page.keyboard.press('Escape');
    await screen(page, 'attract');
    await typeCode(page, code);
    await agree(page, 'Eileen');
    // Nobody stands there; before it is over the kiosk asks, and goes on for whoever touches it.
    await later(page, 71_000);
    await page.getByText('Still there? Touch the screen, or this starts over.').waitFor();
    await page.locator('#by-code').click({ position: { x: 5, y: 5 } });
    await page.waitForFunction(() => document.querySelector('#by-code .soon').textContent === '');
    assert.deepEqual(await findings(page), []);
    await later(page, 91_000);
    await screen(page, 'attract');
    assert.deepEqual(await kept(page), BARACK);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll('#by-code input')].map(({ value, checked }) => (checked ? 'checked' : value === 'on' ? '' : value)).join('')), '');
    await typeCode(page, code);
    await screen(page, 'details');
    await page.keyboard.press('Escape');
    await screen(page, 'attract');
    await later(page, 15 * 60_000);
    await typeCode(page, code);
    await page.getByText('This code is no longer valid. Ask at the desk for another one.').waitFor();
  });

  test('may guess three times, then waits longer for each, and is let in by no code that was taken back', async () => {
    const page = await open();
    const code = await makeCode(page);
    await administer(page);
    await button(page, 'Take back unused codes (1)').click();
    await page.getByText('The codes were taken back.').waitFor();
    assert.ok(await page.locator('.take-codes-back').isHidden());
    const other = await (async () => {
      await button(page, 'Make a code for a guest').click();
      return page.locator('#admin .given .code').innerText();
    })();
    await backToKiosk(page);
    await typeCode(page, code);
    await page.getByText('This code is not right. Look at it again, or ask at the desk.').waitFor();
    const type = async (code) => {
      await page.locator('#guest-code').fill(code);
      await page.keyboard.press('Enter');
    };
    await type('12345');
    await page.getByText('A code has six digits.').waitFor();
    await type(code);
    await page.getByText('This code is not right. Look').waitFor();
    await type(code);
    await page.getByText('This code is not right. Wait 5 seconds, then try again, or ask at the desk.').waitFor();
    assert.deepEqual(await findings(page), []);
    await type(other);
    await page.getByText(/Too many wrong tries\. Wait \d seconds?, then try again\./).waitFor();
    assert.match(await logOf(page), /"code_refused".*\n?[^}]*"tries": ?3/);
    await later(page, 5_000);
    await type(other);
    await screen(page, 'details');
  });

  test('is let in by no code from before the kiosk was locked, in its administration or elsewhere', async () => {
    const page = await open();
    const elsewhere = async () => {
      const other = await visitor.context.newPage();
      await other.goto(visitor.server.url);
      await other.locator('#unlock-pin').fill(PIN);
      await button(other, 'Unlock').click();
      await button(other, 'Lock now').click();
      await other.locator('#unlock-pin').waitFor();
      await other.close();
    };
    const locks = [
      async () => {
        await administer(page);
        await page.locator('#admin .lock').click();
      },
      elsewhere,
    ];
    for (const lock of locks) {
      const code = await makeCode(page);
      await typeCode(page, code);
      await screen(page, 'details');
      await lock();
      await page.locator('#setup').waitFor();
      assert.ok(await page.locator('#by-code').isHidden() && await button(page, 'I have a code').isHidden());
      await enter(page);
      await screen(page, 'attract');
      assert.ok(await button(page, 'I have a code').isHidden(), 'no code is open any more');
      const other = await makeCode(page);
      await typeCode(page, code);
      await page.getByText('This code is not right. Look at it again, or ask at the desk.').waitFor();
      await page.locator('#guest-code').fill(other);
      await page.keyboard.press('Enter');
      await screen(page, 'details');
      await page.keyboard.press('Escape');
      await screen(page, 'attract');
    }
  });

  test('says who they are and whom they visit, agrees, is looked at, greeted by name and on the list as arrived', async () => {
    const page = await open();
    const module = await kioskModule(page);
    await module.evaluate(async ({ eyes: { client } }) => {
      const list = await client.vault('guests');
      await client.vault('guestsSet', { list: { ...list, guests: list.guests.map((guest) => ({ ...guest, host: 'Ada Lindqvist' })) } });
    });
    const code = await makeCode(page);
    await watchScreens(page);
    await stands(page, 'astronaut');
    await screen(page, 'stranger');
    await typeCode(page, code);
    await screen(page, 'details');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'guest-own-name');
    assert.ok(await page.locator('#guest-own-company').isHidden(), 'nobody on this list has a company');
    await button(page, 'Next').click();
    await page.getByText('Please enter a name.').waitFor();
    await page.locator('#guest-own-name').fill('Eileen');
    await page.getByLabel('Whom you visit').fill('Ada Lindqvist');
    await button(page, 'Next').click();
    await page.getByText('Nobody is enrolled without their consent. Please tick the box').waitFor();
    assert.deepEqual(await findings(page), []);
    for (const [tag, size] of [['de', { width: 320, height: 640 }], ['ar', { width: 320, height: 640 }], ['en', { width: 1080, height: 1920 }]]) {
      await module.evaluate(({ eyes: { client } }, language) => client.setSettings({ language }), tag);
      await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
      await page.setViewportSize(size);
      assert.deepEqual(await findings(page), [], `${tag} ${size.width}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${tag}: nothing is wider than the screen`);
      assert.equal(await page.locator('#guest-own-name').inputValue(), 'Eileen', 'what was typed stays');
    }
    await page.getByLabel('I agree to this').check();
    await button(page, 'Next').click();
    await screen(page, 'greet');
    assert.equal(await page.locator('.headline').innerText(), 'Welcome, Eileen');
    await page.getByText('You are checked in.').waitFor();
    assert.equal(await page.locator('.also .host').innerText(), 'Your host: Ada Lindqvist');
    assert.deepEqual(await page.evaluate(() => greeted), ['Eileen']);
    assert.deepEqual(await findings(page), []);
    await until(async () => (await kept(page)).guests.length === 2, 'two on the list');
    const { people, guests, waits } = await kept(page);
    assert.deepEqual({ people, eileen: guests[1], waits }, { people: ['Barack', 'Eileen'], eileen: { name: 'Eileen', arrived: true, by: 'camera' }, waits: false });
    // What is kept of it has neither the code nor a score.
    const log = await logOf(page);
    for (const event of ['code_given', 'code_used']) assert.ok(log.includes(`"${event}"`), event);
    assert.ok(!log.includes(code) && !log.includes(code.replace('\u00a0', '')) && !/score|Eileen|Barack/.test(log));
    const consent = await module.evaluate(async ({ eyes: { client } }) => (await client.state()).people.find(({ name }) => name === 'Eileen').consent);
    assert.match(consent.text, /^This kiosk computes numbers that describe my face/);
    assert.match(consent.version, /^kiosk /);
    // The kiosk knows them the next time, and the code lets nobody in any more.
    await page.evaluate(() => { globalThis.obey.mode = 'empty'; });
    await screen(page, 'attract');
    await typeCode(page, code);
    await page.getByText('This code was used already.').waitFor();
    await page.keyboard.press('Escape');
    await stands(page, 'astronaut');
    await screen(page, 'greet');
    await page.getByText('You are checked in already.').waitFor();
  });
});
