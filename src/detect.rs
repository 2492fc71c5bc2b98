//! Where the faces are: MediaPipe's BlazeFace (short range) behind a type that another detector can take over.
//!
//! The network sees a square of 128 x 128 and finds faces from about an eighth of its side to all of it. A frame is
//! therefore searched as a whole and in tiles. What it finds is a proposal: the second look (landmarks.rs) places the points
//! and says whether it is a face.

use crate::align::{CANONICAL, CANONICAL_SIDE, Pyramid, UNIT_NORMALISATION};
use crate::geometry::{Point, Rect, Similarity};
use crate::model::{ModelError, Network};

/// A face: its box from brow to chin, five points in the order of [`CANONICAL`], and how sure the detector is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    pub rect: Rect,
    pub points: [Point; 5],
    /// 0..1.
    pub score: f32,
}

/// What the detector believes and how far it searches.
#[derive(Clone, Copy, Debug)]
pub struct DetectParams {
    /// Below this there is no face. Low, because the second look decides: at 0.5 one tightly cropped selfie in eleven is
    /// missed, at 0.3 one in seventy.
    pub score: f32,
    /// Two boxes are one face from this overlap (over the smaller of the two) on.
    pub same_face: f32,
    /// Sides of the tiles of a still picture, in pixels of the longer side: smaller tiles find smaller faces.
    pub tiles: [f32; 3],
    /// The network's smallest tile in pixels: below it a face has too few pixels to be recognised anyway.
    pub smallest_tile: f32,
    /// A still picture is searched with no more tiles than this.
    pub most_tiles: usize,
}

impl Default for DetectParams {
    fn default() -> Self {
        Self { score: 0.3, same_face: 0.5, tiles: [0.6, 0.36, 0.2], smallest_tile: 200.0, most_tiles: 60 }
    }
}

/// Side of the network's input.
const SIDE: usize = 128;
/// One more than this many anchors is another network.
const ANCHORS: usize = 896;
/// Values for one anchor: centre, size and six points.
const VALUES: usize = 16;

pub struct Detector {
    network: Network,
    anchors: Vec<Point>,
    pub params: DetectParams,
    input: Vec<f32>,
}

impl Detector {
    /// `network` takes 1 x 3 x 128 x 128 RGB in -1..1 and gives 896 x 16 and 896 logits.
    pub fn new(network: Network, params: DetectParams) -> Result<Self, ModelError> {
        let sizes: Vec<usize> = network.outputs().iter().map(|o| o.dims.iter().product()).collect();
        if network.input_dims() != [1, 3, SIDE, SIDE] || !sizes.contains(&(ANCHORS * VALUES)) || !sizes.contains(&ANCHORS) {
            return Err(ModelError::Shape("this is not the face detector: its input or outputs have other sizes".into()));
        }
        let mut anchors = Vec::with_capacity(ANCHORS);
        for (grid, each) in [(16, 2), (8, 6)] {
            for y in 0..grid {
                for x in 0..grid {
                    let centre = |i: usize| (i as f32 + 0.5) / grid as f32 * SIDE as f32;
                    anchors.extend(std::iter::repeat_n(Point::new(centre(x), centre(y)), each));
                }
            }
        }
        Ok(Self { network, anchors, params, input: Vec::new() })
    }

    /// Proposals in a still picture, as a whole and in tiles, largest first. `pad`: the border, repeated from the outermost
    /// pixels, as a fraction of the longer side.
    pub fn still(&mut self, pyramid: &Pyramid, pad: f32) -> Result<Vec<Detection>, ModelError> {
        let frame = pyramid.frame();
        let longer = frame.width().max(frame.height()) as f32;
        let mut regions = vec![whole(pyramid, pad, 0.0)];
        if pad > 0.0 {
            regions.push(whole(pyramid, 0.0, 0.0));
        }
        for share in self.params.tiles {
            let side = share * longer;
            let tiles = tiles(frame.width() as f32, frame.height() as f32, side);
            if side < self.params.smallest_tile || regions.len() + tiles.len() > self.params.most_tiles {
                break;
            }
            regions.extend(tiles);
        }
        self.search(pyramid, &regions)
    }

