import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localTime } from '../../www/ui/times.js';

test('a time is one that spreadsheets read, on this device\u2019s clock, with its offset beside it', () => {
  const time = Date.UTC(2026, 0, 5, 23, 4, 9);
  const [words, offset] = localTime(time);
  assert.match(words, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.equal(Date.parse(`${words.replace(' ', 'T')}${offset.slice(3)}`), time);
  assert.deepEqual(localTime(null), ['', '']);
});
