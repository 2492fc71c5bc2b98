/**
 * Makes the npm package from the built engine: `node tools/package.mjs` (after tools/build.mjs) writes
 * target/package/brow-recogniser/ and the tarball beside it.
 *
 * Its modules are those of www/, as they are, in their rooms; what a page imports lies on top. Two files are made for bundlers,
 * which follow only what is written out: worker/worker.js is one file with all of its modules in it, and client/files.js names
 * each fetched file by an address of its own.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, closure, importsOf, source } from './bundle.mjs';
import { ENGINE_ROOM, PLAIN, RELAXED, integrity, ownPack, packFiles, webDir } from './engine-files.mjs';
import { root } from './setup.mjs';
import { SPECIAL } from './special.mjs';

const www = join(root, 'www');
const target = join(root, 'target/package');
export const NAME = 'brow-recogniser';
export const folder = join(target, NAME);

/** What the package offers, by its name on top of the package; everything else in it belongs to these. */
const OFFERED = { 'element.js': 'element/element.js', 'messages.js': 'words/messages.js', 'frame-host.js': 'frame/host.js' };
const ENTRIES = Object.values(OFFERED);
const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** client/files.js, with an address for each file that a bundler finds and rewrites. */
function filesModule(models) {
  const entry = (path) => {
    const bytes = readFileSync(join(folder, path));
    return `{ url: new URL('../${path}', import.meta.url).href, bytes: ${bytes.length}, integrity: '${integrity(bytes)}' }`;
  };
  return `export const files = {
  wasm: ${entry(`${ENGINE_ROOM}/${PLAIN}`)},
  wasmRelaxed: ${entry(`${ENGINE_ROOM}/${RELAXED}`)},
  manifest: ${entry('models/manifest.json')},
  worker: ${entry(SPECIAL.packageWorker)},
  models: {\n${models.map((name) => `    '${name}': ${entry(`models/${name}`)},`).join('\n')}\n  },
  secondRuntime: {},
};\n`;
}

/** Declarations of every module, made from its JSDoc, and the element's own. */
function writeTypes() {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', join(root, 'tsconfig.json'),
    '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--noUnusedLocals', 'false', '--outDir', join(folder, 'types')], { cwd: root, stdio: 'inherit' });
  const wanted = new Set([...ENTRIES.flatMap((entry) => closure(entry)), 'types.js', 'vault/types.js'].map((path) => path.replace(/\.js$/, '.d.ts')));
  // What a declaration mentions and no module imports.
  for (let grown = true; grown;) {
    grown = false;
    for (const path of [...wanted]) {
      for (const [, found] of readFileSync(join(folder, 'types', path), 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g)) {
        const other = `${posix.join(posix.dirname(path), found)}.d.ts`;
        if (wanted.has(other)) continue;
        if (other === `${ENGINE_ROOM}/brow.d.ts`) cpSync(join(root, 'types', other), join(folder, 'types', other));
        wanted.add(other);
        grown = true;
      }
    }
  }
  const element = 'element/brow-recogniser.d.ts';
  cpSync(join(www, element), join(folder, 'types', element));
  wanted.add(element);
  for (const entry of readdirSync(join(folder, 'types'), { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !wanted.has(posix.relative(join(folder, 'types'), file))) rmSync(file);
  }
}

function write(path, content) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

export function makePackage() {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(folder, 'models'), { recursive: true });
  const modules = new Set(ENTRIES.flatMap((entry) => closure(entry)));
  for (const path of modules) if (path !== SPECIAL.files) write(path, source(path));
  for (const [name, path] of Object.entries(OFFERED)) {
    // A page outside the package copies this one alone: it imports nothing.
    if (importsOf(path).length === 0) renameSync(join(folder, path), join(folder, name));
    else write(name, `export * from './${path}';\n`);
  }
  write(SPECIAL.packageWorker, bundle(SPECIAL.packageWorker));
  for (const name of [PLAIN, RELAXED]) cpSync(join(webDir, name), join(folder, ENGINE_ROOM, name));
  const models = packFiles(ownPack);
  for (const name of ['manifest.json', ...models]) cpSync(join(ownPack, name), join(folder, 'models', name));
  write(SPECIAL.files, filesModule(models));
  writeTypes();
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  cpSync(join(root, 'docs/EMBEDDING.md'), join(folder, 'README.md'));
  cpSync(join(root, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
  write('package.json', `${JSON.stringify({
    name: NAME,
    version,
    description: 'Recognises people with or without a mask, wholly in the browser: <brow-recogniser>',
    license,
    type: 'module',
    exports: {
      '.': { types: './types/element/brow-recogniser.d.ts', default: './element.js' },
      './frame-host.js': { types: './types/frame/host.d.ts', default: './frame-host.js' },
      './messages.js': { types: './types/words/messages.d.ts', default: './messages.js' },
      './package.json': './package.json',
    },
    types: './types/element/brow-recogniser.d.ts',
    sideEffects: ['./element.js', './element/element.js', './offline/guard.js'],
  }, null, 2)}\n`);
  // Not by `npm pack`, whose archives unpack to package/: beside a page it unpacks to the folder that its modules are imported from.
  // npm takes either.
  const tarball = join(target, `${NAME}-${version}.tgz`);
  execFileSync('tar', ['-czf', tarball, '-C', target, NAME]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  return { tarball, bytes: statSync(tarball).size, files };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { tarball, bytes, files } = makePackage();
  console.log(`package: ${posix.relative(root, tarball)}, ${files} files, ${(bytes / 1e6).toFixed(2)} MB`);
}
