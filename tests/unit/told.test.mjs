import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person, repeatable } from '../vault/people.mjs';
import { Known } from '../../www/worker/known.js';
import { applied, difference, withPeople } from '../../www/worker/told.js';

/** As a message does. */
const cross = (value) => structuredClone(value);

test('whatever happens to people, the page has the list that the worker has, and of whoever stayed the same nothing crosses', () => {
  const random = repeatable(3);
  const known = new Known(() => true);
  const pick = () => known.people[Math.floor(random() * known.people.length)]?.id ?? 'nobody';
  const name = () => String.fromCharCode(97 + Math.floor(random() * 6)).repeat(1 + Math.floor(random() * 2));
  let [told, seen] = [[], []];
  let crossed = 0;
  for (let round = 0; round < 2000; round += 1) {
    let other = 0;
    // Several changes may come to pass before the page is told of any.
    for (let i = 0; i < 3 * random(); i += 1) {
      const kind = random();
      if (kind < 0.4) known.put(person(name()));
      else if (kind < 0.7 && known.people.length) known.put({ ...person(name()), id: pick() });
      else if (kind < 0.95) known.remove(pick());
      else if (kind < 0.97) known.forget();
      else known.fill({ people: Array.from({ length: 20 * random() }, () => person(name())), damaged: [] });
      other += kind < 0.95 ? 1 : Infinity;
    }
    const again = random() < 0.1 ? pick() : null;
    const people = known.withStanding(({ id }) => ({ refused: id === again ? round : 0, outdated: null, erased: Infinity }));
    const change = difference(told, people);
    told = people;
    if (other === 0 && again === null) crossed += change.put.length;
    seen = applied(seen, cross(change));
    assert.deepEqual(seen, people, `round ${round}`);
    if (other < Infinity) assert.ok(change.put.length <= other + 2, `${change.put.length} of ${people.length} crossed for ${other} changes`);
  }
  assert.ok(crossed <= 2000 * 0.1, 'whoever stands as before is not told again, but for whose standing was another');
});

test('a state is found whether an answer is one or holds one, and nothing else is taken for one', () => {
  const state = { people: [1], settings: {}, needed: 3 };
  const way = (people) => people.length;
  assert.deepEqual(withPeople(state, way), { ...state, people: 1 });
  assert.deepEqual(withPeople({ person: 5, state }, way), { person: 5, state: { ...state, people: 1 } });
  assert.deepEqual(state.people, [1], 'the state itself stays as it is');
  for (const other of [undefined, null, 'name', { people: 3, references: 4 }, { kind: 'x', state: 'y' }]) assert.equal(withPeople(other, way), other);
});
