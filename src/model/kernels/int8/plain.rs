//! Plain twins of the kernels on bytes: the same integers by simple loops over ONNX's own NCHW order.

use super::{Finish, Quantisation};
use crate::model::kernels::geometry::Geometry;

/// Any convolution; the sums of `byte - zero`, to which a border adds nothing, plus what the zero adds to the kernels' sums.
pub fn sums(g: &Geometry, x: &[i8], weights: &[i8], zero: i8) -> Vec<i32> {
    let (per_group_in, per_group_out) = (g.inputs / g.groups, g.outputs / g.groups);
    let taps = g.kernel[0] * g.kernel[1];
    let sum_of = |at: usize| {
        let (output, row, column) = (at / g.out_area(), at % g.out_area() / g.output[1], at % g.output[1]);
        let mut sum = 0;
        for input in 0..per_group_in {
            let plane = &x[(output / per_group_out * per_group_in + input) * g.in_area()..][..g.in_area()];
            for tap in 0..taps {
                let weight = i32::from(weights[(output * per_group_in + input) * taps + tap]);
                let y = (row * g.stride[0] + tap / g.kernel[1] * g.dilation[0]).wrapping_sub(g.pads[0]);
                let x = (column * g.stride[1] + tap % g.kernel[1] * g.dilation[1]).wrapping_sub(g.pads[1]);
                let inside = y < g.input[0] && x < g.input[1];
                sum += weight * i32::from(if inside { plane[y * g.input[1] + x] } else { zero });
            }
        }
        sum
    };
    (0..g.outputs * g.out_area()).map(sum_of).collect()
}

/// What [`Finish`] makes of sums: bytes.
pub fn bytes(finish: &Finish, area: usize, sums: &[i32], residual: Option<&[i8]>, to: Quantisation) -> Vec<i8> {
    let byte = |value: f32| (value.round_ties_even() as i32 + i32::from(to.zero)) as i8;
    floats(finish, area, sums, residual).into_iter().map(byte).collect()
}

/// What [`Finish`] makes of sums where no output scale is given: numbers.
pub fn floats(finish: &Finish, area: usize, sums: &[i32], residual: Option<&[i8]>) -> Vec<f32> {
    sums.iter().enumerate().map(|(at, &sum)| finish.one(at / area, sum, residual.map(|r| r[at]))).collect()
}
