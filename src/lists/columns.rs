//! Which row holds the titles, and what a column holds: by its title in the languages that lists come in, else by its content.

use serde::{Deserialize, Serialize};

use super::table::{Row, filled, usual_width};
use crate::few;

/// Titles stand among the first rows: a heading or two may stand above them.
const HEAD_WITHIN: usize = 10;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ListColumn"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The whole name.
    Name,
    First,
    Last,
    Email,
    /// The operator's own id.
    Ref,
    Company,
    /// The name of the photo's file.
    Photo,
    /// Whom the guest visits.
    Host,
    /// Not taken.
    Other,
}

/// Words of titles, divided by spaces.
const MAIL: &str = "mail email courriel correo メール メールアドレス البريد 邮箱 电子邮件 電子郵件 이메일 почта posta";
const PHOTO: &str = "photo photograph picture image portrait foto bild passbild file filename datei dateiname fichier imagen archivo 写真 画像 \
    ファイル 照片 相片 사진 صورة الصورة фото zdjęcie immagine";
const HOST: &str =
    "host gastgeber gastgeberin ansprechpartner ansprechpartnerin hôte anfitrión anfitrion 担当者 ホスト 访问对象 담당자 المضيف مضيف";
const COMPANY: &str = "company organisation organization organizacja organización firma unternehmen société societe entreprise empresa \
    employer institution azienda bedrijf 会社 会社名 所属 公司 单位 單位 회사 소속 الشركة شركة компания организация cég společnost";
const FIRST: &str = "first given forename firstname givenname vorname vornamen vor prénom prenom prénoms pila voornaam förnamn fornavn imię \
    imie jméno keresztnév prenume имя ім όνομα 名 名字 الأول prenoms";
const LAST: &str = "last surname family lastname familyname nachname nachnamen familienname zuname famille apellido apellidos cognome \
    sobrenome achternaam efternamn efternavn etternavn nazwisko příjmení priezvisko prezime vezetéknév soyad soyadı \
    фамилия прізвище επώνυμο 姓 姓氏 성 العائلة";
/// Titles where the family name stands first and the given name follows it.
const FAMILY_FIRST: &str = "姓 姓氏 성 vezetéknév";
/// A given name's title by itself, and one that only says so beside "name".
const FIRST_WHOLE: &str = "vorname vornamen vor prénom prenom prénoms prenoms voornaam förnamn fornavn";
const NAME: &str = "name names fullname nom noms nombre nombres nome naam namn navn név ad isim фио имена 氏名 名前 お名前 ご氏名 姓名 이름 성명 الاسم اسم \
    שם teilnehmername gastname gästename";
/// People: a title by themselves, and beside a word for "name".
const PEOPLE: &str = "guest guests visitor visitors attendee attendees participant participants delegate gast gäste besucher teilnehmer \
    teilnehmerin teilnehmende invité invitée participant·e invitado invitada asistente participante 参加者 来場者 ゲスト 嘉宾 参会者 참가자 \
    الضيف الزائر المشارك гость участник";
const REF: &str = "id ref reference number no nr nummer code numéro numero número 番号 编号 編號 번호 الرقم رقم номер numer";
/// Words that a title may have beside the one that says what it is.
const BESIDE: &str = "full complete the of your for and address adresse addr dirección electrónico electrónica electronico electronic \
    électronique e des der de du del la le l d et und y i a complet completo completa vollständiger badge file datei \
    الكامل الإلكتروني عنوان required pflichtfeld person personne s an к и адрес";
/// Beside these, "name" is not the guest's.
const NOT_THEIRS: &str = "user username event nick nickname session table group account phone telephone telefon tel mobile handy teléfono street \
    city";

