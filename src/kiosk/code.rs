//! The code by which staff let one guest enrol before the kiosk: six digits, read out or written down. Codes lie in memory alone: whatever ends
//! the worker ends them. What one is worth: docs/SECURITY.md.

use serde::Serialize;

use crate::vault::pin::{self, Asked, Tries};

const DIGITS: usize = 6;
const ALL: u64 = 10_u64.pow(DIGITS as u32);
/// So long a code is good.
pub(super) const LIFE_MS: f64 = 15.0 * 60_000.0;
/// So long it is remembered that there was one: whoever comes late is told why it does not work.
pub(super) const KNOWN_MS: f64 = 75.0 * 60_000.0;
/// Every code that is open makes it easier to guess one.
pub(super) const MOST: usize = 8;
/// How often another one is drawn where it is taken already.
const DRAWS: usize = 64;

/// Why a code lets nobody in, as a code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "CodeRefusal"))]
pub enum Refusal {
    #[serde(rename = "code_malformed")]
    Malformed,
    #[serde(rename = "code_unknown")]
    Unknown,
    /// Its time is over.
    #[serde(rename = "code_over")]
    Over,
    #[serde(rename = "code_used")]
    Used,
    /// After wrong ones nobody may try for a while.
    #[serde(rename = "too_many_tries")]
    Wait,
}

/// What came of a code that a guest typed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "CodeAnswer"))]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// None: they are let in.
    pub refused: Option<Refusal>,
    /// Until the next try.
    pub wait_seconds: u32,
    /// Wrong ones in a row.
    pub tries: u32,
}

/// A code for staff to read out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "GivenCode"))]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// In two groups.
    pub code: String,
    pub lasts_ms: f64,
}

#[derive(Debug)]
struct Code {
    number: u32,
    digits: u32,
    given_ms: f64,
    used: bool,
}

impl Code {
    fn is_open(&self, now: f64) -> bool {
        !self.used && now - self.given_ms < LIFE_MS
    }
}

/// All codes of this kiosk.
#[derive(Debug, Default)]
pub(super) struct Codes {
    all: Vec<Code>,
    /// Of the code that is given next.
    next: u32,
    /// Wrong ones in a row, of all guests; `until` by the kiosk's clock.
    tries: Tries,
}

impl Codes {
    /// Makes a code. `draw`: random numbers that nobody can foresee. None where too many are open.
    pub(super) fn give(&mut self, mut draw: impl FnMut() -> u32, now: f64) -> Option<Given> {
        self.tidy(now);
        if self.open(now) >= MOST {
            return None;
        }
        let digits = (0..DRAWS).map(|_| ((u64::from(draw()) * ALL) >> 32) as u32).find(|digits| self.of(*digits).is_none())?;
        self.all.push(Code { number: self.next, digits, given_ms: now, used: false });
        self.next += 1;
        let half = 10_u32.pow(DIGITS as u32 / 2);
        Some(Given { code: format!("{:03}\u{a0}{:03}", digits / half, digits % half), lasts_ms: LIFE_MS })
    }

    /// How many are open.
    pub(super) fn open(&self, now: f64) -> usize {
        self.all.iter().filter(|c| c.is_open(now)).count()
    }

    /// Whether guests may have one, be it that it is over.
    pub(super) fn known(&mut self, now: f64) -> bool {
        self.tidy(now);
        !self.all.is_empty()
    }

    /// Ends those that nobody has used.
    pub(super) fn take_back(&mut self) {
        self.all.retain(|c| c.used);
    }

    /// Tries what a guest typed: the number of the code that lets them in.
    pub(super) fn enter(&mut self, typed: &str, now: f64) -> (Option<u32>, Answer) {
        let refuse = |refused, wait_seconds, tries| (None, Answer { refused: Some(refused), wait_seconds, tries });
        let Some(digits) = read(typed) else { return refuse(Refusal::Malformed, 0, self.tries.failures) };
        let wait = pin::wait(self.tries.until, now, 0.0, Asked::Again);
        if wait > 0 {
            return refuse(Refusal::Wait, wait, self.tries.failures);
        }
        self.tidy(now);
        let refused = match self.of(digits) {
            Some(code) if code.is_open(now) => {
                return (Some(code.number), Answer { refused: None, wait_seconds: 0, tries: self.tries.failures });
            }
            Some(code) if code.used => Refusal::Used,
            Some(_) => Refusal::Over,
            None => Refusal::Unknown,
        };
        self.tries = pin::counted(self.tries.failures, now, Asked::Again);
        refuse(refused, pin::wait(self.tries.until, now, 0.0, Asked::Again), self.tries.failures)
    }

