//! The turn that is asked for: a random side by a random amount, twice.
//!
//! A script is drawn when the challenge begins; whoever made a recording before cannot know it. Each step waits for a straight face,
//! then asks after a random moment, and wants its answer neither sooner than anybody can react nor later than the question is
//! plausible. Nothing here sees pixels: the engine says where the nose is, and confirms at the marked moments who it is.

use serde::Serialize;

/// The subject's own left or right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    Little,
    Far,
}

/// Why a challenge was not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// An answer before anybody could have read the question.
    TooEarly,
    TooSlow,
    WrongSide,
    TooFar,
    FaceLost,
    SecondFace,
    /// Who turned is not who was there before.
    OtherPerson,
    /// What turned is flat, or could not be told from something flat.
    Flat,
}

/// Times in milliseconds, nose offsets as in `face::turn`, from the straight face's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChallengeParams {
    /// An answer sooner than this after the question is none: nobody reacts so fast.
    pub soonest_ms: f64,
    /// An answer later than this is none.
    pub latest_ms: f64,
    /// A face whose offset varies by less for this long is straight.
    pub straight: f32,
    pub straight_ms: f64,
    /// A straight face is waited for so long, and so is the way back.
    pub patience_ms: f64,
    /// The question comes a random moment after the face is straight.
    pub wait_ms: (f64, f64),
    /// A little turn reaches the first and stays below the second.
    pub little: (f32, f32),
    /// A far turn reaches this.
    pub far: f32,
    /// Tries within `within_ms`; then the desk, until the first of them is older.
    pub tries: usize,
    pub within_ms: f64,
    /// Between a refusal and the next try.
    pub pause_ms: f64,
}

impl Default for ChallengeParams {
    fn default() -> Self {
        Self {
            soonest_ms: 250.0,
            latest_ms: 1500.0,
            straight: 0.06,
            straight_ms: 200.0,
            patience_ms: 4000.0,
            wait_ms: (150.0, 600.0),
            little: (0.1, 0.27),
            far: 0.22,
            tries: 5,
            within_ms: 180_000.0,
            pause_ms: 1500.0,
        }
    }
}

/// What the person is to do now, for the guide on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    /// Look straight into the camera.
    Straight,
    /// `reached`: how far the turn has come, 0..1, in the right direction.
    Turn { side: Side, amount: Amount, reached: f32 },
}

/// What to do with a frame that was taken in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Goes,
    /// Confirm who it is: turned faces resemble themselves less.
    Confirm {
        turned: bool,
    },
    /// All was answered; what is left is who it is and whether it is flat.
    Answered,
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Waiting for a straight face since; None of the second: it is not straight yet.
    Straight {
        since: f64,
        steady: Option<f64>,
    },
    /// Straight, and the question comes at this time.
    Wait {
        until: f64,
    },
    Asked {
        at: f64,
    },
    /// Reached at this time; a little turn must not become a far one meanwhile.
    Reached {
        at: f64,
    },
}

/// How long a turn is watched after it was reached.
const HELD_MS: f64 = 160.0;

/// One challenge under way.
#[derive(Clone, Debug)]
pub struct Challenge {
    params: ChallengeParams,
    script: [(Side, Amount, f64); 2],
    done: usize,
    stage: Stage,
    /// The straight face's own offset, and the last ones while it is looked for.
    straight: f32,
    recent: Vec<(f64, f32)>,
    offset: f32,
}

impl Challenge {
    /// `random` numbers decide the script; equal ones give equal scripts.
    pub fn new(params: ChallengeParams, mut random: impl FnMut() -> u32, now: f64) -> Self {
        let mut step = || {
            let bits = random();
            let side = if bits & 1 == 0 { Side::Left } else { Side::Right };
            let amount = if bits & 2 == 0 { Amount::Little } else { Amount::Far };
            let (least, most) = params.wait_ms;
            (side, amount, least + (most - least) * ((bits >> 8) as f64 / (1u32 << 24) as f64))
        };
        let mut script = [step(), step()];
        // Two little turns would not swing far enough to be told from a sheet's.
        if script.iter().all(|s| s.1 == Amount::Little) {
            script[(random() & 1) as usize].1 = Amount::Far;
        }
        let stage = Stage::Straight { since: now, steady: None };
        Self { params, script, done: 0, stage, straight: 0.0, recent: Vec::new(), offset: 0.0 }
    }

