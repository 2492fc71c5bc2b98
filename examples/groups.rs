//! Finds what groups of people have in common, and writes it into a pack's manifest (src/person/groups.rs); calibrate afterwards.
//!
//!     cargo run --release --example groups -- FOLDER --report OTHERS [--models DIR] [--directions N]
//!
//! FOLDER/<group>/<image> and OTHERS/<group>/<image>: single people, the largest face of a picture counting, with as many groups as there are kinds of
//! people to be told from each other: children and grown-ups of several origins, say. OTHERS may have copies with a mask drawn on
//! (models/training/masked_copies.py). Of each group there it is told which share of the pairs is more alike than all but a thousandth of the pairs of everybody,
//! as templates are and without what groups have in common. Whoever is there twice counts as two people. What it costs of true matches, only `evaluate` tells.

pub mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use brow::face::mask::MaskState;
use brow::manifest::Manifest;
use brow::person::calibrate::{Calibrations, Cell};
use brow::person::common::Common;
use brow::person::embed::{add, cosine, unit};
use brow::person::gallery::compare;
use brow::person::groups::Groups;
use brow::person::template::Template;
use common::{Arguments, Outcome, Picture, Scores, Seen};

const USAGE: &str = "usage: groups FOLDER --report OTHERS [--models DIR] [--directions N]";
/// Of so many people of each group.
const LEAST: usize = 30;
const STEPS: usize = 300;
const FMR: f64 = 1e-3;

/// A face of a group.
struct Face {
    group: String,
    file: String,
    template: Template,
}

