/**
 * What somebody gets out of a copy of the browser's profile: its files are searched for every key and every ciphertext that the
 * vault ever made, as LevelDB keeps old rows beside new ones. Nothing is asked of IndexedDB.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Inside the page, before anything else: notes every key of the vault and all that is sealed under one. */
export function witness() {
  const { generateKey, importKey, encrypt, exportKey } = SubtleCrypto.prototype;
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
  globalThis.sealed = [];
  // What is stored of a key is the same whether scripts may read it or not.
  SubtleCrypto.prototype.generateKey = function (how, _extractable, uses) {
    return generateKey.call(this, how, how.name === 'AES-GCM' ? true : _extractable, uses);
  };
  SubtleCrypto.prototype.importKey = function (format, key, how, extractable, uses) {
    return importKey.call(this, format, key, how, format === 'raw' && how === 'AES-GCM' ? true : extractable, uses);
  };
  SubtleCrypto.prototype.encrypt = async function (how, key, plain) {
    const data = await encrypt.call(this, how, key, plain);
    const raw = key.extractable ? hex(await exportKey.call(this, 'raw', key)) : null;
    const [, , kind, id] = JSON.parse(new TextDecoder().decode(how.additionalData));
    globalThis.sealed.push({ key: raw, kind, id, plain: plain.byteLength === 32 ? hex(plain) : null, data: hex(data) });
    return data;
  };
}

/** @param {string} folder @returns {Buffer[]} every file of a profile */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => {
    try {
      return readFileSync(join(entry.parentPath, entry.name));
    } catch {
      return Buffer.alloc(0); // Gone in the meantime.
    }
  });
}

/**
 * What the files open: every key in them opens what it sealed and is in them too, and so on.
 * @param {string} profile
 * @param {{key: string, kind: string, id: string, plain: string | null, data: string}[]} sealed all that was ever sealed
 * @returns {{people: string[], current: string[], vaultKeys: number}} ids of the people who can be read; current: as they are now
 */
export function openedByFiles(profile, sealed) {
  const files = filesOf(profile);
  // A block of LevelDB may end in the middle: either half counts.
  const lies = (text) => [text.slice(0, 32), text.slice(-32)].some((part) => files.some((file) => file.includes(Buffer.from(part, 'hex'))));
  const vaultKeys = new Set(sealed.filter(({ kind, key }) => kind === 'key' && key && lies(key)).map(({ key }) => key));
  const keys = new Set(vaultKeys);
  const people = new Set();
  const current = new Map();
  for (const { kind, key, plain, data } of sealed) if (kind === 'key' && keys.has(key) && lies(data)) keys.add(plain);
  for (const { kind, key, id, data } of sealed) {
    if (kind !== 'person') continue;
    const opened = keys.has(key) && lies(data);
    if (opened) people.add(id);
    current.set(id, opened);
  }
  return { people: [...people], current: [...current].filter(([, opened]) => opened).map(([id]) => id), vaultKeys: vaultKeys.size };
}
