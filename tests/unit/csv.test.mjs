import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText, parseCsv, photoKey, readGuests, writeCsv } from '../../www/pages/kiosk/csv.js';

const checks = { tidy: (name) => name.trim(), nameProblem: (name) => (name ? null : 'empty'), most: 10_000 };
const read = (text, more = {}) => readGuests(text, { ...checks, ...more });

test('reads what spreadsheets write: any delimiter, quoted cells with line breaks, a byte-order mark, any line ending', () => {
  for (const [delimiter, end] of [[',', '\n'], [';', '\r\n'], ['\t', '\r']]) {
    const text = `\ufeff${['Name', 'E-Mail', 'Photo'].join(delimiter)}${end}${[`"Ada${delimiter} Countess"`, 'a@b.example', '"say ""hi"".jpg"'].join(delimiter)}${end}${end}`;
    const { guests, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(guests.map(({ line, name, email, photo }) => [line, name, email, photo]), [[2, `Ada${delimiter} Countess`, 'a@b.example', 'say "hi".jpg']]);
  }
  assert.deepEqual(parseCsv('a,"b\nc"\nd,e').rows, [{ line: 1, cells: ['a', 'b\nc'] }, { line: 3, cells: ['d', 'e'] }]);
});

test('says by line what is wrong, and uses the rest', () => {
  const { guests, problems } = read(`name,email\nAda,a@b\n,x@y\nAda,A@B\nAda,other@b\n${'x'.repeat(501)},z@z\n`);
  assert.deepEqual(guests.map(({ name, email }) => [name, email]), [['Ada', 'a@b'], ['Ada', 'other@b']]);
  assert.deepEqual(problems.map(({ line, code }) => [line, code]), [[3, 'bad_name'], [4, 'doubled'], [6, 'too_long']]);
});

test('an open quote, an empty file, a list without names and one that is too long are said, and nothing throws', () => {
  assert.ok(read('name\n"Ada\nBob').problems.some(({ code }) => code === 'open_quote'));
  assert.deepEqual(read('').problems, [{ line: 1, code: 'no_rows' }]);
  assert.deepEqual(read('name\n').problems.map(({ code }) => code), ['no_rows']);
  assert.deepEqual(read('when,where\n1,2').problems.map(({ code }) => code), ['no_name_column']);
  const many = read(`name\n${Array.from({ length: 50 }, (_, i) => `Guest ${i}`).join('\n')}`, { most: 20 });
  assert.deepEqual([many.guests.length, many.problems.map(({ line, code }) => [line, code])], [20, [[22, 'too_many']]]);
});

test('a hundred thousand lines take no more than a look at each', () => {
  const { guests } = read(`name;ref\n${Array.from({ length: 100_000 }, (_, i) => `Guest ${i};${i}`).join('\n')}`, { most: 200_000 });
  assert.equal(guests.length, 100_000);
});

test('letters survive in every encoding that a list comes in', () => {
  const bytes = (...codes) => Uint8Array.from(codes).buffer;
  assert.equal(decodeText(new TextEncoder().encode('Zoë').buffer), 'Zoë');
  assert.equal(decodeText(bytes(0x5a, 0x6f, 0xeb)), 'Zoë');
  assert.equal(decodeText(bytes(0xff, 0xfe, 0x5a, 0, 0x6f, 0, 0xeb, 0)).replace('\ufeff', ''), 'Zoë');
});

test('a photo is found whatever its folder and case', () => {
  assert.equal(photoKey('Photos\\2026/ADA.JPG '), 'ada.jpg');
});

test('what is exported can be read again, and no cell is a formula', () => {
  const text = writeCsv([['name', 'note'], ['=HYPERLINK("x")', 'a,b\n"c"'], ['-1', '@x']]);
  const cells = parseCsv(text).rows.map((row) => row.cells);
  assert.deepEqual(cells[0], ['name', 'note']);
  assert.equal(cells[1][1], 'a,b\n"c"');
  for (const cell of [cells[1][0], cells[2][1]]) assert.doesNotMatch(cell, /^[=+@]/);
});
