// What the engine's module takes and gives: made from src/ by src/declarations.rs, not to be changed by hand.

export class BackupReader {
  constructor();
  /** More of the file. */
  push(bytes: Uint8Array): void;
  /** There is no more of it. */
  end(): void;
  /** `{iterations, salt, bound}` as JSON; undefined: more of the file is needed. */
  start(): string | undefined;
  isKey(check: Uint8Array): boolean;
  /** What is to be opened next; undefined: more of the file is needed. */
  chunk(): Uint8Array | undefined;
  nonce(isLast: boolean): Uint8Array;
  opened(plain: Uint8Array, isLast: boolean): void;
  isOver(): boolean;
  /** What the file says of itself, as JSON; undefined: the next chunk is needed. */
  summary(now: string): string | undefined;
  /** The record of the next one; undefined: the next chunk is needed, or everybody was read. */
  person(now: string, looks: boolean): Uint8Array | undefined;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
}

export class BackupSummary {
  /** `created`: a time, and `vault`, an id, as JSON. */
  constructor(created: string, vault: string);
  /** `person`: as for `personCheck`. */
  add(person: string): void;
  /** As JSON. */
  text(): string;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
}

export class BackupWriter {
  /** `summary`: JSON; `prefix`: 7 random bytes. */
  constructor(summary: string, prefix: Uint8Array);
  /** All that comes before the first chunk. */
  start(iterations: number, salt: Uint8Array, check: Uint8Array): Uint8Array;
  /** A person's record. */
  put(record: Uint8Array): void;
  /** What is to be sealed next. */
  chunk(last: boolean): Uint8Array | undefined;
  /** Under which it is sealed. */
  nonce(): Uint8Array;
  /** It, sealed, as it stands in the file. */
  framed(sealed: Uint8Array): Uint8Array;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
}

