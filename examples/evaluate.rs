//! How well the whole chain recognises the people in a folder.
//!
//!     cargo run --release --example evaluate -- FOLDER [--truth FILE.csv] [--pairs FILE.csv] [--scores FILE.csv]
//!                                               [--json FILE] [--pad F] [--models DIR | --pack DIR]
//!
//! FOLDER/<person>/<image>. Every picture goes through the engine's own detector, alignment, mask state and comparison,
//! exactly as a photograph does in the page, as if everybody were enrolled with one picture: among 16 people and more, what
//! their faces have in common is left out (src/person/common.rs).
//! --truth   `file,mask`: the true mask states; cells are then by truth, and the mask state's confusion is printed.
//! --pairs   `reference,probe`: only these comparisons instead of all pairs.
//! --scores  one row a comparison; FILE.images.csv beside it has one row a picture.
//! --pack    another pack than models/, and what it is worth beside that (docs/PACKS.md).
//! --pad     border as a fraction of the larger side, repeated from the outermost pixels (default 0.35 under 400 px, else 0).

pub mod common;
#[path = "common/stats.rs"]
mod stats;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use brow::face::mask::MaskState;
use brow::person::calibrate::{Calibrations, Cell};
use brow::person::common::{Common, Lean};
use brow::person::gallery::compare;
use common::{Arguments, Outcome, Picture, Scores, Seen};
use stats::{Comparisons, Rate, Rates};

const USAGE: &str =
    "usage: evaluate FOLDER [--truth FILE.csv] [--pairs FILE.csv] [--scores FILE.csv] [--json FILE] [--pad F] [--models DIR | --pack DIR]";

