/** Fails when all that a visitor's browser fetches for the page is more than the budget, gzip-compressed. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './setup.mjs';

/** Bytes, gzip. */
const BUDGET = 9_000_000;
/** Fetched only by the pages beside the main one. */
const ELSEWHERE = /(^|\/)(bench|prove|checks?)[-.]/;

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
const total = rows.reduce((sum, row) => sum + row.bytes, 0);
for (const row of rows) console.log(`${String(row.bytes).padStart(10)}  ${row.path}`);
console.log(`${String(total).padStart(10)}  gzip bytes in all; the budget is ${BUDGET}`);
if (total > BUDGET) {
  console.error('size: over the budget');
  process.exit(1);
}
