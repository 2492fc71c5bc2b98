//! The worker's door to what the vault decides and how its records are written (see [`crate::vault`]). What is refused is thrown as its code.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::{Engine, plain};
use crate::person::template::Template;
use crate::vault::pin::Asked;
use crate::vault::{Fault, backup, expiry, log, names, people, pin, record, settings};

/// Why this can be nobody's PIN: `pin_too_short` or `pin_too_long`.
#[wasm_bindgen(js_name = pinFault, unchecked_return_type = "'pin_too_short' | 'pin_too_long' | undefined")]
pub fn pin_fault(pin: &str) -> Option<String> {
    pin::fault(pin).map(str::to_owned)
}

/// What makes it one of the first that anybody tries: `same`, `row`, `date` or `digits`.
#[wasm_bindgen(js_name = pinWeakness, unchecked_return_type = "'same' | 'row' | 'date' | 'digits' | undefined")]
pub fn pin_weakness(pin: &str) -> Option<String> {
    pin::weakness(pin).map(|weakness| weakness.name().to_owned())
}

/// Whether a key may be made in so many rounds.
#[wasm_bindgen(js_name = mayStretch)]
pub fn may_stretch(rounds: f64) -> bool {
    pin::may_stretch(rounds)
}

/// `{failures, until}` to store before a try. `again`: an open vault asks, and not a locked one.
#[wasm_bindgen(js_name = pinCounted, unchecked_return_type = "{ failures: number; until: number }")]
pub fn pin_counted(failures: u32, now: f64, again: bool) -> Result<JsValue, JsValue> {
    plain(&pin::counted(failures, now, asked(again)))
}

/// Seconds until the next try.
#[wasm_bindgen(js_name = pinWait)]
pub fn pin_wait(until: f64, now: f64, steady_ms: f64, again: bool) -> u32 {
    pin::wait(until, now, steady_ms, asked(again))
}

/// When a record is erased by itself; Infinity: never.
#[wasm_bindgen(js_name = erasedAt)]
pub fn erased_at(expires: Option<f64>, began: f64, retention_days: Option<f64>) -> f64 {
    expiry::erased_at(expires, began, retention_days)
}

/// Why a record is to be erased now: `expired` or `retention`; undefined where it is not.
#[wasm_bindgen(js_name = erasureDue, unchecked_return_type = "'expired' | 'retention' | undefined")]
pub fn erasure_due(expires: Option<f64>, began: f64, retention_days: Option<f64>, now: f64) -> Option<String> {
    expiry::due(expires, began, retention_days, now).map(|due| due.name().to_owned())
}

/// Whether the erasure of so many records is held back.
#[wasm_bindgen(js_name = erasureHeld)]
pub fn erasure_held(records: usize, sure: bool, doubted: bool, jumped: bool) -> bool {
    expiry::held(records, expiry::Doubts { sure, doubted, jumped })
}

/// Whether a clock that moved on by `passed` while `steady` passed has jumped.
#[wasm_bindgen(js_name = clockJumped)]
pub fn clock_jumped(passed: f64, steady: f64) -> bool {
    expiry::jumped(passed, steady)
}

/// `{due, days}`.
#[wasm_bindgen(js_name = backupDue, unchecked_return_type = "{ due: boolean; days: number | null }")]
pub fn backup_due(last: Option<f64>, changes: f64, after_days: f64, now: f64) -> Result<JsValue, JsValue> {
    plain(&expiry::backup(last, changes, after_days, now))
}

/// What is set where nobody set anything, as JSON.
#[wasm_bindgen(js_name = settingsDefaults)]
pub fn settings_defaults() -> String {
    settings::defaults()
}

/// The first of these settings (JSON) that is none, or is set to what it may not be.
#[wasm_bindgen(js_name = settingsFault)]
pub fn settings_fault(patch: &str) -> Option<String> {
    settings::fault(patch)
}

/// The record of these settings (JSON, and all of them allowed).
#[wasm_bindgen(js_name = settingsWrite)]
pub fn settings_write(settings: &str) -> Result<Vec<u8>, JsValue> {
    Ok(settings::write(settings).map_err(code)?.into_bytes())
}

/// What a record says is set, as JSON.
#[wasm_bindgen(js_name = settingsRead)]
pub fn settings_read(record: &[u8]) -> Result<String, JsValue> {
    settings::read(record).map_err(code)
}

