/** Somebody who is not on the list, or whose photo was missing: taken in by staff, with a photo from a file or from the kiosk's own camera. */
import { PHOTO_TYPES, readPhoto } from '../../camera/photo.js';
import { uprightPixels } from '../../camera/upright-pixels.js';
import { make, withName } from '../../ui/dom.js';
import { enrolFace } from '../../ui/face-choice.js';
import { chooser, field } from '../../ui/fields.js';
import { formDialog, wrongInput } from '../../ui/vault.js';
import { consentVersion, fault, language, text } from '../../words/messages.js';
import { nameProblem, tidyName } from '../../words/names.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Frame, QualityProblem, State } from '../../types.js' */
/** @import { Guest } from '../../vault/types.js' */
/** @import { Eyes } from './eyes.js' */

/**
 * Keeps a photo of a guest as a template, with consent on paper.
 * @param {BrowClient} client
 * @param {Pick<Guest, 'id' | 'name'>} guest
 * @param {Frame} frame
 * @param {{source?: 'camera' | 'photo', again?: boolean, before?: (resembles: {id: string, name: string} | null) => Promise<unknown>, picture?: HTMLCanvasElement}} [how] again: they are enrolled, with
 *   networks of an earlier release; before: what has to succeed between the look at the photo and the keeping, told whom the face resembles; picture: what the frame shows, where
 *   staff are there to say which face of several it is
 * @returns {Promise<{resembles: {id: string, name: string} | null, shortcoming: QualityProblem | null, state: State}>}
 */
export async function enrolGuest(client, { id, name }, frame, { source = 'photo', again = false, before, picture } = {}) {
  const enrolment = picture ? (await enrolFace(client, frame, picture)).enrolment : await client.enrolPhoto(frame);
  const { resembles, quality: { shortcoming } } = enrolment;
  await before?.(resembles);
  const { state } = await client.save({
    id, name, source, keepPicture: false, addTo: again ? id : null,
    consent: { text: text('checkin.consent.text'), version: `paper ${consentVersion()}`, language: language(), time: Date.now() },
  });
  return { resembles, shortcoming, state };
}

/** What staff are told of a photo that is none too good. @param {QualityProblem} shortcoming */
export function poorWords(shortcoming) {
  const { message, remedy } = fault(shortcoming);
  return text('checkin.photo.poor', { why: `${message} ${remedy}` });
}

/** The camera's picture as it stands, and how the page shows it. */
class Snapshot {
  #eyes;
  /** @type {Frame | null} */
  frame = null;
  picture = make('canvas', { hidden: true, role: 'img', 'aria-label': text('checkin.guest.taken') });
  /** Shows what was taken; null: what the camera sees. @type {(frame: Frame | null) => void} */
  show;
  element;

