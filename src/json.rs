//! JSON as it is stored: read whole, with every value as it is written beside what it means. What goes on unchanged (a number, a
//! text, a name with half a surrogate in it, which JavaScript has and Rust has not) is written as it came, to the byte.

pub mod typed;

use std::borrow::Cow;

/// Lists and objects within each other; ours have four.
const DEPTH_MOST: usize = 16;

/// A value.
#[derive(Debug, PartialEq)]
pub struct Json<'a> {
    /// As it is written.
    pub raw: &'a str,
    pub value: Value<'a>,
}

#[derive(Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Names, which are texts, and what they stand for.
    Object(Vec<(Json<'a>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// None where it is no JSON.
    pub fn read(text: &'a str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// The same, or at which byte it is none.
    pub fn parse(text: &'a str) -> Result<Self, usize> {
        let mut reader = Reader { text, at: 0 };
        let json = reader.value(DEPTH_MOST);
        reader.space();
        json.filter(|_| reader.at == text.len()).ok_or(reader.at)
    }

    /// What an object has under a name: the last, as JavaScript reads it.
    #[inline(never)]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.fields().iter().rev().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
    }

    /// What an object has under a name becomes another.
    pub fn set(&mut self, name: &'static str, value: Json<'a>) {
        let Value::Object(fields) = &mut self.value else { return };
        fields.retain(|(key, _)| key.text() != Some(name));
        fields.push((Json { raw: "", value: Value::Text(Cow::Borrowed(name)) }, value));
    }

    /// An object's names and values; none of anything else.
    pub fn fields(&self) -> &[(Json<'a>, Json<'a>)] {
        match &self.value {
            Value::Object(fields) => fields,
            _ => &[],
        }
    }

    pub fn list(&self) -> Option<&[Json<'a>]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The items of the list that an object has under a name.
    pub fn items_mut(&mut self, name: &str) -> Option<&mut Vec<Json<'a>>> {
        let Value::Object(fields) = &mut self.value else { return None };
        match &mut fields.iter_mut().rev().find(|(key, _)| key.text() == Some(name))?.1.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub fn count(&self) -> Option<usize> {
        let number = self.number()?;
        (number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0).then_some(number as usize)
    }

    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }
}

/// Characters as JavaScript counts them: units of UTF-16.
#[inline(never)]
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Writes texts one behind another: in one place, for each would be some code.
#[inline(never)]
pub fn put(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

/// A text that has nothing to escape, as JSON.
#[inline(never)]
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    put(&mut out, &["\"", text, "\""]);
    out
}

/// An object that is being written.
#[derive(Default)]
pub struct Written(String);

impl Written {
    /// `raw`: as JSON.
    #[inline(never)]
    pub fn put(&mut self, name: &str, raw: &str) {
        let before = if self.0.is_empty() { "{\"" } else { ",\"" };
        put(&mut self.0, &[before, name, "\":", raw]);
    }

    /// The same for a number.
    #[inline(never)]
    pub fn put_count(&mut self, name: &str, count: usize) {
        self.put(name, &count.to_string());
    }

    pub fn done(self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { self.0 + "}" }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline(never)]
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether this byte is the next behind spaces; then it is passed.
    #[inline(never)]
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        self.next_is(byte)
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        self.space();
        let from = self.at;
        let value = match self.peek()? {
            b'n' => self.word("null", Value::Null)?,
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'"' => Value::Text(self.string()?),
            b'[' => self.items(depth.checked_sub(1)?)?,
            b'{' => self.members(depth.checked_sub(1)?)?,
            _ => self.digits()?,
        };
        Some(Json { raw: self.text.get(from..self.at)?, value })
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let is_it = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_it.then_some(value)
    }

    /// A number near enough to be held to a limit: it goes on as it is written.
    fn digits(&mut self) -> Option<Value<'a>> {
        let is_negative = self.next_is(b'-');
        let from = self.at;
        let mut number = self.run(0.0)?;
        // No zeros before a number.
        if self.text.as_bytes()[from] == b'0' && self.at > from + 1 {
            return None;
        }
        let mut scale = 0;
        if self.next_is(b'.') {
            let from = self.at;
            number = self.run(number)?;
            scale -= (self.at - from) as i32;
        }
        if self.next_is(b'e') || self.next_is(b'E') {
            let down = !self.next_is(b'+') && self.next_is(b'-');
            let exponent = self.run(0.0)?.min(9999.0) as i32;
            scale += if down { -exponent } else { exponent };
        }
        // Powers of ten are exact as far as limits go.
        let mut power = 1.0;
        for _ in 0..scale.abs().min(400) {
            power *= 10.0;
        }
        let number = if scale < 0 { number / power } else { number * power };
        number.is_finite().then_some(Value::Number(if is_negative { -number } else { number }))
    }

    /// Digits, one at least, behind those that made `number`.
    #[inline(never)]
    fn run(&mut self, mut number: f64) -> Option<f64> {
        let from = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number * 10.0 + f64::from(digit - b'0');
            self.at += 1;
        }
        (self.at > from).then_some(number)
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn items(&mut self, depth: usize) -> Option<Value<'a>> {
        let mut items = Vec::new();
        self.parted(b']', |reader| {
            items.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Value::List(items))
    }

    fn members(&mut self, depth: usize) -> Option<Value<'a>> {
        let mut members = Vec::new();
        self.parted(b'}', |reader| {
            let name = reader.value(depth).filter(|name| name.text().is_some())?;
            if !reader.take(b':') {
                return None;
            }
            members.push((name, reader.value(depth)?));
            Some(())
        })?;
        Some(Value::Object(members))
    }

    /// What stands between a bracket and its `end`, parted by commas; `one` reads each.
    fn parted(&mut self, end: u8, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if self.take(end) {
            return Some(());
        }
        loop {
            one(self)?;
            if self.take(end) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.at += 1;
        let mut from = self.at;
        let mut text = Cow::Borrowed("");
        loop {
            let byte = self.next()?;
            if !matches!(byte, b'"' | b'\\' | 0..0x20) {
                continue;
            }
            let plain = &self.text[from..self.at - 1];
            match byte {
                b'"' if text.is_empty() => return Some(Cow::Borrowed(plain)),
                b'"' => {
                    text += plain;
                    return Some(text);
                }
                b'\\' => {
                    text += plain;
                    text.to_mut().push(self.escape()?);
                    from = self.at;
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                let behind = self.at;
                if (0xd800..0xdc00).contains(&unit) && self.next() == Some(b'\\') && self.next() == Some(b'u') {
                    let pair = [unit, self.unit()?];
                    if let Some(Ok(letter)) = char::decode_utf16(pair).next() {
                        return Some(letter);
                    }
                }
                self.at = behind;
                char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(json: &str) -> Option<String> {
        Json::read(json)?.text().map(str::to_owned)
    }

    #[test]
    fn values_keep_how_they_are_written_and_mean_what_javascript_means() {
        let json = Json::read(" {\"a\" : [1.50, -2e3, null, true],\n\"b\":{\"\\u0061\":\"x\"}, \"a2\":\"\"} ").unwrap();
        let a = json.get("a").unwrap();
        assert_eq!(a.raw, "[1.50, -2e3, null, true]");
        assert_eq!(a.list().unwrap().iter().map(|one| one.raw).collect::<Vec<_>>(), ["1.50", "-2e3", "null", "true"]);
        assert_eq!(a.list().unwrap()[1].number(), Some(-2000.0));
        assert_eq!(json.get("b").unwrap().get("a").unwrap().text(), Some("x"));
        assert_eq!(json.get("a2").unwrap().text(), Some(""));
        assert!(json.get("c").is_none() && a.get("a").is_none());
        for (text, number) in [
            ("0", 0.0),
            ("-0.25", -0.25),
            ("0.000001", 1e-6),
            ("1e-6", 1e-6),
            ("0.1", 0.1),
            ("0.9", 0.9),
            ("1E+3", 1000.0),
            ("1e-999", 0.0),
            ("4294967296", 4294967296.0),
        ] {
            assert_eq!(Json::read(text).unwrap().number(), Some(number), "{text}");
        }
        assert_eq!(Json::read("{\"a\":1,\"a\":2}").unwrap().get("a").unwrap().raw, "2");
    }

    #[test]
    fn escapes_are_read_and_half_a_surrogate_is_a_letter_of_its_own() {
        assert_eq!(texts(r#""\"\\\/\b\f\n\r\t\u00e9 \ud83d\ude42""#).unwrap(), "\"\\/\u{8}\u{c}\n\r\té 🙂");
        for half in [r#""a\ud83db""#, r#""a\ud83d\u0062""#, r#""a\ude42b""#] {
            assert_eq!(texts(half).unwrap(), "a\u{fffd}b", "{half}");
            assert_eq!(Json::read(half).unwrap().raw, half);
        }
        assert_eq!(texts("\"\\u0000\"").unwrap(), "\0");
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for bad in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "nul",
            "truee",
            "01",
            "1.",
            "--1",
            "+1",
            "1e999",
            ".5",
            "\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"a\nb\"",
            "1 2",
            "[1] x",
            "NaN",
        ] {
            assert!(Json::read(bad).is_none(), "{bad}");
        }
        assert!(Json::read(&("[".repeat(16) + &"]".repeat(16))).is_some());
        assert!(Json::read(&("[".repeat(17) + &"]".repeat(17))).is_none());
    }

    proptest! {
        #[test]
        fn texts_come_back_as_serde_writes_them(text in ".*") {
            prop_assert_eq!(texts(&serde_json::to_string(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn numbers_are_near_what_they_are(number in any::<f64>()) {
            let text = serde_json::to_string(&number).unwrap();
            if number.is_finite() && number.abs() < 1e250 && (number == 0.0 || number.abs() > 1e-250) {
                let read = Json::read(&text).unwrap().number().unwrap();
                prop_assert!((read - number).abs() <= number.abs() * 1e-12, "{} {}", text, read);
            }
        }

        #[test]
        fn whatever_is_read_is_json_to_serde_too(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+ -]{0,40}") {
            if let Some(json) = Json::read(&text) {
                let known: Result<serde_json::Value, _> = serde_json::from_str(&text);
                // Half surrogates are all that serde refuses besides.
                prop_assert!(known.is_ok() || text.contains("\\u"), "{}", text);
                prop_assert_eq!(json.raw, text.trim_matches([' ', '\t', '\n', '\r']));
            }
        }

        #[test]
        fn no_text_makes_it_fail_otherwise(text in ".*") {
            Json::read(&text);
        }
    }
}
