//! Which models there are, how their bytes are recognised, and what their similarities mean.

mod aside;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::face::align::{AlignedBy, Normalisation, Window};
use crate::face::geometry::Point;
use crate::face::presence::PresenceCalibration;
use crate::json::typed::{self, Unread};
use crate::person::calibrate::Calibrations;
use crate::person::embed::View;
use crate::person::faceness::Faceness;
use crate::person::groups::Groups;
use crate::person::template::{Features, Template};

#[cfg(not(target_arch = "wasm32"))]
pub use aside::Source;
pub use aside::{Backend, Protocol, Provenance, RuntimeEntry};

/// models/manifest.json.
///
/// [Note: ids] A network goes into templates as `id@` and the first eight digits of its SHA-256, so that two files which somebody
/// gave one id are not taken for comparable. Before format 3 it was the id alone; `formerly` names those of the very same bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's shape.
    pub format: u32,
    pub models: Vec<ModelEntry>,
    /// How similarities are made of cosines, and what they mean. The curves are written by examples/calibrate.rs, never by hand.
    pub calibration: Calibrations,
    /// What the presence network's log-odds mean; goes with the role `presence`. Written by examples/pad.rs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<PresenceCalibration>,
    /// What tells templates of people from those of what is none ([Note: faceness]). Written by examples/faceness.rs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faceness: Option<Faceness>,
    /// tract as a module for pages, of a pack with a network that Brow's own runtime lacks operators for; lies in the pack's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_runtime: Option<RuntimeEntry>,
    /// What the calibration was measured on.
    pub protocol: Protocol,
}

/// Why a manifest cannot be used. To the page it crosses as `{why, ...}` (see [`crate::error`]).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum ManifestError {
    /// No JSON, or another one than a manifest's.
    Unreadable {
        line: usize,
        column: usize,
        #[serde(skip)]
        error: Unread,
    },
    /// A format that this code does not read; it reads 2 and `newest`.
    Format { format: u32, newest: u32 },
    /// None or several models for a role that must have one.
    Role { role: Role },
    /// Several models for a role that may have one.
    RoleTwice { role: Role },
    /// An embedder without its view.
    ViewMissing { model: String },
    /// A size, window, mean, zoom or standard deviation that no network has.
    ViewUnsound { model: String },
    /// A curve of the calibration that does not rise.
    Curve,
    /// A share that is not between 0 and 1.
    Share,
    /// A faceness of other embedders than these, or with numbers that are none.
    Faceness,
    /// Directions of groups of other embedders than these, or with numbers that are none.
    Groups,
    /// A provenance that is not as it should be; the module for pages does not read it.
    #[cfg(not(target_arch = "wasm32"))]
    #[serde(skip)]
    Source { model: String },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Unreadable { error, .. } => write!(f, "{error}"),
            Self::Format { format, newest } => write!(f, "it has format {format}, this Brow reads formats 2 and {newest}"),
            Self::Role { role } => write!(f, "it must name one model for the role '{}'", role.name()),
            Self::RoleTwice { role } => write!(f, "it names more than one model for the role '{}'", role.name()),
            Self::ViewMissing { model } => write!(f, "'{model}' lacks 'view': what it sees of a face"),
            Self::ViewUnsound { model } => write!(f, "'{model}' has a size, window, mean, zoom or standard deviation that no network has"),
            Self::Curve => write!(f, "a curve does not rise"),
            Self::Share => write!(f, "a share is not between 0 and 1"),
            Self::Faceness => {
                write!(f, "its faceness is of other embedders, or not of numbers: fit it anew (examples/faceness.rs), or take it out")
            }
            Self::Groups => write!(
                f,
                "its calibration leaves out what groups have in common to other embedders, or not to numbers: find it anew (examples/groups.rs), \
                 or take it out, and calibrate"
            ),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Source { model } => write!(
                f,
                "'{model}' has a source with a name longer than 200 letters, a licence that is no short code (Apache-2.0, research-only), \
                 or a link not to https:"
            ),
        }
    }
}

impl std::error::Error for ManifestError {}

impl From<Unread> for ManifestError {
    fn from(error: Unread) -> Self {
        Self::Unreadable { line: error.line, column: error.column, error }
    }
}

