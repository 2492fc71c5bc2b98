//! From a frame to what one face in it shows: where it is, how it stands, what covers it, how well it can be seen.

pub mod align;
pub mod detect;
pub mod frame;
pub mod geometry;
pub mod landmarks;
pub mod mask;
pub mod planarity;
pub mod presence;
pub mod quality;
pub mod turn;
