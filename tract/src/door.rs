//! The door of an embedder: [`brow::model::OtherNetwork`].

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use brow::model::{ModelError, Other, OtherNetwork};

use crate::Network;

/// Opens what Brow's own reader refuses: [`brow::model::OpenOther`].
pub fn open(bytes: &[u8], input: [usize; 4]) -> Result<Other, ModelError> {
    Ok(Box::new(kept(|| Network::from_onnx(bytes, input))?))
}

impl OtherNetwork for Network {
    fn length(&self) -> usize {
        self.outputs().first().map_or(0, |dims| dims.iter().product())
    }

    fn run(&mut self, input: &[f32]) -> Result<Vec<f32>, ModelError> {
        Ok(kept(|| Network::run(self, input))?.swap_remove(0))
    }
}

thread_local! {
    /// Whether this thread is within [`kept`].
    static KEPT: Cell<bool> = const { Cell::new(false) };
}

/// tract panics at some files that are not what they seem; here that is a refusal like others, and prints nothing.
fn kept<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, ModelError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !KEPT.get() {
                before(panic);
            }
        }));
    });
    let outer = KEPT.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    KEPT.set(outer);
    done.unwrap_or_else(|_| Err("it gave up on this file".into())).map_err(ModelError::other)
}
