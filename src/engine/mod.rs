//! The one entry: frames go in, observations come out.

mod challenge;
mod enrol;
mod live;
mod presence;
mod remake;
mod still;

use serde::Serialize;

use crate::error::EngineError;
use crate::face::align::Pyramid;
use crate::face::detect::{DetectParams, Detection, Detector};
use crate::face::geometry::{Point, Rect};
use crate::face::landmarks::{Care, Landmarker, Look};
use crate::face::mask::Mask;
use crate::face::presence::Spotter;
use crate::face::quality::Quality;
use crate::manifest::{Manifest, ModelEntry, Role};
use crate::model::{AnyNetwork, Network, OpenOther};
use crate::person::calibrate::{Cell, Misses};
use crate::person::decide::{DecideParams, Decision, Reason};
use crate::person::embed::Embedder;
use crate::person::gallery::{ForeignModel, Gallery};
use crate::person::template::{Features, Template};
use crate::person::track::{Track, TrackParams};

pub use challenge::{Amount, Ask, Challenge, ChallengeParams, Random, Refusal, Side, Step};
pub use enrol::{EnrolParams, Enrolment, EnrolmentStep, Hint, Picture};
pub use live::{Followed, LiveParams};
pub use presence::{IdentityParams, Policy, Presence, PresenceLimits, PresenceReason, TrackPresence, Turn};
pub use remake::Outdated;
pub use still::{Face, default_pad};

use enrol::Session;

/// What is seen of one face in one frame, in pixels of that frame.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Observation {
    /// The same number for the same face from frame to frame; 0 in a still picture.
    pub track: u32,
    #[serde(rename = "box")]
    pub rect: Rect,
    /// Right eye, left eye, nose tip, right and left corner of the mouth; right is the subject's.
    pub points: [Point; 5],
    /// 0..1.
    pub detection: f32,
    pub mask: Mask,
    pub quality: Quality,
    pub decision: Decision,
    /// Whether somebody is there; None where nothing asks (policy `off`) and in a still picture.
    pub presence: Option<Presence>,
    /// Good frames behind the decision.
    pub frames: usize,
}

/// Milliseconds that the stages of the last frame took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Timings {
    /// Shrinking the frame, searching it and following the tracks.
    pub detect: f64,
    /// The second look: points and mask state.
    pub landmarks: f64,
    pub quality: f64,
    pub periocular: f64,
    pub full: f64,
    /// The passive look and the challenge.
    pub presence: f64,
    pub decide: f64,
    pub total: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct EngineParams {
    pub detect: DetectParams,
    /// A face is new in a live stream, or in a still picture, where the detector's score times the second look's is no less.
    pub least_agreement: f32,
    pub track: TrackParams,
    pub decide: DecideParams,
    pub live: LiveParams,
    pub enrol: EnrolParams,
    pub presence: PresenceLimits,
}

impl Default for EngineParams {
    fn default() -> Self {
        Self {
            detect: DetectParams::default(),
            least_agreement: 0.7,
            track: TrackParams::default(),
            decide: DecideParams::default(),
            live: LiveParams::default(),
            enrol: EnrolParams::default(),
            presence: PresenceLimits::default(),
        }
    }
}

pub struct Engine {
    manifest: Manifest,
    params: EngineParams,
    networks: Networks,
    gallery: Gallery,
    tracks: Vec<Track>,
    next_track: u32,
    frames: u64,
    /// Frames since anybody was seen.
    empty: u64,
    enrolment: Option<Session>,
    watch: presence::Watch,
    timings: Timings,
    clock: fn() -> f64,
}

#[derive(Default)]
struct Networks {
    detector: Option<Detector>,
    landmarks: Option<Landmarker>,
    periocular: Option<Embedder>,
    full: Option<Embedder>,
    presence: Option<Spotter>,
}

