//! Which file is the photo that a row names.

use std::collections::HashMap;

use serde::Serialize;

/// What was found for the name of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "PhotoFound"))]
#[serde(rename_all = "snake_case", tag = "kind", content = "index")]
pub enum Found {
    /// The file at this index, and no other.
    One(usize),
    Missing,
    /// It fits several files, or its file fits rows that mean different ones: whose face it shows would be a guess.
    Ambiguous,
}

/// The parts of a path as they are compared: whatever the case, with either slash.
fn parts(path: &str) -> Vec<String> {
    path.split(['/', '\\']).map(|part| part.trim().to_lowercase()).filter(|part| !part.is_empty() && part != ".").collect()
}

/// Whether the shorter of two paths is how the longer one ends.
fn meet(a: &[String], b: &[String]) -> bool {
    a.ends_with(b) || b.ends_with(a)
}

/// For each name that the list gives, the file that it means. A name may be a path; `files` are paths below the chosen folder, or
/// bare names where single files were chosen. Text is NFC on both sides.
pub fn find(wanted: &[String], files: &[String]) -> Vec<Found> {
    let files: Vec<Vec<String>> = files.iter().map(|f| parts(f)).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        if let Some(name) = file.last() {
            by_name.entry(name).or_default().push(index);
        }
    }
    let wanted: Vec<Vec<String>> = wanted.iter().map(|w| parts(w)).collect();
    // A file without folders may be meant by rows that name different ones.
    let mut claims: HashMap<usize, &[String]> = HashMap::new();
    let mut contested = vec![false; files.len()];
    let found: Vec<Found> = wanted
        .iter()
        .map(|want| {
            let named = want.last().and_then(|name| by_name.get(name.as_str())).map_or(&[][..], Vec::as_slice);
            let fitting: Vec<usize> = named.iter().copied().filter(|f| meet(&files[*f], want)).collect();
            match fitting[..] {
                [] => Found::Missing,
                [one] => {
                    let before = claims.entry(one).or_insert(want);
                    contested[one] |= !meet(before, want);
                    if want.len() > before.len() {
                        *before = want;
                    }
                    Found::One(one)
                }
                _ => Found::Ambiguous,
            }
        })
        .collect();
    found.into_iter().map(|f| if matches!(f, Found::One(one) if contested[one]) { Found::Ambiguous } else { f }).collect()
}
