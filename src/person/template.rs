//! A template: what is kept of a face. Never a picture.

use std::fmt;

use half::f16;
use serde::Serialize;

use crate::face::mask::{Mask, MaskState};
use crate::person::embed::{add, unit};

/// Features of one face, or of several looks at one.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Unit vector, from every face.
    pub periocular: Features,
    /// Unit vector, from every face but for some of many looks at a masked one.
    pub full: Option<Features>,
    pub mask: Mask,
    /// 0..1, of the face that it was made from.
    pub quality: f32,
}

/// A unit vector and the model that made it. Vectors of two models cannot be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    pub model: String,
    pub vector: Vec<f32>,
}

/// What a template says of itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TemplateInfo {
    pub models: TemplateModels,
    pub dimensions: TemplateDimensions,
    pub mask: Mask,
    pub quality: f32,
}

/// Which networks made a template; `full` is None for a covered face.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TemplateModels {
    pub full: Option<String>,
    pub periocular: String,
}

/// Of how many numbers its vectors are.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TemplateDimensions {
    pub full: Option<usize>,
    pub periocular: usize,
}

/// Why bytes are not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// They do not begin as a template does.
    Foreign,
    /// Written by a later version of Brow.
    Newer(u8),
    /// They end too early, too late, or hold what no template holds.
    Damaged,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "This record is not a Brow template."),
            Self::Newer(v) => write!(f, "This template was written by a newer Brow (format {v})."),
            Self::Damaged => write!(f, "This template is damaged."),
        }
    }
}

impl std::error::Error for TemplateError {}

const MAGIC: &[u8; 4] = b"BRWT";
const VERSION: u8 = 1;
/// No model of ours gives more; it keeps damaged bytes from asking for memory.
const MOST_DIMENSIONS: usize = 4096;

impl Template {
    /// All that was measured of the face: the periocular vector's numbers, then the full one's, where there is one.
    pub fn numbers(&self) -> impl Iterator<Item = f32> {
        self.periocular.vector.iter().chain(self.full.iter().flat_map(|f| &f.vector)).copied()
    }

