import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person } from '../vault/people.mjs';
import { Known } from '../../www/worker/known.js';

const names = (known) => known.people.map(({ name }) => name);

test('whoever is put, renamed or removed one by one is told in the order in which a store that is read anew has them', () => {
  const everybody = ['Zoë', 'anna', 'Anna', 'Émile', 'Eve', '李小龙', 'Anna', 'Ørsted', 'محمد', 'eve'].map((name) => person(name));
  const [one, all] = [new Known(() => false), new Known(() => false)];
  for (const somebody of everybody) one.put(somebody);
  all.fill({ people: everybody, damaged: [] });
  assert.deepEqual(one.people, all.people);
  const renamed = everybody.map((somebody, i) => (i === 4 ? { ...somebody, name: 'Aaron', updated: 9 } : somebody)).filter((_, i) => i !== 0);
  one.put(renamed[3]);
  one.remove(everybody[0].id);
  all.fill({ people: renamed, damaged: [] });
  assert.deepEqual(names(one), names(all));
  assert.equal(names(one)[0], 'Aaron');
  assert.equal(one.people[0].updated, 9);
  one.forget();
  assert.deepEqual(one.people, []);
});

test('a damaged record is told until it is removed, or somebody is stored in its place', () => {
  const [a, b] = [person('A'), person('B')];
  const known = new Known(() => false);
  known.fill({ people: [], damaged: [a, b].map(({ id }) => ({ id, code: 'record_damaged', more: 'y' })) });
  assert.deepEqual(known.damaged.map((record) => Object.keys(record).join()), ['id,code', 'id,code']);
  known.remove(a.id);
  known.put(b);
  assert.deepEqual([known.damaged, names(known)], [[], ['B']]);
});

test('a template never leaves, a picture only where it is told, and as a copy', () => {
  const somebody = person('A', { references: 3, picture: new Uint8Array([1, 2]) });
  somebody.references[0].mask = 'bare';
  const [quiet, telling] = [false, true].map((pictures) => {
    const known = new Known(() => pictures);
    known.put(somebody);
    return known.people[0];
  });
  assert.deepEqual([quiet.bare, quiet.masked, quiet.picture], [1, 2, null]);
  assert.ok(!JSON.stringify(telling).includes('template'));
  somebody.picture[0] = 9;
  assert.deepEqual([...telling.picture], [1, 2]);
});

test('every change is counted, so that whoever was reading meanwhile reads again', () => {
  const known = new Known(() => false);
  const somebody = person('A');
  for (const change of [() => known.put(somebody), () => known.remove(somebody.id), () => known.forget(), () => known.fill({ people: [somebody], damaged: [] })]) {
    const { changes } = known;
    change();
    assert.ok(known.changes > changes);
  }
});
