//! Whether what turns before the camera is flat: dense flow within the face against the best homography.
//!
//! However a flat thing is turned, one homography carries every point of its picture to where it went. A head has depth: its nose
//! goes another way than its cheeks, and something is left over.

use crate::face::align::{Normalisation, Pyramid, Window};
use crate::face::geometry::{Point, Similarity};
use crate::few;

/// The face is drawn upright and of one size from every frame, so that points move little between two of them.
const SIDE: usize = 128;
const WINDOW: Window = Window { width: SIDE, height: SIDE, centre: Point::new(56.0, 70.0), zoom: 1.25 };
/// Distance of the eyes in the drawn face, in its pixels.
const EYES: f32 = 35.24 * WINDOW.zoom;
/// Brow, cheeks, chin: the part of the canonical face whose points are followed. Hair and background are left out.
const FACE: [(f32, f32); 7] = [(14.0, 30.0), (98.0, 30.0), (100.0, 70.0), (86.0, 104.0), (56.0, 114.0), (26.0, 104.0), (12.0, 70.0)];
/// Corners at most, their least distance in pixels, and the least strength as a share of the strongest.
const CORNERS: usize = 140;
const APART: f32 = 2.6;
const LEAST_CORNER: f32 = 0.004;
/// Half the side of the patch that is followed, and times a patch is moved on each level.
const HALF: usize = 5;
const MOVES: usize = 12;
/// Followed there and back, a point must arrive where it began, in pixels.
const BACK: f32 = 0.7;
/// Fewer points determine no homography to be trusted.
const LEAST_POINTS: usize = 14;

/// A grey picture at full, half and quarter size.
pub struct Grey {
    levels: Vec<Level>,
}

struct Level {
    v: Vec<f32>,
    side: usize,
}

impl Level {
    fn at(&self, x: f32, y: f32) -> f32 {
        let most = (self.side - 1) as f32;
        let (x, y) = (x.clamp(0.0, most), y.clamp(0.0, most));
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.side - 1), (y0 + 1).min(self.side - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let row = |y: usize| self.v[y * self.side + x0] * (1.0 - fx) + self.v[y * self.side + x1] * fx;
        row(y0) * (1.0 - fy) + row(y1) * fy
    }
}

impl Grey {
    /// The face that lies in the frame where `canonical_to_frame` says.
    pub fn of(pyramid: &Pyramid, canonical_to_frame: &Similarity) -> Self {
        let mut planes = Vec::new();
        pyramid.window(&WINDOW, canonical_to_frame, Normalisation::BYTES, &mut planes);
        let n = SIDE * SIDE;
        Self::new((0..n).map(|i| 0.299 * planes[i] + 0.587 * planes[n + i] + 0.114 * planes[2 * n + i]).collect())
    }

    /// `v`: 128 x 128 brightnesses.
    fn new(v: Vec<f32>) -> Self {
        let mut levels = vec![Level { v, side: SIDE }];
        for _ in 0..2 {
            let Level { v, side } = &levels[levels.len() - 1];
            let half = side / 2;
            let mean = |i: usize| {
                let at = 2 * (i / half) * side + 2 * (i % half);
                (v[at] + v[at + 1] + v[at + side] + v[at + side + 1]) / 4.0
            };
            let v = (0..half * half).map(mean).collect();
            levels.push(Level { v, side: half });
        }
        Self { levels }
    }

