/**
 * Whoever comes back to this page, by the browser's Back or to a page that it kept in memory, must not find what was on it when
 * a PIN protects that: names and keys go with the page, and it starts anew.
 */

/** @param {{isProtected: () => boolean, drop: () => void}} page drop: ends what holds keys */
export function forgetWhenLeft({ isProtected, drop }) {
  let left = false;
  addEventListener('pagehide', () => {
    if (!isProtected()) return;
    left = true;
    drop();
    document.body.replaceChildren();
  });
  addEventListener('pageshow', () => {
    if (left) location.reload();
  });
}
