//! The example of the same name, with tract for what Brow's own runtime refuses: `make evaluate ... TRACT=1`, from the repository's folder.

#[path = "../../examples/evaluate.rs"]
mod evaluate;

fn main() {
    evaluate::common::use_other(brow_tract::open);
    evaluate::main();
}
