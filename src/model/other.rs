//! Networks of another runtime, behind the door of an embedder.

use super::{ModelError, Network};

/// A network that another runtime runs, having operators that this one lacks (tract/). It was opened for an input of known sizes.
pub trait OtherNetwork {
    /// How many numbers its first output has.
    fn length(&self) -> usize;
    /// Runs the network on one NCHW image and gives its first output, in ONNX's own layout.
    fn run(&mut self, input: &[f32]) -> Result<Vec<f32>, ModelError>;
}

/// A network of another runtime: natively one that may change threads, in a page one that JavaScript holds.
#[cfg(not(target_arch = "wasm32"))]
pub type Other = Box<dyn OtherNetwork + Send>;
#[cfg(target_arch = "wasm32")]
pub type Other = Box<dyn OtherNetwork>;

/// Opens an ONNX file in another runtime, for an input of one image: 1, channels, rows, columns.
pub type OpenOther<'a> = &'a dyn Fn(&[u8], [usize; 4]) -> Result<Other, ModelError>;

/// A network with one input and one output that matters, of this runtime or of another.
pub enum AnyNetwork {
    Own(Network),
    Other(Other),
}

impl AnyNetwork {
    /// Opens a file here; in the other runtime, where there is one, if this one refuses it as unsupported.
    pub fn open(bytes: &[u8], input: [usize; 4], other: Option<OpenOther>) -> Result<Self, ModelError> {
        match (Network::from_onnx(bytes, Some(input)), other) {
            (Err(ModelError::Unsupported { .. }), Some(open)) => open(bytes, input).map(Self::Other),
            (own, _) => own.map(Self::Own),
        }
    }

    /// How many numbers the first output has.
    pub fn length(&self) -> usize {
        match self {
            Self::Own(network) => network.outputs().first().map_or(0, |o| o.dims.iter().product()),
            Self::Other(network) => network.length(),
        }
    }

    /// The first output of one NCHW image.
    pub fn run(&mut self, input: &[f32]) -> Result<Vec<f32>, ModelError> {
        match self {
            Self::Own(network) => Ok(network.run(input)?[0].to_vec()),
            Self::Other(network) => network.run(input),
        }
    }
}
