//! What is shown of a list, and found in it.

use super::places::Places;
use super::{checked, desk, guests, opened};
use crate::json::{Json, Written};
use crate::vault::Fault;

/// So many rows are shown at once; a search finds the others.
const SHOWN: usize = 200;
/// Characters of an id.
const ID: usize = 36;
/// Between the guests in what is searched.
const END: char = '\u{1e}';

/// A list, opened to be looked at.
#[derive(Debug)]
pub struct Book {
    record: Vec<u8>,
    /// What is searched of each guest, in letters as they are searched for.
    folded: Option<String>,
}

/// Which of the guests are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "GuestFilter", rename_all = "snake_case"))]
pub enum Filter {
    All,
    /// Not arrived yet.
    Expected,
    /// Seen by the camera, and the desk has to say that they arrived.
    Confirm,
    /// Whoever cannot be recognised.
    Unknown,
    /// Of those, whoever lacks nothing but a photo.
    Photo,
}

impl Filter {
    /// Everybody where nobody defined it.
    pub fn parse(name: &str) -> Self {
        match name {
            "expected" => Self::Expected,
            "confirm" => Self::Confirm,
            "unknown" => Self::Unknown,
            "photo" => Self::Photo,
            _ => Self::All,
        }
    }

    fn takes(self, guest: &Json, is_known: bool) -> bool {
        match self {
            Self::All => true,
            Self::Expected => !has(guest, "arrived"),
            Self::Confirm => !has(guest, "arrived") && has(guest, "seen"),
            Self::Unknown => !is_known,
            Self::Photo => !is_known && matches!(guest.get("problem").and_then(Json::text), Some("none" | "missing")),
        }
    }
}

fn has(guest: &Json, name: &str) -> bool {
    guest.get(name).is_some_and(|value| !value.is_null())
}

/// How a guest stands with whoever is enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Enrolled,
    /// With networks of an earlier release.
    Again,
}

/// Whoever is enrolled.
pub struct Enrolled(Places<Standing>);

impl Enrolled {
    /// `enrolled`, `again`: ids, one behind the other, of whoever can be recognised and of whoever has to be enrolled again.
    pub fn new(enrolled: &str, again: &str) -> Self {
        let enrolled = parted(enrolled).map(|id| (id, Standing::Enrolled));
        Self(Places::new(enrolled.chain(parted(again).map(|id| (id, Standing::Again)))))
    }

    fn has(&self, guest: &Json) -> bool {
        self.standing(guest) == Some(Standing::Enrolled)
    }

    fn standing(&self, guest: &Json) -> Option<Standing> {
        self.0.find(guest.get("id")?.text()?).copied()
    }

    /// What is said of a guest's recognition, as JSON: `enrolled`, `again`, or why not.
    fn said<'a>(&self, guest: &Json<'a>) -> &'a str {
        match self.standing(guest) {
            Some(Standing::Enrolled) => "\"enrolled\"",
            Some(Standing::Again) => "\"again\"",
            None => guest.get("problem").map_or("null", |problem| problem.raw),
        }
    }
}

fn parted(ids: &str) -> impl Iterator<Item = &str> {
    (0..ids.len() / ID).filter_map(|at| ids.get(at * ID..(at + 1) * ID))
}

impl Book {
    pub fn new(record: Vec<u8>) -> Result<Self, Fault> {
        checked(&opened(&record)?).ok_or(Fault::BadGuests)?;
        Ok(Self { record, folded: None })
    }

    /// The guests whom a search and a filter find, as JSON: how many are on the list (`all`), have `arrived`, and can be recognised (`enrolled`); how
    /// many are `found`, and the first of them, `rows` of `{id, name, company, arrived, seen, state}`. `wanted`: letters as they are searched for, which
    /// `fold` makes of any.
    pub fn view(&mut self, wanted: &str, filter: Filter, enrolled: &Enrolled, fold: impl FnOnce(&str) -> String) -> Result<String, Fault> {
        let list = opened(&self.record)?;
        let guests = guests(&list);
        let folded: Vec<_> = match wanted {
            "" => Vec::new(),
            _ => self.folded.get_or_insert_with(|| fold(&searched(guests))).split(END).collect(),
        };
        let mut counts = [0; 3];
        let mut rows = Vec::new();
        for (at, guest) in guests.iter().enumerate() {
            let is_known = enrolled.has(guest);
            counts[0] += usize::from(has(guest, "arrived"));
            counts[1] += usize::from(is_known);
            if filter.takes(guest, is_known) && (wanted.is_empty() || folded.get(at).is_some_and(|text| text.contains(wanted))) {
                counts[2] += 1;
                if rows.len() < SHOWN {
                    rows.push(row(guest, &["id", "name", "company", "arrived", "seen"], enrolled));
                }
            }
        }
        let mut view = Written::default();
        view.put_count("all", guests.len());
        for (name, count) in ["arrived", "enrolled", "found"].into_iter().zip(counts) {
            view.put_count(name, count);
        }
        view.put("rows", &listed(&rows));
        Ok(view.done())
    }

