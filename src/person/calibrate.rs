//! What a similarity means.
//!
//! [Note: score] `score = -log10` of the false-match rate at which a comparison would just pass: 3 means that one
//! non-mated comparison in a thousand is at least as similar. The rate depends on what is compared, so each cell (bare with
//! bare, bare with masked, masked with masked) has its curve, measured on people whom no model has seen. Scores of
//! different cells can be compared with each other; similarities cannot.

use serde::{Deserialize, Serialize};

use crate::face::mask::MaskState;
use crate::person::common::Common;
use crate::person::groups::Groups;
use crate::person::template::Template;

/// What is compared with what. A mask worn incorrectly is a mask here: it may hide as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    BareBare,
    BareMasked,
    MaskedMasked,
}

impl Cell {
    pub const ALL: [Self; 3] = [Self::BareBare, Self::BareMasked, Self::MaskedMasked];

    pub fn of(a: MaskState, b: MaskState) -> Self {
        match (a == MaskState::Bare, b == MaskState::Bare) {
            (true, true) => Self::BareBare,
            (false, false) => Self::MaskedMasked,
            _ => Self::BareMasked,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::BareBare => "bare x bare",
            Self::BareMasked => "bare x masked",
            Self::MaskedMasked => "masked x masked",
        }
    }
}

/// Pairs of similarity and score, both rising; straight lines between them, and the last line goes on beyond the end. Of misses, pairs of
/// score and share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve(Vec<[f32; 2]>);

/// The curve of each cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    pub bare_bare: Curve,
    pub bare_masked: Curve,
    pub masked_masked: Curve,
}

impl Curves {
    pub fn score(&self, cell: Cell, similarity: f32) -> f32 {
        self.curve(cell).score(similarity)
    }

    pub fn curve(&self, cell: Cell) -> &Curve {
        match cell {
            Cell::BareBare => &self.bare_bare,
            Cell::BareMasked => &self.bare_masked,
            Cell::MaskedMasked => &self.masked_masked,
        }
    }

    /// Whether a curve has no point yet, as in a pack that nobody calibrated.
    fn is_empty(&self) -> bool {
        Cell::ALL.iter().any(|c| self.curve(*c).0.is_empty())
    }

    /// Whether every curve can be used: at least two points, finite, rising.
    pub fn is_sound(&self) -> bool {
        Cell::ALL.iter().all(|c| {
            let k = &self.curve(*c).0;
            k.len() >= 2 && k.iter().flatten().all(|v| v.is_finite()) && k.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] < w[1][1])
        })
    }
}

/// What similarities mean before and after what faces have in common is known ([Note: what faces have in common]): strangers
/// are less alike without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrations {
    /// The curves are of similarities that these make.
    #[serde(default = "Shares::of_format_2")]
    pub full_share: Shares,
    /// Who leans further than this into what all have in common is somebody who is there several times: no two strangers' templates of
    /// these networks are so alike (common.rs).
    #[serde(default = "lean_of_format_2")]
    pub strangers_lean: f32,
    /// What says nothing of who is who in a group of people ([Note: what groups have in common]); the curves are of what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    pub among_few: Curves,
    pub among_many: Curves,
    /// How often a person is missed, on each set of pictures that it was measured on; nothing in a pack that nobody measured it for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<Misses>,
}

impl Calibrations {
    pub fn of(&self, common: &Common) -> &Curves {
        if common.is_known() { &self.among_many } else { &self.among_few }
    }

    /// A template as it is compared.
    pub fn compared(&self, template: &Template) -> Template {
        self.groups.as_ref().map_or_else(|| template.clone(), |groups| groups.without(template))
    }

    pub fn is_empty(&self) -> bool {
        self.among_few.is_empty() || self.among_many.is_empty()
    }

    /// Whether each curve, of misses too, rises.
    pub fn curves_rise(&self) -> bool {
        let misses = self.misses.iter().flat_map(|m| [&m.among_few, &m.among_many]);
        [&self.among_few, &self.among_many].into_iter().chain(misses).all(Curves::is_sound)
    }

    /// Whether each share is between 0 and 1.
    pub fn shares_are_sound(&self) -> bool {
        let shares = Cell::ALL.map(|c| self.full_share.of(c));
        shares.iter().chain([&self.strangers_lean]).all(|s| (0.0..=1.0).contains(s))
    }
}

/// How often a person is missed, on a set of pictures: the other side of [Note: score]. The curves are of a score and the share of mated
/// comparisons below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Misses {
    /// What the set is called.
    pub set: String,
    pub among_few: Curves,
    pub among_many: Curves,
}

