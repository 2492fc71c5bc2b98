/**
 * Serves dist/ as a production host would: the headers of dist/_headers (the one home of the policy), right types,
 * compressed copies, and names with a hash cached for ever. `node tools/serve.mjs [--port 8080] [--host 127.0.0.1]`.
 */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8', '.wasm': 'application/wasm', '.onnx': 'application/octet-stream',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.webp': 'image/webp', '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
};
const HASHED = /\.[0-9a-f]{10}\.[a-z0-9]+$/;

/**
 * The rules of a `_headers` file as common static hosts read it: a path (with `*`) at the line's start, under it,
 * indented, its headers; `! Name` takes one away that an earlier rule gave. Every matching rule applies.
 * @param {string} text
 * @returns {{matches: (path: string) => boolean, headers: [string, string | null][]}[]}
 */
export function parseHeaders(text) {
  const rules = [];
  for (const line of text.split('\n')) {
    if (!line.trim() || line.trim().startsWith('#')) continue;
    if (/^\s/.test(line)) {
      const taken = /^\s*!\s*(\S+)\s*$/.exec(line);
      if (taken) {
        if (rules.length) rules.at(-1).headers.push([taken[1], null]);
        continue;
      }
      const colon = line.indexOf(':');
      if (colon > 0 && rules.length) rules.at(-1).headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
    } else {
      const pattern = new RegExp(`^${line.trim().replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
      rules.push({ matches: (path) => pattern.test(path), headers: [] });
    }
  }
  return rules;
}

/** The file for an address, never outside the folder; null where there is none. */
function locate(folder, path) {
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  if (!file.startsWith(folder + sep) || file.split(sep).some((part) => part.startsWith('_'))) return null;
  return existsSync(file) && statSync(file).isFile() ? file : null;
}

/** A compressed copy that the browser takes, or the file itself. */
function choose(file, accepted) {
  if (/\bbr\b/.test(accepted) && existsSync(`${file}.br`)) return { file: `${file}.br`, encoding: 'br' };
  if (/\bgzip\b/.test(accepted) && existsSync(`${file}.gz`)) return { file: `${file}.gz`, encoding: 'gzip' };
  return { file, encoding: null };
}

/**
 * @param {{folder: string, port?: number, host?: string, plain?: boolean, tell?: (path: string) => void}} options port 0 takes any
 *   free one; `plain` sends no headers of `_headers`, like a host that cannot be told to; `tell` is told of every request
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export function startServer({ folder, port = 0, host = '127.0.0.1', plain = false, tell = () => {} }) {
  const rulesFile = join(folder, '_headers');
  const rules = !plain && existsSync(rulesFile) ? parseHeaders(readFileSync(rulesFile, 'utf8')) : [];
  const server = createServer((request, response) => {
    tell(request.url ?? '/');
    let path;
    try {
      path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    } catch {
      response.writeHead(400).end();
      return;
    }
    for (const rule of rules) if (rule.matches(path)) for (const [name, value] of rule.headers) {
      if (value === null) response.removeHeader(name);
      else response.setHeader(name, value);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const file = locate(folder, path);
    if (!file) {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Not here.\n');
      return;
    }
    const chosen = choose(file, String(request.headers['accept-encoding'] ?? ''));
    response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
    const { size, mtimeMs } = statSync(chosen.file);
    const tag = `"${size}-${mtimeMs}"`;
    response.setHeader('ETag', tag);
    response.setHeader('Vary', 'Accept-Encoding');
    if (chosen.encoding) response.setHeader('Content-Encoding', chosen.encoding);
    if (!response.hasHeader('Cache-Control')) {
      response.setHeader('Cache-Control', HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache');
    }
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end();
      return;
    }
    response.setHeader('Content-Length', size);
    response.writeHead(200);
    if (request.method === 'HEAD') response.end();
    else createReadStream(chosen.file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = /** @type {import('node:net').AddressInfo} */ (server.address());
      const close = () => new Promise((done) => { server.close(done); server.closeAllConnections(); });
      resolve({ url: `http://${host}:${address.port}`, close });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`);
    return at > 0 ? process.argv[at + 1] : fallback;
  };
  const folder = fileURLToPath(new URL('../dist', import.meta.url));
  const port = Number(option('port', 8080));
  try {
    const { url } = await startServer({ folder, port, host: option('host', '127.0.0.1') });
    console.log(`serve: ${url} (stop with Ctrl-C)`);
  } catch (error) {
    const busy = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE';
    console.error(busy ? `serve: port ${port} is taken; choose another with PORT=8081 make serve` : `serve: ${error}`);
    process.exit(1);
  }
}
