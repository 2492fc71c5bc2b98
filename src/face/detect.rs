//! Where the faces are: a small network of our own, which learned masks and small and turned faces.
//!
//! The network finds faces from about 12 to 190 pixels of its input, so a frame is looked at in several sizes: small for
//! faces that fill it, large for small ones. What it finds is a proposal: the second look (landmarks.rs) places the points
//! and says whether it is a face.

use std::collections::BTreeMap;

use crate::face::align::{CANONICAL, CANONICAL_SIDE, Normalisation, Pyramid};
use crate::face::geometry::{Point, Rect, Similarity};
use crate::few;
use crate::model::{ModelError, Network};

/// A face: its box from brow to chin, five points in the order of [`CANONICAL`], and how sure the detector is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    pub rect: Rect,
    pub points: [Point; 5],
    /// 0..1.
    pub score: f32,
}

/// Exactly -1..1.
const NORMALISATION: Normalisation = Normalisation::alike(127.5, 127.5);

/// What the detector believes and how far it searches.
#[derive(Clone, Copy, Debug)]
pub struct DetectParams {
    /// Below this there is no face. Of 268 tightly framed masked faces one look at this score misses 3 in 100; other sizes
    /// and borders find most of those, and the second look throws out what is none.
    pub score: f32,
    /// Two boxes are one face from this overlap (over the smaller of the two) on.
    pub same_face: f32,
    /// Longer sides of the network's input for a still picture. A size at which the picture would only be blown up is left
    /// out, but for the first two.
    pub still: [usize; 4],
}

impl Default for DetectParams {
    fn default() -> Self {
        Self { score: 0.3, same_face: 0.5, still: [128, 256, 512, 1024] }
    }
}

/// The network's input is a multiple of this in both directions.
const GRID: usize = 16;
/// Anchors lie on two grids: pixels between them.
const GRIDS: [usize; 2] = [8, 16];
/// Networks planned for one input size each are kept, but no more than this: photographs come in many shapes.
const MOST_PLANS: usize = 8;
/// Values for one anchor: centre, size and four points.
const VALUES: usize = 12;

pub struct Detector {
    model: Vec<u8>,
    plans: BTreeMap<(usize, usize), Network>,
    pub params: DetectParams,
    input: Vec<f32>,
}

/// A part of the frame as the network sees it: the size of its input, and where that lies in the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    width: usize,
    height: usize,
    to_frame: Similarity,
}

impl Region {
    /// The whole frame and a border of `pad` of its longer side, turned by `angle` (radians), `longer` pixels of input on
    /// the longer side. A turned frame is seen in a square.
    pub fn whole(pyramid: &Pyramid, longer: usize, pad: f32, angle: f32) -> Self {
        let frame = pyramid.frame();
        let (w, h) = (frame.width() as f32, frame.height() as f32);
        let side = w.max(h) * (1.0 + 2.0 * pad);
        let scale = side / longer as f32;
        let size = |length: f32| match angle {
            0.0 => (((length + 2.0 * pad * w.max(h)) / scale / GRID as f32).ceil() as usize).clamp(2, longer.div_ceil(GRID)) * GRID,
            _ => longer.div_ceil(GRID) * GRID,
        };
        let (width, height) = (size(w), size(h));
        let turn = Similarity::new(scale, angle, Point::default());
        let middle = turn.apply(Point::new((width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0));
        let to_frame = Similarity { tx: (w - 1.0) / 2.0 - middle.x, ty: (h - 1.0) / 2.0 - middle.y, ..turn };
        Self { width, height, to_frame }
    }
}

impl Detector {
    /// `model` takes 1 x 3 x height x width RGB in -1..1, both multiples of 16, and gives for each anchor 12 numbers and a
    /// logit.
    pub fn new(model: &[u8], params: DetectParams) -> Result<Self, ModelError> {
        let mut detector = Self { model: model.to_vec(), plans: BTreeMap::new(), params, input: Vec::new() };
        detector.plan(128, 128)?;
        Ok(detector)
    }

