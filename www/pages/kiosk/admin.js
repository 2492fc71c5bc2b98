/** The kiosk's administration, part by part: expected people, the day, settings, who is enrolled, the log; and the way out. It is empty while it is closed. */
import { CheckIn } from './checkin.js';
import { Checklist } from './checklist.js';
import { isInfrared } from '../../camera/camera.js';
import { find, make } from '../../ui/dom.js';
import { chooser } from '../../ui/fields.js';
import { HeldNotice } from '../../ui/held.js';
import { fillScreen } from './awake.js';
import { LookForm } from './look.js';
import { LANGUAGES, fault, number, text } from '../../words/messages.js';
import { Notices } from '../../ui/notices.js';
import { Parts } from './parts.js';
import { chooseLanguage, showLanguages } from '../../ui/page-language.js';
import { OutdatedNotice } from '../../ui/outdated.js';
import { PeopleList } from '../../ui/people.js';
import { logParts } from '../../ui/log.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Eyes } from './eyes.js' */
/** @import { Observation, Remade, State } from '../../types.js' */
/** @import { Settings } from '../../vault/types.js' */

/** Left alone for so long, it closes. */
const LEFT_ALONE_MS = 180_000;
/** Height of a face in metres times the usual webcam's focal length in heights of its picture. */
const METRES = 0.22;

/** Events: `state` CustomEvent<State> after a change; `camera`: another camera was chosen. */
export class Admin extends EventTarget {
  #dialog;
  #client;
  #eyes;
  #people;
  #checkIn;
  #checklist;
  #look;
  #parts;
  #notices;
  #held;
  #outdated;
  #share = 0;
  /** Choices that are being stored. */
  #storing = 0;
  /** What keeps the screen on. @type {'lock' | 'video' | 'none'} */
  #awake = 'none';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #alone;

