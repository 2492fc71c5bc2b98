//! What the evaluation and the calibration share: pictures of people in folders, and the engine run over them.

// Each example is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use brow::engine::{Engine, EngineParams, Face};
use brow::error::EngineError;
use brow::face::frame::Frame;
use brow::face::geometry::Point;
use brow::face::mask::{Mask, MaskState};
use brow::manifest::{Manifest, ManifestError, ModelEntry};
use brow::model::{ModelError, OpenOther, Other};
use brow::person::calibrate::Calibrations;
use brow::person::common::Common;
use brow::person::template::Template;
use image::{DynamicImage, ImageDecoder, ImageReader};
use sha2::{Digest, Sha256};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A picture of a person: FOLDER/<person>/<image>.
pub struct Picture {
    /// `person/image`, with forward slashes.
    pub file: String,
    pub person: usize,
}

/// What the engine made of a picture.
pub enum Seen {
    Face(Box<Found>),
    /// There is a picture, but the engine found no face in it.
    NoFace,
    /// The picture cannot be decoded.
    Damaged(String),
}

pub struct Found {
    /// As the pack compares it ([`Calibrations::compared`]).
    pub template: Template,
    pub mask: Mask,
    pub face_px: f32,
    pub quality: f32,
    pub points: [Point; 5],
}

impl Seen {
    pub fn face(&self) -> Option<&Found> {
        match self {
            Self::Face(f) => Some(f),
            _ => None,
        }
    }
}

/// All pictures of a folder and the names of their people, sorted.
pub fn pictures(folder: &Path) -> Outcome<(Vec<Picture>, Vec<String>)> {
    let (mut pictures, mut people) = (Vec::new(), Vec::new());
    for dir in sorted(folder)?.into_iter().filter(|p| p.is_dir()) {
        let person = people.len();
        let name = name(&dir);
        for file in sorted(&dir)? {
            let ending = file.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
            if ["jpg", "jpeg", "png", "webp"].contains(&ending.as_str()) {
                pictures.push(Picture { file: format!("{name}/{}", self::name(&file)), person });
            }
        }
        people.push(name);
    }
    if pictures.is_empty() {
        return Err(
            format!("{} holds no pictures: it should look like FOLDER/<person>/<image>.jpg (or .png, .webp)", folder.display()).into()
        );
    }
    Ok((pictures, people))
}

