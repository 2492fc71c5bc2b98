//! Which encoding a list is in. The browser's own decoder has the tables (`TextDecoder`); here is what tells its readings apart: how
//! likely the letters are that each gives, in names and companies of the languages that use it. A cost is -ln of a probability.

use serde::Serialize;

use crate::few;

/// What a file's first bytes say that it is instead of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NotAList {
    /// A spreadsheet program's own format, whatever the file is called.
    Workbook,
    /// A picture, a document, a program.
    Binary,
}

/// A guess. `unsure`: another reading is nearly as likely, or this one is unlikely too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListEncoding"))]
pub struct Guess {
    /// A label of the Encoding Standard.
    pub label: &'static str,
    pub unsure: bool,
}

/// What a file is: no list, or one in an encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListFile"))]
#[serde(untagged)]
pub enum File {
    Refused { refused: NotAList },
    List(Guess),
}

/// Says what a file is. `decode(label, bytes)` gives the text, or None where the encoding has no such bytes.
pub fn look(bytes: &[u8], decode: impl FnMut(&str, &[u8]) -> Option<String>) -> File {
    match not_a_list(bytes) {
        Some(refused) => File::Refused { refused },
        None => File::List(guess(bytes, decode)),
    }
}

/// Encodings that are tried where a file is not Unicode, with what speaks against each from the start.
const TRIED: [(&str, f32); 23] = [
    ("windows-1252", 0.0),
    ("windows-1250", 0.5),
    ("windows-1251", 0.5),
    ("windows-1253", 1.0),
    ("windows-1254", 1.0),
    ("windows-1255", 1.0),
    ("windows-1256", 1.0),
    ("windows-1257", 1.5),
    ("windows-874", 2.0),
    ("macintosh", 1.5),
    ("x-mac-cyrillic", 4.0),
    ("iso-8859-2", 2.5),
    ("iso-8859-5", 4.0),
    ("iso-8859-6", 4.0),
    ("iso-8859-7", 4.0),
    ("koi8-r", 2.5),
    ("koi8-u", 3.0),
    ("ibm866", 3.0),
    ("shift_jis", 0.0),
    ("euc-jp", 2.5),
    ("gbk", 0.0),
    ("big5", 0.0),
    ("euc-kr", 0.0),
];
/// So much of the rows that hold more than ASCII tells the encoding.
const SAMPLE: usize = 16 * 1024;
/// Another reading this near makes it unsure.
const NEAR: f32 = 4.0;
/// Above this for each character beyond ASCII, a reading is no language's.
const UNLIKELY: f32 = 6.0;

/// Zip (xlsx, ods, numbers), the old binary format, and what calls itself a spreadsheet in HTML or XML.
pub fn not_a_list(bytes: &[u8]) -> Option<NotAList> {
    let starts = |sign: &[u8]| bytes.starts_with(sign);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") || starts(b"\xd0\xcf\x11\xe0") || starts(b"\x09\x08\x10\x00") || starts(b"{\\rtf") {
        return Some(NotAList::Workbook);
    }
    let head =
        String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).to_lowercase();
    if ["<?xml", "<html", "<!doctype", "<table", "<workbook"].iter().any(|sign| head.starts_with(sign)) {
        return Some(NotAList::Workbook);
    }
    let binary = starts(b"%PDF")
        || starts(b"\x89PNG")
        || starts(b"\xff\xd8\xff")
        || starts(b"GIF8")
        || starts(b"\x1f\x8b")
        || starts(b"7z\xbc\xaf")
        || starts(b"Rar!");
    binary.then_some(NotAList::Binary)
}

