//! The worker's door to the reading of lists (see [`crate::lists`]).

use js_sys::{Function, Uint8Array};
use serde::Serialize;
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

/// The list that a text is, at most `most` guests of it. `choices`: `{delimiter, head, columns}`, each only where it was chosen.
#[wasm_bindgen(js_name = listRead)]
pub fn list_read(text: &str, choices: JsValue, most: usize) -> Result<JsValue, JsValue> {
    let choices: Choices = serde_wasm_bindgen::from_value(choices)?;
    plain(&guests::read(text, &choices, most))
}

/// For each name of a photo, what was found among the files.
#[wasm_bindgen(js_name = listPhotos)]
pub fn list_photos(wanted: Vec<String>, files: Vec<String>) -> Result<JsValue, JsValue> {
    plain(&photos::find(&wanted, &files))
}

/// Rows as comma-separated text that no spreadsheet runs.
#[wasm_bindgen(js_name = listWrite)]
pub fn list_write(rows: JsValue) -> Result<String, JsValue> {
    Ok(table::write(&serde_wasm_bindgen::from_value::<Vec<Vec<String>>>(rows)?))
}
