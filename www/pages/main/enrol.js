/**
 * Enrolment, in one dialog: name and consent first, then the camera guides with one hint at a time and captures by
 * itself, or a photo is chosen. Nothing is stored before the person has agreed and the capture is good.
 */
import { choose } from '../../ui/dialogs.js';
import { TurnGuide, hintWords } from '../../ui/turn.js';
import { chosenWords, enrolFace, markFace } from '../../ui/face-choice.js';
import { Ticks } from '../../ui/ticks.js';
import { find, make, withName } from '../../ui/dom.js';
import { LoadingWords } from '../../ui/loading.js';
import { chooser } from '../../ui/fields.js';
import { insideOf } from '../../element/inside.js';
import { consentVersion, date, fault, faultOf, language, text } from '../../words/messages.js';
import { nameProblem, tidyName } from '../../words/names.js';
import { readPhoto } from '../../camera/photo.js';

/** @import { BrowRecogniser } from '../../element/element.js' */
/** @import { PeopleList } from '../../ui/people.js' */
/** @import { Enrolment, EnrolStep, PersonSummary, QualityProblem } from '../../types.js' */

/** A hint stays at least so long, so that it can be read and followed. */
const HINT_MS = 900;
/** After so long without success comes some general advice. */
const SLOW_MS = 15_000;
/** Of the picture that was taken, as it is shown. */
const STILL_WIDTH = 192;

/** @typedef {'details' | 'capture' | 'saved'} Stage */

