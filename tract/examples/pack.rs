//! The example of the same name, with tract for what Brow's own runtime refuses: `make pack ... TRACT=1`, from the repository's folder.

#[path = "../../examples/pack.rs"]
mod pack;

fn main() {
    pack::common::use_other(brow_tract::open);
    pack::main();
}
