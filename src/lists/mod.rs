//! Lists of people as spreadsheets write them: which encoding and delimiter a file has, which row holds its titles, which column
//! is what, who is on it, and which photo is whose. Everything is a proposal with its reasons: a person sees it and may choose
//! otherwise before anything is kept. What is wrong is said by line, and a row that may be read wrongly is left out.
//!
//! | stage | module |
//! |---|---|
//! | bytes to a name of an encoding; the browser decodes | [`encoding`] |
//! | text to rows, rows to text | [`table`] |
//! | titles, and what a column holds | [`columns`] |
//! | rows to guests | [`guests`] |
//! | names of photos to files | [`photos`] |

pub mod columns;
pub mod encoding;
pub mod guests;
pub mod photos;
pub mod table;
