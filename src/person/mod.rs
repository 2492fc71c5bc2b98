//! From one face to whose it is: templates, their protection, the gallery, calibrated scores, decisions over a track.

pub mod calibrate;
pub mod common;
pub mod decide;
pub mod embed;
pub mod faceness;
pub mod gallery;
pub mod groups;
pub mod protect;
pub mod template;
pub mod track;
