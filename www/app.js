/** The page: starts everything at once, and ties the live view, the list of people and the settings together. */
import './guard.js';
import { Camera, cameraAllowed } from './camera.js';
import { BrowClient } from './client.js';
import { find, make } from './dom.js';
import { EnrolDialog } from './enrol.js';
import { LiveView } from './live.js';
import { fault, text, translate } from './messages.js';
import { Notices } from './notices.js';
import { PeopleList } from './people.js';
import { unsupported } from './support.js';
import { showTheme } from './theme.js';
import { VaultPanel } from './vault-ui.js';

/** @import { Fault, Progress, State } from './types.js' */

translate(document);

const notices = new Notices(find('#notices', HTMLElement));
const loading = find('#loading', HTMLElement);
const invite = find('.invite', HTMLElement);
const startButton = find('.start', HTMLButtonElement, invite);
const stopButton = find('.stop', HTMLButtonElement);
const target = find('#target', HTMLSelectElement);
const theme = find('#theme', HTMLSelectElement);
const cameraChoice = find('.camera-choice', HTMLElement);
const cameras = find('select', HTMLSelectElement, cameraChoice);

const liveRoot = find('#live', HTMLElement);
const camera = new Camera(find('video', HTMLVideoElement, liveRoot));
const client = new BrowClient({ seal: true });
const people = new PeopleList(find('#people', HTMLElement), { client, notices });
const live = new LiveView(liveRoot, { client, camera, nameOf: (id) => people.nameOf(id) });
const enrol = new EnrolDialog(find('#enrol', HTMLDialogElement), { client, camera, people });

const vault = new VaultPanel(find('#vault', HTMLElement), find('#lock', HTMLElement), { client, notices });

/** Whether the engine is loaded. */
let ready = false;

/** @param {State} state */
function showState(state) {
  people.show(state);
  // Locked, nobody can be listed or enrolled: the way in stands above instead.
  for (const id of ['people', 'settings']) find(`#${id}`, HTMLElement).hidden = Boolean(state.vault?.locked);
  vault.show(state);
  target.value = String(nearestTarget(state.settings.targetFmr));
  theme.value = state.settings.theme;
  showTheme(state.settings.theme);
  if (state.storage) notices.fault(state.storage);
}

/** The choice that is nearest to a stored target. @param {number} fmr */
function nearestTarget(fmr) {
  const distance = (/** @type {HTMLOptionElement} */ option) => Math.abs(Math.log10(Number(option.value)) - Math.log10(fmr));
  return [...target.options].reduce((best, option) => (distance(option) < distance(best) ? option : best)).value;
}

/** Loads the engine; on failure says why and offers to try again. */
async function load() {
  const again = find('.again', HTMLButtonElement, loading);
  again.hidden = true;
  loading.hidden = false;
  find('.loading-bytes', HTMLElement, loading).textContent = '';
  try {
    const { state } = await client.start();
    engineReady(state);
  } catch (error) {
    // A death while loading: the client tries again and says `restarted` or `fault`.
    if (error instanceof Error && 'code' in error && error.code === 'worker_restarted') return;
    loadingFailed(error);
  }
}

/** @param {unknown} error */
function loadingFailed(error) {
  notices.fault(error);
  const again = find('.again', HTMLButtonElement, loading);
  again.hidden = false;
  loading.classList.add('failed');
}

/** @param {State} state */
function engineReady(state) {
  ready = true;
  loading.hidden = true;
  loading.classList.remove('failed');
  for (const code of ['offline', 'download_failed', 'program_damaged', 'model_damaged', 'model_truncated']) notices.clear(code);
  showState(state);
  document.documentElement.dataset.ready = '';
  showCamera();
}

/** Brings the live view in line with camera, engine and enrolment. */
function showCamera() {
  const { running } = camera;
  invite.hidden = running || !ready;
  stopButton.hidden = !running;
  if (!running) live.stop('live.off');
  else if (!ready) live.stop('live.waiting');
  else if (enrol.capturing) live.stop('live.enrolling');
  else live.start();
}

/** @param {string} [deviceId] */
async function startCamera(deviceId) {
  startButton.disabled = true;
  for (const code of ['camera_refused', 'camera_absent', 'camera_busy', 'camera_unplugged', 'camera_black', 'camera_frozen']) notices.clear(code);
  live.stop('live.starting');
  try {
    await camera.start(deviceId);
    await listCameras();
  } catch (error) {
    notices.fault(error);
  } finally {
    startButton.disabled = false;
    showCamera();
  }
}

