//! The triggers that keep the ledger append-only, as the migrations create them, and statements about its tables. Names
//! of the ledger need no quotes.

/// A statement `CREATE TRIGGER name time events ON table …` of a migration.
#[cfg_attr(
    not(feature = "servers"),
    expect(dead_code, reason = "the embedded engine keeps the whole text")
)]
pub(in crate::database) struct GuardStatement<'t> {
    /// The trigger's name.
    pub(super) name: &'t str,
    /// `BEFORE UPDATE OR DELETE`.
    pub(super) when: &'t str,
    /// The table.
    pub(in crate::database) table: &'t str,
    /// The text after the table.
    pub(super) rest: &'t str,
    /// The whole statement, without the final semicolon.
    pub(super) text: &'t str,
}

/// The statements of a migration that create triggers. Each ends at the end of a line.
pub(in crate::database) fn guard_statements(
    migration: &str,
) -> impl Iterator<Item = GuardStatement<'_>> {
    const CREATE: &str = "CREATE TRIGGER ";
    migration
        .split_inclusive(";\n")
        .filter_map(|lines| lines.find(CREATE).map(|at| lines[at..].trim_end()))
        .filter_map(|lines| {
            let text = lines.strip_suffix(';')?;
            let (name, rest) = text.strip_prefix(CREATE)?.split_once(' ')?;
            let (when, rest) = rest.split_once(" ON ")?;
            let (table, rest) = rest.split_once(char::is_whitespace)?;
            Some(GuardStatement {
                name,
                when,
                table,
                rest: rest.trim_start(),
                text,
            })
        })
}

/// Drops a table of the ledger.
pub(in crate::database) fn drop_table(table: &str) -> String {
    format!("DROP TABLE IF EXISTS {table}")
}

/// Adds a foreign key to a table of the ledger.
pub(in crate::database) fn append_key(table: &str, clause: &str) -> String {
    format!("ALTER TABLE {table} ADD {clause}")
}
