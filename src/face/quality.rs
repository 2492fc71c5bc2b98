//! Whether a face can be recognised at all, and what is in the way.

use serde::Serialize;

use crate::face::align::{CANONICAL_SIDE, Normalisation, Pyramid, Window};
use crate::face::geometry::{Point, Similarity};
use crate::face::landmarks::Look;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// 0 hopeless .. 1 as good as a camera gets.
    pub score: f32,
    /// Side of the canonical face in pixels of the frame: about 2.5 times the width of the face's eyes and cheeks.
    pub face_px: f32,
    /// Share of the fine detail in the detail around the eyes, 0..1 and more; blur takes the fine one first.
    pub sharpness: f32,
    /// Mean brightness around the eyes, 0..255.
    pub brightness: f32,
    /// Degrees, from the points: positive when the subject turns to the picture's right.
    pub yaw: f32,
    /// Degrees, from the points: positive when the subject looks down.
    pub pitch: f32,
    /// Degrees, clockwise on the screen.
    pub roll: f32,
    /// How far the points are expected to be off, as a share of the canonical face's side.
    pub spread: f32,
    /// Share of the window around the eyes that lies outside the frame.
    pub outside: f32,
    /// How much of the eyes' places is as dark as glasses that nothing is seen through, 0..1: see [`hidden`].
    pub hidden: f32,
    /// What is most in the way of recognition, if anything is.
    pub problem: Option<Problem>,
    /// What is to be changed before this is good enough to be enrolled, if anything is.
    pub shortcoming: Option<Problem>,
}

impl Quality {
    /// Whether a template of this face says if it is a person's: what hides or blurs a face hides what makes it one, of a small one there is
    /// only less.
    pub fn tells_people(&self) -> bool {
        matches!(self.problem, None | Some(Problem::TooSmall))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "QualityProblem"))]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    TooSmall,
    TooBlurred,
    TooDark,
    TooBright,
    TurnedAway,
    CutOff,
    /// Dark glasses, or the brim of a hat.
    EyesHidden,
    /// Something before the face, such as a hand: where its points are is a guess.
    PointsUnsure,
}

/// From where on a face is refused.
#[derive(Clone, Copy, Debug)]
pub struct QualityParams {
    /// Below this many pixels eyes are a few dots.
    pub least_px: f32,
    pub least_sharpness: f32,
    pub least_brightness: f32,
    pub most_brightness: f32,
    /// Degrees. Beyond it one eye is hidden and the points are guesses.
    pub most_yaw: f32,
    pub most_pitch: f32,
    /// Share of the window around the eyes that may lie outside the frame.
    pub most_outside: f32,
    /// Share of the eyes' places that may be as dark as sunglasses.
    pub most_hidden: f32,
    /// The points may be expected to be off by so much of the canonical face's side.
    pub most_spread: f32,
}

/// Of 599 selfies in sunglasses of every kind (tinted, mirrored, pushed up), 36 % are above it: the opaque ones. Of 1,300 faces of
/// UTKFace 0.5 %, half of which wear sunglasses, and of LFW's 0.4 %.
const MOST_HIDDEN: f32 = 0.53;
/// Eyes that were hidden a moment ago are so still from here on: glasses do not come off and on while a head moves, and a highlight on
/// them is no eye. Of 500 bare faces of LFW 2.4 % are above it, of 275 of the validation set 1.1 %.
const STILL_HIDDEN: f32 = 0.35;
/// Light on brow and nose, 0..255, from which on shadows can be told from glasses.
const LEAST_LIGHT: f32 = 48.0;
/// An enrolment whose score is lower says what would make it better.
const GOOD: f32 = 0.55;

impl QualityParams {
    /// For a probe: only what cannot be recognised is refused.
    pub const PROBE: Self = Self {
        least_px: 36.0,
        least_sharpness: 0.064,
        least_brightness: 12.0,
        most_brightness: 245.0,
        most_yaw: 50.0,
        most_pitch: 45.0,
        most_outside: 0.3,
        most_hidden: MOST_HIDDEN,
        // A probe that is laid badly resembles nobody: it costs a frame, not a reference.
        most_spread: f32::INFINITY,
    };
    /// For an enrolment, on which every later comparison rests.
    pub const ENROL: Self = Self {
        least_px: 80.0,
        // A perfectly smooth slope has 0.0625, sharp portraits 0.12 and more.
        least_sharpness: 0.072,
        // A face before a window that is dimmer than this has less than half of the range that the networks were trained with.
        least_brightness: 36.0,
        most_brightness: 235.0,
        most_yaw: 25.0,
        most_pitch: 25.0,
        most_outside: 0.1,
        most_hidden: MOST_HIDDEN,
        // Every one of 352 bare upright faces of LFW passes; a bar across the eyes does in half the cases, a face cut off at the eyes in
        // none. Nine in ten masked faces of the hardest selfies pass.
        most_spread: 0.024,
    };
}

