/**
 * Keeps guests on the kiosk as far as a page can: Back, the context menu and swiping between pages lead nowhere. What a page
 * cannot close (developer tools, the address bar, keys of the system) the browser's own policies do: docs/KIOSK.md.
 */

const HERE = 'brow-kiosk';

/** @param {HTMLElement} administration where the context menu stays, for whoever pastes there */
export function stayHere(administration) {
  // A browser skips entries that a page made before anybody touched it: so each touch sees to it that there is one.
  const stay = () => {
    if (history.state !== HERE) history.pushState(HERE, '');
  };
  stay();
  for (const kind of ['pointerdown', 'keydown', 'popstate']) addEventListener(kind, stay, { passive: true });
  addEventListener('contextmenu', (event) => {
    if (!(event.target instanceof Node && administration.contains(event.target))) event.preventDefault();
  });
}
