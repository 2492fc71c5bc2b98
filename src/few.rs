//! Order among few: faces in view, views of an enrolment. The standard library's sort is made for millions, and its code is
//! there once more for every type and order: 3 kB gzip of the module each. And order among many, for which one piece of code merges places.

use std::cmp::Ordering;

/// Sorts few, stably: whoever is equal stays in their order.
pub fn sort<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && compare(&items[at - 1], &items[at]) == Ordering::Greater {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// The same for many.
pub fn many<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let places = order(items.len(), &|a, b| compare(&items[a], &items[b]) == Ordering::Less);
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    places.into_iter().filter_map(|at| items[at].take()).collect()
}

/// The places of so many items in their order, by merging runs.
fn order(count: usize, is_less: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut merged = order.clone();
    let mut run = 1;
    while run < count {
        for from in (0..count).step_by(2 * run) {
            let (middle, end) = ((from + run).min(count), (from + 2 * run).min(count));
            let (mut a, mut b) = (from, middle);
            for slot in &mut merged[from..end] {
                // Of two that are equal the one that came first.
                let is_later = b < end && (a == middle || is_less(order[b], order[a]));
                let next = if is_later { &mut b } else { &mut a };
                *slot = order[*next];
                *next += 1;
            }
        }
        std::mem::swap(&mut order, &mut merged);
        run *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_are_in_the_order_in_which_the_standard_library_has_them(items in proptest::collection::vec((0_u8..9, any::<u8>()), 0..40)) {
            let (mut ours, mut theirs) = (items.clone(), items);
            sort(&mut ours, |a, b| b.0.cmp(&a.0));
            theirs.sort_by_key(|item| std::cmp::Reverse(item.0));
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn so_are_many(items in proptest::collection::vec((0_u8..9, any::<u8>()), 0..400)) {
            let mut theirs = items.clone();
            theirs.sort_by_key(|item| std::cmp::Reverse(item.0));
            prop_assert_eq!(many(items, |a, b| b.0.cmp(&a.0)), theirs);
        }
    }
}
