//! Another program drops or alters tables of the ledger, and what guards them. Migration tools of applications may drop
//! tables that they do not know.

use super::on_every_database;
use super::target::{Backend, Target};
use super::{ends, is_well};

on_every_database!(
    a_table_with_data_that_was_dropped_is_named_by_every_command,
    a_table_that_became_a_view_is_named,
    a_column_that_was_renamed_is_named,
    a_deleted_row_of_a_migration_is_named,
    a_table_without_data_is_created_again,
    every_guard_that_was_dropped_is_found_and_created_again,
    a_guard_that_was_altered_is_reported_by_the_command_that_replaces_it,
    a_run_that_was_complete_is_not_completed_again,
);

const WITH_DATA: [&str; 9] = [
    "audit_log",
    "audit_seal_blocks",
    "audit_seals",
    "conversions",
    "import_runs",
    "rejects",
    "row_sources",
    "row_sources_replaced",
    "source_files",
];

fn imported(target: Target) -> Target {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target
}

#[track_caller]
fn are_stopped(target: &Target, words: &str) {
    for (arguments, code) in [
        (&["audit", "status"][..], 4),
        (&["audit", "verify"], 4),
        (&["audit", "reconcile"], 4),
        (&["audit", "enable", "--all"], 4),
        (&["audit", "seal"], 4),
        (&["migrate", "status"], 4),
        (&["migrate", "up"], 4),
        (&["runs", "list"], 4),
        (&["doctor", "--fix"], 4),
    ] {
        let ended = target.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}\n{ended}");
        assert!(ended.stderr.contains(words), "{arguments:?}\n{ended}");
    }
    let import = target.import(&[]);
    assert_eq!(import.code, Some(4), "{import}");
    assert!(import.stderr.contains(words), "{import}");
    let printed = ends(target, &["doctor"], 1);
    assert!(printed.contains(words), "{printed}");
    assert!(!printed.contains("a check failed"), "{printed}");
}

fn a_table_with_data_that_was_dropped_is_named_by_every_command(target: Target) {
    if target.backend == Backend::Sqlite {
        for table in WITH_DATA {
            let target = imported(target.like());
            target.execute(&format!("PRAGMA foreign_keys = OFF; DROP TABLE {table}"));
            are_stopped(&target, &format!("the ledger has no table `{table}`"));
        }
    }
    let target = imported(target);
    for table in WITH_DATA {
        // SQLite would rewrite the triggers that use the table.
        if target.backend != Backend::Sqlite {
            target.execute(&format!("ALTER TABLE {table} RENAME TO elsewhere"));
            are_stopped(&target, &format!("the ledger has no table `{table}`"));
            target.execute(&format!("ALTER TABLE elsewhere RENAME TO {table}"));
            is_well(&target);
        }
    }
    if target.backend != Backend::Mysql {
        target.execute("DROP TABLE __diesel_schema_migrations");
        are_stopped(
            &target,
            "the ledger has no table `__diesel_schema_migrations`",
        );
    }
}

/// A view with its name and columns is in its place.
fn a_table_that_became_a_view_is_named(target: Target) {
    let target = imported(target);
    let mut tables = vec!["rejects", "conversions", "row_sources_replaced"];
    if target.backend == Backend::Mysql {
        tables.push("import_runs");
    }
    for table in tables {
        target.execute(&format!(
            "ALTER TABLE {table} RENAME TO away; CREATE VIEW {table} AS SELECT * FROM away"
        ));
        are_stopped(&target, &format!("the ledger has no table `{table}`"));
        target.execute(&format!(
            "DROP VIEW {table}; ALTER TABLE away RENAME TO {table}"
        ));
        is_well(&target);
    }
    if target.backend == Backend::Sqlite {
        target.execute(
            "CREATE TABLE away AS SELECT * FROM audit_context; DROP TABLE audit_context; \
             CREATE VIEW audit_context AS SELECT * FROM away",
        );
        ends(&target, &["doctor"], 1);
        ends(&target, &["audit", "verify"], 4);
    }
}

/// Neither a table that is locked nor a view of it.
#[test]
#[ignore = "needs servers: scripts/test"]
fn looking_for_views_waits_for_no_table_of_mariadb() {
    super::target::run(Backend::Mysql, |target| {
        let target = imported(target);
        target.execute("CREATE TABLE away (id INT); CREATE VIEW seen AS SELECT * FROM away");
        let _held = target.holds("LOCK TABLES away WRITE, rejects WRITE");
        std::thread::sleep(std::time::Duration::from_millis(500));
        let begun = std::time::Instant::now();
        ends(&target, &["runs", "list"], 0);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    });
}

