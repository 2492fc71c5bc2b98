/** For tests of what is seen: finds what is cut off on a screen, whatever cuts it, and what lies under something else. */

/** A small phone and one of today, each held sideways too; a laptop's window of 1280 by 900 at 200 and at 400 % zoom. */
const SCREENS = { 'small phone': [320, 568], 'small phone sideways': [568, 320], phone: [390, 844], 'phone sideways': [844, 390], 'zoomed to 200 %': [640, 450], 'zoomed to 400 %': [320, 225] };
/** Between others: looked at in the language with the longest words, and in the one that runs the other way. */
const BETWEEN = ['small phone sideways', 'phone'];
const ALL_SCREENS = ['de', 'ar'];

/** Runs in the page. What is cut off of the open dialog, or else of the page: a line for each element, with how much of it is missing. */
function findCut() {
  const dialogs = [...document.querySelectorAll('dialog[open]')];
  const root = dialogs.at(-1) ?? document.documentElement;
  const lines = [];
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}${element.classList.length ? `.${[...element.classList].join('.')}` : ''}`;
  if (root.scrollWidth > root.clientWidth) lines.push(`${name(root)} is ${root.scrollWidth - root.clientWidth} px wider than what is seen of it`);
  const known = new Map();
  /** The part of the screen that an element and its ancestors leave, each edge by itself: what a person can scroll to is not lost. Null: they can scroll to all of it. */
  const room = (element) => {
    if (!known.has(element)) known.set(element, narrowed(element, element === root ? null : element.parentElement ?? element.getRootNode().host));
    return known.get(element);
  };
  const narrowed = (element, parent) => {
    if (parent && parent.tabIndex >= 0 && ['auto', 'scroll'].includes(getComputedStyle(parent).overflowX)) return null;
    const left = parent ? room(parent) : { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
    const { overflowX, overflowY } = getComputedStyle(element);
    if (!left || (overflowX === 'visible' && overflowY === 'visible')) return left;
    const box = element.getBoundingClientRect();
    return {
      ...(overflowX === 'visible' ? { left: left.left, right: left.right } : { left: Math.max(left.left, box.left), right: Math.min(left.right, box.right) }),
      ...(['hidden', 'clip'].includes(overflowY) ? { top: Math.max(left.top, box.top), bottom: Math.min(left.bottom, box.bottom) } : { top: left.top, bottom: left.bottom }),
    };
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

/**
 * Runs in the page. What lies over something that is to be pressed or read, in the open dialog or else on the page: a line for each. What is to be
 * pressed is brought into view as the keyboard brings it, and must be what a press there meets; what is fixed to the screen must leave alone all that
 * scrolls under it.
 */
function findCovered() {
  const root = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.documentElement;
  const lines = new Set();
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}${element.classList.length ? `.${[...element.classList].join('.')}` : ''}`;
  const parent = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const holds = (outer, inner) => {
    for (let at = inner; at; at = parent(at)) if (at === outer) return true;
    return false;
  };
  /** All elements, also of what is inside others. */
  const all = (within) => [...within.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  const met = (x, y) => {
    let at = document.elementFromPoint(x, y);
    while (at?.shadowRoot?.elementFromPoint(x, y) && at.shadowRoot.elementFromPoint(x, y) !== at) at = at.shadowRoot.elementFromPoint(x, y);
    return at;
  };
  const seen = all(root).filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('.hidden, .skip, .guide'));
  const place = scrollY;
  for (const control of seen) {
    if (!control.matches('button, input, select, textarea, summary, a[href]') || control.getBoundingClientRect().width === 0) continue;
    control.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const inset = 3;
    // A link in a line of words may be two pieces.
    for (const { left, right, top, bottom } of control.getClientRects()) {
      for (const [x, y] of [[(left + right) / 2, (top + bottom) / 2], [left + inset, (top + bottom) / 2], [right - inset, (top + bottom) / 2], [(left + right) / 2, top + inset], [(left + right) / 2, bottom - inset]]) {
        if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
        const over = met(x, y);
        if (!over || holds(control, over) || [...control.labels ?? []].some((label) => holds(label, over))) continue;
        lines.add(`${name(over)} lies over ${name(control)} "${control.textContent.trim().slice(0, 30)}"`);
      }
    }
  }
  scrollTo(0, place);
  const scrolls = root.scrollHeight > root.clientHeight + 1;
  for (const over of seen) {
    if (over === root || getComputedStyle(over).position !== 'fixed' || getComputedStyle(over).pointerEvents === 'none') continue;
    const box = over.getBoundingClientRect();
    for (const under of seen) {
      if (holds(over, under) || holds(under, over)) continue;
      for (const node of under.matches('button, input, select, textarea') ? [under] : under.childNodes) {
        if (node !== under && (node.nodeType !== Node.TEXT_NODE || !node.data.trim())) continue;
        const range = document.createRange();
        range.selectNode(node);
        for (const { left, right, top, bottom } of range.getClientRects()) {
          const beside = Math.min(right, box.right) - Math.max(left, box.left) > 1;
          const level = Math.min(bottom, box.bottom) - Math.max(top, box.top) > 1;
          if (beside && (level || scrolls)) lines.add(`${name(over)} is fixed over ${name(under)} "${under.textContent.trim().slice(0, 30)}"`);
        }
      }
    }
  }
  return [...lines];
}

/** @param {import('playwright-core').Page} page @param {string} what is looked at, for the message @returns {Promise<string[]>} what is cut off, or covered, on any of the screens that the page's language is looked at on */
export async function cutOff(page, what) {
  const found = [];
  const language = await page.evaluate(() => document.documentElement.lang);
  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    if (BETWEEN.includes(screen) && !ALL_SCREENS.includes(language)) continue;
    await page.setViewportSize({ width, height });
    for (const line of [...await page.evaluate(findCut), ...await page.evaluate(findCovered)]) found.push(`${what}, ${screen}: ${line}`);
  }
  return found;
}
