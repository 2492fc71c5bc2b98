//! A person as bytes: what is sealed in the store and streamed in a backup.
//!
//! ```text
//! u32 length of the JSON | JSON without the binary parts | templates, one after another | picture | zeros
//! ```
//!
//! Numbers are little-endian. Zeros fill up to a multiple of 256, so that a ciphertext's length does not tell the length of a name.
//! To JavaScript people cross as the same JSON, in which the lengths of the binary parts stand.

use std::collections::BinaryHeap;

use super::shape::{Field, Shape, field, optional};
use super::{Fault, version};
use crate::json::Json;

/// Only whoever has groups or a note is of version 2: releases that know neither would drop them.
const VERSION: u32 = 2;
const PADDING: usize = 256;
/// Bytes.
const TEMPLATE_MOST: usize = 65_536;
const PICTURE_MOST: usize = 4 * 1024 * 1024;

const ID: Shape = Shape::Is(is_id);
/// Of a person or a group. It comes composed and trimmed, for which JavaScript has the tables.
const NAME: Shape = Shape::Name(200);

/// What each means: `Person` in `www/vault/types.js`.
static PERSON: Shape = Shape::Object(&[
    field("id", ID),
    field("name", NAME),
    field("created", Shape::Time),
    field("updated", Shape::Time),
    field("consent", Shape::Object(&CONSENT)),
    field("expires", Shape::Or(&Shape::Time)),
    optional("groups", Shape::List(20, &NAME)),
    optional("note", Shape::Text(2_000)),
    // Print of the secret that the templates are turned by; null where they are turned by none.
    optional("protection", Shape::Or(&Shape::Text(64))),
    field("references", Shape::List(10_000, &Shape::Object(&REFERENCE))),
    field("pictureBytes", Shape::Or(&Shape::Count(0, PICTURE_MOST))),
]);
static CONSENT: [Field; 4] = [
    field("text", Shape::Text(20_000)),
    field("version", Shape::Text(100)),
    field("language", Shape::Text(100)),
    field("time", Shape::Time),
];
static REFERENCE: [Field; 6] = [
    field("source", Shape::OneOf(&["camera", "photo"])),
    field("mask", Shape::Text(32)),
    field("quality", Shape::Number),
    field("models", Shape::Object(&MODELS)),
    field("time", Shape::Time),
    field("bytes", Shape::Count(1, TEMPLATE_MOST)),
];
static MODELS: [Field; 2] = [optional("full", Shape::Text(200)), field("periocular", Shape::Text(200))];

