//! The audit log: what was done with the store and when, without names, pictures or templates. Each entry holds the SHA-256 of the one before
//! it, so that none can be changed, left out or moved without breaking the chain.
//!
//! The log is capped. When it grows over the cap its oldest entries go, and the hash of the last one that went stays as the chain's anchor: what
//! is left still verifies, and an older export still joins on. Beside the entries lies the head, which says where the chain begins and ends.
//!
//! Entries and heads cross as the JSON that is sealed.

use super::shape::{Field, Shape, field};
use super::{Fault, sha256, version};
use crate::few;
use crate::json::{Json, Written, put, quoted};

/// Entries that are kept.
pub const MOST: usize = 5000;
/// Of the head.
const VERSION: u32 = 1;
const EXPORT_FORMAT: &str = "brow-audit-log";
/// What the very first entry joins on.
const NOTHING: &str = "\"0000000000000000000000000000000000000000000000000000000000000000\"";
const NUMBER: Shape = Shape::Count(0, u32::MAX as usize);

/// What is to be done about something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Means {
    /// Other tabs show it in the log.
    Log,
    /// They load settings again.
    Settings,
    /// They load people again.
    People,
    /// The same, and a backup of before does not hold it.
    Change,
}

/// What can happen, by the name that an entry has for it, and what it means.
macro_rules! events {
    ($($event:ident $means:ident,)*) => {
        static EVENTS: &[(&str, Means)] = &[$((stringify!($event), Means::$means),)*];

        /// An entry's `event`.
        #[cfg(test)]
        #[allow(non_camel_case_types, dead_code)]
        #[derive(ts_rs::TS)]
        #[ts(rename = "LogEvent")]
        pub enum Event {
            $($event,)*
        }
    };
}

events! {
    vault_created Log,
    vault_upgraded Change,
    settings_changed Settings,
    enrolled Change,
    changed Change,
    remade Change,
    matched Log,
    refused Log,
    presence_refused Log,
    erased Change,
    erased_all Change,
    erased_everything Log,
    expiry_held Log,
    exported Log,
    imported Change,
    protection_renewed People,
    pin_set Log,
    pin_changed Log,
    pin_removed Log,
    unlocked Log,
    unlock_refused Log,
    locked Log,
    kept_open Log,
    admin_opened Log,
    guests_changed Log,
    guests_erased Change,
    code_given Log,
    code_refused Log,
    code_known Log,
    code_used Log,
    log_rotated Log,
    log_restarted Log,
}

/// What each means: `Entry` in `www/vault/types.js`. Later releases may have other events.
static ENTRY: Shape = Shape::Object(&[
    field("seq", NUMBER),
    field("time", Shape::Number),
    field("event", Shape::Text(100)),
    field("subject", Shape::Or(&Shape::Text(100))),
    field("detail", Shape::Codes),
    field("previous", Shape::Text(64)),
    field("hash", Shape::Text(64)),
]);
static HEAD: [Field; 5] = [
    field("last", Shape::Object(&LINK)),
    // The last entry that rotation dropped.
    field("anchor", Shape::Object(&LINK)),
    field("entries", NUMBER),
    field("lastBackup", Shape::Or(&Shape::Number)),
    // Enrolments, changes and erasures since the last backup.
    field("changes", NUMBER),
];
static LINK: [Field; 2] = [field("seq", NUMBER), field("hash", Shape::Text(64))];

/// An entry's place in the chain; its hash as JSON.
#[derive(Clone, Debug, PartialEq)]
struct Link {
    seq: usize,
    hash: String,
}

impl Link {
    fn of(json: &Json) -> Option<Link> {
        Some(Link { seq: json.get("seq")?.count()?, hash: json.get("hash")?.raw.to_owned() })
    }

    fn written(&self) -> String {
        let mut link = Written::default();
        link.put_count("seq", self.seq);
        link.put("hash", &self.hash);
        link.done()
    }
}

struct Head {
    last: Link,
    anchor: Link,
    entries: usize,
    /// As JSON.
    last_backup: String,
    changes: usize,
    /// Whether it is made up: the one that was stored is gone, or cannot be read.
    is_lost: bool,
}

