/** The worker of this site's own pages: the recogniser's, and the vault's and kiosk's operations and people's pictures, which the package's does not tell. */
import { vaultOperations } from '../vault/operations.js';
import { kioskOperations } from './kiosk.js';
import { means, operations } from './worker.js';

means.pictures = true;
Object.assign(operations, vaultOperations(means), kioskOperations(means));

/** @typedef {typeof operations & ReturnType<typeof vaultOperations> & ReturnType<typeof kioskOperations>} Operations what a page may ask for, each by one message with one answer */
