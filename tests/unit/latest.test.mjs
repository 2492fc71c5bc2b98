import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latest } from '../../www/worker/latest.js';

test('what began before an answer that is out already is read again', async () => {
  let stored = 'old';
  /** @type {(() => void)[]} */
  const waiting = [];
  const read = latest(async () => {
    const value = stored;
    await new Promise((resolve) => { waiting.push(() => resolve(undefined)); });
    return value;
  });
  const first = read();
  stored = 'new';
  const second = read();
  waiting[1]();
  assert.equal(await second, 'new');
  waiting[0]();
  await new Promise((resolve) => { setImmediate(resolve); });
  waiting[2]();
  assert.equal(await first, 'new');
});

test('one after the other are read once each', async () => {
  let reads = 0;
  const read = latest(async () => { reads += 1; return reads; });
  assert.deepEqual([await read(), await read()], [1, 2]);
});
