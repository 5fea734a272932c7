//! The triggers' text. What it does stands in `database/tests`, on real databases.

use super::{AuditedColumn, AuditedTable, Firing, Form, mysql, postgres, sqlite};
use crate::model::ColumnType;

fn words() -> AuditedTable {
    let column = |name: &str, form| AuditedColumn {
        name: name.to_owned(),
        form,
    };
    AuditedTable {
        name: "words".to_owned(),
        columns: vec![
            column("id", Form::Integer),
            column("word", Form::Text),
            column("added_at", Form::Timestamp),
        ],
        key: vec![0],
        rowid: Some(0),
        firing: Firing::Statement,
    }
}

fn create(triggers: &[super::Trigger]) -> String {
    let statements: Vec<_> = triggers
        .iter()
        .map(|trigger| trigger.create.as_str())
        .collect();
    statements.join("\n\n")
}

#[test]
fn sqlite_text() {
    insta::assert_snapshot!(create(&sqlite::triggers(&words())), @r#"
    DROP TRIGGER IF EXISTS "accession_words_insert";
    CREATE TRIGGER "accession_words_insert" AFTER INSERT ON "words" BEGIN
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(NEW."id" AS TEXT), 'INSERT', NULL, json_object('id', NEW."id", 'word', CASE typeof(NEW."word") WHEN 'real' THEN json(CASE WHEN abs(NEW."word") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."word") ELSE json_object('$real', CASE WHEN NEW."word" > 0 THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."word")) ELSE NEW."word" END, 'added_at', CASE typeof(NEW."added_at") WHEN 'real' THEN json(CASE WHEN abs(NEW."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."added_at") ELSE json_object('$real', CASE WHEN NEW."added_at" > 0 THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(NEW."added_at")) ELSE NEW."added_at" END),
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END

    DROP TRIGGER IF EXISTS "accession_words_delete";
    CREATE TRIGGER "accession_words_delete" AFTER DELETE ON "words" BEGIN
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(OLD."id" AS TEXT), 'DELETE', json_object('id', OLD."id", 'word', CASE typeof(OLD."word") WHEN 'real' THEN json(CASE WHEN abs(OLD."word") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."word") ELSE json_object('$real', CASE WHEN OLD."word" > 0 THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(OLD."word")) ELSE OLD."word" END, 'added_at', CASE typeof(OLD."added_at") WHEN 'real' THEN json(CASE WHEN abs(OLD."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."added_at") ELSE json_object('$real', CASE WHEN OLD."added_at" > 0 THEN 'Infinity' ELSE '-Infinity' END) END) WHEN 'blob' THEN json_object('$blob', hex(OLD."added_at")) ELSE OLD."added_at" END), NULL,
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END

    DROP TRIGGER IF EXISTS "accession_words_update";
    CREATE TRIGGER "accession_words_update" AFTER UPDATE ON "words" WHEN (OLD."id" IS NOT NEW."id" COLLATE BINARY OR typeof(OLD."id") <> typeof(NEW."id")) OR (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) OR (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) BEGIN
      INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)
      VALUES ('words', CAST(OLD."id" AS TEXT), 'UPDATE', '{' || substr(',' || '"id":' || CASE typeof(OLD."id") WHEN 'real' THEN CASE WHEN abs(OLD."id") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."id") ELSE json_object('$real', CASE WHEN OLD."id" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."id")) ELSE json_quote(OLD."id") END || CASE WHEN (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) THEN ',' || '"word":' || CASE typeof(OLD."word") WHEN 'real' THEN CASE WHEN abs(OLD."word") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."word") ELSE json_object('$real', CASE WHEN OLD."word" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."word")) ELSE json_quote(OLD."word") END ELSE '' END || CASE WHEN (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) THEN ',' || '"added_at":' || CASE typeof(OLD."added_at") WHEN 'real' THEN CASE WHEN abs(OLD."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', OLD."added_at") ELSE json_object('$real', CASE WHEN OLD."added_at" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(OLD."added_at")) ELSE json_quote(OLD."added_at") END ELSE '' END, 2) || '}', '{' || substr(',' || '"id":' || CASE typeof(NEW."id") WHEN 'real' THEN CASE WHEN abs(NEW."id") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."id") ELSE json_object('$real', CASE WHEN NEW."id" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."id")) ELSE json_quote(NEW."id") END || CASE WHEN (OLD."word" IS NOT NEW."word" COLLATE BINARY OR typeof(OLD."word") <> typeof(NEW."word")) THEN ',' || '"word":' || CASE typeof(NEW."word") WHEN 'real' THEN CASE WHEN abs(NEW."word") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."word") ELSE json_object('$real', CASE WHEN NEW."word" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."word")) ELSE json_quote(NEW."word") END ELSE '' END || CASE WHEN (OLD."added_at" IS NOT NEW."added_at" COLLATE BINARY OR typeof(OLD."added_at") <> typeof(NEW."added_at")) THEN ',' || '"added_at":' || CASE typeof(NEW."added_at") WHEN 'real' THEN CASE WHEN abs(NEW."added_at") <= 1.7976931348623157e308 THEN format('%!.17g', NEW."added_at") ELSE json_object('$real', CASE WHEN NEW."added_at" > 0 THEN 'Infinity' ELSE '-Infinity' END) END WHEN 'blob' THEN json_object('$blob', hex(NEW."added_at")) ELSE json_quote(NEW."added_at") END ELSE '' END, 2) || '}',
        COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
        COALESCE((SELECT changed_by FROM audit_context), 'external'),
        (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));
    END
    "#);
}

#[test]
fn postgres_text() {
    insta::assert_snapshot!(create(&postgres::triggers("public", &words())), @r#"
    CREATE OR REPLACE FUNCTION "public"."accession_words_insert"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text := NULLIF(current_setting('accession.run_id', true), '');
        source_file_id bigint := NULLIF(current_setting('accession.source_file_id', true), '')::bigint;
        changed_by text := COALESCE(NULLIF(current_setting('accession.changed_by', true), ''), 'external');
        changed_at text := COALESCE(NULLIF(current_setting('accession.changed_at', true), ''), to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
    BEGIN
        INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
        SELECT 'words', r."id"::text, 'INSERT',
            NULL,
            '{'
            || '"id":' || COALESCE(r."id"::text, 'null') || ','
            || '"word":' || COALESCE(to_json(r."word"::text)::text, 'null') || ','
            || '"added_at":' || COALESCE(to_json(CASE WHEN r."added_at" >= '0001-01-01' AND r."added_at" < '10000-01-01' THEN to_char(r."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE r."added_at"::text END)::text, 'null')
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
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text := NULLIF(current_setting('accession.run_id', true), '');
        source_file_id bigint := NULLIF(current_setting('accession.source_file_id', true), '')::bigint;
        changed_by text := COALESCE(NULLIF(current_setting('accession.changed_by', true), ''), 'external');
        changed_at text := COALESCE(NULLIF(current_setting('accession.changed_at', true), ''), to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
    BEGIN
        INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
        SELECT 'words', r."id"::text, 'DELETE',
            '{'
            || '"id":' || COALESCE(r."id"::text, 'null') || ','
            || '"word":' || COALESCE(to_json(r."word"::text)::text, 'null') || ','
            || '"added_at":' || COALESCE(to_json(CASE WHEN r."added_at" >= '0001-01-01' AND r."added_at" < '10000-01-01' THEN to_char(r."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE r."added_at"::text END)::text, 'null')
            || '}',
            NULL,
            accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user
        FROM accession_rows AS r;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_delete"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_delete ON "public"."words";
    CREATE TRIGGER accession_delete AFTER DELETE ON "public"."words" REFERENCING OLD TABLE AS accession_rows FOR EACH STATEMENT EXECUTE FUNCTION "public"."accession_words_delete"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_delete

    CREATE OR REPLACE FUNCTION "public"."accession_words_update"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text := NULLIF(current_setting('accession.run_id', true), '');
        source_file_id bigint := NULLIF(current_setting('accession.source_file_id', true), '')::bigint;
        changed_by text := COALESCE(NULLIF(current_setting('accession.changed_by', true), ''), 'external');
        changed_at text := COALESCE(NULLIF(current_setting('accession.changed_at', true), ''), to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
    BEGIN
        INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
        SELECT 'words', OLD."id"::text, 'UPDATE',
            '{' || concat_ws(',',
            '"id":' || COALESCE(OLD."id"::text, 'null'),
            CASE WHEN OLD."word"::text COLLATE pg_catalog."C" IS DISTINCT FROM NEW."word"::text COLLATE pg_catalog."C" THEN '"word":' || COALESCE(to_json(OLD."word"::text)::text, 'null') END,
            CASE WHEN OLD."added_at" IS DISTINCT FROM NEW."added_at" THEN '"added_at":' || COALESCE(to_json(CASE WHEN OLD."added_at" >= '0001-01-01' AND OLD."added_at" < '10000-01-01' THEN to_char(OLD."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE OLD."added_at"::text END)::text, 'null') END) || '}',
            '{' || concat_ws(',',
            '"id":' || COALESCE(NEW."id"::text, 'null'),
            CASE WHEN OLD."word"::text COLLATE pg_catalog."C" IS DISTINCT FROM NEW."word"::text COLLATE pg_catalog."C" THEN '"word":' || COALESCE(to_json(NEW."word"::text)::text, 'null') END,
            CASE WHEN OLD."added_at" IS DISTINCT FROM NEW."added_at" THEN '"added_at":' || COALESCE(to_json(CASE WHEN NEW."added_at" >= '0001-01-01' AND NEW."added_at" < '10000-01-01' THEN to_char(NEW."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE NEW."added_at"::text END)::text, 'null') END) || '}',
            accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user;
        RETURN NULL;
    END
    $accession$;
    REVOKE ALL ON FUNCTION "public"."accession_words_update"() FROM PUBLIC;
    DROP TRIGGER IF EXISTS accession_update ON "public"."words";
    CREATE TRIGGER accession_update AFTER UPDATE ON "public"."words" FOR EACH ROW WHEN (OLD."id" IS DISTINCT FROM NEW."id" OR OLD."word"::text COLLATE pg_catalog."C" IS DISTINCT FROM NEW."word"::text COLLATE pg_catalog."C" OR OLD."added_at" IS DISTINCT FROM NEW."added_at") EXECUTE FUNCTION "public"."accession_words_update"();
    ALTER TABLE "public"."words" ENABLE ALWAYS TRIGGER accession_update

    CREATE OR REPLACE FUNCTION "public"."accession_words_truncate"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex'
    AS $accession$
    <<accession>>
    DECLARE
        run_id text := NULLIF(current_setting('accession.run_id', true), '');
        source_file_id bigint := NULLIF(current_setting('accession.source_file_id', true), '')::bigint;
        changed_by text := COALESCE(NULLIF(current_setting('accession.changed_by', true), ''), 'external');
        changed_at text := COALESCE(NULLIF(current_setting('accession.changed_at', true), ''), to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
    BEGIN
        INSERT INTO "public".audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
        SELECT 'words', r."id"::text, 'DELETE',
            '{'
            || '"id":' || COALESCE(r."id"::text, 'null') || ','
            || '"word":' || COALESCE(to_json(r."word"::text)::text, 'null') || ','
            || '"added_at":' || COALESCE(to_json(CASE WHEN r."added_at" >= '0001-01-01' AND r."added_at" < '10000-01-01' THEN to_char(r."added_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE r."added_at"::text END)::text, 'null')
            || '}',
            NULL,
            accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user
        FROM ONLY "public"."words" AS r;
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
    DROP TRIGGER IF EXISTS `accession_words_insert`;
    CREATE TRIGGER `accession_words_insert` AFTER INSERT ON `words` FOR EACH ROW INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
    VALUES ('words', CONVERT(NEW.`id` USING utf8mb4), 'INSERT',
      NULL,
      CONCAT('{',
        '"id":', COALESCE(CAST(NEW.`id` AS CHAR), 'null'), ',',
        '"word":', COALESCE(JSON_QUOTE(CONVERT(NEW.`word` USING utf8mb4)), 'null'), ',',
        '"added_at":', COALESCE(JSON_QUOTE(DATE_FORMAT(NEW.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), 'null'), '}'),
      COALESCE(@accession_changed_at, DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(@accession_changed_by, 'external'), @accession_run_id, @accession_source_file_id, USER())

    DROP TRIGGER IF EXISTS `accession_words_delete`;
    CREATE TRIGGER `accession_words_delete` AFTER DELETE ON `words` FOR EACH ROW INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
    VALUES ('words', CONVERT(OLD.`id` USING utf8mb4), 'DELETE',
      CONCAT('{',
        '"id":', COALESCE(CAST(OLD.`id` AS CHAR), 'null'), ',',
        '"word":', COALESCE(JSON_QUOTE(CONVERT(OLD.`word` USING utf8mb4)), 'null'), ',',
        '"added_at":', COALESCE(JSON_QUOTE(DATE_FORMAT(OLD.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), 'null'), '}'),
      NULL,
      COALESCE(@accession_changed_at, DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(@accession_changed_by, 'external'), @accession_run_id, @accession_source_file_id, USER())

    DROP TRIGGER IF EXISTS `accession_words_update`;
    CREATE TRIGGER `accession_words_update` AFTER UPDATE ON `words` FOR EACH ROW BEGIN IF NOT (OLD.`id` <=> NEW.`id`) OR NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)) OR NOT (OLD.`added_at` <=> NEW.`added_at`) THEN
    INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
    VALUES ('words', CONVERT(OLD.`id` USING utf8mb4), 'UPDATE',
      CONCAT('{', CONCAT_WS(',',
        CONCAT('"id":', COALESCE(CAST(OLD.`id` AS CHAR), 'null')),
        IF(NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)), CONCAT('"word":', COALESCE(JSON_QUOTE(CONVERT(OLD.`word` USING utf8mb4)), 'null')), NULL),
        IF(NOT (OLD.`added_at` <=> NEW.`added_at`), CONCAT('"added_at":', COALESCE(JSON_QUOTE(DATE_FORMAT(OLD.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), 'null')), NULL)), '}'),
      CONCAT('{', CONCAT_WS(',',
        CONCAT('"id":', COALESCE(CAST(NEW.`id` AS CHAR), 'null')),
        IF(NOT (CAST(OLD.`word` AS BINARY) <=> CAST(NEW.`word` AS BINARY)), CONCAT('"word":', COALESCE(JSON_QUOTE(CONVERT(NEW.`word` USING utf8mb4)), 'null')), NULL),
        IF(NOT (OLD.`added_at` <=> NEW.`added_at`), CONCAT('"added_at":', COALESCE(JSON_QUOTE(DATE_FORMAT(NEW.`added_at`, '%Y-%m-%dT%H:%i:%s.%fZ')), 'null')), NULL)), '}'),
      COALESCE(@accession_changed_at, DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')), COALESCE(@accession_changed_by, 'external'), @accession_run_id, @accession_source_file_id, USER());
    END IF; END
    "#);
}

#[test]
fn names_that_are_too_long_stay_different() {
    let mut table = words();
    let names = ["a", "b"].map(|last| {
        table.name = format!("{}{last}", "字".repeat(21));
        let triggers = mysql::triggers(&table);
        assert!(triggers.iter().all(|trigger| trigger.name.len() <= 64));
        triggers[0].name.clone()
    });
    assert_ne!(names[0], names[1]);
}

/// Names of a database that is not ours are not trusted either.
#[test]
fn names_and_texts_cannot_break_out() {
    assert_eq!(postgres::identifier("a\"; --"), "\"a\"\"; --\"");
    assert_eq!(mysql::identifier("a`; --"), "`a``; --`");
    assert_eq!(postgres::literal("a' \\"), r"E'a'' \\'");
    assert_eq!(mysql::literal("it's"), "'it''s'");
    assert_eq!(mysql::literal("\\'"), "CONVERT(X'5C27' USING utf8mb4)");
    let mut table = words();
    table.columns[1].name = "$accession$".to_owned();
    let text = create(&postgres::triggers("public", &table));
    assert!(text.contains("AS $accession_$\n"), "{text}");
}

#[test]
fn declared_types_are_written_by_what_they_hold() {
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
        ("tinyint(1)", None, Form::Integer),
        ("tinyint(1)", Some(ColumnType::Boolean), Form::Boolean),
        ("double", None, Form::Real),
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