export class Engine {
  /** Somebody looks at the list of this record. */
  guestsOpen(record: Uint8Array | null | undefined): void;
  /** The list has become that of this record. */
  guestsChanged(record: Uint8Array | null | undefined): void;
  /** Nobody looks at it any more. */
  guestsClose(): void;
  /** What a search and a filter find, as JSON; undefined where there is no list. `wanted`: letters as they are searched for, which `fold` makes of
   * any. `enrolled`, `again`: ids, one behind the other, of whoever can be recognised and of whoever has to be enrolled again. */
  guestsView(wanted: string, filter: GuestFilter, enrolled: string, again: string, fold: (text: string) => string): string | undefined;
  /** Everybody with the names of their photos, as JSON; undefined where there is no list. */
  guestsEverybody(enrolled: string, again: string): string | undefined;
  /** When guests came and who was sent to the desk, as JSON; undefined where there is no list. */
  guestsTimes(): string | undefined;
  /** After `observe`: what follows from what it saw in a frame of this height. `distance` and `timeout_ms` as the operator set them. */
  kioskSee(height: number, distance: number, timeoutMs: number): KioskSaid;
  /** Time passes without a frame. */
  kioskTick(): KioskSaid;
  /** The name that the screen of this number waited for is on it. */
  kioskNamed(number: number): KioskSaid;
  /** Nobody has been judged any more. */
  kioskAgain(): KioskSaid;
  /** A code for a guest; undefined where too many are open. `seed`: two random numbers of 32 bits, from a generator that nobody can foresee. */
  codeGive(seedHigh: number, seedLow: number): GivenCode | undefined;
  /** How many codes are open. */
  codesOpen(): number;
  codesTakeBack(): void;
  /** The store is locked. */
  kioskLock(): void;
  /** A guest has a code. */
  kioskAskCode(): KioskSaid;
  /** They typed it. */
  kioskEnterCode(typed: string): CodeAnswer;
  /** They agreed, and are to be looked at. Whether there is such a guest: asked again before anything of them is kept. */
  kioskCapture(): boolean;
  /** They do something. */
  kioskTouch(): KioskSaid;
  /** They are enrolled under this id. */
  kioskWelcome(person: string): KioskSaid;
  /** They cannot be enrolled here: they look like this person, or, without one, could not show that they are there. */
  kioskToDesk(known: string | null | undefined): KioskSaid;
  /** `manifest`: the text of manifest.json. */
  constructor(manifest: string);
  /** What must be fetched. */
  models(): Listed[];
  /** Takes in a model's file, after checking that it is the one that the manifest names. `digest`: its SHA-256. `other(rows, columns)`
   * opens the same file in the second runtime, where there is one. */
  addModel(role: string, bytes: Uint8Array, digest: Uint8Array, other?: (rows: number, columns: number) => { length: number; run(image: Float32Array): Float32Array }): void;
  /** One frame of a live stream. */
  observe(pictures: Pictures, timeMs: number): Observation[];
  /** Who is in that frame if its camera hangs upside down. */
  observeTurned(pictures: Pictures): Observation[];
  resetTracks(): void;
  /** Milliseconds that each stage of the last frame took. */
  lastTimings(): Timings;
  enrolBegin(): void;
  /** One frame of an enrolment. */
  enrolFrame(pictures: Pictures, timeMs: number): CaptureStep;
  /** What the frames gave. */
  enrolFinish(): CapturedFace;
  /** The same from a photograph of one person, or of the face at a point of it that somebody chose; none is chosen where `x` is no number. */
  enrolPhoto(rgba: Uint8Array, width: number, height: number, x?: number, y?: number): CapturedFace;
  /** Who is on a photograph. */
  identifyPhoto(rgba: Uint8Array, width: number, height: number): Observation[];
  /** Whether the faces on a photograph are one person's. */
  verify(id: string, rgba: Uint8Array, width: number, height: number): Observation[];
  /** Enrols or replaces a person, and says how many of the templates were refused: they cannot be read, or other networks made them. */
  putPerson(id: string, templates: Uint8Array[]): number;
  /** Which of a person's templates were made by networks before these. */
  outdated(templates: Uint8Array[]): Outdated;
  /** The template of the face on a picture that was kept; throws where it is not good enough for one. */
  remake(rgba: Uint8Array, width: number, height: number): Uint8Array;
  removePerson(id: string): boolean;
  clearGallery(): void;
  people(): number;
  references(): number;
  /** Target false-match rate of one probe against the whole gallery, 0.1 .. 0.000001. */
  setTarget(fmr: number): void;
  /** What is asked of presence. `seed`: two random numbers of 32 bits, from a generator that nobody can foresee. What nobody defined asks for
   * the most, and is an error; so is what cannot be kept. */
  setPresence(policy: PresencePolicy, seedHigh: number, seedLow: number): void;
  /** The score that a match needs now. */
  needed(): number;
  /** What each target would cost: `[set, numbers]` for each set that was measured, three numbers a target ([`Inner::choices`]). */
  choices(): [set: string, costs: Float32Array][];
  /** The template turned by the vault's secret of 32 bytes: stored templates do not lie in the engine's own space. */
  protect(template: Uint8Array, key: Uint8Array): Uint8Array;
  /** The way back. */
  unprotect(template: Uint8Array, key: Uint8Array): Uint8Array;
  /** What a template's bytes say of it. */
  templateInfo(template: Uint8Array): TemplateInfo;
  /** Takes somebody into the gallery straight from their opened record, so that no template of theirs is JavaScript's. `secret`: what templates in
   * the store are turned by, and its print. `only`: of all people the one who is taken in; others are but read. As JSON what `personRead` gives, with
   * how many templates were `refused`, and whether new ones are `due` (see `outdated`). */
  takeRecord(id: string, record: Uint8Array, secret: Uint8Array | null | undefined, print: string | null | undefined, only: string | null | undefined): string;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
}

export class Pictures {
  constructor();
  /** Begins to copy a picture as it is, for `copied`. Undefined where it must be drawn: it is to be turned by `rotation` degrees or has another
   * size, or this browser does not copy it as RGBA. One that does not know that wish keeps the format: planes of luma and chroma have
   * another length, and four bytes a pixel may have another order. */
  copy(picture: VideoFrame | ImageBitmap, width: number, height: number, rotation: number): Promise<any> | undefined;
  /** What `copy` began, of this size, is done. */
  copied(width: number, height: number): void;
  /** Draws a picture as large as it is wanted, and turned by `rotation` degrees. */
  draw(picture: VideoFrame | ImageBitmap, width: number, height: number, rotation: number): void;
  /** Takes pixels that the page has read. */
  set(rgba: Uint8Array, width: number, height: number): void;
  /** A copy of the pixels, for what looks at them beside the engine. */
  rgba(): Uint8Array;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
}

