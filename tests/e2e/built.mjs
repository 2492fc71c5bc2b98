/** A page built for one test, from the engine that was compiled before. */
import { finish } from '../../tools/finish.mjs';

/** Builds a page as `PACK=... FRAME_ORIGINS=... make build` does. @param {string} folder @param {Record<string, string>} environment */
export function buildWith(folder, environment) {
  Object.assign(process.env, environment);
  try {
    finish(folder);
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
  return folder;
}
