//! The backup file: everybody in the store in one encrypted file, opened by a passphrase.
//!
//! ```text
//! "BRWX" | u16 version | u32 length of the header | header (JSON)
//! then chunks: u32 length | AES-256-GCM ciphertext with its tag                    (numbers little-endian)
//! ```
//!
//! The header says how the key comes from the passphrase (PBKDF2-SHA-256, then HKDF into the key and a check value that tells a wrong passphrase from
//! a damaged file). A chunk's nonce is the file's random prefix, the chunk's number and a last-chunk flag, and every chunk is bound to the SHA-256 of
//! all that comes before the first: chunks cannot be changed, left out, reordered, taken from another file or cut off at the end without being
//! noticed (the STREAM construction). Inside, the plaintext is a row of records, each `u32 length | bytes`: first the summary (JSON), then one record
//! a person ([`super::record`]). It is written and read in pieces of 256 KiB, whatever the number of people.
//!
//! Keys and ciphers are the browser's: it hands in what it opened, and is handed what it is to seal.

use super::pin::may_stretch;
use super::record::{self, Ids};
use super::{Fault, sha256};
use crate::json::{Json, Value, Written, put, quoted, units};
use crate::manifest::hex;
use crate::person::template::Template;

const MAGIC: &[u8; 4] = b"BRWX";
pub const VERSION: u16 = 1;
const KDF: &str = "PBKDF2-SHA-256";
/// Bytes before the header.
const START: usize = 10;
/// Bytes of plaintext.
const CHUNK: usize = 256 * 1024;
const TAG: usize = 16;
const HEADER_MOST: usize = 4096;
/// The largest record: the summary of a hundred thousand people.
const RECORD_MOST: usize = 64 * 1024 * 1024;
/// A passphrase has so many characters, and as JavaScript counts them so many at most.
const PASSPHRASE_LEAST: usize = 8;
const PASSPHRASE_MOST: usize = 1000;
/// Kinds of templates (a network and its dimensions), more than all releases together have had: each costs the engine a rotation of its own
/// ([`crate::person::protect`]), so a file that names thousands could keep every start busy for minutes.
const KINDS_MOST: usize = 32;

/// Why this can be nobody's passphrase, as JSON: the error's code and values.
pub fn passphrase_fault(passphrase: &str) -> Option<&'static str> {
    if passphrase.chars().count() < PASSPHRASE_LEAST {
        return Some("{\"code\":\"passphrase_too_short\",\"values\":{\"least\":8}}");
    }
    (units(passphrase) > PASSPHRASE_MOST).then_some("{\"code\":\"passphrase_too_long\",\"values\":{\"most\":1000}}")
}

/// Bytes that are taken from the front.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    at: usize,
}

impl Held {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// So many bytes, if there are; they stay where they are until more are pushed.
    fn take(&mut self, size: usize) -> Option<&[u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(size)?)?;
        self.at += size;
        Some(taken)
    }

    /// The number at the front.
    fn size(&self) -> Option<usize> {
        self.rest().first_chunk().map(|size| u32::from_le_bytes(*size) as usize)
    }
}

/// 12 bytes, never the same twice under one key.
fn nonce(prefix: [u8; 7], index: u32, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..7].copy_from_slice(&prefix);
    nonce[7..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = is_last.into();
    nonce
}

/// Who is in a backup, counted; what a file says of itself is good for progress, no more.
pub struct Summary {
    /// As JSON, like all texts here.
    created: String,
    vault: String,
    people: usize,
    references: usize,
    /// References by model.
    models: Vec<(String, usize)>,
    who: String,
}

impl Summary {
    /// Of nobody yet. `created`: a time, and `vault`, an id, as JSON.
    pub fn new(created: &str, vault: &str) -> Self {
        Self { created: created.to_owned(), vault: vault.to_owned(), people: 0, references: 0, models: Vec::new(), who: String::new() }
    }

    /// `person`: as [`record::check`] takes them.
    pub fn add(&mut self, person: &str) -> Option<()> {
        let json = Json::read(person)?;
        let references = json.get("references")?.list()?;
        for reference in references {
            for model in ["full", "periocular"].iter().filter_map(|role| reference.get("models")?.get(role)) {
                match self.models.iter_mut().find(|(known, _)| known == model.raw) {
                    Some((_, count)) => *count += 1,
                    None => self.models.push((model.raw.to_owned(), 1)),
                }
            }
        }
        let mut who = Written::default();
        who.put("id", json.get("id")?.raw);
        who.put("name", json.get("name")?.raw);
        who.put_count("references", references.len());
        put(&mut self.who, &[if self.people > 0 { "," } else { "" }, &who.done()]);
        self.people += 1;
        self.references += references.len();
        Some(())
    }