    /// Places within the face that can be told from their neighbours, strongest first (Shi and Tomasi).
    pub fn corners(&self) -> Vec<Point> {
        let image = &self.levels[0];
        let slope = |x: usize, y: usize| {
            let at = y * SIDE + x;
            ((image.v[at + 1] - image.v[at - 1]) / 2.0, (image.v[at + SIDE] - image.v[at - SIDE]) / 2.0)
        };
        let mut found = Vec::new();
        for y in 4..SIDE - 4 {
            for x in 4..SIDE - 4 {
                if !within_face(x as f32, y as f32) {
                    continue;
                }
                let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
                for v in y - 2..=y + 2 {
                    for u in x - 2..=x + 2 {
                        let (dx, dy) = slope(u, v);
                        xx += dx * dx;
                        xy += dx * dy;
                        yy += dy * dy;
                    }
                }
                let least = (xx + yy) / 2.0 - ((xx - yy) * (xx - yy) / 4.0 + xy * xy).sqrt();
                found.push((least, Point::new(x as f32, y as f32)));
            }
        }
        let found = few::many(found, |a, b| b.0.total_cmp(&a.0));
        let strongest = found.first().map_or(0.0, |f| f.0);
        let mut kept: Vec<Point> = Vec::new();
        for (strength, p) in found {
            if kept.len() == CORNERS || strength < LEAST_CORNER * strongest || strength <= 0.0 {
                break;
            }
            if kept.iter().all(|k| k.distance(p) >= APART) {
                kept.push(p);
            }
        }
        kept
    }

    /// Where `points` of this picture went in `next`; None for those that cannot be followed there and back.
    pub fn follow(&self, next: &Self, points: &[Point]) -> Vec<Option<Point>> {
        points
            .iter()
            .map(|p| {
                let there = self.follow_one(next, *p)?;
                let back = next.follow_one(self, there)?;
                (back.distance(*p) < BACK).then_some(there)
            })
            .collect()
    }

    /// Lucas and Kanade's flow, from the coarsest level to the finest.
    fn follow_one(&self, next: &Self, p: Point) -> Option<Point> {
        const N: usize = 2 * HALF + 1;
        let mut flow = Point::default();
        for k in (0..self.levels.len()).rev() {
            let (from, to) = (&self.levels[k], &next.levels[k]);
            let size = (1 << k) as f32;
            let (px, py) = ((p.x + 0.5) / size - 0.5, (p.y + 0.5) / size - 0.5);
            let (mut patch, mut slopes) = ([0.0f32; N * N], [(0.0f32, 0.0f32); N * N]);
            let (mut xx, mut xy, mut yy) = (0.0f32, 0.0f32, 0.0f32);
            for i in 0..N * N {
                let (x, y) = (px + (i % N) as f32 - HALF as f32, py + (i / N) as f32 - HALF as f32);
                patch[i] = from.at(x, y);
                let slope = ((from.at(x + 1.0, y) - from.at(x - 1.0, y)) / 2.0, (from.at(x, y + 1.0) - from.at(x, y - 1.0)) / 2.0);
                slopes[i] = slope;
                xx += slope.0 * slope.0;
                xy += slope.0 * slope.1;
                yy += slope.1 * slope.1;
            }
            let determinant = xx * yy - xy * xy;
            if determinant < 1e-3 {
                return None;
            }
            flow = Point::new(flow.x * 2.0, flow.y * 2.0);
            for _ in 0..MOVES {
                let (mut bx, mut by) = (0.0, 0.0);
                for i in 0..N * N {
                    let (x, y) = (px + flow.x + (i % N) as f32 - HALF as f32, py + flow.y + (i / N) as f32 - HALF as f32);
                    let d = patch[i] - to.at(x, y);
                    bx += d * slopes[i].0;
                    by += d * slopes[i].1;
                }
                let (dx, dy) = ((yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant);
                flow = Point::new(flow.x + dx, flow.y + dy);
                if dx.hypot(dy) < 0.03 {
                    break;
                }
            }
        }
        let there = Point::new(p.x + flow.x, p.y + flow.y);
        let inside = |v: f32| (2.0..(SIDE - 3) as f32).contains(&v);
        (inside(there.x) && inside(there.y)).then_some(there)
    }
}

fn within_face(x: f32, y: f32) -> bool {
    let p = WINDOW.to_canonical().apply(Point::new(x, y));
    let mut inside = false;
    for (i, a) in FACE.iter().enumerate() {
        let b = FACE[(i + 1) % FACE.len()];
        if (a.1 > p.y) != (b.1 > p.y) && p.x < (b.0 - a.0) * (p.y - a.1) / (b.1 - a.1) + a.0 {
            inside = !inside;
        }
    }
    inside
}

/// 75th percentile of the distance between where points went and where the best homography carries them, in distances of the
/// eyes. None of too few points.
pub fn residual(from: &[Point], to: &[Point]) -> Option<f32> {
    let n = from.len();
    if n < LEAST_POINTS {
        return None;
    }
    let errors = |h: &[f64; 9]| -> Vec<f32> { from.iter().zip(to).map(|(a, b)| carry(h, *a).distance(*b)).collect() };
    let mut state = 1u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % n
    };
    // The homography whose median error is least, of those through four points each: what does not fit does not pull.
    let mut best: Option<(f32, [f64; 9])> = None;
    for _ in 0..220 {
        let four: [usize; 4] = std::array::from_fn(|_| draw());
        if (0..4).any(|i| four[..i].contains(&four[i])) {
            continue;
        }
        let Some(h) = homography(&four.map(|i| from[i]), &four.map(|i| to[i])) else { continue };
        let median = percentile(errors(&h), 0.5);
        if best.is_none_or(|b| median < b.0) {
            best = Some((median, h));
        }
    }
    let (median, h) = best?;
    let reach = (2.5 * 1.4826 * median).max(0.05);
    let fits: Vec<usize> = errors(&h).iter().enumerate().filter(|(_, e)| **e <= reach).map(|(i, _)| i).collect();
    let pick = |of: &[Point]| -> Vec<Point> { fits.iter().map(|i| of[*i]).collect() };
    let refined = if fits.len() >= 6 { homography(&pick(from), &pick(to)) } else { None };
    let of = |h: &[f64; 9]| percentile(errors(h), 0.75);
    Some(refined.as_ref().map_or(f32::INFINITY, of).min(of(&h)) / EYES)
}

