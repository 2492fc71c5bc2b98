//! Whatever bytes are handed in as a template, the codec answers with a template or an error, and never panics. A bounded
//! stand-in for a fuzzer: repeatable, without nightly tools. `FUZZ_SECONDS` sets how long.

use std::time::{Duration, Instant};

use brow::face::mask::{Mask, MaskState};
use brow::person::embed::unit;
use brow::person::protect::Protector;
use brow::person::template::{Features, Template};

/// xorshift64*: repeatable randomness.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }
}

/// Rounds until the time is up, and a thousand at least.
fn rounds() -> impl Iterator<Item = usize> {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    (0..).take_while(move |round| *round < 1000 || round % 256 != 0 || Instant::now() < end)
}

fn features(model: &str, n: usize) -> Features {
    Features { model: model.into(), vector: unit((0..n).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect()) }
}

fn seeds() -> Vec<Vec<u8>> {
    let template = |full: Option<Features>, state| Template {
        periocular: features("periocular-1", 256),
        full,
        mask: Mask { state, probability: 0.9 },
        quality: 0.5,
    };
    vec![
        template(Some(features("full-1", 192)), MaskState::Bare).encode(),
        template(None, MaskState::Masked).encode(),
        Template { periocular: features("", 1), full: None, mask: Mask { state: MaskState::Incorrect, probability: 0.0 }, quality: 1.0 }
            .encode(),
    ]
}

fn same(a: &Features, b: &Features) -> bool {
    a.model == b.model && a.vector.len() == b.vector.len() && a.vector.iter().zip(&b.vector).all(|(x, y)| (x - y).abs() < 2e-3)
}

/// A few of: bytes changed, cut off, a piece repeated, a length field set to an extreme.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(6) {
        if bytes.is_empty() {
            return;
        }
        // The fields lie at the front; the vectors behind them are all alike.
        let reach = if random.below(2) == 0 { bytes.len().min(40) } else { bytes.len() };
        let at = random.below(reach);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let piece = bytes[at..bytes.len().min(at + 1 + random.below(64))].to_vec();
                bytes.splice(at..at, piece);
            }
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
}

#[test]
fn mutated_templates_are_read_or_refused_but_never_fatal() {
    let seeds = seeds();
    let mut random = Random(0x5eed);
    let mut protector = Protector::new([1; 32]);
    let (mut read, mut refused) = (0, 0);
    for round in rounds() {
        let mut bytes = seeds[round % seeds.len()].clone();
        mutate(&mut bytes, &mut random);
        let Ok(template) = Template::decode(&bytes) else {
            refused += 1;
            continue;
        };
        read += 1;
        // What was read can be written and read again, and is then the same but for rounding.
        let again = Template::decode(&template.encode()).expect("what was read can be written");
        assert_eq!((again.mask, again.quality), (template.mask, template.quality), "round {round}");
        assert!(same(&again.periocular, &template.periocular), "round {round}");
        assert!(again.full.as_ref().zip(template.full.as_ref()).is_none_or(|(a, b)| same(a, b)), "round {round}");
        assert_eq!(again.full.is_some(), template.full.is_some(), "round {round}");
        if round % 16 == 0 {
            let stored = protector.protect(&template);
            let back = protector.unprotect(&stored);
            assert_eq!(back.periocular.vector.len(), template.periocular.vector.len());
        }
    }
    let all = read + refused;
    assert!(read > all / 20 && refused > all / 20, "{read} read, {refused} refused: the mutations miss");
}

#[test]
fn random_bytes_behind_the_right_beginning_are_never_fatal() {
    let mut random = Random(7);
    for _ in rounds() {
        let mut bytes = b"BRWT\x01".to_vec();
        bytes.extend((0..random.below(200)).map(|_| random.next() as u8));
        if let Ok(template) = Template::decode(&bytes) {
            assert!(template.periocular.vector.iter().all(|v| v.is_finite()));
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for bytes in seeds() {
        for n in 0..bytes.len() {
            assert!(Template::decode(&bytes[..n]).is_err(), "cut at {n}");
        }
    }
}
