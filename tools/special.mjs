import { ENGINE_ROOM, PLAIN, RELAXED } from './engine-files.mjs';

/**
 * The files that are treated by themselves, by where they lie in www/, for the site and for the package. Pages (*.html) lie on top under
 * their own names, declarations (types.js, *.d.ts) are left out, and everything else is given a name with the hash of its content.
 */
export const SPECIAL = {
  /** What hosts are told to send. */
  headers: '_headers',
  /** The page that others may embed. */
  frame: 'frame.html',
  /** What a browser asks for by the same address in every release. */
  manifest: 'app.webmanifest',
  serviceWorker: 'sw.js',
  /** Written anew: where files lie in this release, and their hashes. */
  files: 'client/files.js',
  hashes: 'words/hashes.js',
  proveFiles: 'pages/prove/files.js',
  release: 'offline/release.js',
  /** Gets the colours before it, of which scripts know too. */
  style: 'ui/style.css',
  /** One script with all of its modules in it, for nothing holds the imports of a worker to a hash: of the site, of the package, of a page. */
  worker: 'worker/site-worker.js',
  packageWorker: 'worker/worker.js',
  proveWorker: 'pages/prove/prove-worker.js',
  /** Fetched when it is asked for by an address that the page is told. */
  arrived: 'pages/prove/arrived.js',
  /** The security notes, docs/SECURITY.md, for who reads them where the page is. */
  notes: 'pages/prove/security-notes.txt',
  face: 'worker/self-test-face.jpg',
  /** Made by the compiler. */
  glue: `${ENGINE_ROOM}/brow.js`,
  wasm: `${ENGINE_ROOM}/${PLAIN}`,
  wasmRelaxed: `${ENGINE_ROOM}/${RELAXED}`,
};
