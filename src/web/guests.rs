//! The worker's door to the list of expected people (see [`crate::vault::guests`]): how it is changed, and what whoever administers it sees.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::Engine;
use super::vault::code;
use crate::vault::guests::{self, Book, Changed, Enrolled, Filter};

/// The list as somebody looks at it.
#[derive(Default)]
pub struct Desk {
    is_open: bool,
    /// None as long as there is no list.
    book: Option<Book>,
}

/// A list's record after a change, behind what is told of it: `{guests, arrived, logged, said}` as JSON and a line's end. Undefined where
/// nothing is to be changed. `record`: of the list that there is; `change`: as JSON.
#[wasm_bindgen(js_name = guestsChange)]
pub fn guests_change(record: Option<Vec<u8>>, change: &str) -> Result<Option<Vec<u8>>, JsValue> {
    Ok(guests::change(record.as_deref(), change).map_err(code)?.map(Changed::crossing))
}

/// The list of a record, as JSON.
#[wasm_bindgen(js_name = guestsRead)]
pub fn guests_read(record: &[u8]) -> Result<String, JsValue> {
    guests::read(record).map_err(code)
}

#[wasm_bindgen]
impl Engine {
    /// Somebody looks at the list of this record.
    #[wasm_bindgen(js_name = guestsOpen)]
    pub fn guests_open(&mut self, record: Option<Vec<u8>>) {
        // One that cannot be read is none.
        self.desk = Desk { is_open: true, book: record.and_then(|record| Book::new(record).ok()) };
    }

    /// The list has become that of this record.
    #[wasm_bindgen(js_name = guestsChanged)]
    pub fn guests_changed(&mut self, record: Option<Vec<u8>>) {
        if self.desk.is_open {
            self.guests_open(record);
        }
    }

    /// Nobody looks at it any more.
    #[wasm_bindgen(js_name = guestsClose)]
    pub fn guests_close(&mut self) {
        self.desk = Desk::default();
    }

    /// What a search and a filter find, as JSON; undefined where there is no list. `wanted`: letters as they are searched for, which `fold` makes of
    /// any. `enrolled`, `again`: ids, one behind the other, of whoever can be recognised and of whoever has to be enrolled again.
    #[wasm_bindgen(js_name = guestsView)]
    pub fn guests_view(
        &mut self,
        wanted: &str,
        #[wasm_bindgen(unchecked_param_type = "GuestFilter")] filter: &str,
        enrolled: &str,
        again: &str,
        #[wasm_bindgen(unchecked_param_type = "(text: string) => string")] fold: &Function,
    ) -> Result<Option<String>, JsValue> {
        let Some(book) = &mut self.desk.book else { return Ok(None) };
        let fold = |text: &str| fold.call1(&JsValue::NULL, &text.into()).ok().and_then(|folded| folded.as_string()).unwrap_or_default();
        book.view(wanted, Filter::parse(filter), &Enrolled::new(enrolled, again), fold).map(Some).map_err(code)
    }

    /// Everybody with the names of their photos, as JSON; undefined where there is no list.
    #[wasm_bindgen(js_name = guestsEverybody)]
    pub fn guests_everybody(&self, enrolled: &str, again: &str) -> Result<Option<String>, JsValue> {
        let book = self.desk.book.as_ref();
        book.map(|book| book.everybody(&Enrolled::new(enrolled, again))).transpose().map_err(code)
    }

    /// When guests came and who was sent to the desk, as JSON; undefined where there is no list.
    #[wasm_bindgen(js_name = guestsTimes)]
    pub fn guests_times(&self) -> Result<Option<String>, JsValue> {
        self.desk.book.as_ref().map(Book::times).transpose().map_err(code)
    }
}
