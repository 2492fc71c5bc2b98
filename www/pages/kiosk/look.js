/** How the operator wants the kiosk to look: event, words, logo, colour. All of it lies with the settings, encrypted. */
import { decodePhoto } from '../../camera/photo.js';
import { find } from '../../ui/dom.js';
import { fault, text } from '../../words/messages.js';

/** @import { Notices } from '../../ui/notices.js' */
/** @import { Settings } from '../../vault/types.js' */

/** Sides that a logo is made fit for, largest first: a photograph needs a smaller one to stay small. */
const LOGO_SIDES = [480, 320, 200, 120];
/** @type {Pick<Settings, 'kioskEvent' | 'kioskWelcome' | 'kioskLogo' | 'kioskColour'>} */
const PLAIN = { kioskEvent: '', kioskWelcome: '', kioskLogo: '', kioskColour: '' };

/** A picture as small PNGs: what else the file held, as where it was taken, is gone. @param {Blob} file @returns {AsyncGenerator<string, void, void>} data: addresses, the largest first */
async function* logosOf(file) {
  const { bitmap } = await decodePhoto(file);
  for (const side of LOGO_SIDES) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    yield canvas.toDataURL('image/png');
  }
}

export class LookForm {
  #root;
  #set;
  #notices;

  /** @param {HTMLElement} root @param {{set: (patch: Partial<Settings>) => Promise<void>, notices: Notices}} parts */
  constructor(root, { set, notices }) {
    this.#root = root;
    this.#set = set;
    this.#notices = notices;
    const on = (/** @type {string} */ selector, /** @type {string} */ kind, /** @type {() => Promise<unknown>} */ act) =>
      find(selector, HTMLElement, root).addEventListener(kind, () => void act().catch((error) => notices.fault(error)));
    on('#event', 'change', () => set({ kioskEvent: this.#input('#event').value.trim() }));
    on('#own-welcome', 'change', () => set({ kioskWelcome: this.#input('#own-welcome').value.trim() }));
    on('#colour', 'change', () => set({ kioskColour: this.#input('#colour').value }));
    on('#logo', 'change', () => this.#takeLogo());
    on('.plain-look', 'click', () => set(PLAIN));
  }

  /** @param {string} selector */
  #input(selector) {
    return find(selector, HTMLInputElement, this.#root);
  }

  async #takeLogo() {
    const file = this.#input('#logo').files?.[0];
    if (!file) return;
    for await (const kioskLogo of logosOf(file)) {
      if (await this.#takes({ kioskLogo })) {
        this.#notices.say(text('look.logo.kept'));
        return;
      }
    }
    throw fault('photo_damaged');
  }

  /** Whether this may be set: how large a logo may be the store says. @param {Partial<Settings>} patch */
  #takes(patch) {
    return this.#set(patch).then(() => true, (error) => {
      if (error?.code !== 'bad_setting') throw error;
      return false;
    });
  }

  /** Whoever is writing there is not disturbed. @param {Settings} settings */
  show({ kioskEvent, kioskWelcome, kioskColour }) {
    const ours = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
    for (const [selector, value] of [['#event', kioskEvent], ['#own-welcome', kioskWelcome], ['#colour', kioskColour || ours]]) {
      const field = this.#input(selector);
      if (field !== document.activeElement) field.value = value;
    }
  }

  close() {
    for (const selector of ['#event', '#own-welcome', '#logo']) this.#input(selector).value = '';
    this.#input('#logo').dispatchEvent(new Event('change'));
  }
}
