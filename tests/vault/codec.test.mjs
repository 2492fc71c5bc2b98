import assert from 'node:assert/strict';
import { test } from 'node:test';
import './module.mjs';
import { person, repeatable } from './people.mjs';

const { checkPerson, decodePerson, encodePerson } = await import('../../www/vault/codec.js');

const code = (work) => {
  try {
    work();
    return null;
  } catch (error) {
    return error.code;
  }
};

test('a person comes back from bytes exactly', () => {
  for (const one of [person('Anna'), person('李小龙', { references: 0 }), person('محمد', { picture: new Uint8Array([255, 0]), expires: 9 })]) {
    for (const protection of [null, 'abcdef']) {
      const { person: back, protection: kept } = decodePerson(encodePerson(one, protection));
      assert.deepEqual(back, one);
      assert.equal(kept, protection);
    }
  }
});

test('the length of the bytes does not tell the length of the name', () => {
  const lengths = ['A', 'Anna', 'Anna-Maria Hohenzollern'].map((name) => encodePerson(person(name), null).length);
  assert.equal(new Set(lengths).size, 1);
});

test('names are trimmed and composed, and may be in any script', () => {
  const checkName = (name) => checkPerson({ ...person('A'), name }).name;
  assert.equal(checkName('  Zoe\u0308 '), 'Zo\u00eb');
  assert.equal(checkName('علي'), 'علي');
  assert.deepEqual(checkPerson({ ...person('A'), groups: ['Zoe\u0308', ' Zo\u00eb '] }).groups, ['Zo\u00eb']);
  for (const bad of ['', ' ', '\n', 'a\u0000b', 'x'.repeat(201), 5, null, undefined]) assert.equal(code(() => checkName(bad)), 'bad_name');
});

test('fields that do not belong are dropped, and records of the wrong kind are refused', () => {
  assert.equal('secret' in checkPerson({ ...person('A'), secret: 1 }), false);
  for (const wrong of [null, 5, 'x', {}, [], { ...person('A'), references: {} }, { ...person('A'), created: NaN }, { ...person('A'), expires: 'never' }, { ...person('A'), expires: NaN }, { ...person('A'), picture: 'x' }]) {
    assert.match(code(() => checkPerson(wrong)), /^bad_/);
  }
});

/** Whether a record's own words name a version: a digit that was hit makes it one of a later release, which is to be said. */
const namesVersion = (bytes) => /"version":\d/.test(new TextDecoder().decode(bytes));

test('no bytes make reading fail otherwise than by saying that they are damaged, or of a later release', () => {
  const random = repeatable(1);
  const good = encodePerson(person('Anna'), null);
  const end = Date.now() + 1000 * Number(process.env.FUZZ_SECONDS ?? 1);
  let refused = 0;
  let round = 0;
  for (; round < 3000 || Date.now() < end; round += 1) {
    let bytes = good.slice(0, round % 3 === 0 ? Math.floor(random() * good.length) : good.length);
    for (let i = 0; i < 1 + random() * 8; i += 1) if (bytes.length) bytes[Math.floor(random() * Math.min(bytes.length, 700))] = Math.floor(random() * 256);
    if (round % 50 === 0) bytes = Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256));
    const failure = code(() => decodePerson(bytes));
    if (failure !== null) {
      assert.ok(failure === 'record_damaged' || (failure === 'storage_newer' && namesVersion(bytes)), failure);
      refused += 1;
    }
  }
  assert.ok(refused > round / 3, `only ${refused} of ${round} were damaged: the mutations miss`);
});
