//! The one entry: frames go in, observations come out.

use serde::Serialize;

use crate::error::EngineError;
use crate::face::align::{FULL, Normalisation, PERIOCULAR, Pyramid, Window, canonical_to_frame, canonical_to_frame_by_eyes};
use crate::face::detect::{DetectParams, Detection, Detector, Region};
use crate::face::frame::Frame;
use crate::face::geometry::{Point, Rect, Similarity};
use crate::face::landmarks::{Care, Landmarker, Look};
use crate::face::mask::{Mask, MaskState};
use crate::face::quality::{Problem, Quality, QualityParams, judged, measure};
use crate::manifest::{Manifest, Role};
use crate::model::Network;
use crate::person::decide::{DecideParams, Decision, Reason};
use crate::person::embed::Embedder;
use crate::person::gallery::{Candidate, ForeignModel, Gallery};
use crate::person::template::{Features, Template};
use crate::person::track::{Track, TrackParams};

/// What is seen of one face in one frame, in pixels of that frame.
#[derive(Clone, Debug, Serialize)]
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
    /// Good frames behind the decision.
    pub frames: usize,
}

/// A face in a still picture, with its template.
#[derive(Clone, Debug)]
pub struct Face {
    pub detection: Detection,
    pub mask: Mask,
    pub quality: Quality,
    pub template: Template,
    canonical_to_frame: Similarity,
}

/// One step of a guided enrolment.
#[derive(Clone, Debug, Serialize)]
pub struct EnrolmentStep {
    pub hint: Hint,
    /// 0..1.
    pub progress: f32,
    pub observation: Option<Observation>,
    pub done: bool,
}

/// The one thing to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    HoldStill,
    Good,
    Done,
}

/// What an enrolment leaves.
#[derive(Clone, Debug)]
pub struct Enrolment {
    pub templates: Vec<Template>,
    pub mask: Mask,
    pub quality: Quality,
    /// The best look at the face, aligned, RGBA: for a picture that the person asked to be kept, and for nothing else.
    pub picture: Picture,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub rgba: Vec<u8>,
    pub width: usize,
    pub height: usize,
}

/// Milliseconds that the stages of the last frame took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Timings {
    /// Shrinking the frame, searching it and following the tracks.
    pub detect: f64,
    /// The second look: points and mask state.
    pub landmarks: f64,
    pub quality: f64,
    pub periocular: f64,
    pub full: f64,
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
        }
    }
}

/// How much of each live frame is searched.
#[derive(Clone, Copy, Debug)]
pub struct LiveParams {
    /// Longer side of the detector's input for faces that fill a good part of the frame.
    pub near: usize,
    /// The same for small faces: at 320 for 640 pixels, a face of 40 is found.
    pub far: usize,
    /// With somebody in view, a search for others every so many frames.
    pub search_every: u64,
    /// After so many frames without anybody, one in four is searched turned.
    pub turn_after: u64,
    /// Faces whose templates are made in one frame; the others wait for their turn.
    pub embeddings: usize,
}

impl Default for LiveParams {
    fn default() -> Self {
        Self { near: 128, far: 320, search_every: 3, turn_after: 10, embeddings: 2 }
    }
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
}

impl Default for EnrolParams {
    fn default() -> Self {
        Self { frames: 6, least_ms: 900.0, still: 0.06, other: 0.3, largest: 0.9 }
    }
}

/// Images below this side are tight crops: without a border the detector has no room.
const TIGHT_CROP: usize = 400;
/// Their border, as a fraction of the longer side.
const TIGHT_PAD: f32 = 0.35;

/// The border that a still picture gets unless the caller says otherwise.
pub fn default_pad(width: usize, height: usize) -> f32 {
    if width.max(height) < TIGHT_CROP { TIGHT_PAD } else { 0.0 }
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
    timings: Timings,
    clock: fn() -> f64,
}

#[derive(Default)]
struct Networks {
    detector: Option<Detector>,
    landmarks: Option<Landmarker>,
    periocular: Option<Embedder>,
    full: Option<Embedder>,
}

