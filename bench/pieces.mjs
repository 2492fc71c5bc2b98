/** What several of the benches need: builds by name, a face before the camera, looks counted. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { root } from '../tools/setup.mjs';

/** Built pages by their names, from words NAME=FOLDER; without any the one in dist/ is `now`. @param {string[]} words */
export const buildsOf = (words) => (words.length ? words : [`now=${join(root, 'dist')}`]).map((word) => {
  const [name, folder] = word.split('=');
  return { name, folder: resolve(folder ?? '') };
});

/** A picture of tests/data/portraits. @param {string} name */
export const portrait = (name) => join(root, 'tests/data/portraits', `${name}.jpg`);

/** Has ffmpeg write a clip that Chromium takes for a camera. @param {string} file @param {string[]} input @param {number} [quality] of its JPEGs, 2 is the best */
export function writeClip(file, input, quality = 2) {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, '-an', '-q:v', String(quality), '-f', 'mjpeg', file]);
  return file;
}

const SWAY = "scale=1600:1200,zoompan=z='1.06+0.04*sin(on/16)':x='(iw-iw/zoom)/2+8*sin(on/11)':y='(ih-ih/zoom)/2+6*cos(on/13)':d=1:s=640x480:fps=25";

/** A clip of somebody who sways before the camera. @param {string} file @param {string} name of the portrait */
export const swayingClip = (file, name) => writeClip(file, ['-loop', '1', '-framerate', '25', '-t', '4', '-i', portrait(name), '-vf', SWAY]);

/** Chromium with this clip for its camera. @param {string} clip */
export const cameraFlags = (clip) => ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${clip}`];

/** Counts in pages that are opened from now on, as `looks`, what they ask their worker to look at. @param {import('playwright-core').Page} page */
export const countLooks = (page) => page.addInitScript(() => {
  globalThis.looks = 0;
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message.op === 'observe') globalThis.looks += 1;
    return postMessage.call(this, message, ...rest);
  };
});

/** The least of some numbers, and their median, with a digit behind the point. @param {number[]} values */
export const leastAndMedian = (values) => `${Math.min(...values).toFixed(1)}, ${(values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(1)}`;
