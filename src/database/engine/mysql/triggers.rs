//! Audit triggers for MySQL and MariaDB: row by row, since there are no others.
//!
//! They run with the rights of the user who made them, so that a writer needs none on the audit log. The context is
//! read from session variables, which any session may set: where the account is not the one that made the triggers, by
//! name and host, and could do what it likes anyway, they count only if `import_runs` has the run, still running, and
//! the session holds the lock of runs ([`RUN_LOCK`]); else they are taken away. Runs are committed complete, so another
//! session's row is seen with READ UNCOMMITTED alone, and then that session has the lock. The ledger is not asked for
//! the account that made the triggers, because a statement more per row costs an import half as much again. Two things
//! fire no trigger here: TRUNCATE, and what foreign keys do by themselves. Against the second the recipe makes foreign
//! keys RESTRICT, and [`cascade`] does their work by statements that do fire triggers.
//!
//! What a session sets does not reach an entry otherwise either. `SET timestamp` changes what NOW() and UTC_TIMESTAMP()
//! give, but not SYSDATE(), which is in the session's time zone: [`TIME`]. `SET insert_id` chooses the number of the
//! next row that gets one from AUTO_INCREMENT: while a number is chosen, the trigger gives the entry the one after the
//! last.
//!
//! An image that is longer than `max_allowed_packet` becomes NULL; the CHECK constraints of `audit_log` then reject the
//! write.

use super::{identifier, literal};
use crate::audit::{
    AuditedColumn, AuditedTable, EXTERNAL, Form, KeyRule, TRIGGER_PREFIX, Trigger, member_name,
};
use crate::database::engine::balanced::{arguments, joined};
use crate::database::engine::names::{bounded, distinct};
use crate::database::guards::MIGRATIONS;
use crate::model::ColumnType;

/// MySQL's limit on names, in characters.
pub(in crate::database) const LONGEST_NAME: usize = 64;

/// Name, definition and DROP statement of each trigger made by accession on the table `?` of the current database. One
/// that another program created again with the same text, under another name, is one, too.
pub(in crate::database) const STORED: &str = "SELECT TRIGGER_NAME AS name, \
     CONCAT('DROP TRIGGER IF EXISTS `', REPLACE(TRIGGER_NAME, '`', '``'), '`') AS drop_statement, \
     CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT) AS definition \
     FROM information_schema.TRIGGERS \
     WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = CAST(? AS BINARY) \
     AND (TRIGGER_NAME LIKE 'accession\\_%' OR ACTION_STATEMENT LIKE '%INSERT INTO audit\\_log (table\\_name, record\\_id, action, old\\_value%') ORDER BY 1";

/// The `name` of each column of the table `?` (given four times) that is unique or part of a foreign key, also of
/// another table's, or gets the time of each change: a trigger sees the time also if nothing changes.
pub(in crate::database) const CONSTRAINED: &str = "SELECT column_name AS name FROM information_schema.statistics \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND non_unique = 0 AND column_name IS NOT NULL \
     UNION SELECT column_name FROM information_schema.key_column_usage \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND referenced_table_name IS NOT NULL \
     UNION SELECT referenced_column_name FROM information_schema.key_column_usage \
     WHERE referenced_table_schema = DATABASE() AND referenced_table_name = CAST(? AS BINARY) \
     UNION SELECT column_name FROM information_schema.columns \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND extra LIKE '%on update%'";

/// The `count` of tables called `?` that are versioned by time. Those that are versioned by transactions have numbers
/// there.
pub(in crate::database) const VERSIONED: &str = "SELECT count(*) AS count FROM information_schema.tables t \
     WHERE t.table_schema = DATABASE() AND t.table_name = CAST(? AS BINARY) AND t.table_type = 'SYSTEM VERSIONED' AND NOT EXISTS (\
       SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name \
       AND c.generation_expression = 'ROW START' AND c.data_type = 'bigint')";

/// The name of the lock that a run holds from before its first row until after its commit, one per database; names have
/// at most 64 characters.
pub(in crate::database) const RUN_LOCK: &str = "CONCAT('accession ', MD5(DATABASE()))";

const FORMAT: &str = "'%Y-%m-%dT%H:%i:%s.%fZ'";

/// Sets `accession_utc` to the time now, in UTC. SYSDATE() is converted with the offset that the session's time zone
/// had when the statement began, or else, if the clock shows another time with it, by the zone. The first distinguishes
/// between the two hours that a zone calls the same; a session that sets its timestamp can choose between them, and
/// nothing else.
const TIME: &str = "SET accession_now = SYSDATE(6), \
     accession_utc = TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, NOW(6), UTC_TIMESTAMP(6)), accession_now);\n  \
     IF NOT (CONVERT_TZ(accession_utc, '+00:00', @@session.time_zone) <=> accession_now) THEN\n    \
     SET accession_utc = CONVERT_TZ(accession_now, @@session.time_zone, '+00:00');\n  \
     END IF;";

