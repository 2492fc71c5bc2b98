//! The door through which the bench drives the network runtime: plain exports, no generated glue.
//!
//! `reserve`, write the model's bytes there, `load`; write the image at `input`, `run`, read at `output`.

#[path = "../../../src/few.rs"]
#[allow(dead_code)]
mod few;
#[path = "../../../src/model/mod.rs"]
#[allow(dead_code, unused_imports)]
mod model;

use model::Network;
use std::cell::RefCell;

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    network: Option<Network>,
    image: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Where to write `length` bytes of a model.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.bytes = vec![0; length];
        state.bytes.as_mut_ptr()
    })
}

/// Reads the model; rows and columns of 0 leave the size to the file. Returns the input's length, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn load(rows: usize, columns: usize) -> i32 {
    STATE.with_borrow_mut(|state| {
        let dims = (rows > 0).then_some([1, 3, rows, columns]);
        state.network = Network::from_onnx(&state.bytes, dims).ok();
        let length = state.network.as_ref().map(|network| network.input_dims().iter().product());
        state.image = vec![0.0; length.unwrap_or(0)];
        length.map_or(-1, |length| length as i32)
    })
}

/// Where to write the image.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *mut f32 {
    STATE.with_borrow_mut(|state| state.image.as_mut_ptr())
}

/// Returns the number of outputs, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    STATE.with_borrow_mut(|state| match state.network.as_mut().map(|network| network.run(&state.image)) {
        Some(Ok(outputs)) => {
            state.outputs = outputs.into_iter().map(<[f32]>::to_vec).collect();
            state.outputs.len() as i32
        }
        _ => -1,
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn output(at: usize) -> *const f32 {
    STATE.with_borrow(|state| state.outputs.get(at).map_or(std::ptr::null(), |output| output.as_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn output_length(at: usize) -> usize {
    STATE.with_borrow(|state| state.outputs.get(at).map_or(0, Vec::len))
}
