//! Every network in models/ and in packs/plain/ answers as ONNX Runtime does.
//!
//! `models/training/goldens.py` writes the answers; the inputs are made by the same formula on both sides.

use brow::engine::{Engine, EngineParams};
use brow::manifest::{Manifest, Role};
use brow::model::Network;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Largest difference of one output element, in units of the output's largest element: sums in another order differ by
/// about 1e-6 of it a layer.
const RELATIVE: f32 = 2e-5;
/// Two embeddings that agree have at least this cosine.
const COSINE: f64 = 1.0 - 1e-9;
/// Whole networks of bytes may be this many times as far from ONNX Runtime's answers as its own two ways of running them are
/// from each other: a number halfway between two bytes goes one way or the other by the last bit of a sum, and over many layers
/// such steps add up.
const SLACK_OF_BYTES: f64 = 1.5;
/// Of a small network's numbers, those that may be a step of a byte away.
const SHARE_OF_STEPS: f64 = 0.02;

#[derive(Deserialize)]
struct Golden {
    sha256: String,
    input: [usize; 4],
    seeds: Vec<u32>,
    /// The largest step between neighbouring bytes; zero where all is float.
    #[serde(default)]
    step: f32,
    /// The least cosine between the answers of ONNX Runtime's own two ways of running a whole network of bytes.
    #[serde(default = "alike")]
    agreement: f64,
    outputs: Vec<Output>,
}

fn alike() -> f64 {
    1.0
}