    /// Makes sure that there is a network for this input size.
    fn plan(&mut self, width: usize, height: usize) -> Result<(), ModelError> {
        if self.plans.contains_key(&(width, height)) {
            return Ok(());
        }
        let network = Network::from_onnx(&self.model, Some([1, 3, height, width]))?;
        let anchors: usize = GRIDS.iter().map(|step| (width / step) * (height / step)).sum();
        let sizes: Vec<usize> = network.outputs().iter().map(|o| o.dims.iter().product()).collect();
        if sizes != [anchors * VALUES, anchors] {
            return Err(ModelError::other_sizes("this is not the face detector: its outputs have other sizes"));
        }
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        self.plans.insert((width, height), network);
        Ok(())
    }

    /// Proposals in a still picture, largest first. `pad`: the border, repeated from the outermost pixels, as a fraction of
    /// the longer side.
    pub fn still(&mut self, pyramid: &Pyramid, pad: f32) -> Result<Vec<Detection>, ModelError> {
        let longer = pyramid.frame().width().max(pyramid.frame().height());
        let sizes = self.params.still;
        let worth = |(i, size): (usize, usize)| (i < 2 || 4 * size <= 5 * longer).then_some(size);
        let mut regions: Vec<_> = sizes.into_iter().enumerate().filter_map(worth).map(|s| Region::whole(pyramid, s, pad, 0.0)).collect();
        if pad > 0.0 {
            regions.push(Region::whole(pyramid, sizes[0], 0.0, 0.0));
        }
        self.search(pyramid, &regions)
    }

    /// Where else to look in a still picture in which nothing was found, one attempt after the other: a tight crop may want
    /// another border, a head may be tilted, a phone may have been held sideways.
    pub fn more_regions(pyramid: &Pyramid, pad: f32) -> Vec<Region> {
        let turned = std::f32::consts::FRAC_PI_2;
        [(0.15, 0.0), (0.7, 0.0), (pad, 0.5), (pad, -0.5), (pad, turned), (pad, -turned), (pad, 2.0 * turned)]
            .into_iter()
            .flat_map(|(pad, angle)| [128, 256].map(|longer| Region::whole(pyramid, longer, pad, angle)))
            .collect()
    }

    /// Faces that would fill a tight crop from brow to chin, for the second look to confirm or reject: under a mask and a cap
    /// a detector may see nothing where a close look still finds the eyes.
    pub fn filling(pyramid: &Pyramid) -> Vec<Detection> {
        let frame = pyramid.frame();
        let (w, h) = (frame.width() as f32, frame.height() as f32);
        // Side of the canonical face in sides of the picture, and how far its middle lies above the picture's.
        [(1.0, 0.0), (1.25, 0.0), (0.8, 0.0), (1.0, -0.15), (1.0, 0.15)]
            .map(|(share, down)| {
                let side = share * w.max(h);
                let corner = Point::new((w - side) / 2.0, (h - side) / 2.0 + down * h);
                let k = side / CANONICAL_SIDE;
                let points = CANONICAL.map(|p| Point::new(corner.x + k * p.x, corner.y + k * p.y));
                Detection { rect: Rect { x: corner.x, y: corner.y, width: side, height: side }, points, score: 1.0 }
            })
            .to_vec()
    }

    /// Proposals in `regions`, largest first.
    pub fn search(&mut self, pyramid: &Pyramid, regions: &[Region]) -> Result<Vec<Detection>, ModelError> {
        let mut found = Vec::new();
        for region in regions {
            self.look(pyramid, region, &mut found)?;
        }
        let mut faces = merge(found, self.params.same_face);
        few::sort(&mut faces, |a, b| b.rect.area().total_cmp(&a.rect.area()));
        Ok(faces)
    }

