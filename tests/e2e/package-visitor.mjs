/** A visitor of pages that hold the npm package, and servers for those; both end with the tests of the file. */
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { folder } from '../../tools/package.mjs';
import { startServer } from '../../tools/serve.mjs';
import { Visitor } from './browser.mjs';

/** @returns {Promise<{visitor: Visitor, serve: (where: string, options?: object) => Promise<string>}>} `serve`: the address of a folder */
export async function arriveWithPackage() {
  if (!existsSync(folder)) throw new Error('target/package is missing: run `make package` first');
  const visitor = await Visitor.arrive();
  const servers = [];
  after(async () => {
    await visitor.depart();
    for (const server of servers) await server.close();
  });
  return {
    visitor,
    async serve(where, options = {}) {
      const server = await startServer({ folder: where, ...options });
      servers.push(server);
      return server.url;
    },
  };
}
