/**
 * Each errand of a person as they would do it, and what it costs them: clicks, decisions, how far they scroll, and for the record how
 * many seconds. The limits are what it costs today, with room for where the driver puts what it presses: whoever makes an errand longer says so here.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Visitor, enrolByPhoto, pairPhoto, plainClip, portrait, portraitClip, seen } from './browser.mjs';
import { beginErrand, prepareErrand } from './errand.mjs';
import { PIN, enter, prepareKiosk, screen, turnTo } from './kiosk-browser.mjs';
import { tellOf } from './told-people.mjs';

/** What people hold: a laptop, and a phone. */
const LAPTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 } };

/** @type {Visitor} */
let visitor;
/** @type {import('playwright-core').Page} */
let page;
after(() => visitor?.depart());
const arrive = async () => {
  await visitor?.depart();
  visitor = await Visitor.arrive();
};
const open = async (options) => {
  page = await visitor.visit({ clip: plainClip('gray'), prepare: prepareErrand, ...LAPTOP, ...options });
};
const button = (name, within = page) => within.getByRole('button', { name, exact: true });
const form = () => page.locator('dialog.vault-dialog[open]');

/**
 * @param {string} name
 * @param {{decisions: number, clicks: number, scrolled: number}} limits
 * @param {(decide: (act: Promise<unknown>) => Promise<void>) => Promise<void>} drive
 */
function errand(name, limits, drive) {
  test(name, async (context) => {
    const at = await beginErrand(page);
    await drive(at.decide);
    const cost = await at.cost();
    context.diagnostic(`${name}: ${cost.decisions} decisions, ${cost.clicks} clicks, ${cost.scrolled} px scrolled, ${cost.seconds} s`);
    for (const [what, most] of Object.entries(limits)) assert.ok(cost[what] <= most, `${what}: ${cost[what]}, at most ${most}`);
    assert.ok(cost.decisions === limits.decisions, `${cost.decisions} decisions`);
  });
}

const ownName = async (decide) => {
  await decide(page.locator('#welcome .begin').click());
  await page.keyboard.type('Barack');
  await decide(page.getByLabel('I agree to this').check());
  await decide(button('Start').click());
  await page.locator('#enrol .saved-name').waitFor({ timeout: 60_000 });
  await decide(page.locator('#enrol .saved .close').click());
  await seen(page, 'Barack');
};

for (const [device, options, scrolled] of [['a laptop', LAPTOP, 100], ['a phone', PHONE, 300]]) {
  describe(`for the first time, on ${device}`, () => {
    before(async () => {
      await arrive();
      await open({ clip: portraitClip('obama-1'), camera: 'ask', ...options });
    });
    errand('look without a camera', { decisions: 2, clicks: 2, scrolled }, async (decide) => {
      await decide(button('Try it without a camera').click());
      await page.locator('#demo .own').waitFor({ timeout: 90_000 });
      await decide(page.locator('#demo .close').click());
    });
    errand('to the own name', { decisions: 4, clicks: 4, scrolled }, ownName);
  });
}