    /// The record.
    pub fn text(&self) -> String {
        let mut models = String::new();
        for (model, count) in &self.models {
            let before = if models.is_empty() { "{" } else { "," };
            put(&mut models, &[before, model, ":", &count.to_string()]);
        }
        models.push_str(if models.is_empty() { "{}" } else { "}" });
        let mut who = String::new();
        put(&mut who, &["[", &self.who, "]"]);
        let mut text = Written::default();
        text.put("created", &self.created);
        text.put("vault", &self.vault);
        text.put_count("people", self.people);
        text.put_count("references", self.references);
        text.put("models", &models);
        text.put("who", &who);
        text.done()
    }
}

/// A backup that is being written.
pub struct Writer {
    held: Held,
    prefix: [u8; 7],
    index: u32,
    is_over: bool,
}

impl Writer {
    /// With this summary; `prefix`: random.
    pub fn new(summary: &str, prefix: [u8; 7]) -> Self {
        let mut writer = Self { held: Held::default(), prefix, index: 0, is_over: false };
        writer.put(summary.as_bytes());
        writer
    }

    /// All that comes before the first chunk, to whose SHA-256 every chunk is bound.
    pub fn start(&self, iterations: usize, salt: &[u8], check: &[u8]) -> Vec<u8> {
        let mut header = Written::default();
        header.put("kdf", &quoted(KDF));
        header.put_count("iterations", iterations);
        header.put("salt", &quoted(&hex(salt)));
        header.put("prefix", &quoted(&hex(&self.prefix)));
        header.put("check", &quoted(&hex(check)));
        let header = header.done();
        [MAGIC, &VERSION.to_le_bytes()[..], &(header.len() as u32).to_le_bytes(), header.as_bytes()].concat()
    }

    /// A person's record.
    pub fn put(&mut self, record: &[u8]) {
        self.held.push(&(record.len() as u32).to_le_bytes());
        self.held.push(record);
    }

    /// What is to be sealed next, if there is enough for a chunk that is not the last; `last`: nothing comes any more.
    pub fn chunk(&mut self, last: bool) -> Option<Vec<u8>> {
        let left = self.held.rest().len();
        if self.is_over || left <= CHUNK && !last {
            return None;
        }
        self.is_over = left <= CHUNK;
        self.held.take(left.min(CHUNK)).map(<[u8]>::to_vec)
    }

    /// Under which it is sealed.
    pub fn nonce(&self) -> [u8; 12] {
        nonce(self.prefix, self.index, self.is_over)
    }

    /// It, sealed, as it stands in the file.
    pub fn framed(&mut self, sealed: &[u8]) -> Vec<u8> {
        self.index += 1;
        [&(sealed.len() as u32).to_le_bytes(), sealed].concat()
    }
}

/// How a file's key is made.
#[derive(Debug, PartialEq)]
pub struct Start {
    pub iterations: usize,
    pub salt: String,
    /// SHA-256 of all before the first chunk, as every hash here in hexadecimal digits.
    pub bound: String,
}

impl Start {
    pub fn crossing(&self) -> String {
        let mut start = Written::default();
        start.put_count("iterations", self.iterations);
        start.put("salt", &quoted(&self.salt));
        start.put("bound", &quoted(&self.bound));
        start.done()
    }
}

/// A backup that is being read. Nothing of it is to be believed before it was read to its end: only then is it known that the file is whole.
#[derive(Default)]
pub struct Reader {
    file: Held,
    /// Whether there is no more of the file.
    has_ended: bool,
    prefix: [u8; 7],
    check: String,
    index: u32,
    plain: Held,
    /// Whether the last chunk was opened.
    is_over: bool,
    /// What the summary says.
    people: usize,
    ids: Ids,
    kinds: Vec<(String, usize)>,
}

