/**
 * All words that the page shows, in one home: another language is another table of the same keys.
 *
 * `{name}` is filled in. Faults hold two sentences: what happened, and what to do about it. Store faults bring their
 * own words from the vault, engine faults from the engine; a code that stands here has the last word.
 */

import { vaultTexts } from './vault-texts.js';

/** @import { Fault } from './types.js' */

/** BCP 47: the language of the tables below, stored with each consent. */
export const language = 'en';

/** The version of the consent text: to be raised with every change of `consent.text`. */
export const consentVersion = '2026-11';

/** @type {Record<string, string>} */
const texts = {
  ...vaultTexts,
  'page.title': 'Brow: face recognition that stays in your browser',
  'page.name': 'Brow',
  'page.tagline': 'Recognises people with or without a mask',
  'promise.title': 'Nothing leaves this device.',
  'promise.text': 'Pictures are looked at inside this page and thrown away. No server ever gets to see a face.',
  'promise.link': 'Check it yourself',
  'nav.label': 'Pages',
  'nav.benchmark': 'Speed on this device',
  'nav.skip': 'Skip to the live view',

  'loading.title': 'Getting ready',
  'loading.bytes': '{loaded} of {total} MB',
  'loading.engine': 'Starting the recogniser',
  'loading.again': 'Try again',
  'loading.stuck': 'If nothing happens here, this browser is too old for this page or scripts are switched off.',

  'live.title': 'Live view',
  'live.start': 'Start the camera',
  'live.stop': 'Stop the camera',
  'live.intro': 'The camera picture stays in this page. Your browser will ask whether the page may use the camera.',
  'live.nobody': 'Nobody in view',
  'live.nobody.hint': 'Faces appear here as soon as the camera sees one.',
  'live.paused': 'Paused while this page is hidden',
  'live.off': 'The camera is off',
  'live.starting': 'Starting the camera',
  'live.enrolling': 'Paused while somebody is being enrolled',
  'live.waiting': 'The camera is on. The recogniser is still getting ready.',
  'live.results': 'Who is in view',
  'live.camera': 'Camera',
  'live.frames': 'judged from {frames} frames',
  'live.video': 'Picture of the camera, shown like a mirror',

  'who.match': '{name}',
  'who.match.note': 'Recognised',
  'who.unknown': 'Unknown person',
  'who.unknown.note': 'Matches nobody enrolled here',
  'who.undecided': 'Not sure yet',
  'who.nobodyEnrolled': 'Face in view',
  'who.undecided.too_small': 'The face is too small: please come closer',
  'who.undecided.too_blurred': 'The picture is blurred: please hold still',
  'who.undecided.too_dark': 'The face is too dark: please turn towards a light',
  'who.undecided.too_bright': 'The face is too bright: please turn away from the light',
  'who.undecided.turned_away': 'The face is turned away: please look at the camera',
  'who.undecided.cut_off': 'Part of the face is outside the picture',
  'who.undecided.too_few_frames': 'Looking',
  'who.undecided.too_close_to_call': 'Two enrolled people fit about equally well',
  'who.undecided.empty_gallery': 'Nobody is enrolled yet',
  'mask.bare': 'no mask',
  'mask.masked': 'mask on',
  'mask.incorrect': 'mask not covering nose or mouth',
  'announce.face': '{who}, {mask}.',

  'people.title': 'People',
  'people.none': 'Nobody is enrolled. Enrolling takes a few seconds and works with or without a mask.',
  'people.count.one': '1 person enrolled',
  'people.count.other': '{count} people enrolled',
  'people.enrolCamera': 'Enrol by camera',
  'people.enrolPhoto': 'Enrol from a photo',
  'people.rename': 'Rename',
  'people.rename.of': 'Rename {name}',
  'people.delete': 'Delete',
  'people.delete.of': 'Delete {name}',
  'people.more': 'Add a view',
  'people.more.of': 'Add a view of {name}',
  'people.references': '{bare} without mask, {masked} with mask',
  'people.since': 'enrolled {date}',
  'people.refused': '{count} of this person\u2019s templates were made by another version and can\u2019t be used. Enrol again to renew them.',
  'people.damaged.one': '1 stored record is damaged and was set aside. Everything else works.',
  'people.damaged.other': '{count} stored records are damaged and were set aside. Everything else works.',
  'people.clear': 'Forget everybody',
  'people.picture': 'Picture of {name}',

  'frame.waiting': 'Waiting for the page around this one.',
  'frame.consent.title': 'May this page know {name}\u2019s face?',

  'settings.title': 'Settings',
  'settings.target': 'How sure must a match be?',
  'settings.target.1e-2': 'Lenient: 1 mix-up in 100',
  'settings.target.1e-3': 'Normal: 1 mix-up in 1,000',
  'settings.target.1e-4': 'Strict: 1 mix-up in 10,000',
  'settings.target.1e-5': 'Very strict: 1 mix-up in 100,000',
  'settings.target.1e-6': 'Strictest: 1 mix-up in 1,000,000',
  'settings.target.help': '1 in 1,000 means: of 1,000 strangers who look into the camera, about one is taken for somebody enrolled. Stricter means fewer mix-ups, but more often \u201cunknown\u201d for people who are enrolled, above all with a mask on.',
  'settings.theme': 'Appearance',
  'settings.theme.system': 'As on this device',
  'settings.theme.light': 'Light',
  'settings.theme.dark': 'Dark',

  'enrol.title.camera': 'Enrol by camera',
  'enrol.title.photo': 'Enrol from a photo',
  'enrol.title.more': 'Add a view of {name}',
  'enrol.name': 'Name',
  'enrol.name.help': 'Any name that people here will know. It is stored on this device only.',
  'enrol.mask': 'Now, for the enrolment, the face is',
  'enrol.mask.bare': 'without a mask (recommended; works for both later)',
  'enrol.mask.masked': 'with a mask on',
  'enrol.consent': 'I agree to this',
  'enrol.consent.title': 'Consent',
  'consent.text': 'This browser computes numbers that describe my face (a template) and keeps them, encrypted, with my name on this device, so that this page can recognise me, with or without a mask. Neither leaves the device. No picture is kept unless I ask for it below. I can have everything about me deleted here at any time.',
  'enrol.keepPicture': 'Also keep a small picture for the list of people',
  'enrol.next.camera': 'Start',
  'enrol.next.photo': 'Enrol',
  'enrol.cancel': 'Cancel',
  'enrol.close': 'Close',
  'enrol.again': 'Enrol another person',
  'enrol.capturing': 'Look at the camera',
  'enrol.progress': 'Progress of the enrolment',
  'enrol.saving': 'Saving',
  'enrol.saved': '{name} is enrolled',
  'enrol.saved.bare': 'Enrolled without a mask. Put a mask on and look at the camera: the page should still know you.',
  'enrol.saved.masked': 'Enrolled with a mask on. Adding a view without a mask makes recognition without one surer.',
  'enrol.saved.quality': 'Quality of the capture: {quality} %',
  'enrol.known.title': 'This face looks like {name}',
  'enrol.known.text': 'Somebody who matches this face is enrolled already. Adding a view is better than enrolling one person twice.',
  'enrol.known.add': 'Same person: add a view to {name}',
  'enrol.known.other': 'Somebody else: enrol as new',
  'enrol.photo.choose': 'Choose a photo',
  'enrol.photo.drop': 'or drop it here. JPEG, PNG or WebP with one face, looking at the camera.',
  'enrol.photo.looking': 'Looking for the face',
  'enrol.photo.found': 'One face found, {mask}.',
  'enrol.photo.shrunk': 'The photo is large and was made smaller before looking at it.',
  'enrol.photo.preview': 'The chosen photo',

  'hint.no_face': 'No face in view: look at the camera',
  'hint.several_faces': 'More than one face in view: please be alone in the picture',
  'hint.come_closer': 'Come a little closer',
  'hint.move_back': 'Move back a little',
  'hint.hold_still': 'Hold still',
  'hint.more_light': 'More light on the face, please',
  'hint.less_light': 'Less light on the face, please',
  'hint.look_straight': 'Look straight at the camera',
  'hint.centre': 'Move to the middle of the picture',
  'hint.good': 'Good. Stay like this',
  'hint.turn_slightly': 'Turn your head a little',
  'hint.done': 'Done',
  'hint.mask_off': 'You chose \u201cwithout a mask\u201d: please take the mask off',
  'hint.mask_on': 'You chose \u201cwith a mask on\u201d: please put the mask on',
  'hint.slow': 'This takes longer than usual. More light from the front and a steady head help most.',

  'name.empty': 'Please enter a name.',
  'name.long': 'This name is too long: please use at most {most} characters. It has {length}.',
  'consent.needed': 'Nobody is enrolled without their consent. Please tick the box, or cancel.',
  'photo.needed': 'Please choose a photo first.',

  'same.title': 'There is already somebody called {name}',
  'same.text': 'Is this the same person?',
  'same.add': 'Same person: add this view',
  'same.other': 'Somebody else: save as \u201c{name}\u201d',
  'rename.title': 'Rename {name}',
  'rename.label': 'New name',
  'rename.save': 'Save',
  'delete.title': 'Delete {name}?',
  'delete.text': 'Name, templates and consent record are erased from this device. This can\u2019t be undone.',
  'delete.yes': 'Delete',
  'clear.title': 'Forget everybody?',
  'clear.text': 'Everybody who is enrolled is erased from this device. This can\u2019t be undone.',
  'clear.yes': 'Forget everybody',
  'dialog.cancel': 'Cancel',
  'said.renamed': '{name} is the new name.',
  'said.deleted': '{name} was deleted.',
  'said.cleared': 'Everybody was deleted.',
  'said.added': 'A view was added to {name}.',
  'notice.dismiss': 'Dismiss',
  'notice.region': 'Messages',

  'bench.title': 'Speed on this device',
  'bench.intro': 'Runs the same engine and networks as the live view on a built-in picture of 640 by 480 pixels with one face. No camera, nothing stored, nothing sent.',
  'bench.back': 'Back to the live view',
  'bench.run': 'Run',
  'bench.running': 'Running: {done} of {total} frames',
  'bench.done': 'Done.',
  'bench.stage': 'Stage',
  'bench.median': 'Median, ms',
  'bench.minimum': 'Minimum, ms',
  'bench.caption': 'Time of each stage',
  'bench.first': 'Loading and first decision',
  'bench.first.what': 'What',
  'bench.first.value': 'Value',
  'bench.json': 'The same as JSON',
  'bench.copy': 'Copy as JSON',
  'bench.copied': 'Copied.',
  'bench.copyFailed': 'The browser refused to copy: select the text below and copy it by hand.',
  'bench.stage.detect': 'Detection',
  'bench.stage.landmarks': 'Landmarks and mask state',
  'bench.stage.quality': 'Quality',
  'bench.stage.periocular': 'Periocular embedding',
  'bench.stage.full': 'Full-face embedding',
  'bench.stage.decide': 'Comparison and decision',
  'bench.stage.total': 'Live frame to decision, in the engine',
  'bench.stage.roundTrip': 'Live frame to decision, with the way to the worker and back',
  'bench.stage.newcomer': 'The same for a face that comes into view: every stage, nothing known before',
  'bench.note': 'A face that is followed is not searched for and not embedded anew in every frame; a stage\u2019s time is that of the frames in which it ran.',
  'bench.workerMs': 'Worker running after',
  'bench.moduleMs': 'Engine compiled after',
  'bench.modelsMs': 'Networks loaded after',
  'bench.firstDecisionMs': 'First decision after navigation',
  'bench.bytesFetched': 'Bytes fetched over the network',
  'bench.bytesDecoded': 'Bytes after decompression',
};