fn sorted(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{} cannot be read: {e}", folder.display()))?;
    let mut paths = entries.map(|e| Ok(e?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The manifest of a pack. One that `pack` has just written has no curves yet; until calibrate made them, scores mean nothing, and
/// only programs that look at similarities may go on. Nor do those go by a faceness, or leave out what groups have in
/// common, of embedders that others have taken the place of.
pub fn manifest(pack: &Path, scores: Scores) -> Outcome<Manifest> {
    let (mut value, has_curves) = text_of(pack)?;
    if scores == Scores::Needed && !has_curves {
        let pack = pack.display();
        return Err(format!("{pack} has no curves yet: make calibrate PACK={pack} SETS=\"name=FOLDER\" (docs/PACKS.md)").into());
    }
    loop {
        match Manifest::parse(&value.to_string()) {
            Err(EngineError::Manifest(ManifestError::Faceness)) if scores == Scores::Unused => drop(value["faceness"].take()),
            Err(EngineError::Manifest(ManifestError::Groups)) if scores == Scores::Unused => drop(value["calibration"]["groups"].take()),
            read => return read.map_err(|e| format!("{}: {e}", pack.display()).into()),
        }
    }
}

/// Whether a pack was calibrated, whatever else in it may be of networks that it no longer has.
pub fn has_curves(pack: &Path) -> Outcome<bool> {
    Ok(text_of(pack)?.1)
}

/// A manifest with stand-ins for curves that are empty, and whether none is.
fn text_of(pack: &Path) -> Outcome<(serde_json::Value, bool)> {
    let text = std::fs::read_to_string(pack.join("manifest.json")).map_err(|e| {
        format!("{}/manifest.json cannot be read: {e}; make a pack with: make pack NETWORK=your.onnx (docs/PACKS.md)", pack.display())
    })?;
    let mut value: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("{}/manifest.json: {e}", pack.display()))?;
    let mut has_curves = true;
    for among in ["among_few", "among_many"] {
        for curve in value["calibration"][among].as_object_mut().into_iter().flat_map(|c| c.values_mut()) {
            if curve.as_array().is_some_and(|points| points.is_empty()) {
                has_curves = false;
                *curve = serde_json::json!([[-1, 0], [1, 1]]);
            }
        }
    }
    Ok((value, has_curves))
}

#[derive(Clone, Copy, PartialEq)]
pub enum Scores {
    Needed,
    Unused,
}

/// [`OpenOther`] as a function.
pub type Open = fn(&[u8], [usize; 4]) -> Result<Other, ModelError>;

static OTHER: OnceLock<Open> = OnceLock::new();

/// Has networks that Brow's own runtime refuses run by another one: what the examples of the same names in tract/ do first.
pub fn use_other(open: Open) {
    OTHER.get_or_init(|| open);
}

/// The other runtime, where this was compiled with one.
pub fn other() -> Option<OpenOther<'static>> {
    OTHER.get().map(|open| open as OpenOther)
}

/// The engine with the networks of a pack.
pub fn engine(pack: &Path, scores: Scores) -> Outcome<Engine> {
    engine_of(manifest(pack, scores)?, |entry| pack.join(&entry.file))
}

/// The same with a manifest that is not in a file yet, the networks being in the files that `file` names.
pub fn engine_of(manifest: Manifest, file: impl Fn(&ModelEntry) -> PathBuf) -> Outcome<Engine> {
    let entries = manifest.models.clone();
    let mut engine = Engine::new(manifest, EngineParams::default(), || 0.0);
    for entry in entries {
        let file = file(&entry);
        let bytes = std::fs::read(&file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
        engine.add_model(entry.role, &bytes, &Sha256::digest(&bytes), other()).map_err(|e| match e {
            EngineError::ModelForeign { error: ModelError::Unsupported { operator, node, variant }, .. } => {
                lacking(&format!("{operator}{variant}"), &node)
            }
            e => e.to_string(),
        })?;
    }
    Ok(engine)
}

/// What to do about an operator that Brow's own runtime lacks.
pub fn lacking(operator: &str, node: &str) -> String {
    format!(
        "Brow's own runtime has no {operator} (node {node}): have the second one run the network, by TRACT=1 behind make, or export it with \
         the operators that src/model/graph.rs reads (docs/PACKS.md)"
    )
}

pub fn calibrations(engine: &Engine) -> Calibrations {
    engine.manifest().calibration.clone()
}

/// What the faces have in common when everybody is enrolled with one picture, their first bare one or else their first one, as
/// in a gallery of all of them.
pub fn in_common(pictures: &[Picture], seen: &[Seen], calibrations: &Calibrations) -> Common {
    let mut enrolled: BTreeMap<usize, &Template> = BTreeMap::new();
    for (picture, face) in pictures.iter().zip(seen).filter_map(|(p, s)| Some((p, s.face()?))) {
        let best = enrolled.entry(picture.person).or_insert(&face.template);
        if best.mask.state != MaskState::Bare && face.mask.state == MaskState::Bare {
            *best = &face.template;
        }
    }
    Common::of(enrolled.values().copied(), calibrations.strangers_lean)
}

/// Whether two pictures are one: a photograph and the copy of it with a mask drawn on (models/training/masked_copies.py).
pub fn is_copy(a: &str, b: &str) -> bool {
    let base = |file: &str| {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        stem.strip_suffix("-masked").unwrap_or(stem).to_owned()
    };
    base(a) == base(b)
}

/// The ids of the models in use, for the record.
pub fn model_ids(engine: &Engine) -> BTreeMap<&'static str, String> {
    engine.manifest().models.iter().map(|m| (m.role.name(), m.known_as())).collect()
}

/// Runs the engine over all pictures on as many threads as there are cores, with a progress bar.
pub fn see(models: &Path, scores: Scores, folder: &Path, pictures: &[Picture], pad: Option<f32>) -> Outcome<Vec<Seen>> {
    let manifest = manifest(models, scores)?;
    let files: Vec<_> = pictures.iter().map(|p| folder.join(&p.file)).collect();
    each(&manifest, models, &files, |engine, file| look(engine, file, pad))
}

/// What `look` makes of each file, with a progress bar; an engine for each core, with the networks of a pack under this manifest.
pub fn each<T: Send>(
    manifest: &Manifest,
    pack: &Path,
    files: &[PathBuf],
    look: impl Fn(&mut Engine, &Path) -> T + Sync,
) -> Outcome<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let open = || engine_of(manifest.clone(), |entry| pack.join(&entry.file));
    let engines = (0..threads).map(|_| open()).collect::<Outcome<Vec<_>>>()?;
    let results: Vec<Mutex<Option<T>>> = files.iter().map(|_| Mutex::new(None)).collect();
    let (next, progress) = (AtomicUsize::new(0), Progress::new(files.len()));
    std::thread::scope(|scope| {
        for mut engine in engines {
            scope.spawn({
                let (next, results, progress, look) = (&next, &results, &progress, &look);
                move || {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(file) = files.get(i) else { break };
                        let seen = look(&mut engine, file);
                        // Each result has one writer: the lock is never contended and never poisoned.
                        if let Ok(mut result) = results[i].lock() {
                            *result = Some(seen);
                        }
                        progress.step();
                    }
                }
            });
        }
    });
    progress.end();
    Ok(results.into_iter().filter_map(|r| r.into_inner().ok().flatten()).collect())
}

