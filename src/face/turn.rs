//! How far a head turns, and whether what turns is flat.
//!
//! [Note: nose offset] From the middle between the eyes to the tip of the nose, along the line of the eyes, in distances of the eyes;
//! positive towards the picture's right. A head that turns carries its nose to the side, a flat sheet that is turned hardly does.
//! The *swing* is how far apart the offsets of a track lie, their 5 and 95 percent quantiles.

use crate::face::align::{Pyramid, canonical_to_frame};
use crate::face::geometry::Point;
use crate::face::planarity::{Grey, percentile, residual};
use crate::face::presence::Verdict;
use crate::few;

/// From where on a turn counts, and from where on what turned was no flat thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TurnParams {
    /// Least swing of a head that turned (see [Note: nose offset]).
    pub swing: f32,
    /// Least residual of the flow (see [`residual`]), as a share of how far the nose offset changed meanwhile.
    pub residual: f32,
    /// The flow is followed for so long, in milliseconds, and then begun anew: points get lost.
    pub segment_ms: f64,
    /// A segment in which the nose offset changed by less says nothing about what is flat.
    pub least_change: f32,
}

impl Default for TurnParams {
    fn default() -> Self {
        Self { swing: 0.25, residual: 0.2, segment_ms: 480.0, least_change: 0.08 }
    }
}

impl TurnParams {
    /// What is wrong with these numbers, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        if !(0.05..=1.0).contains(&self.swing) {
            return Some("the swing of a turned head must lie between 0.05 and 1");
        }
        if !(0.0..=2.0).contains(&self.residual) {
            return Some("the residual's share must lie between 0 and 2");
        }
        if !(100.0..=5_000.0).contains(&self.segment_ms) || !(0.01..=0.5).contains(&self.least_change) {
            return Some("a segment must last 0.1 to 5 seconds and its least change lie between 0.01 and 0.5");
        }
        None
    }
}

/// See [Note: nose offset].
pub fn nose_offset(points: &[Point; 5]) -> f32 {
    let [right, left, nose, ..] = points;
    let (dx, dy) = (left.x - right.x, left.y - right.y);
    let middle = right.middle(*left);
    ((nose.x - middle.x) * dx + (nose.y - middle.y) * dy) / (dx * dx + dy * dy).max(1e-6)
}

/// What was seen of a face's turning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turned {
    pub swing: f32,
    /// Residual of the flow as a share of the nose offset's change, over the segments in which it changed most; None where it did
    /// not change enough, or too few points could be followed.
    pub residual: Option<f32>,
}

impl Turned {
    /// Live: it turned and is no flat thing. Attack: it turned as a head does, or so it seems, and is flat. Unsure: it did not turn.
    pub fn verdict(&self, params: &TurnParams) -> Verdict {
        match self.residual {
            _ if self.swing < params.swing => Verdict::Unsure,
            None => Verdict::Unsure,
            Some(residual) if residual < params.residual => Verdict::Attack,
            Some(_) => Verdict::Live,
        }
    }
}

/// Watches one face.
#[derive(Default)]
pub struct TurnWatch {
    offsets: Vec<f32>,
    segment: Option<Segment>,
    /// (change of the nose offset, residual) of segments that ended.
    ended: Vec<(f32, f32)>,
}

/// Points followed from a frame on.
struct Segment {
    began_ms: f64,
    offset: f32,
    last: Grey,
    /// Where the points were at first and are now.
    from: Vec<Point>,
    to: Vec<Point>,
    /// How far the offset changed at most, and the points of that frame.
    best: Option<(f32, Vec<Point>, Vec<Point>)>,
}

/// Offsets that are remembered at most: a minute at 25 frames a second.
const MEMORY: usize = 1500;
/// Segments that are judged: those in which most happened.
const JUDGED: usize = 6;

