//! Makes a pack of an embedder of your own: the folder, the networks beside it and the manifest. docs/PACKS.md, step by step.
//!
//!     make pack NETWORK=your.onnx PACK=packs/yours FLAGS="--channels bgr"
//!
//! --network   ONNX: one image in, 1 x 3 x rows x columns; the first output is the vector
//! --out       the folder of the pack
//! --role      full: in place of Brow's network of the whole face; periocular: of that of the eyes. full if left out
//! --id        what templates call it, your-1 if left out; a network with other weights gets another name
//! --size      COLUMNSxROWS of the input; what the file says, or 112x112
//! --centre    X,Y of the canonical face that lie in the window's middle; 56,56
//! --zoom      pixels of the window for one of the canonical face; the window's width divided by 112
//! --channels  rgb or bgr
//! --mean --std  of a byte, one number or one for each channel: (byte - mean) / std; 127.5 and 127.5
//! --aligned-by  face, or eyes for a window around the eyes
//! --shares    how much of a similarity is the full network's: bare x bare, bare x masked, masked x masked; those of --base
//! --alone     yes: the only embedder of the pack, for bare and masked faces alike
//! --weights --pictures  where the weights and the pictures that they were trained on come from, and under which licence, as the page and
//!             its audit log tell it: "name, licence, address", the address left out where there is none, several with ; between them
//! --base      the pack that all else comes from; models
//! --checked   no: skips the pictures of one person and of two strangers

pub mod common;

use std::path::{Path, PathBuf};

use brow::face::align::{AlignedBy, Channels, Normalisation, Window};
use brow::face::geometry::Point;
use brow::manifest::{Backend, Manifest, ModelEntry, Provenance, Role, Source, hex};
use brow::model::{AnyNetwork, ModelError, Network};
use brow::person::calibrate::Shares;
use brow::person::embed::{View, cosine};
use common::{Arguments, Outcome, Scores, Seen};
use sha2::{Digest, Sha256};

const OPTIONS: [&str; 17] = [
    "network",
    "out",
    "role",
    "id",
    "size",
    "centre",
    "zoom",
    "channels",
    "mean",
    "std",
    "aligned-by",
    "shares",
    "base",
    "checked",
    "alone",
    "weights",
    "pictures",
];
/// No side of a canonical face is longer or shorter.
const SIDE: f32 = 112.0;
/// Pictures that lie in every checkout: two of one person, and one each of two others.
const PAIR: [&str; 2] = ["obama-1.jpg", "obama-2.jpg"];
const STRANGERS: [&str; 2] = ["biden.jpg", "astronaut.jpg"];
const PORTRAITS: &str = "tests/data/portraits";
/// Channels in the other order part people and strangers better by no more than this if the order is right: of three networks, the wrong
/// order parted these pictures less well by 0.06, 0.07 and 0.16.
const CHANCE: f32 = 0.04;