/// All files below a folder, sorted, by their path from it.
pub fn below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in sorted(folder)? {
        if path.is_dir() {
            files.extend(below(&path)?.into_iter().map(|f| Path::new(&name(&path)).join(f)));
        } else {
            files.push(PathBuf::from(name(&path)));
        }
    }
    Ok(files)
}

/// The longer side of a camera's frame in the page.
pub const FRAME_SIDE: u32 = 640;

/// A picture as a camera would give it: no larger than its frame.
pub fn as_frame(image: &DynamicImage) -> image::RgbaImage {
    if image.width().max(image.height()) > FRAME_SIDE {
        image.resize(FRAME_SIDE, FRAME_SIDE, image::imageops::FilterType::Triangle).into_rgba8()
    } else {
        image.to_rgba8()
    }
}

pub fn look(engine: &mut Engine, file: &Path, pad: Option<f32>) -> Seen {
    let image = match load(file) {
        Ok(image) => image,
        Err(e) => return Seen::Damaged(e.to_string()),
    };
    let (width, height) = (image.width() as usize, image.height() as usize);
    let rgba = image.into_rgba8().into_raw();
    let faces = Frame::new(&rgba, width, height, 0.0).map_err(Into::into).and_then(|frame| engine.still(&frame, pad));
    match faces {
        Ok(faces) => match principal(faces, width, height) {
            Some(f) => Seen::Face(Box::new(Found {
                face_px: f.quality.face_px,
                quality: f.quality.score,
                points: f.detection.points,
                mask: f.mask,
                template: engine.manifest().calibration.compared(&f.template),
            })),
            None => Seen::NoFace,
        },
        Err(e) => Seen::Damaged(e.to_string()),
    }
}

