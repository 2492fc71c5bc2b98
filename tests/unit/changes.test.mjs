import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Changes } from '../../www/element/changes.js';

const face = (track, decision, state = 'bare') => ({ track, decision, mask: { state, probability: 0.9 }, frames: 1 });
const match = (person) => ({ kind: 'match', person, score: 5, needed: 3 });
const unknown = { kind: 'unknown', score: 1, needed: 3 };
const undecided = { kind: 'undecided', reason: 'too_few_frames', score: null, needed: 3 };

/** What is told of a face that says this at 10 frames a second. */
function run(changes, decisions, { from = 0, track = 1, recognising = true } = {}) {
  return decisions.flatMap((decision, index) => {
    const { mask = 'bare', ...rest } = decision ?? {};
    return changes.take(decision ? [face(track, rest, mask)] : [], from + 100 * index, recognising).map(({ type }) => type);
  });
}
const times = (count, decision) => Array.from({ length: count }, () => decision);

test('a name is told once, when it has held for a moment', () => {
  assert.deepEqual(run(new Changes(), times(50, match('a'))), ['mask', 'match']);
});

test('one frame of another opinion is no news', () => {
  assert.deepEqual(run(new Changes(), [...times(10, match('a')), unknown, ...times(10, match('a'))]), ['mask', 'match']);
});

test('flickering between two people tells of neither', () => {
  assert.deepEqual(run(new Changes(), times(20, 0).map((_, i) => match(i % 2 ? 'a' : 'b'))), ['mask']);
});

test('on the way to a name, "not sure yet" is not told; if it stays, it is', () => {
  assert.deepEqual(run(new Changes(), [...times(6, undecided), ...times(6, match('a'))]), ['mask', 'match']);
  assert.deepEqual(run(new Changes(), times(20, undecided)), ['mask', 'undecided']);
});

test('a mask that is put on is told, with the decision that follows from it', () => {
  assert.deepEqual(run(new Changes(), [...times(10, match('a')), ...times(10, { ...unknown, mask: 'masked' })]), ['mask', 'match', 'mask', 'unknown']);
});

test('a face is gone when it was missing for a second, not before', () => {
  const changes = new Changes();
  assert.deepEqual(run(changes, [...times(5, unknown), ...times(5, null), ...times(5, unknown)]), ['mask', 'unknown']);
  assert.deepEqual(run(changes, times(15, null), { from: 1_500 }), ['gone']);
});

test('where decisions mean nothing, only masks are told', () => {
  assert.deepEqual(run(new Changes(), times(30, unknown), { recognising: false }), ['mask']);
});

test('two faces are told apart', () => {
  const changes = new Changes();
  const told = Array.from({ length: 10 }, (_, i) => changes.take([face(1, match('a')), face(2, unknown)], 100 * i)).flat();
  assert.deepEqual(told.map(({ type, observation }) => `${type} ${observation.track}`), ['mask 1', 'match 1', 'mask 2', 'unknown 2']);
});