/// A guided enrolment under way.
#[derive(Default)]
struct Session {
    began_ms: Option<f64>,
    last: Option<Rect>,
    kept: Vec<Kept>,
}

struct Kept {
    template: Template,
    quality: Quality,
    picture: Picture,
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
            timings: Timings::default(),
            clock,
        }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Takes in the file that the manifest names for `role`, once its length and `digest`, its SHA-256, are what the manifest
    /// says. Whoever calls hashes it: browsers do that several times as fast as this could in their WebAssembly.
    pub fn add_model(&mut self, role: Role, bytes: &[u8], digest: &[u8]) -> Result<(), EngineError> {
        let entry = self.manifest.model(role);
        entry.check(bytes, digest)?;
        let networks = &mut self.networks;
        let mut load = || {
            let network = || Network::from_onnx(bytes, None);
            match role {
                Role::Detector => networks.detector = Some(Detector::new(bytes, self.params.detect)?),
                Role::Landmarks => networks.landmarks = Some(Landmarker::new(network()?)?),
                Role::Periocular => networks.periocular = Some(Embedder::new(network()?, PERIOCULAR, PERIOCULAR_DIMENSIONS)?),
                Role::Full => networks.full = Some(Embedder::new(network()?, FULL, FULL_DIMENSIONS)?),
            }
            Ok(())
        };
        load().map_err(|error| EngineError::Model { file: entry.file.clone(), error })
    }

    /// The gallery that probes are compared with.
    pub fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Enrols or replaces a person; see [`Gallery::put`]. What was decided before is decided anew.
    pub fn put_person(&mut self, person: &str, references: Vec<Template>) -> Vec<(usize, ForeignModel)> {
        let id = |role| self.manifest.model(role).id.as_str();
        let refused = self.gallery.put(person, references, id(Role::Periocular), id(Role::Full));
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
            return Err(EngineError::Target(fmr));
        }
        self.params.decide.target_fmr = fmr;
        self.reconsider();
        Ok(())
    }

    /// The score that a match needs now.
    pub fn needed(&self) -> f32 {
        self.params.decide.needed(self.gallery.people())
    }

    pub fn timings(&self) -> Timings {
        self.timings
    }

    /// Forgets who was in view, as after a change of camera.
    pub fn reset_tracks(&mut self) {
        self.tracks.clear();
        self.empty = 0;
    }

    fn reconsider(&mut self) {
        for track in &mut self.tracks {
            track.decision = None;
        }
    }

    /// One frame of a live stream.
    pub fn observe(&mut self, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let began = (self.clock)();
        self.timings = Timings::default();
        let pyramid = Pyramid::new(*frame);
        let seen = self.see(&pyramid)?;
        self.embed_tracks(&pyramid, &seen)?;
        let decided = (self.clock)();
        let observations = seen.iter().map(|s| self.observation(s)).collect();
        let ended = (self.clock)();
        self.timings.decide = ended - decided;
        self.timings.total = ended - began;
        Ok(observations)
    }

    /// Follows the tracks, looks for new faces, and measures what is in view.
    fn see(&mut self, pyramid: &Pyramid) -> Result<Vec<Seen>, EngineError> {
        let now = pyramid.frame().time_ms;
        self.frames += 1;
        let mut looks: Vec<(u32, Look)> = Vec::new();
        for i in 0..self.tracks.len() {
            if let Some(look) = self.look(pyramid, &self.tracks[i].detection.clone(), Care::Glance)? {
                let track = &mut self.tracks[i];
                track.detection = look.detection;
                track.seen_ms = now;
                looks.push((track.id, look));
            }
        }
        for region in self.regions(pyramid) {
            for face in self.search(pyramid, &[region])? {
                if self.tracks.iter().any(|t| t.detection.rect.iou(&face.detection.rect) > 0.3) {
                    continue;
                }
                let id = self.next_track;
                self.next_track = self.next_track.wrapping_add(1).max(1);
                self.tracks.push(Track::new(id, face.detection, now));
                looks.push((id, face));
            }
        }
        self.prune(now, &mut looks);
        self.empty = if looks.is_empty() { self.empty + 1 } else { 0 };
        self.measure(pyramid, looks)
    }

    /// How a live frame is searched this time. Small faces and faces that fill the frame take turns.
    fn regions(&self, pyramid: &Pyramid) -> Vec<Region> {
        let live = &self.params.live;
        let whole = |longer| Region::whole(pyramid, longer, 0.0, 0.0);
        if !self.tracks.is_empty() {
            let turn = self.frames / live.search_every;
            return match self.frames % live.search_every {
                0 if turn.is_multiple_of(4) => vec![whole(live.near)],
                0 => vec![whole(live.far)],
                _ => vec![],
            };
        }
        if self.empty > live.turn_after && self.empty.is_multiple_of(4) {
            let quarter = [1.0, -1.0, 2.0][(self.empty / 4 % 3) as usize];
            return vec![Region::whole(pyramid, live.near, 0.0, quarter * std::f32::consts::FRAC_PI_2)];
        }
        vec![whole(live.near), whole(live.far)]
    }

    /// Ends the tracks that were not seen for long, and of two on one face the younger.
    fn prune(&mut self, now: f64, looks: &mut Vec<(u32, Look)>) {
        let patience = self.params.track.patience_ms;
        // A clock that went back means another stream.
        self.tracks.retain(|t| (0.0..=patience).contains(&(now - t.seen_ms)));
        let rects: Vec<_> = self.tracks.iter().map(|t| (t.id, t.detection.rect)).collect();
        self.tracks.retain(|t| !rects.iter().any(|(id, rect)| *id < t.id && rect.iou(&t.detection.rect) > 0.5));
        looks.retain(|(id, _)| self.tracks.iter().any(|t| t.id == *id));
    }

    fn measure(&mut self, pyramid: &Pyramid, looks: Vec<(u32, Look)>) -> Result<Vec<Seen>, EngineError> {
        let began = (self.clock)();
        let mut seen = Vec::new();
        for (id, look) in looks {
            let Some(to_frame) = canonical_to_frame(&look.detection.points) else { continue };
            let Some(track) = self.tracks.iter_mut().find(|t| t.id == id) else { continue };
            let quality = measure(pyramid, &look, &to_frame, &QualityParams::PROBE);
            track.quality = Some(quality);
            let mask = track.observe_mask(look.mask, &self.params.track);
            seen.push(Seen { id, detection: look.detection, canonical_to_frame: to_frame, quality, mask });
        }
        self.timings.quality += (self.clock)() - began;
        Ok(seen)
    }

    /// Makes templates for the faces that have waited longest.
    fn embed_tracks(&mut self, pyramid: &Pyramid, seen: &[Seen]) -> Result<(), EngineError> {
        let now = pyramid.frame().time_ms;
        let mut waiting: Vec<(f64, usize)> = Vec::new();
        for (i, s) in seen.iter().enumerate() {
            let track = self.tracks.iter().find(|t| t.id == s.id && s.quality.problem.is_none());
            if let Some(track) = track.filter(|t| t.wants_look(s.mask.state, now, &self.params.track)) {
                waiting.push((track.embedded_ms, i));
            }
        }
        waiting.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, i) in waiting.into_iter().take(self.params.live.embeddings) {
            let s = &seen[i];
            let Some(at) = self.tracks.iter().position(|t| t.id == s.id) else { continue };
            let mirrored = self.tracks[at].mirrored;
            let full = s.mask.state == MaskState::Bare || self.tracks[at].frames(s.mask.state).is_multiple_of(FULL_EVERY);
            let template = self.template(pyramid, &s.detection.points, s.mask, &s.quality, Looks::One { mirrored, full })?;
            let track = &mut self.tracks[at];
            track.observe(&template, &self.params.track);
            track.embedded_ms = now;
            track.mirrored = !mirrored;
            track.decision = None;
        }
        Ok(())
    }

    fn observation(&mut self, seen: &Seen) -> Observation {
        let needed = self.needed();
        let state = seen.mask.state;
        let at = self.tracks.iter().position(|t| t.id == seen.id);
        let frames = at.map_or(0, |i| self.tracks[i].frames(state));
        let decision = match at.and_then(|i| self.tracks[i].decision.clone()) {
            Some(decision) => decision,
            None => {
                let probe = at.and_then(|i| self.tracks[i].probe(seen.mask));
                let decision = match probe {
                    None if self.gallery.people() == 0 => self.params.decide.decide(&[], 0, Some(frames)),
                    None => Decision::Undecided { reason: Reason::TooFewFrames, score: None, needed },
                    Some(probe) => self.identify(&probe, Some(frames)),
                };
                if let Some(i) = at {
                    self.tracks[i].decision = Some(decision.clone());
                }
                decision
            }
        };
        Observation {
            track: seen.id,
            rect: seen.detection.rect,
            points: seen.detection.points,
            detection: seen.detection.score,
            mask: seen.mask,
            quality: seen.quality,
            decision: explained(decision, &seen.quality),
            frames,
        }
    }

    fn identify(&mut self, probe: &Template, frames: Option<usize>) -> Decision {
        let candidates = self.gallery.search(probe, &self.manifest.calibration);
        self.params.decide.decide(&candidates, self.gallery.people(), frames)
    }

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
            faces.push(Face { detection: look.detection, mask, quality, template, canonical_to_frame: to_frame });
        }
        Ok(faces)
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
            filling.sort_by(|a, b| b.face.total_cmp(&a.face));
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
        looks.sort_by(|a, b| b.detection.rect.area().total_cmp(&a.detection.rect.area()));
        Ok(looks)
    }

    fn detector(&mut self) -> Result<&mut Detector, EngineError> {
        self.networks.detector.as_mut().ok_or(EngineError::ModelMissing { role: "detector" })
    }

    /// Who is on a still picture.
    pub fn identify_still(&mut self, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let faces = self.still(frame, None)?;
        Ok(faces.iter().map(|f| f.observation(explained(self.identify(&f.template, None), &f.quality))).collect())
    }

    /// Whether the faces on a still picture are `person`: one comparison each.
    pub fn verify_still(&mut self, person: &str, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let faces = self.still(frame, None)?;
        let mut observations = Vec::new();
        for f in &faces {
            let score = self.gallery.verify(person, &f.template, &self.manifest.calibration).ok_or(EngineError::UnknownPerson)?;
            let candidates = [Candidate { person: person.to_owned(), score }];
            observations.push(f.observation(explained(self.params.decide.decide(&candidates, 1, None), &f.quality)));
        }
        Ok(observations)
    }

    /// Enrols from a still picture with one face.
    pub fn enrol_still(&mut self, frame: &Frame) -> Result<Enrolment, EngineError> {
        let mut faces = self.still(frame, None)?;
        let largest = faces.first().map_or(0.0, |f| f.detection.rect.area());
        // Somebody small in the background is not who is being enrolled.
        let limit = self.params.enrol.other * self.params.enrol.other * largest;
        faces.retain(|f| f.detection.rect.area() >= limit);
        let face = match faces.len() {
            0 => return Err(EngineError::NoFace),
            1 => faces.remove(0),
            n => return Err(EngineError::SeveralFaces(n)),
        };
        // A photograph's frame is what somebody chose: a face cut off at the edge is not refused, a hopeless one is.
        let params = QualityParams { most_outside: 1.0, least_px: 48.0, most_yaw: 35.0, most_pitch: 35.0, ..QualityParams::ENROL };
        if let Some(problem) = judged(&face.quality, &params).filter(|p| *p != Problem::CutOff) {
            return Err(EngineError::Unsuitable(problem));
        }
        let picture = picture(&Pyramid::new(*frame), &face.canonical_to_frame);
        Ok(Enrolment { templates: vec![face.template], mask: face.mask, quality: face.quality, picture })
    }

    /// Begins a guided enrolment; one under way is given up.
    pub fn enrol_begin(&mut self) {
        self.enrolment = Some(Session::default());
        self.reset_tracks();
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
        seen.sort_by(|a, b| b.detection.rect.area().total_cmp(&a.detection.rect.area()));
        let params = self.params.enrol;
        let mut hint = hint(&seen, frame, session.last, &params);
        session.last = seen.first().map(|s| s.detection.rect);
        let enough = |s: &Session| s.kept.len() >= params.frames && s.began_ms.is_some_and(|b| frame.time_ms - b >= params.least_ms);
        if hint == Hint::Good {
            let s = &seen[0];
            let template = self.template(&pyramid, &s.detection.points, s.mask, &s.quality, Looks::Averaged)?;
            session.keep(
                Kept { template, quality: s.quality, picture: picture(&pyramid, &s.canonical_to_frame) },
                frame.time_ms,
                params.frames,
            );
            if enough(session) {
                hint = Hint::Done;
            }
        }
        let progress = (session.kept.len() as f32 / params.frames as f32).min(1.0);
        let done = enough(session);
        let observation = seen.first().map(|s| self.observation(s));
        Ok(EnrolmentStep { hint, progress: if done { 1.0 } else { progress * 0.95 }, observation, done })
    }

    /// The template of the frames that were kept.
    pub fn enrol_finish(&mut self) -> Result<Enrolment, EngineError> {
        let session = self.enrolment.take().ok_or(EngineError::EnrolmentUnfinished)?;
        if session.kept.len() < self.params.enrol.frames {
            self.enrolment = Some(session);
            return Err(EngineError::EnrolmentUnfinished);
        }
        let template = Template::mean(session.kept.iter().map(|k| &k.template)).ok_or(EngineError::EnrolmentUnfinished)?;
        let best = session.kept.into_iter().max_by(|a, b| a.quality.score.total_cmp(&b.quality.score));
        let best = best.ok_or(EngineError::EnrolmentUnfinished)?;
        Ok(Enrolment { mask: template.mask, templates: vec![template], quality: best.quality, picture: best.picture })
    }

    fn search(&mut self, pyramid: &Pyramid, regions: &[Region]) -> Result<Vec<Look>, EngineError> {
        let began = (self.clock)();
        let found = self.detector()?.search(pyramid, regions)?;
        self.timings.detect += (self.clock)() - began;
        let mut looks = Vec::new();
        for face in found {
            // A face that is followed has had its look at this frame already.
            if !self.tracks.iter().any(|t| t.detection.rect.iou(&face.rect) > 0.5) {
                looks.extend(self.confirmed(pyramid, &face, Care::Twice)?);
            }
        }
        Ok(looks)
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
        let landmarks = self.networks.landmarks.as_mut().ok_or(EngineError::ModelMissing { role: "landmarks" })?;
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
        // Points that determine no similarity were left out when the face was measured.
        let by_eyes = canonical_to_frame_by_eyes(points).ok_or(EngineError::NoFace)?;
        let by_face = canonical_to_frame(points).ok_or(EngineError::NoFace)?;
        let embed = |role: Role, embedder: &mut Option<Embedder>, to_frame| -> Result<(Features, f64), EngineError> {
            let began = (self.clock)();
            let embedder = embedder.as_mut().ok_or(EngineError::ModelMissing { role: role.name() })?;
            let vector = match looks {
                Looks::One { mirrored, .. } => embedder.embed(pyramid, to_frame, mirrored)?,
                Looks::Averaged => embedder.embed_averaged(pyramid, to_frame)?,
            };
            Ok((Features { model: self.manifest.model(role).id.clone(), vector }, (self.clock)() - began))
        };
        let (periocular, took) = embed(Role::Periocular, &mut self.networks.periocular, &by_eyes)?;
        self.timings.periocular += took;
        let full = if matches!(looks, Looks::Averaged | Looks::One { full: true, .. }) {
            let (full, took) = embed(Role::Full, &mut self.networks.full, &by_face)?;
            self.timings.full += took;
            Some(full)
        } else {
            None
        };
        Ok(Template { periocular, full, mask, quality: quality.score })
    }
}