impl Head {
    fn of(head: &str) -> Option<Head> {
        let json = Json::read(head)?;
        Some(Head {
            last: Link::of(json.get("last")?)?,
            anchor: Link::of(json.get("anchor")?)?,
            entries: json.get("entries")?.count()?,
            last_backup: json.get("lastBackup")?.raw.to_owned(),
            changes: json.get("changes")?.count()?,
            is_lost: json.get("lost").is_some(),
        })
    }

    fn written(&self) -> String {
        let mut head = Written::default();
        head.put("version", "1");
        head.put("last", &self.last.written());
        head.put("anchor", &self.anchor.written());
        head.put_count("entries", self.entries);
        head.put("lastBackup", &self.last_backup);
        head.put_count("changes", self.changes);
        if self.is_lost {
            head.put("lost", "true");
        }
        head.done()
    }
}

/// The head of a log that has no entry yet.
pub fn first() -> String {
    made_up(1, 0, 0, false)
}

/// What stands for a head that is lost: the log goes on behind its highest number, and the chain shows the break. `first`, `last` and `entries`:
/// of the entries that are there; 1 and 0 where there are none.
pub fn lost(first: usize, last: usize, entries: usize) -> String {
    made_up(first, last, entries, true)
}

fn made_up(first: usize, last: usize, entries: usize, is_lost: bool) -> String {
    let link = |seq| Link { seq, hash: NOTHING.to_owned() };
    let anchor = link(first.saturating_sub(1));
    Head { last: link(last), anchor, entries, last_backup: "null".to_owned(), changes: usize::from(is_lost), is_lost }.written()
}

/// A head as it was sealed.
pub fn head(record: &[u8]) -> Result<String, Fault> {
    let json = json(record).ok_or(Fault::RecordDamaged)?;
    version(&json, VERSION)?;
    let mut out = String::new();
    if Shape::Object(&HEAD).write(&json, &mut out) { Ok(out) } else { Err(Fault::RecordDamaged) }
}

/// An entry as it was sealed.
pub fn entry(record: &[u8]) -> Result<String, Fault> {
    let json = json(record).filter(|json| ENTRY.fits(json)).ok_or(Fault::RecordDamaged)?;
    Ok(json.raw.to_owned())
}

fn json(record: &[u8]) -> Option<Json<'_>> {
    Json::read(std::str::from_utf8(record).ok()?)
}

/// How many of the oldest entries have to go once there are so many: a fifth of the cap at once, so that not every entry has to rotate.
pub fn to_drop(entries: usize, most: usize) -> usize {
    if entries <= most { 0 } else { entries - most * 4 / 5 }
}

/// The number of the last entry that has to go when `happenings` more come; None where none has to.
pub fn rotation(head: &str, happenings: usize, most: usize) -> Option<usize> {
    let head = Head::of(head)?;
    match to_drop(head.entries + usize::from(head.is_lost) + happenings, most) {
        0 => None,
        drop => Some(head.anchor.seq + drop),
    }
}

/// What is to be written for what happened.
#[derive(Debug, PartialEq)]
pub struct Grown {
    pub head: String,
    /// What other tabs load again: `people`, `settings` or `log`.
    pub what: &'static str,
    /// Where the head was lost, the first says so.
    pub entries: Vec<String>,
}

