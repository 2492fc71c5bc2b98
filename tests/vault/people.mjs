/** People made up for the vault's tests. */
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= /** @type {any} */ (webcrypto);

/** A small generator of repeatable randomness (mulberry32), so that a failing case can be run again. */
export function repeatable(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function person(name, { references = 2, bytes = 900, ...rest } = {}) {
  const reference = (_, i) => ({
    template: Uint8Array.from({ length: bytes }, (_, j) => (name.length * 31 + i * 7 + j * 13) & 255),
    source: 'photo', mask: 'masked', quality: 0.5, models: i % 2 ? { periocular: 'periocular-1' } : { full: 'full-1', periocular: 'periocular-1' }, time: 5,
  });
  return {
    id: crypto.randomUUID(), name, created: 1, updated: 2, consent: { text: 'I agree.', version: '1', language: 'en', time: 3 }, expires: null,
    references: Array.from({ length: references }, reference), picture: null, ...rest,
  };
}
