/**
 * What may be asked of a store, whichever it is: the encrypted one (store.js) or the one in memory (memory-store.js). No code.
 *
 * Everything that fails throws a StoreError, a code and values (errors.js). Where nothing is kept, what is about keeping ends in
 * storage_unavailable. Of a store with a PIN, all but `status`, `unlock` and `eraseEverything` end in `locked` until it is unlocked.
 *
 * @typedef {object} Store
 *
 * @property {boolean} locked whether a PIN is needed before people can be read
 * @property {boolean} logsMatches whether the operator wants recognitions in the audit log
 * @property {(protector: Protector) => void} setProtector hands in the engine's transform once the engine is ready
 * @property {() => void} close ends the use of the store; calls afterwards throw storage_closed
 * @property {() => Promise<Status | null>} status what a page shows about it, locked or not; null where nothing is kept
 *
 * @property {() => Promise<{people: Person[], damaged: Damaged[]}>} people everybody, by the time of enrolment, with what could not be read set aside
 * @property {() => Promise<{records: {id: string, bytes: Uint8Array}[], secret: Secret | null, damaged: Damaged[]}>} records the same as opened records, for the engine to take in:
 *   in them templates are as they are stored. secret: what they are turned by, if they are
 * @property {(id: string) => Promise<Person>} person throws no_such_person, record_damaged
 * @property {(person: Omit<Person, 'id'> & {id?: string}) => Promise<Person>} put stores a person, in place of one with the same id if there is one; without an id it gets a
 *   random one. As stored; throws bad_id, bad_name, bad_person
 * @property {(id: string, change: Change | ((before: Person) => Change | null)) => Promise<Person>} update as stored. What depends on what is stored is a function of it, called while
 *   nobody else can write; null: nothing is to be changed
 * @property {(first: string, second: string) => Promise<{person: Person, receipt: Receipt | null}>} merge makes one record of two, at once: which of them stays, and what becomes of it, says
 *   src/vault/people.rs; the other is erased
 * @property {(ids: string[], anew: (person: Person) => Reference[] | null) => Promise<Person[]>} remake puts other references in the place of several people's, in one transaction; all
 *   else of them stays. Whoever is not there any more, or damaged, is passed over, and whoever `anew` gives null for; whoever got others, as stored
 * @property {(id: string, reason?: Receipt['reason']) => Promise<Receipt | null>} remove "forget me": erases the record, also a damaged one, and the key that it was sealed under; null where
 *   nothing was kept that a receipt could tell of
 * @property {() => Promise<Receipt | null>} clear erases everybody, and the list of expected people; settings, PIN and audit log stay
 * @property {() => Promise<Receipt>} eraseEverything people, settings, PIN, keys and audit log. Works on a locked store too, for whoever has forgotten the PIN must be
 *   able to erase. It is then new, empty and unlocked
 * @property {(now?: number, options?: {sure?: boolean}) => Promise<Receipt[]>} eraseExpired erases whoever's date has come, by their own expiry or by the retention rule; done at opening, at
 *   unlocking and every quarter of an hour. Where more than one person's date has come by a clock that jumped, nobody is erased until the clock has been put right, or somebody says
 *   that it is (sure): see Status.held
 *
 * @property {() => Promise<GuestList | null>} guests the list of expected people; null if there is none
 * @property {() => Promise<Bytes | null>} guestsRecord the same as an opened record, for the engine to look into
 * @property {(change: GuestChange) => Promise<ChangedGuests | null>} changeGuests as stored; null where nothing is to be changed. Throws no_guests, no_such_person, bad_guests
 * @property {() => Promise<Receipt>} eraseGuests erases the list and everybody who was enrolled from it
 *
 * @property {() => Promise<Settings>} settings defaults where nothing was set or the record is damaged
 * @property {(patch: Partial<Settings>) => Promise<Settings>} setSettings as stored; throws bad_setting
 *
 * @property {(pin: string) => Promise<void>} setPin 6 to 200 characters
 * @property {(pin: string, newPin: string) => Promise<void>} changePin
 * @property {(pin: string) => Promise<void>} removePin
 * @property {(pin: string) => Promise<void>} unlock throws wrong_pin, too_many_tries (detail.waitSeconds), not_protected, key_lost
 * @property {(pin: string) => Promise<void>} provePin asks for the PIN again although it is open: for what not everybody at an open device may do
 * @property {(wanted: boolean) => Promise<void>} keepOpen keeps it open on this device although it has a PIN, so that a page that nobody attends goes on after a reload or a
 *   power cut; or ends that. While it is kept open the key lies on the disk as it does without a PIN. Locking ends it
 * @property {() => Promise<Held>} hold what opens it in the worker that takes this one's place
 * @property {(reason?: 'asked' | 'idle') => Promise<void>} lock forgets the key, in every tab
 * @property {() => void} touch tells that somebody is there: puts off the locking by idleness. Changes do so by themselves
 *
 * @property {(passphrase: string, onprogress?: Progress) => Promise<Exported>} exportTo passphrase: at least 8 characters
 * @property {(file: Blob, passphrase: string) => Promise<Preview>} previewImport
 * @property {(file: Blob, passphrase: string, rule: MergeRule, onprogress?: Progress) => Promise<Imported>} importFrom takes in a backup: all of it or, if anything goes wrong at any
 *   time, nothing. rule: for people whose id is here already
 * @property {(now?: number) => Promise<BackupDue>} backup
 * @property {() => Promise<{people: number, references: number}>} renewProtection makes a new secret for the transform of templates and stores every template anew under it. Templates
 *   that leaked before are then of no use for finding anybody in the store, and the other way round
 *
 * @property {(event: LogEvent, about?: {subject?: string | null, detail?: Record<string, number | boolean | string>}) => Promise<void>} log notes what changes nothing; no names, no scores
 *   per person
 * @property {(options?: {newest?: number}) => Promise<{entries: Entry[], unreadable: number}>} logEntries newest first, 500 if nothing is said
 * @property {() => Promise<Verdict>} verifyLog
 * @property {() => Promise<string>} exportLog JSON; check it with verifyExport
 */
