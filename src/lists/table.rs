//! Delimited text (RFC 4180 and what programs make of it): rows with the line at which each begins, and the way back.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use serde::{Deserialize, Serialize};

use super::columns;

/// Tried in this order: what stands earlier occurs more seldom inside a name or a company.
pub const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];
/// A row longer than this, in bytes, is a quotation mark that was never closed.
const ROW_MOST: usize = 64 * 1024;
/// So many rows tell the delimiter.
const ROWS_LOOKED_AT: usize = 200;

/// One row. `line`: where it begins in the file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListRow"))]
pub struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// What is wrong with a row's quotation marks. Such a row is left out: where its cells end would be a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Opened and not closed, or closed in the middle of a later row.
    OpenQuote,
    /// Text after a closing one.
    StrayQuote,
}

/// Rows in order, without the empty ones; flaws by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub rows: Vec<Row>,
    pub flaws: Vec<(usize, Flaw)>,
}

/// A file's text with line ends of one kind, and the delimiter that its first line names, Excel's own way (`sep=;`).
pub struct Source {
    text: String,
    told: Option<char>,
}

impl Source {
    pub fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        let told = text.lines().next().and_then(|first| {
            let mut rest = first.trim_matches('"').strip_prefix("sep=").or_else(|| first.strip_prefix("SEP="))?.chars();
            rest.next().filter(|c| c.is_ascii() && *c != '"' && rest.next().is_none())
        });
        Self { text, told }
    }

    /// The delimiter that the file names or, where it names none, the one that makes most sense of it.
    pub fn delimiter(&self) -> char {
        self.told.unwrap_or_else(|| {
            let scores = DELIMITERS.map(|d| self.sense(d));
            let best = scores.iter().copied().fold(f32::MIN, f32::max);
            DELIMITERS[scores.iter().position(|s| *s == best).unwrap_or(0)]
        })
    }

    /// How much sense a delimiter makes: rows that fit their titles or each other, titles that are known, more than one column.
    fn sense(&self, delimiter: char) -> f32 {
        let Table { rows, flaws } = self.read(delimiter, ROWS_LOOKED_AT);
        let head = columns::head(&rows);
        let body = &rows[head.map_or(0, |h| h + 1)..];
        let width = head.map_or_else(|| usual_width(body), |h| rows[h].cells.len());
        let fitting = body.iter().filter(|r| filled(&r.cells) <= width && (head.is_some() || r.cells.len() == width)).count();
        let all = (body.len() + flaws.len()).max(1);
        let titles = head.map_or(0, |h| columns::titles_in(&rows[h]).min(3));
        // Two known titles side by side say more than rows that a delimiter inside a name has cut.
        fitting as f32 / all as f32 + [0.0, 0.3, 0.9, 1.5][titles] + if width > 1 { 0.2 } else { 0.0 }
    }

    pub fn table(&self, delimiter: char) -> Table {
        self.read(delimiter, usize::MAX)
    }

    fn read(&self, delimiter: char, most: usize) -> Table {
        let mut table = Table::default();
        let Ok(separator) = u8::try_from(delimiter) else { return table };
        let mut reader = ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build();
        let bytes = self.text.as_bytes();
        let (mut at, mut line) = (0, 1);
        if self.told.is_some() {
            at = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |end| end + 1);
            line = 2;
        }
        while table.rows.len() < most {
            while bytes.get(at) == Some(&b'\n') {
                at += 1;
                line += 1;
            }
            if at >= bytes.len() {
                break;
            }
            let (length, flaw) = extent(&bytes[at..], separator);
            let raw = &bytes[at..at + length];
            let first = raw.iter().position(|b| *b == b'\n').unwrap_or(length);
            if let Some(flaw) = flaw {
                // The mark was meant for this line alone, whatever it has swallowed: reading goes on with the next.
                table.flaws.push((line, if first < length { Flaw::OpenQuote } else { flaw }));
                at += first;
                continue;
            }
            let cells = cells(&mut reader, raw);
            if cells.iter().any(|c| !c.trim().is_empty()) {
                table.rows.push(Row { line, cells });
            }
            line += raw.iter().filter(|b| **b == b'\n').count();
            at += length;
        }
        table
    }
}

