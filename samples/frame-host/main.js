/** Speaks with the frame: starts it, enrols, and writes down what it tells. `?brow=` is the origin of the site in the frame. */
import { connectBrow } from './frame-host.js';

const origin = new URL(new URLSearchParams(location.search).get('brow') ?? 'http://127.0.0.1:8080').origin;
const iframe = document.querySelector('iframe');
const log = document.querySelector('#log');

function note(words) {
  const line = document.createElement('li');
  line.textContent = words;
  log.prepend(line);
}

iframe.src = `${origin}/frame.html`;
try {
  const brow = await connectBrow(iframe, { origin });
  globalThis.brow = brow;
  for (const type of ['match', 'unknown', 'undecided', 'mask', 'gone', 'enrolled', 'fault']) {
    brow.addEventListener(`brow-${type}`, ({ detail }) => note(`${type}: ${detail.person?.name ?? detail.state ?? detail.reason ?? detail.message ?? detail.track}`));
  }
  document.querySelector('#enrol').addEventListener('submit', async (event) => {
    event.preventDefault();
    const consent = { text: 'This page may be told my name when the camera of this device sees me.', version: '1', language: 'en' };
    try {
      await brow.enrol({ name: document.querySelector('#name').value, consent });
    } catch (error) {
      note(`not enrolled: ${error.message} ${error.remedy ?? ''}`);
    }
  });
  await brow.start();
} catch (error) {
  note(`${error.message} ${error.remedy ?? ''}`);
}