impl Reader {
    /// More of the file.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.file.push(bytes);
        self.is_sound()
    }

    /// There is no more of it.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Nothing may follow the last chunk.
    fn is_sound(&self) -> Result<(), Fault> {
        if self.is_over && !self.file.rest().is_empty() { Err(Fault::FileDamaged) } else { Ok(()) }
    }

    /// None until there is more of the file; there is none any more where `fault` is.
    fn lacking<T>(&self, fault: Fault) -> Result<Option<T>, Fault> {
        if self.has_ended { Err(fault) } else { Ok(None) }
    }

    /// How the key is made; None: more of the file is needed.
    pub fn start(&mut self) -> Result<Option<Start>, Fault> {
        let Some([b0, b1, b2, b3, v0, v1, size @ ..]) = self.file.rest().first_chunk::<START>() else {
            return self.lacking(Fault::FileForeign);
        };
        let version = u16::from_le_bytes([*v0, *v1]);
        let size = u32::from_le_bytes(*size) as usize;
        if &[*b0, *b1, *b2, *b3] != MAGIC {
            return Err(Fault::FileForeign);
        } else if version > VERSION {
            return Err(Fault::FileNewer);
        } else if version == 0 || size > HEADER_MOST {
            return Err(Fault::FileDamaged);
        }
        let Some(start) = self.file.take(START + size) else {
            return self.lacking(Fault::FileTruncated);
        };
        let bound = sha256(start);
        let (iterations, salt, prefix, check) = header(&start[START..]).ok_or(Fault::FileDamaged)?;
        self.prefix = prefix;
        self.check = check;
        Ok(Some(Start { iterations, salt, bound }))
    }

    /// Whether the key is the file's, by the value that comes from the passphrase beside it.
    pub fn is_key(&self, check: &[u8]) -> bool {
        hex(check) == self.check
    }

    /// What is to be opened next; None: more of the file is needed.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let Some(size) = self.file.size() else {
            return self.lacking(Fault::FileTruncated);
        };
        if !(TAG..=CHUNK + TAG).contains(&size) {
            return Err(Fault::FileDamaged);
        }
        match self.file.take(4 + size) {
            Some(framed) => Ok(Some(framed[4..].to_vec())),
            None => self.lacking(Fault::FileTruncated),
        }
    }

    /// Under which it was sealed, if it is the last or if it is not.
    pub fn nonce(&self, is_last: bool) -> [u8; 12] {
        nonce(self.prefix, self.index, is_last)
    }

    /// It was opened under that nonce.
    pub fn opened(&mut self, plain: &[u8], is_last: bool) -> Result<(), Fault> {
        self.plain.push(plain);
        self.index += 1;
        self.is_over = is_last;
        self.is_sound()
    }

    /// Whether the last chunk was opened; then nobody follows any more once there is no record.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// None: the next chunk is needed, or there is none.
    fn record(&mut self) -> Result<Option<&[u8]>, Fault> {
        let size = self.plain.size();
        if size.is_some_and(|size| size > RECORD_MOST) {
            return Err(Fault::FileDamaged);
        }
        let size = size.filter(|size| self.plain.rest().len() >= 4 + size);
        match size {
            Some(size) => Ok(self.plain.take(4 + size).map(|framed| &framed[4..])),
            None if self.is_over && !self.plain.rest().is_empty() => Err(Fault::FileDamaged),
            None => Ok(None),
        }
    }

    /// What the file says of itself, as JSON; None: the next chunk is needed. `now`, a time as JSON: nothing was made later.
    pub fn summary(&mut self, now: &str) -> Result<Option<String>, Fault> {
        let is_over = self.is_over;
        let Some(record) = self.record()? else {
            return if is_over { Err(Fault::FileDamaged) } else { Ok(None) };
        };
        let (summary, people) = summary(record, now).ok_or(Fault::FileDamaged)?;
        self.people = people;
        Ok(Some(summary))
    }

    /// The record of the next one, as they may come in, whoever wrote the file: no time in it has yet to come, for a consent of the future would never be
    /// too old. None: the next chunk is needed, or everybody was read. `looks`: whether templates are held to what is said of them.
    pub fn person(&mut self, now: &str, looks: bool) -> Result<Option<Vec<u8>>, Fault> {
        let is_over = self.is_over;
        let mut kinds = std::mem::take(&mut self.kinds);
        let Some(bytes) = self.record()? else {
            return if is_over {
                self.whole().map(|()| None)
            } else {
                self.kinds = kinds;
                Ok(None)
            };
        };
        let (id, bytes) = person(bytes, now, |models, template| is_taken(&mut kinds, models, template, looks))?;
        self.kinds = kinds;
        self.ids.add(&id);
        Ok(Some(bytes))
    }

    /// Whether exactly those came who were promised, each once.
    fn whole(&mut self) -> Result<(), Fault> {
        let ids = std::mem::take(&mut self.ids);
        if ids.count() == self.people && ids.are_once() { Ok(()) } else { Err(Fault::FileDamaged) }
    }
}

/// Rounds, salt, prefix and check value.
fn header(bytes: &[u8]) -> Option<(usize, String, [u8; 7], String)> {
    let json = Json::read(std::str::from_utf8(bytes).ok()?)?;
    let digits = |name: &str, bytes: usize| {
        let text = json.get(name)?.text()?;
        (text.len() == 2 * bytes && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))).then(|| text.to_owned())
    };
    let iterations = json.get("iterations")?.count()?;
    if json.get("kdf")?.text() != Some(KDF) || !may_stretch(iterations as f64) {
        return None;
    }
    let mut prefix = [0; 7];
    let text = digits("prefix", 7)?;
    for (byte, at) in prefix.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some((iterations, digits("salt", 16)?, prefix, digits("check", 16)?))
}

