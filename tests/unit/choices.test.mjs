/** What the curve of misses was measured on is named in the language of the page. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { setWords } from '../../www/ui/choices.js';
import { LANGUAGES, setLanguage } from '../../www/words/messages.js';

const { calibration: { misses } } = JSON.parse(readFileSync(new URL('../../models/manifest.json', import.meta.url), 'utf8'));

afterEach(() => setLanguage('en'));

test('each set of the shipped networks has words of its own in every language', async () => {
  assert.ok(misses.length > 0);
  for (const { set } of misses) {
    const words = new Set();
    for (const tag of Object.keys(LANGUAGES)) {
      await setLanguage(tag);
      assert.notEqual(setWords(set), set, `${tag}: ${set}`);
      words.add(setWords(set));
    }
    assert.equal(words.size, Object.keys(LANGUAGES).length, set);
  }
});

test('a set of somebody else\u2019s networks is called what they call it', () => {
  assert.equal(setWords('our staff, 2031'), 'our staff, 2031');
});
