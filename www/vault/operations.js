/** What the page may ask of the vault: the worker spreads these among its operations. */
import { mayForgetView } from './codec.js';
import { numbered, taken } from './names.js';
import { searchForm } from '../words/names.js';
import { pinWeakness } from '../worker/brow.js';
import { listOperations } from '../worker/lists.js';

/** @import { Engine, GuestFilter, ListGuest } from '../worker/brow.js' */
/** @import { Observation, OwnData, PersonSummary, PinWeakness, State, VaultState } from '../types.js' */
/** @import { MergeRule, Store } from './port.js' */
/** @import { Arrival, DeskReason, Guest, GuestChange, GuestList, GuestPhoto, GuestState, GuestTimes, GuestView, Person, Settings } from './types.js' */

/** Of so many entries the page shows the newest; the export has them all. */
const SHOWN_ENTRIES = 200;
/** Characters of a list's name. */
const NAME_MOST = 200;

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
 * Changes the list of expected people; whoever looks at it sees it so.
 * @param {{store: () => Store, engine: () => Engine}} worker
 */
export const guestChanges = ({ store, engine }) => async (/** @type {GuestChange} */ change) => {
  const changed = await store().changeGuests(change);
  if (changed) engine().guestsChanged(changed.record);
  return changed?.said ?? null;
};

/** @param {string | undefined} json */
const parsed = (json) => (json === undefined ? null : JSON.parse(json));

/**
 * @param {{store: () => Store, engine: () => Engine, people: () => PersonSummary[], kept: (person: Person) => void, refill: () => Promise<void>, empty: () => void, state: () => Promise<State>, progress: (done: number, total: number) => void}} worker
 *   people: everybody as the page was told of them last; kept: to be told of whoever was stored with other words; refill: hands the gallery to the engine anew; empty: takes it away; progress: tells the page that work goes on
 */
export function vaultOperations({ store: vault, engine, people, kept, refill, empty, state, progress }) {
  const changed = guestChanges({ store: vault, engine });
  /** Ids of whoever can be recognised, and of whoever has to be enrolled again, for this release has other networks: one behind the other. */
  const standing = () => {
    const ids = (/** @type {boolean} */ again) => people().filter(({ outdated }) => (outdated === 'again') === again).map(({ id }) => id).join('');
    return { enrolled: ids(false), again: ids(true) };
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
    guestsSet: ({ list }) => changed({ set: list }),

    /** The rows of a list that was read, in the place of the list there is. @param {{name: string, guests: ListGuest[]}} message name: of the file */
    guestsImport({ name, guests }) {
      return changed({ import: { name: name.slice(0, NAME_MOST), created: Date.now(), ids: guests.map(() => crypto.randomUUID()), guests } });
    },

    /** Somebody looks at the list from now on. */
    async guestsOpen() {
      engine().guestsOpen(await vault().guestsRecord());
    },

    /** Nobody looks at it any more. */
    guestsClose: () => engine().guestsClose(),

    /** What a search and a filter show of the list that is looked at. @param {{wanted: string, filter: GuestFilter}} message @returns {GuestView | null} */
    guestsView({ wanted, filter }) {
      const { enrolled, again } = standing();
      return parsed(engine().guestsView(searchForm(wanted.trim()), filter, enrolled, again, searchForm));
    },

    /** @returns {GuestTimes | null} of the list that is looked at */
    guestsTimes: () => parsed(engine().guestsTimes()),

    /**
     * Whose photos are which of the files, of everybody on the list that is looked at. The whole list counts, also who is enrolled already: a file that
     * two rows could mean is nobody's.
     * @param {{files: string[]}} message their paths as they were chosen
     * @returns {GuestPhoto[]}
     */
    guestsPhotos({ files }) {
      const { enrolled, again } = standing();
      const all = parsed(engine().guestsEverybody(enrolled, again)) ?? [];
      const wanted = all.filter((/** @type {Guest} */ { photo }) => photo).map((/** @type {Guest} */ { photo }) => photo);
      const found = listOperations.listPhotos({ wanted, files })[Symbol.iterator]();
      return all.map((/** @type {Guest & {state: GuestState}} */ { photo, ...guest }) => ({ ...guest, photo: photo ? found.next().value : null }));
    },

    /**
     * Why a guest could not be enrolled, or that nothing stands in the way any more.
     * @param {{problems: Record<string, string | null>}} message by id
     */
    guestsProblems: ({ problems }) => changed({ problems }),

    /**
     * Marks a guest as arrived, or as seen where the desk confirms arrivals; whoever is not on the list changes nothing.
     * @param {{guest: string, time: number}} message
     * @returns {Promise<{first: number | null, host: string} | null>} when they came first, null as long as the desk has not confirmed it, and whom they visit; null for whoever is not expected
     */
    async guestSeen({ guest, time }) {
      const { kioskConfirm } = await vault().settings();
      return changed({ seen: { id: guest, time, confirm: kioskConfirm } });
    },

    /** Marks or unmarks by hand. @param {{guest: string, arrived: boolean}} message @returns {Promise<Arrival>} as it was before */
    guestMark: ({ guest, arrived }) => changed({ mark: { id: guest, arrived, now: Date.now() } }),

    /** Undoes that. @param {{guest: string, before: Arrival}} message */
    guestUndo: ({ guest, before }) => changed({ arrival: { id: guest, before } }),

    /**
     * Somebody who was not expected; where there is no list yet they begin one.
     * @param {{guest: Pick<Guest, 'id' | 'name' | 'company' | 'host'>, arrived: boolean}} message arrived: whether they are here
     */
    guestAdd({ guest, arrived }) {
      const now = Date.now();
      return changed({ add: { ...guest, problem: 'none', arrived: arrived ? now : null, now } });
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
      if (receipt) {
        await refill();
        engine().guestsChanged(await vault().guestsRecord());
      } else await changed({ remove: [guest] });
      return { ...(await state()), receipts: receipt ? [receipt] : [] };
    },

    /** The kiosk sent somebody to the desk: counted with the event's list, where there is one. @param {{why: DeskReason, time: number}} message */
    guestToDesk: ({ why, time }) => changed({ desk: { hour: new Date(time).setMinutes(0, 0, 0), why } }),

    async guestsErase() {
      const receipt = await vault().eraseGuests();
      engine().guestsChanged(null);
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

    /**
     * Whether somebody who is enrolled has this name.
     * @param {{name: string, except?: string}} message except: whose own name it may be
     * @returns {{same: {id: string, name: string}, free: string} | null} null where nobody has; free: what another person would be called
     */
    nameTaken({ name, except }) {
      const others = people().filter(({ id }) => id !== except);
      const names = others.map((person) => person.name);
      const [place] = taken([name], names);
      return place === null ? null : { same: { id: others[place].id, name: names[place] }, free: numbered(name, names) };
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
      await vault().update(person, (before) => {
        erased = mayForgetView(before, index, time);
        return erased ? { references: before.references.filter((_, at) => at !== index) } : null;
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
      const { receipt } = await vault().merge(person, other);
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