  /** @param {Eyes} eyes @param {() => void} taken */
  constructor(eyes, taken) {
    this.#eyes = eyes;
    const { stream, rotation } = eyes.camera;
    const video = make('video', { autoplay: true, muted: true, playsinline: true, 'aria-label': text('live.video') });
    video.muted = true;
    video.srcObject = stream;
    video.style.rotate = `${rotation}deg`;
    const still = this.picture;
    const button = make('button', { type: 'button', class: 'small plain', onclick: () => this.show(this.frame ? null : this.#take(still)) });
    this.show = (frame) => {
      this.frame = frame;
      still.hidden = !frame;
      video.hidden = Boolean(frame);
      button.textContent = text(frame ? 'checkin.guest.retake' : 'checkin.guest.take');
      if (frame) taken();
    };
    this.show(null);
    this.element = make('div', { class: 'snapshot', hidden: !stream }, video, still, button);
  }

  /** @param {HTMLCanvasElement} still @returns {Frame | null} null as long as the camera shows nothing */
  #take(still) {
    const { video, rotation } = this.#eyes.camera;
    const { videoWidth, videoHeight } = video;
    if (!videoWidth || !videoHeight) return null;
    const [width, height] = rotation % 180 ? [videoHeight, videoWidth] : [videoWidth, videoHeight];
    const context = /** @type {CanvasRenderingContext2D} */ (still.getContext('2d', { willReadFrequently: true }));
    return { buffer: uprightPixels(context, video, { width, height, rotation }), width, height, timeMs: performance.now() };
  }
}

/** @param {string} name @param {Record<string, string | boolean>} [attributes] */
const input = (name, attributes = {}) => make('input', { id: `guest-${name}`, name, dir: 'auto', autocomplete: 'off', ...attributes });

/**
 * Asks for a guest who is not on the list, or for the photo of one who is.
 * @param {{client: BrowClient, eyes: Eyes, guest?: Pick<Guest, 'id' | 'name'>, again?: boolean}} parts guest: whose photo is added; again: see {@link enrolGuest}
 * @returns {Promise<{id: string, name: string, said: string[], state: State | null} | null>} said: what staff should know; state: where somebody was enrolled; null when it was cancelled
 */
export async function askGuest({ client, eyes, guest, again = false }) {
  const [name, company, host] = ['name', 'company', 'host'].map((what) => input(what));
  const photo = input('photo', { type: 'file', accept: PHOTO_TYPES });
  const photoField = field('checkin.guest.photo', photo);
  chooser(photo);
  const snapshot = new Snapshot(eyes, () => {
    photo.value = '';
    photo.dispatchEvent(new Event('change'));
  });
  photo.addEventListener('change', () => {
    if (photo.files?.length) snapshot.show(null);
  });
  const arrived = make('input', { type: 'checkbox', name: 'arrived', checked: true });
  const consent = make('input', { type: 'checkbox', name: 'paper' });
  /** @type {{id: string, name: string, said: string[], state: State | null} | null} */
  let done = null;
  /** Whoever is on the list already: they are not added twice where the keeping of their photo failed. */
  let added = false;
  const id = guest?.id ?? crypto.randomUUID();
  const add = async () => {
    if (guest || added) return;
    await client.vault('guestAdd', { guest: { id, name: tidyName(name.value), company: company.value.trim(), host: host.value.trim() }, arrived: arrived.checked });
    added = true;
  };
  /** Whom the face looked like when it was tried last: saved once more, it is somebody else's. @type {string | null} */
  let told = null;
  /** @param {{id: string, name: string} | null} resembles */
  const askIfKnown = (resembles) => {
    if (!resembles || resembles.id === id || resembles.id === told) return;
    told = resembles.id;
    client.discard().catch(() => {});
    throw { code: 'wrong_input', message: text('checkin.guest.resembles', { name: resembles.name }), remedy: text('checkin.guest.resembles.remedy') };
  };
  const submit = async () => {
    const wrong = guest ? null : nameProblem(tidyName(name.value));
    if (wrong) throw { code: 'wrong_input', message: text(...wrong), remedy: text('checkin.guest.name.remedy') };
    const of = guest ?? { id, name: tidyName(name.value) };
    const file = photo.files?.[0];
    if (guest && !file && !snapshot.frame) throw wrongInput('checkin.guest.nothing');
    if ((file || snapshot.frame) && !consent.checked) throw wrongInput('checkin.consent.needed');
    /** @type {string[]} */
    const said = [];
    /** @type {State | null} */
    let state = null;
    if (file || snapshot.frame) {
      const { frame, preview } = file ? await readPhoto(file) : { frame: structuredClone(/** @type {Frame} */ (snapshot.frame)), preview: snapshot.picture };
      const { shortcoming, state: after } = await enrolGuest(client, of, frame, {
        source: file ? 'photo' : 'camera', again, picture: preview, before: async (resembles) => {
          askIfKnown(resembles);
          await add();
        },
      });
      state = after;
      if (shortcoming) said.push(poorWords(shortcoming));
      await client.vault('guestsProblems', { problems: { [id]: null } });
    } else await add();
    done = { id, name: of.name, said, state };
  };
  const title = guest ? text('checkin.photo.add.title', { name: '{name}' }) : text('checkin.guest.add');
  await formDialog({
    title: withName(title, guest?.name ?? ''), go: text('checkin.guest.save'), submit,
    body: [
      ...(guest ? [] : [field('checkin.name', name), field('checkin.company', company), field('checkin.column.host', host)]),
      make('div', { class: 'field' }, photoField, snapshot.element),
      make('p', { class: 'note' }, text('checkin.consent.recorded'), ' ', make('q', {}, text('checkin.consent.text'))),
      make('label', { class: 'check' }, consent, ' ', make('span', {}, text('checkin.guest.consent'))),
      ...(guest ? [] : [make('label', { class: 'check' }, arrived, ' ', make('span', {}, text('checkin.guest.arrived')))]),
    ],
  });
  return done;
}
