/** A picture with several faces: whose it is is never guessed. A person is asked, by the eye, the keyboard or a screen reader. */
import { untilClosed } from './dialogs.js';
import { make, withName } from './dom.js';
import { faultOf, text } from '../words/messages.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Enrolment, Frame, Observation } from '../types.js' */

/** The longer side of the picture that is shown with its faces numbered. */
const SHOWN = 720;
/** The side of a face's own picture, and how much of its surroundings it has. */
const FACE = 96;
const AROUND = 1.5;

/** @typedef {{face: Observation, index: number, count: number}} Chosen index: counted from 1, from left to right */

/** @param {Observation} face */
const middle = ({ box }) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

/** @param {HTMLCanvasElement} canvas */
const context2d = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));

/** What is said of a face that was chosen. @param {Chosen} chosen */
export function chosenWords({ face, index, count }) {
  return text('faces.chosen', { index, count, mask: text(`mask.${face.mask.state}`) });
}

/**
 * Takes the face of a photograph, and of several the one that somebody chooses.
 * @param {BrowClient} client
 * @param {Frame} frame
 * @param {HTMLCanvasElement} picture what the frame shows, of the same size
 * @returns {Promise<{enrolment: Enrolment, chosen: Chosen | null}>} chosen: null where there was but one
 * @throws {import('../types.js').Fault} several_faces where none was chosen
 */
export async function enrolFace(client, frame, picture) {
  try {
    return { enrolment: await client.enrolPhoto(frame), chosen: null };
  } catch (error) {
    if (faultOf(error).code !== 'several_faces') throw error;
    const faces = await client.identifyPhoto(frameOf(picture));
    /** @type {Map<string, string | null>} */
    const names = new Map();
    for (const { decision } of faces) if (decision.kind === 'match') names.set(decision.person, await client.nameOf(decision.person));
    const chosen = await chooseFace(picture, faces, names);
    if (!chosen) throw error;
    return { enrolment: await client.enrolPhoto(frameOf(picture), middle(chosen.face)), chosen };
  }
}

/** The frame that a picture was made of: the one before was handed over. @param {HTMLCanvasElement} picture @returns {Frame} */
function frameOf(picture) {
  const { data, width, height } = context2d(picture).getImageData(0, 0, picture.width, picture.height);
  return { buffer: data.buffer, width, height, timeMs: performance.now() };
}

/**
 * @param {HTMLCanvasElement} picture
 * @param {Observation[]} faces
 * @param {Map<string, string | null>} names of those whom the faces match
 * @returns {Promise<Chosen | null>} null when it was cancelled
 */
async function chooseFace(picture, faces, names) {
  const ordered = [...faces].sort((a, b) => middle(a).x - middle(b).x);
  const count = ordered.length;
  /** @type {Chosen | null} */
  let chosen = null;
  const heading = make('h2', { id: 'faces-title', tabindex: '-1' }, text('faces.title'));
  const list = make('ul', { class: 'faces' }, ...ordered.map((face, at) => {
    const { decision, mask } = face;
    const name = decision.kind === 'match' ? names.get(decision.person) : null;
    const known = name ? [make('span', { class: 'note' }, ...withName(text('faces.known', { name: '{name}' }), name))] : [];
    return make('li', {}, make('button', {
      type: 'button', class: 'plain',
      onclick: () => {
        chosen = { face, index: at + 1, count };
        dialog.close();
      },
    }, closeUp(picture, face), make('span', {}, text('faces.face', { index: at + 1, count, mask: text(`mask.${mask.state}`) })), ...known));
  }));
  const dialog = make('dialog', { class: 'choice', 'aria-labelledby': 'faces-title' }, heading, make('p', {}, text('faces.text', { count })), numbered(picture, ordered), list,
    make('div', { class: 'actions' }, make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('dialog.cancel'))));
  const closed = untilClosed(dialog);
  // No face is what a hasty Enter takes.
  heading.focus();
  await closed;
  return chosen;
}

/** The picture with a frame and a number for each face. @param {HTMLCanvasElement} picture @param {Observation[]} faces */
function numbered(picture, faces) {
  const canvas = make('canvas', { class: 'group', role: 'img', 'aria-label': text('faces.picture') });
  const scale = Math.min(1, SHOWN / Math.max(picture.width, picture.height));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const context = context2d(canvas);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  context.font = `700 ${SHOWN / 24}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  faces.forEach((face, at) => {
    frameFace(context, face, scale);
    const side = SHOWN / 17;
    const [x, y] = [Math.max(0, face.box.x * scale), Math.max(0, face.box.y * scale)];
    context.fillStyle = 'rgb(12 20 22 / 86%)';
    context.fillRect(x, y, side, side);
    context.fillStyle = 'white';
    context.fillText(String(at + 1), x + side / 2, y + side / 2);
  });
  return canvas;
}

/** Seen on light and on dark. @param {CanvasRenderingContext2D} context @param {Observation} face @param {number} scale */
function frameFace(context, { box }, scale) {
  const line = context.canvas.width / 240;
  for (const [width, colour] of /** @type {const} */ ([[2, 'rgb(12 20 22 / 86%)'], [1, 'white']])) {
    context.lineWidth = width * line;
    context.strokeStyle = colour;
    context.strokeRect(box.x * scale, box.y * scale, box.width * scale, box.height * scale);
  }
}

/** Marks the chosen face in the picture. @param {HTMLCanvasElement} picture @param {Chosen} chosen */
export function markFace(picture, { face }) {
  frameFace(context2d(picture), face, 1);
}

/** The face alone; its words stand beside it. @param {HTMLCanvasElement} picture @param {Observation} face */
function closeUp(picture, face) {
  const canvas = make('canvas', { 'aria-hidden': 'true' });
  canvas.width = canvas.height = FACE;
  const side = AROUND * Math.max(face.box.width, face.box.height);
  const { x, y } = middle(face);
  context2d(canvas).drawImage(picture, x - side / 2, y - side / 2, side, side, 0, 0, FACE, FACE);
  return canvas;
}