describe('people', () => {
  before(async () => {
    await arrive();
    await open();
    await enrolByPhoto(page, 'Barack', portrait('obama-1'));
    await enrolByPhoto(page, 'Eileen', portrait('astronaut'));
  });

  errand('enrol one face of a group photo', { decisions: 6, clicks: 5, scrolled: 700 }, async (decide) => {
    await decide(button('Enrol from a photo').click());
    await decide(page.getByLabel('Choose a photo').setInputFiles(pairPhoto('obama-1', 'biden')));
    await decide(button('Face 2 of 2, no mask').click());
    await page.getByText('Face 2 of 2 is chosen').waitFor();
    await page.keyboard.type('Joe');
    await decide(page.getByLabel('I agree to this').check());
    await decide(button('Enrol').click());
    await page.locator('#enrol .saved-name').waitFor();
    await decide(page.locator('#enrol .saved .close').click());
  });

  errand('note something and sort into a group', { decisions: 4, clicks: 4, scrolled: 300 }, async (decide) => {
    await decide(button('Details: Barack').click());
    await decide(form().getByLabel('Groups').click());
    await page.keyboard.type('visitors');
    await decide(form().getByLabel('Note').click());
    await page.keyboard.type('Needs a ramp');
    await decide(button('Save', form()).click());
    await page.getByText('The details of Barack are kept.').waitFor();
  });

  errand('add a photo and erase a view', { decisions: 6, clicks: 5, scrolled: 600 }, async (decide) => {
    await decide(button('Details: Barack').click());
    await decide(form().getByLabel('Add photos of this person').setInputFiles(portrait('obama-2')));
    await decide(form().getByLabel('I agree to this').check());
    await decide(button('Save', form()).click());
    await page.getByText('1 photo was added.').waitFor({ timeout: 60_000 });
    await decide(button('Details: Barack').click());
    await decide(form().locator('.views button').first().click());
    await page.waitForFunction(() => document.querySelectorAll('.views li').length === 1);
    await page.keyboard.press('Escape');
  });

  errand('say when somebody is erased', { decisions: 3, clicks: 3, scrolled: 1_100 }, async (decide) => {
    await decide(button('Details: Eileen').click());
    await decide(form().getByLabel('Erase at the end of this day').click());
    await form().getByLabel('Erase at the end of this day').fill('2099-12-31');
    await decide(button('Save', form()).click());
    await page.locator('ul.people li', { hasText: 'Eileen' }).getByText(/erased by itself on/).waitFor();
  });

  errand('make one of two records', { decisions: 4, clicks: 3, scrolled: 600 }, async (decide) => {
    await decide(button('Details: Barack').click());
    await decide(form().getByLabel('The same person is also enrolled as').selectOption({ label: 'Joe' }));
    await decide(button('Save', form()).click());
    await decide(button('Make them one').click());
    await page.getByText('The record of Joe is now part of it.').waitFor();
  });

  errand('find out what a stricter choice costs, and choose it', { decisions: 2, clicks: 1, scrolled: 1_000 }, async (decide) => {
    await decide(page.locator('#settings details.expert > summary').click());
    await page.locator('.choices h3').waitFor();
    await decide(page.getByLabel('How sure must a match be?').selectOption('0.0001'));
  });

  errand('lock it behind a PIN', { decisions: 2, clicks: 2, scrolled: 1_900 }, async (decide) => {
    await decide(button('Set a PIN').click());
    await form().getByLabel('New PIN or passphrase', { exact: true }).fill(PIN);
    await form().getByLabel('The same once more', { exact: true }).fill(PIN);
    await decide(button('Save', form()).click());
    await page.getByText('The PIN is set.').waitFor();
  });

  describe('come back to', () => {
    before(() => open());
    errand('open it with the PIN', { decisions: 1, clicks: 0, scrolled: 0 }, async (decide) => {
      await page.locator('#unlock-pin').waitFor();
      await page.keyboard.type(PIN);
      await decide(page.keyboard.press('Enter'));
      await page.getByText('Unlocked.').waitFor();
    });
    errand('read what was done here', { decisions: 2, clicks: 2, scrolled: 2_500 }, async (decide) => {
      await decide(page.locator('#vault details.deeper > summary').click());
      await decide(button('Audit log').click());
      await page.getByText(/Checked: all \d+ entries are genuine/).waitFor();
      await page.keyboard.press('Escape');
    });
  });
});

describe('ten thousand people', () => {
  before(async () => {
    await arrive();
    await open();
    await tellOf(page, 10_000);
  });

  errand('find somebody', { decisions: 1, clicks: 1, scrolled: 300 }, async (decide) => {
    await decide(page.getByLabel('Find by name').click());
    await page.keyboard.type('angstrom');
    await page.getByText('1 person found').waitFor();
  });
});

