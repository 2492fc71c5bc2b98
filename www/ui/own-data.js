/** All that is kept about one person, shown to them and saved as a file that any browser and many programs open. */
import { make, nameElement, withName } from './dom.js';
import { pictureBlob, pictureType } from './picture.js';
import { download, moment } from './vault.js';
import { direction, language, text } from '../words/messages.js';

/** @import { OwnData } from '../types.js' */

/** @param {string} title @param {(Node | string)[]} value */
const row = (title, ...value) => [make('dt', {}, text(title)), make('dd', {}, ...value)];

/** The picture as an address that holds it whole, so that the file needs no other. @param {Uint8Array} picture */
function pictureAddress(picture) {
  let characters = '';
  for (const byte of picture) characters += String.fromCharCode(byte);
  return `data:${pictureType(picture)};base64,${btoa(characters)}`;
}

/** Where a picture is its address comes later: the file holds it, the page reads it. @param {OwnData} data @returns {HTMLElement[]} */
function parts({ person, guest, log }) {
  const { id, name, created, updated, expires, consent, references, picture } = person;
  const templates = references.map(({ source, mask, quality, models, time, bytes }) => make('li', {}, text('data.template', {
    source: text(`data.source.${source}`), mask: text(`mask.${mask}`), quality: Math.round(100 * quality), time: moment(time), bytes, models: Object.values(models).join(', '),
  })));
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
      ...row('data.picture', picture ? make('img', { alt: text('people.picture', { name }) }) : text('data.picture.none')),
      ...guestRows,
      ...row('data.log', log.length ? make('ul', {}, ...log.map(({ time, event }) => make('li', {}, `${moment(time)}: ${text(`vault.event.${event}`)}`))) : text('data.log.none'))),
  ];
}

/** @param {OwnData} data @returns {Blob} */
function file(data) {
  const page = document.implementation.createHTMLDocument(text('data.title', { name: data.person.name }));
  page.documentElement.lang = language();
  page.documentElement.dir = direction();
  const charset = page.createElement('meta');
  charset.setAttribute('charset', 'utf-8');
  page.head.prepend(charset);
  page.body.append(make('h1', {}, ...withName(text('data.title', { name: '{name}' }), data.person.name)), make('p', {}, text('data.made', { time: moment(Date.now()) })), ...parts(data));
  if (data.person.picture) page.querySelector('img')?.setAttribute('src', pictureAddress(data.person.picture));
  return new Blob([`<!doctype html>\n${page.documentElement.outerHTML}\n`], { type: 'text/html' });
}

/** @param {OwnData} data @returns {Promise<void>} once it was closed */
export function showOwnData(data) {
  return new Promise((resolve) => {
    const dialog = make('dialog', { class: 'own-data', 'aria-labelledby': 'own-data-title' },
      make('h2', { id: 'own-data-title', tabindex: '-1' }, ...withName(text('data.title', { name: '{name}' }), data.person.name)), ...parts(data),
      make('div', { class: 'actions' },
        make('button', { type: 'button', class: 'primary', onclick: () => download(file(data), 'brow-data.html') }, text('data.save')),
        make('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, text('data.close'))));
    const address = data.person.picture && URL.createObjectURL(pictureBlob(/** @type {Uint8Array<ArrayBuffer>} */ (data.person.picture)));
    if (address) dialog.querySelector('img')?.setAttribute('src', address);
    dialog.addEventListener('close', () => {
      if (address) URL.revokeObjectURL(address);
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector('h2')?.focus();
  });
}
