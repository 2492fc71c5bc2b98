/**
 * Lays the samples out in target/samples/ with the package in them and serves them: `node tools/samples.mjs`, after
 * tools/package.mjs. Those that Vite builds are left out where it can't be installed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFrameOrigins } from './frame-origins.mjs';
import { NAME, folder as packageFolder } from './package.mjs';
import { startServer } from './serve.mjs';
import { root } from './setup.mjs';

const out = join(root, 'target/samples');
const sample = (name) => join(root, 'samples', name);

function lay(name, ...from) {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const source of from) cpSync(source, folder, { recursive: true });
  cpSync(join(root, 'www/icon.svg'), join(folder, 'icon.svg'));
  return folder;
}

/** The package unpacked beside a page, as on any static host. */
export function laySample(name) {
  const folder = name === 'strict-csp' ? lay(name, sample('static'), sample('strict-csp')) : lay(name, sample(name));
  cpSync(packageFolder, join(folder, NAME), { recursive: true });
  return folder;
}

/**
 * @param {'vite' | 'react' | 'vue'} name
 * @param {NodeJS.ProcessEnv} [env] NODE_ENV=development: with a framework's checks for developers
 * @returns {string | null} the folder that Vite built, or null where Vite and the sample's framework can't be had
 */
export function buildViteSample(name, env = {}) {
  const folder = lay(name, sample(name));
  cpSync(join(sample('static'), 'main.css'), join(folder, 'main.css'));
  const tarball = readdirSync(join(packageFolder, '..')).find((file) => file.endsWith('.tgz'));
  const npm = (...args) => execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 240_000 });
  try {
    npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
  } catch (error) {
    console.log(`samples: what samples/${name} needs can not be installed here: ${String(error.stderr ?? error).trim().split('\n').at(-1)}`);
    return null;
  }
  npm('install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--offline', join(packageFolder, '..', tarball));
  execFileSync(process.execPath, [join(folder, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'dist');
}

/** The page around the frame. */
export const layHost = () => {
  const folder = lay('frame-host', sample('frame-host'));
  cpSync(join(packageFolder, 'frame-host.js'), join(folder, 'frame-host.js'));
  return folder;
};

/** The site as `make build FRAME_ORIGINS="..."` makes it. @param {string} origins */
export function siteFor(origins) {
  const folder = lay('site', join(root, 'dist'));
  const file = (name) => join(folder, name);
  const { page, headers } = withFrameOrigins({ page: readFileSync(file('frame.html'), 'utf8'), headers: readFileSync(file('_headers'), 'utf8') }, origins);
  for (const name of ['frame.html.gz', 'frame.html.br']) rmSync(file(name), { force: true });
  writeFileSync(file('frame.html'), page);
  writeFileSync(file('_headers'), headers);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(packageFolder)) throw new Error('target/package is missing: run `make package` first');
  const serve = async (folder, port, what) => console.log(`samples: ${(await startServer({ folder, port })).url}${what}`);
  await serve(laySample('static'), 8091, '/  a plain folder');
  await serve(laySample('strict-csp'), 8092, '/  the same under a strict policy');
  for (const [name, port] of [['vite', 8093], ['react', 8096], ['vue', 8097]]) {
    const built = buildViteSample(name);
    if (built) await serve(built, port, `/  samples/${name}, built with Vite`);
  }
  await serve(siteFor('http://127.0.0.1:8095'), 8094, '/frame.html  the site whose frame is embedded');
  await serve(layHost(), 8095, '/?brow=http://127.0.0.1:8094  the page around the frame, of another origin');
  console.log('samples: stop with Ctrl-C');
}