fn a_column_that_was_renamed_is_named(target: Target) {
    let target = imported(target);
    target.execute("ALTER TABLE audit_seals RENAME COLUMN header TO head");
    are_stopped(
        &target,
        "table `audit_seals` of the ledger has no column `header`",
    );
    target.execute("ALTER TABLE audit_seals RENAME COLUMN head TO header");
    is_well(&target);
}

fn a_deleted_row_of_a_migration_is_named(target: Target) {
    let target = imported(target);
    for migration in ["0001_ledger", "0003_reverts"] {
        let version = format!("accession{}", &migration[..4]);
        target.execute(&format!(
            "DELETE FROM __diesel_schema_migrations WHERE version = '{version}'"
        ));
        are_stopped(
            &target,
            &format!("no row for `accession-{migration}`, which was applied"),
        );
        target.execute(&format!(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"
        ));
        is_well(&target);
    }
    for version in ["0005", "0004", "0003", "0002"] {
        target.execute(&format!(
            "DELETE FROM __diesel_schema_migrations WHERE version >= 'accession{version}'"
        ));
        // Its tables hold no data; on MariaDB, an interrupted migration leaves the same, and goes on.
        if version > "0003" || target.backend == Backend::Mysql {
            ends(&target, &["migrate", "up"], 0);
            is_well(&target);
        } else {
            are_stopped(&target, &format!("no row for `accession-{version}"));
        }
    }
}

fn a_table_without_data_is_created_again(target: Target) {
    let target = imported(target);
    let tables = match target.backend {
        Backend::Sqlite => &["audit_replaced", "audit_context"][..],
        Backend::Postgres => &[],
        Backend::Mysql => &["audit_log_guard"],
    };
    let change =
        |value: &str| target.try_execute(&format!("UPDATE profiles SET school = '{value}'"));
    for table in tables {
        for command in [
            &["doctor", "--fix"][..],
            &["migrate", "up"],
            &["audit", "seal"],
            &["audit", "enable", "--all"],
        ] {
            target.execute(&format!("DROP TABLE {table}"));
            if target.backend == Backend::Sqlite {
                change("x").expect_err("the triggers need the table");
            }
            for (arguments, code) in [
                (&["doctor"][..], 1),
                (&["audit", "status"], 4),
                (&["audit", "verify"], 4),
            ] {
                let printed = ends(&target, arguments, code);
                assert!(printed.contains(&format!("table `{table}`")), "{printed}");
            }
            ends(&target, command, 0);
            is_well(&target);
            let entries = target.count("audit_log");
            change(&format!("{table} {entries}")).expect("the triggers work");
            assert!(target.count("audit_log") > entries);
        }
        target.execute(&format!("DROP TABLE {table}"));
        let repaired = target.imports(&[]);
        assert!(repaired.stderr.contains(table), "{repaired}");
        is_well(&target);
    }
    if target.backend == Backend::Sqlite {
        target.execute("ALTER TABLE audit_replaced DROP COLUMN key_8");
        let printed = ends(&target, &["audit", "status"], 4);
        assert!(printed.contains("`key_8`"), "{printed}");
        ends(&target, &["doctor", "--fix"], 0);
        is_well(&target);
    }
}