/// A summary, and how many people it promises.
fn summary(record: &[u8], now: &str) -> Option<(String, usize)> {
    let json = Json::read(std::str::from_utf8(record).ok()?)?;
    let is_time = json.get("created")?.number()? >= 0.0;
    let is_counted = matches!(json.get("models")?.value, Value::Object(_));
    json.get("references")?.count()?;
    json.get("vault")?.text()?;
    json.get("who")?.list()?;
    let people = json.get("people")?.count()?;
    Some((past(&json, now).filter(|_| is_time && is_counted)?, people))
}

/// A person's id, and their record with no time in it that has yet to come. `is_taken`: of what is said of a template's networks, and it.
fn person(bytes: &[u8], now: &str, mut is_taken: impl FnMut(&Json, &[u8]) -> bool) -> Result<(String, Vec<u8>), Fault> {
    let record = record::read(bytes).map_err(|_| Fault::FileDamaged)?;
    let json = Json::read(&record.person).ok_or(Fault::FileDamaged)?;
    let references = json.get("references").and_then(Json::list).unwrap_or_default();
    for (reference, template) in references.iter().zip(&record.templates) {
        if !reference.get("models").is_some_and(|models| is_taken(models, template)) {
            return Err(Fault::FileRefused);
        }
    }
    let blobs: Vec<_> = record.templates.iter().copied().chain(record.picture).collect();
    let bytes = past(&json, now).and_then(|person| record::write(&person, &blobs).ok()).ok_or(Fault::FileDamaged)?;
    Ok((record.id, bytes))
}

/// A value with every time that is later than now (both as JSON) as now.
fn past(json: &Json, now: &str) -> Option<String> {
    let mut out = String::new();
    write_past(json, now, Json::read(now)?.number()?, &mut out);
    Some(out)
}

fn write_past(json: &Json, now: &str, limit: f64, out: &mut String) {
    let mut between = "";
    match &json.value {
        Value::Object(fields) => {
            out.push('{');
            for (name, value) in fields {
                put(out, &[between, name.raw, ":"]);
                let is_time = matches!(name.text(), Some("created" | "updated" | "time"));
                if is_time && value.number().is_some_and(|time| time > limit) {
                    out.push_str(now);
                } else {
                    write_past(value, now, limit, out);
                }
                between = ",";
            }
            out.push('}');
        }
        Value::List(items) => {
            out.push('[');
            for item in items {
                out.push_str(between);
                write_past(item, now, limit, out);
                between = ",";
            }
            out.push(']');
        }
        _ => out.push_str(json.raw),
    }
}

/// Whether a template may come in: of networks as they are called, of no more kinds than there can be, and, where it is looked at, of those that are said.
fn is_taken(kinds: &mut Vec<(String, usize)>, models: &Json, template: &[u8], looks: bool) -> bool {
    let inside = match (looks, Template::decode(template)) {
        (false, _) => None,
        (true, Ok(template)) => Some(template.info()),
        (true, Err(_)) => return false,
    };
    let inside = inside
        .map(|info| [(Some(info.models.periocular), info.dimensions.periocular), (info.models.full, info.dimensions.full.unwrap_or(0))]);
    for (at, role) in ["periocular", "full"].into_iter().enumerate() {
        let said = models.get(role).and_then(Json::text);
        let dimensions = match &inside {
            Some(inside) if inside[at].0.as_deref() != said => return false,
            Some(inside) => inside[at].1,
            None => 0,
        };
        let Some(said) = said else { continue };
        if !is_network(said) {
            return false;
        }
        if !kinds.iter().any(|(model, known)| model == said && *known == dimensions) {
            kinds.push((said.to_owned(), dimensions));
        }
    }
    kinds.len() <= KINDS_MOST
}

/// How networks are called: those of every release by role and number, those of anybody's own pack as they like; from format 3 of the manifest on, all
/// say their file's bytes as well.
fn is_network(model: &str) -> bool {
    let is_number = |number: &str| (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |name: &str| {
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let is_hash = |hash: &str| hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match model.split_once('@') {
        Some((name, hash)) => is_name(name) && is_hash(hash),
        None => ["full-", "periocular-"].iter().any(|role| model.strip_prefix(role).is_some_and(is_number)),
    }
}

/// What becomes of somebody who is to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// By date they would be erased at once.
    Expired,
    Skipped,
    Replaced,
    Added,
    /// Under another id, for theirs is somebody's here.
    Copied,
}

impl Merged {
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Skipped => "skipped",
            Self::Replaced => "replaced",
            Self::Added => "added",
            Self::Copied => "copied",
        }
    }
}

