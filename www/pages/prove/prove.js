/** The "Prove it" page: tries every way out, from the page and from a worker, and says what the browser did. */
import { departuresCancelled } from '../../offline/guard.js';
import { text } from '../../words/messages.js';
import { startLanguage } from '../../ui/page-language.js';
import { attemptAll, pageAttempts, trusted } from './attempts.js';

/** @typedef {import('./attempts.js').Result} Result */

const DEFAULT_ADDRESS = 'http://127.0.0.1:9099';
/** @typedef {'page' | 'worker'} Place */

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function find(id, type) {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`the page lacks #${id}`);
  return node;
}

const form = find('form', HTMLFormElement);
const input = find('address', HTMLInputElement);
const button = find('run', HTMLButtonElement);
const verdict = find('verdict', HTMLElement);
const table = find('results', HTMLTableElement);

/** @param {Place} place @param {Result} result */
function show(place, { way, outcome, reason, detail }) {
  const row = table.tBodies[0].insertRow();
  row.dataset.outcome = outcome;
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = text(`prove.way.${way}`);
  row.append(head);
  row.insertCell().textContent = text(`prove.place.${place}`);
  row.insertCell().textContent = text(`prove.reason.${reason}`, { detail });
}

/**
 * The worker starts from a blob: address, as the recogniser's does, so that it has the page's policy also on a host that
 * sends none with the worker's file.
 * @param {string} address
 * @param {(result: Result) => void} report
 * @returns {Promise<void>}
 */
function tryFromWorker(address, report) {
  return new Promise((resolve, reject) => {
    const code = `import ${JSON.stringify(new URL('./prove-worker.js', import.meta.url).href)};`;
    const start = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    const worker = new Worker(trusted.createScriptURL(start), { type: 'module' });
    worker.onerror = () => reject(new Error('the worker could not be started'));
    worker.onmessage = ({ data }) => {
      // A script that got in from the address speaks too; the attempt that let it in reports itself.
      if (typeof data !== 'object') return;
      if (!data.done) return report(data);
      worker.terminate();
      resolve();
    };
    worker.postMessage({ address });
  });
}

/** @param {Result[]} results @returns {string} */
function sumUp(results) {
  const count = (/** @type {string} */ outcome) => results.filter((result) => result.outcome === outcome).length;
  const refused = count('refused') + count('absent');
  const values = { all: results.length, refused, out: count('out'), silent: count('silent') };
  if (values.out) return text('prove.verdict.out', values);
  return text(values.silent ? 'prove.verdict.silent' : 'prove.verdict.refused', values);
}

/** @param {string} address */
async function prove(address) {
  button.disabled = true;
  table.hidden = false;
  table.tBodies[0].replaceChildren();
  /** @type {Result[]} */
  const results = [];
  const collect = (/** @type {Place} */ place) => (/** @type {Result} */ result) => {
    results.push(result);
    show(place, result);
    verdict.textContent = text('prove.trying', { done: results.length });
  };
  try {
    await tryFromWorker(address, collect('worker'));
    // Sending the page away is the last attempt, and only where it can be taken back.
    const attempts = pageAttempts().filter(({ leaves }) => !leaves || departuresCancelled);
    await attemptAll(attempts, address, collect('page'));
    verdict.textContent = sumUp(results);
  } catch (error) {
    verdict.textContent = text('prove.stopped', { detail: String(error) });
  } finally {
    button.disabled = false;
  }
}

await startLanguage();
input.value = new URLSearchParams(location.search).get('to') ?? DEFAULT_ADDRESS;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (form.reportValidity()) void prove(input.value);
});