fn carry(h: &[f64; 9], p: Point) -> Point {
    let (x, y) = (p.x as f64, p.y as f64);
    let w = h[6] * x + h[7] * y + h[8];
    Point::new(((h[0] * x + h[1] * y + h[2]) / w) as f32, ((h[3] * x + h[4] * y + h[5]) / w) as f32)
}

/// The least-squares homography, its last number 1. None where the points do not determine one.
fn homography(from: &[Point], to: &[Point]) -> Option<[f64; 9]> {
    // Normal equations of eight unknowns, in coordinates about the middle so that they are well conditioned.
    let (middle, scale) = (SIDE as f64 / 2.0, SIDE as f64 / 4.0);
    let unit = |p: &Point| ((p.x as f64 - middle) / scale, (p.y as f64 - middle) / scale);
    let mut m = [[0.0f64; 9]; 8];
    for (a, b) in from.iter().zip(to) {
        let ((x, y), (u, v)) = (unit(a), unit(b));
        for (row, value) in [([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], u), ([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y], v)] {
            for i in 0..8 {
                for j in 0..8 {
                    m[i][j] += row[i] * row[j];
                }
                m[i][8] += row[i] * value;
            }
        }
    }
    for i in 0..8 {
        let pivot = (i..8).max_by(|a, b| m[*a][i].abs().total_cmp(&m[*b][i].abs()))?;
        if m[pivot][i].abs() < 1e-10 {
            return None;
        }
        m.swap(i, pivot);
        let top = m[i];
        for (j, row) in m.iter_mut().enumerate() {
            if j != i {
                let k = row[i] / top[i];
                row.iter_mut().zip(&top).skip(i).for_each(|(v, t)| *v -= k * t);
            }
        }
    }
    let h: [f64; 8] = std::array::from_fn(|i| m[i][8] / m[i][i]);
    // Back from units to pixels: T^-1 H T.
    let t = [[1.0 / scale, 0.0, -middle / scale], [0.0, 1.0 / scale, -middle / scale], [0.0, 0.0, 1.0]];
    let back = [[scale, 0.0, middle], [0.0, scale, middle], [0.0, 0.0, 1.0]];
    let hm = [[h[0], h[1], h[2]], [h[3], h[4], h[5]], [h[6], h[7], 1.0]];
    let product = |a: [[f64; 3]; 3], b: [[f64; 3]; 3]| -> [[f64; 3]; 3] {
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
    };
    let whole = product(back, product(hm, t));
    let flat: [f64; 9] = std::array::from_fn(|i| whole[i / 3][i % 3]);
    flat.iter().all(|v| v.is_finite()).then_some(flat)
}

