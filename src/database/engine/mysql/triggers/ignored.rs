//! Updates that the database ignored, for which MariaDB fires the trigger all the same.

use super::image::differs;
use super::values::same;
use crate::audit::{AuditedColumn, AuditedTable};
use crate::database::engine::balanced::joined;
use crate::database::engine::mysql::quote::identifier;

/// The `name` of each column of the table `?` that is unique or part of a foreign key, also of
/// another table's, or gets the time of each change: a trigger sees the time also if nothing changes.
pub(in crate::database) const CONSTRAINED: &str = "SELECT column_name AS name FROM information_schema.statistics \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND non_unique = 0 AND column_name IS NOT NULL \
     UNION SELECT column_name FROM information_schema.key_column_usage \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND referenced_table_name IS NOT NULL \
     UNION SELECT referenced_column_name FROM information_schema.key_column_usage \
     WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE() AND referenced_table_name = CAST(? AS BINARY) \
     UNION SELECT column_name FROM information_schema.columns \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND extra LIKE '%on update%' \
     UNION SELECT column_name FROM information_schema.columns \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND data_type IN ('date', 'datetime', 'timestamp') \
     AND EXISTS (SELECT 1 FROM information_schema.columns k \
       WHERE k.table_schema = DATABASE() AND k.table_name = CAST(? AS BINARY) \
       AND k.column_key = 'PRI' AND k.data_type IN ('date', 'datetime', 'timestamp'))";

/// The `count` of tables called `?` that are versioned by time. Those that are versioned by transactions have numbers
/// there.
pub(in crate::database) const VERSIONED: &str = "SELECT count(*) AS count FROM information_schema.tables t \
     WHERE t.table_schema = DATABASE() AND t.table_name = CAST(? AS BINARY) AND t.table_type = 'SYSTEM VERSIONED' AND NOT EXISTS (\
       SELECT 1 FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = CAST(? AS BINARY) \
       AND c.generation_expression = 'ROW START' AND c.data_type = 'bigint')";

/// What finds out whether `UPDATE IGNORE`, or an UPDATE that would change the time of the change alone, left the row as
/// it was, for which MariaDB fires the trigger all the same: the
/// row with the old key still has the old values. It is read only if a column changes that a constraint looks at;
/// others cannot be rejected. The condition on the entry comes second. If the table was renamed, there is nothing to
/// read. In an UPDATE of several tables NEW can have a NULL in place of which a NOT NULL column stores a value, which can
/// be the former one: then there is always an entry.
pub(super) fn ignored(table: &AuditedTable) -> (String, &'static str) {
    if table.constrained.is_empty() {
        return (String::new(), "");
    }
    let constrained = table.constrained.iter();
    let constrained: Vec<_> = constrained.map(|&index| &table.columns[index]).collect();
    let changed = constrained
        .iter()
        .map(|column| differs(table, column))
        .collect();
    let changed = joined(changed, " OR ");
    let found = table.key_columns().map(|column| {
        let name = identifier(&column.name);
        format!("stored.{name} = OLD.{name}")
    });
    let unchanged = constrained
        .iter()
        .map(|column| same_as_stored(table, column));
    let required = constrained.iter().filter(|column| column.required);
    let converted = required.map(|column| format!("NEW.{} IS NOT NULL", identifier(&column.name)));
    let conditions = joined(found.chain(unchanged).chain(converted).collect(), " AND ");
    // Which rows of a versioned table are current is compiled into the trigger, in the time zone that a session had
    // then.
    let now = match table.versioned {
        true => " FOR SYSTEM_TIME AS OF SYSDATE(6) + INTERVAL 1 DAY",
        false => "",
    };
    let text = format!(
        "DECLARE accession_ignored INT DEFAULT 0; IF {} THEN BEGIN\n\
         DECLARE CONTINUE HANDLER FOR SQLSTATE '42S02' SET accession_ignored = 0;\n\
         SET accession_ignored = (SELECT COUNT(*) FROM {}{now} AS stored WHERE {});\nEND; END IF;\n",
        changed,
        identifier(&table.name),
        conditions,
    );
    (text, " AND accession_ignored = 0")
}

/// Whether the stored row has the value that the row had.
fn same_as_stored(table: &AuditedTable, column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    let [stored, old] = ["stored", "OLD"].map(|side| format!("{side}.{name}"));
    same(table, column.form, [&stored, &old])
}
