//! Which models there are, how their bytes are recognised, and what their similarities mean.

use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::person::calibrate::Calibrations;

/// models/manifest.json.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's shape.
    pub format: u32,
    pub models: Vec<ModelEntry>,
    /// Written by the evaluation (examples/calibrate.rs), never by hand.
    pub calibration: Calibrations,
    /// What the calibration was measured on.
    pub protocol: serde_json::Value,
}

/// The shape that this code reads.
pub const FORMAT: u32 = 2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub role: Role,
    /// Goes into every template: vectors of two models cannot be compared.
    pub id: String,
    pub file: String,
    pub bytes: usize,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Detector,
    Landmarks,
    Periocular,
    Full,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Detector, Self::Landmarks, Self::Periocular, Self::Full];

    pub fn name(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::Landmarks => "landmarks",
            Self::Periocular => "periocular",
            Self::Full => "full",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

impl Manifest {
    /// Reads and checks the text of models/manifest.json.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let manifest: Self = serde_json::from_str(text).map_err(|e| EngineError::Manifest(e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(EngineError::Manifest(format!("it has format {}, this Brow reads format {FORMAT}", manifest.format)));
        }
        if let Some(role) = Role::ALL.iter().find(|r| manifest.models.iter().filter(|m| m.role == **r).count() != 1) {
            return Err(EngineError::Manifest(format!("it must name one model for the role '{}'", role.name())));
        }
        if !manifest.calibration.is_sound() {
            return Err(EngineError::Manifest("a calibration curve does not rise".into()));
        }
        Ok(manifest)
    }

    pub fn model(&self, role: Role) -> &ModelEntry {
        // `parse` saw to it that each role is there.
        self.models.iter().find(|m| m.role == role).expect("a checked manifest has every role")
    }
}

impl ModelEntry {
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

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
