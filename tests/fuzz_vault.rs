//! Whatever bytes are handed in as something that the vault stored, its readers answer with it or with an error, and never panic; and what is
//! read is written again as something that reads the same. A bounded stand-in for a fuzzer: repeatable, without nightly tools. `FUZZ_SECONDS` sets how long.

use std::time::{Duration, Instant};

use brow::vault::backup::{Reader, Summary, Writer};
use brow::vault::{Fault, guests, log, record, settings};

/// xorshift64*: repeatable randomness.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }
}

/// Rounds until the time is up, and two thousand at least.
fn rounds() -> impl Iterator<Item = usize> {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    (0..).take_while(move |round| *round < 2000 || round % 256 != 0 || Instant::now() < end)
}

/// Words of the formats, which a mutation by bytes alone would seldom make.
const WORDS: [&str; 14] = [
    "null",
    "true",
    "-1",
    "1e300",
    "0.5",
    "\"\"",
    "[]",
    "{}",
    "\"\\ud800\"",
    "9007199254740993",
    "\"version\":3,",
    "\"version\":1,",
    "\"x\":1,",
    "}",
];

/// A few of: bytes changed, cut off, a piece repeated, a word in the place of some bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => {
                let piece = bytes[at..(at + random.below(40)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            2 | 3 => {
                let end = (at + random.below(8)).min(bytes.len());
                bytes.splice(at..end, WORDS[random.below(WORDS.len())].bytes());
            }
            _ if bytes.is_empty() => {}
            _ => bytes[at] = random.below(256) as u8,
        }
    }
}

/// Hands mutations of `good` to `read`, which says whether they were read.
fn fuzz(good: &[u8], mut read: impl FnMut(&[u8]) -> bool) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    assert!(read(good), "what nobody changed is read");
    let mut refused = 0;
    let mut tried = 0;
    for _ in rounds() {
        let mut bytes = good.to_vec();
        mutate(&mut bytes, &mut random);
        tried += 1;
        refused += usize::from(!read(&bytes));
    }
    assert!(refused > tried / 4, "only {refused} of {tried} were refused: the mutations miss");
}

const PERSON: &str = "{\"id\":\"0a1b2c3d-0000-4000-8000-0123456789ab\",\"name\":\"Zo\\u00eb\",\"created\":1,\"updated\":2,\
    \"consent\":{\"text\":\"I agree.\",\"version\":\"1\",\"language\":\"en\",\"time\":3},\"expires\":null,\"groups\":[\"a\",\"b\"],\"note\":\"x\",\"protection\":\"abcd\",\
    \"references\":[{\"source\":\"photo\",\"mask\":\"masked\",\"quality\":0.5,\"models\":{\"full\":\"full-1\",\"periocular\":\"periocular-1\"},\"time\":5,\"bytes\":9}],\
    \"pictureBytes\":3}";

#[test]
fn no_bytes_make_reading_a_person_fail_otherwise_than_by_saying_so() {
    fuzz(&record::write(PERSON, &[&[7_u8; 9][..], &[8; 3]]).unwrap(), |bytes| {
        let Ok(read) = record::read(bytes) else { return false };
        let blobs: Vec<_> = read.templates.iter().copied().chain(read.picture).collect();
        let written = record::write(&read.person, &blobs).expect("what was read can be written");
        let reread = record::read(&written).expect("and read again");
        assert_eq!(
            (reread.person, reread.protection, reread.templates, reread.picture),
            (read.person, read.protection, read.templates, read.picture)
        );
        true
    });
}

#[test]
fn no_text_makes_checking_a_person_fail_otherwise() {
    fuzz(PERSON.as_bytes(), |bytes| std::str::from_utf8(bytes).is_ok_and(|text| record::check(text).is_ok()));
}

#[test]
fn no_bytes_make_reading_settings_fail_otherwise() {
    let good = settings::write(
        &settings::defaults()
            .replace("\"kioskHosts\":[]", "\"kioskHosts\":[\"https://a.example\"]")
            .replace("\"kioskEvent\":\"\"", "\"kioskEvent\":\"Fair\""),
    )
    .unwrap();
    fuzz(good.as_bytes(), |bytes| {
        let Ok(read) = settings::read(bytes) else { return false };
        assert_eq!(settings::fault(&read), None);
        let written = settings::write(&read).expect("what was read can be written");
        assert!(settings::read(written.as_bytes()).is_ok());
        true
    });
}

