//! What a stored value may be, said by tables, which one piece of code goes by: what each record may hold is read there.

use crate::json::{Json, Value, put, units};

/// What a value may be.
pub enum Shape {
    Flag,
    Number,
    Between(f64, f64),
    /// Whole, and within these.
    Count(usize, usize),
    /// Milliseconds since 1970, up to the year 33,658.
    Time,
    OneOf(&'static [&'static str]),
    /// Any text of at most so many characters, as JavaScript counts them.
    Text(usize),
    /// The same without control characters.
    Line(usize),
    /// The same that says something.
    Name(usize),
    Is(fn(&str) -> bool),
    /// Or null.
    Or(&'static Shape),
    /// At most so many.
    List(usize, &'static Shape),
    /// With these fields, in their order, and without any other.
    Object(&'static [Field]),
    /// With any fields, each of them a number, a flag or a short code: nothing that could be a name.
    Codes,
}

pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// What it then is, as JSON, if it is to be there.
    pub default: Option<&'static str>,
}

pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_optional: false, default: None }
}

pub const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_optional: true, default: None }
}

pub const fn defaulted(name: &'static str, shape: Shape, default: &'static str) -> Field {
    Field { name, shape, is_optional: true, default: Some(default) }
}

impl Shape {
    pub fn fits(&self, json: &Json) -> bool {
        self.write(json, &mut String::new())
    }

    /// Whether a value fits; then it is written as it came, but for what does not belong.
    #[inline(never)]
    pub fn write(&self, json: &Json, out: &mut String) -> bool {
        let within = |least: f64, most: f64| json.number().is_some_and(|number| least <= number && number <= most);
        let text = json.text();
        // No text has more units than bytes.
        let is_short = |most: usize| text.is_some_and(|text| text.len() <= most || units(text) <= most);
        let is_line = || text.is_some_and(|text| !text.contains(char::is_control));
        let fits = match self {
            Self::Flag => matches!(json.value, Value::Bool(_)),
            Self::Number => json.number().is_some(),
            Self::Between(least, most) => within(*least, *most),
            Self::Count(least, most) => json.count().is_some_and(|count| *least <= count && count <= *most),
            Self::Time => within(0.0, 999_999_999_999_999.0),
            Self::OneOf(words) => text.is_some_and(|text| words.contains(&text)),
            Self::Text(most) => is_short(*most),
            Self::Line(most) => is_short(*most) && is_line(),
            Self::Name(most) => is_short(*most) && is_line() && text.is_some_and(|text| !is_blank(text)),
            Self::Is(is) => text.is_some_and(is),
            Self::Or(shape) if !json.is_null() => return shape.write(json, out),
            Self::Or(_) => true,
            Self::List(most, shape) => return write_list(json, *most, shape, out),
            Self::Object(fields) => return write_object(json, fields, out),
            Self::Codes => matches!(json.value, Value::Object(_)) && json.fields().iter().all(|(_, value)| is_coded(value)),
        };
        out.push_str(json.raw);
        fits
    }
}

fn is_coded(json: &Json) -> bool {
    let is_code = |text: &str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte));
    match &json.value {
        Value::Number(_) | Value::Bool(_) => true,
        Value::Text(text) => is_code(text),
        _ => false,
    }
}

fn is_blank(text: &str) -> bool {
    // JavaScript takes the mark of byte order for a space, too.
    text.chars().all(|letter| letter.is_whitespace() || letter == '\u{feff}')
}

fn write_list(json: &Json, most: usize, shape: &Shape, out: &mut String) -> bool {
    let Some(items) = json.list().filter(|items| items.len() <= most) else { return false };
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if !shape.write(item, out) {
            return false;
        }
    }
    out.push(']');
    true
}

