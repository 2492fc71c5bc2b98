//! Each runtime is the other's oracle: what both take, both answer alike. What Brow's own refuses as unsupported runs on tract.

mod onnx;

use std::path::{Path, PathBuf};
use std::process::Command;

use brow::engine::{Engine, EngineParams};
use brow::error::EngineError;
use brow::face::frame::Frame;
use brow::manifest::{Manifest, Role, hex};
use brow::model::{AnyNetwork, ModelError, Network};
use onnx::{Attribute, Random, Writer};
use sha2::{Digest, Sha256};

/// Largest difference of one number, in units of the output's largest: both add up in orders of their own.
const RELATIVE: f32 = 1e-4;
/// Whole networks of bytes may be this many times as far apart as ONNX Runtime's own two ways of running them are (tests/golden.rs).
const SLACK_OF_BYTES: f64 = 2.0;
/// Graphs drawn at random.
const GRAPHS: usize = 200;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A network of the repository, the input that its golden was made with, and how alike two ways of running it have to be.
struct Shipped {
    name: String,
    bytes: Vec<u8>,
    input: [usize; 4],
    alike: Alike,
}

#[derive(Clone, Copy)]
enum Alike {
    /// Each number, within [`RELATIVE`].
    Numbers,
    /// The least cosine of the outputs: where maps are bytes, a number halfway between two goes one way or the other.
    Cosine(f64),
}

fn networks(folder: &str, goldens: &str) -> Vec<Shipped> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let about = std::fs::read_to_string(root().join(goldens).join(format!("{name}.json"))).unwrap();
            let about: serde_json::Value = serde_json::from_str(&about).unwrap();
            let alike = match about["step"].as_f64().unwrap_or(0.0) {
                0.0 => Alike::Numbers,
                _ => Alike::Cosine(1.0 - SLACK_OF_BYTES * (1.0 - about["agreement"].as_f64().unwrap_or(1.0))),
            };
            Shipped { name, bytes: std::fs::read(&file).unwrap(), input: serde_json::from_value(about["input"].clone()).unwrap(), alike }
        })
        .collect()
}