/// Whether a text is an id of a person's, a random UUID.
#[wasm_bindgen(js_name = isPersonId)]
pub fn is_person_id(id: &str) -> bool {
    record::is_id(id)
}

/// A person (JSON, with the lengths of the binary parts) without the fields that do not belong. Throws the code of what is wrong with them.
#[wasm_bindgen(js_name = personCheck)]
pub fn person_check(person: &str) -> Result<String, JsValue> {
    record::check(person).map_err(code)
}

/// The record of a person (JSON, as for `personCheck`, and with the print of the templates' secret under `protection`, or null). `blobs`: the
/// templates, and the picture if there is one.
#[wasm_bindgen(js_name = personWrite)]
pub fn person_write(person: &str, blobs: Vec<Uint8Array>) -> Result<Vec<u8>, JsValue> {
    let blobs: Vec<_> = blobs.iter().map(Uint8Array::to_vec).collect();
    record::write(person, &blobs).map_err(code)
}

/// Why somebody is to be erased now, by their opened record; undefined where they are not, or where it is damaged.
#[wasm_bindgen(js_name = personDue, unchecked_return_type = "'expired' | 'retention' | undefined")]
pub fn person_due(id: &str, record: &[u8], retention_days: Option<f64>, now: f64) -> Option<String> {
    let record = record::read(record).ok().filter(|record| record.id == id)?;
    expiry::due(record.expires, record.consented, retention_days, now).map(|due| due.name().to_owned())
}

/// `{at, person}` as JSON: where in the record the binary parts begin, and the person as for `personWrite`.
#[wasm_bindgen(js_name = personRead)]
pub fn person_read(record: &[u8]) -> Result<String, JsValue> {
    Ok(record::read(record).map_err(code)?.crossing())
}

/// What becomes of two people (JSON as for `personCheck`) who are one, as JSON: `{kept, picture, name, consent, expires, groups, note}`; `picture`: `first`
/// or `second`. `guests`: the opened record of the list of expected people.
#[wasm_bindgen(js_name = peopleJoined)]
pub fn people_joined(first: &str, second: &str, guests: Option<Vec<u8>>) -> Result<String, JsValue> {
    people::joined(first, second, guests.as_deref()).map_err(code)
}

/// Whether a person's view (JSON as for `personCheck`) may be erased: it is still where it was seen, and not their only one.
#[wasm_bindgen(js_name = viewMayGo)]
pub fn view_may_go(person: &str, view: usize, time: f64) -> bool {
    people::may_forget(person, view, time)
}

/// For each of some names the place among others of the first that reads the same; -1: it is free. Names stand in lines, composed (NFKC).
#[wasm_bindgen(js_name = namesTaken, unchecked_return_type = "Int32Array")]
pub fn names_taken(names: &str, others: &str) -> Vec<i32> {
    names::taken(names.split('\n'), others.split('\n')).into_iter().map(|place| place.map_or(-1, |place| place as i32)).collect()
}

/// The first number, from 2 on, that makes a name another than all others: `Ada (2)`.
#[wasm_bindgen(js_name = nameNumber)]
pub fn name_number(name: &str, others: &str) -> usize {
    names::number(name, &others.split('\n').collect::<Vec<_>>())
}

/// The head (JSON) of a log that has no entry yet.
#[wasm_bindgen(js_name = logFirst)]
pub fn log_first() -> String {
    log::first()
}

/// The head (JSON, `lost` in it) that stands for one that is lost: by the numbers of the first and the last entry, 1 and 0 where there are none, and how many there are.
#[wasm_bindgen(js_name = logLost)]
pub fn log_lost(first: usize, last: usize, entries: usize) -> String {
    log::lost(first, last, entries)
}

/// A head's record as JSON.
#[wasm_bindgen(js_name = logHead)]
pub fn log_head(record: &[u8]) -> Result<String, JsValue> {
    log::head(record).map_err(code)
}

/// An entry's record as JSON.
#[wasm_bindgen(js_name = logEntry)]
pub fn log_entry(record: &[u8]) -> Result<String, JsValue> {
    log::entry(record).map_err(code)
}

/// The number of the last entry that has to go when so many happenings more come. `most`: entries that are kept, for tests.
#[wasm_bindgen(js_name = logRotation)]
pub fn log_rotation(head: &str, happenings: usize, most: Option<usize>) -> Option<usize> {
    log::rotation(head, happenings, most.unwrap_or(log::MOST))
}

