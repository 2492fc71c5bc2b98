//! What is changed of a list. Everything else of it goes on as it is written.

use super::places::Places;
use super::{DESK_MOST, LIST, desk, guests, opened};
use crate::json::{Json, Value, Written};
use crate::vault::Fault;

/// A list after a change.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    pub record: Vec<u8>,
    pub guests: usize,
    pub arrived: usize,
    /// Whether the audit log has a line of it.
    pub is_logged: bool,
    /// What whoever asked for it is told, as JSON.
    pub said: String,
}

impl Changed {
    /// As it crosses to JavaScript: all but the record as JSON, a line's end, and the record.
    pub fn crossing(self) -> Vec<u8> {
        let mut head = Written::default();
        head.put_count("guests", self.guests);
        head.put_count("arrived", self.arrived);
        head.put("logged", if self.is_logged { "true" } else { "false" });
        head.put("said", &self.said);
        let mut bytes = head.done().into_bytes();
        bytes.push(b'\n');
        bytes.extend(self.record);
        bytes
    }
}

/// The list of `record`, if there is one, changed; None where there is nothing to be changed. `change`: an object with one name, as JSON.
///
/// | name | of what | told |
/// |---|---|---|
/// | `set` | another list in its place | |
/// | `import` | the rows of a list that was read, `{name, created, ids, guests}`: an id for each, in their order. It takes the place of the one there is | |
/// | `add` | somebody who was not expected: `{id, name, company, host, problem, arrived, now}`, `arrived` a time or null; where there is no list they begin one | |
/// | `remove` | ids of whoever is expected no more | |
/// | `problems` | by id the code of what kept somebody from being enrolled, or null | |
/// | `seen` | the camera recognised `{id, time, confirm}`; `confirm`: the desk has to say that they arrived | `{first, host}`: when they came first, or null, and whom they visit |
/// | `mark` | staff say that `{id, arrived, now}` is here, or is not | `{arrived, seen, by}` as it was before |
/// | `arrival` | that again: `{id, before}` | |
/// | `desk` | once more in this hour somebody was sent to the desk: `{hour, why}` | |
pub fn change(record: Option<&[u8]>, change: &str) -> Result<Option<Changed>, Fault> {
    let is_damaged = || record.is_some_and(|record| !opened(record).is_ok_and(|list| LIST.fits(&list)));
    match tried(record, change) {
        // A list that cannot be read is none. It is looked into only where nothing came of it: of ten thousand guests that takes a while.
        Err(Fault::BadGuests) if is_damaged() => tried(None, change),
        done => done,
    }
}

