/** What a page has to know of what the vault takes (src/vault/) before it asks. */

/** Characters of a logo's address. */
export const LOGO_MOST = 100_000;
