//! What can be wrong with a model file or with what is asked of a network.

use std::fmt;

/// Why a network could not be read, planned or run. `Display` says it in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelError {
    /// The file ends in the middle of a record.
    Truncated,
    /// The bytes are not an ONNX model; says what was wrong.
    NotOnnx(&'static str),
    /// The model uses an operator, or a variant of one, that this runtime does not know.
    Unsupported { operator: String, node: String },
    /// Two sizes that have to agree do not; says where and how.
    Shape(String),
    /// A scale, a zero point or weights of 8-bit numbers that no kernel takes; says what is wrong with them.
    Quantisation { node: String, why: String },
    /// A size is beyond what any of our networks needs, so the file is refused before memory is asked for.
    TooLarge { node: String },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::Truncated => f.write_str("the model file ends too early: download it again"),
            ModelError::NotOnnx(why) => {
                write!(f, "this is not a readable ONNX model ({why}): download it again")
            }
            ModelError::Unsupported { operator, node } => write!(
                f,
                "the model needs the operator {operator} (node {node}), which this program does not have: use a model made for it"
            ),
            ModelError::Shape(what) => write!(f, "sizes do not fit: {what}"),
            ModelError::Quantisation { node, why } => {
                write!(
                    f,
                    "the 8-bit numbers of {node} cannot be used, as {why}: quantise the network anew with models/training/quantise.py"
                )
            }
            ModelError::TooLarge { node } => {
                write!(f, "the model asks for too much memory or work at {node}: use a model made for this program")
            }
        }
    }
}

impl std::error::Error for ModelError {}
