//! What becomes of people's records where two are made one, or a view of somebody is erased.

use super::Fault;
use super::guests::is_expected;
use crate::json::{Json, Written, put};

/// What becomes of two people's records (JSON as for [`super::record::check`]) who are one person, as JSON: `{kept, picture, name, consent, expires, groups, note}`.
/// `kept`: the id that stays, of two that whose row stands on the list of expected people, `guests` its record; `picture`: `first` or `second`. The views of both stay, and
/// all else is the first one's.
pub fn joined(first: &str, second: &str, guests: Option<&[u8]>) -> Result<String, Fault> {
    let people = [first, second].map(Json::read);
    let [Some(first), Some(second)] = &people else { return Err(Fault::BadPerson) };
    let get = |name| first.get(name).ok_or(Fault::BadPerson);
    let [one, other] = [first, second].map(|person| person.get("id").and_then(Json::text).unwrap_or_default());
    let stays = if is_expected(guests, other) && !is_expected(guests, one) { second } else { first };
    let mut joined = Written::default();
    joined.put("kept", stays.get("id").ok_or(Fault::BadPerson)?.raw);
    joined.put("picture", if get("pictureBytes")?.is_null() { "\"second\"" } else { "\"first\"" });
    joined.put("name", get("name")?.raw);
    joined.put("consent", get("consent")?.raw);
    joined.put("expires", earlier(first.get("expires"), second.get("expires")));
    joined.put("groups", &together(first, second));
    joined.put("note", &beneath(first.get("note"), second.get("note")));
    Ok(joined.done())
}

/// The earlier date was promised to somebody.
fn earlier<'a>(one: Option<&Json<'a>>, other: Option<&Json<'a>>) -> &'a str {
    let dates = [one, other].map(|date| date.and_then(|date| Some((date.number()?, date.raw))));
    match dates {
        [Some(one), Some(other)] if other.0 < one.0 => other.1,
        [Some((_, raw)), _] | [None, Some((_, raw))] => raw,
        [None, None] => "null",
    }
}

/// The groups of both, each once.
fn together(first: &Json, second: &Json) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut groups = String::from("[");
    for group in [first, second].into_iter().filter_map(|person| person.get("groups")?.list()).flatten() {
        let name = group.text().unwrap_or_default();
        if !known.contains(&name) {
            put(&mut groups, &[if known.is_empty() { "" } else { "," }, group.raw]);
            known.push(name);
        }
    }
    groups + "]"
}

/// The notes of both, a line each.
fn beneath(first: Option<&Json>, second: Option<&Json>) -> String {
    let notes = [first, second].map(|note| note.filter(|note| note.text().is_some()).map_or("\"\"", |note| note.raw));
    let inner = notes.map(|raw| &raw[1..raw.len() - 1]);
    let between = if inner.contains(&"") { "" } else { "\\n" };
    ["\"", inner[0], between, inner[1], "\""].concat()
}

