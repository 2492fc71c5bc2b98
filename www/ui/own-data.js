/** All that is kept about one person, shown to them and saved as a file that any browser and many programs open. */
import { untilClosed } from './dialogs.js';
import { make, nameElement, withName } from './dom.js';
import { pictureBlob, pictureType } from './picture.js';
import { savedPage } from './saved-page.js';
import { download, moment } from './vault.js';
import { text } from '../words/messages.js';

/** @import { OwnData } from '../types.js' */

/** @param {string} title @param {(Node | string)[]} value */
const row = (title, ...value) => [make('dt', {}, text(title)), make('dd', {}, ...value)];

/** The picture as an address that holds it whole, so that the file needs no other. @param {Uint8Array} picture */
function pictureAddress(picture) {
  let characters = '';
  for (const byte of picture) characters += String.fromCharCode(byte);
  return `data:${pictureType(picture)};base64,${btoa(characters)}`;
}

/** One look at a face in words. @param {OwnData['person']['references'][number]} view */
export const viewWords = ({ source, mask, quality, time }) => text('data.view', {
  source: text(`data.source.${source}`), mask: text(`mask.${mask}`), quality: Math.round(100 * quality), time: moment(time),
});

/** Where a picture is its address comes later: the file holds it, the page reads it. @param {OwnData} data @returns {HTMLElement[]} */
function parts({ person, guest, log }) {
  const { id, name, created, updated, expires, consent, references, picture, groups = [], note = '' } = person;
  const templates = references.map((reference) => make('li', {}, text('data.template', { view: viewWords(reference), bytes: reference.bytes, models: Object.values(reference.models).join(', ') })));
  const guestRows = guest ? [
    ...row('data.guest', guest.email, ' ', guest.ref, ' ', guest.company, ' ', guest.photo, ' ', guest.host),
    ...row('data.arrived', guest.arrived === null ? text('data.never') : moment(guest.arrived)),
    ...row('data.seen', guest.seen === null ? text('data.never') : moment(guest.seen)),
  ] : [];
  return [
    make('dl', {},
      ...row('data.name', nameElement(name)), ...row('data.id', id), ...row('data.created', moment(created)), ...row('data.updated', moment(updated)),
      ...row('data.expires', expires === null ? text('data.never') : moment(expires)),
      ...row('data.consent', make('q', { lang: consent.language }, consent.text)),
      ...row('data.consent.given', text('data.consent.how', { time: moment(consent.time), version: consent.version, language: consent.language })),
      ...row('data.templates', make('ul', {}, ...templates), text('data.templates.what')),
      ...(groups.length ? row('data.groups', groups.join(', ')) : []), ...(note ? row('data.note', note) : []),
      ...row('data.picture', picture ? make('img', { alt: text('people.picture', { name }) }) : text('data.picture.none')),
      ...guestRows,
      ...row('data.log', log.length ? make('ul', {}, ...log.map(({ time, event }) => make('li', {}, `${moment(time)}: ${text(`vault.event.${event}`)}`))) : text('data.log.none'))),
  ];
}

/** @param {OwnData} data @returns {Blob} */
function file(data) {
  const all = parts(data);
  if (data.person.picture) for (const part of all) part.querySelector('img')?.setAttribute('src', pictureAddress(data.person.picture));
  return savedPage(text('data.title', { name: data.person.name }), withName(text('data.title', { name: '{name}' }), data.person.name), [make('p', {}, text('data.made', { time: moment(Date.now()) })), ...all]);
}

/** @param {OwnData} data @returns {Promise<void>} once it was closed */
export async function showOwnData(data) {
  const dialog = make('dialog', { class: 'own-data', 'aria-labelledby': 'own-data-title' },
    make('h2', { id: 'own-data-title', tabindex: '-1' }, ...withName(text('data.title', { name: '{name}' }), data.person.name)), ...parts(data),
    make('div', { class: 'actions' },
      make('button', { type: 'button', class: 'primary', onclick: () => download(file(data), 'brow-data.html') }, text('data.save')),
      make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('data.close'))));
  const address = data.person.picture && URL.createObjectURL(pictureBlob(/** @type {Uint8Array<ArrayBuffer>} */ (data.person.picture)));
  if (address) dialog.querySelector('img')?.setAttribute('src', address);
  const closed = untilClosed(dialog);
  dialog.querySelector('h2')?.focus();
  await closed;
  if (address) URL.revokeObjectURL(address);
}
