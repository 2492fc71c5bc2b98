//! What the vault decides and how what it keeps is written, without a browser. Keys, transactions and channels are the browser's (`www/vault/`).
//!
//! | what | module |
//! |---|---|
//! | PINs: length, weakness, the wait after wrong ones | [`pin`] |
//! | dates of erasure and of backups, and whether the clock can be believed | [`expiry`] |
//! | what may be set, and its record | [`settings`] |
//! | people's records, and what becomes of them where two are made one | [`record`], [`people`] |
//! | which names are taken | [`names`] |
//! | the backup's file, what it says of itself, and who may come in | [`backup`] |
//! | the list of expected people, what is changed of it, and what is shown of it | [`guests`] |
//! | the audit log: its entries, their chain, when the oldest go | [`log`] |
//! | what a value of a record may be | [`shape`] |

pub mod backup;
pub mod expiry;
pub mod guests;
pub mod log;
pub mod names;
pub mod people;
pub mod pin;
pub mod record;
pub mod settings;
pub mod shape;

use crate::json::Json;
use sha2::{Digest, Sha256};

use crate::manifest::hex;

/// Why something is not read, or not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "VaultFault", rename_all = "snake_case"))]
pub enum Fault {
    RecordDamaged,
    /// A later release wrote it.
    StorageNewer,
    BadId,
    BadName,
    BadPerson,
    BadSetting,
    LogDamaged,
    FileForeign,
    FileNewer,
    FileTruncated,
    FileDamaged,
    FileRefused,
    BadRule,
    BadGuests,
    /// There is no list of expected people to change.
    NoGuests,
    NoSuchPerson,
}

impl Fault {
    /// What the page has words for.
    pub fn code(self) -> &'static str {
        match self {
            Self::RecordDamaged => "record_damaged",
            Self::StorageNewer => "storage_newer",
            Self::BadId => "bad_id",
            Self::BadName => "bad_name",
            Self::BadPerson => "bad_person",
            Self::BadSetting => "bad_setting",
            Self::LogDamaged => "log_damaged",
            Self::FileForeign => "file_foreign",
            Self::FileNewer => "file_newer",
            Self::FileTruncated => "file_truncated",
            Self::FileDamaged => "file_damaged",
            Self::FileRefused => "file_refused",
            Self::BadRule => "bad_rule",
            Self::BadGuests => "bad_guests",
            Self::NoGuests => "no_guests",
            Self::NoSuchPerson => "no_such_person",
        }
    }
}

/// In hexadecimal digits.
#[inline(never)]
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Every record says by itself which version of its format it is: none is 1, for the first ones said nothing. `most`: the newest that this
/// release reads.
fn version(record: &Json, most: u32) -> Result<(), Fault> {
    match record.get("version").map_or(Some(1), Json::count) {
        None | Some(0) => Err(Fault::RecordDamaged),
        Some(version) if version > most as usize => Err(Fault::StorageNewer),
        Some(_) => Ok(()),
    }
}
