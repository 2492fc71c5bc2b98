//! Convolutions: which kernel runs one, and with weights in which order.

use super::depthwise::Plane;
use super::geometry::Geometry;
use super::pointwise::{self, Finish, Pair, accumulate, pack, store, tile_size};
use super::{Activation, Pixel, blocked_len, map, plain};
use wide::f32x4;

/// Columns of a dense convolution that are done for all output channels before the next.
const STRETCH: usize = 24;

enum Weights {
    /// `[panel][input][8]`
    Pointwise(Vec<Pair>),
    /// `[panel][tap][input][8]`
    Dense(Vec<Pair>),
    /// `[block][tap]`
    Depthwise(Vec<Pixel>),
    /// ONNX's own order, for grouped convolutions that no network of ours has.
    Plain(Vec<f32>),
}

/// A convolution ready to run.
pub struct Conv {
    pub geometry: Geometry,
    weights: Weights,
    bias: Vec<Pixel>,
    pub activation: Activation,
}

impl Conv {
    /// `weights` as ONNX has them, `[output][input of its group][row][column]`; one `bias` an output.
    pub fn new(geometry: Geometry, weights: Vec<f32>, bias: Vec<f32>, activation: Activation) -> Conv {
        let g = &geometry;
        let taps = g.kernel[0] * g.kernel[1];
        let packed = if g.groups == 1 {
            // Colour images are worth a kernel that does not count the fourth lane.
            let inputs = if g.inputs == 3 && !g.is_pointwise() { 3 } else { g.inputs.next_multiple_of(4) };
            let weight = |output, at: usize| {
                let (tap, input) = (at / inputs, at % inputs);
                if input < g.inputs { weights[(output * g.inputs + input) * taps + tap] } else { 0.0 }
            };
            let packed = pack(g.outputs, taps * inputs, weight);
            if g.is_pointwise() { Weights::Pointwise(packed) } else { Weights::Dense(packed) }
        } else if g.is_depthwise() {
            let at = |block: usize, tap: usize, lane: usize| weights.get((block * 4 + lane) * taps + tap).copied().unwrap_or(0.0);
            let blocks = g.outputs.div_ceil(4);
            let pixels = (0..blocks * taps).map(|i| std::array::from_fn(|lane| at(i / taps, i % taps, lane)));
            Weights::Depthwise(pixels.collect())
        } else {
            Weights::Plain(weights)
        };
        let mut bias = bias;
        bias.resize(g.outputs.next_multiple_of(4), 0.0);
        let bias = bias.as_chunks::<4>().0.to_vec();
        Conv { geometry, weights: packed, bias, activation }
    }

