/** Keeps the screen on, fills it, and notices that the device slept. */

/** A timer this late means that the device slept. */
const SLEPT_MS = 10_000;
const BEAT_MS = 2_000;
/** So long after the screen's lock was taken back, another is asked for. */
const ASK_AGAIN_MS = 5_000;

/**
 * Keeps the screen on for as long as the page is shown: by the browser's wake lock, or by a small moving picture, which
 * keeps most browsers from sleeping that have no such lock.
 * @param {(how: 'lock' | 'video' | 'none') => void} tell
 */
export function keepAwake(tell) {
  /** @type {HTMLVideoElement | null} */
  let moving = null;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const lock = await navigator.wakeLock.request('screen');
      moving?.remove();
      tell('lock');
      // The system may take it back, such as for a low battery: another is asked for.
      lock.addEventListener('release', () => setTimeout(ask, ASK_AGAIN_MS), { once: true });
    } catch {
      moving ??= movingPicture();
      if (moving && !moving.isConnected) {
        document.body.append(moving);
        moving.play().catch(() => {});
      }
      tell(moving ? 'video' : 'none');
    }
  };
  document.addEventListener('visibilitychange', ask);
  void ask();
}

/** A video of two pixels that never stands still while it is in the page; null where a canvas can't be filmed. */
function movingPicture() {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 2;
  if (typeof canvas.captureStream !== 'function') return null;
  const context = canvas.getContext('2d');
  const video = document.createElement('video');
  let light = false;
  setInterval(() => {
    if (!video.isConnected || !context) return;
    light = !light;
    context.fillStyle = light ? '#222' : '#333';
    context.fillRect(0, 0, 2, 2);
  }, 1_000);
  video.className = 'keep-awake';
  video.muted = true;
  video.playsInline = true;
  video.setAttribute('aria-hidden', 'true');
  video.srcObject = canvas.captureStream(1);
  return video;
}

/** @param {() => void} woke called after the device slept or the page was frozen */
export function watchSleep(woke) {
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - last > SLEPT_MS) woke();
    last = now;
  }, BEAT_MS);
  document.addEventListener('resume', woke);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) woke();
  });
}

/** Only a gesture may ask for it; where it is refused the kiosk works in a window. */
export async function fillScreen() {
  if (!document.fullscreenElement) await document.documentElement.requestFullscreen?.({ navigationUI: 'hide' }).catch(() => {});
}

/** @type {AudioContext | null} */
let audio = null;

/** Two short tones, rising for a welcome and falling otherwise. @param {boolean} welcome */
export function chime(welcome) {
  audio ??= new AudioContext();
  void audio.resume().catch(() => {});
  for (const [at, pitch] of [[0, 660], [0.14, welcome ? 880 : 440]]) {
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0.08 });
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.12);
  }
}
