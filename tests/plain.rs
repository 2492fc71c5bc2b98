//! The plain pack, packs/plain: it says where all of it comes from, nothing of that is for research only, and it knows people bare and masked.

use std::path::{Path, PathBuf};

use brow::engine::{Engine, EngineParams};
use brow::face::frame::Frame;
use brow::face::geometry::Point;
use brow::face::mask::MaskState;
use brow::manifest::{Manifest, Role};
use brow::person::decide::Decision;
use image::RgbaImage;
use sha2::{Digest, Sha256};

/// Licences that allow commercial use; `own` is this repository's Apache-2.0.
const PLAIN: [&str; 5] = ["own", "Apache-2.0", "MIT", "CC-BY-4.0", "CC0-1.0"];
/// Pictures that somebody else trained with and did not publish; docs/PACKS.md says so to whoever wants certainty.
const UNPUBLISHED: [&str; 2] = ["Pictures behind BlazeFace", "Pictures behind face-reidentification-retail-0095"];
/// Bytes of all networks together.
const MOST: u64 = 4_000_000;

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/plain")
}

fn manifest() -> Manifest {
    Manifest::parse(&std::fs::read_to_string(pack().join("manifest.json")).unwrap()).unwrap()
}

fn engine() -> Engine {
    let entries = manifest().models;
    let mut engine = Engine::new(manifest(), EngineParams::default(), || 0.0);
    for entry in &entries {
        let bytes = std::fs::read(pack().join(&entry.file)).unwrap();
        engine.add_model(entry.role, &bytes, &Sha256::digest(&bytes), None).unwrap();
    }
    engine
}

fn portrait(name: &str) -> RgbaImage {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/portraits/{name}.jpg"));
    image::open(file).unwrap().to_rgba8()
}

fn frame(picture: &RgbaImage) -> Frame<'_> {
    Frame::new(picture.as_raw(), picture.width() as usize, picture.height() as usize, 0.0).unwrap()
}

#[test]
fn every_source_allows_commercial_use_or_is_named_as_unpublished() {
    let manifest = manifest();
    for model in &manifest.models {
        assert!(!model.provenance.weights.is_empty() && !model.provenance.pictures.is_empty(), "{} says where it comes from", model.id);
        for source in &model.provenance.weights {
            assert!(PLAIN.contains(&source.licence.as_str()), "{}: {} is {}", model.id, source.name, source.licence);
        }
        for source in &model.provenance.pictures {
            let plain = PLAIN.contains(&source.licence.as_str());
            let named = source.licence == "unpublished" && UNPUBLISHED.contains(&source.name.as_str());
            assert!(plain || named, "{}: {} is {}", model.id, source.name, source.licence);
        }
    }
    let protocol = manifest.protocol.to_string();
    assert!(
        protocol.contains("FairFace") && !protocol.contains("LFW") && !protocol.contains("RMFRD"),
        "what the curves are of: {protocol}"
    );
}

#[test]
fn it_has_one_embedder_nothing_for_presence_and_few_bytes() {
    let manifest = manifest();
    let mut roles: Vec<_> = manifest.models.iter().map(|m| m.role).collect();
    roles.sort();
    assert_eq!(roles, [Role::Detector, Role::Landmarks, Role::Periocular]);
    let mut files: Vec<_> = std::fs::read_dir(pack()).unwrap().map(|f| f.unwrap()).collect();
    files.retain(|f| f.path().extension().is_some_and(|e| e == "onnx"));
    assert_eq!(files.len(), roles.len(), "no network lies there unused");
    let bytes: u64 = files.iter().map(|f| f.metadata().unwrap().len()).sum();
    assert!(bytes < MOST, "{bytes} bytes");
}

#[test]
fn it_finds_one_face_in_a_portrait_and_places_its_eyes() {
    let mut engine = engine();
    for name in ["obama-1", "obama-2", "biden", "astronaut"] {
        let picture = portrait(name);
        let faces = engine.still(&frame(&picture), None).unwrap();
        assert_eq!(faces.len(), 1, "{name}");
        let (face, points) = (&faces[0], faces[0].detection.points);
        let middle = Point::new((points[0].x + points[1].x) / 2.0, (points[0].y + points[1].y) / 2.0);
        let [right, left, nose, ..] = points;
        assert!(right.x < left.x && nose.y > middle.y, "{name}: {points:?}");
        assert!(face.detection.rect.contains(middle), "{name}");
        assert_eq!(face.mask.state, MaskState::Bare, "{name}");
    }
}

#[test]
fn it_names_the_same_person_bare_and_masked_and_nobody_else() {
    let mut engine = engine();
    for (person, picture) in [("Barack", "obama-1"), ("Joe", "biden")] {
        let enrolment = engine.enrol_still(&frame(&portrait(picture)), None).unwrap();
        assert!(engine.put_person(person, enrolment.templates).is_empty());
    }
    let mut named = |picture: &str| match &engine.identify_still(&frame(&portrait(picture))).unwrap()[..] {
        [one] => match &one.decision {
            Decision::Match { person, .. } => (Some(person.clone()), one.mask.state),
            _ => (None, one.mask.state),
        },
        several => panic!("{picture}: {} faces", several.len()),
    };
    let is = |person: Option<&str>, mask| (person.map(str::to_owned), mask);
    assert_eq!(named("obama-2"), is(Some("Barack"), MaskState::Bare));
    assert_eq!(named("obama-1-masked"), is(Some("Barack"), MaskState::Masked));
    assert_eq!(named("obama-2-masked"), is(Some("Barack"), MaskState::Masked));
    assert_eq!(named("biden-masked"), is(Some("Joe"), MaskState::Masked));
    assert_eq!(named("astronaut"), is(None, MaskState::Bare));
}