    /// The mean of several templates of one face, weighted by quality. None for none at all. The mask state is the first
    /// one's, the quality the best.
    pub fn mean<'a>(templates: impl IntoIterator<Item = &'a Template>) -> Option<Template> {
        let mut templates = templates.into_iter();
        let first = templates.next()?;
        let mut mean = first.clone();
        // A hopeless face still counts a little: better than a mean of nothing.
        let weight = |t: &Template| t.quality.max(0.05);
        let scale = |f: &mut Features, w: f32| f.vector.iter_mut().for_each(|v| *v *= w);
        scale(&mut mean.periocular, weight(first));
        if let Some(full) = &mut mean.full {
            scale(full, weight(first));
        }
        for t in templates {
            add(&mut mean.periocular.vector, &t.periocular.vector, weight(t));
            match (&mut mean.full, &t.full) {
                (Some(sum), Some(full)) => add(&mut sum.vector, &full.vector, weight(t)),
                (None, Some(full)) => {
                    let mut full = full.clone();
                    scale(&mut full, weight(t));
                    mean.full = Some(full);
                }
                _ => {}
            }
            mean.quality = mean.quality.max(t.quality);
        }
        mean.periocular.vector = unit(mean.periocular.vector);
        if let Some(full) = &mut mean.full {
            full.vector = unit(std::mem::take(&mut full.vector));
        }
        Some(mean)
    }

    /// "BRWT", version, mask state, its probability and the quality (f16), then for each of the two vectors: length of the
    /// model's name, name, number of dimensions (u16; 0: none), dimensions (f16). Little endian. Half precision changes a
    /// cosine by less than 1e-4.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        out.push(MaskState::ALL.iter().position(|s| *s == self.mask.state).unwrap_or(0) as u8);
        for v in [self.mask.probability, self.quality] {
            out.extend(f16::from_f32(v).to_le_bytes());
        }
        for features in [Some(&self.periocular), self.full.as_ref()] {
            let (model, vector) = features.map_or(("", &[][..]), |f| (&f.model, &f.vector[..]));
            out.push(model.len() as u8);
            out.extend(model.as_bytes());
            out.extend((vector.len() as u16).to_le_bytes());
            out.extend(vector.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()));
        }
        out
    }

    pub fn info(self) -> TemplateInfo {
        let dimensions = TemplateDimensions { full: self.full.as_ref().map(|f| f.vector.len()), periocular: self.periocular.vector.len() };
        let models = TemplateModels { full: self.full.map(|f| f.model), periocular: self.periocular.model };
        TemplateInfo { models, dimensions, mask: self.mask, quality: self.quality }
    }

    pub fn decode(bytes: &[u8]) -> Result<Template, TemplateError> {
        let mut bytes = Bytes(bytes.strip_prefix(MAGIC).ok_or(TemplateError::Foreign)?);
        match bytes.take(1)?[0] {
            VERSION => {}
            v if v > VERSION => return Err(TemplateError::Newer(v)),
            _ => return Err(TemplateError::Damaged),
        }
        let state = *MaskState::ALL.get(bytes.take(1)?[0] as usize).ok_or(TemplateError::Damaged)?;
        let (probability, quality) = (bytes.fraction()?, bytes.fraction()?);
        let periocular = bytes.features()?.ok_or(TemplateError::Damaged)?;
        let full = bytes.features()?;
        if !bytes.0.is_empty() {
            return Err(TemplateError::Damaged);
        }
        Ok(Template { periocular, full, mask: Mask { state, probability }, quality })
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], TemplateError> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(TemplateError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn half(&mut self) -> Result<f32, TemplateError> {
        let b = self.take(2)?;
        Ok(f16::from_le_bytes([b[0], b[1]]).to_f32())
    }

    fn fraction(&mut self) -> Result<f32, TemplateError> {
        self.half().and_then(|v| if (0.0..=1.0).contains(&v) { Ok(v) } else { Err(TemplateError::Damaged) })
    }

    fn features(&mut self) -> Result<Option<Features>, TemplateError> {
        let length = self.take(1)?[0] as usize;
        let model = std::str::from_utf8(self.take(length)?).map_err(|_| TemplateError::Damaged)?.to_owned();
        let b = self.take(2)?;
        let dimensions = u16::from_le_bytes([b[0], b[1]]) as usize;
        if dimensions == 0 {
            return Ok(None);
        }
        if dimensions > MOST_DIMENSIONS {
            return Err(TemplateError::Damaged);
        }
        let vector = self.take(2 * dimensions)?.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect::<Vec<_>>();
        // NaN and infinity would make every comparison meaningless; a length far from one would shift every score.
        let length: f32 = vector.iter().map(|v| v * v).sum();
        if !(0.9..1.1).contains(&length) {
            return Err(TemplateError::Damaged);
        }
        Ok(Some(Features { model, vector: unit(vector) }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::person::embed::cosine;

    pub fn template(seed: u32, bare: bool) -> Template {
        // Vectors of different seeds are as unlike as those of strangers.
        let vector = |n: u32, s: u32| {
            let mut state = u64::from(s);
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
            };
            unit((0..n).map(|_| next()).collect())
        };
        Template {
            periocular: Features { model: "periocular-1".into(), vector: vector(256, seed) },
            full: bare.then(|| Features { model: "full-1".into(), vector: vector(192, seed + 77_777) }),
            mask: Mask { state: if bare { MaskState::Bare } else { MaskState::Masked }, probability: 0.75 },
            quality: 0.5,
        }
    }

    #[test]
    fn a_template_is_read_as_it_was_written() {
        for bare in [true, false] {
            let t = template(3, bare);
            let read = Template::decode(&t.encode()).unwrap();
            assert_eq!((read.mask, read.quality, &read.periocular.model), (t.mask, t.quality, &t.periocular.model));
            assert!((cosine(&read.periocular.vector, &t.periocular.vector) - 1.0).abs() < 1e-4);
            assert_eq!(read.full.is_some(), bare);
        }
    }

    #[test]
    fn foreign_newer_and_damaged_bytes_are_told_apart() {
        let good = template(3, true).encode();
        assert_eq!(Template::decode(b"PNG"), Err(TemplateError::Foreign));
        let mut newer = good.clone();
        newer[4] = 9;
        assert_eq!(Template::decode(&newer), Err(TemplateError::Newer(9)));
        for n in 4..good.len() {
            assert_eq!(Template::decode(&good[..n]), Err(TemplateError::Damaged), "cut at {n}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(Template::decode(&longer), Err(TemplateError::Damaged));
    }

    #[test]
    fn a_mean_of_looks_lies_between_them() {
        let (a, b) = (template(1, true), template(2, true));
        let mean = Template::mean([&a, &b]).unwrap();
        let to_a = cosine(&mean.periocular.vector, &a.periocular.vector);
        assert!((to_a - cosine(&mean.periocular.vector, &b.periocular.vector)).abs() < 1e-4);
        assert!(to_a > cosine(&a.periocular.vector, &b.periocular.vector));
        assert_eq!(Template::mean([]), None);
    }
}
