//! Sizes of convolutions and poolings.

/// Sizes of a convolution or a pooling. Pairs are (rows, columns).
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    pub inputs: usize,
    pub outputs: usize,
    pub groups: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
    pub input: [usize; 2],
    pub output: [usize; 2],
}

impl Geometry {
    pub fn padded(&self) -> [usize; 2] {
        [self.input[0] + self.pads[0] + self.pads[2], self.input[1] + self.pads[1] + self.pads[3]]
    }
    /// A filter a channel, one output each.
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.inputs && self.groups == self.outputs
    }
    /// Outputs see nothing but their own pixel.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.pads == [0; 4]
    }
    pub fn in_area(&self) -> usize {
        self.input[0] * self.input[1]
    }
    pub fn out_area(&self) -> usize {
        self.output[0] * self.output[1]
    }
    /// Multiplications that the layer takes.
    pub fn work(&self) -> u128 {
        let taps = self.kernel[0] as u128 * self.kernel[1] as u128;
        let outputs = self.outputs as u128 * self.out_area() as u128;
        taps * outputs * (self.inputs / self.groups) as u128
    }
}