pub fn main() {
    if let Err(e) = run() {
        eprintln!("evaluate: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["truth", "pairs", "scores", "json", "pad", "models", "pack"])?;
    let [folder] = &arguments.words[..] else { return Err(USAGE.into()) };
    let folder = PathBuf::from(folder);
    let shipped = PathBuf::from("models");
    let pack = arguments.path("pack");
    let models = pack.clone().or(arguments.path("models")).unwrap_or_else(|| shipped.clone());
    let report = evaluated(&models, &folder, &arguments, arguments.path("scores"))?;
    report.print();
    if let Some(file) = arguments.path("json") {
        std::fs::write(&file, serde_json::to_string_pretty(&report)?).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
    }
    if pack.is_some() {
        report.print_beside(&evaluated(&shipped, &folder, &arguments, None)?);
    }
    Ok(())
}

/// Everything about one pack; a row a comparison and a picture in `scores`.
fn evaluated(models: &Path, folder: &Path, arguments: &Arguments, scores: Option<PathBuf>) -> Outcome<Report> {
    let truth = arguments.path("truth").map(|f| common::truth(&f)).transpose()?;
    let (pictures, people) = common::pictures(folder)?;
    let pairs = arguments.path("pairs").map(|f| read_pairs(&f, &pictures)).transpose()?;
    let engine = common::engine(models, Scores::Needed)?;
    let calibrations = common::calibrations(&engine);

    eprintln!("{} pictures of {} people", pictures.len(), people.len());
    let seen = common::see(models, Scores::Needed, folder, &pictures, arguments.number("pad")?)?;
    for (p, s) in pictures.iter().zip(&seen) {
        if let Seen::Damaged(why) = s {
            eprintln!("{} is left out: {why}", p.file);
        }
    }
    let in_common = common::in_common(&pictures, &seen, &calibrations);
    let leans = seen.iter().map(|s| s.face().map(|f| in_common.lean(&f.template)).unwrap_or_default()).collect();
    let set = Set { pictures: &pictures, seen: &seen, truth: truth.as_ref(), calibrations: &calibrations, in_common: &in_common, leans };
    if let Some(file) = &scores {
        write_images(&file.with_file_name(format!("{}.images.csv", file.file_name().unwrap_or_default().to_string_lossy())), &set)?;
    }
    let cells = set.compare_all(pairs.as_deref(), scores.as_deref())?;
    Ok(Report {
        folder: folder.display().to_string(),
        protocol: if pairs.is_some() { "the given pairs" } else { "all unordered pairs of pictures, once" },
        in_common_left_out: in_common.is_known(),
        cells_by: if truth.is_some() { "truth" } else { "engine" },
        models: common::model_ids(&engine),
        people: people.len(),
        pictures: pictures.len(),
        damaged: seen.iter().filter(|s| matches!(s, Seen::Damaged(_))).count(),
        fta: set.fta(),
        confusion: set.confusion(),
        cells: cells.iter().map(|(name, c)| (*name, c.rates())).collect(),
    })
}

#[derive(serde::Serialize)]
struct Report {
    folder: String,
    protocol: &'static str,
    /// Whether there were people enough to know what their faces have in common.
    in_common_left_out: bool,
    cells_by: &'static str,
    models: BTreeMap<&'static str, String>,
    people: usize,
    pictures: usize,
    damaged: usize,
    /// By mask state, and "all": pictures, pictures without a template.
    fta: BTreeMap<&'static str, Failures>,
    /// True state, then state as the engine saw it, then how many.
    confusion: Option<BTreeMap<&'static str, BTreeMap<&'static str, usize>>>,
    cells: BTreeMap<&'static str, Rates>,
}

#[derive(serde::Serialize, Default)]
struct Failures {
    pictures: usize,
    failed: usize,
}

/// The pictures and what became of them.
struct Set<'a> {
    pictures: &'a [Picture],
    seen: &'a [Seen],
    truth: Option<&'a BTreeMap<String, MaskState>>,
    calibrations: &'a Calibrations,
    in_common: &'a Common,
    /// Of each picture.
    leans: Vec<Lean>,
}

impl Set<'_> {
    /// The mask state that decides a picture's cell: the true one where known, else the engine's.
    fn state(&self, i: usize) -> Option<MaskState> {
        match self.truth {
            Some(truth) => truth.get(&self.pictures[i].file).copied(),
            None => self.seen[i].face().map(|f| f.mask.state),
        }
    }

    fn fta(&self) -> BTreeMap<&'static str, Failures> {
        let mut fta: BTreeMap<_, Failures> = BTreeMap::new();
        for (i, seen) in self.seen.iter().enumerate() {
            let state = self.truth.and_then(|_| self.state(i)).map(MaskState::name);
            for name in ["all"].into_iter().chain(state) {
                let f = fta.entry(name).or_default();
                f.pictures += 1;
                f.failed += usize::from(seen.face().is_none());
            }
        }
        fta
    }

    fn confusion(&self) -> Option<BTreeMap<&'static str, BTreeMap<&'static str, usize>>> {
        self.truth?;
        let mut table: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
        for (i, seen) in self.seen.iter().enumerate() {
            if let (Some(truth), Some(face)) = (self.state(i), seen.face()) {
                *table.entry(truth.name()).or_default().entry(face.mask.state.name()).or_default() += 1;
            }
        }
        Some(table)
    }

    /// All comparisons, by cell and in all; a row each in `scores`.
    fn compare_all(&self, pairs: Option<&[(usize, usize)]>, scores: Option<&Path>) -> Outcome<BTreeMap<&'static str, Comparisons>> {
        let mut rows = scores.map(create).transpose()?;
        if let Some(rows) = &mut rows {
            writeln!(rows, "reference,probe,reference_mask,probe_mask,score,full,periocular,mated")?;
        }
        let mut cells: BTreeMap<&'static str, Comparisons> = BTreeMap::new();
        let mut one = |a: usize, b: usize| -> Outcome<()> {
            let (pa, pb) = (&self.pictures[a], &self.pictures[b]);
            let (fa, fb) = (self.seen[a].face(), self.seen[b].face());
            let sides = fa.zip(fb).map(|(x, y)| ((&x.template, self.leans[a]), (&y.template, self.leans[b])));
            let comparison = sides.map(|(x, y)| compare(x, y, self.in_common, self.calibrations));
            let score = comparison.map(|c| c.score);
            let states = self.state(a).zip(self.state(b));
            for name in ["all"].into_iter().chain(states.map(|(x, y)| Cell::of(x, y).name())) {
                let cell = cells.entry(name).or_default();
                cell.add(pa.person as u32, pb.person as u32, score);
                if pairs.is_none() {
                    let mated = pa.person == pb.person;
                    // Among like pictures each is a probe; between bare and masked ones the masked one is.
                    match states.map(|(x, y)| (x == MaskState::Bare, y == MaskState::Bare)) {
                        Some((true, false)) if name != "all" => cell.add_probe(b as u32, mated, score),
                        Some((false, true)) if name != "all" => cell.add_probe(a as u32, mated, score),
                        _ => {
                            cell.add_probe(a as u32, mated, score);
                            cell.add_probe(b as u32, mated, score);
                        }
                    }
                }
            }
            if let (Some(rows), Some(c), Some(x), Some(y)) = (&mut rows, comparison, fa, fb) {
                let full = c.full.map(|f| format!("{f:.6}")).unwrap_or_default();
                let (ma, mb) = (x.mask.state.name(), y.mask.state.name());
                let mated = u8::from(pa.person == pb.person);
                writeln!(rows, "{},{},{ma},{mb},{:.6},{full},{:.6},{mated}", pa.file, pb.file, c.score, c.periocular)?;
            }
            Ok(())
        };
        match pairs {
            Some(pairs) => pairs.iter().try_for_each(|(a, b)| one(*a, *b))?,
            None => {
                for a in 0..self.pictures.len() {
                    for b in a + 1..self.pictures.len() {
                        one(a, b)?;
                    }
                }
            }
        }
        if let Some(mut rows) = rows {
            rows.flush()?;
        }
        Ok(cells)
    }
}

