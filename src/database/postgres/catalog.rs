//! What PostgreSQL says of its tables. Only the first schema of the `search_path` is looked at.

use crate::audit::postgres::{STORED, form};
use crate::database::catalog::Catalog;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

pub(in crate::database) const CATALOG: Catalog = Catalog {
    has_table: "SELECT count(to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1))) AS count",
    tables: "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE \"C\"",
    definitions: "SELECT * FROM (\
                  SELECT 'column' AS kind, a.attname::text AS name, c.relname::text AS of_table, format_type(a.atttypid, a.atttypmod) AS definition \
                  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped \
                  UNION ALL \
                  SELECT 'trigger', t.tgname::text, c.relname::text, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid), p.prosrc) \
                  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                  JOIN pg_proc p ON p.oid = t.tgfoid WHERE n.nspname = current_schema() AND NOT t.tgisinternal) AS d \
                  ORDER BY kind COLLATE \"C\", of_table COLLATE \"C\", name COLLATE \"C\"",
    columns: "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS declared, \
              a.attnotnull::int::bigint AS required, \
              CASE WHEN a.attidentity <> '' THEN 'identity' \
                   WHEN a.attgenerated <> '' THEN 'generated' \
                   ELSE pg_get_expr(d.adbin, d.adrelid) END AS default_value, \
              COALESCE(array_position(k.conkey, a.attnum), 0)::bigint AS key \
              FROM pg_attribute a \
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
              LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p' \
              WHERE a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped \
              ORDER BY a.attnum",
    // A reader may not ask sequences; who writes is told by `setval`.
    last_number: "SELECT max(CASE WHEN has_sequence_privilege(s.oid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.oid) END) AS value \
                  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
                  WHERE d.refobjid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND d.deptype IN ('a', 'i')",
    triggers: STORED,
    sees_triggers: "SELECT 1::bigint AS count",
    drop_triggers: "SELECT concat(c.relname, '.', t.tgname) AS name, \
                    format('DROP TRIGGER %I ON %I.%I; DROP FUNCTION IF EXISTS %I.%I()', \
                           t.tgname, n.nspname, c.relname, n.nspname, p.proname) AS statement \
                    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                    JOIN pg_proc p ON p.oid = t.tgfoid \
                    WHERE n.nspname = current_schema() AND NOT t.tgisinternal AND t.tgname LIKE 'accession\\_%' ORDER BY 1",
    longest_value: "SELECT NULL::bigint AS value",
    facts: "SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding, \
            current_setting('TimeZone') AS time_zone, \
            to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS now",
    missing_rights: "SELECT v.name FROM (VALUES \
                       ('CREATE on the schema', has_schema_privilege(current_schema()::text, 'CREATE')), \
                       ('USAGE on the schema', has_schema_privilege(current_schema()::text, 'USAGE'))) AS v (name, granted) \
                     WHERE NOT v.granted \
                     UNION ALL \
                     SELECT format('%s on %I', p.name, c.relname) FROM pg_class c \
                     CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (name) \
                     WHERE c.relnamespace = current_schema()::text::regnamespace \
                       AND c.relname IN ('import_runs', 'source_files', 'row_sources', 'rejects', 'conversions') \
                       AND NOT has_table_privilege(c.oid, p.name)",
    silent_cascades: "SELECT ''::text AS name WHERE FALSE",
    form,
    can_hold,
    limit,
};

/// Whether a type, as `format_type` names it, keeps our values exactly.
fn can_hold(declared: &str, ty: ColumnType) -> bool {
    let name = declared.split('(').next().unwrap_or(declared).trim_end();
    match ty {
        ColumnType::Text { .. } => matches!(name, "text" | "character varying"),
        ColumnType::Integer => matches!(name, "bigint" | "integer" | "smallint"),
        ColumnType::Real => name == "double precision",
        ColumnType::Boolean => name == "boolean",
        ColumnType::Json => matches!(name, "jsonb" | "json"),
        ColumnType::Timestamp => matches!(
            declared,
            "timestamp with time zone"
                | "timestamp without time zone"
                | "timestamp(6) with time zone"
                | "timestamp(6) without time zone"
        ),
        ColumnType::Date => name == "date",
        ColumnType::Uuid => name == "uuid",
        ColumnType::Blob => name == "bytea",
    }
}

/// `character varying(n)` has a length.
fn limit(declared: &str) -> ColumnLimit {
    let length = declared
        .strip_prefix("character varying(")
        .and_then(|rest| rest.strip_suffix(')')?.parse().ok());
    ColumnLimit {
        chars: length,
        ..ColumnLimit::default()
    }
}