fn main() {
    if let Err(e) = run() {
        eprintln!("groups: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["models", "directions", "report"])?;
    let ([folder], Some(others)) = (&arguments.words[..], arguments.path("report")) else { return Err(USAGE.into()) };
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let most = arguments.number("directions")?.unwrap_or(4.0) as usize;
    let mut manifest = common::manifest(&models, Scores::Unused)?;
    manifest.calibration.groups = None;
    let found = faces(&manifest, &models, Path::new(folder))?;
    let mut groups: BTreeMap<&str, Vec<&Template>> = BTreeMap::new();
    for face in found.iter().filter(|f| f.template.mask.state == MaskState::Bare) {
        groups.entry(&face.group).or_default().push(&face.template);
    }
    if let Some((name, group)) = groups.iter().find(|(_, group)| group.len() < LEAST) {
        return Err(format!("{name}: {} bare faces, and {LEAST} are needed", group.len()).into());
    }
    if groups.len() <= most {
        return Err(format!("{} groups have no {most} directions between them: one more is needed", groups.len()).into());
    }
    let groups: Vec<_> = groups.into_values().collect();
    let before = manifest.clone();
    manifest.calibration.groups = Some(Groups {
        models: manifest.embedders(),
        periocular: between(&groups, most, |t| Some(&t.periocular.vector)),
        full: if manifest.embedders().len() > 1 { between(&groups, most, |t| t.full.as_ref().map(|f| &f.vector)) } else { Vec::new() },
    });
    std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?;
    report(&faces(&before, &models, &others)?, &before.calibration, &manifest.calibration);
    Ok(())
}

/// The largest face of each picture, by a manifest that leaves nothing of groups out.
fn faces(manifest: &Manifest, models: &Path, folder: &Path) -> Outcome<Vec<Face>> {
    let (pictures, names) = common::pictures(folder)?;
    let files: Vec<_> = pictures.iter().map(|p| folder.join(&p.file)).collect();
    let seen = common::each(manifest, models, &files, |engine, file| common::look(engine, file, None))?;
    let face = |(picture, seen): (Picture, Seen)| match seen {
        Seen::Face(found) => Some(Face { group: names[picture.person].clone(), file: picture.file, template: found.template }),
        _ => None,
    };
    Ok(pictures.into_iter().zip(seen).filter_map(face).collect())
}

/// The directions along which the means of groups differ most.
fn between(groups: &[Vec<&Template>], most: usize, vector: fn(&Template) -> Option<&Vec<f32>>) -> Vec<Vec<i8>> {
    let mean = |vectors: &[Vec<f32>]| {
        let mut sum = vec![0.0; vectors[0].len()];
        vectors.iter().for_each(|v| add(&mut sum, v, 1.0 / vectors.len() as f32));
        sum
    };
    let mut means: Vec<_> = groups.iter().map(|g| mean(&g.iter().filter_map(|t| vector(t).cloned()).collect::<Vec<_>>())).collect();
    let middle = mean(&means);
    means.iter_mut().for_each(|m| add(m, &middle, -1.0));
    let mut directions = Vec::new();
    for _ in 0..most {
        let length = |m: &&Vec<f32>| cosine(m, m);
        let mut direction = unit(means.iter().max_by(|a, b| length(a).total_cmp(&length(b))).cloned().unwrap_or_default());
        for _ in 0..STEPS {
            let mut next = vec![0.0; direction.len()];
            means.iter().for_each(|m| add(&mut next, m, cosine(m, &direction)));
            direction = unit(next);
        }
        for m in &mut means {
            let along = cosine(m, &direction);
            add(m, &direction, -along);
        }
        let largest = direction.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        directions.push(direction.iter().map(|v| (v / largest * f32::from(i8::MAX)).round() as i8).collect());
    }
    directions
}

fn report(faces: &[Face], before: &Calibrations, after: &Calibrations) {
    let sides = [before, after].map(|calibrations| alike(faces, calibrations));
    println!(
        "share of a group's pairs, by cell, that are more alike than all but {FMR} of all pairs: as templates are, and without what groups have in common"
    );
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    faces.iter().for_each(|f| *counted.entry(&f.group).or_default() += 1);
    for (group, faces) in counted {
        let cells = Cell::ALL.map(|cell| {
            let [was, is] = sides.each_ref().map(|side| side.get(&(group, cell.name())).map_or("-".into(), |share| format!("{share:.4}")));
            format!("{} {was:>7} {is:>7}", cell.name())
        });
        println!("{group:24} {faces:5} faces   {}", cells.join("   "));
    }
}

/// By group and cell, the share of its pairs above the threshold of everybody's in that cell.
fn alike<'a>(faces: &'a [Face], calibrations: &Calibrations) -> BTreeMap<(&'a str, &'static str), f64> {
    let compared: Vec<_> = faces.iter().map(|f| calibrations.compared(&f.template)).collect();
    let bare = compared.iter().filter(|t| t.mask.state == MaskState::Bare);
    let common = Common::of(bare, calibrations.strangers_lean);
    let leans: Vec<_> = compared.iter().map(|t| common.lean(t)).collect();
    let mut by_cell: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    let mut by_group: BTreeMap<(&str, &str), Vec<f32>> = BTreeMap::new();
    for (i, a) in faces.iter().enumerate() {
        for (j, b) in faces.iter().enumerate().skip(i + 1) {
            if common::is_copy(&a.file, &b.file) {
                continue;
            }
            let pair = compare((&compared[i], leans[i]), (&compared[j], leans[j]), &common, calibrations);
            by_cell.entry(pair.cell.name()).or_default().push(pair.similarity);
            if a.group == b.group {
                by_group.entry((&a.group, pair.cell.name())).or_default().push(pair.similarity);
            }
        }
    }
    let threshold = |mut all: Vec<f32>| {
        all.sort_unstable_by(|a, b| b.total_cmp(a));
        all.get((all.len() as f64 * FMR) as usize).copied().unwrap_or(f32::INFINITY)
    };
    let thresholds: BTreeMap<_, _> = by_cell.into_iter().map(|(cell, all)| (cell, threshold(all))).collect();
    let share = |(key, pairs): ((_, &'static str), Vec<f32>)| {
        let above = pairs.iter().filter(|s| **s > thresholds[key.1]).count();
        (key, above as f64 / pairs.len() as f64)
    };
    by_group.into_iter().map(share).collect()
}
