/** The encrypted gallery in a real browser: what is stored, and what happens when it is damaged, full, or shared by tabs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { onEmptyPages } from './vault-browser.mjs';

let browser;
let page;
onEmptyPages((now) => {
  ({ browser, page } = now);
});

describe('people', () => {
  test('are there after a reload exactly as they were put', async () => {
    const put = await page.evaluate(async () => {
      const store = await t.open();
      const one = await store.put(t.person('Ærø Ågot', { picture: new Uint8Array([1, 2, 3]) }));
      const two = await store.put(t.person('محمد', { seed: 2, references: 3 }));
      await store.put(t.person('gone', { seed: 3 })).then(({ id }) => store.remove(id));
      await store.update(two.id, { name: 'محمد علي' });
      return [one.id, two.id];
    });
    await page.reload();
    const found = await page.evaluate(async () => {
      const store = await t.open();
      const { people, damaged } = await store.people();
      const same = (a, b) => a.every((byte, i) => byte === b[i]);
      return {
        damaged,
        people: people.map(({ id, name, consent, references, picture }) => ({ id, name, consent: consent.text, references: references.length, picture: picture && [...picture] })),
        templates: same(people[0].references[1].template, t.person('x').references[1].template) && same(people[1].references[2].template, t.person('x', { seed: 2, references: 3 }).references[2].template),
      };
    });
    const consent = 'I agree that my template is kept on this device.';
    assert.deepEqual(found, {
      damaged: [], templates: true,
      people: [
        { id: put[0], name: 'Ærø Ågot', consent, references: 2, picture: [1, 2, 3] },
        { id: put[1], name: 'محمد علي', consent, references: 3, picture: null },
      ],
    });
  });

  test('whose templates are made anew keep everything else, and whoever is gone or not meant is passed over', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open();
      const one = await store.put(t.person('One', { picture: new Uint8Array([1, 2, 3]), expires: 4e12 }));
      const two = await store.put(t.person('Two', { seed: 2 }));
      const gone = await store.put(t.person('Gone', { seed: 3 }));
      await store.remove(gone.id);
      const [reference] = t.person('x', { seed: 9 }).references;
      const asked = [];
      const remade = await store.remake([one.id, gone.id, two.id], ({ name }) => {
        asked.push(name);
        return name === 'One' ? [reference] : null;
      });
      const { updated, references, ...rest } = await store.person(one.id);
      const { updated: before, references: _, ...same } = one;
      const { entries } = await store.logEntries();
      return {
        asked, remade: remade.map(({ name }) => name), rest: JSON.stringify(rest) === JSON.stringify(same), later: updated > before,
        references: references.length === 1 && references[0].template.every((byte, i) => byte === reference.template[i]),
        two: (await store.person(two.id)).references.length, log: entries.filter(({ event }) => event === 'remade').map(({ subject }) => subject === one.id),
        backup: (await store.backup()).changes,
      };
    });
    assert.deepEqual(seen, { asked: ['One', 'Two'], remade: ['One'], rest: true, later: true, references: true, two: 2, log: [true], backup: 5 });
  });

  test('with a bad name or id, or without consent, are refused with a remedy and change nothing', async () => {
    const codes = await page.evaluate(async () => {
      const store = await t.open();
      const tries = [
        { ...t.person('x'), name: '   ' }, { ...t.person('x'), name: 'n'.repeat(201) }, { ...t.person('x'), name: 'a\u0000b' },
        { ...t.person('x'), id: 'anna' }, { ...t.person('x'), consent: null }, { ...t.person('x'), references: [{}] },
      ];
      const failures = [];
      for (const person of tries) failures.push(await t.failure(() => store.put(person)));
      failures.push(await t.failure(() => store.update(crypto.randomUUID(), { name: 'x' })), await t.failure(() => store.remove(crypto.randomUUID())));
      return [...failures, (await store.people()).people.length];
    });
    assert.deepEqual(codes, ['bad_name', 'bad_name', 'bad_name', 'bad_id', 'bad_person', 'bad_person', 'no_such_person', 'no_such_person', 0]);
  });

  test('show neither name nor consent nor template to whoever reads the database directly', async () => {
    const dump = await page.evaluate(async () => {
      const store = await t.open();
      await store.put(t.person('Findable Name', { picture: new TextEncoder().encode('findable picture') }));
      await store.setSettings({ language: 'xx-findable' });
      const db = await t.raw();
      const seen = [];
      const bytes = [];
      const walk = (value) => {
        if (value instanceof CryptoKey) {
          seen.push(`key extractable=${value.extractable}`);
        } else if (value instanceof Uint8Array) {
          bytes.push([...value]);
        } else if (value && typeof value === 'object') {
          for (const [key, part] of Object.entries(value)) (seen.push(key), walk(part));
        } else seen.push(String(value));
      };
      for (const name of db.objectStoreNames) {
        const rows = await new Promise((resolve) => { db.transaction(name).objectStore(name).getAll().onsuccess = (event) => resolve(event.target.result); });
        const keys = await new Promise((resolve) => { db.transaction(name).objectStore(name).getAllKeys().onsuccess = (event) => resolve(event.target.result); });
        walk(rows);
        seen.push(...keys.map(String));
      }
      return { seen, bytes, template: [...t.person('x').references[0].template.slice(0, 16)] };
    });
    const words = dump.seen.join(' ');
    assert.ok(dump.bytes.length > 8, 'the dump must hold the sealed records');
    assert.match(words, /key extractable=false/);
    assert.doesNotMatch(words, /extractable=true|findable|full-1|periocular|camera|bare/i);
    const binary = dump.bytes.map((list) => Buffer.from(list));
    for (const needle of ['Findable', 'findable', 'agree', 'BRWT', 'periocular', 'enrolled']) {
      assert.ok(binary.every((buffer) => !buffer.includes(needle)), needle);
    }
    assert.ok(binary.every((buffer) => !buffer.includes(Buffer.from(dump.template))));
  });
});

describe('damage', () => {
  test('a tampered record is reported and set aside; the rest stays usable and it can be removed', async () => {
    const seen = await page.evaluate(async () => {
      const store = await t.open();
      const [a, b] = [await store.put(t.person('A')), await store.put(t.person('B', { seed: 2 }))];
      await t.tamper(['records'], async (tx, get) => {
        const record = await get('records', a.id);
        record.data[40] ^= 1;
        tx.objectStore('records').put(record, a.id);
      });
      const before = await store.people();
      await store.put(t.person('C', { seed: 3 }));
      const receipt = await store.remove(a.id);
      const after = await store.people();
      return { before: before.people.map((p) => p.name), damaged: before.damaged.map((d) => [d.id === a.id, d.code]), receipt, after: after.people.map((p) => p.name), left: after.damaged.length, b: b.name };
    });
    assert.deepEqual(seen.before, ['B']);
    assert.deepEqual(seen.damaged, [[true, 'record_damaged']]);
    assert.deepEqual(seen.after, ['B', 'C']);
    assert.equal(seen.left, 0);
    assert.deepEqual([seen.receipt.reason, seen.receipt.references, seen.receipt.confirmed], ['damaged', null, true]);
  });

  test('records swapped between people are noticed, also when their keys are swapped with them', async () => {
    const damaged = await page.evaluate(async () => {
      const store = await t.open();
      const [a, b] = [await store.put(t.person('A')), await store.put(t.person('B', { seed: 2 }))];
      const swap = (stores) => t.tamper(stores, async (tx, get) => {
        for (const name of stores) {
          const [one, two] = [await get(name, a.id), await get(name, b.id)];
          tx.objectStore(name).put(two, a.id);
          tx.objectStore(name).put(one, b.id);
        }
      });
      const counts = [];
      await swap(['records']);
      counts.push((await store.people()).damaged.length);
      await swap(['keys']);
      counts.push((await store.people()).damaged.length);
      await swap(['keys', 'records']);
      counts.push((await store.people()).damaged.length);
      return counts;
    });
    assert.deepEqual(damaged, [2, 2, 0]);
  });

  test('own records that are damaged are replaced at the next opening, and people stay', async () => {
    const seen = await page.evaluate(async () => {
      let store = await t.open();
      await store.put(t.person('A'));
      await store.setSettings({ theme: 'dark' });
      store.close();
      await t.tamper(['records', 'keys'], (tx) => {
        const junk = { iv: new Uint8Array(12), data: new Uint8Array(64) };
        tx.objectStore('records').put(junk, 'settings');
        tx.objectStore('keys').put(junk, 'log');
        tx.objectStore('keys').delete('protection');
      });
      store = await t.open();
      await store.put(t.person('B', { seed: 2 }));
      const verdict = await store.verifyLog();
      return { repaired: (await store.status()).repaired.sort(), people: (await store.people()).people.length, theme: (await store.settings()).theme, ok: verdict.ok };
    });
    assert.deepEqual(seen, { repaired: ['log', 'protection', 'settings'], people: 2, theme: 'system', ok: false });
  });

  test('a vault whose key is gone says so, and can only be erased', async () => {
    const seen = await page.evaluate(async () => {
      let store = await t.open();
      await store.put(t.person('A'));
      store.close();
      await t.tamper(['vault'], (tx) => void tx.objectStore('vault').put({ vault: 'x' }, 'header'));
      store = await t.open();
      const codes = [await t.failure(() => store.people()), await t.failure(() => store.put(t.person('B'))), (await store.status()).lost];
      const receipt = await store.eraseEverything();
      return [...codes, receipt.kind, receipt.people, receipt.confirmed, store.locked, (await store.people()).people.length];
    });
    assert.deepEqual(seen, ['key_lost', 'key_lost', true, 'everything', 1, true, false, 0]);
  });
});

describe('versions and tabs', () => {
  test('people stored in the clear by version 1 are sealed, and nothing stays in the clear', async () => {
    const seen = await page.evaluate(async () => {
      const id = crypto.randomUUID();
      const db = await new Promise((resolve, reject) => {
        const request = indexedDB.open('test', 1);
        request.onupgradeneeded = () => {
          request.result.createObjectStore('people', { keyPath: 'id' });
          request.result.createObjectStore('settings');
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const tx = db.transaction(['people', 'settings'], 'readwrite');
      tx.objectStore('people').put({ ...t.person('Old One'), id });
      tx.objectStore('people').put({ ...t.person('Old Two', { seed: 2 }), id: 'person-2' });
      tx.objectStore('people').put({ id: 'no person' });
      tx.objectStore('settings').put(1e-4, 'targetFmr');
      tx.objectStore('settings').put(true, 'noSuchSetting');
      await new Promise((resolve) => { tx.oncomplete = resolve; });
      db.close();
      const store = await t.open();
      const { people, damaged } = await store.people();
      const after = await t.raw();
      const left = await new Promise((resolve) => { after.transaction('people').objectStore('people').count().onsuccess = (event) => resolve(event.target.result); });
      after.close();
      const { entries } = await store.logEntries();
      return {
        names: people.map((p) => p.name), kept: people[0].id === id, random: people[1].id !== 'person-2', damaged, left,
        fmr: (await store.settings()).targetFmr, version: after.version, upgraded: entries[0].detail,
      };
    });
    assert.deepEqual(seen, {
      names: ['Old One', 'Old Two'], kept: true, random: true, damaged: [], left: 0, fmr: 1e-4, version: 3,
      upgraded: { from: 1, to: 3, people: 2, unreadable: 1, refused: 0, settings: 'targetFmr' },
    });
  });

  test('a store of a newer version is left alone', async () => {
    const code = await page.evaluate(async () => {
      const db = await new Promise((resolve) => {
        const request = indexedDB.open('test', 99);
        request.onsuccess = () => resolve(request.result);
      });
      db.close();
      return t.failure(() => t.open());
    });
    assert.equal(code, 'storage_newer');
  });

  test('an open store lets go when another tab brings a newer version, and says so', async () => {
    const events = await page.evaluate(async () => {
      const events = [];
      const store = await t.open({ onevent: (event) => events.push(event) });
      await new Promise((resolve) => {
        const request = indexedDB.open('test', 99);
        request.onsuccess = () => (request.result.close(), resolve());
      });
      return [events, await t.failure(() => store.people())];
    });
    assert.deepEqual(events, [[{ kind: 'closed', reason: 'newer_version' }], 'storage_closed']);
  });

  test('a tab that keeps an older version open is named as the reason', async () => {
    const code = await page.evaluate(async () => {
      const old = await new Promise((resolve) => {
        const request = indexedDB.open('test', 1);
        request.onsuccess = () => resolve(request.result);
      });
      const code = await t.failure(() => t.open());
      old.close();
      return code;
    });
    assert.equal(code, 'storage_blocked');
  });

  test('two tabs that write at once lose nothing, hear of each other and keep one log', async () => {
    const other = await browser.openPage();
    // Both are open before either writes: a tab that comes later has nothing to hear.
    const open = async () => {
      globalThis.heard = new Promise((resolve) => {
        globalThis.opening = t.open({ onevent: ({ kind }) => kind === 'changed' && resolve(true) });
      });
      globalThis.store = await opening;
    };
    await Promise.all([page.evaluate(open), other.evaluate(open)]);
    const write = async (name) => {
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.put(t.person(`${name} ${i}`, { seed: i }))));
    };
    await Promise.all([page.evaluate(write, 'left'), other.evaluate(write, 'right')]);
    for (const tab of [page, other]) {
      const seen = await tab.evaluate(async () => {
        const { people, damaged } = await store.people();
        const verdict = await store.verifyLog();
        return [people.length, damaged.length, await heard, verdict.ok, verdict.entries];
      });
      assert.deepEqual(seen, [40, 0, true, true, 41]);
    }
  });

  test('a log that is looked at while others write to it, here and in another tab, is whole each time', async () => {
    const other = await browser.openPage();
    const open = async () => { globalThis.store = await t.open(); };
    await Promise.all([page.evaluate(open), other.evaluate(open)]);
    const write = async () => {
      for (let i = 0; i < 25; i++) await store.put(t.person('Somebody', { seed: i }));
    };
    const look = async () => {
      const found = [];
      for (let i = 0; i < 15; i++) {
        const [{ ok }, { unreadable }, text] = await Promise.all([store.verifyLog(), store.logEntries(), store.exportLog()]);
        const { verifyExport } = await import('/vault/store.js');
        found.push([ok, unreadable, verifyExport(text).ok]);
      }
      return found;
    };
    const [, , found] = await Promise.all([page.evaluate(write), other.evaluate(write), page.evaluate(look)]);
    assert.equal(found.length, 15);
    for (const seen of found) assert.deepEqual(seen, [true, 0, true]);
  });

  test('what is read while another tab seals everything anew is what was set, or locked: never damaged, and never as if nothing had been set', async () => {
    const other = await browser.openPage();
    const id = await page.evaluate(async () => {
      globalThis.store = await t.open();
      await store.setSettings({ lockAfterMinutes: 7 });
      await store.changeGuests({ set: { name: 'Opening', created: 1.7e12, guests: [] } });
      for (let i = 1; i < 60; i++) await store.put(t.person('Somebody', { seed: i }));
      return (await store.put(t.person('Somebody', { seed: 60 }))).id;
    });
    await other.evaluate(async () => { globalThis.store = await t.open(); });
    const seal = async () => {
      for (let i = 0; i < 12; i++) {
        await store.setPin('246810');
        await store.removePin('246810');
      }
    };
    const look = async (id) => {
      // As on a busy device: what is read by two transactions is not of one moment.
      const { Database } = await import('/vault/database.js');
      const { read } = Database.prototype;
      Database.prototype.read = async function slowly(...how) {
        await new Promise((resolve) => { setTimeout(resolve, 20 * Math.random()); });
        return read.apply(this, how);
      };
      const seen = new Set();
      const asked = {
        settings: async () => (await store.settings()).lockAfterMinutes,
        guests: async () => (await store.guests())?.name,
        record: async () => (await store.guestsRecord()) !== null,
        people: async () => [(await store.people()).people.length, (await store.people()).damaged.length],
        records: async () => [(await store.records()).records.length, (await store.records()).secret !== null],
        person: async () => (await store.person(id)).name,
        backup: async () => (await store.backup()).changes > 0,
      };
      const until = performance.now() + 60_000;
      while (performance.now() < until && !(await store.logEntries().then(({ entries }) => entries.filter(({ event }) => event === 'pin_removed').length === 12, () => false))) {
        await Promise.all(Object.entries(asked).map(async ([what, ask]) => {
          seen.add(JSON.stringify([what, await ask().catch(({ code }) => code)]));
        }));
      }
      const last = {};
      for (const [what, ask] of Object.entries(asked)) last[what] = await ask();
      return { seen: [...seen].sort(), last };
    };
    const [, { seen, last }] = await Promise.all([page.evaluate(seal), other.evaluate(look, id)]);
    const right = { settings: 7, guests: 'Opening', record: true, people: [60, 0], records: [60, true], person: 'Somebody', backup: true };
    const expected = new Set(Object.entries(right).flatMap(([what, value]) => [JSON.stringify([what, value]), JSON.stringify([what, 'locked'])]));
    assert.deepEqual(seen.filter((one) => !expected.has(one)), []);
    assert.deepEqual(last, right);
  });

  test('what one tab adds to a person while another takes a view away, or makes one of two records, is not lost', async () => {
    const seen = await page.evaluate(async () => {
      const { vaultOperations } = await import('/vault/operations.js');
      const [one, other] = [await t.open(), await t.open()];
      const operations = vaultOperations({ store: () => one, kept() {}, refill: async () => {}, empty() {}, state: async () => ({}), progress() {}, pictures: false });
      const { references: [view] } = t.person('another view', { seed: 9 });
      const add = (id) => other.update(id, ({ references }) => ({ references: [...references, view] }));
      const { id } = await one.put(t.person('A'));
      for (let round = 0; round < 5; round++) await Promise.all([operations.personForgetView({ person: id, index: 0, time: 2 }), add(id)]);
      const forgot = (await one.person(id)).references.length;
      const second = await one.put(t.person('B', { seed: 2, note: 'met twice', groups: ['staff'] }));
      const [{ receipts }, late] = await Promise.all([operations.personMerge({ person: id, other: second.id }), t.failure(() => add(second.id))]);
      const merged = await one.person(id);
      const rest = (await one.people()).people.length;
      const { ok } = await one.verifyLog();
      for (const store of [one, other]) store.close();
      return { forgot, late, views: merged.references.length, merged: [merged.name, merged.note, merged.groups], receipts: receipts.map(({ kind, confirmed }) => [kind, confirmed]), rest, ok };
    });
    const { late, views, ...others } = seen;
    assert.deepEqual(others, { forgot: 2, merged: ['A', 'met twice', ['staff']], receipts: [['person', true]], rest: 1, ok: true });
    // Either it came before the two became one, and is among the views, or it was told that there is nobody any more.
    assert.deepEqual([late, views], late === null ? [null, 5] : ['no_such_person', 4]);
  });

  test('a count of the desk is kept and has no line of its own in the log', async () => {
    const lines = await page.evaluate(async () => {
      const { vaultOperations } = await import('/vault/operations.js');
      const store = await t.open();
      const operations = vaultOperations({ store: () => store, engine: () => ({ guestsChanged() {} }), people: () => [], kept() {}, refill: async () => {}, empty() {}, state: async () => ({}), progress() {}, pictures: false });
      const guest = { id: crypto.randomUUID(), name: 'Ada', company: '', host: '' };
      await operations.guestAdd({ guest, arrived: false });
      const { entries: before } = await store.logEntries();
      for (let i = 0; i < 3; i++) await operations.guestToDesk({ why: 'stranger', time: Date.now() });
      const { entries } = await store.logEntries();
      const counted = (await store.guests()).desk.reduce((sum, { count }) => sum + count, 0);
      await operations.guestRemove({ guest: guest.id });
      const list = await store.guests();
      const { ok } = await store.verifyLog();
      store.close();
      return { more: entries.length - before.length, counted, left: list.guests.length, ok };
    });
    assert.deepEqual(lines, { more: 0, counted: 3, left: 0, ok: true });
  });
});
