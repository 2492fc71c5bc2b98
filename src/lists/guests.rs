//! The list as it would be taken: a proposal, or what a person chose instead.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::columns::{self, Kind};
use super::table::{Flaw, Row, Source, Table, usual_width};
use crate::few;

/// Longest cell that is kept, in characters.
const CELL_MOST: usize = 500;
/// So many rows are shown before anything is kept.
const SHOWN: usize = 8;

/// What a person chose; what is absent is guessed.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListChoices", optional_fields))]
#[serde(default)]
pub struct Choices {
    pub delimiter: Option<char>,
    pub head: Option<Head>,
    /// One for each column.
    pub columns: Option<Vec<Kind>>,
}

/// Which line holds the titles. A choice of "none" is not the absence of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListHead"))]
#[serde(rename_all = "snake_case", tag = "kind", content = "line")]
pub enum Head {
    None,
    At(usize),
}

/// A guest as the list has them, each cell trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListGuest"))]
pub struct Guest {
    pub line: usize,
    pub name: String,
    pub email: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub company: String,
    pub photo: String,
    pub host: String,
}

/// Why a row was left out, or the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListProblem"))]
#[serde(rename_all = "snake_case", tag = "code", content = "of")]
pub enum Problem {
    OpenQuote,
    StrayQuote,
    /// More cells than columns.
    TooWide,
    /// Letters that the encoding did not have.
    Unreadable,
    TooLong,
    /// The same as another line.
    Doubled(usize),
    TooMany(usize),
    NoRows,
    NoNameColumn,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListLineProblem"))]
pub struct LineProblem {
    pub line: usize,
    #[serde(flatten)]
    pub problem: Problem,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListRead"))]
pub struct Reading {
    pub delimiter: char,
    pub head: Head,
    /// Of each column.
    pub titles: Vec<String>,
    pub columns: Vec<Kind>,
    /// The file's first rows, titles and what stands above them included.
    pub first: Vec<Row>,
    pub guests: Vec<Guest>,
    pub problems: Vec<LineProblem>,
}

/// Reads a list of at most `most` guests. `text` is decoded and NFC.
pub fn read(text: &str, choices: &Choices, most: usize) -> Reading {
    let source = Source::new(text);
    let delimiter = choices.delimiter.unwrap_or_else(|| source.delimiter());
    let Table { rows, flaws } = source.table(delimiter);
    let head = match choices.head {
        Some(Head::None) => None,
        Some(Head::At(line)) => rows.iter().position(|r| r.line == line),
        None => columns::head(&rows),
    };
    let body = &rows[head.map_or(0, |h| h + 1)..];
    let titles = head.map(|h| &rows[h]);
    let width = titles.map_or_else(|| usual_width(body), |t| t.cells.len());
    let mut kinds = choices.columns.clone().unwrap_or_else(|| columns::guess(&rows, head));
    kinds.resize(width, Kind::Other);

    let mut problems: Vec<LineProblem> = flaws
        .into_iter()
        .filter(|(line, _)| titles.is_none_or(|t| *line > t.line))
        .map(|(line, flaw)| LineProblem { line, problem: if flaw == Flaw::OpenQuote { Problem::OpenQuote } else { Problem::StrayQuote } })
        .collect();
    let mut guests = Vec::new();
    if body.is_empty() {
        if problems.is_empty() {
            problems.push(LineProblem { line: titles.map_or(1, |t| t.line), problem: Problem::NoRows });
        }
    } else if !kinds.iter().any(|k| matches!(k, Kind::Name | Kind::First | Kind::Last)) {
        problems.push(LineProblem { line: titles.unwrap_or(&body[0]).line, problem: Problem::NoNameColumn });
    } else {
        let mut known = HashMap::new();
        for row in body {
            let guest = guest(row, &kinds, titles);
            let problem = if columns::is_too_wide(row, width) {
                Problem::TooWide
            } else if row.cells.iter().any(|c| c.contains('\u{fffd}')) {
                Problem::Unreadable
            } else if row.cells.iter().any(|c| c.trim().chars().count() > CELL_MOST) {
                Problem::TooLong
            } else if guests.len() >= most {
                problems.push(LineProblem { line: row.line, problem: Problem::TooMany(most) });
                break;
            } else {
                let key = [&guest.name, &guest.email, &guest.reference, &guest.company].map(|c| c.to_lowercase());
                match known.insert(key.clone(), row.line) {
                    None => {
                        guests.push(guest);
                        continue;
                    }
                    Some(before) => {
                        known.insert(key, before);
                        Problem::Doubled(before)
                    }
                }
            };
            problems.push(LineProblem { line: row.line, problem });
        }
    }
    let problems = few::many(problems, |a, b| a.line.cmp(&b.line));
    Reading {
        delimiter,
        head: titles.map_or(Head::None, |t| Head::At(t.line)),
        titles: titles.map(|t| t.cells.clone()).unwrap_or_default(),
        columns: kinds,
        first: rows.iter().take(SHOWN).cloned().collect(),
        guests,
        problems,
    }
}

fn guest(row: &Row, kinds: &[Kind], titles: Option<&Row>) -> Guest {
    let cell =
        |kind: Kind| kinds.iter().position(|k| *k == kind).and_then(|c| row.cells.get(c)).map_or_else(String::new, |c| c.trim().to_owned());
    Guest {
        line: row.line,
        name: columns::name_of(row, kinds, titles),
        email: cell(Kind::Email),
        reference: cell(Kind::Ref),
        company: cell(Kind::Company),
        photo: cell(Kind::Photo),
        host: cell(Kind::Host),
    }
}