    pub fn ask(&self) -> Ask {
        match self.stage {
            Stage::Straight { .. } | Stage::Wait { .. } => Ask::Straight,
            Stage::Asked { .. } | Stage::Reached { .. } => {
                let (side, amount, _) = self.script[self.done];
                let reached = (self.towards(side) / self.wanted(amount)).clamp(0.0, 1.0);
                Ask::Turn { side, amount, reached }
            }
        }
    }

    fn wanted(&self, amount: Amount) -> f32 {
        if amount == Amount::Little { self.params.little.0 } else { self.params.far }
    }

    /// How far the nose went to this side. The subject's left is the picture's right.
    fn towards(&self, side: Side) -> f32 {
        let moved = self.offset - self.straight;
        if side == Side::Left { moved } else { -moved }
    }

    /// Takes in the nose offset of a frame.
    pub fn see(&mut self, now: f64, offset: f32) -> Step {
        self.offset = offset;
        let p = self.params;
        match self.stage {
            Stage::Straight { since, .. } if now - since > p.patience_ms => Step::Refused(Refusal::TooSlow),
            Stage::Straight { since, steady } => {
                self.recent.retain(|(t, _)| now - t <= p.straight_ms);
                self.recent.push((now, offset));
                let (low, high) = self.recent.iter().fold((f32::MAX, f32::MIN), |(l, h), (_, o)| (l.min(*o), h.max(*o)));
                // After the first step straight is where the face was straight before.
                let back = self.done == 0 || (offset - self.straight).abs() < p.straight;
                if high - low > p.straight || !back || offset.abs() > 0.25 {
                    self.stage = Stage::Straight { since, steady: None };
                    return Step::Goes;
                }
                let steady = steady.unwrap_or(now);
                self.stage = Stage::Straight { since, steady: Some(steady) };
                if now - steady < p.straight_ms {
                    return Step::Goes;
                }
                if self.done == 0 {
                    self.straight = self.recent.iter().map(|r| r.1).sum::<f32>() / self.recent.len() as f32;
                }
                if self.done == self.script.len() {
                    return Step::Answered;
                }
                self.stage = Stage::Wait { until: now + self.script[self.done].2 };
                Step::Confirm { turned: false }
            }
            Stage::Wait { until } => {
                if (offset - self.straight).abs() > p.little.0 {
                    return Step::Refused(Refusal::TooEarly);
                }
                if now >= until {
                    self.stage = Stage::Asked { at: now };
                }
                Step::Goes
            }
            Stage::Asked { at } => {
                let (side, amount, _) = self.script[self.done];
                if self.towards(side) < -p.little.0 {
                    return Step::Refused(Refusal::WrongSide);
                }
                if self.towards(side) >= p.little.0 && now - at < p.soonest_ms {
                    return Step::Refused(Refusal::TooEarly);
                }
                if self.towards(side) >= self.wanted(amount) && now - at <= p.latest_ms {
                    self.stage = Stage::Reached { at: now };
                    return Step::Confirm { turned: true };
                }
                if now - at > p.latest_ms { Step::Refused(Refusal::TooSlow) } else { Step::Goes }
            }
            Stage::Reached { at } => {
                let (side, amount, _) = self.script[self.done];
                if amount == Amount::Little && self.towards(side) > p.little.1 {
                    return Step::Refused(Refusal::TooFar);
                }
                if now - at >= HELD_MS {
                    self.done += 1;
                    self.recent.clear();
                    self.stage = Stage::Straight { since: now, steady: None };
                }
                Step::Goes
            }
        }
    }
}

/// The tries of whoever stands before one camera; a new face does not get new ones.
#[derive(Clone, Debug, Default)]
pub struct Tries {
    failed_ms: Vec<f64>,
}

impl Tries {
    pub fn fail(&mut self, now: f64) {
        self.failed_ms.push(now);
    }

    pub fn pass(&mut self) {
        self.failed_ms.clear();
    }

    /// When the next try may begin: now or earlier, after a pause, or when the first of too many is old enough.
    pub fn next_ms(&mut self, now: f64, params: &ChallengeParams) -> f64 {
        self.failed_ms.retain(|t| (0.0..params.within_ms).contains(&(now - t)));
        match self.failed_ms.last() {
            None => now,
            Some(last) if self.failed_ms.len() < params.tries => last + params.pause_ms,
            Some(_) => self.failed_ms[0] + params.within_ms,
        }
    }

    /// Whether none is left for now.
    pub fn spent(&self, params: &ChallengeParams) -> bool {
        self.failed_ms.len() >= params.tries
    }
}