/// Whether a view of somebody may be erased: it is still where it was seen, and not their only one. `time`: its own, as JSON.
pub fn may_forget(person: &str, view: usize, time: f64) -> bool {
    let person = Json::read(person);
    let views = person.as_ref().and_then(|person| person.get("references")?.list()).unwrap_or_default();
    views.len() > 1 && views.get(view).and_then(|view| view.get("time")?.number()) == Some(time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: usize) -> String {
        format!("00000000-0000-4000-8000-{number:012}")
    }

    fn person(number: usize, rest: &str) -> String {
        format!("{{\"id\":\"{}\",\"name\":\"N{number}\",\"consent\":{{\"text\":\"C{number}\"}},{rest}}}", id(number))
    }

    /// The record of a list with these on it.
    fn list(numbers: &[usize]) -> Vec<u8> {
        let guests: Vec<_> = numbers.iter().map(|number| format!("{{\"id\":\"{}\"}}", id(*number))).collect();
        format!("{{\"version\":1,\"guests\":[{}]}}", guests.join(",")).into_bytes()
    }

    fn of(joined: &str, name: &str) -> String {
        Json::read(joined).unwrap().get(name).unwrap().raw.to_owned()
    }

    const BARE: &str = "\"expires\":null,\"pictureBytes\":null";

    #[test]
    fn the_first_ones_name_and_words_stay_and_the_row_of_the_list() {
        let join = |guests: Option<&[u8]>| joined(&person(1, BARE), &person(2, BARE), guests).unwrap();
        for (guests, kept) in [(None, 1), (Some(vec![]), 1), (Some(vec![1]), 1), (Some(vec![2]), 2), (Some(vec![1, 2]), 1)] {
            let record = guests.map(|numbers| list(&numbers));
            let joined = join(record.as_deref());
            assert_eq!(
                ["kept", "name", "consent"].map(|name| of(&joined, name)),
                [format!("\"{}\"", id(kept)), "\"N1\"".into(), "{\"text\":\"C1\"}".into()]
            );
        }
        assert_eq!(of(&join(Some(b"x")), "kept"), format!("\"{}\"", id(1)), "a list that cannot be read is none");
    }

    #[test]
    fn the_earlier_date_the_groups_and_notes_of_both_and_a_picture_stay() {
        let join = |first: &str, second: &str| {
            let joined = joined(&person(1, first), &person(2, second), None).unwrap();
            ["expires", "groups", "note", "picture"].map(|name| of(&joined, name)).join(" ")
        };
        assert_eq!(join(BARE, BARE), "null [] \"\" \"second\"");
        assert_eq!(
            join(
                "\"expires\":9,\"groups\":[\"a\",\"b\"],\"note\":\"x\\\"\",\"pictureBytes\":5",
                "\"expires\":7,\"groups\":[\"\\u0062\",\"c\"],\"note\":\"y\",\"pictureBytes\":6"
            ),
            "7 [\"a\",\"b\",\"c\"] \"x\\\"\\ny\" \"first\""
        );
        assert_eq!(
            join("\"expires\":7,\"note\":\"x\",\"pictureBytes\":null", "\"expires\":9,\"pictureBytes\":null"),
            "7 [] \"x\" \"second\""
        );
        assert_eq!(join(BARE, "\"expires\":9,\"note\":\"y\",\"pictureBytes\":1"), "9 [] \"y\" \"second\"");
        assert_eq!(joined("5", &person(2, BARE), None), Err(Fault::BadPerson));
        assert_eq!(joined("x", &person(2, BARE), None), Err(Fault::BadPerson));
    }

    #[test]
    fn a_view_is_forgotten_where_it_was_seen_and_never_the_last() {
        let two = "{\"references\":[{\"time\":5},{\"time\":6}]}";
        for (view, time, may) in [(0, 5.0, true), (1, 6.0, true), (0, 6.0, false), (2, 5.0, false)] {
            assert_eq!(may_forget(two, view, time), may, "{view} {time}");
        }
        assert!(!may_forget("{\"references\":[{\"time\":5}]}", 0, 5.0));
        assert!(!may_forget("{}", 0, 5.0) && !may_forget("", 0, 5.0));
    }

    proptest! {
        #[test]
        fn notes_of_any_letters_are_joined_by_a_line(one in ".{0,20}", other in ".{0,20}") {
            let note = |text: &str| format!("\"expires\":null,\"pictureBytes\":null,\"note\":{}", serde_json::to_string(text).unwrap());
            let joined = joined(&person(1, &note(&one)), &person(2, &note(&other)), None).unwrap();
            let both: Vec<_> = [one, other].into_iter().filter(|text| !text.is_empty()).collect();
            let json = Json::read(&joined).unwrap();
            prop_assert_eq!(json.get("note").unwrap().text().unwrap(), both.join("\n"));
        }
    }
}
