//! The turn that is asked for: a random side by a random amount, twice.
//!
//! A script is drawn when the challenge begins; whoever made a recording before cannot know it. Each step waits for a straight face,
//! then asks after a random moment, and wants its answer neither sooner than anybody can react nor later than the question is
//! plausible. Nothing here sees pixels: the engine says where the nose is, and confirms at the marked moments who it is.

use serde::Serialize;

/// The subject's own left or right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "TurnSide"))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "TurnAmount"))]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    Little,
    Far,
    /// Part of the way back: a little was asked for and the head went far. Never in a script.
    Less,
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
    /// An answer that begins sooner than this after the question is none: nobody reacts so fast.
    pub soonest_ms: f64,
    /// One that has not begun by then is none.
    pub latest_ms: f64,
    /// A head that moved so far has begun. It is more than a still head's points wander, and a recording of one has it by chance only.
    pub begun: f32,
    /// It may take its time, to this after the question.
    pub reach_ms: f64,
    /// Offsets are means over so long: those of a single frame jump by a twentieth.
    pub smooth_ms: f64,
    /// A face whose offset varies by less for `steady_ms`, and on the whole by a third of it, keeps still.
    pub steady: f32,
    pub steady_ms: f64,
    /// Straight is where a face keeps still with an offset no larger than this: cameras stand aside, and noses are not in the middle.
    pub straight: f32,
    /// A turned head has come back when this share of its turn is left: nobody comes back to where they were.
    pub back: f32,
    /// A straight face is waited for so long, and so is the way back.
    pub patience_ms: f64,
    /// The question comes a random moment after the face is straight.
    pub wait_ms: (f64, f64),
    /// A little turn keeps still between these.
    pub little: (f32, f32),
    /// A far turn reaches this. No flat sheet does that is turned as far as its picture can be made out.
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
            begun: 0.08,
            reach_ms: 3500.0,
            smooth_ms: 90.0,
            steady: 0.08,
            steady_ms: 160.0,
            straight: 0.2,
            back: 0.4,
            patience_ms: 6000.0,
            wait_ms: (100.0, 500.0),
            little: (0.1, 0.27),
            far: 0.22,
            tries: 5,
            within_ms: 180_000.0,
            pause_ms: 1500.0,
        }
    }
}

impl ChallengeParams {
    /// What is wrong with these numbers, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let times = [self.soonest_ms, self.latest_ms, self.reach_ms, self.patience_ms];
        if !(times.iter().all(|t| (50.0..=60_000.0).contains(t)) && times.windows(2).all(|t| t[0] < t[1])) {
            return Some("the times of a turn must rise, from the soonest answer to the patience, between 0.05 and 60 seconds");
        }
        let (least, most) = self.wait_ms;
        if !(0.0 <= least && least < most && most < self.patience_ms) {
            return Some("the wait before a question must be a span of time within the patience");
        }
        let (little, cap) = self.little;
        if !(0.0 < self.begun && self.begun <= little && little < self.far && self.far < cap && cap <= 1.0) {
            return Some("a turn begins below a little one, which is below a far one, and that below where a little one is too far");
        }
        if !(0.0..1.0).contains(&self.back) || self.tries == 0 {
            return Some("a share of the turn must be left to come back from, and one try at least");
        }
        None
    }
}

/// What the person is to do now, for the guide on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
    /// Waiting for a straight face since.
    Straight { since: f64 },
    /// Straight, and the question comes at this time.
    Wait { since: f64, until: f64 },
    /// The farthest to the other side since, for a slow head may still be on its way back, and whether the answer has begun.
    Asked { at: f64, lowest: f32, begun: bool },
}

/// One challenge under way.
#[derive(Clone, Debug)]
pub struct Challenge {
    params: ChallengeParams,
    script: [(Side, Amount, f64); 2],
    done: usize,
    stage: Stage,
    /// The straight face's own offset, taken anew before each question.
    straight: f32,
    /// How far the last turn went.
    peak: f32,
    /// Raw and mean offsets of late, with their times.
    raw: Vec<(f64, f32)>,
    recent: Vec<(f64, f32)>,
    offset: f32,
}

/// Offsets are remembered so long: even a slow camera gives some meanwhile.
const MEMORY_MS: f64 = 1000.0;

