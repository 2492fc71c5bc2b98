/** What the attempts ask their own site for: says so in a worker, and does nothing in a page. */
globalThis.document ?? postMessage('out');
