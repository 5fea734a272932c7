//! Catalog queries for PostgreSQL. Only the first schema of the `search_path` is considered, except by `references`.

use super::triggers::form;
use crate::database::engine::Catalog;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

use super::row_size::row_limit;

pub(super) static CATALOG: Catalog = Catalog {
    has_table: "SELECT count(*) AS count FROM pg_class \
                WHERE oid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND relkind IN ('r', 'p', 'f')",
    tables: "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE \"C\"",
    without_triggers: Some(
        "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind = 'f' AND NOT c.relispartition ORDER BY c.relname COLLATE \"C\"",
    ),
    partitions: Some(concat!(
        "WITH RECURSIVE above (part, oid) AS (\
           SELECT i.inhrelid, i.inhparent FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
           WHERE c.relispartition AND c.relkind IN ('r', 'p') AND c.relnamespace = quote_ident(current_schema())::regnamespace \
           UNION ALL SELECT above.part, i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.oid) \
         SELECT part.relname::text AS name, \
           CASE WHEN whole.relnamespace = part.relnamespace THEN whole.relname::text ELSE whole.oid::regclass::text END AS of_table, \
           (NOT whole.relispartition)::int::bigint AS is_whole, \
           (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = part.oid AND t.tgtype & 32 = 0 AND ",
        is_ours!("t"),
        " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_trigger up ON up.tgrelid = i.inhparent \
               WHERE i.inhrelid = part.oid AND up.tgfoid = t.tgfoid)))::int::bigint AS own, \
           (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = whole.oid AND t.tgtype & 4 <> 0 AND ",
        is_ours!("t"),
        " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_trigger up ON up.tgrelid = i.inhparent \
               WHERE i.inhrelid = whole.oid AND up.tgfoid = t.tgfoid)))::int::bigint AS shared, \
           (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = part.oid AND t.tgtype & 32 <> 0 AND ",
        is_ours!("t"),
        " AND NOT EXISTS (SELECT FROM above up JOIN pg_trigger other ON other.tgrelid = up.oid \
               WHERE up.part = part.oid AND other.tgfoid = t.tgfoid)))::int::bigint AS moved \
         FROM above JOIN pg_class part ON part.oid = above.part JOIN pg_class whole ON whole.oid = above.oid \
         ORDER BY part.relname COLLATE \"C\"",
    )),
    views: "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
            WHERE n.nspname = current_schema() AND c.relkind IN ('v', 'm')",
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
              format('%I.%I', tn.nspname, t.typname) AS type_name, \
              (SELECT format(' OPERATOR(%s.%s) ', o.oprnamespace::regnamespace, o.oprname) \
               FROM pg_index i JOIN pg_opclass c ON c.oid = i.indclass[array_position(k.conkey, a.attnum) - 1] \
               JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype \
               JOIN pg_operator o ON o.oid = m.amopopr AND o.oprnamespace <> 'pg_catalog'::regnamespace \
               WHERE i.indexrelid = k.conindid AND m.amopstrategy = 3 \
                 AND c.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')) AS equals, \
              CASE WHEN a.attgenerated <> '' THEN 'computed' WHEN a.attidentity = 'a' THEN 'numbered' ELSE '' END AS filled, \
              a.attnotnull::int::bigint AS required, \
              CASE WHEN a.attidentity <> '' THEN 'identity' \
                   WHEN a.attgenerated <> '' THEN 'generated' \
                   ELSE pg_get_expr(d.adbin, d.adrelid) END AS default_value, \
              COALESCE(array_position(k.conkey, a.attnum), 0)::bigint AS key \
              FROM pg_attribute a \
              JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace \
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
              LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p' \
              WHERE a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped \
              ORDER BY a.attnum",
    columns_of_tables: Some(
        "SELECT c.relname::text AS of_table, a.attname::text AS name \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') \
         AND c.relname = ANY (string_to_array($1, ',')) AND a.attnum > 0 AND NOT a.attisdropped",
    ),
    // Rows are compared as the key does it (`ri_GenerateQual`), whatever the search path and the collations are: the
    // parent's column with its collation, the key's operator, and the types that it takes, unless these are pseudo-types.
    references: "SELECT c.relname::text AS child, NULLIF(n.nspname::text, current_schema()::text) AS child_schema, \
                 k.conname::text AS name, CASE k.confdeltype WHEN 'n' THEN 'SET NULL' ELSE '' END AS on_delete, \
                 CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE '' END \
                 AS on_update, 0::bigint AS is_silent, \
                 a.attname::text AS child_column, p.attname::text AS parent_column, \
                 (SELECT concat(format('(referred.%I', p.attname), \
                    (SELECT format(' COLLATE %s.%I', collnamespace::regnamespace, collname) FROM pg_collation WHERE oid = p.attcollation), \
                    ')', CASE WHEN l.typtype <> 'p' THEN format('::%s.%I', l.typnamespace::regnamespace, l.typname) END, \
                    format(' OPERATOR(%s.%s) live.%I', o.oprnamespace::regnamespace, o.oprname, a.attname), \
                    CASE WHEN r.typtype <> 'p' THEN format('::%s.%I', r.typnamespace::regnamespace, r.typname) END) \
                  FROM pg_operator o JOIN pg_type l ON l.oid = o.oprleft JOIN pg_type r ON r.oid = o.oprright \
                  WHERE o.oid = k.conpfeqop[pair.place]) AS comparison \
                 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                 CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (own, other, place) \
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own \
                 JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = pair.other \
                 CROSS JOIN to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AS parent \
                 WHERE k.contype = 'f' AND k.conparentid = 0 \
                 AND (k.confrelid = parent OR k.confrelid IN (SELECT relid FROM pg_partition_ancestors(parent) AS a (relid)) \
                   OR k.confrelid IN (SELECT relid FROM pg_partition_tree(parent))) \
                 ORDER BY c.relname COLLATE \"C\", k.conname COLLATE \"C\", pair.place",
    references_from_elsewhere: None,
    // A reader has no right on sequences; a writer moves them with `setval`.
    last_number: "SELECT max(CASE WHEN has_sequence_privilege(s.oid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.oid) END) AS value \
                  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
                  WHERE d.refobjid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND d.deptype IN ('a', 'i')",
    sees_triggers: "SELECT 1::bigint AS count",
    // Dropping a function drops the triggers that call it, including those of partitions.
    drop_triggers: concat!(
        "SELECT concat(c.relname, '.', t.tgname) AS name, \
                    format('DROP FUNCTION IF EXISTS %I.%I() CASCADE', n.nspname, p.proname) AS statement \
                    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace \
                    WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND NOT t.tgisinternal AND ",
        is_ours!("t"),
        " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_trigger up ON up.tgrelid = i.inhparent \
                      WHERE i.inhrelid = c.oid AND up.tgfoid = t.tgfoid) ORDER BY 1"
    ),
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
                     WHERE c.relnamespace = quote_ident(current_schema())::regnamespace \
                       AND c.relname IN ('import_runs', 'source_files', 'row_sources', 'rejects', 'conversions') \
                       AND NOT has_table_privilege(c.oid, p.name)",
    silent_cascades: "SELECT ''::text AS name, ''::text AS child, ''::text AS parent WHERE FALSE",
    // Functions run as the owner, to whom policies apply only if row-level security is forced.
    hidden_rows: Some(concat!(
        "SELECT concat('`', c.relname, '`') AS name FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner \
                  WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relrowsecurity \
                  AND (row_security_active(c.oid) OR c.relforcerowsecurity AND NOT o.rolsuper AND NOT o.rolbypassrls) \
                  AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND ",
        is_ours!("t"),
        ") ORDER BY 1"
    )),
    earlier_triggers: Some(concat!(
        "SELECT concat('`', t.tgname, '` of `', c.relname, '`') AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                       WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND NOT t.tgisinternal \
                       AND t.tgname < 'accession' AND t.tgtype & 66 = 0 AND t.tgtype & 1 = 1 AND t.tgtype & 28 <> 0 \
                       AND NOT ",
        is_ours!("t"),
        " AND EXISTS (SELECT FROM pg_trigger own WHERE own.tgrelid = c.oid AND ",
        is_ours!("own"),
        ") ORDER BY 1"
    )),
    without_transactions: None,
    emptied_by_crash: Some(
        // A partition is named, and also the table that it belongs to: only that is recorded.
        "SELECT DISTINCT c.relname::text AS name FROM pg_class c \
         JOIN pg_class emptied ON c.oid IN (emptied.oid, pg_partition_root(emptied.oid)) \
         WHERE c.relnamespace = quote_ident(current_schema())::regnamespace \
         AND emptied.relkind = 'r' AND emptied.relpersistence = 'u' ORDER BY 1",
    ),
    unrecorded_columns: None,
    shadowing_accounts: None,
    settable_clock: None,
    // Without those that a constraint rests on: a primary key, or a foreign key of another table. Only those of tables
    // that this transaction made, which no other session sees: to drop one takes a lock that would keep readers out.
    deferred_indexes: Some(
        "SELECT c.relname::text AS name, pg_get_indexdef(c.oid) AS sql, i.indisunique::int AS is_unique \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE i.indrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) \
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) \
         AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid \
                     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                     AND l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND l.granted) \
         ORDER BY c.oid",
    ),
    deferred_trigger: None,
    rules: "SELECT r.name::text AS name, c.relname::text AS of_table FROM (\
              SELECT tgname, tgrelid FROM pg_trigger WHERE NOT tgisinternal \
              UNION ALL SELECT rulename, ev_class FROM pg_rewrite WHERE ev_type <> '1' \
              UNION ALL SELECT polname, polrelid FROM pg_policy \
              UNION ALL SELECT 'ROW LEVEL SECURITY', oid FROM pg_class WHERE relrowsecurity) AS r (name, of) \
            JOIN pg_class c ON c.oid = r.of WHERE c.relnamespace = quote_ident(current_schema())::regnamespace \
            ORDER BY c.relname COLLATE \"C\", r.name COLLATE \"C\"",
    form,
    can_hold,
    limit,
    // Heap tables, strings in the encoding that accession sends, and the alignment of 64-bit machines.
    page_size: "SELECT current_setting('block_size')::bigint AS value \
                FROM (SELECT to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AS oid) AS t \
                LEFT JOIN pg_class c ON c.oid = t.oid LEFT JOIN pg_am a ON a.oid = c.relam \
                WHERE current_setting('server_encoding') = 'UTF8' AND (SELECT typbyval FROM pg_type WHERE typname = 'int8' \
                  AND typnamespace = 'pg_catalog'::regnamespace) \
                AND CASE WHEN c.oid IS NULL THEN COALESCE(current_setting('default_table_access_method', true), 'heap') = 'heap' \
                    ELSE c.relkind = 'r' AND COALESCE(a.amname, 'heap') = 'heap' END",
    row_limit,
};

/// Whether a type, as `format_type` names it, stores values exactly.
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