/// A picture's pixels, turned as its EXIF orientation says.
pub fn load(file: &Path) -> Outcome<DynamicImage> {
    let mut decoder = ImageReader::open(file)?.with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The one face that a portrait is of: large and near the middle.
fn principal(faces: Vec<Face>, width: usize, height: usize) -> Option<Face> {
    let middle = Point::new(width as f32 / 2.0, height as f32 / 2.0);
    let rank = |f: &Face| f.detection.score * f.detection.rect.area().sqrt() - 0.3 * f.detection.rect.centre().distance(middle);
    faces.into_iter().max_by(|a, b| rank(a).total_cmp(&rank(b)))
}

/// A bar on a terminal, a line now and then elsewhere.
pub struct Progress {
    total: usize,
    done: AtomicUsize,
    began: Instant,
    bar: bool,
}

impl Progress {
    pub fn new(total: usize) -> Self {
        Self { total, done: AtomicUsize::new(0), began: Instant::now(), bar: std::io::stderr().is_terminal() }
    }

    fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let every = if self.bar { (self.total / 400).max(1) } else { (self.total / 10).max(1) };
        if !done.is_multiple_of(every) && done != self.total {
            return;
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let left = seconds / done as f64 * (self.total - done) as f64;
        let text = format!("{done} of {} pictures, {seconds:.0} s, {left:.0} s left", self.total);
        if self.bar {
            let filled = 30 * done / self.total;
            eprint!("\r[{}{}] {text}   ", "#".repeat(filled), ".".repeat(30 - filled));
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{text}");
        }
    }

    fn end(&self) {
        if self.bar {
            eprintln!();
        }
    }
}

/// The true mask states of a CSV with the columns `file,mask`.
pub fn truth(file: &Path) -> Outcome<BTreeMap<String, MaskState>> {
    let rows = csv(file, &["file", "mask"])?;
    rows.into_iter()
        .map(|r| {
            let state = MaskState::parse(&r[1])
                .ok_or_else(|| format!("{}: '{}' is no mask state (bare, masked or incorrect)", file.display(), r[1]))?;
            Ok((r[0].clone(), state))
        })
        .collect()
}

/// The named columns of a CSV file with a header.
pub fn csv(file: &Path, columns: &[&str]) -> Outcome<Vec<Vec<String>>> {
    let mut reader = csv_reader(file)?;
    let header = reader.headers()?.clone();
    let at = columns
        .iter()
        .map(|c| header.iter().position(|h| h.trim() == *c).ok_or_else(|| format!("{}: there is no column '{c}'", file.display())))
        .collect::<Result<Vec<_>, _>>()?;
    reader
        .records()
        .map(|row| {
            let row = row?;
            Ok(at.iter().map(|i| row.get(*i).unwrap_or("").trim().to_owned()).collect())
        })
        .collect()
}

fn csv_reader(file: &Path) -> Outcome<csv::Reader<std::fs::File>> {
    Ok(csv::ReaderBuilder::new().from_path(file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?)
}

/// Reads `--name value` pairs and plain words.
pub struct Arguments {
    pub words: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Arguments {
    pub fn parse(allowed: &[&str]) -> Outcome<Self> {
        let (mut words, mut options) = (Vec::new(), BTreeMap::new());
        let mut rest = std::env::args().skip(1);
        while let Some(word) = rest.next() {
            match word.strip_prefix("--") {
                Some(name) if allowed.contains(&name) => {
                    let value = rest.next().ok_or_else(|| format!("--{name} wants a value"))?;
                    options.insert(name.to_owned(), value);
                }
                Some(name) => return Err(format!("there is no option --{name}; the options are --{}", allowed.join(", --")).into()),
                None => words.push(word),
            }
        }
        Ok(Self { words, options })
    }

    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.options.get(name).map(PathBuf::from)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    pub fn number(&self, name: &str) -> Outcome<Option<f32>> {
        let parse = |v: &String| {
            v.parse::<f32>().ok().filter(|v| v.is_finite() && *v >= 0.0).ok_or_else(|| format!("--{name} wants a number, not '{v}'"))
        };
        Ok(self.options.get(name).map(parse).transpose()?)
    }
}
