//! From five points to the pictures that the networks see.
//!
//! [Note: the canonical face] A least-squares similarity carries the five points onto a canonical face of 112 x 112
//! pixels, the template that MobileFaceNet and ArcFace were trained with. Each network sees a window of it, drawn at a size of its
//! own: which one, and how it wants its bytes, is said in models/manifest.json.

use serde::{Deserialize, Serialize};

use crate::face::frame::Frame;
use crate::face::geometry::{Point, Similarity};

/// Where the five points lie on the canonical face, in its pixels: right eye, left eye, nose tip, right and left corner
/// of the mouth. Right and left are the subject's: the right eye is on the left of the picture.
pub const CANONICAL: [Point; 5] = [
    Point::new(38.2946, 51.6963),
    Point::new(73.5318, 51.5014),
    Point::new(56.0252, 71.7366),
    Point::new(41.5493, 92.3655),
    Point::new(70.7299, 92.2041),
];

/// Side of the canonical face in its own pixels.
pub const CANONICAL_SIDE: f32 = 112.0;

/// How much each point counts in the fit of the whole face. The corners of the mouth count half each, so that a detector
/// that gives only the middle of the mouth weighs the same.
const FACE_WEIGHTS: [f32; 5] = [1.0, 1.0, 1.0, 0.5, 0.5];
/// The same for the window around the eyes. Under a mask the mouth is a guess, and far from the eyes: on the tuning half
/// of the validation people, true matches at FMR 1e-3 rise by a seventh when it hardly counts.
const EYES_WEIGHTS: [f32; 5] = [1.0, 1.0, 1.0, 0.1, 0.1];

/// A part of the canonical face as a network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Pixels.
    pub width: usize,
    pub height: usize,
    /// The canonical point that lies at the centre of the window.
    pub centre: Point,
    /// Pixels of the window for one pixel of the canonical face.
    pub zoom: f32,
}

impl Window {
    /// From pixels of the window to pixels of the canonical face.
    pub fn to_canonical(&self) -> Similarity {
        let k = 1.0 / self.zoom;
        Similarity { a: k, b: 0.0, tx: self.centre.x - k * self.width as f32 / 2.0, ty: self.centre.y - k * self.height as f32 / 2.0 }
    }
}

/// Which points decide where a network's window lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignedBy {
    /// All five.
    Face,
    /// The eyes and the nose, since under a mask the mouth is a guess.
    Eyes,
}

impl AlignedBy {
    pub fn canonical_to_frame(self, points: &[Point; 5]) -> Option<Similarity> {
        match self {
            Self::Face => canonical_to_frame(points),
            Self::Eyes => Similarity::fit(&CANONICAL, points, &EYES_WEIGHTS),
        }
    }
}

/// The similarity from the canonical face to the frame, by all five points. None where the points do not determine one.
pub fn canonical_to_frame(points: &[Point; 5]) -> Option<Similarity> {
    Similarity::fit(&CANONICAL, points, &FACE_WEIGHTS)
}

/// How a network wants its bytes: a plane for each channel in this order, each byte as `(byte - mean) / std` of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    pub channels: Channels,
    /// In the order of `channels`.
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    Rgb,
    Bgr,
}

impl Normalisation {
    /// Red, green and blue alike.
    pub const fn alike(mean: f32, std: f32) -> Self {
        Self { channels: Channels::Rgb, mean: [mean; 3], std: [std; 3] }
    }

    /// The bytes as they are.
    pub const BYTES: Self = Self::alike(0.0, 1.0);

    /// Which byte of a pixel each plane is of.
    fn planes(&self) -> [usize; 3] {
        match self.channels {
            Channels::Rgb => [0, 1, 2],
            Channels::Bgr => [2, 1, 0],
        }
    }
}

/// A frame at full, half, quarter ... size, so that a shrunken crop is anti-aliased at a fixed cost a pixel.
pub struct Pyramid<'a> {
    base: Frame<'a>,
    /// Each half the one before; the first is half the frame.
    halves: Vec<Level>,
}

struct Level {
    rgba: Vec<u8>,
    width: usize,
    height: usize,
}

/// A level whose shorter side is less than this is not halved again.
const SMALLEST_LEVEL: usize = 64;

