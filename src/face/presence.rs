//! Whether somebody is there, as far as looking can tell: presentation-attack detection without asking for anything
//! (ISO/IEC 30107 calls it passive).
//!
//! A small network sees the face with its surroundings, at two scales, and says print, live or screen. Its log-odds are pooled
//! over a track, apart for bare and masked faces, and a curve says what they mean.
//!
//! [Note: the presence score] A score is the share of live people, of the same mask state, whose pooled log-odds are no higher: a
//! threshold of 0.05 refuses one live person in twenty. The curves were measured by `examples/pad.rs` and lie in the manifest.

use serde::{Deserialize, Serialize};

use crate::face::align::{Normalisation, Pyramid, canonical_to_frame};
use crate::face::geometry::{Point, Rect, Similarity};
use crate::face::mask::MaskState;
use crate::model::{ModelError, Network};

/// Side of the network's input.
const SIDE: usize = 80;
/// The box that is grown, upright in the frame, as middle, width and height on the canonical face: where YuNet draws one, on whose boxes
/// the network's start weights were trained.
const MIDDLE: Point = Point::new(56.2, 63.2);
const BOX: (f32, f32) = (81.0, 110.6);
/// The box is higher than wide and the input is square: it is drawn with square pixels, so many rows of them, and then squeezed.
const ROWS: usize = 108;
/// Classes of the network: print, live, screen.
const CLASSES: usize = 3;

/// How far around the box a look reaches. Both are looked at by one network, which learned both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Near,
    Far,
}

impl Reach {
    pub const BOTH: [Self; 2] = [Self::Near, Self::Far];

    /// The box's growth.
    pub fn growth(self) -> f32 {
        match self {
            Self::Near => 2.7,
            Self::Far => 4.0,
        }
    }
}

/// From where on somebody is refused, and when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresenceParams {
    /// A face whose pooled score is lower is an attack: the share of live people who are refused (see [Note: the presence score]).
    pub refuse: f32,
    /// The box must have room to grow so many times in the picture, or the surroundings are missing by which a print or a screen is known:
    /// the face is asked to step back.
    pub least_room: f32,
    /// Looks before a track's score counts; a still picture is looked at with both reaches at once.
    pub looks: usize,
    /// One look in so many frames of a track.
    pub every: u64,
    /// Looks behind a track's score at most; older ones fade.
    pub memory: f32,
}

impl Default for PresenceParams {
    fn default() -> Self {
        Self { refuse: 0.06, least_room: 1.45, looks: 2, every: 5, memory: 12.0 }
    }
}

impl PresenceParams {
    /// What is wrong with these numbers, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        if !(0.0..=0.5).contains(&self.refuse) {
            return Some("the share of live people who may be refused must lie between 0 and 0.5");
        }
        if !(1.0..=2.7).contains(&self.least_room) {
            return Some("the room around a face must lie between 1 and 2.7 times the face");
        }
        if self.looks == 0 || self.every == 0 || !(1.0..=1000.0).contains(&self.memory) {
            return Some("looks, frames between looks and memory must be at least 1");
        }
        None
    }
}

/// What is thought of somebody's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Live,
    Attack,
    Unsure,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Attack => "attack",
            Self::Unsure => "unsure",
        }
    }
}

/// Log-odds and the share of live people whose are no higher, both rising; straight lines between.
pub type Curve = Vec<[f32; 2]>;

/// What pooled log-odds mean, by mask state. A mask worn incorrectly is a mask here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceCalibration {
    pub bare: Curve,
    pub masked: Curve,
}

impl PresenceCalibration {
    /// 0..1; see [Note: the presence score].
    pub fn score(&self, state: MaskState, log_odds: f32) -> f32 {
        let curve = if state == MaskState::Bare { &self.bare } else { &self.masked };
        let above = curve.partition_point(|k| k[0] <= log_odds);
        match (above.checked_sub(1).map(|i| curve[i]), curve.get(above)) {
            (None, _) => 0.0,
            (Some(last), None) => last[1],
            (Some(a), Some(b)) => a[1] + (b[1] - a[1]) * (log_odds - a[0]) / (b[0] - a[0]),
        }
    }