/// The three triggers of `table`.
pub(in crate::database) fn triggers(table: &AuditedTable) -> Vec<Trigger> {
    let changed = joined(table.columns.iter().map(differs).collect(), " OR ");
    let null = || "NULL".to_owned();
    let insert = entry(table, "INSERT", "NEW", &null(), &image(table, "NEW"));
    let delete = entry(table, "DELETE", "OLD", &image(table, "OLD"), &null());
    let (old, new) = (changed_image(table, "OLD"), changed_image(table, "NEW"));
    let (ignored, unless_ignored) = ignored(table);
    let update = format!(
        "{ignored}IF ({}){unless_ignored} THEN BEGIN {}\nEND; END IF;",
        changed,
        entry(table, "UPDATE", "OLD", &old, &new),
    );
    [("INSERT", insert), ("DELETE", delete), ("UPDATE", update)]
        .into_iter()
        .map(|(event, body)| {
            let name = trigger_name(&table.name, &event.to_lowercase());
            let body = format!("BEGIN {body}\nEND");
            trigger(&name, "AFTER", event, &table.name, &body)
        })
        .collect()
}

/// What finds out whether `UPDATE IGNORE`, or an UPDATE that would change the time of the change alone, left the row as
/// it was, for which MariaDB fires the trigger all the same: the
/// row with the old key still has the old values. It is read only if a column changes that a constraint looks at;
/// others cannot be rejected. The condition on the entry comes second. If the table was renamed, there is nothing to
/// read.
fn ignored(table: &AuditedTable) -> (String, &'static str) {
    if table.constrained.is_empty() {
        return (String::new(), "");
    }
    let constrained = table.constrained.iter();
    let constrained: Vec<_> = constrained.map(|&index| &table.columns[index]).collect();
    let changed = constrained.iter().map(|column| differs(column)).collect();
    let changed = joined(changed, " OR ");
    let found = table.key_columns().map(|column| {
        let name = identifier(&column.name);
        format!("stored.{name} = OLD.{name}")
    });
    let unchanged = constrained.iter().map(|column| same_as_stored(column));
    let conditions = joined(found.chain(unchanged).collect(), " AND ");
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
fn same_as_stored(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    match column.form {
        Form::Text => format!("CAST(stored.{name} AS BINARY) <=> CAST(OLD.{name} AS BINARY)"),
        Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Boolean
        | Form::Timestamp
        | Form::Blob => format!("stored.{name} <=> OLD.{name}"),
        Form::SessionTimestamp => {
            let [stored, old] = ["stored", "OLD"].map(|side| seconds(&format!("{side}.{name}")));
            format!("{stored} <=> {old}")
        }
    }
}

/// Takes a context away that is not a run's: without a run, no other variable counts. [`RUN_LOCK`] is held by the
/// connection of a run; a run that enables or disables tables writes its entries without triggers, and may be left
/// unfinished for others to name.
fn check_context() -> String {
    let name = |account: &str| {
        format!("LEFT({account}, CHAR_LENGTH({account}) - LOCATE('@', REVERSE({account})))")
    };
    let host = |account: &str| format!("SUBSTRING_INDEX({account}, '@', -1)");
    format!(
        "IF @accession_run_id IS NOT NULL\n  \
         AND ({} <> {} OR {} NOT LIKE {}) THEN\n  \
         SET @accession_changed_by = NULL, @accession_changed_at = NULL;\n  \
         IF IS_USED_LOCK({RUN_LOCK}) = CONNECTION_ID() THEN\n    \
         SELECT run.actor, run.started_at INTO @accession_changed_by, @accession_changed_at\n    \
         FROM import_runs AS run WHERE run.id = @accession_run_id AND run.status = 'running' AND run.kind NOT IN ('enable', 'disable');\n  \
         END IF;\n  \
         IF @accession_changed_by IS NULL THEN SET @accession_run_id = NULL, @accession_source_file_id = NULL; END IF;\n\
         END IF;\n",
        name("USER()"),
        name("CURRENT_USER()"),
        host("USER()"),
        host("CURRENT_USER()"),
    )
}

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

/// A trigger that makes other programs wait, before the database numbers a row of `table` for them, while an import
/// numbers rows itself: it shares a lock of the row of the ledger's first migration, which the import has for itself.
/// The lock is kept until the transaction ends, and asking for it again costs little: a trigger cannot know whether
/// another transaction began.
pub(in crate::database) fn numbering(table: &str, column: &str) -> Trigger {
    let body = format!(
        "BEGIN IF COALESCE(NEW.{}, 0) = 0 THEN\n\
         DO (SELECT count(*) FROM {NUMBERING} LOCK IN SHARE MODE);\nEND IF; END",
        identifier(column)
    );
    let name = trigger_name(table, "number");
    trigger(&name, "BEFORE", "INSERT", table, &body)
}

/// The row whose lock is held by the session that numbers rows. Every database with a ledger has it.
pub(in crate::database) const NUMBERING: &str =
    "__diesel_schema_migrations WHERE version = 'accession0001'";

/// A trigger has its name alone in a database: a table called `audit_log_no` does not take that of a guard of
/// `audit_log`.
fn trigger_name(table: &str, event: &str) -> String {
    let name = format!("{TRIGGER_PREFIX}{table}_{event}");
    match is_guard(&name) {
        true => distinct(&name, table),
        false => name,
    }
}

/// Whether a trigger of the ledger has this name, perhaps in another case.
fn is_guard(name: &str) -> bool {
    let created = format!("CREATE TRIGGER {} ", name.to_lowercase());
    let mut migrations = MIGRATIONS
        .dirs()
        .filter(|folder| folder.path() == std::path::Path::new("mysql"));
    migrations.any(|folder| {
        folder.dirs().any(|migration| {
            let file = migration.get_file(migration.path().join("up.sql"));
            let text = file.and_then(|file| file.contents_utf8());
            text.is_some_and(|text| text.contains(&created))
        })
    })
}

fn trigger(name: &str, timing: &str, event: &str, table: &str, body: &str) -> Trigger {
    let name = bounded(name, LONGEST_NAME);
    let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(&name));
    Trigger {
        create: format!(
            "{drop};\nCREATE TRIGGER {} {timing} {event} ON {} FOR EACH ROW {body}",
            identifier(&name),
            identifier(table)
        ),
        definition: format!("{timing} {event} {body}"),
        drop,
        name,
    }
}

