/**
 * Takes from the page, and from every worker that it starts afterwards, what it needed in order to load and needs no more:
 * connections, and pictures, videos, styles, manifests and workers from the host, its own included (a `data:` picture is its own bytes and
 * asks nobody: the browser reads the installed page's icons late). Policies only ever add up:
 * this can't be undone until the page is loaded again. What no policy can take is named in docs/SECURITY.md.
 */

const POLICY = "connect-src 'none'; img-src blob: data:; media-src blob:; style-src 'none'; manifest-src 'none'; worker-src blob:";
/** What the page itself still loads is waited for so long: an icon must not hold the recogniser up. */
const PATIENCE_MS = 5_000;

/** What asks the host for something before it is too late. @type {Promise<unknown>[]} */
const earlier = [];

/** Has the seal wait for something that still asks the host. @param {Promise<unknown>} work */
export function beforeSeal(work) {
  earlier.push(work.catch(() => {}));
}

/** The page with all that it names: pictures, styles, icons. */
function pageLoaded() {
  return document.readyState === 'complete' ? Promise.resolve() : new Promise((resolve) => {
    addEventListener('load', resolve, { once: true });
  });
}

async function seal() {
  const wait = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([wait, Promise.all([pageLoaded(), ...earlier])]);
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = POLICY;
  document.head.append(meta);
}

/** @type {Promise<void> | null} */
let sealing = null;

/** @returns {Promise<void>} once it holds */
export function sealPage() {
  return sealing ??= seal();
}
