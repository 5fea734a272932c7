//! The columns to which columns of another affinity refer.
//!
//! With `foreign_keys` on, SQLite looks for the rows that refer to a changed row in an index of the referring column,
//! and converts the values of the changed row to that column's affinity in place: triggers AFTER the change see `7`
//! where the row has `'007'`. It converts strings, and reals in columns without a type; those of numeric columns are
//! what they are already. Indexes can come and go, so all referring columns count.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, SqliteConnection};

use super::affinity::Affinity;
use crate::audit::AuditedTable;

/// The condition on the statement spares the many tables that do not refer to this one.
const REFERRING: &str = "SELECT f.\"to\" AS referred, f.seq AS place, x.type AS declared, COALESCE(l.strict, 0) AS is_strict \
     FROM sqlite_master AS m CROSS JOIN pragma_foreign_key_list(m.name) AS f \
     CROSS JOIN pragma_table_xinfo(m.name) AS x ON x.name = f.\"from\" COLLATE NOCASE \
     LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = m.name COLLATE NOCASE \
     WHERE m.type = 'table' AND m.sql LIKE '%references%' \
     AND (?1 GLOB '*[\"''`]*' OR instr(lower(m.sql), lower(?1)) > 0) AND f.\"table\" = ?1 COLLATE NOCASE";

#[derive(QueryableByName)]
struct Referring {
    /// NULL for the primary key.
    #[diesel(sql_type = Nullable<Text>)]
    referred: Option<String>,
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    declared: String,
    #[diesel(sql_type = BigInt)]
    is_strict: i64,
}

/// The columns of `table` whose values foreign keys convert; `affinity` is that of its columns.
pub(super) fn converted_columns(
    connection: &mut SqliteConnection,
    table: &AuditedTable,
    affinity: &dyn Fn(&str) -> Option<Affinity>,
) -> QueryResult<Vec<usize>> {
    let referring: Vec<Referring> = diesel::sql_query(REFERRING)
        .bind::<Text, _>(&table.name)
        .load(connection)?;
    let mut converted: Vec<usize> = Vec::new();
    for referring in referring {
        let place = match &referring.referred {
            Some(name) => {
                let mut columns = table.columns.iter();
                columns.position(|column| column.name.eq_ignore_ascii_case(name))
            }
            None => usize::try_from(referring.place)
                .ok()
                .and_then(|place| table.key.get(place).copied()),
        };
        let can_be_converted = |&place: &usize| {
            let referred = affinity(&table.columns[place].name);
            let by = Affinity::of(&referring.declared, referring.is_strict != 0);
            referred.is_some_and(|referred| !referred.is_numeric()) && by.is_numeric()
        };
        converted.extend(place.filter(can_be_converted));
    }
    converted.sort_unstable();
    converted.dedup();
    Ok(converted)
}
