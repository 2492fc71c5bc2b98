//! Answers the arguments of `wasm-bindgen` that trunk and `tools/compile.mjs` give it, for the web target:
//! `wasm-bindgen --target=web --out-dir=FOLDER --out-name=NAME --no-typescript MODULE.wasm` writes NAME.js and NAME_bg.wasm into FOLDER.
//!
//! wasm-bindgen's own command-line tool brings a web driver, an HTTP client and a server for running tests; its lock
//! file asks for versions that a registry may not have yet. The library behind it is all that the build needs.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

/// What is asked for.
#[derive(Default)]
struct Asked {
    module: Option<String>,
    folder: Option<String>,
    name: Option<String>,
}

/// Everything else is refused: what trunk asks for and does not get would be missed only in the browser.
fn read(arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for argument in arguments {
        let known = match argument.split_once('=') {
            Some(("--target", "web")) => true,
            Some(("--out-dir", folder)) => asked.folder.replace(folder.to_owned()).is_none(),
            Some(("--out-name", name)) => asked.name.replace(name.to_owned()).is_none(),
            _ if argument == "--no-typescript" => true,
            _ if !argument.starts_with('-') => asked.module.replace(argument.clone()).is_none(),
            _ => false,
        };
        if !known {
            return Err(format!("'{argument}' is nothing that this tool can do, or is there twice"));
        }
    }
    Ok(asked)
}

fn write(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let Asked { module: Some(module), folder: Some(folder), name: Some(name) } = read(arguments)? else {
        return Err("usage: wasm-bindgen --target=web --out-dir=FOLDER --out-name=NAME --no-typescript MODULE.wasm".to_owned());
    };
    Bindgen::new()
        .input_path(module)
        .out_name(&name)
        .typescript(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|error| format!("{error:#}"))
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--version") {
        println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    match write(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}
