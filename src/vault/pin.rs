//! PINs: how long they must be, which anybody tries first, and how long to wait after wrong ones.

use serde::Serialize;

/// Characters.
const LEAST: usize = 6;
/// As JavaScript counts: units of UTF-16.
const MOST: usize = 200;
/// Seconds to wait after the third, fourth ... wrong try in a row.
const WAITS: [u32; 6] = [5, 15, 60, 300, 900, 3600];
const FREE_TRIES: u32 = 3;
/// Digits alone that are fewer are tried out in little time by whoever has the device's files.
const DIGITS_LEAST: usize = 10;
/// Rounds in which a key is made of a PIN or a passphrase: more in a file or a record is taken for an attempt to keep the browser busy for ever.
const ROUNDS_MOST: f64 = 10_000_000.0;
/// Rows in which keys stand, and in which people count.
const ROWS: [&str; 6] = ["01234567890", "qwertzuiop", "qwertyuiop", "azertyuiop", "asdfghjkl", "abcdefghijklmnopqrstuvwxyz"];

/// Why this can be nobody's PIN, as a code of an error.
pub fn fault(pin: &str) -> Option<&'static str> {
    if pin.chars().count() < LEAST {
        return Some("pin_too_short");
    }
    (pin.encode_utf16().count() > MOST).then_some("pin_too_long")
}

/// Whether a key may be made in so many rounds.
pub fn may_stretch(rounds: f64) -> bool {
    rounds.fract() == 0.0 && (1.0..=ROUNDS_MOST).contains(&rounds)
}

/// Where a PIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// At a locked vault.
    Locked,
    /// Where an open one asks again: guests who try must not keep out whoever looks after it.
    Again,
}

impl Asked {
    /// Seconds of the longest wait.
    pub fn longest(self) -> u32 {
        match self {
            Self::Locked => WAITS[WAITS.len() - 1],
            Self::Again => 60,
        }
    }
}

/// Wrong tries in a row, and when the next is allowed (milliseconds, by the clock that it is asked by).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tries {
    pub failures: u32,
    pub until: f64,
}

/// What to store BEFORE a try, so that killing the tab does not win a free one. `failures` before it.
pub fn counted(failures: u32, now: f64, asked: Asked) -> Tries {
    let failures = failures.saturating_add(1);
    let seconds = match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(step) => WAITS[(step as usize).min(WAITS.len() - 1)].min(asked.longest()),
    };
    Tries { failures, until: now + 1000.0 * f64::from(seconds) }
}

/// Seconds until the next try, 0 if it is now. `steady_ms`: what is left by a clock that nobody can set; 0 where it knows of no try.
pub fn wait(until: f64, now: f64, steady_ms: f64, asked: Asked) -> u32 {
    let seconds = |ms: f64| (ms / 1000.0).ceil().max(0.0) as u32;
    // A clock that was set back must not lock people out for longer than the longest wait; one that was set forward ends none.
    seconds(until - now).max(seconds(steady_ms)).min(asked.longest())
}

/// What makes a PIN one of the first that anybody tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// One to three characters, again and again.
    Same,
    /// A row of keys, or counted.
    Row,
    Date,
    /// Few digits and nothing else.
    Digits,
}

impl Weakness {
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Row => "row",
            Self::Date => "date",
            Self::Digits => "digits",
        }
    }
}

/// None where nothing speaks against it.
pub fn weakness(pin: &str) -> Option<Weakness> {
    let small: Vec<char> = pin.to_lowercase().chars().collect();
    let repeats = |n: usize| small.len() > n && small.len().is_multiple_of(n) && small.chunks(n).all(|piece| *piece == small[..n]);
    if (1..=3).any(repeats) {
        return Some(Weakness::Same);
    }
    let forward: String = small.iter().collect();
    let backward: String = small.iter().rev().collect();
    if small.len() > 2 && ROWS.iter().any(|row| row.contains(&forward) || row.contains(&backward)) {
        return Some(Weakness::Row);
    }
    let digits: Vec<u32> = small.iter().map_while(|c| c.to_digit(10)).collect();
    if small.is_empty() || digits.len() < small.len() {
        return None;
    }
    if is_date(&digits) {
        return Some(Weakness::Date);
    }
    (digits.len() < DIGITS_LEAST).then_some(Weakness::Digits)
}

