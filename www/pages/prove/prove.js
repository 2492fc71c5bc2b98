/**
 * The "Prove it" page: tries every way out, from the page and from a worker, and says what the browser did. Then it seals
 * itself as the page that recognises does, and tries to reach its own site.
 */
import { departuresCancelled } from '../../offline/guard.js';
import '../../offline/alone.js';
import { text } from '../../words/messages.js';
import { startLanguage } from '../../ui/page-language.js';
import { sealPage } from '../../client/seal.js';
import { attemptAll, pageAttempts, toOwnSite, trusted } from './attempts.js';
import { files } from './files.js';

/** @typedef {import('./attempts.js').Result} Result */

const DEFAULT_ADDRESS = 'http://127.0.0.1:9099';
/** @typedef {'page' | 'worker' | 'page.own' | 'worker.own'} Place */
/**
 * What no policy can take from a page that has to load the words of other languages: scripts of its own site, also fetched
 * ahead, and going to another of its addresses.
 */
const OPEN = new Set(['module', 'worker_script', 'script', 'prefetch', 'departure']);
/** What the page itself tries as a worker that it makes does in these ways. @type {Record<string, string>} */
const TWINS = { worker_fetch: 'fetch', worker_script: 'script' };
const ARRIVED = new URL(files.arrived.url, import.meta.url).href;

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
const results = find('results', HTMLElement);

/** What would leak by each group of ways: as much as anybody likes, what fits into addresses, and nothing by itself, but it lets foreign code in. */
const GROUPS = /** @type {const} */ (['data', 'address', 'code']);
/** @type {Record<string, typeof GROUPS[number]>} */
const LEAKS = Object.fromEntries([
  ...['fetch', 'keepalive', 'xhr', 'websocket', 'eventsource', 'webtransport', 'beacon', 'webrtc', 'form', 'worker_fetch', 'ping'].map((way) => [way, 'data']),
  ...['eval', 'inline', 'module', 'script', 'worker', 'worker_script', 'service_worker', 'shared_worker', 'base'].map((way) => [way, 'code']),
]);
/** A table for each group, made anew for each run. @type {Map<string, HTMLTableElement>} */
let tables = new Map();

function layTables() {
  for (const place of results.querySelectorAll('.scroll')) place.remove();
  tables = new Map(GROUPS.map((group) => {
    const table = document.createElement('table');
    table.createCaption().textContent = text(`prove.group.${group}`);
    const head = table.createTHead().insertRow();
    for (const column of ['way', 'place', 'what']) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = text(`prove.column.${column}`);
      head.append(cell);
    }
    table.createTBody();
    const place = document.createElement('div');
    place.className = 'scroll';
    place.append(table);
    results.append(place);
    return [group, table];
  }));
}

/** @param {Place} place @param {Result} result @returns {HTMLTableCellElement} what happened, in words */
function show(place, { way, outcome, reason, detail }) {
  const table = /** @type {HTMLTableElement} */ (tables.get(LEAKS[way] ?? 'address'));
  const row = table.tBodies[0].insertRow();
  row.dataset.outcome = outcome;
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = text(`prove.way.${way}`);
  row.append(head);
  row.insertCell().textContent = text(`prove.place.${place}`);
  const cell = row.insertCell();
  cell.textContent = text(reason === 'out' && place.endsWith('.own') ? 'prove.reason.out.own' : `prove.reason.${reason}`, { detail });
  return cell;
}

/** The worker's script, from before the page was sealed. @type {Blob | null} */
let script = null;

async function workerScript() {
  const { url, integrity } = files.worker;
  const response = await fetch(new URL(url, import.meta.url), { integrity });
  return new Blob([await response.text()], { type: 'text/javascript' });
}

/**
 * The worker starts from a blob: address, as the recogniser's does, so that it has the page's policy also on a host that
 * sends none with the worker's file.
 * @param {{address: string, own?: boolean}} what
 * @param {(result: Result) => void} report
 * @returns {Promise<void>}
 */
