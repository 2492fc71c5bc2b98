//! What may be set, and to what; and how it is stored: as JSON that says which version of this it is.

use super::shape::Shape;
use super::{Fault, version};
use crate::json::{Json, Value, Written};

/// Of the settings' record.
const VERSION: u32 = 2;

struct Setting {
    name: &'static str,
    /// As JSON.
    default: &'static str,
    shape: Shape,
    /// The version of the record that first had it. Only what says something that releases of version 1 do not know is of version 2:
    /// they would take it for damage.
    since: u32,
}

const fn setting(name: &'static str, default: &'static str, shape: Shape) -> Setting {
    Setting { name, default, shape, since: 1 }
}

const fn since_2(name: &'static str, default: &'static str, shape: Shape) -> Setting {
    Setting { name, default, shape, since: 2 }
}

/// What each means: `Settings` in `www/vault/types.js`. That hosts are origins as a browser writes them only the browser can tell.
static SETTINGS: [Setting; 21] = [
    setting("targetFmr", "0.001", Shape::Between(1e-6, 1e-1)),
    setting("keepPictures", "false", Shape::Flag),
    setting("language", "null", Shape::Or(&Shape::Is(is_language))),
    setting("theme", "\"system\"", Shape::OneOf(&["system", "light", "dark"])),
    setting("lockAfterMinutes", "10", Shape::Between(0.0, 24.0 * 60.0)),
    setting("retentionDays", "null", Shape::Or(&Shape::Between(1.0, 36_500.0))),
    setting("logMatches", "true", Shape::Flag),
    setting("backupAfterDays", "30", Shape::Between(0.0, 3650.0)),
    setting("kioskDistance", "0.22", Shape::Between(0.05, 0.9)),
    setting("kioskTimeoutSeconds", "8", Shape::Between(2.0, 120.0)),
    setting("kioskSounds", "false", Shape::Flag),
    setting("kioskCamera", "null", Shape::Or(&Shape::Text(500))),
    setting("kioskHosts", "[]", Shape::List(20, &Shape::Text(300))),
    setting("kioskPresence", "\"require-turn\"", Shape::OneOf(&["off", "warn", "require-passive", "require-turn"])),
    setting("clockDoubted", "false", Shape::Flag),
    since_2("kioskEvent", "\"\"", Shape::Line(100)),
    since_2("kioskWelcome", "\"\"", Shape::Line(200)),
    since_2("kioskLogo", "\"\"", Shape::Is(is_logo)),
    since_2("kioskColour", "\"\"", Shape::Is(is_colour)),
    since_2("kioskConfirm", "false", Shape::Flag),
    since_2("kioskSecondLanguage", "null", Shape::Or(&Shape::Is(is_language))),
];

/// A language's tag (BCP 47).
fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Characters of a logo's address, which crosses to the page with every state.
const LOGO_MOST: usize = 100_000;

/// A small PNG as a `data:` address, or nothing.
fn is_logo(text: &str) -> bool {
    let is_base64 = |data: &str| !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
    text.is_empty()
        || text.len() <= LOGO_MOST && text.strip_prefix("data:image/png;base64,").is_some_and(|data| is_base64(data.trim_end_matches('=')))
}

/// `#rrggbb`, or nothing.
fn is_colour(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix('#')
            .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

fn known(name: &Json) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| name.text() == Some(setting.name))
}

/// What is set where nobody set anything, as JSON.
pub fn defaults() -> String {
    let mut all = Written::default();
    for setting in &SETTINGS {
        all.put(setting.name, setting.default);
    }
    all.done()
}

/// What a number is where nobody set it.
pub fn number(name: &str) -> f64 {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    setting.and_then(|setting| Json::read(setting.default)?.number()).unwrap_or(0.0)
}

/// The first setting of some that is none, or is set to what it may not be. `patch`: JSON.
pub fn fault(patch: &str) -> Option<String> {
    match object(patch) {
        Some(json) => wrong(&json),
        None => Some(String::new()),
    }
}

fn object(text: &str) -> Option<Json<'_>> {
    Json::read(text).filter(|json| matches!(json.value, Value::Object(_)))
}

fn wrong(settings: &Json) -> Option<String> {
    let is_wrong = |(name, value): &&(Json, Json)| known(name).is_none_or(|setting| !setting.shape.fits(value));
    settings.fields().iter().find(is_wrong).and_then(|(name, _)| name.text()).map(str::to_owned)
}