/// `rule`: for people whose id is here already, `skip` them, `replace` what is here, or keep `both`.
pub fn merged(rule: &str, is_here: bool, is_due: bool) -> Result<Merged, Fault> {
    let here = match rule {
        "skip" => Merged::Skipped,
        "replace" => Merged::Replaced,
        "both" => Merged::Copied,
        _ => return Err(Fault::BadRule),
    };
    Ok(match (is_due, is_here) {
        (true, _) => Merged::Expired,
        (false, true) => here,
        (false, false) => Merged::Added,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "1700000000000";
    const PREFIX: [u8; 7] = [1, 2, 3, 4, 5, 6, 250];

    fn id(number: usize) -> String {
        format!("00000000-0000-4000-8000-{number:012}")
    }

    /// A person with so many references of this length.
    fn person(number: usize, references: usize, bytes: usize) -> (String, Vec<u8>) {
        let reference = |i: usize| {
            let models = if i.is_multiple_of(2) {
                "{\"full\":\"full-1\",\"periocular\":\"periocular-1\"}"
            } else {
                "{\"periocular\":\"periocular-1\"}"
            };
            format!("{{\"source\":\"photo\",\"mask\":\"masked\",\"quality\":0.5,\"models\":{models},\"time\":5,\"bytes\":{bytes}}}")
        };
        let references: Vec<_> = (0..references).map(reference).collect();
        let person = format!(
            "{{\"id\":\"{}\",\"name\":\"Person {number}\",\"created\":1,\"updated\":2,\"consent\":{{\"text\":\"I agree.\",\"version\":\"1\",\"language\":\"en\",\"time\":3}},\
             \"expires\":null,\"protection\":null,\"references\":[{}],\"pictureBytes\":null}}",
            id(number),
            references.join(",")
        );
        let blobs = vec![vec![number as u8; bytes]; references.len()];
        let record = record::write(&person, &blobs).unwrap();
        (person, record)
    }

    fn tag(plain: &[u8], nonce: [u8; 12]) -> String {
        sha256(&[&nonce, plain].concat())[..TAG].to_owned()
    }

    /// Stands for the cipher: it hides nothing, but what was changed does not open.
    fn seal(plain: &[u8], nonce: [u8; 12]) -> Vec<u8> {
        [plain, tag(plain, nonce).as_bytes()].concat()
    }

    fn open(sealed: &[u8], nonce: [u8; 12]) -> Option<&[u8]> {
        let (plain, found) = sealed.split_at(sealed.len() - TAG);
        (found == tag(plain, nonce).as_bytes()).then_some(plain)
    }

    fn write(summary: &str, records: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = Writer::new(summary, PREFIX);
        let mut file = writer.start(600_000, &[7; 16], &[9; 16]);
        let flush = |writer: &mut Writer, file: &mut Vec<u8>, last| {
            while let Some(plain) = writer.chunk(last) {
                let sealed = seal(&plain, writer.nonce());
                file.extend(writer.framed(&sealed));
            }
        };
        for record in records {
            writer.put(record);
            flush(&mut writer, &mut file, false);
        }
        flush(&mut writer, &mut file, true);
        file
    }

    /// A file of these people, with a summary of those.
    fn backup(people: &[(String, Vec<u8>)], counted: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut summary = Summary::new("5", "\"vault\"");
        counted.iter().for_each(|(person, _)| summary.add(person).unwrap());
        write(&summary.text(), &people.iter().map(|(_, record)| record.clone()).collect::<Vec<_>>())
    }

    fn many(people: usize) -> Vec<(String, Vec<u8>)> {
        (0..people).map(|i| person(i, 100, 900)).collect()
    }

    /// What a file says of itself, and the records in it, read in pieces of such a size.
    fn read(file: &[u8], piece: usize, looks: bool) -> Result<(Start, String, Vec<Vec<u8>>), Fault> {
        let mut reader = Reader::default();
        let mut pieces = file.chunks(piece);
        let mut more = |reader: &mut Reader| match pieces.next() {
            Some(piece) => reader.push(piece).map(|()| true),
            None => {
                reader.end();
                Ok(false)
            }
        };
        let start = loop {
            match reader.start()? {
                Some(start) => break start,
                None => more(&mut reader)?,
            };
        };
        assert!(reader.is_key(&[9; 16]) && !reader.is_key(&[8; 16]));
        let mut chunk = |reader: &mut Reader| {
            let sealed = loop {
                match reader.chunk()? {
                    Some(sealed) => break sealed,
                    None => more(reader)?,
                };
            };
            let middle = open(&sealed, reader.nonce(false));
            let plain = middle.or_else(|| open(&sealed, reader.nonce(true))).ok_or(Fault::FileDamaged)?;
            reader.opened(plain, middle.is_none())?;
            while middle.is_none() && more(reader)? {}
            Ok(())
        };
        let summary = loop {
            match reader.summary(NOW)? {
                Some(summary) => break summary,
                None => chunk(&mut reader)?,
            }
        };
        let mut people = Vec::new();
        loop {
            match reader.person(NOW, looks)? {
                Some(person) => people.push(person),
                None if reader.is_over() => return Ok((start, summary, people)),
                None => chunk(&mut reader)?,
            }
        }
    }

    fn fault(file: &[u8]) -> Option<Fault> {
        read(file, 100_000, false).err()
    }

    #[test]
    fn a_backup_holds_everybody_exactly_over_several_chunks_read_in_pieces_of_any_size() {
        let people = many(10);
        let file = backup(&people, &people);
        assert!(file.len() > 3 * CHUNK);
        for piece in [1000, CHUNK, file.len()] {
            let (start, summary, read) = read(&file, piece, false).unwrap();
            assert_eq!((start.iterations, start.salt), (600_000, "07".repeat(16)));
            assert!(read.iter().eq(people.iter().map(|(_, record)| record)));
            let json = Json::read(&summary).unwrap();
            assert_eq!(["people", "references"].map(|name| json.get(name).unwrap().raw), ["10", "1000"]);
        }
        assert_eq!(read(&backup(&[], &[]), 7, false).unwrap().2.len(), 0);
    }

    #[test]
    fn it_is_written_as_releases_in_javascript_wrote_it() {
        let mut summary = Summary::new("5", "\"vault\"");
        assert_eq!(summary.text(), "{\"created\":5,\"vault\":\"vault\",\"people\":0,\"references\":0,\"models\":{},\"who\":[]}");
        let one = person(1, 2, 3);
        summary.add(&one.0).unwrap();
        summary.add(&person(2, 1, 3).0.replace("full-1", "full-2")).unwrap();
        let text = format!(
            "{{\"created\":5,\"vault\":\"vault\",\"people\":2,\"references\":3,\"models\":{{\"full-1\":1,\"periocular-1\":3,\"full-2\":1}},\
             \"who\":[{{\"id\":\"{}\",\"name\":\"Person 1\",\"references\":2}},{{\"id\":\"{}\",\"name\":\"Person 2\",\"references\":1}}]}}",
            id(1),
            id(2)
        );
        assert_eq!(summary.text(), text);
        let header = format!(
            "{{\"kdf\":\"PBKDF2-SHA-256\",\"iterations\":600000,\"salt\":\"{}\",\"prefix\":\"010203040506fa\",\"check\":\"{}\"}}",
            "07".repeat(16),
            "09".repeat(16)
        );
        let start = [b"BRWX\x01\x00", &(header.len() as u32).to_le_bytes()[..], header.as_bytes()].concat();
        let plain = [&(text.len() as u32).to_le_bytes(), text.as_bytes(), &(one.1.len() as u32).to_le_bytes(), &one.1].concat();
        let sealed = seal(&plain, [1, 2, 3, 4, 5, 6, 250, 0, 0, 0, 0, 1]);
        let file = write(&text, &[one.1]);
        assert_eq!(file, [&start, &(sealed.len() as u32).to_le_bytes()[..], &sealed].concat());
        let mut reader = Reader::default();
        reader.push(&file).unwrap();
        assert_eq!(reader.start().unwrap().unwrap().bound, sha256(&start));
    }

    #[test]
    fn chunks_are_full_but_for_the_last_and_numbered() {
        let mut writer = Writer::new(&" ".repeat(2 * CHUNK - 4), PREFIX);
        assert_eq!(writer.chunk(false).unwrap().len(), CHUNK);
        assert_eq!(writer.nonce()[7..], [0, 0, 0, 0, 0]);
        writer.framed(b"");
        assert_eq!(writer.chunk(false), None, "whether a whole one is the last is not known yet");
        assert_eq!(writer.chunk(true).unwrap().len(), CHUNK);
        assert_eq!(writer.nonce()[7..], [0, 0, 0, 1, 1]);
        assert_eq!(writer.chunk(true), None);
    }

    #[test]
    fn foreign_newer_and_empty_files_are_told_apart() {
        let good = backup(&[], &[]);
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            fault(&bad)
        };
        assert_eq!(fault(b""), Some(Fault::FileForeign));
        assert_eq!(fault(b"PK\x03\x04 some zip file"), Some(Fault::FileForeign));
        assert_eq!(with(4, 2), Some(Fault::FileNewer));
        assert_eq!(with(4, 0), Some(Fault::FileDamaged));
        assert_eq!(with(9, 128), Some(Fault::FileDamaged));
    }

    #[test]
    fn wherever_it_is_cut_off_a_part_is_missing() {
        let people = many(4);
        let good = backup(&people, &people);
        let header = START + u32::from_le_bytes(*good[6..].first_chunk().unwrap()) as usize;
        let chunk = CHUNK + TAG + 4;
        for cut in [
            10,
            12,
            header - 1,
            header,
            header + 2,
            header + 4,
            header + 100,
            header + chunk - 1,
            header + chunk,
            header + chunk + 4,
            good.len() - 1,
        ] {
            assert_eq!(fault(&good[..cut]), Some(Fault::FileTruncated), "cut at {cut} of {}", good.len());
        }
    }

    #[test]
    fn chunks_that_are_swapped_repeated_left_out_or_followed_by_more_are_noticed() {
        let people = many(8);
        let good = backup(&people, &people);
        let header = START + u32::from_le_bytes(*good[6..].first_chunk().unwrap()) as usize;
        let chunk = |i: usize| &good[header + i * (CHUNK + TAG + 4)..header + (i + 1) * (CHUNK + TAG + 4)];
        let rest = &good[header + 2 * (CHUNK + TAG + 4)..];
        for bad in [
            [chunk(1), chunk(0), rest, &[]],
            [chunk(0), chunk(0), rest, &[]],
            [chunk(0), rest, &[], &[]],
            [chunk(0), chunk(1), rest, &[0; 5]],
        ] {
            assert_eq!(fault(&[&good[..header], &bad.concat()].concat()), Some(Fault::FileDamaged));
        }
    }

    #[test]
    fn a_summary_that_promises_more_or_fewer_or_somebody_twice_is_damaged() {
        let three = many(3);
        assert_eq!(fault(&backup(&three, &many(4))), Some(Fault::FileDamaged));
        assert_eq!(fault(&backup(&three, &three[..2])), Some(Fault::FileDamaged));
        let twice = [three[0].clone(), three[1].clone(), three[0].clone()];
        assert_eq!(fault(&backup(&twice, &three)), Some(Fault::FileDamaged));
        assert_eq!(fault(&write("", &[])), Some(Fault::FileDamaged));
        let text = "{\"created\":5,\"vault\":\"v\",\"people\":0,\"references\":0,\"models\":{},\"who\":[]}";
        assert_eq!(fault(&write(text, &[])), None);
        assert_eq!(fault(&write(text, &[vec![0; 3]])), Some(Fault::FileDamaged));
        for (from, to) in [
            ("5", "-5"),
            ("\"v\"", "null"),
            ("\"people\":0", "\"people\":0.5"),
            ("\"references\":0", "\"references\":null"),
            ("{}", "[]"),
            ("[]", "{}"),
        ] {
            assert_eq!(fault(&write(&text.replace(from, to), &[])), Some(Fault::FileDamaged), "{to}");
        }
    }

    #[test]
    fn a_record_that_is_none_and_a_piece_behind_the_last_are_damage() {
        let good = person(1, 1, 5);
        let mut summary = Summary::new("5", "\"v\"");
        summary.add(&good.0).unwrap();
        assert_eq!(fault(&write(&summary.text(), &[vec![b'x'; 40]])), Some(Fault::FileDamaged));
        let mut reader = Reader::default();
        reader.opened(&[0, 0, 0], true).unwrap();
        assert_eq!(reader.summary(NOW), Err(Fault::FileDamaged));
        let mut reader = Reader::default();
        reader.opened(&((RECORD_MOST as u32 + 1).to_le_bytes()), false).unwrap();
        assert_eq!(reader.summary(NOW), Err(Fault::FileDamaged));
    }

    #[test]
    fn a_header_that_asks_for_absurd_work_is_refused_at_once() {
        let good = backup(&[], &[]);
        let length = u32::from_le_bytes(*good[6..].first_chunk().unwrap()) as usize;
        let text = std::str::from_utf8(&good[START..START + length]).unwrap();
        for (from, to) in [
            ("600000", "1000000000000"),
            ("600000", "10000001"),
            ("600000", "0"),
            ("600000", "\"many\""),
            ("PBKDF2", "none"),
            ("\"0707", "\"x707"),
            ("\"0707", "\""),
            ("\"010203040506fa\"", "null"),
            ("\"0909", "\"09"),
            ("{", "["),
        ] {
            let header = text.replacen(from, to, 1);
            let bad = [&good[..6], &(header.len() as u32).to_le_bytes(), header.as_bytes(), &good[START + length..]].concat();
            assert_eq!(fault(&bad), Some(Fault::FileDamaged), "{to}");
        }
    }

    #[test]
    fn no_time_that_has_yet_to_come_is_taken_in() {
        let late = person(1, 1, 5)
            .0
            .replace("\"created\":1", "\"created\":9e14")
            .replace("\"time\":3", "\"time\":1700000000001")
            .replace("\"expires\":null", "\"expires\":9e14");
        let record = record::write(&late, &[[1; 5]]).unwrap();
        let mut summary = Summary::new("9e14", "\"v\"");
        summary.add(&late).unwrap();
        let (_, said, people) = read(&write(&summary.text(), &[record]), 999, false).unwrap();
        assert!(said.starts_with("{\"created\":1700000000000,"));
        let taken = record::read(&people[0]).unwrap();
        let json = Json::read(&taken.person).unwrap();
        assert_eq!((json.get("created").unwrap().raw, json.get("updated").unwrap().raw), (NOW, "2"));
        assert_eq!((taken.consented, taken.expires, taken.templates), (1.7e12, Some(9e14), vec![&[1_u8; 5][..]]));
    }

    /// A template as the engine writes it, of any network.
    fn template(model: &str, dimensions: u8) -> Vec<u8> {
        let mut bytes = b"BRWT\x01\x00\x00\x3c\x00\x3c".to_vec();
        bytes.push(model.len() as u8);
        bytes.extend(model.bytes());
        bytes.extend([dimensions, 0, 0, 60]);
        bytes.resize(bytes.len() + 2 * (usize::from(dimensions) - 1) + 3, 0);
        bytes
    }

    #[test]
    fn templates_are_of_networks_as_they_are_called_of_few_kinds_and_what_is_said_of_them() {
        let taken = |kinds: &mut Vec<_>, said: &str, template: &[u8], looks| {
            is_taken(kinds, &Json::read(&format!("{{\"periocular\":\"{said}\"}}")).unwrap(), template, looks)
        };
        for name in ["periocular-5", "full-4", "full-4@fa357cb8", "mine-1@0123abcd", "my_net@0123abcd"] {
            assert!(taken(&mut Vec::new(), name, &[], false), "{name}");
            assert!(taken(&mut Vec::new(), name, &template(name, 9), true), "{name}");
        }
        for name in ["", "mine-1", "invented-2", "full-", "full-12345", "a b@0123abcd", "x@0123", "@0123abcd", "x@0123ABCD"] {
            assert!(!taken(&mut Vec::new(), name, &[], false), "{name}");
        }
        assert!(!taken(&mut Vec::new(), "periocular-5", &template("periocular-4", 9), true), "the record says another than the template");
        assert!(!taken(&mut Vec::new(), "periocular-5", &[7; 900], true), "no template at all");
        let full = Json::read("{\"periocular\":\"periocular-5\",\"full\":\"full-4\"}").unwrap();
        assert!(!is_taken(&mut Vec::new(), &full, &template("periocular-5", 9), true), "nothing of the whole face in it");
        let (mut kinds, mut dimensions) = (Vec::new(), Vec::new());
        for i in 0..40_u8 {
            assert_eq!(taken(&mut kinds, &format!("mine-{i}@0123abcd"), &[], false), i < 32);
            assert_eq!(taken(&mut dimensions, "periocular-5", &template("periocular-5", 9 + i), true), i < 32);
        }
    }

    #[test]
    fn whoever_is_here_is_dealt_with_by_the_rule_and_whoever_is_due_stays_out() {
        for (rule, here) in [("skip", Merged::Skipped), ("replace", Merged::Replaced), ("both", Merged::Copied)] {
            assert_eq!(merged(rule, true, false), Ok(here));
            assert_eq!(merged(rule, false, false), Ok(Merged::Added));
            assert_eq!((merged(rule, true, true), merged(rule, false, true)), (Ok(Merged::Expired), Ok(Merged::Expired)));
        }
        assert_eq!(merged("all", false, false), Err(Fault::BadRule));
    }

    #[test]
    fn a_passphrase_is_long_enough_and_not_endless_and_the_limits_are_said() {
        assert_eq!((passphrase_fault("seven 77"), passphrase_fault("Zoë likes tea")), (None, None));
        assert!(
            passphrase_fault("🙂🙂🙂🙂")
                .unwrap()
                .contains(&format!("\"passphrase_too_short\",\"values\":{{\"least\":{PASSPHRASE_LEAST}}}"))
        );
        assert_eq!(passphrase_fault(&"x".repeat(1000)), None);
        assert!(
            passphrase_fault(&"x".repeat(1001))
                .unwrap()
                .contains(&format!("\"passphrase_too_long\",\"values\":{{\"most\":{PASSPHRASE_MOST}}}"))
        );
    }

    proptest! {
        #[test]
        fn any_people_come_back_from_pieces_of_any_size(sizes in proptest::collection::vec((0_usize..4, 1_usize..40_000), 0..8), piece in 1_usize..300_000) {
            let people: Vec<_> = sizes.iter().enumerate().map(|(i, (references, bytes))| person(i, *references, *bytes)).collect();
            let (_, _, back) = read(&backup(&people, &people), piece, false).unwrap();
            prop_assert!(back.iter().eq(people.iter().map(|(_, record)| record)));
        }

        #[test]
        fn no_byte_that_is_changed_goes_unnoticed(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
            let people = vec![person(0, 2, 30), person(1, 1, 9)];
            let good = backup(&people, &people);
            let mut bad = good.clone();
            let at = at.index(bad.len());
            bad[at] ^= flip;
            let before = START + u32::from_le_bytes(*good[6..].first_chunk().unwrap()) as usize;
            // What stands before the chunks is bound to them by the cipher, which does nothing here.
            prop_assert!(at < before || fault(&bad).is_some());
        }
    }
}
