import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KioskFlow } from '../../www/pages/kiosk/flow.js';

const HEIGHT = 480;
const UNKNOWN = { kind: 'unknown', score: 0, needed: 3 };
/** One face of this part of the picture's height, with this decision. */
const face = (share, decision = UNKNOWN, { track = 1, mask = 'bare' } = {}) => ({ track, box: { x: 0, y: 0, width: 100, height: share * HEIGHT }, decision, mask: { state: mask, probability: 1 } });
const FEW = { kind: 'undecided', reason: 'too_few_frames', score: null, needed: 3 };
const match = (person) => ({ kind: 'match', person, score: 6, needed: 3 });
/** Shows it the same faces every tenth of a second from `from` to `to`, and gives the last screen. */
function look(flow, faces, from, to) {
  let screen;
  for (let now = from; now <= to; now += 100) {
    flow.see(faces, HEIGHT, now);
    screen = flow.tick(now);
  }
  return screen;
}
const kiosk = (distance = 0.3) => new KioskFlow({ distance, timeoutMs: 5_000 });

test('sleeps while the face is farther off than the operator set, and wakes for a nearer one', () => {
  const flow = kiosk(0.6);
  assert.equal(look(flow, [face(0.53)], 0, 4_000).kind, 'attract');
  assert.equal(flow.idle, true);
  assert.notEqual(look(flow, [face(0.61)], 4_100, 4_200).kind, 'attract');
  // At the edge it does not flicker, but far below it a visit ends.
  assert.notEqual(look(flow, [face(0.5)], 4_300, 8_000).kind, 'attract');
  assert.equal(look(flow, [face(0.4)], 8_100, 10_000).kind, 'attract');
});

test('a match that holds is greeted by id, and a stranger only after longer', () => {
  const flow = kiosk();
  assert.equal(look(flow, [face(0.5, match('a'))], 0, 200).kind, 'look');
  assert.deepEqual(look(flow, [face(0.5, match('a'), { mask: 'masked' })], 300, 600), { kind: 'greet', person: 'a', masked: true });
  const other = kiosk();
  assert.equal(look(other, [face(0.5)], 0, 1_400).kind, 'look');
  assert.equal(look(other, [face(0.5)], 1_500, 1_800).kind, 'stranger');
});

test('forgets whom it greeted after the set time, and greets nobody twice who just stands there', () => {
  const flow = kiosk();
  assert.equal(look(flow, [face(0.5, match('a'))], 0, 1_000).kind, 'greet');
  flow.named(1_000);
  assert.deepEqual(look(flow, [face(0.5, match('a'))], 1_100, 8_000), { kind: 'attract', person: null, masked: false });
  assert.equal(look(flow, [], 8_100, 10_000).kind, 'attract');
  assert.equal(look(flow, [face(0.5, match('a'), { track: 2 })], 10_100, 11_000).kind, 'greet');
});

test('the time to read a greeting begins when its name is there', () => {
  const flow = kiosk();
  assert.equal(look(flow, [face(0.5, match('a'))], 0, 9_000).kind, 'greet');
  flow.named(9_000);
  assert.equal(look(flow, [face(0.5, match('a'))], 9_100, 13_900).kind, 'greet');
  assert.equal(look(flow, [face(0.5, match('a'))], 14_000, 14_000).kind, 'attract');
  // The next greeting waits for its own name.
  look(flow, [], 14_100, 16_000);
  assert.equal(look(flow, [face(0.5, match('b'), { track: 2 })], 16_100, 25_000).kind, 'greet');
});

test('somebody else in the place of a greeted person starts anew', () => {
  const flow = kiosk();
  look(flow, [face(0.5, match('a'))], 0, 1_000);
  assert.notEqual(look(flow, [face(0.5, UNKNOWN, { track: 2 })], 1_100, 1_200).person, 'a');
  assert.equal(look(flow, [face(0.5, UNKNOWN, { track: 2 })], 1_300, 3_500).kind, 'stranger');
});

