//! JSON as a type that serde knows. The reader of serde_json would bring its words for every error, and the printing of numbers for them, into
//! the module for pages: 41 kB gzip. In pages nobody reads those words: what is wrong is said by its place.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{Json, Value};
use crate::model::Detail;

/// Where a text is not what it should be, and why.
#[derive(Debug)]
pub struct Unread {
    /// From 1 on, as editors count.
    pub line: usize,
    /// In bytes.
    pub column: usize,
    words: Detail,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.words, self.line, self.column)
    }
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unread> {
    let json = Json::parse(text).map_err(|at| unread(text, at, Detail::new("it is no JSON")))?;
    T::deserialize(Asked(&json)).map_err(|Fault { at, words }| unread(text, at.map_or(0, |at| at - text.as_ptr() as usize), words))
}

#[inline(never)]
fn unread(text: &str, at: usize, words: Detail) -> Unread {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let ends = before.iter().filter(|byte| **byte == b'\n').count();
    Unread { line: ends + 1, column: before.len() - start + 1, words }
}

/// What is wrong with a value, and at which byte in memory it is written.
#[derive(Debug)]
struct Fault {
    at: Option<usize>,
    words: Detail,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.words)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    #[inline(always)]
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self { at: None, words: Detail::new(words) }
    }
}

/// A value as serde asks it.
struct Asked<'a, 'b>(&'a Json<'b>);

impl Asked<'_, '_> {
    /// The innermost value that a fault is of has its place.
    fn placed<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| Fault { at: fault.at.or(Some(self.0.raw.as_ptr() as usize)), ..fault })
    }

    fn other<T>(&self, expected: &dyn de::Expected) -> Result<T, Fault> {
        self.placed(Err(de::Error::custom(format_args!("expected {expected}"))))
    }

    fn visit_number<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        let Some(number) = self.0.number() else { return self.other(&visitor) };
        let is_whole = !self.0.raw.contains(['.', 'e', 'E']);
        self.placed(match is_whole {
            true if number < 0.0 => visitor.visit_i64(number as i64),
            true => visitor.visit_u64(number as u64),
            false => visitor.visit_f64(number),
        })
    }

    fn visit_text<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.text() {
            Some(text) => self.placed(visitor.visit_str(text)),
            None => self.other(&visitor),
        }
    }

    fn visit_items<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        let Some(list) = self.0.list() else { return self.other(&visitor) };
        let mut items = Items(list.iter());
        let read = visitor.visit_seq(&mut items);
        self.placed(read.and_then(|value| match items.0.next() {
            None => Ok(value),
            Some(_) => Err(de::Error::custom("a list is too long")),
        }))
    }

    fn visit_members<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.value {
            Value::Object(_) => self.placed(visitor.visit_map(Members { left: self.0.fields().iter(), value: None })),
            _ => self.other(&visitor),
        }
    }
}

impl<'de> de::Deserializer<'de> for Asked<'_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.value {
            Value::Null => self.placed(visitor.visit_unit()),
            Value::Bool(flag) => self.placed(visitor.visit_bool(flag)),
            Value::Number(_) => self.visit_number(visitor),
            Value::Text(_) => self.visit_text(visitor),
            Value::List(_) => self.visit_items(visitor),
            Value::Object(_) => self.visit_members(visitor),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_number(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_number(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_text(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit_items(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.visit_items(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.visit_members(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// One whose variants hold nothing.
    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        match self.0.text() {
            Some(name) => self.placed(visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(name))),
            None => self.other(&visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bool i16 i32 i64 i128 u8 u16 u128 f64 str bytes byte_buf unit unit_struct tuple_struct map }
}

struct Items<'a, 'b>(std::slice::Iter<'a, Json<'b>>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|item| seed.deserialize(Asked(item))).transpose()
    }
}

struct Members<'a, 'b> {
    left: std::slice::Iter<'a, (Json<'b>, Json<'b>)>,
    value: Option<&'a Json<'b>>,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Asked(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        match self.value.take() {
            Some(value) => seed.deserialize(Asked(value)),
            None => Err(de::Error::custom("a value without a name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn manifests_are_read_as_serde_json_reads_them() {
        for text in [include_str!("../../models/manifest.json"), include_str!("../../packs/plain/manifest.json")] {
            let written = |manifest: &Manifest| serde_json::to_string(manifest).unwrap();
            assert_eq!(written(&read(text).unwrap()), written(&serde_json::from_str(text).unwrap()));
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct One {
        flag: bool,
        number: f32,
        #[serde(default)]
        count: Option<i8>,
        pair: [u32; 2],
        letter: char,
    }

    const GOOD: &str = "{\"flag\": true, \"number\": -2.5e1,\n \"pair\": [1, 2], \"letter\": \"\\u00e9\"}";

    #[test]
    fn what_serde_json_refuses_is_refused_and_its_place_is_said() {
        assert_eq!(read::<One>(GOOD).unwrap(), serde_json::from_str::<One>(GOOD).unwrap());
        for (from, to, place) in [
            ("true", "1", (1, 10)),
            ("-2.5e1", "\"x\"", (1, 26)),
            ("-2.5e1", "null", (1, 26)),
            ("[1, 2]", "[1]", (2, 10)),
            ("[1, 2]", "[1, 2, 3]", (2, 10)),
            ("[1, 2]", "[1, -2]", (2, 14)),
            ("[1, 2]", "[1, 2.0]", (2, 14)),
            ("[1, 2]", "{}", (2, 10)),
            ("\"\\u00e9\"", "\"ab\"", (2, 28)),
            ("\"flag\"", "\"flags\"", (1, 2)),
            ("true", "true, \"flag\": true", (1, 1)),
            ("\"flag\": true,", "", (1, 1)),
            ("\"number\"", "\"count\": 200, \"number\"", (1, 25)),
            ("\"number\"", "\"count\": true, \"number\"", (1, 25)),
            ("}", "", (2, 36)),
            ("\"pair\"", "pair", (2, 2)),
        ] {
            let wrong = GOOD.replacen(from, to, 1);
            let error = read::<One>(&wrong).unwrap_err();
            assert!(serde_json::from_str::<One>(&wrong).is_err(), "{wrong}");
            assert_eq!((error.line, error.column), place, "{wrong}: {error}");
        }
        assert!(read::<One>("[]").is_err() && read::<One>("").is_err());
        assert!(read::<One>("{\"flag\":5}").unwrap_err().to_string().contains("expected a boolean at line 1 column 9"));
    }
}