/// Where a face is measured: what of it is free above a mask.
const EYES: Window = Window { width: 112, height: 64, centre: Point::new(56.0, 12.0 + 32.0 / 1.2), zoom: 1.2 };

/// Measures the face that `look` saw, whose canonical frame lies where `canonical_to_frame` says.
pub fn measure(pyramid: &Pyramid, look: &Look, canonical_to_frame: &Similarity, params: &QualityParams) -> Quality {
    let mut planes = Vec::new();
    pyramid.window(&EYES, canonical_to_frame, Normalisation::BYTES, &mut planes);
    let plane = EYES.width * EYES.height;
    let luma: Vec<f32> = (0..plane).map(|i| 0.299 * planes[i] + 0.587 * planes[plane + i] + 0.114 * planes[2 * plane + i]).collect();
    let brightness = luma.iter().sum::<f32>() / plane as f32;
    let (yaw, pitch, roll) = pose(&look.detection.points);
    let mut quality = Quality {
        score: 0.0,
        face_px: CANONICAL_SIDE * canonical_to_frame.scale(),
        sharpness: sharpness(&luma, EYES.width),
        brightness,
        yaw,
        pitch,
        roll,
        spread: look.spread,
        outside: outside(pyramid, canonical_to_frame),
        hidden: hidden(&luma),
        problem: None,
        shortcoming: None,
    };
    quality.score = score(&quality);
    quality.judge(params);
    quality
}

impl QualityParams {
    /// The same for a face that is followed, whose eyes are hidden unless it is seen clearly that they are not.
    pub fn followed(self, cautious: bool) -> Self {
        if cautious { Self { most_hidden: STILL_HIDDEN, ..self } } else { self }
    }
}

impl Quality {
    /// Says anew what is in the way, after a measure has changed.
    pub fn judge(&mut self, params: &QualityParams) {
        self.problem = judged(self, params);
        self.shortcoming = judged(self, &QualityParams::ENROL).or_else(|| (self.score < GOOD).then(|| weakest(self)));
    }
}

/// What is most in the way by these limits.
pub fn judged(q: &Quality, p: &QualityParams) -> Option<Problem> {
    [
        (q.face_px < p.least_px, Problem::TooSmall),
        (q.outside > p.most_outside, Problem::CutOff),
        (q.brightness < p.least_brightness, Problem::TooDark),
        (q.brightness > p.most_brightness, Problem::TooBright),
        (q.yaw.abs() > p.most_yaw || q.pitch.abs() > p.most_pitch, Problem::TurnedAway),
        (q.hidden > p.most_hidden, Problem::EyesHidden),
        (q.sharpness < p.least_sharpness, Problem::TooBlurred),
        (q.spread > p.most_spread, Problem::PointsUnsure),
    ]
    .into_iter()
    .find_map(|(is, problem)| is.then_some(problem))
}

/// Each property as a ramp from useless to good.
fn parts(q: &Quality) -> [(f32, Problem); 5] {
    let ramp = |v: f32, bad: f32, good: f32| ((v - bad) / (good - bad)).clamp(0.0, 1.0);
    [
        (ramp(q.face_px, 16.0, 110.0).sqrt(), Problem::TooSmall),
        (ramp(q.brightness, 5.0, 60.0), Problem::TooDark),
        (ramp(q.brightness, 255.0, 215.0), Problem::TooBright),
        (ramp(q.yaw.abs(), 60.0, 10.0) * ramp(q.pitch.abs(), 60.0, 12.0), Problem::TurnedAway),
        (ramp(q.sharpness, 0.0, 0.12).sqrt(), Problem::TooBlurred),
    ]
}

fn score(q: &Quality) -> f32 {
    parts(q).iter().map(|(part, _)| part).product()
}

/// What lowers the score most.
fn weakest(q: &Quality) -> Problem {
    parts(q).into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(Problem::TooBlurred, |(_, problem)| problem)
}

