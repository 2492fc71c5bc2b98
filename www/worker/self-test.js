/**
 * Whether the engine works here as it should: it finds the face of a picture that comes with it where that is, sees that
 * it wears no mask, knows it again after enrolling it, and finds nobody in an empty picture. Run by the service worker
 * before a new version is taken, and by the page of checks.
 */

/** @import { Observation } from '../types.js' */

/** self-test-face.jpg. */
export const WIDTH = 640;
export const HEIGHT = 480;
/** Where its face is; browsers decode and scale pictures a little differently. */
const FACE = { x: 242, y: 61, width: 97, height: 97 };
const NEAR = 10;

/** @param {Observation[]} faces what was found in the picture */
export function isRight(faces) {
  if (faces.length !== 1) return false;
  const { box, mask } = faces[0];
  const near = /** @type {const} */ (['x', 'y', 'width', 'height']).every((side) => Math.abs(box[side] - FACE[side]) <= NEAR);
  return near && mask.state === 'bare';
}

/** The picture as RGBA. @param {Blob} picture @returns {Promise<Uint8Array>} */
async function decoded(picture) {
  const bitmap = await createImageBitmap(picture);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d', { willReadFrequently: true }));
  context.drawImage(bitmap, 0, 0, WIDTH, HEIGHT);
  bitmap.close();
  return new Uint8Array(context.getImageData(0, 0, WIDTH, HEIGHT).data.buffer);
}

/**
 * @param {import('./brow.js').Engine} engine with its networks and without people
 * @param {Blob} picture self-test-face.jpg
 * @returns {Promise<boolean>}
 */
export async function passes(engine, picture) {
  const pixels = await decoded(picture);
  if (!isRight(engine.identifyPhoto(pixels, WIDTH, HEIGHT))) return false;
  if (engine.identifyPhoto(new Uint8Array(pixels.length).fill(128), WIDTH, HEIGHT).length !== 0) return false;
  engine.putPerson('self-test', engine.enrolPhoto(pixels, WIDTH, HEIGHT).templates);
  const [{ decision }] = engine.identifyPhoto(pixels, WIDTH, HEIGHT);
  return decision.kind === 'match' && decision.person === 'self-test';
}