test('gives one instruction at a time, each long enough to be read; two faces alike near must be one', () => {
  const flow = kiosk();
  const undecided = (reason) => ({ kind: 'undecided', reason, score: null, needed: 3 });
  assert.equal(look(flow, [face(0.5, undecided('too_dark'))], 0, 100).kind, 'light');
  assert.equal(look(flow, [face(0.5, undecided('turned_away'))], 200, 1_000).kind, 'light');
  assert.equal(look(flow, [face(0.5, undecided('turned_away'))], 1_100, 1_700).kind, 'straight');
  assert.equal(look(flow, [face(0.5, undecided('too_few_frames')), face(0.45, undecided('too_few_frames'), { track: 2 })], 1_800, 4_000).kind, 'single');
  // Without any decision for long, somebody has to help.
  assert.equal(look(flow, [face(0.5, undecided('too_dark'))], 4_100, 22_000).kind, 'unsure');
});

test('whose eyes are hidden is asked to take the glasses off, and is no stranger', () => {
  const flow = kiosk();
  const hidden = { kind: 'undecided', reason: 'eyes_hidden', score: null, needed: 3 };
  assert.equal(look(flow, [face(0.5, hidden)], 0, 8_000).kind, 'glasses');
});

test('without a frame for long, whoever stood there is forgotten', () => {
  const flow = kiosk();
  look(flow, [face(0.5, { kind: 'undecided', reason: 'too_dark', score: null, needed: 3 })], 0, 500);
  assert.equal(flow.tick(5_000).kind, 'light');
  assert.equal(flow.tick(11_000).kind, 'attract');
});

test('whoever else is near is greeted while the one before still stands there, with time to read both', () => {
  const flow = kiosk();
  const first = face(0.6, match('a'));
  assert.equal(look(flow, [first], 0, 500).person, 'a');
  // The other one is smaller and comes before the first greeting could be read.
  assert.equal(look(flow, [first, face(0.4, match('b'), { track: 2 })], 600, 1_000).person, 'a');
  assert.equal(look(flow, [first, face(0.4, match('b'), { track: 2 })], 1_100, 1_600).person, 'b');
  // Both have been greeted: nobody is a third time, and the names are gone after the set time.
  flow.named(1_600);
  const both = [first, face(0.4, match('b'), { track: 2 })];
  for (let now = 6_700; now < 40_000; now += 1_000) assert.deepEqual(look(flow, both, now, now + 900), { kind: 'attract', person: null, masked: false });
});

test('a poster, or a friend who waits, is sent to the desk once and blocks nobody', () => {
  const flow = kiosk();
  const poster = face(0.6, UNKNOWN, { track: 1 });
  assert.equal(look(flow, [poster], 0, 1_600).kind, 'stranger');
  assert.equal(look(flow, [poster], 1_700, 20_000).kind, 'attract');
  // A guest before it is served at once, though the poster is larger, and so is the next.
  assert.equal(look(flow, [poster, face(0.4, FEW, { track: 2 })], 20_100, 20_200).kind, 'look');
  assert.equal(look(flow, [poster, face(0.4, match('a'), { track: 2 })], 20_300, 20_600).person, 'a');
  assert.equal(look(flow, [poster, face(0.4, match('b'), { track: 3 })], 20_700, 21_700).person, 'b');
  flow.named(21_700);
  assert.equal(look(flow, [poster], 21_800, 23_500).kind, 'attract');
  // Upkeep waits for a guest, not for a poster.
  assert.equal(look(flow, [poster], 23_600, 90_000).kind, 'attract');
  assert.equal(flow.idle, true);
});

test('a guest is greeted before a stranger’s verdict is over, and the nearer of two guests first', () => {
  const flow = kiosk();
  const stranger = face(0.6, UNKNOWN, { track: 1 });
  assert.equal(look(flow, [stranger], 0, 1_500).kind, 'stranger');
  assert.equal(look(flow, [stranger, face(0.4, match('a'), { track: 2 })], 1_600, 1_900).person, 'a');
  const other = kiosk();
  const two = [face(0.4, match('far'), { track: 1 }), face(0.6, match('near'), { track: 2 })];
  assert.equal(look(other, two, 0, 300).person, 'near');
  assert.equal(look(other, two, 400, 1_400).person, 'far');
});

