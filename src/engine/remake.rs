//! Templates of earlier networks: whose they are of no use for, and new ones from the picture that the person asked to be kept.

use serde::Serialize;

use super::Engine;
use super::enrol::POOR;
use crate::error::EngineError;
use crate::face::frame::Frame;
use crate::face::quality::QualityParams;
use crate::manifest::Age;
use crate::person::template::Template;

/// What of a person's references was made by networks before these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Outdated {
    /// Their places among all references.
    pub references: Vec<usize>,
    /// Nothing else is there to recognise the person by: new templates have to be made, from a kept picture or by the person.
    pub due: bool,
}

/// What a kept picture may be at its worst: what an enrolment may be, with the person's word for it, which was given then. It is cut
/// close around the face, and somebody may have looked aside on a photograph.
const KEPT: QualityParams = QualityParams { most_outside: 1.0, most_yaw: 35.0, most_pitch: 35.0, ..POOR };

impl Engine {
    /// Which references are out of date. None is due where a later release has seen to the person already: this one, which will
    /// soon be gone, must not undo that. References that can't be read are None, and nobody's business here.
    pub fn outdated(&self, references: &[Option<Template>]) -> Outdated {
        let ages: Vec<_> = references.iter().map(|t| t.as_ref().map(|t| self.manifest().age(t))).collect();
        let references: Vec<_> = (0..ages.len()).filter(|i| ages[*i] == Some(Age::Outdated)).collect();
        let due = !references.is_empty() && !ages.iter().any(|age| matches!(age, Some(Age::Current | Age::Newer)));
        Outdated { references, due }
    }

    /// The template of the one face on a picture that was kept of an enrolment, if it is good enough for one.
    pub fn remake(&mut self, picture: &Frame) -> Result<Template, EngineError> {
        self.one_face(picture, None, &KEPT).map(|face| face.template)
    }
}
