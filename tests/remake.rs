//! Enrolment from a picture: of several faces nobody's is guessed, and what is kept as a picture is enough for a later release to make its
//! templates from.

use std::path::Path;

use brow::engine::{Engine, EngineParams, Outdated};
use brow::error::EngineError;
use brow::face::frame::Frame;
use brow::face::geometry::Point;
use brow::face::mask::{Mask, MaskState};
use brow::manifest::{Manifest, Role};
use brow::person::embed::cosine;
use brow::person::template::{Features, Template};
use image::RgbaImage;
use sha2::{Digest, Sha256};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> Manifest {
    Manifest::parse(&std::fs::read_to_string(root().join("models/manifest.json")).unwrap()).unwrap()
}

fn engine() -> Engine {
    let entries = manifest().models;
    let mut engine = Engine::new(manifest(), EngineParams::default(), || 0.0);
    for entry in entries.iter().filter(|m| m.role != Role::Presence) {
        let bytes = std::fs::read(root().join("models").join(&entry.file)).unwrap();
        engine.add_model(entry.role, &bytes, &Sha256::digest(&bytes), None).unwrap();
    }
    engine
}

fn frame(picture: &RgbaImage) -> Frame<'_> {
    Frame::new(picture.as_raw(), picture.width() as usize, picture.height() as usize, 0.0).unwrap()
}

/// As the page keeps it.
fn as_jpeg(picture: &RgbaImage) -> RgbaImage {
    let rgb = image::DynamicImage::ImageRgba8(picture.clone()).to_rgb8();
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92).encode_image(&rgb).unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgba8()
}

#[test]
fn of_several_faces_the_chosen_one_is_enrolled_and_none_is_guessed() {
    let mut engine = engine();
    let portrait = |name: &str| image::open(root().join(format!("tests/data/portraits/{name}.jpg"))).unwrap().to_rgba8();
    let alone = |engine: &mut Engine, picture: &RgbaImage| engine.enrol_still(&frame(picture), None).unwrap().templates.remove(0);
    let people = ["obama-1", "biden"].map(|name| image::imageops::resize(&portrait(name), 480, 600, image::imageops::FilterType::Triangle));
    let mut both = RgbaImage::new(960, 600);
    people.iter().enumerate().for_each(|(i, picture)| image::imageops::replace(&mut both, picture, 480 * i as i64, 0));
    assert!(matches!(engine.enrol_still(&frame(&both), None), Err(EngineError::SeveralFaces { count: 2 })));
    for face in engine.identify_still(&frame(&both)).unwrap() {
        let chosen = engine.enrol_still(&frame(&both), Some(face.rect.centre())).unwrap().templates.remove(0);
        let [own, other] = if face.rect.centre().x < 480.0 { [0, 1] } else { [1, 0] }.map(|i| alone(&mut engine, &people[i]));
        let alike = |t: &Template| cosine(&t.periocular.vector, &chosen.periocular.vector);
        assert!(alike(&own) > 0.9 && alike(&other) < 0.7, "{} {}", alike(&own), alike(&other));
    }
    let nobody = Point::new(1.0, 1.0);
    assert!(matches!(engine.enrol_still(&frame(&both), Some(nobody)), Err(EngineError::NoFace)));
}

#[test]
fn the_kept_picture_gives_the_template_anew_also_one_that_was_cut_close() {
    let mut engine = engine();
    for name in ["obama-1", "obama-1-masked", "biden", "astronaut"] {
        let portrait = image::open(root().join(format!("tests/data/portraits/{name}.jpg"))).unwrap().to_rgba8();
        let enrolment = engine.enrol_still(&frame(&portrait), None).unwrap();
        let (before, picture) = (&enrolment.templates[0], enrolment.picture);
        let kept = RgbaImage::from_raw(picture.width as u32, picture.height as u32, picture.rgba).unwrap();
        // The releases before kept the canonical face alone, of the same size.
        let close = image::imageops::crop_imm(&kept, 48, 48, 224, 224).to_image();
        for (what, picture) in [("as it is kept", as_jpeg(&kept)), ("cut close", close)] {
            let anew = engine.remake(&frame(&picture)).unwrap_or_else(|e| panic!("{name} {what}: {e}"));
            let alike = |a: &Features, b: &Features| cosine(&a.vector, &b.vector);
            let (full, eyes) =
                (alike(before.full.as_ref().unwrap(), anew.full.as_ref().unwrap()), alike(&before.periocular, &anew.periocular));
            assert!(full > 0.9 && eyes > 0.9, "{name} {what}: {full} {eyes}");
            assert_eq!(anew.mask.state == MaskState::Bare, before.mask.state == MaskState::Bare, "{name} {what}");
        }
    }
}

#[test]
fn a_picture_without_a_face_or_of_a_blurred_one_gives_no_template() {
    let mut engine = engine();
    let plain = RgbaImage::from_pixel(320, 320, image::Rgba([120, 110, 100, 255]));
    assert!(matches!(engine.remake(&frame(&plain)), Err(EngineError::NoFace)));
    let portrait = image::open(root().join("tests/data/portraits/obama-1.jpg")).unwrap().to_rgba8();
    let enrolment = engine.enrol_still(&frame(&portrait), None).unwrap();
    let kept = RgbaImage::from_raw(320, 320, enrolment.picture.rgba).unwrap();
    let blurred = image::imageops::blur(&kept, 14.0);
    assert!(matches!(engine.remake(&frame(&blurred)), Err(EngineError::NoFace | EngineError::Unsuitable { .. })));
}

#[test]
fn somebody_is_due_where_nothing_but_earlier_templates_is_there() {
    let engine = Engine::new(manifest(), EngineParams::default(), || 0.0);
    let of = |full: &str| {
        let vector = vec![1.0];
        let periocular = Features { model: manifest().model(Role::Periocular).known_as(), vector: vector.clone() };
        let full = Some(Features { model: full.into(), vector });
        Some(Template { periocular, full, mask: Mask { state: MaskState::Bare, probability: 1.0 }, quality: 1.0 })
    };
    let current = manifest().model(Role::Full).known_as();
    let outdated = |references: &[Option<Template>]| {
        let Outdated { references, due } = engine.outdated(references);
        (references, due)
    };
    assert_eq!(outdated(&[]), (vec![], false));
    assert_eq!(outdated(&[of(&current)]), (vec![], false));
    assert_eq!(outdated(&[of("full-2"), None, of("full-1")]), (vec![0, 2], true));
    assert_eq!(outdated(&[of("full-2"), of(&current)]), (vec![0], false));
    assert_eq!(outdated(&[of("full-2"), of("full-99@00000000")]), (vec![0], false), "a later release has seen to them");
    assert_eq!(outdated(&[None]), (vec![], false));
}
