/**
 * Keeps this site on the device, by its service worker, and tells when a new release is ready or was refused. Where the
 * browser can't or won't do that, the page works as before, with a network.
 */
import { fault } from '../words/messages.js';
import { beforeSeal } from '../client/seal.js';
import { trustedScript } from '../client/trusted.js';

/** @import { Fault } from '../types.js' */

/** A page that is open for days asks so often for a new release. */
const ASK_EVERY_MS = 3_600_000;

/**
 * To be called at once, so that nothing that the service worker says is missed.
 * @param {object} options
 * @param {Promise<unknown>} options.after when to begin keeping: the first visit fetches everything for itself first. The service
 *   worker is asked for at once, because a page that is sealed can't
 * @param {(switchOver: () => void) => void} [options.onready] a new release is here and works; `switchOver` loads the page
 *   again in it. Where nobody does, it comes when all pages were closed
 * @param {(why: Fault) => void} [options.onrefused] a new release was not taken; the one before goes on
 */
export async function keepOffline({ after, onready = () => {}, onrefused = () => {} }) {
  const container = navigator.serviceWorker;
  if (!container) return;
  container.addEventListener('message', ({ data }) => {
    // That it could not be fetched is no news: it is tried again the next time. Nor is it where there is none before.
    if (data?.brow === 'refused' && container.controller && data.code !== 'update_unreachable') onrefused(fault(data.code));
  });
  const registering = register(container);
  beforeSeal(registering);
  let registration;
  try {
    registration = await registering;
  } catch (error) {
    console.warn('brow: nothing is kept for use without a network:', String(error));
    return;
  }
  // A browser that was told to keep no service worker may answer nothing.
  if (!registration) return;
  watch(registration, onready);
  await after;
  registration.installing?.postMessage('begin');
}

/**
 * Where there is a service worker already, the browser asks for the next one by itself; the first one is held to the hash that
 * came with the page.
 * @param {ServiceWorkerContainer} container
 */
async function register(container) {
  const address = new URL('sw.js', document.baseURI);
  const known = await container.getRegistration();
  if (known?.scope === new URL('.', address).href) return known;
  const integrity = document.querySelector('meta[name="brow-service-worker"]')?.getAttribute('content');
  if (integrity) await fetch(address, { integrity, cache: 'no-cache' });
  return container.register(trustedScript(address.href), { type: 'module', updateViaCache: 'none' });
}

/** @param {ServiceWorkerRegistration} registration @param {(switchOver: () => void) => void} onready */
function watch(registration, onready) {
  const container = navigator.serviceWorker;
  const switchOver = () => {
    // Another tab may have switched already: then this one only has to follow.
    if (!registration.waiting) return location.reload();
    container.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting.postMessage('switch');
  };
  const look = () => {
    if (registration.waiting && container.controller) onready(switchOver);
  };
  const follow = () => registration.installing?.addEventListener('statechange', look);
  registration.addEventListener('updatefound', follow);
  follow();
  look();
  // By the service worker: a page that is sealed may start no script as a worker, and asking for a new one counts as that.
  setInterval(() => registration.active?.postMessage('update'), ASK_EVERY_MS);
}
