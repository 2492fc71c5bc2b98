//! A face followed from frame to frame. All its frames together are one probe.

use crate::engine::TrackPresence;
use crate::face::detect::Detection;
use crate::face::mask::{Mask, MaskState};
use crate::face::quality::{Quality, QualityParams};
use crate::person::decide::Decision;
use crate::person::embed::{add, cosine, unit};
use crate::person::template::{Features, Template};

#[derive(Clone, Copy, Debug)]
pub struct TrackParams {
    /// A track that was not seen for this long has ended.
    pub patience_ms: f64,
    /// Weight of a new frame in the running means of mask state and hidden eyes: a hand before the face for one frame is no mask.
    pub mask_weight: f32,
    /// After so many frames in the pool a new one is only looked at now and then.
    pub settled: usize,
    /// How often a settled track is looked at again.
    pub settled_ms: f64,
    /// Frames behind a pool's mean at most: older ones fade, so that the pool follows the light.
    pub memory: f32,
    /// A frame less like its pool than this, twice in a row, is somebody else who took the place.
    pub same_person: f32,
    /// A frame less like whoever turned the head as asked than this, twice in a row, with a mask or without: the turn is to be made anew.
    pub same_turned: f32,
    /// A track is a face from the frame on in which its mean evidence is at least this.
    pub surely_face: f32,
    /// Or this, over so many frames: what only looks like a face, a flag or an animal, does so in every frame and never surely.
    pub likely_face: f32,
    pub face_frames: usize,
    /// What is no person's by its templates rather than one's, yet not surely none, is one where both looks' mean evidence is at least this.
    pub outweighs: f32,
    /// What was taken for a person stays one until the log-odds of its templates are by so much lower than they must be.
    pub doubt: f32,
}

impl Default for TrackParams {
    fn default() -> Self {
        Self {
            patience_ms: 700.0,
            mask_weight: 0.35,
            settled: 10,
            settled_ms: 400.0,
            memory: 20.0,
            same_person: 0.15,
            same_turned: 0.3,
            // Everybody in the clips of people at a camera has 5.6 and more over their first three frames; an embroidered flag has 4.3 at most,
            // once it was seen in each of 117 frames.
            surely_face: 6.0,
            likely_face: 4.8,
            face_frames: 3,
            // Nobody of 300 people of LFW and in 330 crops of RMFRD is lost by it, and of 45 monkeys of other species that both looks call a face, 36 are.
            outweighs: 7.5,
            doubt: 1.0,
        }
    }
}

pub struct Track {
    pub id: u32,
    pub detection: Detection,
    pub seen_ms: f64,
    pub quality: Option<Quality>,
    pub decision: Option<Decision>,
    /// When a template was last made; minus infinity when never.
    pub embedded_ms: f64,
    /// Every other look is a look in the mirror: over a track the mean of both costs no more than one.
    pub mirrored: bool,
    pub presence: TrackPresence,
    /// Who turned the head as asked, if that was done.
    pub turned: Option<Turner>,
    /// Whether both looks take this for a face beyond doubt.
    is_face: bool,
    /// Whether its templates are a person's; None as long as there are none to judge by.
    is_person: Option<bool>,
    evidence: (f32, usize),
    mask: Option<[f32; 3]>,
    hidden: Option<f32>,
    /// Whether dark glasses were seen beyond doubt, and not yet taken off.
    glasses: bool,
    bare: Pool,
    masked: Pool,
}

/// Who turned the head as asked: nobody else has, be it that they put on a mask and take the place.
pub struct Turner {
    periocular: Vec<f32>,
    /// Who that was thought to be.
    person: Option<String>,
    strangers: usize,
}

impl Turner {
    pub fn new(probe: &Template, decision: Option<&Decision>) -> Self {
        let person = match decision {
            Some(Decision::Match { person, .. }) => Some(person.clone()),
            _ => None,
        };
        Self { periocular: probe.periocular.vector.clone(), person, strangers: 0 }
    }
}

/// Evidence of one kind of face.
#[derive(Default)]
struct Pool {
    periocular: Vec<f32>,
    full: Vec<f32>,
    models: (String, String),
    weight: f32,
    quality: f32,
    frames: usize,
    strangers: usize,
}

