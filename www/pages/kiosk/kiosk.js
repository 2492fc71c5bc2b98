/**
 * The kiosk's page: asks for the PIN once, then runs by itself. Who stands there is known by id; a name is asked for when
 * it is shown and gone with the screen that showed it.
 */
import '../../offline/guard.js';
import { cameraAllowed } from '../../camera/camera.js';
import { find, withName } from '../../ui/dom.js';
import { nameWeakness, secret } from '../../ui/fields.js';
import { Admin } from './admin.js';
import { chime, fillScreen, keepAwake, watchSleep } from './awake.js';
import { Eyes } from './eyes.js';
import { stayHere } from './staying.js';
import { KioskFlow } from './flow.js';
import { fault, faultOf, onLanguage, text } from '../../words/messages.js';
import { keepOffline } from '../../offline/offline.js';
import { chooseLanguage, startLanguage } from '../../ui/page-language.js';
import { unsupported } from '../../camera/support.js';
import { showTheme } from '../../ui/theme.js';
import { TurnGuide } from '../../ui/turn.js';
import { formDialog, secretField, wrongInput } from '../../ui/vault.js';

/** @import { Observation, State } from '../../types.js' */
/** @import { Screen } from './flow.js' */
/** @import { Settings } from '../../vault/types.js' */

/** Version of what a host is told. */
const MESSAGE_VERSION = 1;
const TICK_MS = 250;
/** The vault must not lock itself by idleness while the kiosk runs: see docs/KIOSK.md. */
const TOUCH_EVERY_MS = 15_000;
const UPKEEP_EVERY_MS = 60_000;
/** So long the corner is pressed before it opens the administration. */
const PRESS_MS = 1_200;
/** So long anywhere else, and it says how the administration is reached, for so long. */
const HOW_MS = 2_000;
const HOW_SHOWN_MS = 10_000;
/** Who entered the PIN is taken to stand there for so long. */
const JUST_ENTERED_MS = 60_000;
/** A question for the PIN that nobody answers goes away. */
const UNANSWERED_MS = 60_000;

await startLanguage();

const root = find('#kiosk', HTMLElement);
const headline = find('.headline', HTMLElement, root);
const also = find('.also', HTMLElement, root);
const again = find('.again', HTMLButtonElement, root);
const setUp = find('.set-up', HTMLButtonElement, root);
const how = find('.how', HTMLElement, root);
const trouble = find('.trouble', HTMLElement, root);
const setup = find('#setup', HTMLFormElement);
const corner = find('.corner', HTMLButtonElement);
const pin = find('#kiosk-pin', HTMLInputElement);
const pinAgain = find('#kiosk-pin-again', HTMLInputElement);
const problem = find('#setup-problem', HTMLElement);
for (const field of [pin, pinAgain]) secret(field);
nameWeakness(pin);
const turnGuide = new TurnGuide();
find('.mirror', HTMLElement, root).append(turnGuide.element);

export const eyes = new Eyes(find('video', HTMLVideoElement, root));
export const flow = new KioskFlow({ distance: 0.22, timeoutMs: 8_000 });
const { client } = eyes;
const admin = new Admin(find('#admin', HTMLDialogElement), { client, eyes });

/** @type {Settings | null} null while locked */
let settings = null;
/** Whether the store is open and the kiosk goes about its work. */
let running = false;
/** Whether a PIN is set already. */
let hasPin = false;
/** Grows with every screen, so that a late name is dropped. */
let shown = 0;
let shownKey = '';
/** Whether the worker knows faces that the kiosk has not forgotten. */
let remembered = false;
/** Whether the kiosk goes on by itself after a reload. */
let keptOpen = false;
/** How many people can be recognised. */
let enrolled = 0;
/** When the PIN was entered here last. */
let enteredAt = -Infinity;
/** Loads a new release, once one is ready. @type {(() => void) | null} */
let switchOver = null;