/** Offers a choice where there are several cameras. */
async function listCameras() {
  const devices = await camera.devices();
  cameraChoice.hidden = devices.length < 2;
  cameras.replaceChildren(...devices.map((device, index) => make('option', { value: device.deviceId }, device.label || `${text('live.camera')} ${index + 1}`)));
  if (camera.deviceId) cameras.value = camera.deviceId;
}

/**
 * Keeps a setting. Its control is busy until that is done, for whoever closes the page before would lose the change.
 * @param {HTMLElement} control
 * @param {Partial<import('./types.js').Settings>} patch
 */
async function changeSettings(control, patch) {
  control.setAttribute('aria-busy', 'true');
  try {
    showState(await client.setSettings(patch));
  } catch (error) {
    notices.fault(error);
    showState(await client.state());
  } finally {
    control.removeAttribute('aria-busy');
  }
}

function listen() {
  client.addEventListener('progress', (event) => {
    const { loaded, total } = /** @type {CustomEvent<Progress>} */ (event).detail;
    const part = total ? loaded / total : 0;
    find('progress', HTMLProgressElement, loading).value = part;
    const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
    find('.loading-bytes', HTMLElement, loading).textContent = part < 1
      ? text('loading.bytes', { loaded: megabytes(loaded), total: megabytes(total) }) : text('loading.engine');
  });
  client.addEventListener('restarted', (event) => {
    const { cause, state } = /** @type {CustomEvent<{cause: Fault, state: State}>} */ (event).detail;
    if (ready) notices.fault(cause);
    engineReady(state);
  });
  client.addEventListener('storage', (event) => notices.fault(/** @type {CustomEvent} */ (event).detail));
  client.addEventListener('changed', (event) => showState(/** @type {CustomEvent<State>} */ (event).detail));
  client.addEventListener('fault', (event) => {
    ready = false;
    loading.hidden = false;
    showCamera();
    loadingFailed(/** @type {CustomEvent} */ (event).detail);
  });
  camera.addEventListener('started', showCamera);
  camera.addEventListener('stopped', showCamera);
  camera.addEventListener('fault', (event) => notices.fault(/** @type {CustomEvent} */ (event).detail));
  camera.addEventListener('recovered', () => {
    for (const code of ['camera_unplugged', 'camera_black', 'camera_frozen']) notices.clear(code);
  });
  live.addEventListener('fault', (event) => {
    notices.fault(/** @type {CustomEvent} */ (event).detail);
    showCamera();
  });
  enrol.addEventListener('capture', showCamera);
  enrol.addEventListener('captured', showCamera);
  enrol.addEventListener('close', showCamera);
  enrol.addEventListener('state', (event) => showState(/** @type {CustomEvent<State>} */ (event).detail));
  vault.addEventListener('state', (event) => showState(/** @type {CustomEvent<State>} */ (event).detail));
  people.addEventListener('state', (event) => showState(/** @type {CustomEvent<State>} */ (event).detail));
  people.addEventListener('more', (event) => enrol.open('camera', { person: /** @type {CustomEvent} */ (event).detail }));
  find('.again', HTMLButtonElement, loading).addEventListener('click', load);
  startButton.addEventListener('click', () => startCamera());
  stopButton.addEventListener('click', () => camera.stop());
  cameras.addEventListener('change', () => startCamera(cameras.value).then(() => client.resetTracks()).catch(() => {}));
  find('.enrol-camera', HTMLButtonElement).addEventListener('click', () => enrol.open('camera'));
  find('.enrol-photo', HTMLButtonElement).addEventListener('click', () => enrol.open('photo'));
  target.addEventListener('change', () => changeSettings(target, { targetFmr: Number(target.value) }));
  theme.addEventListener('change', () => {
    const value = /** @type {import('./types.js').Settings['theme']} */ (theme.value);
    showTheme(value);
    changeSettings(theme, { theme: value });
  });
  acceptDrops();
}

/** A photo may be dropped anywhere on the page. */
function acceptDrops() {
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const files = event.dataTransfer?.files;
    if (ready && files?.length && !enrol.isOpen) enrol.open('photo', { files });
  });
}

/** Camera, worker, module and networks start side by side; whoever allowed the camera before is not asked to click. */
async function begin() {
  const missing = unsupported();
  if (missing) {
    loading.hidden = true;
    notices.fault(missing);
    for (const button of document.querySelectorAll('button.enrol-camera, button.enrol-photo')) button.setAttribute('disabled', '');
    return;
  }
  listen();
  const loaded = load();
  if (await cameraAllowed()) await startCamera();
  await loaded;
}

begin().catch((error) => {
  console.error(error);
  notices.fault(fault('unexpected'));
});
