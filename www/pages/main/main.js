/** The page: starts everything at once, and ties the live view, the list of people and the settings together. */
import '../../offline/guard.js';
import '../../offline/alone.js';
import { find } from '../../ui/dom.js';
import { BrowRecogniser } from '../../element/element.js';
import { insideOf } from '../../element/inside.js';
import { ChoicesPanel } from '../../ui/choices.js';
import { Demo } from './demo.js';
import { DeveloperOverlay } from './developer.js';
import { EnrolDialog } from './enrol.js';
import { forgetWhenLeft } from './leaving.js';
import { onLanguage } from '../../words/messages.js';
import { showNetworks } from '../../ui/networks.js';
import { Notices } from '../../ui/notices.js';
import { keepOffline } from '../../offline/offline.js';
import { chooseLanguage, showLanguages, startLanguage } from '../../ui/page-language.js';
import { OutdatedNotice } from '../../ui/outdated.js';
import { PeopleList } from '../../ui/people.js';
import { showTheme } from '../../ui/theme.js';
import { VaultPanel } from '../../ui/vault.js';
import { peopleBefore } from '../../vault/persist.js';

/** @import { Remade, State } from '../../types.js' */

startLanguage();

const notices = new Notices(find('#notices', HTMLElement));
const target = find('#target', HTMLSelectElement);
const theme = find('#theme', HTMLSelectElement);
const languages = find('#language', HTMLSelectElement);

const recogniser = find('brow-recogniser', BrowRecogniser);
const { camera } = recogniser;
const client = insideOf(recogniser).client();
const people = new PeopleList(find('#people', HTMLElement), { client, notices });
const outdated = new OutdatedNotice(notices);
const enrol = new EnrolDialog(find('#enrol', HTMLDialogElement), { recogniser, people });
const demo = new Demo(find('#demo', HTMLDialogElement));
const welcome = find('#welcome', HTMLElement);
const developer = new DeveloperOverlay(recogniser);
const choices = new ChoicesPanel(find('#settings details', HTMLDetailsElement), client);
const vault = new VaultPanel(find('#vault', HTMLElement), find('#lock', HTMLElement), { client, notices });

const ENGINE_FAULTS = ['offline', 'download_failed', 'program_damaged', 'model_damaged', 'model_truncated'];
const CAMERA_FAULTS = ['camera_refused', 'camera_absent', 'camera_busy', 'camera_silent', 'camera_touch', 'camera_unplugged', 'camera_black', 'camera_frozen', 'camera_infrared',
  'pictures_scrambled'];

/** What is shown, to be shown again in another language. @type {State | null} */
let shown = null;

/** Whether nobody is enrolled, as far as is known. @type {boolean | null} */
let first = null;

/** To whoever is here for the first time the page says what to do, where the camera's picture will be, and keeps the rest short. @param {boolean} wanted */
function showWelcome(wanted) {
  welcome.slot = wanted ? (shown ? 'invite' : 'loading') : '';
  if (first === wanted) return;
  // Whoever has forgotten everybody just now has the backup before them, and needs it most.
  if (first === null || !wanted) find('#vault .backup', HTMLDetailsElement).open = !wanted;
  first = wanted;
  welcome.hidden = !wanted;
  document.body.classList.toggle('first', wanted);
}

/** @param {State} state */
function showState(state) {
  shown = state;
  showWelcome(state.people.length === 0 && !state.vault?.locked);
  for (const code of ENGINE_FAULTS) notices.clear(code);
  people.show(state);
  outdated.show(state);
  // Locked, nobody can be listed or enrolled: the way in stands above instead.
  for (const id of ['people', 'settings']) find(`#${id}`, HTMLElement).hidden = Boolean(state.vault?.locked);
  vault.show(state);
  // What is being chosen just now is newer than what was stored when this state was told.
  if (!isBusy(target)) target.value = String(nearestTarget(state.settings.targetFmr));
  choices.show(state);
  if (!isBusy(theme)) {
    theme.value = state.settings.theme;
    applyTheme(state.settings.theme);
  }
  // Tests and measurements wait for this mark.
  document.documentElement.dataset.ready = '';
  // A locked store, or none, tells nothing of the choice: the language stays.
  if (state.vault && !state.vault.locked && !isBusy(languages)) chooseLanguage(state.settings.language).catch((error) => notices.fault(error));
  showLanguages(languages);
}

/** @param {import('../../types.js').Settings['theme']} chosen */
function applyTheme(chosen) {
  showTheme(chosen);
  recogniser.theme = chosen;
}

