/** Nobody enrols twice: a store that a release with other networks wrote, opened by this one, with kept pictures and without. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PIN, engineFolder, frozenHelpers } from '../vault/frozen.mjs';
import { administer, enter, turnTo, visitKiosk } from './kiosk-browser.mjs';
import { Visitor, assetOf, findings, plainClip, portrait, portraitClip, seen } from './browser.mjs';
import { openBrowser, pageHelpers } from './vault-browser.mjs';

/** By the names they have here: what their picture is, and of whom. */
const PEOPLE = [
  { name: 'Close', of: ['obama-1', 'obama-1-masked'], picture: 'close', expires: 4e12 },
  { name: 'Wide', of: ['biden'], picture: 'wide', expires: null },
  { name: 'Spoilt', of: ['obama-2'], picture: 'spoilt', expires: null },
  { name: 'Without', of: ['astronaut'], picture: null, expires: null },
];

/** A file of the site that runs nothing by itself. */
const inside = assetOf('element/inside');
/** Databases as JSON: `few` holds PEOPLE, `many` a dozen with pictures, `locked` the few under a PIN. */
let stored;
/** @type {Visitor} */
let visitor;
before(async () => {
  stored = await write();
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** What a release wrote whose networks had lower numbers. */
async function write() {
  const folder = engineFolder([...new Set(PEOPLE.flatMap(({ of }) => of))]);
  const manifest = JSON.parse(readFileSync(join(folder, 'models/manifest.json'), 'utf8'));
  for (const model of manifest.models) {
    if (!['full', 'periocular'].includes(model.role)) continue;
    model.id = `${model.role}-1`;
    delete model.formerly;
  }
  delete manifest.faceness;
  delete manifest.calibration.groups;
  writeFileSync(join(folder, 'models/manifest.json'), JSON.stringify(manifest));
  const browser = await openBrowser({ folder });
  try {
    await browser.context.addInitScript(pageHelpers);
    await browser.context.addInitScript(frozenHelpers);
    const page = await browser.openPage();
    await page.evaluate(() => t.readableKeys());
    return await page.evaluate(writeInside, { people: PEOPLE, pin: PIN });
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeInside({ people, pin }) {
  const engine = await t.wholeEngine();
  const pictures = {
    // As releases before this one kept it: the canonical face without a border.
    async close({ rgba, width, height }) {
      const canvas = new OffscreenCanvas(224, 224);
      canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), (224 - width) / 2, (224 - height) / 2);
      return canvas.convertToBlob({ type: 'image/png' });
    },
    async wide({ rgba, width, height }) {
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
      return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
    },
    spoilt: () => new Blob([Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255)]),
  };
  const record = async ({ name, of, picture, expires }, created) => {
    const faces = await Promise.all(of.map((portrait) => t.enrolled(engine, portrait)));
    return {
      name, created, updated: created, expires, references: faces.flatMap(({ references }) => references), consent: { text: 'I agreed.', version: '1', language: 'en', time: 1.7e12 },
      picture: picture && new Uint8Array(await (await pictures[picture](faces[0].best)).arrayBuffer()),
    };
  };
  const { openStore } = await import('/vault/store.js');
  const dumps = {};
  const make = async (database, all, finish = () => {}) => {
    const store = await openStore({ name: database });
    store.setProtector(engine);
    for (const one of all) await store.put(one);
    await finish(store);
    store.close();
    dumps[database] = await t.dump(database);
  };
  const few = [];
  for (const [index, person] of people.entries()) few.push(await record(person, 1.7e12 + index));
  const invite = async (store) => {
    const rest = { email: '', ref: '', company: '', host: '', problem: null, arrived: null, seen: null, by: null };
    const guests = (await store.people()).people.map(({ id, name }, index) => ({ id, name, line: index + 2, photo: `${people[index].of[0]}.jpg`, ...rest }));
    await store.changeGuests({ set: { name: 'Opening', created: 1.7e12, guests } });
  };
  await make('few', few, invite);
  await make('many', Array.from({ length: 12 }, (_, i) => ({ ...few[i % 2], name: `Person ${i}`, created: 1.7e12 + i })));
  await make('locked', few, async (store) => {
    await invite(store);
    await store.setPin(pin);
  });
  return dumps;
}

/** A visitor who has this store, on a page of the site that runs nothing. */
async function bring(database, options = {}) {
  await visitor.depart();
  visitor = await Visitor.arrive();
  const page = await visitor.visit({ clip: plainClip('gray'), path: inside, wait: false, ...options });
  await page.evaluate(pageHelpers);
  await page.evaluate(frozenHelpers);
  await page.evaluate((dump) => t.restore('brow', dump), stored[database]);
  return page;
}

async function open(page) {
  await page.goto(visitor.server.url);
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
}

/** Asks the page's worker. */
const ask = (page, op, fields = {}) => page.evaluate(async ({ module, name, values }) => {
  const { insideOf } = await import(module);
  return insideOf(document.querySelector('brow-recogniser')).client().vault(name, values);
}, { module: inside, name: op, values: fields });
/** What is out of date of whom. */
const standing = async (page) => Object.fromEntries((await ask(page, 'state')).people.map(({ name, outdated }) => [name, outdated]));
const dataOf = async (page, name) => ask(page, 'personData', { person: (await ask(page, 'state')).people.find((person) => person.name === name).id });
/** How often each person's templates were made anew, as the log has it, which must be whole. */
async function remade(page) {
  const { entries, verdict } = await ask(page, 'vaultLog');
  assert.ok(verdict.ok);
  const counts = {};
  for (const { event, subject } of entries) if (event === 'remade') counts[subject] = (counts[subject] ?? 0) + 1;
  return Object.values(counts);
}
/** Waits until so many can be recognised. */
const renewed = (page, least) => page.evaluate(async ({ module, count }) => {
  const { insideOf } = await import(module);
  const client = insideOf(document.querySelector('brow-recogniser')).client();
  while ((await client.state()).people.filter(({ outdated }) => outdated === null).length < count) await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
}, { module: inside, count: least });
const settled = (page) => page.locator('[data-code="enrol_again"]').waitFor();

test('whoever has a picture is recognised again by themselves; whoever has none, or one without a face, is named once', async () => {
  const page = await bring('few', { clip: portraitClip('obama-1') });
  await open(page);
  await renewed(page, 2);
  await seen(page, 'Close');
  await page.locator('[data-code="enrol_again"]', { hasText: ': 2 (' }).waitFor();
  assert.deepEqual(await standing(page), { Close: null, Wide: null, Spoilt: 'again', Without: 'again' });
  assert.deepEqual(await remade(page), [1, 1]);
  const words = (await page.locator('[data-code="enrol_again"]').innerText()).replace(/[\u2068\u2069]/g, '');
  assert.match(words, /: 2 \(Spoilt, Without\)\./);
  assert.deepEqual(await page.locator('#people li', { hasText: 'Has to be enrolled again' }).locator('.name').allInnerTexts(), ['Spoilt', 'Without']);
  assert.deepEqual(await findings(page), []);
  const { person, guest } = await dataOf(page, 'Close');
  assert.deepEqual([person.consent, person.created, person.expires, guest.name], [{ text: 'I agreed.', version: '1', language: 'en', time: 1.7e12 }, 1.7e12, 4e12, 'Close']);
  // One of today's in the place of the two of then; the picture stays what it was.
  assert.deepEqual(person.references.map(({ models }) => models.full.startsWith('full-1@')), [false]);
  assert.equal(Object.values(person.picture).slice(1, 4).map((byte) => String.fromCharCode(byte)).join(''), 'PNG');
  const spoilt = await dataOf(page, 'Spoilt');
  assert.ok(spoilt.person.references.every(({ models }) => models.full.startsWith('full-1@')), 'the templates of then stay until there are others');
  await page.reload();
  await settled(page);
  assert.deepEqual(await remade(page), [1, 1], 'at the next start there is nothing left to do');
});

test('whoever is enrolled again keeps name, consent and dates', async () => {
  const page = await bring('few', { clip: portraitClip('astronaut') });
  await open(page);
  await settled(page);
  await page.getByRole('button', { name: 'Enrol again: Without' }).click();
  await page.locator('#consent-text', { hasText: 'I agreed.' }).waitFor();
  assert.equal(await page.getByLabel('I agree to this').isVisible(), false);
  assert.deepEqual(await findings(page), []);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('#enrol .saved-name').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  assert.equal((await standing(page)).Without, null);
  const { person } = await dataOf(page, 'Without');
  assert.deepEqual([person.consent.text, person.consent.time, person.created, person.picture], ['I agreed.', 1.7e12, 1.7e12 + 3, null]);
  assert.deepEqual(person.references.map(({ models, source }) => [models.full.startsWith('full-1@'), source]), [[false, 'camera']]);
  await page.locator('[data-code="enrol_again"]', { hasText: ': 1 (' }).waitFor();
  await seen(page, 'Without');
});

test('a locked vault is left as it is until it is unlocked', async () => {
  const page = await bring('locked');
  await open(page);
  await page.locator('#unlock-pin').fill(PIN);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.locator('#notices', { hasText: 'Unlocked.' }).waitFor();
  await renewed(page, 2);
  const { entries } = await ask(page, 'vaultLog');
  const order = entries.map(({ event }) => event).reverse();
  assert.ok(order.indexOf('remade') > order.indexOf('unlocked'), order.join());
  assert.deepEqual(await remade(page), [1, 1]);
});

test('a kiosk that is unlocked knows its people again by itself, and names who has to come again in its administration', async () => {
  await bring('locked');
  const page = await visitKiosk(visitor, { clip: portraitClip('obama-1') });
  await enter(page, { pin: PIN });
  await page.locator('#kiosk .headline', { hasText: 'Close' }).waitFor();
  await administer(page, { pin: PIN });
  await page.locator('#admin [data-code="enrol_again"]', { hasText: 'Without' }).waitFor();
  // Nobody is enrolled by the kiosk's camera, but from their photo, as the first time.
  await turnTo(page, 'people');
  await page.getByRole('button', { name: 'Rename Without' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Enrol again: Without' }).isVisible(), false);
  await turnTo(page, 'guests');
  const row = page.locator('#checkin tbody tr', { hasText: 'Without' });
  await row.getByText('Has to be enrolled again').waitFor();
  await turnTo(page, 'import');
  await page.getByLabel('Photos', { exact: true }).setInputFiles([portrait('astronaut')]);
  await page.getByLabel('I hold the consent').check();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.locator('.working', { hasText: 'Imported.' }).waitFor();
  await turnTo(page, 'guests');
  await row.getByText('Can be recognised').waitFor();
  await page.locator('#admin [data-code="enrol_again"]', { hasText: ': 1 (' }).waitFor();
  assert.deepEqual(await page.locator('#checkin tbody tr', { hasText: 'Can be recognised' }).locator('th').allInnerTexts(), ['Close', 'Wide', 'Without']);
});

test('a crash in the middle costs nobody anything, and two tabs do no work twice', async () => {
  let page = await bring('many');
  await open(page);
  await renewed(page, 1);
  const session = await visitor.context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  void session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close();
  page = await visitor.context.newPage();
  const other = await visitor.context.newPage();
  await Promise.all([open(page), open(other)]);
  for (const one of [page, other]) await renewed(one, 12);
  assert.deepEqual(await remade(page), Array(12).fill(1));
});

test('nothing of all this made a request to anywhere else', () => {
  assert.deepEqual(visitor.strayRequests(), []);
});