impl Challenge {
    /// `random` numbers decide the script; equal ones give equal scripts.
    pub fn new(params: ChallengeParams, mut random: impl FnMut() -> u32, now: f64) -> Self {
        let mut step = || {
            let bits = random();
            let side = if bits & 1 == 0 { Side::Left } else { Side::Right };
            let (least, most) = params.wait_ms;
            (side, Amount::Far, least + (most - least) * ((bits >> 8) as f64 / (1u32 << 24) as f64))
        };
        let mut script = [step(), step()];
        // One of them at most is a little turn, which takes more care: two would not swing far enough to be told from a sheet's.
        if let little @ 0..=1 = random() & 3 {
            script[little as usize].1 = Amount::Little;
        }
        let stage = Stage::Straight { since: now };
        Self { params, script, done: 0, stage, straight: 0.0, peak: 0.0, raw: Vec::new(), recent: Vec::new(), offset: 0.0 }
    }

    pub fn ask(&self) -> Ask {
        let Stage::Asked { .. } = self.stage else { return Ask::Straight };
        let (side, amount, _) = self.script[self.done];
        let moved = self.towards(side);
        let (amount, wanted) = match amount {
            Amount::Far => (Amount::Far, self.params.far),
            _ if moved > self.params.little.1 => (Amount::Less, self.params.little.1),
            _ => (Amount::Little, self.params.little.0),
        };
        Ask::Turn { side, amount, reached: (moved / wanted).clamp(0.0, 1.0) }
    }

    /// How far the nose went to this side. The subject's left is the picture's right.
    fn towards(&self, side: Side) -> f32 {
        let moved = self.offset - self.straight;
        if side == Side::Left { moved } else { -moved }
    }

    /// Takes in a frame's offset.
    fn remember(&mut self, now: f64, offset: f32) {
        self.raw.retain(|(t, _)| now - t < self.params.smooth_ms);
        self.raw.push((now, offset));
        self.offset = mean(&self.raw);
        self.recent.retain(|(t, _)| now - t <= MEMORY_MS);
        self.recent.push((now, self.offset));
    }

    /// The mean offset of a face that keeps still.
    fn still(&self) -> Option<f32> {
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        let still = |(_, o): &&(f64, f32)| {
            (low, high) = (low.min(*o), high.max(*o));
            high - low <= self.params.steady
        };
        let since = self.recent.len() - self.recent.iter().rev().take_while(still).count();
        let still = &self.recent[since..];
        let lasts = still.last()?.0 - still.first()?.0;
        // What jumps stays where it is on the whole; what moves slowly does not.
        let (older, newer) = still.split_at(still.len() / 2);
        (lasts >= self.params.steady_ms && (mean(newer) - mean(older)).abs() <= self.params.steady / 3.0).then(|| mean(still))
    }

    /// Takes in the nose offset of a frame.
    pub fn see(&mut self, now: f64, offset: f32) -> Step {
        self.remember(now, offset);
        let p = self.params;
        match self.stage {
            Stage::Straight { since, .. } | Stage::Wait { since, .. } if now - since > p.patience_ms => Step::Refused(Refusal::TooSlow),
            Stage::Straight { since } => {
                if let Some(last) = self.done.checked_sub(1) {
                    let left = self.towards(self.script[last].0);
                    self.peak = self.peak.max(left);
                    if left > p.back * self.peak || self.offset.abs() > p.straight {
                        return Step::Goes;
                    }
                    if self.done == self.script.len() {
                        return Step::Answered;
                    }
                }
                match self.still() {
                    Some(straight) if straight.abs() <= p.straight => {
                        self.straight = straight;
                        self.stage = Stage::Wait { since, until: now + self.script[self.done].2 };
                        Step::Confirm { turned: false }
                    }
                    _ => Step::Goes,
                }
            }
            Stage::Wait { since, until } => {
                // Whoever looks round meanwhile is waited for.
                if self.towards(Side::Left).abs() > p.begun {
                    self.recent.clear();
                    self.stage = Stage::Straight { since };
                } else if now >= until {
                    self.straight = self.still().unwrap_or(self.straight);
                    self.stage = Stage::Asked { at: now, lowest: 0.0, begun: false };
                }
                Step::Goes
            }
            Stage::Asked { at, mut lowest, mut begun } => {
                let (side, amount, _) = self.script[self.done];
                let (took, moved) = (now - at, self.towards(side));
                if took < p.soonest_ms && moved.abs() >= p.little.0 {
                    return Step::Refused(Refusal::TooEarly);
                }
                if moved <= -p.little.0 {
                    return Step::Refused(Refusal::WrongSide);
                }
                lowest = lowest.min(moved);
                begun |= moved - lowest >= p.begun;
                self.stage = Stage::Asked { at, lowest, begun };
                if (!begun && took > p.latest_ms) || took > p.reach_ms {
                    return Step::Refused(if moved > p.little.1 { Refusal::TooFar } else { Refusal::TooSlow });
                }
                let reached = match amount {
                    Amount::Far => moved >= p.far,
                    _ => (p.little.0..=p.little.1).contains(&moved) && self.still().is_some(),
                };
                if !reached {
                    return Step::Goes;
                }
                self.done += 1;
                self.peak = moved;
                self.recent.clear();
                self.stage = Stage::Straight { since: now };
                Step::Confirm { turned: true }
            }
        }
    }
}

