/** The page that checks this device and says in words what is wrong and how to mend it. */
import '../../offline/guard.js';
import '../../offline/alone.js';
import { checkBrowser, checkCamera, checkEngine, checkOffline, checkSpeed, checkStorage } from './checks.js';
import { BrowClient } from '../../client/client.js';
import { find, make } from '../../ui/dom.js';
import { Ticks, hintOf } from '../../ui/ticks.js';
import { countText, faultOf, onLanguage, text } from '../../words/messages.js';
import { startLanguage } from '../../ui/page-language.js';
import { HEIGHT, WIDTH } from '../../worker/self-test.js';

/** @import { Finding } from './checks.js' */

const CHECKS = /** @type {const} */ (['browser', 'engine', 'speed', 'storage', 'offline', 'camera', 'light']);
/** @typedef {typeof CHECKS[number]} Check */

const button = find('.run', HTMLButtonElement);
const status = find('.status', HTMLElement);
const list = find('.checks', HTMLUListElement);
const video = find('.seen', HTMLVideoElement);
/** What a face in view still lacks, while the camera is looked through. */
const ticks = new Ticks();
ticks.element.hidden = true;
video.after(ticks.element);
/** @type {Map<Check, Finding>} */
const findings = new Map();
/** @type {Check | null} */
let running = null;
let done = false;

/** The built-in picture as pixels. */
async function picture() {
  const image = find('.picture', HTMLImageElement);
  await image.decode();
  const canvas = make('canvas', { width: String(WIDTH), height: String(HEIGHT) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(image, 0, 0, WIDTH, HEIGHT);
  return context.getImageData(0, 0, WIDTH, HEIGHT).data;
}

/** @param {Finding} finding */
function words(finding) {
  if (finding.state === 'skipped') return [text('check.skipped')];
  if (finding.state === 'ok') return [text(finding.key, finding.values)];
  const { message, remedy } = faultOf(finding.fault);
  return [message, ' ', make('strong', {}, remedy)];
}

function show() {
  list.replaceChildren(...[...findings].map(([check, finding]) => make('li', {
    'data-check': check, 'data-state': finding.state, ...('fault' in finding ? { 'data-code': finding.fault.code } : {}),
  },
  make('span', { class: 'sign', 'aria-hidden': 'true' }),
  make('div', {}, make('h2', {}, `${text(`check.${check}`)}: ${text(`check.state.${finding.state}`)}`), make('p', {}, ...words(finding))))));
  if (running) status.textContent = text('check.running', { what: text(`check.${running}`) });
  else if (done) {
    const wrong = [...findings.values()].filter(({ state }) => state === 'warn' || state === 'fail').length;
    status.textContent = wrong ? countText('check.found', wrong) : text('check.fine');
  }
}

/** @param {Check} check @param {() => Promise<Finding> | Finding} look @returns {Promise<boolean>} whether what follows makes sense */
async function run(check, look) {
  running = check;
  show();
  /** @type {Finding} */
  let finding;
  try {
    finding = await look();
  } catch (error) {
    finding = { state: 'fail', fault: faultOf(error) };
  }
  findings.set(check, finding);
  show();
  return finding.state !== 'fail';
}

async function runAll() {
  button.disabled = true;
  findings.clear();
  done = false;
  // A store of its own: the people enrolled on this device are neither read nor compared.
  const client = new BrowClient({ store: 'brow-check' });
  const means = { client, picture, video };
  try {
    const works = await run('browser', checkBrowser) && await run('engine', () => checkEngine(means));
    if (works) {
      await run('speed', () => checkSpeed(means));
      await run('storage', () => checkStorage(means));
    }
    await run('offline', checkOffline);
    if (works) {
      video.hidden = ticks.element.hidden = false;
      ticks.show('no_face');
      /** @type {Finding} */
      let light = { state: 'skipped' };
      await run('camera', async () => {
        const seen = await checkCamera({ ...means, onface: (face) => ticks.show(hintOf(face)) });
        light = seen.light;
        return seen.camera;
      });
      video.hidden = ticks.element.hidden = true;
      await run('light', () => light);
    }
    for (const check of CHECKS) if (!findings.has(check)) findings.set(check, { state: 'skipped' });
  } finally {
    client.close();
    running = null;
    done = true;
    button.disabled = false;
    show();
  }
}

await startLanguage();
onLanguage(show);
button.addEventListener('click', runAll);
document.documentElement.dataset.ready = '';
