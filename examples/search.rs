//! How long one probe takes against a large gallery, and what the gallery weighs.
//!
//!     cargo run --release --example search -- [REFERENCES ...]
//!
//! References are random unit vectors, one a person, bare; the probe is bare, so both templates are compared.

use std::time::Instant;

use brow::face::mask::{Mask, MaskState};
use brow::person::calibrate::Calibrations;
use brow::person::embed::unit;
use brow::person::gallery::Gallery;
use brow::person::template::{Features, Template};

/// Numbers in the templates.
const DIMENSIONS: [usize; 2] = [256, 256];
/// Searches of which minimum and median are taken.
const ROUNDS: usize = 21;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes = std::env::args().skip(1).map(|a| a.parse::<usize>()).collect::<Result<Vec<_>, _>>()?;
    let sizes = if sizes.is_empty() { vec![1_000, 10_000, 100_000] } else { sizes };
    // What a similarity means does not change how long it takes.
    let line = "[[-1.0, 0.0], [1.0, 6.0]]";
    let curves = format!(r#"{{"bare_bare": {line}, "bare_masked": {line}, "masked_masked": {line}}}"#);
    let calibrations: Calibrations = serde_json::from_str(&format!(r#"{{"among_few": {curves}, "among_many": {curves}}}"#))?;
    for n in sizes {
        let mut gallery = Gallery::default();
        for i in 0..n {
            gallery.put(&i.to_string(), vec![template(i as u64)], ("periocular", Some("full")), &calibrations);
        }
        let probe = template(n as u64 / 2);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let best = gallery.search(&probe, &calibrations);
            times.push(began.elapsed().as_secs_f64() * 1e3);
            assert_eq!(best[0].person, (n / 2).to_string(), "the probe's own reference is the best candidate");
        }
        times.sort_by(f64::total_cmp);
        let megabytes = (n * 4 * DIMENSIONS.iter().sum::<usize>()) as f64 / 1e6;
        println!("{n} references: minimum {:.2} ms, median {:.2} ms; vectors {megabytes:.0} MB", times[0], times[ROUNDS / 2]);
    }
    Ok(())
}

fn template(seed: u64) -> Template {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut vector = |n: usize, model: &str| {
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        Features { model: model.to_owned(), vector: unit((0..n).map(next).collect()) }
    };
    let periocular = vector(DIMENSIONS[0], "periocular");
    let full = Some(vector(DIMENSIONS[1], "full"));
    Template { periocular, full, mask: Mask { state: MaskState::Bare, probability: 1.0 }, quality: 1.0 }
}