/// How much of both eyes' places is as dark as opaque glasses make it: the lesser of the two sides' shares of pixels with less than 0.4
/// of the light that falls on brow and nose between them. `luma`: the window around the eyes.
///
/// Brows, lashes and pupils take a tenth of the place, deep shadows a third; a lens takes half and more. In the dark, where shadows
/// are as black as glasses, it is 0: that it is dark is said then.
fn hidden(luma: &[f32]) -> f32 {
    const ROWS: std::ops::Range<usize> = 36..EYES.height;
    let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        rows.flat_map(move |y| luma[y * EYES.width..][columns.clone()].iter().copied()).collect::<Vec<f32>>()
    };
    let mut between = part(4..EYES.height, 46..66);
    let at = between.len() * 7 / 10;
    let (_, light, _) = between.select_nth_unstable_by(at, f32::total_cmp);
    if *light < LEAST_LIGHT {
        return 0.0;
    }
    let dark = 0.4 * *light;
    [14..52, 60..98]
        .map(|columns| part(ROWS, columns))
        .map(|side| side.iter().filter(|l| **l < dark).count() as f32 / side.len() as f32)
        .into_iter()
        .fold(1.0, f32::min)
}

/// Energy between neighbouring pixels over the energy between pixels four apart: detail over structure, so that neither
/// light nor contrast counts.
fn sharpness(luma: &[f32], width: usize) -> f32 {
    let energy = |step: usize| {
        let rows = luma.chunks_exact(width).flat_map(|row| row.iter().zip(&row[step..]).map(|(a, b)| (a - b) * (a - b)));
        let (sum, n) = rows.fold((0.0, 0), |(s, n), d| (s + d, n + 1));
        sum / n as f32
    };
    energy(1) / (energy(4) + 1.0)
}

/// Yaw, pitch and roll in degrees from five points. Coarse: it tells frontal from turned, no more.
fn pose(points: &[Point; 5]) -> (f32, f32, f32) {
    let [right, left, nose, mouth_right, mouth_left] = *points;
    let (eyes, mouth) = (right.middle(left), mouth_right.middle(mouth_left));
    let across = right.distance(left).max(1e-3);
    let along = Point::new((left.x - right.x) / across, (left.y - right.y) / across);
    let from_eyes = |p: Point| {
        let d = Point::new(p.x - eyes.x, p.y - eyes.y);
        (d.x * along.x + d.y * along.y, d.y * along.x - d.x * along.y)
    };
    let ((aside, down), (_, mouth_down)) = (from_eyes(nose), from_eyes(mouth));
    // The tip of the nose stands out by about 0.6 of the distance between the eyes.
    let yaw = (aside / (0.6 * across)).atan().to_degrees();
    // On the canonical face the nose lies at 0.495 of the way from eyes to mouth.
    let pitch = (down / mouth_down.max(0.2 * across) - 0.495) * 120.0;
    (yaw, pitch, along.y.atan2(along.x).to_degrees())
}

