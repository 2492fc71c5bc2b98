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

use brow::calibrate::{Calibration, Cell, Curve};
use brow::gallery::compare;
use brow::manifest::{Manifest, hex};
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

    let mut curves: BTreeMap<&str, Vec<Curve>> = BTreeMap::new();
    let mut sets = Vec::new();
    for word in &arguments.words {
        let (name, rest) = word.split_once('=').ok_or("a set is NAME=FOLDER or NAME=FOLDER,TRUTH.csv")?;
        let (folder, truth) = rest.split_once(',').map_or((rest, None), |(f, t)| (f, Some(PathBuf::from(t))));
        let similarities = non_mated(&models, Path::new(folder), truth.as_deref())?;
        let mut counts = serde_json::Map::new();
        for (cell, s) in similarities {
            counts.insert(cell.to_owned(), s.len().into());
            match Curve::fit(s) {
                Some(curve) => curves.entry(cell).or_default().push(curve),
                None => eprintln!("{name}: too few comparisons {cell}, left out"),
            }
        }
        sets.push(serde_json::json!({ "set": name, "people": "those whose name has an even CRC-32", "non_mated": counts }));
    }
    let curve = |cell: Cell| {
        let of_sets = curves.get(cell.name()).ok_or_else(|| format!("no set has enough comparisons {}", cell.name()))?;
        Ok::<_, String>(of_sets.iter().skip(1).fold(of_sets[0].clone(), |a, b| Curve::stricter(&a, b)))
    };
    manifest.calibration =
        Calibration { bare_bare: curve(Cell::BareBare)?, bare_masked: curve(Cell::BareMasked)?, masked_masked: curve(Cell::MaskedMasked)? };
    let models_used = common::model_ids(&common::engine(&models)?);
    manifest.protocol = serde_json::json!({
        "what": "non-mated similarities; empirical quantiles while 30 comparisons lie above, beyond that an exponential tail with the mean excess of the 200 most similar strangers; of several sets the stricter at each level",
        "models": models_used,
        "sets": sets,
    });
    write(&models, &manifest)
}

fn write(models: &Path, manifest: &Manifest) -> Outcome<()> {
    Ok(std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(manifest)? + "\n")?)
}

/// By cell, how similar the pictures of different people are, among those with an even CRC-32.
fn non_mated(models: &Path, folder: &Path, truth: Option<&Path>) -> Outcome<BTreeMap<&'static str, Vec<f32>>> {
    let truth = truth.map(common::truth).transpose()?;
    let (mut pictures, people) = common::pictures(folder)?;
    pictures.retain(|p| crc32fast::hash(people[p.person].as_bytes()).is_multiple_of(2));
    eprintln!("{}: {} pictures of people with an even CRC-32", folder.display(), pictures.len());
    let calibration = common::calibration(&common::engine(models)?);
    let seen = common::see(models, folder, &pictures, None)?;
    let mut similarities: BTreeMap<_, Vec<f32>> = BTreeMap::new();
    for (i, a) in seen.iter().enumerate() {
        for (j, b) in seen.iter().enumerate().skip(i + 1) {
            let (Some(a), Some(b)) = (a.face(), b.face()) else { continue };
            if pictures[i].person == pictures[j].person {
                continue;
            }
            let c = compare(&a.template, &b.template, &calibration);
            // The cell decides which curve a comparison goes through, so it is the engine's; the truth only keeps out the
            // comparisons whose cell the engine got wrong.
            let state = |k: usize| truth.as_ref().and_then(|t| t.get(&pictures[k].file).copied());
            if state(i).zip(state(j)).is_some_and(|(x, y)| Cell::of(x, y) != c.cell) {
                continue;
            }
            similarities.entry(c.cell.name()).or_default().push(c.similarity);
        }
    }
    Ok(similarities)
}