/// `share` of the values lie below it. Of none, infinity.
pub fn percentile(values: Vec<f32>, share: f32) -> f32 {
    let values = few::many(values, f32::total_cmp);
    let at = (share * values.len().saturating_sub(1) as f32).round() as usize;
    values.get(at).copied().unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth pattern that nowhere repeats within the face.
    fn pattern(x: f32, y: f32) -> f32 {
        128.0 + 40.0 * (x * 0.35).sin() + 40.0 * (y * 0.31 + x * 0.05).cos() + 25.0 * ((x - y) * 0.23).sin()
    }

    fn seen(from: impl Fn(f32, f32) -> (f32, f32)) -> Grey {
        let at = |i: usize| from((i % SIDE) as f32, (i / SIDE) as f32);
        Grey::new((0..SIDE * SIDE).map(|i| pattern(at(i).0, at(i).1)).collect())
    }

    #[test]
    fn flow_finds_where_a_shifted_picture_went() {
        let (a, b) = (seen(|x, y| (x, y)), seen(|x, y| (x - 3.4, y + 2.1)));
        let corners = a.corners();
        assert!(corners.len() > 40, "{}", corners.len());
        let flow = a.follow(&b, &corners);
        let right = corners.iter().zip(&flow).filter(|(p, q)| q.is_some_and(|q| q.distance(Point::new(p.x + 3.4, p.y - 2.1)) < 0.2));
        assert!(right.count() * 10 > corners.len() * 8);
    }

    fn spread() -> Vec<Point> {
        (0..60).map(|i| Point::new(20.0 + (i * 37 % 90) as f32, 20.0 + (i * 53 % 88) as f32)).collect()
    }

    #[test]
    fn a_flat_thing_leaves_nothing_over_however_it_is_turned() {
        let h = [0.82, 0.05, 4.0, -0.02, 1.04, 2.0, -0.0018, 0.0004, 1.0];
        let from = spread();
        let to: Vec<Point> = from.iter().map(|p| carry(&h, *p)).collect();
        assert!(residual(&from, &to).unwrap() < 0.002);
    }

    #[test]
    fn a_head_leaves_something_over_when_it_turns() {
        let from = spread();
        let to: Vec<Point> = from
            .iter()
            .map(|p| {
                let (x, y) = ((p.x - 64.0) / 50.0, (p.y - 64.0) / 60.0);
                let depth = 22.0 * (1.0 - (x * x + y * y).min(1.0)).sqrt() + 9.0 * (-(x * x * 30.0 + y * y * 9.0)).exp();
                Point::new(64.0 + (p.x - 64.0) * 0.9 + depth * 0.42, p.y)
            })
            .collect();
        assert!(residual(&from, &to).unwrap() > 0.02);
    }

    #[test]
    fn too_few_points_say_nothing() {
        let p = spread();
        assert_eq!(residual(&p[..10], &p[..10]), None);
        // All in one place.
        let one = vec![Point::new(5.0, 5.0); 30];
        assert_eq!(residual(&one, &one), None);
    }
}
