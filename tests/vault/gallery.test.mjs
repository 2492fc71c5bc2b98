/** From a stored record into the gallery in one crossing: no template is a value of JavaScript's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import './module.mjs';
import { person as madeUp } from './people.mjs';

const { Engine } = await import('../../www/worker/brow.js');
const { encodePerson, withoutTemplates } = await import('../../www/vault/codec.js');

const manifest = readFileSync(new URL('../../models/manifest.json', import.meta.url), 'utf8');
const { id, sha256 } = JSON.parse(manifest).models.find(({ role }) => role === 'periocular');
const CURRENT = `${id}@${sha256.slice(0, 8)}`;
const SECRET = new Uint8Array(32).fill(7);
const PRINT = '0123456789abcdef';

/** A template as the engine writes it. */
function template(model, dimensions = 256) {
  const name = new TextEncoder().encode(model);
  const bytes = new Uint8Array(10 + 1 + name.length + 2 + 2 * dimensions + 3);
  bytes.set([66, 82, 87, 84, 1, 0, 0, 60, 0, 60, name.length]);
  bytes.set(name, 11);
  bytes.set([dimensions & 255, dimensions >> 8], 11 + name.length);
  bytes.set([0, 60], 13 + name.length);
  return bytes;
}

const person = (models, rest = {}) => {
  const one = madeUp('Anna', { references: models.length, ...rest });
  return { ...one, references: one.references.map((reference, i) => ({ ...reference, template: template(models[i]), models: { periocular: models[i] } })) };
};
const turned = (engine, one) => ({ ...one, references: one.references.map((reference) => ({ ...reference, template: engine.protect(reference.template, SECRET) })) });

test('whoever is stored is in the gallery, whether their templates are turned or not, and what JavaScript gets holds none', () => {
  for (const isTurned of [false, true]) {
    const engine = new Engine(manifest);
    const one = person([CURRENT, CURRENT], { picture: new Uint8Array([9, 8, 7]) });
    const bytes = isTurned ? encodePerson(turned(engine, one), PRINT) : encodePerson(one, null);
    const { read, refused, due } = JSON.parse(engine.takeRecord(one.id, bytes, SECRET, PRINT));
    assert.deepEqual([refused, due, engine.people(), engine.references()], [0, false, 1, 2]);
    const { references, picture, ...rest } = withoutTemplates(bytes, read);
    assert.deepEqual(rest, { id: one.id, name: 'Anna', created: 1, updated: 2, consent: one.consent, expires: null });
    assert.deepEqual([...picture], [9, 8, 7]);
    assert.deepEqual(references.map((reference) => Object.keys(reference).sort()), Array(2).fill(['bytes', 'mask', 'models', 'quality', 'source', 'time']));
  }
});

test('what other networks made is refused and counted, and whoever has nothing else is due for new templates', () => {
  const engine = new Engine(manifest);
  const take = (one, ...rest) => JSON.parse(engine.takeRecord(one.id, encodePerson(one, null), ...rest));
  const old = person(['periocular-1']);
  const both = person([CURRENT, 'periocular-1']);
  const taken = [take(old), take(both)].map(({ refused, due }) => [refused, due]);
  assert.deepEqual(taken, [[1, true], [1, false]]);
  assert.deepEqual([engine.references()], [1]);
  const unreadable = { ...both, id: crypto.randomUUID(), references: both.references.map((reference) => ({ ...reference, template: new Uint8Array(5) })) };
  assert.equal(take(unreadable).refused, 2);
});

test('where one person is decided on, nobody else is taken in, but is known to be out of date', () => {
  const engine = new Engine(manifest);
  const [one, other] = [person([CURRENT]), person(['periocular-1'])];
  for (const each of [one, other]) {
    const { refused, due } = JSON.parse(engine.takeRecord(each.id, encodePerson(each, null), undefined, undefined, one.id));
    assert.deepEqual([refused, due], [0, each === other]);
  }
  assert.equal(engine.people(), 1);
});

test('a record under another secret, of somebody else, or that is none is damaged, and nobody is taken in', () => {
  const engine = new Engine(manifest);
  const one = person([CURRENT]);
  const bytes = encodePerson(turned(engine, one), PRINT);
  const refused = (...how) => assert.throws(() => engine.takeRecord(...how), (thrown) => thrown === 'record_damaged');
  refused(one.id, bytes, SECRET, 'another');
  refused(one.id, bytes);
  refused(crypto.randomUUID(), bytes, SECRET, PRINT);
  refused(one.id, bytes.slice(0, 300), SECRET, PRINT);
  refused(one.id, encodePerson({ ...one, references: [{ ...one.references[0], template: new Uint8Array(5) }] }, PRINT), SECRET, PRINT);
  assert.equal(engine.people(), 0);
});