describe('a reception', () => {
  before(async () => {
    await arrive();
    await open({ clip: portraitClip('astronaut'), path: '/kiosk.html', wait: false });
  });

  errand('set the kiosk up with its first guest, who is greeted', { decisions: 8, clicks: 6, scrolled: 400 }, async (decide) => {
    await page.locator('#kiosk-pin').fill(PIN);
    await page.locator('#kiosk-pin-again').fill(PIN);
    await decide(button('Start').click());
    await decide(page.locator('#kiosk .set-up').click());
    await decide(button('Import a list').click());
    await decide(page.getByLabel('List (CSV)').setInputFiles({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from('name,photo\nEileen,astronaut.jpg\n') }));
    await decide(page.getByLabel('Photos', { exact: true }).setInputFiles({ name: 'astronaut.jpg', mimeType: 'image/jpeg', buffer: readFileSync(portrait('astronaut')) }));
    await decide(page.getByLabel('I hold the consent').check());
    await decide(button('Import').click());
    await page.locator('.working', { hasText: 'Imported.' }).waitFor({ timeout: 60_000 });
    // A portrait before the camera is refused as a print, so this kiosk is told not to look for that.
    await page.locator('#kiosk-presence').evaluate((select) => {
      select.value = 'off';
      select.dispatchEvent(new Event('change'));
    });
    await decide(page.locator('#admin .close').click());
    await screen(page, 'greet', { timeout: 60_000 });
  });

  errand('take in somebody whom nobody announced', { decisions: 6, clicks: 5, scrolled: 800 }, async (decide) => {
    await decide(page.keyboard.press('Control+Alt+A'));
    await page.locator('#vault-admin-pin').fill(PIN);
    await page.keyboard.press('Enter');
    await page.locator('#admin[open]').waitFor();
    await decide(button('Add a guest').click());
    await form().getByLabel('Name').fill('Ada');
    await decide(button('Take a picture', form()).click());
    await decide(form().getByLabel('I hold this person\u2019s consent').check());
    await decide(button('Save', form()).click());
    // The camera sees the guest who is there already.
    await form().getByText('This face looks like Eileen, who is enrolled already.').waitFor();
    await decide(button('Save', form()).click());
    await page.getByText('Ada can be recognised now.').waitFor();
  });

  errand('take a guest off the list', { decisions: 2, clicks: 2, scrolled: 300 }, async (decide) => {
    await decide(button('Remove Ada').click());
    await decide(button('Take off the list').click());
    await page.getByText('Ada is off the list.').waitFor();
  });

  errand('take an arrival back, and undo that', { decisions: 2, clicks: 2, scrolled: 300 }, async (decide) => {
    await decide(button('Take arrival back: Eileen').click());
    await button('Mark arrived: Eileen').waitFor();
    await decide(button('Undo the last change').click());
    await button('Take arrival back: Eileen').waitFor();
  });

  errand('save what the day was', { decisions: 2, clicks: 2, scrolled: 400 }, async (decide) => {
    await decide(turnTo(page, 'day'));
    const [download] = await Promise.all([page.waitForEvent('download'), decide(button('Save this day').click())]);
    assert.match(download.suggestedFilename(), /^brow-day-/);
  });

  errand('offer guests a second language, give it the event\u2019s name and words, and go back', { decisions: 6, clicks: 5, scrolled: 500 }, async (decide) => {
    await decide(turnTo(page, 'settings'));
    await decide(page.getByLabel('Second language').selectOption('de'));
    await decide(turnTo(page, 'look'));
    await decide(page.getByLabel('Name of the event').click());
    await page.keyboard.type('Spring fair');
    await decide(page.getByLabel('Your own words of welcome').click());
    await page.keyboard.type('Good to see you!');
    await page.keyboard.press('Tab');
    await decide(page.locator('#admin .close').click());
    await page.locator('.event', { hasText: 'Spring fair' }).waitFor();
    await screen(page, 'greet', { timeout: 60_000 });
  });

  errand('as a guest, read it in the other language', { decisions: 1, clicks: 1, scrolled: 0 }, async (decide) => {
    await decide(button('Deutsch').click());
    await page.getByRole('heading', { name: 'Willkommen, Eileen' }).waitFor();
  });
});

describe('a guest whom nobody announced', () => {
  let code = '';
  before(async () => {
    await arrive();
    await prepareKiosk(visitor, [{ name: 'Barack', picture: 'obama-1' }]);
    await open({ clip: portraitClip('astronaut'), path: '/kiosk.html', wait: false });
    await enter(page);
    await page.keyboard.press('Control+Alt+A');
    await page.locator('#vault-admin-pin').fill(PIN);
    await page.keyboard.press('Enter');
    await page.locator('#admin[open]').waitFor();
  });

  errand('staff make a code and go back', { decisions: 2, clicks: 2, scrolled: 300 }, async (decide) => {
    await decide(button('Make a code for a guest').click());
    code = await page.locator('#admin .given .code').innerText();
    await decide(page.locator('#admin .close').click());
  });

  errand('enrol by it and be greeted', { decisions: 4, clicks: 3, scrolled: 200 }, async (decide) => {
    await decide(button('I have a code').click());
    await page.locator('#guest-code:focus').waitFor();
    await page.keyboard.type(code);
    await decide(page.keyboard.press('Enter'));
    await page.locator('#guest-own-name:focus').waitFor();
    await page.keyboard.type('Eileen');
    await decide(page.getByLabel('I agree to this').check());
    await decide(button('Next').click());
    await page.locator('.headline', { hasText: 'Welcome, Eileen' }).waitFor();
  });
});

describe('who wants to know', () => {
  before(arrive);
  for (const [name, path, press, over] of [
    ['look whether anything can leave', '/prove.html', '#run', () => page.waitForFunction(() => /ways to the site|Do not trust|stopped|refused/.test(document.querySelector('#verdict')?.textContent ?? ''), null, { timeout: 150_000 })],
    ['check this device', '/check.html', '.run', () => page.locator('.run:enabled').waitFor({ timeout: 60_000 })],
    ['measure this device beside the release', '/bench.html?frames=6', '.run', () => page.locator('.tables table').first().waitFor({ timeout: 120_000 })],
  ]) {
    describe(name, () => {
      before(() => open({ path, wait: false, clip: portraitClip('obama-1') }));
      errand(name, { decisions: 1, clicks: 1, scrolled: 100 }, async (decide) => {
        await decide(page.locator(press).click());
        await over();
      });
    });
  }
});