    /// Whether the code of this number may still be used by whoever was let in with it: their time is the form's.
    pub(super) fn admits(&self, number: u32) -> bool {
        self.all.iter().any(|c| c.number == number && !c.used)
    }

    /// The code of this number is used up. Only this ends the count of wrong tries: whoever has one code guesses no second one by it.
    pub(super) fn spend(&mut self, number: u32) {
        if let Some(code) = self.all.iter_mut().find(|c| c.number == number) {
            code.used = true;
            self.tries = Tries::default();
        }
    }

    fn of(&self, digits: u32) -> Option<&Code> {
        self.all.iter().find(|c| c.digits == digits)
    }

    fn tidy(&mut self, now: f64) {
        self.all.retain(|c| now - c.given_ms < KNOWN_MS);
    }
}

/// Six digits, as any keyboard writes them, however they are parted; None where it is anything else.
fn read(typed: &str) -> Option<u32> {
    let mut digits = 0;
    let mut count = 0;
    for c in typed.chars() {
        // Marks of direction come along where a code is copied.
        if c.is_whitespace() || matches!(c, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}') {
            continue;
        }
        // European, Arabic, Persian, and those of full width.
        let digit = ['0', '٠', '۰', '０'].iter().find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|digit| *digit < 10))?;
        count += 1;
        if count > DIGITS {
            return None;
        }
        digits = 10 * digits + digit;
    }
    (count == DIGITS).then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one() -> (Codes, String) {
        let mut codes = Codes::default();
        let given = codes.give(|| 0x7E6A_1234, 0.0).expect("none is open");
        (codes, given.code)
    }

    /// What a guest is told.
    fn told(codes: &mut Codes, typed: &str, now: f64) -> Option<Refusal> {
        codes.enter(typed, now).1.refused
    }

    #[test]
    fn a_code_is_six_digits_in_two_groups_and_lets_one_guest_in() {
        let (mut codes, code) = one();
        assert_eq!(code, "493\u{a0}806");
        let (number, answer) = codes.enter(&code, 1_000.0);
        assert_eq!(answer, Answer { refused: None, wait_seconds: 0, tries: 0 });
        let number = number.expect("it is right");
        // Whoever leaves in the middle has not used it.
        assert_eq!(codes.enter(&code, 2_000.0).0, Some(number));
        assert!(codes.admits(number));
        codes.spend(number);
        assert!(!codes.admits(number));
        assert_eq!(told(&mut codes, &code, 3_000.0), Some(Refusal::Used));
    }

    #[test]
    fn zeros_at_its_beginning_stand_there() {
        let mut codes = Codes::default();
        assert_eq!(codes.give(|| 42_950, 0.0).expect("none is open").code, "000\u{a0}010");
        assert!(codes.enter("000010", 0.0).0.is_some());
    }

    #[test]
    fn it_is_good_for_a_quarter_of_an_hour_and_an_hour_longer_its_guest_is_told_that_it_is_over() {
        let (mut codes, code) = one();
        assert_eq!((codes.open(LIFE_MS - 1.0), told(&mut codes, &code, LIFE_MS - 1.0)), (1, None));
        assert_eq!((codes.open(LIFE_MS), told(&mut codes, &code, LIFE_MS)), (0, Some(Refusal::Over)));
        assert!(codes.known(KNOWN_MS - 1.0));
        assert_eq!(told(&mut codes, &code, KNOWN_MS), Some(Refusal::Unknown));
        assert!(!codes.known(KNOWN_MS));
    }

    #[test]
    fn three_wrong_tries_are_free_of_waiting_then_each_costs_more_up_to_a_minute_whoever_makes_them() {
        let (mut codes, code) = one();
        let mut now = 0.0;
        let mut waits = Vec::new();
        for _ in 0..7 {
            let (_, answer) = codes.enter("000000", now);
            assert_eq!(answer.refused, Some(Refusal::Unknown));
            waits.push(answer.wait_seconds);
            if answer.wait_seconds > 0 {
                // Not even the right one may be tried before.
                let (number, early) = codes.enter(&code, now + 1_000.0 * f64::from(answer.wait_seconds) - 900.0);
                assert_eq!((number, early.refused, early.wait_seconds, early.tries), (None, Some(Refusal::Wait), 1, answer.tries));
            }
            now += 1_000.0 * f64::from(answer.wait_seconds);
        }
        assert_eq!(waits, [0, 0, 5, 15, 60, 60, 60]);
        // To be let in ends no count; to be enrolled does.
        let number = codes.enter(&code, now).0.expect("it is right");
        assert_eq!(codes.enter("000000", now).1.wait_seconds, 60);
        codes.spend(number);
        assert_eq!(codes.enter("000000", now).1, Answer { refused: Some(Refusal::Unknown), wait_seconds: 0, tries: 1 });
    }

    #[test]
    fn what_is_no_code_is_no_try() {
        let (mut codes, _) = one();
        for typed in ["", "12345", "1234567", "12345a", "eight8", "1".repeat(500).as_str()] {
            assert_eq!(codes.enter(typed, 0.0).1, Answer { refused: Some(Refusal::Malformed), wait_seconds: 0, tries: 0 }, "{typed}");
        }
    }

    #[test]
    fn it_may_be_typed_on_any_keyboard_and_parted_in_any_way() {
        let (mut codes, _) = one();
        for typed in ["493806", " 493 806 ", "493-806", "4.9.3.8.0.6", "٤٩٣٨٠٦", "۴۹۳ ۸۰۶", "４９３８０６", "\u{2066}493\u{a0}806\u{2069}"]
        {
            assert_eq!(told(&mut codes, typed, 0.0), None, "{typed}");
        }
    }

    #[test]
    fn at_most_eight_are_open_no_two_alike_and_staff_can_take_them_back() {
        let mut codes = Codes::default();
        let mut drawn = 0_u32;
        let mut draw = || {
            drawn += 1;
            // Each comes twice in a row.
            (drawn / 2).wrapping_mul(0x1234_5678)
        };
        let given: Vec<_> = (0..MOST).map(|_| codes.give(&mut draw, 0.0).expect("they are few").code).collect();
        assert!(given.iter().all(|code| given.iter().filter(|other| *other == code).count() == 1), "{given:?}");
        assert_eq!(codes.give(&mut draw, 0.0), None);
        let used = codes.enter(&given[0], 0.0).0.expect("it is right");
        codes.spend(used);
        assert!(codes.give(&mut draw, 0.0).is_some());
        codes.take_back();
        assert_eq!(codes.open(0.0), 0);
        assert_eq!(told(&mut codes, &given[1], 0.0), Some(Refusal::Unknown));
        assert_eq!(told(&mut codes, &given[0], 0.0), Some(Refusal::Used));
        // A generator that stands still gives no code twice.
        assert_eq!([codes.give(|| u32::MAX, 0.0).is_some(), codes.give(|| u32::MAX, 0.0).is_some()], [true, false]);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_lets_somebody_in_only_where_it_is_the_code(typed in ".{0,20}", draw in any::<u32>(), now in 0.0..LIFE_MS) {
            let mut codes = Codes::default();
            let code = codes.give(|| draw, 0.0).expect("none is open").code;
            let is_it = read(&typed).is_some() && read(&typed) == read(&code);
            prop_assert_eq!(codes.enter(&typed, now).0.is_some(), is_it);
            prop_assert!(codes.enter(&code, now).0.is_some());
        }

        #[test]
        fn no_code_is_likelier_than_another_by_more_than_one_in_four_thousand(digits in 0_u64..ALL) {
            let first = |digits: u64| (digits << 32).div_ceil(ALL);
            let draws = first(digits + 1) - first(digits);
            prop_assert!((4_294..=4_295).contains(&draws));
        }
    }
}