    /// Where else to look in a still picture in which nothing was found, one attempt after the other: a tight crop may want
    /// another border, a head may be tilted, a phone may have been held sideways.
    pub fn more_regions(pyramid: &Pyramid, pad: f32) -> Vec<Similarity> {
        let turned = std::f32::consts::FRAC_PI_2;
        [(0.15, 0.0), (0.7, 0.0), (pad, 0.5), (pad, -0.5), (pad, turned), (pad, -turned), (pad, 2.0 * turned)]
            .map(|(pad, angle)| whole(pyramid, pad, angle))
            .to_vec()
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
                Detection { rect: Rect { x: corner.x, y: corner.y, width: side, height: side }, points, score: 0.0 }
            })
            .to_vec()
    }

    /// The faces in `regions`, largest first. A region carries the network's square to the frame.
    pub fn search(&mut self, pyramid: &Pyramid, regions: &[Similarity]) -> Result<Vec<Detection>, ModelError> {
        let mut found = Vec::new();
        for region in regions {
            self.look(pyramid, region, &mut found)?;
        }
        let mut faces = merge(found, self.params.same_face);
        faces.sort_by(|a, b| b.rect.area().total_cmp(&a.rect.area()));
        Ok(faces)
    }

    /// One run of the network on a region. Detections come in pixels of the frame.
    fn look(&mut self, pyramid: &Pyramid, region: &Similarity, found: &mut Vec<Detection>) -> Result<(), ModelError> {
        pyramid.crop(region, SIDE, SIDE, UNIT_NORMALISATION, &mut self.input);
        let outputs = self.network.run(&self.input)?;
        let (values, logits) = if outputs[0].len() == ANCHORS { (outputs[1], outputs[0]) } else { (outputs[0], outputs[1]) };
        for ((logit, v), anchor) in logits.iter().zip(values.chunks_exact(VALUES)).zip(&self.anchors) {
            let score = 1.0 / (1.0 + (-logit).exp());
            if score < self.params.score {
                continue;
            }
            // The network counts from the edge of its square; a pixel's centre is half a pixel further in.
            let at = |i: usize| Point::new(anchor.x + v[i] - 0.5, anchor.y + v[i + 1] - 0.5);
            let (centre, width, height) = (region.apply(at(0)), v[2] * region.scale(), v[3] * region.scale());
            if !(width > 0.0 && height > 0.0) {
                continue;
            }
            let rect = Rect { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height };
            let four = [4, 6, 8, 10].map(|i| region.apply(at(i)));
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

/// The network's square laid around `centre`, `side` pixels of the frame wide, turned by `angle`.
pub fn square(centre: Point, side: f32, angle: f32) -> Similarity {
    let turn = Similarity::new(side / SIDE as f32, angle, Point::default());
    let middle = turn.apply(Point::new((SIDE - 1) as f32 / 2.0, (SIDE - 1) as f32 / 2.0));
    Similarity { tx: centre.x - middle.x, ty: centre.y - middle.y, ..turn }
}

/// The square around the whole frame and a border of `pad` of the longer side.
pub fn whole(pyramid: &Pyramid, pad: f32, angle: f32) -> Similarity {
    let frame = pyramid.frame();
    let (w, h) = (frame.width() as f32, frame.height() as f32);
    square(Point::new((w - 1.0) / 2.0, (h - 1.0) / 2.0), w.max(h) * (1.0 + 2.0 * pad), angle)
}

/// Squares of `side` that cover the frame and overlap by at least a quarter, so that a face lies whole in one of them.
pub fn tiles(width: f32, height: f32, side: f32) -> Vec<Similarity> {
    let starts = |length: f32| {
        let n = if length <= side { 1 } else { 1 + ((length - side) / (0.75 * side)).ceil() as usize };
        (0..n).map(move |i| match n {
            1 => length / 2.0,
            _ => side / 2.0 + (length - side) * i as f32 / (n - 1) as f32,
        })
    };
    starts(height).flat_map(|y| starts(width).map(move |x| square(Point::new(x, y), side, 0.0))).collect()
}

/// Weighted non-maximum suppression: each cluster of overlapping detections becomes their mean, weighted by score, with the
/// score of the best. `same`: overlap over the smaller box from which two are one face.
fn merge(mut found: Vec<Detection>, same: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
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
    fn tiles_cover_the_frame() {
        for (w, h, side) in [(640.0, 480.0, 320.0), (640.0, 480.0, 700.0), (1000.0, 90.0, 200.0)] {
            let tiles = tiles(w, h, side);
            for (x, y) in [(0.0, 0.0), (w - 1.0, h - 1.0), (w / 2.0, h / 3.0)] {
                let inside = |t: &Similarity| {
                    let p = t.inverse().apply(Point::new(x, y));
                    (-1.0..=SIDE as f32).contains(&p.x) && (-1.0..=SIDE as f32).contains(&p.y)
                };
                assert!(tiles.iter().any(inside), "{x},{y} of {w} x {h}");
            }
        }
    }

    #[test]
    fn the_middle_of_the_mouth_weighs_what_its_corners_weigh() {
        let four = [Point::new(10.0, 12.0), Point::new(40.0, 15.0), Point::new(27.0, 30.0), Point::new(24.0, 52.0)];
        let five = five_points(four).unwrap();
        let [_, _, _, right, left] = CANONICAL;
        let of_four = Similarity::fit(&[CANONICAL[0], CANONICAL[1], CANONICAL[2], right.middle(left)], &four, &[1.0; 4]).unwrap();
        let of_five = crate::align::canonical_to_frame(&five).unwrap();
        let p = Point::new(56.0, 56.0);
        assert!(of_four.apply(p).distance(of_five.apply(p)) < 1e-3);
        assert!((of_four.scale() - of_five.scale()).abs() < 1e-4);
    }
}
