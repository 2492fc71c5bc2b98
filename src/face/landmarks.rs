//! The second look: on an upright crop around a face a small network says where the five points are, how sure it is of
//! each, whether this is a face at all, and whether it wears a mask.
//!
//! It learned the points on bare faces and then had masks drawn over them, so that it says where a covered nose and mouth
//! are; a detector trained on bare faces takes the mask's edge for the mouth.

use crate::face::align::{CANONICAL_SIDE, Normalisation, Pyramid, Window, canonical_to_frame, mirror};
use crate::face::detect::Detection;
use crate::face::geometry::{Point, Rect, Similarity};
use crate::face::mask::probabilities;
use crate::model::{ModelError, Network};

/// What a second look at a face says.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// With the points of the second look and the box they imply; the score is the one it came with.
    pub detection: Detection,
    /// Probability that this is a face at all, 0..1.
    pub face: f32,
    /// Probabilities in the order of [`crate::face::mask::MaskState::ALL`].
    pub mask: [f32; 3],
    /// How far the points are expected to be off, as a share of the canonical face's side.
    pub spread: f32,
}

/// As the network was trained.
const NORMALISATION: Normalisation = Normalisation::alike(127.5, 128.0);
/// Side of the crop in its pixels.
const SIDE: usize = 96;
/// The crop reaches over 144 pixels of the canonical face, around a point between nose and mouth (half a pixel more: the
/// network was trained with pixel centres at whole numbers).
const WINDOW: Window = Window { width: SIDE, height: SIDE, centre: Point::new(56.75, 72.75), zoom: SIDE as f32 / 144.0 };
/// The box of a face, on the canonical face: centre and side.
const BOX: (Point, f32) = (Point::new(56.0, 66.0), 92.0);
/// Points x and y, spreads, face, mask.
const SIZES: [usize; 4] = [10, 5, 1, 3];

pub struct Landmarker {
    network: Network,
    /// Below this probability there is no face.
    pub least_face: f32,
    input: Vec<f32>,
}

/// How carefully to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Once: for a face that hardly moved since the last look.
    Glance,
    /// From rough points, and again from the ones found.
    Twice,
    /// The same, each time in the mirror too.
    Mirrored,
}

impl Landmarker {
    /// `network` takes 1 x 3 x 96 x 96 RGB, (x - 127.5) / 128, and gives points, spreads, face and mask.
    pub fn new(network: Network) -> Result<Self, ModelError> {
        let sizes: Vec<usize> = network.outputs().iter().map(|o| o.dims.iter().product()).collect();
        if network.input_dims() != [1, 3, SIDE, SIDE] || sizes != SIZES {
            return Err(ModelError::other_sizes("this is not the landmark network: its input or outputs have other sizes"));
        }
        Ok(Self { network, least_face: 0.7, input: Vec::new() })
    }

    /// None where there is no face after all.
    pub fn look(&mut self, pyramid: &Pyramid, face: &Detection, care: Care) -> Result<Option<Look>, ModelError> {
        let mut points = face.points;
        if care != Care::Glance {
            let Some(first) = self.from(pyramid, &points, face.score, care)? else { return Ok(None) };
            points = first.detection.points;
        }
        Ok(self.from(pyramid, &points, face.score, care)?.filter(|l| l.face >= self.least_face))
    }

    fn from(&mut self, pyramid: &Pyramid, points: &[Point; 5], score: f32, care: Care) -> Result<Option<Look>, ModelError> {
        let Some(to_frame) = canonical_to_frame(points) else { return Ok(None) };
        let crop_to_frame = WINDOW.to_canonical().then(&to_frame);
        pyramid.crop(&crop_to_frame, SIDE, SIDE, NORMALISATION, &mut self.input);
        let seen = self.run(false)?;
        if care != Care::Mirrored {
            return Ok(look(&seen, score, &crop_to_frame));
        }
        mirror(&mut self.input, SIDE);
        let twin = self.run(true)?;
        Ok(look(&seen.mean(&twin), score, &crop_to_frame))
    }

    fn run(&mut self, mirrored: bool) -> Result<Raw, ModelError> {
        let outputs = self.network.run(&self.input)?;
        let mut points: [Point; 5] = std::array::from_fn(|i| Point::new(outputs[0][2 * i], outputs[0][2 * i + 1]));
        if mirrored {
            points.iter_mut().for_each(|p| p.x = 1.0 - p.x);
            points.swap(0, 1);
            points.swap(3, 4);
        }
        let spread = outputs[1].iter().map(|s| s.exp()).sum::<f32>() / 5.0;
        let face = 1.0 / (1.0 + (-outputs[2][0]).exp());
        let m = outputs[3];
        Ok(Raw { points, spread, face, mask: probabilities([m[0], m[1], m[2]]) })
    }
}

/// One answer of the network; points and spread in 0..1 of the crop's side.
struct Raw {
    points: [Point; 5],
    spread: f32,
    face: f32,
    mask: [f32; 3],
}

impl Raw {
    fn mean(&self, other: &Self) -> Self {
        Self {
            points: std::array::from_fn(|i| self.points[i].middle(other.points[i])),
            spread: (self.spread + other.spread) / 2.0,
            face: (self.face + other.face) / 2.0,
            mask: std::array::from_fn(|i| (self.mask[i] + other.mask[i]) / 2.0),
        }
    }
}

/// None where the points determine no face.
fn look(raw: &Raw, score: f32, crop_to_frame: &Similarity) -> Option<Look> {
    let points = raw.points.map(|p| crop_to_frame.apply(Point::new(p.x * SIDE as f32 - 0.5, p.y * SIDE as f32 - 0.5)));
    let to_frame = canonical_to_frame(&points)?;
    let (centre, side) = (to_frame.apply(BOX.0), BOX.1 * to_frame.scale());
    let rect = Rect { x: centre.x - side / 2.0, y: centre.y - side / 2.0, width: side, height: side };
    let detection = Detection { rect, points, score };
    let spread = raw.spread * SIDE as f32 * crop_to_frame.scale() / (CANONICAL_SIDE * to_frame.scale());
    (raw.face.is_finite() && spread.is_finite()).then_some(Look { detection, face: raw.face, mask: raw.mask, spread })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::align::CANONICAL;

    #[test]
    fn the_crop_holds_the_canonical_face_where_the_network_learned_it() {
        // The training has a canonical point p at (p - (56, 72)) * 96 / 144 + 47.5.
        let back = WINDOW.to_canonical().inverse();
        for p in CANONICAL {
            let q = back.apply(p);
            let learned = Point::new((p.x - 56.0) * 96.0 / 144.0 + 47.5, (p.y - 72.0) * 96.0 / 144.0 + 47.5);
            assert!(q.distance(learned) < 1e-3, "{q:?} {learned:?}");
        }
    }

    #[test]
    fn a_mirrored_answer_is_the_same_face() {
        let back = WINDOW.to_canonical().inverse();
        let points = CANONICAL.map(|p| back.apply(p)).map(|p| Point::new((p.x + 0.5) / 96.0, (p.y + 0.5) / 96.0));
        let raw = Raw { points, spread: 0.01, face: 0.9, mask: [1.0, 0.0, 0.0] };
        let look = look(&raw, 0.9, &WINDOW.to_canonical()).unwrap();
        for (p, q) in look.detection.points.iter().zip(CANONICAL) {
            assert!(p.distance(q) < 1e-3);
        }
        assert!((look.detection.rect.width - 92.0).abs() < 0.1);
        assert!((look.spread - 0.01 * 144.0 / 112.0).abs() < 1e-4);
    }
}
