/** The camera's picture of now, as the worker can read it with the least work for the page. */
import { uprightPixels } from './upright-pixels.js';

/** @import { CameraFrame, FrameKind, Rotation } from '../types.js' */

/** The longer side of the frames that the engine gets. Larger finds no more faces within arm's length, only slower. */
const FRAME_SIDE = 640;

/** @param {number} width @param {number} height */
export function context2d(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  // Read back every time: without this hint browsers keep the canvas on the graphics card and stall on every read.
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true, alpha: false }));
}

/** @param {HTMLVideoElement} video @param {FrameKind} kind @returns {Promise<VideoFrame | ImageBitmap | null>} null where the pixels are to be read here */
async function pictureOf(video, kind) {
  try {
    if (kind === 'video') return new VideoFrame(video);
    if (kind === 'bitmap') return await createImageBitmap(video);
  } catch {
    // The picture is just changing, or lies where it can't be taken from: its pixels are read as long as that is so.
  }
  return null;
}

export class Grabber {
  #context = context2d(1, 1);

  /**
   * The picture of now, to be handed over at once; null while there is none. It is, or will be, upright and at most FRAME_SIDE large.
   * @param {HTMLVideoElement} video
   * @param {Rotation} rotation by which it must be turned to stand upright
   * @param {FrameKind} kind
   * @param {number} timeMs when it was shown
   * @returns {Promise<{frame: CameraFrame, scale: number} | null>} `scale`: pixels of the video per pixel of the frame
   */
  async grab(video, rotation, kind, timeMs) {
    const { videoWidth, videoHeight } = video;
    if (!videoWidth || !videoHeight || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const scale = Math.max(1, Math.max(videoWidth, videoHeight) / FRAME_SIDE);
    const across = Math.max(1, Math.round(videoWidth / scale));
    const down = Math.max(1, Math.round(videoHeight / scale));
    const [width, height] = rotation % 180 ? [down, across] : [across, down];
    const picture = await pictureOf(video, kind);
    if (picture) return { frame: { picture, width, height, rotation, timeMs }, scale };
    return { frame: { buffer: uprightPixels(this.#context, video, { width, height, rotation }), width, height, timeMs }, scale };
  }
}
