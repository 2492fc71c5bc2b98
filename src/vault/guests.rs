//! The list of expected people of one event: what a kiosk checks in. One record of the vault, sealed like a person under a key of its own, which
//! every change renews. Whoever is enrolled from it has the id of their row.
//!
//! The record is the list as JSON, and spaces up to a multiple of 4096: the ciphertext's length tells the list's no finer.
//!
//! What is changed of a list: [`change`]. What is shown of it: [`view`].

mod change;
mod places;
mod view;

pub use change::{Changed, change};
pub use view::{Book, Enrolled, Filter};

use super::record::{Ids, is_id};
use super::shape::{Field, Shape, defaulted, field, optional};
use super::{Fault, version};
use crate::json::{Json, put};

/// Only what has counts of the desk in it is of version 2, and of guests with a code among them of 3: earlier releases would drop or refuse them.
const VERSION: u32 = 3;
const PADDING: usize = 4096;
/// Guests on a list.
pub const MOST: usize = 10_000;
/// A year of hours, each for every reason.
const DESK_MOST: usize = 4 * 366 * 24;
const TEXT: Shape = Shape::Text(500);
const NUMBER: Shape = Shape::Count(0, u32::MAX as usize);

/// What each means: `GuestList` in `www/vault/types.js`.
static LIST: Shape = Shape::Object(&[
    field("name", Shape::Text(200)),
    field("created", Shape::Time),
    field("guests", Shape::List(MOST, &Shape::Object(&GUEST))),
    // Left out where there is none.
    optional("desk", Shape::List(DESK_MOST, &Shape::Object(&DESK))),
]);
static GUEST: [Field; 12] = [
    field("id", Shape::Is(is_id)),
    field("line", NUMBER),
    field("name", TEXT),
    field("email", TEXT),
    field("ref", TEXT),
    field("company", TEXT),
    field("photo", TEXT),
    // The first lists said nothing of whom guests visit.
    defaulted("host", TEXT, "\"\""),
    field("problem", Shape::Or(&Shape::Text(64))),
    field("arrived", Shape::Or(&Shape::Time)),
    field("seen", Shape::Or(&Shape::Time)),
    field("by", Shape::Or(&Shape::OneOf(&["camera", "hand"]))),
];
static DESK: [Field; 3] = [
    field("hour", Shape::Time),
    field("why", Shape::OneOf(&["stranger", "unsure", "refused", "known"])),
    field("count", Shape::Count(1, u32::MAX as usize)),
];

/// A list without the fields that do not belong, as JSON.
fn checked(list: &Json) -> Option<String> {
    let mut out = String::new();
    if !LIST.write(list, &mut out) {
        return None;
    }
    let mut ids = Ids::default();
    for guest in list.get("guests")?.list()? {
        ids.add(guest.get("id")?.text()?);
    }
    if !ids.are_once() {
        return None;
    }
    if desk(list).is_empty() {
        // Where it stands it is the last.
        let end = out.strip_suffix(",\"desk\":[]}").map(str::len);
        if let Some(end) = end {
            out.truncate(end);
            out.push('}');
        }
    }
    Some(out)
}

fn desk<'a>(list: &'a Json) -> &'a [Json<'a>] {
    list.get("desk").and_then(Json::list).unwrap_or_default()
}

fn version_of(list: &Json) -> &'static str {
    let is_coded = |count: &Json| count.get("why").and_then(Json::text) == Some("known");
    match desk(list) {
        [] => "1",
        desk if desk.iter().any(is_coded) => "3",
        _ => "2",
    }
}

/// The record of a list (JSON), without the fields that do not belong.
pub fn write(list: &str) -> Result<Vec<u8>, Fault> {
    record(&Json::read(list).ok_or(Fault::BadGuests)?)
}

fn record(list: &Json) -> Result<Vec<u8>, Fault> {
    let checked = checked(list).ok_or(Fault::BadGuests)?;
    let mut text = String::new();
    put(&mut text, &["{\"version\":", version_of(list), ",", &checked[1..]]);
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(PADDING), b' ');
    Ok(bytes)
}

/// The list of a record, as JSON.
pub fn read(record: &[u8]) -> Result<String, Fault> {
    checked(&opened(record)?).ok_or(Fault::BadGuests)
}

/// The list of a record as it stands there.
fn opened(record: &[u8]) -> Result<Json<'_>, Fault> {
    let json = std::str::from_utf8(record).ok().and_then(Json::read).ok_or(Fault::RecordDamaged)?;
    version(&json, VERSION)?;
    Ok(json)
}

/// Whether somebody stands on the list of a record; one that cannot be read is none.
pub fn is_expected(record: Option<&[u8]>, id: &str) -> bool {
    let is_it = |guest: &Json| guest.get("id").and_then(Json::text) == Some(id);
    record.and_then(|record| opened(record).ok()).is_some_and(|list| guests(&list).iter().any(is_it))
}

