//! Networks of the second runtime, a module of its own that JavaScript holds (www/worker/second-runtime.js).

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::model::{ModelError, Other, OtherNetwork};

#[wasm_bindgen]
extern "C" {
    type Opened;
    #[wasm_bindgen(structural, method, getter)]
    fn length(this: &Opened) -> usize;
    #[wasm_bindgen(structural, method, catch)]
    fn run(this: &Opened, input: &[f32]) -> Result<Vec<f32>, JsValue>;
}

impl OtherNetwork for Opened {
    fn length(&self) -> usize {
        Opened::length(self)
    }

    fn run(&mut self, input: &[f32]) -> Result<Vec<f32>, ModelError> {
        Opened::run(self, input).map_err(refused)
    }
}

pub fn open(open: &Function, [_, _, rows, columns]: [usize; 4]) -> Result<Other, ModelError> {
    let opened = open.call2(&JsValue::NULL, &rows.into(), &columns.into()).map_err(refused)?;
    Ok(Box::new(opened.unchecked_into::<Opened>()))
}

/// What JavaScript threw, words in English or an error of the browser, stands in the console.
fn refused(_: JsValue) -> ModelError {
    ModelError::other("the browser's console says why")
}
