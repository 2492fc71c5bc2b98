/** What is said of a download. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadingWords } from '../../www/ui/loading.js';

test('how long the rest takes is said once the pace is known, by the bytes that came since', () => {
  const words = new LoadingWords();
  const total = 6_000_000;
  assert.equal(words.say({ loaded: 1_000_000, total }, 0), '1.0 of 6.0 MB');
  assert.equal(words.say({ loaded: 1_200_000, total }, 200), '1.2 of 6.0 MB');
  assert.equal(words.say({ loaded: 2_000_000, total }, 1_000), '2.0 of 6.0 MB, about 4 seconds left');
  assert.equal(words.say({ loaded: 2_000_001, total }, 100_000), '2.0 of 6.0 MB, about 7 minutes left');
  assert.equal(words.say({ loaded: total, total }, 101_000), 'Starting, almost ready');
});

test('a download that begins anew has a pace of its own', () => {
  const words = new LoadingWords();
  words.say({ loaded: 5_000_000, total: 6_000_000 }, 0);
  assert.equal(words.say({ loaded: 0, total: 6_000_000 }, 50_000), '0.0 of 6.0 MB');
  assert.equal(words.say({ loaded: 3_000_000, total: 6_000_000 }, 53_000), '3.0 of 6.0 MB, about 3 seconds left');
});
