/** Colours have one home, and can be read. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { colours, inkOn } from '../../www/ui/colours.js';

const www = new URL('../../www/', import.meta.url);
const styles = readdirSync(www, { recursive: true }).filter((name) => /\.css$|style\.js$/.test(name)).map((name) => [name, readFileSync(new URL(name, www), 'utf8')]);
const table = (theme) => Object.fromEntries([...colours(theme).matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value]));

test('every variable that a style uses is defined', () => {
  assert.ok(styles.length >= 4);
  const defined = new Set([...colours('light').matchAll(/--([\w-]+):/g), ...styles.flatMap(([, css]) => [...css.matchAll(/--([\w-]+):/g)])].map((found) => found[1]));
  for (const [name, css] of styles) {
    for (const [, used] of css.matchAll(/var\(--([\w-]+)\)/g)) assert.ok(defined.has(used), `${name} uses --${used}`);
  }
});

test('no style has a colour of its own', () => {
  for (const [name, css] of styles) assert.deepEqual(css.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|lab|lch|oklch)a?\(/gi) ?? [], [], name);
});

/** WCAG 2's contrast of two opaque colours. */
function contrast(one, other) {
  const luminance = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

for (const theme of ['light', 'dark']) {
  test(`words can be read on what they stand on, ${theme}`, () => {
    const shown = table(theme);
    for (const ground of ['paper', 'card']) {
      for (const words of ['ink', 'soft', 'accent', 'match', 'unknown', 'undecided', 'danger']) {
        assert.ok(contrast(shown[words], shown[ground]) >= 4.5, `${words} on ${ground}: ${contrast(shown[words], shown[ground]).toFixed(2)}`);
      }
    }
    for (const [words, ground] of [['accent-ink', 'accent'], ['accent', 'accent-soft'], ['ink', 'accent-soft'], ['danger', 'danger-soft'], ['stage-ink', 'stage'], ['stage-accent-ink', 'stage-accent']]) {
      assert.ok(contrast(shown[words], shown[ground]) >= 4.5, `${words} on ${ground}`);
    }
  });
}

test('on whatever colour an operator chooses, words can be read', () => {
  for (const part of [0x00, 0x33, 0x66, 0x76, 0x80, 0x99, 0xcc, 0xff]) {
    for (const colour of [[part, part, part], [part, 0, 0], [0, part, 0], [0, 0, part], [0xff, part, 0x80]]) {
      const hex = `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
      assert.ok(contrast(hex, inkOn(hex)) >= 4.5, hex);
    }
  }
});
