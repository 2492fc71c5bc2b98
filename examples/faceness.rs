//! Fits what tells templates of people from those of what is none, and writes it into a pack's manifest (src/person/faceness.rs).
//!
//!     cargo run --release --example faceness -- --people FOLDER,FOLDER... --faceless FOLDER,FOLDER... [--models DIR]
//!                                               [--least F] [--onto yes]
//!
//! Every picture below a folder counts, FOLDER/<image> or deeper; whatever the engine finds in one of `--faceless` is a thing or an
//! animal, so look through what it finds. Pictures whose path below its folder has an even CRC-32 are fitted to, the others are reported
//! folder by folder: which share has less than each value, of people and of the rest. `--least` goes into the manifest, -1.5 if it is not given;
//! choose it by that table, and by people whom none of this is fitted to. `--onto yes`: what the manifest has is held on to where the pictures
//! say nothing against it, so that a few hundred of a kind that it errs on are enough.

pub mod common;

use std::path::{Path, PathBuf};

use brow::face::frame::Frame;
use brow::manifest::Manifest;
use brow::person::faceness::Faceness;
use brow::person::template::Template;
use common::{Arguments, Outcome, Scores};

const USAGE: &str = "usage: faceness --people FOLDER,... --faceless FOLDER,... [--models DIR] [--least F] [--onto yes]";
/// How strongly weights are held near zero, or near those that they go on from.
const DECAY: f32 = 3e-4;
const STEPS: usize = 3_000;
/// Values that the table shows.
const SHOWN: [f32; 6] = [-4.0, -3.0, -2.5, -2.0, -1.5, -1.0];

/// What the engine found in a folder.
struct Group {
    name: String,
    is_people: bool,
    /// Templates, each with whether it is fitted to.
    templates: Vec<(Template, bool)>,
}

/// One template for the fit.
struct Sample {
    numbers: Vec<f32>,
    is_person: bool,
    weight: f32,
}