/// The encoding of a list. `decode`: the text of bytes by a label, or none where the encoding has no such bytes.
pub fn guess(bytes: &[u8], mut decode: impl FnMut(&str, &[u8]) -> Option<String>) -> Guess {
    let sure = |label| Guess { label, unsure: false };
    if let Some(label) = unicode(bytes) {
        return sure(label);
    }
    if bytes.is_ascii() {
        let japanese = bytes.windows(3).any(|w| w[0] == 0x1b && matches!(&w[1..], b"$B" | b"$@" | b"(J"));
        return sure(if japanese { "iso-2022-jp" } else { "utf-8" });
    }
    let sample = sample(bytes);
    let unusual = sample.iter().filter(|b| !b.is_ascii()).count() as f32;
    let mut readings: Vec<(f32, &'static str, String)> = TRIED
        .iter()
        .filter_map(|&(label, against)| {
            let text = decode(label, &sample)?;
            let cost = against
                + match lead_costs(label) {
                    Some(costs) => double_bytes(&sample, costs),
                    None => letters(&text),
                };
            Some((cost, label, text))
        })
        .collect();
    few::sort(&mut readings, |a, b| a.0.total_cmp(&b.0));
    let Some((cost, label, text)) = readings.first() else { return Guess { label: "windows-1252", unsure: true } };
    let rival = readings.iter().skip(1).find(|(_, _, other)| other != text).map_or(f32::MAX, |(c, _, _)| *c);
    let plain = sample.iter().filter(|b| b.is_ascii()).count() as f32 * ASCII;
    Guess { label, unsure: rival - cost < NEAR || (cost - plain) / unusual > UNLIKELY }
}

/// A Unicode encoding, by its mark, by its zero bytes, or because everything is well-formed UTF-8.
fn unicode(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => return Some("utf-8"),
        [0xff, 0xfe, ..] => return Some("utf-16le"),
        [0xfe, 0xff, ..] => return Some("utf-16be"),
        _ => {}
    }
    // A list has line ends and delimiters, and in UTF-16 each has a zero byte, which no other encoding has.
    let zeros = |start: usize| bytes.iter().skip(start).step_by(2).filter(|b| **b == 0).count();
    let (high, low) = (zeros(0), zeros(1));
    if high + low > 0 {
        return Some(if high > low { "utf-16be" } else { "utf-16le" });
    }
    (!bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()).then_some("utf-8")
}

/// Whole lines that hold more than ASCII: a line's end is never half of a character in the encodings that are tried.
fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_ascii()) {
        sample.extend_from_slice(line);
        sample.push(b'\n');
        if sample.len() > SAMPLE {
            break;
        }
    }
    sample
}

/// What a character of ASCII costs in every reading.
const ASCII: f32 = 3.5;
/// What no text has: controls, characters for private use, halves of characters.
const NEVER: f32 = 16.0;
/// A sign inside a word, or a letter that its language does not have.
const FOREIGN: f32 = 11.0;

/// Costs of a character by its first byte (and whether its second is in the rows that the older, smaller set had).
type LeadCosts = fn(u8, u8) -> f32;

fn lead_costs(label: &str) -> Option<LeadCosts> {
    // Each class of characters: how often it is used, by how many there are. The common ideographs come first in every set.
    Some(match label {
        "shift_jis" => |lead, trail| match lead {
            0xa1..=0xdf => 7.5,
            0x81 => 8.0,
            0x82 => {
                if trail >= 0x9f {
                    6.0
                } else {
                    8.0
                }
            }
            0x83 => 5.8,
            0x88..=0x97 => 8.7,
            0x98..=0xea => 11.6,
            _ => 14.0,
        },
        "euc-jp" => |lead, _| match lead {
            0xa1 => 8.0,
            0xa4 => 6.0,
            0xa5 => 5.8,
            0xb0..=0xcf => 8.7,
            0xd0..=0xf4 => 11.6,
            0x8e => 8.0,
            _ => 14.0,
        },
        "gbk" => |lead, trail| match lead {
            _ if trail < 0xa1 => 14.0,
            0xa1..=0xa3 => 8.0,
            0xa4 | 0xa5 => 11.0,
            0xb0..=0xd7 => 8.3,
            0xd8..=0xf7 => 10.5,
            _ => 14.0,
        },
        "big5" => |lead, _| match lead {
            0xa1..=0xa3 => 8.0,
            0xa4..=0xc6 => 8.7,
            0xc9..=0xf9 => 12.0,
            _ => 14.0,
        },
        "euc-kr" => |lead, trail| match lead {
            _ if trail < 0xa1 => 12.0,
            0xa1..=0xa3 => 8.0,
            0xb0..=0xc8 => 7.8,
            0xca..=0xfd => 12.4,
            _ => 13.0,
        },
        _ => return None,
    })
}

fn double_bytes(bytes: &[u8], cost: LeadCosts) -> f32 {
    // Single bytes that are letters by themselves (half-width katakana of Shift_JIS) cost what their byte says.
    let single = |byte: u8| (0xa1..=0xdf).contains(&byte) && cost(byte, 0) == 7.5;
    let (mut sum, mut at) = (0.0, 0);
    while at < bytes.len() {
        if bytes[at].is_ascii() {
            sum += ASCII;
            at += 1;
        } else if single(bytes[at]) {
            sum += 7.5;
            at += 1;
        } else {
            sum += cost(bytes[at], bytes.get(at + 1).copied().unwrap_or(0));
            at += 2;
        }
    }
    sum
}

