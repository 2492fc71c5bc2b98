//! A damaged model file is refused in words, or runs; it never panics, hangs or asks for absurd memory.
//!
//! Bounded by count and with a fixed seed, so that every run tries the same damage.

use brow::model::Network;
use std::path::Path;
use std::sync::OnceLock;

/// Mutants tried of each file.
const MUTANTS: usize = 1500;
/// Places at which each file is cut.
const CUTS: usize = 200;

struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
    fn below(&mut self, end: usize) -> usize {
        self.next() % end.max(1)
    }
}

/// The smallest real networks, and those of single operators.
fn files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["models", "tests/data/golden/operators", "tests/data/golden/refused"] {
            for entry in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
                let path = entry.expect("readable").path();
                if path.extension().is_some_and(|e| e == "onnx") {
                    files.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
                }
            }
        }
        files.sort();
        assert!(files.len() > 50, "models and operators are there");
        files
    })
}

/// Loads it and, where it is still a network of a sane size, runs it.
fn survive(bytes: &[u8]) -> bool {
    // Some networks leave their input's size open.
    match Network::from_onnx(bytes, None).or_else(|_| Network::from_onnx(bytes, Some([1, 3, 96, 64]))) {
        Err(error) => {
            let words = error.to_string();
            assert!(words.contains(' ') && words.len() < 2000, "an explanation: {words}");
            false
        }
        Ok(mut network) => {
            let work: u64 = network.steps().iter().map(|(_, _, work)| work).sum();
            let image = vec![0.5; network.input_dims().iter().product()];
            if work < 50_000_000 && image.len() < 1_000_000 {
                network.run(&image).expect("a planned network runs");
            }
            true
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let mut random = Random(1);
    for (name, bytes) in files() {
        for _ in 0..CUTS {
            // The graph is one record to the file's end, but for a few bytes of versions after it.
            let cut = random.below(bytes.len() - 40);
            assert!(!survive(&bytes[..cut]), "{name} cut at {cut}");
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    let mut random = Random(2);
    let (mut refused, mut ran) = (0, 0);
    for (_, bytes) in files() {
        // Structure lies anywhere in small files; in large ones mostly in the nodes, at either end.
        let head = bytes.len().min(12_000);
        for _ in 0..MUTANTS {
            let mut mutant = bytes.clone();
            for _ in 0..1 + random.below(4) {
                let at = match random.below(3) {
                    0 => random.below(bytes.len()),
                    1 => random.below(head),
                    _ => bytes.len() - 1 - random.below(head),
                };
                mutant[at] = match random.below(4) {
                    0 => random.below(256) as u8,
                    1 => mutant[at] ^ (1 << random.below(8)),
                    2 => [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
                    _ => mutant[at].wrapping_add(1),
                };
            }
            if survive(&mutant) { ran += 1 } else { refused += 1 }
        }
    }
    assert!(refused > 500 && ran > 500, "both ends are reached: {refused} refused, {ran} ran");
}

/// Scales of a file of bytes, where it has them as ONNX writes them: a record of four bytes for each tensor of one number.
fn scales(bytes: &[u8]) -> Vec<usize> {
    let is_scale = |w: &[u8]| w[..2] == [0x4a, 4] && (1e-6..1.0).contains(&f32::from_le_bytes([w[2], w[3], w[4], w[5]]));
    bytes.windows(6).enumerate().filter(|(_, w)| is_scale(w)).map(|(at, _)| at + 2).collect()
}

#[test]
fn a_scale_that_is_none_is_refused_wherever_it_stands() {
    let (mut files_of_bytes, mut refused, mut kept) = (0, 0, 0);
    for (name, bytes) in files() {
        let of_bytes = bytes.windows(14).any(|w| w == b"QuantizeLinear");
        let places = scales(bytes);
        if !of_bytes || places.is_empty() {
            continue;
        }
        files_of_bytes += 1;
        let mut random = Random(4);
        for _ in 0..24 {
            let at = places[random.below(places.len())];
            for wrong in [0.0, -0.0, f32::NAN, f32::INFINITY, -0.01, f32::MIN_POSITIVE / 2.0] {
                let mut mutant = bytes.clone();
                mutant[at..at + 4].copy_from_slice(&f32::to_le_bytes(wrong));
                // A number of one float may also be something else than a scale.
                if survive(&mutant) { kept += 1 } else { refused += 1 }
            }
        }
        assert!(refused > 0, "{name}");
    }
    assert!(files_of_bytes >= 20 && refused > 10 * kept, "{files_of_bytes} files of bytes, {refused} refused, {kept} kept");
}

#[test]
fn pieces_moved_or_repeated_never_panic() {
    let mut random = Random(3);
    for (_, bytes) in files().iter().filter(|(_, bytes)| bytes.len() < 20_000) {
        for _ in 0..MUTANTS {
            let mut mutant = bytes.clone();
            let (from, length) = (random.below(bytes.len()), random.below(64));
            let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
            let at = random.below(mutant.len());
            match random.below(3) {
                0 => drop(mutant.splice(at..at, piece)),
                1 => drop(mutant.splice(at..(at + piece.len()).min(bytes.len()), piece)),
                _ => drop(mutant.drain(at..(at + length).min(bytes.len()))),
            }
            survive(&mutant);
        }
    }
}

#[test]
fn an_operator_that_is_not_known_is_named() {
    let (_, bytes) = files().iter().find(|(name, _)| name.ends_with("/prelu.onnx")).expect("prelu");
    let at = bytes.windows(5).position(|w| w == b"PRelu").expect("its operator");
    let mut other = bytes.clone();
    other[at..at + 5].copy_from_slice(b"QRelu");
    let error = Network::from_onnx(&other, None).expect_err("unknown").to_string();
    assert!(error.contains("QRelu"), "{error}");
}

#[test]
fn what_is_no_model_is_refused() {
    for bytes in [&b""[..], b"\0", b"<!doctype html>", b"BRWT", &[0xff; 64], &[0x3a, 0x00]] {
        assert!(!survive(bytes), "{bytes:?}");
    }
}

#[test]
fn an_image_of_another_size_is_refused() {
    let (_, bytes) = files().iter().find(|(name, _)| name.ends_with("/prelu.onnx")).expect("prelu");
    let mut network = Network::from_onnx(bytes, None).expect("a network");
    assert!(network.run(&[0.0; 7]).is_err());
    assert!(Network::from_onnx(bytes, Some([1, 3, 8, 8])).is_err(), "a size other than the file's");
}
