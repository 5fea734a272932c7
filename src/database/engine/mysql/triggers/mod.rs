//! Audit triggers for MySQL and MariaDB: row by row, since there are no others.
//!
//! They run with the rights of the user who made them, so that a writer needs none on the audit log. The context is
//! read from session variables, which any session may set: where the account is not the one that made the triggers, by
//! name and host, and could do what it likes anyway, they count only if `import_runs` has the run, still running, and
//! the session holds the lock of runs ([`RUN_LOCK`]); else they are taken away. Runs are committed complete, so another
//! session's row is seen with READ UNCOMMITTED alone, and then that session has the lock. The ledger is not asked for
//! the account that made the triggers, because a statement more per row costs an import half as much again. Two things
//! fire no trigger here: TRUNCATE, and what foreign keys do by themselves. Against the second the recipe makes foreign
//! keys RESTRICT, and [`cascade`](fn@cascade) does their work by statements that do fire triggers.
//!
//! What a session sets does not reach an entry otherwise either. `SET timestamp` changes what NOW() and UTC_TIMESTAMP()
//! give, but not SYSDATE(), which is in the session's time zone: [`TIME`](entry::TIME). `SET insert_id` chooses the
//! number of the next row that gets one from AUTO_INCREMENT: while a number is chosen, the trigger gives the entry the
//! one after the last.
//!
//! An image that is longer than `max_allowed_packet` becomes NULL; the CHECK constraints of `audit_log` then reject the
//! write.

mod cascade;
mod entry;
mod form;
mod ignored;
mod image;
mod key;
mod names;
mod numbering;
mod values;

use crate::audit::{AuditedTable, Trigger, structure_mark};
use crate::database::engine::balanced::joined;
use crate::database::engine::mysql::quote::identifier;
use crate::database::engine::names::bounded;
use entry::entry;
use image::{changed_image, differs, image};
use key::record_id;

pub(in crate::database) use cascade::{Reference, cascade, set_null};
pub(in crate::database) use entry::RUN_LOCK;
pub(in crate::database) use form::form;
pub(in crate::database) use ignored::{CONSTRAINED, VERSIONED};
pub(in crate::database) use key::KEYS;
pub(in crate::database) use numbering::{NUMBERING, numbering};

macro_rules! other_settings {
    () => {
        "/* created with other settings */"
    };
}

/// On MariaDB it replaces the trigger that has the name, and no change is made in between: see
/// [`replace_trigger`](crate::database::engine::Engine::replace_trigger).
pub(in crate::database) const CREATE: &str = "CREATE /*M!100300 OR REPLACE */ TRIGGER";

/// MySQL's limit on names, in characters.
pub(in crate::database) const LONGEST_NAME: usize = 64;

/// Name, definition and DROP statement of each trigger made by accession on the table `?` of the current database. One
/// that another program created again with the same text, under another name, is one, too. A trigger runs with settings
/// of the session that created it: the definition of one that was not created with those of ours, which the server
/// writes in the same order, ends with `other_settings!`. Of the collation only the character set matters.
pub(in crate::database) const STORED: &str = concat!(
    "SELECT TRIGGER_NAME AS name, \
     CONCAT('DROP TRIGGER IF EXISTS `', REPLACE(TRIGGER_NAME, '`', '``'), '`') AS drop_statement, \
     CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, \
       IF(SQL_MODE = @@sql_mode AND CHARACTER_SET_CLIENT = @@character_set_client \
          AND COLLATION_CONNECTION LIKE CONCAT(@@character_set_connection, '\\_%'), NULL, '",
    other_settings!(),
    "')) AS definition \
     FROM information_schema.TRIGGERS \
     WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = CAST(? AS BINARY) \
     AND (TRIGGER_NAME LIKE 'accession\\_%' OR ACTION_STATEMENT LIKE '%INSERT INTO audit\\_log (table\\_name, record\\_id, action, old\\_value%') ORDER BY 1"
);

/// Whether a stored trigger with this text was created with other settings than ours, which decide what its text means:
/// without strict mode, for example, a string that becomes too long is NULL, and the entry lacks it.
pub(in crate::database) fn has_other_settings(definition: &str) -> bool {
    definition.ends_with(other_settings!())
}

/// The three triggers of `table`.
pub(in crate::database) fn triggers(table: &AuditedTable) -> Vec<Trigger> {
    let columns = table.columns.iter();
    let changed = joined(
        columns.map(|column| differs(table, column)).collect(),
        " OR ",
    );
    let null = || "NULL".to_owned();
    let insert = entry(table, "INSERT", "NEW", &null(), &image(table, "NEW"));
    let delete = entry(table, "DELETE", "OLD", &image(table, "OLD"), &null());
    let (old, new) = (changed_image(table, "OLD"), changed_image(table, "NEW"));
    let mark = structure_mark(table, |column| column.form.name());
    let (ignored, unless_ignored) = ignored::ignored(table);
    let update = format!(
        "{ignored}IF ({}){unless_ignored} THEN BEGIN {}\nEND; END IF;",
        changed,
        entry(table, "UPDATE", "OLD", &old, &new),
    );
    [("INSERT", insert), ("DELETE", delete), ("UPDATE", update)]
        .into_iter()
        .map(|(event, body)| {
            let name = names::trigger_name(&table.name, &event.to_lowercase());
            let body = format!("{mark}: BEGIN {body}\nEND");
            trigger(&name, "AFTER", event, &table.name, &body)
        })
        .collect()
}

pub(super) fn trigger(name: &str, timing: &str, event: &str, table: &str, body: &str) -> Trigger {
    let name = bounded(name, LONGEST_NAME);
    let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(&name));
    Trigger {
        create: format!(
            "{CREATE} {} {timing} {event} ON {} FOR EACH ROW {body}",
            identifier(&name),
            identifier(table)
        ),
        definition: format!("{timing} {event} {body}"),
        drop,
        name,
    }
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
pub(in crate::database) fn select_images(table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {} AS live",
        record_id(table, "live"),
        image(table, "live"),
        identifier(&table.name)
    )
}
