import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pictureSize } from '../../www/camera/photo.js';

const view = (bytes) => new DataView(Uint8Array.from(bytes).buffer);
const ascii = (words) => [...words].map((letter) => letter.charCodeAt(0));
const codeOf = (bytes) => {
  try {
    pictureSize(view(bytes));
    return null;
  } catch (error) {
    return error.code;
  }
};

test('the size of a JPEG is read from its start of frame, past other segments', () => {
  const file = readFileSync(new URL('../data/portraits/biden.jpg', import.meta.url));
  assert.deepEqual(pictureSize(view(file.subarray(0, 4096))), { width: 800, height: 600 });
});

test('the size of a PNG is read from its head', () => {
  const png = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, ...ascii('IHDR'), 0, 0, 0x4e, 0x20, 0, 0, 0, 7];
  assert.deepEqual(pictureSize(view(png)), { width: 20_000, height: 7 });
});

test('the size of each kind of WebP is read', () => {
  const riff = [...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBP')];
  const extended = [...riff, ...ascii('VP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x4e, 0, 9, 0, 0];
  assert.deepEqual(pictureSize(view(extended)), { width: 20_000, height: 10 });
  const lossy = [...riff, ...ascii('VP8 '), 0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1];
  assert.deepEqual(pictureSize(view(lossy)), { width: 640, height: 480 });
  const bits = (640 - 1) | ((480 - 1) << 14);
  const lossless = [...riff, ...ascii('VP8L'), 0, 0, 0, 0, 0x2f, bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, (bits >> 24) & 255, 0, 0, 0, 0, 0];
  assert.deepEqual(pictureSize(view(lossless)), { width: 640, height: 480 });
});

test('what is no picture is told apart from what browsers can not read', () => {
  assert.equal(codeOf(ascii('%PDF-1.7 and so on')), 'photo_not_image');
  assert.equal(codeOf([1]), 'photo_not_image');
  assert.equal(codeOf([0, 0, 0, 24, ...ascii('ftypheic')]), 'photo_heic');
});

test('a head that is cut anywhere is read without harm', () => {
  const file = readFileSync(new URL('../data/portraits/astronaut.jpg', import.meta.url));
  for (let length = 4; length < 700; length++) {
    const { width, height } = pictureSize(view(file.subarray(0, length)));
    assert.ok((width === 0 && height === 0) || (width === 800 && height === 600));
  }
});