/// Whether digits may be a day, in any order of day, month and year.
fn is_date(digits: &[u32]) -> bool {
    let number = |digits: &[u32]| digits.iter().fold(0, |sum, digit| 10 * sum + digit);
    let is_day_and_month = |four: &[u32]| {
        let (a, b) = (number(&four[..2]), number(&four[2..]));
        let (day, month) = (1..=31, 1..=12);
        (day.contains(&a) && month.contains(&b)) || (month.contains(&a) && day.contains(&b))
    };
    let is_year = |four: &[u32]| (1900..=2099).contains(&number(four));
    match digits.len() {
        6 => is_day_and_month(&digits[..4]) || is_day_and_month(&digits[2..]),
        8 => {
            let (first, last) = digits.split_at(4);
            (is_year(last) && is_day_and_month(first)) || (is_year(first) && is_day_and_month(last))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: f64 = 1_000_000.0;

    #[test]
    fn a_key_is_made_in_whole_rounds_that_end() {
        for good in [1.0, 600_000.0, 10_000_000.0] {
            assert!(may_stretch(good), "{good}");
        }
        for bad in [0.0, -1.0, 1.5, 10_000_001.0, 4_294_967_301.0, f64::NAN, f64::INFINITY] {
            assert!(!may_stretch(bad), "{bad}");
        }
    }

    #[test]
    fn three_tries_are_free_then_each_makes_one_wait_longer_up_to_an_hour() {
        let (mut failures, mut waits) = (0, Vec::new());
        for _ in 0..10 {
            let tries = counted(failures, NOW, Asked::Locked);
            failures = tries.failures;
            waits.push(wait(tries.until, NOW, 0.0, Asked::Locked));
        }
        assert_eq!(waits, [0, 0, 5, 15, 60, 300, 900, 3600, 3600, 3600]);
        assert_eq!(wait(counted(9, NOW, Asked::Locked).until, NOW + 3_600_000.0, 0.0, Asked::Locked), 0);
    }

    #[test]
    fn guests_who_try_at_an_open_vault_keep_nobody_out_for_more_than_a_minute() {
        assert_eq!(counted(40, NOW, Asked::Again), Tries { failures: 41, until: NOW + 60_000.0 });
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_longer_than_an_hour_and_one_set_forward_ends_no_wait() {
        assert_eq!(wait(NOW + 1e12, NOW, 0.0, Asked::Locked), 3600);
        assert_eq!(wait(NOW + 5_000.0, NOW + 1e12, 4_200.0, Asked::Locked), 5);
    }

    #[test]
    fn a_pin_has_six_characters_at_least_whatever_they_are() {
        for short in ["", "12345", "ü🙂é🙂ö"] {
            assert_eq!(fault(short), Some("pin_too_short"), "{short}");
        }
        assert_eq!(fault(&"x".repeat(201)), Some("pin_too_long"));
        for good in ["123456", "ü🙂é🙂öa"] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn what_anybody_tries_first_is_named_by_what_it_is() {
        let said = [
            (Weakness::Same, &["111111", "121212", "abcabc", "aaaa", "ÄÄää"][..]),
            (Weakness::Row, &["123456", "654321", "567890", "qwertz", "ytrewq", "QWERTZ", "890"]),
            (Weakness::Date, &["240588", "880524", "24051988", "19880524", "311299"]),
            (Weakness::Digits, &["493817", "999998", "49381749"]),
        ];
        for (why, pins) in said {
            for pin in pins {
                assert_eq!(weakness(pin), Some(why), "{pin}");
            }
        }
    }

    #[test]
    fn words_and_digits_that_are_many_are_not() {
        for pin in ["four random words", "horse staple", "4938174938", "Zug 7 nach Ulm", "", "a", "٤٩٣٨١٧"] {
            assert_eq!(weakness(pin), None, "{pin}");
        }
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_the_longest_whatever_was_stored_and_whatever_the_clocks_say(failures in any::<u32>(), now in any::<f64>(),
            until in any::<f64>(), steady in any::<f64>()) {
            for asked in [Asked::Locked, Asked::Again] {
                prop_assert!(wait(until, now, steady, asked) <= asked.longest());
                prop_assert!(counted(failures, 0.0, asked).until <= 1000.0 * f64::from(asked.longest()));
                counted(failures, now, asked);
            }
        }

        #[test]
        fn more_wrong_tries_never_make_a_wait_shorter(failures in 0_u32..50) {
            for asked in [Asked::Locked, Asked::Again] {
                prop_assert!(counted(failures, 0.0, asked).until <= counted(failures + 1, 0.0, asked).until);
            }
        }

        #[test]
        fn any_text_is_a_pin_or_none_and_weak_or_not(pin in ".{0,300}") {
            fault(&pin);
            weakness(&pin);
        }

        #[test]
        fn what_is_repeated_is_weak(piece in "[a-z0-9]{1,3}", times in 2_usize..9) {
            prop_assert_eq!(weakness(&piece.repeat(times)), Some(Weakness::Same));
        }
    }
}
