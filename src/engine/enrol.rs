//! Enrolment, guided by the camera or from one still picture.

use serde::Serialize;

use super::live::Seen;
use super::{Engine, Face, Looks, Observation, Presence, PresenceReason, Timings};
use crate::error::EngineError;
use crate::face::align::{CANONICAL_SIDE, Normalisation, Pyramid, Window};
use crate::face::frame::Frame;
use crate::face::geometry::{Point, Rect, Similarity};
use crate::face::mask::Mask;
use crate::face::presence::Verdict;
use crate::face::quality::{Problem, Quality, QualityParams, judged};
use crate::few;
use crate::person::template::Template;

/// One step of a guided enrolment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "CaptureStep"))]
pub struct EnrolmentStep {
    pub hint: Hint,
    /// 0..1.
    pub progress: f32,
    pub observation: Option<Observation>,
    pub done: bool,
}

/// The one thing to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "CaptureHint"))]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    NoFace,
    SeveralFaces,
    ComeCloser,
    MoveBack,
    Centre,
    MoreLight,
    LessLight,
    LookStraight,
    FreeFace,
    /// Dark glasses hide the eyes.
    FreeEyes,
    HoldStill,
    /// It looks like a print or a screen.
    PrintOrScreen,
    /// Turn the head as the observation's presence asks.
    Turn,
    /// The turn failed too often: somebody has to help.
    Desk,
    Good,
    Done,
}

/// What an enrolment leaves.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "CapturedFace"))]
pub struct Enrolment {
    #[cfg_attr(test, ts(type = "Uint8Array[]"))]
    pub templates: Vec<Template>,
    pub mask: Mask,
    pub quality: Quality,
    /// Somebody enrolled already whom the finished template matches, be it that a second one does, too.
    pub resembles: Option<String>,
    /// The best look at the face, aligned, RGBA: for a picture that the person asked to be kept, and for nothing else.
    #[cfg_attr(test, ts(rename = "best"))]
    pub picture: Picture,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Picture {
    #[cfg_attr(test, ts(type = "Uint8Array"))]
    pub rgba: Vec<u8>,
    pub width: usize,
    pub height: usize,
}

#[derive(Clone, Copy, Debug)]
pub struct EnrolParams {
    /// Good frames that are kept.
    pub frames: usize,
    /// An enrolment takes at least this long, so that its frames differ.
    pub least_ms: f64,
    /// A face that moved by more than this share of its size since the last frame is not still.
    pub still: f32,
    /// Another face larger than this share of the largest is somebody else who might be enrolled by mistake.
    pub other: f32,
    /// A face whose box is higher than this share of the frame is too close.
    pub largest: f32,
    /// After so long without enough good frames, poor ones are taken, for the person to say whether they will do.
    pub patience_ms: f64,
}

impl Default for EnrolParams {
    fn default() -> Self {
        Self { frames: 6, least_ms: 900.0, still: 0.06, other: 0.3, largest: 0.9, patience_ms: 6_000.0 }
    }
}

/// What an enrolment may be at its worst, with the person's word for it: smaller than one should be, and as dark and blurred as a probe may be.
pub(super) const POOR: QualityParams = QualityParams {
    least_px: 48.0,
    least_sharpness: QualityParams::PROBE.least_sharpness,
    least_brightness: QualityParams::PROBE.least_brightness,
    ..QualityParams::ENROL
};

/// A guided enrolment under way.
#[derive(Default)]
pub(super) struct Session {
    last: Option<Rect>,
    good: Shots,
    /// What is not good enough, in case that nothing better comes.
    poor: Shots,
}

/// The best frames of one kind of face.
#[derive(Default)]
struct Shots {
    began_ms: Option<f64>,
    kept: Vec<Kept>,
}

struct Kept {
    template: Template,
    quality: Quality,
    picture: Picture,
}

impl Engine {
    /// Enrols from a still picture with one face; of several, the one at the point that somebody chose.
    pub fn enrol_still(&mut self, frame: &Frame, chosen: Option<Point>) -> Result<Enrolment, EngineError> {
        // A photograph's frame is what somebody chose: a face cut off at the edge is not refused, a hopeless one is.
        let params = QualityParams {
            most_outside: 1.0,
            least_px: 48.0,
            least_brightness: 25.0,
            most_yaw: 35.0,
            most_pitch: 35.0,
            ..QualityParams::ENROL
        };
        let face = self.one_face(frame, chosen, &params)?;
        let picture = picture(&Pyramid::new(*frame), &face.canonical_to_frame);
        let resembles = self.resembles(&face.template);
        Ok(Enrolment { templates: vec![face.template], mask: face.mask, quality: face.quality, resembles, picture })
    }

