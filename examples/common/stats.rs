//! Rates as ISO/IEC 19795 has them: comparisons of one cell, mated and non-mated, and what they say at an operating point.

use std::collections::BTreeMap;

use serde::Serialize;

/// Scores are counted in steps of this; a score is read off no finer.
const STEP: f32 = 0.002;
const BINS: usize = 10_000;
/// Up to this many non-mated comparisons are kept one by one, so that a bootstrap can draw their people too. Beyond it the
/// threshold is taken as exact, which with so many it nearly is.
const KEPT: usize = 2_000_000;
const DRAWS: usize = 200;

fn bin(score: f32) -> usize {
    ((score / STEP) as usize).min(BINS - 1)
}

/// The comparisons of one cell.
pub struct Comparisons {
    mated: Vec<(u16, u32)>,
    /// People of the mated comparisons that could not be made because a face was not found.
    mated_missed: Vec<u32>,
    non_mated: Vec<u64>,
    non_mated_missed: u64,
    kept: Option<Vec<(u16, u32, u32)>>,
    /// For each probe the best mated and the best non-mated score.
    best: BTreeMap<u32, (f32, f32)>,
    probes_missed: std::collections::BTreeSet<u32>,
}

impl Default for Comparisons {
    fn default() -> Self {
        Self {
            mated: Vec::new(),
            mated_missed: Vec::new(),
            non_mated: vec![0; BINS],
            non_mated_missed: 0,
            kept: Some(Vec::new()),
            best: BTreeMap::new(),
            probes_missed: Default::default(),
        }
    }
}

/// A share and the interval that holds it in 95 of 100 draws of other people.
#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
pub struct Rate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Rates {
    pub mated: usize,
    pub non_mated: u64,
    pub mated_missed: usize,
    pub non_mated_missed: u64,
    pub eer: Option<f64>,
    /// By false-match rate ("1e-3"): true-match rate among the comparisons that could be made.
    pub tmr: BTreeMap<&'static str, Option<Rate>>,
    /// The same with each comparison that could not be made counted as a non-match.
    pub tmr_failures_counted: BTreeMap<&'static str, Option<Rate>>,
    pub rank_1: Option<f64>,
    pub rank_1_failures_counted: Option<f64>,
    /// By score ("2"): the share of non-mated comparisons that reach it; 10^-score if the calibration holds.
    pub fmr_at_score: BTreeMap<&'static str, Option<f64>>,
}

const FMRS: [(&str, f64); 4] = [("1e-2", 1e-2), ("1e-3", 1e-3), ("1e-4", 1e-4), ("1e-5", 1e-5)];
const SCORES: [(&str, f32); 4] = [("1", 1.0), ("2", 2.0), ("3", 3.0), ("4", 4.0)];

impl Comparisons {
    /// A comparison of pictures of the people `a` and `b` with this score; None where a face was not found.
    pub fn add(&mut self, a: u32, b: u32, score: Option<f32>) {
        match (a == b, score) {
            (true, Some(s)) => self.mated.push((bin(s) as u16, a)),
            (true, None) => self.mated_missed.push(a),
            (false, Some(s)) => {
                self.non_mated[bin(s)] += 1;
                if let Some(kept) = &mut self.kept {
                    kept.push((bin(s) as u16, a, b));
                    if kept.len() > KEPT {
                        self.kept = None;
                    }
                }
            }
            (false, None) => self.non_mated_missed += 1,
        }
    }

    /// For rank 1: the picture `probe` was compared with one of the same person or of another.
    pub fn add_probe(&mut self, probe: u32, mated: bool, score: Option<f32>) {
        let best = self.best.entry(probe).or_insert((f32::NEG_INFINITY, f32::NEG_INFINITY));
        match (mated, score) {
            (true, Some(s)) => best.0 = best.0.max(s),
            (false, Some(s)) => best.1 = best.1.max(s),
            (true, None) => {
                self.probes_missed.insert(probe);
            }
            (false, None) => {}
        }
    }