/// The statements that record a change, with the declarations that they begin with.
fn entry(table: &AuditedTable, action: &str, side: &str, old: &str, new: &str) -> String {
    format!(
        "DECLARE accession_id BIGINT; DECLARE accession_now, accession_utc DATETIME(6);\n\
         {}IF @accession_run_id IS NULL THEN\n  {TIME}\nEND IF;\n\
         IF @@session.insert_id <> 0 THEN SET accession_id = (SELECT COALESCE(MAX(known.id), 0) + 1 FROM audit_log AS known FOR UPDATE); END IF;\n\
         INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user, id)\n\
         VALUES ({}, {}, '{action}',\n  {old},\n  {new},\n  \
         IF(@accession_run_id IS NULL, DATE_FORMAT(accession_utc, {FORMAT}), @accession_changed_at), IF(@accession_run_id IS NULL, '{EXTERNAL}', @accession_changed_by), \
         @accession_run_id, IF(@accession_run_id IS NULL, NULL, @accession_source_file_id), USER(), accession_id);",
        check_context(),
        literal(&table.name),
        record_id(table, side),
    )
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

/// The whole row as a JSON object.
fn image(table: &AuditedTable, side: &str) -> String {
    let columns = table.columns.iter().enumerate();
    let members = columns.map(|(index, column)| {
        let comma = if index == 0 { "" } else { "',', " };
        format!("{comma}{}", member(column, side))
    });
    // A member is up to three arguments.
    let group = |some: &[String]| format!("CONCAT({})", some.join(",\n    "));
    let members = arguments(members.collect(), group);
    format!("CONCAT('{{',\n    {}, '}}')", members.join(",\n    "))
}

/// Key and changed columns as a JSON object; `CONCAT_WS` skips NULLs.
fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table
        .key_columns()
        .map(|column| format!("CONCAT({})", member(column, side)));
    let others = table.other_columns().map(|column| {
        format!(
            "IF({}, CONCAT({}), NULL)",
            differs(column),
            member(column, side)
        )
    });
    // A group without changes contributes neither text nor comma.
    let group =
        |some: &[String]| format!("NULLIF(CONCAT_WS(',',\n    {}), '')", some.join(",\n    "));
    let members = arguments(key.chain(others).collect(), group);
    format!(
        "CONCAT('{{', CONCAT_WS(',',\n    {}), '}}')",
        members.join(",\n    ")
    )
}

