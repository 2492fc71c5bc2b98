/** The vault as a visitor meets it in the page. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Visitor, enrolByPhoto, findings, portrait } from './browser.mjs';

const PIN = 'correct horse';
const PASSPHRASE = 'four random words here';
let visitor;
let page;
before(async () => {
  visitor = await Visitor.arrive();
  page = await visitor.visit({ camera: 'absent' });
});
after(() => visitor.depart());

const names = () => page.locator('#people .name').allInnerTexts();
const notice = (words) => page.locator('#notices', { hasText: words }).waitFor();

/** Fills the fields of the open dialog and sends it off. */
async function submit(fields, button) {
  const dialog = page.locator('dialog.vault-dialog');
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
  await dialog.getByRole('button', { name: button, exact: true }).click();
}

/** Reloads until the page is ready again. */
async function reload() {
  await page.reload();
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
}

/** @type {Buffer} */
let backup;

test('a backup is asked for after an enrolment, and saved under a passphrase', async () => {
  await enrolByPhoto(page, 'Ada', portrait('obama-1'));
  await page.getByText('There are changes that no backup has.').waitFor();
  await page.getByRole('button', { name: 'Save a backup' }).click();
  const dialog = page.locator('dialog.vault-dialog');
  await submit({ 'Passphrase of the backup': 'short', 'The same once more': 'short' }, 'Save a backup');
  await dialog.getByText('The passphrase is too short.').waitFor();
  await submit({ 'Passphrase of the backup': PASSPHRASE, 'The same once more': `${PASSPHRASE}.` }, 'Save a backup');
  await dialog.getByText('The two are not the same.').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    submit({ 'Passphrase of the backup': PASSPHRASE, 'The same once more': PASSPHRASE }, 'Save a backup'),
  ]);
  assert.match(download.suggestedFilename(), /^brow-.*\.brow$/);
  backup = readFileSync(await download.path());
  assert.equal(backup.subarray(0, 4).toString(), 'BRWX');
  assert.equal(backup.includes('Ada'), false);
  await notice('Backup saved: 1 person.');
  await page.locator('.backup-due').waitFor({ state: 'hidden' });
});

test('whoever is deleted gets a receipt, and comes back from the backup with a preview', async () => {
  await page.getByRole('button', { name: 'Delete Ada' }).click();
  await page.locator('dialog.choice button.danger').click();
  await page.getByText('One person was erased on').waitFor();
  const [receipt] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the receipt' }).click()]);
  const written = JSON.parse(readFileSync(await receipt.path(), 'utf8'));
  assert.deepEqual([written.kind, written.reason, written.confirmed, JSON.stringify(written).includes('Ada')], ['person', 'asked', true, false]);
  assert.deepEqual(await names(), []);

  await page.getByRole('button', { name: 'Restore from a backup' }).click();
  await page.getByLabel('Backup file (.brow)').setInputFiles({ name: 'x.brow', mimeType: 'application/octet-stream', buffer: backup });
  await submit({ 'Passphrase of the backup': 'not the passphrase' }, 'Look into it');
  await page.getByText('The passphrase does not open this backup.').waitFor();
  await submit({ 'Passphrase of the backup': PASSPHRASE }, 'Look into it');
  const dialog = page.locator('dialog.vault-dialog');
  await dialog.getByText(/^1 person with \d+ template/).waitFor();
  await dialog.getByText('Ada', { exact: true }).waitFor();
  assert.deepEqual(await findings(page), []);
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await notice('Restored: 1 new');
  assert.deepEqual(await names(), ['Ada']);
});