/// Whether a text is a random UUID, the only thing about a person that is stored in the clear.
pub fn is_id(text: &str) -> bool {
    let fits = |(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// An id as a number.
#[inline(never)]
pub fn number(id: &str) -> u128 {
    let digits = id.bytes().filter_map(|digit| char::from(digit).to_digit(16));
    digits.fold(0, |id, digit| id << 4 | u128::from(digit))
}

/// Ids, which must be different.
#[derive(Default)]
pub struct Ids(BinaryHeap<u128>);

impl Ids {
    pub fn add(&mut self, id: &str) {
        self.0.push(number(id));
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn are_once(mut self) -> bool {
        while let Some(id) = self.0.pop() {
            if self.0.peek() == Some(&id) {
                return false;
            }
        }
        true
    }
}

/// A person without the fields that do not belong, as JSON. `person`: the same with the lengths of the binary parts.
pub fn check(person: &str) -> Result<String, Fault> {
    checked(&Json::read(person).ok_or(Fault::BadPerson)?)
}

fn checked(person: &Json) -> Result<String, Fault> {
    let fits = |name: &str, shape: Shape| person.get(name).is_some_and(|value| shape.fits(value));
    let groups = person.get("groups").and_then(Json::list).unwrap_or_default();
    let mut out = String::new();
    if !fits("id", ID) {
        Err(Fault::BadId)
    } else if !fits("name", NAME) || !groups.iter().all(|group| NAME.fits(group)) {
        Err(Fault::BadName)
    } else if !PERSON.write(person, &mut out) {
        Err(Fault::BadPerson)
    } else {
        Ok(out)
    }
}

/// The lengths of a person's templates and picture, who was checked.
fn sizes(person: &Json) -> impl Iterator<Item = usize> {
    let references = person.get("references").and_then(Json::list).unwrap_or_default();
    references.iter().filter_map(|reference| reference.get("bytes")).chain(person.get("pictureBytes")).filter_map(Json::count)
}

/// The record of a person. `person`: as for [`check`], with the print of the secret that the templates are turned by under `protection`, or null;
/// `blobs`: the templates, and the picture if there is one.
pub fn write<B: AsRef<[u8]>>(person: &str, blobs: &[B]) -> Result<Vec<u8>, Fault> {
    let json = Json::read(person).ok_or(Fault::BadPerson)?;
    let text = checked(&json)?;
    if json.get("protection").is_none() || !sizes(&json).eq(blobs.iter().map(|blob| blob.as_ref().len())) {
        return Err(Fault::BadPerson);
    }
    let is_later = json.get("groups").or(json.get("note")).is_some();
    let text = format!("{{\"version\":{},{}", if is_later { VERSION } else { 1 }, &text[1..]);
    let mut bytes = (text.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    for blob in blobs {
        bytes.extend_from_slice(blob.as_ref());
    }
    bytes.resize(bytes.len().next_multiple_of(PADDING), 0);
    Ok(bytes)
}

/// A record, read.
#[derive(Debug)]
pub struct Record<'a> {
    /// As [`check`] gives them.
    pub person: String,
    pub id: String,
    /// When they agreed, and when they are to be erased by a date of their own.
    pub consented: f64,
    pub expires: Option<f64>,
    /// Print of the secret that the templates are turned by, if they are.
    pub protection: Option<String>,
    pub templates: Vec<&'a [u8]>,
    pub picture: Option<&'a [u8]>,
    /// Where the binary parts begin.
    pub at: usize,
}

/// The inverse of [`write`]; every length is checked, so that no bytes can make it fail otherwise.
pub fn read(bytes: &[u8]) -> Result<Record<'_>, Fault> {
    read_parts(bytes).unwrap_or(Err(Fault::RecordDamaged))
}

fn read_parts(bytes: &[u8]) -> Option<Result<Record<'_>, Fault>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (json, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let at = bytes.len() - rest.len();
    let json = Json::read(std::str::from_utf8(json).ok()?)?;
    if let Err(fault) = version(&json, VERSION) {
        return Some(Err(fault));
    }
    let person = checked(&json).ok()?;
    let text = |value: &Json| value.text().map(str::to_owned);
    let protection = text(json.get("protection")?);
    let mut templates = Vec::new();
    for size in sizes(&json) {
        let (blob, others) = rest.split_at_checked(size)?;
        templates.push(blob);
        rest = others;
    }
    let picture = if json.get("pictureBytes")?.is_null() { None } else { templates.pop() };
    let consented = json.get("consent")?.get("time")?.number()?;
    let expires = json.get("expires")?.number();
    Some(Ok(Record { person, id: text(json.get("id")?)?, consented, expires, protection, templates, picture, at }))
}

impl Record<'_> {
    /// As it crosses to JavaScript, which takes the binary parts by their lengths from the bytes that it has.
    pub fn crossing(&self) -> String {
        format!("{{\"at\":{},\"person\":{}}}", self.at, self.person)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANNA: &str = "0a1b2c3d-0000-4000-8000-0123456789ab";

    /// A person with two references of these lengths, and with other fields in place of some.
    fn person(templates: &[usize], picture: Option<usize>, changes: &[(&str, &str)]) -> String {
        let reference = |size: &usize| {
            format!(
                "{{\"source\":\"photo\",\"mask\":\"masked\",\"quality\":0.5,\"models\":{{\"full\":\"full-1\",\"periocular\":\"periocular-1\"}},\"time\":5,\"bytes\":{size}}}"
            )
        };
        let fields = [
            ("id", format!("\"{ANNA}\"")),
            ("name", "\"Anna\"".to_owned()),
            ("created", "1".to_owned()),
            ("updated", "2".to_owned()),
            ("consent", "{\"text\":\"I agree.\",\"version\":\"1\",\"language\":\"en\",\"time\":3}".to_owned()),
            ("expires", "null".to_owned()),
            ("groups", String::new()),
            ("note", String::new()),
            ("protection", "null".to_owned()),
            ("references", format!("[{}]", templates.iter().map(reference).collect::<Vec<_>>().join(","))),
            ("pictureBytes", picture.map_or("null".to_owned(), |size| size.to_string())),
        ];
        let written = fields.iter().filter_map(|(name, raw)| {
            let raw = changes.iter().find(|(changed, _)| changed == name).map_or(raw.as_str(), |(_, raw)| raw);
            (!raw.is_empty()).then(|| format!("\"{name}\":{raw}"))
        });
        format!("{{{}}}", written.collect::<Vec<_>>().join(","))
    }

    fn blobs(sizes: &[usize]) -> Vec<Vec<u8>> {
        sizes.iter().enumerate().map(|(i, size)| (0..*size).map(|j| (i * 7 + j * 13) as u8).collect()).collect()
    }

    #[test]
    fn a_person_comes_back_from_bytes_exactly() {
        for (templates, picture, changes) in [
            (&[900, 1][..], None, vec![]),
            (&[], Some(0), vec![("name", "\"李小龙\""), ("expires", "9"), ("protection", "\"abcdef\"")]),
            (&[3], Some(2), vec![("name", "\"Zo\\u00eb \\ud83d\""), ("groups", "[\"a\",\"b\"]"), ("note", "\"x\\ny\"")]),
        ] {
            let sizes: Vec<_> = templates.iter().copied().chain(picture).collect();
            let (person, blobs) = (person(templates, picture, &changes), blobs(&sizes));
            let bytes = write(&person, &blobs).unwrap();
            let record = read(&bytes).unwrap();
            assert_eq!(record.person, check(&person).unwrap());
            assert!(record.templates.iter().copied().chain(record.picture).eq(blobs.iter().map(Vec::as_slice)));
            assert_eq!(record.protection.as_deref(), Json::read(&person).unwrap().get("protection").unwrap().text());
            assert_eq!((record.id.as_str(), record.consented), (ANNA, 3.0));
            let crossing = record.crossing();
            assert_eq!(Json::read(&crossing).unwrap().get("at").unwrap().count(), Some(record.at));
        }
    }

    #[test]
    fn a_record_is_written_as_the_first_release_wrote_it_unless_it_says_more() {
        let bytes = write(&person(&[2], None, &[]), &[[8, 9]]).unwrap();
        let json = format!(
            "{{\"version\":1,\"id\":\"{ANNA}\",\"name\":\"Anna\",\"created\":1,\"updated\":2,\"consent\":{{\"text\":\"I agree.\",\"version\":\"1\",\"language\":\"en\",\"time\":3}},\
             \"expires\":null,\"protection\":null,\"references\":[{{\"source\":\"photo\",\"mask\":\"masked\",\"quality\":0.5,\"models\":{{\"full\":\"full-1\",\
             \"periocular\":\"periocular-1\"}},\"time\":5,\"bytes\":2}}],\"pictureBytes\":null}}"
        );
        let mut expected = (json.len() as u32).to_le_bytes().to_vec();
        expected.extend_from_slice(json.as_bytes());
        expected.extend([8, 9]);
        expected.resize(512, 0);
        assert_eq!(bytes, expected);
        for more in [("groups", "[\"a\"]"), ("note", "\"x\"")] {
            let bytes = write(&person(&[], None, &[more]), &[[0_u8; 0]; 0]).unwrap();
            assert!(bytes[4..].starts_with(b"{\"version\":2,"), "{more:?}");
        }
    }

    #[test]
    fn the_length_of_the_bytes_does_not_tell_the_length_of_the_name() {
        let length = |name: &str| write(&person(&[900], None, &[("name", &format!("\"{name}\""))]), &blobs(&[900])).unwrap().len();
        assert!(length("A") == length("Anna") && length("A") == length("Anna-Maria Hohenzollern"));
    }

    #[test]
    fn fields_that_do_not_belong_are_dropped() {
        let strange = person(
            &[1],
            None,
            &[("created", "1,\"secret\":1"), ("consent", "{\"x\":1,\"text\":\"\",\"version\":\"\",\"language\":\"\",\"time\":0}")],
        );
        let checked = check(&strange).unwrap();
        assert!(!checked.contains("secret") && !checked.contains("\"x\""));
    }

    #[test]
    fn whoever_is_nobody_is_refused_by_what_is_wrong() {
        let long = format!("\"{}\"", "x".repeat(201));
        let many = format!("[{}]", ["\"g\""; 21].join(","));
        let wrong = [
            (Fault::BadId, "id", "\"anna\""),
            (Fault::BadId, "id", "5"),
            (Fault::BadId, "id", ""),
            (Fault::BadName, "name", "\"\""),
            (Fault::BadName, "name", "\" \\ufeff \""),
            (Fault::BadName, "name", "\"a\\u0000b\""),
            (Fault::BadName, "name", "5"),
            (Fault::BadName, "name", "null"),
            (Fault::BadName, "name", &long),
            (Fault::BadName, "groups", "[\"\"]"),
            (Fault::BadName, "groups", "[5]"),
            (Fault::BadPerson, "groups", "5"),
            (Fault::BadPerson, "groups", &many),
            (Fault::BadPerson, "note", "5"),
            (Fault::BadPerson, "note", "null"),
            (Fault::BadPerson, "created", "{}"),
            (Fault::BadPerson, "created", "-1"),
            (Fault::BadPerson, "updated", "1e15"),
            (Fault::BadPerson, "expires", "\"never\""),
            (Fault::BadPerson, "expires", ""),
            (Fault::BadPerson, "consent", "null"),
            (Fault::BadPerson, "references", "{}"),
            (Fault::BadPerson, "references", "[5]"),
            (Fault::BadPerson, "pictureBytes", "false"),
            (Fault::BadPerson, "pictureBytes", ""),
            (Fault::BadPerson, "pictureBytes", "4194305"),
            (Fault::BadPerson, "pictureBytes", "1.5"),
        ];
        for (fault, name, raw) in wrong {
            assert_eq!(check(&person(&[1], None, &[(name, raw)])), Err(fault), "{name} {raw}");
        }
        for size in [0, TEMPLATE_MOST + 1] {
            assert_eq!(check(&person(&[size], None, &[])), Err(Fault::BadPerson));
        }
        let other = person(&[1], None, &[]);
        for (from, to) in [
            ("\"photo\"", "\"scan\""),
            ("\"quality\":0.5", "\"quality\":null"),
            ("\"full\":\"full-1\"", "\"full\":null"),
            ("\"periocular\":", "\"eyes\":"),
            ("\"time\":5", "\"time\":-5"),
        ] {
            assert!(other.contains(from));
            assert_eq!(check(&other.replace(from, to)), Err(Fault::BadPerson), "{to}");
        }
        for nobody in ["", "null", "5", "[]", "{}"] {
            assert!(check(nobody).is_err(), "{nobody}");
        }
    }

    #[test]
    fn nothing_is_written_beside_lengths_that_are_others() {
        let none: [&[u8]; 0] = [];
        assert_eq!(write(&person(&[2], None, &[]), &[[0_u8; 3]]), Err(Fault::BadPerson));
        assert_eq!(write(&person(&[2], None, &[]), &none), Err(Fault::BadPerson));
        assert_eq!(write(&person(&[], None, &[]), &[[0_u8; 3]]), Err(Fault::BadPerson));
        assert_eq!(write(&person(&[], None, &[("protection", "")]), &none), Err(Fault::BadPerson));
    }

    #[test]
    fn a_record_of_a_later_release_is_told_from_a_damaged_one_and_one_that_says_nothing_is_the_first() {
        let good = write(&person(&[], None, &[]), &[[0_u8; 0]; 0]).unwrap();
        let with = |version: &str| {
            let json = std::str::from_utf8(&good[4..]).unwrap().trim_end_matches('\0').replacen("\"version\":1,", version, 1);
            [&(json.len() as u32).to_le_bytes()[..], json.as_bytes()].concat()
        };
        assert!(read(&with("")).is_ok() && read(&with("\"version\":2,")).is_ok());
        assert_eq!(read(&with("\"version\":3,")).unwrap_err(), Fault::StorageNewer);
        for damaged in ["\"version\":0,", "\"version\":-1,", "\"version\":1.5,", "\"version\":\"1\",", "\"version\":null,"] {
            assert_eq!(read(&with(damaged)).unwrap_err(), Fault::RecordDamaged, "{damaged}");
        }
    }

    #[test]
    fn ids_are_random_uuids_and_nothing_else() {
        assert!(is_id(ANNA));
        for bad in ["", "anna", &ANNA.to_uppercase(), &ANNA[1..], &format!("{ANNA}-"), &format!("{ANNA}0"), &ANNA.replace('-', "")] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_name_and_any_bytes_come_back(name in "[^\\p{Cc}]{1,60}", sizes in proptest::collection::vec(1_usize..2000, 0..6)) {
            let name = serde_json::to_string(&name).unwrap();
            let person = person(&sizes, None, &[("name", &name)]);
            prop_assume!(check(&person).is_ok());
            let blobs = blobs(&sizes);
            let bytes = write(&person, &blobs).unwrap();
            prop_assert_eq!(bytes.len() % PADDING, 0);
            let record = read(&bytes).unwrap();
            let crossed = Json::read(&record.person).unwrap();
            prop_assert_eq!(crossed.get("name").unwrap().raw, name);
            prop_assert!(record.templates.iter().copied().eq(blobs.iter().map(Vec::as_slice)));
        }
    }
}