#[test]
fn no_bytes_make_reading_the_log_fail_otherwise() {
    let happenings = "[{\"event\":\"enrolled\",\"subject\":\"0a1b\",\"detail\":{\"references\":2,\"on\":true,\"why\":\"asked\"}},{\"event\":\"exported\"}]";
    let good = log::grown(&log::first(), happenings, "1700000000000", log::MOST, None, None).unwrap();
    fuzz(good.entries[0].as_bytes(), |bytes| log::entry(bytes).is_ok());
    fuzz(good.head.as_bytes(), |bytes| {
        let Ok(head) = log::head(bytes) else { return false };
        let rotated = log::rotation(&head, 1, 1);
        let grown = log::grown(&head, "[{\"event\":\"locked\"}]", "5", 1, None, None).expect("what was read can go on");
        assert_eq!(grown.entries.len(), 1 + usize::from(rotated.is_some()));
        assert!(log::head(grown.head.as_bytes()).is_ok());
        assert!(log::verify(&head, "[]").is_some());
        true
    });
    let export = log::export("\"v\"", "7", &good.head, &["[", &good.entries.join(","), "]"].concat()).unwrap();
    fuzz(export.as_bytes(), |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| log::verify_export(text).is_ok_and(|verdict| verdict.problem.is_none()))
    });
}

/// A file of one person, under a cipher that only says by which nonce something was sealed.
fn backup() -> Vec<u8> {
    let mut summary = Summary::new("5", "\"vault\"");
    summary.add(PERSON).unwrap();
    let mut writer = Writer::new(&summary.text(), [7; 7]);
    writer.put(&record::write(PERSON, &[&[7_u8; 9][..], &[8; 3]]).unwrap());
    let mut file = writer.start(600_000, &[1; 16], &[2; 16]);
    let plain = writer.chunk(true).unwrap();
    let sealed = [&plain, &writer.nonce()[..], &[0; 4]].concat();
    file.extend(writer.framed(&sealed));
    file
}

/// How many people are in a file.
fn read_backup(file: &[u8]) -> Result<usize, Fault> {
    let mut reader = Reader::default();
    reader.push(file)?;
    reader.end();
    reader.start()?.expect("all of it is there");
    let chunk = |reader: &mut Reader| {
        let sealed = reader.chunk()?.expect("all of it is there");
        let (plain, tag) = sealed.split_at(sealed.len() - 16);
        let is_last = tag[..12] == reader.nonce(true);
        if !is_last && tag[..12] != reader.nonce(false) {
            return Err(Fault::FileDamaged);
        }
        reader.opened(plain, is_last)
    };
    while reader.summary("9")?.is_none() {
        chunk(&mut reader)?;
    }
    let mut people = 0;
    loop {
        match reader.person("9", false)? {
            Some(bytes) => {
                assert!(record::read(&bytes).is_ok_and(|person| person.consented <= 9.0));
                people += 1;
            }
            None if reader.is_over() => return Ok(people),
            None => chunk(&mut reader)?,
        }
    }
}

#[test]
fn no_bytes_make_reading_a_backup_fail_otherwise() {
    assert_eq!(read_backup(&backup()), Ok(1));
    fuzz(&backup(), |bytes| read_backup(bytes).is_ok());
}

#[test]
fn no_bytes_make_reading_a_list_of_guests_fail_otherwise() {
    let guest = |number: usize| {
        format!(
            "{{\"id\":\"0a1b2c3d-0000-4000-8000-00000000000{number}\",\"line\":2,\"name\":\"Zo\u{eb}\",\"email\":\"\",\"ref\":\"\",\"company\":\"\",\"photo\":\"\",\
             \"problem\":null,\"arrived\":5,\"seen\":6,\"by\":\"hand\"}}"
        )
    };
    let desk = "[{\"hour\":5,\"why\":\"unsure\",\"count\":2}]";
    let list = format!("{{\"name\":\"Fair\",\"created\":5,\"guests\":[{},{}],\"desk\":{desk}}}", guest(1), guest(2));
    let record = guests::write(&list).unwrap();
    fuzz(record.trim_ascii_end(), |bytes| {
        let Ok(list) = guests::read(bytes) else { return false };
        let written = guests::write(&list).expect("what was read can be written");
        assert_eq!(guests::read(&written).as_ref(), Ok(&list));
        true
    });
}