/// Everybody on a list.
fn guests<'a, 'b>(list: &'a Json<'b>) -> &'a [Json<'b>] {
    list.get("guests").and_then(Json::list).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guest(number: usize, changes: &[(&str, &str)]) -> String {
        let id = format!("\"00000000-0000-4000-8000-{number:012}\"");
        let fields = [
            ("id", id.as_str()),
            ("line", "2"),
            ("name", "\"\\u00c6r\u{f8} \u{c5}got\""),
            ("email", "\"\""),
            ("ref", "\"7\""),
            ("company", "\"x\""),
            ("photo", "\"a/b.jpg\""),
            ("host", "\"Eve\""),
            ("problem", "null"),
            ("arrived", "1700000000000"),
            ("seen", "null"),
            ("by", "\"camera\""),
        ];
        let written = fields.iter().filter_map(|(name, raw)| {
            let raw = changes.iter().find(|(changed, _)| changed == name).map_or(*raw, |(_, raw)| raw);
            (!raw.is_empty()).then(|| format!("\"{name}\":{raw}"))
        });
        format!("{{{}}}", written.collect::<Vec<_>>().join(","))
    }

    /// A list as it is written, without its version.
    fn check(list: &str) -> Result<String, Fault> {
        write(list).map(|record| {
            let text = std::str::from_utf8(&record).unwrap().trim_end_matches(' ');
            ["{", &text["{\"version\":1,".len()..]].concat()
        })
    }

    fn list(guests: &[String], desk: &str) -> String {
        let desk = if desk.is_empty() { String::new() } else { format!(",\"desk\":{desk}") };
        format!("{{\"name\":\"Opening\",\"created\":1.7e12,\"guests\":[{}]{desk}}}", guests.join(","))
    }

    const COUNT: &str = "[{\"hour\":1699999200000,\"why\":\"unsure\",\"count\":2}]";

    #[test]
    fn a_list_comes_back_exactly_and_one_without_counts_of_the_desk_is_what_releases_before_know() {
        for (desk, version) in [("", 1), (COUNT, 2), (&COUNT.replace("unsure", "known"), 3)] {
            let list = list(&[guest(1, &[]), guest(2, &[("arrived", "null"), ("by", "null"), ("problem", "\"no_face\"")])], desk);
            let record = write(&list).unwrap();
            assert_eq!(record.len(), PADDING);
            let text = std::str::from_utf8(&record).unwrap();
            assert_eq!(text.trim_end_matches(' '), format!("{{\"version\":{version},{}", &list[1..]));
            assert_eq!(read(&record).unwrap(), list);
            assert_eq!(check(&list).unwrap(), list);
        }
        assert_eq!(check(&list(&[], "[]")).unwrap(), list(&[], ""));
        assert!(write(&list(&[], "[]")).unwrap().starts_with(b"{\"version\":1,"));
        let many: Vec<_> = (0..30).map(|i| guest(i, &[])).collect();
        assert_eq!(write(&list(&many, "")).unwrap().len(), 2 * PADDING);
    }

    #[test]
    fn lists_that_say_neither_their_version_nor_whom_guests_visit_are_read() {
        let old = list(&[guest(1, &[("host", "")])], "");
        assert_eq!(read(old.as_bytes()).unwrap(), list(&[guest(1, &[("host", "\"\"")])], ""));
    }

    #[test]
    fn fields_that_do_not_belong_are_dropped() {
        let strange =
            list(&[guest(1, &[("by", "null,\"secret\":1")])], "").replace("\"name\":\"Opening\"", "\"x\":{},\"name\":\"Opening\"");
        assert_eq!(check(&strange).unwrap(), list(&[guest(1, &[("by", "null")])], ""));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let long = format!("\"{}\"", "x".repeat(501));
        for (name, raw) in [
            ("id", "\"anna\""),
            ("id", ""),
            ("line", "1.5"),
            ("line", "null"),
            ("name", "null"),
            ("name", ""),
            ("company", &long),
            ("host", "null"),
            ("problem", "5"),
            ("problem", ""),
            ("arrived", "-1"),
            ("seen", "\"x\""),
            ("by", "\"Obama\""),
        ] {
            assert_eq!(check(&list(&[guest(1, &[(name, raw)])], "")), Err(Fault::BadGuests), "{name} {raw}");
        }
        for desk in
            ["{}", "null", "[5]", &COUNT.replace("unsure", "Obama"), &COUNT.replace(":2", ":0"), &COUNT.replace("1699999200000", "\"x\"")]
        {
            assert_eq!(check(&list(&[], desk)), Err(Fault::BadGuests), "{desk}");
        }
        assert_eq!(check(&list(&[guest(1, &[]), guest(2, &[]), guest(1, &[])], "")), Err(Fault::BadGuests), "somebody is there twice");
        for nothing in ["", "null", "[]", "{}", "{\"name\":\"\",\"created\":1,\"guests\":{}}"] {
            assert_eq!(check(nothing), Err(Fault::BadGuests), "{nothing}");
        }
        let most: Vec<_> = (0..10_001).map(|i| guest(i, &[])).collect();
        assert!(check(&list(&most[1..], "")).is_ok());
        assert_eq!(check(&list(&most, "")), Err(Fault::BadGuests));
    }

    #[test]
    fn a_later_releases_list_is_told_from_a_damaged_one() {
        let with = |version: &str| read(list(&[], "").replacen('{', &format!("{{\"version\":{version},"), 1).as_bytes());
        assert!(["1", "2", "3"].into_iter().all(|version| with(version).is_ok()));
        assert_eq!(with("4"), Err(Fault::StorageNewer));
        for damaged in ["0", "1.5", "\"1\"", "null"] {
            assert_eq!(with(damaged), Err(Fault::RecordDamaged), "{damaged}");
        }
        assert_eq!(read(b"{\"name\":\"\xff\"}"), Err(Fault::RecordDamaged));
        assert_eq!(read(b"{\"version\":1}"), Err(Fault::BadGuests));
    }

    proptest! {
        #[test]
        fn any_names_come_back(names in proptest::collection::vec(".{0,60}", 0..9)) {
            let guests: Vec<_> = names.iter().enumerate().map(|(i, name)| guest(i, &[("name", &serde_json::to_string(name).unwrap())])).collect();
            let list = list(&guests, "");
            prop_assert_eq!(read(&write(&list).unwrap()).unwrap(), list);
        }

        #[test]
        fn no_bytes_make_reading_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
