//! Which models there are, how their bytes are recognised, and what their similarities mean.

use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::face::align::{AlignedBy, Normalisation, Window};
use crate::face::geometry::Point;
use crate::face::presence::PresenceCalibration;
use crate::person::calibrate::Calibrations;
use crate::person::embed::View;
use crate::person::template::{Features, Template};

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
    /// What the calibration was measured on.
    pub protocol: serde_json::Value,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Without these there is no recognition; without presence there is, and a policy that needs it is refused.
    const NEEDED: [Self; 4] = [Self::Detector, Self::Landmarks, Self::Periocular, Self::Full];

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
        let mut manifest: Self = serde_json::from_str(text).map_err(|e| EngineError::Manifest(e.to_string()))?;
        match manifest.format {
            2 => manifest.fill_in_format_2(),
            FORMAT => {}
            other => return Err(EngineError::Manifest(format!("it has format {other}, this Brow reads formats 2 and {FORMAT}"))),
        }
        let named = |role: Role| manifest.models.iter().filter(|m| m.role == role).count();
        if let Some(role) = Role::NEEDED.into_iter().find(|r| named(*r) != 1) {
            return Err(EngineError::Manifest(format!("it must name one model for the role '{}'", role.name())));
        }
        if named(Role::Presence) > 1 {
            return Err(EngineError::Manifest("it names more than one model for the role 'presence'".into()));
        }
        if manifest.presence.as_ref().is_some_and(|p| !p.is_sound()) {
            return Err(EngineError::Manifest("the presence network's curve does not rise".into()));
        }
        for model in &manifest.models {
            model.check_view().map_err(|why| EngineError::Manifest(format!("'{}' {why}", model.id)))?;
        }
        manifest.calibration.check().map_err(|why| EngineError::Manifest(why.into()))?;
        Ok(manifest)
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
            let entry = self.model(role);
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
            let known_as = self.model(role).known_as();
            if is_later(model, &known_as) {
                return Age::Newer;
            }
            if *model != known_as {
                age = Age::Outdated;
            }
        }
        age
    }

    /// None for a role that this pack does without, which only presence may be.
    pub fn find(&self, role: Role) -> Option<&ModelEntry> {
        self.models.iter().find(|m| m.role == role)
    }

    /// The model of a role that every pack has.
    pub fn model(&self, role: Role) -> &ModelEntry {
        // `parse` saw to it that each needed role is there.
        self.find(role).expect("a checked manifest has every role")
    }
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

    fn check_view(&self) -> Result<(), &'static str> {
        let Some(View { window, normalisation, dimensions, .. }) = self.view else {
            let embeds = matches!(self.role, Role::Periocular | Role::Full);
            return if embeds { Err("lacks 'view': what it sees of a face") } else { Ok(()) };
        };
        let sizes = [window.width, window.height, dimensions];
        let numbers = [window.centre.x, window.centre.y, window.zoom].into_iter().chain(normalisation.mean).chain(normalisation.std);
        if sizes.iter().any(|n| !(1..=MOST).contains(n)) || numbers.into_iter().any(|v| !v.is_finite()) {
            return Err("has a size, window or mean that no network has");
        }
        if window.zoom <= 0.0 || normalisation.std.iter().any(|s| *s <= 0.0) {
            return Err("has a zoom or standard deviation that is not above zero");
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
            let calibration = m["calibration"].as_object_mut().unwrap();
            calibration.remove("full_share");
            calibration.remove("strangers_lean");
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
    fn a_template_of_the_release_with_full_2_is_refused_by_name_and_its_eyes_alone_are_still_compared() {
        let m = changed(|_| {}).unwrap();
        let (eyes, full) = (m.model(Role::Periocular).known_as(), m.model(Role::Full).known_as());
        let mut gallery = crate::person::gallery::Gallery::default();
        let mut old = crate::person::template::tests::template(1, true);
        old.periocular.model = "periocular-5".into();
        old.full.as_mut().unwrap().model = "full-2".into();
        let refused = gallery.put("a", vec![m.renamed(old.clone())], &eyes, &full);
        assert_eq!((refused[0].1.found.as_str(), gallery.people()), ("full-2", 0));
        // Without the other network's part it is the same bytes' work.
        old.full = None;
        assert!(gallery.put("a", vec![m.renamed(old)], &eyes, &full).is_empty());
    }

    #[test]
    fn templates_are_told_to_be_of_these_of_earlier_and_of_later_networks() {
        let m = changed(|_| {}).unwrap();
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
        assert_eq!((of(&eyes, Some("full-3@00000000")), of("eyes", None)), (Age::Outdated, Age::Outdated));
        assert_eq!((of(&eyes, Some("full-4@00000000")), of("periocular-99", Some("full-2"))), (Age::Newer, Age::Newer));
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
