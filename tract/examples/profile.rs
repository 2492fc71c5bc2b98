//! The example of the same name, with tract for what Brow's own runtime refuses:
//! `cargo run --release --manifest-path tract/Cargo.toml --example profile -- NETWORK.onnx 112x112`

#[expect(dead_code, reason = "its own main is for a build without tract")]
#[path = "../../examples/profile.rs"]
mod profile;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    profile::run(Some(&brow_tract::open))
}
