/** What a kiosk may ask between looks; what is decided, and when it is over, is the engine's module's (src/kiosk/). */
import { storeError } from '../vault/errors.js';
import { guestChanges } from '../vault/operations.js';
import { taken } from '../vault/names.js';

/** @import { CapturedFace, Engine } from './brow.js' */
/** @import { Consent, KioskSaid, Saved, SaveRequest, State } from '../types.js' */
/** @import { Store } from '../vault/port.js' */

/**
 * @param {{engine: () => Engine, store: () => Store, forgetting: (said: KioskSaid) => KioskSaid, forget: () => void, captured: () => CapturedFace | null, discard: () => void,
 *   save: (request: SaveRequest) => Promise<Saved>, state: () => Promise<State>}} worker
 */
export function kioskOperations({ engine, store, forgetting, forget, captured, discard, save, state }) {
  /** When the last code is over by the device's own clock: the engine's may stand still while the device sleeps. */
  let over = 0;
  const changed = guestChanges({ store, engine });

  return {
    /** Time passed without a look. */
    kioskTick: () => forgetting(engine().kioskTick()),

    /** The name that a greeting waited for is on the screen. @param {{number: number}} message of the screen */
    kioskNamed: ({ number }) => forgetting(engine().kioskNamed(number)),

    /** Nobody has been judged any more. @param {{forget: boolean}} message forget: nor been in view; otherwise whoever stands there is judged by what was seen of them */
    kioskAgain({ forget: all }) {
      if (all) forget();
      return engine().kioskAgain();
    },

    /** A code by which a guest may enrol, for staff to read out; it is told this once. */
    async codeGive() {
      const [high, low] = crypto.getRandomValues(new Uint32Array(2));
      const given = engine().codeGive(high, low);
      if (!given) throw storeError('codes_many');
      over = Date.now() + given.lastsMs;
      await store().log('code_given');
      return { ...given, open: engine().codesOpen() };
    },

    codesOpen: () => engine().codesOpen(),

    /** Ends all codes that nobody has used yet. */
    codesTakeBack: () => engine().codesTakeBack(),

    /** A guest has a code. */
    kioskAskCode: () => forgetting(engine().kioskAskCode()),

    /** They do something. */
    kioskTouch: () => forgetting(engine().kioskTouch()),

    /** The code that they typed. @param {{code: string}} message @returns {Promise<{said: KioskSaid, asks: {company: boolean, host: boolean}}>} asks: what the list says of its guests beside the name */
    async kioskEnterCode({ code }) {
      if (Date.now() >= over && engine().codesOpen() > 0) engine().codesTakeBack();
      const { refused, waitSeconds, tries } = engine().kioskEnterCode(code);
      if (refused) {
        // A guest who mistypes once or twice is nobody's concern.
        if (waitSeconds > 0 && refused !== 'too_many_tries') await store().log('code_refused', { detail: { tries } });
        throw storeError(refused, { waitSeconds });
      }
      const guests = (await store().guests())?.guests ?? [];
      return { said: forgetting(engine().kioskTouch()), asks: { company: guests.some(({ company }) => company), host: guests.some(({ host }) => host) } };
    },

    /** They said who they are, and agreed: the camera looks at them. */
    kioskCapture() {
      if (!engine().kioskCapture()) throw storeError('given_up');
      return forgetting(engine().kioskTouch());
    },

    /** They did not show that they are there. */
    kioskAbsent: () => engine().kioskToDesk(null),

    /**
     * Enrols who was captured, as a guest on the list: both or neither. Somebody who looks like anybody who is enrolled is not, nor one with the name of
     * anybody who is enrolled or expected: nobody comes under another's name. Their code is used up.
     * @param {{name: string, company: string, host: string, consent: Consent}} message
     * @returns {Promise<{said: KioskSaid, state: State}>}
     */
    async kioskEnrol({ name, company, host, consent }) {
      const face = captured();
      if (!engine().kioskCapture() || !face) throw storeError('given_up');
      const [{ people }, list] = await Promise.all([state(), store().guests()]);
      const everybody = [...people, ...(list?.guests ?? [])];
      const [place] = taken([name], everybody.map((other) => other.name));
      const known = face.resembles ?? (place === null ? null : everybody[place].id);
      if (known) {
        discard();
        await store().log('code_known', { subject: known });
        return { said: engine().kioskToDesk(known), state: await state() };
      }
      const id = crypto.randomUUID();
      // Their arrival is marked by the greeting.
      await changed({ add: { id, name, company, host, problem: null, arrived: null, now: Date.now() } });
      try {
        await save({ id, name, source: 'camera', keepPicture: false, consent });
      } catch (error) {
        await changed({ remove: [id] });
        throw error;
      }
      const said = engine().kioskWelcome(id);
      await store().log('code_used', { subject: id });
      return { said, state: await state() };
    },
  };
}