/// Name and value, separated by a comma: arguments of `CONCAT`.
fn member(column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    let json = match column.form {
        Form::Text => format!("JSON_QUOTE({})", text(&value)),
        Form::Integer | Form::Real | Form::SingleReal => number(&value, column.form),
        Form::Boolean => {
            format!(
                "CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE CAST({value} AS CHAR) END"
            )
        }
        Form::Timestamp | Form::SessionTimestamp => {
            format!("JSON_QUOTE({})", rfc3339(&value, column.form))
        }
        Form::Blob => format!("CONCAT('{{\"$blob\":\"', HEX({value}), '\"}}')"),
    };
    format!(
        "{}, COALESCE({json}, 'null')",
        literal(&member_name(&column.name))
    )
}

/// MySQL's TIMESTAMP is a number of seconds, and shows civil time in the session's zone, which may have the same hour
/// twice. No number is its `0000-00-00`.
fn rfc3339(value: &str, form: Form) -> String {
    match form {
        Form::SessionTimestamp => format!(
            "IF({0} = 0, '0000-00-00T00:00:00.000000Z', DATE_FORMAT(TIMESTAMP('1970-01-01') + INTERVAL {0} SECOND, {FORMAT}))",
            seconds(value)
        ),
        Form::Timestamp
        | Form::Text
        | Form::Integer
        | Form::SingleReal
        | Form::Real
        | Form::Boolean
        | Form::Blob => format!("DATE_FORMAT({value}, {FORMAT})"),
    }
}

/// A TIMESTAMP as a number; 0 is `0000-00-00`, of which MariaDB makes NULL in some modes.
fn seconds(value: &str) -> String {
    format!("IF({value} IS NULL, NULL, COALESCE(UNIX_TIMESTAMP({value}), 0))")
}

/// All digits of a DOUBLE. Of a FLOAT there would be six: the sum is a DOUBLE, and shows fifteen, more than enough.
fn number(value: &str, form: Form) -> String {
    match form {
        Form::SingleReal => format!("CAST({value} + 0e0 AS CHAR)"),
        Form::Integer
        | Form::Real
        | Form::Text
        | Form::Boolean
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => format!("CAST({value} AS CHAR)"),
    }
}

fn text(value: &str) -> String {
    format!("CONVERT({value} USING utf8mb4)")
}

/// NULL-safe and independent of the column's collation.
fn differs(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    match column.form {
        Form::Text => {
            format!("NOT (CAST(OLD.{name} AS BINARY) <=> CAST(NEW.{name} AS BINARY))")
        }
        Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Boolean
        | Form::Timestamp
        | Form::Blob => format!("NOT (OLD.{name} <=> NEW.{name})"),
        Form::SessionTimestamp => {
            let [old, new] = ["OLD", "NEW"].map(|side| seconds(&format!("{side}.{name}")));
            format!("NOT ({old} <=> {new})")
        }
    }
}

/// The primary key as text; several columns as a JSON array of strings.
fn record_id(table: &AuditedTable, side: &str) -> String {
    let strings: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            match column.form {
                Form::Text | Form::Integer | Form::Boolean => text(&value),
                Form::Real | Form::SingleReal => number(&value, column.form),
                Form::Timestamp | Form::SessionTimestamp => rfc3339(&value, column.form),
                Form::Blob => format!("HEX({value})"),
            }
        })
        .collect();
    match &strings[..] {
        [text] => text.clone(),
        strings => {
            let strings: Vec<_> = strings
                .iter()
                .map(|text| format!("JSON_QUOTE({text})"))
                .collect();
            format!("CONCAT('[', CONCAT_WS(',', {}), ']')", strings.join(", "))
        }
    }
}

/// How [`record_id`] writes keys: a real has an exponent without `+`, and no infinity.
pub(in crate::database) const KEYS: KeyRule = KeyRule {
    real: |number| number.replace('+', ""),
    has_namesakes: false,
};

/// How a column of MySQL's type `declared` (`information_schema.COLUMNS.COLUMN_TYPE`) is written, which the layout
/// takes for a `wanted`. Everything that is not one of ours keeps MySQL's own text.
pub(in crate::database) fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    let declared = declared.to_lowercase();
    let name = declared
        .split(['(', ' '])
        .next()
        .unwrap_or(declared.as_str());
    match name {
        // `00042` is not a number in JSON.
        _ if declared.contains("zerofill") => Form::Text,
        "tinyint" if wanted == Some(ColumnType::Boolean) => Form::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Form::Integer,
        // Nor is `0000`, which no sum shows.
        "float" | "year" => Form::SingleReal,
        "double" => Form::Real,
        "timestamp" => Form::SessionTimestamp,
        // Local time in an unknown zone, unless the layout declares a timestamp.
        "datetime" if wanted == Some(ColumnType::Timestamp) => Form::Timestamp,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "bit"
        | "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" => Form::Blob,
        _ => Form::Text,
    }
}
