//! A live stream: faces are followed from frame to frame, measured, and given templates in turn.

use super::{Engine, Looks, Observation, Timings, explained};
use crate::error::EngineError;
use crate::face::align::{Pyramid, canonical_to_frame};
use crate::face::detect::{Detection, Region};
use crate::face::frame::Frame;
use crate::face::geometry::{Point, Rect, Similarity};
use crate::face::landmarks::{Care, Look};
use crate::face::mask::{Mask, MaskState};
use crate::face::quality::{Problem, Quality, QualityParams, measure};
use crate::few;
use crate::person::decide::{Decision, Reason};
use crate::person::track::Track;

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

/// Of the looks at a masked face in view, every how many also takes in the full template. It costs about twice the periocular one
/// and counts most, so at every fifth a masked probe costs 1.4 times its eyes alone. The first look has it, so no probe is
/// without; an odd number, since every other look is mirrored and the full template is to be of both.
const FULL_EVERY: usize = 5;

/// A face in view, not compared with anybody.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    pub track: u32,
    pub rect: Rect,
    pub points: [Point; 5],
    pub mask: Mask,
}

/// A face in view, measured.
pub(super) struct Seen {
    pub(super) id: u32,
    pub(super) detection: Detection,
    pub(super) canonical_to_frame: Similarity,
    pub(super) quality: Quality,
    pub(super) mask: Mask,
    /// Whether the track is a person's face beyond doubt ([`Track::is_face`]).
    pub(super) is_face: bool,
}

impl Engine {
    /// One frame of a live stream.
    pub fn observe(&mut self, frame: &Frame) -> Result<Vec<Observation>, EngineError> {
        let began = (self.clock)();
        self.timings = Timings::default();
        let pyramid = Pyramid::new(*frame);
        let mut seen = self.see(&pyramid)?;
        self.embed_tracks(&pyramid, &mut seen)?;
        seen.retain(|s| s.is_face);
        self.look_for_presence(&pyramid, &seen)?;
        let subject = self.subject(&seen);
        self.challenge(&pyramid, &seen, subject)?;
        let decided = (self.clock)();
        let observations = seen.iter().map(|s| self.observation(s, frame.time_ms)).collect();
        let ended = (self.clock)();
        self.timings.decide = ended - decided;
        self.timings.total = ended - began;
        Ok(observations)
    }

    /// The same without templates and decisions: where faces are, for measurements.
    pub fn follow(&mut self, frame: &Frame) -> Result<Vec<Followed>, EngineError> {
        self.timings = Timings::default();
        let seen = self.see(&Pyramid::new(*frame))?;
        Ok(seen.iter().map(|s| Followed { track: s.id, rect: s.detection.rect, points: s.detection.points, mask: s.mask }).collect())
    }

