/**
 * The prove page's attempts from inside a worker: a worker has its own policy, so it has to be tried by itself.
 * Takes {address}, posts one {way, outcome, reason, detail} an attempt and {done: true} at the end.
 */
import { attemptAll, workerAttempts } from './attempts.js';

addEventListener('message', async ({ data }) => {
  await attemptAll(workerAttempts(), data.address, (result) => postMessage(result));
  postMessage({ done: true });
});