    /// The one face of a still picture, or the one whose middle is nearest to `chosen` of those around that point, if it is as good as `params` ask.
    pub(super) fn one_face(&mut self, frame: &Frame, chosen: Option<Point>, params: &QualityParams) -> Result<Face, EngineError> {
        let mut faces = self.still(frame, None)?;
        if let Some(chosen) = chosen {
            faces.retain(|f| f.detection.rect.contains(chosen));
            let away = |f: &Face| f.detection.rect.centre().distance(chosen);
            let nearest = faces.iter().map(away).fold(f32::INFINITY, f32::min);
            faces.retain(|f| away(f) <= nearest);
        }
        let largest = faces.first().map_or(0.0, |f| f.detection.rect.area());
        // Somebody small in the background is not who is being enrolled.
        let limit = self.params.enrol.other * self.params.enrol.other * largest;
        faces.retain(|f| f.detection.rect.area() >= limit);
        let face = match faces.len() {
            0 => return Err(EngineError::NoFace),
            1 => faces.remove(0),
            n => return Err(EngineError::SeveralFaces { count: n }),
        };
        judged(&face.quality, params).map_or(Ok(face), |problem| Err(EngineError::Unsuitable { code: problem }))
    }

    /// Begins a guided enrolment; one under way is given up. An error where what is asked of presence cannot be kept.
    pub fn enrol_begin(&mut self) -> Result<(), EngineError> {
        self.presence_kept()?;
        self.enrolment = Some(Session::default());
        self.reset_tracks();
        Ok(())
    }

    /// Nothing is left of an enrolment that nobody finished.
    pub fn enrol_forget(&mut self) {
        self.enrolment = None;
    }

    /// Looks at a frame for the enrolment under way (or begins one), says what to do, and keeps the frame if it is good.
    pub fn enrol_frame(&mut self, frame: &Frame) -> Result<EnrolmentStep, EngineError> {
        let mut session = self.enrolment.take().unwrap_or_default();
        let step = self.enrol_step(frame, &mut session);
        self.enrolment = Some(session);
        step
    }

    fn enrol_step(&mut self, frame: &Frame, session: &mut Session) -> Result<EnrolmentStep, EngineError> {
        self.timings = Timings::default();
        let pyramid = Pyramid::new(*frame);
        let mut seen = self.see(&pyramid)?;
        seen.retain(|s| s.is_face);
        few::sort(&mut seen, |a, b| b.detection.rect.area().total_cmp(&a.detection.rect.area()));
        let params = self.params.enrol;
        let mut hint = hint(&seen, frame, session.last, &params);
        // Its hint, about light, size or sharpness, stays what it is.
        let is_poor = seen.first().is_some_and(|s| {
            hint != Hint::Good
                && hint == improvement(&s.quality)
                && is_still(s, session.last, &params)
                && judged(&s.quality, &POOR).is_none()
        });
        session.last = seen.first().map(|s| s.detection.rect);
        self.look_for_presence(&pyramid, &seen)?;
        let subject = (hint == Hint::Good || is_poor).then(|| seen.first().map(|s| s.id)).flatten();
        self.challenge(&pyramid, &seen, subject)?;
        let observation = seen.first().map(|s| self.observation(s, frame.time_ms));
        let mut is_there = true;
        if self.watch.policy.requires() {
            let presence = observation.as_ref().and_then(|o| o.presence);
            hint = presence.map_or(hint, |p| absent(&p, hint));
            is_there = presence.is_none_or(|p| p.verdict == Verdict::Live);
        }
        let shots = match hint {
            Hint::Good => Some(&mut session.good),
            _ if is_poor && is_there => Some(&mut session.poor),
            _ => None,
        };
        if let Some(shots) = shots {
            let s = &seen[0];
            let template = self.template(&pyramid, &s.detection.points, s.mask, &s.quality, Looks::Averaged)?;
            if self.is_nobody(&template) {
                hint = Hint::NoFace;
            } else {
                let kept = Kept { template, quality: s.quality, picture: picture(&pyramid, &s.canonical_to_frame) };
                shots.keep(kept, frame.time_ms, params.frames);
            }
        }
        let done =
            session.good.enough(&params, frame.time_ms, params.least_ms) || session.poor.enough(&params, frame.time_ms, params.patience_ms);
        if done {
            hint = Hint::Done;
        }
        let most = session.good.kept.len().max(session.poor.kept.len());
        let progress = (most as f32 / params.frames as f32).min(1.0);
        Ok(EnrolmentStep { hint, progress: if done { 1.0 } else { progress * 0.95 }, observation, done })
    }

    /// The template of the frames that were kept: the good ones, or else poor ones, whose quality tells the shortcoming.
    pub fn enrol_finish(&mut self) -> Result<Enrolment, EngineError> {
        let mut session = self.enrolment.take().ok_or(EngineError::EnrolmentUnfinished)?;
        let enough = self.params.enrol.frames;
        let shots = if session.good.kept.len() >= enough { &mut session.good } else { &mut session.poor };
        if shots.kept.len() < enough {
            self.enrolment = Some(session);
            return Err(EngineError::EnrolmentUnfinished);
        }
        let kept = std::mem::take(&mut shots.kept);
        let template = Template::mean(kept.iter().map(|k| &k.template)).ok_or(EngineError::EnrolmentUnfinished)?;
        let best = kept.into_iter().max_by(|a, b| a.quality.score.total_cmp(&b.quality.score));
        let best = best.ok_or(EngineError::EnrolmentUnfinished)?;
        let resembles = self.resembles(&template);
        Ok(Enrolment { mask: template.mask, templates: vec![template], quality: best.quality, resembles, picture: best.picture })
    }

