//! Snapshots of the triggers' text. `database/tests` tests their effect on real databases.

use crate::audit::{AuditedColumn, AuditedTable, Firing, Form, KeyTerm, Part, Trigger, UniqueKey};
use crate::database::engine;
use crate::database::engine::mysql::triggers as mysql;
use crate::database::engine::postgres::triggers as postgres;
use crate::database::engine::sqlite::triggers as sqlite;
use crate::model::ColumnType;

fn words() -> AuditedTable {
    let column = |name: &str, form| AuditedColumn {
        name: name.to_owned(),
        form,
        required: false,
    };
    AuditedTable {
        name: "words".to_owned(),
        columns: vec![
            column("id", Form::Integer),
            column("word", Form::Text),
            column("added_at", Form::Timestamp),
        ],
        key: vec![0],
        nullable_key: Vec::new(),
        rowid: Some(0),
        row_number: Some("\"id\"".to_owned()),
        unique: vec![UniqueKey {
            terms: vec![KeyTerm {
                part: Part::Column("word".to_owned()),
                collation: "NOCASE".to_owned(),
            }],
            condition: None,
            columns: vec!["word".to_owned()],
        }],
        null_defaults: Vec::new(),
        compared: Vec::new(),
        generated: Vec::new(),
        converted: Vec::new(),
        firing: Firing::Statement,
        constrained: Vec::new(),
        versioned: false,
        quotes_strings_only: true,
    }
}

fn create(triggers: &[Trigger]) -> String {
    let statements: Vec<_> = triggers
        .iter()
        .map(|trigger| trigger.create.as_str())
        .collect();
    statements.join("\n\n")
}