    /// Whether both curves can be used: at least two points, finite, rising, shares within 0..1.
    pub fn is_sound(&self) -> bool {
        [&self.bare, &self.masked].into_iter().all(|c| {
            c.len() >= 2
                && c.iter().all(|k| k[0].is_finite() && (0.0..=1.0).contains(&k[1]))
                && c.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] < w[1][1])
        })
    }

    /// The curve of live people's pooled log-odds. None of fewer than 20, from which no share of a twentieth can be read.
    pub fn curve(mut live: Vec<f32>) -> Option<Curve> {
        live.retain(|v| v.is_finite());
        live.sort_by(f32::total_cmp);
        if live.len() < 20 {
            return None;
        }
        let mut curve: Curve = vec![[live[0] - 2.0, 0.0]];
        for percent in [2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100] {
            let at = live[(live.len() * percent / 100).clamp(1, live.len()) - 1];
            if at > curve[curve.len() - 1][0] + 1e-4 {
                curve.push([at, percent as f32 / 100.0]);
            }
        }
        (curve.len() >= 2).then_some(curve)
    }
}

/// The network behind the passive look.
pub struct Spotter {
    network: Network,
    drawn: Vec<f32>,
    input: Vec<f32>,
}

impl Spotter {
    /// `network` takes 1 x 3 x 80 x 80 RGB, 0..255, and gives three numbers: print, live, screen, before the softmax.
    pub fn new(network: Network) -> Result<Self, ModelError> {
        let outputs: Vec<usize> = network.outputs().iter().map(|o| o.dims.iter().product()).collect();
        if network.input_dims() != [1, 3, SIDE, SIDE] || outputs != [CLASSES] {
            return Err(ModelError::Shape("this is not the presence network: its input or output has another size".into()));
        }
        Ok(Self { network, drawn: Vec::new(), input: Vec::new() })
    }

    /// Log-odds that the face with these points is live. The points must determine a face.
    pub fn look(&mut self, pyramid: &Pyramid, points: &[Point; 5], reach: Reach) -> Result<Option<f32>, ModelError> {
        let Some(window) = window(pyramid, points, reach.growth()) else { return Ok(None) };
        let step = window.width / SIDE as f32;
        let to_frame = Similarity { a: step, b: 0.0, tx: window.x + step / 2.0 - 0.5, ty: window.y + step / 2.0 - 0.5 };
        pyramid.crop(&to_frame, SIDE, ROWS, Normalisation::BYTES, &mut self.drawn);
        squeeze(&self.drawn, &mut self.input);
        let outputs = self.network.run(&self.input)?;
        let [print, live, screen] = [outputs[0][0], outputs[0][1], outputs[0][2]];
        let most = print.max(screen);
        let log_odds = live - most - ((print - most).exp() + (screen - most).exp()).ln();
        Ok(log_odds.is_finite().then_some(log_odds))
    }

    /// The mean of both reaches: what a single picture gives.
    pub fn look_twice(&mut self, pyramid: &Pyramid, points: &[Point; 5]) -> Result<Option<f32>, ModelError> {
        let mut sum = 0.0;
        for reach in Reach::BOTH {
            let Some(log_odds) = self.look(pyramid, points, reach)? else { return Ok(None) };
            sum += log_odds / Reach::BOTH.len() as f32;
        }
        Ok(Some(sum))
    }
}

/// The face's box in the frame. None where the points determine none.
fn bounds(points: &[Point; 5]) -> Option<Rect> {
    let to_frame = canonical_to_frame(points)?;
    let (middle, zoom) = (to_frame.apply(MIDDLE), to_frame.scale());
    let (width, height) = (BOX.0 * zoom, BOX.1 * zoom);
    // Edges, not pixel centres.
    Some(Rect { x: middle.x + 0.5 - width / 2.0, y: middle.y + 0.5 - height / 2.0, width, height })
}

/// How many times the face's box fits into the frame, in the direction in which it fits least often.
pub fn room(width: usize, height: usize, points: &[Point; 5]) -> Option<f32> {
    bounds(points).map(|b| (width as f32 / b.width).min(height as f32 / b.height))
}

/// The box grown about its middle, less where the frame is too small, and pushed inside the frame.
fn window(pyramid: &Pyramid, points: &[Point; 5], growth: f32) -> Option<Rect> {
    let face = bounds(points)?;
    let (w, h) = (pyramid.frame().width() as f32, pyramid.frame().height() as f32);
    let growth = growth.min(w / face.width).min(h / face.height);
    let (width, height) = (face.width * growth, face.height * growth);
    let corner = |middle: f32, size: f32, most: f32| (middle - size / 2.0).clamp(0.0, (most - size).max(0.0));
    Some(Rect { x: corner(face.centre().x, width, w), y: corner(face.centre().y, height, h), width, height })
}

