/** Where the built engine lies and which networks belong to it: for the site and for the npm package. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** The folder with brow.js and brow_bg.wasm: BROW_WASM_DIR, or where tools/build.mjs leaves them. */
export const webDir = process.env.BROW_WASM_DIR ?? join(root, 'target/web');

/** @param {'sha256' | 'sha384'} algorithm @param {Buffer} bytes @param {'hex' | 'base64'} encoding */
export const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

/** As the browser's `integrity` has it. @param {Buffer} bytes */
export const integrity = (bytes) => `sha384-${sha('sha384', bytes, 'base64')}`;

/** The names of the networks that the manifest lists, wherever in it they stand. @returns {string[]} */
export function modelFiles() {
  const files = new Set();
  JSON.parse(readFileSync(join(root, 'models/manifest.json'), 'utf8'), (key, value) => {
    if (key === 'file' && typeof value === 'string' && value.endsWith('.onnx')) files.add(value);
    return value;
  });
  return [...files];
}
