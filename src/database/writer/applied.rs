//! Counts the changes of a run that were applied to rows, to compare them with the entries that they caused: a trigger
//! or rule of others on the audit log can keep entries from being written.

use std::collections::BTreeMap;

use crate::audit::Action;
use crate::audit::seal::TableActions;
use crate::database::Mismatch;
use crate::layout::Layout;
use crate::model::{TableIndex, plural};

/// The number of applied changes by table of the layout and action, without those that the database made by itself.
#[derive(Debug, Default)]
pub(super) struct Applied(BTreeMap<(TableIndex, &'static str), u64>);

impl Applied {
    /// Counts changed rows.
    pub(super) fn add(&mut self, table: TableIndex, action: Action, rows: usize) {
        *self.0.entry((table, action.name())).or_default() += rows as u64;
    }

    /// The inserted and deleted rows without an entry; triggers of the application and cascades can cause more entries.
    /// An update can rightly have none: the file may write a value otherwise that the database stores in the same way.
    pub(super) fn without_entries(
        &self,
        layout: &Layout,
        entries: &BTreeMap<Box<str>, TableActions>,
    ) -> Vec<Mismatch> {
        let exact = self.0.iter();
        let exact = exact.filter(|((_, action), _)| *action != Action::Update.name());
        let missing = exact.filter_map(|(&(table, action), &applied)| {
            let table = layout.tables[table].table.name.as_str();
            let actions = entries.get(table);
            let entered = actions.and_then(|actions| actions.get(action));
            let entered = entered.copied().unwrap_or(0);
            (entered < applied).then(|| Mismatch {
                table: table.to_owned(),
                message: format!(
                    "{} of kind {action} caused only {} of the audit log",
                    plural(applied, "change"),
                    plural(entered, "entry")
                ),
            })
        });
        missing.collect()
    }
}