fn tried(record: Option<&[u8]>, change: &str) -> Result<Option<Changed>, Fault> {
    let Some(Json { value: Value::Object(mut fields), .. }) = Json::read(change) else { return Err(Fault::BadGuests) };
    let (kind, what) = fields.pop().ok_or(Fault::BadGuests)?;
    let kind = kind.text().ok_or(Fault::BadGuests)?;
    let added;
    let count;
    let mut list = match record.map(opened) {
        // It would be its end.
        Some(Err(Fault::StorageNewer)) => return Err(Fault::StorageNewer),
        read => read.and_then(Result::ok),
    };
    let mut said = "null".to_owned();
    match kind {
        "set" => list = Some(what),
        "import" => list = Some(imported(what)?),
        "add" => {
            added = guest(&what)?;
            let guest = Json::read(&added).ok_or(Fault::BadGuests)?;
            let mut begun = match list {
                Some(list) => list,
                None => {
                    let mut begun = value("{\"name\":\"\",\"guests\":[]}")?;
                    begun.set("created", value(raw(&what, "now")?)?);
                    begun
                }
            };
            begun.items_mut("guests").ok_or(Fault::BadGuests)?.push(guest);
            list = Some(begun);
        }
        "remove" => {
            let Some(guests) = list.as_mut().and_then(|list| list.items_mut("guests")) else { return Ok(None) };
            let ids = Places::new(what.list().unwrap_or_default().iter().filter_map(|id| Some((id.text()?, ()))));
            let before = guests.len();
            guests.retain(|guest| ids.find(id(guest)).is_none());
            if guests.len() == before {
                return Ok(None);
            }
        }
        "problems" => {
            let problems = Places::new(what.fields().iter().filter_map(|(id, code)| Some((id.text()?, code.raw))));
            for guest in everybody(&mut list)? {
                if let Some(code) = problems.find(id(guest)) {
                    guest.set("problem", value(code)?);
                }
            }
        }
        "seen" => {
            let guest = list.as_mut().and_then(|list| find(list.items_mut("guests")?, &what));
            let Some(guest) = guest else { return Ok(None) };
            let is_here = raw(guest, "arrived")? != "null";
            let asks = raw(&what, "confirm")? == "true";
            let time = raw(&what, "time")?;
            let first = if is_here {
                raw(guest, "arrived")?
            } else if asks {
                "null"
            } else {
                time
            };
            let by = if raw(guest, "by")? == "null" && first != "null" { "\"camera\"" } else { raw(guest, "by")? };
            let mut told = Written::default();
            told.put("first", first);
            told.put("host", raw(guest, "host").unwrap_or(NOTHING));
            said = told.done();
            arrive(guest, [first, time, by])?;
        }
        "mark" => {
            let guest = find(everybody(&mut list)?, &what).ok_or(Fault::NoSuchPerson)?;
            let mut before = Written::default();
            for name in ARRIVAL {
                before.put(name, raw(guest, name)?);
            }
            said = before.done();
            let now = raw(&what, "now")?;
            let is_here = raw(&what, "arrived")? == "true";
            arrive(guest, if is_here { [now, now, "\"hand\""] } else { ["null"; 3] })?;
        }
        "arrival" => {
            let before = what.get("before").ok_or(Fault::BadGuests)?;
            let [arrived, seen, by] = ARRIVAL.map(|name| raw(before, name));
            let guest = find(everybody(&mut list)?, &what).ok_or(Fault::NoSuchPerson)?;
            arrive(guest, [arrived?, seen?, by?])?;
        }
        "desk" => {
            let Some(list) = &mut list else { return Ok(None) };
            count = counted(desk(list), raw(&what, "hour")?, raw(&what, "why")?);
            list.set("desk", value(&count)?);
        }
        _ => return Err(Fault::BadGuests),
    }
    let list = list.ok_or(Fault::NoGuests)?;
    let guests = guests(&list);
    let arrived = guests.iter().filter(|guest| guest.get("arrived").is_some_and(|time| !time.is_null())).count();
    let record = super::record(&list)?;
    Ok(Some(Changed { record, guests: guests.len(), arrived, is_logged: kind != "desk", said }))
}

/// No text.
const NOTHING: &str = "\"\"";
const ARRIVAL: [&str; 3] = ["arrived", "seen", "by"];

fn arrive<'a>(guest: &mut Json<'a>, raws: [&'a str; 3]) -> Result<(), Fault> {
    for (name, raw) in ARRIVAL.into_iter().zip(raws) {
        guest.set(name, value(raw)?);
    }
    Ok(())
}

/// Everybody on the list that there has to be.
fn everybody<'a, 'b>(list: &'a mut Option<Json<'b>>) -> Result<&'a mut Vec<Json<'b>>, Fault> {
    list.as_mut().ok_or(Fault::NoGuests)?.items_mut("guests").ok_or(Fault::BadGuests)
}

/// Whom `what` names by their id.
fn find<'a, 'b>(guests: &'a mut [Json<'b>], what: &Json) -> Option<&'a mut Json<'b>> {
    let wanted = id(what);
    guests.iter_mut().find(|guest| id(guest) == wanted)
}

