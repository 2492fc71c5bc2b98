//! From candidates to a decision.

use serde::Serialize;

use crate::face::quality::Problem;
use crate::person::gallery::Candidate;

/// Who this is, or why that cannot be said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    Match {
        person: String,
        score: f32,
        needed: f32,
    },
    /// `closest`: who fell just short of a match, for whoever looks after the gallery.
    Unknown {
        score: Option<f32>,
        needed: f32,
        closest: Option<String>,
    },
    Undecided {
        reason: Reason,
        score: Option<f32>,
        needed: f32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "UndecidedReason"))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    TooSmall,
    TooBlurred,
    TooDark,
    TooBright,
    TurnedAway,
    CutOff,
    EyesHidden,
    PointsUnsure,
    TooFewFrames,
    TooCloseToCall,
    EmptyGallery,
    /// A print or a screen, by what is asked of presence.
    PresentationAttack,
    /// Not known to be there yet.
    PresenceUnproven,
}

impl From<Problem> for Reason {
    fn from(p: Problem) -> Self {
        match p {
            Problem::TooSmall => Self::TooSmall,
            Problem::TooBlurred => Self::TooBlurred,
            Problem::TooDark => Self::TooDark,
            Problem::TooBright => Self::TooBright,
            Problem::TurnedAway => Self::TurnedAway,
            Problem::CutOff => Self::CutOff,
            Problem::EyesHidden => Self::EyesHidden,
            Problem::PointsUnsure => Self::PointsUnsure,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct DecideParams {
    /// False-match rate for one probe against the whole gallery that the operator accepts.
    pub target_fmr: f32,
    /// Two candidates whose scores lie closer than this are too close to call: 0.3 is a factor of two in rate.
    pub margin: f32,
    /// How far below what is needed a score still is "just below": 0.7 is a factor of five in rate.
    pub near: f32,
    /// Good frames before anybody is named.
    pub match_frames: usize,
    /// Good frames before anybody is called unknown: a wrong "unknown" on a first poor frame is what people notice.
    pub unknown_frames: usize,
}

impl Default for DecideParams {
    fn default() -> Self {
        Self { target_fmr: 1e-3, margin: 0.3, near: 0.7, match_frames: 2, unknown_frames: 5 }
    }
}

impl DecideParams {
    /// The score that a match needs among `people`: a probe makes that many comparisons, each a chance to be wrong.
    pub fn needed(&self, people: usize) -> f32 {
        -self.target_fmr.log10() + (people.max(1) as f32).log10()
    }

    /// `candidates`: the two best, best first; `people`: how many were compared; `frames`: good frames behind the probe,
    /// None for a still picture, which is all there will ever be.
    pub fn decide(&self, candidates: &[Candidate], people: usize, frames: Option<usize>) -> Decision {
        let needed = self.needed(people);
        let Some(best) = candidates.first() else {
            return Decision::Undecided { reason: Reason::EmptyGallery, score: None, needed };
        };
        let score = Some(best.score);
        let enough = |n: usize| frames.is_none_or(|f| f >= n);
        if best.score < needed {
            return if enough(self.unknown_frames) {
                let closest = (best.score >= needed - self.near).then(|| best.person.clone());
                Decision::Unknown { score, needed, closest }
            } else {
                Decision::Undecided { reason: Reason::TooFewFrames, score, needed }
            };
        }
        if candidates.get(1).is_some_and(|second| best.score - second.score < self.margin) {
            return Decision::Undecided { reason: Reason::TooCloseToCall, score, needed };
        }
        if !enough(self.match_frames) {
            return Decision::Undecided { reason: Reason::TooFewFrames, score, needed };
        }
        Decision::Match { person: best.person.clone(), score: best.score, needed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(scores: &[f32]) -> Vec<Candidate> {
        scores.iter().enumerate().map(|(i, s)| Candidate { person: format!("p{i}"), score: *s }).collect()
    }

    #[test]
    fn a_larger_gallery_asks_for_a_higher_score() {
        let p = DecideParams::default();
        assert!((p.needed(1) - 3.0).abs() < 1e-5);
        assert!((p.needed(1000) - 6.0).abs() < 1e-5);
        assert!(matches!(p.decide(&candidates(&[4.0, 0.5]), 5, None), Decision::Match { .. }));
        assert!(matches!(p.decide(&candidates(&[4.0, 0.5]), 500, None), Decision::Unknown { .. }));
    }

    #[test]
    fn two_candidates_too_close_to_call_are_no_match() {
        let d = DecideParams::default().decide(&candidates(&[5.0, 4.8]), 2, None);
        assert!(matches!(d, Decision::Undecided { reason: Reason::TooCloseToCall, .. }));
    }

    #[test]
    fn nobody_is_named_or_called_unknown_on_too_few_frames() {
        let p = DecideParams::default();
        let kind = |scores: &[f32], frames| p.decide(&candidates(scores), 2, Some(frames));
        assert!(matches!(kind(&[5.0, 0.0], 1), Decision::Undecided { reason: Reason::TooFewFrames, .. }));
        assert!(matches!(kind(&[5.0, 0.0], 2), Decision::Match { .. }));
        assert!(matches!(kind(&[1.0, 0.0], 4), Decision::Undecided { reason: Reason::TooFewFrames, .. }));
        assert!(matches!(kind(&[1.0, 0.0], 5), Decision::Unknown { .. }));
    }

    #[test]
    fn whoever_fell_just_short_is_told_and_nobody_who_fell_far() {
        let p = DecideParams::default();
        let closest = |score| match p.decide(&candidates(&[score]), 1, None) {
            Decision::Unknown { closest, .. } => closest,
            other => panic!("{other:?}"),
        };
        assert_eq!(closest(2.9), Some("p0".to_owned()));
        assert_eq!(closest(2.2), None);
    }

    #[test]
    fn an_empty_gallery_is_said_to_be_empty() {
        let d = DecideParams::default().decide(&[], 0, None);
        assert!(matches!(d, Decision::Undecided { reason: Reason::EmptyGallery, .. }));
    }
}
