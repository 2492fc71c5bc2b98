//! A mask that is printed with a face is a mask, also where it is its wearer's own, and a bare face is none. Such a mask is told by its hem
//! and its loops.
//!
//! Some pictures lie beside the checkout in ../shared and are not part of it; without them their test says so.

use std::path::{Path, PathBuf};

use brow::engine::{Engine, EngineParams};
use brow::face::frame::Frame;
use brow::face::mask::{Mask, MaskState};
use brow::manifest::{Manifest, Role};
use sha2::{Digest, Sha256};

/// How sure the second look has to be of a printed mask and of a bare face.
const SURE: f32 = 0.8;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn engine() -> Engine {
    let manifest = || Manifest::parse(&std::fs::read_to_string(root().join("models/manifest.json")).unwrap()).unwrap();
    let mut engine = Engine::new(manifest(), EngineParams::default(), || 0.0);
    for entry in manifest().models.iter().filter(|m| m.role != Role::Presence) {
        let bytes = std::fs::read(root().join("models").join(&entry.file)).unwrap();
        engine.add_model(entry.role, &bytes, &Sha256::digest(&bytes), None).unwrap();
    }
    engine
}

/// Of the one face on a picture.
fn mask_on(engine: &mut Engine, file: &Path) -> Mask {
    let picture = image::open(file).unwrap().to_rgba8();
    let frame = Frame::new(picture.as_raw(), picture.width() as usize, picture.height() as usize, 0.0).unwrap();
    match &engine.still(&frame, None).unwrap()[..] {
        [face] => face.mask,
        faces => panic!("{}: {} faces", file.display(), faces.len()),
    }
}

fn assert_all(engine: &mut Engine, files: &[PathBuf], state: MaskState) {
    for file in files {
        let mask = mask_on(engine, file);
        assert!(mask.state == state && mask.probability > SURE, "{}: {mask:?}", file.display());
    }
}

#[test]
fn a_mask_printed_with_its_wearers_own_face_is_a_mask_and_the_bare_face_none() {
    let mut engine = engine();
    let portraits = |names: &[&str]| names.iter().map(|n| root().join(format!("tests/data/portraits/{n}.jpg"))).collect::<Vec<_>>();
    assert_all(&mut engine, &portraits(&["obama-1-own", "obama-2-own", "biden-own", "astronaut-own"]), MaskState::Masked);
    assert_all(&mut engine, &portraits(&["obama-1", "obama-2", "biden", "astronaut"]), MaskState::Bare);
}

#[test]
fn printed_masks_beards_and_glasses_of_other_hands_are_told_apart() {
    let inputs = root().join("../shared/inputs");
    if !inputs.is_dir() {
        eprintln!("skipped: ../shared/inputs is not there");
        return;
    }
    let mut engine = engine();
    let files = |names: &[&str]| names.iter().map(|n| inputs.join(format!("occ-{n}.jpg"))).collect::<Vec<_>>();
    assert_all(&mut engine, &files(&["printed-own", "printed-other", "masked", "sunglasses-mask"]), MaskState::Masked);
    assert_all(&mut engine, &files(&["baseline", "beard", "sunglasses"]), MaskState::Bare);
}
