//! Everything on maps that is not a convolution: layouts, padding, pooling, arithmetic element by element.

use super::geometry::Geometry;
use super::{Activation, Pixel, load};
use wide::f32x4;

/// Plain to blocked; unused lanes become zero.
pub fn block(plain: &[f32], channels: usize, area: usize, out: &mut [f32]) {
    for (block, out) in out.as_chunks_mut::<4>().0.chunks_exact_mut(area).take(channels.div_ceil(4)).enumerate() {
        let plane = |lane: usize| plain.get((block * 4 + lane) * area..(block * 4 + lane + 1) * area);
        let planes: [Option<&[f32]>; 4] = std::array::from_fn(|lane| if block * 4 + lane < channels { plane(lane) } else { None });
        if let [Some(a), Some(b), Some(c), Some(d)] = planes {
            for ((((out, &a), &b), &c), &d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *out = [a, b, c, d];
            }
        } else {
            for (i, out) in out.iter_mut().enumerate() {
                *out = planes.map(|plane| plane.map_or(0.0, |p| p[i]));
            }
        }
    }
}

/// Blocked to plain.
pub fn unblock(blocked: &[f32], channels: usize, area: usize, out: &mut [f32]) {
    let pixels = blocked.as_chunks::<4>().0;
    for (channel, out) in out.chunks_exact_mut(area).take(channels).enumerate() {
        let plane = &pixels[channel / 4 * area..][..area];
        for (out, pixel) in out.iter_mut().zip(plane) {
            *out = pixel[channel % 4];
        }
    }
}

/// Blocked to channels last: what a transposition to NHWC gives.
pub fn channels_last(blocked: &[f32], channels: usize, area: usize, out: &mut [f32]) {
    let pixels = blocked.as_chunks::<4>().0;
    for (i, out) in out.chunks_exact_mut(channels).take(area).enumerate() {
        for (block, out) in out.chunks_mut(4).enumerate() {
            let pixel = &pixels[block * area + i];
            out.copy_from_slice(&pixel[..out.len()]);
        }
    }
}