/// The words of a title, without what stands in brackets.
fn words(title: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let open: String = title
        .chars()
        .filter(|c| {
            match c {
                '(' | '[' | '（' | '【' => depth += 1,
                ')' | ']' | '）' | '】' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    // "FirstName" and "first_name" are two words, as "e-mail" is.
    let mut spaced = String::new();
    let mut before = ' ';
    for c in open.chars() {
        if before.is_lowercase() && c.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(c);
        before = c;
    }
    spaced.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn is_among(word: &str, set: &str) -> bool {
    set.split(' ').any(|known| known == word)
}

/// What a title says. `exact`: every word of it is known, so that it is hardly a guest's name.
fn meaning(title: &str) -> Option<(Kind, bool)> {
    let words = words(title);
    if words.is_empty() || words.len() > 8 {
        return None;
    }
    let any = |set: &str| words.iter().any(|w| is_among(w, set));
    let known = [MAIL, PHOTO, HOST, COMPANY, FIRST, LAST, NAME, PEOPLE, REF, BESIDE, NOT_THEIRS];
    let exact = words.iter().all(|w| known.iter().any(|set| is_among(w, set)));
    let whole = (any(FIRST) && any(LAST)) || (any(FIRST_WHOLE) && any(NAME));
    let kind = if any(MAIL) {
        Kind::Email
    } else if any(HOST) {
        Kind::Host
    } else if any(PHOTO) {
        Kind::Photo
    } else if any(COMPANY) {
        Kind::Company
    } else if any(NOT_THEIRS) {
        Kind::Other
    } else if whole {
        Kind::Name
    } else if any(FIRST) {
        Kind::First
    } else if any(LAST) {
        Kind::Last
    } else if any(NAME) {
        Kind::Name
    } else if any(REF) {
        Kind::Ref
    } else if any(PEOPLE) && exact {
        Kind::Name
    } else {
        return None;
    };
    Some((kind, exact))
}

fn is_name(kind: Kind) -> bool {
    matches!(kind, Kind::Name | Kind::First | Kind::Last)
}

/// Whether a cell is what only guests have: an address, a file, a long number.
fn is_content(cell: &str) -> bool {
    cell.contains('@') || is_picture(cell) || cell.chars().filter(char::is_ascii_digit).count() >= 5
}

fn is_picture(cell: &str) -> bool {
    let lower = cell.trim().to_lowercase();
    [".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".heic"].iter().any(|end| lower.ends_with(end))
}

/// How many different things a row of titles names; 0 for any other row.
pub fn titles_in(row: &Row) -> usize {
    if row.cells.iter().any(|c| is_content(c)) {
        return 0;
    }
    let found: Vec<(Kind, bool)> = row.cells.iter().filter_map(|c| meaning(c)).collect();
    let mut kinds: Vec<Kind> = found.iter().map(|(kind, _)| *kind).filter(|k| *k != Kind::Other).collect();
    few::sort(&mut kinds, Kind::cmp);
    kinds.dedup();
    let sure = found.iter().any(|(kind, exact)| is_name(*kind) && *exact);
    let likely = kinds.len() > 1 && kinds.iter().any(|k| is_name(*k));
    if sure || likely { kinds.len() } else { 0 }
}

/// The row of titles, if there is one: that which names most, among the first rows.
pub fn head(rows: &[Row]) -> Option<usize> {
    let counts: Vec<usize> = rows.iter().take(HEAD_WITHIN).map(titles_in).collect();
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    counts.iter().position(|count| *count == most)
}

/// What each column holds: by the titles, where `head` says that there are some, else by the content.
pub fn guess(rows: &[Row], head: Option<usize>) -> Vec<Kind> {
    match head.and_then(|h| rows.get(h)) {
        Some(titles) => by_titles(&titles.cells),
        None => by_content(rows),
    }
}

fn by_titles(titles: &[String]) -> Vec<Kind> {
    let found: Vec<Option<(Kind, bool)>> = titles.iter().map(|t| meaning(t)).collect();
    let mut kinds = vec![Kind::Other; titles.len()];
    for kind in [Kind::Name, Kind::First, Kind::Last, Kind::Email, Kind::Ref, Kind::Company, Kind::Photo, Kind::Host] {
        let of = |exact: bool| found.iter().position(|f| *f == Some((kind, exact)));
        if let Some(column) = of(true).or_else(|| of(false)) {
            kinds[column] = kind;
        }
    }
    // "Name" beside a given name alone is the family name, and beside a family name alone the given one.
    let has = |kind| kinds.contains(&kind);
    let other = match (has(Kind::Name), has(Kind::First), has(Kind::Last)) {
        (true, true, false) => Some(Kind::Last),
        (true, false, true) => Some(Kind::First),
        _ => None,
    };
    if let Some(other) = other {
        for kind in kinds.iter_mut().filter(|k| **k == Kind::Name) {
            *kind = other;
        }
    }
    kinds
}

fn by_content(rows: &[Row]) -> Vec<Kind> {
    let width = usual_width(rows);
    let mut kinds = vec![Kind::Other; width];
    let share = |column: usize, test: &dyn Fn(&str) -> bool| {
        let cells: Vec<&str> = rows.iter().filter_map(|r| r.cells.get(column)).map(|c| c.trim()).filter(|c| !c.is_empty()).collect();
        cells.iter().filter(|c| test(c)).count() as f32 / cells.len().max(1) as f32
    };
    let is_words = |c: &str| c.chars().any(char::is_alphabetic) && !is_content(c) && !c.chars().any(|c| c.is_ascii_digit());
    for column in 0..width {
        let kind = if share(column, &|c| c.contains('@')) > 0.5 {
            Kind::Email
        } else if share(column, &is_picture) > 0.5 {
            Kind::Photo
        } else {
            continue;
        };
        if !kinds.contains(&kind) {
            kinds[column] = kind;
        }
    }
    let names = (0..width).find(|c| kinds[*c] == Kind::Other && share(*c, &is_words) > 0.5);
    if let Some(first) = names {
        kinds[first] = Kind::Name;
        // Two columns of single words are a name in two parts, unless the second says the same of several people.
        let single = |column| share(column, &|c| is_words(c) && c.chars().all(char::is_alphabetic) && c.is_ascii()) > 0.9;
        let next = first + 1;
        let others: Vec<&str> = rows.iter().filter_map(|r| r.cells.get(next)).map(|c| c.trim()).collect();
        let others = few::many(others, Ord::cmp);
        let repeats = others.windows(2).any(|two| two[0] == two[1]);
        if next < width && kinds[next] == Kind::Other && single(first) && single(next) && !repeats {
            kinds[first] = Kind::First;
            kinds[next] = Kind::Last;
        }
    }
    kinds
}

/// The name of a row, as its columns have it.
pub fn name_of(row: &Row, kinds: &[Kind], titles: Option<&Row>) -> String {
    let cell = |kind: Kind| kinds.iter().position(|k| *k == kind).and_then(|c| row.cells.get(c)).map_or("", |c| c.trim());
    if kinds.contains(&Kind::Name) {
        return cell(Kind::Name).to_owned();
    }
    let family_first = titles
        .zip(kinds.iter().position(|k| *k == Kind::Last))
        .is_some_and(|(row, column)| row.cells.get(column).is_some_and(|title| words(title).iter().any(|w| is_among(w, FAMILY_FIRST))));
    let (a, b) = if family_first { (Kind::Last, Kind::First) } else { (Kind::First, Kind::Last) };
    format!("{} {}", cell(a), cell(b)).trim().to_owned()
}

/// Whether a row has more in it than there are columns: a delimiter inside a cell has cut it, and so perhaps the name.
pub fn is_too_wide(row: &Row, width: usize) -> bool {
    filled(&row.cells) > width
}
