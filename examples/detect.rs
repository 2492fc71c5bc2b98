//! How well faces are found in scenes.
//!
//!     cargo run --release --example detect -- FOLDER --boxes FILE.csv [--json FILE] [--models DIR]
//!     cargo run --release --example detect -- FOLDER --faceless yes [--models DIR]
//!
//! FOLDER/<image>; FILE.csv has `file,mask,x0,y0,x1,y1` in pixels. Every picture goes through the detector and the second
//! look, as a photograph does in the page. A face is found where a box overlaps its own by at least 0.3 of their union: the
//! annotations draw faces more and less tightly than the engine does.
//!
//! `--faceless yes`: FOLDER/<image> without anybody on it. Each picture is looked at as a frame of a camera, at most 640 pixels
//! on its longer side, long enough for every search of an empty view to have had its turn, and as a photograph; whatever is
//! found is a false face, and its picture is named, so that somebody can check that it holds no true one.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use brow::face::frame::Frame;
use brow::face::geometry::Rect;
use common::{Arguments, Outcome};

const USAGE: &str = "usage: detect FOLDER (--boxes FILE.csv | --faceless yes) [--json FILE] [--models DIR]";
/// Frames of an empty view in which every search, turned ones too, has its turn.
const LONG_ENOUGH: usize = 24;
/// Boxes that share less of their union are of different faces.
const SAME: f32 = 0.3;
/// Faces lower than this are left out: nobody could recognise them.
const LEAST: f32 = 24.0;
const HEIGHTS: [(&str, f32, f32); 3] = [("24-40 px", LEAST, 40.0), ("40-80 px", 40.0, 80.0), ("over 80 px", 80.0, f32::INFINITY)];

struct Truth {
    rect: Rect,
    mask: String,
}

/// A face that was found, with the truth that it is, if any.
struct Hit {
    score: f32,
    truth: Option<(usize, usize)>,
    /// It lies on a face that is too small to count.
    ignored: bool,
}

#[derive(serde::Serialize)]
struct Report {
    models: BTreeMap<&'static str, String>,
    pictures: usize,
    faces: usize,
    false_faces: usize,
    average_precision: f64,
    /// By group: faces, recall at any score, recall at one false face in 100 pictures.
    recall: BTreeMap<String, Recall>,
}

#[derive(serde::Serialize)]
struct Recall {
    faces: usize,
    found: f64,
    found_at_one_false_face_in_100: f64,
}

