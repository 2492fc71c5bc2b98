/**
 * The vault's part of the page: locking, backups, retention, the audit log, receipts, and what the browser does with the
 * store. It shows and asks; all work is the worker's.
 */
import { choose, untilClosed } from './dialogs.js';
import { HeldNotice } from './held.js';
import { find, make } from './dom.js';
import { chooser, nameWeakness, secret } from './fields.js';
import { logParts } from './log.js';
import { countText, date, duration, faultOf, text } from '../words/messages.js';
import { askToPersist, clearedStore, rememberStore } from '../vault/persist.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Notices } from './notices.js' */
/** @import { State, VaultState } from '../types.js' */
/** @import { MergeRule, Preview } from '../vault/port.js' */
/** @import { Receipt } from '../vault/types.js' */

const LOCK_MINUTES = [1, 5, 10, 30, 0];
const RETENTION_DAYS = [30, 90, 180, 365, 730, 0];
/** Names that a preview lists. */
const SHOWN_NAMES = 20;
/** Use of the page is told to the worker at most so often. */
const TOUCH_EVERY_MS = 10_000;

/** @param {number} time */
const day = (time) => date(time, { dateStyle: 'long' });
/** @param {number} time */
export const moment = (time) => date(time, { dateStyle: 'medium', timeStyle: 'medium' });

/** Hands a file to the person. @param {Blob} file @param {string} name */
export function download(file, name) {
  const url = URL.createObjectURL(file);
  const link = make('a', { href: url, download: name, class: 'hidden' });
  document.body.append(link);
  link.click();
  link.remove();
  // The download reads the address a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {string} name @param {string} label @param {string} autocomplete @param {string} [help] */
export function secretField(name, label, autocomplete, help) {
  const id = `vault-${name}`;
  const input = make('input', { id, name, type: 'password', autocomplete, ...(help ? { 'aria-describedby': `${id}-help` } : {}) });
  const field = make('div', { class: 'field' }, make('label', { for: id }, label), input);
  secret(input);
  if (help) field.append(make('p', { id: `${id}-help`, class: 'note' }, help));
  return { field, input };
}

/**
 * A dialog with a form. It stays open, and says why, until `submit` succeeds.
 * @param {{title: string | (Node | string)[], body: Node[], go: string, submit: () => Promise<unknown>}} parts
 * @returns {Promise<boolean>} false when it was cancelled
 */
export async function formDialog({ title, body, go, submit }) {
  let done = false;
  const problem = make('p', { class: 'problem', role: 'alert' });
  const working = make('p', { class: 'note', role: 'status' });
  const button = make('button', { class: 'primary' }, go);
  const form = make('form', {
    novalidate: true,
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      problem.textContent = '';
      working.textContent = text('vault.working');
      button.disabled = true;
      try {
        await submit();
        done = true;
        dialog.close();
      } catch (error) {
        const { message, remedy } = faultOf(error);
        problem.textContent = `${message} ${remedy}`;
        // Sent by a key, the field may be far above.
        problem.scrollIntoView({ block: 'nearest' });
      } finally {
        working.textContent = '';
        button.disabled = false;
      }
    },
  }, ...body, problem, working, make('div', { class: 'actions' }, button,
    make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('vault.cancel'))));
  const dialog = make('dialog', { class: 'vault-dialog', 'aria-labelledby': 'vault-dialog-title' }, make('h2', { id: 'vault-dialog-title' }, ...[title].flat()), form);
  await untilClosed(dialog);
  return done;
}

/** An error of this page, in the shape of all others. @param {string} key @returns {import('../types.js').Fault} */
export function wrongInput(key) {
  return { code: 'wrong_input', message: text(key), remedy: text(`${key}.remedy`) };
}

export class VaultPanel {
  #root;
  #lock;
  #client;
  #notices;
  #heldNotice;
  /** @type {VaultState | null} */
  #vault = null;
  #seen = false;
  #askedToPersist = false;
  #touched = 0;
  /** When the next PIN may be tried, and what counts down to it. */
  #waitUntil = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #counting;

