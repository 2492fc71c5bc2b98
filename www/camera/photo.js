/** Turns a file that a person chose into a frame for the engine, upright and of a sensible size. */
import { BrowError } from '../words/errors.js';
import { fault } from '../words/messages.js';

/** @import { Frame } from '../types.js' */

/** The longer side that the engine gets: a face worth enrolling is large enough in it. */
const PHOTO_SIDE = 1280;
/** Decoding takes four bytes a pixel: above this, phones run out of memory and take the page with them. */
export const MOST_MEGAPIXELS = 120;
/** Above this, people are told that their photo was made smaller. */
const LARGE_MEGAPIXELS = 30;
/** So much of a file is read for its kind and size: room for the large preview that cameras put into a JPEG's head. */
const HEAD_BYTES = 512 * 1024;

/**
 * @param {Blob} file
 * @returns {Promise<{frame: Frame, preview: HTMLCanvasElement, shrunk: boolean}>}
 * @throws {BrowError} photo_empty, photo_not_image, photo_heic, photo_huge, photo_damaged
 */
export async function readPhoto(file) {
  if (file.size === 0) throw new BrowError(fault('photo_empty'));
  const head = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const size = pictureSize(head);
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

/**
 * The size that a picture's head states, before it is decoded.
 * @param {DataView} head the first bytes of the file
 * @returns {{width: number, height: number}} 0 by 0 where the head does not tell
 * @throws {BrowError} photo_not_image, photo_heic
 */
export function pictureSize(head) {
  const word = (/** @type {number} */ at) => (at + 4 <= head.byteLength ? head.getUint32(at) : 0);
  if (word(0) === 0x89504e47) return { width: word(16), height: word(20) };
  if (word(0) >>> 8 === 0xffd8ff) return jpegSize(head);
  if (word(0) === 0x52494646 && word(8) === 0x57454250) return webpSize(head);
  const brand = word(4) === 0x66747970 ? word(8) : 0;
  if ([0x68656963, 0x68656978, 0x6d696631, 0x68657663].includes(brand)) throw new BrowError(fault('photo_heic'));
  throw new BrowError(fault('photo_not_image'));
}

/** Walks a JPEG's segments to its start of frame. @param {DataView} head */
function jpegSize(head) {
  let at = 2;
  while (at + 9 < head.byteLength) {
    if (head.getUint8(at) !== 0xff) break;
    const marker = head.getUint8(at + 1);
    // SOF0..SOF15 but for the tables that share their range.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: head.getUint16(at + 7), height: head.getUint16(at + 5) };
    }
    at += 2 + head.getUint16(at + 2);
  }
  return { width: 0, height: 0 };
}

/** @param {DataView} head */
function webpSize(head) {
  if (head.byteLength < 30) return { width: 0, height: 0 };
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
  return { width: 0, height: 0 };
}
