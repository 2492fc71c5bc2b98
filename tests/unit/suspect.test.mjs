import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CameraSuspicion, isVirtual } from '../../www/worker/suspect.js';

const WIDTH = 64;
const HEIGHT = 48;
/** A pseudo-random number from 0 to 1 for each seed. */
const random = (seed) => {
  const x = Math.sin(seed * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};
/** A picture of a moving square before a wall, with so much noise. */
function picture(number, noise, seed = number) {
  const rgba = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  const x = 20 + Math.round(15 * Math.sin(number / 5));
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const inside = Math.abs((i % WIDTH) - x) < 8 && Math.abs(Math.floor(i / WIDTH) - 24) < 8;
    rgba.fill((inside ? 200 : 90 + (i % WIDTH) / 4) + noise * (random(seed * 7919 + i) - 0.5), 4 * i, 4 * i + 3);
  }
  return rgba;
}

test('names of programs that pretend to be a camera are known, and names of cameras are not among them', () => {
  for (const label of ['OBS Virtual Camera', 'ManyCam Virtual Webcam', 'Snap Camera', 'v4l2loopback', 'DroidCam Source 3']) assert.ok(isVirtual(label), label);
  for (const label of ['HD Pro Webcam C920', 'FaceTime HD Camera', 'Integrated Camera (04f2:b6d0)', 'front camera', 'Observer HD']) assert.ok(!isVirtual(label), label);
});

test('a camera with noise and a clock that is not perfect is not suspected', () => {
  const camera = new CameraSuspicion('HD Pro Webcam');
  for (let i = 0; i < 300; i++) camera.look(picture(i, 8), i * 33.3 + 4 * random(i));
  assert.deepEqual(camera.why, []);
});

test('a loop, clockwork and pictures without noise are said', () => {
  const loop = new CameraSuspicion('HD Pro Webcam');
  for (let i = 0; i < 120; i++) loop.look(picture(i % 40, 8, i % 40), i * 33.3 + 4 * random(i));
  assert.deepEqual(loop.why, ['repeats']);
  const drawn = new CameraSuspicion('HD Pro Webcam');
  for (let i = 0; i < 300; i++) drawn.look(picture(i * 1.37, 0), i * 40);
  assert.deepEqual(drawn.why, ['repeats', 'noise', 'jitter']);
});

test('a picture that is handed out twice, and a room in which nothing moves, are no loop', () => {
  const still = new CameraSuspicion('HD Pro Webcam');
  for (let i = 0; i < 200; i++) still.look(picture(0, 0), i * 33.3 + 4 * random(i));
  assert.deepEqual(still.why, []);
  const twice = new CameraSuspicion('HD Pro Webcam');
  for (let i = 0; i < 200; i++) twice.look(picture(i >> 1, 8, i >> 1), i * 33.3 + 4 * random(i));
  assert.deepEqual(twice.why, []);
});
