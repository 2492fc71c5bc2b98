/** The kiosk's day: who came when, and how often somebody was sent to the desk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayOf, daysOf, midnight } from '../../www/pages/kiosk/day.js';

const guest = (arrived, by = 'camera') => ({ arrived, by });
const at = (day, hour, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();

const times = { expected: 5, guests: [guest(at(2, 9, 5)), guest(at(2, 9, 55), 'hand'), guest(at(2, 12)), guest(at(3, 9))], desk: [] };

test('a day has every hour from its first to its last, and each guest in the hour in which they came', () => {
  const desk = [['stranger', at(2, 8), 2], ['refused', at(2, 12), 1], ['known', at(2, 12), 1]].map(([why, hour, count]) => ({ hour, why, count }));
  const sent = { ...times, desk };
  const day = dayOf(sent, midnight(at(2, 20)));
  assert.deepEqual([day.arrived, day.byCamera, day.byHand, day.expected], [3, 2, 1, 5]);
  assert.deepEqual(day.hours.map(({ start, arrived, desk }) => [new Date(start).getHours(), arrived, desk]), [[8, 0, 2], [9, 2, 0], [10, 0, 0], [11, 0, 0], [12, 1, 2]]);
  assert.deepEqual(day.desk, { stranger: 2, unsure: 0, refused: 1, known: 1 });
  assert.deepEqual(daysOf(sent), [at(2, 0), at(3, 0)]);
});

test('a list on which nothing has happened has no days', () => {
  assert.deepEqual(daysOf({ ...times, guests: [] }), []);
});