fn create(file: &Path) -> Outcome<BufWriter<File>> {
    Ok(BufWriter::new(File::create(file).map_err(|e| format!("{} cannot be written: {e}", file.display()))?))
}

/// One row a picture.
fn write_images(file: &Path, set: &Set) -> Outcome<()> {
    let mut out = create(file)?;
    writeln!(out, "file,found,mask,mask_probability,face_px,quality,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4")?;
    for (p, seen) in set.pictures.iter().zip(set.seen) {
        match seen.face() {
            Some(f) => {
                let points: Vec<_> = f.points.iter().map(|p| format!("{:.2},{:.2}", p.x, p.y)).collect();
                let mask = (f.mask.state.name(), f.mask.probability);
                writeln!(out, "{},1,{},{:.4},{:.1},{:.4},{}", p.file, mask.0, mask.1, f.face_px, f.quality, points.join(","))?;
            }
            None => writeln!(out, "{},0,,,,,,,,,,,,,,", p.file)?,
        }
    }
    Ok(out.flush()?)
}

/// Pairs of pictures by their place in the list.
fn read_pairs(file: &Path, pictures: &[Picture]) -> Outcome<Vec<(usize, usize)>> {
    let index: BTreeMap<_, _> = pictures.iter().enumerate().map(|(i, p)| (p.file.as_str(), i)).collect();
    let find =
        |name: &str| index.get(name).copied().ok_or_else(|| format!("{}: there is no picture '{name}' in the folder", file.display()));
    let rows = common::csv(file, &["reference", "probe"])?;
    rows.iter().map(|r| Ok((find(&r[0])?, find(&r[1])?))).collect()
}

impl Report {
    fn print(&self) {
        println!("{}: {} pictures of {} people, {} damaged; {}", self.folder, self.pictures, self.people, self.damaged, self.protocol);
        let left_out = if self.in_common_left_out { "left out" } else { "not known (too few people)" };
        println!("what the faces have in common: {left_out}");
        println!("models: {}", self.models.values().cloned().collect::<Vec<_>>().join(", "));
        println!("\nFailure to acquire (no face found)");
        for (name, f) in &self.fta {
            println!("  {name:10} {:5} of {:6}  {:.2} %", f.failed, f.pictures, 100.0 * f.failed as f64 / f.pictures as f64);
        }
        if let Some(confusion) = &self.confusion {
            println!("\nMask state: true, and as seen");
            println!("  {:10} {:>8} {:>8} {:>9}", "", "bare", "masked", "incorrect");
            for (truth, row) in confusion {
                let n = |s| row.get(s).copied().unwrap_or(0);
                println!("  {truth:10} {:8} {:8} {:9}", n("bare"), n("masked"), n("incorrect"));
            }
        }
        println!("\nBy cell ({}), 95 % intervals over people", self.cells_by);
        for (name, r) in &self.cells {
            println!("  {name}: {} mated, {} non-mated; not made {} and {}", r.mated, r.non_mated, r.mated_missed, r.non_mated_missed);
            println!("    EER {}   rank 1 {} (failures counted {})", percent(r.eer), percent(r.rank_1), percent(r.rank_1_failures_counted));
            for (fmr, rate) in &r.tmr {
                println!("    TMR at FMR {fmr}: {}   failures counted {}", interval(rate), interval(&r.tmr_failures_counted[fmr]));
            }
            let fmr: Vec<_> = r.fmr_at_score.iter().map(|(s, v)| format!("{s}: {}", v.map_or("-".into(), |v| format!("{v:.5}")))).collect();
            println!("    FMR at score {}", fmr.join("  "));
        }
    }
}

impl Report {
    /// What this pack is worth beside the shipped one, on the same pictures.
    fn print_beside(&self, shipped: &Report) {
        println!("\nBeside the shipped networks ({})", shipped.models.values().cloned().collect::<Vec<_>>().join(", "));
        println!("  {:16} {:>12}  {:34}  shipped", "", "", "this pack");
        for (name, rates) in &self.cells {
            let Some(other) = shipped.cells.get(name) else { continue };
            for (fmr, rate) in &rates.tmr {
                println!("  {name:16} TMR at {fmr:>6}  {:34}  {}", interval(rate), interval(&other.tmr[fmr]));
            }
            println!("  {name:16} {:>13}  {:34}  {}", "EER", percent(rates.eer), percent(other.eer));
        }
    }
}

fn percent(v: Option<f64>) -> String {
    v.map_or("-".into(), |v| format!("{:.2} %", 100.0 * v))
}

fn interval(rate: &Option<Rate>) -> String {
    rate.map_or("too few comparisons".into(), |r| format!("{:.4} [{:.4}, {:.4}]", r.value, r.low, r.high))
}
