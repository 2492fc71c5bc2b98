/**
 * For the browser tests of the page: serves dist/ with the headers of production, drives Debian's Chromium with a clip
 * in place of its camera, and notes every request that leaves it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from '../../tools/serve.mjs';
import { findChromium } from '../../tools/setup.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHARED = [join(ROOT, 'shared'), join(ROOT, '../shared')].find((folder) => existsSync(join(folder, 'clips'))) ?? null;
/**
 * What a browser leaves away that nobody sits before: the menu under its address bar, two pages with a process of their own, a sixth of what a start
 * costs. The others are those that Playwright has it leave away; of two such lists the browser heeds the last one.
 */
const LEFT_AWAY = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'AimEnabled', 'AvoidCorsURLLoaderRestartOnRedirect', 'AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'NetworkTimeServiceQuerying', 'OptimizationHints', 'PaintHolding', 'PreconnectToSearch', 'ThirdPartyStoragePartitioning'];
/** How Chromium is started, for a visitor and for the vault alone. */
export const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', `--disable-features=${LEFT_AWAY}`];
const FAKE_CAMERA = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
/** How long the slowest of two cores may take for a decision, after everything is loaded. */
export const PATIENCE = 60_000;

/** Clips that ffmpeg made, each once for all runs: a file of tests shows what another one showed. */
const clips = join(ROOT, 'target/clips');
/** What Chromium's camera takes: pictures as they are, which nothing has to unpack, and ten a second: a browser that looks as often as it can would leave the one beside it no processor; JPEGs for what is long, thirty a second. */
const KINDS = { y4m: ['-r', '10', '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe'], mjpeg: ['-q:v', '2', '-f', 'mjpeg'] };

/**
 * A clip made from `input`, which its name stands for together with when the files in it changed.
 * @param {string} name @param {string[]} input arguments of ffmpeg @param {keyof typeof KINDS} [kind]
 */
function encode(name, input, kind = 'y4m') {
  const changed = input.filter((word) => isAbsolute(word) && existsSync(word)).map((path) => statSync(path).mtimeMs);
  const file = join(clips, `${name}-${createHash('sha256').update(JSON.stringify([input, changed, KINDS[kind]])).digest('hex').slice(0, 8)}.${kind}`);
  if (existsSync(file)) return file;
  mkdirSync(clips, { recursive: true });
  // Files of tests run beside each other: whoever finds it there must find it whole.
  const made = `${file}.${process.pid}`;
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, '-an', ...KINDS[kind], made]);
  renameSync(made, file);
  return file;
}

/** A clip of shared/, or null where that does not lie beside this checkout. */
export function sharedClip(name) {
  return SHARED && encode(name, ['-i', join(SHARED, 'clips', `${name}.mp4`)], 'mjpeg');
}

/** A clip of shared/inputs, drawn from portraits that are in the public domain; null where that does not lie there. */
export function sharedInput(name) {
  return SHARED && encode(name, ['-i', join(SHARED, 'inputs', `${name}.mp4`)], 'mjpeg');
}

