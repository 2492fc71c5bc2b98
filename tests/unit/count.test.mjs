import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from '../../www/pages/count/tally.js';

/** A face of which presence says this. */
const face = (verdict, width = 100) => ({ box: { x: 0, y: 0, width, height: width }, presence: { passive: 0.5, turn: 'none', verdict, reason: null, ask: null } });
/** Shows these faces every tenth of a second. */
function hold(tally, kind, faces, from, to) {
  let state;
  for (let now = from; now <= to; now += 100) state = tally.see(kind, faces, now);
  return state;
}

test('counts each presentation once, by what it was taken for after three seconds', () => {
  const tally = new Tally();
  assert.deepEqual(tally.see('print', [], 0), { state: 'waiting' });
  hold(tally, 'print', [face('unsure')], 100, 1_000);
  assert.deepEqual(hold(tally, 'print', [face('live')], 1_100, 2_900), { state: 'looking' });
  assert.deepEqual(hold(tally, 'print', [face('attack')], 3_000, 9_000), { state: 'counted', verdict: 'attack' });
  assert.deepEqual(tally.counts.print, { live: 0, attack: 1, unsure: 0 });
  // Taken away, and held up again.
  hold(tally, 'print', [], 9_100, 10_000);
  hold(tally, 'print', [face('live'), face('attack', 40)], 10_100, 13_200);
  assert.deepEqual(tally.counts.print, { live: 1, attack: 1, unsure: 0 });
  assert.deepEqual(tally.errors('print'), { wrong: 1, all: 2 });
});

test('a person taken for a print is as wrong as a print taken for a person', () => {
  const tally = new Tally();
  hold(tally, 'person', [face('attack')], 0, 3_000);
  assert.deepEqual(tally.errors('person'), { wrong: 1, all: 1 });
  assert.deepEqual(tally.errors('screen'), { wrong: 0, all: 0 });
});

test('what was there for a moment is not counted, and what left after a second is', () => {
  const tally = new Tally();
  hold(tally, 'screen', [face('attack')], 0, 500);
  hold(tally, 'screen', [], 600, 2_000);
  assert.deepEqual(tally.errors('screen'), { wrong: 0, all: 0 });
  hold(tally, 'screen', [face('attack')], 2_100, 3_500);
  hold(tally, 'screen', [], 3_600, 5_000);
  assert.deepEqual(tally.counts.screen, { live: 0, attack: 1, unsure: 0 });
});

test('what is chosen while something is held up counts from the next one on', () => {
  const tally = new Tally();
  hold(tally, 'print', [face('attack')], 0, 1_000);
  hold(tally, 'person', [face('attack')], 1_100, 4_000);
  assert.equal(tally.errors('print').all, 1);
  assert.equal(tally.errors('person').all, 0);
});