/// `x` with `g`'s border of zeros, built in `scratch`, or `x` itself where there is none.
pub(super) fn padded<'a>(x: &'a [Pixel], g: &Geometry, scratch: &'a mut [f32]) -> &'a [Pixel] {
    if g.pads == [0; 4] {
        return x;
    }
    let [height, width] = g.padded();
    let planes = x.len() / g.in_area();
    let out = &mut scratch.as_chunks_mut::<4>().0[..planes * height * width];
    for (x, out) in x.chunks_exact(g.in_area()).zip(out.chunks_exact_mut(height * width)) {
        let (above, below) = (g.pads[0] * width, (g.pads[0] + g.input[0]) * width);
        out[..above].fill([0.0; 4]);
        out[below..].fill([0.0; 4]);
        for (x, out) in x.chunks_exact(g.input[1]).zip(out[above..below].chunks_exact_mut(width)) {
            out[..g.pads[1]].fill([0.0; 4]);
            out[g.pads[1]..g.pads[1] + x.len()].copy_from_slice(x);
            out[g.pads[1] + x.len()..].fill([0.0; 4]);
        }
    }
    out
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pooling {
    Max,
    /// Divided by the taps inside the map.
    Average,
    /// Divided by the taps inside the map and its padding.
    AverageWithPads,
}

/// Pooling of a blocked map.
pub fn pool(pooling: Pooling, g: &Geometry, x: &[f32], out: &mut [f32]) {
    let (x, out) = (x.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    let planes = x.chunks_exact(g.in_area()).zip(out.chunks_exact_mut(g.out_area())).take(g.inputs.div_ceil(4));
    let halving = pooling == Pooling::Max
        && (g.kernel, g.stride, g.pads, g.dilation) == ([2, 2], [2, 2], [0; 4], [1, 1])
        && (0..2).all(|axis| 2 * g.output[axis] <= g.input[axis]);
    for (x, out) in planes {
        if halving {
            halve(x, g, out);
        } else {
            pool_plane(pooling, g, x, out);
        }
    }
}

/// The largest of every two by two pixels.
fn halve(x: &[Pixel], g: &Geometry, out: &mut [Pixel]) {
    let lines = x.chunks_exact(2 * g.input[1]).zip(out.chunks_exact_mut(g.output[1]));
    for (lines, out) in lines {
        let (upper, lower) = lines.split_at(g.input[1]);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        for (out, (upper, lower)) in out.iter_mut().zip(pairs) {
            let [a, b, c, d] = [&upper[0], &upper[1], &lower[0], &lower[1]].map(load);
            *out = a.fast_max(b).fast_max(c.fast_max(d)).to_array();
        }
    }
}

fn pool_plane(pooling: Pooling, g: &Geometry, x: &[Pixel], out: &mut [Pixel]) {
    for (i, out) in out.iter_mut().enumerate() {
        let rows = window(g, 0, i / g.output[1]);
        let columns = window(g, 1, i % g.output[1]);
        let mut value = f32x4::splat(if pooling == Pooling::Max { f32::NEG_INFINITY } else { 0.0 });
        let mut taps = 0;
        for row in rows.inside() {
            for column in columns.inside() {
                let pixel = load(&x[row * g.input[1] + column]);
                value = if pooling == Pooling::Max { value.fast_max(pixel) } else { value + pixel };
                taps += 1;
            }
        }
        if pooling == Pooling::AverageWithPads {
            taps = rows.with_pads * columns.with_pads;
        }
        // A window wholly in the border has nothing to say; zero keeps what follows finite.
        *out = match pooling {
            _ if taps == 0 => [0.0; 4],
            Pooling::Max => value.to_array(),
            _ => (value * f32x4::splat(1.0 / taps as f32)).to_array(),
        };
    }
}

/// The taps of one window along one direction.
pub(super) struct Window {
    first: isize,
    step: usize,
    count: usize,
    size: usize,
    /// Taps within the map and its border (a last window rounded up may reach beyond).
    pub with_pads: usize,
}

impl Window {
    pub(super) fn inside(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, step, size) = (self.first, self.step, self.size);
        (0..self.count).filter_map(move |tap| usize::try_from(first + (tap * step) as isize).ok().filter(|&i| i < size))
    }
}

pub(super) fn window(g: &Geometry, axis: usize, at: usize) -> Window {
    let first = (at * g.stride[axis]) as isize - g.pads[axis] as isize;
    let end = (g.input[axis] + g.pads[axis + 2]) as isize;
    let (step, count) = (g.dilation[axis], g.kernel[axis]);
    let with_pads = (0..count).filter(|&tap| first + ((tap * step) as isize) < end).count();
    Window { first, step, count, size: g.input[axis], with_pads }
}

/// The mean of every channel.
pub fn global_average(x: &[f32], channels: usize, area: usize, out: &mut [f32]) {
    let planes = x.as_chunks::<4>().0.chunks_exact(area).zip(out.as_chunks_mut::<4>().0).take(channels.div_ceil(4));
    for (plane, out) in planes {
        let mut sums = [f32x4::ZERO; 4];
        let (quads, rest) = plane.as_chunks::<4>();
        for quad in quads {
            for (sum, pixel) in sums.iter_mut().zip(quad) {
                *sum += load(pixel);
            }
        }
        for pixel in rest {
            sums[0] += load(pixel);
        }
        let sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        *out = (sum * f32x4::splat(1.0 / area as f32)).to_array();
    }
}

/// Repeats rows and columns of a blocked map.
pub fn upsample(x: &[f32], channels: usize, input: [usize; 2], factors: [usize; 2], out: &mut [f32]) {
    let width = input[1] * factors[1];
    let (x, out) = (x.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    let lines = x.chunks_exact(input[1]).zip(out.chunks_exact_mut(width * factors[0]));
    for (line, out) in lines.take(channels.div_ceil(4) * input[0]) {
        let (first, others) = out.split_at_mut(width);
        for (pixel, out) in line.iter().zip(first.chunks_exact_mut(factors[1])) {
            out.fill(*pixel);
        }
        for other in others.chunks_exact_mut(width) {
            other.copy_from_slice(first);
        }
    }
}

/// A border of `value`, in channels too. Pairs are (before, after) of channels, rows, columns.
pub struct Border {
    pub channels: [usize; 2],
    pub rows: [usize; 2],
    pub columns: [usize; 2],
    pub value: f32,
}

/// Pads a blocked map of `dims` (channels, rows, columns).
pub fn pad(x: &[f32], dims: [usize; 3], border: &Border, out: &mut [f32]) {
    let [channels, rows, columns] = dims;
    let (x, out) = (x.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    let all = channels + border.channels[0] + border.channels[1];
    let (height, width) = (rows + border.rows[0] + border.rows[1], columns + border.columns[0] + border.columns[1]);
    for (block, plane) in out.chunks_exact_mut(height * width).take(all.div_ceil(4)).enumerate() {
        for (i, pixel) in plane.iter_mut().enumerate() {
            let (row, column) = ((i / width).wrapping_sub(border.rows[0]), (i % width).wrapping_sub(border.columns[0]));
            *pixel = std::array::from_fn(|lane| {
                let channel = (block * 4 + lane).wrapping_sub(border.channels[0]);
                if channel < channels && row < rows && column < columns {
                    x[channel / 4 * rows * columns + row * columns + column][channel % 4]
                } else if block * 4 + lane < all {
                    border.value
                } else {
                    0.0
                }
            });
        }
    }
}

/// Copies a blocked map of `channels` into `out`, from its channel `at` on.
pub fn place(x: &[f32], channels: usize, area: usize, at: usize, out: &mut [f32]) {
    if at.is_multiple_of(4) {
        let length = channels.div_ceil(4) * 4 * area;
        out[at * area..at * area + length].copy_from_slice(&x[..length]);
        return;
    }
    let (x, out) = (x.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    for channel in 0..channels {
        let from = &x[channel / 4 * area..][..area];
        let to = &mut out[(at + channel) / 4 * area..][..area];
        for (to, from) in to.iter_mut().zip(from) {
            to[(at + channel) % 4] = from[channel % 4];
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
}

impl Arithmetic {
    #[inline(always)]
    pub fn four(self, a: f32x4, b: f32x4) -> f32x4 {
        match self {
            Arithmetic::Add => a + b,
            Arithmetic::Sub => a - b,
            Arithmetic::Mul => a * b,
            Arithmetic::Div => a / b,
        }
    }
    #[inline(always)]
    pub fn one(self, a: f32, b: f32) -> f32 {
        match self {
            Arithmetic::Add => a + b,
            Arithmetic::Sub => a - b,
            Arithmetic::Mul => a * b,
            Arithmetic::Div => a / b,
        }
    }
}

/// `a = a op b`, both of the same layout and size.
pub fn combine(arithmetic: Arithmetic, a: &mut [f32], b: &[f32]) {
    let pairs = a.as_chunks_mut::<4>().0.iter_mut().zip(b.as_chunks::<4>().0);
    for (a, b) in pairs {
        *a = arithmetic.four(load(a), load(b)).to_array();
    }
    let pairs = a.as_chunks_mut::<4>().1.iter_mut().zip(b.as_chunks::<4>().1);
    for (a, b) in pairs {
        *a = arithmetic.one(*a, *b);
    }
}

/// `a = a op b`, `b` one value a channel. Both blocked.
pub fn combine_channels(arithmetic: Arithmetic, a: &mut [f32], b: &[f32], area: usize) {
    for (plane, b) in a.as_chunks_mut::<4>().0.chunks_exact_mut(area).zip(b.as_chunks::<4>().0) {
        let b = load(b);
        for pixel in plane {
            *pixel = arithmetic.four(load(pixel), b).to_array();
        }
    }
}

/// An activation of a blocked map, in place.
pub fn activate(activation: &Activation, x: &mut [f32], channels: usize, area: usize) {
    let planes = x.as_chunks_mut::<4>().0.chunks_exact_mut(area).take(channels.div_ceil(4));
    for (block, plane) in planes.enumerate() {
        let activation = activation.of_block(block);
        for pixel in plane {
            *pixel = activation.apply(load(pixel)).to_array();
        }
    }
}
