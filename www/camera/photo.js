/** Turns a file that a person chose into a frame for the engine, upright and of a sensible size. */
import { BrowError } from '../words/errors.js';
import { fault } from '../words/messages.js';
import { picturesScrambled } from './support.js';

/** @import { Frame } from '../types.js' */

/** What a field for photos takes, as the pages' own fields say. */
export const PHOTO_TYPES = 'image/jpeg,image/png,image/webp,image/avif,image/gif,image/bmp';
/** The longer side that the engine gets: a face worth enrolling is large enough in it. */
const PHOTO_SIDE = 1280;
/** Decoding takes four bytes a pixel: above this, phones run out of memory and take the page with them. */
const MOST_MEGAPIXELS = 120;
/** Above this, people are told that their photo was made smaller. */
const LARGE_MEGAPIXELS = 30;
/** So much of a file is read for its kind and size first: room for the large preview that cameras put into a JPEG's head. */
const HEAD_BYTES = 512 * 1024;

/**
 * @param {Blob} file
 * @returns {Promise<{frame: Frame, preview: HTMLCanvasElement, shrunk: boolean}>}
 * @throws {BrowError} photo_empty, photo_not_image, photo_heic, photo_huge, photo_damaged
 */
export async function readPhoto(file) {
  const { bitmap, megapixels } = await decodePhoto(file);
  const preview = shrink(bitmap);
  bitmap.close();
  const context = /** @type {CanvasRenderingContext2D} */ (preview.getContext('2d'));
  const { data, width, height } = context.getImageData(0, 0, preview.width, preview.height);
  return {
    frame: { buffer: data.buffer, width, height, timeMs: performance.now() },
    preview,
    shrunk: megapixels > LARGE_MEGAPIXELS,
  };
}

/**
 * The picture of a file, upright, with what is transparent in it.
 * @param {Blob} file
 * @returns {Promise<{bitmap: ImageBitmap, megapixels: number}>}
 * @throws {BrowError} photo_empty, photo_not_image, photo_heic, photo_huge, photo_damaged
 */
export async function decodePhoto(file) {
  if (file.size === 0) throw new BrowError(fault('photo_empty'));
  const size = await sizeOf(file);
  const megapixels = (size.width * size.height) / 1e6;
  if (megapixels > MOST_MEGAPIXELS) {
    throw new BrowError(fault('photo_huge', { megapixels: Math.round(megapixels), most: MOST_MEGAPIXELS }));
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (error) {
    console.warn('brow: a photo could not be decoded:', error);
    throw new BrowError(fault('photo_damaged'));
  }
  if (picturesScrambled()) throw new BrowError(fault('pictures_scrambled'));
  return { bitmap, megapixels };
}

/**
 * What does not say how large it is is not decoded: it may be anything.
 * @param {Blob} file
 * @throws {BrowError} photo_not_image, photo_heic, photo_damaged
 */
async function sizeOf(file) {
  const read = async (/** @type {number} */ bytes) => pictureSize(new DataView(await file.slice(0, bytes).arrayBuffer()));
  let size = await read(HEAD_BYTES);
  if (!size.width && file.size > HEAD_BYTES) size = await read(file.size);
  if (!size.width || !size.height) throw new BrowError(fault('photo_damaged'));
  return size;
}

/** A canvas at most PHOTO_SIDE large, halved step by step: one big step would alias. @param {ImageBitmap} bitmap */
function shrink(bitmap) {
  /** @type {ImageBitmap | HTMLCanvasElement} */
  let picture = bitmap;
  for (;;) {
    const scale = Math.max(0.5, Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height)));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    // Transparent pictures are looked at on white, as most programs show them.
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture = canvas;
    if (Math.max(canvas.width, canvas.height) <= PHOTO_SIDE) return canvas;
  }
}

/** @typedef {{width: number, height: number}} Size 0 by 0 where the head does not tell */

/** @type {Readonly<Size>} */
const UNTOLD = Object.freeze({ width: 0, height: 0 });
/** Brands of ISO base media files (ISO/IEC 14496-12) that hold AV1 pictures, and those that hold HEVC ones. */
const AVIF = ['avif', 'avis'];
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** Four characters as the formats name their parts; empty beyond the end. @param {DataView} head @param {number} at */
const name = (head, at) => (at + 4 <= head.byteLength ? String.fromCharCode(...[0, 1, 2, 3].map((index) => head.getUint8(at + index))) : '');

/**
 * The size that a picture's head states, before it is decoded.
 * @param {DataView} head the first bytes of the file
 * @returns {Readonly<Size>}
 * @throws {BrowError} photo_not_image, photo_heic
 */