#[test]
fn sqlite_text() {
    insta::assert_snapshot!(create(&sqlite::triggers(&words())), @r#"
    DROP TRIGGER IF EXISTS "accession_words insert";
    CREATE TRIGGER "accession_words insert" AFTER INSERT ON "words" BEGIN /* accession_structure_04707019a5c10b29 */
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      SELECT 'words', record_id, 'DELETE', old_value, NULL,
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context)
        FROM audit_replaced WHERE table_name = 'words' AND moment = julianday('now') AND state = 0 AND (audit_replaced.row_number = NEW."id" OR NOT EXISTS (SELECT 1 FROM "words" WHERE "words"."id" = audit_replaced.row_number));
      UPDATE audit_replaced SET state = CASE WHEN audit_replaced.row_number = NEW."id" THEN 2 ELSE 1 END
        WHERE table_name = 'words' AND moment = julianday('now') AND (audit_replaced.row_number = NEW."id" OR state = 0 AND NOT EXISTS (SELECT 1 FROM "words" WHERE "words"."id" = audit_replaced.row_number));
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(NEW."id" AS TEXT), 'INSERT', NULL, json_object('id', NEW."id", 'word', CASE typeof(NEW."word") WHEN 'real' THEN json(CASE WHEN abs(NEW."word") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."word") ELSE json_object('$real', CASE WHEN NEW."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."word")) ELSE NEW."word" END, 'added_at', CASE typeof(NEW."added_at") WHEN 'real' THEN json(CASE WHEN abs(NEW."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."added_at") ELSE json_object('$real', CASE WHEN NEW."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."added_at")) ELSE NEW."added_at" END),
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END

    DROP TRIGGER IF EXISTS "accession_words delete";
    CREATE TRIGGER "accession_words delete" AFTER DELETE ON "words" WHEN NOT EXISTS (SELECT 1 FROM audit_replaced WHERE table_name = 'words' AND moment = julianday('now') AND audit_replaced.row_number = OLD."id" AND (state = 1 OR state = 2 AND EXISTS (SELECT 1 FROM "words" WHERE "words"."id" = audit_replaced.row_number))) BEGIN /* accession_structure_04707019a5c10b29 */
      DELETE FROM audit_replaced WHERE table_name = 'words' AND audit_replaced.row_number = OLD."id";
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(OLD."id" AS TEXT), 'DELETE', json_object('id', OLD."id", 'word', CASE typeof(OLD."word") WHEN 'real' THEN json(CASE WHEN abs(OLD."word") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."word") ELSE json_object('$real', CASE WHEN OLD."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(OLD."word")) ELSE OLD."word" END, 'added_at', CASE typeof(OLD."added_at") WHEN 'real' THEN json(CASE WHEN abs(OLD."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."added_at") ELSE json_object('$real', CASE WHEN OLD."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(OLD."added_at")) ELSE OLD."added_at" END), NULL,
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END

    DROP TRIGGER IF EXISTS "accession_words update";
    CREATE TRIGGER "accession_words update" AFTER UPDATE ON "words" WHEN (OLD."id" IS NOT NEW."id" COLLATE BINARY OR typeof(OLD."id") <> typeof(NEW."id")) OR (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) OR (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) BEGIN /* accession_structure_04707019a5c10b29 */
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      SELECT 'words', record_id, 'DELETE', old_value, NULL,
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context)
        FROM audit_replaced WHERE table_name = 'words' AND moment = julianday('now') AND state = 0 AND NOT (audit_replaced.row_number = OLD."id") AND (audit_replaced.row_number = NEW."id" OR NOT EXISTS (SELECT 1 FROM "words" WHERE "words"."id" = audit_replaced.row_number));
      UPDATE audit_replaced SET state = CASE WHEN audit_replaced.row_number = NEW."id" THEN 2 ELSE 1 END
        WHERE table_name = 'words' AND moment = julianday('now') AND (NOT (audit_replaced.row_number = OLD."id") AND (audit_replaced.row_number = NEW."id" OR state = 0 AND NOT EXISTS (SELECT 1 FROM "words" WHERE "words"."id" = audit_replaced.row_number)));
      UPDATE audit_replaced SET record_id = CAST(NEW."id" AS TEXT), row_number = NEW."id", old_value = json_object('id', NEW."id", 'word', CASE typeof(NEW."word") WHEN 'real' THEN json(CASE WHEN abs(NEW."word") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."word") ELSE json_object('$real', CASE WHEN NEW."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."word")) ELSE NEW."word" END, 'added_at', CASE typeof(NEW."added_at") WHEN 'real' THEN json(CASE WHEN abs(NEW."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."added_at") ELSE json_object('$real', CASE WHEN NEW."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."added_at")) ELSE NEW."added_at" END)
        WHERE table_name = 'words' AND moment = julianday('now') AND state = 0 AND audit_replaced.row_number = OLD."id";
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(OLD."id" AS TEXT), 'UPDATE', '{' || substr(',' || '"id":' || CASE typeof(OLD."id") WHEN 'real' THEN CASE WHEN abs(OLD."id") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."id") ELSE json_object('$real', CASE WHEN OLD."id" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."id")) ELSE json_quote(OLD."id") END || CASE WHEN (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) THEN ',' || '"word":' || CASE typeof(OLD."word") WHEN 'real' THEN CASE WHEN abs(OLD."word") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."word") ELSE json_object('$real', CASE WHEN OLD."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."word")) ELSE json_quote(OLD."word") END ELSE '' END || CASE WHEN (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) THEN ',' || '"added_at":' || CASE typeof(OLD."added_at") WHEN 'real' THEN CASE WHEN abs(OLD."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."added_at") ELSE json_object('$real', CASE WHEN OLD."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."added_at")) ELSE json_quote(OLD."added_at") END ELSE '' END, 2) || '}', '{' || substr(',' || '"id":' || CASE typeof(NEW."id") WHEN 'real' THEN CASE WHEN abs(NEW."id") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."id") ELSE json_object('$real', CASE WHEN NEW."id" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."id")) ELSE json_quote(NEW."id") END || CASE WHEN (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) THEN ',' || '"word":' || CASE typeof(NEW."word") WHEN 'real' THEN CASE WHEN abs(NEW."word") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."word") ELSE json_object('$real', CASE WHEN NEW."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."word")) ELSE json_quote(NEW."word") END ELSE '' END || CASE WHEN (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) THEN ',' || '"added_at":' || CASE typeof(NEW."added_at") WHEN 'real' THEN CASE WHEN abs(NEW."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."added_at") ELSE json_object('$real', CASE WHEN NEW."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."added_at")) ELSE json_quote(NEW."added_at") END ELSE '' END, 2) || '}',
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END

    DROP TRIGGER IF EXISTS "accession_words before-insert";
    CREATE TRIGGER "accession_words before-insert" BEFORE INSERT ON "words" BEGIN /* accession_structure_04707019a5c10b29 */
      DELETE FROM audit_replaced WHERE table_name = 'words' AND (moment IS NOT julianday('now')
        OR number < (SELECT max(number) FROM audit_replaced WHERE table_name = 'words') - 32);
      INSERT INTO audit_replaced (table_name, record_id, row_number, old_value, moment, state)
      SELECT 'words', CAST("words"."id" AS TEXT), "words"."id", json_object('id', "words"."id", 'word', CASE typeof("words"."word") WHEN 'real' THEN json(CASE WHEN abs("words"."word") <= 1.7976931348623157e308 THEN format('%!.17g', "words"."word") ELSE json_object('$real', CASE WHEN "words"."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex("words"."word")) ELSE "words"."word" END, 'added_at', CASE typeof("words"."added_at") WHEN 'real' THEN json(CASE WHEN abs("words"."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', "words"."added_at") ELSE json_object('$real', CASE WHEN "words"."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex("words"."added_at")) ELSE "words"."added_at" END), julianday('now'), 0
        FROM "words" WHERE ("words"."id") IN (
        SELECT "words"."id" FROM "words" WHERE "words"."id" = NEW."id"
        UNION ALL SELECT "words"."id" FROM "words" WHERE "words"."word" COLLATE "NOCASE" = NEW."word")
        AND NOT EXISTS (SELECT 1 FROM audit_replaced WHERE table_name = 'words' AND moment = julianday('now') AND state = 0 AND audit_replaced.row_number = "words"."id");
    END

    DROP TRIGGER IF EXISTS "accession_words before-update";
    CREATE TRIGGER "accession_words before-update" BEFORE UPDATE ON "words" WHEN OLD."id" <> NEW."id" OR (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) BEGIN /* accession_structure_04707019a5c10b29 */
      DELETE FROM audit_replaced WHERE table_name = 'words' AND (moment IS NOT julianday('now')
        OR number < (SELECT max(number) FROM audit_replaced WHERE table_name = 'words') - 32);
      INSERT INTO audit_replaced (table_name, record_id, row_number, old_value, moment, state)
      SELECT 'words', CAST("words"."id" AS TEXT), "words"."id", json_object('id', "words"."id", 'word', CASE typeof("words"."word") WHEN 'real' THEN json(CASE WHEN abs("words"."word") <= 1.7976931348623157e308 THEN format('%!.17g', "words"."word") ELSE json_object('$real', CASE WHEN "words"."word" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex("words"."word")) ELSE "words"."word" END, 'added_at', CASE typeof("words"."added_at") WHEN 'real' THEN json(CASE WHEN abs("words"."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', "words"."added_at") ELSE json_object('$real', CASE WHEN "words"."added_at" > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex("words"."added_at")) ELSE "words"."added_at" END), julianday('now'), 0
        FROM "words" WHERE ("words"."id") IN (
        SELECT "words"."id" FROM "words" WHERE "words"."id" = NEW."id" AND "words"."id" <> OLD."id"
        UNION ALL SELECT "words"."id" FROM "words" WHERE "words"."word" COLLATE "NOCASE" = NEW."word" AND "words"."id" <> OLD."id")
        AND NOT EXISTS (SELECT 1 FROM audit_replaced WHERE table_name = 'words' AND moment = julianday('now') AND state = 0 AND audit_replaced.row_number = "words"."id");
    END
    "#);
}

#[test]
fn postgres_text() {
    insta::assert_snapshot!(create(&postgres::triggers("public", &words())), @r#"
    CREATE OR REPLACE FUNCTION "public"."accession_words_insert"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = 'off' SET row_security = 'off'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text;
        source_file_id bigint;
        changed_by text;
        changed_at text;
        record_id text;
        old_value text;
        new_value text;
        table_name text;
        moved_to text;
        ledger text;
    BEGIN
        IF TG_TABLE_SCHEMA <> 'public' THEN
            SELECT NULLIF(n.nspname, 'public') INTO accession.ledger FROM pg_trigger AS t
            JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
        END IF;
        IF current_setting('accession.run_id', true) <> '' THEN
            IF accession.ledger IS NULL THEN
                SELECT run.id, NULLIF(current_setting('accession.source_file_id', true), '')::bigint, run.actor, run.started_at FROM "public".import_runs AS run WHERE run.id = current_setting('accession.run_id', true) AND run.status = 'running'
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            ELSE
                EXECUTE format('SELECT run.id, NULLIF(current_setting(''accession.source_file_id'', true), '''')::bigint, run.actor, run.started_at FROM %I.import_runs AS run WHERE run.id = current_setting(''accession.run_id'', true) AND run.status = ''running''', accession.ledger)
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            END IF;
        END IF;
        accession.changed_by := COALESCE(accession.changed_by, 'external');
        accession.changed_at := COALESCE(accession.changed_at, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        BEGIN
            IF accession.ledger IS NOT NULL THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (
                SELECT r."id"::text, '{'
            || '"id":' || COALESCE((r."id" & -1)::text, 'null')
            || ',' || '"word":' || COALESCE(to_json(r."word"::text)::text, 'null')
            || ',' || '"added_at":' || COALESCE(to_json(CASE WHEN r."added_at" >= '0001-01-01' AND r."added_at" < '10000-01-01' THEN to_char(r."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE r."added_at"::text END)::text, 'null')
            || '}'
                FROM (SELECT accession_rows."id", accession_rows."word", accession_rows."added_at" FROM accession_rows WHERE false UNION ALL SELECT * FROM accession_rows WHERE false) AS r
            ) AS entries;
        EXCEPTION WHEN OTHERS THEN
            EXECUTE format('INSERT INTO %I.audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)', COALESCE(accession.ledger, 'public')) || ' SELECT ''words'', record_id, ''INSERT'', old_value, new_value, $1, $2, $3, $4, session_user FROM (' || (
                WITH stored AS (
                    SELECT a.attnum, a.attname::text AS name, k.place,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '(%1$s & -1)::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '(%1$s AND true)::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'CASE WHEN (+%1$s)::text IN (''NaN'', ''Infinity'', ''-Infinity'') THEN ''{"$real":"'' || %1$s::text || ''"}'' ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN '''{"$blob":"'' || upper(encode(%1$s, ''hex'')) || ''"}''' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' ELSE 'to_json(%1$s::text)::text' END AS json,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '%1$s::integer::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'upper(encode(%1$s, ''hex''))' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' ELSE '%1$s::text' END AS key_text,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'o.%1$s IS DISTINCT FROM n.%1$s' ELSE 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' END AS differs
                    FROM pg_attribute AS a
                    LEFT JOIN (SELECT u.attnum, u.place FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
                        WHERE i.indrelid = TG_RELID AND i.indisprimary AND u.place <= i.indnkeyatts) AS k ON k.attnum = a.attnum
                    WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
                ), written AS (
                    SELECT attnum, place,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'o.' || quote_ident(name)) || ', ''null'')' AS was,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'n.' || quote_ident(name)) || ', ''null'')' AS becomes,
                        format(differs, quote_ident(name)) AS differs,
                        format(key_text, 'n.' || quote_ident(name)) AS key_text
                    FROM stored
                )
                SELECT 'SELECT ' || CASE count(place)
                        WHEN 0 THEN 'md5(' || '''{'' || array_to_string(ARRAY[' || string_agg(becomes, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ')'
                        WHEN 1 THEN max(key_text) FILTER (WHERE place IS NOT NULL)
                        ELSE '''['' || array_to_string(ARRAY[' || string_agg('to_json(' || key_text || ')::text', ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL) || '], '','') || '']'''
                    END || ' AS record_id, ' || 'NULL' || ' AS old_value, ' || '''{'' || array_to_string(ARRAY[' || string_agg(becomes, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ' AS new_value FROM ' || 'accession_rows AS n'
                FROM written
            ) || ') AS entries'
                USING accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id;
            RETURN NULL;
        END;
        INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
        SELECT 'words', r."id"::text, 'INSERT',
            NULL,
            '{'
            || '"id":' || COALESCE((r."id" & -1)::text, 'null')
            || ',' || '"word":' || COALESCE(to_json(r."word"::text)::text, 'null')
            || ',' || '"added_at":' || COALESCE(to_json(CASE WHEN r."added_at" >= '0001-01-01' AND r."added_at" < '10000-01-01' THEN to_char(r."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE r."added_at"::text END)::text, 'null')
            || '}',
            accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user
        FROM accession_rows AS r;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_insert"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_insert ON "public"."words";
    CREATE TRIGGER accession_insert AFTER INSERT ON "public"."words" REFERENCING NEW TABLE AS accession_rows FOR EACH STATEMENT EXECUTE FUNCTION "public"."accession_words_insert"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_insert

    CREATE OR REPLACE FUNCTION "public"."accession_words_delete"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = 'off' SET row_security = 'off'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text;
        source_file_id bigint;
        changed_by text;
        changed_at text;
        record_id text;
        old_value text;
        new_value text;
        table_name text;
        moved_to text;
        ledger text;
    BEGIN
        IF TG_TABLE_SCHEMA <> 'public' THEN
            SELECT NULLIF(n.nspname, 'public') INTO accession.ledger FROM pg_trigger AS t
            JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
        END IF;
        IF current_setting('accession.run_id', true) <> '' THEN
            IF accession.ledger IS NULL THEN
                SELECT run.id, NULLIF(current_setting('accession.source_file_id', true), '')::bigint, run.actor, run.started_at FROM "public".import_runs AS run WHERE run.id = current_setting('accession.run_id', true) AND run.status = 'running'
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            ELSE
                EXECUTE format('SELECT run.id, NULLIF(current_setting(''accession.source_file_id'', true), '''')::bigint, run.actor, run.started_at FROM %I.import_runs AS run WHERE run.id = current_setting(''accession.run_id'', true) AND run.status = ''running''', accession.ledger)
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            END IF;
        END IF;
        accession.changed_by := COALESCE(accession.changed_by, 'external');
        accession.changed_at := COALESCE(accession.changed_at, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        BEGIN
            IF ROW(OLD."id", OLD."word", OLD."added_at") OPERATOR(pg_catalog.*<>) OLD THEN
                RAISE datatype_mismatch;
            END IF;
            accession.record_id := OLD."id"::text;
            accession.old_value := '{'
            || '"id":' || COALESCE((OLD."id" & -1)::text, 'null')
            || ',' || '"word":' || COALESCE(to_json(OLD."word"::text)::text, 'null')
            || ',' || '"added_at":' || COALESCE(to_json(CASE WHEN OLD."added_at" >= '0001-01-01' AND OLD."added_at" < '10000-01-01' THEN to_char(OLD."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE OLD."added_at"::text END)::text, 'null')
            || '}';
            accession.new_value := NULL;
        EXCEPTION WHEN OTHERS THEN
            EXECUTE (
                WITH stored AS (
                    SELECT a.attnum, a.attname::text AS name, k.place,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '(%1$s & -1)::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '(%1$s AND true)::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'CASE WHEN (+%1$s)::text IN (''NaN'', ''Infinity'', ''-Infinity'') THEN ''{"$real":"'' || %1$s::text || ''"}'' ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN '''{"$blob":"'' || upper(encode(%1$s, ''hex'')) || ''"}''' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' ELSE 'to_json(%1$s::text)::text' END AS json,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '%1$s::integer::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'upper(encode(%1$s, ''hex''))' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' ELSE '%1$s::text' END AS key_text,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'o.%1$s IS DISTINCT FROM n.%1$s' ELSE 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' END AS differs
                    FROM pg_attribute AS a
                    LEFT JOIN (SELECT u.attnum, u.place FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
                        WHERE i.indrelid = TG_RELID AND i.indisprimary AND u.place <= i.indnkeyatts) AS k ON k.attnum = a.attnum
                    WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
                ), written AS (
                    SELECT attnum, place,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'o.' || quote_ident(name)) || ', ''null'')' AS was,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'n.' || quote_ident(name)) || ', ''null'')' AS becomes,
                        format(differs, quote_ident(name)) AS differs,
                        format(key_text, 'o.' || quote_ident(name)) AS key_text
                    FROM stored
                )
                SELECT 'SELECT ' || CASE count(place)
                        WHEN 0 THEN 'md5(' || '''{'' || array_to_string(ARRAY[' || string_agg(was, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ')'
                        WHEN 1 THEN max(key_text) FILTER (WHERE place IS NOT NULL)
                        ELSE '''['' || array_to_string(ARRAY[' || string_agg('to_json(' || key_text || ')::text', ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL) || '], '','') || '']'''
                    END || ' AS record_id, ' || '''{'' || array_to_string(ARRAY[' || string_agg(was, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ' AS old_value, ' || 'NULL' || ' AS new_value FROM ' || '(SELECT ($1).*) AS o'
                FROM written
            )
                INTO accession.record_id, accession.old_value, accession.new_value USING OLD;
        END;
        IF accession.ledger IS NULL THEN
            INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
            VALUES ('words', accession.record_id, 'DELETE', accession.old_value, accession.new_value,
                accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user);
        ELSE
            EXECUTE format('INSERT INTO %I.audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user) VALUES ($1, $2, ''DELETE'', $3, $4, $5, $6, $7, $8, session_user)', accession.ledger)
            USING 'words'::text, accession.record_id, accession.old_value, accession.new_value, accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id;
        END IF;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_delete"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_delete ON "public"."words";
    CREATE TRIGGER accession_delete AFTER DELETE ON "public"."words" FOR EACH ROW EXECUTE FUNCTION "public"."accession_words_delete"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_delete

    CREATE OR REPLACE FUNCTION "public"."accession_words_update"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = 'off' SET row_security = 'off'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text;
        source_file_id bigint;
        changed_by text;
        changed_at text;
        record_id text;
        old_value text;
        new_value text;
        table_name text;
        moved_to text;
        ledger text;
    BEGIN
        IF TG_TABLE_SCHEMA <> 'public' THEN
            SELECT NULLIF(n.nspname, 'public') INTO accession.ledger FROM pg_trigger AS t
            JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
        END IF;
        IF current_setting('accession.run_id', true) <> '' THEN
            IF accession.ledger IS NULL THEN
                SELECT run.id, NULLIF(current_setting('accession.source_file_id', true), '')::bigint, run.actor, run.started_at FROM "public".import_runs AS run WHERE run.id = current_setting('accession.run_id', true) AND run.status = 'running'
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            ELSE
                EXECUTE format('SELECT run.id, NULLIF(current_setting(''accession.source_file_id'', true), '''')::bigint, run.actor, run.started_at FROM %I.import_runs AS run WHERE run.id = current_setting(''accession.run_id'', true) AND run.status = ''running''', accession.ledger)
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            END IF;
        END IF;
        accession.changed_by := COALESCE(accession.changed_by, 'external');
        accession.changed_at := COALESCE(accession.changed_at, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        BEGIN
            IF ROW(OLD."id", OLD."word", OLD."added_at") OPERATOR(pg_catalog.*<>) OLD THEN
                RAISE datatype_mismatch;
            END IF;
            accession.record_id := OLD."id"::text;
            accession.old_value := '{' || concat_ws(',',
            '"id":' || COALESCE((OLD."id" & -1)::text, 'null'),
            CASE WHEN OLD."word"::text COLLATE pg_catalog."C" IS DISTINCT FROM NEW."word"::text COLLATE pg_catalog."C" THEN '"word":' || COALESCE(to_json(OLD."word"::text)::text, 'null') END,
            CASE WHEN OLD."added_at" IS DISTINCT FROM NEW."added_at" THEN '"added_at":' || COALESCE(to_json(CASE WHEN OLD."added_at" >= '0001-01-01' AND OLD."added_at" < '10000-01-01' THEN to_char(OLD."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE OLD."added_at"::text END)::text, 'null') END) || '}';
            accession.new_value := '{' || concat_ws(',',
            '"id":' || COALESCE((NEW."id" & -1)::text, 'null'),
            CASE WHEN OLD."word"::text COLLATE pg_catalog."C" IS DISTINCT FROM NEW."word"::text COLLATE pg_catalog."C" THEN '"word":' || COALESCE(to_json(NEW."word"::text)::text, 'null') END,
            CASE WHEN OLD."added_at" IS DISTINCT FROM NEW."added_at" THEN '"added_at":' || COALESCE(to_json(CASE WHEN NEW."added_at" >= '0001-01-01' AND NEW."added_at" < '10000-01-01' THEN to_char(NEW."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE NEW."added_at"::text END)::text, 'null') END) || '}';
        EXCEPTION WHEN OTHERS THEN
            EXECUTE (
                WITH stored AS (
                    SELECT a.attnum, a.attname::text AS name, k.place,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '(%1$s & -1)::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '(%1$s AND true)::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'CASE WHEN (+%1$s)::text IN (''NaN'', ''Infinity'', ''-Infinity'') THEN ''{"$real":"'' || %1$s::text || ''"}'' ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN '''{"$blob":"'' || upper(encode(%1$s, ''hex'')) || ''"}''' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' ELSE 'to_json(%1$s::text)::text' END AS json,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '%1$s::integer::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'upper(encode(%1$s, ''hex''))' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' ELSE '%1$s::text' END AS key_text,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'o.%1$s IS DISTINCT FROM n.%1$s' ELSE 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' END AS differs
                    FROM pg_attribute AS a
                    LEFT JOIN (SELECT u.attnum, u.place FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
                        WHERE i.indrelid = TG_RELID AND i.indisprimary AND u.place <= i.indnkeyatts) AS k ON k.attnum = a.attnum
                    WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
                ), written AS (
                    SELECT attnum, place,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'o.' || quote_ident(name)) || ', ''null'')' AS was,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'n.' || quote_ident(name)) || ', ''null'')' AS becomes,
                        format(differs, quote_ident(name)) AS differs,
                        format(key_text, 'o.' || quote_ident(name)) AS key_text
                    FROM stored
                )
                SELECT 'SELECT ' || CASE count(place)
                        WHEN 0 THEN 'md5(' || '''{'' || array_to_string(ARRAY[' || string_agg(was, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ')'
                        WHEN 1 THEN max(key_text) FILTER (WHERE place IS NOT NULL)
                        ELSE '''['' || array_to_string(ARRAY[' || string_agg('to_json(' || key_text || ')::text', ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL) || '], '','') || '']'''
                    END || ' AS record_id, ' || '''{'' || array_to_string(ARRAY[' || string_agg(CASE WHEN place IS NULL THEN 'CASE WHEN ' || differs || ' THEN ' || was || ' END' ELSE was END, ', ' ORDER BY place NULLS LAST, attnum) || ']::text[], '','') || ''}''' || ' AS old_value, ' || '''{'' || array_to_string(ARRAY[' || string_agg(CASE WHEN place IS NULL THEN 'CASE WHEN ' || differs || ' THEN ' || becomes || ' END' ELSE becomes END, ', ' ORDER BY place NULLS LAST, attnum) || ']::text[], '','') || ''}''' || ' AS new_value FROM ' || '(SELECT ($1).*) AS o, (SELECT ($2).*) AS n'
                FROM written
            )
                INTO accession.record_id, accession.old_value, accession.new_value USING OLD, NEW;
        END;
        IF accession.old_value COLLATE pg_catalog."C" = accession.new_value COLLATE pg_catalog."C" THEN
            RETURN NULL;
        END IF;
        IF accession.ledger IS NULL THEN
            INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
            VALUES ('words', accession.record_id, 'UPDATE', accession.old_value, accession.new_value,
                accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user);
        ELSE
            EXECUTE format('INSERT INTO %I.audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user) VALUES ($1, $2, ''UPDATE'', $3, $4, $5, $6, $7, $8, session_user)', accession.ledger)
            USING 'words'::text, accession.record_id, accession.old_value, accession.new_value, accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id;
        END IF;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_update"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_update ON "public"."words";
    CREATE TRIGGER accession_update AFTER UPDATE ON "public"."words" FOR EACH ROW WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*) EXECUTE FUNCTION "public"."accession_words_update"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_update

    CREATE OR REPLACE FUNCTION "public"."accession_words_truncate"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = 'off' SET row_security = 'off'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text;
        source_file_id bigint;
        changed_by text;
        changed_at text;
        record_id text;
        old_value text;
        new_value text;
        table_name text;
        moved_to text;
        ledger text;
    BEGIN
        IF TG_TABLE_SCHEMA <> 'public' THEN
            SELECT NULLIF(n.nspname, 'public') INTO accession.ledger FROM pg_trigger AS t
            JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
        END IF;
        IF current_setting('accession.run_id', true) <> '' THEN
            IF accession.ledger IS NULL THEN
                SELECT run.id, NULLIF(current_setting('accession.source_file_id', true), '')::bigint, run.actor, run.started_at FROM "public".import_runs AS run WHERE run.id = current_setting('accession.run_id', true) AND run.status = 'running'
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            ELSE
                EXECUTE format('SELECT run.id, NULLIF(current_setting(''accession.source_file_id'', true), '''')::bigint, run.actor, run.started_at FROM %I.import_runs AS run WHERE run.id = current_setting(''accession.run_id'', true) AND run.status = ''running''', accession.ledger)
                INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
            END IF;
        END IF;
        accession.changed_by := COALESCE(accession.changed_by, 'external');
        accession.changed_at := COALESCE(accession.changed_at, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        SELECT 'words', (
            WITH RECURSIVE above (oid) AS (
                SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = TG_RELID
                UNION ALL SELECT i.inhparent FROM pg_inherits AS i JOIN above ON i.inhrelid = above.oid
            )
            SELECT max(c.relname::text) FROM above JOIN pg_class AS c ON c.oid = above.oid AND c.relkind = 'p'
            JOIN pg_trigger AS other ON other.tgrelid = c.oid AND other.tgtype & 32 <> 0
            JOIN pg_proc AS p ON p.oid = other.tgfoid AND strpos(p.prosrc, '<<accession>>') > 0
            JOIN pg_trigger AS own ON own.tgrelid = TG_RELID AND own.tgname = TG_NAME AND own.tgfoid <> other.tgfoid
        ) INTO accession.table_name, accession.moved_to;
        accession.table_name := COALESCE(accession.moved_to, accession.table_name);
        EXECUTE format('INSERT INTO %I.audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)', COALESCE(accession.ledger, 'public')) || ' SELECT $5, record_id, ''DELETE'', old_value, new_value, $1, $2, $3, $4, session_user FROM (' || (
                WITH stored AS (
                    SELECT a.attnum, a.attname::text AS name, k.place,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '(%1$s & -1)::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '(%1$s AND true)::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'CASE WHEN (+%1$s)::text IN (''NaN'', ''Infinity'', ''-Infinity'') THEN ''{"$real":"'' || %1$s::text || ''"}'' ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN '''{"$blob":"'' || upper(encode(%1$s, ''hex'')) || ''"}''' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'to_json(CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END)::text' ELSE 'to_json(%1$s::text)::text' END AS json,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN '%1$s::integer::text' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN '%1$s::text' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'upper(encode(%1$s, ''hex''))' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'CASE WHEN %1$s >= ''0001-01-01'' AND %1$s < ''10000-01-01'' THEN to_char(%1$s, ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') ELSE %1$s::text END' ELSE '%1$s::text' END AS key_text,
                        CASE WHEN format_type(a.atttypid, NULL) IN ('smallint', 'integer', 'bigint') THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'boolean' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) IN ('real', 'double precision') THEN 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' WHEN format_type(a.atttypid, NULL) = 'timestamp with time zone' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN format_type(a.atttypid, NULL) = 'bytea' THEN 'o.%1$s IS DISTINCT FROM n.%1$s' WHEN a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6) THEN 'o.%1$s IS DISTINCT FROM n.%1$s' ELSE 'o.%1$s::text COLLATE pg_catalog."C" IS DISTINCT FROM n.%1$s::text COLLATE pg_catalog."C"' END AS differs
                    FROM pg_attribute AS a
                    LEFT JOIN (SELECT u.attnum, u.place FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
                        WHERE i.indrelid = TG_RELID AND i.indisprimary AND u.place <= i.indnkeyatts) AS k ON k.attnum = a.attnum
                    WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
                ), written AS (
                    SELECT attnum, place,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'o.' || quote_ident(name)) || ', ''null'')' AS was,
                        quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, 'n.' || quote_ident(name)) || ', ''null'')' AS becomes,
                        format(differs, quote_ident(name)) AS differs,
                        format(key_text, 'o.' || quote_ident(name)) AS key_text
                    FROM stored
                )
                SELECT 'SELECT ' || CASE count(place)
                        WHEN 0 THEN 'md5(' || '''{'' || array_to_string(ARRAY[' || string_agg(was, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ')'
                        WHEN 1 THEN max(key_text) FILTER (WHERE place IS NOT NULL)
                        ELSE '''['' || array_to_string(ARRAY[' || string_agg('to_json(' || key_text || ')::text', ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL) || '], '','') || '']'''
                    END || ' AS record_id, ' || '''{'' || array_to_string(ARRAY[' || string_agg(was, ', ' ORDER BY attnum) || ']::text[], '','') || ''}''' || ' AS old_value, ' || 'NULL' || ' AS new_value FROM ' || CASE (SELECT c.relkind FROM pg_class AS c WHERE c.oid = TG_RELID)
                    WHEN 'p' THEN format('%s AS o WHERE o.tableoid <> ALL (ARRAY(SELECT t.tgrelid FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE t.tgtype & 32 <> 0 AND t.tgenabled <> %L AND strpos(p.prosrc, %L) > 0))', TG_RELID::regclass, 'D', '<<accession>>')
                    ELSE format('ONLY %s AS o', TG_RELID::regclass) END
                FROM written
            ) || ') AS entries'
                USING accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, accession.table_name;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_truncate"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_truncate ON "public"."words";
    CREATE TRIGGER accession_truncate BEFORE TRUNCATE ON "public"."words" FOR EACH STATEMENT EXECUTE FUNCTION "public"."accession_words_truncate"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_truncate
    "#);
}

#[test]
fn mysql_text() {
    insta::assert_snapshot!(create(&mysql::triggers(&words())), @r#"
    CREATE /*M!100300 OR REPLACE */ TRIGGER `accession_words_insert` AFTER INSERT ON `words` FOR EACH ROW accession_structure_91303f96edeaf2b9: BEGIN DECLARE accession_id BIGINT; DECLARE accession_now, accession_utc DATETIME(6);
    IF @accession_run_id IS NOT NULL
      AND (LEFT(USER(), CHAR_LENGTH(USER()) - LOCATE('@', REVERSE(USER()))) <> LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - LOCATE('@', REVERSE(CURRENT_USER()))) OR SUBSTRING_INDEX(USER(), '@', -1) NOT LIKE SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) THEN
      SET @accession_changed_by = NULL, @accession_changed_at = NULL;
      IF IS_USED_LOCK(CONCAT('accession ', MD5(DATABASE()))) = CONNECTION_ID() THEN
        SELECT run.actor, run.started_at INTO @accession_changed_by, @accession_changed_at
        FROM import_runs AS run WHERE run.id = @accession_run_id AND run.status = 'running' AND run.kind NOT IN ('enable', 'disable');
      END IF;
      IF @accession_changed_by IS NULL THEN SET @accession_run_id = NULL, @accession_source_file_id = NULL; END IF;
    END IF;
    IF @accession_run_id IS NULL THEN
      SET accession_now = SYSDATE(6), accession_utc = TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, NOW(6), UTC_TIMESTAMP(6)), accession_now);
      IF NOT (CONVERT_TZ(accession_utc, '+00:00', @@session.time_zone) <=> accession_now) THEN
        SET accession_utc = CONVERT_TZ(accession_now, @@session.time_zone, '+00:00');
      END IF;
    END IF;
    IF @@session.insert_id <> 0 THEN SET accession_id = (SELECT COALESCE(MAX(known.id), 0) + 1 FROM audit_log AS known FOR UPDATE); END IF;
    INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user, id)
    VALUES ('words', IF(COERCIBILITY(NEW.`id`) = 2 AND CHARSET(NEW.`id`) = 'binary', HEX(NEW.`id`), CONVERT(NEW.`id` USING utf8mb4)), 'INSERT',
      NULL,
      CONCAT('{',
        '"id":', COALESCE(JSON_QUOTE(NEW.`id`), CAST(NEW.`id` * 1 AS CHAR), 'null'),
        ',', '"word":', COALESCE(JSON_QUOTE(NEW.`word`), JSON_QUOTE(CONVERT(NEW.`word` USING utf8mb4)), 'null'),
        ',', '"added_at":', COALESCE(IF(COERCIBILITY(NEW.`added_at`) > 2 AND NEW.`added_at` LIKE '____-__-__ %', JSON_QUOTE(DATE_FORMAT(NEW.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(JSON_QUOTE(NEW.`added_at`), JSON_QUOTE(CONVERT(NEW.`added_at` USING utf8mb4)))), 'null'), '}'),
      IF(@accession_run_id IS NULL, DATE_FORMAT(accession_utc, '%Y-%m-%dT%H:%i:%s.%fZ'), @accession_changed_at), IF(@accession_run_id IS NULL, 'external', @accession_changed_by), @accession_run_id, IF(@accession_run_id IS NULL, NULL, @accession_source_file_id), USER(), accession_id);
    END

    CREATE /*M!100300 OR REPLACE */ TRIGGER `accession_words_delete` AFTER DELETE ON `words` FOR EACH ROW accession_structure_91303f96edeaf2b9: BEGIN DECLARE accession_id BIGINT; DECLARE accession_now, accession_utc DATETIME(6);
    IF @accession_run_id IS NOT NULL
      AND (LEFT(USER(), CHAR_LENGTH(USER()) - LOCATE('@', REVERSE(USER()))) <> LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - LOCATE('@', REVERSE(CURRENT_USER()))) OR SUBSTRING_INDEX(USER(), '@', -1) NOT LIKE SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) THEN
      SET @accession_changed_by = NULL, @accession_changed_at = NULL;
      IF IS_USED_LOCK(CONCAT('accession ', MD5(DATABASE()))) = CONNECTION_ID() THEN
        SELECT run.actor, run.started_at INTO @accession_changed_by, @accession_changed_at
        FROM import_runs AS run WHERE run.id = @accession_run_id AND run.status = 'running' AND run.kind NOT IN ('enable', 'disable');
      END IF;
      IF @accession_changed_by IS NULL THEN SET @accession_run_id = NULL, @accession_source_file_id = NULL; END IF;
    END IF;
    IF @accession_run_id IS NULL THEN
      SET accession_now = SYSDATE(6), accession_utc = TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, NOW(6), UTC_TIMESTAMP(6)), accession_now);
      IF NOT (CONVERT_TZ(accession_utc, '+00:00', @@session.time_zone) <=> accession_now) THEN
        SET accession_utc = CONVERT_TZ(accession_now, @@session.time_zone, '+00:00');
      END IF;
    END IF;
    IF @@session.insert_id <> 0 THEN SET accession_id = (SELECT COALESCE(MAX(known.id), 0) + 1 FROM audit_log AS known FOR UPDATE); END IF;
    INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user, id)
    VALUES ('words', IF(COERCIBILITY(OLD.`id`) = 2 AND CHARSET(OLD.`id`) = 'binary', HEX(OLD.`id`), CONVERT(OLD.`id` USING utf8mb4)), 'DELETE',
      CONCAT('{',
        '"id":', COALESCE(JSON_QUOTE(OLD.`id`), CAST(OLD.`id` * 1 AS CHAR), 'null'),
        ',', '"word":', COALESCE(JSON_QUOTE(OLD.`word`), JSON_QUOTE(CONVERT(OLD.`word` USING utf8mb4)), 'null'),
        ',', '"added_at":', COALESCE(IF(COERCIBILITY(OLD.`added_at`) > 2 AND OLD.`added_at` LIKE '____-__-__ %', JSON_QUOTE(DATE_FORMAT(OLD.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(JSON_QUOTE(OLD.`added_at`), JSON_QUOTE(CONVERT(OLD.`added_at` USING utf8mb4)))), 'null'), '}'),
      NULL,
      IF(@accession_run_id IS NULL, DATE_FORMAT(accession_utc, '%Y-%m-%dT%H:%i:%s.%fZ'), @accession_changed_at), IF(@accession_run_id IS NULL, 'external', @accession_changed_by), @accession_run_id, IF(@accession_run_id IS NULL, NULL, @accession_source_file_id), USER(), accession_id);
    END

    CREATE /*M!100300 OR REPLACE */ TRIGGER `accession_words_update` AFTER UPDATE ON `words` FOR EACH ROW accession_structure_91303f96edeaf2b9: BEGIN IF (NOT (OLD.`id` <=> NEW.`id`) OR NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)) OR NOT (OLD.`added_at` <=> NEW.`added_at`)) THEN BEGIN DECLARE accession_id BIGINT; DECLARE accession_now, accession_utc DATETIME(6);
    IF @accession_run_id IS NOT NULL
      AND (LEFT(USER(), CHAR_LENGTH(USER()) - LOCATE('@', REVERSE(USER()))) <> LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - LOCATE('@', REVERSE(CURRENT_USER()))) OR SUBSTRING_INDEX(USER(), '@', -1) NOT LIKE SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) THEN
      SET @accession_changed_by = NULL, @accession_changed_at = NULL;
      IF IS_USED_LOCK(CONCAT('accession ', MD5(DATABASE()))) = CONNECTION_ID() THEN
        SELECT run.actor, run.started_at INTO @accession_changed_by, @accession_changed_at
        FROM import_runs AS run WHERE run.id = @accession_run_id AND run.status = 'running' AND run.kind NOT IN ('enable', 'disable');
      END IF;
      IF @accession_changed_by IS NULL THEN SET @accession_run_id = NULL, @accession_source_file_id = NULL; END IF;
    END IF;
    IF @accession_run_id IS NULL THEN
      SET accession_now = SYSDATE(6), accession_utc = TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, NOW(6), UTC_TIMESTAMP(6)), accession_now);
      IF NOT (CONVERT_TZ(accession_utc, '+00:00', @@session.time_zone) <=> accession_now) THEN
        SET accession_utc = CONVERT_TZ(accession_now, @@session.time_zone, '+00:00');
      END IF;
    END IF;
    IF @@session.insert_id <> 0 THEN SET accession_id = (SELECT COALESCE(MAX(known.id), 0) + 1 FROM audit_log AS known FOR UPDATE); END IF;
    INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user, id)
    VALUES ('words', IF(COERCIBILITY(OLD.`id`) = 2 AND CHARSET(OLD.`id`) = 'binary', HEX(OLD.`id`), CONVERT(OLD.`id` USING utf8mb4)), 'UPDATE',
      CONCAT('{', CONCAT_WS(',',
        CONCAT('"id":', COALESCE(JSON_QUOTE(OLD.`id`), CAST(OLD.`id` * 1 AS CHAR), 'null')),
        IF(NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)), CONCAT('"word":', COALESCE(JSON_QUOTE(OLD.`word`), JSON_QUOTE(CONVERT(OLD.`word` USING utf8mb4)), 'null')), NULL),
        IF(NOT (OLD.`added_at` <=> NEW.`added_at`), CONCAT('"added_at":', COALESCE(IF(COERCIBILITY(OLD.`added_at`) > 2 AND OLD.`added_at` LIKE '____-__-__ %', JSON_QUOTE(DATE_FORMAT(OLD.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(JSON_QUOTE(OLD.`added_at`), JSON_QUOTE(CONVERT(OLD.`added_at` USING utf8mb4)))), 'null')), NULL)), '}'),
      CONCAT('{', CONCAT_WS(',',
        CONCAT('"id":', COALESCE(JSON_QUOTE(NEW.`id`), CAST(NEW.`id` * 1 AS CHAR), 'null')),
        IF(NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)), CONCAT('"word":', COALESCE(JSON_QUOTE(NEW.`word`), JSON_QUOTE(CONVERT(NEW.`word` USING utf8mb4)), 'null')), NULL),
        IF(NOT (OLD.`added_at` <=> NEW.`added_at`), CONCAT('"added_at":', COALESCE(IF(COERCIBILITY(NEW.`added_at`) > 2 AND NEW.`added_at` LIKE '____-__-__ %', JSON_QUOTE(DATE_FORMAT(NEW.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(JSON_QUOTE(NEW.`added_at`), JSON_QUOTE(CONVERT(NEW.`added_at` USING utf8mb4)))), 'null')), NULL)), '}'),
      IF(@accession_run_id IS NULL, DATE_FORMAT(accession_utc, '%Y-%m-%dT%H:%i:%s.%fZ'), @accession_changed_at), IF(@accession_run_id IS NULL, 'external', @accession_changed_by), @accession_run_id, IF(@accession_run_id IS NULL, NULL, @accession_source_file_id), USER(), accession_id);
    END; END IF;
    END
    "#);
}

#[test]
fn truncated_names_stay_distinct() {
    let mut table = words();
    let names = ["a", "b"].map(|last| {
        table.name = format!("{}{last}", "字".repeat(21));
        let triggers = mysql::triggers(&table);
        assert!(triggers.iter().all(|trigger| trigger.name.len() <= 64));
        triggers[0].name.clone()
    });
    assert_ne!(names[0], names[1]);
}

/// Names from other databases are not trusted either.
#[test]
fn names_and_strings_are_escaped() {
    assert_eq!(engine::postgres::identifier("a\"; --"), "\"a\"\"; --\"");
    assert_eq!(engine::mysql::identifier("a`; --"), "`a``; --`");
    assert_eq!(engine::postgres::literal("a' \\"), r"E'a'' \\'");
    assert_eq!(engine::mysql::literal("it's"), "'it''s'");
    assert_eq!(
        engine::mysql::literal("\\'"),
        "CONVERT(X'5C27' USING utf8mb4)"
    );
    let mut table = words();
    table.columns[1].name = "$accession$".to_owned();
    let text = create(&postgres::triggers("public", &table));
    assert!(text.contains("AS $accession_$\n"), "{text}");
}

#[test]
fn declared_types_determine_the_form() {
    let postgres = [
        ("bigint", None, Form::Integer),
        ("boolean", None, Form::Boolean),
        ("double precision", None, Form::Real),
        ("numeric(10,2)", None, Form::Text),
        ("timestamp(3) with time zone", None, Form::Timestamp),
        ("timestamp without time zone", None, Form::Text),
        (
            "timestamp without time zone",
            Some(ColumnType::Timestamp),
            Form::Timestamp,
        ),
        ("timestamp with time zone[]", None, Form::Text),
        ("bytea", None, Form::Blob),
        ("uuid", Some(ColumnType::Uuid), Form::Text),
    ];
    for (declared, wanted, form) in postgres {
        assert_eq!(postgres::form(declared, wanted), form, "{declared}");
    }
    let mysql = [
        ("bigint(20) unsigned", None, Form::Integer),
        ("int(5) unsigned zerofill", None, Form::Text),
        ("year(4)", None, Form::SingleReal),
        ("tinyint(1)", None, Form::Integer),
        ("tinyint(1)", Some(ColumnType::Boolean), Form::Boolean),
        ("double", None, Form::Real),
        ("point", None, Form::Blob),
        ("geometrycollection", None, Form::Blob),
        ("float", None, Form::SingleReal),
        ("decimal(10,2)", None, Form::Text),
        ("TIMESTAMP", None, Form::SessionTimestamp),
        ("datetime(6)", Some(ColumnType::Timestamp), Form::Timestamp),
        ("datetime", None, Form::Text),
        ("varbinary(16)", None, Form::Blob),
        ("longtext", Some(ColumnType::Json), Form::Text),
    ];
    for (declared, wanted, form) in mysql {
        assert_eq!(mysql::form(declared, wanted), form, "{declared}");
    }
}
