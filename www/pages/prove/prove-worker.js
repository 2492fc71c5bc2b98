/**
 * The prove page's attempts from inside a worker: a worker has its own policy, so it has to be tried by itself.
 * Takes {address, own}, posts one {way, outcome, reason, detail} an attempt and {done: true} at the end.
 */
import { attemptAll, toOwnSite, workerAttempts } from './attempts.js';

addEventListener('message', async ({ data }) => {
  const attempts = data.own ? toOwnSite(workerAttempts()) : workerAttempts();
  await attemptAll(attempts, data.address, (result) => postMessage(result), data);
  postMessage({ done: true });
});