fn mean(offsets: &[(f64, f32)]) -> f32 {
    offsets.iter().map(|o| o.1).sum::<f32>() / offsets.len() as f32
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
    pub fn draw(&mut self) -> u32 {
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

    /// Plays frames so far apart to a challenge; gives how it ended, and when.
    fn play(seed: u64, frame_ms: f64, mut head: impl FnMut(Ask, f64) -> f32) -> (Option<Refusal>, f64) {
        let mut random = Random(seed);
        let mut challenge = Challenge::new(ChallengeParams::default(), || random.draw(), 0.0);
        for frame in 0..1000 {
            let now = frame as f64 * frame_ms;
            let offset = head(challenge.ask(), now);
            match challenge.see(now, offset) {
                Step::Answered => return (None, now),
                Step::Refused(why) => return (Some(why), now),
                _ => {}
            }
        }
        panic!("the challenge never ended");
    }

    /// A head that does what it is asked.
    #[derive(Clone, Copy)]
    struct Head {
        /// Until it begins to do it.
        delay: f64,
        /// Offsets a second, once it moves.
        speed: f64,
        /// Where a little and a far turn end.
        reach: (f32, f32),
        /// -1: the other side.
        sides: f32,
        /// Of its points, to both sides evenly.
        noise: f32,
    }

    const HEAD: Head = Head { delay: 350.0, speed: 0.9, reach: (0.18, 0.32), sides: 1.0, noise: 0.0 };

    impl Head {
        fn plays(self, seed: u64, frame_ms: f64) -> (Option<Refusal>, f64) {
            let (mut straight, mut at, mut asked, mut since) = (-0.05f32, -0.05f32, String::new(), 0.0);
            let mut dice = Random(seed ^ 0xD1CE);
            let mut goal = straight;
            play(seed, frame_ms, move |ask, now| {
                let words = match ask {
                    Ask::Straight => "straight".to_owned(),
                    Ask::Turn { side, amount, .. } => format!("{side:?} {amount:?}"),
                };
                if words != asked {
                    (asked, since) = (words, now);
                    // Nobody comes back to where they were.
                    straight += if ask == Ask::Straight { 0.04 } else { 0.0 };
                }
                if now - since >= self.delay {
                    goal = match ask {
                        Ask::Straight => straight,
                        Ask::Turn { side, amount, .. } => {
                            let far = if amount == Amount::Far { self.reach.1 } else { self.reach.0 };
                            straight + self.sides * if side == Side::Left { far } else { -far }
                        }
                    };
                }
                let step = (self.speed * frame_ms / 1000.0) as f32;
                at += (goal - at).clamp(-step, step);
                at + self.noise * (dice.draw() as f32 / u32::MAX as f32 * 2.0 - 1.0)
            })
        }
    }

    #[test]
    fn who_does_what_is_asked_passes_be_it_slowly_or_seen_by_a_slow_camera() {
        for frame_ms in [33.0, 40.0, 66.0, 100.0, 160.0, 200.0] {
            for (delay, speed) in [(300.0, 2.0), (350.0, 0.9), (500.0, 0.4), (900.0, 0.25), (900.0, 0.2)] {
                for seed in 0..40 {
                    let head = Head { delay, speed, ..HEAD };
                    assert_eq!(head.plays(seed, frame_ms).0, None, "seed {seed}, {frame_ms} ms, {delay} ms, {speed} a second");
                }
            }
        }
    }

    #[test]
    fn points_that_jump_as_those_of_a_small_or_masked_face_do_are_borne() {
        let passed = (0..200).filter(|s| Head { noise: 0.05, ..HEAD }.plays(*s, 40.0).0.is_none()).count();
        assert!(passed >= 195, "{passed} of 200");
    }

    #[test]
    fn who_goes_far_where_a_little_is_asked_may_come_part_of_the_way_back() {
        for seed in 0..40 {
            let random = &mut Random(seed);
            let mut challenge = Challenge::new(ChallengeParams::default(), || random.draw(), 0.0);
            let (mut at, mut less, mut asked) = (0.0f32, false, 0);
            let ended = (0..500).find_map(|frame| {
                let goal = match challenge.ask() {
                    Ask::Straight => 0.0,
                    Ask::Turn { .. } if asked < 8 => at,
                    Ask::Turn { side, amount, .. } => {
                        less |= amount == Amount::Less;
                        let far = if less { 0.2 } else { 0.33 };
                        if side == Side::Left { far } else { -far }
                    }
                };
                let straight = challenge.ask() == Ask::Straight;
                (less, asked) = (less && !straight, if straight { 0 } else { asked + 1 });
                at += (goal - at).clamp(-0.03, 0.03);
                match challenge.see(f64::from(frame) * 40.0, at) {
                    Step::Answered => Some(None),
                    Step::Refused(why) => Some(Some(why)),
                    _ => None,
                }
            });
            assert_eq!(ended, Some(None), "seed {seed}");
        }
    }

    #[test]
    fn it_takes_about_three_seconds() {
        let mut took: Vec<f64> = (0..41).map(|s| Head { delay: 300.0, speed: 1.2, ..HEAD }.plays(s, 40.0).1).collect();
        took.sort_by(f64::total_cmp);
        assert!(took[20] < 3500.0, "{}", took[20]);
    }

    #[test]
    fn who_is_too_slow_too_early_or_turns_to_the_wrong_side_does_not() {
        for seed in 0..20 {
            let ends = |head: Head| head.plays(seed, 40.0).0;
            assert_eq!(ends(Head { delay: 3000.0, ..HEAD }), Some(Refusal::TooSlow));
            assert_eq!(ends(Head { sides: -1.0, ..HEAD }), Some(Refusal::WrongSide));
            assert_eq!(ends(Head { delay: 0.0, ..HEAD }), Some(Refusal::TooEarly));
            assert_eq!(play(seed, 40.0, |_, _| 0.02).0, Some(Refusal::TooSlow));
        }
    }

    #[test]
    fn a_flat_sheet_that_is_turned_as_asked_never_gets_there() {
        // 27 of 28 swung by 0.15 at most, from one side to the other: here by 0.24.
        for seed in 0..100 {
            let sheet = Head { reach: (0.12, 0.12), noise: 0.03, ..HEAD };
            assert!(sheet.plays(seed, 40.0).0.is_some(), "seed {seed}");
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
                    play(seed, 40.0, |_, now| 0.33 * (std::f64::consts::TAU * (now / period + phase)).sin().powi(3) as f32).0.is_none(),
                );
            }
        }
        assert!(passed * 4 <= tried, "{passed} of {tried}");
        // One that waits for the question and then plays left and right, as a recording of a passed challenge would.
        let recording = |seed| {
            let (mut began, mut turns) = (None, 0);
            play(seed, 40.0, |ask, now| {
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
        let passed = (0..400).filter(|s| recording(*s).0.is_none()).count();
        assert!(passed * 4 <= 400, "{passed} of 400");
    }

    #[test]
    fn numbers_that_nobody_could_answer_to_are_faults() {
        let p = ChallengeParams::default();
        assert_eq!(p.fault(), None);
        for wrong in [
            ChallengeParams { latest_ms: 200.0, ..p },
            ChallengeParams { reach_ms: f64::NAN, ..p },
            ChallengeParams { wait_ms: (500.0, 100.0), ..p },
            ChallengeParams { far: 0.05, ..p },
            ChallengeParams { back: 1.5, ..p },
            ChallengeParams { tries: 0, ..p },
        ] {
            assert!(wrong.fault().is_some(), "{wrong:?}");
        }
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
