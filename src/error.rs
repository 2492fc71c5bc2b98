//! What can go wrong, for the person whom it concerns: what happened, and what to do about it.

use std::fmt;

use crate::face::frame::FrameError;
use crate::face::quality::Problem;
use crate::model::ModelError;
use crate::person::template::TemplateError;

#[derive(Debug)]
pub enum EngineError {
    Frame(FrameError),
    Template(TemplateError),
    Manifest(String),
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
    Model {
        file: String,
        error: ModelError,
    },
    /// A role that the manifest does not have.
    UnknownRole(String),
    /// A model was not given to the engine yet.
    ModelMissing {
        role: &'static str,
    },
    /// A network refused its input, which only a fault in Brow can cause.
    Network(ModelError),
    NoFace,
    SeveralFaces(usize),
    /// The one face there is cannot be enrolled.
    Unsuitable(Problem),
    /// `enrol_finish` before enough good frames were seen.
    EnrolmentUnfinished,
    /// A target false-match rate that is no rate.
    Target(f32),
    /// A protection secret that has not 32 bytes, but so many.
    ProtectionKey(usize),
    /// A policy for presence that this pack of models cannot keep.
    PresenceUnavailable,
    /// A threshold for presence that is out of range.
    PresenceThreshold(&'static str),
    /// A policy for presence that nobody defined.
    PresencePolicy(String),
    /// Verification against somebody who is not enrolled.
    UnknownPerson,
}

impl EngineError {
    /// Short, stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frame(_) => "frame",
            Self::Template(TemplateError::Foreign) => "template_foreign",
            Self::Template(TemplateError::Newer(_)) => "template_newer",
            Self::Template(TemplateError::Damaged) => "template_damaged",
            Self::Manifest(_) => "manifest",
            Self::ModelTruncated { .. } => "model_truncated",
            Self::ModelDamaged { .. } => "model_damaged",
            Self::Model { .. } => "model_foreign",
            Self::UnknownRole(_) => "model_unknown",
            Self::ModelMissing { .. } => "model_missing",
            Self::Network(_) => "network",
            Self::NoFace => "no_face",
            Self::SeveralFaces(_) => "several_faces",
            Self::Unsuitable(p) => match p {
                Problem::TooSmall => "too_small",
                Problem::TooBlurred => "too_blurred",
                Problem::TooDark => "too_dark",
                Problem::TooBright => "too_bright",
                Problem::TurnedAway => "turned_away",
                Problem::CutOff => "cut_off",
                Problem::EyesHidden => "eyes_hidden",
                Problem::PointsUnsure => "points_unsure",
            },
            Self::EnrolmentUnfinished => "enrolment_unfinished",
            Self::Target(_) => "target",
            Self::ProtectionKey(_) => "bad_key",
            Self::PresenceUnavailable => "presence_unavailable",
            Self::PresenceThreshold(_) => "presence_threshold",
            Self::PresencePolicy(_) => "presence_policy",
            Self::UnknownPerson => "unknown_person",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Frame(_) => "Wait for the camera's next frame, or choose another picture.",
            Self::Template(TemplateError::Newer(_)) => "Reload the page to update Brow.",
            Self::Template(_) | Self::UnknownPerson => "Enrol the person again.",
            Self::Manifest(_) | Self::ModelTruncated { .. } | Self::ModelDamaged { .. } | Self::Model { .. } | Self::UnknownRole(_) => {
                "Reload the page. If it happens again, the files on the server are damaged: tell whoever runs this page."
            }
            Self::ModelMissing { .. } | Self::Network(_) | Self::ProtectionKey(_) => "Reload the page.",
            Self::NoFace => "Choose a picture in which the face is well lit and turned to the camera.",
            Self::SeveralFaces(_) => "Choose a picture with one person, or cut the others off.",
            Self::Unsuitable(p) => match p {
                Problem::TooSmall => "Come closer to the camera, or choose a larger picture.",
                Problem::TooBlurred => "Hold still, clean the lens, or choose a sharper picture.",
                Problem::TooDark => "Turn on a light in front of the face.",
                Problem::TooBright => "Turn away from the strong light.",
                Problem::TurnedAway => "Look straight into the camera.",
                Problem::CutOff => "Move so that the whole face is in the picture.",
                Problem::EyesHidden => "Take the dark glasses off.",
                Problem::PointsUnsure => "Take hands, hair and other things away from the face.",
            },
            Self::EnrolmentUnfinished => "Stay in front of the camera until the ring is full.",
            Self::PresenceUnavailable => "Switch the check for presence off, or use a release whose models include it.",
            Self::PresenceThreshold(_) => "Use the default thresholds, or ones within the range.",
            Self::PresencePolicy(_) => "Choose off, warn, require-passive or require-turn.",
            Self::Target(_) => "Choose a rate between 1 in 10 and 1 in 1,000,000.",
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Frame(e) => write!(f, "{e}"),
            Self::Template(e) => write!(f, "{e}"),
            Self::Manifest(why) => write!(f, "The list of models cannot be used: {why}."),
            Self::ModelTruncated { file, expected, found } => {
                write!(f, "The model {file} did not arrive whole: {found} bytes of {expected}.")
            }
            Self::ModelDamaged { file } => write!(f, "The model {file} is not the one that was published."),
            Self::Model { file, error } => write!(f, "The model {file} cannot be used: {error}"),
            Self::UnknownRole(role) => write!(f, "Brow has no model for '{role}'."),
            Self::ModelMissing { role } => write!(f, "The model for '{role}' has not been loaded yet."),
            Self::Network(e) => write!(f, "A network refused its input: {e}"),
            Self::NoFace => write!(f, "No face was found."),
            Self::SeveralFaces(n) => write!(f, "There are {n} faces; one person is enrolled at a time."),
            Self::Unsuitable(p) => f.write_str(match p {
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
            Self::Target(rate) => write!(f, "{rate} is no false-match rate that Brow can keep."),
            Self::ProtectionKey(n) => write!(f, "The gallery's secret has {n} bytes where 32 belong."),
            Self::PresenceUnavailable => write!(f, "This Brow has no network that tells a person from a picture of one."),
            Self::PresenceThreshold(why) => write!(f, "The check for presence cannot run: {why}."),
            Self::PresencePolicy(policy) => write!(f, "'{policy}' is nothing that can be asked of presence."),
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
        Self::Template(e)
    }
}

/// A network that was checked when it was loaded refuses only what the engine should not have fed it.
impl From<ModelError> for EngineError {
    fn from(e: ModelError) -> Self {
        Self::Network(e)
    }
}
