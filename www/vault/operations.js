/** What the page may ask of the vault: the worker spreads these among its operations. */
import { storeError } from './errors.js';
import { withArrival, withDesk, withGuest, withoutGuest } from './guests.js';
import { pinWeakness } from '../worker/brow.js';

/** @import { Observation, OwnData, PinWeakness, State, VaultState } from '../types.js' */
/** @import { MergeRule, Store } from './port.js' */
/** @import { DeskReason, Guest, GuestList, Person, Settings } from './types.js' */

/** Of so many entries the page shows the newest; the export has them all. */
const SHOWN_ENTRIES = 200;

/**
 * @param {Store} store
 * @returns {Promise<VaultState | null>} null where nothing is kept
 */
export async function vaultState(store) {
  const status = await store.status();
  if (!status) return null;
  const { vault, created, locked, lost, pin, keptOpen, stale, waitSeconds, records, persisted, repaired, held } = status;
  const open = !locked && !lost;
  const [backup, settings] = open ? await Promise.all([store.backup(), store.settings()]) : [null, null];
  return { id: vault, created, locked, lost, pin, keptOpen, stale, waitSeconds, records, persisted, repaired, held, backup, settings };
}

/**
 * @param {{store: () => Store, kept: (person: Person) => void, refill: () => Promise<void>, empty: () => void, state: () => Promise<State>, progress: (done: number, total: number) => void}} worker
 *   kept: to be told of whoever was stored with other words; refill: hands the gallery to the engine anew; empty: takes it away; progress: tells the page that work goes on
 */
export function vaultOperations({ store: vault, kept, refill, empty, state, progress }) {
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

    /** What makes a PIN one of the first that anybody tries. @param {{pin: string}} message @returns {PinWeakness | null} */
    pinWeakness: ({ pin }) => pinWeakness(pin) ?? null,

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
     * Marks a guest as arrived, or as seen where the desk confirms arrivals; whoever is not on the list changes nothing.
     * @param {{guest: string, time: number}} message
     * @returns {Promise<{first: number | null, host: string} | null>} when they came first, null as long as the desk has not confirmed it, and whom they visit; null for whoever is not expected
     */
    async guestSeen({ guest, time }) {
      const known = (await vault().guests())?.guests.find(({ id }) => id === guest);
      if (!known) return null;
      const { kioskConfirm } = await vault().settings();
      const first = known.arrived ?? (kioskConfirm ? null : time);
      await vault().changeGuests((list) => withArrival(/** @type {GuestList} */ (list), guest, { arrived: first, seen: time, by: known.by ?? (first === null ? null : 'camera') }));
      return { first, host: known.host };
    },

    /** Marks or unmarks by hand. @param {{guest: string, arrival: Pick<Guest, 'arrived' | 'seen' | 'by'>}} message */
    guestArrival({ guest, arrival }) {
      return vault().changeGuests((list) => {
        if (!list) throw storeError('no_guests');
        return withArrival(list, guest, arrival);
      });
    },

    /** Somebody who was not expected; where there is no list yet they begin one. @param {{guest: Guest}} message */
    guestAdd({ guest }) {
      return vault().changeGuests((list) => withGuest(list, guest));
    },

    /**
     * Takes somebody off the list; whoever is enrolled from it is erased with that.
     * @param {{guest: string}} message
     */
    async guestRemove({ guest }) {
      const receipt = await vault().remove(guest).catch((error) => {
        if (error?.code !== 'no_such_person') throw error;
        return null;
      });
      if (receipt) await refill();
      else await vault().changeGuests((list) => withoutGuest(list, guest));
      return { list: await vault().guests(), state: { ...(await state()), receipts: receipt ? [receipt] : [] } };
    },

    /** The kiosk sent somebody to the desk: counted with the event's list, where there is one. @param {{why: DeskReason, time: number}} message */
    async guestToDesk({ why, time }) {
      if (await vault().guests()) await vault().changeGuests((list) => withDesk(/** @type {GuestList} */ (list), why, time), { logged: false });
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

    /** All that is kept about one person. Templates stay in the worker. @param {{person: string}} message @returns {Promise<OwnData>} */
    async personData({ person: id }) {
      const [person, list, { entries }] = await Promise.all([vault().person(id), vault().guests(), vault().logEntries({ newest: Infinity })]);
      return {
        person: { ...person, references: person.references.map(({ template, ...rest }) => ({ ...rest, bytes: template.length })) },
        guest: list?.guests.find((guest) => guest.id === id) ?? null,
        log: entries.filter(({ subject }) => subject === id).map(({ time, event }) => ({ time, event })),
      };
    },

    /** What the operator notes of a person, and when they are erased. @param {{person: string, change: Partial<Pick<Person, 'groups' | 'note' | 'expires'>>}} message */
    async personChange({ person, change }) {
      const { groups, note, expires } = change;
      kept(await vault().update(person, Object.fromEntries(Object.entries({ groups, note, expires }).filter(([, value]) => value !== undefined))));
      return state();
    },

    /**
     * Erases one view of a person, if it is still where it was seen and not their only one.
     * @param {{person: string, index: number, time: number}} message
     */
    async personForgetView({ person, index, time }) {
      let erased = false;
      await vault().update(person, ({ references }) => {
        const left = references.filter((reference, at) => at !== index || reference.time !== time);
        erased = left.length > 0 && left.length < references.length;
        return erased ? { references: left } : null;
      });
      if (erased) await refill();
      return state();
    },

    /**
     * Makes one person of two records, at once: all views of both, the name and the words agreed to of the first. Of two, the row of the list
     * of expected people stays.
     * @param {{person: string, other: string}} message
     */
    async personMerge({ person, other }) {
      const { receipt } = await vault().merge(person, other, (first, second, list) => {
        const isExpected = (/** @type {string} */ id) => Boolean(list?.guests.some((guest) => guest.id === id));
        const dates = [first.expires, second.expires].filter((date) => date !== null);
        return {
          kept: isExpected(other) && !isExpected(person) ? other : person,
          change: {
            name: first.name, consent: first.consent, references: [...first.references, ...second.references], picture: first.picture ?? second.picture,
            // The earlier date was promised to somebody.
            expires: dates.length ? Math.min(...dates) : null,
            groups: [...new Set([...(first.groups ?? []), ...(second.groups ?? [])])], note: [first.note, second.note].filter(Boolean).join('\n'),
          },
        };
      });
      await refill();
      return { ...(await state()), receipts: receipt ? [receipt] : [] };
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
   * @param {Store} store
   * @param {Pick<Observation, 'track' | 'decision'>[]} observations
   */
  note(store, observations) {
    if (store.locked || !store.logsMatches) return;
    for (const { track, decision } of observations) {
      const isAttack = decision.kind === 'undecided' && decision.reason === 'presentation_attack';
      if (decision.kind === 'undecided' && !isAttack) continue;
      const person = decision.kind === 'match' ? decision.person : null;
      const key = `${track} ${decision.kind} ${person ?? ''}`;
      if (this.#noted.has(key)) continue;
      this.#noted.add(key);
      // The live view does not wait for it, and a full disk must not stop it.
      store.log(isAttack ? 'presence_refused' : person ? 'matched' : 'refused', { subject: person }).catch(() => {});
    }
  }
}