/// `happenings`: a list of `{event, subject, detail}`, of which the last two may be left out, and `time` is of all of them, as JSON. `dropped`, `after`:
/// where entries have to go, the last one of them and the one behind it; None for one that is not there or cannot be read.
pub fn grown(head: &str, happenings: &str, time: &str, most: usize, dropped: Option<&str>, after: Option<&str>) -> Result<Grown, Fault> {
    let json = Json::read(happenings);
    let happenings = json.as_ref().and_then(Json::list).ok_or(Fault::BadSetting)?;
    let through = rotation(head, happenings.len(), most);
    let mut head = Head::of(head).ok_or(Fault::RecordDamaged)?;
    let written = head.last.seq;
    let mut entries = Vec::new();
    if head.is_lost {
        entries.push(head.last.next(time, "\"log_restarted\"", "null", "{}"));
    }
    let mut means = Means::Log;
    for happening in happenings {
        let (entry, meant) = happened(&mut head, happening, time).ok_or(Fault::BadSetting)?;
        entries.push(entry);
        means = means.max(meant);
    }
    if let Some(through) = through {
        let part = |entry: Option<&str>, name: &str| Some(Json::read(entry?)?.get(name)?.raw.to_owned());
        // Of more happenings at once than are kept, some of the new ones go, too.
        let dropped = through.checked_sub(written + 1).and_then(|new| entries.get(new)).map(String::as_str).or(dropped);
        let hash = part(dropped, "hash").or_else(|| part(after, "previous")).unwrap_or_else(|| NOTHING.to_owned());
        let mut detail = Written::default();
        detail.put_count("through", through);
        detail.put("hash", &hash);
        entries.push(head.last.next(time, "\"log_rotated\"", "null", &detail.done()));
        head.entries = (head.entries + entries.len()).saturating_sub(through - head.anchor.seq);
        head.anchor = Link { seq: through, hash };
    } else {
        head.entries += entries.len();
    }
    head.is_lost = false;
    let what = match means {
        Means::Log => "log",
        Means::Settings => "settings",
        Means::People | Means::Change => "people",
    };
    Ok(Grown { head: head.written(), what, entries })
}

fn happened(head: &mut Head, happening: &Json, time: &str) -> Option<(String, Means)> {
    let event = happening.get("event")?;
    let (name, means) = EVENTS.iter().find(|(name, _)| event.text() == Some(name))?;
    let subject = happening.get("subject").map_or("null", |subject| subject.raw);
    let detail = happening.get("detail").map_or("{}", |detail| detail.raw);
    let entry = head.last.next(time, event.raw, subject, detail);
    head.changes += usize::from(*means == Means::Change);
    if *name == "exported" {
        head.changes = 0;
        head.last_backup = time.to_owned();
    }
    ENTRY.fits(&Json::read(&entry)?).then_some((entry, *means))
}

impl Link {
    /// The entry behind this one, which it then is the link of. All as JSON.
    fn next(&mut self, time: &str, event: &str, subject: &str, detail: &str) -> String {
        let seq = (self.seq + 1).to_string();
        let parts =
            [("seq", seq.as_str()), ("time", time), ("event", event), ("subject", subject), ("detail", detail), ("previous", &self.hash)];
        let mut entry = Written::default();
        for (name, raw) in parts {
            entry.put(name, raw);
        }
        let mut text = entry.done();
        self.seq += 1;
        self.hash = Json::read(&text).and_then(|json| hash_of(&json)).unwrap_or_default();
        text.pop();
        put(&mut text, &[",\"hash\":", &self.hash, "}"]);
        text
    }
}

/// SHA-256, as JSON, of what an entry says, as JSON: its fields in a list, those of its detail as pairs in order.
fn hash_of(entry: &Json) -> Option<String> {
    let mut text = String::new();
    for name in ["seq", "time", "event", "subject"] {
        let before = if text.is_empty() { "[" } else { "," };
        put(&mut text, &[before, entry.get(name)?.raw]);
    }
    // As JavaScript orders texts; an export that somebody hands in may have any number.
    let in_utf16 = |a: &&(Json, Json), b: &&(Json, Json)| {
        a.0.text().unwrap_or_default().encode_utf16().cmp(b.0.text().unwrap_or_default().encode_utf16())
    };
    let detail = few::many(entry.get("detail")?.fields().iter().collect(), in_utf16);
    let mut before = ",[[";
    for (name, value) in &detail {
        put(&mut text, &[before, name.raw, ",", value.raw]);
        before = "],[";
    }
    let after = if detail.is_empty() { ",[]," } else { "]]," };
    put(&mut text, &[after, entry.get("previous")?.raw, "]"]);
    Some(quoted(&sha256(text.as_bytes())))
}

/// Where a log is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "LogProblem", rename_all = "snake_case"))]
pub enum Problem {
    Unreadable,
    Missing,
    Unlinked,
    Changed,
    Cut,
    /// The end is not known.
    End,
    /// It joins on, but to an end that had to be made up: what came before may be gone.
    Restarted,
}

impl Problem {
    fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Unlinked => "unlinked",
            Self::Changed => "changed",
            Self::Cut => "cut",
            Self::End => "end",
            Self::Restarted => "restarted",
        }
    }
}