/** @param {State} state */
function heed(state) {
  showTheme(state.settings.theme);
  if (!state.vault) {
    stop();
    ask('kiosk.storage', 'kiosk.storage');
    setup.hidden = true;
    return;
  }
  hasPin = state.vault.pin;
  enrolled = state.people.length;
  settings = state.vault.settings;
  keptOpen = Boolean(state.vault.keptOpen);
  if (settings) client.decideBy({ presence: settings.kioskPresence }).catch(showTrouble);
  if (settings) Object.assign(flow, { distance: settings.kioskDistance, timeoutMs: settings.kioskTimeoutSeconds * 1000 });
  // A locked store tells nothing of the choice: the language stays.
  if (settings) chooseLanguage(settings.language).catch(showTrouble);
  client.hold(Boolean(settings && hasPin)).catch(() => {});
  if (!settings || !hasPin) {
    stop();
    ask(hasPin || state.vault.locked ? 'kiosk.setup.unlock' : 'kiosk.setup.new', `${hasPin ? 'kiosk.setup.unlock' : 'kiosk.setup.new'}.text`);
  } else if (!running) void go();
}

/** @param {string} title @param {string} words */
function ask(title, words) {
  root.dataset.screen = 'setup';
  delete headline.dataset.t;
  headline.textContent = text(title);
  also.textContent = '';
  again.hidden = setUp.hidden = true;
  find('.setup-text', HTMLElement, setup).textContent = text(words);
  find('.second', HTMLElement, setup).hidden = hasPin;
  pin.autocomplete = hasPin ? 'current-password' : 'new-password';
  if (setup.hidden) {
    setup.hidden = false;
    pin.focus();
  }
}

async function begin() {
  problem.textContent = '';
  const button = find('button', HTMLButtonElement, setup);
  const choice = new FormData(setup);
  button.disabled = true;
  try {
    if (!hasPin && pin.value !== pinAgain.value) throw wrongInput('vault.pin.differ');
    if (choice.has('full')) await fillScreen();
    const state = await client.vault(hasPin ? 'vaultUnlock' : 'vaultSetPin', { pin: pin.value });
    heed(choice.get('restart') === 'go' ? await client.vault('vaultKeepOpen', { wanted: true }) : state);
    pin.value = pinAgain.value = '';
    enteredAt = performance.now();
  } catch (error) {
    const { message, remedy } = faultOf(error);
    problem.textContent = `${message} ${remedy}`;
    pin.focus();
  } finally {
    button.disabled = false;
  }
}

/** The store is open: the camera goes on and the kiosk waits for faces. */
async function go() {
  running = true;
  // From here on its words come with its screen, not with every change of the language.
  delete headline.dataset.t;
  setup.hidden = true;
  problem.textContent = '';
  show(true);
  document.documentElement.dataset.ready = '';
  await eyes.open(settings?.kioskCamera ?? null);
}

function stop() {
  running = false;
  forget();
  eyes.close();
  delete document.documentElement.dataset.ready;
}

/** Nobody's name or face is left on the screen or in the worker's memory of faces in view. */
function forget() {
  flow.again();
  shown += 1;
  shownKey = '';
  headline.textContent = '';
  also.textContent = '';
  client.resetTracks().catch(() => {});
}

/** Brings the screen in line with the flow. @param {boolean} [force] */
function show(force = false) {
  if (!running) return;
  turnGuide.show(flow.ask, true);
  const { screen } = flow;
  // The tracks of whoever was judged and still stands there are kept, or they would be judged again and again.
  if (flow.forgotten && remembered) client.resetTracks().catch(() => {});
  remembered = !flow.forgotten;
  const key = JSON.stringify([screen, enrolled > 0]);
  if (key === shownKey && !force) return;
  shownKey = key;
  const turn = ++shown;
  again.hidden = !['stranger', 'unsure', 'refused'].includes(screen.kind);
  setUp.hidden = enrolled > 0;
  if (enrolled === 0) {
    root.dataset.screen = 'empty';
    headline.textContent = text('kiosk.empty');
    also.textContent = text('kiosk.empty.also');
    return;
  }
  if (screen.kind === 'greet') {
    void greet(/** @type {string} */ (screen.person), turn);
    return;
  }
  root.dataset.screen = screen.kind;
  headline.textContent = screen.turn ? text(`presence.ask.${screen.turn}`) : text(`kiosk.${screen.kind}`);
  also.textContent = alsoOf(screen);
  if (!again.hidden) again.focus({ preventScroll: true });
  if ((screen.kind === 'stranger' || screen.kind === 'refused') && settings?.kioskSounds) chime(false);
}

