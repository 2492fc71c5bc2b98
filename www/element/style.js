/**
 * How <brow-recogniser> looks. Pages change it by the custom properties `--brow-...` and by `::part()`; see
 * docs/EMBEDDING.md. Sizes are in em of the element's own font, so that it grows with the text around it.
 */
import { colours } from '../ui/colours.js';
import { meterStyle } from '../ui/meter.js';

/** A page may replace each colour. @param {string} name @param {string} own */
const replaceable = (name, own) => `var(--brow-${name}, ${own})`;
const LIGHT = colours('light', replaceable);
const DARK = colours('dark', replaceable);

export const elementStyle = `
:host { display: block; color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${DARK} } }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; ${DARK} }
:host([hidden]) { display: none; }

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
p { margin: 0; }
ul { margin: 0; padding: 0; list-style: none; }

.frame { position: relative; overflow: clip; border-radius: var(--brow-radius, 0); background: var(--card); color: var(--ink); line-height: 1.5; }

button, select { font: inherit; color: inherit; }
button { min-height: 2.75em; padding: 0.5em 1.1em; border: 1px solid transparent; border-radius: 999px; font-weight: 600; cursor: pointer; }
button.primary { background: var(--stage-accent); color: var(--stage-accent-ink); }
button.plain { background: transparent; border-color: var(--line); color: var(--ink); }
button.plain:hover { background: var(--accent-soft); }
button:disabled { opacity: 0.55; cursor: default; }
select { width: auto; max-width: 14em; min-height: 2.75em; padding: 0.45em 0.75em; border: 1px solid var(--soft); border-radius: 10px; background: var(--card); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.stage :focus-visible { outline-color: var(--stage-focus); }
progress { width: 100%; height: 0.6em; border: 0; border-radius: 999px; overflow: hidden; background: var(--stage-line); accent-color: var(--stage-accent); }
progress::-webkit-progress-bar { background: var(--stage-line); }
progress::-webkit-progress-value { background: var(--stage-accent); border-radius: 999px; }
progress::-moz-progress-bar { background: var(--stage-accent); }

/* Taller than the picture where the words in it need more room. */
.stage { position: relative; display: grid; grid-template: minmax(max-content, 1fr) / minmax(0, 1fr); aspect-ratio: 4 / 3; overflow: clip; background: var(--stage); color: var(--stage-ink); }
video { position: absolute; left: 50%; top: 50%; width: 100%; height: 100%; object-fit: cover; transform: translate(-50%, -50%); }
.overlay { position: absolute; inset: 0; pointer-events: none; container-type: inline-size; }
::slotted([slot="picture"]) { position: absolute; }

.face { --across: 0.5; --within: 50%; --below: 0%; position: absolute; border: 3px dashed var(--face); border-radius: 12px; box-shadow: 0 0 0 1px var(--face-edge); }
.face[data-kind="match"] { border: 4px solid var(--face-match); }
.face[data-kind="unknown"] { border: 3px dotted var(--face-unknown); }
.label { position: absolute; left: var(--within); top: calc(100% + 6px); transform: translateX(calc(-100% * var(--across))); display: flex; gap: 0.4em; align-items: center; width: max-content; max-width: min(16em, 100cqw); padding: 0.15em 0.7em; border-radius: 999px; background: var(--label); color: var(--label-ink); font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.face.low .label { top: auto; bottom: calc(var(--below) + 6px); }
.sign { flex: none; display: inline-grid; place-items: center; width: 1.35em; height: 1.35em; border-radius: 50%; font-weight: 700; line-height: 1; }
.sign::before { content: "\\2026"; }
[data-kind="match"] .sign::before { content: "\\2713"; }
[data-kind="unknown"] .sign::before { content: "?"; }

.loading, .invite { position: relative; grid-area: 1 / 1; display: grid; place-content: center; justify-items: center; gap: 0.8em; padding: 1.5em; text-align: center; background: var(--veil); }
.loading { grid-template-columns: minmax(0, 24em); }
.loading-title { font-weight: 600; font-size: 1.15em; }
.loading-bytes { font-variant-numeric: tabular-nums; min-height: 1.5em; }
.invite > * { max-width: 30em; }
.guide { position: absolute; left: 50%; top: 50%; width: 46%; height: 78%; transform: translate(-50%, -50%); border: 3px dashed var(--guide); border-radius: 50%; box-shadow: 0 0 0 100vmax var(--veil-around); }

.under { display: flex; flex-wrap: wrap; gap: 0.75em 1.25em; align-items: flex-start; padding: 1em 1.25em; min-height: 5.5em; }
.say { flex: 1 1 14em; min-width: 0; display: grid; gap: 0.6em; }
.status { color: var(--soft); padding: 0.5em 0; }
.results { display: grid; gap: 0.6em; }
.results:empty { display: none; }
.turn { position: absolute; inset-inline: 10%; inset-block-end: 6%; display: grid; justify-items: center; gap: 0.4em; color: var(--stage-ink); text-shadow: 0 0 0.2em var(--stage), 0 0 0.5em var(--stage); }
.turn[hidden] { display: none; }
.turn .arrows { font-size: 5em; line-height: 1; font-weight: 800; }
.turn .bar { width: 60%; height: 0.7em; border: 2px solid currentColor; border-radius: 1em; overflow: hidden; }
.turn .fill { display: block; height: 100%; background: currentColor; }
.turn[data-side="left"] .fill { margin-left: auto; }
.hint { font-size: 1.3em; font-weight: 600; }
.fault { color: var(--danger); overflow-wrap: anywhere; }
.fault:empty, .hint:empty { display: none; }
.controls { display: flex; flex-wrap: wrap; gap: 0.6em; align-items: center; justify-content: flex-end; }

.who { display: flex; gap: 0.7em; align-items: flex-start; color: var(--undecided); }
.who .sign { margin-top: 0.1em; background: var(--undecided); color: var(--card); }
.words { display: flex; flex-wrap: wrap; gap: 0 0.6em; align-items: baseline; color: var(--soft); min-width: 0; }
.name { flex-basis: 100%; color: var(--undecided); font-size: 1.15em; line-height: 1.3; overflow-wrap: anywhere; }
.note, .mask { font-size: 0.95em; }
.note:not(:empty) + .mask::before { content: "\\00b7\\00a0\\00a0"; }
.who[data-kind="match"] .name { color: var(--match); }
.who[data-kind="match"] .sign { background: var(--match); }
.who[data-kind="unknown"] .name { color: var(--unknown); }
.who[data-kind="unknown"] .sign { background: var(--unknown); }

${meterStyle}
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; animation: none !important; }
}
@media (forced-colors: active) {
  .face, .guide, button { border-color: CanvasText; }
  progress { border: 1px solid CanvasText; background: Canvas; }
  progress::-webkit-progress-bar { background: Canvas; }
  progress::-webkit-progress-value { background: Highlight; }
  progress::-moz-progress-bar { background: Highlight; }
}
`;
