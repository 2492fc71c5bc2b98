//! How well presentation attacks are told from live people (ISO/IEC 30107-3).
//!
//!     cargo run --release --example pad -- FOLDER --truth FILE.csv [--json FILE] [--scores FILE] [--models DIR]
//!         [--refuse SHARE] [--swing S] [--residual R] [--calibrate yes]
//!
//! FOLDER/<presentation>/<frame>.jpg, in the order of their names and 25 a second, is a clip; a picture in FOLDER itself is a still.
//! FILE.csv has `presentation,kind,mask`: the folder's name or the picture's file name, `live` or one of the attacks, `bare` or `masked`.
//! A clip goes through the engine as a camera's frames do; a still is looked at once, with both reaches. The largest face counts.
//!
//! `--scores` gets `presentation,frames,passive,swing,residual,verdict_passive,verdict_turn`: `passive` is the share of live people who
//! score no higher, `residual` the flow's as a share of the nose offset's change; both are empty where there is none. No face, or one that
//! fills the frame, is `unsure`; so is the turn of a still, and of whoever did not turn.
//! An attack that is `unsure` got nothing, and a live person who is `unsure` was not refused; both are counted apart.
//! `--calibrate yes` writes the curve of the live presentations whose name has an even CRC-32 into the manifest, and reports on the others.

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use brow::engine::Engine;
use brow::face::align::Pyramid;
use brow::face::frame::Frame;
use brow::face::mask::MaskState;
use brow::face::presence::{Pool, PresenceCalibration, PresenceParams, Verdict, judged};
use brow::face::turn::{TurnParams, TurnWatch};
use common::{Arguments, Outcome};

const USAGE: &str = "usage: pad FOLDER --truth FILE.csv [--json FILE] [--scores FILE] [--models DIR] [--refuse SHARE] [--swing S] \
                     [--residual R] [--calibrate yes]";
const KINDS: [&str; 8] = ["live", "print", "print-gloss", "print-bent", "print-cut", "phone", "tablet", "monitor"];
const FRAME_MS: f64 = 40.0;
/// The longer side of a camera's frame in the page; larger frames of a clip are shrunk to it as the page does.
const FRAME_SIDE: u32 = 640;

struct Truth {
    name: String,
    kind: String,
    masked: bool,
}

/// What was measured of a presentation, and what it means.
struct Seen {
    frames: usize,
    state: MaskState,
    log_odds: Option<f32>,
    passive: Option<f32>,
    swing: f32,
    residual: Option<f32>,
    verdict_passive: Verdict,
    verdict_turn: Verdict,
}

#[derive(serde::Serialize)]
struct Rate {
    presentations: usize,
    /// Attacks taken for live, or live people taken for an attack.
    errors: usize,
    unsure: usize,
    rate: Option<f64>,
    /// 95 of 100 by Wilson's interval.
    low: f64,
    high: f64,
}

#[derive(serde::Serialize)]
struct Report {
    models: BTreeMap<&'static str, String>,
    refuse: f32,
    swing: f32,
    residual: f32,
    /// By what is asked (`passive`, `turn`), stills and clips apart, and "kind, mask".
    apcer: BTreeMap<String, Rate>,
    bpcer: BTreeMap<String, Rate>,
    /// Of clips: live people who turned as is asked of them, and attacks that earned a turn.
    turned: BTreeMap<String, Rate>,
}

