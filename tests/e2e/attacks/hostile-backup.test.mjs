/** Whoever hands somebody a backup file, with its passphrase, wants more to come in than its preview shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onEmptyPages } from '../vault-browser.mjs';

let page;
onEmptyPages((now) => {
  ({ page } = now);
}, { engine: true, helpers: [templateHelpers] });

/** Inside the page. */
function templateHelpers() {
  /** A template as the engine writes it, of any network. */
  t.template = (periocular, dimensions) => {
    const name = new TextEncoder().encode(periocular);
    const bytes = new Uint8Array(10 + 1 + name.length + 2 + 2 * dimensions + 3);
    bytes.set([66, 82, 87, 84, 1, 0, 0, 60, 0, 60, name.length]);
    bytes.set(name, 11);
    bytes.set([dimensions & 255, dimensions >> 8], 11 + name.length);
    bytes.set([0, 60], 13 + name.length); // A vector of length one.
    return bytes;
  };
  t.known = (name, seed, { model = 'periocular-5', dimensions = 256, ...rest } = {}) => {
    const person = { id: crypto.randomUUID(), ...t.person(name, { seed, references: 1, ...rest }) };
    person.references[0] = { ...person.references[0], template: t.template(model, dimensions), models: { periocular: model } };
    return person;
  };
  /** A backup that says of itself whatever it likes. */
  t.backup = async (people, summary) => {
    const { summaryOf, writeBackup } = await import('/vault/backup.js');
    const parts = [];
    for await (const piece of writeBackup('long enough', { ...(await summaryOf('vault', [])), people: people.length, ...summary }, people, 1000)) parts.push(piece);
    return new Blob(parts);
  };
}

test('to have people come in whom the preview does not show', async () => {
  const seen = await page.evaluate(async () => {
    const store = await t.open({ protector: await t.engine() });
    await store.put(t.known('Anna', 1));
    const file = await t.backup([t.known('Mallory', 2), t.known('An\u200bna\u202e', 3), t.known('\u2066Eve\u2069', 4)],
      { references: 1, models: { 'periocular-5': 1 }, who: [{ id: crypto.randomUUID(), name: 'Grandma', references: 1 }], created: Date.now() + 1e12 });
    const preview = await store.previewImport(file, 'long enough');
    await store.importFrom(file, 'long enough', 'skip');
    const { people } = await store.people();
    return {
      shown: preview.who.map(({ name, sameName }) => [name, sameName]), counts: [preview.people, preview.references], future: preview.created > Date.now(),
      came: people.map(({ name }) => name).sort(),
    };
  });
  assert.deepEqual(seen, { shown: [['Anna', true], ['Eve', false], ['Mallory', false]], counts: [3, 3], future: false, came: ['Anna', 'Anna', 'Eve', 'Mallory'] });
});

test('to keep people beyond the retention rule, by a consent of the far future', async () => {
  const seen = await page.evaluate(async () => {
    const store = await t.open({ protector: await t.engine() });
    await store.setSettings({ retentionDays: 30 });
    const consent = { text: 'x', version: '1', language: 'en', time: 9e14 };
    const file = await t.backup([t.known('Mallory', 2, { consent, created: 9e14, updated: 9e14 })], {});
    await store.importFrom(file, 'long enough', 'skip');
    const [{ consent: kept, created }] = (await store.people()).people;
    const receipts = await store.eraseExpired(Date.now() + 31 * 86_400_000);
    return [kept.time <= Date.now(), created <= Date.now(), receipts.map(({ reason }) => reason)];
  });
  assert.deepEqual(seen, [true, true, ['retention']]);
});

test('to keep every start busy, by templates of networks that never were', async () => {
  const seen = await page.evaluate(async () => {
    const store = await t.open({ protector: await t.engine() });
    const codes = [];
    const attempts = [
      [t.known('Mallory', 2, { model: 'invented-1' })],
      // Of a network that there was, but each with dimensions of its own.
      Array.from({ length: 60 }, (_, i) => t.known(`M ${i}`, i, { dimensions: 100 + i })),
      // What the record says is not what its template says.
      [{ ...t.known('Mallory', 3, { model: 'invented-2' }), references: [{ ...t.known('x', 3, { model: 'invented-2' }).references[0], models: { periocular: 'periocular-5' } }] }],
      // Not a template at all.
      [{ ...t.known('Mallory', 4), references: [{ ...t.known('x', 4).references[0], template: new Uint8Array(900) }] }],
    ];
    for (const people of attempts) {
      const file = await t.backup(people, {});
      codes.push([await t.failure(() => store.previewImport(file, 'long enough')), await t.failure(() => store.importFrom(file, 'long enough', 'skip'))]);
    }
    return [codes, (await store.people()).people.length];
  });
  assert.deepEqual(seen, [Array(4).fill(['file_refused', 'file_refused']), 0]);
});
