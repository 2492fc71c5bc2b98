/** Pages and words send people to documents of the source; each is there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shown = ['www', 'www/words/texts'].flatMap((folder) => readdirSync(join(root, folder)).filter((name) => /\.(html|js)$/.test(name)).map((name) => `${folder}/${name}`));

test('every document that a page names is in the source, and the page that proves names the security notes', () => {
  const named = shown.flatMap((file) => (readFileSync(join(root, file), 'utf8').match(/docs\/\w+\.md/g) ?? []).map((document) => ({ file, document })));
  assert.ok(named.some(({ file, document }) => file === 'www/prove.html' && document === 'docs/SECURITY.md'));
  assert.deepEqual(named.filter(({ document }) => !existsSync(join(root, document))), []);
});