/// The statements that drop or disable each guard, with its name; read from the catalog.
fn guards(target: &Target) -> Vec<(String, String)> {
    let query = match target.backend {
        Backend::Sqlite => {
            "SELECT name, 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' \
             AND tbl_name IN ('audit_log', 'import_runs', 'audit_seals', 'audit_seal_blocks')"
        }
        Backend::Postgres => {
            "SELECT t.tgname, s.statement FROM pg_trigger t, LATERAL (VALUES \
             (format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)), \
             (format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)), \
             (format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.tgrelid::regclass, t.tgname)), \
             (format('DROP FUNCTION %s() CASCADE', t.tgfoid::regproc)), \
             (format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''', t.tgfoid::regproc)) \
             ) AS s (statement) WHERE NOT t.tgisinternal AND t.tgrelid::regclass::text IN \
             ('audit_log', 'import_runs', 'audit_seals', 'audit_seal_blocks') \
             UNION ALL SELECT format('numbering of %s.id', attrelid::regclass), format('ALTER TABLE %I ALTER id DROP IDENTITY', attrelid::regclass) \
             FROM pg_attribute WHERE attidentity <> '' AND attrelid::regclass::text IN \
             ('audit_log', 'source_files', 'conversions', 'rejects', 'row_sources_replaced')"
        }
        Backend::Mysql => {
            "SELECT trigger_name, CONCAT('DROP TRIGGER ', trigger_name) FROM information_schema.triggers \
             WHERE trigger_schema = DATABASE() AND event_object_table IN \
             ('audit_log', 'import_runs', 'audit_seals', 'audit_seal_blocks') \
             UNION ALL SELECT CONCAT(table_name, CASE table_name WHEN 'audit_log_guard' THEN '' \
             ELSE CONCAT('.', column_name) END), \
             CONCAT('ALTER TABLE ', table_name, ' DROP FOREIGN KEY ', constraint_name) \
             FROM information_schema.key_column_usage WHERE table_schema = DATABASE() \
             AND referenced_table_name IN ('audit_log', 'import_runs', 'audit_seals', 'source_files') \
             UNION ALL SELECT CONCAT('numbering of ', table_name, '.id'), CONCAT('ALTER TABLE ', table_name, ' MODIFY id BIGINT NOT NULL') \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND extra = 'auto_increment' \
             AND table_name IN ('audit_log', 'conversions', 'rejects', 'row_sources_replaced') \
             UNION ALL SELECT 'audit_log_guard', 'DROP TABLE audit_log_guard'"
        }
    };
    let rows = target.rows(query).into_iter();
    rows.map(|row| (row[0].clone(), row[1].clone())).collect()
}

fn every_guard_that_was_dropped_is_found_and_created_again(target: Target) {
    let target = imported(target);
    let guards = guards(&target);
    assert!(guards.len() >= 10, "{guards:?}");
    for (name, statement) in guards {
        target.execute(&statement);
        let printed = ends(&target, &["doctor"], 1);
        assert!(
            printed.contains(&format!("`{name}")),
            "{statement}\n{printed}"
        );
        ends(&target, &["doctor", "--fix"], 0);
        ends(&target, &["doctor"], 0);
    }
    if target.backend == Backend::Mysql {
        for table in ["audit_log", "audit_seals", "import_runs"] {
            let rejected = target.try_execute(&format!("TRUNCATE {table}"));
            rejected.expect_err("a foreign key refers to it");
        }
    }
    is_well(&target);
}

/// The command that replaces it removes what shows that entries can have been changed.
fn a_guard_that_was_altered_is_reported_by_the_command_that_replaces_it(target: Target) {
    let target = imported(target);
    for command in [
        &["audit", "seal"][..],
        &["doctor", "--fix"],
        &["migrate", "up"],
        &["audit", "enable", "--all"],
    ] {
        target.execute(match target.backend {
            Backend::Sqlite => {
                "DROP TRIGGER accession_audit_log_no_update; \
                 CREATE TRIGGER accession_audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT 1; END"
            }
            Backend::Postgres => {
                "CREATE OR REPLACE FUNCTION accession_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            }
            Backend::Mysql => {
                "CREATE OR REPLACE TRIGGER accession_audit_log_no_update BEFORE UPDATE ON audit_log FOR EACH ROW SET @x = 1"
            }
        });
        ends(&target, &["doctor"], 1);
        let ended = target.run(command);
        let printed = format!("{ended}");
        assert!(printed.contains("dropped, disabled or altered"), "{ended}");
        ends(&target, &["doctor"], 0);
    }
    is_well(&target);
}

/// Another program changed the status of a run.
fn a_run_that_was_complete_is_not_completed_again(target: Target) {
    let target = imported(target);
    target.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    ends(&target, &["audit", "enable", "t"], 0);
    for kind in ["import", "enable"] {
        let run = format!("WHERE kind = '{kind}'");
        target.execute(match target.backend {
            Backend::Sqlite | Backend::Mysql => "DROP TRIGGER accession_import_runs_no_update",
            Backend::Postgres => "ALTER TABLE import_runs DISABLE TRIGGER USER",
        });
        target.execute(&format!("UPDATE import_runs SET status = 'running' {run}"));
        let counts = format!("SELECT counts FROM import_runs {run}");
        let before = target.value(&counts);
        let verified = ends(&target, &["audit", "verify"], 4);
        assert!(verified.contains("`status` of run"), "{verified}");
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(target.value(&counts), before);
        ends(&target, &["audit", "verify"], 4);
    }
}
