/**
 * Keeps this site on the device, by its service worker, and tells when a new release is ready or was refused. Where the
 * browser can't or won't do that, the page works as before, with a network.
 */
import { fault } from '../words/messages.js';
import { trustedScript } from '../client/trusted.js';

/** @import { Fault } from '../types.js' */

/** A page that is open for days asks so often for a new release. */
const ASK_EVERY_MS = 3_600_000;

/**
 * To be called at once, so that nothing that the service worker says is missed.
 * @param {object} options
 * @param {Promise<unknown>} options.after when to begin: the first visit fetches everything for itself first
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
  await after;
  let registration;
  try {
    registration = await container.register(trustedScript(new URL('sw.js', document.baseURI).href), { type: 'module', updateViaCache: 'none' });
  } catch (error) {
    console.warn('brow: nothing is kept for use without a network:', String(error));
  }
  if (registration) watch(registration, onready);
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
  setInterval(() => registration.update().catch(() => {}), ASK_EVERY_MS);
}