/** @type {Record<string, [message: string, remedy: string]>} */
const faults = {
  browser_insecure: [
    'This address is not secure, so the browser gives this page neither a camera nor encrypted storage.',
    'Open the page by https, or on this machine as http://127.0.0.1.',
  ],
  browser_no_wasm: [
    'WebAssembly is missing or switched off in this browser, and the recogniser is written in it.',
    'Use a current Chrome, Edge, Firefox or Safari, and leave modes that switch WebAssembly off.',
  ],
  browser_no_simd: [
    'This browser is too old for the recogniser: it lacks WebAssembly SIMD.',
    'Update the browser: Chrome or Edge 91, Firefox 89, Safari 16.4 or newer.',
  ],
  browser_no_module_worker: [
    'This browser is too old for the recogniser: it can\u2019t run modules in the background.',
    'Update the browser: Chrome or Edge 80, Firefox 114, Safari 15 or newer.',
  ],
  offline: [
    'This device is offline, and the recogniser has not been fetched yet.',
    'Connect to the network and try again. Nothing is lost.',
  ],
  download_failed: [
    'A part of the recogniser could not be fetched.',
    'Check the connection and try again. Nothing is lost.',
  ],
  program_damaged: [
    'The recogniser arrived damaged and was not started.',
    'Load the page again. If it happens again, something between the server and this browser changes files.',
  ],
  model_damaged: [
    'A network of the recogniser arrived damaged and was not used.',
    'Load the page again. If it happens again, something between the server and this browser changes files.',
  ],
  model_truncated: [
    'A network of the recogniser arrived cut short and was not used.',
    'Load the page again. If it happens again, check the connection and the files on the server.',
  ],
  worker_restarted: [
    'The recogniser had stopped and was started again.',
    'Everybody who was enrolled is still here. Repeat what you were just doing.',
  ],
  worker_failed: [
    'The recogniser stops again and again on this device.',
    'Close other tabs and load the page again. Everybody who was enrolled is still here.',
  ],
  closed: ['The recogniser was closed.', 'Load the page again.'],
  worker_refused: [
    'The policy of this page does not let the recogniser start its worker.',
    'Whoever runs this page: allow worker-src \'self\', and blob: where the page is sealed.',
  ],
  consent_missing: [
    'Nobody is enrolled without their consent.',
    'Hand over what the person agreed to: text, version and language.',
  ],
  name_missing: ['Nobody is enrolled without a name.', 'Give a name of 1 to 80 characters.'],
  already_enrolled: [
    'This face matches somebody who is enrolled already.',
    'Add a view to that person, or say that it is somebody else.',
  ],
  enrolment_busy: ['An enrolment is under way already.', 'Wait until it ends, or cancel it.'],
  consent_refused: ['The person did not agree.', 'Nobody is enrolled without their consent; ask again later, or leave it.'],
  frame_refused: ['A message to the frame was refused: {why}.', 'See the list of messages in docs/EMBEDDING.md.'],
  given_up: ['It was given up before it was done.', 'Ask again if you still want it.'],
  no_such_person: ['There is nobody of this name here, or more than one.', 'Choose one of the people who are enrolled.'],
  unexpected: ['Something went wrong that this page did not expect.', 'Load the page again. Everybody who was enrolled is still here.'],
  nothing_captured: ['Nothing was captured yet.', 'Start the enrolment again.'],

  camera_refused: [
    'The browser was told not to give this page the camera.',
    'Allow the camera for this page (the sign beside the address), then start it again. Enrolling from a photo works without.',
  ],
  camera_absent: [
    'No camera was found.',
    'Plug one in or switch it on, then start it again. Enrolling from a photo works without.',
  ],
  camera_busy: [
    'The camera is there but gives no picture; another program may be using it.',
    'Close video calls and other tabs that use the camera, then start it again.',
  ],
  camera_unplugged: [
    'The camera is gone: unplugged, switched off, or taken by the system.',
    'Plug it in again. The live view goes on by itself, or start the camera again.',
  ],
  camera_black: [
    'The picture is black.',
    'Open the lens cover, switch on a light, or choose another camera.',
  ],
  camera_frozen: [
    'The camera sends no new pictures.',
    'Unplug it and plug it in again, or choose another camera.',
  ],

  photo_not_image: [
    'This file is not a picture that the page can read.',
    'Choose a JPEG, PNG or WebP file.',
  ],
  photo_heic: [
    'This is a HEIC picture, which browsers can\u2019t read.',
    'Save or export it as JPEG and choose that file.',
  ],
  photo_damaged: [
    'This picture is damaged: the browser can\u2019t decode it.',
    'Open it in another program and save it anew, or choose another one.',
  ],
  photo_huge: [
    'This picture is too large to open here: {megapixels} megapixels.',
    'Save a smaller copy, at most {most} megapixels, and choose that.',
  ],
  photo_empty: ['This file is empty.', 'Choose another one.'],
  photo_several_files: ['That was more than one file.', 'Enrol one photo at a time.'],
  no_face: [
    'No face was found in this picture.',
    'Choose one in which the face is well lit, looks at the camera and fills a good part of the picture.',
  ],
  several_faces: [
    'There is more than one face in this picture, and it would be a guess whose name it is.',
    'Choose a picture of this person alone, or cut the others off.',
  ],
  too_small: ['The face is too small for a reliable enrolment.', 'Choose a picture in which the face is larger, or come closer.'],
  too_blurred: ['The face is too blurred for a reliable enrolment.', 'Choose a sharper picture, or hold still.'],
  too_dark: ['The face is too dark for a reliable enrolment.', 'Choose a picture with light from the front.'],
  too_bright: ['The face is overexposed.', 'Choose a picture with less glaring light.'],
  turned_away: ['The face is turned away too far for a reliable enrolment.', 'Choose a picture in which the face looks at the camera.'],
  cut_off: ['Part of the face is outside the picture.', 'Choose a picture with the whole face.'],

  storage_memory: [
    'People can\u2019t be stored in this browser: {reason}',
    'You can go on. Whoever is enrolled now is forgotten when the page is closed.',
  ],
};

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function text(key, values = {}) {
  const found = texts[key];
  if (found === undefined) throw new Error(`no text for ${key}`);
  return fill(found, values);
}