/// Letters beyond ASCII of languages with Latin letters, and what speaks against a language from the start.
const LATIN: [(&str, f32); 20] = [
    ("äöüß", 0.0),
    ("àâæçéèêëîïôœùûüÿ", 0.0),
    ("áéíñóúüªº", 0.0),
    ("áâãàçéêíóôõú", 0.5),
    ("àèéìíòóùú", 0.5),
    ("åäöé", 0.5),
    ("æøåé", 0.5),
    ("éëïóöü", 1.0),
    ("áéíóúýþæöð", 3.0),
    ("àçéèíïóòúü·", 1.0),
    ("áčďéěíňóřšťúůýž", 0.5),
    ("áäčďéíĺľňóôŕšťúýž", 1.0),
    ("ąćęłńóśźż", 0.0),
    ("áéíóöőúüű", 0.0),
    ("ăâîșțşţ", 0.5),
    ("čćđšž", 0.5),
    ("çğıöşüâî", 0.5),
    ("äõöüšž", 1.0),
    ("āčēģīķļņšūž", 1.0),
    ("ąčęėįšųūž", 1.0),
];
/// Letters of other scripts, by how often they come in names.
const SCRIPTS: [(&str, &str); 5] = [
    ("аеинорвлкст", "мдпуяыьгзбчйхжшюцщэфъёіїєґјљњћђ"),
    ("αοισηντερ", "κλπμυςωάίόήέγδθχβφύζώξϊψϋ"),
    ("اليمنرحدبع", "سهوتفكجخشقةصىطزضغثءظأذإآئؤپچژگ"),
    ("יוהלאר", "מבןנתשדעםחקגפסטזכצךץף"),
    ("านรกมงอวัยสลต์ทีิปเคหด", "พชบแขไโ็ุู้่ำึืจผฉซฐฒณธญฎฏภฤลศษฬฮใ๊๋ะถฝฟ"),
];

/// How well a text of one-byte characters reads, word by word: a list may hold names of several languages.
fn letters(text: &str) -> f32 {
    text.split_inclusive(|c: char| c.is_ascii() && !(c.is_ascii_alphabetic() || c == '\'' || c == '-')).map(word).sum()
}

fn word(word: &str) -> f32 {
    let ascii = word.chars().filter(char::is_ascii).count() as f32 * ASCII;
    if word.is_ascii() {
        return ascii;
    }
    let latin = LATIN
        .iter()
        .map(|(set, against)| against + word.chars().filter(|c| !c.is_ascii()).map(|c| latin_letter(c, set)).sum::<f32>())
        .fold(f32::MAX, f32::min);
    let mixed = word.chars().any(|c| c.is_ascii_alphabetic());
    let script = SCRIPTS
        .iter()
        .map(|(common, seldom)| word.chars().filter(|c| !c.is_ascii()).map(|c| script_letter(c, common, seldom)).sum::<f32>())
        .fold(f32::MAX, f32::min);
    ascii + latin.min(script + if mixed { 6.0 } else { 0.0 }) + capitals(word)
}

fn latin_letter(c: char, set: &str) -> f32 {
    let mut small = c.to_lowercase();
    // A word that is written with Latin letters has few beyond ASCII; a capital among them is seldom.
    let capital = if c.is_uppercase() { 1.0 } else { 0.0 };
    match c {
        _ if small.next().is_some_and(|s| set.contains(s)) => 2.1 + (set.chars().count() as f32).ln() + capital,
        '’' | '–' | '“' | '”' | '„' | '«' | '»' | '\u{a0}' | '®' | '™' | '©' | '€' => 8.0,
        _ => odd(c),
    }
}

fn script_letter(c: char, common: &str, seldom: &str) -> f32 {
    let mut small = c.to_lowercase();
    let capital = if c.is_uppercase() { 0.7 } else { 0.0 };
    match small.next() {
        Some(s) if common.contains(s) => 2.8 + capital,
        Some(s) if seldom.contains(s) => 4.4 + capital,
        _ => odd(c),
    }
}

fn odd(c: char) -> f32 {
    if c.is_control() || matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}') {
        NEVER
    } else if c.is_alphabetic() {
        FOREIGN - 2.0
    } else {
        FOREIGN
    }
}

/// A small letter at a word's start and capitals after small letters, beyond ASCII: names have neither. Marks that stand on nothing.
fn capitals(word: &str) -> f32 {
    let mut cost = if word.chars().next().is_some_and(|c| !c.is_ascii() && c.is_lowercase()) { 1.2 } else { 0.0 };
    let mut before = ' ';
    for c in word.chars() {
        if (!before.is_ascii() || !c.is_ascii()) && before.is_lowercase() && c.is_uppercase() {
            cost += 5.0;
        }
        let thai_mark = matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}');
        if thai_mark && !matches!(before, '\u{e01}'..='\u{e2e}' | '\u{e31}' | '\u{e34}'..='\u{e3a}') {
            cost += 6.0;
        }
        before = c;
    }
    cost
}