/** A list's record after a change, behind what is told of it: `{guests, arrived, logged, said}` as JSON and a line's end. Undefined where
 * nothing is to be changed. `record`: of the list that there is; `change`: as JSON. */
export function guestsChange(record: Uint8Array | null | undefined, change: string): Uint8Array | undefined;

/** The list of a record, as JSON. */
export function guestsRead(record: Uint8Array): string;

/** What a file is. `decode` gives the text, or null where the encoding has no such bytes. */
export function listEncoding(bytes: Uint8Array, decode: (label: string, bytes: Uint8Array) => string | null): ListFile;

/** The list that a text is (composed: NFC), of at most as many guests as are kept. `choices`: ListChoices as JSON; the way for values would make the
 * module and its glue larger. */
export function listRead(text: string, choices: string): ListRead;

/** For each name of a photo, which of the files is it. `paths`: `[wanted, files]` as JSON. */
export function listPhotos(paths: string): PhotoFound[];

/** Rows, cells as JSON, as comma-separated text that no spreadsheet runs. */
export function listWrite(rows: string): string;

/** Why this can be nobody's PIN: `pin_too_short` or `pin_too_long`. */
export function pinFault(pin: string): 'pin_too_short' | 'pin_too_long' | undefined;

/** What makes it one of the first that anybody tries: `same`, `row`, `date` or `digits`. */
export function pinWeakness(pin: string): 'same' | 'row' | 'date' | 'digits' | undefined;

/** Whether a key may be made in so many rounds. */
export function mayStretch(rounds: number): boolean;

/** `{failures, until}` to store before a try. `again`: an open vault asks, and not a locked one. */
export function pinCounted(failures: number, now: number, again: boolean): { failures: number; until: number };

/** Seconds until the next try. */
export function pinWait(until: number, now: number, steadyMs: number, again: boolean): number;

/** When a record is erased by itself; Infinity: never. */
export function erasedAt(expires: number | null | undefined, began: number, retentionDays: number | null | undefined): number;

/** Why a record is to be erased now: `expired` or `retention`; undefined where it is not. */
export function erasureDue(expires: number | null | undefined, began: number, retentionDays: number | null | undefined, now: number): 'expired' | 'retention' | undefined;

/** Whether the erasure of so many records is held back. */
export function erasureHeld(records: number, sure: boolean, doubted: boolean, jumped: boolean): boolean;

/** Whether a clock that moved on by `passed` while `steady` passed has jumped. */
export function clockJumped(passed: number, steady: number): boolean;

/** `{due, days}`. */
export function backupDue(last: number | null | undefined, changes: number, afterDays: number, now: number): { due: boolean; days: number | null };

/** What is set where nobody set anything, as JSON. */
export function settingsDefaults(): string;

/** The first of these settings (JSON) that is none, or is set to what it may not be. */
export function settingsFault(patch: string): string | undefined;

/** The record of these settings (JSON, and all of them allowed). */
export function settingsWrite(settings: string): Uint8Array;

/** What a record says is set, as JSON. */
export function settingsRead(record: Uint8Array): string;

/** Whether a text is an id of a person's, a random UUID. */
export function isPersonId(id: string): boolean;

/** A person (JSON, with the lengths of the binary parts) without the fields that do not belong. Throws the code of what is wrong with them. */
export function personCheck(person: string): string;

/** The record of a person (JSON, as for `personCheck`, and with the print of the templates' secret under `protection`, or null). `blobs`: the
 * templates, and the picture if there is one. */
export function personWrite(person: string, blobs: Uint8Array[]): Uint8Array;

/** Why somebody is to be erased now, by their opened record; undefined where they are not, or where it is damaged. */
export function personDue(id: string, record: Uint8Array, retentionDays: number | null | undefined, now: number): 'expired' | 'retention' | undefined;

/** `{at, person}` as JSON: where in the record the binary parts begin, and the person as for `personWrite`. */
export function personRead(record: Uint8Array): string;