fn main() {
    if let Err(e) = run() {
        eprintln!("pad: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&["truth", "json", "scores", "models", "refuse", "swing", "residual", "calibrate"])?;
    let [folder] = &arguments.words[..] else { return Err(USAGE.into()) };
    let models = arguments.path("models").unwrap_or_else(|| PathBuf::from("models"));
    let truths = truth(&arguments.path("truth").ok_or(USAGE)?)?;
    let (mut passive, mut turn) = (PresenceParams::default(), TurnParams::default());
    passive.refuse = arguments.number("refuse")?.unwrap_or(passive.refuse);
    turn.swing = arguments.number("swing")?.unwrap_or(turn.swing);
    turn.residual = arguments.number("residual")?.unwrap_or(turn.residual);
    if let Some(fault) = passive.fault().or(turn.fault()) {
        return Err(fault.into());
    }
    let mut engine = common::engine(&models, common::Scores::Needed)?;
    let calibrate = arguments.path("calibrate").is_some();
    if engine.presence_model().is_none() {
        return Err(format!("{}/manifest.json names no model for the role 'presence'", models.display()).into());
    }
    let mut rows = Vec::new();
    for (i, t) in truths.iter().enumerate() {
        rows.push(look(&mut engine, &Path::new(folder).join(&t.name), &passive, &turn).map_err(|e| format!("{}: {e}", t.name))?);
        if (i + 1).is_multiple_of(50) || i + 1 == truths.len() {
            eprintln!("{} of {} presentations", i + 1, truths.len());
        }
    }
    let mut reported: Vec<bool> = vec![true; truths.len()];
    let calibration = if calibrate {
        let half = |t: &Truth| crc32fast::hash(t.name.as_bytes()).is_multiple_of(2);
        reported = truths.iter().map(|t| !half(t)).collect();
        let curve = |masked: bool| {
            let live = truths.iter().zip(&rows).filter(|(t, _)| t.kind == "live" && t.masked == masked && half(t));
            let values = live.filter_map(|(_, r)| r.log_odds).collect();
            PresenceCalibration::curve(values).ok_or("a curve takes 20 live presentations, bare and masked each")
        };
        let calibration = PresenceCalibration { bare: curve(false)?, masked: curve(true)? };
        write(&models, &calibration)?;
        Some(calibration)
    } else {
        engine.manifest().presence.clone()
    };
    let calibration = calibration.ok_or("the manifest has no curve for presence: run with --calibrate yes first")?;
    for row in &mut rows {
        row.passive = row.log_odds.map(|v| calibration.score(row.state, v));
        row.verdict_passive = judged(row.passive, &passive);
    }
    if let Some(file) = arguments.path("scores") {
        scores(&file, &truths, &rows).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
    }
    let kept: Vec<_> = truths.iter().zip(&rows).zip(&reported).filter(|(_, r)| **r).map(|(p, _)| p).collect();
    let report = report(&engine, &kept, &passive, &turn);
    report.print();
    if let Some(file) = arguments.path("json") {
        std::fs::write(&file, serde_json::to_string_pretty(&report)?).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
    }
    Ok(())
}

fn truth(file: &Path) -> Outcome<Vec<Truth>> {
    common::csv(file, &["presentation", "kind", "mask"])?
        .into_iter()
        .map(|r| {
            if !KINDS.contains(&r[1].as_str()) {
                return Err(format!("{}: '{}' is no kind; the kinds are {}", file.display(), r[1], KINDS.join(", ")).into());
            }
            let masked = match r[2].as_str() {
                "bare" => false,
                "masked" => true,
                other => return Err(format!("{}: '{other}' is no mask state here (bare or masked)", file.display()).into()),
            };
            Ok(Truth { name: r[0].clone(), kind: r[1].clone(), masked })
        })
        .collect()
}

fn look(engine: &mut Engine, path: &Path, passive: &PresenceParams, turn: &TurnParams) -> Outcome<Seen> {
    let unseen = |frames| Seen {
        frames,
        state: MaskState::Bare,
        log_odds: None,
        passive: None,
        swing: 0.0,
        residual: None,
        verdict_passive: Verdict::Unsure,
        verdict_turn: Verdict::Unsure,
    };
    if !path.is_dir() {
        let image = common::load(path)?.into_rgba8();
        let faces = engine.still(&Frame::new(&image, image.width() as usize, image.height() as usize, 0.0)?, None)?;
        let Some(face) = faces.first() else { return Ok(unseen(1)) };
        return Ok(Seen { state: face.mask.state, log_odds: face.presence, ..unseen(1) });
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    engine.reset_tracks();
    // By mask state, as the engine pools a track; the state in which most was seen counts.
    let (mut pools, mut seen) = ([Pool::default(); 2], [0usize; 2]);
    let (mut watch, mut track, mut looked) = (TurnWatch::default(), 0, None);
    for (number, file) in files.iter().enumerate() {
        let mut image = common::load(file)?;
        if image.width().max(image.height()) > FRAME_SIDE {
            image = image.resize(FRAME_SIDE, FRAME_SIDE, image::imageops::FilterType::Triangle);
        }
        let image = image.into_rgba8();
        let frame = Frame::new(&image, image.width() as usize, image.height() as usize, number as f64 * FRAME_MS)?;
        let observations = engine.follow(&frame)?;
        let Some(face) = observations.iter().max_by(|a, b| a.rect.area().total_cmp(&b.rect.area())) else { continue };
        if face.track != track {
            // Another face, or the same one found anew: what was followed is not followed on.
            (watch, track) = (if track == 0 { watch } else { TurnWatch::default() }, face.track);
        }
        let state = usize::from(face.mask.state != MaskState::Bare);
        seen[state] += 1;
        let pyramid = Pyramid::new(frame);
        watch.see(&pyramid, &face.points, turn);
        if looked.is_none_or(|l: usize| number - l >= passive.every as usize) {
            looked = Some(number);
            if let Some(log_odds) = engine.look_at(&pyramid, &face.points)? {
                pools[state].add(log_odds, passive.memory);
            }
        }
    }
    let state = usize::from(seen[1] > seen[0]);
    let turned = watch.turned(turn);
    Ok(Seen {
        state: if state == 0 { MaskState::Bare } else { MaskState::Masked },
        log_odds: pools[state].mean().filter(|_| pools[state].looks() >= passive.looks.min(files.len())),
        swing: turned.swing,
        residual: turned.residual,
        verdict_turn: turned.verdict(turn),
        ..unseen(files.len())
    })
}

fn scores(file: &Path, truths: &[Truth], rows: &[Seen]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "presentation,frames,passive,swing,residual,verdict_passive,verdict_turn")?;
    let text = |v: Option<f32>| v.map_or(String::new(), |v| format!("{v:.4}"));
    for (t, r) in truths.iter().zip(rows) {
        let name = if t.name.contains([',', '"']) { format!("\"{}\"", t.name.replace('"', "\"\"")) } else { t.name.clone() };
        writeln!(
            out,
            "{name},{},{},{:.4},{},{},{}",
            r.frames,
            text(r.passive),
            r.swing,
            text(r.residual),
            r.verdict_passive.name(),
            r.verdict_turn.name()
        )?;
    }
    out.flush()
}

/// Puts the curves into the manifest and leaves the rest of it alone.
fn write(models: &Path, calibration: &PresenceCalibration) -> Outcome<()> {
    let file = models.join("manifest.json");
    let mut manifest = brow::manifest::Manifest::parse(&std::fs::read_to_string(&file)?)?;
    manifest.presence = Some(calibration.clone());
    std::fs::write(&file, serde_json::to_string_pretty(&manifest)? + "\n")?;
    Ok(())
}

fn report(engine: &Engine, kept: &[(&Truth, &Seen)], passive: &PresenceParams, turn: &TurnParams) -> Report {
    let (mut apcer, mut bpcer, mut turned) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let groups = |masked: bool| if masked { "masked" } else { "bare" };
    for (still, what) in [(true, "stills"), (false, "clips")] {
        for masked in [false, true] {
            let of = |kind: Option<&str>, live: bool| -> Vec<&Seen> {
                kept.iter()
                    .filter(|(t, r)| (r.frames == 1) == still && t.masked == masked && (t.kind == "live") == live)
                    .filter(|(t, _)| kind.is_none_or(|k| t.kind == k))
                    .map(|(_, r)| *r)
                    .collect()
            };
            for kind in KINDS[1..].iter().map(|k| Some(*k)).chain([None]) {
                let name = format!("{what}, {}, {}", kind.unwrap_or("all attacks"), groups(masked));
                rate(&mut apcer, &name, &of(kind, false), |r| r.verdict_passive, Verdict::Live);
                if !still {
                    rate(&mut turned, &name, &of(kind, false), |r| r.verdict_turn, Verdict::Live);
                }
            }
            let name = format!("{what}, live, {}", groups(masked));
            rate(&mut bpcer, &name, &of(None, true), |r| r.verdict_passive, Verdict::Attack);
            if !still {
                rate(&mut turned, &name, &of(None, true), |r| r.verdict_turn, Verdict::Live);
            }
        }
    }
    Report { models: common::model_ids(engine), refuse: passive.refuse, swing: turn.swing, residual: turn.residual, apcer, bpcer, turned }
}

fn rate(into: &mut BTreeMap<String, Rate>, name: &str, of: &[&Seen], verdict: impl Fn(&Seen) -> Verdict, error: Verdict) {
    if of.is_empty() {
        return;
    }
    let count = |v: Verdict| of.iter().filter(|r| verdict(r) == v).count();
    let (n, errors, unsure) = (of.len(), count(error), count(Verdict::Unsure));
    let (low, high) = wilson(errors as f64, n as f64);
    into.insert(name.to_owned(), Rate { presentations: n, errors, unsure, rate: Some(errors as f64 / n as f64), low, high });
}

fn wilson(k: f64, n: f64) -> (f64, f64) {
    let (z, p) = (1.96, k / n);
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

impl Report {
    fn print(&self) {
        println!(
            "passive: refuses below {}; turn: swing {} and residual {}; models {}",
            self.refuse,
            self.swing,
            self.residual,
            self.models.values().cloned().collect::<Vec<_>>().join(", ")
        );
        for (title, table) in [
            ("APCER, passive: attacks taken for live", &self.apcer),
            ("BPCER, passive: live people taken for an attack", &self.bpcer),
            ("turn earned", &self.turned),
        ] {
            println!("\n{title:52} {:>6} {:>6} {:>6} {:>17}", "of", "share", "unsure", "interval of 95 %");
            for (name, r) in table {
                println!("{name:52} {:6} {:6.3} {:6} {:8.3} .. {:5.3}", r.presentations, r.rate.unwrap_or(0.0), r.unsure, r.low, r.high);
            }
        }
    }
}