/// `ROWS` rows to `SIDE`, each the mean of what it covers.
fn squeeze(drawn: &[f32], out: &mut Vec<f32>) {
    out.clear();
    let step = ROWS as f32 / SIDE as f32;
    for plane in drawn.chunks_exact(SIDE * ROWS) {
        for y in 0..SIDE {
            let (from, to) = (y as f32 * step, (y + 1) as f32 * step);
            let rows = from as usize..(to.ceil() as usize).min(ROWS);
            let start = out.len();
            out.resize(start + SIDE, 0.0);
            for row in rows {
                let share = ((row + 1) as f32).min(to) - (row as f32).max(from);
                for (o, v) in out[start..].iter_mut().zip(&plane[row * SIDE..]) {
                    *o += share / step * v;
                }
            }
        }
    }
}

/// The looks at one face of one mask state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    sum: f32,
    weight: f32,
    looks: usize,
}

impl Pool {
    pub fn add(&mut self, log_odds: f32, memory: f32) {
        if self.weight + 1.0 > memory {
            let fade = (memory - 1.0) / self.weight;
            self.sum *= fade;
            self.weight *= fade;
        }
        // One look that is very sure does not outvote the others.
        self.sum += log_odds.clamp(-12.0, 12.0);
        self.weight += 1.0;
        self.looks += 1;
    }

    pub fn looks(&self) -> usize {
        self.looks
    }

    /// None before the first look.
    pub fn mean(&self) -> Option<f32> {
        (self.looks > 0).then(|| self.sum / self.weight)
    }
}

/// What a score means at these thresholds.
pub fn judged(score: Option<f32>, params: &PresenceParams) -> Verdict {
    match score {
        None => Verdict::Unsure,
        Some(score) if score < params.refuse => Verdict::Attack,
        Some(_) => Verdict::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::align::CANONICAL;
    use crate::face::frame::Frame;

    #[test]
    fn the_window_stays_inside_the_frame_and_keeps_its_shape() {
        let px = vec![0u8; 300 * 200 * 4];
        let pyramid = Pyramid::new(Frame::new(&px, 300, 200, 0.0).unwrap());
        for (dx, dy) in [(0.0, 0.0), (150.0, 60.0), (-40.0, 90.0)] {
            let points = CANONICAL.map(|p| Point::new(p.x + dx, p.y + dy));
            for growth in [1.2, 2.7, 4.0] {
                let w = window(&pyramid, &points, growth).unwrap();
                assert!(w.x >= 0.0 && w.y >= 0.0 && w.x + w.width <= 300.01 && w.y + w.height <= 200.01, "{w:?}");
                assert!((w.height / w.width - BOX.1 / BOX.0).abs() < 1e-3);
            }
        }
        assert!((room(300, 200, &CANONICAL).unwrap() - 200.0 / BOX.1).abs() < 0.01);
    }

    #[test]
    fn squeezing_keeps_a_slope_and_its_mean() {
        let drawn: Vec<f32> = (0..3 * ROWS * SIDE).map(|i| (i / SIDE % ROWS) as f32).collect();
        let mut out = Vec::new();
        squeeze(&drawn, &mut out);
        assert_eq!(out.len(), 3 * SIDE * SIDE);
        let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
        assert!((mean(&drawn) - mean(&out)).abs() < 1e-2);
        assert!((out[40 * SIDE] - (40.5 * 1.35 - 0.5)).abs() < 0.2);
    }

    #[test]
    fn a_score_is_the_share_of_live_people_below() {
        let curve = PresenceCalibration::curve((0..200).map(|i| i as f32 / 10.0).collect()).unwrap();
        let c = PresenceCalibration { bare: curve.clone(), masked: curve };
        assert!(c.is_sound());
        assert_eq!(c.score(MaskState::Bare, -50.0), 0.0);
        assert!((c.score(MaskState::Masked, 10.0) - 0.5).abs() < 0.02);
        assert_eq!(c.score(MaskState::Bare, 99.0), 1.0);
        assert_eq!(PresenceCalibration::curve(vec![1.0; 19]), None);
    }

    #[test]
    fn one_very_sure_look_does_not_outvote_the_others_and_old_looks_fade() {
        let mut pool = Pool::default();
        assert_eq!(pool.mean(), None);
        for _ in 0..40 {
            pool.add(2.0, 10.0);
        }
        pool.add(-1e6, 10.0);
        assert!(pool.mean().unwrap() > 0.0);
        for _ in 0..40 {
            pool.add(-2.0, 10.0);
        }
        assert!((pool.mean().unwrap() + 2.0).abs() < 0.1);
    }

    #[test]
    fn thresholds_out_of_range_are_named() {
        assert_eq!(PresenceParams::default().fault(), None);
        for refuse in [-0.1, 0.9, f32::NAN] {
            assert!(PresenceParams { refuse, ..PresenceParams::default() }.fault().is_some());
        }
        assert!(PresenceParams { every: 0, ..PresenceParams::default() }.fault().is_some());
    }
}
