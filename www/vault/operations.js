/** What the page may ask of the vault: the worker spreads these among its operations. */
import { storeError } from './errors.js';
import { withArrival } from './guests.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Settings} Settings */
/** @typedef {import('./types.js').Guest} Guest */
/** @typedef {import('./types.js').GuestList} GuestList */
/** @typedef {import('../types.js').State} State */
/** @typedef {import('../types.js').VaultState} VaultState */
/** @typedef {import('./store.js').MergeRule} MergeRule */

/** Of so many entries the page shows the newest; the export has them all. */
const SHOWN_ENTRIES = 200;

/**
 * @param {unknown} store
 * @returns {Promise<VaultState | null>}
 */
export async function vaultState(store) {
  if (!(store instanceof Store)) return null;
  const { vault, created, locked, lost, pin, keptOpen, stale, waitSeconds, records, persisted, repaired, held } = await store.status();
  const open = !locked && !lost;
  const [backup, settings] = open ? await Promise.all([store.backup(), store.settings()]) : [null, null];
  return { id: vault, created, locked, lost, pin, keptOpen, stale, waitSeconds, records, persisted, repaired, held, backup, settings };
}

/**
 * @param {{store: () => unknown, refill: () => Promise<void>, empty: () => void, state: () => Promise<State>, progress: (done: number, total: number) => void}} worker
 *   refill: hands the gallery to the engine anew; empty: takes it away; progress: tells the page that work goes on
 */
