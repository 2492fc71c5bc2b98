/**
 * Errors of the vault: always a code for programs, and a message and a remedy for people.
 */

export class StoreError extends Error {
  /**
   * @param {string} code
   * @param {string} message what happened, in plain words
   * @param {string} remedy what to do about it
   * @param {Record<string, unknown>} [detail] numbers that a page may want to show
   */
  constructor(code, message, remedy, detail) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
    this.remedy = remedy;
    this.detail = detail ?? {};
  }

  /** The shape that crosses from the worker to the page. */
  toJSON() {
    return { code: this.code, message: this.message, remedy: this.remedy, detail: this.detail };
  }
}

/** @type {Record<string, [string, string]>} */
const WORDS = {
  storage_unavailable: [
    'This browser does not let the page store anything here.',
    'Leave private browsing, allow this site to store data, or use another browser.',
  ],
  storage_insecure: [
    'Stored people are encrypted, and the browser only encrypts on a secure address.',
    'Open the page by https or on http://127.0.0.1.',
  ],
  storage_full: [
    'There is no room left on this device for the change. Nothing was changed.',
    'Free some disk space or remove people that are no longer needed, then try again.',
  ],
  storage_blocked: [
    'Another tab keeps the store open in an older version of this page.',
    'Close every other tab of this page and load it again.',
  ],
  storage_newer: [
    'The store was written by a newer version of this page.',
    'Load the page again to get the newer version. Nothing was changed.',
  ],
  storage_closed: [
    'The store was closed by the browser or by a newer version of the page in another tab.',
    'Load the page again.',
  ],
  storage_failed: [
    'The browser could not read or write the store. Nothing was changed.',
    'Load the page again. If it happens again, restart the browser and check the free disk space.',
  ],
  key_lost: [
    'The key of the stored people is missing or damaged, so they cannot be read.',
    'Import your latest backup after choosing "Forget everything".',
  ],
  locked: ['The store is locked.', 'Enter the PIN or passphrase.'],
  not_protected: ['No PIN or passphrase is set.', 'Set one first.'],
  already_protected: ['A PIN or passphrase is set already.', 'Change it instead.'],
  wrong_pin: ['That PIN or passphrase is not right.', 'Try again. Upper and lower case matter.'],
  too_many_tries: ['Too many wrong tries.', 'Wait, then try again.'],
  pin_too_short: [
    'The PIN or passphrase is too short.',
    'Use at least 6 characters. Four or more random words are far harder to guess.',
  ],
  pin_too_long: ['The PIN or passphrase is too long.', 'Use at most 200 characters.'],
  no_such_person: ['This person is not in the store any more.', 'Load the list of people again.'],
  bad_id: ['The record has no valid id.', 'Let the store choose the id.'],
  bad_name: [
    'The name is empty, longer than 200 characters or holds control characters.',
    'Enter a name of 1 to 200 characters.',
  ],
  bad_person: ['The record is incomplete or of the wrong kind.', 'Enrol the person again.'],
  bad_setting: ['This setting does not exist or has a value that is not allowed.', 'Choose another value.'],
  record_damaged: [
    'A stored record is damaged or was tampered with. It was set aside; everything else stays usable.',
    'Remove the record and enrol the person again, or import your latest backup.',
  ],
  protection_missing: [
    'The stored templates are protected and the part that reads them is not ready.',
    'Load the page again.',
  ],
  file_foreign: ['This file is not a backup of Brow.', 'Choose a file that ends in .brow.'],
  file_newer: [
    'This backup was made by a newer version of the page.',
    'Load the page again to get the newer version, then import once more.',
  ],
  file_truncated: [
    'The backup ends before it should: a part is missing. Nothing was imported.',
    'Copy the file again from where it was saved, or use an older backup.',
  ],
  file_damaged: [
    'The backup is damaged or was tampered with. Nothing was imported.',
    'Copy the file again from where it was saved, or use an older backup.',
  ],
  wrong_passphrase: [
    'The passphrase does not open this backup.',
    'Use the passphrase that was entered when the backup was made. Upper and lower case matter.',
  ],
  bad_rule: ['This merge rule does not exist.', 'Choose skip, replace or keep both.'],
  log_damaged: ['The audit log is damaged or was tampered with.', 'Export it and note where the chain breaks.'],
};

/**
 * @param {string} code
 * @param {Record<string, unknown>} [detail]
 * @param {{message?: string, remedy?: string}} [words] where the general words say too little
 * @returns {StoreError}
 */
export function storeError(code, detail, words) {
  const [message, remedy] = WORDS[code] ?? WORDS.storage_failed;
  return new StoreError(code, words?.message ?? message, words?.remedy ?? remedy, detail);
}

/**
 * Turns whatever IndexedDB or WebCrypto threw into an error with words.
 * @param {unknown} cause
 * @returns {StoreError}
 */
export function fromCause(cause) {
  if (cause instanceof StoreError) return cause;
  const name = cause && typeof cause === 'object' && 'name' in cause ? String(cause.name) : '';
  const code =
    {
      QuotaExceededError: 'storage_full',
      VersionError: 'storage_newer',
      InvalidStateError: 'storage_closed',
      SecurityError: 'storage_unavailable',
      NotFoundError: 'storage_failed',
    }[name] ?? 'storage_failed';
  return storeError(code, { cause: String(cause) });
}
