//! The worker's door to the reading of lists (see [`crate::lists`]).

use js_sys::{Function, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::Js;
use crate::json::typed;
use crate::lists::encoding::{self, File};
use crate::lists::guests::{self, Choices, Reading};
use crate::lists::photos::{self, Found};
use crate::lists::table;
use crate::vault::guests::MOST;

/// What a file is. `decode` gives the text, or null where the encoding has no such bytes.
#[wasm_bindgen(js_name = listEncoding)]
pub fn list_encoding(
    bytes: &[u8],
    #[wasm_bindgen(unchecked_param_type = "(label: string, bytes: Uint8Array) => string | null")] decode: &Function,
) -> Result<Js<File>, JsValue> {
    let decode = |label: &str, bytes: &[u8]| decode.call2(&JsValue::NULL, &label.into(), &Uint8Array::from(bytes)).ok()?.as_string();
    Js::new(&encoding::look(bytes, decode))
}

/// The list that a text is (composed: NFC), of at most as many guests as are kept. `choices`: ListChoices as JSON; the way for values would make the
/// module and its glue larger.
#[wasm_bindgen(js_name = listRead)]
pub fn list_read(text: &str, choices: &str) -> Result<Js<Reading>, JsValue> {
    Js::new(&guests::read(text, &json::<Choices>(choices)?, MOST))
}

/// For each name of a photo, which of the files is it. `paths`: `[wanted, files]` as JSON.
#[wasm_bindgen(js_name = listPhotos)]
pub fn list_photos(paths: &str) -> Result<Js<Vec<Found>>, JsValue> {
    let (wanted, files): (Vec<String>, Vec<String>) = json(paths)?;
    Js::new(&photos::find(&wanted, &files))
}

/// Rows, cells as JSON, as comma-separated text that no spreadsheet runs.
#[wasm_bindgen(js_name = listWrite)]
pub fn list_write(rows: &str) -> Result<String, JsValue> {
    Ok(table::write(&json::<Vec<Vec<String>>>(rows)?))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, JsValue> {
    // Only our own worker writes it.
    typed::read(text).map_err(|_| JsValue::NULL)
}
