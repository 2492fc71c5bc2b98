/**
 * Figures of the vault in Chromium: `node tests/vault/figures.mjs [references]`, by default 10,000. Not a test: it
 * measures and prints. Ten references a person, 914 bytes a template, as the engine writes them.
 */
import { openBrowser, pageHelpers } from '../e2e/vault-browser.mjs';

const REFERENCES = Number(process.argv[2] ?? 10_000);
const PER_PERSON = 10;
const PASSPHRASE = 'four random words here';

/** Inside the page: times everything once. */
async function measure({ people, perPerson, passphrase }) {
  const open = async (name) => (await import('/vault/store.js')).openStore({ name });
  const rows = [];
  const time = async (what, work) => {
    const start = performance.now();
    const value = await work();
    rows.push([what, performance.now() - start]);
    return value;
  };
  const { addToSummary, emptySummary, writeBackup } = await import('/vault/transfer.js');
  const all = Array.from({ length: people }, (_, i) => ({ id: crypto.randomUUID(), ...t.person(`Person ${i}`, { seed: i, references: perPerson, bytes: 914 }) }));
  const summary = emptySummary('figures');
  for (const person of all) addToSummary(summary, person);
  const parts = [];
  for await (const piece of writeBackup(passphrase, summary, all)) parts.push(new Blob([piece]));
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

const browser = await openBrowser({ persistent: true });
try {
  await browser.context.addInitScript(pageHelpers);
  const page = await browser.openPage();
  const people = Math.ceil(REFERENCES / PER_PERSON);
  const { rows, megabytes, usage, heap } = await page.evaluate(measure, { people, perPerson: PER_PERSON, passphrase: PASSPHRASE });
  console.log(`${REFERENCES.toLocaleString('en')} references of ${people.toLocaleString('en')} people, ${browser.context.browser()?.version() ?? 'Chromium'}`);
  for (const [what, ms] of rows) console.log(`  ${what.padEnd(24)} ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`}`);
  console.log(`  ${'backup file'.padEnd(24)} ${megabytes.toFixed(1)} MB`);
  console.log(`  ${'on the disk'.padEnd(24)} ${usage.toFixed(1)} MB`);
  console.log(`  ${'JavaScript heap after'.padEnd(24)} ${heap.toFixed(0)} MB`);
} finally {
  await browser.close();
}
