//! Ids and what each stands for, in an order in which they are found.

use crate::few;
use crate::vault::record::number;

pub struct Places<T>(Vec<(u128, T)>);

impl<T> Places<T> {
    pub fn new<'a>(ids: impl Iterator<Item = (&'a str, T)>) -> Self {
        Self(few::many(ids.map(|(id, what)| (number(id), what)).collect(), |a, b| a.0.cmp(&b.0)))
    }

    pub fn find(&self, id: &str) -> Option<&T> {
        let id = number(id);
        let at = self.0.binary_search_by(|(known, _)| known.cmp(&id)).ok()?;
        Some(&self.0[at].1)
    }
}
