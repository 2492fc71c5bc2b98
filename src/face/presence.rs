//! Whether somebody is there, as far as looking can tell: presentation-attack detection without asking for anything
//! (ISO/IEC 30107 calls it passive).
//!
//! A small network sees the face with its surroundings, at two scales, and says print, live or screen. Its log-odds are pooled
//! over a track, apart for bare and masked faces, and a curve says what they mean.
//!
//! [Note: the presence score] A score is the share of live people, of the same mask state, whose pooled log-odds are no higher: a
//! threshold of 0.05 refuses one live picture in twenty. The curves were measured by `examples/pad.rs` and lie in the manifest.

use serde::{Deserialize, Serialize};

use crate::face::align::{Normalisation, Pyramid, canonical_to_frame};
use crate::face::frame::Frame;
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
/// The crop is drawn so many times finer and averaged, as in the training: drawn at once it is softer, and a soft live face resembles a print.
const FINER: usize = 2;
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
        Self { refuse: 0.12, least_room: 1.45, looks: 2, every: 5, memory: 12.0 }
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
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "PresenceVerdict"))]
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
            return Err(ModelError::other_sizes("this is not the presence network: its input or output has another size"));
        }
        Ok(Self { network, drawn: Vec::new(), input: Vec::new() })
    }

    /// Log-odds that the face with these points is live. The points must determine a face.
    pub fn look(&mut self, pyramid: &Pyramid, points: &[Point; 5], reach: Reach) -> Result<Option<f32>, ModelError> {
        let Some(window) = window(pyramid, points, reach.growth()) else { return Ok(None) };
        let step = window.width / (SIDE * FINER) as f32;
        let to_frame = Similarity { a: step, b: 0.0, tx: window.x + step / 2.0 - 0.5, ty: window.y + step / 2.0 - 0.5 };
        pyramid.crop(&to_frame, SIDE * FINER, ROWS * FINER, Normalisation::BYTES, &mut self.drawn);
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

/// How many times the face's box fits into what the frame shows, in the direction in which it fits least often.
pub fn room(frame: &Frame, points: &[Point; 5]) -> Option<f32> {
    let shown = shown(frame);
    bounds(points).map(|b| (shown.width / b.width).min(shown.height / b.height))
}

/// The frame without black bars at its sides, which a camera that stands upright or a programme adds: what is beside the face in them
/// was never before the camera, and a picture between black bars looks like a phone.
fn shown(frame: &Frame) -> Rect {
    let (w, h) = (frame.width(), frame.height());
    let black = |x: usize, y: usize| frame.rgba()[4 * (y * w + x)..][..3].iter().all(|v| *v <= BLACK);
    let column = |x: &usize| (0..h).step_by(2).all(|y| black(*x, y));
    let row = |y: &usize| (0..w).step_by(2).all(|x| black(x, *y));
    let left = (0..w / 2).take_while(column).count();
    let right = (w / 2..w).rev().take_while(column).count();
    let top = (0..h / 2).take_while(row).count();
    let bottom = (h / 2..h).rev().take_while(row).count();
    Rect { x: left as f32, y: top as f32, width: (w - left - right) as f32, height: (h - top - bottom) as f32 }
}

/// A bar's brightest value: video has black at 16 or at 0, and compression rings. A dark room has more noise than that.
const BLACK: u8 = 20;

/// The box grown about its middle, less where what the frame shows is too small, and pushed inside that.
fn window(pyramid: &Pyramid, points: &[Point; 5], growth: f32) -> Option<Rect> {
    let (face, shown) = (bounds(points)?, shown(&pyramid.frame()));
    let growth = growth.min(shown.width / face.width).min(shown.height / face.height);
    let (width, height) = (face.width * growth, face.height * growth);
    let corner = |middle: f32, size: f32, from: f32, length: f32| (middle - size / 2.0).clamp(from, from + (length - size).max(0.0));
    Some(Rect {
        x: corner(face.centre().x, width, shown.x, shown.width),
        y: corner(face.centre().y, height, shown.y, shown.height),
        width,
        height,
    })
}

/// `ROWS` rows of `SIDE` pixels, each drawn `FINER` times finer, to `SIDE` rows, each the mean of what it covers.
fn squeeze(drawn: &[f32], out: &mut Vec<f32>) {
    out.clear();
    let (step, fine) = ((ROWS * FINER) as f32 / SIDE as f32, SIDE * FINER);
    for plane in drawn.chunks_exact(fine * ROWS * FINER) {
        for y in 0..SIDE {
            let (from, to) = (y as f32 * step, (y + 1) as f32 * step);
            let rows = from as usize..(to.ceil() as usize).min(ROWS * FINER);
            let start = out.len();
            out.resize(start + SIDE, 0.0);
            for row in rows {
                let share = ((row + 1) as f32).min(to) - (row as f32).max(from);
                for (o, v) in out[start..].iter_mut().zip(plane[row * fine..].chunks_exact(FINER)) {
                    *o += share / step / FINER as f32 * v.iter().sum::<f32>();
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

    #[test]
    fn the_window_stays_inside_the_frame_and_keeps_its_shape() {
        let px = vec![90u8; 300 * 200 * 4];
        let pyramid = Pyramid::new(Frame::new(&px, 300, 200, 0.0).unwrap());
        for (dx, dy) in [(0.0, 0.0), (150.0, 60.0), (-40.0, 90.0)] {
            let points = CANONICAL.map(|p| Point::new(p.x + dx, p.y + dy));
            for growth in [1.2, 2.7, 4.0] {
                let w = window(&pyramid, &points, growth).unwrap();
                assert!(w.x >= 0.0 && w.y >= 0.0 && w.x + w.width <= 300.01 && w.y + w.height <= 200.01, "{w:?}");
                assert!((w.height / w.width - BOX.1 / BOX.0).abs() < 1e-3);
            }
        }
        assert!((room(&pyramid.frame(), &CANONICAL).unwrap() - 200.0 / BOX.1).abs() < 0.01);
    }

    #[test]
    fn black_bars_are_no_surroundings() {
        let mut px = vec![12u8; 300 * 200 * 4];
        for (i, p) in px.chunks_exact_mut(4).enumerate() {
            if (60..200).contains(&(i % 300)) && i / 300 >= 20 {
                p.fill(90);
            }
        }
        let frame = Frame::new(&px, 300, 200, 0.0).unwrap();
        assert_eq!(shown(&frame), Rect { x: 60.0, y: 20.0, width: 140.0, height: 180.0 });
        let points = CANONICAL.map(|p| Point::new(p.x + 60.0, p.y + 40.0));
        assert!((room(&frame, &points).unwrap() - 180.0 / BOX.1).abs() < 0.01);
        let w = window(&Pyramid::new(frame), &points, 4.0).unwrap();
        assert!(w.x >= 60.0 && w.y >= 20.0 && w.x + w.width <= 200.01, "{w:?}");
        // Nothing but black is a frame of no width, and nobody is in it.
        let dark = vec![0u8; 300 * 200 * 4];
        assert_eq!(room(&Frame::new(&dark, 300, 200, 0.0).unwrap(), &points), Some(0.0));
    }

    #[test]
    fn squeezing_keeps_a_slope_and_its_mean() {
        let drawn: Vec<f32> =
            (0..3 * ROWS * SIDE * FINER * FINER).map(|i| (i / (SIDE * FINER) % (ROWS * FINER)) as f32 / FINER as f32).collect();
        let mut out = Vec::new();
        squeeze(&drawn, &mut out);
        assert_eq!(out.len(), 3 * SIDE * SIDE);
        let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
        assert!((mean(&drawn) - mean(&out)).abs() < 1e-2);
        assert!((out[40 * SIDE] - (40.5 * 1.35 - 0.25)).abs() < 0.2);
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