    /// Everybody as they are enrolled from photos, as JSON: `{id, line, name, photo, state}` each.
    pub fn everybody(&self, enrolled: &Enrolled) -> Result<String, Fault> {
        let list = opened(&self.record)?;
        let rows: Vec<_> = guests(&list).iter().map(|guest| row(guest, &["id", "line", "name", "photo"], enrolled)).collect();
        Ok(listed(&rows))
    }

    /// What the list knows of its days, as JSON: when guests came, and by whom they were marked, how many are `expected`, and the counts of the `desk`.
    pub fn times(&self) -> Result<String, Fault> {
        let list = opened(&self.record)?;
        let guests = guests(&list);
        let came = guests.iter().filter(|guest| has(guest, "arrived"));
        let rows: Vec<_> = came.map(|guest| fields(guest, &["arrived", "by"]).done()).collect();
        let mut times = Written::default();
        times.put_count("expected", guests.len());
        times.put("guests", &listed(&rows));
        times.put("desk", &listed(&desk(&list).iter().map(|count| count.raw.to_owned()).collect::<Vec<_>>()));
        Ok(times.done())
    }
}

fn fields(guest: &Json, names: &[&str]) -> Written {
    let mut row = Written::default();
    for name in names {
        row.put(name, guest.get(name).map_or("null", |value| value.raw));
    }
    row
}

fn row(guest: &Json, names: &[&str], enrolled: &Enrolled) -> String {
    let mut row = fields(guest, names);
    row.put("state", enrolled.said(guest));
    row.done()
}

fn listed(rows: &[String]) -> String {
    ["[", &rows.join(","), "]"].concat()
}

