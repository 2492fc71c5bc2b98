/** "About these networks": what each is for, where it comes from and under which licence, as its pack says. */
import { number, onLanguage, text } from '../words/messages.js';
import { find, make } from './dom.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { NetworkAbout, Source } from '../types.js' */
/** @import { Notices } from './notices.js' */

/** What licences are called that have no name of their own. */
const WORDED = new Set(['own', 'research-only', 'unpublished', 'unstated']);

/** @param {Source} source */
function sourceItem({ name, licence, link }) {
  const words = WORDED.has(licence) ? text(`networks.licence.${licence}`) : licence;
  return make('li', {}, make('bdi', {}, name), ' \u2014 ', make('bdi', {}, words), ...(link ? [' ', make('bdi', { class: 'address' }, link)] : []));
}

/** @param {string} title @param {Source[]} sources */
const sourceList = (title, sources) => [
  make('dt', {}, title),
  make('dd', {}, sources.length ? make('ul', {}, ...sources.map(sourceItem)) : text('networks.licence.unstated')),
];

/** @param {NetworkAbout[]} networks */
function networkParts(networks) {
  const alone = !networks.some(({ role }) => role === 'full');
  return networks.map(({ role, id, bytes, second, weights, pictures }) => make('section', { class: 'network' },
    make('h3', {}, text(role === 'periocular' && alone ? 'networks.role.only' : `networks.role.${role}`)),
    make('p', { class: 'note' }, make('code', {}, id), ' \u00b7 ', text('networks.size', { size: number(bytes / 1e6, { maximumFractionDigits: 1, minimumFractionDigits: 1 }) }),
      ...(second ? [' \u00b7 ', text('networks.second')] : [])),
    make('dl', {}, ...sourceList(text('networks.weights'), weights), ...sourceList(text('networks.pictures'), pictures))));
}

/** Fills a part of the page that somebody opened, in whatever language it is read. @param {HTMLDetailsElement} part @param {{client: BrowClient, notices: Notices}} page */
export function showNetworks(part, { client, notices }) {
  const show = async () => {
    if (!part.open) return;
    try {
      find('.list', HTMLElement, part).replaceChildren(...networkParts(await client.networks()));
    } catch (error) {
      notices.fault(error);
    }
  };
  part.addEventListener('toggle', show);
  onLanguage(show);
}
