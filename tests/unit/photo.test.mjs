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

test('bytes that fill the room before a marker hide no size, and a head without one tells none', () => {
  const frame = [0xff, 0xc0, 0, 17, 8, 0x40, 0, 0x40, 1, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
  for (const fill of [[], [0xff], [0xff, 0xff, 0xff, 0xff], [0xff, 0xd0, 0xff, 0x01]]) {
    assert.deepEqual(pictureSize(view([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, ...fill, ...frame])), { width: 16_385, height: 16_384 }, String(fill));
  }
  assert.deepEqual(pictureSize(view([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0x20, ...frame])), { width: 0, height: 0 });
});

test('the size of an AVIF is that of its largest picture, whatever box lies before it', () => {
  const long = (value) => [24, 16, 8, 0].map((bits) => (value >> bits) & 255);
  const box = (kind, ...body) => [...long(8 + body.flat().length), ...ascii(kind), ...body.flat()];
  const ispe = (width, height) => box('ispe', long(0), long(width), long(height));
  const avif = (...brands) => [...box('ftyp', ascii(brands[0]), long(0), ...brands.slice(1).map(ascii)), ...box('free', [0, 0]), ...box('meta', long(0), box('hdlr', long(0)), box('iprp', box('ipco', ispe(512, 512), ispe(20_000, 9_000), ispe(640, 480))))];
  for (const brands of [['avif'], ['mif1', 'miaf', 'avif']]) assert.deepEqual(pictureSize(view(avif(...brands))), { width: 20_000, height: 9_000 });
  assert.equal(codeOf(avif('mif1', 'heic')), 'photo_heic');
  assert.equal(codeOf(avif('qt  ')), 'photo_not_image');
  for (let length = 12; length < 120; length++) codeOf(avif('avif').slice(0, length));
});

test('the size of a GIF is read from its screen and its first picture, that of a BMP from either head', () => {
  const gif = (extension, left) => [...ascii('GIF89a'), 10, 0, 20, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, ...extension, 0x2c, left, 0, 0, 0, 0x20, 0x4e, 5, 0, 0];
  assert.deepEqual(pictureSize(view(gif([], 7))), { width: 20_007, height: 20 });
  assert.deepEqual(pictureSize(view(gif([0x21, 0xf9, 4, 0, 0, 0, 0, 0, 0x21, 0xfe, 2, 65, 66, 1, 67, 0], 0))), { width: 20_000, height: 20 });
  assert.deepEqual(pictureSize(view(gif([], 0).slice(0, 20))), { width: 0, height: 0 });
  const start = [...ascii('BM'), ...Array(12).fill(0)];
  assert.deepEqual(pictureSize(view([...start, 40, 0, 0, 0, 0x20, 0x4e, 0, 0, 0xf0, 0xff, 0xff, 0xff])), { width: 20_000, height: 16 });
  assert.deepEqual(pictureSize(view([...start, 12, 0, 0, 0, 0x20, 0x4e, 7, 0, 0, 0, 0, 0])), { width: 20_000, height: 7 });
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
