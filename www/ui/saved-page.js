/** A file that any browser and many programs open: a page of its own, with no script and no address of anywhere. */
import { chartStyle } from './chart.js';
import { pageColours } from './colours.js';
import { make } from './dom.js';
import { direction, language } from '../words/messages.js';

/**
 * @param {string} title
 * @param {(Node | string)[]} heading
 * @param {Node[]} body
 * @returns {Blob}
 */
export function savedPage(title, heading, body) {
  const page = document.implementation.createHTMLDocument(title);
  page.documentElement.lang = language();
  page.documentElement.dir = direction();
  const charset = page.createElement('meta');
  charset.setAttribute('charset', 'utf-8');
  page.head.prepend(charset);
  const style = page.createElement('style');
  style.textContent = `${pageColours()} body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; } td, th { padding-inline-end: 1rem; text-align: start; } ${chartStyle}`;
  page.head.append(style);
  page.body.append(make('h1', {}, ...heading), ...body);
  return new Blob([`<!doctype html>\n${page.documentElement.outerHTML}\n`], { type: 'text/html' });
}
