//! The keys that the planner tracks besides identities: UNIQUE constraints, and generated keys that children need.

use crate::layout::{IdentityRule, Layout, RecordRule, Source};
use crate::model::{PerTable, TableIndex};
use crate::plan::seen::SeenIdentities;

/// A UNIQUE constraint other than the identity, and its keys seen so far.
#[derive(Debug)]
pub(super) struct UniqueKey {
    pub(super) columns: Vec<usize>,
    pub(super) seen: SeenIdentities,
}

/// The UNIQUE constraints whose columns are mapped and that are not part of the identity.
pub(super) fn unique_keys(layout: &Layout, table: TableIndex) -> Vec<UniqueKey> {
    let rules: Vec<&RecordRule> = layout
        .sources
        .iter()
        .flat_map(Source::rules)
        .filter(|rule| rule.table == table)
        .collect();
    let model = &layout.tables[table];
    let mut keys: Vec<&Vec<usize>> = model.table.unique.iter().collect();
    keys.push(&model.table.primary_key);
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|columns| !columns.is_empty() && columns.iter().all(|&column| model.mapped[column]))
        .filter(|columns| {
            !rules
                .iter()
                .all(|rule| matches!(&rule.identity, IdentityRule::Columns(own) if own == *columns))
        })
        .map(|columns| UniqueKey {
            columns: columns.clone(),
            seen: SeenIdentities::default(),
        })
        .collect()
}

/// For each table, whether records nested in its records need its generated keys.
pub(super) fn keys_wanted(layout: &Layout) -> PerTable<bool> {
    fn visit(rules: &[RecordRule], wanted: &mut PerTable<bool>) -> bool {
        let mut asked = false;
        for rule in rules {
            let inside = visit(&rule.records, wanted);
            wanted[rule.table] |= inside;
            asked |= inside || rule.depends_on_parent_key;
        }
        asked
    }
    let mut wanted = layout.tables.iter().map(|_| false).collect();
    for source in &layout.sources {
        visit(&source.records, &mut wanted);
    }
    wanted
}
