/** The error that the page's modules throw. */

/** @import { Fault } from '../types.js' */

/** An error with a code, and words for people. */
export class BrowError extends Error {
  /** @param {Fault} fault */
  constructor(fault) {
    super(fault.message);
    this.name = 'BrowError';
    this.code = fault.code;
    this.remedy = fault.remedy;
    this.values = fault.values;
  }
}
