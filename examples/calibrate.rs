//! Writes into models/manifest.json what similarities mean, and what the model files are.
//!
//!     cargo run --release --example calibrate -- [--models DIR]
//!     cargo run --release --example calibrate -- NAME=FOLDER[,TRUTH.csv] ... [--models DIR]
//!
//! The first form only brings lengths and hashes up to date. The second also measures, on the people of each FOLDER whose
//! name has an even CRC-32 (the others are for reporting), how similar strangers are, cell by cell. Of several sets the
//! stricter one sets each curve.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use brow::manifest::{Manifest, hex};
use brow::person::calibrate::{Calibration, Calibrations, Cell, Curve};
use brow::person::common::Common;
use brow::person::gallery::compare;
use common::{Arguments, Outcome};
use sha2::{Digest, Sha256};

fn main() {
    if let Err(e) = run() {
        eprintln!("calibrate: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["models"])?;
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let mut manifest = Manifest::parse(&std::fs::read_to_string(models.join("manifest.json"))?)?;
    for entry in &mut manifest.models {
        let bytes = std::fs::read(models.join(&entry.file)).map_err(|e| format!("{}: {e}", entry.file))?;
        entry.bytes = bytes.len();
        entry.sha256 = hex(&Sha256::digest(&bytes));
    }
    write(&models, &manifest)?;
    if arguments.words.is_empty() {
        return Ok(());
    }

    let mut of_sets = Vec::new();
    let mut sets = Vec::new();
    for word in &arguments.words {
        let (name, rest) = word.split_once('=').ok_or("a set is NAME=FOLDER or NAME=FOLDER,TRUTH.csv")?;
        let (folder, truth) = rest.split_once(',').map_or((rest, None), |(f, t)| (f, Some(PathBuf::from(t))));
        let similarities = non_mated(&models, Path::new(folder), truth.as_deref())?;
        let counts: BTreeMap<_, _> = similarities.iter().map(|(cell, [few, _])| (*cell, few.len())).collect();
        sets.push(serde_json::json!({ "set": name, "people": "those whose name has an even CRC-32", "non_mated": counts }));
        of_sets.push((name, similarities));
    }
    let curve = |cell: Cell, many: usize| {
        let mut curves = Vec::new();
        for (name, similarities) in &of_sets {
            match similarities.get(cell.name()).and_then(|s| Curve::fit(s[many].clone())) {
                Some(curve) => curves.push(curve),
                None => eprintln!("{name}: too few comparisons {}, left out", cell.name()),
            }
        }
        curves.into_iter().reduce(|a, b| Curve::stricter(&a, &b)).ok_or_else(|| format!("no set has enough comparisons {}", cell.name()))
    };
    let calibration = |many: usize| {
        let [bare_bare, bare_masked, masked_masked] = Cell::ALL.map(|cell| curve(cell, many));
        Ok::<_, String>(Calibration { bare_bare: bare_bare?, bare_masked: bare_masked?, masked_masked: masked_masked? })
    };
    manifest.calibration = Calibrations { among_few: calibration(0)?, among_many: calibration(1)?, ..manifest.calibration };
    let models_used = common::model_ids(&common::engine(&models)?);
    manifest.protocol = serde_json::json!({
        "what": "non-mated similarities; empirical quantiles while 30 comparisons lie above, beyond that an exponential tail with the mean excess of the 200 most similar strangers; of several sets the stricter at each level; among many: without what one picture of each person of the set has in common",
        "models": models_used,
        "sets": sets,
    });
    write(&models, &manifest)
}

fn write(models: &Path, manifest: &Manifest) -> Outcome<()> {
    Ok(std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(manifest)? + "\n")?)
}

/// By cell, how similar the pictures of different people are, among those with an even CRC-32: with what their faces have in
/// common, and without it.
fn non_mated(models: &Path, folder: &Path, truth: Option<&Path>) -> Outcome<BTreeMap<&'static str, [Vec<f32>; 2]>> {
    let truth = truth.map(common::truth).transpose()?;
    let (mut pictures, people) = common::pictures(folder)?;
    pictures.retain(|p| crc32fast::hash(people[p.person].as_bytes()).is_multiple_of(2));
    eprintln!("{}: {} pictures of people with an even CRC-32", folder.display(), pictures.len());
    let calibrations = common::calibrations(&common::engine(models)?);
    let seen = common::see(models, folder, &pictures, None)?;
    let ways = [Common::default(), common::in_common(&pictures, &seen, &calibrations)];
    if !ways[1].is_known() {
        return Err(format!("{}: too few people to know what their faces have in common", folder.display()).into());
    }
    let leans: Vec<_> = seen.iter().map(|s| ways.each_ref().map(|w| s.face().map(|f| w.lean(&f.template)).unwrap_or_default())).collect();
    let mut similarities: BTreeMap<_, [Vec<f32>; 2]> = BTreeMap::new();
    for (i, a) in seen.iter().enumerate() {
        for (j, b) in seen.iter().enumerate().skip(i + 1) {
            let (Some(a), Some(b)) = (a.face(), b.face()) else { continue };
            if pictures[i].person == pictures[j].person {
                continue;
            }
            let both = [0, 1].map(|w| compare((&a.template, leans[i][w]), (&b.template, leans[j][w]), &ways[w], &calibrations));
            let cell = both[0].cell;
            // The cell decides which curve a comparison goes through, so it is the engine's; the truth only keeps out the
            // comparisons whose cell the engine got wrong.
            let state = |k: usize| truth.as_ref().and_then(|t| t.get(&pictures[k].file).copied());
            if state(i).zip(state(j)).is_some_and(|(x, y)| Cell::of(x, y) != cell) {
                continue;
            }
            for (all, c) in similarities.entry(cell.name()).or_default().iter_mut().zip(both) {
                all.push(c.similarity);
            }
        }
    }
    Ok(similarities)
}
