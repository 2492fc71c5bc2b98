//! The example of the same name, with tract for what Brow's own runtime refuses: `make calibrate ... TRACT=1`, from the repository's folder.

#[path = "../../examples/calibrate.rs"]
mod calibrate;

fn main() {
    calibrate::common::use_other(brow_tract::open);
    calibrate::main();
}
