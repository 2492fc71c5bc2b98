//! Points, boxes and similarities. Coordinates are pixels with x to the right and y down; the centre of the first pixel
//! is (0, 0).

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    pub fn middle(self, other: Self) -> Self {
        Self::new((self.x + other.x) / 2.0, (self.y + other.y) / 2.0)
    }
}

/// An upright box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Rect {
    pub fn centre(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    pub fn contains(&self, point: Point) -> bool {
        (self.x..=self.x + self.width).contains(&point.x) && (self.y..=self.y + self.height).contains(&point.y)
    }

    pub fn area(&self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    /// Area of the overlap.
    pub fn overlap(&self, other: &Self) -> f32 {
        let w = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let h = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        w.max(0.0) * h.max(0.0)
    }

    /// Overlap over union, 0..1.
    pub fn iou(&self, other: &Self) -> f32 {
        let both = self.overlap(other);
        let all = self.area() + other.area() - both;
        if all > 0.0 { both / all } else { 0.0 }
    }
}

/// `x' = a x - b y + tx`, `y' = b x + a y + ty`: turning, scaling and shifting, nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    pub a: f32,
    pub b: f32,
    pub tx: f32,
    pub ty: f32,
}

impl Similarity {
    /// Scales by `scale`, turns by `angle` (radians, clockwise on the screen) about the origin and then moves it to `to`.
    pub fn new(scale: f32, angle: f32, to: Point) -> Self {
        Self { a: scale * angle.cos(), b: scale * angle.sin(), tx: to.x, ty: to.y }
    }

    /// The least-squares similarity that carries `from` onto `to`, each pair with a weight. None where the points do not
    /// determine one (all in one place, or not finite).
    pub fn fit(from: &[Point], to: &[Point], weights: &[f32]) -> Option<Self> {
        let total: f32 = weights.iter().sum();
        let mean = |points: &[Point]| {
            let sum = points.iter().zip(weights).fold(Point::default(), |s, (p, w)| Point::new(s.x + w * p.x, s.y + w * p.y));
            Point::new(sum.x / total, sum.y / total)
        };
        let (mf, mt) = (mean(from), mean(to));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for ((f, t), w) in from.iter().zip(to).zip(weights) {
            let (fx, fy, tx, ty) = (f.x - mf.x, f.y - mf.y, t.x - mt.x, t.y - mt.y);
            dot += w * (fx * tx + fy * ty);
            cross += w * (fx * ty - fy * tx);
            spread += w * (fx * fx + fy * fy);
        }
        let (a, b) = (dot / spread, cross / spread);
        let fit = Self { a, b, tx: mt.x - a * mf.x + b * mf.y, ty: mt.y - b * mf.x - a * mf.y };
        (fit.scale() > 0.0 && [fit.a, fit.b, fit.tx, fit.ty].iter().all(|v| v.is_finite())).then_some(fit)
    }

    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }

    pub fn apply(&self, p: Point) -> Point {
        Point::new(self.a * p.x - self.b * p.y + self.tx, self.b * p.x + self.a * p.y + self.ty)
    }

    /// The way back. The scale must not be zero, which [`Similarity::fit`] sees to.
    pub fn inverse(&self) -> Self {
        let n = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / n, -self.b / n);
        Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) }
    }

    /// First `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let t = next.apply(Point::new(self.tx, self.ty));
        Self { a: next.a * self.a - next.b * self.b, b: next.b * self.a + next.a * self.b, tx: t.x, ty: t.y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Point, b: Point) {
        assert!(a.distance(b) < 1e-3, "{a:?} is not {b:?}");
    }

    #[test]
    fn a_fit_finds_the_similarity_that_made_the_points() {
        let made = Similarity::new(1.7, 0.4, Point::new(12.0, -3.0));
        let from = [Point::new(0.0, 0.0), Point::new(10.0, 2.0), Point::new(4.0, 9.0)];
        let to = from.map(|p| made.apply(p));
        let found = Similarity::fit(&from, &to, &[1.0, 2.0, 0.5]).unwrap();
        near(found.apply(Point::new(7.0, 7.0)), made.apply(Point::new(7.0, 7.0)));
    }

    #[test]
    fn points_in_one_place_determine_no_similarity() {
        let p = [Point::new(3.0, 3.0); 4];
        assert_eq!(Similarity::fit(&p, &p, &[1.0; 4]), None);
        let q = [Point::new(f32::NAN, 0.0), Point::new(1.0, 1.0)];
        assert_eq!(Similarity::fit(&q, &q, &[1.0; 2]), None);
    }

    #[test]
    fn the_way_there_and_back_ends_where_it_began() {
        let s = Similarity::new(0.3, -2.0, Point::new(5.0, 8.0));
        near(s.inverse().apply(s.apply(Point::new(4.0, -6.0))), Point::new(4.0, -6.0));
        near(s.then(&s.inverse()).apply(Point::new(9.0, 1.0)), Point::new(9.0, 1.0));
    }

    #[test]
    fn boxes_overlap_by_the_area_they_share() {
        let a = Rect { x: 0.0, y: 0.0, width: 4.0, height: 4.0 };
        let b = Rect { x: 2.0, y: 0.0, width: 4.0, height: 4.0 };
        assert!((a.iou(&b) - 8.0 / 24.0).abs() < 1e-6);
        assert_eq!(a.iou(&Rect::default()), 0.0);
    }
}
