/**
 * Figures of the vault in Chromium: `node tests/vault/figures.mjs [references]`, by default 10,000. Not a test: it
 * measures and prints. Ten references a person, 914 bytes a template, as the engine writes them; then, through the worker of
 * the release in dist/, as many people as references, with one each.
 */
import { readFileSync } from 'node:fs';
import { Visitor, assetOf, plainClip, portrait } from '../e2e/browser.mjs';
import { openBrowser, pageHelpers, serveSource } from '../e2e/vault-browser.mjs';

const REFERENCES = Number(process.argv[2] ?? 10_000);
const PER_PERSON = 10;
const PASSPHRASE = 'four random words here';

/** Inside the page: times everything once. */
async function measure({ people, perPerson, passphrase }) {
  await t.module();
  const open = async (name) => (await import('/vault/store.js')).openStore({ name });
  const rows = [];
  const time = async (what, work) => {
    const start = performance.now();
    const value = await work();
    rows.push([what, performance.now() - start]);
    return value;
  };
  const { summaryOf, writeBackup } = await import('/vault/backup.js');
  const all = Array.from({ length: people }, (_, i) => ({ id: crypto.randomUUID(), ...t.person(`Person ${i}`, { seed: i, references: perPerson, bytes: 914 }) }));
  const parts = [];
  for await (const piece of writeBackup(passphrase, await summaryOf('figures', all), all)) parts.push(new Blob([piece]));
  const made = new Blob(parts);

  let store = await time('open a new store', () => open('figures'));
  await time('preview a backup', () => store.previewImport(made, passphrase));
  await time('take in a backup', () => store.importFrom(made, passphrase, 'skip'));
  await time('read everybody', () => store.people());
  const { file } = await time('save a backup', () => store.exportTo(passphrase));
  await time('enrol one more person', () => store.put(t.person('One more', { references: perPerson })));
  await time('set a PIN', () => store.setPin('correct horse'));
  store.close();
  store = await time('open the locked store', () => open('figures'));
  await time('unlock', () => store.unlock('correct horse'));
  await time('remove the PIN', () => store.removePin('correct horse'));
  await time('verify the audit log', () => store.verifyLog());
  const { usage } = await store.status();
  return { rows, megabytes: file.size / 1e6, usage: usage / 1e6, heap: performance.memory?.usedJSHeapSize / 1e6 };
}

/** Inside an empty page of the release: what is asked of the worker, and answered with all that a page shows. */
async function askWorker({ client: module, people, passphrase, photo }) {
  const { BrowClient } = await import(module);
  const [{ default: init }, { default: bytes }, { readBackup, summaryOf, writeBackup }] = await Promise.all(
    ['worker/brow.js', 'worker/bytes.js', 'vault/backup.js'].map((path) => import(`/source/${path}`)));
  await init({ module_or_path: bytes });
  const client = new BrowClient({ inherit: false });
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))]));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  await client.enrolPhoto({ buffer: data.buffer, width, height, timeMs: 0 });
  await client.save({ name: 'One', consent: { text: 'I agree that my template is kept on this device.', version: '1', language: 'en', time: 1 }, keepPicture: false, source: 'photo' });
  // The one template, as the engine wrote it, is everybody's.
  const [one] = await Array.fromAsync((await readBackup((await client.vault('vaultExport', { passphrase })).file, passphrase)).people);
  const all = Array.from({ length: people }, (_, i) => ({ ...one, id: crypto.randomUUID(), name: `Person ${i}`, created: i, updated: i }));
  const file = new Blob(await Array.fromAsync(writeBackup(passphrase, await summaryOf('figures', all), all, 1000)));
  await client.vault('vaultImport', { file, passphrase, rule: 'skip' });
  const rows = [];
  const time = async (what, work) => {
    const times = [];
    for (let i = 0; i < 9; i += 1) {
      const start = performance.now();
      await work(i);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    rows.push([`${what}, least`, times[0]], [`${what}, median`, times[4]]);
  };
  await time('rename one of them', (i) => client.rename(all[(i * 997) % people].id, `Renamed ${i}`));
  await time('ask for the state', () => client.state());
  client.close();
  return rows;
}

const show = (rows) => {
  for (const [what, ms] of rows) console.log(`  ${what.padEnd(28)} ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`}`);
};

const visitor = await Visitor.arrive();
try {
  const page = await visitor.visit({ clip: plainClip('gray'), path: assetOf('element/inside'), wait: false });
  await serveSource(page);
  const photo = readFileSync(portrait('obama-1')).toString('base64');
  const rows = await page.evaluate(askWorker, { client: assetOf('client/client'), people: REFERENCES, passphrase: PASSPHRASE, photo });
  console.log(`${REFERENCES.toLocaleString('en')} people with a reference each, through the worker`);
  show(rows);
} finally {
  await visitor.depart();
}

const browser = await openBrowser({ persistent: true });
try {
  await browser.context.addInitScript(pageHelpers);
  const page = await browser.openPage();
  const people = Math.ceil(REFERENCES / PER_PERSON);
  const { rows, megabytes, usage, heap } = await page.evaluate(measure, { people, perPerson: PER_PERSON, passphrase: PASSPHRASE });
  console.log(`${REFERENCES.toLocaleString('en')} references of ${people.toLocaleString('en')} people, ${browser.context.browser()?.version() ?? 'Chromium'}`);
  show(rows);
  console.log(`  ${'backup file'.padEnd(28)} ${megabytes.toFixed(1)} MB`);
  console.log(`  ${'on the disk'.padEnd(28)} ${usage.toFixed(1)} MB`);
  console.log(`  ${'JavaScript heap after'.padEnd(28)} ${heap.toFixed(0)} MB`);
} finally {
  await browser.close();
}