/// Share of the window around the eyes that lies outside the frame, by a grid of looks.
fn outside(pyramid: &Pyramid, canonical_to_frame: &Similarity) -> f32 {
    let to_frame = EYES.to_canonical().then(canonical_to_frame);
    let (w, h) = (pyramid.frame().width() as f32, pyramid.frame().height() as f32);
    let looks = 8;
    let at = |i: usize, n: usize| (i as f32 + 0.5) / looks as f32 * n as f32;
    let out = (0..looks * looks)
        .map(|i| to_frame.apply(Point::new(at(i % looks, EYES.width), at(i / looks, EYES.height))))
        .filter(|p| p.x < 0.0 || p.y < 0.0 || p.x > w - 1.0 || p.y > h - 1.0);
    out.count() as f32 / (looks * looks) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::align::{CANONICAL, canonical_to_frame};
    use crate::face::detect::Detection;
    use crate::face::frame::Frame;
    use crate::face::geometry::Rect;

    fn measured(px: &[u8], side: usize, points: [Point; 5], params: &QualityParams) -> Quality {
        let pyramid = Pyramid::new(Frame::new(px, side, side, 0.0).unwrap());
        measure(&pyramid, &look(points, 0.01), &canonical_to_frame(&points).unwrap(), params)
    }

    fn look(points: [Point; 5], spread: f32) -> Look {
        let detection = Detection { rect: Rect::default(), points, score: 1.0 };
        Look { detection, face: 1.0, mask: [1.0, 0.0, 0.0], spread }
    }

    fn noise(side: usize, most: u32) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (state >> 24) * most / 255
        };
        (0..side * side).flat_map(|_| [next() as u8; 4]).collect()
    }

    fn at(x: f32, y: f32, k: f32) -> [Point; 5] {
        CANONICAL.map(|p| Point::new(x + k * p.x, y + k * p.y))
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let sharp = noise(300, 255);
        let p = &QualityParams::ENROL;
        assert_eq!(measured(&sharp, 300, at(50.0, 50.0, 1.5), p).problem, None);
        assert_eq!(measured(&sharp, 300, at(50.0, 50.0, 0.3), p).problem, Some(Problem::TooSmall));
        assert_eq!(measured(&sharp, 300, at(-90.0, 50.0, 1.5), p).problem, Some(Problem::CutOff));
        assert_eq!(measured(&noise(300, 20), 300, at(50.0, 50.0, 1.5), p).problem, Some(Problem::TooDark));
        let smooth: Vec<u8> = (0..300 * 300).flat_map(|i| [(60 + i % 300 / 3) as u8; 4]).collect();
        assert_eq!(
            measured(&smooth, 300, at(50.0, 50.0, 1.5), &QualityParams { least_sharpness: 0.1, ..*p }).problem,
            Some(Problem::TooBlurred)
        );
    }

    #[test]
    fn points_that_may_be_anywhere_spoil_an_enrolment_and_not_a_probe() {
        let sharp = noise(300, 255);
        let pyramid = Pyramid::new(Frame::new(&sharp, 300, 300, 0.0).unwrap());
        let points = at(50.0, 50.0, 1.5);
        let to_frame = canonical_to_frame(&points).unwrap();
        let problem = |spread, params| measure(&pyramid, &look(points, spread), &to_frame, params).problem;
        assert_eq!(problem(0.02, &QualityParams::ENROL), None);
        assert_eq!(problem(0.05, &QualityParams::ENROL), Some(Problem::PointsUnsure));
        assert_eq!(problem(0.05, &QualityParams::PROBE), None);
    }

    /// Grey skin with brows and pupils; `lens` from that row of the window on.
    fn eyes(lens: Option<usize>) -> Vec<f32> {
        let near = |x: usize, y: usize, at: (f32, f32), r: f32| (x as f32 - at.0).hypot(y as f32 - at.1) < r;
        (0..EYES.height * EYES.width)
            .map(|i| (i % EYES.width, i / EYES.width))
            .map(|(x, y)| match lens {
                Some(top) if y >= top && (14..52).contains(&x) | (60..98).contains(&x) => 20.0,
                _ if near(x, y, (34.8, 47.6), 4.0) || near(x, y, (77.0, 47.4), 4.0) || (37..40).contains(&y) => 30.0,
                _ => 120.0,
            })
            .collect()
    }

    #[test]
    fn opaque_glasses_hide_the_eyes_and_brows_and_pupils_do_not() {
        assert!(hidden(&eyes(None)) < 0.25);
        assert!(hidden(&eyes(Some(40))) > MOST_HIDDEN);
        // In the dark everything is dark, and nothing is hidden by it.
        assert_eq!(hidden(&eyes(Some(40)).iter().map(|l| l / 4.0).collect::<Vec<_>>()), 0.0);
    }

    #[test]
    fn what_would_make_a_face_good_enough_is_named_also_where_no_single_limit_is_passed() {
        let good = measured(&noise(300, 255), 300, at(50.0, 50.0, 1.5), &QualityParams::PROBE);
        assert_eq!((good.problem, good.shortcoming), (None, None));
        let mut dim = Quality { brightness: 30.0, ..good };
        dim.score = score(&dim);
        dim.judge(&QualityParams::PROBE);
        assert_eq!((dim.problem, dim.shortcoming), (None, Some(Problem::TooDark)));
        let mut middling = Quality { face_px: 82.0, brightness: 40.0, yaw: 18.0, ..good };
        middling.score = score(&middling);
        middling.judge(&QualityParams::PROBE);
        assert_eq!(middling.shortcoming, Some(Problem::TooDark));
    }

    #[test]
    fn a_frontal_face_has_no_yaw_and_a_nose_aside_has() {
        let (yaw, pitch, roll) = pose(&CANONICAL);
        assert!(yaw.abs() < 1.0 && pitch.abs() < 1.0 && roll.abs() < 1.0, "{yaw} {pitch} {roll}");
        let mut turned = CANONICAL;
        turned[2].x += 20.0;
        assert!(pose(&turned).0 > 30.0);
        let mut down = CANONICAL;
        down[2].y += 12.0;
        assert!(pose(&down).1 > 20.0);
    }

    #[test]
    fn a_larger_face_has_the_better_score() {
        let sharp = noise(300, 255);
        let score = |k| measured(&sharp, 300, at(10.0, 10.0, k), &QualityParams::PROBE).score;
        assert!(score(1.2) > score(0.5) && score(0.5) > score(0.3));
    }
}