export function vaultOperations({ store: current, refill, empty, state, progress }) {
  /** @returns {Store} */
  const vault = () => {
    const store = current();
    if (!(store instanceof Store)) throw storeError('storage_unavailable');
    return store;
  };
  return {
    /** @param {{pin: string}} message */
    async vaultUnlock({ pin }) {
      await vault().unlock(pin);
      await refill();
      return state();
    },

    async vaultLock() {
      await vault().lock();
      empty();
      return state();
    },

    /** @param {{pin: string}} message */
    async vaultSetPin({ pin }) {
      await vault().setPin(pin);
      return state();
    },

    /** @param {{pin: string, newPin: string}} message */
    async vaultChangePin({ pin, newPin }) {
      await vault().changePin(pin, newPin);
      return state();
    },

    /** @param {{pin: string}} message */
    async vaultRemovePin({ pin }) {
      await vault().removePin(pin);
      return state();
    },

    /** @param {{pin: string}} message */
    async vaultProvePin({ pin }) {
      await vault().provePin(pin);
    },

    /** @param {{wanted: boolean}} message */
    async vaultKeepOpen({ wanted }) {
      await vault().keepOpen(wanted);
      return state();
    },

    vaultHold() {
      return vault().hold();
    },

    /** @returns {Promise<GuestList | null>} */
    guests() {
      return vault().guests();
    },

    /** @param {{list: GuestList}} message */
    guestsSet({ list }) {
      return vault().changeGuests(() => list);
    },

    /**
     * Why a guest could not be enrolled, or that nothing stands in the way any more.
     * @param {{problems: Record<string, string | null>}} message by id
     */
    guestsProblems({ problems }) {
      return vault().changeGuests((list) => {
        if (!list) throw storeError('no_guests');
        return { ...list, guests: list.guests.map((guest) => (guest.id in problems ? { ...guest, problem: problems[guest.id] } : guest)) };
      });
    },

    /**
     * Marks a guest as arrived; whoever is not on the list changes nothing.
     * @param {{guest: string, time: number}} message
     * @returns {Promise<{first: number} | null>} when they came first; null for whoever is not expected
     */
    async guestSeen({ guest, time }) {
      const known = (await vault().guests())?.guests.find(({ id }) => id === guest);
      if (!known) return null;
      const first = known.arrived ?? time;
      await vault().changeGuests((list) => withArrival(/** @type {GuestList} */ (list), guest, { arrived: first, seen: time, by: known.by ?? 'camera' }));
      return { first };
    },

    /** Marks or unmarks by hand. @param {{guest: string, arrival: Pick<Guest, 'arrived' | 'seen' | 'by'>}} message */
    guestArrival({ guest, arrival }) {
      return vault().changeGuests((list) => {
        if (!list) throw storeError('no_guests');
        return withArrival(list, guest, arrival);
      });
    },

    async guestsErase() {
      const receipt = await vault().eraseGuests();
      await refill();
      return { ...(await state()), receipts: [receipt] };
    },

    /** Somebody is at the device. */
    vaultTouch() {
      vault().touch();
    },

    /** @param {{patch: Partial<Settings>}} message */
    async vaultSettings({ patch }) {
      await vault().setSettings(patch);
      // A shorter retention may have come due for somebody.
      const receipts = await vault().eraseExpired();
      if (receipts.length) await refill();
      return { ...(await state()), receipts };
    },

    /** Somebody says that this device's clock is right: whoever's erasure was held back is erased. */
    async vaultEraseDue() {
      const receipts = await vault().eraseExpired(Date.now(), { sure: true });
      await refill();
      return { ...(await state()), receipts };
    },

    /** All that is kept about one person. Templates stay in the worker. @param {{person: string}} message @returns {Promise<import('../types.js').OwnData>} */
    async personData({ person: id }) {
      const [person, list, { entries }] = await Promise.all([vault().person(id), vault().guests(), vault().logEntries({ newest: Infinity })]);
      return {
        person: { ...person, references: person.references.map(({ template, ...rest }) => ({ ...rest, bytes: template.length })) },
        guest: list?.guests.find((guest) => guest.id === id) ?? null,
        log: entries.filter(({ subject }) => subject === id).map(({ time, event }) => ({ time, event })),
      };
    },

    /** @param {{passphrase: string}} message */
    async vaultExport({ passphrase }) {
      const { file, filename, people, references, leftOut } = await vault().exportTo(passphrase, progress);
      return { file, filename, people, references, leftOut: leftOut.length, state: await state() };
    },

    /** @param {{file: Blob, passphrase: string}} message */
    vaultPreview({ file, passphrase }) {
      return vault().previewImport(file, passphrase);
    },

    /** @param {{file: Blob, passphrase: string, rule: MergeRule}} message */
    async vaultImport({ file, passphrase, rule }) {
      const counts = await vault().importFrom(file, passphrase, rule, progress);
      await refill();
      return { counts, state: await state() };
    },

    async vaultLog() {
      const [{ entries, unreadable }, verdict] = await Promise.all([vault().logEntries({ newest: SHOWN_ENTRIES }), vault().verifyLog()]);
      return { entries, unreadable, verdict };
    },

    vaultExportLog() {
      return vault().exportLog();
    },

    async vaultRenew() {
      const renewed = await vault().renewProtection();
      await refill();
      return { renewed, state: await state() };
    },

    async vaultEraseEverything() {
      empty();
      const receipt = await vault().eraseEverything();
      await refill();
      return { ...(await state()), receipts: [receipt] };
    },
  };
}

/** Notes each decision about a face in the audit log once, however many frames confirm it. */
export class Witness {
  /** @type {Set<string>} */
  #noted = new Set();

  /** Faces are numbered anew. */
  forget() {
    this.#noted.clear();
  }

  /**
   * @param {unknown} store
   * @param {{track: number, decision: {kind: string, person?: string, reason?: string}}[]} observations
   */
  note(store, observations) {
    if (!(store instanceof Store) || store.locked || !store.logsMatches) return;
    for (const { track, decision } of observations) {
      const isAttack = decision.kind === 'undecided' && decision.reason === 'presentation_attack';
      if (decision.kind === 'undecided' && !isAttack) continue;
      const key = `${track} ${decision.kind} ${decision.person ?? ''}`;
      if (this.#noted.has(key)) continue;
      this.#noted.add(key);
      const matched = decision.kind === 'match';
      // The live view does not wait for it, and a full disk must not stop it.
      store.log(isAttack ? 'presence_refused' : matched ? 'matched' : 'refused', { subject: matched ? decision.person : null }).catch(() => {});
    }
  }
}
