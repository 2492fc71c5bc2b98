/** For tests of what is seen: finds what is cut off on a screen, whatever cuts it. */

/** A small phone; the same held sideways; a laptop's window of 1280 by 900 at 200 and at 400 % zoom. */
export const SCREENS = { phone: [320, 640], sideways: [568, 320], 'zoomed to 200 %': [640, 450], 'zoomed to 400 %': [320, 225] };

/** Runs in the page. What is cut off of the open dialog, or else of the page: a line for each element, with how much of it is missing. */
function findCut() {
  const dialogs = [...document.querySelectorAll('dialog[open]')];
  const root = dialogs.at(-1) ?? document.documentElement;
  const lines = [];
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}${element.classList.length ? `.${[...element.classList].join('.')}` : ''}`;
  if (root.scrollWidth > root.clientWidth) lines.push(`${name(root)} is ${root.scrollWidth - root.clientWidth} px wider than what is seen of it`);
  /** The part of the screen that an element's ancestors leave, each edge by itself: what a person can scroll to is not lost. */
  const room = (element) => {
    const left = { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
      const { overflowX, overflowY } = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      if (at !== element && at.tabIndex >= 0 && ['auto', 'scroll'].includes(overflowX)) return null;
      if (overflowX !== 'visible') Object.assign(left, { left: Math.max(left.left, box.left), right: Math.min(left.right, box.right) });
      if (['hidden', 'clip'].includes(overflowY)) Object.assign(left, { top: Math.max(left.top, box.top), bottom: Math.min(left.bottom, box.bottom) });
      if (at === root) break;
    }
    return left;
  };
  const judge = (element, box, what) => {
    const free = room(element);
    if (!free || box.width === 0 || box.height === 0) return;
    const missing = Math.max(free.left - box.left, box.right - free.right, free.top - box.top, box.bottom - free.bottom);
    if (missing > 1) lines.push(`${name(element)}: ${Math.round(missing)} px of ${what}`);
  };
  const look = (within) => {
    for (const element of within.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot);
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest('.hidden, .skip, .guide')) continue;
      if (element.matches('input, select, textarea, button, progress, video, canvas, img')) judge(element, element.getBoundingClientRect(), 'it');
      // What does not fit into a button, a menu or a field is cut off by itself.
      if (element.matches('button') && element.scrollWidth > element.clientWidth + 1) lines.push(`${name(element)}: its words are wider than it`);
      for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || element.matches('option, style, script')) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) judge(element, box, `"${node.data.trim().slice(0, 40)}"`);
      }
    }
  };
  look(root);
  return [...new Set(lines)];
}

/** @param {import('playwright-core').Page} page @param {string} what is looked at, for the message @returns {Promise<string[]>} what is cut off on any of the screens */
export async function cutOff(page, what) {
  const found = [];
  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    await page.setViewportSize({ width, height });
    for (const line of await page.evaluate(findCut)) found.push(`${what}, ${screen}: ${line}`);
  }
  return found;
}