    /// One run of the network on a region. Detections come in pixels of the frame.
    fn look(&mut self, pyramid: &Pyramid, region: &Region, found: &mut Vec<Detection>) -> Result<(), ModelError> {
        let Region { width: across, height: down, to_frame } = *region;
        self.plan(across, down)?;
        let Some(network) = self.plans.get_mut(&(across, down)) else { return Ok(()) };
        pyramid.crop(&to_frame, across, down, NORMALISATION, &mut self.input);
        let outputs = network.run(&self.input)?;
        for ((logit, v), anchor) in outputs[1].iter().zip(outputs[0].chunks_exact(VALUES)).zip(anchors(across, down)) {
            let score = 1.0 / (1.0 + (-logit).exp());
            if score < self.params.score {
                continue;
            }
            // The network counts from the edge of its input; a pixel's centre is half a pixel further in.
            let at = |i: usize| Point::new(anchor.x + v[i] - 0.5, anchor.y + v[i + 1] - 0.5);
            let (centre, width, height) = (to_frame.apply(at(0)), v[2] * to_frame.scale(), v[3] * to_frame.scale());
            if !(width > 0.0 && height > 0.0) {
                continue;
            }
            let rect = Rect { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height };
            let four = [4, 6, 8, 10].map(|i| to_frame.apply(at(i)));
            if let Some(points) = five_points(four) {
                found.push(Detection { rect, points, score });
            }
        }
        Ok(())
    }
}

/// Corners of the mouth for eyes, nose and the middle of the mouth: where the canonical face has them once it lies on the
/// four points, so that a fit to the five is the fit to the four.
fn five_points(four: [Point; 4]) -> Option<[Point; 5]> {
    let [_, _, _, right, left] = CANONICAL;
    let fit = Similarity::fit(&[CANONICAL[0], CANONICAL[1], CANONICAL[2], right.middle(left)], &four, &[1.0; 4])?;
    let (middle, corners) = (fit.apply(right.middle(left)), [fit.apply(right), fit.apply(left)]);
    let [right, left] = corners.map(|c| Point::new(four[3].x + c.x - middle.x, four[3].y + c.y - middle.y));
    Some([four[0], four[1], four[2], right, left])
}

/// Centres of the anchors, in pixels of the input, in the order of the network's answers.
fn anchors(width: usize, height: usize) -> impl Iterator<Item = Point> {
    GRIDS.into_iter().flat_map(move |step| {
        let centre = move |i: usize| (i as f32 + 0.5) * step as f32;
        (0..height / step).flat_map(move |y| (0..width / step).map(move |x| Point::new(centre(x), centre(y))))
    })
}

/// Weighted non-maximum suppression: each cluster of overlapping detections becomes their mean, weighted by score, with the
/// score of the best. `same`: overlap over the smaller box from which two are one face.
fn merge(found: Vec<Detection>, same: f32) -> Vec<Detection> {
    let mut found = few::many(found, |a, b| b.score.total_cmp(&a.score));
    let mut kept = Vec::new();
    while !found.is_empty() {
        let best = found[0];
        let (cluster, rest) = found.into_iter().partition(|d| {
            let smaller = d.rect.area().min(best.rect.area());
            d.rect.overlap(&best.rect) >= same * smaller
        });
        found = rest;
        kept.push(mean(&cluster, &best));
    }
    kept
}

/// Only boxes of about the best one's size have a say: a tile that cuts a face off gives a smaller one.
fn mean(cluster: &[Detection], best: &Detection) -> Detection {
    let alike = cluster.iter().filter(|d| d.rect.iou(&best.rect) > 0.3);
    let (mut rect, mut points, mut total) = (Rect::default(), [Point::default(); 5], 0.0);
    for d in alike {
        let w = d.score;
        total += w;
        rect.x += w * d.rect.x;
        rect.y += w * d.rect.y;
        rect.width += w * d.rect.width;
        rect.height += w * d.rect.height;
        for (sum, p) in points.iter_mut().zip(d.points) {
            sum.x += w * p.x;
            sum.y += w * p.y;
        }
    }
    let rect = Rect { x: rect.x / total, y: rect.y / total, width: rect.width / total, height: rect.height / total };
    Detection { rect, points: points.map(|p| Point::new(p.x / total, p.y / total)), score: best.score }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, side: f32, score: f32) -> Detection {
        let rect = Rect { x, y, width: side, height: side };
        Detection { rect, points: CANONICAL.map(|p| Point::new(x + p.x / 112.0 * side, y + p.y / 112.0 * side)), score }
    }

