//! Identity rules: a key of the table that the mapped columns cover, or the rule in the layout.

use crate::layout::problem::quoted;
use crate::layout::rules::IdentityRule;
use crate::layout::written::{WrittenIdentity, WrittenRecords};
use crate::model::TableIndex;

use super::Compiler;
use super::scope::Scope;

impl Compiler<'_> {
    /// Returns the identity of records of `table` that fill the `mapped` columns. An explicit rule takes precedence.
    pub(super) fn identity(
        &mut self,
        written: &WrittenRecords,
        table: TableIndex,
        mapped: &[usize],
        scope: &Scope<'_>,
    ) -> Option<IdentityRule> {
        match written.identity.as_ref().map(toml::Spanned::get_ref) {
            Some(WrittenIdentity::Position) => return Some(IdentityRule::Position),
            Some(WrittenIdentity::Pointers(pointers)) => {
                let pointers: Vec<_> = pointers
                    .iter()
                    .map(|pointer| self.pointer(pointer.get_ref(), pointer.span().start, scope))
                    .collect();
                let pointers = pointers.into_iter().collect::<Option<_>>()?;
                return Some(IdentityRule::Pointers(pointers));
            }
            None => {}
        }
        let table = self.tables[table];
        let covered = [&table.primary_key]
            .into_iter()
            .chain(&table.unique)
            .find(|key| !key.is_empty() && key.iter().all(|column| mapped.contains(column)));
        if covered.is_none() {
            let keys = [&table.primary_key].into_iter().chain(&table.unique);
            let keys: Vec<String> = keys
                .filter(|key| !key.is_empty())
                .map(|key| {
                    quoted(
                        key.iter()
                            .map(|&column| table.columns[column].name.as_str()),
                    )
                })
                .collect();
            self.error(
                written.table.span().start,
                format!("the records of `{}` cannot be matched in the next run", table.name),
                format!(
                    "map all columns of one of its keys ({}), or add `identity = [\"/id\"]` or `identity = \"position\"`",
                    keys.join("; ")
                ),
            );
        }
        covered.map(|key| IdentityRule::Columns(key.clone()))
    }
}
