//! The worker's door to the reading of lists (see [`crate::lists`]).

use js_sys::{Function, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::plain;
use crate::lists::encoding::{self, NotAList};
use crate::lists::guests::{self, Choices};
use crate::lists::{photos, table};

#[derive(Serialize)]
#[serde(untagged)]
enum Encoding {
    Refused { refused: NotAList },
    Guessed(encoding::Guess),
}

/// What a file is: `{label, unsure}` of its encoding, or `{refused}`. `decode(label, bytes)` gives the text, or null where the
/// encoding has no such bytes.
#[wasm_bindgen(js_name = listEncoding)]
pub fn list_encoding(bytes: &[u8], decode: &Function) -> Result<JsValue, JsValue> {
    let decode = |label: &str, bytes: &[u8]| decode.call2(&JsValue::NULL, &label.into(), &Uint8Array::from(bytes)).ok()?.as_string();
    plain(&match encoding::not_a_list(bytes) {
        Some(refused) => Encoding::Refused { refused },
        None => Encoding::Guessed(encoding::guess(bytes, decode)),
    })
}

/// The list that a text is, at most `most` guests of it. `choices`: `{delimiter, head, columns}`, each only where it was chosen. What
/// comes in is JSON: the way for values would make the module and its glue larger.
#[wasm_bindgen(js_name = listRead)]
pub fn list_read(text: &str, choices: &str, most: usize) -> Result<JsValue, JsValue> {
    plain(&guests::read(text, &json::<Choices>(choices)?, most))
}

/// For each name of a photo, what was found among the files. `paths`: `[wanted, files]`.
#[wasm_bindgen(js_name = listPhotos)]
pub fn list_photos(paths: &str) -> Result<JsValue, JsValue> {
    let (wanted, files): (Vec<String>, Vec<String>) = json(paths)?;
    plain(&photos::find(&wanted, &files))
}

/// Rows as comma-separated text that no spreadsheet runs.
#[wasm_bindgen(js_name = listWrite)]
pub fn list_write(rows: &str) -> Result<String, JsValue> {
    Ok(table::write(&json::<Vec<Vec<String>>>(rows)?))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, JsValue> {
    serde_json::from_str(text).map_err(|e| e.to_string().into())
}