    pub fn kind(&self) -> &'static str {
        match self.weights {
            Weights::Pointwise(_) => "pointwise",
            Weights::Dense(_) => "dense",
            Weights::Depthwise(_) => "depthwise",
            Weights::Plain(_) => "grouped",
        }
    }

    /// Floats of scratch memory that [`Conv::run`] wants.
    pub fn scratch(&self) -> usize {
        let g = &self.geometry;
        let padded = g.padded()[0] * g.padded()[1];
        match self.weights {
            Weights::Pointwise(_) => 0,
            _ if matches!(self.weights, Weights::Plain(_)) => g.inputs * g.in_area() + g.outputs * g.out_area(),
            _ if g.pads == [0; 4] => 0,
            Weights::Dense(_) => blocked_len(g.inputs, padded),
            _ => 4 * padded,
        }
    }

    /// All maps blocked. A `residual` is added before the activation; it may lack the last blocks.
    pub fn run(&self, x: &[f32], residual: Option<&[f32]>, out: &mut [f32], scratch: &mut [f32]) {
        let g = &self.geometry;
        let x = &x[..blocked_len(g.inputs, g.in_area())];
        let out = &mut out[..blocked_len(g.outputs, g.out_area())];
        let (x, out) = (x.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
        let residual = residual.map(|r| r.as_chunks::<4>().0);
        let finish = Finish { bias: &self.bias, residual, activation: &self.activation };
        match &self.weights {
            Weights::Pointwise(weights) => pointwise::run(x, g.in_area(), weights, finish, out),
            Weights::Dense(weights) => match (g.inputs, g.stride[1]) {
                (3, 1) => self.dense::<3, 1>(x, weights, finish, out, scratch),
                (3, 2) => self.dense::<3, 2>(x, weights, finish, out, scratch),
                (3, _) => self.dense::<3, 0>(x, weights, finish, out, scratch),
                (_, 1) => self.dense::<4, 1>(x, weights, finish, out, scratch),
                (_, 2) => self.dense::<4, 2>(x, weights, finish, out, scratch),
                _ => self.dense::<4, 0>(x, weights, finish, out, scratch),
            },
            Weights::Depthwise(weights) => self.depthwise(x, weights, residual, out, scratch),
            Weights::Plain(weights) => self.grouped(x, weights, residual, out, scratch),
        }
    }

    /// LANES input channels of each block are in use. STEP is the stride between columns, known so that the compiler need not
    /// check each pixel; 0 is any.
    fn dense<const LANES: usize, const STEP: usize>(
        &self,
        x: &[Pixel],
        weights: &[Pair],
        finish: Finish<'_>,
        out: &mut [Pixel],
        scratch: &mut [f32],
    ) {
        let g = &self.geometry;
        let x = map::padded(x, g, scratch);
        let panel_len = g.kernel[0] * g.kernel[1] * x.len() / (g.padded()[0] * g.padded()[1]) * LANES;
        for row in 0..g.output[0] {
            // A stretch of a row at a time for all panels, so that its input is still in the first-level cache for the next.
            for start in (0..g.output[1]).step_by(STRETCH) {
                let end = (start + STRETCH).min(g.output[1]);
                for (panel, weights) in weights.chunks_exact(panel_len).enumerate() {
                    let mut column = start;
                    while column < end {
                        let size = tile_size(end - column);
                        match size {
                            1 => self.dense_tile::<1, LANES, STEP>(x, row, column, panel, weights, finish, out),
                            2 => self.dense_tile::<2, LANES, STEP>(x, row, column, panel, weights, finish, out),
                            3 => self.dense_tile::<3, LANES, STEP>(x, row, column, panel, weights, finish, out),
                            4 => self.dense_tile::<4, LANES, STEP>(x, row, column, panel, weights, finish, out),
                            5 => self.dense_tile::<5, LANES, STEP>(x, row, column, panel, weights, finish, out),
                            _ => self.dense_tile::<6, LANES, STEP>(x, row, column, panel, weights, finish, out),
                        }
                        column += size;
                    }
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn dense_tile<const P: usize, const LANES: usize, const STEP: usize>(
        &self,
        x: &[Pixel],
        row: usize,
        column: usize,
        panel: usize,
        weights: &[Pair],
        finish: Finish<'_>,
        out: &mut [Pixel],
    ) {
        let g = &self.geometry;
        let [height, width] = g.padded();
        let step = if STEP > 0 { STEP } else { g.stride[1] };
        let mut tile = [[f32x4::ZERO; 2]; P];
        let mut weights = weights.as_chunks::<LANES>().0.iter();
        for ky in 0..g.kernel[0] {
            for kx in 0..g.kernel[1] {
                let from = (row * g.stride[0] + ky * g.dilation[0]) * width + column * step + kx * g.dilation[1];
                for (plane, weights) in x.chunks_exact(height * width).zip(&mut weights) {
                    let pixels = &plane[from..from + (P - 1) * step + 1];
                    accumulate::<P, 2, LANES>(&mut tile, pixels, step, weights);
                }
            }
        }
        store::<P, 2>(tile, panel, g.out_area(), row * g.output[1] + column, finish, out);
    }

    fn depthwise(&self, x: &[Pixel], weights: &[Pixel], residual: Option<&[Pixel]>, out: &mut [Pixel], scratch: &mut [f32]) {
        let g = &self.geometry;
        let (taps, area) = (g.kernel[0] * g.kernel[1], g.out_area());
        let planes = x.chunks_exact(g.in_area()).zip(out.chunks_exact_mut(area)).zip(weights.chunks_exact(taps));
        for (block, ((x, out), weights)) in planes.enumerate() {
            let plane = Plane {
                x: map::padded(x, g, scratch),
                width: g.padded()[1],
                weights,
                bias: &self.bias[block],
                activation: self.activation.of_block(block),
                columns: g.output[1],
            };
            let residual = residual.and_then(|r| r.get(block * area..(block + 1) * area));
            match (g.kernel, g.stride, g.dilation) {
                ([3, 3], [1, 1], [1, 1]) => plane.run::<3, 1>(residual, out),
                ([3, 3], [2, 2], [1, 1]) => plane.run::<3, 2>(residual, out),
                ([5, 5], [1, 1], [1, 1]) => plane.run::<5, 1>(residual, out),
                ([5, 5], [2, 2], [1, 1]) => plane.run::<5, 2>(residual, out),
                _ => plane.run_any(g.kernel, g.stride, g.dilation, residual, out),
            }
        }
    }

    fn grouped(&self, x: &[Pixel], weights: &[f32], residual: Option<&[Pixel]>, out: &mut [Pixel], scratch: &mut [f32]) {
        let g = &self.geometry;
        let (input, output) = scratch.split_at_mut(g.inputs * g.in_area());
        let output = &mut output[..g.outputs * g.out_area()];
        map::unblock(x.as_flattened(), g.inputs, g.in_area(), input);
        plain::conv(g, input, weights, self.bias.as_flattened(), output);
        map::block(output, g.outputs, g.out_area(), out.as_flattened_mut());
        for (block, plane) in out.chunks_exact_mut(g.out_area()).enumerate() {
            let activation = self.activation.of_block(block);
            for (i, pixel) in plane.iter_mut().enumerate() {
                let residual = residual.and_then(|r| r.get(block * g.out_area() + i));
                let sum = residual.map_or(super::load(pixel), |r| super::load(pixel) + super::load(r));
                *pixel = activation.apply(sum).to_array();
            }
        }
    }
}
