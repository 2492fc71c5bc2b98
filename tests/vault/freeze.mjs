/**
 * Freezes what today's release stores: `BROW_WASM_DIR=... node tests/vault/freeze.mjs NAME` writes tests/data/vault/NAME/, which
 * every later release must open (tests/e2e/vault-frozen.test.mjs). Run once before a format changes; never over an old folder.
 *
 *   pictured.json           what the stores hold, as people see it: names, consent, SHA-256 of templates as the engine knows them
 *   open.json               the database without a PIN, kept.json kept open under one, locked.json locked by it
 *   backup.brow             everybody, under a passphrase
 *
 * Chromium's own files are not portable, so a database is JSON: every object store's keys and values, bytes as {"b64": ...},
 * the vault key as {"aes": ...}. A key that scripts can't read could not be frozen: here it is made readable, and the test
 * makes it unreadable again.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, pageHelpers } from '../e2e/vault-browser.mjs';
import { ROOT } from '../e2e/browser.mjs';
import { PASSPHRASE, PIN, engineFolder, frozenHelpers } from './frozen.mjs';

const name = process.argv[2];
const out = join(ROOT, 'tests/data/vault', name ?? '');
if (!name || existsSync(out)) throw new Error('give the name of a folder that is not there yet');

const folder = engineFolder(['obama-1', 'obama-1-masked', 'biden', 'astronaut']);

/** Inside the page: makes the stores and gives them back as JSON. */
async function freeze({ pin, passphrase }) {
  const engine = await t.wholeEngine();
  const enrol = async (portrait) => (await t.enrolled(engine, portrait)).references;
  const words = (language) => ({ text: 'I agree that my template is kept on this device.', version: '1', language, time: 1.7e12 });
  const guest = (id, name, rest = {}) => ({ id, line: 2, name, email: '', ref: '7', company: 'Ærø', photo: '', problem: null, arrived: null, seen: null, by: null, ...rest });
  const people = async (store) => {
    const picture = new Uint8Array(Array.from({ length: 300 }, (_, i) => (i * 7) & 255));
    await store.put({ name: 'Ærø Ågot', created: 1.7e12, updated: 1.7e12, consent: words('da'), expires: null, picture, references: [...(await enrol('obama-1')), ...(await enrol('obama-1-masked'))] });
    await store.put({ name: 'محمد علي', created: 1.7e12 + 1, updated: 1.7e12 + 1, consent: words('ar'), expires: 4e12, picture: null, references: await enrol('biden'), groups: ['زوار', 'Second floor'], note: 'ملاحظة\nsecond line' });
    await store.put({ name: '山田 花子', created: 1.7e12 + 2, updated: 1.7e12 + 2, consent: words('ja'), expires: null, picture: null, references: await enrol('astronaut') });
  };
  const rest = async (store) => {
    const [one] = (await store.people()).people;
    await store.changeGuests({ set: { name: 'Opening', created: 1.7e12, desk: [{ hour: 1.6999992e12, why: 'unsure', count: 2 }], guests: [guest(one.id, 'Ærø Ågot', { arrived: 1.7e12, seen: 1.7e12, by: 'camera' }), guest('00000000-0000-4000-8000-000000000001', 'Nobody Yet', { line: 3, problem: 'no_face' })] } });
    await store.setSettings({ targetFmr: 1e-4, theme: 'dark', lockAfterMinutes: 0, kioskHosts: ['https://desk.example'], kioskEvent: 'Opening', kioskColour: '#803060', kioskConfirm: true, kioskSecondLanguage: 'da' });
    await store.log('matched', { subject: one.id });
  };
  const { openStore } = await import('/vault/store.js');
  const frozen = {};
  const open = async (database) => {
    const store = await openStore({ name: database });
    store.setProtector(engine);
    return store;
  };
  let store = await open('open');
  await people(store);
  await rest(store);
  frozen.pictured = { open: await t.pictured(store) };
  const { file } = await store.exportTo(passphrase);
  frozen.backup = t.toText(new Uint8Array(await file.arrayBuffer()));
  store.close();
  frozen.open = await t.dump('open');
  store = await open('locked');
  await store.importFrom(file, passphrase, 'skip');
  await rest(store);
  await store.setPin(pin);
  frozen.pictured.locked = await t.pictured(store);
  store.close();
  frozen.locked = await t.dump('locked');
  store = await open('locked');
  await store.unlock(pin);
  await store.keepOpen(true);
  store.close();
  frozen.kept = await t.dump('locked');
  return frozen;
}

const browser = await openBrowser({ folder });
try {
  await browser.context.addInitScript(pageHelpers);
  await browser.context.addInitScript(frozenHelpers);
  const page = await browser.openPage();
  await page.evaluate(() => t.readableKeys());
  const { backup, ...parts } = await page.evaluate(freeze, { pin: PIN, passphrase: PASSPHRASE });
  mkdirSync(out, { recursive: true });
  for (const [part, value] of Object.entries(parts)) writeFileSync(join(out, `${part}.json`), `${JSON.stringify(value, null, 1)}\n`);
  writeFileSync(join(out, 'backup.brow'), Buffer.from(backup, 'base64'));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