    pub fn rates(&self) -> Rates {
        let n: u64 = self.non_mated.iter().sum();
        let mut rates = Rates {
            mated: self.mated.len(),
            non_mated: n,
            mated_missed: self.mated_missed.len(),
            non_mated_missed: self.non_mated_missed,
            eer: self.eer(n),
            tmr: BTreeMap::new(),
            tmr_failures_counted: BTreeMap::new(),
            rank_1: None,
            rank_1_failures_counted: None,
            fmr_at_score: BTreeMap::new(),
        };
        for (name, fmr) in FMRS {
            // A rate that fewer than one comparison would be cannot be set.
            let measurable = n as f64 * fmr >= 1.0 && !self.mated.is_empty();
            rates.tmr.insert(name, measurable.then(|| self.tmr(fmr, n, false)));
            let n = n + self.non_mated_missed;
            let measurable = n as f64 * fmr >= 1.0 && !self.mated.is_empty();
            rates.tmr_failures_counted.insert(name, measurable.then(|| self.tmr(fmr, n, true)));
        }
        for (name, score) in SCORES {
            let above: u64 = self.non_mated[bin(score)..].iter().sum();
            rates.fmr_at_score.insert(name, (n > 0).then(|| above as f64 / n as f64));
        }
        let with_mate: Vec<_> = self.best.iter().filter(|(_, b)| b.0 > f32::NEG_INFINITY).collect();
        let right = with_mate.iter().filter(|(_, b)| b.0 > b.1).count() as f64;
        let missed = self.probes_missed.iter().filter(|p| self.best.get(p).is_none_or(|b| b.0 == f32::NEG_INFINITY)).count();
        if !with_mate.is_empty() {
            rates.rank_1 = Some(right / with_mate.len() as f64);
            rates.rank_1_failures_counted = Some(right / (with_mate.len() + missed) as f64);
        }
        rates
    }

    /// Where as many strangers pass as friends are turned away.
    fn eer(&self, n: u64) -> Option<f64> {
        if n == 0 || self.mated.is_empty() {
            return None;
        }
        let mut mated = vec![0u64; BINS];
        self.mated.iter().for_each(|(b, _)| mated[*b as usize] += 1);
        let (mut passing, mut refused) = (n, 0u64);
        for (mated, non_mated) in mated.iter().zip(&self.non_mated) {
            let (fmr, fnmr) = (passing as f64 / n as f64, refused as f64 / self.mated.len() as f64);
            if fnmr >= fmr {
                return Some((fnmr + fmr) / 2.0);
            }
            passing -= non_mated;
            refused += mated;
        }
        Some(1.0)
    }

    fn tmr(&self, fmr: f64, n: u64, failures: bool) -> Rate {
        let missed: &[u32] = if failures { &self.mated_missed } else { &[] };
        let threshold = threshold(&self.non_mated.iter().map(|c| *c as f64).collect::<Vec<_>>(), fmr * n as f64);
        let value = share(&self.mated, missed, threshold, |_| 1.0);
        let people = self
            .mated
            .iter()
            .map(|m| m.1)
            .chain(missed.iter().copied())
            .chain(self.kept.iter().flatten().flat_map(|k| [k.1, k.2]))
            .max()
            .unwrap_or(0) as usize
            + 1;
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut drawn: Vec<f64> = (0..DRAWS)
            .map(|_| {
                let mut weight = vec![0.0f64; people];
                (0..people).for_each(|_| weight[random.below(people)] += 1.0);
                let threshold = match &self.kept {
                    Some(kept) => {
                        let mut counts = vec![0.0; BINS];
                        let mut total = 0.0;
                        for (b, p, q) in kept {
                            let w = weight[*p as usize] * weight[*q as usize];
                            counts[*b as usize] += w;
                            total += w;
                        }
                        self::threshold(&counts, fmr * total * n as f64 / kept.len() as f64)
                    }
                    None => threshold,
                };
                share(&self.mated, missed, threshold, |p| weight[p as usize])
            })
            .filter(|v| v.is_finite())
            .collect();
        drawn.sort_by(f64::total_cmp);
        let at = |q: f64| drawn.get((q * drawn.len() as f64) as usize).copied().unwrap_or(value);
        Rate { value, low: at(0.025), high: at(0.975) }
    }
}

/// The lowest bin from which on no more than `allowed` non-mated comparisons lie.
fn threshold(counts: &[f64], allowed: f64) -> usize {
    let mut above = 0.0;
    for i in (0..counts.len()).rev() {
        above += counts[i];
        if above > allowed {
            return i + 1;
        }
    }
    0
}

fn share(mated: &[(u16, u32)], missed: &[u32], threshold: usize, weight: impl Fn(u32) -> f64) -> f64 {
    let (mut passed, mut total) = (0.0, 0.0);
    for (b, p) in mated {
        let w = weight(*p);
        total += w;
        passed += if *b as usize >= threshold { w } else { 0.0 };
    }
    total += missed.iter().map(|p| weight(*p)).sum::<f64>();
    passed / total
}

/// SplitMix64: the same draws in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
