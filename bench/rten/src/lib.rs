//! rten behind the same exports as the network runtime's own door (see ../wasm).

use rten::{Model, ModelOptions, Value, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use std::cell::RefCell;

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    model: Option<Model>,
    image: Vec<f32>,
    dims: [usize; 4],
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

/// Reads the model, whose input is 1 x 3 x rows x columns. Returns the input's length, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn load(rows: usize, columns: usize) -> i32 {
    STATE.with_borrow_mut(|state| {
        let bytes = std::mem::take(&mut state.bytes);
        state.model = ModelOptions::with_all_ops().prepack_weights(true).load(bytes).ok();
        state.dims = [1, 3, rows, columns];
        state.image = vec![0.0; 3 * rows * columns];
        if state.model.is_some() { state.image.len() as i32 } else { -1 }
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
    STATE.with_borrow_mut(|state| run_once(state).unwrap_or(-1))
}

fn run_once(state: &mut State) -> Option<i32> {
    let model = state.model.as_ref()?;
    let image = NdTensor::from_data(state.dims, state.image.clone());
    let input: ValueOrView = ValueOrView::Value(Value::from(image));
    let values = model.run(vec![(*model.input_ids().first()?, input)], model.output_ids(), None).ok()?;
    state.outputs = values
        .into_iter()
        .map(|value| match value {
            Value::FloatTensor(tensor) => tensor.to_vec(),
            _ => vec![],
        })
        .collect();
    Some(state.outputs.len() as i32)
}

#[unsafe(no_mangle)]
pub extern "C" fn output(at: usize) -> *const f32 {
    STATE.with_borrow(|state| state.outputs.get(at).map_or(std::ptr::null(), |output| output.as_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn output_length(at: usize) -> usize {
    STATE.with_borrow(|state| state.outputs.get(at).map_or(0, Vec::len))
}