/** What becomes of two people (JSON as for `personCheck`) who are one, as JSON: `{kept, picture, name, consent, expires, groups, note}`; `picture`: `first`
 * or `second`. `guests`: the opened record of the list of expected people. */
export function peopleJoined(first: string, second: string, guests: Uint8Array | null | undefined): string;

/** Whether a person's view (JSON as for `personCheck`) may be erased: it is still where it was seen, and not their only one. */
export function viewMayGo(person: string, view: number, time: number): boolean;

/** For each of some names the place among others of the first that reads the same; -1: it is free. Names stand in lines, composed (NFKC). */
export function namesTaken(names: string, others: string): Int32Array;

/** The first number, from 2 on, that makes a name another than all others: `Ada (2)`. */
export function nameNumber(name: string, others: string): number;

/** The head (JSON) of a log that has no entry yet. */
export function logFirst(): string;

/** The head (JSON, `lost` in it) that stands for one that is lost: by the numbers of the first and the last entry, 1 and 0 where there are none, and how many there are. */
export function logLost(first: number, last: number, entries: number): string;

/** A head's record as JSON. */
export function logHead(record: Uint8Array): string;

/** An entry's record as JSON. */
export function logEntry(record: Uint8Array): string;

/** The number of the last entry that has to go when so many happenings more come. `most`: entries that are kept, for tests. */
export function logRotation(head: string, happenings: number, most: number | null | undefined): number | undefined;

/** What is to be written for what happened (JSON: `{event, subject, detail}` each, and the time of all), line by line: the head, what other tabs
 * load again, and the new entries. `dropped`, `after`: the entry that `logRotation` names, and the one behind it. */
export function logGrown(head: string, happenings: string, time: string, most: number | null | undefined, dropped: string | null | undefined, after: string | null | undefined): string;

/** What a log is worth, as JSON. `entries`: JSON, null for one that cannot be read. */
export function logVerify(head: string, entries: string): string;

/** A log as whoever has SHA-256 can check it, as JSON; `vault` and `time` are JSON, too. */
export function logExport(vault: string, time: string, head: string, entries: string): string;

/** What an exported log is worth, as JSON. */
export function logVerifyExport(text: string): string;

/** Why this can be nobody's passphrase, as JSON: `{"code": "passphrase_too_short", "values": {"least"}}`, or the same of "passphrase_too_long" and "most". */
export function passphraseFault(passphrase: string): string | undefined;

/** What becomes of somebody who is to come in by a rule for those who are here already: `expired`, `skipped`, `replaced`, `added`, or `copied` (under another id). */
export function importMerged(rule: string, isHere: boolean, expires: number | null | undefined, consented: number, retentionDays: number | null | undefined, now: number): 'expired' | 'skipped' | 'replaced' | 'added' | 'copied';

/**
 * What the person is to do now, for the guide on the screen.
 */
export type Ask = { "kind": "straight" } | { "kind": "turn", side: TurnSide, amount: TurnAmount, reached: number, };

/**
 * The turn that is asked for, as its words say it.
 */
export type AskedTurn = { side: TurnSide, amount: TurnAmount, };

/**
 * The one thing to do now.
 */
export type CaptureHint = "no_face" | "several_faces" | "come_closer" | "move_back" | "centre" | "more_light" | "less_light" | "look_straight" | "free_face" | "free_eyes" | "hold_still" | "print_or_screen" | "turn" | "desk" | "good" | "done";

/**
 * One step of a guided enrolment.
 */
export type CaptureStep = { hint: CaptureHint, 
/**
 * 0..1.
 */
progress: number, observation: Observation | null, done: boolean, };

/**
 * What an enrolment leaves.
 */
export type CapturedFace = { templates: Uint8Array[], mask: Mask, quality: Quality, 
/**
 * Somebody enrolled already whom the finished template matches, be it that a second one does, too.
 */
resembles: string | null, 
/**
 * The best look at the face, aligned, RGBA: for a picture that the person asked to be kept, and for nothing else.
 */
best: Picture, };

/**
 * What came of a code that a guest typed.
 */
export type CodeAnswer = { 
/**
 * None: they are let in.
 */
refused: CodeRefusal | null, 
/**
 * Until the next try.
 */
waitSeconds: number, 
/**
 * Wrong ones in a row.
 */
tries: number, };