/// What a log is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub entries: usize,
    /// Numbers of the first entry and of the last one that joins on.
    pub from: usize,
    pub to: usize,
    /// At which entry.
    pub problem: Option<(usize, Problem)>,
}

impl Verdict {
    /// As it crosses: `Verdict` in `www/vault/types.js`.
    pub fn crossing(&self) -> String {
        let problem = self.problem.map(|(seq, problem)| {
            let mut told = Written::default();
            told.put_count("seq", seq);
            told.put("code", &quoted(problem.name()));
            told.done()
        });
        let mut verdict = Written::default();
        verdict.put("ok", if problem.is_none() { "true" } else { "false" });
        for (name, number) in [("entries", self.entries), ("from", self.from), ("to", self.to)] {
            verdict.put_count(name, number);
        }
        verdict.put("problem", problem.as_deref().unwrap_or("null"));
        verdict.done()
    }
}

/// `entries`: a list of them, oldest first, and null for one that cannot be read.
pub fn verify(head: &str, entries: &str) -> Option<Verdict> {
    let head = Head::of(head)?;
    let json = Json::read(entries)?;
    let entries = json.list()?;
    let verdict = chained(&head.anchor, entries, (!head.is_lost).then_some(&head.last))?;
    let problem = verdict.problem.or_else(|| {
        let is_restart = |entry: &&Json| entry.get("event").and_then(Json::text) == Some("log_restarted");
        if head.is_lost {
            return Some((verdict.to + 1, Problem::End));
        }
        Some((entries.iter().find(is_restart)?.get("seq")?.count()?, Problem::Restarted))
    });
    Some(Verdict { problem, ..verdict })
}

/// `anchor`: what the first entry must join on; `last`: what the last one must be, if that is known. None where one is no entry at all.
fn chained(anchor: &Link, entries: &[Json], last: Option<&Link>) -> Option<Verdict> {
    let mut before = anchor.clone();
    let mut problem = None;
    for entry in entries {
        let seq = before.seq + 1;
        if !entry.is_null() && !ENTRY.fits(entry) {
            return None;
        }
        let raw = |name: &str| entry.get(name).map(|value| value.raw);
        let found = if entry.is_null() {
            Some(Problem::Unreadable)
        } else if entry.get("seq").and_then(Json::count) != Some(seq) {
            Some(Problem::Missing)
        } else if raw("previous") != Some(before.hash.as_str()) {
            Some(Problem::Unlinked)
        } else if raw("hash") != hash_of(entry).as_deref() {
            Some(Problem::Changed)
        } else {
            None
        };
        if let Some(found) = found {
            problem = Some((seq, found));
            break;
        }
        before = Link::of(entry)?;
    }
    if problem.is_none() && last.is_some_and(|last| *last != before) {
        problem = Some((before.seq + 1, Problem::Cut));
    }
    Some(Verdict { entries: entries.len(), from: anchor.seq + 1, to: before.seq, problem })
}

/// A log that whoever has SHA-256 can check, as JSON. `vault`: the vault's id, and `time`, both as JSON; `entries` as for [`verify`], those that cannot be read are left out.
pub fn export(vault: &str, time: &str, head: &str, entries: &str) -> Option<String> {
    let head = Json::read(head)?;
    let entries = Json::read(entries)?;
    let mut readable = String::new();
    for entry in entries.list()?.iter().filter(|entry| !entry.is_null()) {
        let before = if readable.is_empty() { "[" } else { "," };
        put(&mut readable, &[before, entry.raw]);
    }
    readable.push_str(if readable.is_empty() { "[]" } else { "]" });
    let mut out = Written::default();
    out.put("format", &quoted(EXPORT_FORMAT));
    out.put("version", "1");
    out.put("vault", vault);
    out.put("exported", time);
    out.put("anchor", head.get("anchor")?.raw);
    out.put("entries", &readable);
    Some(out.done())
}

/// What an exported log is worth.
pub fn verify_export(text: &str) -> Result<Verdict, Fault> {
    exported(text).ok_or(Fault::LogDamaged)
}

