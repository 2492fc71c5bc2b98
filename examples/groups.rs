//! Finds what groups of people have in common, and writes it into a pack's manifest (src/person/groups.rs); calibrate afterwards.
//!
//!     cargo run --release --example groups -- FOLDER [--models DIR] [--directions N]
//!
//! FOLDER/<group>/<image>: single people, the larger face of a picture counting, as many groups as there are kinds of people to be told from each
//! other: children and grown-ups of several origins, say. Directions are found by the pictures whose path has an even CRC-32. The others report:
//! which share of the pairs of a group is more alike than all but a thousandth of all pairs, as templates are and without those directions. What that
//! costs of true matches, only `evaluate` tells.

pub mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use brow::person::calibrate::Calibrations;
use brow::person::common::Common;
use brow::person::embed::{add, cosine, unit};
use brow::person::gallery::compare;
use brow::person::groups::Groups;
use brow::person::template::Template;
use common::{Arguments, Outcome, Scores};

const USAGE: &str = "usage: groups FOLDER [--models DIR] [--directions N]";
/// Of so many people of each group.
const LEAST: usize = 30;
const STEPS: usize = 300;
const FMR: f64 = 1e-3;

/// Templates of each group by its name.
type ByGroup<'a> = BTreeMap<&'a str, Vec<&'a Template>>;

fn main() {
    if let Err(e) = run() {
        eprintln!("groups: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["models", "directions"])?;
    let [folder] = &arguments.words[..] else { return Err(USAGE.into()) };
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let most = arguments.number("directions")?.unwrap_or(5.0) as usize;
    let mut manifest = common::manifest(&models, Scores::Unused)?;
    manifest.calibration.groups = None;
    let folder = PathBuf::from(folder);
    let (pictures, names) = common::pictures(&folder)?;
    let files: Vec<_> = pictures.iter().map(|p| folder.join(&p.file)).collect();
    let seen = common::each(&manifest, &models, &files, |engine, file| common::look(engine, file, None))?;
    let half = |fits: bool| {
        let mut groups = ByGroup::new();
        for (picture, face) in pictures.iter().zip(&seen).filter_map(|(p, s)| Some((p, s.face()?))) {
            if crc32fast::hash(picture.file.as_bytes()).is_multiple_of(2) == fits {
                groups.entry(&names[picture.person]).or_default().push(&face.template);
            }
        }
        groups
    };
    let fitted = half(true);
    if let Some((name, group)) = fitted.iter().find(|(_, group)| group.len() < LEAST) {
        return Err(format!("{name}: {} faces with an even CRC-32 of their path, and {LEAST} are needed", group.len()).into());
    }
    if fitted.len() <= most {
        return Err(format!("{} groups have no {most} directions between them: one more is needed", fitted.len()).into());
    }
    let groups = Groups {
        models: manifest.embedders(),
        periocular: between(&fitted, most, |t| Some(&t.periocular.vector)),
        full: if manifest.embedders().len() > 1 { between(&fitted, most, |t| t.full.as_ref().map(|f| &f.vector)) } else { Vec::new() },
    };
    let before = manifest.calibration.clone();
    manifest.calibration.groups = Some(groups);
    report(&half(false), &before, &manifest.calibration);
    Ok(std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?)
}

/// The directions along which the means of groups differ most.
fn between(groups: &ByGroup, most: usize, vector: fn(&Template) -> Option<&Vec<f32>>) -> Vec<Vec<i8>> {
    let mean = |vectors: &[Vec<f32>]| {
        let mut sum = vec![0.0; vectors[0].len()];
        vectors.iter().for_each(|v| add(&mut sum, v, 1.0 / vectors.len() as f32));
        sum
    };
    let mut means: Vec<_> = groups.values().map(|g| mean(&g.iter().filter_map(|t| vector(t).cloned()).collect::<Vec<_>>())).collect();
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

fn report(groups: &ByGroup, before: &Calibrations, after: &Calibrations) {
    let sides = [before, after].map(|calibrations| similarities(groups, calibrations));
    println!(
        "pairs of a group that are more alike than all but {FMR} of all pairs, of pictures that found no direction\n{:24} people  as they are  without",
        ""
    );
    for (at, (name, people)) in groups.iter().enumerate() {
        let shares = sides.each_ref().map(|(of_groups, threshold)| {
            let pairs = &of_groups[at];
            pairs.iter().filter(|s| *s > threshold).count() as f64 / pairs.len().max(1) as f64
        });
        println!("{name:24} {:6}  {:11.4}  {:7.4}", people.len(), shares[0], shares[1]);
    }
}

/// Similarities within each group, and what all but few pairs of all groups are less alike than.
fn similarities(groups: &ByGroup, calibrations: &Calibrations) -> (Vec<Vec<f32>>, f32) {
    let all: Vec<(usize, Template)> =
        groups.values().enumerate().flat_map(|(at, group)| group.iter().map(move |t| (at, calibrations.compared(t)))).collect();
    let common = Common::of(all.iter().map(|(_, t)| t), calibrations.strangers_lean);
    let leans: Vec<_> = all.iter().map(|(_, t)| common.lean(t)).collect();
    let (mut of_groups, mut every) = (vec![Vec::new(); groups.len()], Vec::new());
    for (i, (a, x)) in all.iter().enumerate() {
        for (j, (b, y)) in all.iter().enumerate().skip(i + 1) {
            let similarity = compare((x, leans[i]), (y, leans[j]), &common, calibrations).similarity;
            every.push(similarity);
            if a == b {
                of_groups[*a].push(similarity);
            }
        }
    }
    every.sort_unstable_by(|a, b| b.total_cmp(a));
    let threshold = every.get((every.len() as f64 * FMR) as usize).copied().unwrap_or(f32::INFINITY);
    (of_groups, threshold)
}