/** Frames of a clip of shared/, as JPEGs. @param {string} path within it @param {number} first counted from 0 @param {number} last */
export function sharedFrames(path, first, last) {
  const folder = mkdtempSync(join(tmpdir(), 'brow-frames-'));
  try {
    execFileSync('ffmpeg', ['-v', 'error', '-i', join(SHARED, path), '-vf', `select=between(n\\,${first}\\,${last})`, '-vsync', '0', '-q:v', '2', join(folder, '%03d.jpg')]);
    return readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A frame of a clip of shared/, as a JPEG. @param {string} path within it @param {number} at seconds */
export function sharedFrame(path, at) {
  return execFileSync('ffmpeg', ['-v', 'error', '-ss', String(at), '-i', join(SHARED, path), '-frames:v', '1', '-f', 'mjpeg', '-q:v', '2', '-'], { maxBuffer: 1e8 });
}

/** Where a file of shared/ lies. @param {string} path within it */
export const sharedFile = (path) => join(SHARED, path);

/** For `skip`: why a test can't run here, or false. */
export const needsShared = SHARED ? false : 'SKIPPED: ../shared with its clips is not there';

/** The address of a module in the built page, whose name holds its hash: `element/inside`. @param {string} path without extension @param {string} [dist] */
export function assetOf(path, dist = join(ROOT, 'dist')) {
  const name = readdirSync(join(dist, 'assets', dirname(path))).find((file) => file.startsWith(`${basename(path)}.`) && file.endsWith('.js'));
  return `/assets/${dirname(path)}/${name}`;
}

/** A picture of tests/data/portraits. */
export const portrait = (name) => join(ROOT, 'tests/data/portraits', `${name}.jpg`);

/** Four seconds of a portrait under a slow pan and zoom, so that no two frames are the same. */
export function portraitClip(name) {
  const motion = "zoompan=z='1.06+0.04*sin(on/16)':x='(iw-iw/zoom)/2+8*sin(on/11)':y='(ih-ih/zoom)/2+6*cos(on/13)':d=1:s=640x480:fps=25";
  return encode(name, ['-loop', '1', '-framerate', '25', '-t', '4', '-i', portrait(name), '-vf', `scale=1600:1200,${motion}`]);
}

/** A portrait as a camera sees it that was mounted on its side: turned by 90 degrees, clockwise. */
export function lyingClip(name) {
  const motion = "zoompan=z='1.06+0.04*sin(on/16)':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d=1:s=640x480:fps=25";
  return encode(`${name}-lying`, ['-loop', '1', '-framerate', '25', '-t', '3', '-i', portrait(name), '-vf', `transpose=clock,scale=1280:960:force_original_aspect_ratio=increase,crop=1280:960,${motion}`]);
}

/** A portrait as a camera sees it that hangs upside down. */
export function overheadClip(name) {
  const motion = "zoompan=z='1.06+0.04*sin(on/16)':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d=1:s=640x480:fps=25";
  return encode(`${name}-overhead`, ['-loop', '1', '-framerate', '25', '-t', '3', '-i', portrait(name), '-vf', `scale=1600:1200,${motion},hflip,vflip`]);
}

/** Two portraits side by side in one clip. */
export function pairClip(left, right) {
  const layout = '[0]scale=960:-2,crop=480:ih[a];[1]scale=960:-2,crop=480:ih[b];[a][b]hstack,pad=960:720,scale=640:480';
  return encode(`${left}+${right}`, ['-loop', '1', '-framerate', '25', '-t', '3', '-i', portrait(left), '-loop', '1', '-framerate', '25', '-t', '3', '-i', portrait(right), '-filter_complex', layout]);
}

/** A photo of two people side by side, in memory. @param {string} left @param {string} right */
export function pairPhoto(left, right) {
  const layout = '[0]scale=960:-2,crop=480:ih[a];[1]scale=960:-2,crop=480:ih[b];[a][b]hstack';
  const buffer = execFileSync('ffmpeg', ['-v', 'error', '-i', portrait(left), '-i', portrait(right), '-filter_complex', layout, '-frames:v', '1', '-f', 'mjpeg', '-q:v', '2', '-'], { maxBuffer: 1e8 });
  return { name: 'group.jpg', mimeType: 'image/jpeg', buffer };
}

/** A queue: `first` stands at the left for twelve seconds of twenty, `second` comes to the right after seven and stays. */
export function queueClip(first, second) {
  const come = (at) => `scale=420:-2,format=yuv420p${at}`;
  const layout = `[1]${come('')}[a];[2]${come('')}[b];[0][a]overlay=-60+3*sin(t*2):6+2*cos(t*2):enable='lt(t,12)'[c];[c][b]overlay=200+3*sin(t*2):160+2*cos(t*2):enable='gt(t,7)',noise=alls=2:allf=t`;
  return encode(`${first}-then-${second}`, ['-f', 'lavfi', '-i', 'color=c=0x8d9a92:s=640x480:r=25:d=20', '-loop', '1', '-i', portrait(first), '-loop', '1', '-i', portrait(second), '-filter_complex', layout, '-t', '20'], 'mjpeg');
}

/** A clip of one colour. */
export function plainClip(colour) {
  return encode(`plain-${colour}`, ['-f', 'lavfi', '-i', `color=c=${colour}:s=640x480:r=25:d=2`, '-vf', 'noise=alls=3:allf=t']);
}

/** A face without any colour, as an infrared camera gives it. */
export function greyClip() {
  return encode('grey', ['-loop', '1', '-framerate', '25', '-t', '3', '-i', portrait('obama-1'), '-vf', "scale=1600:1200,zoompan=z='1.06+0.04*sin(on/16)':d=1:s=640x480:fps=25,hue=s=0"]);
}

/** How long a browser may take to end; some hang there for good, and would take every test after them with them. */
const FAREWELL = 20_000;

/**
 * Closes a browser with a profile of its own; one that hangs while it ends is killed.
 * @param {import('playwright-core').BrowserContext} context @param {string} profile its folder
 */
export async function closeBrowser(context, profile) {
  // While it ends it gives its lock back, so its process is asked for before.
  const browser = browserOf(profile);
  const late = setTimeout(() => {
    console.log(`# a browser did not end within ${FAREWELL / 1000} seconds and was killed`);
    try {
      // With all that it began: where only a process of its own is left, that one keeps the driver waiting.
      process.kill(-browser, 'SIGKILL');
    } catch (error) {
      // It ended in this moment.
      if (error.code !== 'ESRCH') throw error;
    }
  }, FAREWELL);
  try {
    await context.close();
  } finally {
    clearTimeout(late);
  }
}

/** Ends the browser of a profile at once, as a power cut does. @param {string} profile its folder */
export function killBrowser(profile) {
  process.kill(browserOf(profile), 'SIGKILL');
}

/** The process that holds a profile: its lock names it, as long as the browser runs. @param {string} profile its folder */
function browserOf(profile) {
  return Number(readlinkSync(join(profile, 'SingletonLock')).split('-').at(-1));
}

/**
 * A visitor: one browser profile and one address over several visits, so that what is stored stays. Each visit is a
 * browser of its own, as the camera's clip is set at its start.
 */
export class Visitor {
  /** @param {{server: Awaited<ReturnType<typeof startServer>>, profile: string}} parts */
  constructor({ server, profile }) {
    this.server = server;
    this.profile = profile;
    this.context = null;
    /** Every request of all visits: page, worker, everything. */
    this.requests = [];
    /** What the console and uncaught errors said. */
    this.complaints = [];
  }

  /** @param {{plain?: boolean, folder?: string}} [site] */
  static async arrive({ plain = false, folder = join(ROOT, 'dist') } = {}) {
    if (!existsSync(join(folder, 'index.html'))) throw new Error('dist/ is missing: run `make build` first');
    return new Visitor({ server: await startServer({ folder, plain }), profile: mkdtempSync(join(tmpdir(), 'brow-visitor-')) });
  }

  /**
   * Opens the page.
   * @param {{clip?: string | null, camera?: 'allowed' | 'ask' | 'refused' | 'absent', path?: string, prepare?: (page: import('playwright-core').Page) => Promise<void>,
   *   flags?: string[], url?: string, wait?: boolean} & import('playwright-core').BrowserContextOptions} [options]
   *   prepare: runs before the page is loaded; wait: until the engine is ready
   */
  async visit({ clip = null, camera = 'allowed', path = '/', prepare, flags = [], url, wait = true, ...context } = {}) {
    await this.leave();
    const fake = camera === 'absent' ? [] : [...FAKE_CAMERA, ...(clip ? [`--use-file-for-fake-video-capture=${clip}`] : [])];
    if (camera === 'refused') fake.splice(0, 1, '--use-fake-ui-for-media-stream=deny');
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: findChromium(),
      args: [...FLAGS, ...fake, ...flags],
      permissions: camera === 'allowed' ? ['camera'] : [],
      viewport: { width: 1280, height: 900 },
      // It would go on fetching while the next thing is tested; offline.test.mjs is about it.
      serviceWorkers: 'block',
      ...context,
    });
    this.context.setDefaultTimeout(PATIENCE);
    this.context.on('request', (request) => this.requests.push(request.url()));
    const page = this.context.pages()[0] ?? await this.context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error}`));
    await prepare?.(page);
    await page.goto(`${url ?? this.server.url}${path}`);
    if (wait) await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    return page;
  }

  async leave() {
    const { context } = this;
    this.context = null;
    if (context) await closeBrowser(context, this.profile);
  }

  /** Requests that went to another origin than the page's own: must be none. */
  strayRequests() {
    return this.requests.filter((url) => !url.startsWith(`${this.server.url}/`) && !/^(blob|data):/.test(url));
  }

  async depart() {
    await this.leave();
    await this.server.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}


/**
 * Asks until there is an answer that is not false, null or undefined. What a page answers later needs this: to waitForFunction a promise is an
 * answer already. @template T @param {() => Promise<T>} ask @param {string} what @param {number} [patience] milliseconds
 */
export async function until(ask, what, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`in ${patience / 1000} seconds not seen: ${what}`);
    await sleep(250);
  }
}

/** The page in another language. @param {import('playwright-core').Page} page @param {string} tag */
export async function speak(page, tag) {
  await page.locator('#language').selectOption(tag);
  await page.locator(`html[lang="${tag}"]`).waitFor({ state: 'attached' });
}

/** Waits until a face in view is named so, and gives the words beside it. */
export async function seen(page, name) {
  const who = page.locator('.results .who', { hasText: name });
  await who.first().waitFor();
  return (await who.first().innerText()).replace(/\s+/g, ' ');
}

/** The decisions on faces during some time, from what the page shows: `match NAME`, `unknown` or `undecided`. */
export async function watch(page, ms) {
  return page.evaluate((duration) => new Promise((resolve) => {
    /** @type {Record<string, number>} */
    const counts = {};
    const end = performance.now() + duration;
    const look = () => {
      for (const who of document.querySelector('brow-recogniser').shadowRoot.querySelectorAll('.results .who')) {
        const { kind, mask } = who.dataset;
        const what = kind === 'match' ? `match ${who.querySelector('bdi').textContent}` : kind;
        counts[what] = (counts[what] ?? 0) + 1;
        counts[`mask ${mask}`] = (counts[`mask ${mask}`] ?? 0) + 1;
      }
      if (performance.now() < end) setTimeout(look, 100);
      else resolve(counts);
    };
    look();
  }), ms);
}

/** Enrols whoever is before the camera; `poor`: on the person's word, where the capture is not good enough by itself. */
export async function enrolByCamera(page, name, { mask = 'bare', poor = false } = {}) {
  await page.getByRole('button', { name: 'Enrol by camera' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  if (mask === 'masked') await page.getByLabel('with a mask on').check();
  await page.getByLabel('I agree to this').check();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  // It lies there hidden before.
  const saved = page.locator('#enrol .saved-name:visible');
  if (poor) {
    // Which frames a device has time for decides whether one of them is good enough.
    const keep = page.getByRole('button', { name: 'Keep it all the same' });
    await keep.or(saved).first().waitFor({ timeout: 60_000 });
    if (await keep.isVisible()) await keep.click();
  }
  await saved.waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
}

/** Enrols from a photo file; `picture`: and asks for a picture to be kept. */
export async function enrolByPhoto(page, name, file, { picture = false } = {}) {
  await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  await page.getByLabel('Choose a photo').setInputFiles(file);
  await page.getByText('One face found').waitFor();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('I agree to this').check();
  if (picture) await page.getByLabel('Also keep a picture').check();
  await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  await page.locator('#enrol .saved-name').waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong, in a line each. */
export async function findings(page) {
  // Through the debugger: the page's own policy lets no foreign script in, which is as it should be.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

/** The same in light and in dark: a page that follows the system's choice. @param {import('playwright-core').Page} page */
export async function findingsLightAndDark(page) {
  const found = [];
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    // What is on its way to another colour has one that nobody is meant to read.
    await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((animation) => animation instanceof CSSTransition).map(({ finished }) => finished)));
    found.push(...(await findings(page)).map((line) => `${colorScheme}: ${line}`));
  }
  return found;
}