/// How far the row at the start of `bytes` reaches, without the line's end, and what is wrong with its quotation marks: the
/// reader of rows itself takes everything.
fn extent(bytes: &[u8], separator: u8) -> (usize, Option<Flaw>) {
    #[derive(PartialEq)]
    enum Place {
        Start,
        Plain,
        Quoted,
        Closed,
    }
    let (mut place, mut stray) = (Place::Start, false);
    for (index, &byte) in bytes.iter().enumerate().take(ROW_MOST) {
        place = match (place, byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) => Place::Quoted,
            (_, b'\n') => return (index, stray.then_some(Flaw::StrayQuote)),
            (_, b) if b == separator => Place::Start,
            (Place::Start | Place::Closed, b'"') => Place::Quoted,
            (Place::Closed, b) => {
                stray |= !b.is_ascii_whitespace();
                Place::Closed
            }
            (Place::Start | Place::Plain, _) => Place::Plain,
        };
    }
    let flaw = if place == Place::Quoted || bytes.len() > ROW_MOST { Some(Flaw::OpenQuote) } else { stray.then_some(Flaw::StrayQuote) };
    (bytes.len().min(ROW_MOST), flaw)
}

/// The cells of one whole row.
fn cells(reader: &mut Reader, raw: &[u8]) -> Vec<String> {
    reader.reset();
    let (mut out, mut ends) = (vec![0; raw.len() + 1], vec![0; raw.len() + 2]);
    let (_, taken, mut written, mut count) = reader.read_record(raw, &mut out, &mut ends);
    if taken == raw.len() {
        // An empty input says that nothing follows.
        let (result, _, more, last) = reader.read_record(&[], &mut out[written..], &mut ends[count..]);
        debug_assert!(matches!(result, ReadRecordResult::Record | ReadRecordResult::End));
        written += more;
        count += last;
    }
    debug_assert!(ends[..count].iter().all(|end| *end <= written));
    let mut start = 0;
    ends[..count]
        .iter()
        .map(|&end| {
            let cell = String::from_utf8_lossy(&out[start..end]).into_owned();
            start = end;
            cell
        })
        .collect()
}

/// Cells up to the last that holds something.
pub fn filled(cells: &[String]) -> usize {
    cells.iter().rposition(|c| !c.trim().is_empty()).map_or(0, |last| last + 1)
}

/// The width that most rows have.
pub fn usual_width(rows: &[Row]) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for width in rows.iter().map(|row| row.cells.len()) {
        match counts.iter_mut().find(|(known, _)| *known == width) {
            Some((_, n)) => *n += 1,
            None => counts.push((width, 1)),
        }
    }
    counts.into_iter().max_by_key(|(width, n)| (*n, *width)).map_or(0, |(width, _)| width)
}

/// Comma-separated text with a byte-order mark, for Excel takes UTF-8 for something else without it. No cell is a formula, neither
/// in a program that divides at commas nor in one that divides at semicolons, tabs or line breaks whatever the quotation marks say.
pub fn write(rows: &[Vec<String>]) -> String {
    let mut text = String::from('\u{feff}');
    for row in rows {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            let value = harmless(value);
            let plain = !value.contains(['"', ',', ';', '|', '\t', '\n', '\r']) && value.trim() == value;
            if plain {
                text.push_str(&value);
            } else {
                text.push('"');
                text.push_str(&value.replace('"', "\"\""));
                text.push('"');
            }
        }
        text.push_str("\r\n");
    }
    text
}

/// Signs that begin a formula, as typed and in full width; `|` calls other programs.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '|', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The cell with an apostrophe, which makes text of what follows, before every place where a formula would begin.
fn harmless(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 1);
    // Where a cell begins for some program, with whatever is invisible after that.
    let mut begins = true;
    for c in cell.chars() {
        if begins && FORMULA.contains(&c) {
            out.push('\'');
        }
        out.push(c);
        let divides = matches!(c, ';' | ',' | '|' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        begins = divides
            || (begins
                && (c.is_whitespace()
                    || c == '"'
                    || c == '\''
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')));
    }
    out
}
