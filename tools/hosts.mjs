/**
 * The headers of www/_headers in the words of other static hosts: `node tools/hosts.mjs nginx|apache|caddy|vercel|firebase`.
 * Cloudflare Pages and Netlify read _headers as it is. GitHub Pages and other hosts that send no headers of one's own get
 * the policy from the page itself, which the build writes into it; what that leaves open is in docs/SECURITY.md.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} text of a _headers file
 * @returns {[string, string][]} the headers for every path
 */
export function headersForAll(text) {
  const lines = text.split('\n').filter((line) => line.trim() && !line.startsWith('#'));
  const start = lines.indexOf('/*');
  const end = lines.findIndex((line, i) => i > start && !/^\s/.test(line));
  return lines.slice(start + 1, end === -1 ? undefined : end).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}

const quoted = (/** @type {string} */ value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** @type {Record<string, (headers: [string, string][]) => string>} */
export const HOSTS = {
  nginx: (headers) => ['# In the server block. "always" sends them with errors too.', ...headers.map(([name, value]) => `add_header ${name} ${quoted(value)} always;`)].join('\n'),
  apache: (headers) => ['# .htaccess or <Directory>; needs mod_headers.', ...headers.map(([name, value]) => `Header always set ${name} ${quoted(value)}`)].join('\n'),
  caddy: (headers) => ['header {', ...headers.map(([name, value]) => `\t${name} ${quoted(value)}`), '}'].join('\n'),
  vercel: (headers) => JSON.stringify({ headers: [{ source: '/(.*)', headers: headers.map(([key, value]) => ({ key, value })) }] }, null, 2),
  firebase: (headers) => JSON.stringify({ hosting: { public: 'dist', headers: [{ source: '**', headers: headers.map(([key, value]) => ({ key, value })) }] } }, null, 2),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = HOSTS[process.argv[2] ?? ''];
  if (!write) {
    console.error(`hosts: say which: ${Object.keys(HOSTS).join(', ')}`);
    process.exit(1);
  }
  console.log(write(headersForAll(readFileSync(new URL('../www/_headers', import.meta.url), 'utf8'))));
}
