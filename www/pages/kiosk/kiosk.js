/**
 * The kiosk's page: asks for the PIN once, then runs by itself. Who stands there is known by id; a name is asked for when
 * it is shown and gone with the screen that showed it.
 */
import '../../offline/guard.js';
import { cameraAllowed } from '../../camera/camera.js';
import { find, make, withName } from '../../ui/dom.js';
import { nameWeakness, secret } from '../../ui/fields.js';
import { Admin } from './admin.js';
import { ByCode } from './by-code.js';
import { chime, fillScreen, keepAwake, watchSleep } from './awake.js';
import { Eyes } from './eyes.js';
import { stayHere } from './staying.js';
import { KioskFlow } from './flow.js';
import { LANGUAGES, fault, faultOf, language, onLanguage, text } from '../../words/messages.js';
import { LoadingWords } from '../../ui/loading.js';
import { keepOffline } from '../../offline/offline.js';
import { borrowLanguage, chooseLanguage, startLanguage } from '../../ui/page-language.js';
import { unsupported } from '../../camera/support.js';
import { inkOn } from '../../ui/colours.js';
import { showTheme } from '../../ui/theme.js';
import { TurnGuide } from '../../ui/turn.js';
import { formDialog, secretField, wrongInput } from '../../ui/vault.js';

/** @import { KioskSaid, Observation, Screen, State } from '../../types.js' */
/** @import { DeskReason, Settings } from '../../vault/types.js' */

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
const haveCode = find('.have-code', HTMLButtonElement, root);
const how = find('.how', HTMLElement, root);
const trouble = find('.trouble', HTMLElement, root);
const setup = find('#setup', HTMLFormElement);
const brand = find('.event', HTMLElement, root);
const tongue = find('.tongue', HTMLButtonElement, root);
const corner = find('.corner', HTMLButtonElement);
const pin = find('#kiosk-pin', HTMLInputElement);
const pinAgain = find('#kiosk-pin-again', HTMLInputElement);
const problem = find('#setup-problem', HTMLElement);
for (const field of [pin, pinAgain]) secret(field);
const turnGuide = new TurnGuide();
find('.mirror', HTMLElement, root).append(turnGuide.element);

export const eyes = new Eyes(find('video', HTMLVideoElement, root));
const { client } = eyes;
export const flow = new KioskFlow(client);
nameWeakness(pin, client);
const admin = new Admin(find('#admin', HTMLDialogElement), { client, eyes });
const byCode = new ByCode(find('#by-code', HTMLFormElement), { eyes, flow, guide: turnGuide, leave: startOver });
byCode.onhint = (/** @type {string} */ words) => headline.replaceChildren(words);

/** @type {Settings | null} null while locked */
let settings = null;
/** The language that the guest of the moment asked for. @type {string | null} */
let borrowed = null;
/** The language that it is borrowed from. */
let home = language();
/** When the kiosk began to wait in it. */
let borrowedAt = 0;
/** Who is greeted now: their name, and what is said below it; nobody as soon as the screen is another. @type {{name: string, guest: Greeted | null} | null} */
let greeted = null;
/** Whether the store is open and the kiosk goes about its work. */
let running = false;
/** Whether a PIN is set already. */
let hasPin = false;
/** Why what the administrator asks of presence can't be kept: said as long as it is so. @type {State['presence']} */
let unkept = null;
const UNKEPT = new Set(['presence_unavailable', 'presence_threshold', 'presence_policy']);
/** Grows with every screen, so that a late name is dropped. */
let shown = 0;
let shownKey = '';
/** What was counted last: each verdict is a screen of its own. @type {Screen | null} */
let counted = null;
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
  find('.loading', HTMLElement, root).textContent = '';
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
  // Until the choice is known the most is asked; only what was chosen is anybody's trouble.
  unkept = settings && settings.kioskPresence !== 'off' ? state.presence : null;
  if (unkept || UNKEPT.has(trouble.dataset.code ?? '')) sayWell();
  if (settings) flow.rules = { distance: settings.kioskDistance, timeoutMs: settings.kioskTimeoutSeconds * 1000 };
  // A locked store tells nothing of the choice: the language stays, as it does where another is chosen and not stored yet.
  if (settings && !admin.isStoring) chooseLanguage(settings.language).catch(showTrouble);
  showLook();
  client.hold(Boolean(settings && hasPin)).catch(() => {});
  if (!settings || !hasPin) {
    stop();
    ask(hasPin || state.vault.locked ? 'kiosk.setup.unlock' : 'kiosk.setup.new', `${hasPin ? 'kiosk.setup.unlock' : 'kiosk.setup.new'}.text`);
  } else if (!running) void go();
  else {
    // A choice that is stored after the administration was closed is seen all the same.
    showTongue();
    show();
  }
}

