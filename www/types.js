/**
 * The types that the page and its worker share. No code.
 *
 * Coordinates are pixels of the frame, x to the right, y down; times are milliseconds; a score is -log10 of the
 * false-match rate at which a comparison would just pass.
 *
 * @typedef {object} Fault What went wrong, in words for a visitor. Errors cross from the worker in this shape.
 * @property {string} code stable, for programs
 * @property {string} message what happened
 * @property {string} remedy what to do about it
 * @property {Record<string, unknown>} [values] what its words are filled with, for other languages
 *
 * @typedef {object} Frame A picture on its way to the engine. Its buffer is handed over and can't be used afterwards.
 * @property {ArrayBuffer} buffer RGBA, 8 bits each, row by row
 * @property {number} width
 * @property {number} height
 * @property {number} timeMs when it was taken, on any clock that only goes forward
 *
 * @typedef {0 | 90 | 180 | 270} Rotation
 *
 * @typedef {'bare' | 'masked' | 'incorrect'} MaskState
 * @typedef {{state: MaskState, probability: number}} Mask
 *
 * @typedef {'too_small' | 'too_blurred' | 'too_dark' | 'too_bright' | 'turned_away' | 'cut_off' | 'eyes_hidden'
 *   | 'points_unsure'} QualityProblem
 *
 * @typedef {object} Quality
 * @property {number} score 0..1
 * @property {number} facePx side of the canonical face in pixels of the frame
 * @property {number} sharpness
 * @property {number} brightness
 * @property {number} yaw degrees
 * @property {number} pitch degrees
 * @property {number} roll degrees
 * @property {number} spread how far the points are expected to be off, as a share of the canonical face's side
 * @property {number} outside share of the window around the eyes that lies outside the frame
 * @property {number} hidden how much of the eyes' places is as dark as opaque glasses, 0..1
 * @property {QualityProblem | null} problem what is in the way of recognition
 * @property {QualityProblem | null} shortcoming what is to be changed before it is good enough to be enrolled
 *
 * @typedef {QualityProblem | 'too_few_frames' | 'too_close_to_call' | 'empty_gallery' | 'presentation_attack' | 'presence_unproven'} UndecidedReason
 *
 * @typedef {'off' | 'warn' | 'require-passive' | 'require-turn'} PresencePolicy what is asked of whoever is before the camera: nothing;
 *   that it be said; that it look like a person; that the head be turned as asked
 * @typedef {'looking' | 'step_back' | 'print_or_screen' | 'turn' | 'too_early' | 'too_slow' | 'wrong_side' | 'too_far' | 'face_lost'
 *   | 'second_face' | 'other_person' | 'flat' | 'desk'} PresenceReason
 * @typedef {{kind: 'straight'} | {kind: 'turn', side: 'left' | 'right', amount: 'little' | 'far' | 'less', reached: number}} Ask what to do now; the
 *   subject's own left and right, `less`: part of the way back from there; how much of the turn is done, 0..1
 *
 * @typedef {object} Presence Whether somebody is there, and no print or screen.
 * @property {number | null} passive share of live people who look no more like one, 0..1; null as long as that can't be said
 * @property {'none' | 'asked' | 'passed' | 'refused'} turn
 * @property {'live' | 'attack' | 'unsure'} verdict by what the policy asks
 * @property {PresenceReason | null} reason why it is not `live`
 * @property {Ask | null} ask
 *
 * @typedef {{kind: 'match', person: string, score: number, needed: number}
 *   | {kind: 'unknown', score: number | null, needed: number, closest?: string | null}
 *   | {kind: 'undecided', reason: UndecidedReason, score: number | null, needed: number}} Decision
 *
 * @typedef {object} Observation One face in one frame.
 * @property {number} track the same number as long as the face stays in view
 * @property {{x: number, y: number, width: number, height: number}} box
 * @property {{x: number, y: number}[]} points the subject's right eye, left eye, nose, right and left corner of the mouth
 * @property {number} detection 0..1
 * @property {Mask} mask
 * @property {Quality} quality
 * @property {Decision} decision
 * @property {Presence | null} presence null where nothing is asked of it, and in a still picture
 * @property {number} frames how many frames the decision rests on
 *
 * @typedef {{detect: number, landmarks: number, quality: number, periocular: number, full: number, presence: number, decide: number,
 *   total: number}} Timings milliseconds of one frame by stage; 0 where a stage was not run. The mask state comes with the landmarks
 *
 * @typedef {{observations: Observation[], timings: Timings}} Look what the engine saw in a frame
 *
 * @typedef {'no_face' | 'several_faces' | 'come_closer' | 'move_back' | 'hold_still' | 'more_light' | 'less_light'
 *   | 'look_straight' | 'free_face' | 'free_eyes' | 'centre' | 'good' | 'turn_slightly' | 'done' | 'mask_off' | 'mask_on'
 *   | 'print_or_screen' | 'turn' | 'desk'} EnrolHint
 *
 * @typedef {object} EnrolStep
 * @property {EnrolHint} hint
 * @property {number} progress 0..1
 * @property {Observation | null} observation
 * @property {boolean} done
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
 * @typedef {object} State All that the page shows besides the live view.
 * @property {PersonSummary[]} people
 * @property {{id: string, code: string, message: string}[]} damaged stored records that can't be read
 * @property {Settings} settings
 * @property {number} needed the score that a match needs now
 * @property {Fault | null} storage why nothing can be kept; null when all is well
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
 * @property {Fault | null} fault what ended it too early; the next start goes on
 *
 * @typedef {'plain' | 'relaxed'} EngineBuild the module for every browser with SIMD, or that for relaxed SIMD
 *
 * @typedef {object} EngineFiles all that the engine needs; what the worker is handed at its start
 * @property {WebAssembly.Module} module
 * @property {EngineBuild} build which of the module's builds it is
 * @property {string} manifest the text of models/manifest.json
 * @property {Map<string, Blob>} models by the file names of the manifest
 *
 * @typedef {object} StartTimes milliseconds since 1970, fractions included
 * @property {number} workerRunning
 * @property {number} moduleReady
 * @property {number} modelsReady
 * @property {number} galleryReady
 *
 * @typedef {{state: State, times: StartTimes, build: EngineBuild}} Started
 *
 * @typedef {'name' | 'first' | 'last' | 'email' | 'ref' | 'company' | 'photo' | 'host' | 'other'} ListColumn what a list's column holds; other: it is not taken
 * @typedef {{kind: 'none'} | {kind: 'at', line: number}} ListHead which line holds the titles
 *
 * @typedef {object} ListChoices what a person chose; the rest is guessed
 * @property {string} [encoding] a label of the Encoding Standard
 * @property {string} [delimiter] one character
 * @property {ListHead} [head]
 * @property {ListColumn[]} [columns] one for each column
 *
 * @typedef {Pick<import('./vault/types.js').Guest, 'line' | 'name' | 'email' | 'ref' | 'company' | 'photo' | 'host'>} ListGuest
 *
 * @typedef {object} ListReading a list as it would be taken
 * @property {string} encoding
 * @property {boolean} unsure another encoding is nearly as likely
 * @property {boolean} broken some bytes are no letters in this encoding
 * @property {string} delimiter
 * @property {ListHead} head
 * @property {string[]} titles
 * @property {ListColumn[]} columns
 * @property {{line: number, cells: string[]}[]} first the file's first rows
 * @property {ListGuest[]} guests
 * @property {{line: number, code: string, of?: number}[]} problems of: the other line, or the most that there may be
 *
 * @typedef {{kind: 'one', index: number} | {kind: 'missing' | 'ambiguous'}} PhotoFound which of the files is a photo
 */
export {};