impl<'a> Pyramid<'a> {
    pub fn new(base: Frame<'a>) -> Self {
        let mut halves: Vec<Level> = Vec::new();
        loop {
            let (rgba, width, height) = match halves.last() {
                Some(l) => (&l.rgba[..], l.width, l.height),
                None => (base.rgba(), base.width(), base.height()),
            };
            if width.min(height) < 2 * SMALLEST_LEVEL {
                return Self { base, halves };
            }
            let half = halve(rgba, width, height);
            halves.push(half);
        }
    }

    pub fn frame(&self) -> Frame<'a> {
        self.base
    }

    fn level(&self, k: usize) -> (&[u8], usize, usize) {
        match k {
            0 => (self.base.rgba(), self.base.width(), self.base.height()),
            _ => {
                let l = &self.halves[k - 1];
                (&l.rgba, l.width, l.height)
            }
        }
    }

    /// Draws the `width` x `height` crop whose pixels lie in the frame where `to_frame` says, as three planes
    /// (NCHW) in `out`. Beyond its border the frame's outermost pixels are repeated.
    pub fn crop(&self, to_frame: &Similarity, width: usize, height: usize, norm: Normalisation, out: &mut Vec<f32>) {
        // Pixels of the frame for one pixel of the crop decide the level; what is left over is at most 2.
        let mut k = 0;
        let mut left = to_frame.scale();
        while left >= 2.0 && k < self.halves.len() {
            left /= 2.0;
            k += 1;
        }
        let size = (1 << k) as f32;
        let (rgba, w, h) = self.level(k);
        let at = Similarity {
            a: to_frame.a / size,
            b: to_frame.b / size,
            tx: (to_frame.tx + 0.5) / size - 0.5,
            ty: (to_frame.ty + 0.5) / size - 0.5,
        };
        // Four looks a pixel where a single one would skip pixels; more where the smallest level is still too large.
        let looks = if left > 1.25 { left.ceil().clamp(2.0, 8.0) as usize } else { 1 };
        let plane = width * height;
        let byte = norm.planes();
        out.clear();
        out.resize(3 * plane, 0.0);
        let weight = 1.0 / (looks * looks) as f32;
        let mut put = |i: usize, sum: [f32; 3]| {
            for c in 0..3 {
                out[c * plane + i] = (sum[byte[c]] * weight - norm.mean[c]) / norm.std[c];
            }
        };
        let offset = |s: usize| (s as f32 + 0.5) / looks as f32 - 0.5;
        if at.b == 0.0 {
            // Upright, so what lies between which pixels is the same in every row and in every column.
            let line = |count: usize, from: f32, length: usize| -> Vec<Between> {
                (0..count * looks).map(|i| Between::new(at.a * ((i / looks) as f32 + offset(i % looks)) + from, length)).collect()
            };
            let (columns, rows) = (line(width, at.tx, w), line(height, at.ty, h));
            let left = columns.first().map_or(0, |b| b.first);
            let whole = |b: &Between| b.share == 0.0;
            let in_line = columns.iter().enumerate().all(|(x, b)| whole(b) && b.first == left + x);
            if looks == 1 && in_line && rows.iter().all(whole) {
                // Pixel for pixel, as a detector's input mostly is: nothing to blend.
                for (y, row) in rows.iter().enumerate() {
                    let from = &rgba[4 * (row.first * w + left)..][..4 * width];
                    for c in 0..3 {
                        let to = &mut out[c * plane + y * width..][..width];
                        for (to, from) in to.iter_mut().zip(from.chunks_exact(4)) {
                            *to = (from[byte[c]] as f32 - norm.mean[c]) / norm.std[c];
                        }
                    }
                }
                return;
            }
            for (y, rows) in rows.chunks_exact(looks).enumerate() {
                for (x, columns) in columns.chunks_exact(looks).enumerate() {
                    let mut sum = [0.0; 3];
                    for row in rows {
                        for column in columns {
                            let v = blend(rgba, w, *column, *row);
                            for c in 0..3 {
                                sum[c] += v[c];
                            }
                        }
                    }
                    put(y * width + x, sum);
                }
            }
            return;
        }
        for y in 0..height {
            for x in 0..width {
                let mut sum = [0.0f32; 3];
                for sy in 0..looks {
                    for sx in 0..looks {
                        let p = at.apply(Point::new(x as f32 + offset(sx), y as f32 + offset(sy)));
                        let v = blend(rgba, w, Between::new(p.x, w), Between::new(p.y, h));
                        for c in 0..3 {
                            sum[c] += v[c];
                        }
                    }
                }
                put(y * width + x, sum);
            }
        }
    }

    /// The crop of a [`Window`] of the canonical face.
    pub fn window(&self, window: &Window, canonical_to_frame: &Similarity, norm: Normalisation, out: &mut Vec<f32>) {
        self.crop(&window.to_canonical().then(canonical_to_frame), window.width, window.height, norm, out);
    }
}

