/** The page on which an operator holds up prints and screens of their own, and counts what they are taken for. */
import '../../offline/guard.js';
import '../../offline/alone.js';
import { Camera, FrameLoop } from '../../camera/camera.js';
import { BrowClient } from '../../client/client.js';
import { find, make } from '../../ui/dom.js';
import { Notices } from '../../ui/notices.js';
import { startLanguage } from '../../ui/page-language.js';
import { onLanguage, text } from '../../words/messages.js';
import { KINDS, Tally, VERDICTS } from './tally.js';

/** @import { Fault } from '../../types.js' */
/** @import { Kind } from './tally.js' */

const notices = new Notices(find('#notices', HTMLElement));
const status = find('.status', HTMLElement);
const kinds = find('#kind', HTMLSelectElement);
const runButton = find('.run', HTMLButtonElement);
const video = find('video', HTMLVideoElement);
const camera = new Camera(video);
let tally = new Tally();
/** What happens with what is held up. @type {ReturnType<Tally['see']> | null} */
let now = null;
/** @type {BrowClient | null} */
let client = null;

const loop = new FrameLoop(camera, async (frame) => {
  if (!client) return 0;
  const { observations } = await client.observe(frame);
  const before = JSON.stringify(now);
  now = tally.see(/** @type {Kind} */ (kinds.value), observations, frame.timeMs);
  if (JSON.stringify(now) !== before) show();
  // Whoever is judged may leave no picture to look at: the loop is to go on as if somebody were there.
  return 1;
}, () => client?.reads ?? 'pixels');

function show() {
  const rows = KINDS.map((kind) => {
    const { wrong, all } = tally.errors(kind);
    const lines = VERDICTS.map((verdict) => make('div', {}, `${text(`count.as.${verdict}`)}: ${tally.counts[kind][verdict]}`));
    return make('tr', { 'data-kind': kind }, make('th', { scope: 'row' }, text(`count.kind.${kind}`)), make('td', {}, ...lines),
      make('td', {}, text('count.share', { wrong, all })));
  });
  const heads = ['count.what', 'count.caption', 'count.wrong'];
  find('.tables', HTMLElement).replaceChildren(make('table', {},
    make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, text(head))))), make('tbody', {}, ...rows)));
  if (now) status.textContent = now.state === 'counted' ? text('count.counted', { verdict: text(`count.as.${now.verdict}`) }) : text(`count.${now.state}`);
}

async function run() {
  runButton.disabled = true;
  try {
    // A store of its own: the people enrolled on this device are neither read nor compared.
    client ??= new BrowClient({ store: 'brow-count', presence: 'warn' });
    const { state } = await client.start();
    if (state.presence) throw state.presence;
    await camera.start();
    video.hidden = false;
    loop.start();
  } catch (error) {
    notices.fault(error);
    runButton.disabled = false;
  }
}

camera.addEventListener('fault', (event) => {
  notices.fault(/** @type {CustomEvent<Fault>} */ (event).detail);
  runButton.disabled = false;
});
runButton.addEventListener('click', run);
find('.again', HTMLButtonElement).addEventListener('click', () => {
  tally = new Tally();
  now = null;
  status.textContent = '';
  show();
});

await startLanguage();
onLanguage(show);
show();
document.documentElement.dataset.ready = '';
