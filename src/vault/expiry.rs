//! When people are erased by themselves, and whether this device's clock can be believed: dates of erasure rest on it alone, and what is
//! erased is gone. Times are milliseconds since 1970, as the device has them.

use serde::Serialize;

pub const DAY_MS: f64 = 86_400_000.0;
/// A clock that moved on by more than this beyond the time that passed is not believed.
pub const JUMP_MS: f64 = DAY_MS;

/// When a record is erased by itself: by its own date or so many days after its beginning (a person's consent, a list's creation),
/// whichever comes first. Infinite: never.
pub fn erased_at(expires: Option<f64>, began: f64, retention_days: Option<f64>) -> f64 {
    let own = expires.unwrap_or(f64::INFINITY);
    let retired = retention_days.map_or(f64::INFINITY, |days| began + days * DAY_MS);
    own.min(retired)
}

/// Why a record is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Its own date has come.
    Expired,
    /// It is older than anything is kept.
    Retention,
}

impl Due {
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Retention => "retention",
        }
    }
}

/// Whether a record is to be erased now, and why. Its own date was promised to somebody, so it is the reason where both have come.
pub fn due(expires: Option<f64>, began: f64, retention_days: Option<f64>, now: f64) -> Option<Due> {
    if erased_at(expires, began, None) <= now {
        return Some(Due::Expired);
    }
    (erased_at(expires, began, retention_days) <= now).then_some(Due::Retention)
}

/// What speaks for and against the dates that have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Somebody says that the clock is right.
    pub sure: bool,
    /// It was doubted before, and nobody has said that it is right.
    pub doubted: bool,
    /// It jumped since it was looked at last, or while the store was closed.
    pub jumped: bool,
}

/// Whether the erasure of so many records is held back. One is what happens to be due; many at once are what a wrong clock makes due.
pub fn held(records: usize, doubts: Doubts) -> bool {
    records > 1 && !doubts.sure && (doubts.doubted || doubts.jumped)
}

/// Whether a clock jumped forward: `passed` by the clock that people set, `steady` by one that nobody sets, both since it was looked at last.
pub fn jumped(passed: f64, steady: f64) -> bool {
    passed - steady > JUMP_MS
}

/// When a backup is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Backup {
    pub due: bool,
    /// Whole days since the last one; None where there was none.
    pub days: Option<f64>,
}

/// `after_days`: so many days after the last one, 0 for never. `changes` since then: without any there is nothing to save.
pub fn backup(last: Option<f64>, changes: f64, after_days: f64, now: f64) -> Backup {
    let days = last.map(|last| ((now - last) / DAY_MS).floor());
    Backup { due: after_days > 0.0 && changes > 0.0 && days.is_none_or(|days| days >= after_days), days }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: f64 = 3_600_000.0;

    #[test]
    fn whichever_comes_first_erases_and_a_persons_own_date_is_the_reason_where_both_have_come() {
        assert_eq!(erased_at(None, 0.0, None), f64::INFINITY);
        assert_eq!(erased_at(Some(5.0), 0.0, None), 5.0);
        assert_eq!(erased_at(Some(2.0 * DAY_MS), DAY_MS, Some(3.0)), 2.0 * DAY_MS);
        assert_eq!(erased_at(Some(9.0 * DAY_MS), DAY_MS, Some(3.0)), 4.0 * DAY_MS);
        assert_eq!(due(None, 0.0, None, f64::MAX), None);
        assert_eq!(due(Some(5.0), 0.0, None, 4.0), None);
        assert_eq!(due(Some(5.0), 0.0, None, 5.0), Some(Due::Expired));
        assert_eq!(due(None, 0.0, Some(1.0), DAY_MS), Some(Due::Retention));
        assert_eq!(due(Some(5.0), 0.0, Some(1.0), DAY_MS), Some(Due::Expired));
    }

    #[test]
    fn a_clock_that_goes_on_with_the_time_has_not_jumped_however_long_that_is() {
        assert!(!jumped(1000.0 * HOUR_MS, 1000.0 * HOUR_MS));
        assert!(!jumped(23.0 * HOUR_MS, 0.0), "less than a day");
    }

    #[test]
    fn one_that_is_set_forward_by_more_than_a_day_has_and_one_that_is_set_back_has_not() {
        assert!(jumped(26.0 * HOUR_MS, HOUR_MS));
        assert!(!jumped(-27.0 * HOUR_MS, HOUR_MS));
    }

    #[test]
    fn what_many_lose_at_once_by_a_clock_that_jumped_waits_until_somebody_says_that_it_is_right() {
        let jumped = Doubts { jumped: true, ..Doubts::default() };
        assert!(!held(1, jumped), "one is what happens to be due");
        assert!(held(2, jumped));
        assert!(held(2, Doubts { doubted: true, ..Doubts::default() }));
        assert!(!held(2, Doubts::default()));
        assert!(!held(2, Doubts { sure: true, ..jumped }));
    }

    #[test]
    fn a_backup_is_asked_for_after_so_many_days_with_changes() {
        let at = |days: f64| days * DAY_MS;
        assert_eq!(backup(None, 1.0, 30.0, at(5.0)), Backup { due: true, days: None });
        assert_eq!(backup(Some(0.0), 1.0, 30.0, at(29.9)), Backup { due: false, days: Some(29.0) });
        assert_eq!(backup(Some(0.0), 1.0, 30.0, at(30.0)), Backup { due: true, days: Some(30.0) });
        assert!(!backup(Some(0.0), 0.0, 30.0, at(99.0)).due, "nothing changed");
        assert!(!backup(None, 9.0, 0.0, at(99.0)).due, "never");
    }

    proptest! {
        #[test]
        fn nobody_is_erased_before_a_date_that_was_set_for_them(expires in prop::option::of(0.0..1e15_f64), began in 0.0..1e15_f64,
            retention in prop::option::of(1.0..36_500.0_f64), now in 0.0..1e15_f64) {
            let at = erased_at(expires, began, retention);
            prop_assert_eq!(due(expires, began, retention, now).is_some(), at <= now);
            prop_assert!(expires.is_none_or(|expires| at <= expires), "nobody stays longer than promised");
            if expires.is_none() && retention.is_none() {
                prop_assert_eq!(due(expires, began, retention, now), None);
            }
        }

        #[test]
        fn no_clock_panics(a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), d in any::<f64>()) {
            due(Some(a), b, Some(c), d);
            jumped(a, b);
            backup(Some(a), b, c, d);
        }
    }
}
