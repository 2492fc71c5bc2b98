//! One network at a time is opened in an instance of this module: the worker makes one for each. Numbers cross by the module's memory.
//!
//! A panic of tract traps; the instance is of no use then, and the worker says that the file cannot be used.

use std::cell::RefCell;

use brow_tract::Network;

#[derive(Default)]
struct State {
    network: Option<Network>,
    input: Vec<f32>,
    output: Vec<f32>,
    words: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

impl State {
    /// What a call came to: 0 or more, or -1 with words.
    fn done(&mut self, result: Result<usize, String>) -> i32 {
        result.map_or_else(
            |words| {
                self.words = words;
                -1
            },
            |n| n as i32,
        )
    }
}

/// Room for a file's bytes, to be filled before [`open`], which takes it back.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    Box::leak(vec![0u8; bytes].into_boxed_slice()).as_mut_ptr()
}

/// Opens the ONNX file for one image of `rows` x `columns` pixels with three channels; how many numbers its first output has, or -1.
///
/// # Safety
/// `file` came from [`room`] for as many bytes, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(file: *mut u8, bytes: usize, rows: usize, columns: usize) -> i32 {
    // Safety: as the caller promises.
    let file = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(file, bytes)) };
    with(|state| {
        let input = [1, 3, rows, columns];
        state.input = vec![0.0; input.iter().product()];
        let opened = Network::from_onnx(&file, input).map(|network| {
            let length = network.outputs().first().map_or(0, |dims| dims.iter().product());
            state.network = Some(network);
            length
        });
        state.done(opened)
    })
}

/// Where the image belongs: NCHW.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *mut f32 {
    with(|state| state.input.as_mut_ptr())
}

/// Runs the network on what lies in [`input`]; how many numbers lie in [`output`], or -1.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    with(|state| {
        let ran = match &state.network {
            Some(network) => network.run(&state.input).map(|mut outputs| state.output = outputs.swap_remove(0)),
            None => Err("no network was opened".into()),
        };
        let ran = ran.map(|()| state.output.len());
        state.done(ran)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const f32 {
    with(|state| state.output.as_ptr())
}

/// Why a call came to -1: UTF-8, [`words_length`] bytes.
#[unsafe(no_mangle)]
pub extern "C" fn words() -> *const u8 {
    with(|state| state.words.as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn words_length() -> usize {
    with(|state| state.words.len())
}