    /// Follows the tracks, looks for new faces, and measures what is in view.
    pub(super) fn see(&mut self, pyramid: &Pyramid) -> Result<Vec<Seen>, EngineError> {
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
                let id = self.new_id();
                self.tracks.push(Track::new(id, face.detection, now));
                looks.push((id, face));
            }
        }
        self.prune(now, &mut looks);
        self.empty = if looks.is_empty() { self.empty + 1 } else { 0 };
        self.measure(pyramid, looks)
    }

    fn new_id(&mut self) -> u32 {
        let id = self.next_track;
        self.next_track = self.next_track.wrapping_add(1).max(1);
        id
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
            let mut quality = measure(pyramid, &look, &to_frame, &QualityParams::PROBE);
            let (hidden, limits) = track.observe_hidden(quality.hidden, &self.params.track);
            quality.hidden = hidden;
            quality.judge(&limits);
            track.quality = Some(quality);
            let mask = track.observe_mask(look.mask, &self.params.track);
            track.observe_face(look.face, look.spread, &self.params.track);
            seen.push(Seen { id, detection: look.detection, canonical_to_frame: to_frame, quality, mask, is_face: track.is_face(false) });
        }
        self.timings.quality += (self.clock)() - began;
        Ok(seen)
    }

    /// Makes templates for the faces that have waited longest, and says by them which are people's.
    fn embed_tracks(&mut self, pyramid: &Pyramid, seen: &mut [Seen]) -> Result<(), EngineError> {
        let now = pyramid.frame().time_ms;
        let mut waiting: Vec<(f64, usize)> = Vec::new();
        for (i, s) in seen.iter().enumerate() {
            let track = self.tracks.iter().find(|t| t.id == s.id && s.quality.problem.is_none());
            if let Some(track) = track.filter(|t| t.wants_look(s.mask.state, now, &self.params.track)) {
                waiting.push((track.embedded_ms, i));
            }
        }
        few::sort(&mut waiting, |a, b| a.0.total_cmp(&b.0));
        let waits_for_none = waiting.is_empty();
        for (_, i) in waiting.into_iter().take(self.params.live.embeddings) {
            let s = &seen[i];
            let Some(at) = self.tracks.iter().position(|t| t.id == s.id) else { continue };
            let mirrored = self.tracks[at].mirrored;
            let full = s.mask.state == MaskState::Bare || self.tracks[at].frames(s.mask.state).is_multiple_of(FULL_EVERY);
            let template = self.template(pyramid, &s.detection.points, s.mask, &s.quality, Looks::One { mirrored, full })?;
            let track = &mut self.tracks[at];
            let replaced = track.observe(&template, &self.params.track);
            if let Some(faceness) = &self.manifest.faceness {
                let log_odds = track.probe(s.mask).and_then(|probe| faceness.log_odds(&probe));
                track.observe_faceness(log_odds, faceness.least, &self.params.track);
            }
            track.embedded_ms = now;
            track.mirrored = !mirrored;
            track.decision = None;
            if replaced {
                // What was said of the one before is not said of whoever took the place.
                let id = self.new_id();
                self.tracks[at].id = id;
                seen[i].id = id;
            }
        }
        if waits_for_none {
            self.judge_small(pyramid, seen)?;
        }
        let judges = self.manifest.faceness.is_some();
        for s in seen {
            let waits = judges && s.quality.tells_people();
            s.is_face = self.tracks.iter().any(|t| t.id == s.id && t.is_face(waits));
        }
        Ok(())
    }

    /// A small face's template is no probe, but says whether it is a person's: one a frame is made, of whatever is not a person's yet.
    fn judge_small(&mut self, pyramid: &Pyramid, seen: &[Seen]) -> Result<(), EngineError> {
        if self.manifest.faceness.is_none() {
            return Ok(());
        }
        let now = pyramid.frame().time_ms;
        let mut small = seen.iter().filter(|s| s.quality.problem == Some(Problem::TooSmall));
        let wants = |s: &Seen| self.tracks.iter().position(|t| t.id == s.id && t.wants_judging(now, &self.params.track));
        let Some((s, at)) = small.find_map(|s| Some((s, wants(s)?))) else { return Ok(()) };
        let template = self.template(pyramid, &s.detection.points, s.mask, &s.quality, Looks::One { mirrored: false, full: true })?;
        let track = &mut self.tracks[at];
        if let Some(faceness) = &self.manifest.faceness {
            track.observe_faceness(faceness.log_odds(&template), faceness.least, &self.params.track);
        }
        track.embedded_ms = now;
        Ok(())
    }

    pub(super) fn observation(&mut self, seen: &Seen, now: f64) -> Observation {
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
        if let Some(i) = at {
            self.tracks[i].presence.named = matches!(decision, Decision::Match { .. });
            self.tracks[i].observe_name(&decision);
        }
        let presence = self.presence_of(seen, now);
        Observation {
            track: seen.id,
            rect: seen.detection.rect,
            points: seen.detection.points,
            detection: seen.detection.score,
            mask: seen.mask,
            quality: seen.quality,
            decision: self.gated(explained(decision, &seen.quality), presence.as_ref()),
            presence,
            frames,
        }
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
}
