/** Pictures of a camera that stands on its side or its head, drawn upright where the page has to read them itself; src/web/frames.rs does it else. */

/** @import { Rotation } from '../types.js' */

/**
 * Draws a picture upright and as large as it is wanted, over all of the canvas, whose size it takes on.
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {CanvasImageSource} picture
 * @param {{width: number, height: number, rotation: Rotation}} wanted upright; `rotation`: by which the picture must be turned for that
 * @returns {ArrayBuffer} RGBA
 */
export function uprightPixels(context, picture, { width, height, rotation }) {
  const { canvas } = context;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const [across, down] = rotation % 180 ? [height, width] : [width, height];
  context.setTransform(1, 0, 0, 1, width / 2, height / 2);
  context.rotate((rotation * Math.PI) / 180);
  context.drawImage(picture, -across / 2, -down / 2, across, down);
  return context.getImageData(0, 0, width, height).data.buffer;
}