/// Small and good enough to spread a seed that the browser's generator made (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a head that answers what is asked `delay` ms later at `speed` offsets a second; gives how it ended.
    fn play(seed: u64, mut head: impl FnMut(Ask, f64) -> f32) -> Option<Refusal> {
        let mut random = Random(seed);
        let mut challenge = Challenge::new(ChallengeParams::default(), || random.next(), 0.0);
        for frame in 0..1000 {
            let now = frame as f64 * 40.0;
            let offset = head(challenge.ask(), now);
            match challenge.see(now, offset) {
                Step::Answered => return None,
                Step::Refused(why) => return Some(why),
                _ => {}
            }
        }
        panic!("the challenge never ended");
    }

    fn willing(delay: f64, sides: f32) -> impl FnMut(Ask, f64) -> f32 {
        let (mut at, mut last, mut since) = (0.03f32, Ask::Straight, 0.0);
        move |ask, now| {
            if std::mem::discriminant(&ask) != std::mem::discriminant(&last) {
                since = now;
            }
            last = ask;
            let goal = match ask {
                Ask::Straight => 0.03,
                Ask::Turn { .. } if now - since < delay => at,
                Ask::Turn { side, amount, .. } => {
                    let far = if amount == Amount::Little { 0.18 } else { 0.32 };
                    0.03 + sides * if side == Side::Left { far } else { -far }
                }
            };
            at += (goal - at).clamp(-0.05, 0.05);
            at
        }
    }

    #[test]
    fn who_does_what_is_asked_passes() {
        for seed in 0..40 {
            assert_eq!(play(seed, willing(320.0, 1.0)), None, "seed {seed}");
        }
    }

    #[test]
    fn who_is_too_slow_too_early_or_turns_to_the_wrong_side_does_not() {
        for seed in 0..20 {
            assert_eq!(play(seed, willing(3000.0, 1.0)), Some(Refusal::TooSlow));
            assert_eq!(play(seed, willing(320.0, -1.0)), Some(Refusal::WrongSide));
            assert_eq!(play(seed, willing(0.0, 1.0)), Some(Refusal::TooEarly));
            assert_eq!(play(seed, |_, _| 0.02), Some(Refusal::TooSlow));
        }
    }

    #[test]
    fn a_recorded_turn_passes_at_most_one_random_script_in_four() {
        // Heads that turn to and fro, at every speed and phase, whatever is asked.
        let (mut passed, mut tried) = (0, 0);
        for seed in 0..200 {
            for period in [1600.0, 2200.0, 3000.0, 4200.0] {
                let phase = (seed as f64 * 0.37).fract();
                tried += 1;
                passed += usize::from(
                    play(seed, |_, now| 0.33 * (std::f64::consts::TAU * (now / period + phase)).sin().powi(3) as f32).is_none(),
                );
            }
        }
        assert!(passed * 4 <= tried, "{passed} of {tried}");
        // One that waits for the question and then plays left and right, as a recording of a passed challenge would.
        let recording = |seed| {
            let (mut began, mut turns) = (None, 0);
            play(seed, |ask, now| {
                let turning = matches!(ask, Ask::Turn { .. });
                if turning && began.is_none() {
                    began = Some(now);
                    turns += 1;
                }
                let since = began.map_or(f64::INFINITY, |b: f64| now - b);
                if since > 1100.0 && !turning {
                    began = None;
                }
                let shape = ((since - 350.0) / 250.0).clamp(0.0, 1.0) * ((1000.0 - since) / 250.0).clamp(0.0, 1.0);
                0.3 * shape as f32 * if turns == 1 { 1.0 } else { -1.0 }
            })
        };
        let passed = (0..400).filter(|s| recording(*s).is_none()).count();
        assert!(passed * 4 <= 400, "{passed} of 400");
    }

    #[test]
    fn five_tries_in_three_minutes_and_then_the_desk() {
        let (p, mut tries) = (ChallengeParams::default(), Tries::default());
        for i in 0..5 {
            let now = i as f64 * 10_000.0;
            assert!(tries.next_ms(now, &p) <= now && !tries.spent(&p));
            tries.fail(now);
        }
        assert_eq!(tries.next_ms(41_000.0, &p), 180_000.0);
        assert!(tries.spent(&p));
        assert!(tries.next_ms(180_001.0, &p) <= 180_001.0 && !tries.spent(&p));
    }
}