  /**
   * @param {HTMLElement} root the panel
   * @param {HTMLElement} lock where the locked store is opened
   * @param {{client: BrowClient, notices: Notices}} parts
   */
  constructor(root, lock, { client, notices }) {
    this.#root = root;
    this.#lock = lock;
    this.#client = client;
    this.#notices = notices;
    secret(find('input', HTMLInputElement, lock));
    this.#heldNotice = new HeldNotice({ client, notices });
    this.#listen();
  }

  /** @param {State} state */
  show({ vault, receipts, people }) {
    const lockedNow = vault?.locked && this.#vault?.locked === false;
    this.#vault = vault;
    this.#root.hidden = vault === null || vault.locked;
    this.#lock.hidden = !vault?.locked;
    if (receipts?.length) this.#showReceipts(receipts);
    this.#heldNotice.show(vault);
    if (!vault) return;
    for (const place of [this.#root, this.#lock]) find('.stale', HTMLElement, place).hidden = !vault.stale;
    document.body.classList.toggle('locked', vault.locked);
    if (vault.locked) this.#showLock(vault);
    if (lockedNow || (vault.locked && !this.#seen && document.activeElement === document.body)) {
      // What had the keyboard's attention is gone from the page.
      const pin = find('input', HTMLInputElement, this.#lock);
      pin.focus({ preventScroll: true });
      for (const element of [this.#lock, pin]) element.scrollIntoView({ block: 'nearest' });
    }
    if (!vault.locked) this.#showOpen(vault, people.length);
    this.#watchStore(vault);
  }

  /** @param {string} selector */
  #button(selector) {
    return find(selector, HTMLButtonElement, this.#root);
  }

  #listen() {
    const on = (/** @type {string} */ selector, /** @type {() => Promise<unknown>} */ act) =>
      this.#button(selector).addEventListener('click', () => act.call(this).catch((error) => this.#notices.fault(error)));
    on('.pin-set', this.#setPin);
    on('.pin-change', this.#changePin);
    on('.pin-remove', this.#removePin);
    on('.lock-now', () => this.#client.vault('vaultLock'));
    on('.export', this.#export);
    on('.import', this.#import);
    on('.log', this.#showLog);
    on('.renew', this.#renew);
    on('.everything', this.#forgetEverything);
    on('.keep-ask', this.#keep);
    this.#select('.lock-after', (value) => ({ lockAfterMinutes: value }));
    this.#select('.retention', (value) => ({ retentionDays: value || null }));
    const logMatches = find('.log-matches', HTMLInputElement, this.#root);
    logMatches.addEventListener('change', () => this.#set({ logMatches: logMatches.checked }));
    find('form', HTMLFormElement, this.#lock).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#unlock();
    });
    find('.lock-everything', HTMLButtonElement, this.#lock).addEventListener('click', () => this.#forgetEverything().catch((error) => this.#notices.fault(error)));
    for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, () => this.#touch(), { passive: true });
  }

  /**
   * @param {string} selector
   * @param {(value: number) => Partial<import('../vault/types.js').Settings>} patch
   */
  #select(selector, patch) {
    const select = find(selector, HTMLSelectElement, this.#root);
    select.addEventListener('change', () => this.#set(patch(Number(select.value))));
  }

  /** @param {Partial<import('../vault/types.js').Settings>} patch */
  async #set(patch) {
    try {
      await this.#client.vault('vaultSettings', { patch });
    } catch (error) {
      this.#notices.fault(error);
    }
  }

  /** Keeps the idle lock away while somebody is there. */
  #touch() {
    if (!this.#vault?.pin || this.#vault.locked || performance.now() - this.#touched < TOUCH_EVERY_MS) return;
    this.#touched = performance.now();
    this.#client.vault('vaultTouch').catch(() => {});
  }

  /** @param {VaultState} vault */
  #showLock({ lost, waitSeconds }) {
    this.#countDown(waitSeconds);
    find('h2', HTMLElement, this.#lock).textContent = text(lost ? 'vault.lost.title' : 'vault.locked.title');
    find('.lock-text', HTMLElement, this.#lock).textContent = text(lost ? 'vault.lost.text' : 'vault.locked.text');
    find('form', HTMLFormElement, this.#lock).hidden = lost;
  }

  /** Says how long it is until the next PIN may be tried, second by second. @param {number} seconds */
  #countDown(seconds) {
    const waiting = find('.waiting', HTMLElement, this.#lock);
    const button = find('form button', HTMLButtonElement, this.#lock);
    this.#waitUntil = performance.now() + seconds * 1000;
    const show = () => {
      const left = Math.ceil((this.#waitUntil - performance.now()) / 1000);
      waiting.textContent = left > 0 ? text('vault.wait', { wait: duration(left) }) : '';
      button.disabled = left > 0;
      if (left <= 0) clearInterval(this.#counting);
    };
    clearInterval(this.#counting);
    if (seconds > 0) this.#counting = setInterval(show, 1000);
    show();
  }

  async #unlock() {
    const input = find('input', HTMLInputElement, this.#lock);
    const button = find('form button', HTMLButtonElement, this.#lock);
    const problem = find('.problem', HTMLElement, this.#lock);
    if (performance.now() < this.#waitUntil) return;
    problem.textContent = '';
    button.disabled = true;
    let waitSeconds = 0;
    try {
      await this.#client.vault('vaultUnlock', { pin: input.value });
      this.#notices.say(text('vault.said.unlocked'));
      document.getElementById('people-title')?.focus();
    } catch (error) {
      const { message, remedy, values } = faultOf(error);
      problem.textContent = `${message} ${remedy}`;
      waitSeconds = Number(values?.waitSeconds ?? 0);
      input.focus();
    } finally {
      input.value = '';
      this.#countDown(waitSeconds);
    }
  }

  /** @param {VaultState} vault @param {number} people */
  #showOpen({ pin, settings, backup, persisted }, people) {
    find('.pin-words', HTMLElement, this.#root).textContent = text(pin ? 'vault.pin.set' : 'vault.pin.none');
    this.#button('.pin-set').hidden = pin;
    for (const selector of ['.pin-change', '.pin-remove', '.lock-now']) this.#button(selector).hidden = !pin;
    find('.lock-after-field', HTMLElement, this.#root).hidden = !pin;
    if (settings) {
      this.#choose('.lock-after', LOCK_MINUTES, settings.lockAfterMinutes, 'vault.lockAfter', 'minutes');
      this.#choose('.retention', RETENTION_DAYS, settings.retentionDays ?? 0, 'vault.retention', 'days');
      find('.log-matches', HTMLInputElement, this.#root).checked = settings.logMatches;
    }
    find('.backup-words', HTMLElement, this.#root).textContent = backup?.lastBackup ? text('vault.backup.last', { date: day(backup.lastBackup) }) : text('vault.backup.never');
    find('.backup-due', HTMLElement, this.#root).hidden = !backup?.due;
    this.#button('.export').disabled = people === 0;
    find('.keep-words', HTMLElement, this.#root).textContent = text(persisted ? 'vault.keep.yes' : 'vault.keep.no');
    this.#button('.keep-ask').hidden = Boolean(persisted);
  }

  /**
   * Shows a stored value, also one that is not among the choices.
   * @param {string} selector
   * @param {number[]} choices 0 is "never"
   * @param {number} value
   * @param {'vault.lockAfter' | 'vault.retention'} key
   * @param {'minutes' | 'days'} unit
   */
  #choose(selector, choices, value, key, unit) {
    const select = find(selector, HTMLSelectElement, this.#root);
    const all = choices.includes(value) ? choices : [value, ...choices];
    select.replaceChildren(...all.map((choice) => make('option', { value: String(choice) }, choice ? countText(`${key}.${unit}`, choice) : text(`${key}.never`))));
    select.value = String(value);
  }

  /** Notices a store that the browser cleared, and asks once to keep the one that is there. @param {VaultState} vault */
  #watchStore({ id, records, persisted }) {
    if (!id) return;
    const cleared = this.#seen ? null : clearedStore(id);
    this.#seen = true;
    if (cleared) {
      this.#notices.fault({ code: 'storage_cleared', message: text('vault.cleared', { people: countText('vault.people', cleared.people), date: day(cleared.since) }), remedy: text('vault.cleared.remedy') },
        { label: text('vault.import'), act: () => void this.#import().catch((error) => this.#notices.fault(error)) });
    }
    rememberStore(id, records);
    if (records > 0 && persisted === false && !this.#askedToPersist) {
      this.#askedToPersist = true;
      void this.#keep();
    }
  }

  async #keep() {
    const kept = await askToPersist();
    find('.keep-words', HTMLElement, this.#root).textContent = text(kept ? 'vault.keep.yes' : 'vault.keep.no');
    this.#button('.keep-ask').hidden = kept;
  }

  /** A new PIN, entered twice. */
  #newPin() {
    const first = secretField('new-pin', text('vault.pin.new'), 'new-password', text('vault.pin.help'));
    nameWeakness(first.input, this.#client);
    const second = secretField('new-pin-again', text('vault.pin.again'), 'new-password');
    const value = () => {
      if (first.input.value !== second.input.value) throw wrongInput('vault.pin.differ');
      return first.input.value;
    };
    return { fields: [first.field, second.field], value };
  }

  async #setPin() {
    const { fields, value } = this.#newPin();
    const done = await formDialog({
      title: text('vault.pin.setIt'), body: fields, go: text('vault.save'),
      submit: () => this.#client.vault('vaultSetPin', { pin: value() }),
    });
    if (done) this.#notices.say(text('vault.said.pin'));
  }

  async #changePin() {
    const now = secretField('pin-now', text('vault.pin.now'), 'current-password');
    const { fields, value } = this.#newPin();
    const done = await formDialog({
      title: text('vault.pin.change'), body: [now.field, ...fields], go: text('vault.save'),
      submit: () => this.#client.vault('vaultChangePin', { pin: now.input.value, newPin: value() }),
    });
    if (done) this.#notices.say(text('vault.said.pin'));
  }

  async #removePin() {
    const now = secretField('pin-now', text('vault.pin.now'), 'current-password');
    const done = await formDialog({
      title: text('vault.pin.remove'), body: [now.field], go: text('vault.pin.remove'),
      submit: () => this.#client.vault('vaultRemovePin', { pin: now.input.value }),
    });
    if (done) this.#notices.say(text('vault.said.pinRemoved'));
  }

  async #export() {
    const first = secretField('passphrase', text('vault.passphrase'), 'new-password', text('vault.passphrase.help'));
    const second = secretField('passphrase-again', text('vault.pin.again'), 'new-password');
    await formDialog({
      title: text('vault.export.title'), body: [make('p', {}, text('vault.export.text')), first.field, second.field], go: text('vault.export'),
      submit: async () => {
        if (first.input.value !== second.input.value) throw wrongInput('vault.pin.differ');
        const { file, filename, people, leftOut } = await this.#client.vault('vaultExport', { passphrase: first.input.value });
        download(file, filename);
        this.#notices.say(text('vault.said.exported', { people: countText('vault.people', people) }), leftOut ? ` ${countText('vault.said.leftOut', leftOut)}` : '');
      },
    });
  }

  async #import() {
    const chosen = make('input', { type: 'file', accept: '.brow', id: 'vault-file', name: 'file' });
    const fileField = make('div', { class: 'field' }, make('label', { for: 'vault-file' }, text('vault.import.file')), chosen);
    chooser(chosen);
    const { field, input } = secretField('passphrase', text('vault.passphrase'), 'off');
    /** @type {{file: File, passphrase: string, preview: Preview} | null} */
    let looked = null;
    const done = await formDialog({
      title: text('vault.import.title'), body: [fileField, field], go: text('vault.import.look'),
      submit: async () => {
        const file = chosen.files?.[0];
        if (!file) throw wrongInput('vault.import.noFile');
        const preview = await this.#client.vault('vaultPreview', { file, passphrase: input.value });
        looked = { file, passphrase: input.value, preview };
      },
    });
    if (done && looked) await this.#takeIn(looked);
  }

  /** @param {{file: File, passphrase: string, preview: Preview}} looked */
  async #takeIn({ file, passphrase, preview }) {
    const rules = /** @type {MergeRule[]} */ (['skip', 'replace', 'both']);
    const names = make('ul', { class: 'names' }, ...preview.who.slice(0, SHOWN_NAMES).map(({ name }) => make('li', {}, make('bdi', { dir: 'auto' }, name))));
    if (preview.who.length > SHOWN_NAMES) names.append(make('li', { class: 'note' }, text('vault.import.more', { count: preview.who.length - SHOWN_NAMES })));
    const choice = make('fieldset', {}, make('legend', {}, text('vault.import.rule')),
      ...rules.map((rule) => make('label', {}, make('input', { type: 'radio', name: 'rule', value: rule, checked: rule === 'skip' }), ' ', text(`vault.import.${rule}`))));
    const lines = [
      text('vault.import.preview', { people: countText('vault.people', preview.people), references: countText('vault.templates', preview.references), date: day(preview.created) }),
      ...(preview.people ? [text('vault.import.models', { models: Object.keys(preview.models).join(', ') })] : []),
      ...(preview.known ? [text('vault.import.known', { count: preview.known })] : []),
      ...(preview.sameName ? [text('vault.import.sameName', { count: preview.sameName })] : []),
    ];
    await formDialog({
      title: text('vault.import.title'), body: [...lines.map((line) => make('p', {}, line)), names, ...(preview.known ? [choice] : [])], go: text('vault.import.go'),
      submit: async () => {
        const rule = /** @type {MergeRule} */ (choice.querySelector('input:checked')?.getAttribute('value') ?? 'skip');
        const { counts } = await this.#client.vault('vaultImport', { file, passphrase, rule });
        this.#notices.clear('storage_cleared');
        this.#notices.say(text('vault.said.imported', counts));
      },
    });
  }

  async #showLog() {
    const { ok, words, rows } = logParts(await this.#client.vault('vaultLog'));
    const dialog = make('dialog', { class: 'vault-dialog', 'aria-labelledby': 'vault-log-title' },
      make('h2', { id: 'vault-log-title' }, text('vault.log.title')),
      make('p', { class: 'note' }, text('vault.log.text')),
      make('p', { class: ok ? 'log-verdict' : 'log-verdict problem' }, words),
      rows,
      make('div', { class: 'actions' },
        make('button', { type: 'button', class: 'plain save-log', onclick: () => this.#saveLog().catch((error) => this.#notices.fault(error)) }, text('vault.log.save')),
        make('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, text('vault.close'))));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  async #saveLog() {
    const log = await this.#client.vault('vaultExportLog');
    download(new Blob([log], { type: 'application/json' }), 'brow-audit-log.json');
  }

  async #renew() {
    const sure = await choose([text('vault.renew.title')], [text('vault.renew.text')], [
      { label: [text('vault.renew.yes')], value: true, kind: 'primary' },
      { label: [text('vault.cancel')], value: false },
    ]);
    if (!sure) return;
    const { renewed } = await this.#client.vault('vaultRenew');
    this.#notices.say(text('vault.said.renewed', { templates: countText('vault.templates', renewed.references) }));
  }

  async #forgetEverything() {
    const sure = await choose([text('vault.everything.title')], [text('vault.everything.text')], [
      { label: [text('vault.everything.yes')], value: true, kind: 'danger' },
      { label: [text('vault.cancel')], value: false },
    ]);
    if (!sure) return;
    await this.#client.vault('vaultEraseEverything');
    this.#notices.say(text('vault.said.everything'));
  }

  /** @param {Receipt[]} receipts */
  #showReceipts(receipts) {
    const [first] = receipts;
    const people = receipts.reduce((sum, receipt) => sum + receipt.people, 0);
    const words = receipts.length === 1 && first.kind === 'person'
      ? text('vault.receipt.person', { date: moment(first.time) }) : text('vault.receipt.other', { date: moment(first.time), people: countText('vault.people', people) });
    const line = make('p', {}, words);
    if (receipts.some(({ reason }) => reason === 'expired' || reason === 'retention')) line.append(` ${text('vault.receipt.expired')}`);
    if (!receipts.every(({ confirmed }) => confirmed)) line.append(make('span', { class: 'problem' }, ` ${text('vault.receipt.unsure')}`));
    const save = () => download(new Blob([JSON.stringify(receipts.length === 1 ? first : receipts, null, 2)], { type: 'application/json' }), 'brow-receipt.json');
    const place = find('.receipts', HTMLElement, this.#root);
    place.replaceChildren(line, make('button', { type: 'button', class: 'small plain', onclick: save }, text('vault.receipt.save')));
    place.hidden = false;
  }
}
