//! Triggers that do the work of foreign keys by statements that fire triggers.

use super::trigger;
use crate::audit::{TRIGGER_PREFIX, Trigger};
use crate::database::engine::mysql::quote::identifier;
use crate::database::engine::names::distinct;

/// A foreign key of the table `child`, whose `columns` refer to `references` of `parent`.
#[derive(Debug, Clone, Copy)]
pub(in crate::database) struct Reference<'a> {
    /// The referring table.
    pub(in crate::database) child: &'a str,
    /// Its columns.
    pub(in crate::database) columns: &'a [&'a str],
    /// The referred table, another one: a trigger cannot write to its own table.
    pub(in crate::database) parent: &'a str,
    /// The columns referred to, in the same order.
    pub(in crate::database) references: &'a [&'a str],
}

/// A trigger that deletes the rows that refer to a row before it is deleted, as ON DELETE CASCADE would.
pub(in crate::database) fn cascade(reference: &Reference<'_>) -> Trigger {
    let body = format!(
        "DELETE FROM {} WHERE {}",
        identifier(reference.child),
        refers(reference)
    );
    before_delete(reference, "cascade", &body)
}

/// A trigger that takes the reference out of the rows that refer to a row before it is deleted, as ON DELETE SET NULL
/// would.
pub(in crate::database) fn set_null(reference: &Reference<'_>) -> Trigger {
    let nothing: Vec<_> = reference
        .columns
        .iter()
        .map(|column| format!("{} = NULL", identifier(column)))
        .collect();
    let body = format!(
        "UPDATE {} SET {} WHERE {}",
        identifier(reference.child),
        nothing.join(", "),
        refers(reference)
    );
    before_delete(reference, "set_null", &body)
}

fn refers(reference: &Reference<'_>) -> String {
    let pairs = reference.columns.iter().zip(reference.references);
    let equal: Vec<_> = pairs
        .map(|(column, referred)| format!("{} = OLD.{}", identifier(column), identifier(referred)))
        .collect();
    equal.join(" AND ")
}

fn before_delete(reference: &Reference<'_>, action: &str, body: &str) -> Trigger {
    let columns = reference.columns.join("_");
    let name = format!("{TRIGGER_PREFIX}{}_{columns}_{action}", reference.child);
    // `a_b` (`c`) is not `a` (`b_c`).
    let parts = [&[reference.child], reference.columns].concat().join("\0");
    trigger(
        &distinct(&name, &parts),
        "BEFORE",
        "DELETE",
        reference.parent,
        body,
    )
}