/** @param {Screen} screen */
function alsoOf({ kind, masked, why }) {
  if (why) return text(`presence.why.${why}`);
  if (kind === 'attract' || kind === 'stranger' || kind === 'unsure' || kind === 'refused') return text(`kiosk.${kind}.also`);
  return masked ? text('kiosk.mask') : '';
}

/** The screen before it stays until the name is there. @param {string} person @param {number} turn */
async function greet(person, turn) {
  const time = Date.now();
  try {
    const [name, seen] = await Promise.all([client.nameOf(person), client.vault('guestSeen', { guest: person, time })]);
    if (turn !== shown) return;
    if (name === null) {
      flow.again();
      show();
      return;
    }
    flow.named(performance.now());
    root.dataset.screen = 'greet';
    headline.replaceChildren(...withName(text('kiosk.greet', { name: '{name}' }), name));
    also.textContent = seen ? text(seen.first === time ? 'kiosk.greet.arrived' : 'kiosk.greet.again') : '';
    if (settings?.kioskSounds) chime(true);
    handOff({ person: { id: person, name }, time });
  } catch (error) {
    console.warn('brow: nobody could be greeted:', error);
    if (turn !== shown) return;
    flow.again();
    show();
  }
}

/** Tells whoever embeds the kiosk. @param {{person: {id: string, name: string}, time: number}} detail */
function handOff(detail) {
  document.dispatchEvent(new CustomEvent('brow-handoff', { detail }));
  const hosts = new Set([...(window.parent === window ? [] : [window.parent]), ...(window.opener ? [window.opener] : [])]);
  // The browser hands a message over only where the host's origin is the one that is named.
  for (const host of hosts) for (const origin of settings?.kioskHosts ?? []) host.postMessage({ type: 'brow-handoff', version: MESSAGE_VERSION, ...detail }, origin);
}

/** @param {unknown} error */
function showTrouble(error) {
  const { code, message, remedy } = faultOf(error);
  trouble.textContent = `${message} ${remedy}`;
  trouble.dataset.code = code;
  trouble.hidden = false;
}

/** Asks for the PIN, unless it was entered a moment ago, then opens the administration. @param {{justEntered?: boolean}} [how] */
async function openAdmin({ justEntered = false } = {}) {
  if (!running || document.querySelector('dialog[open]') || !(justEntered || await provePin())) return;
  forget();
  show(true);
  await admin.open();
}

/** @returns {Promise<boolean>} whether the PIN was entered */
async function provePin() {
  const { field, input } = secretField('admin-pin', text('vault.pin'), 'current-password');
  const unanswered = setTimeout(() => input.closest('dialog')?.close(), UNANSWERED_MS);
  const open = await formDialog({
    title: text('kiosk.admin'), body: [field], go: text('kiosk.admin.enter'),
    submit: () => client.vault('vaultProvePin', { pin: input.value }),
  });
  clearTimeout(unanswered);
  return open;
}

