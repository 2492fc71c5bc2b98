/**
 * The audit log: what was done with the store and when, without names, pictures or templates. Each entry holds the
 * SHA-256 of the one before it, so that none can be changed, left out or moved without breaking the chain.
 *
 * The log is capped. When it grows over the cap its oldest entries go, and the hash of the last one that went stays as
 * the chain's anchor: what is left still verifies, and an older export still joins on.
 */
import { hex, sha256, utf8 } from './crypto.js';
import { storeError } from './errors.js';

/** @typedef {{seq: number, hash: string}} Link */
/**
 * @typedef {object} Entry
 * @property {number} seq 1, 2, 3 ...
 * @property {number} time
 * @property {string} event one of EVENTS
 * @property {string | null} subject random id of the person concerned
 * @property {Record<string, number | boolean | string>} detail counts and short codes
 * @property {string} previous hash of the entry before
 * @property {string} hash SHA-256 of all of the above, hexadecimal
 */
/** @typedef {'unreadable' | 'missing' | 'unlinked' | 'changed' | 'cut' | 'end' | 'restarted'} Problem what a text says of it: messages.js */
/** @typedef {{ok: boolean, entries: number, from: number, to: number, problem: null | {seq: number, code: Problem}}} Verdict */

export const EVENTS = /** @type {const} */ ([
  'vault_created', 'vault_upgraded', 'settings_changed',
  'enrolled', 'changed', 'remade', 'matched', 'refused', 'presence_refused',
  'erased', 'erased_all', 'erased_everything', 'expiry_held',
  'exported', 'imported', 'protection_renewed',
  'pin_set', 'pin_changed', 'pin_removed', 'unlocked', 'unlock_refused', 'locked', 'kept_open', 'admin_opened',
  'guests_changed', 'guests_erased',
  'code_given', 'code_refused', 'code_known', 'code_used',
  'log_rotated', 'log_restarted',
]);
/** @typedef {typeof EVENTS[number]} Event */

export const LOG_MOST = 5000;
/** Share of the cap that goes at once, so that not every entry has to rotate. */
const ROTATE_SHARE = 0.2;
const CODE = /^[A-Za-z0-9_.+-]{0,64}$/;
const EXPORT_FORMAT = 'brow-audit-log';

/** @type {Link} what the very first entry joins on */
export const GENESIS = { seq: 0, hash: '0'.repeat(64) };

/** @param {Omit<Entry, 'hash'>} entry @returns {Promise<string>} */
async function hashOf(entry) {
  const detail = Object.entries(entry.detail).sort(([a], [b]) => (a < b ? -1 : 1));
  return hex(await sha256(utf8(JSON.stringify([entry.seq, entry.time, entry.event, entry.subject, detail, entry.previous]))));
}

/**
 * @param {Link} before
 * @param {Event} event
 * @param {{subject?: string | null, detail?: Record<string, number | boolean | string>, time?: number}} [about]
 * @returns {Promise<Entry>}
 */
export async function nextEntry(before, event, { subject = null, detail = {}, time = Date.now() } = {}) {
  if (!EVENTS.includes(event)) throw storeError('bad_setting');
  for (const value of Object.values(detail)) {
    // Only codes: a name could not get into the log by mistake.
    if (typeof value === 'string' && !CODE.test(value)) throw storeError('bad_setting');
  }
  const entry = { seq: before.seq + 1, time, event, subject, detail, previous: before.hash };
  return { ...entry, hash: await hashOf(entry) };
}

/**
 * @param {number} count entries in the log
 * @param {number} [most]
 * @returns {number} how many of the oldest have to go
 */
export function toDrop(count, most = LOG_MOST) {
  return count <= most ? 0 : count - Math.floor(most * (1 - ROTATE_SHARE));
}

/**
 * @param {Link} anchor what the first entry must join on
 * @param {(Entry | null)[]} entries oldest first; null for one that could not be read
 * @param {Link | null} head what the last entry must be; null if it is not known
 * @returns {Promise<Verdict>}
 */
export async function verifyChain(anchor, entries, head) {
  let before = anchor;
  /** @param {number} seq @param {Problem} code @returns {Verdict} */
  const broken = (seq, code) => ({ ok: false, entries: entries.length, from: anchor.seq + 1, to: before.seq, problem: { seq, code } });
  for (const entry of entries) {
    const seq = before.seq + 1;
    if (entry === null) return broken(seq, 'unreadable');
    if (entry.seq !== seq) return broken(seq, 'missing');
    if (entry.previous !== before.hash) return broken(seq, 'unlinked');
    if (entry.hash !== (await hashOf(entry))) return broken(seq, 'changed');
    before = { seq: entry.seq, hash: entry.hash };
  }
  if (head && (head.seq !== before.seq || head.hash !== before.hash)) return broken(before.seq + 1, 'cut');
  return { ok: true, entries: entries.length, from: anchor.seq + 1, to: before.seq, problem: null };
}

/**
 * @param {string} vault
 * @param {Link} anchor
 * @param {Entry[]} entries
 * @returns {string} JSON that {@link verifyExport}, or anyone with SHA-256, can check
 */
export function exportLog(vault, anchor, entries) {
  return JSON.stringify({ format: EXPORT_FORMAT, version: 1, vault, exported: Date.now(), anchor, entries }, null, 1);
}

/**
 * @param {string} text
 * @returns {Promise<Verdict>}
 * @throws {import('./errors.js').StoreError} log_damaged if this is no exported log at all
 */
export async function verifyExport(text) {
  try {
    const { format, version, anchor, entries } = JSON.parse(text);
    if (format !== EXPORT_FORMAT || version !== 1 || !Array.isArray(entries)) throw storeError('log_damaged');
    return await verifyChain(anchor, entries, null);
  } catch {
    throw storeError('log_damaged');
  }
}
