//! Plain twins: the same arithmetic as simple loops over ONNX's own NCHW order. They are what the fast kernels are tested
//! against, and they run the few operators whose speed does not matter.

use super::geometry::Geometry;
use super::map::Arithmetic;
#[cfg(test)]
use super::map::{Pooling, window};

/// Any convolution. `bias` may be longer than the outputs.
pub fn conv(g: &Geometry, x: &[f32], weights: &[f32], bias: &[f32], out: &mut [f32]) {
    let (per_group_in, per_group_out) = (g.inputs / g.groups, g.outputs / g.groups);
    let taps = g.kernel[0] * g.kernel[1];
    for (i, out) in out.iter_mut().enumerate().take(g.outputs * g.out_area()) {
        let (output, row, column) = (i / g.out_area(), i % g.out_area() / g.output[1], i % g.output[1]);
        let mut sum = 0.0;
        for input in 0..per_group_in {
            let plane = &x[(output / per_group_out * per_group_in + input) * g.in_area()..][..g.in_area()];
            let weights = &weights[(output * per_group_in + input) * taps..][..taps];
            for (tap, weight) in weights.iter().enumerate() {
                let y = (row * g.stride[0] + tap / g.kernel[1] * g.dilation[0]).wrapping_sub(g.pads[0]);
                let x = (column * g.stride[1] + tap % g.kernel[1] * g.dilation[1]).wrapping_sub(g.pads[1]);
                if y < g.input[0] && x < g.input[1] {
                    sum += weight * plane[y * g.input[1] + x];
                }
            }
        }
        *out = sum + bias[output];
    }
}

/// Any pooling of NCHW.
#[cfg(test)]
pub fn pool(pooling: Pooling, g: &Geometry, x: &[f32], out: &mut [f32]) {
    for (i, out) in out.iter_mut().enumerate() {
        let plane = &x[i / g.out_area() * g.in_area()..][..g.in_area()];
        let rows = window(g, 0, i % g.out_area() / g.output[1]);
        let columns = window(g, 1, i % g.output[1]);
        let taps: Vec<f32> = rows.inside().flat_map(|y| columns.inside().map(move |x| plane[y * g.input[1] + x])).collect();
        let divisor = match pooling {
            Pooling::AverageWithPads => rows.with_pads * columns.with_pads,
            _ => taps.len(),
        };
        *out = match pooling {
            _ if divisor == 0 => 0.0,
            Pooling::Max => taps.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            _ => taps.iter().sum::<f32>() / divisor as f32,
        };
    }
}

/// Element offsets for walking `dims` when axis i is `strides[i]` apart, in row-major order of `dims`.
pub fn walk(dims: &[usize], strides: &[usize], mut visit: impl FnMut(usize)) {
    if dims.contains(&0) {
        return;
    }
    let mut index = vec![0; dims.len()];
    let mut offset = 0;
    loop {
        visit(offset);
        let mut axis = dims.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            offset -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
    }
}

/// Distance between neighbours along each axis of a row-major tensor.
pub fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

/// `out`'s axis i is `x`'s axis `perm[i]`.
pub fn transpose<T: Copy>(x: &[T], dims: &[usize], perm: &[usize], out: &mut [T]) {
    let from = strides(dims);
    let dims: Vec<usize> = perm.iter().map(|&axis| dims[axis]).collect();
    let from: Vec<usize> = perm.iter().map(|&axis| from[axis]).collect();
    let mut out = out.iter_mut();
    walk(&dims, &from, |at| {
        if let Some(out) = out.next() {
            *out = x[at];
        }
    });
}

/// `a op b` with ONNX's (numpy's) broadcasting. `strides_a` and `strides_b` are zero where an axis is repeated.
pub fn broadcast(
    arithmetic: Arithmetic,
    dims: &[usize],
    (a, strides_a): (&[f32], &[usize]),
    (b, strides_b): (&[f32], &[usize]),
    out: &mut [f32],
) {
    let mut at = 0;
    walk(dims, strides_a, |i| {
        out[at] = a[i];
        at += 1;
    });
    at = 0;
    walk(dims, strides_b, |i| {
        out[at] = arithmetic.one(out[at], b[i]);
        at += 1;
    });
}

/// In place, along an axis of `length` whose neighbours are `inner` apart.
pub fn softmax(x: &mut [f32], length: usize, inner: usize) {
    for line in x.chunks_exact_mut(length * inner) {
        for at in 0..inner {
            let highest = line[at..].iter().step_by(inner).copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for value in line[at..].iter_mut().step_by(inner) {
                *value = (*value - highest).exp();
                sum += *value;
            }
            for value in line[at..].iter_mut().step_by(inner) {
                *value /= sum;
            }
        }
    }
}