impl TurnWatch {
    /// Takes in a frame in which the face has these points.
    pub fn see(&mut self, pyramid: &Pyramid, points: &[Point; 5], params: &TurnParams) {
        let Some(to_frame) = canonical_to_frame(points) else { return };
        let (now, offset) = (pyramid.frame().time_ms, nose_offset(points));
        if self.offsets.len() == MEMORY {
            self.offsets.remove(0);
        }
        self.offsets.push(offset);
        let grey = Grey::of(pyramid, &to_frame);
        let mut segment = match self.segment.take() {
            Some(segment) if now - segment.began_ms < params.segment_ms => segment,
            old => {
                self.end(old, params);
                let from = grey.corners();
                self.segment = Some(Segment { began_ms: now, offset, last: grey, to: from.clone(), from, best: None });
                return;
            }
        };
        let flow = segment.last.follow(&grey, &segment.to);
        let mut kept = flow.iter();
        segment.from.retain(|_| kept.next().is_some_and(Option::is_some));
        segment.to = flow.into_iter().flatten().collect();
        segment.last = grey;
        let change = (offset - segment.offset).abs();
        if change >= params.least_change && segment.best.as_ref().is_none_or(|b| change > b.0) {
            segment.best = Some((change, segment.from.clone(), segment.to.clone()));
        }
        self.segment = Some(segment);
    }

    fn end(&mut self, segment: Option<Segment>, params: &TurnParams) {
        if let Some((change, left)) = segment.and_then(|s| judged(&s, params)) {
            self.ended.push((change, left));
            few::sort(&mut self.ended, |a, b| b.0.total_cmp(&a.0));
            self.ended.truncate(JUDGED);
        }
    }

    /// What was seen so far, the segment under way included.
    pub fn turned(&self, params: &TurnParams) -> Turned {
        let mut all = self.ended.clone();
        all.extend(self.segment.as_ref().and_then(|s| judged(s, params)));
        few::sort(&mut all, |a, b| b.0.total_cmp(&a.0));
        let shares: Vec<f32> = all.iter().take(JUDGED).map(|(change, left)| left / change).collect();
        let swing = match self.offsets.is_empty() {
            true => 0.0,
            false => percentile(self.offsets.clone(), 0.95) - percentile(self.offsets.clone(), 0.05),
        };
        Turned { swing, residual: (!shares.is_empty()).then(|| percentile(shares, 0.5)) }
    }
}

fn judged(segment: &Segment, params: &TurnParams) -> Option<(f32, f32)> {
    let (change, from, to) = segment.best.as_ref()?;
    (*change >= params.least_change).then_some(())?;
    Some((*change, residual(from, to)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::align::CANONICAL;

    #[test]
    fn the_nose_of_a_straight_face_is_between_the_eyes_whatever_its_roll() {
        assert!(nose_offset(&CANONICAL).abs() < 0.02);
        let turned = CANONICAL.map(|p| Point::new(-p.y, p.x));
        assert!((nose_offset(&turned) - nose_offset(&CANONICAL)).abs() < 1e-5);
        let mut aside = CANONICAL;
        aside[2].x += 12.0;
        assert!((nose_offset(&aside) - 0.34).abs() < 0.02);
    }

    #[test]
    fn what_keeps_still_is_unsure_and_what_turns_flat_is_an_attack() {
        let p = TurnParams::default();
        let verdict = |swing, residual| Turned { swing, residual }.verdict(&p);
        assert_eq!(verdict(0.1, Some(0.5)), Verdict::Unsure);
        assert_eq!(verdict(0.4, None), Verdict::Unsure);
        assert_eq!(verdict(0.4, Some(0.08)), Verdict::Attack);
        assert_eq!(verdict(0.4, Some(0.4)), Verdict::Live);
        assert_eq!(p.fault(), None);
        assert!(TurnParams { swing: 0.0, ..p }.fault().is_some() && TurnParams { residual: f32::NAN, ..p }.fault().is_some());
    }
}
