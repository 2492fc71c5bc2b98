/**
 * The question in the frame. The page around can make the frame invisible, lay something over it or put it under a pointer that
 * is about to click: so the way to agree opens only a moment after the question came into full view, and to somebody who moved
 * within the frame. Whether nothing lies over it, only browsers know that have version 2 of IntersectionObserver (Chromium).
 */
import { make } from '../ui/dom.js';
import { text } from '../words/messages.js';

/** How long the question must have been seen, without a break. */
const SEEN_MS = 1_000;
/** So many movements of a pointer tell it from one that was there already. */
const MOVES = 3;
/** What a key does that looks for the button, where one that is held down or pressed in a game does not. */
const KEYS = new Set(['Tab', 'ArrowDown', 'ArrowUp']);

/** Whether this browser tells that nothing lies over an element and that it is not made transparent. */
const knowsCovered = 'isVisible' in (globalThis.IntersectionObserverEntry?.prototype ?? {});

/**
 * Calls back whenever the elements come into full view or leave it.
 * @param {HTMLElement[]} elements
 * @param {(seen: boolean) => void} tell
 * @returns {() => void} ends that
 */
function watchSight(elements, tell) {
  const seen = new Map(elements.map((element) => [element, false]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const uncovered = !knowsCovered || Boolean(Reflect.get(entry, 'isVisible'));
      seen.set(/** @type {HTMLElement} */ (entry.target), uncovered && entry.intersectionRatio > 0.99);
    }
    tell([...seen.values()].every(Boolean));
  }, /** @type {IntersectionObserverInit} */ ({ threshold: [0, 0.5, 0.995, 1], ...(knowsCovered ? { trackVisibility: true, delay: 100 } : {}) }));
  for (const element of elements) observer.observe(element);
  return () => observer.disconnect();
}

/**
 * @param {(Node | string)[]} title
 * @param {string} words what is agreed to
 * @returns {Promise<boolean>} whether the person agreed
 */
export function askConsent(title, words) {
  return new Promise((resolve) => {
    let agreed = false;
    let moves = 0;
    let inSight = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    let longEnough = false;
    const heading = make('h2', { id: 'consent-title' }, ...title);
    const hint = make('p', { class: 'hint', role: 'status' }, text('frame.consent.covered'));
    const agree = make('button', { type: 'button', class: 'primary', disabled: true, onclick: () => {
      agreed = true;
      dialog.close();
    } }, text('enrol.consent'));
    const cancel = make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('dialog.cancel'));
    const actions = make('div', { class: 'actions' }, agree, cancel);
    const dialog = make('dialog', { class: 'choice', 'aria-labelledby': 'consent-title' }, heading, make('p', {}, words), hint, actions);
    const update = () => {
      const open = longEnough && moves >= MOVES;
      agree.disabled = !open;
      hint.textContent = open ? '' : text('frame.consent.covered');
    };
    const moved = (/** @type {Event} */ event) => {
      if (!event.isTrusted || !inSight) return;
      if (event instanceof KeyboardEvent) moves += KEYS.has(event.key) ? MOVES : 0;
      // A finger does not hover: its first touch says that it means this frame, the next may agree.
      else moves += event.type === 'pointerup' ? MOVES : 1;
      update();
    };
    const touched = (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === 'touch') moved(event);
    };
    addEventListener('pointermove', moved);
    addEventListener('pointerup', touched);
    addEventListener('keydown', moved);
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
    // A button that does not work is transparent: what stands around it counts.
    const blind = watchSight([heading, actions], (seen) => {
      if (seen === inSight) return;
      inSight = seen;
      clearTimeout(soon);
      longEnough = false;
      moves = 0;
      if (seen) {
        soon = setTimeout(() => {
          longEnough = true;
          update();
        }, SEEN_MS);
      }
      update();
    });
    dialog.addEventListener('close', () => {
      blind();
      clearTimeout(soon);
      removeEventListener('pointermove', moved);
      removeEventListener('pointerup', touched);
      removeEventListener('keydown', moved);
      dialog.remove();
      resolve(agreed);
    });
  });
}
