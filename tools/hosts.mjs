/**
 * The headers of dist/_headers (of www/_headers where nothing is built yet) in the words of other static hosts:
 * `node tools/hosts.mjs nginx|apache|caddy|vercel|firebase`. Cloudflare Pages and Netlify read _headers as it is. GitHub
 * Pages and other hosts that send no headers of one's own get the policy from the page itself, which the build writes
 * into it; what that leaves open is in docs/SECURITY.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A path of _headers, `/*` at its end standing for all below, and every header that is sent for it.
 * @typedef {{path: string, headers: [string, string][], without: string[]}} Rule `without`: what other paths get and this does not
 */

/**
 * @param {string} text of a _headers file
 * @returns {Rule[]} that for all paths first
 */
export function rules(text) {
  /** @type {Rule[]} */
  const found = [];
  for (const line of text.split('\n').filter((l) => l.trim() && !l.startsWith('#'))) {
    if (!/^\s/.test(line)) {
      const all = found.find((rule) => rule.path === '/*');
      found.push({ path: line.trim(), headers: [...(all?.headers ?? [])], without: [] });
      continue;
    }
    const rule = found.at(-1);
    const taken = /^\s*!\s*(\S+)\s*$/.exec(line);
    const name = taken?.[1] ?? line.slice(0, line.indexOf(':')).trim();
    if (!rule) throw new Error(`_headers: '${line.trim()}' stands under no path`);
    rule.headers = rule.headers.filter(([other]) => other !== name);
    rule.without = rule.without.filter((other) => other !== name);
    if (taken) rule.without.push(name);
    else rule.headers.push([name, line.slice(line.indexOf(':') + 1).trim()]);
  }
  return found;
}

/** @param {string} text of a _headers file @returns {[string, string][]} the headers for every path */
export function headersForAll(text) {
  return rules(text).find((rule) => rule.path === '/*')?.headers ?? [];
}

const quoted = (/** @type {string} */ value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const below = (/** @type {string} */ path) => path.endsWith('/*');
const pattern = (/** @type {string} */ path) => path.slice(1).replace(/[.]/g, '\\.').replace(/\*$/, '');

/** @param {Rule[]} all @returns {[Rule, Rule[]]} the rule for every path, and the others */
const apart = (all) => [all.filter((rule) => rule.path === '/*')[0], all.filter((rule) => rule.path !== '/*')];

/** @type {Record<string, (all: Rule[]) => string>} */
export const HOSTS = {
  nginx(all) {
    const [every, others] = apart(all);
    const lines = (/** @type {Rule} */ rule) => rule.headers.map(([name, value]) => `add_header ${name} ${quoted(value)} always;`);
    return [
      '# In the server block. "always" sends them with errors too. A location with headers of its own gets no others, so each has all.',
      ...lines(every),
      ...others.flatMap((rule) => [`location ${below(rule.path) ? '^~' : '='} ${rule.path.replace(/\*$/, '')} {`, ...lines(rule).map((line) => `\t${line}`), '}']),
    ].join('\n');
  },
  apache(all) {
    const [every, others] = apart(all);
    const lines = (/** @type {Rule} */ rule) => rule.headers.map(([name, value]) => `Header always set ${name} ${quoted(value)}`);
    return [
      '# .htaccess or <Directory>; needs mod_headers.',
      ...lines(every),
      ...others.flatMap((rule) => [
        `<If "%{REQUEST_URI} ${below(rule.path) ? `=~ m#^/${pattern(rule.path)}#` : `== '${rule.path}'`}">`,
        ...rule.without.map((name) => `\tHeader always unset ${name}`), ...lines(rule).map((line) => `\t${line}`), '</If>',
      ]),
    ].join('\n');
  },
  caddy(all) {
    const [every, others] = apart(all);
    const block = (/** @type {string} */ matcher, /** @type {Rule} */ rule) => [`header ${matcher} {`, ...rule.headers.map(([name, value]) => `\t${name} ${quoted(value)}`), '}'];
    if (others.length === 0) return block('/*', every).join('\n');
    return [`@others not path ${others.map((rule) => rule.path).join(' ')}`, ...block('@others', every), ...others.flatMap((rule) => block(rule.path, rule))].join('\n');
  },
  vercel(all) {
    const [every, others] = apart(all);
    const entry = (/** @type {string} */ source, /** @type {Rule} */ rule) => ({ source, headers: rule.headers.map(([key, value]) => ({ key, value })) });
    const not = others.length ? `(?!${others.map((rule) => `${pattern(rule.path)}${below(rule.path) ? '' : '$'}`).join('|')})` : '';
    return JSON.stringify({ headers: [entry(`/(${not}.*)`, every), ...others.map((rule) => entry(below(rule.path) ? rule.path.replace('*', '(.*)') : rule.path, rule))] }, null, 2);
  },
  // A later rule sets a header anew but cannot take one away: browsers heed frame-ancestors before X-Frame-Options.
  firebase: (all) => JSON.stringify({ hosting: { public: 'dist', headers: all.map((rule) => ({ source: rule.path === '/*' ? '**' : rule.path.replace(/\*$/, '**'), headers: rule.headers.map(([key, value]) => ({ key, value })) })) } }, null, 2),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = HOSTS[process.argv[2] ?? ''];
  if (!write) {
    console.error(`hosts: say which: ${Object.keys(HOSTS).join(', ')}`);
    process.exit(1);
  }
  const files = ['../dist/_headers', '../www/_headers'].map((file) => new URL(file, import.meta.url));
  console.log(write(rules(readFileSync(files.find((file) => existsSync(file)) ?? files[1], 'utf8'))));
}
