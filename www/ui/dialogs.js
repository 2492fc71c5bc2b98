/** Questions to the person, in the browser's own modal dialog: focus stays in it and returns afterwards. */
import { make, withName } from './dom.js';
import { faultOf, text } from '../words/messages.js';

/** Shows a dialog that was made for one question; over when it was closed, by whatever. @param {HTMLDialogElement} dialog @returns {Promise<void>} */
export function untilClosed(dialog) {
  const closed = new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(undefined);
    });
  });
  document.body.append(dialog);
  dialog.showModal();
  return closed;
}

/**
 * @template T
 * @param {(Node | string)[]} title
 * @param {(Node | string)[]} body
 * @param {{label: (Node | string)[], value: T, kind?: 'primary' | 'danger' | 'plain'}[]} choices the last is for Escape
 * @returns {Promise<T>}
 */
export async function choose(title, body, choices) {
  let value = choices[choices.length - 1].value;
  const heading = make('h2', { id: 'choice-title' }, ...title);
  const dialog = make('dialog', { class: 'choice', 'aria-labelledby': 'choice-title' }, heading, make('p', {}, ...body));
  const buttons = choices.map((choice) => make('button', {
    type: 'button',
    class: choice.kind ?? 'plain',
    onclick: () => {
      value = choice.value;
      dialog.close();
    },
  }, ...choice.label));
  dialog.append(make('div', { class: 'actions' }, ...buttons));
  const closed = untilClosed(dialog);
  // What destroys something is never what a hasty Enter does.
  buttons[choices[0].kind === 'danger' ? buttons.length - 1 : 0].focus();
  await closed;
  return value;
}

/**
 * Asks for one line of text.
 * @param {{title: (Node | string)[], label: string, value: string, save: string, check: (raw: string) => Promise<string | null>}} question
 *   `check` says in words what is wrong with an answer
 * @returns {Promise<string | null>} null when it was cancelled
 */
export async function ask({ title, label, value, save, check }) {
  /** @type {string | null} */
  let answer = null;
  const problem = make('p', { class: 'problem', id: 'ask-problem', role: 'alert' });
  const input = make('input', { id: 'ask-input', dir: 'auto', autocomplete: 'off', 'aria-describedby': 'ask-problem' });
  input.value = value;
  const form = make('form', {
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const { value: raw } = input;
      problem.textContent = (await check(raw).catch((error) => faultOf(error).message)) ?? '';
      input.setAttribute('aria-invalid', String(Boolean(problem.textContent)));
      if (problem.textContent) {
        input.focus();
        return;
      }
      answer = raw;
      dialog.close();
    },
  }, make('label', { for: 'ask-input' }, label), input, problem, make('div', { class: 'actions' },
    make('button', { class: 'primary' }, save),
    make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('dialog.cancel'))));
  const dialog = make('dialog', { class: 'choice', 'aria-labelledby': 'ask-title' },
    make('h2', { id: 'ask-title' }, ...title), form);
  const closed = untilClosed(dialog);
  input.select();
  await closed;
  return answer;
}

/** @param {string} name @returns {Promise<boolean>} */
export function confirmDelete(name) {
  return choose(withName(text('delete.title', { name: '{name}' }), name), [text('delete.text')], [
    { label: [text('delete.yes')], value: true, kind: 'danger' },
    { label: [text('dialog.cancel')], value: false },
  ]);
}

/** @returns {Promise<boolean>} */
export function confirmClear() {
  return choose([text('clear.title')], [text('clear.text')], [
    { label: [text('clear.yes')], value: true, kind: 'danger' },
    { label: [text('dialog.cancel')], value: false },
  ]);
}

/**
 * Somebody of this name is enrolled already: the same person, or another?
 * @param {string} name
 * @param {string} distinct what another person would be called
 * @returns {Promise<'same' | 'other' | null>}
 */
export function askSamePerson(name, distinct) {
  return choose(withName(text('same.title', { name: '{name}' }), name), [text('same.text')], [
    { label: [text('same.add')], value: /** @type {'same' | 'other' | null} */ ('same'), kind: 'primary' },
    { label: withName(text('same.other', { name: '{name}' }), distinct), value: 'other' },
    { label: [text('dialog.cancel')], value: null },
  ]);
}