/// Slanted stripes and noise.
fn image(input: [usize; 4], seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    let columns = input[3];
    (0..input.iter().product()).map(|i| random.float() * 0.5 + ((i % columns + 5 * (i / columns)) % 64) as f32 / 64.0 - 0.5).collect()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    let scale = a.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
    a.iter().zip(b).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / scale
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// How far both runtimes' answers are apart at most, over all outputs, once that was found to be little.
fn compare(name: &str, bytes: &[u8], input: [usize; 4], alike: Alike) -> f32 {
    let mut own = Network::from_onnx(bytes, Some(input)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let other = brow_tract::Network::from_onnx(bytes, input).unwrap_or_else(|e| panic!("{name}: tract: {e}"));
    let dims: Vec<_> = own.outputs().iter().map(|o| o.dims.clone()).collect();
    assert_eq!(dims, other.outputs(), "{name}: sizes of the outputs");
    let image = image(input, 7);
    let theirs = other.run(&image).unwrap_or_else(|e| panic!("{name}: tract: {e}"));
    let mut most = 0f32;
    for (ours, theirs) in own.run(&image).unwrap().into_iter().zip(&theirs) {
        assert!(ours.len() == theirs.len() && theirs.iter().all(|v| v.is_finite()), "{name}: numbers");
        let (apart, cosine) = (worst(ours, theirs), cosine(ours, theirs));
        let enough = match alike {
            Alike::Numbers => apart <= RELATIVE,
            Alike::Cosine(least) => cosine >= least,
        };
        assert!(enough, "{name}: {apart} apart, cosine {cosine}");
        most = most.max(apart);
    }
    most
}

#[test]
fn every_shipped_network_answers_alike_in_both_runtimes() {
    let networks = networks("models", "tests/data/golden");
    assert!(networks.len() >= 4, "the networks are there");
    for Shipped { name, bytes, input, alike } in networks {
        println!("{name}: {:.1e} apart", compare(&name, &bytes, input, alike));
    }
}

#[test]
fn every_float_operator_answers_alike_in_both_runtimes() {
    let mut compared = 0;
    for Shipped { name, bytes, input, alike } in networks("tests/data/golden/operators", "tests/data/golden/operators") {
        if let Alike::Numbers = alike {
            compare(&name, &bytes, input, alike);
            compared += 1;
        }
    }
    assert!(compared > 40, "operators are there: {compared}");
}

/// Convolutions of all kinds, activations, sums and pools in any order, and a layer that makes a vector of what is left.
fn random_graph(random: &mut Random) -> (Vec<u8>, [usize; 4]) {
    let mut w = Writer::default();
    let input = [1, 1 + random.below(4), 6 + random.below(18), 6 + random.below(18)];
    let [_, mut channels, mut rows, mut columns] = input;
    let mut x = "x".to_owned();
    for _ in 0..2 + random.below(6) {
        match random.below(7) {
            0 | 1 => {
                let depthwise = random.below(2) == 0;
                let outputs = if depthwise { channels } else { 1 + random.below(9) };
                let (kernel, stride) = (1 + 2 * random.below(3), 1 + random.below(2));
                let pad = random.below(kernel / 2 + 1);
                if rows + 2 * pad < kernel || columns + 2 * pad < kernel {
                    continue;
                }
                let per_group = if depthwise { 1 } else { channels };
                let spread = (per_group as f32 * (kernel * kernel) as f32).sqrt().recip();
                let weights = w.weights(random, &[outputs, per_group, kernel, kernel], spread);
                let bias = w.weights(random, &[outputs], 0.1);
                let (s, p) = (stride as i64, pad as i64);
                let attributes = [
                    Attribute::Int("group", if depthwise { channels as i64 } else { 1 }),
                    Attribute::Ints("strides", &[s, s]),
                    Attribute::Ints("pads", &[p, p, p, p]),
                    Attribute::Ints("kernel_shape", &[kernel as i64; 2]),
                ];
                x = w.node("Conv", &[&x, &weights, &bias], &attributes);
                (rows, columns) = ((rows + 2 * pad - kernel) / stride + 1, (columns + 2 * pad - kernel) / stride + 1);
                channels = outputs;
            }
            2 => {
                let slopes = w.weights(random, &[channels, 1, 1], 0.5);
                x = w.node("PRelu", &[&x, &slopes], &[]);
            }
            3 => x = w.node("Sigmoid", &[&x], &[]),
            4 => {
                let other = w.node("Sigmoid", &[&x], &[]);
                x = w.node(["Add", "Mul"][random.below(2)], &[&x, &other], &[]);
            }
            5 if rows >= 2 && columns >= 2 => {
                let kind = ["MaxPool", "AveragePool"][random.below(2)];
                x = w.node(kind, &[&x], &[Attribute::Ints("kernel_shape", &[2, 2]), Attribute::Ints("strides", &[2, 2])]);
                (rows, columns) = (rows / 2, columns / 2);
            }
            _ => {
                let gain: Vec<f32> = (0..channels).map(|_| 1.0 + random.float() * 0.3).collect();
                let gain = w.constant(&[channels], &gain);
                let (shift, mean) = (w.weights(random, &[channels], 0.2), w.weights(random, &[channels], 0.2));
                let spread: Vec<f32> = (0..channels).map(|_| 1.1 + random.float()).collect();
                let spread = w.constant(&[channels], &spread);
                x = w.node("BatchNormalization", &[&x, &gain, &shift, &mean, &spread], &[Attribute::Float("epsilon", 1e-5)]);
            }
        }
    }
    if random.below(2) == 0 {
        x = w.node("GlobalAveragePool", &[&x], &[]);
        (rows, columns) = (1, 1);
    }
    x = w.node("Flatten", &[&x], &[Attribute::Int("axis", 1)]);
    let length = 1 + random.below(20);
    let n = channels * rows * columns;
    let weights = w.weights(random, &[length, n], (n as f32).sqrt().recip());
    let bias = w.weights(random, &[length], 0.1);
    x = w.node("Gemm", &[&x, &weights, &bias], &[Attribute::Int("transB", 1)]);
    (w.file(input, &x, &[1, length]), input)
}

#[test]
fn random_graphs_answer_alike_in_both_runtimes() {
    let mut random = Random(20);
    let mut most = 0f32;
    for at in 0..GRAPHS {
        let (bytes, input) = random_graph(&mut random);
        most = most.max(compare(&format!("graph {at}"), &bytes, input, Alike::Numbers));
    }
    println!("{GRAPHS} graphs: at most {most:.1e} apart");
}

/// A network with an operator that only tract has, and one that neither has.
fn with_operator(operator: &str) -> (Vec<u8>, [usize; 4]) {
    let mut w = Writer::default();
    let input = [1, 3, 4, 4];
    let x = w.node(operator, &["x"], &[]);
    let x = w.node("Flatten", &[&x], &[Attribute::Int("axis", 1)]);
    (w.file(input, &x, &[1, 48]), input)
}

#[test]
fn what_the_own_runtime_refuses_falls_through_to_tract_and_what_neither_has_is_refused_by_name() {
    let (bytes, input) = with_operator("Erf");
    assert!(matches!(AnyNetwork::open(&bytes, input, None), Err(ModelError::Unsupported { operator, .. }) if operator == "Erf"));
    let mut network = AnyNetwork::open(&bytes, input, Some(&brow_tract::open)).unwrap();
    assert!(matches!(network, AnyNetwork::Other(_)) && network.length() == 48);
    let answer = network.run(&[0.5; 48]).unwrap();
    assert!(answer.iter().all(|v| (v - 0.520_499_9).abs() < 1e-4), "erf(0.5): {}", answer[0]);
    assert!(network.run(&[0.5; 47]).is_err(), "an image of another size is refused");

    let (bytes, input) = with_operator("Frobnicate");
    let error = AnyNetwork::open(&bytes, input, Some(&brow_tract::open)).err().unwrap().to_string();
    assert!(error.contains("Frobnicate"), "{error}");

    // What the own runtime takes stays with it.
    let (bytes, input) = with_operator("Relu");
    assert!(matches!(AnyNetwork::open(&bytes, input, Some(&brow_tract::open)), Ok(AnyNetwork::Own(_))));
}

/// An embedder of the whole face that only tract runs: four numbers from the means of the image, of its edges and what Erf makes of them.
fn embedder_for_tract(input: [usize; 4]) -> Vec<u8> {
    let (mut w, mut random) = (Writer::default(), Random(5));
    let weights = w.weights(&mut random, &[6, 3, 3, 3], 0.3);
    let x = w.node("Conv", &["x", &weights], &[Attribute::Ints("kernel_shape", &[3, 3]), Attribute::Ints("strides", &[2, 2])]);
    let x = w.node("Erf", &[&x], &[]);
    let x = w.node("GlobalAveragePool", &[&x], &[]);
    let x = w.node("Flatten", &[&x], &[Attribute::Int("axis", 1)]);
    let (weights, bias) = (w.weights(&mut random, &[4, 6], 1.0), w.weights(&mut random, &[4], 0.1));
    let x = w.node("Gemm", &[&x, &weights, &bias], &[Attribute::Int("transB", 1)]);
    w.file(input, &x, &[1, 4])
}

#[test]
fn the_engine_takes_an_embedder_that_only_tract_runs_and_makes_templates_with_it() {
    let models = root().join("models");
    let mut manifest = Manifest::parse(&std::fs::read_to_string(models.join("manifest.json")).unwrap()).unwrap();
    let entry = manifest.models.iter_mut().find(|m| m.role == Role::Full).unwrap();
    let view = entry.view.as_mut().unwrap();
    view.dimensions = 4;
    let bytes = embedder_for_tract(view.input());
    (entry.bytes, entry.sha256) = (bytes.len(), hex(&Sha256::digest(&bytes)));
    let entries = manifest.models.clone();
    let mut engine = Engine::new(manifest, EngineParams::default(), || 0.0);

    let mut add = |other| engine.add_model(Role::Full, &bytes, &Sha256::digest(&bytes), other);
    let refused = add(None);
    assert!(
        matches!(&refused, Err(EngineError::ModelForeign { error: ModelError::Unsupported { operator, .. }, .. }) if operator == "Erf")
    );
    add(Some(&brow_tract::open)).unwrap();

    for entry in entries.iter().filter(|m| m.role != Role::Full) {
        let bytes = std::fs::read(models.join(&entry.file)).unwrap();
        engine.add_model(entry.role, &bytes, &Sha256::digest(&bytes), None).unwrap();
    }
    let portrait = image::open(root().join("tests/data/portraits/astronaut.jpg")).unwrap().to_rgba8();
    let frame = Frame::new(portrait.as_raw(), portrait.width() as usize, portrait.height() as usize, 0.0).unwrap();
    let enrolment = engine.enrol_still(&frame, None).unwrap();
    let vector = &enrolment.templates[0].full.as_ref().unwrap().vector;
    assert!(vector.len() == 4 && (cosine(vector, vector) - 1.0).abs() < 1e-5 && vector.iter().all(|v| v.abs() < 1.0), "{vector:?}");
}

#[test]
fn profile_says_what_runs_on_tract_and_why() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().unwrap().parent().unwrap().join("examples/profile");
    let said = |bytes: &[u8], size: &str| {
        let file = folder.join("profiled.onnx");
        std::fs::write(&file, bytes).unwrap();
        let out = Command::new(&profile).arg(file).arg(size).output().expect("cargo test builds the example too");
        String::from_utf8(if out.status.success() { out.stdout } else { out.stderr }).unwrap()
    };
    let on_tract = said(&embedder_for_tract([1, 3, 112, 96]), "112x96");
    assert!(on_tract.starts_with("on tract, since") && on_tract.contains("Erf") && on_tract.contains("4 numbers"), "{on_tract}");
    let own = said(&with_operator("Relu").0, "4x4");
    assert!(!own.contains("tract") && own.contains("mul/ns"), "{own}");
    let neither = said(&with_operator("Frobnicate").0, "4x4");
    assert!(neither.contains("tract") && neither.contains("Frobnicate"), "{neither}");
}

/// Runs an example of this crate in the repository's folder; what it said.
fn example(name: &str, arguments: &[&str]) -> (bool, String) {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().unwrap().parent().unwrap().join("examples").join(name);
    let out = Command::new(program).args(arguments).current_dir(root()).output().expect("cargo test builds the examples too");
    (out.status.success(), String::from_utf8([out.stdout, out.stderr].concat()).unwrap())
}

#[test]
fn a_pack_is_made_calibrated_and_measured_with_a_network_that_only_tract_runs() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("own");
    let (pack, people) = (folder.join("pack"), folder.join("people"));
    let _ = std::fs::remove_dir_all(&folder);
    for (person, picture) in [("ada", "obama-1"), ("ada", "obama-2"), ("ben", "biden"), ("cleo", "astronaut")] {
        std::fs::create_dir_all(people.join(person)).unwrap();
        let name = format!("{picture}.jpg");
        std::fs::copy(root().join("tests/data/portraits").join(&name), people.join(person).join(&name)).unwrap();
    }
    let network = folder.join("erf.onnx");
    std::fs::write(&network, embedder_for_tract([1, 3, 112, 112])).unwrap();
    let (network, pack, people) = (network.to_str().unwrap(), pack.to_str().unwrap(), people.to_str().unwrap());

    // It knows nobody, and is refused for it before anything is written.
    let (_, said) = example("pack", &["--network", network, "--out", pack]);
    assert!(said.contains("one person's pictures are no more alike") || said.contains("told apart better"), "{said}");
    assert!(!Path::new(pack).exists(), "nothing is written before it is checked");
    let sources = ["--weights", "Chance, own; A zoo, Apache-2.0, https://example.org", "--pictures", "None, own"];
    let (done, said) =
        example("pack", &[&["--network", network, "--out", pack, "--checked", "no", "--alone", "yes"], &sources[..]].concat());
    assert!(done && said.contains("as the only embedder") && said.contains("make tract-module"), "{said}");
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(pack).join("manifest.json")).unwrap()).unwrap();
    let models = manifest["models"].as_array().unwrap();
    let own = models.iter().find(|m| m["id"] == "erf-1").unwrap();
    assert_eq!((own["role"].as_str(), own["backend"].as_str()), (Some("periocular"), Some("tract")));
    assert_eq!(own["provenance"]["weights"][1]["link"], "https://example.org");
    assert!(models.iter().all(|m| m["role"] != "full"));

    // Every face went through the network before these are found to be too few.
    let (_, said) = example("calibrate", &[&format!("few={people}"), "--models", pack]);
    assert!(said.contains("too few people to calibrate on"), "{said}");
    let (_, said) = example("evaluate", &[people, "--pack", pack]);
    assert!(said.contains("no curves yet"), "{said}");
    let mut curved = manifest;
    for among in ["among_few", "among_many"] {
        for curve in curved["calibration"][among].as_object_mut().unwrap().values_mut() {
            *curve = serde_json::json!([[-1, 0], [1, 4]]);
        }
    }
    std::fs::write(Path::new(pack).join("manifest.json"), curved.to_string()).unwrap();
    let (done, said) = example("evaluate", &[people, "--pack", pack]);
    assert!(done && said.contains("Beside the shipped networks"), "{said}");
}