impl Track {
    pub fn new(id: u32, detection: Detection, time_ms: f64) -> Self {
        Self {
            id,
            detection,
            seen_ms: time_ms,
            quality: None,
            decision: None,
            embedded_ms: f64::NEG_INFINITY,
            mirrored: false,
            presence: TrackPresence::default(),
            turned: None,
            is_face: false,
            is_person: None,
            evidence: (0.0, 0),
            mask: None,
            hidden: None,
            glasses: false,
            bare: Pool::default(),
            masked: Pool::default(),
        }
    }

    /// Takes in how sure a frame's second look is that this is a face (0..1), how far off it expects its points to be, and how sure both
    /// looks were when it was found.
    pub fn observe_face(&mut self, face: f32, spread: f32, params: &TrackParams) {
        let logit = |p: f32| (p / (1.0 - p).max(1e-6)).max(1e-6).ln();
        let found = -(1.0 - self.detection.score).max(0.01).ln();
        self.evidence.0 += logit(face) - 2.0 * (spread.max(1e-4).ln() + 4.0) + 0.5 * found;
        self.evidence.1 += 1;
        let mean = self.mean_evidence();
        self.is_face |= mean >= params.surely_face || (mean >= params.likely_face && self.evidence.1 >= params.face_frames);
    }

    /// Takes in the log-odds that the templates so far are a person's ([Note: faceness]); with less than `least` they are not.
    pub fn observe_faceness(&mut self, log_odds: Option<f32>, least: f32, params: &TrackParams) {
        let Some(log_odds) = log_odds else { return };
        let was = self.is_person == Some(true);
        let least = if was { least - params.doubt } else { least };
        self.is_person = Some(log_odds >= least && (was || log_odds >= 0.0 || self.mean_evidence() >= params.outweighs));
    }

    /// How surely both looks take this for a face, over its frames.
    fn mean_evidence(&self) -> f32 {
        self.evidence.0 / self.evidence.1.max(1) as f32
    }

    /// Whether this is a person's face beyond doubt; nothing is said of it before. `waits`: whether its templates are still to come; where none will,
    /// both looks decide, for a face that is too dark for a template is to be told so.
    pub fn is_face(&self, waits: bool) -> bool {
        self.is_face && self.is_person.unwrap_or(!waits)
    }

    /// Takes in the mask state's probabilities of a frame and says what the track's state is.
    pub fn observe_mask(&mut self, probabilities: [f32; 3], params: &TrackParams) -> Mask {
        let mean = match self.mask {
            None => probabilities,
            Some(old) => std::array::from_fn(|i| old[i] + params.mask_weight * (probabilities[i] - old[i])),
        };
        self.mask = Some(mean);
        Mask::most_probable(mean)
    }

    /// Takes in how hidden the eyes are in a frame; says how hidden they are over the frames of late, and by which limits this frame
    /// is to be judged: in its first frames a face in doubt waits, for one frame before the doubt is over would call it unknown.
    pub fn observe_hidden(&mut self, hidden: f32, params: &TrackParams) -> (f32, QualityParams) {
        let mean = self.hidden.map_or(hidden, |old| old + params.mask_weight * (hidden - old));
        self.hidden = Some(mean);
        self.glasses = mean > QualityParams::PROBE.followed(self.glasses).most_hidden;
        (mean, QualityParams::PROBE.followed(self.glasses || self.evidence.1 < params.face_frames))
    }

    /// Whether another template would tell something new.
    pub fn wants_look(&self, state: MaskState, time_ms: f64, params: &TrackParams) -> bool {
        self.pool(state).frames < params.settled || time_ms - self.embedded_ms >= params.settled_ms
    }

    /// Whether a template would tell if this is a person's, which none has said so far.
    pub fn wants_judging(&self, time_ms: f64, params: &TrackParams) -> bool {
        self.is_person != Some(true) && time_ms - self.embedded_ms >= params.settled_ms
    }

    /// Good frames behind the probe of this kind of face.
    pub fn frames(&self, state: MaskState) -> usize {
        self.pool(state).frames
    }

    /// Adds a frame's template to the evidence, and says whether it is somebody else's, who took the place.
    pub fn observe(&mut self, template: &Template, params: &TrackParams) -> bool {
        let mut replaced = false;
        let pool = self.pool_mut(template.mask.state);
        if pool.frames > 0 {
            let like = cosine(&unit(pool.periocular.clone()), &template.periocular.vector);
            pool.strangers = if like < params.same_person { pool.strangers + 1 } else { 0 };
            if pool.strangers >= 2 {
                self.bare = Pool::default();
                self.masked = Pool::default();
                self.presence = TrackPresence::default();
                self.turned = None;
                self.decision = None;
                self.is_person = None;
                replaced = true;
            }
        }
        if let Some(turner) = &mut self.turned {
            let like = cosine(&turner.periocular, &template.periocular.vector);
            turner.strangers = if like < params.same_turned { turner.strangers + 1 } else { 0 };
            if turner.strangers >= 2 {
                self.turned = None;
            }
        }
        self.pool_mut(template.mask.state).add(template, params.memory);
        replaced
    }