/**
 * @typedef {object} Status
 * @property {string | null} vault
 * @property {number | null} created
 * @property {boolean} pin
 * @property {boolean} keptOpen
 * @property {boolean} stale until the next start the browser's files may hold keys and records of before the PIN
 * @property {boolean} locked
 * @property {boolean} lost there are records but no key for them
 * @property {number} failures
 * @property {number} waitSeconds
 * @property {number} records
 * @property {boolean | null} persisted
 * @property {number | null} usage
 * @property {number | null} quota
 * @property {string[]} repaired own records (settings, log, protection) that were damaged and had to be replaced at opening
 * @property {number} held people whose date has come by a clock that jumped
 */
/**
 * @typedef {{kind: 'changed', what: 'people' | 'settings' | 'log'} | {kind: 'locked', reason: 'asked' | 'idle' | 'other_tab' | 'key_changed'} | {kind: 'unlocked'} |
 *   {kind: 'erased', receipts: Receipt[]} | {kind: 'closed', reason: 'newer_version' | 'lost'}} StoreEvent
 */
/** @typedef {{key: CryptoKey, pinKey: CryptoKey | null, generation: number}} Held the keys of an open vault, which can be used but not read, for the worker that takes its place */
/** @typedef {Partial<Omit<Person, 'id' | 'created'>>} Change of a person */
/** @typedef {{bytes: Bytes, print: string}} Secret of the templates' transform, with its fingerprint */
/** @typedef {(done: number, total: number) => void} Progress in people */
/** @typedef {'skip' | 'replace' | 'both'} MergeRule skip them, replace what is here, or keep both */
/** @typedef {{file: Blob, filename: string, people: number, references: number, leftOut: Damaged[]}} Exported */
/** @typedef {{record: Bytes, said: any}} ChangedGuests the list's opened record, and what whoever asked for the change is told of it */
/** @typedef {{added: number, replaced: number, skipped: number, expired: number, references: number}} Imported */
/**
 * @typedef {object} Preview of a backup
 * @property {number} people
 * @property {number} references
 * @property {Record<string, number>} models
 * @property {number} created
 * @property {boolean} sameVault
 * @property {number} known already here by id
 * @property {number} sameName here under another id, and imported as another person
 * @property {{id: string, name: string, references: number, known: boolean, sameName: boolean}[]} who by name
 */
/**
 * @typedef {object} BackupDue
 * @property {boolean} due changes are not in any backup, and the last one is older than the setting backupAfterDays or there is none
 * @property {number | null} lastBackup
 * @property {number} changes
 * @property {number | null} days since the last one
 */
/** @import { LogEvent } from '../worker/brow.js' */
/** @import { Bytes, Damaged, Entry, GuestChange, GuestList, Person, Protector, Receipt, Reference, Settings, Verdict } from './types.js' */
export {};
