//! Rows that were planned before it was known that the row of their own table to which they refer is missing.

use crate::model::{Origin, TableIndex};
use crate::plan::dangling::{Dangling, Missing};

use super::{ForeignKeys, RequestedParent};

impl ForeignKeys {
    /// Parents in the child's own table that did not follow, with the children that came before. If `cascades` holds for
    /// the table, the children's own rows count as missing too.
    pub(in crate::plan) fn never_came(
        &mut self,
        cascades: impl Fn(TableIndex) -> bool,
    ) -> Vec<(Dangling, Vec<Origin>)> {
        self.resolve_present();
        let open = std::mem::take(&mut self.open).into_iter();
        let open = open.map(|(wanted, open)| (self.nowhere(&wanted), open));
        let mut waiting: Vec<_> = open.collect();
        let mut missing = Vec::new();
        while let Some((why, open)) = waiting.pop() {
            if cascades(open.child.table) {
                for (child, keys) in &open.children {
                    let late = keys.iter().filter_map(|key| self.late.remove(key));
                    waiting.extend(late.map(|late| (Missing::Invalid(child.clone()), late)));
                }
            }
            missing.push(open.missing(why));
        }
        missing.sort_by(|(_, a), (_, b)| a.cmp(b));
        missing
    }
}

impl RequestedParent {
    /// The foreign key, and the children in their order.
    fn missing(self, why: Missing) -> (Dangling, Vec<Origin>) {
        let mut children: Vec<Origin> = self.children.into_keys().collect();
        children.sort();
        if children.is_empty() {
            children.push(self.first);
        }
        let dangling = Dangling {
            why,
            columns: self.child,
            parent: self.parent.table,
        };
        (dangling, children)
    }
}
