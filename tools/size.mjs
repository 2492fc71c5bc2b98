/** Fails when all that a visitor's browser fetches for the page, a build of the engine's module, or what the page draws is more than its budget, gzip-compressed. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './setup.mjs';

/** Bytes, gzip. */
const BUDGET = 6_000_000;
/** The same for each of the module's two builds, of which a browser fetches one. */
const MODULE_BUDGET = 375_000;
const MODULE = /(^|\/)brow_bg(_relaxed)?\./;
/** The same for what the main page draws: charts, meters, ticks, faces to choose from, the developer's overlay, and the clip for who has no camera. */
const LOOKS_BUDGET = 40_000;
const LOOKS = /(^|\/)(ui\/(chart|choices|face-choice|meter|ticks)|pages\/main\/(demo(-guest|-stranger)?|developer))\./;
/** Fetched only by the pages beside the main one. */
const ELSEWHERE = /(^|\/)((bench|prove|check)\.|pages\/(bench|prove|check)\/)/;

const dist = join(root, 'dist');
const rows = [];
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(gz|br)$/.test(entry.name) || entry.name.startsWith('_')) continue;
  const file = join(entry.parentPath ?? entry.path, entry.name);
  const path = relative(dist, file);
  if (ELSEWHERE.test(path)) continue;
  rows.push({ path, bytes: statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size });
}
rows.sort((a, b) => b.bytes - a.bytes);
const modules = rows.filter((row) => MODULE.test(row.path));
// Rows are sorted: the module's larger build counts.
const total = rows.reduce((sum, row) => sum + (modules.indexOf(row) > 0 ? 0 : row.bytes), 0);
for (const row of rows) console.log(`${String(row.bytes).padStart(10)}  ${row.path}`);
console.log(`${String(total).padStart(10)}  gzip bytes in all, with one of the module's ${modules.length} builds; the budget is ${BUDGET}, that of a build ${MODULE_BUDGET}`);
const looks = rows.filter((row) => LOOKS.test(row.path)).reduce((sum, row) => sum + row.bytes, 0);
console.log(`${String(looks).padStart(10)}  of that for what the main page draws; the budget is ${LOOKS_BUDGET}`);
if (modules.length !== 2) throw new Error('size: the module should be there twice');
if (looks === 0) throw new Error('size: what the main page draws should be there');
if (total > BUDGET || modules[0].bytes > MODULE_BUDGET || looks > LOOKS_BUDGET) {
  console.error('size: over the budget');
  process.exit(1);
}
