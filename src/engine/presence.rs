//! Whether somebody is there: what the policy asks of whom, the passive looks in turn, and the challenge of one face at a time.

use serde::Serialize;

use super::challenge::{Ask, Challenge, ChallengeParams, Random, Refusal, Step, Tries};
use super::live::Seen;
use super::{Engine, Looks};
use crate::error::EngineError;
use crate::face::align::Pyramid;
use crate::face::geometry::Point;
use crate::face::mask::MaskState;
use crate::face::presence::{Pool, PresenceParams, Reach, Verdict, judged, room};
use crate::face::turn::{TurnParams, TurnWatch, nose_offset};
use crate::manifest::Role;
use crate::person::decide::{Decision, Reason};
use crate::person::embed::cosine;
use crate::person::template::Template;
use crate::person::track::Turner;

/// What the operator asks of whoever is recognised or enrolled by the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "PresencePolicy"))]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing is looked at.
    #[default]
    Off,
    /// It is said, and nothing is refused.
    Warn,
    /// Whoever looks like a print or a screen is not named.
    RequirePassive,
    /// The same, and nobody is named who has not turned the head as asked.
    RequireTurn,
}

impl Policy {
    pub const ALL: [Self; 4] = [Self::Off, Self::Warn, Self::RequirePassive, Self::RequireTurn];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::RequirePassive => "require-passive",
            Self::RequireTurn => "require-turn",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    pub(super) fn requires(self) -> bool {
        matches!(self, Self::RequirePassive | Self::RequireTurn)
    }
}

/// What is known of somebody's presence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Presence {
    /// The share of live people who score no higher, 0..1; None until it was looked often enough, or where the face fills the frame so that
    /// its surroundings are missing.
    pub passive: Option<f32>,
    pub turn: Turn,
    /// By the policy's measure.
    pub verdict: Verdict,
    pub reason: Option<PresenceReason>,
    /// What to do now, while a turn is asked for.
    pub ask: Option<Ask>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "PresenceTurn"))]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Not asked for, or not yet.
    None,
    Asked,
    Passed,
    Refused,
}

/// Why the verdict is not `live`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PresenceReason {
    /// Not looked at long enough.
    Looking,
    /// The face fills the frame: its surroundings are missing.
    StepBack,
    /// It looks like a print or a screen.
    PrintOrScreen,
    /// The turn was not made yet.
    Turn,
    TooEarly,
    TooSlow,
    WrongSide,
    TooFar,
    FaceLost,
    SecondFace,
    OtherPerson,
    Flat,
    /// No tries are left for now: somebody has to help.
    Desk,
    /// What is asked for cannot be kept by these networks or thresholds.
    Unavailable,
}

impl From<Refusal> for PresenceReason {
    fn from(r: Refusal) -> Self {
        match r {
            Refusal::TooEarly => Self::TooEarly,
            Refusal::TooSlow => Self::TooSlow,
            Refusal::WrongSide => Self::WrongSide,
            Refusal::TooFar => Self::TooFar,
            Refusal::FaceLost => Self::FaceLost,
            Refusal::SecondFace => Self::SecondFace,
            Refusal::OtherPerson => Self::OtherPerson,
            Refusal::Flat => Self::Flat,
        }
    }
}

/// Everything that decides on presence.
#[derive(Clone, Copy, Debug, Default)]
pub struct PresenceLimits {
    pub passive: PresenceParams,
    pub turn: TurnParams,
    pub challenge: ChallengeParams,
    pub identity: IdentityParams,
}

/// Who turns must be who was there: cosines of the templates around the eyes.
#[derive(Clone, Copy, Debug)]
pub struct IdentityParams {
    /// Of a straight face with the one before the challenge.
    pub straight: f32,
    /// The same of a turned face, which resembles itself less.
    pub turned: f32,
    /// A second face of this share of the first one's area is one too many.
    pub second: f32,
}

impl Default for IdentityParams {
    fn default() -> Self {
        Self { straight: 0.4, turned: 0.15, second: 0.3 }
    }
}

/// What a track knows of its face's presence.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrackPresence {
    bare: Pool,
    masked: Pool,
    /// The engine's frame of the last look; None before the first.
    looked: Option<u64>,
    far: bool,
    tight: bool,
    /// Whether the last decision was a name: a decision is made anew after each look, and at few frames a second that is every frame.
    pub(super) named: bool,
    refused: Option<Refusal>,
}