/// What is to be written for what happened (JSON: `{event, subject, detail}` each, and the time of all), line by line: the head, what other tabs
/// load again, and the new entries. `dropped`, `after`: the entry that `logRotation` names, and the one behind it.
#[wasm_bindgen(js_name = logGrown)]
pub fn log_grown(
    head: &str,
    happenings: &str,
    time: &str,
    most: Option<usize>,
    dropped: Option<String>,
    after: Option<String>,
) -> Result<String, JsValue> {
    let grown = log::grown(head, happenings, time, most.unwrap_or(log::MOST), dropped.as_deref(), after.as_deref()).map_err(code)?;
    Ok([grown.head, grown.what.to_owned(), grown.entries.join("\n")].join("\n"))
}

/// What a log is worth, as JSON. `entries`: JSON, null for one that cannot be read.
#[wasm_bindgen(js_name = logVerify)]
pub fn log_verify(head: &str, entries: &str) -> Result<String, JsValue> {
    Ok(log::verify(head, entries).ok_or(code(Fault::LogDamaged))?.crossing())
}

/// A log as whoever has SHA-256 can check it, as JSON; `vault` and `time` are JSON, too.
#[wasm_bindgen(js_name = logExport)]
pub fn log_export(vault: &str, time: &str, head: &str, entries: &str) -> Result<String, JsValue> {
    log::export(vault, time, head, entries).ok_or(code(Fault::LogDamaged))
}

/// What an exported log is worth, as JSON.
#[wasm_bindgen(js_name = logVerifyExport)]
pub fn log_verify_export(text: &str) -> Result<String, JsValue> {
    Ok(log::verify_export(text).map_err(code)?.crossing())
}

/// Why this can be nobody's passphrase, as JSON: `{"code": "passphrase_too_short", "values": {"least"}}`, or the same of "passphrase_too_long" and "most".
#[wasm_bindgen(js_name = passphraseFault)]
pub fn passphrase_fault(passphrase: &str) -> Option<String> {
    backup::passphrase_fault(passphrase).map(str::to_owned)
}

/// What becomes of somebody who is to come in by a rule for those who are here already: `expired`, `skipped`, `replaced`, `added`, or `copied` (under another id).
#[wasm_bindgen(js_name = importMerged, unchecked_return_type = "'expired' | 'skipped' | 'replaced' | 'added' | 'copied'")]
pub fn import_merged(
    rule: &str,
    is_here: bool,
    expires: Option<f64>,
    consented: f64,
    retention_days: Option<f64>,
    now: f64,
) -> Result<String, JsValue> {
    let is_due = expiry::due(expires, consented, retention_days, now).is_some();
    Ok(backup::merged(rule, is_here, is_due).map_err(code)?.name().to_owned())
}

/// Counts who is in a backup.
#[wasm_bindgen]
pub struct BackupSummary(backup::Summary);

#[wasm_bindgen]
impl BackupSummary {
    /// `created`: a time, and `vault`, an id, as JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(created: &str, vault: &str) -> Self {
        Self(backup::Summary::new(created, vault))
    }

    /// `person`: as for `personCheck`.
    pub fn add(&mut self, person: &str) -> Result<(), JsValue> {
        self.0.add(person).ok_or(code(Fault::BadPerson))
    }

    /// As JSON.
    pub fn text(&self) -> String {
        self.0.text()
    }
}

/// A backup that is being written: see [`backup::Writer`].
#[wasm_bindgen]
pub struct BackupWriter(backup::Writer);

#[wasm_bindgen]
impl BackupWriter {
    /// `summary`: JSON; `prefix`: 7 random bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(summary: &str, prefix: &[u8]) -> Self {
        let mut seven = [0; 7];
        for (to, from) in seven.iter_mut().zip(prefix) {
            *to = *from;
        }
        Self(backup::Writer::new(summary, seven))
    }

    /// All that comes before the first chunk.
    pub fn start(&self, iterations: usize, salt: &[u8], check: &[u8]) -> Vec<u8> {
        self.0.start(iterations, salt, check)
    }

    /// A person's record.
    pub fn put(&mut self, record: &[u8]) {
        self.0.put(record);
    }

    /// What is to be sealed next.
    pub fn chunk(&mut self, last: bool) -> Option<Vec<u8>> {
        self.0.chunk(last)
    }

    /// Under which it is sealed.
    pub fn nonce(&self) -> Vec<u8> {
        self.0.nonce().to_vec()
    }

    /// It, sealed, as it stands in the file.
    pub fn framed(&mut self, sealed: &[u8]) -> Vec<u8> {
        self.0.framed(sealed)
    }
}

