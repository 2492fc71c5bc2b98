/**
 * The types that the page and its worker share, with those of the engine. No code.
 *
 * Coordinates are pixels of the frame, x to the right, y down; times are milliseconds; a score is -log10 of the
 * false-match rate at which a comparison would just pass.
 *
 * @typedef {object} Raised What went wrong, as it crosses from the worker. The page puts words to it (www/words/messages.js).
 * @property {string} code stable, for programs
 * @property {Record<string, unknown>} [values] what its words are filled with
 *
 * @typedef {Raised & {message: string, remedy: string}} Fault the same in words for a visitor: what happened, and what to do about it
 *
 * @typedef {object} Frame A picture on its way to the engine. Its buffer is handed over and can't be used afterwards.
 * @property {ArrayBuffer} buffer RGBA, 8 bits each, row by row
 * @property {number} width
 * @property {number} height
 * @property {number} timeMs when it was taken, on any clock that only goes forward
 *
 * @typedef {0 | 90 | 180 | 270} Rotation
 *
 * @typedef {object} PictureFrame A picture of the camera on its way to the worker, which reads its pixels. It is handed over and can't be used afterwards.
 * @property {VideoFrame | ImageBitmap} picture
 * @property {number} width of the frame, upright
 * @property {number} height
 * @property {Rotation} rotation clockwise, by which the picture must be turned to stand upright
 * @property {number} timeMs when it was taken, on any clock that only goes forward
 *
 * @typedef {'video' | 'bitmap' | 'pixels'} FrameKind what a worker can read: a VideoFrame, an ImageBitmap, or pixels that the page has read
 * @typedef {PictureFrame | Frame} CameraFrame
 *
 * @typedef {object} Watched A camera that is watched for what speaks against it being one.
 * @property {string} label
 * @property {number} opened another number each time it is opened
 * @property {number} timeMs of the picture by the camera's own clock
 *
 * @typedef {{distance: number, timeoutMs: number}} KioskRules height of a face, as a part of the picture's, from which on somebody is meant; how
 *   long a verdict stays
 *
 * @typedef {object} LookWishes What else is to be looked for in a frame.
 * @property {KioskRules} [kiosk] also what a kiosk shows next
 * @property {boolean} [turned] also its faces where it is turned by 180 degrees
 * @property {Watched} [watched] also what speaks against the camera
 *
 * @typedef {object} Look What the engine saw in a frame.
 * @property {Observation[]} observations
 * @property {Timings} timings
 * @property {{detection: number}[]} [turned] the faces of the frame on its head, if that was wished
 * @property {KioskSaid} [kiosk] what a kiosk shows next, if that was wished
 * @property {import('./worker/suspect.js').Suspicion[]} [suspicions] what speaks against the camera so far, the plainest first, if that was wished
 *
 * @typedef {Look & {size: {width: number, height: number}}} LiveLook with the size of the frame, in whose pixels boxes and points are
 *
 * @typedef {import('./worker/brow.js').CaptureHint | 'mask_off' | 'mask_on'} EnrolHint what to do now; the last two: another mask state was chosen
 *
 * @typedef {Omit<import('./worker/brow.js').CaptureStep, 'hint'> & {hint: EnrolHint}} EnrolStep
 *
 * @typedef {object} Enrolment What was captured and waits to be saved; the templates themselves stay in the worker.
 * @property {Mask} mask
 * @property {Quality} quality
 * @property {number} templates
 * @property {{name: string, id: string} | null} resembles somebody enrolled already whom the face matches
 *
 * @typedef {object} Consent
 * @property {string} text the words that were agreed to
 * @property {string} version
 * @property {string} language BCP 47
 * @property {number} time milliseconds since 1970
 *
 * @typedef {object} SaveRequest
 * @property {string} name
 * @property {Consent} consent
 * @property {boolean} keepPicture
 * @property {'camera' | 'photo'} source
 * @property {string | null} [addTo] the id of a person whom the new references are added to
 * @property {string} [id] of a new person: whoever has it is replaced. A random one if it is left out
 *
 * @typedef {object} PersonSummary A person as the page sees them: no templates.
 * @property {string} id
 * @property {string} name
 * @property {number} created
 * @property {number} updated
 * @property {Consent} consent
 * @property {number | null} expires
 * @property {number} erased when they are erased by themselves, by their own date or by what is set; Infinity: never
 * @property {string[]} groups
 * @property {string} note
 * @property {number} bare references without a mask
 * @property {number} masked references with one
 * @property {number} refused references that the networks of this version can't use
 * @property {'waiting' | 'again' | null} outdated all their templates are of earlier networks: new ones will be made from their picture, or
 *   they have to be enrolled again
 * @property {Uint8Array<ArrayBuffer> | null} picture PNG or JPEG, if it was asked for
 *
 * @typedef {object} Settings
 * @property {number} targetFmr false matches per probe that the operator accepts
 * @property {boolean} keepPictures
 * @property {string | null} language BCP 47; null follows the browser
 * @property {'system' | 'light' | 'dark'} theme
 *
 * @typedef {object} Choices What each target would cost with the people of now, on each set of people that the networks were measured on.
 * @property {number} people who can be recognised
 * @property {{set: string, choices: {target: number, bare: number, masked: number}[]}[]} sets none where nobody measured it. `bare` and `masked`: the
 *   share of single pictures of somebody enrolled without a mask that are missed
 *
 * @typedef {object} State All that the page shows besides the live view.
 * @property {PersonSummary[]} people
 * @property {{id: string, code: string}[]} damaged stored records that can't be read
 * @property {Settings} settings
 * @property {number} needed the score that a match needs now
 * @property {Raised | null} storage why nothing can be kept; null when all is well
 * @property {Raised | null} presence why what is asked of presence can't be kept, so that nobody is named who would have to show it
 * @property {VaultState | null} vault null where nothing can be kept
 * @property {import('./vault/types.js').Receipt[]} [receipts] of what this answer's request erased
 *
 * @typedef {object} VaultState What the page shows of the store's protection.
 * @property {string | null} id random; another one means another, new store
 * @property {number | null} created
 * @property {boolean} locked
 * @property {boolean} lost there are records but their key is gone
 * @property {boolean} pin
 * @property {boolean} keptOpen it has a PIN and opens without it on this device, see Store.keepOpen
 * @property {boolean} stale until the next start the browser's files may hold what was there before a PIN, see www/vault/old-bytes.js
 * @property {number} waitSeconds until the next PIN may be tried
 * @property {number} records
 * @property {boolean | null} persisted whether the browser promised not to clear the store by itself
 * @property {number} held people whose date of erasure has come by a clock that jumped: nobody is erased until that is settled
 * @property {string[]} repaired the store's own records that were damaged and replaced
 * @property {{due: boolean, lastBackup: number | null, changes: number, days: number | null} | null} backup null while locked
 * @property {import('./vault/types.js').Settings | null} settings null while locked
 *
 * @typedef {'same' | 'row' | 'date' | 'digits'} PinWeakness what makes a PIN one of the first that anybody tries
 *
 * @typedef {object} Deciding What one client's decisions rest on, beside the stored settings.
 * @property {string | null} person compares faces with this person only; null: with everybody; '': with nobody
 * @property {number | null} targetFmr null: the stored setting
 * @property {PresencePolicy} presence
 *
 * @typedef {object} OwnData All that is kept about one person, but for the numbers of their templates.
 * @property {Omit<import('./vault/types.js').Person, 'references'> & {references: (Omit<import('./vault/types.js').Reference, 'template'> & {bytes: number})[]}} person
 * @property {import('./vault/types.js').Guest | null} guest their row of the list of expected people
 * @property {{time: number, event: string}[]} log newest first
 *
 * @typedef {{person: PersonSummary, state: State}} Saved
 *
 * @typedef {{file: string, loaded: number, total: number}} Progress bytes of all files together
 *
 * @typedef {object} Remade How far the making of new templates from kept pictures has come.
 * @property {number} done pictures looked at
 * @property {number} total
 * @property {number} made people who were stored with a new template
 * @property {boolean} over it has come to its end
 * @property {Raised | null} fault what ended it too early; the next start goes on
 *
 * @typedef {{event: 'died', reason: string} | {event: 'changed', state: State} | {event: 'storage', fault: Raised} | {event: 'remade', remade: Remade}
 *   | {event: 'working'}} WorkerEvent what the worker says without having been asked
 *
 * @typedef {'plain' | 'relaxed'} EngineBuild the module for every browser with SIMD, or that for relaxed SIMD
 *
 * @typedef {object} EngineFiles all that the engine needs; what the worker is handed at its start
 * @property {WebAssembly.Module} module
 * @property {EngineBuild} build which of the module's builds it is
 * @property {string} manifest the text of models/manifest.json
 * @property {Map<string, Blob>} models by the file names of the manifest, the second runtime of a pack that needs it among them
 *
 * @typedef {{name: string, licence: string, link?: string}} Source where something comes from; licence: SPDX's name, or own, research-only, unpublished, unstated
 *
 * @typedef {object} NetworkAbout
 * @property {'detector' | 'landmarks' | 'periocular' | 'full' | 'presence'} role
 * @property {string} id as templates have it
 * @property {number} bytes
 * @property {boolean} second the second runtime runs it
 * @property {Source[]} weights
 * @property {Source[]} pictures that the weights were trained on
 *
 * @typedef {object} StartTimes milliseconds since 1970, fractions included
 * @property {number} workerRunning
 * @property {number} moduleReady
 * @property {number} modelsReady
 * @property {number} galleryReady
 *
 * @typedef {{state: State, times: StartTimes, build: EngineBuild, frames: FrameKind}} Started `frames`: what kind of frames the worker reads
 *
 * @typedef {import('./worker/brow.js').ListChoices & {encoding?: string}} ListChoices what a person chose; the rest is guessed. `encoding`: a
 *   label of the Encoding Standard
 *
 * @typedef {import('./worker/brow.js').ListRead & {encoding: string, unsure: boolean, broken: boolean}} ListReading a list as it would be taken; `unsure`: another
 *   encoding is nearly as likely; `broken`: some bytes are no letters in this one
 */

/** @import { KioskSaid, Mask, Observation, PresencePolicy, Quality, Timings } from './worker/brow.js' */

// What crosses from the engine, the engine declares (src/declarations.rs).
export * from './worker/brow.js';
