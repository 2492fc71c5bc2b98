/**
 * The types that the modules of the vault share. No code.
 *
 * Times are milliseconds since 1970 (Date.now()). Ids are random UUIDs: they are the only thing about a person that is
 * stored in the clear.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 *
 * @typedef {object} Reference One template and where it came from.
 * @property {Uint8Array} template the engine's own bytes ("BRWT"), never a picture
 * @property {'camera' | 'photo'} source
 * @property {string} mask mask state at enrolment: bare, masked or incorrect
 * @property {number} quality 0..1
 * @property {{full?: string, periocular: string}} models ids of the networks that made it
 * @property {number} time
 *
 * @typedef {object} Consent
 * @property {string} text the words that the person agreed to
 * @property {string} version
 * @property {string} language BCP 47
 * @property {number} time
 *
 * @typedef {object} Person
 * @property {string} id random UUID
 * @property {string} name
 * @property {number} created
 * @property {number} updated
 * @property {Consent} consent
 * @property {number | null} expires when the record is to be erased by itself; null for never
 * @property {Reference[]} references
 * @property {Uint8Array | null} picture PNG or JPEG, only if it was asked for
 * @property {string[]} [groups] what the operator sorts people by; left out where there is none
 * @property {string} [note] the operator's own; left out where there is none
 *
 * @typedef {Omit<Person, 'references'> & {references: Omit<Reference, 'template'>[]}} KeptPerson A person whose templates the engine has.
 *
 * @typedef {object} Guest One row of a list of expected people.
 * @property {string} id random UUID; the id of the person, once they are enrolled from it
 * @property {number} line of the file that it came from
 * @property {string} name
 * @property {string} email
 * @property {string} ref an id of the operator's own
 * @property {string} company
 * @property {string} photo name of the photo's file, or its path
 * @property {string} host whom they visit; empty in lists from before there was one
 * @property {string | null} problem code of the fault that kept them from being enrolled
 * @property {number | null} arrived when they came first; null while they are expected
 * @property {number | null} seen when they were seen last
 * @property {'camera' | 'hand' | null} by who marked them as arrived
 *
 * @typedef {'stranger' | 'unsure' | 'refused' | 'known'} DeskReason why a kiosk sent somebody to the desk: nobody who is known, not seen well enough, not shown to be there, with a code but with the face or name of somebody who is known
 * @typedef {{hour: number, why: DeskReason, count: number}} DeskCount how often that was in one hour; hour: its beginning
 *
 * @typedef {object} GuestList
 * @property {string} name
 * @property {number} created
 * @property {Guest[]} guests
 * @property {DeskCount[]} [desk] nobody was sent to the desk where there is none
 *
 * @typedef {{set: GuestList} | {import: {name: string, created: number, ids: string[], guests: import('../worker/brow.js').ListGuest[]}} | {add: Pick<Guest, 'id' | 'name' | 'company' | 'host' | 'problem' | 'arrived'> & {now: number}} | {remove: string[]} |
 *   {problems: Record<string, string | null>} | {seen: {id: string, time: number, confirm: boolean}} | {mark: {id: string, arrived: boolean, now: number}} |
 *   {arrival: {id: string, before: Arrival}} | {desk: {hour: number, why: DeskReason}}} GuestChange what each means, and what is told of it: src/vault/guests/change.rs
 * @typedef {Pick<Guest, 'arrived' | 'seen' | 'by'>} Arrival
 *
 * @typedef {object} GuestView What a search and a filter show of a list.
 * @property {number} all on the list
 * @property {number} arrived
 * @property {number} enrolled
 * @property {number} found
 * @property {GuestRow[]} rows the first of those
 * @typedef {Pick<Guest, 'id' | 'name' | 'company' | 'arrived' | 'seen'> & {state: GuestState}} GuestRow
 * @typedef {string | null} GuestState enrolled, again (with networks of an earlier release) or the code of what kept them from being enrolled
 * @typedef {Pick<Guest, 'id' | 'line' | 'name'> & {state: GuestState, photo: import('../worker/brow.js').PhotoFound | null}} GuestPhoto whose photo is which file; null where the list names none
 * @typedef {{expected: number, guests: Pick<Guest, 'arrived' | 'by'>[], desk: DeskCount[]}} GuestTimes what a list knows of its days: those who arrived, and of no guest more than when
 *
 * @typedef {object} Settings
 * @property {number} targetFmr false matches per probe that the operator accepts
 * @property {boolean} keepPictures off unless the operator turns it on
 * @property {string | null} language BCP 47; null follows the browser
 * @property {'system' | 'light' | 'dark'} theme
 * @property {number} lockAfterMinutes idle minutes before a vault with a PIN locks itself; 0 for never
 * @property {number | null} retentionDays people are erased so many days after their consent; null for never
 * @property {boolean} logMatches whether the audit log notes whom the camera recognised, by random id
 * @property {boolean} clockDoubted the clock jumped: nobody is erased by date until somebody says that it is right
 * @property {number} backupAfterDays remind of a backup so many days after the last; 0 for never
 * @property {number} kioskDistance height of a face, as a share of the picture's, from which on the kiosk wakes
 * @property {number} kioskTimeoutSeconds how long it shows a name or a request before it forgets
 * @property {boolean} kioskSounds
 * @property {string | null} kioskCamera id of the chosen camera; null lets the kiosk choose
 * @property {import('../types.js').PresencePolicy} kioskPresence what the kiosk asks of whoever is before it
 * @property {string} kioskEvent what the event is called; empty: it is not said
 * @property {string} kioskWelcome what the waiting kiosk says instead of our words; empty: ours
 * @property {string} kioskLogo a small PNG as a data: address; empty: none
 * @property {string} kioskColour of buttons and ring, #rrggbb; empty: ours
 * @property {boolean} kioskConfirm whether the desk confirms each arrival: the kiosk then notes only that somebody was seen
 * @property {string | null} kioskSecondLanguage that guests may choose for their visit
 * @property {string[]} kioskHosts origins that may frame or open the kiosk and hear of hand-offs
 *
 * @typedef {object} Damaged A record that could not be opened. It is left where it is and kept out of everything else.
 * @property {string} id
 * @property {string} code
 *
 * @typedef {object} Sealed AES-GCM: 96-bit random iv, ciphertext with its 128-bit tag.
 * @property {Bytes} iv
 * @property {Bytes} data
 *
 * @typedef {object} Protector The engine's keyed transform of templates (src/person/protect.rs).
 * @property {(template: Uint8Array, key: Uint8Array) => Uint8Array} protect
 * @property {(template: Uint8Array, key: Uint8Array) => Uint8Array} unprotect
 * @property {(template: Uint8Array) => {models: {full?: string | null, periocular: string}, dimensions: {full?: number | null, periocular: number}}} [templateInfo] what the template
 *   itself says of its networks
 *
 * @typedef {object} Entry One of the audit log.
 * @property {number} seq 1, 2, 3 ...
 * @property {number} time
 * @property {import('../worker/brow.js').LogEvent} event
 * @property {string | null} subject random id of the person concerned
 * @property {Record<string, number | boolean | string>} detail counts and short codes
 * @property {string} previous hash of the entry before
 * @property {string} hash SHA-256 of all of the above, hexadecimal
 *
 * @typedef {{seq: number, hash: string}} Link an entry's place in the chain
 * @typedef {object} LogHead Where the chain begins and ends.
 * @property {Link} last
 * @property {Link} anchor the last entry that went because the log is capped
 * @property {number} entries
 * @property {number | null} lastBackup
 * @property {number} changes enrolments, changes and erasures since the last backup
 * @property {boolean} [lost] whether it is made up: the one that was stored is gone, or cannot be read
 *
 * @typedef {object} Verdict What a log is worth.
 * @property {boolean} ok
 * @property {number} entries
 * @property {number} from
 * @property {number} to
 * @property {{seq: number, code: import('../worker/brow.js').LogProblem} | null} problem what a text says of it: messages.js
 *
 * @typedef {object} Receipt What a person is handed after an erasure. It holds no name and no biometric data.
 * @property {'person' | 'people' | 'everything'} kind
 * @property {string | null} person the erased person's random id
 * @property {'asked' | 'expired' | 'retention' | 'damaged'} reason
 * @property {number} time
 * @property {number} people records erased
 * @property {number | null} references templates erased; null where the records could not be read
 * @property {boolean} pictures whether a picture was among what was erased
 * @property {boolean} confirmed the store was read again and holds neither the records nor their keys
 * @property {string} vault the vault's random id
 * @property {{seq: number, hash: string} | null} log the audit entry that records it
 */
export {};