test('a judged face that is lost for a moment is not judged again, and a stranger who turns out to be a guest is greeted', () => {
  const flow = kiosk();
  look(flow, [face(0.5, match('a'))], 0, 1_000);
  flow.named(1_000);
  look(flow, [face(0.5, match('a'))], 1_100, 6_200);
  look(flow, [], 6_300, 7_000);
  assert.equal(look(flow, [face(0.5, FEW, { track: 2 })], 7_100, 7_300).kind, 'attract');
  assert.equal(look(flow, [face(0.5, match('a'), { track: 2 })], 7_400, 9_000).kind, 'attract');
  const other = kiosk();
  assert.equal(look(other, [face(0.5, UNKNOWN)], 0, 1_600).kind, 'stranger');
  assert.equal(look(other, [face(0.5, UNKNOWN)], 1_700, 9_000).kind, 'attract');
  assert.equal(look(other, [face(0.5, UNKNOWN, { track: 2 })], 9_900, 14_000).kind, 'attract');
  assert.equal(look(other, [face(0.5, match('a'), { track: 2 })], 14_100, 14_400).person, 'a');
});

test('nothing is known of anybody once they are gone, and nothing is forgotten of whoever still stands there', () => {
  const flow = kiosk();
  look(flow, [face(0.5, match('a'))], 0, 1_000);
  flow.named(1_000);
  assert.equal(look(flow, [face(0.5, match('a'))], 1_100, 7_000).kind, 'attract');
  assert.equal(flow.forgotten, false);
  look(flow, [], 7_100, 8_600);
  assert.equal(flow.forgotten, true);
});

const unproven = { kind: 'undecided', reason: 'presence_unproven', score: null, needed: 3 };
const presence = (more = {}) => ({ passive: 0.6, turn: 'none', verdict: 'unsure', reason: 'turn', ask: null, ...more });

test('the turn that is asked for is shown at once, and its words say side and amount', () => {
  const flow = kiosk();
  const asked = (ask) => ({ ...face(0.5, unproven), presence: presence({ turn: 'asked', ask }) });
  assert.equal(look(flow, [asked({ kind: 'straight' })], 0, 300).kind, 'straight');
  // No instruction's time to be read holds a question back: its answer has a time of its own.
  const turn = look(flow, [asked({ kind: 'turn', side: 'left', amount: 'far', reached: 0.2 })], 400, 400);
  assert.deepEqual([turn.kind, turn.turn], ['turn', 'left.far']);
  assert.equal(flow.ask.reached, 0.2);
  assert.equal(look(flow, [], 500, 500).kind, 'turn');
  assert.equal(flow.ask, null);
});

test('a print or a screen is sent to the desk and never called a stranger', () => {
  const flow = kiosk();
  const attack = { ...face(0.5, { ...unproven, reason: 'presentation_attack' }), presence: presence({ verdict: 'attack', reason: 'print_or_screen' }) };
  assert.equal(look(flow, [attack], 0, 1_300).kind, 'look');
  assert.deepEqual(look(flow, [attack], 1_400, 1_900), { kind: 'refused', person: null, masked: false });
});

test('a turn that failed is asked for once more with the reason, and after too many somebody helps', () => {
  const flow = kiosk();
  const failed = (reason) => ({ ...face(0.5, unproven), presence: presence({ turn: 'refused', reason }) });
  const again = look(flow, [failed('too_slow')], 0, 1_500);
  assert.deepEqual([again.kind, again.why], ['retry', 'too_slow']);
  // Trying is not being helpless, however long it takes.
  assert.equal(look(flow, [failed('too_slow')], 1_600, 30_000).kind, 'retry');
  assert.equal(look(flow, [failed('desk')], 30_100, 32_000).kind, 'refused');
});

test('a face that fills the picture is asked to step back', () => {
  assert.equal(look(kiosk(), [{ ...face(0.9, unproven), presence: presence({ reason: 'step_back', passive: null }) }], 0, 200).kind, 'back');
});
