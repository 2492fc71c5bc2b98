/** The four ticks beside a capture: what the engine looked at before it found something missing is there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hintOf, ticksOf } from '../../www/ui/ticks.js';

const states = (hint) => Object.values(ticksOf(hint)).join(' ');

test('nothing is ticked before there is one face', () => {
  for (const hint of ['no_face', 'several_faces']) assert.equal(states(hint), 'todo todo todo todo', hint);
});

test('what comes before the hint is there, what comes after is open', () => {
  assert.equal(states('come_closer'), 'now todo todo todo');
  assert.equal(states('more_light'), 'ok now todo todo');
  assert.equal(states('look_straight'), 'ok ok now todo');
  assert.equal(states('hold_still'), 'ok ok ok now');
  for (const hint of ['good', 'turn', 'done']) assert.equal(states(hint), 'ok ok ok ok', hint);
});

test('a face that is looked at without a capture has its ticks by what it lacks', () => {
  assert.equal(hintOf(null), 'no_face');
  assert.equal(hintOf({ shortcoming: null }), 'good');
  for (const [shortcoming, expected] of [['too_small', 'now todo todo todo'], ['too_dark', 'ok now todo todo'], ['turned_away', 'ok ok now todo'], ['too_blurred', 'ok ok ok now']]) {
    assert.equal(states(hintOf({ shortcoming })), expected, shortcoming);
  }
});

test('they stand in the order in which the engine looks', () => {
  const source = readFileSync(new URL('../../src/face/quality.rs', import.meta.url), 'utf8');
  const judged = source.slice(source.indexOf('pub fn judged('));
  const places = ['TooSmall', 'TooDark', 'TurnedAway', 'TooBlurred'].map((problem) => judged.indexOf(`Problem::${problem}`));
  assert.ok(places.every((place, index) => place > (places[index - 1] ?? 0)), String(places));
  assert.deepEqual(Object.keys(ticksOf('good')), ['size', 'light', 'straight', 'sharp']);
});