/** Event, logo and colour, as the operator wants them; none of them while locked. */
function showLook() {
  const { kioskEvent = '', kioskLogo = '', kioskColour = '' } = settings ?? {};
  brand.hidden = !kioskEvent && !kioskLogo;
  find('bdi', HTMLElement, brand).textContent = kioskEvent;
  const logo = find('img', HTMLImageElement, brand);
  logo.hidden = !kioskLogo;
  if (kioskLogo) logo.src = kioskLogo;
  else logo.removeAttribute('src');
  for (const [name, value] of [['--own', kioskColour], ['--own-ink', kioskColour && inkOn(kioskColour)]]) {
    if (value) root.style.setProperty(name, value);
    else root.style.removeProperty(name);
  }
}

/** The other language, for a guest who reads it better: until their visit is over. */
function showTongue() {
  const second = settings?.kioskSecondLanguage ?? null;
  tongue.hidden = !running || enrolled === 0 || !second || (second === language() && !borrowed);
  if (tongue.hidden) return;
  const next = borrowed ? home : String(second);
  tongue.lang = next;
  tongue.textContent = LANGUAGES[next] ?? next;
}

async function switchTongue() {
  borrowed = borrowed ? null : settings?.kioskSecondLanguage ?? null;
  if (borrowed) home = language();
  borrowedAt = performance.now();
  await borrowLanguage(borrowed).catch(showTrouble);
}

/** Nobody has been there for a while: whoever comes next is spoken to in the kiosk's own language. */
function giveTongueBack() {
  if (flow.screen.kind !== 'attract') borrowedAt = performance.now();
  if (!borrowed || performance.now() - borrowedAt < (flow.rules?.timeoutMs ?? 0)) return;
  borrowed = null;
  void borrowLanguage(null).catch(showTrouble);
}

/** @param {string} title @param {string} words */
function ask(title, words) {
  root.dataset.screen = 'setup';
  delete headline.dataset.t;
  headline.textContent = text(title);
  also.textContent = '';
  again.hidden = setUp.hidden = haveCode.hidden = true;
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
  byCode.show('attract');
  eyes.close();
  delete document.documentElement.dataset.ready;
}

/** Nobody's name or face is left on the screen or in the worker's memory of faces in view. */
function forget() {
  flow.again({ forget: true });
  shown += 1;
  shownKey = '';
  greeted = null;
  headline.textContent = '';
  also.textContent = '';
}

/** Nobody is there, and whoever comes next begins. */
function startOver() {
  forget();
  show(true);
}

/** Whether a screen sends somebody to the desk. @param {Screen['kind']} kind @returns {kind is DeskReason} */
const isDesk = (kind) => kind === 'stranger' || kind === 'unsure' || kind === 'refused' || kind === 'known';

/** Counts whom it sends to the desk. @param {Screen} screen */
function count(screen) {
  if (screen === counted) return;
  counted = screen;
  if (isDesk(screen.kind)) client.vault('guestToDesk', { why: screen.kind, time: Date.now() }).catch((error) => console.warn('brow: who was sent to the desk was not counted:', error));
}

/** Brings the screen in line with the flow. @param {boolean} [force] */
function show(force = false) {
  if (!running) return;
  const { screen } = flow;
  byCode.show(screen.kind);
  if (!byCode.open) turnGuide.show(flow.ask, true);
  haveCode.hidden = !flow.codes || !(screen.kind === 'attract' || isDesk(screen.kind));
  count(screen);
  const { number, ...said } = screen;
  const key = JSON.stringify([said, enrolled > 0, screen.kind === 'attract' ? settings?.kioskWelcome : null]);
  if (key === shownKey && !force) return;
  shownKey = key;
  greeted = null;
  showTongue();
  const turn = ++shown;
  again.hidden = !isDesk(screen.kind);
  setUp.hidden = enrolled > 0 || byCode.open;
  if (byCode.open) {
    root.dataset.screen = screen.kind;
    headline.replaceChildren(byCode.words);
    also.textContent = text(`kiosk.${screen.kind}.also`);
    return;
  }
  if (enrolled === 0) {
    root.dataset.screen = 'empty';
    headline.textContent = text('kiosk.empty');
    also.textContent = text('kiosk.empty.also');
    return;
  }
  if (screen.kind === 'greet') {
    void greet(screen, turn);
    return;
  }
  root.dataset.screen = screen.kind;
  headline.replaceChildren(headlineOf(screen));
  also.textContent = alsoOf(screen);
  if (!again.hidden) again.focus({ preventScroll: true });
  if ((screen.kind === 'stranger' || screen.kind === 'refused') && settings?.kioskSounds) chime(false);
}

/** @param {Screen} screen @returns {Node | string} the operator's own words may be in a language that runs the other way */
function headlineOf({ kind, turn }) {
  if (kind === 'attract' && settings?.kioskWelcome) return make('bdi', {}, settings.kioskWelcome);
  return turn ? text(`presence.ask.${turn.side}.${turn.amount}`) : text(`kiosk.${kind}`);
}

