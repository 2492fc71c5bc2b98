/**
 * The vault in Node: what www/ imports as worker/brow.js is the built module's glue, and the module is ready to be asked. Whoever needs it imports
 * this first and then, by `await import`, what it wants of www/.
 */
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLAIN, webDir } from '../../tools/engine-files.mjs';

const glue = pathToFileURL(join(webDir, 'brow.js')).href;
if (!existsSync(new URL(glue))) throw new Error('the vault decides in Rust: `make build` makes the module that these tests ask');
const hook = `export const resolve = (name, context, next) => (name.endsWith('/brow.js') ? { url: ${JSON.stringify(glue)}, format: 'module', shortCircuit: true } : next(name, context));`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { default: init } = await import(glue);
await init({ module_or_path: new WebAssembly.Module(readFileSync(join(webDir, PLAIN))) });
