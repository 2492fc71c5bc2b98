/**
 * What trunk asks of us, by Trunk.toml: `node tools/trunk.mjs STAGE`.
 *
 *   build       beside trunk's own compiling: the module for relaxed SIMD
 *   post_build  takes trunk's module and its reload script, where it serves, out of the staging folder, and finishes the release into it
 *
 * `node tools/trunk.mjs serve --port 8080` is the development server: `trunk serve` where that is installed, else the release page,
 * built and served without it.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileRelaxed, joinBuilds, takePlain } from './compile.mjs';
import { finish } from './finish.mjs';
import { PATH, hasTrunk, root } from './setup.mjs';

const INLINE = /<script>([^]*?)<\/script>\s*<\/body>/;

/**
 * Trunk's script that loads the page anew after a change, as a file can hold it: trunk fills its addresses into pages only. The
 * service worker would hand out the release before, so it goes first.
 * @param {string} page as trunk wrote it @returns {string | null} null where trunk only builds
 */
export function reloadScript(page) {
  const script = INLINE.exec(page)?.[1];
  if (!script) return null;
  return script
    .replace("'{{__TRUNK_ADDRESS__}}'", 'window.location.host')
    .replace('{{__TRUNK_WS_BASE__}}', '/')
    .replaceAll('window.location.reload()', 'anew()')
    .concat(`
async function anew() {
  const kept = await navigator.serviceWorker.getRegistrations();
  await Promise.all(kept.map((registration) => registration.unregister()));
  window.location.reload();
}
`);
}

/** Runs a command to its end, with its output. @param {string} command @param {string[]} words */
function follow(command, words) {
  const child = spawn(command, words, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH } });
  process.on('SIGTERM', () => child.kill());
  child.on('exit', (code) => process.exit(code ?? 1));
}

const STAGES = {
  build: compileRelaxed,
  post_build() {
    const staging = /** @type {string} */ (process.env.TRUNK_STAGING_DIR);
    takePlain(staging);
    joinBuilds();
    const files = finish(staging, { reload: reloadScript(readFileSync(join(staging, 'index.html'), 'utf8')) });
    console.log(`trunk: the release holds ${files} files`);
  },
  async serve() {
    const words = process.argv.slice(3);
    if (hasTrunk()) return follow('trunk', ['serve', ...words]);
    console.log('serve: trunk is not installed (or another version): the page is built once, and not again when something changes');
    await import('./build.mjs');
    follow(process.execPath, [join(root, 'tools/serve.mjs'), ...words]);
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await STAGES[/** @type {keyof STAGES} */ (process.argv[2])]();
