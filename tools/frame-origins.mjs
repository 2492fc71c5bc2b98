/**
 * Who may embed frame.html: the origins of FRAME_ORIGINS, given to the build (`make build FRAME_ORIGINS="https://a.example
 * https://b.example"`). The list is written in two places from here and nowhere else: into frame.html, whose script asks
 * it at every message, and as `frame-ancestors` into the headers of /frame.html. Without it nobody may, as on all other pages.
 */
import { readOrigins } from '../www/frame/protocol.js';

const META = /(<meta name="brow-origins" content=")[^"]*(">)/;
const RULE = /\n\/frame\.html\n(?:[ \t].*\n?)*/;

/**
 * @param {{page: string, headers: string}} files the texts of frame.html and _headers
 * @param {string} list
 * @returns {{page: string, headers: string}}
 */
export function withFrameOrigins({ page, headers }, list) {
  const origins = readOrigins(list);
  if (!META.test(page)) throw new Error('frame.html lacks its list of origins');
  const bare = headers.replace(RULE, '\n');
  const policy = /^\s+Content-Security-Policy:\s*(.+)$/m.exec(bare)?.[1];
  if (!policy?.includes("frame-ancestors 'none'")) throw new Error("the policy lacks frame-ancestors 'none'");
  const rule = origins.length === 0 ? '' : `
/frame.html
  ! Content-Security-Policy
  ! X-Frame-Options
  ! Cross-Origin-Resource-Policy
  Content-Security-Policy: ${policy.replace("frame-ancestors 'none'", `frame-ancestors ${origins.join(' ')}`)}
  Cross-Origin-Resource-Policy: cross-origin
`;
  return { page: page.replace(META, `$1${origins.join(' ')}$2`), headers: `${bare.trimEnd()}\n${rule}` };
}