/// The picture at half the size, each pixel the mean of four; an odd last row or column is averaged with itself.
fn halve(rgba: &[u8], width: usize, height: usize) -> Level {
    let (w, h) = (width.div_ceil(2), height.div_ceil(2));
    let mut out = vec![0u8; w * h * 4];
    for y in 0..h {
        let top = 2 * y * width * 4;
        let bottom = (2 * y + 1).min(height - 1) * width * 4;
        let (top, bottom) = (&rgba[top..top + width * 4], &rgba[bottom..bottom + width * 4]);
        let row = &mut out[y * w * 4..(y + 1) * w * 4];
        let pairs = width / 2;
        for ((o, t), b) in row.chunks_exact_mut(4).zip(top.chunks_exact(8)).zip(bottom.chunks_exact(8)).take(pairs) {
            for c in 0..4 {
                o[c] = ((t[c] as u16 + t[c + 4] as u16 + b[c] as u16 + b[c + 4] as u16 + 2) / 4) as u8;
            }
        }
        if width % 2 == 1 {
            let at = (width - 1) * 4;
            for c in 0..4 {
                row[pairs * 4 + c] = (top[at + c] as u16 + bottom[at + c] as u16).div_ceil(2) as u8;
            }
        }
    }
    Level { rgba: out, width: w, height: h }
}

/// A place between two neighbouring pixels of a row or a column: their indices, and how far it lies from the first to the second.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

impl Between {
    #[inline(always)]
    fn new(place: f32, length: usize) -> Self {
        // `as` saturates and sends NaN to 0: the indices are always inside.
        let place = place.clamp(0.0, (length - 1) as f32);
        let first = place as usize;
        Self { first, second: (first + 1).min(length - 1), share: place - first as f32 }
    }
}

/// Red, green and blue between four pixels, 0..255.
#[inline(always)]
fn blend(rgba: &[u8], width: usize, x: Between, y: Between) -> [f32; 3] {
    let pixel = |x: usize, y: usize| {
        let i = (y * width + x) * 4;
        [rgba[i] as f32, rgba[i + 1] as f32, rgba[i + 2] as f32]
    };
    let a = pixel(x.first, y.first);
    if x.share == 0.0 && y.share == 0.0 {
        return a;
    }
    let (b, c, d) = (pixel(x.second, y.first), pixel(x.first, y.second), pixel(x.second, y.second));
    std::array::from_fn(|i| {
        let top = a[i] + (b[i] - a[i]) * x.share;
        let bottom = c[i] + (d[i] - c[i]) * x.share;
        top + (bottom - top) * y.share
    })
}