test('with a PIN the page is locked after a reload: nobody is listed, and a wrong PIN says so', async () => {
  await page.getByRole('button', { name: 'Set a PIN' }).click();
  assert.deepEqual(await findings(page), []);
  const first = page.locator('dialog.vault-dialog').getByLabel('New PIN or passphrase', { exact: true });
  for (const [weak, why] of [['123456', /A row of digits/], ['240588', /looks like a date/], [PIN, /^$/]]) {
    await first.fill(weak);
    // The worker says it, a moment later.
    await page.locator('dialog.vault-dialog .weak').filter({ hasText: why }).waitFor({ state: 'attached' });
  }
  await submit({ 'New PIN or passphrase': PIN, 'The same once more': PIN }, 'Save');
  await notice('The PIN is set.');
  await reload();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'unlock-pin', 'it can be typed at once');
  assert.equal(await page.locator('#people').isVisible(), false);
  assert.deepEqual(await findings(page), []);
  assert.equal((await page.locator('body').innerText()).includes('Ada'), false);
  await page.locator('#unlock-pin').fill('wrong pin');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('That PIN or passphrase is not right.').waitFor();
  for (const wrong of ['wrong again', 'and again']) {
    await page.locator('#unlock-pin').fill(wrong);
    await page.getByRole('button', { name: 'Unlock' }).click();
  }
  await page.locator('#lock .waiting', { hasText: /The next try is possible in \d+ seconds?\./ }).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Unlock' }).isDisabled());
  await page.locator('#unlock-pin').fill(PIN);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await notice('Unlocked.');
  assert.deepEqual(await names(), ['Ada']);
  await page.getByRole('button', { name: 'Lock now' }).click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await page.locator('#unlock-pin').fill(PIN);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.locator('#people').waitFor();
});

test('the audit log is shown as checked, without names, and can be saved', async () => {
  await page.getByText('Erasure, audit log and more').click();
  await page.getByRole('button', { name: 'Audit log' }).click();
  const dialog = page.locator('dialog.vault-dialog');
  await dialog.getByText(/^Checked: all \d+ entries are genuine/).waitFor();
  assert.deepEqual(await findings(page), []);
  const words = await dialog.innerText();
  for (const event of ['Person enrolled', 'Backup saved', 'Person erased', 'Backup restored', 'PIN set', 'Wrong PIN entered', 'Unlocked']) assert.ok(words.includes(event), event);
  assert.equal(words.includes('Ada'), false);
  // Numbers say nothing to whoever did not ask for them.
  assert.doesNotMatch(words, /\b[0-9a-f]{8}\b/);
  await dialog.getByLabel('Show whom it was about').check();
  assert.match(await dialog.innerText(), /\b[0-9a-f]{8}\b/);
  const [saved] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Save the log' }).click()]);
  assert.equal(JSON.parse(readFileSync(await saved.path(), 'utf8')).format, 'brow-audit-log');
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('renewing the protection keeps the person recognisable by the engine', async () => {
  await page.getByRole('button', { name: 'Renew template protection' }).click();
  await page.locator('dialog.choice button.primary').click();
  await notice(/The protection was renewed: \d+ template/);
  assert.deepEqual(await names(), ['Ada']);
  await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  await page.getByLabel('Choose a photo').setInputFiles(portrait('obama-1'));
  await page.getByText('One face found').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Grace');
  await page.getByLabel('I agree to this').check();
  await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  const question = page.locator('dialog.choice', { hasText: 'This face looks like Ada' });
  await question.getByRole('button', { name: 'Cancel' }).click();
  await page.keyboard.press('Escape');
  await page.locator('#enrol').waitFor({ state: 'hidden' });
});

test('"forget everything" leaves nothing, also for the next visit', async () => {
  await page.getByRole('button', { name: 'Forget everything' }).click();
  await page.locator('dialog.choice button.danger').click();
  await notice('Everything was forgotten.');
  await page.getByText('Nobody is enrolled.').waitFor();
  await page.getByText('No PIN is set').waitFor();
  await reload();
  await page.getByText('Nobody is enrolled.').waitFor();
  assert.equal(await page.locator('.notice.fault').count(), 0);
});

test('a store that the browser cleared is noticed and explained', async () => {
  await enrolByPhoto(page, 'Ada', portrait('obama-1'));
  await page.goto(`${visitor.server.url}/prove.html`);
  assert.deepEqual(await findings(page), []);
  await page.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('brow');
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  }));
  await page.goto(visitor.server.url);
  await notice('The browser has cleared what was stored here: 1 person');
});

test('nothing of all this made a request to anywhere else', () => {
  assert.deepEqual(visitor.strayRequests(), []);
});
