import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Motion } from '../../www/element/motion.js';

const SIZE = 100;
const boxAt = (x, y = 50) => ({ x, y, width: SIZE, height: SIZE });
/** How far off the box is shown, in shares of its width: of a face that is at `place(ms)`, looked at every `every` ms, each look taking `takes`. */
function errors(place, { every, takes, from = 500, to = 3_000 }) {
  const motion = new Motion();
  const found = [];
  let looks = 0;
  for (let now = 0; now < to; now += 5) {
    for (; looks * every + takes <= now; looks++) motion.see(boxAt(place(looks * every)), looks * every);
    const shown = motion.at(now);
    if (shown && now >= from) found.push(Math.abs(shown.x - place(now)) / SIZE);
  }
  return found;
}

test('before it was seen a face is nowhere, and after one look where it was', () => {
  const motion = new Motion();
  assert.equal(motion.at(0), null);
  motion.see(boxAt(10), 0);
  assert.deepEqual(motion.at(150), boxAt(10));
});

test('the frame of a face that moves evenly does not trail it, however slow the looks are', () => {
  for (const [every, takes] of [[33, 12], [66, 40], [100, 90]]) {
    const trailing = (takes + every) * 0.3 / SIZE;
    const worst = Math.max(...errors((ms) => 0.3 * ms, { every, takes }));
    assert.ok(worst < 0.15 * trailing, `${every} ms: ${worst}, without it up to ${trailing}`);
  }
});

test('a face that keeps still keeps its frame still, though boxes waver', () => {
  const motion = new Motion();
  for (let look = 0; look < 60; look++) {
    const waver = Math.sin(look * 12.9898) * 0.5;
    motion.see({ ...boxAt(50 + waver), width: SIZE + waver }, look * 33);
    for (const ahead of [0, 16, 33, 200]) assert.deepEqual(motion.at(look * 33 + ahead), boxAt(50));
  }
});

test('a face that comes nearer, or wanders by less from look to look than boxes waver, is followed', () => {
  const nearer = new Motion();
  const wandering = new Motion();
  for (let look = 0; look < 60; look++) {
    nearer.see({ x: 50 - look / 2, y: 50 - look / 2, width: SIZE + look, height: SIZE + look }, look * 33);
    wandering.see(boxAt(50 + look / 2), look * 33);
    assert.ok(Math.abs(nearer.at(look * 33).width - SIZE - look) < 0.025 * (SIZE + look), `nearer, look ${look}`);
    assert.ok(Math.abs(wandering.at(look * 33).x - 50 - look / 2) < 0.012 * SIZE, `wandering, look ${look}`);
  }
});

test('a face that stops or turns is not carried far past itself, and none into what nobody knows', () => {
  const worst = Math.max(...errors((ms) => 60 * Math.sin(ms / 250), { every: 50, takes: 25 }));
  assert.ok(worst < 0.12, `swaying: ${worst}`);
  const motion = new Motion();
  motion.see(boxAt(0), 0);
  motion.see(boxAt(50), 50);
  assert.equal(motion.at(10_000).x, motion.at(250).x);
  motion.see(boxAt(90), 1_000);
  assert.deepEqual(motion.at(1_100), boxAt(90));
  motion.see(boxAt(95), 990);
  assert.deepEqual(motion.at(1_100), boxAt(95));
});
