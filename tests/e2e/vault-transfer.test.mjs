/** Backups, erasure, the audit log and template protection in a real browser. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { onEmptyPages } from './vault-browser.mjs';

const PASSPHRASE = 'four random words here';
let browser;
let page;
onEmptyPages((now) => {
  ({ browser, page } = now);
});

describe('backup', () => {
  test('moves everybody to another device, with a preview first', async () => {
    const seen = await page.evaluate(async (passphrase) => {
      const store = await t.open();
      const anna = await store.put(t.person('Anna', { references: 3, picture: new Uint8Array([7]) }));
      await store.put(t.person('Ben', { seed: 2 }));
      const before = await store.backup();
      const { file, filename, people, references } = await store.exportTo(passphrase);
      const after = await store.backup();
      const other = await t.open({ name: 'test-2' });
      await other.put(t.person('Ben', { seed: 9 }));
      const preview = await other.previewImport(file, passphrase);
      const counts = await other.importFrom(file, passphrase, 'skip');
      const all = await other.people();
      const copy = all.people.find(({ id }) => id === anna.id);
      return {
        before: [before.due, before.changes, before.lastBackup], after: [after.due, after.changes, after.lastBackup > 0], filename, people, references,
        preview: [preview.people, preview.references, preview.models, preview.sameVault, preview.known, preview.sameName, preview.who.map(({ name, sameName }) => [name, sameName])],
        counts, names: all.people.map(({ name }) => name).sort(), same: JSON.stringify(copy) === JSON.stringify(anna), log: (await other.logEntries()).entries[0],
      };
    }, PASSPHRASE);
    assert.deepEqual(seen.before, [true, 2, null]);
    assert.deepEqual(seen.after, [false, 0, true]);
    assert.match(seen.filename, /^brow-\d{4}-\d\d-\d\d\.brow$/);
    assert.deepEqual([seen.people, seen.references], [2, 5]);
    assert.deepEqual(seen.preview, [2, 5, { 'full-1': 5, 'periocular-1': 5 }, false, 0, 1, [['Anna', false], ['Ben', true]]]);
    assert.deepEqual(seen.counts, { added: 2, replaced: 0, skipped: 0, expired: 0, references: 5 });
    assert.deepEqual(seen.names, ['Anna', 'Ben', 'Ben']);
    assert.equal(seen.same, true);
    assert.deepEqual([seen.log.event, seen.log.detail.added], ['imported', 2]);
  });

  test('people who are there already are skipped, replaced or kept beside, as chosen; expired ones stay out', async () => {
    const seen = await page.evaluate(async (passphrase) => {
      const store = await t.open();
      const anna = await store.put(t.person('Anna'));
      await store.put(t.person('Gone', { seed: 2, expires: Date.now() + 400 }));
      const { file } = await store.exportTo(passphrase);
      await store.update(anna.id, { name: 'Anna B' });
      await new Promise((resolve) => setTimeout(resolve, 450));
      await store.eraseExpired();
      const rounds = [];
      for (const rule of ['skip', 'replace', 'both']) {
        const counts = await store.importFrom(file, passphrase, rule);
        const { people, damaged } = await store.people();
        rounds.push([rule, counts.added, counts.replaced, counts.skipped, counts.expired, people.map(({ name }) => name).sort(), new Set(people.map(({ id }) => id)).size, damaged.length]);
      }
      return [...rounds, await t.failure(() => store.importFrom(file, passphrase, 'merge'))];
    }, PASSPHRASE);
    assert.deepEqual(seen, [
      ['skip', 0, 0, 1, 1, ['Anna B'], 1, 0], ['replace', 0, 1, 0, 1, ['Anna'], 1, 0], ['both', 1, 0, 0, 1, ['Anna', 'Anna'], 2, 0], 'bad_rule',
    ]);
  });

  test('that is truncated, damaged, foreign or of another passphrase changes nothing', async () => {
    const seen = await page.evaluate(async (passphrase) => {
      const source = await t.open({ name: 'test-2' });
      for (let i = 0; i < 3; i += 1) await source.put(t.person(`P${i}`, { seed: i, references: 300 }));
      const { file } = await source.exportTo(passphrase);
      const bytes = new Uint8Array(await file.arrayBuffer());
      const flipped = bytes.slice();
      flipped[bytes.length - 100] ^= 1;
      const store = await t.open();
      await store.put(t.person('Here'));
      const before = (await store.verifyLog()).entries;
      const codes = [];
      for (const [bad, words] of [[bytes.slice(0, -1), passphrase], [bytes.slice(0, 600_000), passphrase], [flipped, passphrase], [new TextEncoder().encode('{"people": []}'), passphrase], [bytes, 'not this one']]) {
        codes.push(await t.failure(() => store.importFrom(new Blob([bad]), words, 'replace')));
      }
      const db = await t.raw();
      const staged = await new Promise((resolve) => { db.transaction('staging').objectStore('staging').count().onsuccess = (event) => resolve(event.target.result); });
      return [...codes, (await store.people()).people.length, staged, (await store.verifyLog()).entries - before];
    }, PASSPHRASE);
    assert.deepEqual(seen, ['file_truncated', 'file_truncated', 'file_damaged', 'file_foreign', 'wrong_passphrase', 1, 0, 0]);
  });

  // Eight people of 0.9 MB each are in one store, in the file, in staging and in the other store: at 10 MB the room runs
  // out in the first piece, at 14 in the second, at 18 in the last transaction.
  for (const megabytes of [10, 14, 18]) {
    test(`for which the device has no room (${megabytes} MB) changes nothing and says so`, async () => {
      const session = await browser.context.newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', { origin: browser.url, quotaSize: megabytes * 1_000_000 });
      const seen = await page.evaluate(async (passphrase) => {
        const store = await t.open();
        await store.put(t.person('Here', { seed: 0 }));
        const source = await t.open({ name: 'test-2' });
        for (let i = 1; i < 9; i += 1) await source.put(t.person(`P${i}`, { seed: i, references: 1000 }));
        const { file } = await source.exportTo(passphrase);
        const code = await t.failure(() => store.importFrom(file, passphrase, 'skip'));
        store.close();
        const again = await t.open();
        const { people, damaged } = await again.people();
        const db = await t.raw();
        const staged = await new Promise((resolve) => { db.transaction('staging').objectStore('staging').count().onsuccess = (event) => resolve(event.target.result); });
        return [code, people.map(({ name }) => name), damaged.length, staged, (await again.verifyLog()).ok];
      }, PASSPHRASE);
      assert.deepEqual(seen, ['storage_full', ['Here'], 0, 0, true]);
    });
  }

  test('works in the module worker too, where the page keeps the store', async () => {
    const seen = await page.evaluate(async (passphrase) => {
      const { trusted } = await import('/pages/prove/attempts.js');
      const code = `
        import init from '${location.origin}/worker/brow.js';
        import { openStore } from '${location.origin}/vault/store.js';
        await init({ module_or_path: await (await fetch('${location.origin}/worker/brow_bg.wasm')).arrayBuffer() });
        const store = await openStore({ name: 'test-worker' });
        const { file } = await store.exportTo(${JSON.stringify(passphrase)});
        postMessage({ size: file.size, locked: store.locked, people: (await store.people()).people.length });`;
      const worker = new Worker(trusted.createScriptURL(URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))), { type: 'module' });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      });
    }, PASSPHRASE);
    assert.ok(seen.size > 100);
    assert.deepEqual([seen.locked, seen.people], [false, 0]);
  });
});

describe('erasure', () => {
  test('"forget me" erases record and key and gives a receipt without a name', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open();
      const { id } = await store.put(t.person('Anna', { references: 3, picture: new Uint8Array([1]) }));
      await store.put(t.person('Ben', { seed: 2 }));
      const receipt = await store.remove(id);
      const db = await t.raw();
      const count = (name) => new Promise((resolve) => { db.transaction(name).objectStore(name).getKey(id).onsuccess = (event) => resolve(event.target.result ?? null); });
      const entry = (await store.logEntries()).entries.find(({ seq }) => seq === receipt.log.seq);
      return { receipt, id, left: [await count('records'), await count('keys')], entry, vault: (await store.status()).vault, words: JSON.stringify(receipt) };
    });
    const { time, vault, log, ...rest } = seen.receipt;
    assert.deepEqual(rest, { kind: 'person', person: seen.id, reason: 'asked', people: 1, references: 3, pictures: true, confirmed: true });
    assert.deepEqual([vault, log.hash, time], [seen.vault, seen.entry.hash, seen.entry.time]);
    assert.deepEqual(seen.left, [null, null]);
    assert.doesNotMatch(seen.words, /Anna/);
  });

  test('a copy of the erased record opens with nothing that is left', async () => {
    const opened = await page.evaluate(async () => {
      const store = await t.open();
      const { id } = await store.put(t.person('Anna'));
      let record;
      await t.tamper(['records'], async (tx, get) => { record = await get('records', id); });
      await store.remove(id);
      await t.tamper(['records'], (tx) => void tx.objectStore('records').put(record, id));
      const { people, damaged } = await store.people();
      return [people.length, damaged.map(({ code }) => code)];
    });
    assert.deepEqual(opened, [0, ['record_damaged']]);
  });

  test('people whose date has come are erased at opening, by their own date and by the retention rule', async () => {
    await page.evaluate(async () => {
      const store = await t.open();
      const day = 86_400_000;
      const consent = (days) => ({ text: 'x', version: '1', language: 'en', time: Date.now() - days * day });
      await store.put(t.person('expires soon', { expires: Date.now() + 300, consent: consent(0) }));
      await store.put(t.person('old consent', { seed: 2, consent: consent(31) }));
      await store.put(t.person('stays', { seed: 3, consent: consent(29), expires: Date.now() + day }));
      await store.setSettings({ retentionDays: 30 });
    });
    await page.waitForTimeout(350);
    await page.reload();
    const seen = await page.evaluate(async () => {
      const events = [];
      const store = await t.open({ onevent: (event) => events.push(event) });
      const { entries } = await store.logEntries();
      return {
        people: (await store.people()).people.map(({ name }) => name),
        receipts: events.flatMap(({ receipts }) => receipts ?? []).map(({ reason, confirmed }) => [reason, confirmed]),
        log: entries.filter(({ event }) => event === 'erased').map(({ detail }) => detail.reason).sort(),
      };
    });
    assert.deepEqual(seen, { people: ['stays'], receipts: [['expired', true], ['retention', true]], log: ['expired', 'retention'] });
  });

  test('a clock that jumped erases nobody until somebody says that it is right, whether the store was open or closed', async () => {
    const seen = await page.evaluate(async () => {
      const day = 86_400_000;
      const real = Date.now;
      const names = async (store) => (await store.people()).people.map(({ name }) => name).sort();
      const store = await t.open();
      for (const [name, days] of [['Anna', 30], ['Ben', 40], ['Cid', 900]]) await store.put(t.person(name, { expires: real() + days * day, consent: { text: 'x', version: '1', language: 'en', time: real() } }));
      const told = {};
      Date.now = () => real() + 60 * day;
      told.receipts = (await store.eraseExpired()).length;
      told.open = [await names(store), (await store.status()).held];
      // It is not believed by itself later, and not in another opening.
      await store.eraseExpired();
      await store.log('matched', { subject: null });
      store.close();
      const again = await t.open();
      told.again = [await names(again), (await again.status()).held];
      Date.now = real;
      await again.eraseExpired();
      told.right = [await names(again), (await again.status()).held];
      again.close();
      Date.now = () => real() + 60 * day;
      const closed = await t.open();
      told.closed = [await names(closed), (await closed.status()).held];
      told.sure = (await closed.eraseExpired(Date.now(), { sure: true })).map(({ reason }) => reason);
      told.end = [await names(closed), (await closed.status()).held];
      told.log = (await closed.logEntries()).entries.filter(({ event }) => event === 'expiry_held').length;
      Date.now = real;
      return told;
    });
    const all = ['Anna', 'Ben', 'Cid'];
    assert.deepEqual(seen, { receipts: 0, open: [all, 2], again: [all, 2], right: [all, 0], closed: [all, 2], sure: ['expired', 'expired'], end: [['Cid'], 0], log: 2 });
  });

  test('"forget everything" leaves a new, empty vault with another id', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open();
      await store.put(t.person('Anna'));
      await store.setSettings({ theme: 'dark' });
      const all = await store.clear();
      await store.put(t.person('Ben'));
      const { vault } = await store.status();
      const receipt = await store.eraseEverything();
      const after = await store.status();
      return [all.kind, all.people, all.references, all.confirmed, receipt.kind, receipt.people, receipt.confirmed, receipt.vault === vault, after.vault !== vault, (await store.settings()).theme, (await store.logEntries()).entries.map(({ event }) => event)];
    });
    assert.deepEqual(seen, ['people', 1, 2, true, 'everything', 1, true, true, true, 'system', ['erased_everything']]);
  });
});

describe('audit log', () => {
  test('tells what was done, by random ids, and survives its cap without a break', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open({ logMost: 20 });
      const { id } = await store.put(t.person('Anna'));
      for (let i = 0; i < 40; i += 1) await store.log('matched', { subject: id, detail: { frames: i } });
      const verdict = await store.verifyLog();
      const { entries, unreadable } = await store.logEntries();
      const { verifyExport } = await import('/vault/store.js');
      const text = await store.exportLog();
      return { verdict, kinds: [...new Set(entries.map(({ event }) => event))].sort(), newest: entries[0].detail.frames, unreadable, exported: (await verifyExport(text)).ok, name: text.includes('Anna') };
    });
    assert.equal(seen.verdict.ok, true);
    assert.ok(seen.verdict.entries <= 21 && seen.verdict.entries >= 15, `${seen.verdict.entries} entries`);
    assert.ok(seen.verdict.from > 20 && seen.verdict.to > 42);
    assert.deepEqual([seen.kinds, seen.newest, seen.unreadable, seen.exported, seen.name], [['log_rotated', 'matched'], 39, 0, true, false]);
  });

  test('an entry that was changed, moved or cut off in the database is found', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open();
      for (let i = 0; i < 6; i += 1) await store.log('refused');
      const problems = [];
      const check = async (work) => {
        let kept;
        await t.tamper(['log'], async (tx, get) => {
          kept = await Promise.all([3, 4, 7].map((seq) => get('log', seq)));
          await work(tx.objectStore('log'), kept);
        });
        problems.push((await store.verifyLog()).problem?.seq ?? null);
        await t.tamper(['log'], (tx) => [3, 4, 7].forEach((seq, i) => tx.objectStore('log').put(kept[i], seq)));
      };
      await check((log, [three]) => log.put({ ...three, data: three.data.map((byte, i) => (i ? byte : byte ^ 1)) }, 3));
      await check((log, [three, four]) => (log.put(four, 3), log.put(three, 4)));
      await check((log) => log.delete(4));
      await check((log) => log.delete(7));
      await check(() => {});
      return problems;
    });
    assert.deepEqual(seen, [3, 3, 4, 7, null]);
  });
});

describe('template protection', () => {
  /** A stand-in for the engine's transform: adds the key to every byte. */
  const withProtector = () => {
    const shift = (sign) => (template, key) => template.map((byte, i) => (i < 4 ? byte : (byte + sign * key[i % key.length]) & 255));
    t.protector = { protect: shift(1), unprotect: shift(-1) };
  };

  test('is invisible outside, revocable, and never yields noise for a template', async () => {
    await browser.context.addInitScript(withProtector);
    page = await browser.openPage();
    const seen = await page.evaluate(async () => {
      const same = (a, b) => a.every((byte, i) => byte === b[i]);
      let store = await t.open();
      const plain = t.person('x').references[0].template;
      await store.put(t.person('before the engine came'));
      store.setProtector(t.protector);
      const { id } = await store.put(t.person('Anna', { seed: 1 }));
      const round = async () => (await store.people()).people.map(({ references }) => same(references[0].template, plain));
      const first = await round();
      const renewed = await store.renewProtection();
      const second = await round();
      await store.update(id, { name: 'Anna B' });
      store.close();
      store = await t.open();
      const without = [await t.failure(() => store.people()), await t.failure(() => store.person(id))];
      store.setProtector(t.protector);
      const third = await round();
      store.close();
      await t.tamper(['keys'], (tx) => void tx.objectStore('keys').delete('protection'));
      store = await t.open({ protector: t.protector });
      const { people, damaged } = await store.people();
      return { first, renewed, second, without, third, lost: [people.length, damaged.map(({ code }) => code)] };
    });
    assert.deepEqual(seen, {
      first: [true, true], renewed: { people: 2, references: 4 }, second: [true, true], without: ['protection_missing', 'protection_missing'], third: [true, true],
      lost: [0, ['record_damaged', 'record_damaged']],
    });
  });
});
