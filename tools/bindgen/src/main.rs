//! `brow-bindgen MODULE.wasm FOLDER` writes `brow.js` and `brow_bg.wasm` for the web target into FOLDER.
//!
//! wasm-bindgen's own command-line tool brings a web driver, an HTTP client and a server for running tests; its lock
//! file asks for versions that a registry may not have yet. The library behind it is all that the build needs.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: brow-bindgen MODULE.wasm FOLDER");
        return ExitCode::FAILURE;
    };
    let written = Bindgen::new()
        .input_path(module)
        .out_name("brow")
        .typescript(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("brow-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