    #[test]
    fn overlapping_boxes_are_one_face_and_distant_ones_are_two() {
        let faces = merge(vec![face(10.0, 10.0, 40.0, 0.6), face(12.0, 10.0, 40.0, 0.9), face(200.0, 10.0, 40.0, 0.5)], 0.5);
        assert_eq!(faces.len(), 2);
        assert_eq!(faces[0].score, 0.9);
        assert!((faces[0].rect.x - (10.0 * 0.6 + 12.0 * 0.9) / 1.5).abs() < 1e-4);
    }

    #[test]
    fn a_piece_of_a_face_does_not_pull_the_whole_one() {
        let faces = merge(vec![face(0.0, 0.0, 100.0, 0.9), face(60.0, 60.0, 30.0, 0.5)], 0.5);
        assert_eq!(faces.len(), 1);
        assert_eq!(faces[0].rect.width, 100.0);
    }

    #[test]
    fn a_region_covers_the_frame_and_its_border() {
        for (w, h) in [(640, 480), (480, 640), (1000, 90), (31, 17)] {
            let px = vec![0; w * h * 4];
            let pyramid = Pyramid::new(crate::face::frame::Frame::new(&px, w, h, 0.0).unwrap());
            for (pad, angle) in [(0.0, 0.0), (0.35, 0.0), (0.1, std::f32::consts::FRAC_PI_2), (0.0, std::f32::consts::PI)] {
                let r = Region::whole(&pyramid, 256, pad, angle);
                assert!(r.width.is_multiple_of(GRID) && r.height.is_multiple_of(GRID) && r.width.max(r.height) == 256);
                for corner in [(0, 0), (w - 1, 0), (w - 1, h - 1), (w / 2, h / 3)] {
                    let p = r.to_frame.inverse().apply(Point::new(corner.0 as f32, corner.1 as f32));
                    assert!(p.x > -1.0 && p.y > -1.0 && p.x < r.width as f32 && p.y < r.height as f32, "{corner:?} of {w} x {h}");
                }
            }
        }
    }

    #[test]
    fn there_are_as_many_anchors_as_the_network_has_answers() {
        assert_eq!(anchors(128, 128).count(), 256 + 64);
        assert_eq!(anchors(256, 192).nth(1), Some(Point::new(12.0, 4.0)));
        assert_eq!(anchors(256, 192).nth(32 * 24), Some(Point::new(8.0, 8.0)));
    }

    #[test]
    fn the_middle_of_the_mouth_weighs_what_its_corners_weigh() {
        let four = [Point::new(10.0, 12.0), Point::new(40.0, 15.0), Point::new(27.0, 30.0), Point::new(24.0, 52.0)];
        let five = five_points(four).unwrap();
        let [_, _, _, right, left] = CANONICAL;
        let of_four = Similarity::fit(&[CANONICAL[0], CANONICAL[1], CANONICAL[2], right.middle(left)], &four, &[1.0; 4]).unwrap();
        let of_five = crate::face::align::canonical_to_frame(&five).unwrap();
        let p = Point::new(56.0, 56.0);
        assert!(of_four.apply(p).distance(of_five.apply(p)) < 1e-3);
        assert!((of_four.scale() - of_five.scale()).abs() < 1e-4);
    }
}
