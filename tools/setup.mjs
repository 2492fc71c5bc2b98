/**
 * Looks for the tools that building or testing needs and installs what is missing, at pinned versions, saying so.
 * `node tools/setup.mjs rust|build|test|test-all`, each with what those before it need. Nothing is installed that is already there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { delimiter, dirname, join } from 'node:path';

export const root = fileURLToPath(new URL('..', import.meta.url));
const TARGET = 'wasm32-unknown-unknown';
/** The tests of the privacy page hold for this one; 148 fails them. */
const LEAST_CHROMIUM = 156;

/** What a command prints, or null where it is missing or fails. */
function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : null;
}

function install(why, command, args) {
  console.log(`setup: ${why}\nsetup: ${command} ${args.join(' ')}`);
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

/** Where the tool that writes the module's JavaScript lies once it is compiled. */
export const bindgen = join(root, 'target/tools/release/wasm-bindgen');

/** PATH with the tools that trunk looks for there, wasm-bindgen and wasm-opt. */
export const PATH = [join(root, 'node_modules/.bin'), dirname(bindgen), process.env.PATH].join(delimiter);

/** The version of trunk that Trunk.toml is written for. */
const TRUNK = /^trunk-version = "=(.+)"$/m.exec(readFileSync(join(root, 'Trunk.toml'), 'utf8'))?.[1];

/** Whether trunk is installed, in that version. */
export const hasTrunk = () => output('trunk', ['--version']) === `trunk ${TRUNK}`;

/** The version of wasm-bindgen that a Cargo.lock holds, or null. */
function lockedVersion(lock, crate) {
  const text = readFileSync(join(root, lock), 'utf8');
  return new RegExp(`name = "${crate}"\nversion = "([^"]+)"`).exec(text)?.[1] ?? null;
}

/** The first of these files that is there, or null. @param {string | undefined} named the only one that counts, if it is given @param {string[]} paths */
function firstThere(named, paths) {
  return (named ? [named] : paths).find((path) => existsSync(path)) ?? null;
}

/** The Chromium that the tests drive. */
export const findChromium = () => firstThere(process.env.CHROMIUM, ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']);

/** The Firefox that the tests drive. */
export const findFirefox = () => firstThere(process.env.FIREFOX, ['/usr/bin/firefox-esr', '/usr/bin/firefox']);

/** The WebKit that the tests drive, where what they drive it with is there too. */
export function findWebkit() {
  const browser = firstThere(process.env.WEBKIT, ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`));
  return ['/usr/bin/WebKitWebDriver', '/usr/bin/Xvfb'].every((path) => existsSync(path)) ? browser : null;
}

function needRustAndNode() {
  if (Number(process.versions.node.split('.')[0]) < 20) fail('Node 20 or newer is needed; Debian: apt-get install nodejs npm');
  if (!output('cargo', ['--version'])) fail('Rust is needed: see https://rustup.rs');
}

function needWasmTarget() {
  const sysroot = output('rustc', ['--print', 'sysroot']);
  if (sysroot && existsSync(join(sysroot, 'lib/rustlib', TARGET))) return;
  if (!output('rustup', ['--version'])) fail(`the Rust target ${TARGET} is missing and there is no rustup to add it.`);
  install(`the Rust target ${TARGET} is missing`, 'rustup', ['target', 'add', TARGET]);
}

/** Both halves of wasm-bindgen must be of one version: the crate's and the tool's. */
function needBindgen() {
  const wanted = lockedVersion('Cargo.lock', 'wasm-bindgen');
  for (const crate of ['wasm-bindgen-cli-support', 'brow-bindgen']) {
    const held = lockedVersion('tools/bindgen/Cargo.lock', crate);
    if (wanted !== held) fail(`Cargo.lock holds wasm-bindgen ${wanted}, tools/bindgen has ${crate} ${held}: set tools/bindgen/Cargo.toml to ${wanted}.`);
  }
  const make = ['build', '--locked', '--release', '--quiet', '--manifest-path', 'tools/bindgen/Cargo.toml', '--target-dir', 'target/tools'];
  if (!existsSync(bindgen)) install(`wasm-bindgen ${wanted} is missing; it is compiled once, which takes a minute`, 'cargo', make);
  else execFileSync('cargo', make, { cwd: root, stdio: 'inherit' });
}

/** `npm ci` when node_modules is absent or older than the lock file. No package runs a script of its own while it is installed. */
function needNodeModules() {
  const marker = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  install('the npm packages of package-lock.json are missing or out of date', 'npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit']);
  const now = new Date();
  utimesSync(marker, now, now);
}

/** Whether this Chromium knows all that the page forbids itself: older ones do not know `Connection-Allowlist`. */
function isOld(chromium) {
  const version = Number(/\d+/.exec(output(chromium, ['--version']) ?? '')?.[0]);
  return version < LEAST_CHROMIUM;
}

/** @param {boolean} all also what `make test-all` alone needs */
function needDebianPackages(all) {
  const missing = [];
  const chromium = findChromium();
  if (!chromium || isOld(chromium)) missing.push('chromium');
  if (!output('ffmpeg', ['-version'])) missing.push('ffmpeg');
  if (all && !findFirefox()) missing.push('firefox-esr');
  if (all && !findWebkit()) missing.push('webkit2gtk-driver', 'xvfb');
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) fail(`the tests need ${missing.join(' and ')}: sudo apt-get install ${missing.join(' ')}`);
  install(`${missing.join(' and ')} missing or too old`, 'apt-get', ['update', '-qq']);
  install('from Debian', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , what] = process.argv;
  needRustAndNode();
  needWasmTarget();
  // First, for where it can't install them it ends here, and says so before anything was compiled.
  if (['test', 'test-all'].includes(what)) needDebianPackages(what === 'test-all');
  if (what !== 'rust') {
    needNodeModules();
    needBindgen();
  }
}