/** The choice that is nearest to a stored target. @param {number} fmr */
function nearestTarget(fmr) {
  const distance = (/** @type {HTMLOptionElement} */ option) => Math.abs(Math.log10(Number(option.value)) - Math.log10(fmr));
  return [...target.options].reduce((best, option) => (distance(option) < distance(best) ? option : best)).value;
}

/** Whether what was chosen here is not stored yet. @param {HTMLElement} control */
const isBusy = (control) => control.hasAttribute('aria-busy');

/**
 * Shows a choice and keeps it. Its control is busy until that is done, for whoever closes the page before would lose the change.
 * @param {HTMLElement} control
 * @param {Partial<import('../../types.js').Settings>} patch
 * @param {() => void | Promise<void>} [show] makes the page follow at once
 */
async function changeSettings(control, patch, show) {
  control.setAttribute('aria-busy', 'true');
  try {
    await show?.();
    await client.setSettings(patch);
    control.removeAttribute('aria-busy');
  } catch (error) {
    notices.fault(error);
    control.removeAttribute('aria-busy');
    await client.state();
  }
}

function clearCameraFaults() {
  for (const code of CAMERA_FAULTS) notices.clear(code);
}

function listen() {
  client.addEventListener('state', (event) => showState(/** @type {CustomEvent<State>} */ (event).detail));
  client.addEventListener('remade', (event) => outdated.progress(/** @type {CustomEvent<Remade>} */ (event).detail));
  recogniser.addEventListener('brow-fault', (event) => {
    // Told here, above everything, rather than in the element.
    event.preventDefault();
    const { code } = event.detail;
    if (CAMERA_FAULTS.includes(code)) clearCameraFaults();
    if (code.startsWith('browser_')) for (const button of document.querySelectorAll('button.enrol-camera, button.enrol-photo, #welcome button')) button.setAttribute('disabled', '');
    notices.fault(event.detail);
  });
  camera.addEventListener('started', clearCameraFaults);
  camera.addEventListener('recovered', clearCameraFaults);
  people.addEventListener('more', (event) => enrol.open('camera', { person: /** @type {CustomEvent} */ (event).detail }));
  find('.enrol-camera', HTMLButtonElement).addEventListener('click', () => enrol.open('camera'));
  find('.begin', HTMLButtonElement, welcome).addEventListener('click', () => enrol.open('camera'));
  find('.demo-open', HTMLButtonElement, welcome).addEventListener('click', () => demo.open());
  demo.addEventListener('own', () => enrol.open('camera'));
  find('.enrol-photo', HTMLButtonElement).addEventListener('click', () => enrol.open('photo'));
  target.addEventListener('change', () => changeSettings(target, { targetFmr: Number(target.value) }));
  languages.addEventListener('change', () => {
    const language = languages.value || null;
    changeSettings(languages, { language }, () => chooseLanguage(language).catch((error) => notices.fault(error)));
  });
  onLanguage(() => {
    if (shown) showState(shown);
  });
  theme.addEventListener('change', () => {
    const value = /** @type {import('../../types.js').Settings['theme']} */ (theme.value);
    changeSettings(theme, { theme: value }, () => applyTheme(value));
  });
  listenToDeveloper();
  showNetworks(find('footer .networks', HTMLDetailsElement), { client, notices });
  acceptDrops();
}

/** The overlay for developers, by its tick or its keys. */
function listenToDeveloper() {
  const tick = find('#developer', HTMLInputElement);
  tick.addEventListener('change', () => {
    developer.on = tick.checked;
  });
  document.addEventListener('keydown', (event) => {
    // By its place on the keyboard: with these keys some layouts write another letter.
    if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.code !== 'KeyD') return;
    event.preventDefault();
    tick.checked = developer.on = !developer.on;
  });
}

/** A photo may be dropped anywhere on the page. */
function acceptDrops() {
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const files = event.dataTransfer?.files;
    if (recogniser.ready && files?.length && !document.querySelector('dialog[open]')) enrol.open('photo', { files });
  });
}

// The element loads and starts by itself.
showWelcome(peopleBefore() === 0);
listen();
forgetWhenLeft({ isProtected: () => Boolean(shown?.vault?.pin), drop: () => client.close() });
keepOffline({
  after: new Promise((resolve) => client.addEventListener('state', resolve, { once: true })),
  onready: (switchOver) => notices.offer('update.ready', { label: 'update.reload', act: switchOver }),
  onrefused: (why) => notices.fault(why),
});
