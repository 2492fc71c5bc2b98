/**
 * Comma-separated values as spreadsheets write them (RFC 4180 and what programs make of it): a byte-order mark, commas,
 * semicolons or tabs, quoted cells with line breaks, any line ending. What is wrong is said by line, and the rest is used.
 */

/** @typedef {{line: number, cells: string[]}} Row */
/** @typedef {{line: number, code: 'open_quote' | 'stray_quote'}} CsvProblem */

const DELIMITERS = [',', ';', '\t'];

/** The text of a file: UTF-8 or, where it can't be that, what Excel writes on Windows. @param {ArrayBuffer} bytes */
export function decodeText(bytes) {
  const start = new Uint8Array(bytes.slice(0, 2));
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (start[0] === 0xfe && start[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The delimiter that the first line uses most outside of quotes. @param {string} text */
function delimiterOf(text) {
  const counts = DELIMITERS.map(() => 0);
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted && DELIMITERS.includes(character)) counts[DELIMITERS.indexOf(character)] += 1;
  }
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/**
 * @param {string} text
 * @returns {{rows: Row[], problems: CsvProblem[]}} rows without the empty ones; `line` is where a row begins, from 1
 */
export function parseCsv(text) {
  const source = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  // Excel's own way to say which delimiter follows.
  const told = /^sep=(.)\n/i.exec(source);
  const body = told ? source.slice(told[0].length) : source;
  const delimiter = told?.[1] ?? delimiterOf(body);
  /** @type {Row[]} */
  const rows = [];
  /** @type {CsvProblem[]} */
  const problems = [];
  let line = told ? 2 : 1;
  let begun = line;
  /** @type {string[]} */
  let cells = [];
  let at = 0;
  const endRow = () => {
    if (cells.some((cell) => cell.trim() !== '')) rows.push({ line: begun, cells });
    cells = [];
    begun = line;
  };
  while (at < body.length) {
    let cell = '';
    if (body[at] === '"') {
      const opened = line;
      at += 1;
      for (;;) {
        const quote = body.indexOf('"', at);
        if (quote < 0) {
          problems.push({ line: opened, code: 'open_quote' });
          return { rows, problems };
        }
        cell += body.slice(at, quote);
        at = quote + 1;
        if (body[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      line += cell.split('\n').length - 1;
      const rest = /^[^\n]*?(?=\n|$)/.exec(body.slice(at, at + 10_000))?.[0] ?? '';
      const trailing = rest.split(delimiter)[0];
      if (trailing.trim() !== '') problems.push({ line, code: 'stray_quote' });
      at += trailing.length;
    } else {
      let end = at;
      while (end < body.length && body[end] !== delimiter && body[end] !== '\n') end += 1;
      cell = body.slice(at, end);
      at = end;
    }
    cells.push(cell);
    if (body[at] === delimiter) {
      at += 1;
      if (at === body.length || body[at] === '\n') cells.push('');
    }
    if (at >= body.length || body[at] === '\n') {
      at += 1;
      line += 1;
      endRow();
    }
  }
  return { rows, problems };
}

/** What a spreadsheet would take for a formula, made harmless: the sign in front makes it text. @param {string} cell */
function harmless(cell) {
  return /^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|]|^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
}

/**
 * @param {string[][]} rows
 * @returns {string} with a byte-order mark, for Excel takes UTF-8 for something else without it
 */
export function writeCsv(rows) {
  const cell = (/** @type {string} */ value) => {
    const safe = harmless(value);
    return /[",;\t\n\r]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${rows.map((cells) => cells.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** Names of columns, in the languages that lists come in. @type {Record<'name' | 'first' | 'last' | 'email' | 'ref' | 'company' | 'photo', RegExp>} */
const COLUMNS = {
  first: /^(first ?name|given ?name|vorname|pr[ée]nom|nombre de pila|名|الاسم الأول)$/,
  last: /^(last ?name|surname|family ?name|nachname|familienname|nom de famille|apellidos?|姓|اسم العائلة)$/,
  name: /^(name|full ?name|guest|visitor|nom|nom complet|nombre|nombre completo|gast|氏名|名前|お名前|الاسم|الاسم الكامل)$/,
  email: /^(e-?mail|e-?mail address|mail|courriel|correo|correo electr[óo]nico|メール|メールアドレス|البريد الإلكتروني)$/,
  ref: /^(id|ref|reference|number|no\.?|nr\.?|nummer|num[ée]ro|n[úu]mero|番号|الرقم)$/,
  company: /^(company|organi[sz]ation|firma|unternehmen|soci[ée]t[ée]|entreprise|empresa|会社|会社名|الشركة)$/,
  photo: /^(photo|photo file|picture|image|file|foto|bild|datei|fichier|imagen|写真|画像|الصورة)$/,
};

/**
 * Reads rows as a list of people: the first row names the columns.
 * @param {string} text
 * @param {{tidy: (name: string) => string, nameProblem: (name: string) => string | null, most: number}} rules
 * @returns {{guests: {line: number, name: string, email: string, ref: string, company: string, photo: string}[],
 *   problems: {line: number, code: string, words?: string}[]}} code: open_quote, stray_quote, no_rows, no_name_column, bad_name, too_long, doubled, too_many
 */
export function readGuests(text, { tidy, nameProblem, most }) {
  const { rows, problems: broken } = parseCsv(text);
  /** @type {{line: number, code: string, words?: string}[]} */
  const problems = [...broken];
  const [head, ...body] = rows;
  if (!head) return { guests: [], problems: [...problems, { line: 1, code: 'no_rows' }] };
  const titles = head.cells.map((cell) => cell.normalize('NFC').trim().toLowerCase().replaceAll('_', ' '));
  const column = (/** @type {keyof COLUMNS} */ which) => titles.findIndex((title) => COLUMNS[which].test(title));
  const [name, first, last, email, ref, company, photo] = /** @type {(keyof COLUMNS)[]} */ (['name', 'first', 'last', 'email', 'ref', 'company', 'photo']).map(column);
  if (name < 0 && first < 0 && last < 0) return { guests: [], problems: [...problems, { line: head.line, code: 'no_name_column' }] };
  /** @type {{line: number, name: string, email: string, ref: string, company: string, photo: string}[]} */
  const guests = [];
  /** @type {Map<string, number>} */
  const known = new Map();
  for (const { line, cells } of body) {
    const cell = (/** @type {number} */ at) => (cells[at] ?? '').trim();
    const whole = name >= 0 ? cell(name) : `${first >= 0 ? cell(first) : ''} ${last >= 0 ? cell(last) : ''}`;
    const guest = { line, name: tidy(whole), email: cell(email), ref: cell(ref), company: cell(company), photo: cell(photo) };
    const wrong = nameProblem(guest.name);
    const key = JSON.stringify([guest.name.toLowerCase(), guest.email.toLowerCase(), guest.ref, guest.company.toLowerCase()]);
    const before = known.get(key);
    if (wrong) problems.push({ line, code: 'bad_name', words: wrong });
    else if (Object.values(guest).some((value) => typeof value === 'string' && value.length > 500)) problems.push({ line, code: 'too_long' });
    else if (before !== undefined) problems.push({ line, code: 'doubled', words: String(before) });
    else if (guests.length >= most) {
      problems.push({ line, code: 'too_many' });
      break;
    } else {
      known.set(key, line);
      guests.push(guest);
    }
  }
  if (guests.length === 0 && problems.length === 0) problems.push({ line: head.line, code: 'no_rows' });
  return { guests, problems };
}

/** The name of a photo's file as it is looked for: without folders, whatever the case. @param {string} path */
export function photoKey(path) {
  return (path.split(/[\\/]/).pop() ?? '').normalize('NFC').trim().toLowerCase();
}