/// Mirrors each row of a planar picture in place.
pub fn mirror(planes: &mut [f32], width: usize) {
    for row in planes.chunks_exact_mut(width) {
        row.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: usize, height: usize) -> Vec<u8> {
        (0..width * height).flat_map(|i| [(i % width) as u8, (i / width) as u8, 7, 255]).collect()
    }

    const PLAIN: Normalisation = Normalisation::BYTES;

    #[test]
    fn a_window_lies_around_its_centre() {
        let to = Window { width: 112, height: 64, centre: Point::new(56.0, 12.0 + 32.0 / 1.2), zoom: 1.2 }.to_canonical();
        let corner = to.apply(Point::new(0.0, 0.0));
        assert!((corner.x - 9.333).abs() < 1e-2 && (corner.y - 12.0).abs() < 1e-2, "{corner:?}");
        let end = to.apply(Point::new(112.0, 64.0));
        assert!((end.x - 102.667).abs() < 1e-2 && (end.y - 65.333).abs() < 1e-2, "{end:?}");
    }

    #[test]
    fn a_network_gets_its_channels_in_its_order_each_with_its_own_mean_and_spread() {
        let px: Vec<u8> = (0..40 * 30).flat_map(|_| [10, 20, 40, 255]).collect();
        let pyramid = Pyramid::new(Frame::new(&px, 40, 30, 0.0).unwrap());
        let norm = Normalisation { channels: Channels::Bgr, mean: [30.0, 20.0, 0.0], std: [10.0, 1.0, 2.0] };
        let mut out = Vec::new();
        // Pixel for pixel, upright, and turned: three ways through the code.
        for (a, b) in [(1.0, 0.0), (1.5, 0.0), (0.9, 0.3)] {
            pyramid.crop(&Similarity { a, b, tx: 9.0, ty: 2.0 }, 8, 4, norm, &mut out);
            for (c, wanted) in [1.0, 0.0, 5.0].into_iter().enumerate() {
                assert!(out[c * 32..][..32].iter().all(|v| (v - wanted).abs() < 1e-4), "plane {c} of {a}, {b}");
            }
        }
    }

    #[test]
    fn a_crop_at_the_same_size_is_the_frame_itself() {
        let px = gradient(40, 30);
        let pyramid = Pyramid::new(Frame::new(&px, 40, 30, 0.0).unwrap());
        let mut out = Vec::new();
        pyramid.crop(&Similarity { a: 1.0, b: 0.0, tx: 5.0, ty: 6.0 }, 8, 4, PLAIN, &mut out);
        assert_eq!(out[0], 5.0);
        assert_eq!(out[8 * 4 + 8], 7.0);
        assert!(out[2 * 32..].iter().all(|v| *v == 7.0));
    }

    #[test]
    fn a_shrunken_crop_averages_what_it_covers_and_stays_in_place() {
        let px = gradient(240, 200);
        let pyramid = Pyramid::new(Frame::new(&px, 240, 200, 0.0).unwrap());
        let mut out = Vec::new();
        for scale in [1.0f32, 1.6, 2.0, 3.3, 4.0] {
            pyramid.crop(&Similarity { a: scale, b: 0.0, tx: 20.0, ty: 30.0 }, 16, 8, PLAIN, &mut out);
            for (x, y) in [(0, 0), (10, 3), (15, 7)] {
                assert!((out[y * 16 + x] - (20.0 + scale * x as f32)).abs() < 0.6, "x at {scale}");
                assert!((out[128 + y * 16 + x] - (30.0 + scale * y as f32)).abs() < 0.6, "y at {scale}");
            }
        }
        // A fine checkerboard is grey once shrunk, not a moire.
        let board: Vec<u8> = (0..256 * 256).flat_map(|i| [if (i % 256 + i / 256) % 2 == 0 { 255 } else { 0 }; 4]).collect();
        let pyramid = Pyramid::new(Frame::new(&board, 256, 256, 0.0).unwrap());
        pyramid.crop(&Similarity { a: 3.1, b: 0.4, tx: 9.0, ty: 9.0 }, 40, 40, PLAIN, &mut out);
        assert!(out.iter().all(|v| (v - 127.5).abs() < 12.0));
    }

    #[test]
    fn beyond_the_border_the_last_pixels_are_repeated() {
        let px = gradient(20, 20);
        let pyramid = Pyramid::new(Frame::new(&px, 20, 20, 0.0).unwrap());
        let mut out = Vec::new();
        pyramid.crop(&Similarity { a: 1.0, b: 0.0, tx: -500.0, ty: 500.0 }, 3, 3, PLAIN, &mut out);
        assert!(out[..9].iter().all(|v| *v == 0.0) && out[9..18].iter().all(|v| *v == 19.0));
    }

    #[test]
    fn frames_of_odd_sizes_are_halved_without_a_gap() {
        for (w, h) in [(129, 131), (255, 128), (1, 1), (3, 500)] {
            let px = vec![90u8; w * h * 4];
            let pyramid = Pyramid::new(Frame::new(&px, w, h, 0.0).unwrap());
            let mut out = Vec::new();
            pyramid.crop(&Similarity { a: 5.0, b: 0.0, tx: 0.0, ty: 0.0 }, 32, 32, PLAIN, &mut out);
            assert!(out.iter().all(|v| *v == 90.0), "{w} x {h}");
        }
    }

    #[test]
    fn the_canonical_face_lies_on_itself() {
        let fit = canonical_to_frame(&CANONICAL).unwrap();
        assert!((fit.scale() - 1.0).abs() < 1e-5 && fit.tx.abs() < 1e-3);
    }
}