/// The record, as the oldest release wrote it that knows all that it says. `settings`: JSON.
pub fn write(settings: &str) -> Result<String, Fault> {
    let json = object(settings).filter(|json| wrong(json).is_none()).ok_or(Fault::BadSetting)?;
    let kept = json.fields().iter().filter_map(|(name, value)| Some((known(name)?, value.raw)));
    let kept: Vec<_> = kept.filter(|(setting, raw)| setting.since == 1 || *raw != setting.default).collect();
    let mut written = Written::default();
    written.put("version", &kept.iter().map(|(setting, _)| setting.since).max().unwrap_or(1).to_string());
    for (setting, raw) in kept {
        written.put(setting.name, raw);
    }
    Ok(written.done())
}

/// What a record says is set, as JSON; what it says nothing of has its default.
pub fn read(record: &[u8]) -> Result<String, Fault> {
    let json = std::str::from_utf8(record).ok().and_then(Json::read).ok_or(Fault::RecordDamaged)?;
    if !matches!(json.value, Value::Object(_)) {
        return Err(Fault::RecordDamaged);
    }
    version(&json, VERSION)?;
    let mut settings = Written::default();
    for (name, value) in json.fields() {
        if name.text() != Some("version") {
            let setting = known(name).filter(|setting| setting.shape.fits(value)).ok_or(Fault::RecordDamaged)?;
            settings.put(setting.name, value.raw);
        }
    }
    Ok(settings.done())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_kiosk_begins_with_numbers_that_are_set_where_nobody_set_any() {
        assert_eq!((number("kioskDistance"), number("kioskTimeoutSeconds")), (0.22, 8.0));
    }

    #[test]
    fn settings_of_which_nothing_is_said_are_written_and_read() {
        let written = write("{}").unwrap();
        assert_eq!(written, "{\"version\":1}");
        assert_eq!(read(written.as_bytes()).unwrap(), "{}");
    }

    #[test]
    fn what_no_settings_are_makes_no_record() {
        for nothing in ["", "no JSON", "null", "5", "[]", "{\"theme\":\"pink\"}", "{\"colour\":1}"] {
            assert_eq!(write(nothing), Err(Fault::BadSetting), "{nothing}");
        }
    }

    /// The defaults with some other values, in their places.
    fn with(changes: &[(&str, &str)]) -> String {
        let mut all = Written::default();
        for setting in &SETTINGS {
            let changed = changes.iter().find(|(name, _)| *name == setting.name);
            all.put(setting.name, changed.map_or(setting.default, |(_, raw)| raw));
        }
        all.done()
    }

    #[test]
    fn what_is_set_by_default_may_be_set() {
        assert_eq!(fault(&defaults()), None);
        assert_eq!(fault("{}"), None);
    }

    #[test]
    fn a_setting_that_there_is_none_of_or_that_is_out_of_range_is_named() {
        let png = format!("\"data:image/png;base64,{}\"", "A".repeat(100_000 - 22));
        let wrong = [
            ("targetFmr", "1"),
            ("targetFmr", "\"1e-3\""),
            ("targetFmr", "0.0000009"),
            ("theme", "\"pink\""),
            ("theme", "null"),
            ("toString", "1"),
            ("version", "1"),
            ("retentionDays", "0"),
            ("retentionDays", "false"),
            ("lockAfterMinutes", "-1"),
            ("language", "\"<b>\""),
            ("language", "\"e\""),
            ("keepPictures", "0"),
            ("kioskLogo", "\"data:image/svg+xml;base64,AAAA\""),
            ("kioskLogo", "\"https://example.org/a.png\""),
            ("kioskLogo", "\"data:image/png;base64,==\""),
            ("kioskColour", "\"red\""),
            ("kioskColour", "\"#80306\""),
            ("kioskColour", "\"#80306G\""),
            ("kioskEvent", "\"a\\u0000\""),
            ("kioskEvent", "\"a\\u0085\""),
            ("kioskHosts", "\"https://a.example\""),
            ("kioskHosts", "[1]"),
            ("kioskCamera", "5"),
        ];
        for (name, raw) in wrong {
            assert_eq!(fault(&format!("{{\"theme\":\"dark\",\"{name}\":{raw}}}")).as_deref(), Some(name), "{raw}");
        }
        assert_eq!(fault(&with(&[("kioskLogo", &png)])), None);
        assert_eq!(fault(&with(&[("kioskLogo", &png.replace("A\"", "AA\""))])).as_deref(), Some("kioskLogo"));
        for no_object in ["5", "[]", "", "null"] {
            assert_eq!(fault(no_object).as_deref(), Some(""), "{no_object}");
        }
    }

    #[test]
    fn limits_are_within_and_characters_are_counted_as_javascript_counts_them() {
        let line = |text: &str| fault(&format!("{{\"kioskEvent\":\"{text}\"}}")).is_none();
        assert!(line(&"é".repeat(100)) && !line(&"é".repeat(101)));
        assert!(line(&"🙂".repeat(50)) && !line(&"🙂".repeat(51)));
        for good in [
            "{\"targetFmr\":0.000001}",
            "{\"targetFmr\":0.1}",
            "{\"kioskDistance\":0.05}",
            "{\"kioskDistance\":0.9}",
            "{\"retentionDays\":null}",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn settings_that_say_only_what_releases_before_know_are_written_as_those_wrote_them() {
        let old = "{\"version\":1,\"targetFmr\":0.001,\"keepPictures\":false,\"language\":null,\"theme\":\"dark\",\"lockAfterMinutes\":10,\"retentionDays\":null,\
                   \"logMatches\":true,\"backupAfterDays\":30,\"kioskDistance\":0.22,\"kioskTimeoutSeconds\":8,\"kioskSounds\":false,\"kioskCamera\":null,\
                   \"kioskHosts\":[],\"kioskPresence\":\"require-turn\",\"clockDoubted\":false}";
        assert_eq!(write(&with(&[("theme", "\"dark\"")])).unwrap(), old);
        assert_eq!(write(&read(old.as_bytes()).unwrap()).unwrap(), old);
        // Before records said their version.
        assert_eq!(read(b"{\"theme\":\"dark\"}").unwrap(), "{\"theme\":\"dark\"}");
    }

    #[test]
    fn each_setting_of_version_2_makes_it_one_and_comes_back() {
        let later: Vec<_> = SETTINGS.iter().filter(|setting| setting.since == 2).collect();
        assert_eq!(later.len(), 6);
        for setting in later {
            let raw = match setting.shape {
                Shape::Flag => "true",
                Shape::Is(is) if is("#803060") => "\"#803060\"",
                Shape::Is(_) => "\"data:image/png;base64,AAAA\"",
                Shape::Or(_) => "\"de\"",
                _ => "\"Fair \\u00e9\"",
            };
            let record = write(&with(&[(setting.name, raw)])).unwrap();
            assert!(record.starts_with("{\"version\":2,") && record.ends_with(&format!(",\"{}\":{raw}}}", setting.name)), "{record}");
            assert_eq!(write(&read(record.as_bytes()).unwrap()).unwrap(), record);
        }
    }

    #[test]
    fn a_later_releases_record_is_told_from_a_damaged_one() {
        let code = |record: &str| read(record.as_bytes()).unwrap_err();
        assert_eq!(code("{\"version\":3,\"colour\":1}"), Fault::StorageNewer);
        for damaged in [
            "",
            "[]",
            "{",
            "{\"version\":0}",
            "{\"version\":1.5}",
            "{\"version\":\"1\"}",
            "{\"version\":null}",
            "{\"colour\":1}",
            "{\"theme\":\"pink\"}",
        ] {
            assert_eq!(code(damaged), Fault::RecordDamaged, "{damaged}");
        }
        assert_eq!(read(b"{\"theme\":\"\xff\"}"), Err(Fault::RecordDamaged));
    }

    proptest! {
        #[test]
        fn whatever_may_be_set_comes_back_as_it_was_set(event in "[^\\p{Cc}\"\\\\]{0,100}", minutes in 0_u32..1440, fmr in 1e-6_f64..1e-1, hosts in 0_usize..20) {
            let hosts = format!("[{}]", vec!["\"https://a.example\""; hosts].join(","));
            let event = serde_json::to_string(&event).unwrap();
            let patch = with(&[("kioskEvent", &event), ("lockAfterMinutes", &minutes.to_string()), ("targetFmr", &fmr.to_string()), ("kioskHosts", &hosts)]);
            prop_assume!(fault(&patch).is_none());
            let back = read(write(&patch).unwrap().as_bytes()).unwrap();
            let (back, patch) = (Json::read(&back).unwrap(), Json::read(&patch).unwrap());
            for (name, value) in back.fields() {
                prop_assert_eq!(value.raw, patch.get(name.text().unwrap()).unwrap().raw);
            }
        }

        #[test]
        fn no_bytes_make_reading_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
