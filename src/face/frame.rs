//! A frame: the only thing that enters the engine, and it never leaves.

use std::fmt;

use serde::Serialize;

/// The longest side, in pixels, of an image that the engine looks at. A caller shrinks larger ones first.
pub const MAX_SIDE: usize = 8192;

/// RGBA pixels, eight bits a channel, row after row without gaps, and the time at which they were seen.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    rgba: &'a [u8],
    width: usize,
    height: usize,
    /// Milliseconds on any clock that only goes forward.
    pub time_ms: f64,
}

/// Why pixels cannot be a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum FrameError {
    /// Width or height is zero.
    Empty,
    /// A side is longer than `most`, which is [`MAX_SIDE`].
    TooLarge { width: usize, height: usize, most: usize },
    /// The number of bytes is not width x height x 4.
    Length { expected: usize, found: usize },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "The picture has no pixels."),
            Self::TooLarge { width, height, most } => {
                write!(f, "The picture is {width} x {height} pixels; the longest side may be {most}.")
            }
            Self::Length { expected, found } => write!(f, "The picture has {found} bytes where {expected} belong."),
        }
    }
}

impl std::error::Error for FrameError {}

impl<'a> Frame<'a> {
    /// `rgba` holds `width * height * 4` bytes.
    pub fn new(rgba: &'a [u8], width: usize, height: usize, time_ms: f64) -> Result<Self, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty);
        }
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(FrameError::TooLarge { width, height, most: MAX_SIDE });
        }
        let expected = width * height * 4;
        if rgba.len() != expected {
            return Err(FrameError::Length { expected, found: rgba.len() });
        }
        Ok(Self { rgba, width, height, time_ms })
    }

    pub fn rgba(&self) -> &'a [u8] {
        self.rgba
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_zero_or_wrong_size_is_refused() {
        assert_eq!(Frame::new(&[], 0, 3, 0.0).err(), Some(FrameError::Empty));
        assert_eq!(Frame::new(&[0; 4], 1, 2, 0.0).err(), Some(FrameError::Length { expected: 8, found: 4 }));
        assert!(matches!(Frame::new(&[], MAX_SIDE + 1, 1, 0.0).err(), Some(FrameError::TooLarge { .. })));
        assert!(Frame::new(&[0; 12], 3, 1, 0.0).is_ok());
    }
}
