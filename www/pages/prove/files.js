/**
 * What the attempts fetch, relative to this module, and its integrity: the worker that tries, and a script that says that it
 * arrived. The build replaces this file by one with the real names.
 *
 * @type {{worker: {url: string, integrity: string}, arrived: {url: string}}}
 */
export const files = { worker: { url: 'prove-worker.js', integrity: '' }, arrived: { url: 'arrived.js' } };