fn main() {
    if let Err(e) = run() {
        eprintln!("detect: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["boxes", "faceless", "json", "models"])?;
    let [folder] = &arguments.words[..] else { return Err(USAGE.into()) };
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let mut engine = common::engine(&models, common::Scores::Needed)?;
    if arguments.path("faceless").is_some() {
        return faceless(&mut engine, Path::new(folder));
    }
    let scenes = read_boxes(&arguments.path("boxes").ok_or(USAGE)?)?;
    let mut hits = Vec::new();
    for (i, (file, truths)) in scenes.iter().enumerate() {
        match find(&mut engine, &Path::new(folder).join(file)) {
            Ok(faces) => hits.extend(matched(i, faces, truths)),
            Err(e) => eprintln!("{file} is left out: {e}"),
        }
        if (i + 1).is_multiple_of(50) || i + 1 == scenes.len() {
            eprintln!("{} of {} pictures", i + 1, scenes.len());
        }
    }
    let report = report(common::model_ids(&engine), &scenes, hits);
    report.print();
    if let Some(file) = arguments.path("json") {
        std::fs::write(&file, serde_json::to_string_pretty(&report)?).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
    }
    Ok(())
}

fn read_boxes(file: &Path) -> Outcome<Vec<(String, Vec<Truth>)>> {
    let mut scenes: BTreeMap<String, Vec<Truth>> = BTreeMap::new();
    for row in common::csv(file, &["file", "mask", "x0", "y0", "x1", "y1"])? {
        let mut edges = [0.0f32; 4];
        for (edge, text) in edges.iter_mut().zip(&row[2..]) {
            *edge = text.parse().map_err(|_| format!("{}: '{text}' is no number", file.display()))?;
        }
        let [x0, y0, x1, y1] = edges;
        let rect = Rect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
        scenes.entry(row[0].clone()).or_default().push(Truth { rect, mask: row[1].clone() });
    }
    Ok(scenes.into_iter().collect())
}

/// Prints how often something is taken for a face where nobody is.
fn faceless(engine: &mut brow::engine::Engine, folder: &Path) -> Outcome<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let (mut pictures, mut upright, mut any, mut photographs) = (0, 0, 0, 0);
    for file in files {
        let Ok(image) = common::load(&file) else { continue };
        pictures += 1;
        let small = common::as_frame(&image);
        let (width, height) = (small.width() as usize, small.height() as usize);
        engine.reset_tracks();
        let mut first = None;
        for look in 0..LONG_ENOUGH {
            // The next picture's time goes on, or its first frame would be another stream's.
            let seen = engine.observe(&Frame::new(&small, width, height, (pictures * LONG_ENOUGH + look) as f64 * 33.0)?)?;
            if let Some(face) = seen.first() {
                first = Some((look, face.rect, face.detection));
                break;
            }
        }
        upright += usize::from(first.is_some_and(|(look, ..)| look == 0));
        any += usize::from(first.is_some());
        let rgba = image.to_rgba8();
        let still = engine.still(&Frame::new(&rgba, rgba.width() as usize, rgba.height() as usize, 0.0)?, None)?;
        photographs += usize::from(!still.is_empty());
        if first.is_some() || !still.is_empty() {
            let still: Vec<_> = still.iter().map(|f| (f.detection.rect, f.detection.score)).collect();
            println!("{}: camera {first:?}, photograph {still:?}", file.display());
        }
    }
    println!(
        "{pictures} pictures: a false face in {upright} as a single frame, in {any} as an empty view ({LONG_ENOUGH} frames, turned \
         searches too), in {photographs} as a photograph"
    );
    Ok(())
}

fn find(engine: &mut brow::engine::Engine, file: &Path) -> Outcome<Vec<(Rect, f32)>> {
    let image = common::load(file)?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let rgba = image.into_rgba8().into_raw();
    let faces = engine.still(&Frame::new(&rgba, width, height, 0.0)?, None)?;
    Ok(faces.iter().map(|f| (f.detection.rect, f.detection.score)).collect())
}

/// Gives each truth to the surest face that lies on it.
fn matched(scene: usize, mut faces: Vec<(Rect, f32)>, truths: &[Truth]) -> Vec<Hit> {
    faces.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut taken = vec![false; truths.len()];
    faces
        .into_iter()
        .map(|(rect, score)| {
            let best =
                (0..truths.len()).filter(|t| !taken[*t]).max_by(|a, b| truths[*a].rect.iou(&rect).total_cmp(&truths[*b].rect.iou(&rect)));
            let on = best.filter(|t| truths[*t].rect.iou(&rect) >= SAME);
            if let Some(t) = on {
                taken[t] = true;
            }
            let ignored = on.is_some_and(|t| truths[t].rect.height < LEAST);
            Hit { score, truth: on.filter(|_| !ignored).map(|t| (scene, t)), ignored }
        })
        .collect()
}

fn report(models: BTreeMap<&'static str, String>, scenes: &[(String, Vec<Truth>)], mut hits: Vec<Hit>) -> Report {
    hits.retain(|h| !h.ignored);
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let counted = |t: &&Truth| t.rect.height >= LEAST;
    let faces = scenes.iter().flat_map(|s| &s.1).filter(counted).count();
    // The score at which false faces become more than one in 100 pictures.
    let allowed = scenes.len() / 100;
    let strict = hits.iter().filter(|h| h.truth.is_none()).nth(allowed).map_or(f32::NEG_INFINITY, |h| h.score);
    let mut recall = BTreeMap::new();
    for (height, low, high) in HEIGHTS {
        for mask in ["bare", "masked", "incorrect"] {
            let of_group = |t: &Truth| t.mask == mask && t.rect.height >= low && t.rect.height < high;
            let n = scenes.iter().flat_map(|s| &s.1).filter(|t| of_group(t)).count();
            let found = |least: f32| {
                let hit = hits.iter().filter(|h| h.score > least && h.truth.is_some_and(|(s, t)| of_group(&scenes[s].1[t]))).count();
                hit as f64 / n.max(1) as f64
            };
            recall.insert(
                format!("{mask}, {height}"),
                Recall { faces: n, found: found(f32::NEG_INFINITY), found_at_one_false_face_in_100: found(strict) },
            );
        }
    }
    Report {
        models,
        pictures: scenes.len(),
        faces,
        false_faces: hits.iter().filter(|h| h.truth.is_none()).count(),
        average_precision: average_precision(&hits, faces),
        recall,
    }
}

/// Area under precision over recall, precision made falling from the right.
fn average_precision(hits: &[Hit], faces: usize) -> f64 {
    let mut points = Vec::new();
    let mut right = 0;
    for (i, hit) in hits.iter().enumerate() {
        right += usize::from(hit.truth.is_some());
        points.push((right as f64 / faces as f64, right as f64 / (i + 1) as f64));
    }
    let (mut area, mut best, mut last) = (0.0, 0.0f64, None::<f64>);
    for (recall, precision) in points.into_iter().rev() {
        if let Some(last) = last {
            area += (last - recall) * best;
        }
        best = best.max(precision);
        last = Some(recall);
    }
    area + last.unwrap_or(0.0) * best
}

impl Report {
    fn print(&self) {
        println!(
            "{} pictures, {} faces of {LEAST} px and more; models {}",
            self.pictures,
            self.faces,
            self.models.values().cloned().collect::<Vec<_>>().join(", ")
        );
        println!(
            "average precision {:.3}; {} false faces (some are faces that nobody annotated)",
            self.average_precision, self.false_faces
        );
        println!("{:24} {:>6} {:>8} {:>28}", "", "faces", "found", "at one false face in 100");
        for (group, r) in &self.recall {
            println!("{group:24} {:6} {:8.3} {:28.3}", r.faces, r.found, r.found_at_one_false_face_in_100);
        }
    }
}