/// Set where a test runs itself once more, to see what it prints.
const AGAIN: &str = "BROW_AGAIN";

#[test]
fn a_damaged_file_is_refused_in_words_by_the_second_runtime_too() {
    if std::env::var_os(AGAIN).is_none() {
        let itself = ["a_damaged_file_is_refused_in_words_by_the_second_runtime_too", "--exact", "--nocapture"];
        let out = Command::new(std::env::current_exe().unwrap()).args(itself).env(AGAIN, "1").output().unwrap();
        let printed = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && !printed.contains("panicked"), "a panic of tract is a value: {printed}");
        return;
    }
    let mut random = Random(3);
    let mut refused = 0;
    for _ in 0..GRAPHS {
        let (mut bytes, input) = random_graph(&mut random);
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256) as u8;
        }
        match brow_tract::open(&bytes, input) {
            Ok(mut network) => drop(network.run(&image(input, 1))),
            Err(e) => {
                assert!(e.to_string().contains(' ') && e.to_string().len() < 600, "{e}");
                refused += 1;
            }
        }
    }
    assert!(refused > GRAPHS / 20, "{refused} refused");
}

#[test]
fn a_transformer_runs_on_tract() {
    let file = root().join("../shared/models/edgeface-xs.onnx");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return;
    };
    let input = [1, 3, 112, 112];
    assert!(matches!(Network::from_onnx(&bytes, Some(input)), Err(ModelError::Unsupported { .. })), "Brow's own runtime refuses it");
    let mut network = AnyNetwork::open(&bytes, input, Some(&brow_tract::open)).unwrap();
    assert_eq!(network.length(), 512);
    let (a, b) = (network.run(&image(input, 1)).unwrap(), network.run(&image(input, 2)).unwrap());
    assert!(a.iter().all(|v| v.is_finite()) && cosine(&a, &a) > 0.999 && cosine(&a, &b) < 0.999, "two pictures, two vectors");
    assert_eq!(a, network.run(&image(input, 1)).unwrap(), "the same picture, the same vector");
}
