//! A still picture: every face of it, looked at as carefully as can be.

use super::{Engine, Looks, Observation, explained};
use crate::error::EngineError;
use crate::face::align::{Pyramid, canonical_to_frame};
use crate::face::detect::{Detection, Detector};
use crate::face::frame::Frame;
use crate::face::geometry::Similarity;
use crate::face::landmarks::{Care, Look};
use crate::face::mask::Mask;
use crate::face::quality::{Problem, Quality, QualityParams, measure};
use crate::few;
use crate::person::decide::{Decision, Reason};
use crate::person::gallery::Candidate;
use crate::person::template::Template;

/// Images below this side are tight crops: without a border the detector has no room.
const TIGHT_CROP: usize = 400;
/// Their border, as a fraction of the longer side.
const TIGHT_PAD: f32 = 0.35;

/// The border that a still picture gets unless the caller says otherwise.
pub fn default_pad(width: usize, height: usize) -> f32 {
    if width.max(height) < TIGHT_CROP { TIGHT_PAD } else { 0.0 }
}

/// A face in a still picture, with its template.
#[derive(Clone, Debug)]
pub struct Face {
    pub detection: Detection,
    pub mask: Mask,
    pub quality: Quality,
    pub template: Template,
    /// Log-odds that somebody was before the camera, not a print or a screen; None where the face's surroundings are missing, or the
    /// network for it.
    pub presence: Option<f32>,
    pub(super) canonical_to_frame: Similarity,
}

impl Engine {
    /// All faces of a still picture, largest first, each with a template of averaged looks. `pad`: the border, as a fraction
    /// of the longer side; [`default_pad`] if none is given.
    pub fn still(&mut self, frame: &Frame, pad: Option<f32>) -> Result<Vec<Face>, EngineError> {
        let pyramid = Pyramid::new(*frame);
        let pad = pad.unwrap_or_else(|| default_pad(frame.width(), frame.height()));
        let mut faces = Vec::new();
        for look in self.looks_at_still(&pyramid, pad)? {
            let Some(to_frame) = canonical_to_frame(&look.detection.points) else { continue };
            let quality = measure(&pyramid, &look, &to_frame, &QualityParams::PROBE);
            let mask = Mask::most_probable(look.mask);
            let template = self.template(&pyramid, &look.detection.points, mask, &quality, Looks::Averaged)?;
            // Whose template says nothing is told what is in the way.
            if quality.tells_people() && self.is_nobody(&template) {
                continue;
            }
            let presence = self.look_at(&pyramid, &look.detection.points)?;
            faces.push(Face { detection: look.detection, mask, quality, template, presence, canonical_to_frame: to_frame });
        }
        Ok(faces)
    }

    /// Whether this is surely no person's template ([Note: faceness]).
    pub(super) fn is_nobody(&self, template: &Template) -> bool {
        let faceness = self.manifest.faceness.as_ref();
        faceness.is_some_and(|f| f.log_odds(template).is_some_and(|odds| odds < f.least))
    }

    /// The confirmed proposals of a still picture, each face once, largest first.
    fn looks_at_still(&mut self, pyramid: &Pyramid, pad: f32) -> Result<Vec<Look>, EngineError> {
        let proposals = self.detector()?.still(pyramid, pad)?;
        let mut looks = self.confirm(pyramid, proposals)?;
        for region in Detector::more_regions(pyramid, pad) {
            if !looks.is_empty() {
                break;
            }
            let proposals = self.detector()?.search(pyramid, &[region])?;
            looks = self.confirm(pyramid, proposals)?;
        }
        if looks.is_empty() && pad > 0.0 {
            let mut filling = self.confirm(pyramid, Detector::filling(pyramid))?;
            few::sort(&mut filling, |a, b| b.face.total_cmp(&a.face));
            filling.truncate(1);
            looks = filling;
        }
        Ok(looks)
    }

    /// A careful second look at each proposal; what turns out to be one face twice is kept once.
    fn confirm(&mut self, pyramid: &Pyramid, proposals: Vec<Detection>) -> Result<Vec<Look>, EngineError> {
        let mut looks: Vec<Look> = Vec::new();
        for proposal in proposals {
            let Some(look) = self.confirmed(pyramid, &proposal, Care::Mirrored)? else { continue };
            if !looks.iter().any(|l| l.detection.rect.iou(&look.detection.rect) > 0.4) {
                looks.push(look);
            }
        }
        few::sort(&mut looks, |a, b| b.detection.rect.area().total_cmp(&a.detection.rect.area()));
        Ok(looks)
    }

    /// Who is on a still picture.
    pub fn identify_still(&mut self, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let faces = self.still(frame, None)?;
        Ok(faces.iter().map(|f| f.observation(self.identify(&f.template, None))).collect())
    }

    /// Whether the faces on a still picture are `person`: one comparison each.
    pub fn verify_still(&mut self, person: &str, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let faces = self.still(frame, None)?;
        let mut observations = Vec::new();
        for f in &faces {
            let score = self.gallery.verify(person, &f.template, &self.manifest.calibration).ok_or(EngineError::UnknownPerson)?;
            let candidates = [Candidate { person: person.to_owned(), score }];
            observations.push(f.observation(self.params.decide.decide(&candidates, 1, None)));
        }
        Ok(observations)
    }
}

impl Face {
    fn observation(&self, decision: Decision) -> Observation {
        let decision = match (explained(decision, &self.quality), self.quality.problem) {
            // Two people in dark glasses are alike by the glasses: here the picture is all the evidence there is.
            (Decision::Match { score, needed, .. }, Some(Problem::EyesHidden)) => {
                Decision::Undecided { reason: Reason::EyesHidden, score: Some(score), needed }
            }
            (decision, _) => decision,
        };
        Observation {
            track: 0,
            rect: self.detection.rect,
            points: self.detection.points,
            detection: self.detection.score,
            mask: self.mask,
            quality: self.quality,
            decision,
            presence: None,
            frames: 1,
        }
    }
}
