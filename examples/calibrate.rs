//! Writes into a pack's manifest.json what similarities mean, and what the model files are: docs/PACKS.md.
//!
//!     cargo run --release --example calibrate -- [--models DIR]
//!     cargo run --release --example calibrate -- NAME=FOLDER[,TRUTH.csv] ... [--models DIR]
//!
//! The first form only brings lengths and hashes up to date. The second also measures, on the people of each FOLDER whose
//! name has an even CRC-32 (the others are for reporting), how similar strangers are, cell by cell, and which share of one
//! person's comparisons stays below each score. Of several sets the stricter one sets each curve.

pub mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use brow::manifest::{Manifest, hex};
use brow::person::calibrate::{Calibrations, Cell, Curve, Curves, Misses};
use brow::person::common::{Common, MANY};
use brow::person::gallery::compare;
use common::{Arguments, Outcome, Scores};
use sha2::{Digest, Sha256};

pub fn main() {
    if let Err(e) = run() {
        eprintln!("calibrate: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["models"])?;
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let mut manifest = common::manifest(&models, Scores::Unused)?;
    for entry in &mut manifest.models {
        let bytes = std::fs::read(models.join(&entry.file)).map_err(|e| format!("{}: {e}", entry.file))?;
        entry.bytes = bytes.len();
        entry.sha256 = hex(&Sha256::digest(&bytes));
    }
    if manifest.faceness.as_ref().is_some_and(|f| f.models != manifest.embedders()) {
        eprintln!("what told people from things was of other embedders and is left out: fit it anew with examples/faceness.rs");
        manifest.faceness = None;
    }
    if manifest.calibration.groups.as_ref().is_some_and(|g| g.models != manifest.embedders()) {
        eprintln!(
            "what groups have in common was found for other embedders and is not left out: find it anew with examples/groups.rs, then calibrate again"
        );
        manifest.calibration.groups = None;
    }
    // A new pack's manifest stays without curves until there are some.
    let has_curves = common::has_curves(&models)?;
    if has_curves {
        write(&models, &manifest)?;
    }
    if arguments.words.is_empty() {
        return if has_curves {
            Ok(())
        } else {
            Err("this pack has no curves yet: name folders of people, NAME=FOLDER (docs/PACKS.md)".into())
        };
    }

    let mut of_sets = Vec::new();
    let mut sets = Vec::new();
    for word in &arguments.words {
        let (name, rest) = word.split_once('=').ok_or("a set is NAME=FOLDER or NAME=FOLDER,TRUTH.csv")?;
        let (folder, truth) = rest.split_once(',').map_or((rest, None), |(f, t)| (f, Some(PathBuf::from(t))));
        let measured = measured(&models, Path::new(folder), truth.as_deref())?;
        let non_mated: BTreeMap<_, _> = measured.non_mated.iter().map(|(cell, [few, _])| (*cell, few.len())).collect();
        let mated: BTreeMap<_, _> = measured.mated.iter().map(|(cell, all)| (*cell, all.len())).collect();
        sets.push(
            serde_json::json!({ "set": name, "people": "those whose name has an even CRC-32", "non_mated": non_mated, "mated": mated }),
        );
        of_sets.push((name, measured));
    }
    let curve = |cell: Cell, many: usize| {
        let mut curves = Vec::new();
        for (name, measured) in &of_sets {
            match measured.non_mated.get(cell.name()).and_then(|s| Curve::fit(s[many].clone())) {
                Some(curve) => curves.push(curve),
                None => eprintln!("{name}: too few comparisons {}, left out", cell.name()),
            }
        }
        curves.into_iter().reduce(|a, b| Curve::stricter(&a, &b)).ok_or_else(|| {
            let masks =
                if cell == Cell::BareBare { "" } else { ", and so many in masks: models/training/masked_copies.py draws masks on copies" };
            format!(
                "no set has the 1,000 comparisons {} that a curve needs: add pictures, some 100 of 50 people{masks} (docs/PACKS.md)",
                cell.name()
            )
        })
    };
    let calibration = |many: usize| {
        let [bare_bare, bare_masked, masked_masked] = Cell::ALL.map(|cell| curve(cell, many));
        Ok::<_, String>(Curves { bare_bare: bare_bare?, bare_masked: bare_masked?, masked_masked: masked_masked? })
    };
    manifest.calibration =
        Calibrations { among_few: calibration(0)?, among_many: calibration(1)?, misses: Vec::new(), ..manifest.calibration };
    manifest.calibration.misses = of_sets.iter().filter_map(|(name, measured)| misses(&manifest.calibration, name, measured)).collect();
    let models_used = common::model_ids(&common::engine(&models, Scores::Unused)?);
    manifest.protocol = serde_json::json!({
        "what": "non-mated similarities; empirical quantiles while 30 comparisons lie above, beyond that an exponential tail with the mean excess of the 200 most similar strangers; of several sets the stricter at each level; among many: without what one picture of each person of the set has in common; misses: of each set the share of mated comparisons below each score",
        "models": models_used,
        "sets": sets,
    });
    write(&models, &manifest)
}

fn write(models: &Path, manifest: &Manifest) -> Outcome<()> {
    Ok(std::fs::write(models.join("manifest.json"), serde_json::to_string_pretty(manifest)? + "\n")?)
}

/// The share of a set's mated comparisons below each score; None where a cell has too few of them.
fn misses(calibrations: &Calibrations, set: &str, measured: &Measured) -> Option<Misses> {
    let curve = |cell: Cell, many: usize| {
        let calibration = [&calibrations.among_few, &calibrations.among_many][many];
        let mated = measured.mated.get(cell.name()).into_iter().flatten();
        let curve = Curve::of_misses(mated.map(|(cell, similarities)| calibration.score(*cell, similarities[many])).collect());
        if curve.is_none() {
            eprintln!("{set}: fewer than the 100 comparisons of one person's pictures {} that misses by score need, left out", cell.name());
        }
        curve
    };
    let curves = |many: usize| {
        let [bare_bare, bare_masked, masked_masked] = Cell::ALL.map(|cell| curve(cell, many));
        Some(Curves { bare_bare: bare_bare?, bare_masked: bare_masked?, masked_masked: masked_masked? })
    };
    Some(Misses { set: set.to_owned(), among_few: curves(0)?, among_many: curves(1)? })
}

/// Similarities of a set's pictures by cell: with what their faces have in common, and without it.
#[derive(Default)]
struct Measured {
    /// Of different people.
    non_mated: BTreeMap<&'static str, [Vec<f32>; 2]>,
    /// Of one person, by the true cell, each with the cell that the engine takes it for.
    mated: BTreeMap<&'static str, Vec<(Cell, [f32; 2])>>,
}

/// What the people with an even CRC-32 show.
fn measured(models: &Path, folder: &Path, truth: Option<&Path>) -> Outcome<Measured> {
    let truth = truth.map(common::truth).transpose()?;
    let (mut pictures, people) = common::pictures(folder)?;
    pictures.retain(|p| crc32fast::hash(people[p.person].as_bytes()).is_multiple_of(2));
    eprintln!("{}: {} pictures of people with an even CRC-32", folder.display(), pictures.len());
    let calibrations = common::calibrations(&common::engine(models, Scores::Unused)?);
    let seen = common::see(models, Scores::Unused, folder, &pictures, None)?;
    let ways = [Common::default(), common::in_common(&pictures, &seen, &calibrations)];
    if !ways[1].is_known() {
        let found: BTreeSet<_> = pictures.iter().zip(&seen).filter(|(_, s)| s.face().is_some()).map(|(p, _)| p.person).collect();
        return Err(format!(
            "{}: too few people to calibrate on: {} whose name has an even CRC-32 have a picture with a face in it, {MANY} are needed and \
             50 are better; every second name is for reporting, so add about {} people (docs/PACKS.md)",
            folder.display(),
            found.len(),
            2 * (50 - found.len().min(49))
        )
        .into());
    }
    let leans: Vec<_> = seen.iter().map(|s| ways.each_ref().map(|w| s.face().map(|f| w.lean(&f.template)).unwrap_or_default())).collect();
    let mut measured = Measured::default();
    for (i, a) in seen.iter().enumerate() {
        for (j, b) in seen.iter().enumerate().skip(i + 1) {
            let (Some(a), Some(b)) = (a.face(), b.face()) else { continue };
            let is_mated = pictures[i].person == pictures[j].person;
            if is_mated && common::is_copy(&pictures[i].file, &pictures[j].file) {
                continue;
            }
            let both = [0, 1].map(|w| compare((&a.template, leans[i][w]), (&b.template, leans[j][w]), &ways[w], &calibrations));
            let (cell, similarities) = (both[0].cell, both.each_ref().map(|c| c.similarity));
            let state = |k: usize| truth.as_ref().and_then(|t| t.get(&pictures[k].file).copied());
            let true_cell = state(i).zip(state(j)).map_or(cell, |(x, y)| Cell::of(x, y));
            if is_mated {
                measured.mated.entry(true_cell.name()).or_default().push((cell, similarities));
            } else if true_cell == cell {
                // The cell decides which curve a comparison goes through, so it is the engine's; the truth only keeps out the
                // comparisons whose cell the engine got wrong.
                let of_cell = measured.non_mated.entry(cell.name()).or_default();
                of_cell.iter_mut().zip(similarities).for_each(|(all, s)| all.push(s));
            }
        }
    }
    Ok(measured)
}