/**
 * Why a code lets nobody in, as a code of an error.
 */
export type CodeRefusal = "code_malformed" | "code_unknown" | "code_over" | "code_used" | "too_many_tries";

/**
 * Who this is, or why that cannot be said.
 */
export type Decision = { "kind": "match", person: string, score: number, needed: number, } | { "kind": "unknown", score: number | null, needed: number, closest: string | null, } | { "kind": "undecided", reason: UndecidedReason, score: number | null, needed: number, };

export type EngineFault = { "code": "frame", "values": FrameError } | { "code": "template_foreign" } | { "code": "template_newer", "values": { format: number, } } | { "code": "template_damaged" } | { "code": "manifest", "values": ManifestError } | { "code": "pack_uncalibrated" } | { "code": "model_truncated", "values": { file: string, expected: number, found: number, } } | { "code": "model_damaged", "values": { file: string, } } | { "code": "model_foreign", "values": { file: string, } & ({ "why": "truncated" } | { "why": "not_onnx", } | { "why": "unsupported", operator: string, node: string, } | { "why": "shape", node: string, } | { "why": "other_sizes", } | { "why": "quantisation", node: string, } | { "why": "too_large", node: string, } | { "why": "other", }) } | { "code": "model_unknown", "values": { role: string, } } | { "code": "model_missing", "values": { role: NetworkRole, } } | { "code": "network", "values": {  } } | { "code": "no_face" } | { "code": "several_faces", "values": { count: number, } } | { "code": "enrolment_unfinished" } | { "code": "target", "values": { rate: number, } } | { "code": "bad_key", "values": { found: number, } } | { "code": "presence_unavailable" } | { "code": "presence_threshold", "values": {  } } | { "code": "presence_policy", "values": { policy: string, } } | { "code": "unknown_person" } | { code: QualityProblem, };

/**
 * Why pixels cannot be a frame.
 */
export type FrameError = { "why": "empty" } | { "why": "too_large", width: number, height: number, most: number, } | { "why": "length", expected: number, found: number, };

/**
 * A code for staff to read out.
 */
export type GivenCode = { 
/**
 * In two groups.
 */
code: string, lastsMs: number, };

/**
 * Which of the guests are looked for.
 */
export type GuestFilter = "all" | "expected" | "confirm" | "unknown" | "photo";

/**
 * All that is told to whoever shows it.
 */
export type KioskSaid = { screen: Screen, 
/**
 * The turn that is asked for now, for the guide.
 */
ask: Ask | null, 
/**
 * Whether nobody is being served, so that upkeep disturbs nobody.
 */
idle: boolean, 
/**
 * Milliseconds until the screen is over, or whoever was judged is forgotten, if nothing more is heard; None where nothing is known of anybody.
 */
lastsMs: number | null, 
/**
 * Everybody has been forgotten since this was told last: so are their tracks to be.
 */
forgot: boolean, 
/**
 * Whether guests may have a code.
 */
codes: boolean, };

/**
 * What a person chose; what is absent is guessed.
 */
export type ListChoices = { delimiter?: string, head?: ListHead, 
/**
 * One for each column.
 */
columns?: Array<ListColumn>, };

/**
 * What a column holds.
 */
export type ListColumn = "name" | "first" | "last" | "email" | "ref" | "company" | "photo" | "host" | "other";

/**
 * A guess. `unsure`: another reading is nearly as likely, or this one is unlikely too.
 */
export type ListEncoding = { 
/**
 * A label of the Encoding Standard.
 */
label: string, unsure: boolean, };

/**
 * What a file is: no list, or one in an encoding.
 */
export type ListFile = { refused: NotAList, } | ListEncoding;

/**
 * A guest as the list has them, each cell trimmed.
 */
export type ListGuest = { line: number, name: string, email: string, ref: string, company: string, photo: string, host: string, };

/**
 * Which line holds the titles. A choice of "none" is not the absence of a choice.
 */
export type ListHead = { "kind": "none" } | { "kind": "at", "line": number };

export type ListLineProblem = { line: number, } & ({ "code": "open_quote" } | { "code": "stray_quote" } | { "code": "too_wide" } | { "code": "unreadable" } | { "code": "too_long" } | { "code": "doubled", "of": number } | { "code": "too_many", "of": number } | { "code": "no_rows" } | { "code": "no_name_column" });

