//! Which names read the same, so that one is taken where somebody has it. They come composed (NFKC), for which browsers have the tables: letters of
//! full and half width are one by then.

use crate::few;

/// A name in the letters by which it is told from others: neither small and large ones nor the two scripts of Japanese syllables are, nor anything
/// that nobody sees.
fn form(name: &str) -> String {
    let mut form = String::new();
    for letter in name.chars().filter(|letter| !is_unseen(*letter)) {
        match letter {
            'ß' | 'ẞ' => form.push_str("ss"),
            'ς' => form.push('σ'),
            // Katakana stand so far behind hiragana.
            'ァ'..='ヶ' => form.extend(char::from_u32(u32::from(letter) - 0x60)),
            _ => form.extend(letter.to_lowercase()),
        }
    }
    form.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Marks of direction and joining, and others that take no place.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// For each name the place among others of the first that reads the same.
pub fn taken<'a>(names: impl Iterator<Item = &'a str>, others: impl Iterator<Item = &'a str>) -> Vec<Option<usize>> {
    let others = few::many(others.map(form).enumerate().collect(), |a, b| a.1.cmp(&b.1));
    names
        .map(form)
        .map(|name| {
            let at = others.partition_point(|(_, other)| *other < name);
            others.get(at).filter(|(_, other)| *other == name).map(|(place, _)| *place)
        })
        .collect()
}

/// The first number, from 2 on, that makes a name another than all others: `Ada (2)`.
pub fn number(name: &str, others: &[&str]) -> usize {
    let numbered = |number: usize| [name, " (", &number.to_string(), ")"].concat();
    // One of so many is free.
    let names: Vec<_> = (2..others.len() + 3).map(numbered).collect();
    let taken = taken(names.iter().map(String::as_str), others.iter().copied());
    2 + taken.iter().position(Option::is_none).unwrap_or(others.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        taken([one].into_iter(), [other].into_iter())[0].is_some()
    }

    #[test]
    fn names_that_read_the_same_are_the_same() {
        for (one, other) in [
            ("José", "JOSÉ"),
            ("Groß", "GROSS"),
            ("Ada  B", " ada b"),
            ("サトウ", "さとう"),
            ("Νίκος", "ΝΊΚΟΣ"),
            ("A\u{200d}da", "Ada"),
            ("\u{202e}Ada", "Ada"),
            ("İ", "i\u{307}"),
        ] {
            assert!(same(one, other) && same(other, one), "{one} {other}");
        }
        for (one, other) in [("Jose", "José"), ("Ada", "Adam"), ("王", "玉"), ("Ada B", "AdaB"), ("O'Neil", "ONeil")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_first_of_several_is_named_and_the_first_number_that_is_free() {
        let others = ["Bob", "Ada", "ada (2)", "ADA", "Ada (4)"];
        assert_eq!(taken(["ada", "Cid", "bob"].into_iter(), others.into_iter()), [Some(1), None, Some(0)]);
        assert_eq!((number("Ada", &others), number("Bob", &others), number("Cid", &[])), (3, 2, 2));
    }

    proptest! {
        #[test]
        fn one_among_others_is_found_as_if_each_were_asked(names in proptest::collection::vec("[aAbß ]{0,3}", 0..12), wanted in "[aAbß ]{0,3}") {
            let found = taken([wanted.as_str()].into_iter(), names.iter().map(String::as_str))[0];
            prop_assert_eq!(found, names.iter().position(|name| same(name, &wanted)));
        }

        #[test]
        fn a_numbered_name_is_free_and_none_before_it(many in 0_usize..6) {
            let others: Vec<_> = (2..2 + many).map(|number| format!("ADA ({number})")).collect();
            let others: Vec<_> = others.iter().map(String::as_str).collect();
            prop_assert_eq!(number("Ada", &others), 2 + many);
        }
    }
}