/// Numbers in a periocular template.
pub const PERIOCULAR_DIMENSIONS: usize = 256;
/// Numbers in a full template.
pub const FULL_DIMENSIONS: usize = 192;

/// Of the looks at a masked face in view, every how many also takes in the full template. It costs 1.6 times the periocular one
/// and counts a third, so at every seventh a masked probe costs 1.23 times its eyes alone. The first look has it, so no probe is
/// without; an odd number, since every other look is mirrored and the full template is to be of both.
const FULL_EVERY: usize = 7;

#[derive(Clone, Copy)]
enum Looks {
    One { mirrored: bool, full: bool },
    Averaged,
}

/// A face in view, measured.
struct Seen {
    id: u32,
    detection: Detection,
    canonical_to_frame: Similarity,
    quality: Quality,
    mask: Mask,
}

impl Face {
    fn observation(&self, decision: Decision) -> Observation {
        Observation {
            track: 0,
            rect: self.detection.rect,
            points: self.detection.points,
            detection: self.detection.score,
            mask: self.mask,
            quality: self.quality,
            decision,
            frames: 1,
        }
    }
}

impl Session {
    /// Keeps the best frames.
    fn keep(&mut self, kept: Kept, time_ms: f64, most: usize) {
        self.began_ms.get_or_insert(time_ms);
        // Taking the mask off or putting it on starts over: a template is of one kind of face.
        if self.kept.first().is_some_and(|k| k.template.mask.state != kept.template.mask.state) {
            self.kept.clear();
            self.began_ms = Some(time_ms);
        }
        self.kept.push(kept);
        self.kept.sort_by(|a, b| b.quality.score.total_cmp(&a.quality.score));
        self.kept.truncate(most);
    }
}