/// The shape that this code writes. It reads format 2 too, in which the code knew what format 3 says of each embedder.
pub const FORMAT: u32 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub role: Role,
    /// What people call it. [Note: ids] has what templates call it.
    pub id: String,
    /// Ids under which earlier releases wrote templates with these very bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formerly: Vec<String>,
    pub file: String,
    pub bytes: usize,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Of an embedder: what it sees of a face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Which runtime the network needed when the pack was made. The engine asks its own first, whatever stands here.
    #[serde(default, skip_serializing_if = "Backend::is_left_out")]
    pub backend: Backend,
    #[serde(default, skip_serializing_if = "Provenance::is_left_out")]
    pub provenance: Provenance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "NetworkRole"))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Detector,
    Landmarks,
    Periocular,
    Full,
    Presence,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Detector, Self::Landmarks, Self::Periocular, Self::Full, Self::Presence];
    /// Without these there is no recognition. Without `full` the periocular embedder, whatever its window, speaks for the whole face;
    /// without presence a policy that needs it is refused.
    const NEEDED: [Self; 3] = [Self::Detector, Self::Landmarks, Self::Periocular];

    pub fn name(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::Landmarks => "landmarks",
            Self::Periocular => "periocular",
            Self::Full => "full",
            Self::Presence => "presence",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

impl Manifest {
    /// Reads and checks the text of models/manifest.json.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let mut manifest: Self = typed::read(text).map_err(ManifestError::from)?;
        match manifest.format {
            2 => manifest.fill_in_format_2(),
            FORMAT => {}
            format => return Err(ManifestError::Format { format, newest: FORMAT }.into()),
        }
        let named = |role: Role| manifest.models.iter().filter(|m| m.role == role).count();
        if let Some(role) = Role::NEEDED.into_iter().find(|r| named(*r) != 1) {
            return Err(ManifestError::Role { role }.into());
        }
        if let Some(role) = Role::ALL.into_iter().find(|r| named(*r) > 1) {
            return Err(ManifestError::RoleTwice { role }.into());
        }
        if manifest.presence.as_ref().is_some_and(|p| !p.is_sound()) {
            return Err(ManifestError::Curve.into());
        }
        for model in &manifest.models {
            model.check_view()?;
            #[cfg(not(target_arch = "wasm32"))]
            if !model.provenance.is_sound() {
                return Err(ManifestError::Source { model: model.id.clone() }.into());
            }
        }
        if manifest.faceness.as_ref().is_some_and(|f| !manifest.is_of_its_embedders(f)) {
            return Err(ManifestError::Faceness.into());
        }
        if manifest.calibration.groups.as_ref().is_some_and(|g| !manifest.are_of_its_embedders(g)) {
            return Err(ManifestError::Groups.into());
        }
        if manifest.calibration.is_empty() {
            return Err(EngineError::PackUncalibrated);
        }
        if !manifest.calibration.curves_rise() {
            return Err(ManifestError::Curve.into());
        }
        if !manifest.calibration.shares_are_sound() {
            return Err(ManifestError::Share.into());
        }
        Ok(manifest)
    }

    /// The embedders as templates call them, periocular first.
    pub fn embedders(&self) -> Vec<String> {
        [Role::Periocular, Role::Full].into_iter().filter_map(|role| self.find(role)).map(ModelEntry::known_as).collect()
    }

    fn is_of_its_embedders(&self, faceness: &Faceness) -> bool {
        let views = self.models.iter().filter_map(|m| m.view);
        faceness.is_sound(&self.embedders(), views.map(|v| v.dimensions).sum())
    }

    fn are_of_its_embedders(&self, groups: &Groups) -> bool {
        let numbers = |role| self.find(role).and_then(|m| m.view).map_or(0, |v| v.dimensions);
        groups.is_sound(&self.embedders(), numbers(Role::Periocular), numbers(Role::Full))
    }

    /// What format 2 left unsaid, since the code had it.
    fn fill_in_format_2(&mut self) {
        let normalisation = Normalisation::alike(127.5, 128.0);
        let view = |window, aligned_by, dimensions| Some(View { window, aligned_by, normalisation, dimensions });
        let whole = Window { width: 112, height: 112, centre: Point::new(56.0, 56.0), zoom: 1.0 };
        let eyes = Window { width: 112, height: 64, centre: Point::new(56.0, 12.0 + 32.0 / 1.2), zoom: 1.2 };
        for model in &mut self.models {
            model.view = match model.role {
                Role::Periocular => view(eyes, AlignedBy::Eyes, 256),
                Role::Full => view(whole, AlignedBy::Face, 192),
                Role::Detector | Role::Landmarks | Role::Presence => None,
            };
            model.formerly = model.view.iter().map(|_| model.id.clone()).collect();
        }
        self.format = FORMAT;
    }

    /// The template with the networks' present ids where it has earlier ones of the very same bytes.
    pub fn renamed(&self, mut template: Template) -> Template {
        let features = [(Some(&mut template.periocular), Role::Periocular), (template.full.as_mut(), Role::Full)];
        for (features, role) in features {
            let Some(entry) = self.find(role) else { continue };
            if let Some(features) = features.filter(|f| entry.formerly.contains(&f.model)) {
                features.model = entry.known_as();
            }
        }
        template
    }

    /// Whether the networks that made a template are these, earlier or later ones.
    pub fn age(&self, template: &Template) -> Age {
        let template = self.renamed(template.clone());
        let mut age = Age::Current;
        for (features, role) in [(Some(&template.periocular), Role::Periocular), (template.full.as_ref(), Role::Full)] {
            let Some(Features { model, .. }) = features else { continue };
            // A pack without this embedder can do nothing with its features.
            let known_as = self.find(role).map(ModelEntry::known_as).unwrap_or_default();
            if is_later(model, &known_as) {
                return Age::Newer;
            }
            if *model != known_as {
                age = Age::Outdated;
            }
        }
        age
    }

    pub fn listed(&self) -> Vec<Listed> {
        self.models.iter().map(|m| Listed { role: m.role, id: m.known_as(), file: m.file.clone() }).collect()
    }

    /// None for a role that this pack does without.
    pub fn find(&self, role: Role) -> Option<&ModelEntry> {
        self.models.iter().find(|m| m.role == role)
    }

    /// The model of a role that every pack has.
    pub fn model(&self, role: Role) -> &ModelEntry {
        // `parse` saw to it that each needed role is there.
        self.find(role).expect("a checked manifest has every role")
    }
}