/// What is searched of each guest.
fn searched(guests: &[Json]) -> String {
    let mut all = String::new();
    for guest in guests {
        for name in ["name", "company", "email", "ref"] {
            // A sign that parts guests from each other is none of theirs.
            all.extend(guest.get(name).and_then(Json::text).unwrap_or_default().chars().filter(|letter| *letter != END));
            all.push('\n');
        }
        all.push(END);
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::change;
    use super::*;

    fn id(number: usize) -> String {
        format!("00000000-0000-4000-8000-{number:012}")
    }

    /// A list of guests by name, company, problem, and when they arrived and were seen.
    fn book(guests: &[(&str, &str, &str, &str, &str)]) -> Book {
        let guests: Vec<_> = guests
            .iter()
            .enumerate()
            .map(|(i, (name, company, problem, arrived, seen))| {
                format!(
                    "{{\"id\":\"{}\",\"line\":{},\"name\":{},\"email\":\"e{i}@x\",\"ref\":\"R{i}\",\"company\":\"{company}\",\"photo\":\"{i}.jpg\",\"host\":\"\",\
                     \"problem\":{problem},\"arrived\":{arrived},\"seen\":{seen},\"by\":null}}",
                    id(i),
                    i + 2,
                    serde_json::to_string(name).unwrap(),
                )
            })
            .collect();
        let set = format!(
            "{{\"set\":{{\"name\":\"\",\"created\":1,\"guests\":[{}],\"desk\":[{{\"hour\":5,\"why\":\"unsure\",\"count\":3}}]}}}}",
            guests.join(",")
        );
        Book::new(change(None, &set).unwrap().unwrap().record).unwrap()
    }

    fn some() -> Book {
        book(&[
            ("Ada", "Sample", "null", "7", "9"),
            ("Bj\u{f6}rk", "", "\"none\"", "null", "8"),
            ("Cid", "Sample", "\"no_face\"", "null", "null"),
            ("Dora", "", "\"missing\"", "null", "null"),
        ])
    }

    fn fold(text: &str) -> String {
        text.to_lowercase().replace('\u{f6}', "o")
    }

    fn shown(book: &mut Book, wanted: &str, filter: &str, enrolled: &Enrolled) -> (Vec<String>, Vec<usize>) {
        let view = book.view(wanted, Filter::parse(filter), enrolled, fold).unwrap();
        let view = Json::read(&view).unwrap();
        let rows = view.get("rows").unwrap().list().unwrap();
        let rows = rows.iter().map(|row| ["name", "state"].map(|name| row.get(name).unwrap().text().unwrap_or("-").to_owned()).join(" "));
        (rows.collect(), ["all", "arrived", "enrolled", "found"].map(|name| view.get(name).unwrap().count().unwrap()).to_vec())
    }

    #[test]
    fn filters_show_whom_they_name() {
        let enrolled = Enrolled::new(&id(0), &id(2));
        for (filter, names) in [
            ("all", &["Ada enrolled", "Bj\u{f6}rk none", "Cid again", "Dora missing"][..]),
            ("expected", &["Bj\u{f6}rk none", "Cid again", "Dora missing"]),
            ("confirm", &["Bj\u{f6}rk none"]),
            ("unknown", &["Bj\u{f6}rk none", "Cid again", "Dora missing"]),
            ("photo", &["Bj\u{f6}rk none", "Dora missing"]),
        ] {
            assert_eq!(
                shown(&mut some(), "", filter, &enrolled),
                (names.iter().map(|name| (*name).to_owned()).collect(), vec![4, 1, 1, names.len()]),
                "{filter}"
            );
        }
    }

    #[test]
    fn a_search_looks_into_name_company_address_and_reference_and_nowhere_else() {
        let nobody = Enrolled::new("", "");
        for (wanted, names) in [
            ("bjork", &["Bj\u{f6}rk none"][..]),
            ("sample", &["Ada -", "Cid no_face"]),
            ("e3@", &["Dora missing"]),
            ("r2", &["Cid no_face"]),
            ("jpg", &[]),
            ("adasample", &[]),
        ] {
            assert_eq!(shown(&mut some(), wanted, "all", &nobody).0, names, "{wanted}");
        }
        assert_eq!(shown(&mut some(), "a", "expected", &nobody).0, ["Cid no_face", "Dora missing"]);
    }

    #[test]
    fn two_hundred_rows_are_shown_and_all_are_counted() {
        let many = vec![("Ada", "", "null", "1", "1"); 203];
        let all: String = (0..203).map(id).collect();
        let (rows, counts) = shown(&mut book(&many), "", "all", &Enrolled::new(&all, ""));
        assert_eq!((rows.len(), counts), (200, vec![203, 203, 203, 203]));
    }

    #[test]
    fn who_is_enrolled_from_photos_and_what_the_day_was_are_told() {
        let book = some();
        let all = book.everybody(&Enrolled::new("", &id(1))).unwrap();
        let all = Json::read(&all).unwrap();
        assert_eq!(all.list().unwrap().len(), 4);
        assert_eq!(
            all.list().unwrap()[1].raw,
            format!("{{\"id\":\"{}\",\"line\":3,\"name\":\"Bj\u{f6}rk\",\"photo\":\"1.jpg\",\"state\":\"again\"}}", id(1))
        );
        assert_eq!(
            book.times().unwrap(),
            "{\"expected\":4,\"guests\":[{\"arrived\":7,\"by\":null}],\"desk\":[{\"hour\":5,\"why\":\"unsure\",\"count\":3}]}"
        );
    }

    #[test]
    fn a_record_that_cannot_be_read_is_no_book() {
        assert_eq!(Book::new(b"{}".to_vec()).unwrap_err(), Fault::BadGuests);
        assert_eq!(Book::new(b"x".to_vec()).unwrap_err(), Fault::RecordDamaged);
        assert_eq!(Book::new(b"{\"version\":9}".to_vec()).unwrap_err(), Fault::StorageNewer);
    }

    proptest! {
        #[test]
        fn whoever_is_searched_for_by_their_own_name_is_found(names in proptest::collection::vec("[^\u{1e}]{1,20}", 1..9), which in any::<prop::sample::Index>()) {
            let guests: Vec<_> = names.iter().map(|name| (name.as_str(), "", "null", "null", "null")).collect();
            let name: &String = which.get(names.as_slice());
            let wanted = fold(name);
            let (rows, counts) = shown(&mut book(&guests), &wanted, "all", &Enrolled::new("", ""));
            let row = format!("{name} -");
            prop_assert!(rows.contains(&row));
            let expected = names.iter().filter(|name| fold(name).contains(&wanted)).count();
            prop_assert!(counts[3] >= expected);
        }
    }
}