impl Misses {
    /// The share of mated comparisons of a cell that lie below a score.
    pub fn below(&self, common: &Common, cell: Cell, score: f32) -> f32 {
        let curves = if common.is_known() { &self.among_many } else { &self.among_few };
        curves.curve(cell).score(score).min(1.0)
    }
}

/// How much of a similarity is the full template's, by cell; the rest is the periocular one's (models/training/RESULTS.md has the
/// shares that were tried).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    pub bare_bare: f32,
    pub bare_masked: f32,
    pub masked_masked: f32,
}

impl Shares {
    pub fn of(&self, cell: Cell) -> f32 {
        match cell {
            Cell::BareBare => self.bare_bare,
            Cell::BareMasked => self.bare_masked,
            Cell::MaskedMasked => self.masked_masked,
        }
    }

    const fn of_format_2() -> Self {
        Self { bare_bare: 0.75, bare_masked: 0.35, masked_masked: 0.35 }
    }
}

const fn lean_of_format_2() -> f32 {
    0.75
}

/// Scores at which a curve has its points.
const STEP: f32 = 0.25;
/// The last score at which misses are written: what the strictest choice needs among ten thousand people.
const MOST_MISSED: f32 = 10.0;
/// A quantile is read off the comparisons themselves while at least this many lie above it.
const ENOUGH: f32 = 30.0;
/// Beyond that the tail is taken as exponential with the mean excess of this many comparisons. Cosines of strangers fall
/// off faster, so a score beyond the data errs on the safe side.
const TAIL: usize = 200;

impl Curve {
    /// From the similarities of non-mated comparisons, at least 1,000 of them.
    pub fn fit(mut non_mated: Vec<f32>) -> Option<Curve> {
        non_mated.retain(|s| s.is_finite());
        let n = non_mated.len();
        if n < 1000 {
            return None;
        }
        non_mated.sort_by(|a, b| b.total_cmp(a));
        let mut knots: Vec<[f32; 2]> = Vec::new();
        let mut score = 0.0;
        loop {
            let above = n as f32 * 10f32.powf(-score);
            if above < ENOUGH {
                break;
            }
            let similarity = non_mated[(above as usize).clamp(1, n) - 1];
            if knots.last().is_none_or(|l| similarity > l[0] + 1e-6) {
                knots.push([similarity, score]);
            }
            score += STEP;
        }
        let tail = TAIL.min(n / 5);
        let edge = non_mated[tail];
        let excess = (non_mated[..tail].iter().map(|s| s - edge).sum::<f32>() / tail as f32).max(1e-4);
        // One more point fixes the slope of all that lies beyond.
        let last = *knots.last()?;
        knots.push([last[0] + excess * std::f32::consts::LN_10, last[1] + 1.0]);
        Some(Curve(knots))
    }

    /// Misses by score, from the scores of mated comparisons, at least 100 of them: fewer say nothing of a share of a hundredth.
    pub fn of_misses(mut mated: Vec<f32>) -> Option<Curve> {
        mated.retain(|s| s.is_finite());
        let n = mated.len();
        if n < 100 {
            return None;
        }
        mated.sort_by(f32::total_cmp);
        let mut knots: Vec<[f32; 2]> = Vec::new();
        for score in (0..=(MOST_MISSED / STEP) as usize).map(|i| i as f32 * STEP) {
            let share = (mated.partition_point(|s| *s < score) as f32 / n as f32 * 1e4).round() / 1e4;
            match knots.last_mut() {
                // A curve rises: where it does not, the end of the level is what counts.
                Some(last) if share <= last[1] => last[0] = if share < 1.0 { score } else { last[0] },
                _ => knots.push([score, share]),
            }
        }
        (knots.len() >= 2).then_some(Curve(knots))
    }

    /// The curve that is at no similarity more generous than either: of two populations, the stricter sets the threshold.
    pub fn stricter(a: &Curve, b: &Curve) -> Curve {
        let scores = |c: &Curve| c.0.iter().map(|k| k[1]).collect::<Vec<_>>();
        let mut levels = [scores(a), scores(b)].concat();
        levels.sort_by(f32::total_cmp);
        levels.dedup();
        let mut knots: Vec<[f32; 2]> = Vec::new();
        for level in levels {
            let similarity = a.similarity(level).max(b.similarity(level));
            if knots.last().is_none_or(|l| similarity > l[0] + 1e-6) {
                knots.push([similarity, level]);
            }
        }
        Curve(knots)
    }

    /// -log10 of the false-match rate at this similarity; not below 0.
    pub fn score(&self, similarity: f32) -> f32 {
        self.line(similarity, 0, 1).max(0.0)
    }

    /// The similarity that reaches `score`.
    pub fn similarity(&self, score: f32) -> f32 {
        self.line(score, 1, 0)
    }