export type ListRead = { delimiter: string, head: ListHead, 
/**
 * Of each column.
 */
titles: Array<string>, columns: Array<ListColumn>, 
/**
 * The file's first rows, titles and what stands above them included.
 */
first: Array<ListRow>, guests: Array<ListGuest>, problems: Array<ListLineProblem>, };

/**
 * One row. `line`: where it begins in the file, from 1.
 */
export type ListRow = { line: number, cells: Array<string>, };

/**
 * What must be fetched for a role; `id` as templates have it.
 */
export type Listed = { role: NetworkRole, id: string, file: string, };

/**
 * An entry's `event`.
 */
export type LogEvent = "vault_created" | "vault_upgraded" | "settings_changed" | "enrolled" | "changed" | "remade" | "matched" | "refused" | "presence_refused" | "erased" | "erased_all" | "erased_everything" | "expiry_held" | "exported" | "imported" | "protection_renewed" | "pin_set" | "pin_changed" | "pin_removed" | "unlocked" | "unlock_refused" | "locked" | "kept_open" | "admin_opened" | "guests_changed" | "guests_erased" | "code_given" | "code_refused" | "code_known" | "code_used" | "log_rotated" | "log_restarted";

/**
 * Where a log is broken.
 */
export type LogProblem = "unreadable" | "missing" | "unlinked" | "changed" | "cut" | "end" | "restarted";

/**
 * Why a manifest cannot be used. To the page it crosses as `{why, ...}` (see [`crate::error`]).
 */
export type ManifestError = { "why": "unreadable", line: number, column: number, } | { "why": "format", format: number, newest: number, } | { "why": "role", role: NetworkRole, } | { "why": "role_twice", role: NetworkRole, } | { "why": "view_missing", model: string, } | { "why": "view_unsound", model: string, } | { "why": "curve" } | { "why": "share" } | { "why": "faceness" } | { "why": "groups" };

/**
 * A mask state and how probable it is, 0..1.
 */
export type Mask = { state: MaskState, probability: number, };

export type MaskState = "bare" | "masked" | "incorrect";

export type NetworkRole = "detector" | "landmarks" | "periocular" | "full" | "presence";

/**
 * What a file's first bytes say that it is instead of a list.
 */
export type NotAList = "workbook" | "binary";

/**
 * What is seen of one face in one frame, in pixels of that frame.
 */
export type Observation = { 
/**
 * The same number for the same face from frame to frame; 0 in a still picture.
 */
track: number, box: Rect, 
/**
 * Right eye, left eye, nose tip, right and left corner of the mouth; right is the subject's.
 */
points: Array<Point>, 
/**
 * 0..1.
 */
detection: number, mask: Mask, quality: Quality, decision: Decision, 
/**
 * Whether somebody is there; None where nothing asks (policy `off`) and in a still picture.
 */
presence: Presence | null, 
/**
 * Good frames behind the decision.
 */
frames: number, };

/**
 * What of a person's references was made by networks before these.
 */
export type Outdated = { 
/**
 * Their places among all references.
 */
references: Array<number>, 
/**
 * Nothing else is there to recognise the person by: new templates have to be made, from a kept picture or by the person.
 */
due: boolean, };

/**
 * What was found for the name of a photo.
 */
export type PhotoFound = { "kind": "one", "index": number } | { "kind": "missing" } | { "kind": "ambiguous" };

export type Picture = { rgba: Uint8Array, width: number, height: number, };

export type Point = { x: number, y: number, };

/**
 * What is known of somebody's presence.
 */
export type Presence = { 
/**
 * The share of live people who score no higher, 0..1; None until it was looked often enough, or where the face fills the frame so that
 * its surroundings are missing.
 */
passive: number | null, turn: PresenceTurn, 
/**
 * By the policy's measure.
 */
verdict: PresenceVerdict, reason: PresenceReason | null, 
/**
 * What to do now, while a turn is asked for.
 */
ask: Ask | null, };

/**
 * What the operator asks of whoever is recognised or enrolled by the camera.
 */
export type PresencePolicy = "off" | "warn" | "require-passive" | "require-turn";

/**
 * Why the verdict is not `live`.
 */