    /// Whoever is now named and did not turn the head has it to do.
    pub fn observe_name(&mut self, decision: &Decision) {
        if let (Decision::Match { person, .. }, Some(turner)) = (decision, &self.turned)
            && turner.person.as_ref().is_some_and(|p| p != person)
        {
            self.turned = None;
        }
    }

    /// The mean of the evidence for this kind of face. None before the first good frame.
    pub fn probe(&self, mask: Mask) -> Option<Template> {
        let pool = self.pool(mask.state);
        (pool.frames > 0).then(|| Template {
            periocular: Features { model: pool.models.0.clone(), vector: unit(pool.periocular.clone()) },
            full: (!pool.full.is_empty()).then(|| Features { model: pool.models.1.clone(), vector: unit(pool.full.clone()) }),
            mask,
            quality: pool.quality,
        })
    }

    fn pool(&self, state: MaskState) -> &Pool {
        if state == MaskState::Bare { &self.bare } else { &self.masked }
    }

    fn pool_mut(&mut self, state: MaskState) -> &mut Pool {
        if state == MaskState::Bare { &mut self.bare } else { &mut self.masked }
    }
}

impl Pool {
    fn add(&mut self, template: &Template, memory: f32) {
        let weight = template.quality.max(0.05);
        if self.weight > memory * weight {
            let fade = memory * weight / self.weight;
            self.periocular.iter_mut().chain(&mut self.full).for_each(|v| *v *= fade);
            self.weight *= fade;
        }
        self.periocular.resize(template.periocular.vector.len(), 0.0);
        add(&mut self.periocular, &template.periocular.vector, weight);
        self.models.0.clone_from(&template.periocular.model);
        if let Some(full) = &template.full {
            self.full.resize(full.vector.len(), 0.0);
            add(&mut self.full, &full.vector, weight);
            self.models.1.clone_from(&full.model);
        }
        self.weight += weight;
        self.quality = self.quality.max(template.quality);
        self.frames += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::align::CANONICAL;
    use crate::face::geometry::Rect;
    use crate::person::template::tests::template;

    fn track() -> Track {
        Track::new(1, Detection { rect: Rect::default(), points: CANONICAL, score: 1.0 }, 0.0)
    }

    const MASKED: Mask = Mask { state: MaskState::Masked, probability: 1.0 };
    const BARE: Mask = Mask { state: MaskState::Bare, probability: 1.0 };

    #[test]
    fn one_odd_frame_does_not_change_the_mask_state() {
        let (mut t, p) = (track(), TrackParams::default());
        for _ in 0..5 {
            t.observe_mask([0.95, 0.03, 0.02], &p);
        }
        assert_eq!(t.observe_mask([0.0, 1.0, 0.0], &p).state, MaskState::Bare);
        t.observe_mask([0.0, 1.0, 0.0], &p);
        assert_eq!(t.observe_mask([0.0, 1.0, 0.0], &p).state, MaskState::Masked);
    }

    #[test]
    fn whose_eyes_may_be_hidden_waits_until_that_is_known() {
        let p = TrackParams::default();
        let look = |t: &mut Track, hidden| {
            let (mean, limits) = t.observe_hidden(hidden, &p);
            t.observe_face(0.99, 0.012, &p);
            mean > limits.most_hidden
        };
        // Bare eyes are free at once, glasses that are in doubt in the first frames are not.
        assert!(!look(&mut track(), 0.3));
        let mut t = track();
        let mut is_hidden = |hidden| look(&mut t, hidden);
        assert!(is_hidden(0.5) && is_hidden(0.5) && is_hidden(0.5));
        // The doubt is over: these are no opaque glasses.
        assert!(!is_hidden(0.5));
        // Glasses that were seen clearly stay on while a head moves, until they are off.
        assert!((0..5).fold(false, |_, _| is_hidden(0.7)));
        assert!((0..5).all(|_| is_hidden(0.4)));
        assert!(!(0..5).fold(true, |_, _| is_hidden(0.2)));
    }

    #[test]
    fn a_sure_face_is_one_at_once_a_likely_one_after_some_frames_and_a_thing_never() {
        let p = TrackParams::default();
        let frames_until = |score: f32, face: f32, spread: f32| {
            let mut t = track();
            t.detection.score = score;
            (1..100).find(|_| {
                t.observe_face(face, spread, &p);
                t.is_face(false)
            })
        };
        assert_eq!(frames_until(0.93, 0.999, 0.012), Some(1));
        assert_eq!(frames_until(0.74, 0.99, 0.016), Some(p.face_frames));
        // The flag of a clip: a face in every single frame, and surely in none.
        assert_eq!(frames_until(0.72, 0.975, 0.025), None);
    }

    #[test]
    fn what_both_looks_take_for_a_face_is_one_only_if_its_templates_are_a_persons() {
        let p = TrackParams::default();
        let judged = |score: f32, log_odds: &[f32]| {
            let mut t = track();
            t.detection.score = score;
            t.observe_face(0.99, 0.011, &p);
            // Without a template both looks decide, unless one is still to come.
            assert!(t.is_face(false) && !t.is_face(true));
            t.observe_faceness(None, -3.0, &p);
            assert!(t.is_face(false) && !t.is_face(true));
            log_odds.iter().for_each(|odds| t.observe_faceness(Some(*odds), -3.0, &p));
            assert_eq!(t.is_face(false), t.is_face(true));
            t.is_face(true)
        };
        assert!(judged(0.9, &[0.1]) && judged(0.98, &[0.1]));
        // In doubt both looks have to be surer than for a face.
        assert!(!judged(0.9, &[-0.1]) && judged(0.98, &[-0.1]));
        assert!(judged(0.98, &[-2.9]) && !judged(0.98, &[-3.1]));
        // Whoever was seen stays through a poor frame, and goes if it gets no better.
        assert!(judged(0.9, &[2.0, -3.9]) && !judged(0.9, &[2.0, -4.1]));
        assert!(!judged(0.9, &[2.0, -4.1, -0.1]));
    }

    #[test]
    fn bare_and_masked_frames_of_a_face_are_pooled_apart() {
        let (mut t, p) = (track(), TrackParams::default());
        assert_eq!(t.probe(BARE), None);
        t.observe(&template(1, true), &p);
        t.observe(&template(1, false), &p);
        t.observe(&template(1, false), &p);
        assert_eq!((t.frames(MaskState::Bare), t.frames(MaskState::Incorrect)), (1, 2));
        assert!(t.probe(BARE).unwrap().full.is_some() && t.probe(MASKED).unwrap().full.is_none());
    }

    #[test]
    fn a_turn_is_not_passed_on_to_whoever_takes_the_place_with_a_mask_or_under_another_name() {
        let (mut t, p) = (track(), TrackParams::default());
        let named = |person: &str| Decision::Match { person: person.into(), score: 5.0, needed: 3.0 };
        t.observe(&template(1, true), &p);
        let turner = |t: &Track| Turner::new(&t.probe(BARE).unwrap(), Some(&named("a")));
        t.turned = Some(turner(&t));
        // The same eyes above a mask, and the same name.
        for _ in 0..3 {
            t.observe(&template(1, false), &p);
            t.observe_name(&named("a"));
        }
        assert!(t.turned.is_some());
        t.observe_name(&named("b"));
        assert!(t.turned.is_none());
        t.turned = Some(turner(&t));
        let mut other = template(1, false);
        other.periocular.vector.iter_mut().for_each(|v| *v = -*v);
        t.observe(&other, &p);
        assert!(t.turned.is_some());
        t.observe(&other, &p);
        assert!(t.turned.is_none());
    }

    #[test]
    fn somebody_else_in_the_same_place_is_a_new_probe() {
        let (mut t, p) = (track(), TrackParams::default());
        for _ in 0..8 {
            t.observe(&template(1, true), &p);
        }
        let mut other = template(1, true);
        other.periocular.vector.iter_mut().for_each(|v| *v = -*v);
        assert!(!t.observe(&other, &p));
        assert_eq!(t.frames(MaskState::Bare), 9);
        assert!(t.observe(&other, &p));
        assert_eq!(t.frames(MaskState::Bare), 1);
        assert!(cosine(&t.probe(BARE).unwrap().periocular.vector, &other.periocular.vector) > 0.99);
    }
}
