//! What the builds do with different instructions: the dot product, and bytes made wider and narrower.

use super::Quad;
use wide::{f32x4, i32x4};
#[cfg(not(target_arch = "wasm32"))]
use wide::{i8x16, i16x8, i16x16, i32x8, u8x16};

#[cfg(target_arch = "wasm32")]
mod arch {
    use core::arch::wasm32::*;

    #[inline(always)]
    pub fn to(v: [u32; 4]) -> v128 {
        u32x4(v[0], v[1], v[2], v[3])
    }
    #[inline(always)]
    pub fn from(v: v128) -> [u32; 4] {
        [u32x4_extract_lane::<0>(v), u32x4_extract_lane::<1>(v), u32x4_extract_lane::<2>(v), u32x4_extract_lane::<3>(v)]
    }
}

/// Words that four channels of a pixel take as factors of [`dot`]: one of bytes with relaxed SIMD, else two of pairs of 16 bits.
pub const WORDS: usize = if RELAXED { 1 } else { 2 };
/// What is added to weights so that none is negative.
pub const OFFSET: i32 = if RELAXED { 64 } else { 0 };
pub const RELAXED: bool = cfg!(all(target_arch = "wasm32", target_feature = "relaxed-simd"));

/// Four channels as factors of [`dot`].
#[inline(always)]
pub fn words(quad: Quad) -> [u32; WORDS] {
    let bytes = quad.to_le_bytes();
    std::array::from_fn(|word| if RELAXED { quad } else { pair(bytes[2 * word] as i8, bytes[2 * word + 1] as i8) })
}

/// Four weights of one output as factors of [`dot`].
pub fn weight_words(weights: [i8; 4]) -> [u32; WORDS] {
    let offset = weights.map(|weight| (i32::from(weight) + OFFSET) as u8);
    std::array::from_fn(|word| if RELAXED { u32::from_le_bytes(offset) } else { pair(weights[2 * word], weights[2 * word + 1]) })
}

#[inline(always)]
fn pair(low: i8, high: i8) -> u32 {
    u32::from(i16::from(low) as u16) | u32::from(i16::from(high) as u16) << 16
}

/// `sum` plus, for each of four outputs, the products of a word of channels with a word of its weights.
#[inline(always)]
pub fn dot(channels: u32, weights: &[u32; 4], sum: i32x4) -> i32x4 {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    {
        use core::arch::wasm32::{i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat};
        bytemuck::cast(arch::from(i32x4_relaxed_dot_i8x16_i7x16_add(
            i32x4_splat(channels as i32),
            arch::to(*weights),
            arch::to(bytemuck::cast(sum)),
        )))
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
    {
        let (channels, weights) = ([channels; 4], *weights);
        pair_dot(bytemuck::cast(channels), bytemuck::cast(weights), sum)
    }
}

/// `sum` plus, lane by lane, the products of two pairs of 16 bits.
#[inline(always)]
pub fn pair_dot(a: [i16; 8], b: [i16; 8], sum: i32x4) -> i32x4 {
    #[cfg(target_arch = "wasm32")]
    {
        use core::arch::wasm32::{i32x4_add, i32x4_dot_i16x8};
        let product = i32x4_dot_i16x8(arch::to(bytemuck::cast(a)), arch::to(bytemuck::cast(b)));
        bytemuck::cast(arch::from(i32x4_add(arch::to(bytemuck::cast(sum)), product)))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        sum + i16x8::new(a).dot(i16x8::new(b))
    }
}

/// Of four pixels, the sum of their channels times [`OFFSET`], taken off `sums`.
#[inline(always)]
pub fn take_offset(quads: [Quad; 4], sums: [i32; 4]) -> [i32; 4] {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    {
        use core::arch::wasm32::{i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat, i32x4_sub};
        let sum = i32x4_relaxed_dot_i8x16_i7x16_add(arch::to(quads), i32x4_splat(0x4040_4040), i32x4_splat(0));
        bytemuck::cast(arch::from(i32x4_sub(arch::to(bytemuck::cast(sums)), sum)))
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
    {
        let sum = quads.map(|quad| quad.to_le_bytes().map(|byte| i32::from(byte as i8)).iter().sum::<i32>());
        std::array::from_fn(|i| sums[i] - sum[i] * OFFSET)
    }
}

/// The channels of a pixel of two rows side by side: `[upper 0, lower 0, upper 1, ...]`, for four pixels.
#[inline(always)]
pub fn interleave(upper: [Quad; 4], lower: [Quad; 4]) -> [[i16; 8]; 4] {
    #[cfg(target_arch = "wasm32")]
    {
        use core::arch::wasm32::*;
        let (upper, lower) = (arch::to(upper), arch::to(lower));
        let first = i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(upper, lower);
        let last = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(upper, lower);
        let pixels =
            [i16x8_extend_low_i8x16(first), i16x8_extend_high_i8x16(first), i16x8_extend_low_i8x16(last), i16x8_extend_high_i8x16(last)];
        pixels.map(|pixel| bytemuck::cast(arch::from(pixel)))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let (upper, lower): (u8x16, u8x16) = (bytemuck::cast(upper), bytemuck::cast(lower));
        let (first, last) = (u8x16::unpack_low(upper, lower), u8x16::unpack_high(upper, lower));
        bytemuck::cast([first, last].map(|bytes| i16x16::from_i8x16(bytemuck::cast(bytes))))
    }
}

/// Four pixels as floats.
#[inline(always)]
pub fn widen(quads: [Quad; 4]) -> [f32x4; 4] {
    #[cfg(target_arch = "wasm32")]
    {
        use core::arch::wasm32::*;
        let bytes = arch::to(quads);
        let (first, last) = (i16x8_extend_low_i8x16(bytes), i16x8_extend_high_i8x16(bytes));
        let pixels =
            [i32x4_extend_low_i16x8(first), i32x4_extend_high_i16x8(first), i32x4_extend_low_i16x8(last), i32x4_extend_high_i16x8(last)];
        pixels.map(|pixel| bytemuck::cast(arch::from(f32x4_convert_i32x4(pixel))))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let halves: [i16x8; 2] = bytemuck::cast(i16x16::from_i8x16(bytemuck::cast(quads)));
        let pixels: [i32x4; 4] = bytemuck::cast(halves.map(i32x8::from_i16x8));
        pixels.map(i32x4::round_float)
    }
}

/// Four pixels as bytes, saturated.
#[inline(always)]
pub fn narrow(pixels: [i32x4; 4]) -> [Quad; 4] {
    #[cfg(target_arch = "wasm32")]
    {
        use core::arch::wasm32::{i8x16_narrow_i16x8, i16x8_narrow_i32x4};
        let [a, b, c, d] = pixels.map(|pixel| arch::to(bytemuck::cast(pixel)));
        arch::from(i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d)))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let halves: [i32x8; 2] = bytemuck::cast(pixels);
        bytemuck::cast(i8x16::from_i16x16_saturate(bytemuck::cast(halves.map(i16x8::from_i32x8_saturate))))
    }
}
