//! Lists as spreadsheets of many places write them, read by encoding, delimiter, titles and line.

use brow::lists::columns::Kind;
use brow::lists::encoding::{self, NotAList};
use brow::lists::guests::{Choices, Head, Problem, Reading, read};
use brow::lists::photos::{Found, find};
use brow::lists::table::{Source, write};
use encoding_rs::Encoding;
use proptest::prelude::*;

/// The browser's decoder, natively.
fn decode(label: &str, bytes: &[u8]) -> Option<String> {
    let (text, bad) = Encoding::for_label(label.as_bytes())?.decode_with_bom_removal(bytes);
    (!bad).then(|| text.into_owned())
}

fn encode(label: &str, text: &str) -> Vec<u8> {
    let encoding = Encoding::for_label(label.as_bytes()).expect("a label of the Encoding Standard");
    let (bytes, _, lost) = encoding.encode(text);
    assert!(!lost, "{label} has not all of {text}");
    bytes.into_owned()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn taken(text: &str) -> Reading {
    read(text, &Choices::default(), 10_000)
}

fn names(reading: &Reading) -> Vec<&str> {
    reading.guests.iter().map(|g| g.name.as_str()).collect()
}

fn problems(reading: &Reading) -> Vec<(usize, Problem)> {
    reading.problems.iter().map(|p| (p.line, p.problem)).collect()
}

/// Lists as they are written in many places, and the encodings that spreadsheets there still use.
const LISTS: &[(&[&str], &str)] = &[
    (&["shift_jis", "euc-jp"], "氏名,会社名\r\n山田太郎,見本株式会社\r\n佐藤花子,さくらデザイン\r\n高橋健一,トヨタ自動車\r\n"),
    (&["shift_jis"], "name,company\r\n山田太郎,見本株式会社\r\n佐藤花子,試験会社\r\n"),
    (&["gbk"], "姓名,公司\r\n王小明,北京测试有限公司\r\n李娜,上海样品贸易公司\r\n张伟,深圳科技\r\n"),
    (&["gbk"], "name,company\r\n王芳,示例公司\r\n刘洋,样本\r\n"),
    (&["big5"], "姓名,公司\r\n王小明,台灣測試有限公司\r\n林淑芬,範例貿易\r\n陳俊宏,台北科技\r\n"),
    (&["big5"], "name,company\r\n陳怡君,範例\r\n黃志明,測試\r\n"),
    (&["euc-kr"], "이름,회사\r\n김민수,한국시험\r\n이영희,예제주식회사\r\n박지훈,서울전자\r\n"),
    (&["euc-kr"], "name,company\r\n최수진,예제\r\n정우성,보기\r\n"),
    (
        &["windows-1251", "koi8-r", "ibm866", "iso-8859-5"],
        "ФИО;Компания\r\nИванов Иван;Пример\r\nПетрова Анна;Образец\r\nСмирнов Олег;Тест\r\n",
    ),
    (&["windows-1251", "koi8-u"], "name;company\r\nШевченко Тарас;Приклад\r\nКовальчук Олена;Зразок\r\n"),
    (&["windows-1253", "iso-8859-7"], "όνομα;εταιρεία\r\nΓιώργος Παπαδόπουλος;Παράδειγμα\r\nΜαρία Νικολάου;Δοκιμή\r\n"),
    (&["windows-1254"], "Ad;Şirket\r\nŞule Yıldız;Örnek\r\nÇağrı Güneş;Deneme\r\nIşık Doğan;Örnek\r\n"),
    (&["windows-1255"], "שם;חברה\r\nדוד כהן;דוגמה\r\nשרה לוי;מבחן\r\n"),
    (&["windows-1256", "iso-8859-6"], "الاسم;الشركة\r\nمحمد عبد الله;شركة المثال\r\nمريم بنت أحمد;العينة\r\nخالد يوسف;الاختبار\r\n"),
    (&["windows-874"], "name,company\r\nสมชาย ใจดี,ตัวอย่าง\r\nสมหญิง รักไทย,ทดสอบ\r\n"),
    (&["windows-1250", "iso-8859-2"], "jméno;společnost\r\nJiří Dvořák;Příklad\r\nŠárka Novotná;Vzorek\r\nTomáš Kučera;Test\r\n"),
    (
        &["windows-1250", "iso-8859-2"],
        "Imię i nazwisko;Firma\r\nŁukasz Wiśniewski;Przykład\r\nAgnieszka Źródło;Próbka\r\nMałgorzata Dąbrowska;Test\r\n",
    ),
    (&["windows-1250"], "név;cég\r\nKovács Győző;Példa\r\nSzűcs Ödön;Minta\r\n"),
    (&["windows-1257"], "name;company\r\nJānis Bērziņš;Paraugs\r\nLīga Kalniņa;Tests\r\n"),
    (&["windows-1257"], "name;company\r\nJonas Žukauskas;Pavyzdys\r\nEglė Šimkutė;Testas\r\nRūta Čiurlionienė;Bandymas\r\n"),
    (&["windows-1252", "macintosh"], "Name;Firma\r\nJörg Müller;Beispiel\r\nAnna Groß;Müller & Söhne\r\nBärbel Weiß;Probe\r\n"),
    (&["windows-1252", "macintosh"], "nom;société\r\nHélène Lefèvre;Exemple\r\nFrançois Noël;Société générale\r\nZoë Ança;Essai\r\n"),
    (&["windows-1252", "macintosh"], "nombre;empresa\r\nÍñigo Muñoz;Ejemplo\r\nMaría Peña;Prueba\r\n"),
    (&["windows-1252", "macintosh"], "Navn;Firma\r\nSøren Kjærgård;Eksempel\r\nÅse Ødegård;Prøve\r\n"),
    (&["windows-1252"], "name,company\r\nZoë Sample,Sample\r\n"),
];

#[test]
fn letters_survive_in_every_encoding_that_a_list_comes_in() {
    let mut wrong = Vec::new();
    for (labels, text) in LISTS {
        for label in *labels {
            let bytes = encode(label, text);
            let guess = encoding::guess(&bytes, decode);
            let read = decode(guess.label, &bytes);
            if read.as_deref() != Some(*text) {
                wrong.push(format!("{label} taken for {}: {:?}", guess.label, read.unwrap_or_default()));
            }
        }
        for (label, bytes) in [("utf-8", text.as_bytes().to_vec()), ("utf-16le", utf16(text, false)), ("utf-16be", utf16(text, true))] {
            assert_eq!(encoding::guess(&bytes, decode), encoding::Guess { label, unsure: false }, "{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_guess_that_could_be_another_says_so() {
    // One letter alone fits too many languages.
    assert!(encoding::guess(b"name\r\nAnn\xf8\r\n", decode).unsure);
    // Two files of different encodings, one after the other, and what is no text at all.
    let text = "name\r\nZoë Müller\r\nAnaïs Groß\r\n";
    let joined = [text.as_bytes().to_vec(), encode("windows-1252", text)].concat();
    assert!(encoding::guess(&joined, decode).unsure);
    let noise: Vec<u8> = [b"name\r\n".to_vec(), (0x80..=0xff).collect(), b"\r\n".to_vec()].concat();
    assert!(encoding::guess(&noise, decode).unsure);
    let sure = LISTS.iter().filter(|(labels, text)| !encoding::guess(&encode(labels[0], text), decode).unsure).count();
    assert!(sure * 10 >= LISTS.len() * 8, "{sure} of {}", LISTS.len());
}

#[test]
fn a_workbook_is_known_whatever_it_is_called() {
    assert_eq!(encoding::not_a_list(b"PK\x03\x04\x14\x00"), Some(NotAList::Workbook));
    assert_eq!(encoding::not_a_list(b"\xd0\xcf\x11\xe0\xa1\xb1"), Some(NotAList::Workbook));
    assert_eq!(encoding::not_a_list(b"\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook>"), Some(NotAList::Workbook));
    assert_eq!(encoding::not_a_list(b"%PDF-1.7"), Some(NotAList::Binary));
    assert_eq!(encoding::not_a_list(b"name,company\n"), None);
    assert_eq!(encoding::not_a_list(b""), None);
}

#[test]
fn any_delimiter_any_line_end_quoted_cells_with_line_breaks_and_a_mark_are_read() {
    for (delimiter, end) in [(',', "\n"), (';', "\r\n"), ('\t', "\r"), ('|', "\n")] {
        let d = delimiter;
        let text = format!(
            "\u{feff}Name{d}E-Mail{d}Photo{end}\"Ada{d} Countess\"{d}a@b.example{d}\"say \"\"hi\"\".jpg\"{end}{end}\"two\nlines\"{d}{d}{end}Bob{d}{d}{end}"
        );
        let reading = taken(&text);
        assert_eq!((reading.delimiter, problems(&reading)), (delimiter, vec![]), "{text}");
        assert_eq!(names(&reading), [format!("Ada{d} Countess").as_str(), "two\nlines", "Bob"]);
        assert_eq!(reading.guests.iter().map(|g| g.line).collect::<Vec<_>>(), [2, 4, 6]);
        assert_eq!(reading.guests[0].photo, "say \"hi\".jpg");
    }
    assert_eq!(taken("sep=;\r\nname;company\r\nMuster, Eva;B\r\n").guests[0].name, "Muster, Eva");
}

#[test]
fn a_comma_in_the_titles_or_in_a_name_cuts_no_name() {
    for text in [
        "Name, Vorname;Firma\r\n\"Muster, Eva\";Beispiel\r\nProbe, Jan;Beispiel\r\n",
        "Name, Vorname;Firma\r\nMuster, Eva;Beispiel\r\nProbe, Jan;Beispiel\r\n",
        "Name\r\nMuster, Eva\r\n\"Probe, Jan\"\r\n",
        "Last name, first name|Company\r\nMuster, Eva|B\r\nProbe, Jan|B\r\n",
    ] {
        let reading = taken(text);
        // A single column has no delimiter, so what is quoted in it is a cell like any other.
        assert_eq!(names(&reading), ["Muster, Eva", "Probe, Jan"], "{text}");
    }
    let cut = taken("name,company\nMuster, Eva,Beispiel\nAda,Sample\n");
    assert_eq!((names(&cut), problems(&cut)), (vec!["Ada"], vec![(2, Problem::TooWide)]));
}

#[test]
fn an_open_quotation_mark_costs_its_own_line_and_no_other() {
    let reading =
        taken("name,company\r\nAda \"The Ace\" Example,Sample\r\n\"Bob Example,Sample\r\nCid Example,Sample\r\nDora Example,Sample\r\n");
    assert_eq!(names(&reading), ["Ada \"The Ace\" Example", "Cid Example", "Dora Example"]);
    assert_eq!(problems(&reading), [(3, Problem::OpenQuote)]);
    let closed_later = taken("name,company\n\"Bob,Sample\nCid,Sample\n\"Dora\" Ex,Sample\nEve,Sample\n");
    assert_eq!(names(&closed_later), ["Cid", "Eve"]);
    assert_eq!(problems(&closed_later), [(2, Problem::OpenQuote), (4, Problem::StrayQuote)]);
}

#[test]
fn titles_are_found_as_people_write_them() {
    use Kind::{Company, Email, First, Host, Last, Name, Other, Photo, Ref};
    for (titles, kinds) in [
        ("Attendee name,E-mail Address,Organization", vec![Name, Email, Company]),
        ("Name*,Email*", vec![Name, Email]),
        ("Full Name (required);Photo File;Company Name;Host's name", vec![Name, Photo, Company, Host]),
        ("First Name,Last Name,User name,Guest ID", vec![First, Last, Other, Ref]),
        ("FirstName,LastName,EmailAddress", vec![First, Last, Email]),
        ("Nachname;Vorname;Firma", vec![Last, First, Company]),
        ("Name;Vorname;Firma", vec![Last, First, Company]),
        ("Nombre;Apellidos;Empresa", vec![First, Last, Company]),
        ("Nom de l'invité;Courriel;Société", vec![Name, Email, Company]),
        ("氏名,メールアドレス,会社名,写真", vec![Name, Email, Company, Photo]),
        ("الاسم الكامل;البريد الإلكتروني;الشركة", vec![Name, Email, Company]),
        ("Guest;Gastgeber", vec![Name, Host]),
    ] {
        let text = format!("{titles}\nAda,x,y,z\n");
        assert_eq!(Source::new(&text).table(if titles.contains(';') { ';' } else { ',' }).rows.len(), 2);
        let reading = read(&text, &Choices { delimiter: Some(if titles.contains(';') { ';' } else { ',' }), ..Choices::default() }, 10);
        assert_eq!((reading.columns, reading.head), (kinds, Head::At(1)), "{titles}");
    }
    assert_eq!(names(&taken("Nachname;Vorname\nMuster;Eva\n")), ["Eva Muster"]);
    assert_eq!(names(&taken("Name;Vorname;Firma\nMuster;Eva;B\n")), ["Eva Muster"]);
    assert_eq!(names(&taken("姓,名,会社名\n山田,太郎,B\n")), ["山田 太郎"]);
}

#[test]
fn a_heading_above_the_titles_is_no_guest_and_a_list_without_titles_is_a_list() {
    let titled = taken("Summer reception 2026;;\r\nGuest list;;\r\nname;email;company\r\nAda Example;a@example.org;Sample\r\n");
    assert_eq!((titled.head, names(&titled), titled.delimiter), (Head::At(3), vec!["Ada Example"], ';'));
    let bare = taken("Ada Example,a@example.org\r\nBob Example,b@example.org\r\n");
    assert_eq!((bare.head, names(&bare)), (Head::None, vec!["Ada Example", "Bob Example"]));
    assert_eq!(bare.columns, [Kind::Name, Kind::Email]);
    let pictured = taken("1;Ada Example;ada.jpg\n2;Bob Example;bob.jpg\n");
    assert_eq!(pictured.columns, [Kind::Other, Kind::Name, Kind::Photo]);
    assert_eq!(names(&taken("Ada Guest\nBob Name\n")), ["Ada Guest", "Bob Name"]);
}

#[test]
fn what_a_person_chooses_holds_against_every_guess() {
    let text = "name,company\nAda,Sample\n";
    let choices = |json| serde_json::from_str::<Choices>(json).expect("choices as the page sends them");
    let none = read(text, &choices(r#"{"head": {"kind": "none"}, "columns": ["name", "company"]}"#), 10);
    assert_eq!(names(&none), ["name", "Ada"]);
    let swapped = read(text, &choices(r#"{"columns": ["company", "name"]}"#), 10);
    assert_eq!((names(&swapped), swapped.guests[0].company.as_str()), (vec!["Sample"], "Ada"));
    let later = read(text, &choices(r#"{"head": {"kind": "at", "line": 2}, "columns": ["name", "other"]}"#), 10);
    assert_eq!(problems(&later), [(2, Problem::NoRows)]);
    let divided = read(text, &choices(r#"{"delimiter": ";"}"#), 10);
    assert_eq!(divided.first[0].cells, ["name,company"]);
}

#[test]
fn what_is_wrong_is_said_by_line_and_the_rest_is_used() {
    let long = "x".repeat(501);
    let reading = taken(&format!("name,email\nAda,a@b\nAda,A@B\nAda,other@b\n{long},z@z\nZo\u{fffd},q@q\n"));
    assert_eq!(reading.guests.iter().map(|g| g.email.as_str()).collect::<Vec<_>>(), ["a@b", "other@b"]);
    assert_eq!(problems(&reading), [(3, Problem::Doubled(2)), (5, Problem::TooLong), (6, Problem::Unreadable)]);
    assert_eq!(problems(&taken("")), [(1, Problem::NoRows)]);
    assert_eq!(problems(&taken("name\n")), [(1, Problem::NoRows)]);
    assert_eq!(taken("when,where\n1,2\n").problems[0].problem, Problem::NoNameColumn);
    let many: String = (0..50).map(|n| format!("Guest {n}\n")).collect();
    let cut = read(&format!("name\n{many}"), &Choices::default(), 20);
    assert_eq!((cut.guests.len(), problems(&cut)), (20, vec![(22, Problem::TooMany(20))]));
}

#[test]
fn a_photo_is_the_one_file_that_its_path_means() {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let found = |wanted: &[&str], files: &[&str]| find(&owned(wanted), &owned(files));
    assert_eq!(
        found(&["ada/photo.jpg", "bob\\PHOTO.JPG"], &["folder/bob/photo.jpg", "folder/ada/photo.jpg"]),
        [Found::One(1), Found::One(0)]
    );
    assert_eq!(found(&["photo.jpg"], &["folder/bob/photo.jpg", "folder/ada/photo.jpg"]), [Found::Ambiguous]);
    assert_eq!(found(&["ada/photo.jpg"], &["folder/2025/ada/photo.jpg", "folder/2026/ada/photo.jpg"]), [Found::Ambiguous]);
    assert_eq!(found(&["Photos\\2026\\ADA.JPG ", "cid.jpg"], &["ada.jpg"]), [Found::One(0), Found::Missing]);
    assert_eq!(found(&["photo.jpg", "ada/photo.jpg", "bob/photo.jpg"], &["photo.jpg"]), [Found::Ambiguous; 3]);
    assert_eq!(found(&["ada.jpg", "ADA.jpg"], &["ada.jpg"]), [Found::One(0); 2]);
    assert_eq!(found(&["eve/photo.jpg", "", "da.jpg"], &["folder/ada/photo.jpg", "ada.jpg"]), [Found::Missing; 3]);
}

#[test]
fn no_cell_of_an_export_is_a_formula_wherever_a_program_divides_it() {
    let cells = [
        "=1",
        "+1",
        "-1",
        "@x",
        "\u{ff1d}1",
        " =1",
        "a;=HYPERLINK(\"x\")",
        "a\t+1",
        "a\n-1",
        "a\r\n@x",
        "a;\"=1",
        "a|=1",
        "a,=1",
        "; =1",
        "a\u{2028}=1",
    ];
    let text = write(&[cells.map(str::to_owned).to_vec()]);
    for piece in text.split([';', '\t', '\n', '\r', ',', '|', '\u{2028}']) {
        let bare = piece.trim_start_matches(['\u{feff}', ' ', '"']);
        assert!(!bare.starts_with(['=', '+', '-', '@', '\u{ff1d}']), "{piece:?} of {text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(rows in prop::collection::vec(prop::collection::vec("[^\\p{Cc}\u{feff}=+@|-]{0,12}|[a-z\",;\n ]{0,12}", 2..5), 1..20)) {
        let table = Source::new(&write(&rows)).table(',');
        prop_assert!(table.flaws.is_empty());
        let kept: Vec<Vec<String>> = rows.into_iter().filter(|r| r.iter().any(|c| !c.trim().is_empty())).collect();
        // An apostrophe may have come in before a sign; everything else is as it was.
        let bare = |cells: &[String]| cells.iter().map(|c| c.replace('\'', "")).collect::<Vec<_>>();
        prop_assert_eq!(table.rows.iter().map(|r| bare(&r.cells)).collect::<Vec<_>>(), kept.iter().map(|r| bare(r)).collect::<Vec<_>>());
    }

    #[test]
    fn well_formed_text_is_read_as_the_csv_crate_reads_it(rows in prop::collection::vec(prop::collection::vec("[a-zé\",;|\t\n]{1,8}", 3), 1..12), delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|'])) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).expect("memory takes everything");
        }
        let text = String::from_utf8(writer.into_inner().expect("memory takes everything")).expect("it was text");
        let table = Source::new(&text).table(char::from(delimiter));
        prop_assert!(table.flaws.is_empty(), "{:?} in {:?}", table.flaws, text);
        let kept: Vec<Vec<String>> = rows.into_iter().filter(|r| r.iter().any(|c| !c.trim().is_empty())).collect();
        prop_assert_eq!(table.rows.into_iter().map(|r| r.cells).collect::<Vec<_>>(), kept);
    }

    #[test]
    fn no_text_makes_it_stumble_and_every_line_is_in_the_file(text in "[a-z0-9@=\",;|\t\r\n\u{e9}\u{5c71} ]{0,300}") {
        let reading = taken(&text);
        let lines = text.replace("\r\n", "\n").replace('\r', "\n").matches('\n').count() + 1;
        for line in reading.guests.iter().map(|g| g.line).chain(reading.problems.iter().map(|p| p.line)) {
            prop_assert!((1..=lines).contains(&line), "line {} of {} in {:?}", line, lines, text);
        }
        prop_assert!(reading.guests.windows(2).all(|two| two[0].line < two[1].line));
    }

    #[test]
    fn no_bytes_make_the_guess_of_an_encoding_stumble(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let guess = encoding::guess(&bytes, decode);
        prop_assert!(Encoding::for_label(guess.label.as_bytes()).is_some());
        encoding::not_a_list(&bytes);
    }
}
