/** What is said of a pack's networks: where they come from, and which runtime runs each. */

/** @import { NetworkAbout, Source } from '../types.js' */

/** @typedef {{role: NetworkAbout['role'], id: string, sha256: string, bytes: number, file: string, provenance?: {weights: Source[], pictures: Source[]}}} Entry of manifest.json, see src/manifest.rs */

/** @param {string} manifest the text of manifest.json @returns {Entry[]} none where it is none: the engine says so */
function entries(manifest) {
  try {
    return JSON.parse(manifest).models;
  } catch {
    return [];
  }
}

/** So many digits of a hash tell networks of one name apart, as in templates. */
const DIGITS = 8;

/**
 * @param {string} manifest
 * @param {Set<string>} second the files that the second runtime runs
 * @returns {NetworkAbout[]}
 */
export const aboutNetworks = (manifest, second) => entries(manifest).map(({ role, id, sha256, bytes, file, provenance = { weights: [], pictures: [] } }) => ({
  role, id: `${id}@${sha256.slice(0, DIGITS)}`, bytes, second: second.has(file), ...provenance,
}));

/** So long a code in the audit log may be. */
const CODE_MOST = 64;

/** The licences of some sources, each once, as a code. @param {Source[]} sources */
const licences = (sources) => [...new Set(sources.map(({ licence }) => licence))].join('+').replace(/[^A-Za-z0-9_.+-]/g, '-').slice(0, CODE_MOST) || 'unstated';

/**
 * The same as an entry of the audit log has it: SHA-256 by the network's id, and the licences of weights and training pictures.
 * @param {string} manifest
 * @returns {Record<string, string>}
 */
export const networksAsDetail = (manifest) => Object.fromEntries(entries(manifest).flatMap(({ id, sha256, provenance }) => [
  [id, sha256],
  [`${id}.weights`, licences(provenance?.weights ?? [])],
  [`${id}.pictures`, licences(provenance?.pictures ?? [])],
]));