pub fn main() {
    if let Err(e) = run() {
        eprintln!("pack: {e}");
        std::process::exit(1);
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::parse(&OPTIONS)?;
    let file = arguments.path("network").ok_or("--network your.onnx is missing: make pack NETWORK=your.onnx (docs/PACKS.md)")?;
    let out = arguments.path("out").ok_or("--out FOLDER is missing: make pack ... PACK=packs/yours")?;
    let base = arguments.path("base").unwrap_or_else(|| PathBuf::from("models"));
    let bytes = std::fs::read(&file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?;

    let (network, [_, _, rows, columns]) = open(&bytes, arguments.text("size"))?;
    let dimensions = network.length();
    let backend = if matches!(network, AnyNetwork::Own(_)) { Backend::Own } else { Backend::Tract };
    let view = view(&arguments, columns, rows, dimensions)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let id = arguments.text("id").map_or_else(|| format!("{}-1", plain(&stem)), str::to_owned);
    if id.is_empty() || id != plain(&id) || id.len() > 40 {
        return Err(format!("--id {id} is no name: letters, digits, '-' and '_', at most 40").into());
    }

    let mut manifest = common::manifest(&base, Scores::Unused)?;
    let alone = arguments.text("alone") == Some("yes");
    let role = match arguments.text("role") {
        // What looks at every face.
        _ if alone => Role::Periocular,
        None | Some("full") => Role::Full,
        Some("periocular") => Role::Periocular,
        Some(other) => return Err(format!("--role {other} is neither full nor periocular").into()),
    };
    manifest.models.retain(|m| m.role != role && !(alone && m.role == Role::Full));
    manifest.models.push(ModelEntry {
        role,
        file: format!("{id}.onnx"),
        id: id.clone(),
        formerly: vec![],
        bytes: bytes.len(),
        sha256: hex(&Sha256::digest(&bytes)),
        view: Some(view),
        backend,
        provenance: Provenance { weights: sources(&arguments, "weights")?, pictures: sources(&arguments, "pictures")? },
    });
    if let Some(shares) = numbers(&arguments, "shares")? {
        let [bare_bare, bare_masked, masked_masked] = shares[..] else { return Err("--shares wants three numbers: 0.8,0.6,0.6".into()) };
        manifest.calibration.full_share = Shares { bare_bare, bare_masked, masked_masked };
    }
    manifest.protocol = serde_json::Value::Null;
    manifest.second_runtime = None;
    manifest.faceness = None;
    manifest.calibration.groups = None;
    let manifest = Manifest::parse(&serde_json::to_string(&manifest)?)?;
    if out.canonicalize().ok().is_some_and(|out| base.canonicalize().ok() == Some(out)) {
        return Err(format!("PACK={} is the pack that all else comes from: choose another folder", out.display()).into());
    }
    let from = |entry: &ModelEntry| if entry.role == role { file.clone() } else { base.join(&entry.file) };
    if arguments.text("checked") != Some("no") {
        check(&manifest, role, &from)?;
    }

    std::fs::create_dir_all(&out).map_err(|e| format!("{} cannot be made: {e}", out.display()))?;
    for entry in &manifest.models {
        let to = out.join(&entry.file);
        let copied = if entry.role == role { std::fs::write(&to, &bytes) } else { std::fs::copy(from(entry), &to).map(drop) };
        copied.map_err(|e| format!("{} cannot be written: {e}", to.display()))?;
    }
    write(&manifest, &out)?;
    let place = if alone { "the only embedder" } else { role.name() };
    println!("{}: {id}, {columns} x {rows} pixels in, {dimensions} numbers out, as {place}", out.display());
    if backend == Backend::Tract {
        println!("it runs on the second runtime, tract; for a page: make tract-module PACK={} (docs/PACKS.md)", out.display());
    }
    println!("next: make calibrate PACK={} SETS=\"name=FOLDER\" (docs/PACKS.md)", out.display());
    Ok(())
}

/// Opens the network for the size that was asked for, or that the file says, or for that of the canonical face.
fn open(bytes: &[u8], size: Option<&str>) -> Outcome<(AnyNetwork, [usize; 4])> {
    let asked = match size {
        None => None,
        Some(size) => {
            let sides = size.split_once('x').and_then(|(columns, rows)| Some([1, 3, rows.parse().ok()?, columns.parse().ok()?]));
            Some(sides.ok_or_else(|| format!("--size {size} is no size: COLUMNSxROWS, such as 112x112"))?)
        }
    };
    let said = Network::from_onnx(bytes, None).map(|n| n.input_dims()).ok();
    let input = asked.or(said).unwrap_or([1, 3, SIDE as usize, SIDE as usize]);
    let network = AnyNetwork::open(bytes, input, common::other()).map_err(|e| match e {
        ModelError::Unsupported { operator, node, variant } => common::lacking(&format!("{operator}{variant}"), &node),
        e => format!(
            "{e}. It was opened for {} x {} pixels: if it takes others, say --size COLUMNSxROWS (docs/PACKS.md)",
            input[3], input[2]
        ),
    })?;
    if input[1] != 3 {
        return Err(format!("the network takes {} channels, where a picture has three", input[1]).into());
    }
    Ok((network, input))
}

fn view(arguments: &Arguments, width: usize, height: usize, dimensions: usize) -> Outcome<View> {
    let zoom = numbers(arguments, "zoom")?.map_or(width as f32 / SIDE, |z| z[0]);
    let centre = match numbers(arguments, "centre")?.as_deref() {
        None => Point::new(SIDE / 2.0, SIDE / 2.0),
        Some([x, y]) => Point::new(*x, *y),
        Some(_) => return Err("--centre wants X,Y".into()),
    };
    let channels = match arguments.text("channels").unwrap_or("rgb") {
        "rgb" => Channels::Rgb,
        "bgr" => Channels::Bgr,
        other => return Err(format!("--channels {other} is neither rgb nor bgr").into()),
    };
    let aligned_by = match arguments.text("aligned-by").unwrap_or("face") {
        "face" => AlignedBy::Face,
        "eyes" => AlignedBy::Eyes,
        other => return Err(format!("--aligned-by {other} is neither face nor eyes").into()),
    };
    let by_channel = |name: &str| -> Outcome<[f32; 3]> {
        match numbers(arguments, name)?.as_deref() {
            None => Ok([127.5; 3]),
            Some([v]) => Ok([*v; 3]),
            Some([a, b, c]) => Ok([*a, *b, *c]),
            Some(_) => Err(format!("--{name} wants one number, or one for each of three channels").into()),
        }
    };
    let normalisation = Normalisation { channels, mean: by_channel("mean")?, std: by_channel("std")? };
    Ok(View { window: Window { width, height, centre, zoom }, aligned_by, normalisation, dimensions })
}

fn numbers(arguments: &Arguments, name: &str) -> Outcome<Option<Vec<f32>>> {
    let Some(text) = arguments.text(name) else { return Ok(None) };
    let numbers = text.split(',').map(|n| n.trim().parse().ok().filter(|n: &f32| n.is_finite())).collect::<Option<Vec<_>>>();
    numbers.map(Some).ok_or_else(|| format!("--{name} wants numbers with commas between them, not '{text}'").into())
}

/// Where something comes from: "name, licence, address", several with ; between them.
fn sources(arguments: &Arguments, name: &str) -> Outcome<Vec<Source>> {
    let text = arguments.text(name).unwrap_or_default();
    let one = |source: &str| {
        let parts: Vec<_> = source.split(',').map(|part| part.trim().to_owned()).collect();
        match &parts[..] {
            [name, licence] => Ok(Source { name: name.clone(), licence: licence.clone(), link: None }),
            [name, licence, link] => Ok(Source { name: name.clone(), licence: licence.clone(), link: Some(link.clone()) }),
            _ => Err(format!("--{name} wants \"name, licence, address\", several with ; between them, not '{source}'").into()),
        }
    };
    text.split(';').filter(|source| !source.trim().is_empty()).map(one).collect()
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

/// Two pictures of one person must be more alike than pictures of strangers, and more so than with the channels in the other order.
fn check(manifest: &Manifest, role: Role, from: &dyn Fn(&ModelEntry) -> PathBuf) -> Outcome<()> {
    let apart = |manifest: &Manifest| -> Outcome<Apart> {
        let mut engine = common::engine_of(manifest.clone(), from)?;
        let mut of = |file: &&str| -> Outcome<Vec<f32>> {
            match common::look(&mut engine, &Path::new(PORTRAITS).join(file), None) {
                Seen::Face(found) if role == Role::Full => Ok(found.template.full.map(|f| f.vector).unwrap_or_default()),
                Seen::Face(found) => Ok(found.template.periocular.vector),
                _ => Err(format!("{PORTRAITS}/{file} shows no face: run this in the folder of the repository").into()),
            }
        };
        let pair = PAIR.iter().map(&mut of).collect::<Outcome<Vec<_>>>()?;
        let strangers = STRANGERS.iter().map(&mut of).collect::<Outcome<Vec<_>>>()?;
        let across = pair.iter().flat_map(|p| strangers.iter().map(|s| cosine(p, s))).chain([cosine(&strangers[0], &strangers[1])]);
        Ok(Apart { same: cosine(&pair[0], &pair[1]), strangers: across.fold(f32::MIN, f32::max) })
    };
    let mut turned = manifest.clone();
    let mut other = "rgb";
    for entry in turned.models.iter_mut().filter(|m| m.role == role) {
        if let Some(view) = &mut entry.view {
            let n = &mut view.normalisation;
            (n.channels, other) = match n.channels {
                Channels::Rgb => (Channels::Bgr, "bgr"),
                Channels::Bgr => (Channels::Rgb, "rgb"),
            };
            n.mean.reverse();
            n.std.reverse();
        }
    }
    let (here, there) = (apart(manifest)?, apart(&turned)?);
    println!("pictures that come with Brow: one person's are alike by {:.3}, strangers' by at most {:.3}", here.same, here.strangers);
    if there.margin() > here.margin().max(0.0) + CHANCE {
        return Err(format!(
            "with the channels in the other order they are told apart better ({:.3} and {:.3}): say --channels {other}, or, if you are sure \
             of the order, --checked no",
            there.same, there.strangers
        )
        .into());
    }
    if here.margin() <= 0.0 {
        return Err(
            "one person's pictures are no more alike than strangers': the window, mean, std or channel order is not what the network \
                    was trained with (--centre, --zoom, --mean, --std, --channels; docs/PACKS.md), or it does not know faces. --checked no \
                    makes the pack all the same"
                .into(),
        );
    }
    Ok(())
}

struct Apart {
    same: f32,
    strangers: f32,
}

impl Apart {
    fn margin(&self) -> f32 {
        self.same - self.strangers
    }
}

/// The manifest without curves and misses: those of the base are of other networks.
fn write(manifest: &Manifest, out: &Path) -> Outcome<()> {
    let mut manifest = manifest.clone();
    manifest.calibration.misses.clear();
    let mut value = serde_json::to_value(&manifest)?;
    for among in ["among_few", "among_many"] {
        for cell in ["bare_bare", "bare_masked", "masked_masked"] {
            value["calibration"][among][cell] = serde_json::json!([]);
        }
    }
    Ok(std::fs::write(out.join("manifest.json"), serde_json::to_string_pretty(&value)? + "\n")?)
}
