/**
 * Closes two ways out that a Content-Security-Policy knows nothing of: WebRTC, and sending the page itself to another
 * address. The header Connection-Allowlist does both better, but few browsers know it yet and some hosts cannot send it.
 * A guard in script holds against our own mistakes, not against a hostile script that runs before it: docs/SECURITY.md.
 * Imported first by every page.
 */

/** WebRTC connects without asking connect-src, and nothing here needs it. */
function removeWebRtc() {
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'RTCDataChannel', 'RTCIceTransport']) {
    Reflect.deleteProperty(globalThis, name);
  }
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
/** Whether departures to another origin are cancelled. */
export const departuresCancelled = cancelDepartures();