fn main() {
    if let Err(e) = run() {
        eprintln!("faceness: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["people", "faceless", "models", "least", "onto"])?;
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let mut manifest = common::manifest(&models, Scores::Unused)?;
    let before = manifest.faceness.take();
    let start = match arguments.text("onto") {
        None => None,
        Some(_) => Some(before.ok_or("--onto goes on from a faceness, and the manifest has none of these embedders")?),
    };
    let mut groups = Vec::new();
    for (name, is_people) in [("people", true), ("faceless", false)] {
        for folder in arguments.text(name).ok_or(USAGE)?.split(',') {
            groups.push(Group { name: folder.to_owned(), is_people, templates: templates(&manifest, &models, Path::new(folder))? });
        }
    }
    let (weights, bias) = fit(&samples(&groups)?, start.as_ref());
    let largest = weights.iter().fold(0.0f32, |most, w| most.max(w.abs()));
    let step = largest / f32::from(i8::MAX);
    let faceness = Faceness {
        models: manifest.embedders(),
        bias,
        step,
        weights: weights.iter().map(|w| (w / step).round() as i8).collect(),
        least: arguments.number("least")?.unwrap_or(-1.5),
    };
    report(&groups, &faceness);
    manifest.faceness = Some(faceness);
    Ok(std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?)
}

/// Everything that the engine finds in the pictures below a folder, whatever it is thought to be.
fn templates(manifest: &Manifest, models: &Path, folder: &Path) -> Outcome<Vec<(Template, bool)>> {
    let files = common::below(folder)?;
    let paths: Vec<_> = files.iter().map(|f| folder.join(f)).collect();
    let found = common::each(manifest, models, &paths, |engine, file| {
        let frame = common::as_frame(&common::load(file).ok()?);
        let frame = Frame::new(&frame, frame.width() as usize, frame.height() as usize, 0.0).ok()?;
        Some(engine.still(&frame, None).ok()?.into_iter().map(|face| face.template).collect::<Vec<_>>())
    })?;
    let is_fitted = |file: &Path| crc32fast::hash(file.to_string_lossy().as_bytes()).is_multiple_of(2);
    let of_file = |(file, templates): (&PathBuf, Option<Vec<Template>>)| {
        let fitted = is_fitted(file);
        templates.unwrap_or_default().into_iter().map(move |t| (t, fitted))
    };
    Ok(files.iter().zip(found).flat_map(of_file).collect())
}

/// What is fitted to. All people together weigh as much as the rest, and each folder of the rest as much as another one.
fn samples(groups: &[Group]) -> Outcome<Vec<Sample>> {
    let fitted = |g: &Group| g.templates.iter().filter(|t| t.1).count();
    let people: usize = groups.iter().filter(|g| g.is_people).map(fitted).sum();
    let others = groups.iter().filter(|g| !g.is_people && fitted(g) > 0).count();
    if people < 500 || others == 0 {
        return Err(format!(
            "{people} faces of people and {others} folders without anybody in which something is found: 500 and 1 are needed"
        )
        .into());
    }
    let mut samples = Vec::new();
    for group in groups {
        let weight = if group.is_people { 0.5 / people as f32 } else { 0.5 / (others * fitted(group)) as f32 };
        for (template, _) in group.templates.iter().filter(|t| t.1) {
            samples.push(Sample { numbers: template.numbers().collect(), is_person: group.is_people, weight });
        }
    }
    Ok(samples)
}

/// A logistic regression by accelerated descent (Nesterov): weights and bias, the weights near those of `start` or near zero.
fn fit(samples: &[Sample], start: Option<&Faceness>) -> (Vec<f32>, f32) {
    let axes = samples[0].numbers.len();
    let mut near = vec![0.0f32; axes + 1];
    if let Some(start) = start {
        near.iter_mut().zip(&start.weights).for_each(|(near, weight)| *near = start.step * f32::from(*weight));
        near[axes] = start.bias;
    }
    // A unit template pair is no longer than the root of two, and the loss no steeper than a quarter of its square.
    let rate = 1.0 / (0.25 * 3.0 + DECAY);
    let (mut at, mut ahead) = (near.clone(), near.clone());
    for step in 0..STEPS {
        let mut slope: Vec<f32> = ahead.iter().zip(&near).map(|(w, near)| DECAY * (w - near)).collect();
        slope[axes] = 0.0;
        for s in samples {
            let odds: f32 = ahead[axes] + s.numbers.iter().zip(&ahead).map(|(n, w)| n * w).sum::<f32>();
            let error = s.weight * (1.0 / (1.0 + (-odds).exp()) - f32::from(u8::from(s.is_person)));
            slope.iter_mut().zip(&s.numbers).for_each(|(slope, n)| *slope += error * n);
            slope[axes] += error;
        }
        let next: Vec<f32> = ahead.iter().zip(&slope).map(|(w, s)| w - rate * s).collect();
        let carried = step as f32 / (step as f32 + 3.0);
        ahead = next.iter().zip(&at).map(|(n, a)| n + carried * (n - a)).collect();
        at = next;
    }
    let bias = at.pop().unwrap_or_default();
    (at, bias)
}

/// The shares of what was not fitted to that have less log-odds than each value.
fn report(groups: &[Group], faceness: &Faceness) {
    println!(
        "share of what was not fitted to with log-odds below\n{:56} {:>6}  {}",
        "",
        "faces",
        SHOWN.map(|v| format!("{v:>7}")).concat()
    );
    for group in groups {
        let odds: Vec<f32> = group.templates.iter().filter(|t| !t.1).filter_map(|t| faceness.log_odds(&t.0)).collect();
        let below = SHOWN.map(|v| format!("{:7.4}", odds.iter().filter(|o| **o < v).count() as f64 / odds.len().max(1) as f64));
        let kind = if group.is_people { "people" } else { "nobody" };
        println!("{kind}  {:48} {:6}  {}", group.name, odds.len(), below.concat());
    }
}
