import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceClock } from '../../www/vault/clock.js';
import { localTime } from '../../www/ui/times.js';

const HOUR = 3_600_000;

test('a clock that goes on with the time has not jumped, however long that is', () => {
  const clock = new DeviceClock(1e12, 0);
  assert.equal(clock.jumped(1e12 + 1000 * HOUR, 1000 * HOUR), false);
  assert.equal(clock.jumped(1e12 + 1023 * HOUR, 1000 * HOUR), false, 'less than a day');
});

test('one that is set forward by more than a day has, once; set back, it has not', () => {
  const clock = new DeviceClock(1e12, 0);
  assert.equal(clock.jumped(1e12 + 26 * HOUR, HOUR), true);
  assert.equal(clock.jumped(1e12 + 27 * HOUR, 2 * HOUR), false);
  assert.equal(clock.jumped(1e12, 3 * HOUR), false);
});

test('a time is one that spreadsheets read, on this device\u2019s clock, with its offset beside it', () => {
  const time = Date.UTC(2026, 0, 5, 23, 4, 9);
  const [words, offset] = localTime(time);
  assert.match(words, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.equal(Date.parse(`${words.replace(' ', 'T')}${offset.slice(3)}`), time);
  assert.deepEqual(localTime(null), ['', '']);
});