impl TrackPresence {
    fn pool(&self, state: MaskState) -> &Pool {
        if state == MaskState::Bare { &self.bare } else { &self.masked }
    }
}

/// The policy's side of the engine.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) policy: Policy,
    /// The policy would refuse somebody and cannot be kept: nobody is named, or enrolled by the camera.
    unkept: bool,
    random: Option<Random>,
    tries: Tries,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    track: u32,
    challenge: Challenge,
    turn: TurnWatch,
    probe: Template,
    seen_ms: f64,
}

/// A face under a challenge that is not found for so long has left.
const LOST_MS: f64 = 600.0;

impl Engine {
    /// What is asked of whoever is recognised or enrolled by the camera. `seed`: random, from a generator that nobody can foresee; the
    /// turns that are asked for come from it. An error where it cannot be kept; if it would refuse anybody, nobody is named or
    /// enrolled by the camera from then on, so that a check that is asked for is never skipped.
    pub fn set_presence(&mut self, policy: Policy, seed: u64) -> Result<(), EngineError> {
        let fault = self.presence_fault().filter(|_| policy != Policy::Off);
        let unkept = fault.is_some() && policy.requires();
        let policy = if fault.is_some() && !unkept { Policy::Off } else { policy };
        self.watch = Watch { policy, unkept, random: Some(Random(seed)), ..Watch::default() };
        self.tracks.iter_mut().for_each(|t| t.presence = TrackPresence::default());
        fault.map_or(Ok(()), Err)
    }

    /// Why no policy but `off` can be kept, if so.
    fn presence_fault(&self) -> Option<EngineError> {
        let limits = &self.params.presence;
        let threshold = limits.passive.fault().or(limits.turn.fault()).or(limits.challenge.fault());
        threshold
            .map(|fault| EngineError::PresenceThreshold { fault })
            .or((!self.presence_available()).then_some(EngineError::PresenceUnavailable))
    }

    /// Why nobody can be enrolled by the camera as the policy asks.
    pub(super) fn presence_kept(&self) -> Result<(), EngineError> {
        self.presence_fault().filter(|_| self.watch.unkept).map_or(Ok(()), Err)
    }

    pub fn presence_policy(&self) -> Policy {
        self.watch.policy
    }

    /// Whether the networks for any policy but `off` are there.
    pub fn presence_available(&self) -> bool {
        self.networks.presence.is_some() && self.manifest.presence.is_some()
    }

    /// One passive look, at the face that waits for it longest.
    pub(super) fn look_for_presence(&mut self, pyramid: &Pyramid, seen: &[Seen]) -> Result<(), EngineError> {
        if self.watch.policy == Policy::Off || self.watch.unkept {
            return Ok(());
        }
        let began = (self.clock)();
        let limits = self.params.presence.passive;
        let due = |looked: Option<u64>| looked.is_none_or(|l| self.frames - l >= limits.every);
        let next = seen
            .iter()
            .filter_map(|s| {
                let track = self.tracks.iter().find(|t| t.id == s.id)?;
                due(track.presence.looked).then_some((track.presence.looked, s))
            })
            .min_by_key(|(looked, _)| *looked);
        if let (Some((_, s)), Some(spotter)) = (next, self.networks.presence.as_mut())
            && let Some(track) = self.tracks.iter_mut().find(|t| t.id == s.id)
        {
            let known = &mut track.presence;
            known.looked = Some(self.frames);
            known.tight = room(&pyramid.frame(), &s.detection.points).is_none_or(|r| r < limits.least_room);
            if !known.tight {
                let reach = if known.far { Reach::Far } else { Reach::Near };
                known.far = !known.far;
                if let Some(log_odds) = spotter.look(pyramid, &s.detection.points, reach)? {
                    let pool = if s.mask.state == MaskState::Bare { &mut known.bare } else { &mut known.masked };
                    pool.add(log_odds, limits.memory);
                }
            }
        }
        self.timings.presence += (self.clock)() - began;
        Ok(())
    }

    /// The challenge of this frame: begins one for `subject` where the policy asks for it, and goes on with the one under way.
    pub(super) fn challenge(&mut self, pyramid: &Pyramid, seen: &[Seen], subject: Option<u32>) -> Result<(), EngineError> {
        if self.watch.policy != Policy::RequireTurn || self.watch.unkept {
            return Ok(());
        }
        let began = (self.clock)();
        let now = pyramid.frame().time_ms;
        if let Some(under_way) = self.watch.under_way.take() {
            self.go_on(pyramid, seen, under_way)?;
        } else if let Some(s) = subject.and_then(|id| seen.iter().find(|s| s.id == id)) {
            self.begin(pyramid, s, now)?;
        }
        self.timings.presence += (self.clock)() - began;
        Ok(())
    }

