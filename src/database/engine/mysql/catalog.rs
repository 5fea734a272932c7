//! Catalog queries for MySQL and MariaDB.

use std::borrow::Cow;

use super::row_size::row_limit;
use super::triggers::form;
use crate::database::engine::Catalog;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

/// The columns of foreign keys `k`, for [`Catalog::references`]. Actions of foreign keys fire no triggers: a table that
/// has audit triggers gets no entry.
macro_rules! references {
    () => {
        "SELECT k.table_name AS child, NULLIF(k.table_schema, DATABASE()) AS child_schema, k.constraint_name AS name, \
         k.column_name AS child_column, k.referenced_column_name AS parent_column, CAST(NULL AS CHAR) AS comparison, \
         r.delete_rule AS on_delete, \
         r.update_rule AS on_update, \
         CAST((r.delete_rule IN ('CASCADE', 'SET NULL') OR r.update_rule IN ('CASCADE', 'SET NULL')) AND EXISTS (\
           SELECT 1 FROM information_schema.triggers t WHERE t.trigger_schema = k.table_schema \
           AND t.event_object_table = k.table_name AND t.trigger_name LIKE 'accession\\_%') AS SIGNED) AS is_silent \
         FROM information_schema.key_column_usage k \
         JOIN information_schema.referential_constraints r ON r.constraint_schema = k.table_schema \
           AND r.table_name = k.table_name AND r.constraint_name = k.constraint_name "
    };
}