/// What must be fetched for a role; `id` as templates have it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Listed {
    pub role: Role,
    pub id: String,
    pub file: String,
}

/// How the networks of a template stand to those of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    Current,
    Outdated,
    /// Of a later release, as where two tabs run two.
    Newer,
}

/// Whether a network is of the same name as another one and of a higher number: `full-4` than `full-3`. [Note: ids]
fn is_later(id: &str, than: &str) -> bool {
    let numbered = |id: &str| {
        let (name, number) = id.split('@').next()?.rsplit_once('-')?;
        Some((name.to_owned(), number.parse::<u32>().ok()?))
    };
    matches!((numbered(id), numbered(than)), (Some((a, n)), Some((b, m))) if a == b && n > m)
}

impl ModelEntry {
    /// [Note: ids]
    pub fn known_as(&self) -> String {
        format!("{}@{}", self.id, self.sha256.get(..8).unwrap_or(&self.sha256))
    }

    /// What an embedder sees; `parse` saw to it that it is there.
    pub fn view(&self) -> View {
        self.view.expect("a checked manifest says what its embedders see")
    }

    fn check_view(&self) -> Result<(), ManifestError> {
        let Some(View { window, normalisation, dimensions, .. }) = self.view else {
            let embeds = matches!(self.role, Role::Periocular | Role::Full);
            return if embeds { Err(ManifestError::ViewMissing { model: self.id.clone() }) } else { Ok(()) };
        };
        let sizes = [window.width, window.height, dimensions];
        let numbers = [window.centre.x, window.centre.y, window.zoom].into_iter().chain(normalisation.mean).chain(normalisation.std);
        let possible = sizes.iter().all(|n| (1..=MOST).contains(n)) && numbers.into_iter().all(f32::is_finite);
        if !possible || window.zoom <= 0.0 || normalisation.std.iter().any(|s| *s <= 0.0) {
            return Err(ManifestError::ViewUnsound { model: self.id.clone() });
        }
        Ok(())
    }

    /// Whether the manifest means these bytes, whose SHA-256 is `digest`.
    pub fn check(&self, bytes: &[u8], digest: &[u8]) -> Result<(), EngineError> {
        let file = self.file.clone();
        if bytes.len() != self.bytes {
            return Err(EngineError::ModelTruncated { file, expected: self.bytes, found: bytes.len() });
        }
        if hex(digest) != self.sha256 {
            return Err(EngineError::ModelDamaged { file });
        }
        Ok(())
    }
}