fn write_object(json: &Json, fields: &[Field], out: &mut String) -> bool {
    if !matches!(json.value, Value::Object(_)) {
        return false;
    }
    let mut between = '{';
    for field in fields {
        let value = json.get(field.name);
        if value.is_none() && field.default.is_none() {
            if field.is_optional {
                continue;
            }
            return false;
        }
        out.push(between);
        between = ',';
        put(out, &["\"", field.name, "\":", if value.is_none() { field.default.unwrap_or_default() } else { "" }]);
        if value.is_some_and(|value| !field.shape.write(value, out)) {
            return false;
        }
    }
    if between == '{' {
        out.push('{');
    }
    out.push('}');
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(shape: &Shape, json: &str) -> bool {
        shape.fits(&Json::read(json).unwrap())
    }

    #[test]
    fn each_shape_takes_what_it_says_and_nothing_else() {
        static LINE: Shape = Shape::Line(4);
        let said: [(Shape, &[&str], &[&str]); 13] = [
            (Shape::Flag, &["true", "false"], &["null", "0", "\"true\""]),
            (Shape::Number, &["0", "-1.5e3"], &["null", "\"1\"", "{}"]),
            (Shape::Between(0.05, 0.9), &["0.05", "0.9", "0.22"], &["0.049", "0.91", "null"]),
            (Shape::Count(1, 3), &["1", "3"], &["0", "4", "1.5", "-1", "\"1\""]),
            (Shape::Time, &["0", "1700000000000", "999999999999999"], &["-1", "1e15", "null", "{}"]),
            (Shape::OneOf(&["a", "b"]), &["\"a\"", "\"b\""], &["\"c\"", "null", "\"\""]),
            (Shape::Text(4), &["\"\"", "\"éééé\"", "\"🙂🙂\"", "\"\\u0000\""], &["\"ééééé\"", "\"🙂🙂🙂\"", "5"]),
            (Shape::Line(4), &["\"\"", "\"a b\""], &["\"a\\n\"", "\"\\u0085\"", "\"12345\""]),
            (Shape::Name(4), &["\"a\""], &["\"\"", "\" \"", "\"\\ufeff\"", "\"a\\u0000\"", "null"]),
            (Shape::Is(|text| text == "x"), &["\"x\""], &["\"y\"", "null"]),
            (Shape::Or(&LINE), &["null", "\"a\""], &["5", "\"12345\""]),
            (
                Shape::Codes,
                &["{}", "{\"a\":1,\"b c\":false,\"c\":\"Ab-3_.+\",\"d\":\"\"}"],
                &["[]", "null", "{\"a\":\"Anna M\"}", "{\"a\":\"é\"}", "{\"a\":null}", "{\"a\":[]}"],
            ),
            (Shape::List(2, &LINE), &["[]", "[\"a\",\"b\"]"], &["[\"a\",\"b\",\"c\"]", "[5]", "{}", "null"]),
        ];
        for (shape, good, bad) in &said {
            for json in *good {
                assert!(fits(shape, json), "{json}");
            }
            for json in *bad {
                assert!(!fits(shape, json), "{json}");
            }
        }
    }

    #[test]
    fn an_object_is_written_with_its_own_fields_in_their_order() {
        static INNER: [Field; 1] = [optional("x", Shape::Flag)];
        static DEFAULT: [Field; 2] = [defaulted("y", Shape::Flag, "false"), optional("x", Shape::Flag)];
        static OUTER: [Field; 3] =
            [field("a", Shape::Number), optional("b", Shape::Object(&INNER)), field("c", Shape::List(9, &Shape::Object(&INNER)))];
        let written = |json: &str| {
            let mut out = String::new();
            Shape::Object(&OUTER).write(&Json::read(json).unwrap(), &mut out).then_some(out)
        };
        assert_eq!(written("{\"c\": [{}, {\"y\":1,\"x\":true}], \"z\":5, \"a\": 1.50}").unwrap(), "{\"a\":1.50,\"c\":[{},{\"x\":true}]}");
        assert_eq!(written("{\"a\":1,\"b\":{},\"c\":[]}").unwrap(), "{\"a\":1,\"b\":{},\"c\":[]}");
        for (json, read) in
            [("{\"x\":true}", Some("{\"y\":false,\"x\":true}")), ("{\"y\":true}", Some("{\"y\":true}")), ("{\"y\":null}", None)]
        {
            let mut out = String::new();
            let fits = Shape::Object(&DEFAULT).write(&Json::read(json).unwrap(), &mut out);
            assert_eq!(fits.then_some(out.as_str()), read, "{json}");
        }
        for bad in ["{\"c\":[]}", "{\"a\":1,\"b\":null,\"c\":[]}", "{\"a\":1,\"c\":[5],\"b\":{\"x\":1}}", "[]", "5"] {
            assert_eq!(written(bad), None, "{bad}");
        }
    }
}
