/** The worker of this site's own pages: the recogniser's, and the vault's operations and people's pictures, which the package's does not tell. */
import { vaultOperations } from '../vault/operations.js';
import { means, operations } from './worker.js';

means.pictures = true;
Object.assign(operations, vaultOperations(means));
