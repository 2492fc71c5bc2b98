import './main.css';
/** Starts the recogniser, enrols whoever agrees, and writes down what it tells. */
import 'brow-recogniser';

const door = document.querySelector('#door');
const log = document.querySelector('#log');

function note(words) {
  const line = document.createElement('li');
  line.textContent = words;
  log.prepend(line);
}

for (const type of ['match', 'unknown', 'undecided', 'mask', 'gone', 'enrolled', 'fault']) {
  door.addEventListener(`brow-${type}`, ({ detail }) => note(`${type}: ${detail.person?.name ?? detail.state ?? detail.reason ?? detail.message ?? detail.track}`));
}

document.querySelector('#enrol').addEventListener('submit', async (event) => {
  event.preventDefault();
  const consent = { text: document.querySelector('#words').textContent, version: '1', language: 'en' };
  try {
    await door.enrol({ name: document.querySelector('#name').value, consent });
  } catch (error) {
    note(`not enrolled: ${error.message} ${error.remedy ?? ''}`);
  }
});