/** @param {Screen} screen */
function alsoOf({ kind, masked, why }) {
  if (why) return text(`presence.why.${why}`);
  if (isDesk(kind)) return text(`kiosk.${kind}.also`);
  return kind === 'attract' || masked ? text('kiosk.attract.also') : '';
}

/** @typedef {{how: 'arrived' | 'again' | 'confirm', host: string}} Greeted what is said to an expected guest beside the name */

/** Says who is greeted, in the language of now. */
function sayGreeting() {
  if (!greeted) return;
  headline.replaceChildren(...withName(text('kiosk.greet', { name: '{name}' }), greeted.name));
  also.replaceChildren(...alsoGreeted(greeted.guest));
}

/** Whether a guest is checked in, and whom they visit. @param {Greeted | null} guest null: they are enrolled but not expected @returns {(Node | string)[]} */
function alsoGreeted(guest) {
  if (!guest) return [];
  const { how, host } = guest;
  const words = text(`kiosk.greet.${how}`);
  return host ? [words, ' ', make('span', { class: 'host' }, ...withName(text('kiosk.greet.host', { host: '{name}' }), host))] : [words];
}

/** The screen before it stays until the name is there. @param {Screen} screen @param {number} turn */
async function greet(screen, turn) {
  const time = Date.now();
  const person = /** @type {string} */ (screen.person);
  try {
    const [name, seen] = await Promise.all([client.nameOf(person), client.vault('guestSeen', { guest: person, time })]);
    if (turn !== shown) return;
    if (name === null) {
      flow.again({ forget: true });
      show();
      return;
    }
    flow.named(screen);
    root.dataset.screen = 'greet';
    greeted = { name, guest: seen && { how: seen.first === null ? 'confirm' : seen.first === time ? 'arrived' : 'again', host: seen.host } };
    sayGreeting();
    if (settings?.kioskSounds) chime(true);
    handOff({ person: { id: person, name }, time });
  } catch (error) {
    console.warn('brow: nobody could be greeted:', error);
    if (turn !== shown) return;
    flow.again({ forget: true });
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

/** The trouble is over, but for a check of presence that can't be kept: that is said as long as it is so. */
function sayWell() {
  if (unkept) return showTrouble(unkept);
  trouble.hidden = true;
  trouble.textContent = '';
  delete trouble.dataset.code;
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
  if (borrowed) await switchTongue();
  forget();
  show(true);
  await admin.open({ isNew: enrolled === 0 });
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

/** Whether guests are served now. */
const serves = () => running && !admin.isOpen && enrolled > 0;

function listen() {
  const loading = new LoadingWords();
  client.addEventListener('progress', (event) => {
    if (root.dataset.screen === 'wait') find('.loading', HTMLElement, root).textContent = loading.say(/** @type {CustomEvent} */ (event).detail);
  });
  stayHere(find('#admin', HTMLDialogElement));
  eyes.addEventListener('state', (event) => {
    const { detail } = /** @type {CustomEvent<State>} */ (event);
    heed(detail);
    admin.heed(detail);
  });
  eyes.addEventListener('look', (event) => {
    const { observations, height, kiosk } = /** @type {CustomEvent<{observations: Observation[], height: number, kiosk?: KioskSaid}>} */ (event).detail;
    admin.saw(observations, height);
    if (!kiosk || !serves()) return;
    flow.see(kiosk, performance.now());
    show();
  });
  eyes.serving = () => (serves() ? flow.rules : null);
  flow.addEventListener('change', () => show());
  eyes.addEventListener('restarted', () => {
    flow.again();
    show();
  });
  eyes.addEventListener('trouble', (event) => showTrouble(/** @type {CustomEvent} */ (event).detail));
  eyes.addEventListener('well', sayWell);
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
  again.addEventListener('click', startOver);
  haveCode.addEventListener('click', () => {
    client.vault('kioskAskCode').then((said) => flow.heed(said), showTrouble);
  });
  // Whoever still stands there after the kiosk has forgotten them asks for another try by touching the screen.
  root.addEventListener('click', (event) => {
    if (running && flow.screen.kind === 'attract' && !(event.target instanceof Element && event.target.closest('button'))) flow.again();
  });
  // A page that asks for the PIN asks anew in the other language: the state that comes back is heeded as every other.
  onLanguage(() => {
    // Whoever is greeted is not greeted, counted and handed off a second time.
    if (flow.screen.kind === 'greet') {
      showTongue();
      sayGreeting();
    } else show(true);
    client.state().catch(() => {});
  });
  tongue.addEventListener('click', () => void switchTongue());
  listenForAdmin();
  setInterval(() => {
    if (!running || admin.isOpen) return;
    flow.tick(performance.now());
    byCode.tick(performance.now());
    giveTongueBack();
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
    startOver();
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
    if (!running || (target instanceof Element && target.closest('button, form'))) return;
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
