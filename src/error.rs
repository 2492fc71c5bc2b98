//! What can go wrong. To the page it crosses as `{code, values}`, by serde, and the page puts words and a remedy to it, in six languages
//! (www/words/texts/). `Display` says it in English to whoever runs this without a browser; the module for the web does not hold that.

use std::fmt;

use serde::Serialize;

use crate::face::frame::FrameError;
use crate::face::quality::Problem;
use crate::manifest::{ManifestError, Role};
use crate::model::ModelError;
use crate::person::template::TemplateError;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "EngineFault"))]
#[serde(tag = "code", content = "values", rename_all = "snake_case")]
pub enum EngineError {
    Frame(FrameError),
    TemplateForeign,
    /// Written by a later version of Brow.
    TemplateNewer {
        format: u8,
    },
    TemplateDamaged,
    Manifest(ManifestError),
    /// The manifest has no curves yet.
    PackUncalibrated,
    /// A model's bytes are fewer or more than they should be.
    ModelTruncated {
        file: String,
        expected: usize,
        found: usize,
    },
    /// A model's bytes are not the published ones.
    ModelDamaged {
        file: String,
    },
    /// The bytes are the published ones, but no network for this role.
    ModelForeign {
        file: String,
        #[serde(flatten)]
        error: ModelError,
    },
    /// A role that the manifest does not have.
    ModelUnknown {
        role: String,
    },
    /// A model was not given to the engine yet.
    ModelMissing {
        role: Role,
    },
    /// A network refused its input, which only a fault in Brow can cause.
    Network {
        #[serde(skip)]
        error: ModelError,
    },
    NoFace,
    SeveralFaces {
        count: usize,
    },
    /// `enrol_finish` before enough good frames were seen.
    EnrolmentUnfinished,
    /// A target false-match rate that is no rate.
    Target {
        rate: f32,
    },
    /// A protection secret that has not 32 bytes, but so many.
    BadKey {
        found: usize,
    },
    /// A policy for presence that this pack of models cannot keep.
    PresenceUnavailable,
    /// A threshold for presence that is out of range, which only a program can set.
    PresenceThreshold {
        #[serde(skip)]
        fault: &'static str,
    },
    /// A policy for presence that nobody defined.
    PresencePolicy {
        policy: String,
    },
    /// Verification against somebody who is not enrolled.
    UnknownPerson,
    /// The one face there is cannot be enrolled.
    #[serde(untagged)]
    Unsuitable {
        code: Problem,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Frame(e) => write!(f, "{e}"),
            Self::TemplateForeign => write!(f, "{}", TemplateError::Foreign),
            Self::TemplateNewer { format } => write!(f, "{}", TemplateError::Newer(*format)),
            Self::TemplateDamaged => write!(f, "{}", TemplateError::Damaged),
            Self::Manifest(why) => write!(f, "The list of models cannot be used: {why}."),
            Self::PackUncalibrated => write!(f, "Nobody has measured yet what similarities mean with these networks."),
            Self::ModelTruncated { file, expected, found } => {
                write!(f, "The model {file} did not arrive whole: {found} bytes of {expected}.")
            }
            Self::ModelDamaged { file } => write!(f, "The model {file} is not the one that was published."),
            Self::ModelForeign { file, error } => write!(f, "The model {file} cannot be used: {error}"),
            Self::ModelUnknown { role } => write!(f, "Brow has no model for '{role}'."),
            Self::ModelMissing { role } => write!(f, "The model for '{}' has not been loaded yet.", role.name()),
            Self::Network { error } => write!(f, "A network refused its input: {error}"),
            Self::NoFace => write!(f, "No face was found."),
            Self::SeveralFaces { count } => write!(f, "There are {count} faces; one person is enrolled at a time."),
            Self::Unsuitable { code } => f.write_str(match code {
                Problem::TooSmall => "The face is too small.",
                Problem::TooBlurred => "The face is blurred.",
                Problem::TooDark => "The face is too dark.",
                Problem::TooBright => "The face is too bright.",
                Problem::TurnedAway => "The face is turned away.",
                Problem::CutOff => "The face is cut off by the picture's edge.",
                Problem::EyesHidden => "Dark glasses hide the eyes.",
                Problem::PointsUnsure => "Something covers the face, so that its points cannot be trusted.",
            }),
            Self::EnrolmentUnfinished => write!(f, "Not enough good pictures of the face were taken yet."),
            Self::Target { rate } => {
                write!(f, "{rate} is no false-match rate that Brow can keep: choose one between 1 in 10 and 1 in 1,000,000.")
            }
            Self::BadKey { found } => write!(f, "The gallery's secret has {found} bytes where 32 belong."),
            Self::PresenceUnavailable => write!(f, "This Brow has no network that tells a person from a picture of one."),
            Self::PresenceThreshold { fault } => write!(f, "The check for presence cannot run: {fault}."),
            Self::PresencePolicy { policy } => write!(f, "'{policy}' is nothing that can be asked of presence."),
            Self::UnknownPerson => write!(f, "This person is not enrolled."),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<FrameError> for EngineError {
    fn from(e: FrameError) -> Self {
        Self::Frame(e)
    }
}

impl From<TemplateError> for EngineError {
    fn from(e: TemplateError) -> Self {
        match e {
            TemplateError::Foreign => Self::TemplateForeign,
            TemplateError::Newer(format) => Self::TemplateNewer { format },
            TemplateError::Damaged => Self::TemplateDamaged,
        }
    }
}

impl From<ManifestError> for EngineError {
    fn from(e: ManifestError) -> Self {
        Self::Manifest(e)
    }
}

/// A network that was checked when it was loaded refuses only what the engine should not have fed it.
impl From<ModelError> for EngineError {
    fn from(error: ModelError) -> Self {
        Self::Network { error }
    }
}