/// A list as it begins: nobody is here, and a photo that is named is still to come.
fn imported(mut list: Json) -> Result<Json, Fault> {
    let ids: Vec<_> = list.get("ids").and_then(Json::list).unwrap_or_default().iter().map(|id| id.raw).collect();
    let guests = list.items_mut("guests").ok_or(Fault::BadGuests)?;
    for (at, guest) in guests.iter_mut().enumerate() {
        let has_photo = raw(guest, "photo")? != NOTHING;
        guest.set("id", value(ids.get(at).ok_or(Fault::BadGuests)?)?);
        guest.set("problem", value(if has_photo { "\"missing\"" } else { "\"none\"" })?);
        arrive(guest, ["null"; 3])?;
    }
    Ok(list)
}

/// Somebody as they come to stand on the list.
fn guest(what: &Json) -> Result<String, Fault> {
    let arrived = raw(what, "arrived")?;
    let mut guest = Written::default();
    for (name, raw) in [
        ("id", raw(what, "id")?),
        ("line", "0"),
        ("name", raw(what, "name")?),
        ("email", NOTHING),
        ("ref", NOTHING),
        ("company", raw(what, "company")?),
        ("photo", NOTHING),
        ("host", raw(what, "host")?),
        ("problem", raw(what, "problem")?),
        ("arrived", arrived),
        ("seen", arrived),
        ("by", if arrived == "null" { arrived } else { "\"hand\"" }),
    ] {
        guest.put(name, raw);
    }
    Ok(guest.done())
}

/// The counts of the desk, as JSON, with one more.
fn counted(desk: &[Json], hour: &str, why: &str) -> String {
    let mut counts: Vec<_> = desk.iter().map(|count| count.raw.to_owned()).collect();
    let is_it = |count: &&Json| raw(count, "hour") == Ok(hour) && raw(count, "why") == Ok(why);
    let known = desk.iter().position(|count| is_it(&count));
    let before = known.and_then(|at| desk[at].get("count")).and_then(Json::count).unwrap_or(0);
    let mut count = Written::default();
    count.put("hour", hour);
    count.put("why", why);
    count.put_count("count", before + 1);
    match known {
        Some(at) => counts[at] = count.done(),
        None => counts.push(count.done()),
    }
    let from = counts.len().saturating_sub(DESK_MOST);
    ["[", &counts[from..].join(","), "]"].concat()
}

fn id<'a>(guest: &'a Json) -> &'a str {
    guest.get("id").and_then(Json::text).unwrap_or_default()
}

/// What stands under a name, as it is written.
fn raw<'a>(json: &Json<'a>, name: &str) -> Result<&'a str, Fault> {
    json.get(name).map(|value| value.raw).ok_or(Fault::BadGuests)
}

