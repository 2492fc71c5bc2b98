//! tract behind a small door: an ONNX file of one image in, numbers out, and what is wrong in words.

#[cfg(not(target_arch = "wasm32"))]
mod door;

#[cfg(not(target_arch = "wasm32"))]
pub use door::open;

use tract_onnx::prelude::*;

/// A network that tract has planned for one size of input.
pub struct Network {
    plan: Arc<TypedRunnableModel>,
    input: [usize; 4],
    outputs: Vec<Vec<usize>>,
}

impl Network {
    /// Reads an ONNX file with one input, an image, whose sizes the file gives or leaves open: 1, channels, rows, columns.
    pub fn from_onnx(mut bytes: &[u8], input: [usize; 4]) -> Result<Self, String> {
        let model = onnx().model_for_read(&mut bytes).map_err(words)?;
        // tract reads what it has no operator for, and fails later without a name.
        if let Some(node) = model.nodes().iter().find(|n| n.op.name().starts_with("Unimplemented")) {
            return Err(format!("it lacks the operator of the node '{}', {}", node.name, node.op.name()));
        }
        if model.inputs.len() != 1 {
            return Err(format!("it has {} inputs where one image belongs", model.inputs.len()));
        }
        let model = model.with_input_fact(0, f32::fact(input).into()).and_then(|m| m.into_optimized()).map_err(words)?;
        let outputs = (0..model.outputs.len()).map(|i| {
            let fact = model.output_fact(i).map_err(words)?;
            if fact.datum_type != f32::datum_type() {
                return Err(format!("its output {i} is not of 32-bit floats"));
            }
            let dims = fact.shape.as_concrete().ok_or(format!("the size of its output {i} is open"))?;
            Ok(dims.to_vec())
        });
        let outputs = outputs.collect::<Result<Vec<_>, String>>()?;
        Ok(Self { plan: model.into_runnable().map_err(words)?, input, outputs })
    }

    /// Of each output, as ONNX gives them.
    pub fn outputs(&self) -> &[Vec<usize>] {
        &self.outputs
    }

    /// Runs the network on one NCHW image; every output in ONNX's own layout.
    pub fn run(&self, image: &[f32]) -> Result<Vec<Vec<f32>>, String> {
        let image = Tensor::from_shape(&self.input, image).map_err(words)?;
        let outputs = self.plan.run(tvec![image.into()]).map_err(words)?;
        outputs.iter().map(|o| o.try_as_plain_ram().and_then(|p| Ok(p.as_slice::<f32>()?.to_vec())).map_err(words)).collect()
    }
}

/// The whole chain of causes on one line, not too long.
fn words(error: TractError) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