/// A backup that is being read: see [`backup::Reader`].
#[wasm_bindgen]
#[derive(Default)]
pub struct BackupReader(backup::Reader);

#[wasm_bindgen]
impl BackupReader {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// More of the file.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.push(bytes).map_err(code)
    }

    /// There is no more of it.
    pub fn end(&mut self) {
        self.0.end();
    }

    /// `{iterations, salt, bound}` as JSON; undefined: more of the file is needed.
    pub fn start(&mut self) -> Result<Option<String>, JsValue> {
        Ok(self.0.start().map_err(code)?.map(|start| start.crossing()))
    }

    #[wasm_bindgen(js_name = isKey)]
    pub fn is_key(&self, check: &[u8]) -> bool {
        self.0.is_key(check)
    }

    /// What is to be opened next; undefined: more of the file is needed.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, JsValue> {
        self.0.chunk().map_err(code)
    }

    pub fn nonce(&self, is_last: bool) -> Vec<u8> {
        self.0.nonce(is_last).to_vec()
    }

    pub fn opened(&mut self, plain: &[u8], is_last: bool) -> Result<(), JsValue> {
        self.0.opened(plain, is_last).map_err(code)
    }

    #[wasm_bindgen(js_name = isOver)]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// What the file says of itself, as JSON; undefined: the next chunk is needed.
    pub fn summary(&mut self, now: &str) -> Result<Option<String>, JsValue> {
        self.0.summary(now).map_err(code)
    }

    /// The record of the next one; undefined: the next chunk is needed, or everybody was read.
    pub fn person(&mut self, now: &str, looks: bool) -> Result<Option<Vec<u8>>, JsValue> {
        self.0.person(now, looks).map_err(code)
    }
}

#[wasm_bindgen]
impl Engine {
    /// Takes somebody into the gallery straight from their opened record, so that no template of theirs is JavaScript's. `secret`: what templates in
    /// the store are turned by, and its print. `only`: of all people the one who is taken in; others are but read. As JSON what `personRead` gives, with
    /// how many templates were `refused`, and whether new ones are `due` (see `outdated`).
    #[wasm_bindgen(js_name = takeRecord)]
    pub fn take_record(
        &mut self,
        id: &str,
        record: &[u8],
        secret: Option<Vec<u8>>,
        print: Option<String>,
        only: Option<String>,
    ) -> Result<String, JsValue> {
        let damaged = || code(Fault::RecordDamaged);
        let record = record::read(record).map_err(code)?;
        let mut templates: Vec<_> = record.templates.iter().map(|bytes| Template::decode(bytes).ok()).collect();
        if record.protection.is_some() {
            // A template under another secret would come out as noise that looks like a template.
            let secret = secret.filter(|_| record.protection == print).ok_or_else(damaged)?;
            let protector = self.protector(&secret)?;
            for template in &mut templates {
                *template = Some(protector.unprotect(template.as_ref().ok_or_else(damaged)?));
            }
        }
        if record.id != id {
            return Err(damaged());
        }
        let is_taken = only.is_none_or(|only| only == id);
        let due = self.inner.outdated(&templates).due;
        let mut refused = 0;
        if is_taken {
            refused = templates.len();
            let readable: Vec<_> = templates.into_iter().flatten().collect();
            refused -= readable.len();
            refused += self.inner.put_person(id, readable).len();
        }
        // Whoever was taken in whole has nothing of earlier networks.
        let due = due && (refused > 0 || !is_taken);
        Ok(format!("{{\"read\":{},\"refused\":{refused},\"due\":{due}}}", record.crossing()))
    }
}

/// As JavaScript makes an error of the store of it (`www/vault/asked.js`).
pub(super) fn code(fault: Fault) -> JsValue {
    fault.code().into()
}

fn asked(again: bool) -> Asked {
    if again { Asked::Again } else { Asked::Locked }
}