impl Engine {
    /// `clock` gives milliseconds, for [`Timings`] only.
    pub fn new(manifest: Manifest, params: EngineParams, clock: fn() -> f64) -> Self {
        Self {
            manifest,
            params,
            networks: Networks::default(),
            gallery: Gallery::default(),
            tracks: Vec::new(),
            next_track: 1,
            frames: 0,
            empty: 0,
            enrolment: None,
            watch: presence::Watch::default(),
            timings: Timings::default(),
            clock,
        }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Takes in the file that the manifest names for `role`, once its length and `digest`, its SHA-256, are what the manifest
    /// says. Whoever calls hashes it: browsers do that several times as fast as this could in their WebAssembly. `other` opens an
    /// embedder that [`Network::from_onnx`] refuses as unsupported.
    pub fn add_model(&mut self, role: Role, bytes: &[u8], digest: &[u8], other: Option<OpenOther>) -> Result<(), EngineError> {
        let Some(entry) = self.manifest.find(role) else { return Err(EngineError::ModelUnknown { role: role.name().to_owned() }) };
        entry.check(bytes, digest)?;
        let networks = &mut self.networks;
        let mut load = || {
            let network = || Network::from_onnx(bytes, None);
            let embedder = || {
                let view = self.manifest.model(role).view();
                Embedder::new(AnyNetwork::open(bytes, view.input(), other)?, view)
            };
            match role {
                Role::Detector => networks.detector = Some(Detector::new(bytes, self.params.detect)?),
                Role::Landmarks => networks.landmarks = Some(Landmarker::new(network()?)?),
                Role::Periocular => networks.periocular = Some(embedder()?),
                Role::Full => networks.full = Some(embedder()?),
                Role::Presence => networks.presence = Some(Spotter::new(network()?)?),
            }
            Ok(())
        };
        load().map_err(|error| EngineError::ModelForeign { file: entry.file.clone(), error })
    }

    /// The gallery that probes are compared with.
    pub fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Enrols or replaces a person; see [`Gallery::put`]. What was decided before is decided anew.
    pub fn put_person(&mut self, person: &str, references: Vec<Template>) -> Vec<(usize, ForeignModel)> {
        let references = references.into_iter().map(|t| self.manifest.renamed(t)).collect();
        let id = |role| self.manifest.find(role).map(ModelEntry::known_as);
        let refused = self.gallery.put(
            person,
            references,
            (&id(Role::Periocular).unwrap_or_default(), id(Role::Full).as_deref()),
            &self.manifest.calibration,
        );
        self.reconsider();
        refused
    }

    pub fn remove_person(&mut self, person: &str) -> bool {
        let removed = self.gallery.remove(person);
        self.reconsider();
        removed
    }

    pub fn clear_gallery(&mut self) {
        self.gallery.clear();
        self.reconsider();
    }

    /// The false-match rate for one probe against the whole gallery that the operator accepts.
    pub fn set_target(&mut self, fmr: f32) -> Result<(), EngineError> {
        if !(1e-6 * 0.99..=0.1 * 1.01).contains(&fmr) {
            return Err(EngineError::Target { rate: fmr });
        }
        self.params.decide.target_fmr = fmr;
        self.reconsider();
        Ok(())
    }

    /// The score that a match needs now.
    pub fn needed(&self) -> f32 {
        self.params.decide.needed(self.gallery.people())
    }

    /// What each target would cost with this gallery, from one mix-up in ten to one in a million, four steps a power of ten: on each set that the
    /// pack was measured on, the target, and the shares of single pictures that are missed, bare and masked, beside a bare reference.
    pub fn choices(&mut self) -> Vec<(&str, Vec<[f32; 3]>)> {
        let calibrations = &self.manifest.calibration;
        let people = self.gallery.people();
        let common = self.gallery.in_common(calibrations.strangers_lean);
        let cost = |misses: &Misses, target_fmr: f32| {
            let needed = DecideParams { target_fmr, ..self.params.decide }.needed(people);
            [target_fmr, misses.below(common, Cell::BareBare, needed), misses.below(common, Cell::BareMasked, needed)]
        };
        let of_set = |misses| (4..=24).map(|quarter| cost(misses, 10f32.powf(quarter as f32 / -4.0))).collect();
        calibrations.misses.iter().map(|misses| (&misses.set[..], of_set(misses))).collect()
    }

    pub fn timings(&self) -> Timings {
        self.timings
    }

    /// Forgets who was in view, as after a change of camera.
    pub fn reset_tracks(&mut self) {
        self.abandon_challenge();
        self.tracks.clear();
        self.empty = 0;
    }

    fn reconsider(&mut self) {
        for track in &mut self.tracks {
            track.decision = None;
        }
    }

    fn identify(&mut self, probe: &Template, frames: Option<usize>) -> Decision {
        let candidates = self.gallery.search(probe, &self.manifest.calibration);
        self.params.decide.decide(&candidates, self.gallery.people(), frames)
    }

    fn detector(&mut self) -> Result<&mut Detector, EngineError> {
        self.networks.detector.as_mut().ok_or(EngineError::ModelMissing { role: Role::Detector })
    }

    /// The second look at a proposal. Both looks must agree: where one of them is in doubt, the other one has to be sure.
    fn confirmed(&mut self, pyramid: &Pyramid, proposal: &Detection, care: Care) -> Result<Option<Look>, EngineError> {
        let least = self.params.least_agreement;
        if proposal.score < least {
            return Ok(None);
        }
        let look = self.look(pyramid, proposal, care)?;
        Ok(look.and_then(|mut look| {
            look.detection.score *= look.face;
            (look.detection.score >= least).then_some(look)
        }))
    }

    /// The second look at a face that was found or seen before. None where there is none any more.
    fn look(&mut self, pyramid: &Pyramid, face: &Detection, care: Care) -> Result<Option<Look>, EngineError> {
        let began = (self.clock)();
        let landmarks = self.networks.landmarks.as_mut().ok_or(EngineError::ModelMissing { role: Role::Landmarks })?;
        let look = landmarks.look(pyramid, face, care)?;
        self.timings.landmarks += (self.clock)() - began;
        Ok(look)
    }

    fn template(
        &mut self,
        pyramid: &Pyramid,
        points: &[Point; 5],
        mask: Mask,
        quality: &Quality,
        looks: Looks,
    ) -> Result<Template, EngineError> {
        let embed = |role: Role, embedder: &mut Option<Embedder>| -> Result<(Features, f64), EngineError> {
            let began = (self.clock)();
            let embedder = embedder.as_mut().ok_or(EngineError::ModelMissing { role })?;
            // Points that determine no similarity were left out when the face was measured.
            let to_frame = embedder.aligned_by().canonical_to_frame(points).ok_or(EngineError::NoFace)?;
            let vector = match looks {
                Looks::One { mirrored, .. } => embedder.embed(pyramid, &to_frame, mirrored)?,
                Looks::Averaged => embedder.embed_averaged(pyramid, &to_frame)?,
            };
            Ok((Features { model: self.manifest.model(role).known_as(), vector }, (self.clock)() - began))
        };
        let (periocular, took) = embed(Role::Periocular, &mut self.networks.periocular)?;
        self.timings.periocular += took;
        let has_full = self.manifest.find(Role::Full).is_some();
        let full = if has_full && matches!(looks, Looks::Averaged | Looks::One { full: true, .. }) {
            let (full, took) = embed(Role::Full, &mut self.networks.full)?;
            self.timings.full += took;
            Some(full)
        } else {
            None
        };
        Ok(Template { periocular, full, mask, quality: quality.score })
    }
}

#[derive(Clone, Copy)]
enum Looks {
    One { mirrored: bool, full: bool },
    Averaged,
}

/// What is in the way says more than "not sure" or "unknown": a poor frame is no ground to call anybody a stranger.
fn explained(decision: Decision, quality: &Quality) -> Decision {
    match (decision, quality.problem) {
        (Decision::Undecided { reason: Reason::TooFewFrames, score, needed } | Decision::Unknown { score, needed, .. }, Some(problem)) => {
            Decision::Undecided { reason: problem.into(), score, needed }
        }
        (decision, _) => decision,
    }
}