function listen() {
  stayHere(find('#admin', HTMLDialogElement));
  eyes.addEventListener('state', (event) => {
    const { detail } = /** @type {CustomEvent<State>} */ (event);
    heed(detail);
    admin.heed(detail);
  });
  eyes.addEventListener('look', (event) => {
    const { observations, height } = /** @type {CustomEvent<{observations: Observation[], height: number}>} */ (event).detail;
    admin.saw(observations, height);
    if (admin.isOpen || enrolled === 0) return;
    flow.see(observations, height, performance.now());
    show();
  });
  eyes.addEventListener('restarted', () => {
    flow.again();
    show();
  });
  eyes.addEventListener('trouble', (event) => showTrouble(/** @type {CustomEvent} */ (event).detail));
  eyes.addEventListener('well', () => {
    trouble.hidden = true;
    trouble.textContent = '';
  });
  admin.addEventListener('state', (event) => heed(/** @type {CustomEvent<State>} */ (event).detail));
  // What was seen under the old settings, or of the operator, says nothing about the next guest.
  find('#admin', HTMLDialogElement).addEventListener('close', () => {
    if (!running) return;
    forget();
    show(true);
  });
  admin.addEventListener('camera', () => void eyes.open(settings?.kioskCamera ?? null));
  setup.addEventListener('submit', (event) => {
    event.preventDefault();
    void begin();
  });
  again.addEventListener('click', () => {
    forget();
    show(true);
  });
  // Whoever still stands there after the kiosk has forgotten them asks for another try by touching the screen.
  root.addEventListener('click', (event) => {
    if (running && event.target !== again && flow.screen.kind === 'attract') flow.again();
  });
  // A greeting is said once, in the language of its moment. A page that asks for the PIN asks anew in the other language: the
  // state that comes back is heeded as every other.
  onLanguage(() => {
    if (flow.screen.kind !== 'greet') show(true);
    client.state().catch(() => {});
  });
  listenForAdmin();
  setInterval(() => {
    if (!running || admin.isOpen) return;
    flow.tick(performance.now());
    show();
  }, TICK_MS);
  setInterval(() => {
    if (running) client.vault('vaultTouch').catch(() => {});
  }, TOUCH_EVERY_MS);
  setInterval(() => {
    if (admin.isOpen || (running && !flow.idle)) return;
    // A page that has to ask for its PIN again would stand still until somebody comes: such a kiosk changes when it is started.
    if (switchOver && (running ? keptOpen : !pin.value)) switchOver();
    else if (running) eyes.recycle().catch(() => {});
  }, UPKEEP_EVERY_MS);
  watchSleep(() => {
    if (!running || document.hidden) return;
    forget();
    show(true);
    eyes.wake();
  });
  keepAwake((how) => admin.awake(how));
}

/** A long press in the corner, Enter on it, or Ctrl + Alt + A. */
function listenForAdmin() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pressed;
  corner.addEventListener('pointerdown', () => {
    pressed = setTimeout(() => void openAdmin(), PRESS_MS);
  });
  for (const kind of ['pointerup', 'pointerleave', 'pointercancel']) corner.addEventListener(kind, () => clearTimeout(pressed));
  corner.addEventListener('contextmenu', (event) => event.preventDefault());
  // A click without a pointer comes from a keyboard or a screen reader.
  corner.addEventListener('click', (event) => {
    if (event.detail === 0) void openAdmin();
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey && event.altKey && event.code === 'KeyA') {
      event.preventDefault();
      void openAdmin();
    }
  });
  // To whoever set the kiosk up a moment ago its PIN is not asked for twice.
  setUp.addEventListener('click', () => void openAdmin({ justEntered: performance.now() - enteredAt < JUST_ENTERED_MS }));
  tellHow();
}

/** Says how the administration is reached to whoever presses anywhere for long. */
function tellHow() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  root.addEventListener('pointerdown', ({ target }) => {
    clearTimeout(timer);
    if (!running || (target instanceof Element && target.closest('button'))) return;
    timer = setTimeout(() => {
      how.textContent = text('kiosk.how');
      timer = setTimeout(() => {
        how.textContent = '';
      }, HOW_SHOWN_MS);
    }, HOW_MS);
  });
  for (const kind of ['pointerup', 'pointerleave', 'pointercancel']) {
    root.addEventListener(kind, () => {
      if (!how.textContent) clearTimeout(timer);
    });
  }
  root.addEventListener('contextmenu', (event) => event.preventDefault());
}

async function start() {
  const missing = unsupported();
  if (missing) {
    showTrouble(missing);
    return;
  }
  listen();
  // The question whether the camera may be used comes before the kiosk is left alone, not with the first guest.
  if (!(await cameraAllowed())) void navigator.mediaDevices?.getUserMedia({ video: true }).then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
  await eyes.load();
}

keepOffline({
  after: new Promise((resolve) => eyes.addEventListener('state', resolve, { once: true })),
  onready: (change) => {
    switchOver = change;
  },
});
start().catch((error) => {
  console.error(error);
  showTrouble(fault('unexpected'));
});