  /** @param {HTMLDialogElement} dialog @param {{client: BrowClient, eyes: Eyes}} parts */
  constructor(dialog, { client, eyes }) {
    super();
    this.#dialog = dialog;
    this.#client = client;
    this.#eyes = eyes;
    this.#notices = new Notices(find('.notices', HTMLElement, dialog));
    for (const input of dialog.querySelectorAll('input')) if (input.type === 'file') chooser(input);
    this.#held = new HeldNotice({ client, notices: this.#notices });
    this.#outdated = new OutdatedNotice(this.#notices);
    this.#people = new PeopleList(find('#people', HTMLElement, dialog), { client, notices: this.#notices });
    this.#checkIn = new CheckIn(find('#checkin', HTMLElement, dialog), { client, notices: this.#notices, eyes });
    this.#parts = new Parts(find('.parts', HTMLElement, dialog));
    this.#checklist = new Checklist(find('#checklist', HTMLElement, dialog), { eyes, done: find('#tab-setup .done', HTMLElement, dialog) });
    this.#look = new LookForm(find('#look', HTMLElement, dialog), { set: (patch) => this.#set(patch), notices: this.#notices });
    for (const part of [this.#people, this.#checkIn]) part.addEventListener('state', (event) => this.#changed(/** @type {CustomEvent<State>} */ (event).detail));
    this.#listen();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** Whether a choice is being stored: what is told meanwhile may be from before it. */
  get isStoring() {
    return this.#storing > 0;
  }

  /** @param {{isNew: boolean}} kiosk isNew: nobody is enrolled yet, and it is to be set up */
  async open({ isNew }) {
    this.#parts.open(isNew ? 'setup' : 'guests');
    this.#dialog.showModal();
    find('h2', HTMLElement, this.#dialog).focus();
    this.#stayOpen();
    await this.#fill();
  }

  /** Shows everything as it is now, in the language of now. */
  async #fill() {
    const devices = await this.#eyes.camera.devices();
    const state = await this.#client.state();
    this.#listCameras(devices, state.vault?.settings?.kioskCamera ?? null);
    this.heed(state);
    this.#checklist.open(state);
    this.#sayAwake();
    this.#saySuspect();
    await this.#checkIn.open();
    await this.#showLog();
  }

  /** @param {State} state */
  heed(state) {
    if (!this.isOpen) return;
    const settings = state.vault?.settings;
    if (!settings) {
      this.#dialog.close();
      return;
    }
    this.#people.show(state);
    this.#checklist.heed(state);
    this.#held.show(state.vault);
    this.#outdated.show(state);
    this.#checkIn.heed();
    find('.stale', HTMLElement, this.#dialog).hidden = !state.vault?.stale;
    this.#input('#keep-open').checked = Boolean(state.vault?.keptOpen);
    // What was told before a choice was stored would turn that choice back for a moment.
    if (!this.isStoring) this.#showSettings(settings);
  }

  /** @param {Settings} settings */
  #showSettings(settings) {
    this.#show(this.#input('#distance'), String(Math.round(100 * settings.kioskDistance)));
    this.#show(this.#input('#timeout'), String(settings.kioskTimeoutSeconds));
    this.#input('#sounds').checked = settings.kioskSounds;
    this.#show(find('#hosts', HTMLTextAreaElement, this.#dialog), settings.kioskHosts.join('\n'));
    this.#select('#kiosk-presence').value = settings.kioskPresence;
    this.#select('#kiosk-target').value = String(settings.targetFmr);
    this.#select('#kiosk-theme').value = settings.theme;
    showLanguages(this.#select('#kiosk-language'));
    this.#input('#confirm').checked = settings.kioskConfirm;
    this.#showSecond(settings.kioskSecondLanguage);
    this.#look.show(settings);
    this.#sayDistance();
  }

  /** @param {string | null} chosen */
  #showSecond(chosen) {
    const select = this.#select('#kiosk-second-language');
    select.replaceChildren(make('option', { value: '' }, text('kiosk.second.none')), ...Object.entries(LANGUAGES).map(([tag, name]) => make('option', { value: tag, lang: tag }, name)));
    select.value = chosen ?? '';
  }

  /** Whoever is writing there is not disturbed. @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} value */
  #show(field, value) {
    if (field !== document.activeElement) field.value = value;
  }

  /** @param {Observation[]} observations @param {number} height of the frame */
  saw(observations, height) {
    const nearest = observations.reduce((best, face) => (best && best.box.height >= face.box.height ? best : face), /** @type {Observation | null} */ (null));
    this.#share = nearest ? nearest.box.height / height : 0;
    if (!this.isOpen) return;
    this.#sayDistance();
    this.#checklist.saw(nearest);
  }

  /** @param {'lock' | 'video' | 'none'} how */
  awake(how) {
    this.#awake = how;
    if (this.isOpen) this.#sayAwake();
  }

  #sayAwake() {
    find('.awake', HTMLElement, this.#dialog).textContent = text(`kiosk.awake.${this.#awake}`);
  }

  /** Whether the camera may be none, for the operator. */
  #saySuspect() {
    find('.suspect', HTMLElement, this.#dialog).textContent = this.#eyes.suspicion.map((why) => text(`kiosk.camera.suspect.${why}`)).join(' ');
  }

  /** @param {string} selector */
  #input(selector) {
    return find(selector, HTMLInputElement, this.#dialog);
  }

  /** @param {string} selector */
  #select(selector) {
    return find(selector, HTMLSelectElement, this.#dialog);
  }

  #sayDistance() {
    const percent = Number(this.#input('#distance').value);
    const words = text('kiosk.distance.words', { percent, metres: number(METRES / (percent / 100), { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
    const now = this.#share ? ` ${text('kiosk.distance.now', { percent: Math.round(100 * this.#share) })}` : '';
    find('#distance-words', HTMLElement, this.#dialog).textContent = words + now;
  }

  #listen() {
    this.#client.addEventListener('remade', (event) => {
      if (this.isOpen) this.#outdated.progress(/** @type {CustomEvent<Remade>} */ (event).detail);
    });
    const on = (/** @type {string} */ selector, /** @type {() => Promise<unknown> | unknown} */ act) => find(selector, HTMLElement, this.#dialog)
      .addEventListener(/button|\./.test(selector) ? 'click' : 'change', () => Promise.resolve().then(act).catch((error) => this.#notices.fault(error)));
    on('#distance', () => this.#set({ kioskDistance: Number(this.#input('#distance').value) / 100 }));
    this.#input('#distance').addEventListener('input', () => this.#sayDistance());
    on('#timeout', () => this.#set({ kioskTimeoutSeconds: Number(this.#input('#timeout').value) }));
    on('#kiosk-second-language', () => this.#set({ kioskSecondLanguage: this.#select('#kiosk-second-language').value || null }));
    on('#confirm', () => this.#set({ kioskConfirm: this.#input('#confirm').checked }));
    on('#sounds', () => this.#set({ kioskSounds: this.#input('#sounds').checked }));
    on('#hosts', () => this.#set({ kioskHosts: this.#hosts() }));
    on('#kiosk-target', () => this.#store(() => this.#client.setSettings({ targetFmr: Number(this.#select('#kiosk-target').value) })));
    on('#kiosk-presence', () => this.#set({ kioskPresence: /** @type {Settings['kioskPresence']} */ (this.#select('#kiosk-presence').value) }));
    on('#kiosk-theme', () => this.#store(() => this.#client.setSettings({ theme: /** @type {Settings['theme']} */ (this.#select('#kiosk-theme').value) })));
    on('#kiosk-language', async () => {
      const language = this.#select('#kiosk-language').value || null;
      await this.#store(async () => {
        await chooseLanguage(language);
        return this.#client.setSettings({ language });
      });
      await this.#fill();
    });
    on('#keep-open', () => this.#store(() => this.#client.vault('vaultKeepOpen', { wanted: this.#input('#keep-open').checked })));
    on('#kiosk-camera', async () => {
      await this.#set({ kioskCamera: this.#select('#kiosk-camera').value || null });
      this.dispatchEvent(new Event('camera'));
    });
    on('.add-first', () => {
      this.#parts.open('guests');
      return this.#checkIn.add();
    });
    on('.full', fillScreen);
    on('.close', () => this.#dialog.close());
    on('.lock', async () => {
      const state = await this.#client.vault('vaultLock');
      this.#dialog.close();
      this.#changed(state);
    });
    on('.leave', async () => {
      if (document.fullscreenElement) await document.exitFullscreen();
      location.assign('./');
    });
    for (const kind of ['pointerdown', 'keydown', 'input']) this.#dialog.addEventListener(kind, () => this.#stayOpen(), { passive: true });
    this.#dialog.addEventListener('close', () => this.#closed());
  }

  /** @returns {string[]} */
  #hosts() {
    const lines = find('#hosts', HTMLTextAreaElement, this.#dialog).value.split('\n').map((line) => line.trim()).filter(Boolean);
    return lines.map((line) => {
      if (!URL.canParse(line) || !/^https?:$/.test(new URL(line).protocol)) throw fault('bad_host', { host: line });
      return new URL(line).origin;
    });
  }

  /** @param {Partial<Settings>} patch */
  #set(patch) {
    return this.#store(() => this.#client.vault('vaultSettings', { patch }));
  }

  /** Keeps a choice. @param {() => Promise<State>} act */
  async #store(act) {
    this.#storing += 1;
    const state = await act().finally(() => {
      this.#storing -= 1;
    });
    this.#changed(state);
  }

  /** @param {State} state */
  #changed(state) {
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    this.heed(state);
  }

  /** @param {MediaDeviceInfo[]} devices @param {string | null} chosen */
  #listCameras(devices, chosen) {
    const select = this.#select('#kiosk-camera');
    select.replaceChildren(make('option', { value: '' }, text('kiosk.camera.auto')), ...devices.map(({ deviceId, label }, index) => {
      const name = label || `${text('live.camera')} ${index + 1}`;
      return make('option', { value: deviceId }, isInfrared(label) ? text('kiosk.camera.infrared', { label: name }) : name);
    }));
    select.value = devices.some(({ deviceId }) => deviceId === chosen) ? String(chosen) : '';
  }

  get #logPlace() {
    return find('#kiosk-log .place', HTMLElement, this.#dialog);
  }

  async #showLog() {
    const { words, rows } = logParts(await this.#client.vault('vaultLog'));
    find('.verdict', HTMLElement, this.#dialog).textContent = words;
    this.#logPlace.replaceChildren(rows);
  }

  #stayOpen() {
    clearTimeout(this.#alone);
    this.#alone = setTimeout(() => {
      if (this.#checkIn.busy) this.#stayOpen();
      else this.#dialog.close();
    }, LEFT_ALONE_MS);
  }

  /** Nothing of anybody stays in the closed page. */
  #closed() {
    clearTimeout(this.#alone);
    for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    this.#people.forget();
    this.#checklist.forget();
    this.#logPlace.replaceChildren();
    this.#held.show(null);
    this.#outdated.show(null);
    find('.notices', HTMLElement, this.#dialog).replaceChildren();
    this.#checkIn.close();
    this.#look.close();
  }
}
