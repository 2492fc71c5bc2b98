/**
 * A receiver for the page "The proof": accepts whatever reaches it (HTTP from any origin, WebSocket, raw TCP and UDP) and
 * tells of it. `node tools/receiver.mjs [--port 9099]` prints; tests import startReceiver.
 */
import { createSocket } from 'node:dgram';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const PIXEL = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');

/** What pleases the asker, so that an attempt that arrives also succeeds. @param {import('node:http').IncomingMessage} request */
function answerTo(request) {
  const wanted = request.headers['sec-fetch-dest'];
  if (request.headers.accept === 'text/event-stream') return { type: 'text/event-stream', body: ': hello\n\n' };
  if (wanted === 'image') return { type: 'image/gif', body: PIXEL };
  if (wanted === 'style') return { type: 'text/css', body: '' };
  if (wanted === 'iframe' || wanted === 'document') return { type: 'text/html', body: '<p>Arrived.</p>' };
  return { type: 'text/javascript', body: 'globalThis.document ?? postMessage("out");\n' };
}

/**
 * @param {{port?: number, tell?: (what: string) => void}} [options]
 * @returns {Promise<{url: string, received: string[], close: () => Promise<void>}>}
 */
export async function startReceiver({ port = 0, tell = () => {} } = {}) {
  /** @type {string[]} */
  const received = [];
  const note = (what) => {
    received.push(what);
    tell(what);
  };
  const server = createServer((request, response) => {
    note(`${request.method} ${request.url}`);
    const { type, body } = answerTo(request);
    response.writeHead(200, {
      'Content-Type': type,
      'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin', 'Service-Worker-Allowed': '/',
    });
    response.end(body);
  });
  const sockets = new Set();
  server.on('connection', (socket) => {
    note('connection');
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('upgrade', (request, socket) => {
    note(`WebSocket ${request.url}`);
    const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const used = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  const udp = createSocket('udp4');
  udp.on('message', (message) => note(`UDP ${message.length} bytes`));
  await new Promise((resolve) => udp.bind(used, '127.0.0.1', () => resolve(undefined)));
  const close = async () => {
    udp.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${used}`, received, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--port');
  const { url } = await startReceiver({ port: at > 0 ? Number(process.argv[at + 1]) : 9099, tell: (what) => console.log(`arrived: ${what}`) });
  console.log(`receiver: ${url} accepts anything (stop with Ctrl-C)`);
}
