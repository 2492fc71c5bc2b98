/**
 * Closes ways out that a Content-Security-Policy in a page knows nothing of: WebRTC, new windows, and sending the page
 * itself to another address. The headers Connection-Allowlist and `sandbox` do it better, but few browsers know the
 * first yet and some hosts cannot send either.
 * A guard in script holds against our own mistakes, not against a hostile script that runs before it: docs/SECURITY.md.
 * Imported first by every page.
 */

/** WebRTC connects without asking connect-src, and nothing here needs it. */
function removeWebRtc() {
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'RTCDataChannel', 'RTCIceTransport']) {
    Reflect.deleteProperty(globalThis, name);
  }
}

/** No page of ours opens a window. */
function closeWindows() {
  Reflect.defineProperty(globalThis, 'open', { value: () => null });
  addEventListener('click', (event) => {
    const link = event.composedPath().find((target) => target instanceof HTMLAnchorElement || target instanceof HTMLAreaElement);
    if (link && link.target !== '' && link.target !== '_self' && new URL(link.href, location.href).origin !== location.origin) event.preventDefault();
  }, { capture: true });
}

/**
 * @returns {boolean} whether this browser lets a page cancel its own departure
 */
function cancelDepartures() {
  /** @typedef {Event & {destination: {url: string}}} NavigateEvent */
  const navigation = /** @type {EventTarget | undefined} */ (Reflect.get(globalThis, 'navigation'));
  if (!navigation) return false;
  navigation.addEventListener('navigate', (event) => {
    const { destination } = /** @type {NavigateEvent} */ (event);
    const { protocol, origin } = new URL(destination.url);
    // A download of something made here is no departure.
    if (protocol === 'blob:' || origin === location.origin) return;
    event.preventDefault();
  });
  return true;
}

removeWebRtc();
closeWindows();
/** Whether departures to another origin are cancelled. */
export const departuresCancelled = cancelDepartures();