fn exported(text: &str) -> Option<Verdict> {
    let json = Json::read(text)?;
    let is_ours = json.get("format")?.text() == Some(EXPORT_FORMAT) && json.get("version")?.count() == Some(1);
    if !is_ours {
        return None;
    }
    chained(&Link::of(json.get("anchor")?)?, json.get("entries")?.list()?, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grow(head: &str, happenings: &str) -> Grown {
        grown(head, happenings, "1700000000000", MOST, None, None).unwrap()
    }

    /// A log with so many entries, and its head.
    fn log(count: usize) -> (String, Vec<String>) {
        let (mut head, mut entries) = (first(), Vec::new());
        for i in 0..count {
            let subject = if i % 2 == 0 { "null" } else { "\"some-id\"" };
            let (event, _) = EVENTS[i % (EVENTS.len() - 1)];
            let grown = grow(&head, &format!("[{{\"event\":\"{event}\",\"subject\":{subject},\"detail\":{{\"people\":{i}}}}}]"));
            head = grown.head;
            entries.extend(grown.entries);
        }
        (head, entries)
    }

    fn listed<S: AsRef<str>>(entries: &[S]) -> String {
        ["[", &entries.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(","), "]"].concat()
    }

    fn verified<S: AsRef<str>>(head: &str, entries: &[S]) -> Option<(usize, Problem)> {
        verify(head, &listed(entries)).unwrap().problem
    }

    fn part(json: &str, name: &str) -> String {
        Json::read(json).unwrap().get(name).unwrap().raw.to_owned()
    }

    #[test]
    fn an_entry_and_a_head_are_written_as_releases_in_javascript_wrote_them() {
        let detail = "{\"people\":3,\"added\":2,\"rule\":\"skip\",\"on\":true,\"share\":0.25}";
        let grown = grow(
            &first(),
            &format!("[{{\"event\":\"imported\",\"subject\":null,\"detail\":{detail}}},{{\"event\":\"settings_changed\"}}]"),
        );
        let hashed = format!(
            "[1,1700000000000,\"imported\",null,[[\"added\",2],[\"on\",true],[\"people\",3],[\"rule\",\"skip\"],[\"share\",0.25]],{NOTHING}]"
        );
        let hash = sha256(hashed.as_bytes());
        assert_eq!(
            grown.entries[0],
            format!(
                "{{\"seq\":1,\"time\":1700000000000,\"event\":\"imported\",\"subject\":null,\"detail\":{detail},\"previous\":{NOTHING},\"hash\":\"{hash}\"}}"
            )
        );
        let second = sha256(format!("[2,1700000000000,\"settings_changed\",null,[],\"{hash}\"]").as_bytes());
        assert!(grown.entries[1].ends_with(&format!("\"subject\":null,\"detail\":{{}},\"previous\":\"{hash}\",\"hash\":\"{second}\"}}")));
        assert_eq!(
            grown.head,
            format!(
                "{{\"version\":1,\"last\":{{\"seq\":2,\"hash\":\"{second}\"}},\"anchor\":{{\"seq\":0,\"hash\":{NOTHING}}},\"entries\":2,\"lastBackup\":null,\"changes\":1}}"
            )
        );
    }

    #[test]
    fn an_untouched_log_verifies() {
        let (head, entries) = log(70);
        assert_eq!(verify(&head, &listed(&entries)), Some(Verdict { entries: 70, from: 1, to: 70, problem: None }));
        assert_eq!(verified::<&str>(&first(), &[]), None);
        assert_eq!(
            Verdict { entries: 2, from: 1, to: 2, problem: None }.crossing(),
            "{\"ok\":true,\"entries\":2,\"from\":1,\"to\":2,\"problem\":null}"
        );
        assert_eq!(
            Verdict { entries: 2, from: 1, to: 1, problem: Some((2, Problem::Changed)) }.crossing(),
            "{\"ok\":false,\"entries\":2,\"from\":1,\"to\":1,\"problem\":{\"seq\":2,\"code\":\"changed\"}}"
        );
    }

    #[test]
    fn whatever_is_changed_in_it_the_place_is_named() {
        let (head, entries) = log(10);
        for (from, to) in [
            ("1700000000000", "1"),
            ("\"enrolled\"", "\"matched\""),
            ("\"some-id\"", "\"another\""),
            ("\"people\":3", "\"people\":99"),
            ("\"people\"", "\"peoples\""),
        ] {
            let mut changed = entries.clone();
            changed[3] = changed[3].replace(from, to);
            assert_ne!(changed[3], entries[3], "{from}");
            assert_eq!(verified(&head, &changed), Some((4, Problem::Changed)), "{to}");
        }
        let mut changed = entries.clone();
        changed[3] = changed[3].replace(&part(&entries[3], "hash"), NOTHING);
        assert_eq!(verified(&head, &changed), Some((4, Problem::Changed)));
        changed[3] = entries[3].replace(&part(&entries[3], "previous"), NOTHING);
        assert_eq!(verified(&head, &changed), Some((4, Problem::Unlinked)));
    }

    #[test]
    fn an_entry_left_out_moved_unreadable_or_cut_off_at_the_end_is_noticed() {
        let (head, entries) = log(10);
        let mut left_out = entries.clone();
        left_out.remove(6);
        assert_eq!(verified(&head, &left_out), Some((7, Problem::Missing)));
        let mut swapped = entries.clone();
        swapped.swap(2, 3);
        assert_eq!(verified(&head, &swapped), Some((3, Problem::Missing)));
        let mut unreadable = entries.clone();
        unreadable[1] = "null".to_owned();
        assert_eq!(verified(&head, &unreadable), Some((2, Problem::Unreadable)));
        assert_eq!(verified(&head, &entries[..8]), Some((9, Problem::Cut)));
        assert_eq!(verified(&head, &entries[1..]), Some((1, Problem::Missing)));
    }

    #[test]
    fn whoever_writes_an_entry_anew_has_to_write_all_later_ones_and_then_misses_the_sealed_end() {
        let (head, _) = log(5);
        let forged = grow(&first(), &listed(&["{\"event\":\"matched\",\"subject\":\"nobody\"}"; 5]));
        assert_eq!(verified(&forged.head, &forged.entries), None);
        assert_eq!(verified(&head, &forged.entries), Some((6, Problem::Cut)));
    }

    #[test]
    fn over_the_cap_a_fifth_of_it_goes_and_what_is_left_verifies_from_its_anchor() {
        assert_eq!([to_drop(5000, 5000), to_drop(5001, 5000), to_drop(11, 10), to_drop(8, 7)], [0, 1001, 3, 3]);
        let (head, mut entries) = log(10);
        assert_eq!((rotation(&head, 0, 10), rotation(&head, 1, 10)), (None, Some(3)));
        let happened = "[{\"event\":\"locked\"}]";
        let after = Some(entries[3].as_str());
        let whole = grown(&head, happened, "1", 10, Some(&entries[2]), after).unwrap();
        assert_eq!(grown(&head, happened, "1", 10, None, after).unwrap(), whole, "the one behind it knows its hash");
        let rotated = whole.entries.last().unwrap();
        assert_eq!(part(rotated, "event"), "\"log_rotated\"");
        assert_eq!(part(rotated, "detail"), format!("{{\"through\":3,\"hash\":{}}}", part(&entries[2], "hash")));
        assert_eq!(
            (part(&whole.head, "anchor"), part(&whole.head, "entries")),
            (format!("{{\"seq\":3,\"hash\":{}}}", part(&entries[2], "hash")), "9".to_owned())
        );
        entries.extend(whole.entries);
        assert_eq!(verify(&whole.head, &listed(&entries[3..])), Some(Verdict { entries: 9, from: 4, to: 12, problem: None }));
        let unknown = grown(&head, happened, "1", 10, None, None).unwrap();
        assert_eq!(verified(&unknown.head, &entries[3..]), Some((4, Problem::Unlinked)));
    }

    #[test]
    fn of_more_happenings_at_once_than_are_kept_the_newest_stay_and_verify() {
        let (head, mut entries) = log(2);
        let grown = grown(&head, &listed(&["{\"event\":\"erased\"}"; 30]), "1", 10, None, None).unwrap();
        entries.extend(grown.entries);
        assert_eq!(part(&grown.head, "entries"), "9");
        assert_eq!(verify(&grown.head, &listed(&entries[24..])), Some(Verdict { entries: 9, from: 25, to: 33, problem: None }));
    }

    #[test]
    fn a_log_whose_head_is_lost_goes_on_behind_its_highest_number_and_the_break_shows() {
        let (_, mut entries) = log(4);
        let made_up = lost(1, 4, 4);
        assert_eq!(verified(&made_up, &entries), Some((5, Problem::End)));
        let grown = grow(&made_up, "[{\"event\":\"pin_set\"}]");
        assert_eq!(grown.entries.iter().map(|entry| part(entry, "event")).collect::<Vec<_>>(), ["\"log_restarted\"", "\"pin_set\""]);
        assert!(!grown.head.contains("lost"));
        assert_eq!((part(&grown.head, "entries"), part(&grown.head, "changes")), ("6".to_owned(), "1".to_owned()));
        entries.extend(grown.entries);
        assert_eq!(verified(&grown.head, &entries), Some((5, Problem::Unlinked)));
        let empty = grow(&lost(1, 0, 0), "[]");
        assert_eq!(verified(&empty.head, &empty.entries), Some((1, Problem::Restarted)));
    }

    #[test]
    fn what_a_backup_does_not_hold_is_counted_until_the_next_and_tabs_are_told_what_changed() {
        let after = |events: &[&str]| {
            let happenings: Vec<_> = events.iter().map(|event| format!("{{\"event\":\"{event}\"}}")).collect();
            let grown = grow(&first(), &listed(&happenings));
            (part(&grown.head, "changes"), part(&grown.head, "lastBackup"), grown.what)
        };
        let told = |changes: &str, backup: &str, what| (changes.to_owned(), backup.to_owned(), what);
        assert_eq!(after(&["enrolled", "changed", "matched", "settings_changed"]), told("2", "null", "people"));
        assert_eq!(after(&["enrolled", "exported", "erased"]), told("1", "1700000000000", "people"));
        assert_eq!(after(&["protection_renewed"]), told("0", "null", "people"));
        assert_eq!(after(&["settings_changed", "locked"]), told("0", "null", "settings"));
        assert_eq!(after(&["matched"]), told("0", "null", "log"));
        assert_eq!(after(&[]), told("0", "null", "log"));
    }

    #[test]
    fn no_name_can_get_into_the_log_nor_an_event_that_does_not_exist() {
        for bad in [
            "[{\"event\":\"enrolled\",\"detail\":{\"who\":\"Anna M\\u00fcller\"}}]",
            "[{\"event\":\"enrolled\",\"detail\":{\"who\":null}}]",
            "[{\"event\":\"enrolled\",\"detail\":[]}]",
            "[{\"event\":\"enrolled\",\"subject\":5}]",
            "[{\"event\":\"sold\"}]",
            "[{}]",
            "[5]",
            "{}",
            "",
        ] {
            assert_eq!(grown(&first(), bad, "1", MOST, None, None), Err(Fault::BadSetting), "{bad}");
        }
        assert_eq!(grown(&first(), "[{\"event\":\"locked\"}]", "{}", MOST, None, None), Err(Fault::BadSetting), "no time");
    }

    #[test]
    fn records_of_heads_and_entries_are_told_from_damage_and_from_a_later_releases() {
        let (written, entries) = log(3);
        assert_eq!(head(written.as_bytes()).unwrap(), written.replace("\"version\":1,", ""));
        // Before heads said their version, and with what later ones of it may say.
        assert_eq!(head(written.replace("\"version\":1,", "\"lost\":true,").as_bytes()), head(written.as_bytes()));
        assert_eq!(head(written.replace("\"version\":1,", "\"version\":2,").as_bytes()), Err(Fault::StorageNewer));
        for damaged in ["", "5", "{}", &written.replace("\"entries\":3", "\"entries\":-3"), &written.replace("\"last\"", "\"end\"")] {
            assert_eq!(head(damaged.as_bytes()), Err(Fault::RecordDamaged), "{damaged}");
        }
        assert_eq!(entry(entries[1].as_bytes()).unwrap(), entries[1]);
        for damaged in ["", "5", "{}", &entries[1].replace("\"seq\":2", "\"seq\":\"2\""), &entries[1].replace("\"hash\"", "\"hush\"")] {
            assert_eq!(entry(damaged.as_bytes()), Err(Fault::RecordDamaged), "{damaged}");
        }
        assert_eq!(entry(b"{\"seq\":\"\xff\"}"), Err(Fault::RecordDamaged));
    }

    #[test]
    fn an_exported_log_can_be_checked_by_whoever_gets_it() {
        let (head, mut entries) = log(6);
        let text = export("\"vault\"", "17", &head, &listed(&entries)).unwrap();
        assert!(text.starts_with(&format!("{{\"format\":\"brow-audit-log\",\"version\":1,\"vault\":\"vault\",\"exported\":17,\"anchor\":{{\"seq\":0,\"hash\":{NOTHING}}},\"entries\":[{{\"seq\":1,")));
        assert_eq!(verify_export(&text), Ok(Verdict { entries: 6, from: 1, to: 6, problem: None }));
        let laid_out = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
        assert_eq!(verify_export(&laid_out), verify_export(&text));
        assert_eq!(verify_export(&text.replace("\"people\":3", "\"people\":4")).unwrap().problem, Some((4, Problem::Changed)));
        entries[2] = "null".to_owned();
        let without = export("\"vault\"", "17", &head, &listed(&entries)).unwrap();
        assert_eq!(verify_export(&without).unwrap().problem, Some((3, Problem::Missing)));
        for none in [
            "{}",
            "not json",
            &text.replace("\"version\":1", "\"version\":2"),
            &text.replace("brow-", "crow-"),
            &text.replace("\"seq\":0", "\"x\":0"),
            &text.replace("\"event\"", "\"evening\""),
        ] {
            assert_eq!(verify_export(none), Err(Fault::LogDamaged), "{none}");
        }
    }

    #[test]
    fn fields_of_a_detail_are_hashed_in_the_order_in_which_javascript_has_texts() {
        // Half of the first letter is smaller than the second; as a whole it is larger.
        let entry = |detail: &str| {
            format!("{{\"seq\":1,\"time\":1,\"event\":\"locked\",\"subject\":null,\"detail\":{detail},\"previous\":{NOTHING}}}")
        };
        let hash = |detail: &str| hash_of(&Json::read(&entry(detail)).unwrap()).unwrap();
        let expected = sha256(format!("[1,1,\"locked\",null,[[\"🙂\",1],[\"\u{ff5e}\",2]],{NOTHING}]").as_bytes());
        assert_eq!(hash("{\"\u{ff5e}\":2,\"🙂\":1}"), format!("\"{expected}\""));
        assert_eq!(hash("{\"🙂\":1,\"\u{ff5e}\":2}"), format!("\"{expected}\""));
    }

    proptest! {
        #[test]
        fn however_a_log_grows_what_is_left_of_it_verifies(steps in proptest::collection::vec(0_usize..20, 1..30), most in 2_usize..12) {
            let (mut head, mut entries): (_, Vec<String>) = (first(), Vec::new());
            let mut anchor = 0;
            for happenings in steps {
                let through = rotation(&head, happenings, most);
                let at = |seq: usize| seq.checked_sub(anchor + 1).and_then(|at| entries.get(at)).map(String::as_str);
                let (dropped, after) = (through.and_then(at), through.and_then(|seq| at(seq + 1)));
                let grown = grown(&head, &listed(&vec!["{\"event\":\"changed\",\"detail\":{\"references\":1}}"; happenings]), "1", most, dropped, after).unwrap();
                head = grown.head;
                entries.extend(grown.entries);
                if let Some(through) = through {
                    entries.drain(..through - anchor);
                    anchor = through;
                }
                let verdict = verify(&head, &listed(&entries)).unwrap();
                prop_assert_eq!(verdict.problem, None);
                prop_assert_eq!((verdict.from, part(&head, "entries")), (anchor + 1, entries.len().to_string()));
                prop_assert!(entries.len() <= most + 1);
            }
        }

        #[test]
        fn nothing_makes_reading_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".*") {
            let _ = (head(&bytes), entry(&bytes), verify_export(&text), verify(&first(), &text), rotation(&text, 1, 5));
            let _ = grown(&text, &text, &text, 5, Some(&text), Some(&text));
        }
    }
}
