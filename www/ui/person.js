/** One person in a dialog: groups and a note, when they are erased, each view by itself, more photos, and a second record of theirs. */
import { PHOTO_TYPES, readPhoto } from '../camera/photo.js';
import { choose } from './dialogs.js';
import { enrolFace } from './face-choice.js';
import { make, nameElement, withName } from './dom.js';
import { chooser, field } from './fields.js';
import { viewWords } from './own-data.js';
import { calendarDay } from './times.js';
import { formDialog, wrongInput } from './vault.js';
import { consentVersion, countText, faultOf, language, text } from '../words/messages.js';
import { tidyName } from '../words/names.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { OwnData, PersonSummary } from '../types.js' */

/** What divides groups, as keyboards of several languages have it: also the comma of Arabic, Japanese and full width. */
const COMMAS = /[,\u060c\u3001\uff0c]/;

/** The end of a day that was written so. @param {string} value */
function endOf(value) {
  const [year, month, day] = value.split('-').map(Number);
  return new Date(year, month - 1, day, 23, 59, 59).getTime();
}

/** Their views, each of which can be erased, but for the last. */
class Views {
  element = make('ul', { class: 'views' });
  #client;
  #person;
  #failed;

  /** @param {{client: BrowClient, person: string, failed: (error: unknown) => void}} parts */
  constructor({ client, person, failed }) {
    this.#client = client;
    this.#person = person;
    this.#failed = failed;
  }

  async show() {
    /** @type {OwnData} */
    const { person: { references } } = await this.#client.vault('personData', { person: this.#person });
    this.element.replaceChildren(...references.map((view, index) => {
      const words = viewWords(view);
      const button = make('button', {
        type: 'button', class: 'small danger', disabled: references.length === 1, 'aria-label': text('person.view.delete.of', { view: words }),
        onclick: () => void this.#forget(index, view.time),
      }, text('person.view.delete'));
      return make('li', {}, make('span', {}, words), ' ', button);
    }));
  }

  /** @param {number} index @param {number} time */
  async #forget(index, time) {
    try {
      await this.#client.vault('personForgetView', { person: this.#person, index, time });
      await this.show();
      this.element.querySelector('button')?.focus();
    } catch (error) {
      this.#failed(error);
    }
  }
}

/**
 * Adds views from photos that show the person; what shows somebody else is left out, as is what shows nobody.
 * @param {BrowClient} client
 * @param {PersonSummary} person
 * @param {File[]} files
 * @returns {Promise<{added: number, problems: string[]}>}
 */
async function addPhotos(client, person, files) {
  let added = 0;
  /** @type {string[]} */
  const problems = [];
  for (const file of files) {
    try {
      const { frame, preview } = await readPhoto(file);
      const { enrolment: { resembles } } = await enrolFace(client, frame, preview);
      if (resembles?.id !== person.id) {
        problems.push(text('person.photos.other', { file: file.name, name: person.name }));
        continue;
      }
      await client.save({
        name: person.name, addTo: person.id, source: 'photo', keepPicture: false,
        consent: { text: text('consent.text'), version: consentVersion(), language: language(), time: Date.now() },
      });
      added += 1;
    } catch (error) {
      const { code, message } = faultOf(error);
      if (/^(storage|locked|closed|worker_failed)/.test(code)) throw error;
      problems.push(text('person.photos.problem', { file: file.name, words: message }));
    }
  }
  await client.discard();
  return { added, problems };
}

/**
 * @param {{client: BrowClient, person: PersonSummary, people: PersonSummary[], failed: (error: unknown) => void}} parts people: everybody, for who
 *   else is the same person; failed: says what went wrong beside the dialog
 * @returns {Promise<(Node | string)[] | null>} what was done, in words; null when it was cancelled
 */
export async function editPerson({ client, person, people, failed }) {
  const groups = make('input', { id: 'person-groups', dir: 'auto', autocomplete: 'off', list: 'person-groups-known' });
  groups.value = person.groups.join(', ');
  const known = make('datalist', { id: 'person-groups-known' }, ...[...new Set(people.flatMap((other) => other.groups))].sort().map((group) => make('option', { value: group })));
  const note = make('textarea', { id: 'person-note', rows: '3', dir: 'auto', maxlength: '2000' });
  note.value = person.note;
  const expires = make('input', { id: 'person-expires', type: 'date', min: calendarDay(Date.now() + 86_400_000) });
  const erased = person.expires === null ? '' : calendarDay(person.expires);
  expires.value = erased;
  const photos = make('input', { id: 'person-photos', type: 'file', multiple: true, accept: PHOTO_TYPES });
  const photoField = field('person.photos', photos, 'person.photos.help');
  chooser(photos);
  const consent = make('input', { type: 'checkbox', id: 'person-consent' });
  const agreed = make('div', { class: 'field', hidden: true }, make('p', { class: 'note' }, text('consent.text')), make('label', { class: 'check' }, consent, ' ', make('span', {}, text('enrol.consent'))));
  photos.addEventListener('change', () => {
    agreed.hidden = !photos.files?.length;
  });
  const other = make('select', { id: 'person-other' }, make('option', { value: '' }, text('person.merge.none')),
    ...people.filter(({ id }) => id !== person.id).map(({ id, name }) => make('option', { value: id }, name)));
  const views = new Views({ client, person: person.id, failed });
  await views.show();
  /** @type {(Node | string)[]} */
  let said = [];
  const submit = async () => {
    const files = [...(photos.files ?? [])];
    if (files.length && !consent.checked) throw wrongInput('person.photos.consent');
    const until = expires.value ? endOf(expires.value) : null;
    if (until !== null && until <= Date.now()) throw wrongInput('person.expires.past');
    const merged = people.find(({ id }) => id === other.value);
    if (merged && !(await confirmMerge(person.name, merged.name))) throw wrongInput('person.merge.not');
    await client.vault('personChange', {
      person: person.id,
      change: { groups: groups.value.split(COMMAS).map(tidyName).filter(Boolean), note: note.value.trim(), ...(expires.value === erased ? {} : { expires: until }) },
    });
    said = withName(text('person.kept', { name: '{name}' }), person.name);
    if (files.length) {
      const { added, problems } = await addPhotos(client, person, files);
      said.push(' ', countText('person.photos.added', added), ...problems.map((words) => ` ${words}`));
    }
    if (merged) {
      await client.vault('personMerge', { person: person.id, other: merged.id });
      said.push(' ', ...withName(text('person.merged', { name: '{name}' }), merged.name));
    }
  };
  const done = await formDialog({
    title: [nameElement(person.name)], go: text('person.save'), submit,
    body: [
      field('person.groups', groups, 'person.groups.help'), known, field('person.note', note), field('person.expires', expires, 'person.expires.help'),
      make('div', { class: 'field' }, make('h3', {}, text('person.views')), views.element),
      photoField, agreed,
      ...(other.options.length > 1 ? [field('person.merge', other, 'person.merge.help')] : []),
    ],
  });
  return done ? said : null;
}

/** @param {string} name @param {string} other */
function confirmMerge(name, other) {
  return choose(withName(text('person.merge.title', { name: '{name}' }), other), withName(text('person.merge.text', { name: '{name}' }), name), [
    { label: [text('person.merge.yes')], value: true, kind: 'danger' },
    { label: [text('dialog.cancel')], value: false },
  ]);
}
