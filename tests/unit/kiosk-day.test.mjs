/** The kiosk's day: who came when, and how often somebody was sent to the desk. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayOf, daysOf, midnight } from '../../www/pages/kiosk/day.js';
import '../vault/module.mjs';

const { decodeGuests, encodeGuests, withDesk } = await import('../../www/vault/guests.js');

const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const guest = (number, arrived, by = 'camera') => ({
  id: id(number), line: number, name: `Guest ${number}`, email: '', ref: '', company: '', photo: '', host: '', problem: null, arrived, seen: arrived, by: arrived === null ? null : by,
});
const at = (day, hour, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
const version = (bytes) => JSON.parse(new TextDecoder().decode(bytes)).version;

const list = { name: 'Opening', created: at(1, 8), guests: [guest(1, at(2, 9, 5)), guest(2, at(2, 9, 55), 'hand'), guest(3, at(2, 12)), guest(4, at(3, 9)), guest(5, null)] };

test('a day has every hour from its first to its last, and each guest in the hour in which they came', () => {
  const sent = [['stranger', at(2, 8, 59)], ['stranger', at(2, 8)], ['refused', at(2, 12, 30)], ['known', at(2, 12, 40)]].reduce((all, [why, time]) => withDesk(all, why, time), list);
  const day = dayOf(sent, midnight(at(2, 20)));
  assert.deepEqual([day.arrived, day.byCamera, day.byHand, day.expected], [3, 2, 1, 5]);
  assert.deepEqual(day.hours.map(({ start, arrived, desk }) => [new Date(start).getHours(), arrived, desk]), [[8, 0, 2], [9, 2, 0], [10, 0, 0], [11, 0, 0], [12, 1, 2]]);
  assert.deepEqual(day.desk, { stranger: 2, unsure: 0, refused: 1, known: 1 });
  assert.deepEqual(daysOf(sent), [at(2, 0), at(3, 0)]);
});

test('a list on which nothing has happened has no days', () => {
  assert.deepEqual(daysOf({ ...list, guests: [guest(5, null)] }), []);
});

describe('how the counts are kept', () => {
  test('a list without any is what releases before know; one with counts says that it is newer, and comes back as it was', () => {
    assert.equal(version(encodeGuests(list)), 1);
    const sent = withDesk(list, 'unsure', at(2, 9, 30));
    assert.equal(version(encodeGuests(sent)), 2);
    assert.deepEqual(decodeGuests(encodeGuests(sent)), sent);
    assert.deepEqual(sent.desk, [{ hour: at(2, 9), why: 'unsure', count: 1 }]);
    // Releases that count nobody with a code would take the list for damaged.
    const withCode = withDesk(sent, 'known', at(2, 9, 31));
    assert.equal(version(encodeGuests(withCode)), 3);
    assert.deepEqual(decodeGuests(encodeGuests(withCode)), withCode);
  });

  test('a list of a later release, and counts of nonsense, are refused', () => {
    const altered = (change) => new TextEncoder().encode(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(encodeGuests(withDesk(list, 'stranger', at(2, 9))))), ...change }));
    assert.throws(() => decodeGuests(altered({ version: 4 })), { code: 'storage_newer' });
    for (const desk of [{}, [{ hour: 1, why: 'Obama', count: 1 }], [{ hour: 1, why: 'stranger', count: 0 }], [{ hour: 'x', why: 'stranger', count: 1 }]]) {
      assert.throws(() => decodeGuests(altered({ desk })), { code: 'bad_guests' });
    }
  });
});
