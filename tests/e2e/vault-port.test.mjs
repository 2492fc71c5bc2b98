/** The two stores, the encrypted one and the one in memory, by the one port that they share (www/vault/port.js). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onEmptyPages } from './vault-browser.mjs';

let page;
onEmptyPages(({ page: empty }) => {
  page = empty;
  return page.evaluate(() => {
    t.make = {
      vault: () => t.open(),
      async memory() {
        await t.module();
        return (await import('/vault/memory-store.js')).memoryStore();
      },
    };
  });
});

/** Inside the page: what people and settings do, told without ids and times. */
async function story(kind) {
  const store = await t.make[kind]();
  const missing = crypto.randomUUID();
  const seen = { locked: store.locked, failures: {} };
  const note = async (what, work) => {
    seen.failures[what] = await t.failure(work);
  };
  await note('a blank name', () => store.put({ ...t.person('x'), name: '  ' }));
  await note('an id that is none', () => store.put({ ...t.person('x'), id: 'anna' }));
  await note('no consent', () => store.put({ ...t.person('x'), consent: null }));
  await note('asking for somebody who is not there', () => store.person(missing));
  await note('renaming somebody who is not there', () => store.update(missing, { name: 'x' }));
  await note('removing somebody who is not there', () => store.remove(missing));
  await note('a setting that does not exist', () => store.setSettings({ colour: 'red' }));
  await note('a setting out of range', () => store.setSettings({ targetFmr: 1 }));
  const one = await store.put({ ...t.person(' Zoe\u0308 ', { picture: new Uint8Array([1, 2, 3]) }), extra: 'dropped' });
  const two = await store.put({ id: missing, ...t.person('Two', { seed: 2 }) });
  // What a caller does to an answer changes nothing that is stored.
  one.references.length = 0;
  (await store.person(two.id)).consent.text = 'something else';
  const told = async () => (await store.people()).people.map(({ name, references, consent, picture, ...rest }) => [name, references.length, consent.text, picture && [...picture], 'extra' in rest]);
  seen.put = await told();
  const renamed = await store.update(two.id, { name: 'Two B', created: 5 });
  seen.renamed = [renamed.id === two.id, renamed.name, renamed.created === two.created, renamed.updated > two.updated];
  const asked = [];
  const remade = await store.remake([two.id, crypto.randomUUID(), one.id], ({ name, references }) => {
    asked.push(name);
    return name === 'Two B' ? references.slice(1) : null;
  });
  seen.remade = { asked, who: remade.map(({ name, references }) => [name, references.length]), then: await told() };
  await store.put({ ...t.person('In the place of one'), id: one.id });
  seen.replaced = await told();
  const three = await store.put(t.person('Three', { seed: 3 }));
  await note('making one of somebody who is not there', () => store.merge(two.id, crypto.randomUUID()));
  const merged = await store.merge(two.id, three.id);
  seen.merged = [merged.person.name, merged.person.references.length, await told()];
  seen.untouched = [(await store.update(two.id, () => null)).updated === merged.person.updated, (await store.update(two.id, ({ name }) => ({ name: `${name}!` }))).name];
  await store.remove(two.id);
  seen.removed = await told();
  seen.settings = [await store.settings(), await store.setSettings({ theme: 'dark' }), (await store.settings()).theme];
  await store.clear();
  seen.cleared = await store.people();
  seen.expired = await store.eraseExpired();
  store.touch();
  await store.log('matched', { subject: one.id });
  seen.operations = Object.keys(store).sort();
  store.close();
  return seen;
}

test('people and settings fare alike in both, and both can be asked the same', async () => {
  const [vault, memory] = [await page.evaluate(story, 'vault'), await page.evaluate(story, 'memory')];
  assert.deepEqual(memory, vault);
  assert.deepEqual(Object.values(vault.failures), ['bad_name', 'bad_id', 'bad_person', 'no_such_person', 'no_such_person', 'no_such_person', 'bad_setting', 'bad_setting', 'no_such_person']);
  assert.deepEqual(vault.put, [['Zo\u00eb', 2, 'I agree that my template is kept on this device.', [1, 2, 3], false], ['Two', 2, 'I agree that my template is kept on this device.', null, false]]);
  assert.deepEqual(vault.renamed, [true, 'Two B', true, true]);
  assert.deepEqual(vault.remade.who, [['Two B', 1]]);
  assert.deepEqual([vault.merged[0], vault.merged[1], vault.merged[2].length], ['Two B', 3, 2]);
  assert.deepEqual(vault.untouched, [true, 'Two B!']);
  assert.deepEqual(vault.removed.map(([name]) => name), ['In the place of one']);
  assert.deepEqual([vault.settings[2], vault.cleared, vault.expired], ['dark', { people: [], damaged: [] }, []]);
});

test('in memory, whatever is about keeping says that nothing can be kept', async () => {
  const codes = await page.evaluate(async () => {
    const store = await t.make.memory();
    const asked = ['eraseEverything', 'eraseGuests', 'guests', 'guestsRecord', 'changeGuests', 'setPin', 'changePin', 'removePin', 'unlock', 'provePin', 'keepOpen', 'hold', 'lock',
      'exportTo', 'previewImport', 'importFrom', 'backup', 'renewProtection', 'verifyLog', 'exportLog'];
    return { status: await store.status(), codes: await Promise.all(asked.map((op) => t.failure(() => store[op]('correct horse')))) };
  });
  assert.equal(codes.status, null);
  assert.deepEqual([...new Set(codes.codes)], ['storage_unavailable']);
});