    fn begin(&mut self, pyramid: &Pyramid, s: &Seen, now: f64) -> Result<(), EngineError> {
        let limits = self.params.presence;
        let Some(track) = self.tracks.iter().find(|t| t.id == s.id) else { return Ok(()) };
        let passive = self.passive(s);
        if track.turned.is_some() || s.quality.problem.is_some() || judged(passive, &limits.passive) != Verdict::Live {
            return Ok(());
        }
        if self.watch.tries.next_ms(now, &limits.challenge) > now {
            return Ok(());
        }
        let probe = match track.probe(s.mask) {
            Some(probe) => probe,
            None => self.template(pyramid, &s.detection.points, s.mask, &s.quality, Looks::One { mirrored: false, full: false })?,
        };
        let random = self.watch.random.get_or_insert(Random(0));
        let challenge = Challenge::new(limits.challenge, || random.draw(), now);
        if let Some(track) = self.tracks.iter_mut().find(|t| t.id == s.id) {
            track.presence.refused = None;
        }
        self.watch.under_way = Some(UnderWay { track: s.id, challenge, turn: TurnWatch::default(), probe, seen_ms: now });
        Ok(())
    }

    fn go_on(&mut self, pyramid: &Pyramid, seen: &[Seen], mut u: UnderWay) -> Result<(), EngineError> {
        let limits = self.params.presence;
        let now = pyramid.frame().time_ms;
        let Some(s) = seen.iter().find(|s| s.id == u.track) else {
            if (0.0..LOST_MS).contains(&(now - u.seen_ms)) && self.tracks.iter().any(|t| t.id == u.track) {
                self.watch.under_way = Some(u);
            } else {
                self.refuse(&u, now, Refusal::FaceLost);
            }
            return Ok(());
        };
        u.seen_ms = now;
        let area = s.detection.rect.area();
        if seen.iter().any(|o| o.id != s.id && o.detection.rect.area() > limits.identity.second * area) {
            self.refuse(&u, now, Refusal::SecondFace);
            return Ok(());
        }
        u.turn.see(pyramid, &s.detection.points, &limits.turn);
        let step = u.challenge.see(now, nose_offset(&s.detection.points));
        let turned = match step {
            Step::Goes => None,
            Step::Refused(why) => {
                self.refuse(&u, now, why);
                return Ok(());
            }
            Step::Confirm { turned } => Some(turned),
            Step::Answered => Some(false),
        };
        if let Some(turned) = turned {
            let look = self.template(pyramid, &s.detection.points, s.mask, &s.quality, Looks::One { mirrored: false, full: false })?;
            let least = if turned { limits.identity.turned } else { limits.identity.straight };
            if cosine(&look.periocular.vector, &u.probe.periocular.vector) < least {
                self.refuse(&u, now, Refusal::OtherPerson);
                return Ok(());
            }
        }
        if step != Step::Answered {
            self.watch.under_way = Some(u);
            return Ok(());
        }
        // How far it swung is what the challenge asked; what is left is whether it was flat.
        if u.turn.turned(&limits.turn).residual.is_none_or(|r| r < limits.turn.residual) {
            self.refuse(&u, now, Refusal::Flat);
            return Ok(());
        }
        self.watch.tries.pass();
        if let Some(track) = self.tracks.iter_mut().find(|t| t.id == u.track) {
            track.turned = Some(Turner::new(&u.probe, track.decision.as_ref()));
        }
        Ok(())
    }

    fn refuse(&mut self, u: &UnderWay, now: f64, why: Refusal) {
        self.watch.tries.fail(now);
        // A face that left takes its refusal along, but not the try.
        for track in &mut self.tracks {
            if track.id == u.track {
                track.presence.refused = Some(why);
                track.turned = None;
            }
        }
    }

    /// A change of camera or of who is in view is no way out of a challenge.
    pub(super) fn abandon_challenge(&mut self) {
        if let Some(u) = self.watch.under_way.take() {
            let now = u.seen_ms;
            self.refuse(&u, now, Refusal::FaceLost);
        }
    }

    /// The pooled score of a face in view.
    fn passive(&self, s: &Seen) -> Option<f32> {
        let known = &self.tracks.iter().find(|t| t.id == s.id)?.presence;
        let pool = known.pool(s.mask.state);
        if known.tight || pool.looks() < self.params.presence.passive.looks {
            return None;
        }
        Some(self.manifest.presence.as_ref()?.score(s.mask.state, pool.mean()?))
    }