#[derive(Deserialize)]
struct Output {
    name: String,
    dims: Vec<usize>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every network in a folder.
fn models(folder: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    paths.sort();
    paths
}

/// `synthetic` of goldens.py: slanted stripes and noise in [-1, 1), half of each.
fn synthetic([_, channels, rows, columns]: [usize; 4], seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut image = Vec::with_capacity(channels * rows * columns);
    for c in 0..channels {
        for y in 0..rows {
            for x in 0..columns {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
                let stripes = ((x * 3 + y * 5 + c * 7) % 64) as f32 / 32.0 - 1.0;
                image.push(noise * 0.5 + stripes * 0.5);
            }
        }
    }
    image
}

fn golden_of(model: &Path, folder: &str) -> (Golden, Vec<f32>) {
    let stem = model.file_stem().and_then(|s| s.to_str()).expect("a plain name");
    let at = |ending: &str| root().join(folder).join(format!("{stem}.{ending}"));
    let hint = "run models/training/goldens.py";
    let about = std::fs::read_to_string(at("json")).unwrap_or_else(|_| panic!("{stem} has no golden: {hint}"));
    let golden: Golden = serde_json::from_str(&about).expect("a golden's description");
    let bytes = std::fs::read(at("bin")).unwrap_or_else(|_| panic!("{stem} has no golden numbers: {hint}"));
    let hash: String = Sha256::digest(std::fs::read(model).expect("readable")).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(golden.sha256, hash, "the golden is of another {stem}: {hint}");
    let (numbers, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty(), "{stem}: a golden of whole numbers");
    (golden, numbers.iter().map(|&b| f32::from_le_bytes(b)).collect())
}

/// Networks of one operator or a few, and their goldens.
const OPERATORS: &str = "tests/data/golden/operators";

#[test]
fn every_network_answers_as_onnx_runtime_does() {
    answers_as_promised("models", "tests/data/golden");
    answers_as_promised("packs/plain", "tests/data/golden");
}

#[test]
fn every_operator_answers_as_onnx_runtime_does() {
    answers_as_promised(OPERATORS, OPERATORS);
}

fn answers_as_promised(folder: &str, goldens: &str) {
    let models = models(folder);
    assert!(!models.is_empty(), "{folder} holds networks");
    for path in models {
        let name = path.file_name().and_then(|n| n.to_str()).expect("a plain name").to_owned();
        let (golden, numbers) = golden_of(&path, goldens);
        let bytes = std::fs::read(&path).expect("readable");
        let mut network = Network::from_onnx(&bytes, Some(golden.input)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found: Vec<_> = network.outputs().iter().map(|o| (o.name.clone(), o.dims.clone())).collect();
        let promised: Vec<_> = golden.outputs.iter().map(|o| (o.name.clone(), o.dims.clone())).collect();
        assert_eq!(found, promised, "{name}: names and sizes of the outputs");
        let mut rest = numbers.as_slice();
        for &seed in &golden.seeds {
            // Other data in the working memory first: an answer must not depend on what was there.
            network.run(&synthetic(golden.input, seed + 100)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let outputs = network.run(&synthetic(golden.input, seed)).unwrap_or_else(|e| panic!("{name}: {e}"));
            for (output, found) in golden.outputs.iter().zip(outputs) {
                let (expected, after) = rest.split_at(found.len());
                rest = after;
                let what = format!("{name}, output {}, seed {seed}", output.name);
                match golden.step {
                    0.0 => compare(&what, found, expected),
                    _ if folder != OPERATORS => {
                        let (cosine, least) = (cosine(found, expected), 1.0 - SLACK_OF_BYTES * (1.0 - golden.agreement));
                        assert!(cosine >= least, "{what}: cosine {cosine}, less than {least}");
                    }
                    step => compare_bytes(&what, found, expected, step),
                }
            }
        }
        assert!(rest.is_empty(), "{name}: every golden number was compared");
    }
}

fn compare(what: &str, found: &[f32], expected: &[f32]) {
    let scale = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    let worst = found.iter().zip(expected).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst <= RELATIVE * scale, "{what}: differs by {worst} where the largest number is {scale}");
    let cosine = cosine(found, expected);
    assert!(cosine >= COSINE, "{what}: cosine {cosine}");
    println!("{what}: within {:.1e} of {scale}", worst / scale);
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn compare_bytes(what: &str, found: &[f32], expected: &[f32], step: f32) {
    let scale = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    let off = |(a, b): &(&f32, &f32)| (*a - *b).abs() > RELATIVE * scale;
    let steps = found.iter().zip(expected).filter(off).count() as f64 / found.len() as f64;
    assert!(steps <= SHARE_OF_STEPS, "{what}: {steps} of the numbers are others");
    let worst = found.iter().zip(expected).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst <= 1.001 * step + RELATIVE * scale, "{what}: differs by {worst} where a step is {step}");
}

/// The SHA-256 of what small networks of bytes answer, which the browser's two builds must give to the bit
/// (tests/e2e/int8-builds.test.mjs).
#[test]
fn networks_of_bytes_give_the_integers_that_every_build_gives() {
    let promised: BTreeMap<String, String> =
        serde_json::from_slice(&std::fs::read(root().join("tests/data/int8.json")).expect("readable")).expect("names and hashes");
    let mut found = BTreeMap::new();
    let folder = "tests/data/golden/operators";
    for path in models(folder) {
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a plain name").to_owned();
        if !name.starts_with("int8-") {
            continue;
        }
        let (golden, _) = golden_of(&path, folder);
        let mut network = Network::from_onnx(&std::fs::read(&path).expect("readable"), None).expect("a network");
        let mut hash = Sha256::new();
        for output in network.run(&synthetic(golden.input, golden.seeds[0])).expect("runs") {
            // Plus zero: the sign of a zero says nothing.
            output.iter().for_each(|value| hash.update((value + 0.0).to_le_bytes()));
        }
        found.insert(name, hash.finalize().iter().map(|b| format!("{b:02x}")).collect::<String>());
    }
    assert_eq!(found, promised, "right is:\n{}", serde_json::to_string_pretty(&found).expect("text"));
}

/// What the engine says of a file that a manifest names for this role.
fn given_as(role: Role, path: &Path) -> String {
    let bytes = std::fs::read(path).expect("readable");
    let digest = Sha256::digest(&bytes);
    let mut manifest = Manifest::parse(&std::fs::read_to_string("models/manifest.json").expect("readable")).expect("a manifest");
    let entry = manifest.models.iter_mut().find(|m| m.role == role).expect("the role");
    entry.file = path.file_name().and_then(|n| n.to_str()).expect("a plain name").to_owned();
    (entry.bytes, entry.sha256) = (bytes.len(), digest.iter().map(|b| format!("{b:02x}")).collect());
    Engine::new(manifest, EngineParams::default(), || 0.0).add_model(role, &bytes, &digest, None).expect_err("refused").to_string()
}

#[test]
fn bytes_that_cannot_be_used_are_refused_in_words() {
    let folder = "tests/data/golden/refused";
    let mut tried = 0;
    for path in models(folder) {
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a plain name").to_owned();
        let words = match name.as_str() {
            "scale-zero" | "weights-scale-zero" => "a scale of 0 is none",
            "scale-nan" => "a scale of NaN is none",
            "scale-infinite" => "a scale of inf is none",
            "scale-negative" => "a scale of -0.01 is none",
            "scale-missing" => "the scale is missing",
            "scale-of-channels" => "a map needs one scale",
            "zero-of-floats" => "its zero point is no single byte",
            "weights-scales-few" => "3 scales do not fit",
            "weights-zero-point" => "a constant has a zero point, where none may be",
            "weights-eight-bits" => "a weight of 100 is out of seven bits",
            "bytes-read-by-others" => "its input is bytes, which DequantizeLinear must read first",
            "bytes-as-output" => "an output is left in bytes",
            "scales-differ" => "not those that the bytes were made with",
            "floats-dequantised" => "its input is no bytes",
            _ => panic!("{name}: nobody says how it is refused"),
        };
        let error = Network::from_onnx(&std::fs::read(&path).expect("readable"), None).expect_err(&name).to_string();
        assert!(error.contains(words) && error.contains("models/training/quantise.py"), "{name}: {error}");
        let error = given_as(Role::Presence, &path);
        assert!(error.contains(&format!("{name}.onnx")) && error.contains(words), "{name}: {error}");
        tried += 1;
    }
    assert_eq!(tried, 15, "every kind was tried");
}

#[test]
fn a_clone_answers_the_same_and_a_second_run_too() {
    for path in models("models") {
        let (golden, _) = golden_of(&path, "tests/data/golden");
        let bytes = std::fs::read(&path).expect("readable");
        let mut network = Network::from_onnx(&bytes, Some(golden.input)).expect("a network");
        let mut clone = network.clone();
        let image = synthetic(golden.input, 3);
        let first: Vec<Vec<f32>> = network.run(&image).expect("runs").into_iter().map(<[f32]>::to_vec).collect();
        network.run(&synthetic(golden.input, 4)).expect("runs");
        assert_eq!(network.run(&image).expect("runs"), first, "{}", path.display());
        assert_eq!(clone.run(&image).expect("runs"), first, "{}", path.display());
    }
}