    fn line(&self, at: f32, from: usize, to: usize) -> f32 {
        let knots = &self.0;
        let i = knots.partition_point(|k| k[from] < at).clamp(1, knots.len() - 1);
        let (a, b) = (knots[i - 1], knots[i]);
        a[to] + (at - a[from]) / (b[from] - a[from]) * (b[to] - a[to])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn calibration() -> Curves {
        let curve = |k: f32| Curve(vec![[0.0, 0.0], [k, 6.0]]);
        Curves { bare_bare: curve(0.6), bare_masked: curve(0.7), masked_masked: curve(0.8) }
    }

    pub fn calibrations() -> Calibrations {
        Calibrations {
            full_share: Shares::of_format_2(),
            strangers_lean: lean_of_format_2(),
            among_few: calibration(),
            among_many: calibration(),
            groups: None,
            misses: Vec::new(),
        }
    }

    /// `n` similarities whose share above s is 10^(-10 s).
    fn exponential(n: usize) -> Vec<f32> {
        (0..n).map(|i| -((i as f32 + 0.5) / n as f32).log10() / 10.0).collect()
    }

    #[test]
    fn a_curve_gives_back_the_rate_it_was_fitted_to() {
        let curve = Curve::fit(exponential(100_000)).unwrap();
        for s in [0.05, 0.1, 0.2, 0.3] {
            assert!((curve.score(s) - 10.0 * s).abs() < 0.05, "{s}: {}", curve.score(s));
        }
        // Beyond what 100,000 comparisons show, the tail goes on.
        assert!((curve.score(0.5) - 5.0).abs() < 0.4, "{}", curve.score(0.5));
        assert!((curve.similarity(curve.score(0.25)) - 0.25).abs() < 1e-3);
    }

    #[test]
    fn too_few_comparisons_make_no_curve() {
        assert_eq!(Curve::fit(exponential(999)), None);
        assert_eq!(Curve::fit(vec![f32::NAN; 5000]), None);
    }

    #[test]
    fn the_stricter_of_two_populations_sets_the_threshold() {
        let easy = Curve::fit(exponential(5000)).unwrap();
        let hard = Curve::fit(exponential(5000).into_iter().map(|s| s + 0.1).collect()).unwrap();
        let both = Curve::stricter(&easy, &hard);
        for s in [0.15, 0.25, 0.4] {
            assert!(both.score(s) <= easy.score(s) + 1e-3 && (both.score(s) - hard.score(s)).abs() < 0.05);
        }
        assert!(Curves { bare_bare: both.clone(), bare_masked: easy, masked_masked: hard }.is_sound());
    }

    #[test]
    fn misses_are_the_share_of_mated_comparisons_below_a_score() {
        // One in a hundred at each of the scores 1.05, 1.15, ...
        let mated: Vec<_> = (0..100).map(|i| i as f32 / 10.0 + 1.05).collect();
        let curves = |c: Curve| Curves { bare_bare: c.clone(), bare_masked: c.clone(), masked_masked: c };
        let curve = curves(Curve::of_misses(mated.clone()).unwrap());
        assert!(curve.is_sound());
        let misses = Misses { set: "drawn".into(), among_few: curve.clone(), among_many: curve };
        for (score, share) in [(0.0, 0.0), (1.0, 0.0), (2.0, 0.1), (4.0, 0.3), (4.125, 0.315), (99.0, 1.0)] {
            let found = misses.below(&Common::default(), Cell::BareMasked, score);
            assert!((found - share).abs() < 0.011, "{score}: {found}");
        }
        assert_eq!(Curve::of_misses(mated[..99].to_vec()), None);
    }

    #[test]
    fn a_pack_without_misses_says_nothing_of_them_and_one_with_wrong_ones_is_refused() {
        let mut calibrations = calibrations();
        assert!(!serde_json::to_string(&calibrations).unwrap().contains("misses"));
        let curves = |to: f32| {
            let curve = Curve(vec![[0.0, 0.0], [4.0, to]]);
            Curves { bare_bare: curve.clone(), bare_masked: curve.clone(), masked_masked: curve }
        };
        let misses = |many: f32| Misses { set: "tiny".into(), among_few: curves(1.0), among_many: curves(many) };
        calibrations.misses = vec![misses(0.5)];
        assert!(calibrations.curves_rise());
        assert_eq!(calibrations.misses[0].below(&Common::default(), Cell::BareBare, 1.0), 0.25);
        for wrong in [-0.1, 0.0, f32::NAN] {
            calibrations.misses = vec![misses(0.5), misses(wrong)];
            assert!(!calibrations.curves_rise(), "{wrong}");
        }
    }
}
