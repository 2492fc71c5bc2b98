/**
 * Reads the camera's pictures where the engine is: the page hands them over as they are, its thread does no work for them, and no
 * pixel of them leaves the worker.
 */
import { uprightPixels } from '../camera/upright-pixels.js';

/** @import { CameraFrame, FrameKind, PictureFrame } from '../types.js' */

const RGBA = /** @type {VideoFrameCopyToOptions} */ ({ format: 'RGBA' });

/** @type {OffscreenCanvasRenderingContext2D | null} */
let context = null;

/** @param {PictureFrame} frame */
function drawn(frame) {
  // Read back every time: without this hint browsers keep the canvas on the graphics card and stall on every read.
  context ??= /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true, alpha: false }));
  return new Uint8Array(uprightPixels(context, frame.picture, frame));
}

/**
 * Whether a picture can be copied as it is: it is upright, of the right size, and this browser copies it as RGBA. One that does not know
 * that wish keeps the format: planes of luma and chroma have another length, and four bytes a pixel may have another order.
 * @param {PictureFrame} frame @returns {VideoFrame | null}
 */
function copied({ picture, width, height, rotation }) {
  if (!('copyTo' in picture) || rotation !== 0 || Reflect.get(picture, 'rotation') || Reflect.get(picture, 'flip')) return null;
  const { format, visibleRect, displayWidth, displayHeight } = picture;
  if (displayWidth !== width || displayHeight !== height || visibleRect?.width !== width || visibleRect.height !== height) return null;
  if (!format || !(format === 'RGBA' || format === 'NV12' || format.startsWith('I4'))) return null;
  try {
    return picture.allocationSize(RGBA) === 4 * width * height ? picture : null;
  } catch {
    return null;
  }
}

/**
 * The pixels of a frame, upright, as RGBA; its picture is let go of.
 * @param {CameraFrame} frame
 * @returns {Promise<Uint8Array>}
 */
export async function pixelsOf(frame) {
  if (!('picture' in frame)) return new Uint8Array(frame.buffer);
  const { picture, width, height } = frame;
  try {
    const whole = copied(frame);
    if (!whole) return drawn(frame);
    const pixels = new Uint8Array(4 * width * height);
    // A picture that lies where it can't be copied from can still be drawn.
    return await whole.copyTo(pixels, RGBA).then(() => pixels, () => drawn(frame));
  } finally {
    picture.close();
  }
}

/** Of a picture that is read to see whether it can be. */
const SIDE = 16;

/** Whether the pixels of a red picture are red. @param {VideoFrame | ImageBitmap} picture */
async function isRead(picture) {
  const [red, green, blue] = await pixelsOf({ picture, width: SIDE, height: SIDE, rotation: 0, timeMs: 0 });
  return red > 240 && green < 16 && blue < 16;
}

/** What kind of frames can be read here, the cheapest for the page that can. @returns {Promise<FrameKind>} */
export async function readableFrames() {
  try {
    const red = new OffscreenCanvas(SIDE, SIDE);
    const paint = /** @type {OffscreenCanvasRenderingContext2D} */ (red.getContext('2d'));
    paint.fillStyle = 'red';
    paint.fillRect(0, 0, SIDE, SIDE);
    if (typeof VideoFrame === 'function' && await isRead(new VideoFrame(red, { timestamp: 0 })).catch(() => false)) return 'video';
    if (await isRead(await createImageBitmap(red))) return 'bitmap';
  } catch {
    // There is no canvas in workers here.
  }
  return 'pixels';
}