export function pictureSize(head) {
  const word = (/** @type {number} */ at) => (at + 4 <= head.byteLength ? head.getUint32(at) : 0);
  if (word(0) === 0x89504e47) return name(head, 12) === 'IHDR' ? { width: word(16), height: word(20) } : UNTOLD;
  if (word(0) >>> 8 === 0xffd8ff) return jpegSize(head);
  if (name(head, 0) === 'RIFF' && name(head, 8) === 'WEBP') return webpSize(head);
  if (name(head, 0) === 'GIF8') return gifSize(head);
  if (name(head, 0).startsWith('BM')) return bmpSize(head);
  if (name(head, 4) === 'ftyp') {
    const brands = [];
    for (let at = 8; at < Math.min(word(0), 512); at += 4) if (at !== 12) brands.push(name(head, at));
    if (brands.some((brand) => AVIF.includes(brand))) return boxesSize(head, 0, head.byteLength);
    if (HEIC.includes(brands[0])) throw new BrowError(fault('photo_heic'));
  }
  throw new BrowError(fault('photo_not_image'));
}

/** Walks a JPEG's segments to its start of frame. @param {DataView} head @returns {Readonly<Size>} */
function jpegSize(head) {
  let at = 2;
  while (at + 9 < head.byteLength) {
    if (head.getUint8(at) !== 0xff) break;
    const marker = head.getUint8(at + 1);
    // Any number of 0xff may stand before a marker, and some markers stand alone.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    // SOF0..SOF15 but for the tables that share their range.
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: head.getUint16(at + 7), height: head.getUint16(at + 5) };
    } else at += 2 + head.getUint16(at + 2);
  }
  return UNTOLD;
}

/** The larger of the screen and the first picture on it: browsers widen the one for the other. @param {DataView} head @returns {Readonly<Size>} */
function gifSize(head) {
  if (head.byteLength < 13) return UNTOLD;
  const table = (/** @type {number} */ flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(head.getUint8(10));
  while (at + 10 <= head.byteLength && head.getUint8(at) === 0x21) {
    at += 2;
    while (at < head.byteLength && head.getUint8(at) !== 0) at += 1 + head.getUint8(at);
    at += 1;
  }
  if (at + 10 > head.byteLength || head.getUint8(at) !== 0x2c) return UNTOLD;
  const short = (/** @type {number} */ offset) => head.getUint16(offset, true);
  return { width: Math.max(short(6), short(at + 1) + short(at + 5)), height: Math.max(short(8), short(at + 3) + short(at + 7)) };
}

/** @param {DataView} head @returns {Readonly<Size>} */
function bmpSize(head) {
  if (head.byteLength < 26) return UNTOLD;
  if (head.getUint32(14, true) === 12) return { width: head.getUint16(18, true), height: head.getUint16(20, true) };
  // A height below zero says that the rows come from the top.
  return { width: Math.abs(head.getInt32(18, true)), height: Math.abs(head.getInt32(22, true)) };
}

/** The largest picture among the boxes of an AVIF file: a grid states its own size beside that of its tiles. @param {DataView} head @param {number} from @param {number} to @returns {Readonly<Size>} */
function boxesSize(head, from, to) {
  let largest = UNTOLD;
  for (let at = from; at + 8 <= to;) {
    const long = head.getUint32(at) === 1 && at + 16 <= to;
    const length = long ? head.getUint32(at + 8) * 2 ** 32 + head.getUint32(at + 12) : head.getUint32(at);
    const end = length === 0 ? to : Math.min(to, at + length);
    const body = at + (long ? 16 : 8);
    const kind = name(head, at + 4);
    let size = UNTOLD;
    if (kind === 'ispe' && body + 12 <= end) size = { width: head.getUint32(body + 4), height: head.getUint32(body + 8) };
    else if (kind === 'meta') size = boxesSize(head, body + 4, end);
    else if (kind === 'iprp' || kind === 'ipco') size = boxesSize(head, body, end);
    if (size.width * size.height > largest.width * largest.height) largest = size;
    if (end <= body) break;
    at = end;
  }
  return largest;
}

/** @param {DataView} head @returns {Readonly<Size>} */
function webpSize(head) {
  if (head.byteLength < 30) return UNTOLD;
  const kind = head.getUint32(12);
  if (kind === 0x56503858) {
    const three = (/** @type {number} */ at) => 1 + head.getUint8(at) + (head.getUint8(at + 1) << 8) + (head.getUint8(at + 2) << 16);
    return { width: three(24), height: three(27) };
  }
  if (kind === 0x56503820) return { width: head.getUint16(26, true) & 0x3fff, height: head.getUint16(28, true) & 0x3fff };
  if (kind === 0x5650384c) {
    const bits = head.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  return UNTOLD;
}
