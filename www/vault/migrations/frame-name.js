/**
 * The frame kept a host's gallery under the host's origin with every other character than letters and digits made a hyphen, cut at
 * 64 characters: two hosts could come to one name. It is the origin's hash now, and what lies under the old name is taken over
 * once, by the first host that comes to it.
 */
import { hex, sha256, utf8 } from '../crypto.js';
import { copyAll, deleteDatabase, isWhole, openLock } from '../old-bytes.js';
import { renewLog } from '../torn-log.js';

/** @param {string} origin */
const nameBefore = (origin) => `frame-${origin.replace(/[^A-Za-z0-9]/g, '-')}`.slice(0, 64);

/** The name of a host's gallery; what is there under the old one has been taken over. @param {string} origin @returns {Promise<string>} */
export async function galleryOf(origin) {
  const name = `frame-${hex(await sha256(utf8(origin))).slice(0, 48)}`;
  try {
    await takeOver(nameBefore(origin), name);
  } catch (error) {
    console.warn('storage_failed', error);
  }
  return name;
}

/** @param {string} from @param {string} to */
async function takeOver(from, to) {
  await navigator.locks.request(openLock(from), { ifAvailable: true }, async (alone) => {
    if (!alone || !(await isWhole(from)) || (await isWhole(to))) return;
    await renewLog();
    await deleteDatabase(to);
    await copyAll(from, to);
    await deleteDatabase(from);
  });
}