export type PresenceReason = "looking" | "step_back" | "print_or_screen" | "turn" | "too_early" | "too_slow" | "wrong_side" | "too_far" | "face_lost" | "second_face" | "other_person" | "flat" | "desk" | "unavailable";

export type PresenceTurn = "none" | "asked" | "passed" | "refused";

/**
 * What is thought of somebody's presence.
 */
export type PresenceVerdict = "live" | "attack" | "unsure";

export type Quality = { 
/**
 * 0 hopeless .. 1 as good as a camera gets.
 */
score: number, 
/**
 * Side of the canonical face in pixels of the frame: about 2.5 times the width of the face's eyes and cheeks.
 */
facePx: number, 
/**
 * Share of the fine detail in the detail around the eyes, 0..1 and more; blur takes the fine one first.
 */
sharpness: number, 
/**
 * Mean brightness around the eyes, 0..255.
 */
brightness: number, 
/**
 * Degrees, from the points: positive when the subject turns to the picture's right.
 */
yaw: number, 
/**
 * Degrees, from the points: positive when the subject looks down.
 */
pitch: number, 
/**
 * Degrees, clockwise on the screen.
 */
roll: number, 
/**
 * How far the points are expected to be off, as a share of the canonical face's side.
 */
spread: number, 
/**
 * Share of the window around the eyes that lies outside the frame.
 */
outside: number, 
/**
 * How much of the eyes' places is as dark as glasses that nothing is seen through, 0..1: see [`hidden`].
 */
hidden: number, 
/**
 * What is most in the way of recognition, if anything is.
 */
problem: QualityProblem | null, 
/**
 * What is to be changed before this is good enough to be enrolled, if anything is.
 */
shortcoming: QualityProblem | null, };

export type QualityProblem = "too_small" | "too_blurred" | "too_dark" | "too_bright" | "turned_away" | "cut_off" | "eyes_hidden" | "points_unsure";

/**
 * An upright box.
 */
export type Rect = { x: number, y: number, width: number, height: number, };

export type Screen = { 
/**
 * Another one for every screen.
 */
number: number, kind: ScreenKind, 
/**
 * Whom to greet.
 */
person: string | null, 
/**
 * The face wears a mask.
 */
masked: boolean, turn?: AskedTurn, 
/**
 * The turn has to be made once more.
 */
why?: PresenceReason, };

export type ScreenKind = "attract" | "look" | "closer" | "still" | "light" | "glare" | "straight" | "glasses" | "centre" | "single" | "back" | "turn" | "retry" | "greet" | "stranger" | "unsure" | "refused" | "known" | "code" | "details" | "capture";

/**
 * Of how many numbers its vectors are.
 */
export type TemplateDimensions = { full: number | null, periocular: number, };

/**
 * What a template says of itself.
 */
export type TemplateInfo = { models: TemplateModels, dimensions: TemplateDimensions, mask: Mask, quality: number, };

/**
 * Which networks made a template; `full` is None for a covered face.
 */
export type TemplateModels = { full: string | null, periocular: string, };

/**
 * Milliseconds that the stages of the last frame took.
 */
export type Timings = { 
/**
 * Shrinking the frame, searching it and following the tracks.
 */
detect: number, 
/**
 * The second look: points and mask state.
 */
landmarks: number, quality: number, periocular: number, full: number, 
/**
 * The passive look and the challenge.
 */
presence: number, decide: number, total: number, };

export type TurnAmount = "little" | "far" | "less";

/**
 * The subject's own left or right.
 */
export type TurnSide = "left" | "right";

export type UndecidedReason = "too_small" | "too_blurred" | "too_dark" | "too_bright" | "turned_away" | "cut_off" | "eyes_hidden" | "points_unsure" | "too_few_frames" | "too_close_to_call" | "empty_gallery" | "presentation_attack" | "presence_unproven";

/**
 * Why something is not read, or not written.
 */
export type VaultFault = "record_damaged" | "storage_newer" | "bad_id" | "bad_name" | "bad_person" | "bad_setting" | "log_damaged" | "file_foreign" | "file_newer" | "file_truncated" | "file_damaged" | "file_refused" | "bad_rule" | "bad_guests" | "no_guests" | "no_such_person";

export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