async function tryFromWorker(what, report) {
  const start = URL.createObjectURL(script ??= await workerScript());
  return new Promise((resolve, reject) => {
    const worker = new Worker(trusted.createScriptURL(start), { type: 'module' });
    worker.onerror = () => reject(new Error('the worker could not be started'));
    worker.onmessage = ({ data }) => {
      // A script that got in from the address speaks too; the attempt that let it in reports itself.
      if (typeof data !== 'object') return;
      if (!data.done) return report(data);
      worker.terminate();
      resolve();
    };
    worker.postMessage(what);
  });
}

/** @typedef {{place: Place, result: Result, cell: HTMLTableCellElement}} Row */

/**
 * Says what is known of attempts in workers that failed without a word: WebKit tells no worker that the policy refused it. The
 * page has the same policy, and was told. That counts as no refusal, for it is not the worker's own.
 * @param {Row[]} rows
 */
function explainSilence(rows) {
  for (const { place, result: { way, reason }, cell } of rows) {
    if (reason !== 'failed' || !(place.startsWith('worker') || way in TWINS)) continue;
    const page = place.endsWith('.own') ? 'page.own' : 'page';
    const twin = rows.find((row) => row.place === page && row.result.way === (TWINS[way] ?? way))?.result;
    if (twin?.reason === 'policy') cell.textContent = text('prove.reason.twin', { detail: twin.detail });
  }
}

/** @param {Row[]} rows @returns {string} */
function sumUp(rows) {
  const others = rows.filter(({ place }) => !place.endsWith('.own')).map(({ result }) => result);
  const own = rows.filter(({ place }) => place.endsWith('.own')).map(({ result }) => result);
  const count = (/** @type {Result[]} */ results, /** @type {string} */ outcome) => results.filter((result) => result.outcome === outcome).length;
  const refused = count(others, 'refused') + count(others, 'absent');
  const values = { all: others.length, refused, out: count(others, 'out'), silent: count(others, 'silent') };
  if (values.out) return text('prove.verdict.out', values);
  const first = text(values.silent ? 'prove.verdict.silent' : 'prove.verdict.refused', values);
  const open = own.filter(({ outcome }) => outcome === 'out');
  const amiss = open.filter(({ way }) => !OPEN.has(way)).length;
  return `${first} ${text(amiss ? 'prove.verdict.own.out' : 'prove.verdict.own', { all: own.length, open: open.length, out: amiss })}`;
}

/** @param {string} address */
async function prove(address) {
  button.disabled = true;
  results.hidden = false;
  layTables();
  /** @type {Row[]} */
  const rows = [];
  const collect = (/** @type {Place} */ place) => (/** @type {Result} */ result) => {
    rows.push({ place, result, cell: show(place, result) });
    verdict.textContent = text('prove.trying', { done: rows.length });
  };
  try {
    await tryFromWorker({ address }, collect('worker'));
    // Sending the page away is the last attempt, and only where it can be taken back.
    const attempts = pageAttempts().filter(({ leaves }) => !leaves || departuresCancelled);
    await attemptAll(attempts, address, collect('page'));
    // Without the policy, some attempts would send this page away: then all has been said.
    if (rows.every(({ result }) => result.outcome !== 'out')) {
      await sealPage();
      await tryFromWorker({ address: ARRIVED, own: true }, collect('worker.own'));
      await attemptAll(toOwnSite(pageAttempts()), ARRIVED, collect('page.own'), { own: true });
    }
    explainSilence(rows);
    verdict.textContent = sumUp(rows);
  } catch (error) {
    verdict.textContent = text('prove.stopped', { detail: String(error) });
  } finally {
    button.disabled = false;
  }
}

await startLanguage();
input.value = new URLSearchParams(location.search).get('to') ?? DEFAULT_ADDRESS;
// Folded away, the field could not be shown as wrong.
input.addEventListener('invalid', () => {
  find('receiver', HTMLDetailsElement).open = true;
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (form.reportValidity()) void prove(input.value);
});