/// Names of tables are compared by byte: MariaDB's catalog compares them without case. [`names_as`] adapts the queries
/// to servers that do not distinguish case.
pub(super) static CATALOG: Catalog = Catalog {
    has_table: "SELECT count(*) AS count FROM information_schema.tables \
                WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND table_type NOT LIKE '%VIEW'",
    tables: "SELECT table_name AS name FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1",
    without_triggers: None,
    partitions: None,
    views: "SELECT table_name AS name FROM information_schema.views WHERE table_schema = DATABASE()",
    definitions: "SELECT 'column' AS kind, column_name AS name, table_name AS of_table, CAST(column_type AS CHAR) AS definition \
                  FROM information_schema.columns WHERE table_schema = DATABASE() \
                  UNION ALL \
                  SELECT 'trigger', trigger_name, event_object_table, CONCAT_WS(' ', action_timing, event_manipulation, action_statement) \
                  FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1, 3, 2",
    columns: "SELECT c.column_name AS name, c.column_type AS declared, '' AS type_name, CAST(NULL AS CHAR) AS equals, \
              CASE WHEN COALESCE(c.generation_expression, '') <> '' THEN 'computed' \
                   WHEN c.extra LIKE '%on update%' THEN 'stamped' ELSE '' END AS filled, \
              CAST(c.is_nullable = 'NO' AS SIGNED) AS required, \
              CASE WHEN c.extra LIKE '%auto_increment%' THEN 'auto_increment' \
                   WHEN c.extra LIKE '%GENERATED%' AND c.column_default IS NULL THEN 'generated' \
                   ELSE c.column_default END AS default_value, \
              CASE c.column_key WHEN 'PRI' THEN (\
                SELECT CAST(k.ordinal_position AS SIGNED) FROM information_schema.key_column_usage k \
                WHERE k.table_schema = DATABASE() AND k.table_name = CAST(? AS BINARY) \
                AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY') ELSE 0 END AS `key` \
              FROM information_schema.columns c \
              WHERE c.table_schema = DATABASE() AND c.table_name = CAST(? AS BINARY) \
              AND COALESCE(c.generation_expression, '') NOT IN ('ROW START', 'ROW END') \
              ORDER BY c.ordinal_position",
    // The server opens all tables of a database unless a query names one.
    columns_of_tables: None,
    references: concat!(
        references!(),
        "WHERE k.table_schema = DATABASE() AND k.referenced_table_schema = DATABASE() \
         AND k.referenced_table_name = CAST(? AS BINARY) ORDER BY k.table_name, k.constraint_name, k.ordinal_position"
    ),
    // The server reads all tables of all databases that this account can see.
    references_from_elsewhere: Some(concat!(
        references!(),
        "WHERE k.table_schema <> DATABASE() AND k.referenced_table_schema = DATABASE() \
         AND k.referenced_table_name = CAST(? AS BINARY) \
         ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position"
    )),
    last_number: "SELECT CAST(auto_increment - 1 AS SIGNED) AS value FROM information_schema.tables \
                  WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY)",
    // Without the right TRIGGER, `information_schema` shows none of them, or, on MariaDB, to users who may write rows,
    // their names alone. The rights of a role are listed under its name: a user who is shown the text of any trigger
    // has the right.
    // The triggers come last, because the server parses each of them.
    sees_triggers: "SELECT CAST(EXISTS (SELECT 1 FROM information_schema.user_privileges u \
                      WHERE REPLACE(u.grantee, '''', '') = CURRENT_USER() AND u.privilege_type = 'TRIGGER') \
                    OR EXISTS (SELECT 1 FROM information_schema.schema_privileges s \
                      WHERE REPLACE(s.grantee, '''', '') = CURRENT_USER() AND DATABASE() LIKE s.table_schema \
                      AND s.privilege_type = 'TRIGGER') \
                    OR EXISTS (SELECT 1 FROM information_schema.triggers \
                      WHERE trigger_schema = DATABASE() AND action_statement IS NOT NULL) AS SIGNED) AS count",
    drop_triggers: "SELECT trigger_name AS name, \
                    CONCAT('DROP TRIGGER `', REPLACE(trigger_name, '`', '``'), '`') AS statement \
                    FROM information_schema.triggers \
                    WHERE trigger_schema = DATABASE() AND trigger_name LIKE 'accession\\_%' ORDER BY 1",
    longest_value: "SELECT CAST(@@max_allowed_packet AS SIGNED) AS value",
    facts: "SELECT VERSION() AS version, @@character_set_connection AS encoding, @@session.time_zone AS time_zone, \
            DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS now",
    missing_rights: "SELECT needed.name AS name FROM (\
                       SELECT 'SELECT' AS name UNION ALL SELECT 'INSERT' UNION ALL SELECT 'UPDATE' UNION ALL SELECT 'DELETE' \
                       UNION ALL SELECT 'CREATE' UNION ALL SELECT 'INDEX' UNION ALL SELECT 'REFERENCES' \
                       UNION ALL SELECT 'TRIGGER' UNION ALL SELECT 'DROP' UNION ALL SELECT 'ALTER') AS needed \
                     WHERE NOT EXISTS (SELECT 1 FROM information_schema.user_privileges u \
                       WHERE REPLACE(u.grantee, '''', '') = CURRENT_USER() AND u.privilege_type = needed.name) \
                     AND NOT EXISTS (SELECT 1 FROM information_schema.schema_privileges s \
                       WHERE REPLACE(s.grantee, '''', '') = CURRENT_USER() AND DATABASE() LIKE s.table_schema \
                       AND s.privilege_type = needed.name) \
                     UNION ALL \
                     SELECT 'SUPER, or log_bin_trust_function_creators = 1: triggers are rejected while the binary log is written' \
                     FROM DUAL WHERE @@log_bin = 1 AND @@log_bin_trust_function_creators = 0 \
                     AND NOT EXISTS (SELECT 1 FROM information_schema.user_privileges u \
                       WHERE REPLACE(u.grantee, '''', '') = CURRENT_USER() AND u.privilege_type = 'SUPER')",
    silent_cascades: "SELECT CONCAT(table_name, '.', constraint_name) AS name, table_name AS child, \
                      referenced_table_name AS parent FROM information_schema.referential_constraints \
                      WHERE constraint_schema = DATABASE() \
                        AND (delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL')) ORDER BY 1",
    hidden_rows: None,
    earlier_triggers: None,
    without_transactions: Some(
        "SELECT t.table_name AS name FROM information_schema.tables t \
                           JOIN information_schema.engines e ON e.engine = t.engine \
                           WHERE t.table_schema = DATABASE() AND e.transactions = 'NO' ORDER BY 1",
    ),
    emptied_by_crash: Some(
        "SELECT table_name AS name FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND engine = 'MEMORY' ORDER BY 1",
    ),
    // A user with TRIGGER as well can drop the triggers.
    unrecorded_columns: None,
    shadowing_accounts: Some(
        "SELECT DISTINCT a.grantee AS name FROM (\
                           SELECT grantee, privilege_type FROM information_schema.user_privileges \
                           UNION SELECT grantee, privilege_type FROM information_schema.schema_privileges \
                           WHERE DATABASE() LIKE table_schema) AS a \
                         WHERE a.privilege_type = 'CREATE TEMPORARY TABLES' AND NOT EXISTS (\
                           SELECT 1 FROM information_schema.user_privileges u \
                           WHERE u.grantee = a.grantee AND u.privilege_type = 'TRIGGER') \
                         AND NOT EXISTS (SELECT 1 FROM information_schema.schema_privileges s \
                           WHERE s.grantee = a.grantee AND DATABASE() LIKE s.table_schema AND s.privilege_type = 'TRIGGER') ORDER BY 1",
    ),
    // No variable shows `--sysdate-is-now`. Otherwise SYSDATE() advances while the statement waits, and NOW() does not.
    settable_clock: Some("SELECT CAST(SLEEP(0.005) + (SYSDATE(6) = NOW(6)) AS SIGNED) AS count"),
    // Each DROP INDEX would commit.
    deferred_indexes: None,
    deferred_trigger: None,
    rules: "SELECT trigger_name AS name, event_object_table AS of_table FROM information_schema.triggers \
            WHERE trigger_schema = DATABASE() ORDER BY 2, 1",
    form,
    can_hold,
    limit,
    // Tables of InnoDB, whose strings have the bytes that we send.
    page_size: "SELECT CAST(@@innodb_page_size AS SIGNED) AS value FROM DUAL WHERE NOT EXISTS (\
                  SELECT 1 FROM information_schema.tables t WHERE t.table_schema = DATABASE() AND t.table_name = CAST(? AS BINARY) \
                  AND (t.engine <> 'InnoDB' OR EXISTS (SELECT 1 FROM information_schema.columns c \
                    WHERE c.table_schema = DATABASE() AND c.table_name = CAST(? AS BINARY) \
                    AND c.character_set_name NOT LIKE 'utf8%')))",
    row_limit,
};