/// What is in the way says more than "not sure" or "unknown": a poor frame is no ground to call anybody a stranger.
fn explained(decision: Decision, quality: &Quality) -> Decision {
    match (decision, quality.problem) {
        (Decision::Undecided { reason: Reason::TooFewFrames, score, needed } | Decision::Unknown { score, needed }, Some(problem)) => {
            Decision::Undecided { reason: problem.into(), score, needed }
        }
        (decision, _) => decision,
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
    match judged(&face.quality, &QualityParams::ENROL) {
        Some(Problem::TooSmall) => return Hint::ComeCloser,
        Some(Problem::CutOff) => return Hint::Centre,
        Some(Problem::TooDark) => return Hint::MoreLight,
        Some(Problem::TooBright) => return Hint::LessLight,
        Some(Problem::TurnedAway) => return Hint::LookStraight,
        Some(Problem::TooBlurred) => return Hint::HoldStill,
        Some(Problem::PointsUnsure) => return Hint::FreeFace,
        None => {}
    }
    let still = last.is_some_and(|l| l.centre().distance(rect.centre()) < params.still * rect.width);
    if still { Hint::Good } else { Hint::HoldStill }
}

/// The canonical face at twice its size.
fn picture(pyramid: &Pyramid, canonical_to_frame: &Similarity) -> Picture {
    let window = Window { width: 224, height: 224, zoom: 2.0, ..FULL };
    let mut planes = Vec::new();
    pyramid.window(&window, canonical_to_frame, Normalisation { offset: 0.0, scale: 1.0 }, &mut planes);
    let n = window.width * window.height;
    let rgba = (0..n).flat_map(|i| [planes[i] as u8, planes[n + i] as u8, planes[2 * n + i] as u8, 255]).collect();
    Picture { rgba, width: window.width, height: window.height }
}
