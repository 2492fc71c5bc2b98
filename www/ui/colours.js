/**
 * The one home of colours. The pages' style sheet gets them from the build, which writes them ahead of style.css; the element's
 * style takes them from here, each to be replaced by a page's `--brow-NAME`.
 */

/** Each in light and in dark. @type {Record<string, [light: string, dark: string]>} */
const THEMED = {
  paper: ['#f6f3ec', '#12181a'],
  card: ['#fffdf8', '#1a2224'],
  ink: ['#1d2a2c', '#ecefec'],
  soft: ['#526164', '#a9b6b6'],
  line: ['#d9d4c7', '#333f42'],
  accent: ['#14555a', '#8fd0c2'],
  'accent-ink': ['#ffffff', '#0c2624'],
  'accent-soft': ['#e0ece8', '#1e3533'],
  match: ['#1c6b4a', '#7fd6a8'],
  unknown: ['#8a4b08', '#f0b775'],
  undecided: ['#4a5568', '#b9c3d3'],
  danger: ['#9b2c2c', '#f2a3a0'],
  'danger-soft': ['#fbeceb', '#3a2222'],
  shadow: ['0 1px 2px rgb(20 30 30 / 8%), 0 8px 24px rgb(20 30 30 / 6%)', 'none'],
};

/** On and around the camera's picture, which is no lighter by day. @type {Record<string, string>} */
const ON_PICTURE = {
  stage: '#10181a',
  'stage-ink': '#f3f1ea',
  'stage-accent': '#8fd0c2',
  'stage-accent-ink': '#0c2624',
  'stage-line': '#38484b',
  'stage-focus': '#ffffff',
  veil: 'rgb(16 24 26 / 88%)',
  'veil-around': 'rgb(10 18 20 / 45%)',
  backdrop: 'rgb(10 18 20 / 60%)',
  guide: 'rgb(255 255 255 / 75%)',
  label: 'rgb(12 20 22 / 86%)',
  'label-ink': '#ffffff',
  face: '#d5dcea',
  'face-match': '#7fe3b0',
  'face-unknown': '#ffc27d',
  'face-edge': 'rgb(0 0 0 / 55%)',
};

/**
 * Declarations of all colours of one theme.
 * @param {'light' | 'dark'} theme
 * @param {(name: string, value: string) => string} [value]
 */
export function colours(theme, value = (_name, own) => own) {
  const themed = Object.entries(THEMED).map(([name, pair]) => [name, pair[theme === 'light' ? 0 : 1]]);
  return [...themed, ...Object.entries(ON_PICTURE)].map(([name, own]) => `--${name}: ${value(name, own)};`).join(' ');
}

/** Black or white, whichever is read better on a colour (relative luminance of WCAG 2.2). @param {string} colour #rrggbb */
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}

/** The rules that a page's style sheet begins with. */
export function pageColours() {
  return `:root { color-scheme: light dark; ${colours('light')} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${colours('dark')} } }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; ${colours('dark')} }
`;
}
