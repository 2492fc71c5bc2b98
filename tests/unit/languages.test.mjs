/** Every language says everything that English says, and everything that is said is asked for somewhere. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';
import ts from 'typescript';
import {
  LANGUAGES, consentVersion, countText, date, direction, fault, faultOf, language, number, onLanguage, setLanguage, setTexts, text,
} from '../../www/words/messages.js';
import english from '../../www/words/texts/en.js';
import { engineFaults } from './engine-types.mjs';

const www = new URL('../../www/', import.meta.url);
/** All code and pages: where texts are asked for. */
const sources = readdirSync(www, { recursive: true }).filter((name) => /\.(js|html)$/.test(name) && !/^words\/texts\b/.test(name))
  .map((name) => readFileSync(new URL(name, www), 'utf8'));
const others = Object.keys(LANGUAGES).filter((tag) => tag !== 'en');
const table = async (tag) => (await import(`../../www/words/texts/${tag}.js`)).default;
const placeholders = (words) => [...words.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

const FORM = /\.(zero|one|two|few|many|other)$/;
/** The texts that come in several forms, without the form. */
const counted = new Set(Object.keys(english.texts).filter((key) => key.endsWith('.other') && key.replace(FORM, '.one') in english.texts).map((key) => key.replace(FORM, '')));
const isForm = (key) => FORM.test(key) && counted.has(key.replace(FORM, ''));

/** The forms that a language has for numbers that are met here: galleries hold up to a hundred thousand people. */
function formsOf(tag) {
  const rules = new Intl.PluralRules(tag);
  const forms = new Set();
  for (let count = 0; count <= 100_000; count++) forms.add(rules.select(count));
  return [...forms].sort();
}

afterEach(() => setLanguage('en'));

test('a button that names whom it is about says what is written on it, too, in every language', async () => {
  for (const tag of Object.keys(LANGUAGES)) {
    const { texts } = await table(tag);
    for (const [key, words] of Object.entries(texts).filter(([key]) => key.endsWith('.of') && key.slice(0, -3) in texts)) {
      assert.ok(words.toLowerCase().includes(texts[key.slice(0, -3)].toLowerCase()), `${tag} ${key}: ${words}`);
    }
  }
});

for (const tag of others) {
  describe(LANGUAGES[tag], () => {
    test('it has the texts and faults of English, no more and no fewer', async () => {
      const { texts, faults, consentVersion: version } = await table(tag);
      const plain = (keys) => Object.keys(keys).filter((key) => !isForm(key)).sort();
      assert.deepEqual(plain(texts), plain(english.texts));
      assert.deepEqual(Object.keys(faults).sort(), Object.keys(english.faults).sort());
      assert.ok(version);
      for (const [key, words] of Object.entries(texts)) assert.ok(words.trim(), key);
    });

    test('what is counted has the forms of its own grammar', async () => {
      const { texts } = await table(tag);
      for (const key of counted) {
        const forms = Object.keys(texts).filter((name) => isForm(name) && name.replace(FORM, '') === key).map((name) => name.slice(key.length + 1));
        assert.deepEqual(forms.sort(), formsOf(tag), key);
        for (const form of forms) {
          // A form for exactly one number may say it in words.
          const names = placeholders(texts[`${key}.${form}`]);
          if (['zero', 'one', 'two'].includes(form)) assert.ok(names.every((name) => name === 'count'), `${key}.${form}`);
          else assert.deepEqual(names, ['count'], `${key}.${form}`);
        }
      }
    });

    test('the same values are filled in', async () => {
      const { texts, faults } = await table(tag);
      for (const [key, words] of Object.entries(texts)) if (!isForm(key)) assert.deepEqual(placeholders(words), placeholders(english.texts[key]), key);
      for (const [code, sentences] of Object.entries(faults)) {
        assert.equal(sentences.length, 2, code);
        sentences.forEach((words, index) => assert.deepEqual(placeholders(words), placeholders(english.faults[code][index]), code));
      }
    });

    test('nothing was left in English', async () => {
      const { texts, faults } = await table(tag);
      const sentence = /\w+ \w+ \w+/;
      for (const [key, words] of Object.entries(texts)) if (sentence.test(words)) assert.notEqual(words, english.texts[key], key);
      for (const [code, sentences] of Object.entries(faults)) assert.notDeepEqual(sentences, english.faults[code], code);
    });
  });
}

test('in French no line begins with a mark of punctuation, and no number is parted', async () => {
  const { texts, faults } = await table('fr');
  for (const words of [...Object.values(texts), ...Object.values(faults).flat()]) assert.doesNotMatch(words, / [:;?!%»]|« |\d \d{3}/);
});

test('no text and no fault is kept that nothing asks for', () => {
  // What the engine decides by itself stands in its declarations.
  const all = [...sources, readFileSync(new URL('../../types/worker/brow.d.ts', import.meta.url), 'utf8')].join('\n');
  const quoted = new Set([...all.matchAll(/(['"])([\w.-]+)\1/g)].map((found) => found[2]));
  // Keys that are put together: `hint.${hint}`.
  const patterns = [...new Set([...all.matchAll(/`([\w.-]*(?:\$\{[^`{}]*\}[\w.-]*)+)`/g)].map((found) => found[1]))]
    .filter((pattern) => /^[a-z]\w*\./i.test(pattern))
    .map((pattern) => new RegExp(`^${pattern.split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.')).join('[\\w.-]+')}$`));
  // `${key}.${unit}`, `${key}.remedy`: both parts stand somewhere by themselves.
  const ends = new Set([...all.matchAll(/\}\.(\w+)`/g)].map((found) => found[1]));
  const joined = (key) => {
    const [start, end] = [key.slice(0, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    return quoted.has(start) && (quoted.has(end) || ends.has(end));
  };
  const asked = (key) => quoted.has(key) || joined(key) || patterns.some((pattern) => pattern.test(key));
  assert.deepEqual(Object.keys(english.texts).filter((key) => !asked(key) && !(isForm(key) && asked(key.replace(FORM, '')))), []);
  const engine = new Set(engineFaults.flatMap(({ code, why }) => [code, `${code}.${why}`]));
  const raised = (code) => quoted.has(code.replace(/\.wait$/, '')) || engine.has(code);
  assert.deepEqual(Object.keys(english.faults).filter((code) => !raised(code)), []);
});

for (const tag of Object.keys(LANGUAGES)) {
  test(`whatever the engine may throw is said in ${LANGUAGES[tag]}, with all of its values`, async () => {
    await setLanguage(tag);
    assert.ok(engineFaults.length > 40);
    for (const { code, why, values } of engineFaults) {
      const given = Object.fromEntries(values.map(({ name, isNumber }, i) => [name, isNumber ? 21 + i : `a-${name}`]));
      const said = faultOf({ code, values: why ? { why, ...given } : given });
      assert.equal(said.code, code);
      for (const [name, value] of Object.entries(given)) assert.ok(said.message.includes(String(value)), `${code} ${why}: ${name}`);
      assert.ok(said.remedy.length > 5, code);
    }
  });
}

test('every fault that the store and the pages raise has words, and is given what they are filled with', () => {
  let found = 0;
  const visit = (node) => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !['fault', 'raised', 'storeError'].includes(node.expression.text)) return;
    const [code, values] = node.arguments;
    if (!code || !ts.isStringLiteral(code)) return;
    found += 1;
    assert.ok(english.faults[code.text], code.text);
    if (values && !ts.isObjectLiteralExpression(values)) return;
    const given = values ? values.properties.map(({ name }) => name?.text) : [];
    assert.deepEqual(placeholders(english.faults[code.text].join(' ')).filter((name) => !given.includes(name)), [], code.text);
  };
  for (const source of sources) visit(ts.createSourceFile('module.js', source, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS));
  assert.ok(found > 110, String(found));
});

test('a value that is missing leaves no gap in the words', () => {
  assert.equal(fault('photo_huge').message, fault('unexpected').message);
  assert.match(faultOf({ code: 'target', values: { rate: 1e-7 } }).message, /0\.0000001/);
});

test('a fault crosses from the worker with its code and values, and is said in the language of the page', async () => {
  const crossed = structuredClone(fault('photo_huge', { megapixels: 1500, most: 120 }));
  assert.match(crossed.message, /1,500/);
  await setLanguage('de');
  assert.match(faultOf(crossed).message, /1\.500 Megapixel/);
  assert.match(faultOf({ code: 'wrong_pin', values: { waitSeconds: 61 } }).remedy, /2 Minuten/);
  assert.match(faultOf(fault('storage_unavailable', { inMemory: true })).message, /^In diesem Browser lassen sich keine Personen speichern: Dieser Browser/);
});

test('numbers, dates and what is counted are as the language writes them', async () => {
  const noon = Date.UTC(2026, 10, 25, 12);
  const said = {
    de: ['ltr', '1.234,5', '25. November 2026', '1 Minute', '5 Minuten'],
    fr: ['ltr', '1\u202f234,5', '25 novembre 2026', '1 minute', '5 minutes'],
    es: ['ltr', '1234,5', '25 de noviembre de 2026', '1 minuto', '5 minutos'],
    ja: ['ltr', '1,234.5', '2026\u5e7411\u670825\u65e5', '1\u5206', '5\u5206'],
    ar: ['rtl', '1,234.5', '25 \u0646\u0648\u0641\u0645\u0628\u0631 2026', '\u062f\u0642\u064a\u0642\u0629 \u0648\u0627\u062d\u062f\u0629', '5 \u062f\u0642\u0627\u0626\u0642'],
  };
  for (const [tag, words] of Object.entries(said)) {
    await setLanguage(tag);
    assert.deepEqual([direction(), number(1234.5), date(noon, { dateStyle: 'long', timeZone: 'UTC' }),
      countText('duration.minutes', 1), countText('duration.minutes', 5)], words, tag);
  }
});

test('nothing is counted as one in French and Japanese, and Arabic has a form for each kind of number', async () => {
  const counted = async (tag, counts) => {
    await setLanguage(tag);
    return counts.map((count) => countText('vault.people', count));
  };
  assert.deepEqual(await counted('fr', [0, 1, 2]), ['0 personne', '1 personne', '2 personnes']);
  assert.deepEqual(await counted('ja', [0, 1, 2]), ['0\u4eba', '1\u4eba', '2\u4eba']);
  assert.equal(new Set((await counted('ar', [0, 1, 2, 3, 11, 100])).map((words) => words.replace(/\d/g, ''))).size, 6);
});

test('the language asked for last is the one that is shown, and listeners hear of it', async () => {
  let heard = 0;
  const stop = onLanguage(() => { heard += 1; });
  await Promise.all([setLanguage('en'), setLanguage('de')]);
  stop();
  assert.equal(language(), 'de');
  assert.equal(heard, 1);
  await setLanguage('de-AT');
  assert.equal(language(), 'de');
  await setLanguage('tlh');
  assert.equal(language(), 'en');
});

test('an embedder puts own words in place of ours and adds a language', async () => {
  setTexts('nl', { texts: { 'live.start': 'Camera starten' }, faults: { camera_absent: ['Geen camera gevonden.', 'Sluit er een aan.'] } });
  await setLanguage('nl-BE');
  assert.equal(text('live.start'), 'Camera starten');
  assert.equal(text('live.stop'), english.texts['live.stop']);
  assert.equal(fault('camera_absent').message, 'Geen camera gevonden.');
  assert.throws(() => setTexts('nl', { texts: { 'consent.text': 'Ik ga akkoord.' } }), TypeError);
  setTexts('nl', { texts: { 'consent.text': 'Ik ga akkoord.' }, consentVersion: 'acme-3' });
  assert.deepEqual([text('consent.text'), consentVersion(), language()], ['Ik ga akkoord.', 'acme-3', 'nl']);
});