/// A query of [`CATALOG`], or one that compares names like them, for a server that distinguishes names by case or not.
pub(super) fn names_as(query: &str, case: NameCase) -> Cow<'_, str> {
    match case {
        NameCase::Distinguished => Cow::Borrowed(query),
        NameCase::Ignored => Cow::Owned(query.replace("= CAST(? AS BINARY)", "= ?")),
    }
}

/// Whether two tables may have names that differ in case alone (`lower_case_table_names`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameCase {
    Distinguished,
    Ignored,
}

/// The name of a type without its length and attributes.
fn name(declared: &str) -> &str {
    declared.split(['(', ' ']).next().unwrap_or(declared)
}

/// Whether a type, as `COLUMN_TYPE` names it, stores values exactly. `char` would lose trailing spaces.
fn can_hold(declared: &str, ty: ColumnType) -> bool {
    let declared = declared.to_lowercase();
    let text = matches!(
        name(&declared),
        "varchar" | "tinytext" | "text" | "mediumtext" | "longtext"
    );
    match ty {
        ColumnType::Text { .. } => text,
        ColumnType::Integer => {
            matches!(name(&declared), "bigint" | "int" | "mediumint" | "smallint")
        }
        ColumnType::Real => name(&declared) == "double",
        ColumnType::Boolean => name(&declared) == "tinyint",
        // MariaDB's JSON is LONGTEXT.
        ColumnType::Json => matches!(name(&declared), "json" | "longtext"),
        ColumnType::Timestamp => matches!(declared.as_str(), "datetime(6)" | "timestamp(6)"),
        ColumnType::Date => name(&declared) == "date",
        ColumnType::Uuid => matches!(
            declared.as_str(),
            "char(36)" | "varchar(36)" | "varchar(255)"
        ),
        ColumnType::Blob => matches!(
            name(&declared),
            "tinyblob" | "blob" | "mediumblob" | "longblob" | "varbinary"
        ),
    }
}

/// `varchar(n)` counts characters, the others bytes.
fn limit(declared: &str) -> ColumnLimit {
    let declared = declared.to_lowercase();
    let bytes = match name(&declared) {
        "tinytext" | "tinyblob" => Some(255),
        "text" | "blob" => Some(65_535),
        "mediumtext" | "mediumblob" => Some(16_777_215),
        _ => None,
    };
    let chars = declared
        .strip_prefix("varchar(")
        .and_then(|rest| rest.split(')').next()?.parse().ok());
    ColumnLimit {
        chars,
        bytes,
        ..ColumnLimit::default()
    }
}