    /// None under the policy `off`.
    pub(super) fn presence_of(&mut self, s: &Seen, now: f64) -> Option<Presence> {
        if self.watch.policy == Policy::Off {
            return None;
        }
        if self.watch.unkept {
            let reason = Some(PresenceReason::Unavailable);
            return Some(Presence { passive: None, turn: Turn::None, verdict: Verdict::Unsure, reason, ask: None });
        }
        let limits = self.params.presence;
        let passive = self.passive(s);
        let track = self.tracks.iter().find(|t| t.id == s.id)?;
        let (known, passed) = (track.presence, track.turned.is_some());
        let looked = judged(passive, &limits.passive);
        let asked = self.watch.under_way.as_ref().filter(|u| u.track == s.id).map(|u| u.challenge.ask());
        let turn = match () {
            () if passed => Turn::Passed,
            () if asked.is_some() => Turn::Asked,
            () if known.refused.is_some() => Turn::Refused,
            () => Turn::None,
        };
        let mut verdict = looked;
        let mut reason = match looked {
            Verdict::Live => None,
            Verdict::Attack => Some(PresenceReason::PrintOrScreen),
            Verdict::Unsure if known.tight => Some(PresenceReason::StepBack),
            Verdict::Unsure => Some(PresenceReason::Looking),
        };
        if self.watch.policy == Policy::RequireTurn && looked == Verdict::Live && !passed {
            verdict = Verdict::Unsure;
            let waits = self.watch.tries.next_ms(now, &limits.challenge) > now;
            reason = Some(match known.refused {
                _ if waits && self.watch.tries.spent(&limits.challenge) => PresenceReason::Desk,
                Some(why) if asked.is_none() => why.into(),
                _ => PresenceReason::Turn,
            });
        }
        Some(Presence { passive, turn, verdict, reason, ask: asked })
    }

    /// What may be said of who it is. Whoever is not there is neither named nor called a stranger.
    pub(super) fn gated(&self, decision: Decision, presence: Option<&Presence>) -> Decision {
        let (Some(presence), true) = (presence, self.watch.policy.requires()) else { return decision };
        let needed = self.needed();
        let undecided = |reason| Decision::Undecided { reason, score: None, needed };
        match (presence.verdict, presence.reason, &decision) {
            (Verdict::Live, ..) => decision,
            (Verdict::Attack, ..) => undecided(Reason::PresentationAttack),
            // The turn is asked of whom it would let in; a live stranger is a stranger.
            (Verdict::Unsure, Some(reason), Decision::Unknown { .. }) if asks_turn(reason) => decision,
            (Verdict::Unsure, _, Decision::Match { .. } | Decision::Unknown { .. }) => undecided(Reason::PresenceUnproven),
            (Verdict::Unsure, _, Decision::Undecided { .. }) => decision,
        }
    }

    /// Whose turn is asked for: the largest face in view, if it would be named.
    pub(super) fn subject(&self, seen: &[Seen]) -> Option<u32> {
        let s = seen.iter().max_by(|a, b| a.detection.rect.area().total_cmp(&b.detection.rect.area()))?;
        let track = self.tracks.iter().find(|t| t.id == s.id)?;
        track.presence.named.then_some(s.id)
    }
}

impl Engine {
    /// Log-odds that the face with these points is live, the mean of both reaches; None without the network, or where the face's
    /// surroundings are missing.
    pub fn look_at(&mut self, pyramid: &Pyramid, points: &[Point; 5]) -> Result<Option<f32>, EngineError> {
        let limits = self.params.presence.passive;
        let tight = room(&pyramid.frame(), points).is_none_or(|r| r < limits.least_room);
        match self.networks.presence.as_mut() {
            Some(spotter) if !tight => Ok(spotter.look_twice(pyramid, points)?),
            _ => Ok(None),
        }
    }

    /// The id of the network for presence; without one every policy but `off` is refused.
    pub fn presence_model(&self) -> Option<&str> {
        self.manifest.find(Role::Presence).map(|m| m.id.as_str())
    }
}

fn asks_turn(reason: PresenceReason) -> bool {
    use PresenceReason::{Looking, PrintOrScreen, StepBack, Unavailable};
    !matches!(reason, Looking | StepBack | PrintOrScreen | Unavailable)
}
