/** What the page keeps of the kiosk's flow; who is served and what is said is decided and tested in src/kiosk/. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KioskFlow } from '../../www/pages/kiosk/flow.js';

const said = (number, kind, { person = null, lastsMs = 5_000, codes = false } = {}) => ({ screen: { number, kind, person, masked: false }, ask: null, idle: false, lastsMs, forgot: false, codes });
const GREETED = said(3, 'greet', { person: 'a' });

/** A flow, what it asked of the worker, and the worker's answers in hand. */
function kiosk() {
  const asked = [];
  const vault = (op, fields) => new Promise((answer, refuse) => {
    asked.push({ op, fields, answer, refuse });
  });
  return { flow: new KioskFlow({ vault }), asked };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('shows what came with the last look, as one screen as long as it is the same', () => {
  const { flow } = kiosk();
  assert.equal(flow.screen.kind, 'attract');
  flow.see(GREETED, 0);
  const { screen } = flow;
  flow.see({ ...GREETED, screen: { ...GREETED.screen } }, 100);
  assert.equal(flow.screen, screen);
  flow.see(said(4, 'look'), 200);
  assert.equal(flow.screen.kind, 'look');
});

test('a screen goes when its time is over, though no worker answers; the worker is asked once', () => {
  const { flow, asked } = kiosk();
  flow.see(GREETED, 0);
  flow.tick(5_000);
  assert.equal(flow.screen.person, 'a');
  flow.tick(5_100);
  flow.tick(5_200);
  assert.deepEqual([flow.screen.kind, flow.screen.person], ['attract', null]);
  assert.deepEqual(asked.map(({ op }) => op), ['kioskTick']);
});

test('looks from before the answer show nobody again who was forgotten, and a worker that is gone shows nobody', async () => {
  for (const [end, kind] of [[({ answer }) => answer(said(5, 'look')), 'look'], [({ refuse }) => refuse(new Error('gone')), 'attract']]) {
    const { flow, asked } = kiosk();
    const heard = [];
    flow.addEventListener('change', () => heard.push(flow.screen.kind));
    flow.see(GREETED, 0);
    flow.again({ forget: true });
    assert.equal(flow.screen.kind, 'attract');
    flow.see(GREETED, 10);
    assert.deepEqual([flow.screen.kind, flow.screen.person], ['attract', null]);
    end(asked[0]);
    await settled();
    assert.deepEqual(heard, [kind]);
    flow.see(said(6, 'single'), 20);
    assert.equal(flow.screen.kind, 'single');
  }
});

test('that guests may have a code stays known while the worker is asked, and goes with it', async () => {
  const { flow, asked } = kiosk();
  assert.equal(flow.codes, false);
  flow.see(said(3, 'look', { codes: true }), 0);
  flow.again();
  assert.deepEqual([flow.screen.kind, flow.codes], ['attract', true]);
  asked[0].answer(said(4, 'attract', { lastsMs: null }));
  await settled();
  assert.equal(flow.codes, false);
});

test('what a guest with a code does puts off the end of their screen, and is told as another screen', () => {
  const { flow } = kiosk();
  const heard = [];
  flow.addEventListener('change', () => heard.push(flow.screen.kind));
  flow.heed(said(3, 'code', { lastsMs: 60_000 }));
  assert.deepEqual(heard, ['code']);
  const left = flow.left(performance.now());
  assert.ok(left > 59_000 && left <= 60_020, `${left} ms`);
});

test('a name is told for the screen that it is on', async () => {
  const { flow, asked } = kiosk();
  flow.see(GREETED, performance.now());
  flow.named(flow.screen);
  assert.deepEqual([asked[0].op, asked[0].fields], ['kioskNamed', { number: 3 }]);
  asked[0].answer(said(3, 'greet', { person: 'a', lastsMs: 2_000 }));
  await settled();
  flow.tick(performance.now() + 2_100);
  assert.equal(flow.screen.kind, 'attract');
});
