/** What the attacks share: a copy of the release with something altered in it, as a cache or a host on the way might serve it. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../browser.mjs';

/** A release in a folder of its own. */
export function copyOfRelease() {
  const folder = mkdtempSync(join(tmpdir(), 'brow-altered-'));
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
  /** The only file whose path begins and ends so. */
  const find = (start, end) => {
    const found = readdirSync(folder, { recursive: true }).map(String).filter((path) => path.startsWith(start) && path.endsWith(end));
    if (found.length !== 1) throw new Error(`${found.length} files are ${start}*${end}`);
    return found[0];
  };
  const originals = new Map();
  return {
    folder,
    find,
    /** Rewrites a file under its own name. @param {string} path @param {(text: string) => string} change */
    alter(path, change) {
      const before = readFileSync(join(folder, path), 'utf8');
      const after = change(before);
      if (after === before) throw new Error(`${path} was not altered`);
      if (!originals.has(path)) originals.set(path, before);
      writeFileSync(join(folder, path), after);
      for (const copy of ['.gz', '.br']) rmSync(join(folder, path + copy), { force: true });
    },
    /** Puts back what was altered. */
    restore() {
      for (const [path, text] of originals) writeFileSync(join(folder, path), text);
      originals.clear();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
