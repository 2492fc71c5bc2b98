/** The camera's pictures on their way into the engine, which reads them (src/web/frames.rs); here they are waited for and let go of. */
import { Pictures } from './brow.js';

/** @import { CameraFrame, FrameKind } from '../types.js' */

/** @param {Promise<unknown> | undefined} copying @returns {Promise<boolean>} */
const arrives = async (copying) => Boolean(copying) && /** @type {Promise<unknown>} */ (copying).then(() => true, () => false);

/**
 * Reads the pixels of a frame, upright; its picture is let go of.
 * @param {Pictures} pictures where they lie then, until the next is read
 * @param {CameraFrame} frame
 */
export async function readFrame(pictures, frame) {
  const { width, height } = frame;
  if (!('picture' in frame)) {
    pictures.set(new Uint8Array(frame.buffer), width, height);
    return;
  }
  const { picture, rotation } = frame;
  try {
    // A picture that lies where it can't be copied from can still be drawn.
    if (await arrives(pictures.copy(picture, width, height, rotation))) pictures.copied(width, height);
    else pictures.draw(picture, width, height, rotation);
  } finally {
    picture.close();
  }
}

/** Of a picture that is read to see whether it can be. */
const SIDE = 16;

/** Whether the pixels of a red picture are red. @param {VideoFrame | ImageBitmap} picture */
async function isRead(picture) {
  const pictures = new Pictures();
  try {
    await readFrame(pictures, { picture, width: SIDE, height: SIDE, rotation: 0, timeMs: 0 });
    const [red, green, blue] = pictures.rgba();
    return red > 240 && green < 16 && blue < 16;
  } finally {
    pictures.free();
  }
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