/// No side of an input and no template is larger; it keeps a damaged manifest from asking for memory.
const MOST: usize = 4096;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::calibrate::Cell;

    /// Today's manifest as a program would change it.
    fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Result<Manifest, EngineError> {
        let mut value = serde_json::from_str(include_str!("../models/manifest.json")).unwrap();
        change(&mut value);
        Manifest::parse(&value.to_string())
    }

    /// Today's, had its periocular network come under another id before.
    fn renamed_since(id: &str) -> Manifest {
        changed(|m| {
            let periocular = m["models"].as_array_mut().unwrap().iter_mut().find(|model| model["role"] == "periocular").unwrap();
            periocular["formerly"] = vec![id].into();
        })
        .unwrap()
    }

    /// The same as a release of format 2 had it.
    fn format_2() -> Manifest {
        changed(|m| {
            m["format"] = 2.into();
            for model in m["models"].as_array_mut().unwrap() {
                let model = model.as_object_mut().unwrap();
                model.remove("view");
                model.remove("formerly");
                if model["role"] == "full" {
                    model["id"] = "full-2".into();
                }
            }
            m.as_object_mut().unwrap().remove("faceness");
            let calibration = m["calibration"].as_object_mut().unwrap();
            calibration.remove("full_share");
            calibration.remove("strangers_lean");
            calibration.remove("groups");
        })
        .unwrap()
    }

    #[test]
    fn a_manifest_of_format_2_means_what_it_meant() {
        let m = format_2();
        let (full, eyes) = (m.model(Role::Full).view(), m.model(Role::Periocular).view());
        assert_eq!((full.window.width, full.window.zoom, full.dimensions, full.aligned_by), (112, 1.0, 192, AlignedBy::Face));
        assert_eq!((eyes.window.height, eyes.window.zoom, eyes.dimensions, eyes.aligned_by), (64, 1.2, 256, AlignedBy::Eyes));
        assert_eq!(eyes.normalisation, Normalisation::alike(127.5, 128.0));
        assert_eq!(Cell::ALL.map(|c| m.calibration.full_share.of(c)), [0.75, 0.35, 0.35]);
        // What it is written as is read as the same.
        let again = Manifest::parse(&serde_json::to_string(&m).unwrap()).unwrap();
        assert_eq!((again.format, &again.models), (FORMAT, &m.models));
    }

    #[test]
    fn templates_of_the_same_bytes_stay_comparable_and_those_of_others_do_not_become_so() {
        let m = format_2();
        let mut old = crate::person::template::tests::template(1, true);
        old.full.as_mut().unwrap().model = "full-2".into();
        let renamed = m.renamed(old);
        assert_eq!(renamed.full.unwrap().model, m.model(Role::Full).known_as());
        assert_eq!(renamed.periocular.model, "periocular-1", "of other bytes");
        assert!(m.model(Role::Full).known_as().starts_with("full-2@"));
    }

    #[test]
    fn a_template_whose_full_part_is_of_other_bytes_is_refused_by_name_and_its_eyes_alone_are_compared() {
        let m = renamed_since("periocular-5");
        let (eyes, full) = (m.model(Role::Periocular).known_as(), m.model(Role::Full).known_as());
        let mut gallery = crate::person::gallery::Gallery::default();
        let mut old = crate::person::template::tests::template(1, true);
        old.periocular.model = "periocular-5".into();
        old.full.as_mut().unwrap().model = "full-2".into();
        let refused = gallery.put("a", vec![m.renamed(old.clone())], (&eyes, Some(&full)), &m.calibration);
        assert_eq!((refused[0].1.found.as_str(), gallery.people()), ("full-2", 0));
        // Without the other network's part it is the same bytes' work.
        old.full = None;
        assert!(gallery.put("a", vec![m.renamed(old)], (&eyes, Some(&full)), &m.calibration).is_empty());
    }

    #[test]
    fn templates_are_told_to_be_of_these_of_earlier_and_of_later_networks() {
        let m = renamed_since("periocular-5");
        let of = |eyes: &str, full: Option<&str>| {
            let mut t = crate::person::template::tests::template(1, full.is_some());
            t.periocular.model = eyes.into();
            if let (Some(features), Some(model)) = (t.full.as_mut(), full) {
                features.model = model.into();
            }
            m.age(&t)
        };
        let (eyes, full) = (m.model(Role::Periocular).known_as(), m.model(Role::Full).known_as());
        assert_eq!((of(&eyes, Some(&full)), of(&eyes, None), of("periocular-5", None)), (Age::Current, Age::Current, Age::Current));
        assert_eq!((of(&eyes, Some("full-2")), of("periocular-1", Some(&full))), (Age::Outdated, Age::Outdated));
        // The same number of other bytes is no release's, and whoever numbers otherwise has no later ones.
        assert_eq!((of(&eyes, Some("full-5@00000000")), of("eyes", None)), (Age::Outdated, Age::Outdated));
        assert_eq!((of(&eyes, Some("full-6@00000000")), of("periocular-99", Some("full-2"))), (Age::Newer, Age::Newer));
    }

    #[test]
    fn a_pack_without_curves_is_told_from_one_with_wrong_ones() {
        let without = changed(|m| m["calibration"]["among_many"]["bare_masked"] = serde_json::json!([])).unwrap_err();
        assert!(matches!(without, EngineError::PackUncalibrated), "{without}");
        let falling = changed(|m| m["calibration"]["among_many"]["bare_masked"] = serde_json::json!([[1, 0], [0, 1]])).unwrap_err();
        assert!(matches!(falling, EngineError::Manifest(ManifestError::Curve)), "{falling}");
    }

    #[test]
    fn what_tells_people_from_things_is_of_the_very_embedders_or_refused() {
        let refused = |change: fn(&mut serde_json::Value)| {
            let error = changed(change).unwrap_err();
            assert!(matches!(error, EngineError::Manifest(ManifestError::Faceness)), "{error}");
        };
        refused(|m| m["faceness"]["models"][1] = "full-5@00000000".into());
        refused(|m| drop(m["faceness"]["weights"].as_array_mut().unwrap().pop()));
        refused(|m| m["models"].as_array_mut().unwrap().retain(|model| model["role"] != "full"));
        assert!(changed(|m| m["faceness"] = serde_json::Value::Null).unwrap().faceness.is_none());
    }

    #[test]
    fn what_groups_have_in_common_is_to_the_very_embedders_or_refused() {
        let refused = |change: fn(&mut serde_json::Value)| {
            let error = changed(change).unwrap_err();
            assert!(matches!(error, EngineError::Manifest(ManifestError::Groups)), "{error}");
        };
        refused(|m| m["calibration"]["groups"]["models"][0] = "periocular-6@00000000".into());
        refused(|m| drop(m["calibration"]["groups"]["full"][0].as_array_mut().unwrap().pop()));
        refused(|m| m["calibration"]["groups"]["periocular"][1].as_array_mut().unwrap().fill(0.into()));
        assert!(changed(|m| m["calibration"]["groups"] = serde_json::Value::Null).unwrap().calibration.groups.is_none());
    }

    #[test]
    fn a_pack_may_do_with_one_embedder_and_takes_nothing_of_another() {
        let m = changed(|m| {
            m.as_object_mut().unwrap().remove("faceness");
            m["calibration"].as_object_mut().unwrap().remove("groups");
            m["models"].as_array_mut().unwrap().retain(|model| model["role"] != "full");
        })
        .unwrap();
        let with = crate::person::template::tests::template(1, true);
        let mut alone = crate::person::template::tests::template(1, false);
        alone.periocular.model = m.model(Role::Periocular).known_as();
        assert_eq!((m.age(&with), m.age(&alone)), (Age::Outdated, Age::Current));
        let mut gallery = crate::person::gallery::Gallery::default();
        let refused =
            gallery.put("a", vec![m.renamed(with), m.renamed(alone)], (&m.model(Role::Periocular).known_as(), None), &m.calibration);
        assert_eq!((refused.len(), gallery.references()), (1, 1));
        assert!(changed(|m| m["models"].as_array_mut().unwrap().retain(|model| model["role"] != "periocular")).is_err());
    }

    #[test]
    fn where_a_network_comes_from_is_kept_and_held_to_what_an_audit_log_takes() {
        let sources = |name: &str, licence: &str, link: &str| {
            let one = serde_json::json!([{ "name": name, "licence": licence, "link": link }]);
            changed(|m| m["models"][0]["provenance"] = serde_json::json!({ "weights": one, "pictures": [] }))
        };
        let m = sources("Model Zoo", "Apache-2.0", "https://example.org").unwrap();
        let again = Manifest::parse(&serde_json::to_string(&m).unwrap()).unwrap();
        assert_eq!(again.models[0].provenance.weights[0].name, "Model Zoo");
        for (name, licence, link) in
            [("", "MIT", "https://a"), ("a", "for research only", "https://a"), ("a", "MIT", "javascript:alert(1)")]
        {
            assert!(sources(name, licence, link).unwrap_err().to_string().contains("source"));
        }
    }

    #[test]
    fn what_no_network_has_is_refused_by_name() {
        type Change = fn(&mut serde_json::Value);
        let cases: [(Change, &str); 6] = [
            (|m| m["format"] = 9.into(), "format 9"),
            (|m| drop(m["models"][3].as_object_mut().unwrap().remove("view")), "lacks 'view'"),
            (|m| m["models"][3]["view"]["window"]["width"] = 0.into(), "size"),
            (|m| m["models"][3]["view"]["window"]["zoom"] = 0.into(), "zoom"),
            (|m| m["models"][3]["view"]["normalisation"]["std"][1] = 0.into(), "standard deviation"),
            (|m| m["calibration"]["full_share"]["bare_bare"] = 1.5.into(), "share"),
        ];
        for (change, word) in cases {
            let error = changed(change).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
