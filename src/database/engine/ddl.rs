//! The DDL of a layout's table: what all engines have in common. Clauses in which they differ are methods of
//! [`Dialect`].

use super::Dialect;
use super::names::{list, refers_to_itself, unnamed_unique};
use crate::model::{Index, Table};

/// `CREATE TABLE` with all constraints that must hold while rows are written.
pub(super) fn create_table<D: Dialect + ?Sized>(dialect: &D, table: &Table) -> String {
    let names = |columns: &[usize]| list(table, columns, |name| dialect.identifier(name));
    let columns = 0..table.columns.len();
    let mut lines: Vec<String> = columns
        .map(|column| dialect.define_column(table, column))
        .collect();
    if dialect.has_key_clause(table) {
        lines.push(format!("PRIMARY KEY ({})", names(&table.primary_key)));
    }
    for columns in &table.unique {
        if is_constraint(dialect, table, columns) {
            lines.push(format!("UNIQUE ({})", names(columns)));
        }
    }
    for key in &table.foreign_keys {
        let references = key.references.iter().map(|name| dialect.identifier(name));
        lines.push(format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}){}",
            names(&key.columns),
            dialect.table_name(&key.table),
            references.collect::<Vec<_>>().join(", "),
            dialect.foreign_key_action(key.on_delete),
        ));
    }
    format!(
        "CREATE TABLE {} (\n  {}\n){}",
        dialect.table_name(&table.name),
        lines.join(",\n  "),
        dialect.table_options(),
    )
}

/// `CREATE INDEX` statements. UNIQUE constraints become unique indexes, which enforce the same and can be built after
/// the rows are in: at a first load that is most of the time saved.
pub(super) fn create_indexes<D: Dialect + ?Sized>(dialect: &D, table: &Table) -> Vec<String> {
    let create = |name: &str, unique: &str, columns: &str| {
        format!(
            "CREATE {unique}INDEX {} ON {} ({columns})",
            dialect.identifier(&dialect.index_name(name)),
            dialect.table_name(&table.name)
        )
    };
    let constraints = unnamed_unique(table)
        .filter(|(_, columns)| !is_constraint(dialect, table, columns))
        .map(|(name, columns)| {
            let columns = list(table, columns, |name| dialect.identifier(name));
            create(&name, "UNIQUE ", &columns)
        });
    let indexes = table.indexes.iter().map(|index| {
        let unique = if index.unique { "UNIQUE " } else { "" };
        create(&index.name, unique, &dialect.index_columns(table, index))
    });
    constraints.chain(indexes).collect()
}

/// The columns of an index with their order.
pub(super) fn index_columns<D: Dialect + ?Sized>(
    dialect: &D,
    table: &Table,
    index: &Index,
) -> String {
    let columns = index.columns.iter().map(|column| {
        let order = if column.descending { " DESC" } else { "" };
        let name = &table.columns[column.column].name;
        format!("{}{order}", dialect.identifier(name))
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// Whether `CREATE TABLE` declares these columns unique.
fn is_constraint<D: Dialect + ?Sized>(dialect: &D, table: &Table, columns: &[usize]) -> bool {
    dialect.requires_unique_references() && refers_to_itself(table, columns)
}