    /// Whose this template is, if they are enrolled already. Two people alike are no match, but for an enrolment the better one of
    /// them is named: somebody enrolled twice must not be enrolled a third time for it.
    fn resembles(&mut self, template: &Template) -> Option<String> {
        let needed = self.needed();
        let best = self.gallery.search(template, &self.manifest.calibration).into_iter().next()?;
        (best.score >= needed).then_some(best.person)
    }
}

impl Shots {
    fn enough(&self, params: &EnrolParams, now_ms: f64, least_ms: f64) -> bool {
        self.kept.len() >= params.frames && self.began_ms.is_some_and(|began| now_ms - began >= least_ms)
    }

    /// Keeps the best frames.
    fn keep(&mut self, kept: Kept, time_ms: f64, most: usize) {
        self.began_ms.get_or_insert(time_ms);
        // Taking the mask off or putting it on starts over: a template is of one kind of face.
        if self.kept.first().is_some_and(|k| k.template.mask.state != kept.template.mask.state) {
            self.kept.clear();
            self.began_ms = Some(time_ms);
        }
        self.kept.push(kept);
        few::sort(&mut self.kept, |a, b| b.quality.score.total_cmp(&a.quality.score));
        self.kept.truncate(most);
    }
}

/// The one thing to do now; `seen` largest first, `last` where the face was in the frame before.
fn hint(seen: &[Seen], frame: &Frame, last: Option<Rect>, params: &EnrolParams) -> Hint {
    let Some(face) = seen.first() else { return Hint::NoFace };
    let rect = face.detection.rect;
    if seen.get(1).is_some_and(|s| s.detection.rect.area() > params.other * rect.area()) {
        return Hint::SeveralFaces;
    }
    if rect.height > params.largest * frame.height() as f32 {
        return Hint::MoveBack;
    }
    match improvement(&face.quality) {
        Hint::Good if !is_still(face, last, params) => Hint::HoldStill,
        hint => hint,
    }
}

/// What to do about the shortcoming of a face.
fn improvement(quality: &Quality) -> Hint {
    match quality.shortcoming {
        Some(Problem::TooSmall) => Hint::ComeCloser,
        Some(Problem::CutOff) => Hint::Centre,
        Some(Problem::TooDark) => Hint::MoreLight,
        Some(Problem::TooBright) => Hint::LessLight,
        Some(Problem::TurnedAway) => Hint::LookStraight,
        Some(Problem::EyesHidden) => Hint::FreeEyes,
        Some(Problem::TooBlurred) => Hint::HoldStill,
        Some(Problem::PointsUnsure) => Hint::FreeFace,
        None => Hint::Good,
    }
}

fn is_still(face: &Seen, last: Option<Rect>, params: &EnrolParams) -> bool {
    let rect = face.detection.rect;
    last.is_some_and(|l| l.centre().distance(rect.centre()) < params.still * rect.width)
}

/// What to do first where somebody's presence is asked for and not shown; else `hint`.
fn absent(presence: &Presence, hint: Hint) -> Hint {
    match (presence.verdict, presence.reason) {
        (Verdict::Live, _) => hint,
        (Verdict::Attack, _) => Hint::PrintOrScreen,
        // A turned face is not straight, and need not be.
        _ if presence.ask.is_some() => Hint::Turn,
        (Verdict::Unsure, _) if hint != Hint::Good => hint,
        (Verdict::Unsure, Some(PresenceReason::Desk | PresenceReason::Unavailable)) => Hint::Desk,
        (Verdict::Unsure, Some(PresenceReason::StepBack)) => Hint::MoveBack,
        (Verdict::Unsure, Some(PresenceReason::Looking) | None) => Hint::HoldStill,
        (Verdict::Unsure, Some(_)) => Hint::Turn,
    }
}

/// What is kept of a face as a picture: the canonical face at twice its size with a border of a fifth of it, so that the detector and
/// the networks of releases to come find all that they look at.
const KEPT: Window = Window { width: 320, height: 320, zoom: 2.0, centre: Point::new(CANONICAL_SIDE / 2.0, CANONICAL_SIDE / 2.0) };

fn picture(pyramid: &Pyramid, canonical_to_frame: &Similarity) -> Picture {
    let mut planes = Vec::new();
    pyramid.window(&KEPT, canonical_to_frame, Normalisation::BYTES, &mut planes);
    let n = KEPT.width * KEPT.height;
    let rgba = (0..n).flat_map(|i| [planes[i] as u8, planes[n + i] as u8, planes[2 * n + i] as u8, 255]).collect();
    Picture { rgba, width: KEPT.width, height: KEPT.height }
}
