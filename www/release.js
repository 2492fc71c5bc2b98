/**
 * What belongs to this release. The build replaces this file: `files` are all files with the SHA-256 of each, `engine`
 * says which of them the engine is made of, and `id` differs whenever any of it, or a header, differs.
 *
 * @type {{id: string, files: Record<string, string>, engine: {wasm: string, manifest: string, models: Record<string, string>, picture: string}}}
 */
export const release = { id: '', files: {}, engine: { wasm: '', manifest: '', models: {}, picture: '' } };