fn value(raw: &str) -> Result<Json<'_>, Fault> {
    Json::read(raw).ok_or(Fault::BadGuests)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vault::guests::read;

    fn id(number: usize) -> String {
        format!("00000000-0000-4000-8000-{number:012}")
    }

    fn one(number: usize, name: &str, arrival: &str) -> String {
        format!(
            "{{\"id\":\"{}\",\"line\":2,\"name\":\"{name}\",\"email\":\"\",\"ref\":\"7\",\"company\":\"x\",\"photo\":\"\",\"host\":\"Eve\",\"problem\":null,{arrival}}}",
            id(number)
        )
    }

    const EXPECTED: &str = "\"arrived\":null,\"seen\":null,\"by\":null";
    const HERE: &str = "\"arrived\":5,\"seen\":6,\"by\":\"hand\"";

    fn list(guests: &[String]) -> String {
        format!("{{\"name\":\"Opening\",\"created\":1.7e12,\"guests\":[{}]}}", guests.join(","))
    }

    /// The record of Ada, who is expected, and Bob, who is here.
    fn two() -> Vec<u8> {
        changed(None, &format!("{{\"set\":{}}}", list(&[one(1, "Ada", EXPECTED), one(2, "Bob", HERE)]))).record
    }

    fn changed(record: Option<&[u8]>, what: &str) -> Changed {
        change(record, what).unwrap().unwrap_or_else(|| panic!("{what} changes nothing"))
    }

    /// What becomes of the two, and what is told of it.
    fn told(what: &str) -> (String, String) {
        let Changed { record, said, .. } = changed(Some(&two()), what);
        (read(&record).unwrap(), said)
    }

    #[test]
    fn whoever_the_camera_recognises_is_here_from_then_on() {
        let seen =
            |number: usize, confirm: bool| told(&format!("{{\"seen\":{{\"id\":\"{}\",\"time\":9,\"confirm\":{confirm}}}}}", id(number)));
        let ada = |arrival: &str| list(&[one(1, "Ada", arrival), one(2, "Bob", HERE)]);
        assert_eq!(seen(1, false), (ada("\"arrived\":9,\"seen\":9,\"by\":\"camera\""), "{\"first\":9,\"host\":\"Eve\"}".to_owned()));
        // Where the desk confirms arrivals they were seen, and no more.
        assert_eq!(seen(1, true), (ada("\"arrived\":null,\"seen\":9,\"by\":null"), "{\"first\":null,\"host\":\"Eve\"}".to_owned()));
        // Whoever is here stays so since then, and by whom they were marked.
        let bob = list(&[one(1, "Ada", EXPECTED), one(2, "Bob", "\"arrived\":5,\"seen\":9,\"by\":\"hand\"")]);
        for confirm in [false, true] {
            assert_eq!(seen(2, confirm), (bob.clone(), "{\"first\":5,\"host\":\"Eve\"}".to_owned()));
        }
        // Whoever is not expected changes nothing, nor does anybody where there is no list.
        let stranger = format!("{{\"seen\":{{\"id\":\"{}\",\"time\":9,\"confirm\":false}}}}", id(3));
        assert_eq!((change(Some(&two()), &stranger), change(None, &stranger)), (Ok(None), Ok(None)));
    }

    #[test]
    fn what_staff_mark_is_undone_by_what_was_told_of_it() {
        for number in [1, 2] {
            for is_here in [true, false] {
                let marked = changed(Some(&two()), &format!("{{\"mark\":{{\"id\":\"{}\",\"arrived\":{is_here},\"now\":9}}}}", id(number)));
                let now = if is_here { "\"arrived\":9,\"seen\":9,\"by\":\"hand\"" } else { EXPECTED };
                assert!(read(&marked.record).unwrap().contains(&one(number, if number == 1 { "Ada" } else { "Bob" }, now)));
                let undone =
                    changed(Some(&marked.record), &format!("{{\"arrival\":{{\"id\":\"{}\",\"before\":{}}}}}", id(number), marked.said));
                assert_eq!(undone.record, two());
            }
        }
        for what in [
            "{\"mark\":{\"id\":\"x\",\"arrived\":true,\"now\":9}}",
            "{\"arrival\":{\"id\":\"x\",\"before\":{\"arrived\":1,\"seen\":1,\"by\":null}}}",
        ] {
            assert_eq!((change(Some(&two()), what), change(None, what)), (Err(Fault::NoSuchPerson), Err(Fault::NoGuests)));
        }
    }

    #[test]
    fn whoever_was_not_expected_comes_last_and_begins_a_list_where_there_is_none() {
        let add = |arrived: &str| {
            format!(
                "{{\"add\":{{\"id\":\"{}\",\"name\":\"Cid\",\"company\":\"\",\"host\":\"Eve\",\"problem\":\"none\",\"arrived\":{arrived},\"now\":9}}}}",
                id(3)
            )
        };
        let cid = |arrival: &str| {
            format!(
                "{{\"id\":\"{}\",\"line\":0,\"name\":\"Cid\",\"email\":\"\",\"ref\":\"\",\"company\":\"\",\"photo\":\"\",\"host\":\"Eve\",\"problem\":\"none\",{arrival}}}",
                id(3)
            )
        };
        let here = "\"arrived\":9,\"seen\":9,\"by\":\"hand\"";
        assert_eq!(told(&add("9")).0, list(&[one(1, "Ada", EXPECTED), one(2, "Bob", HERE), cid(here)]));
        assert_eq!(told(&add("null")).0, list(&[one(1, "Ada", EXPECTED), one(2, "Bob", HERE), cid(EXPECTED)]));
        let begun = changed(None, &add("9"));
        assert_eq!(read(&begun.record).unwrap(), format!("{{\"name\":\"\",\"created\":9,\"guests\":[{}]}}", cid(here)));
        assert_eq!((begun.guests, begun.arrived, begun.is_logged), (1, 1, true));
        // Nobody is there twice.
        assert_eq!(change(Some(&begun.record), &add("9")), Err(Fault::BadGuests));
    }

    #[test]
    fn of_a_list_that_was_read_nobody_is_here_and_photos_are_still_to_come() {
        let read_row = |name: &str, photo: &str| {
            format!("{{\"line\":3,\"name\":\"{name}\",\"email\":\"\",\"ref\":\"\",\"company\":\"\",\"photo\":\"{photo}\",\"host\":\"\"}}")
        };
        let import = |ids: &str| {
            format!(
                "{{\"import\":{{\"name\":\"a.csv\",\"created\":9,\"ids\":[{ids}],\"guests\":[{},{}]}}}}",
                read_row("Ada", "a.jpg"),
                read_row("Bob", "")
            )
        };
        let kept = |number: usize, name: &str, photo: &str, problem: &str| {
            read_row(name, photo).replacen('{', &format!("{{\"id\":\"{}\",", id(number)), 1).replacen(
                '}',
                &format!(",\"problem\":\"{problem}\",{EXPECTED}}}"),
                1,
            )
        };
        assert_eq!(
            told(&import(&format!("\"{}\",\"{}\"", id(8), id(9)))).0,
            format!(
                "{{\"name\":\"a.csv\",\"created\":9,\"guests\":[{},{}]}}",
                kept(8, "Ada", "a.jpg", "missing"),
                kept(9, "Bob", "", "none")
            )
        );
        assert_eq!(change(None, &import(&format!("\"{}\"", id(8)))), Err(Fault::BadGuests));
        assert_eq!(change(None, &import(&format!("\"{0}\",\"{0}\"", id(8)))), Err(Fault::BadGuests));
    }

    #[test]
    fn whoever_is_taken_off_is_gone_and_problems_are_noted_of_whom_they_are() {
        let off = |number: usize| format!("{{\"remove\":[\"{}\"]}}", id(number));
        let Changed { record, guests, arrived, .. } = changed(Some(&two()), &off(1));
        assert_eq!((read(&record).unwrap(), guests, arrived), (list(&[one(2, "Bob", HERE)]), 1, 1));
        assert_eq!((change(Some(&two()), &off(3)), change(None, &off(1))), (Ok(None), Ok(None)));

        let problems = format!("{{\"problems\":{{\"{}\":\"no_face\",\"{}\":\"missing\"}}}}", id(2), id(3));
        let bob = one(2, "Bob", HERE).replace("\"problem\":null", "\"problem\":\"no_face\"");
        assert_eq!(told(&problems).0, list(&[one(1, "Ada", EXPECTED), bob]));
        assert_eq!(change(None, &problems), Err(Fault::NoGuests));
    }

    #[test]
    fn the_desk_is_counted_by_the_hour_and_by_the_reason_without_a_line_in_the_log() {
        let desk = |hour: u32, why: &str| format!("{{\"desk\":{{\"hour\":{hour},\"why\":\"{why}\"}}}}");
        let mut record = two();
        for (hour, why) in [(3600, "unsure"), (3600, "stranger"), (7200, "unsure"), (3600, "unsure")] {
            let changed = changed(Some(&record), &desk(hour, why));
            assert!(!changed.is_logged);
            record = changed.record;
        }
        let counts = "[{\"hour\":3600,\"why\":\"unsure\",\"count\":2},{\"hour\":3600,\"why\":\"stranger\",\"count\":1},{\"hour\":7200,\"why\":\"unsure\",\"count\":1}]";
        assert!(read(&record).unwrap().ends_with(&format!(",\"desk\":{counts}}}")));
        assert_eq!(change(None, &desk(0, "unsure")), Ok(None));
        assert_eq!(change(Some(&record), &desk(0, "bored")), Err(Fault::BadGuests));
        // A year of them, and the oldest go.
        let many: Vec<_> = (0..DESK_MOST).map(|hour| format!("{{\"hour\":{hour},\"why\":\"unsure\",\"count\":1}}")).collect();
        let full = list(&[]).replace("\"guests\":[]", &format!("\"guests\":[],\"desk\":[{}]", many.join(",")));
        let full = changed(None, &format!("{{\"set\":{full}}}")).record;
        let after = changed(Some(&full), &desk(999_999, "known"));
        assert!(read(&after.record).unwrap().contains("\"desk\":[{\"hour\":1,"));
    }

    #[test]
    fn a_list_of_a_later_release_is_not_changed_and_one_that_cannot_be_read_is_none() {
        let set = format!("{{\"set\":{}}}", list(&[]));
        assert_eq!(change(Some(b"{\"version\":9}"), &set), Err(Fault::StorageNewer));
        for damaged in [&b"x"[..], b"{}", b"{\"version\":1,\"guests\":[5]}"] {
            assert!(change(Some(damaged), &set).unwrap().is_some());
            assert_eq!(change(Some(damaged), &format!("{{\"problems\":{{\"{}\":null}}}}", id(1))), Err(Fault::NoGuests));
        }
        for nothing in
            ["", "5", "{}", "{\"swap\":1}", "{\"set\":5}", "{\"seen\":{}}", "{\"mark\":{\"id\":5}}", "{\"add\":{}}", "{\"desk\":5}"]
        {
            let record = two();
            assert!(
                change(Some(&record), nothing).is_ok_and(|changed| changed.is_none()) || change(Some(&record), nothing).is_err(),
                "{nothing}"
            );
        }
    }

    #[test]
    fn what_crosses_is_a_line_and_the_record() {
        let changed = changed(Some(&two()), &format!("{{\"mark\":{{\"id\":\"{}\",\"arrived\":true,\"now\":9}}}}", id(1)));
        let record = changed.record.clone();
        let crossing = changed.crossing();
        let end = crossing.iter().position(|byte| *byte == b'\n').unwrap();
        assert_eq!(
            std::str::from_utf8(&crossing[..end]).unwrap(),
            format!("{{\"guests\":2,\"arrived\":2,\"logged\":true,\"said\":{{{EXPECTED}}}}}")
        );
        assert_eq!(crossing[end + 1..], record);
    }

    proptest! {
        /// Whatever is done to a list, only whom it is done to is another.
        #[test]
        fn others_stay_to_the_byte(count in 1_usize..9, which in 0_usize..9, kind in 0_usize..3) {
            let which = which % count;
            let guests: Vec<_> = (0..count).map(|i| one(i, &format!("N{i}"), if i % 2 == 0 { EXPECTED } else { HERE })).collect();
            let record = changed(None, &format!("{{\"set\":{}}}", list(&guests))).record;
            let id = id(which);
            let what = [
                format!("{{\"mark\":{{\"id\":\"{id}\",\"arrived\":true,\"now\":9}}}}"),
                format!("{{\"problems\":{{\"{id}\":\"missing\"}}}}"),
                format!("{{\"remove\":[\"{id}\"]}}"),
            ];
            let after = read(&changed(Some(&record), &what[kind]).record).unwrap();
            for (i, guest) in guests.iter().enumerate() {
                prop_assert_eq!(after.contains(guest.as_str()), i != which);
            }
        }

        #[test]
        fn no_text_makes_it_fail_otherwise(text in ".{0,60}", kind in "set|add|remove|problems|seen|mark|arrival|desk") {
            let _ = change(Some(&two()), &text);
            let _ = change(Some(&two()), &format!("{{\"{kind}\":{}}}", serde_json::to_string(&text).unwrap()));
        }
    }
}