export class EnrolDialog {
  #dialog;
  #recogniser;
  #people;
  #form;
  #turnGuide = new TurnGuide();
  #ticks = new Ticks();
  #name;
  #consent;
  #keepPicture;
  #problem;
  #hint;
  #progress;
  #advice;
  #preview;
  #photoText;
  #file;
  /** @type {'camera' | 'photo'} */
  #mode = 'camera';
  /** Whom a view is added to, or who is enrolled again. @type {PersonSummary | null} */
  #more = null;
  /** @type {Enrolment | null} */
  #photo = null;
  /** @type {{name: string, addTo: string | null, consentTime: number} | null} */
  #details = null;
  /** Who was just enrolled by camera, and may take another picture. @type {string | null} */
  #taken = null;
  /** Whose record the next picture replaces. @type {string | null} */
  #replaced = null;
  #hintAt = 0;
  #startedAt = 0;
  /** Grows with every opening and every photo, so that a late answer to an earlier one is dropped. */
  #turn = 0;
  #busy = false;
  /** Ends the capture under way. @type {AbortController | null} */
  #capturing = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{recogniser: BrowRecogniser, people: PeopleList}} parts
   */
  constructor(dialog, { recogniser, people }) {
    this.#dialog = dialog;
    this.#recogniser = recogniser;
    this.#people = people;
    this.#form = find('form', HTMLFormElement, dialog);
    this.#name = find('[name=name]', HTMLInputElement, dialog);
    this.#consent = find('[name=consent]', HTMLInputElement, dialog);
    this.#keepPicture = find('[name=keep-picture]', HTMLInputElement, dialog);
    this.#problem = find('.problem', HTMLElement, dialog);
    this.#hint = find('.hint', HTMLElement, dialog);
    find('.capture .guide', HTMLElement, dialog).after(this.#turnGuide.element);
    this.#progress = find('progress', HTMLProgressElement, dialog);
    this.#progress.before(this.#ticks.element);
    this.#advice = find('.advice', HTMLElement, dialog);
    this.#preview = find('.preview', HTMLElement, dialog);
    this.#photoText = find('.photo-text', HTMLElement, dialog);
    this.#file = find('[name=photo]', HTMLInputElement, dialog);
    chooser(this.#file);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    for (const button of dialog.querySelectorAll('.close')) button.addEventListener('click', () => dialog.close());
    find('.again', HTMLButtonElement, dialog).addEventListener('click', () => this.open(this.#mode));
    find('.retake', HTMLButtonElement, dialog).addEventListener('click', () => void this.#retake());
    this.#file.addEventListener('change', () => {
      if (this.#file.files?.length) this.#takePhoto([...this.#file.files]);
    });
    this.#acceptDrops(find('.drop', HTMLElement, dialog));
    dialog.addEventListener('close', () => this.#closed());
  }

  /**
   * @param {'camera' | 'photo'} mode
   * @param {{person?: PersonSummary, files?: FileList}} [options] `person`: add a view to them, or enrol them again where their templates are of
   *   other networks; `files`: a dropped photo
   */
  open(mode, { person, files } = {}) {
    this.#turn++;
    this.#mode = mode;
    this.#more = person ?? null;
    this.#photo = null;
    this.#details = null;
    this.#taken = this.#replaced = null;
    this.#busy = false;
    this.#form.reset();
    this.#preview.replaceChildren();
    this.#photoText.textContent = '';
    this.#complain(null);
    this.#name.value = person?.name ?? '';
    this.#name.readOnly = Boolean(person);
    this.#dialog.dataset.mode = mode;
    find('#enrol-title', HTMLElement, this.#dialog).replaceChildren(...(person
      ? withName(text(this.#isAgain ? 'enrol.title.again' : 'enrol.title.more', { name: '{name}' }), person.name) : [text(`enrol.title.${mode}`)]));
    find('.more-text', HTMLElement, this.#dialog).hidden = !person || this.#isAgain;
    this.#showConsent();
    find('.submit', HTMLButtonElement, this.#dialog).textContent = text(`enrol.next.${mode}`);
    this.#stage('details');
    if (!this.#dialog.open) this.#dialog.showModal();
    (mode === 'photo' ? this.#file : this.#name).focus();
    if (files) this.#takePhoto(files);
  }

  /** Whoever is enrolled again agreed before: to these words or others, which stay with their date. */
  get #isAgain() {
    return this.#more?.outdated === 'again';
  }

  #showConsent() {
    const given = this.#isAgain ? this.#more : null;
    const words = find('#consent-text', HTMLElement, this.#dialog);
    words.textContent = given ? given.consent.text : text('consent.text');
    if (given) words.lang = given.consent.language;
    else words.removeAttribute('lang');
    find('.consent-given', HTMLElement, this.#dialog).textContent = given ? text('enrol.again.consent', { date: date(given.consent.time, { dateStyle: 'medium' }) }) : '';
    this.#consent.checked = given !== null;
    find('label', HTMLElement, /** @type {HTMLElement} */ (this.#consent.closest('fieldset'))).hidden = given !== null;
    this.#keepPicture.checked = Boolean(given?.picture);
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** @param {Stage} stage */
  #stage(stage) {
    for (const part of ['details', 'capture', 'saved']) find(`.${part}`, HTMLElement, this.#dialog).hidden = part !== stage;
  }

  /** Says what is wrong, beside the field that it is about. @param {unknown} problem words, a fault, or null when all is well @param {HTMLElement} [field] */
  #complain(problem, field) {
    for (const input of [this.#name, this.#consent, this.#file]) input.removeAttribute('aria-invalid');
    field?.setAttribute('aria-invalid', 'true');
    this.#sayProblem(problem);
    const place = field?.closest('.file, .field, fieldset') ?? this.#keepPicture.closest('label');
    place?.after(this.#problem);
    field?.focus({ preventScroll: true });
    if (problem !== null) this.#problem.scrollIntoView({ block: 'nearest' });
  }

  /** @param {unknown} problem */
  #sayProblem(problem) {
    if (problem === null || typeof problem === 'string') {
      this.#problem.textContent = problem ?? '';
      delete this.#problem.dataset.code;
      return;
    }
    const { code, message, remedy } = faultOf(problem);
    this.#problem.textContent = `${message} ${remedy}`;
    this.#problem.dataset.code = code;
  }

  async #submit() {
    if (this.#busy) return;
    const name = this.#more ? this.#more.name : tidyName(this.#name.value);
    const wrong = this.#more ? null : nameProblem(name);
    if (this.#mode === 'photo' && !this.#photo) {
      // What is wrong with the photo itself has been said already, perhaps above what is seen now.
      if (!this.#problem.dataset.code) this.#complain(text('photo.needed'), this.#file);
      else this.#problem.scrollIntoView({ block: 'nearest' });
      return;
    }
    if (wrong) return this.#complain(text(...wrong), this.#name);
    if (!this.#consent.checked) return this.#complain(text('consent.needed'), this.#consent);
    this.#complain(null);
    const settled = this.#more ? { name, addTo: this.#more.id } : await this.#people.settleName(name);
    if (!settled) return;
    this.#details = { ...settled, consentTime: Date.now() };
    if (this.#mode === 'photo') await this.#save(/** @type {Enrolment} */ (this.#photo));
    else await this.#capture();
  }

  async #capture() {
    const turn = this.#turn;
    const capturing = this.#capturing = new AbortController();
    this.#busy = true;
    const starting = find('.starting', HTMLElement, this.#dialog);
    const loaded = this.#sayLoading(starting, 'live.starting');
    try {
      await this.#recogniser.start().finally(() => {
        loaded();
        starting.textContent = '';
      });
      if (turn !== this.#turn) return;
      this.#busy = false;
      this.#showCapture();
      const enrolment = await insideOf(this.#recogniser).capture({
        mask: () => (find('[name=mask]:checked', HTMLInputElement, this.#dialog).value === 'masked' ? 'masked' : 'bare'),
        onstep: (step) => this.#guide(step),
        signal: capturing.signal,
      });
      if (turn === this.#turn) this.#keepStill();
      if (turn === this.#turn) await this.#save(enrolment);
    } catch (error) {
      if (turn === this.#turn) this.#backToDetails(error);
    } finally {
      if (turn === this.#turn) this.#busy = false;
    }
  }

  /** Says in its place how far the loading is, or what is done where it is over. @param {HTMLElement} place @param {string} key of the words @returns {() => void} ends it */
  #sayLoading(place, key) {
    const words = new LoadingWords();
    const loading = (/** @type {Event} */ event) => {
      place.textContent = words.say(/** @type {CustomEvent} */ (event).detail);
    };
    place.textContent = text(this.#recogniser.ready ? key : 'loading.title');
    this.#recogniser.addEventListener('brow-progress', loading);
    return () => this.#recogniser.removeEventListener('brow-progress', loading);
  }

  #showCapture() {
    const mirror = find('.capture video', HTMLVideoElement, this.#dialog);
    mirror.srcObject = this.#recogniser.camera.stream;
    mirror.style.rotate = `${this.#recogniser.camera.rotation}deg`;
    mirror.play().catch(() => {});
    this.#hint.textContent = text('enrol.capturing');
    this.#ticks.show('no_face');
    this.#advice.textContent = '';
    this.#progress.value = 0;
    this.#hintAt = 0;
    this.#startedAt = performance.now();
    this.#stage('capture');
    find('.capture .close', HTMLButtonElement, this.#dialog).focus();
  }

  /** @param {EnrolStep} step */
  #guide({ hint, progress, observation }) {
    const now = performance.now();
    this.#progress.value = progress;
    if (now - this.#startedAt > SLOW_MS && !this.#advice.textContent) this.#advice.textContent = text('hint.slow');
    this.#turnGuide.show(observation?.presence?.ask, true);
    this.#ticks.show(hint);
    const words = hintWords({ hint, observation });
    if (words === this.#hint.textContent || (now - this.#hintAt < HINT_MS && hint !== 'done' && hint !== 'turn')) return;
    this.#hint.textContent = words;
    this.#hint.dataset.hint = hint;
    this.#hintAt = now;
  }

  /** Keeps what was typed, says what went wrong. @param {unknown} error */
  #backToDetails(error) {
    this.#stage('details');
    this.#complain(error);
    find('.submit', HTMLButtonElement, this.#dialog).focus();
  }

  /** @param {Enrolment} enrolment */
  async #save(enrolment) {
    const details = this.#details;
    if (!details) return;
    this.#busy = true;
    const turn = this.#turn;
    try {
      const { shortcoming } = enrolment.quality;
      const answer = shortcoming ? await this.#askIfPoor(shortcoming) : 'keep';
      if (turn !== this.#turn) return;
      if (answer === 'again') return await this.#takeAgain();
      if (answer === 'cancel') return this.#dialog.close();
      const addTo = await this.#askIfKnown(enrolment, details.addTo);
      if (addTo === undefined) {
        this.#dialog.close();
        return;
      }
      const { person } = await insideOf(this.#recogniser).client().save({
        name: details.name,
        addTo,
        ...(this.#replaced ? { id: this.#replaced } : {}),
        source: this.#mode,
        keepPicture: this.#keepPicture.checked,
        consent: this.#isAgain && this.#more ? this.#more.consent : { text: this.#consentWords(), version: consentVersion(), language: language(), time: details.consentTime },
      });
      // Of somebody who was enrolled before only this view could be taken back: that is done among their details.
      this.#taken = this.#mode === 'camera' && addTo === null ? person.id : null;
      if (turn === this.#turn) this.#showSaved(person, enrolment);
    } catch (error) {
      if (turn === this.#turn) this.#backToDetails(error);
    } finally {
      this.#busy = false;
    }
  }

  /** The picture as it was at the capture's end, mirrored as the person saw it: shown, and kept nowhere. */
  #keepStill() {
    const mirror = find('.capture video', HTMLVideoElement, this.#dialog);
    const still = find('.still', HTMLCanvasElement, this.#dialog);
    still.width = STILL_WIDTH;
    still.height = Math.round((STILL_WIDTH * mirror.videoHeight) / (mirror.videoWidth || 1)) || 1;
    const context = /** @type {CanvasRenderingContext2D} */ (still.getContext('2d'));
    context.translate(still.width / 2, still.height / 2);
    if (this.#recogniser.camera.rotation) context.rotate(Math.PI);
    context.scale(-1, 1);
    context.drawImage(mirror, -still.width / 2, -still.height / 2, still.width, still.height);
  }

  /** Takes the picture of whoever was just enrolled once more, in the place of what was taken. */
  async #retake() {
    this.#replaced = this.#taken;
    await this.#capture();
  }

  /** With what was asked for beside it. */
  #consentWords() {
    return this.#keepPicture.checked ? `${text('consent.text')} ${text('enrol.keepPicture')}.` : text('consent.text');
  }

  /**
   * What is not as good as the page itself asks for is kept on the person's word only. @param {QualityProblem} shortcoming
   * @returns {Promise<'again' | 'keep' | 'cancel'>}
   */
  #askIfPoor(shortcoming) {
    return choose([text('enrol.poor.title')], [`${text(`who.undecided.${shortcoming}`)}. ${text('enrol.poor.text')}`], [
      { label: [text(`enrol.poor.again.${this.#mode}`)], value: 'again', kind: 'primary' },
      { label: [text('enrol.poor.keep')], value: 'keep' },
      { label: [text('dialog.cancel')], value: 'cancel' },
    ]);
  }

  /** With the name and the consent that were given. */
  async #takeAgain() {
    await insideOf(this.#recogniser).client().discard();
    if (this.#mode === 'camera') return this.#capture();
    this.#photo = null;
    this.#photoText.textContent = '';
    this.#preview.replaceChildren();
    this.#file.value = '';
    this.#backToDetails(null);
    this.#file.focus();
  }

  /**
   * A face that matches somebody else who is enrolled is more often the same person under a second name than a twin.
   * @param {Enrolment} enrolment
   * @param {string | null} addTo
   * @returns {Promise<string | null | undefined>} undefined when it was cancelled
   */
  async #askIfKnown({ resembles }, addTo) {
    if (!resembles || resembles.id === addTo || resembles.id === this.#replaced) return addTo;
    return choose(withName(text('enrol.known.title', { name: '{name}' }), resembles.name), [text('enrol.known.text')], [
      { label: withName(text('enrol.known.add', { name: '{name}' }), resembles.name), value: /** @type {string | null | undefined} */ (resembles.id), kind: 'primary' },
      { label: [text('enrol.known.other')], value: addTo },
      { label: [text('dialog.cancel')], value: undefined },
    ]);
  }

  /** @param {PersonSummary} person @param {Enrolment} enrolment */
  #showSaved(person, enrolment) {
    find('.saved-name', HTMLElement, this.#dialog).replaceChildren(...withName(text('enrol.saved', { name: '{name}' }), person.name));
    find('.still', HTMLCanvasElement, this.#dialog).hidden = this.#mode !== 'camera';
    find('.retake', HTMLButtonElement, this.#dialog).hidden = this.#taken === null;
    const state = enrolment.mask.state === 'bare' ? 'bare' : 'masked';
    // Whoever is on a photo need not be here.
    const advice = { camera: { bare: text('enrol.saved.bare'), masked: text('enrol.saved.masked') }, photo: { bare: text('enrol.saved.photo.bare'), masked: text('enrol.saved.photo.masked') } };
    find('.saved-advice', HTMLElement, this.#dialog).textContent = advice[this.#mode][state];
    find('.saved-quality', HTMLElement, this.#dialog).textContent = text('enrol.saved.quality', { quality: Math.round(100 * enrolment.quality.score) });
    this.#stage('saved');
    find('.saved .close', HTMLButtonElement, this.#dialog).focus();
  }

  /** @param {ArrayLike<File>} files */
  async #takePhoto(files) {
    const turn = ++this.#turn;
    this.#photo = null;
    this.#preview.replaceChildren();
    this.#complain(null);
    const loaded = this.#sayLoading(this.#photoText, 'enrol.photo.looking');
    try {
      if (files.length > 1) throw fault('photo_several_files');
      const { frame, preview, shrunk } = await readPhoto(files[0]);
      if (turn !== this.#turn) return;
      preview.setAttribute('role', 'img');
      preview.setAttribute('aria-label', text('enrol.photo.preview'));
      this.#preview.replaceChildren(preview);
      const { enrolment, chosen } = await enrolFace(insideOf(this.#recogniser).client(), frame, preview);
      if (turn !== this.#turn) return;
      this.#photo = enrolment;
      const { mask, resembles } = enrolment;
      const found = chosen ? chosenWords(chosen) : text('enrol.photo.found', { mask: text(`mask.${mask.state}`) });
      if (chosen) markFace(preview, chosen);
      const known = resembles && resembles.id !== this.#more?.id ? [' ', ...withName(text('enrol.known.title', { name: '{name}' }), resembles.name)] : [];
      // Another face of it is asked for anew, from the file.
      const other = chosen ? [' ', make('button', { type: 'button', class: 'small plain other-face', onclick: () => void this.#takePhoto(files) }, text('faces.again'))] : [];
      this.#photoText.replaceChildren(shrunk ? `${found} ${text('enrol.photo.shrunk')}` : found, ...known, ...other);
      if (chosen) this.#name.focus();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#photoText.textContent = '';
      this.#complain(error, this.#file);
    } finally {
      loaded();
    }
  }

  /** @param {HTMLElement} zone */
  #acceptDrops(zone) {
    zone.addEventListener('dragover', (event) => {
      event.preventDefault();
      zone.classList.add('over');
    });
    zone.addEventListener('dragleave', () => zone.classList.remove('over'));
    zone.addEventListener('drop', (event) => {
      event.preventDefault();
      event.stopPropagation();
      zone.classList.remove('over');
      if (event.dataTransfer?.files.length) this.#takePhoto([...event.dataTransfer.files]);
    });
  }

  #closed() {
    this.#turn++;
    this.#capturing?.abort();
    find('.capture video', HTMLVideoElement, this.#dialog).srcObject = null;
    // Setting its size empties it.
    Object.assign(find('.still', HTMLCanvasElement, this.#dialog), { width: 0, height: 0 });
    if (this.#recogniser.ready) insideOf(this.#recogniser).client().discard().catch(() => {});
  }
}

