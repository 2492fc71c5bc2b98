/**
 * What belongs to this release. The build replaces this file: `files` are all files with the SHA-256 of each, `headers` what
 * they are sent with, by paths as in _headers, `engine` says which of them the engine is made of, a browser needing one build
 * of its module, and `id` differs whenever any of it differs.
 *
 * @type {{id: string, files: Record<string, string>, headers: {path: string, headers: [string, string][]}[], engine: {wasm: Record<import('../types.js').EngineBuild, string>, manifest: string, models: Record<string, string>, picture: string}}}
 */
export const release = { id: '', files: {}, headers: [], engine: { wasm: { plain: '', relaxed: '' }, manifest: '', models: {}, picture: '' } };