/** A text with a singular and a plural. @param {string} key @param {number} count @returns {string} */
export function countText(key, count) {
  const form = new Intl.PluralRules(language).select(count);
  return text(`${key}.${form}` in texts ? `${key}.${form}` : `${key}.other`, { count: count.toLocaleString(language) });
}

/**
 * @param {string} code
 * @param {Record<string, string | number>} [values]
 * @returns {Fault}
 */
export function fault(code, values = {}) {
  const [message, remedy] = faults[code] ?? faults.unexpected;
  return { code, message: fill(message, values), remedy: fill(remedy, values) };
}

/**
 * Words for anything that was thrown: ours where there are some, the fault's own otherwise.
 * @param {unknown} error
 * @returns {Fault}
 */
export function faultOf(error) {
  const { code, message, remedy } = /** @type {Partial<Fault>} */ (error && typeof error === 'object' ? error : {});
  if (code && faults[code] && !faults[code].some((words) => words.includes('{'))) return fault(code);
  if (code && message && remedy) return { code, message, remedy };
  console.error(error);
  return fault('unexpected');
}

/** Whether an error has words of its own kind. @param {unknown} error @returns {error is Fault} */
export function isFault(error) {
  return Boolean(error && typeof error === 'object' && 'code' in error && 'message' in error && 'remedy' in error
    && typeof error.code === 'string');
}

/** @param {string} words @param {Record<string, string | number>} values */
function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Puts the texts into a part of the page: `data-t` names the text of an element, `data-t-label` that of its aria-label.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = text(element.getAttribute('data-t') ?? '');
  for (const element of root.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', text(element.getAttribute('data-t-label') ?? ''));
  }
}
