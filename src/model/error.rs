//! What can be wrong with a model file or with what is asked of a network.

use std::fmt;

use serde::Serialize;

/// Why a network could not be read, planned or run. To the page it crosses as `{why, ...}` (see [`crate::error`]); `Display` says all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum ModelError {
    /// The file ends in the middle of a record.
    Truncated,
    /// The bytes are not an ONNX model.
    NotOnnx {
        #[serde(skip)]
        detail: Detail,
    },
    /// The model uses an operator, or a variant of one, that this runtime does not know.
    Unsupported {
        operator: String,
        node: String,
        #[serde(skip)]
        variant: Detail,
    },
    /// Two sizes that have to agree do not.
    Shape {
        node: String,
        #[serde(skip)]
        detail: Detail,
    },
    /// Input or outputs have other sizes than what the network is for asks.
    OtherSizes {
        #[serde(skip)]
        detail: Detail,
    },
    /// A scale, a zero point or weights of 8-bit numbers that no kernel takes.
    Quantisation {
        node: String,
        #[serde(skip)]
        detail: Detail,
    },
    /// A size is beyond what any of our networks needs, so the file is refused before memory is asked for.
    TooLarge { node: String },
    /// Another runtime refused the file or failed at it.
    Other {
        #[serde(skip)]
        detail: Detail,
    },
}

/// What exactly is wrong, in English, for whoever makes networks and runs this without a browser. On the web it is nothing and costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail(#[cfg(not(target_arch = "wasm32"))] String);

impl Detail {
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }

    #[cfg(target_arch = "wasm32")]
    #[inline(always)]
    pub fn new(_: impl fmt::Display) -> Self {
        Self()
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(not(target_arch = "wasm32"))]
        f.write_str(&self.0)?;
        let _ = f;
        Ok(())
    }
}

impl ModelError {
    #[inline(always)]
    pub fn not_onnx(detail: impl fmt::Display) -> Self {
        Self::NotOnnx { detail: Detail::new(detail) }
    }

    #[inline(always)]
    pub fn other_sizes(detail: impl fmt::Display) -> Self {
        Self::OtherSizes { detail: Detail::new(detail) }
    }

    #[inline(always)]
    pub fn other(detail: impl fmt::Display) -> Self {
        Self::Other { detail: Detail::new(detail) }
    }

    #[inline(always)]
    pub fn shape(node: &str, detail: impl fmt::Display) -> Self {
        Self::Shape { node: node.to_owned(), detail: Detail::new(detail) }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::Truncated => f.write_str("the model file ends too early: download it again"),
            ModelError::NotOnnx { detail } => write!(f, "this is not a readable ONNX model ({detail}): download it again"),
            ModelError::Unsupported { operator, node, variant } => write!(
                f,
                "the model needs the operator {operator}{variant} (node {node}), which this program does not have: use a model made for it"
            ),
            ModelError::Shape { node, detail } => write!(f, "sizes do not fit: {node}: {detail}"),
            ModelError::OtherSizes { detail } => write!(f, "this is another network: {detail}"),
            ModelError::Quantisation { node, detail } => {
                write!(
                    f,
                    "the 8-bit numbers of {node} cannot be used, as {detail}: quantise the network anew with models/training/quantise.py"
                )
            }
            ModelError::TooLarge { node } => {
                write!(f, "the model asks for too much memory or work at {node}: use a model made for this program")
            }
            ModelError::Other { detail } => write!(f, "the second runtime, tract, cannot run it: {detail}"),
        }
    }
}

impl std::error::Error for ModelError {}
