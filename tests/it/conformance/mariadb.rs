//! What only MariaDB and MySQL have: engines, versioned tables, names that differ in case, packets, temporary tables.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

fn entries(target: &Target) -> Vec<String> {
    target
        .rows("SELECT CONCAT(action, ' ', table_name, ' ', record_id) FROM audit_log ORDER BY id")
        .concat()
}

fn is_mariadb(target: &Target) -> bool {
    target.value("SELECT VERSION() LIKE '%MariaDB%'") == "1"
}

/// Triggers are recreated before the files are read, and that cannot be rolled back.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_that_writes_no_record_says_what_it_wrote() {
    run(Backend::Mysql, |target| {
        let target = target.with("srs4autism/valid/small");
        target.imports(&[]);
        target.execute("DROP TRIGGER accession_profiles_update");
        target
            .workspace
            .write("profiles/child_profiles.json", "[1]");
        let ended = target.import(&[]);
        assert_eq!(ended.code, Some(3), "{ended}");
        assert!(ended.stdout.contains("; no record was written"), "{ended}");
        let run = target.value("SELECT id FROM import_runs ORDER BY id DESC LIMIT 1");
        assert!(ended.stderr.contains(&run), "{ended}");
        let ended = target.import(&[]);
        assert!(ended.stdout.contains("; nothing was written"), "{ended}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn system_versioned_tables_are_tables() {
    run(Backend::Mysql, |target| {
        if !is_mariadb(&target) {
            return;
        }
        target.execute(
            "CREATE TABLE v (id INT PRIMARY KEY, w VARCHAR(9)) WITH SYSTEM VERSIONING; \
             CREATE TABLE x (id INT, w VARCHAR(9), rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, \
               re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (rs, re), PRIMARY KEY (id)) WITH SYSTEM VERSIONING; \
             INSERT INTO v VALUES (1, 'a'); INSERT INTO x (id, w) VALUES (1, 'a')",
        );
        ends(&target, &["audit", "enable", "--all"], 0);
        target.execute(
            "UPDATE v SET w = 'b'; UPDATE x SET w = 'b'; INSERT INTO x (id, w) VALUES (2, 'c'); DELETE FROM v; DELETE FROM x WHERE id = 1",
        );
        assert_eq!(
            entries(&target),
            [
                "INSERT v 1",
                "INSERT x 1",
                "UPDATE v 1",
                "UPDATE x 1",
                "INSERT x 2",
                "DELETE v 1",
                "DELETE x 1"
            ]
        );
        let last = "SELECT old_value FROM audit_log ORDER BY id DESC LIMIT 1";
        assert_eq!(target.value(last), r#"{"id":1,"w":"b"}"#);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn names_of_tables_may_differ_in_case_alone() {
    run(Backend::Mysql, |target| {
        if target.value("SELECT @@lower_case_table_names") != "0" || !is_mariadb(&target) {
            return;
        }
        target.execute(
            "CREATE TABLE pets (id INT PRIMARY KEY, v INT); CREATE TABLE Pets (a INT, id INT, w INT, PRIMARY KEY (a, id)); \
             INSERT INTO pets VALUES (1, 1); INSERT INTO Pets VALUES (1, 2, 3)",
        );
        ends(&target, &["audit", "enable", "pets"], 0);
        ends(&target, &["audit", "enable", "Pets"], 0);
        target.execute("UPDATE pets SET v = 2; UPDATE Pets SET w = 4");
        let images = "SELECT CONCAT(table_name, new_value) FROM audit_log ORDER BY id";
        assert_eq!(
            target.rows(images).concat(),
            [
                r#"pets{"id":1,"v":1}"#,
                r#"Pets{"a":1,"id":2,"w":3}"#,
                r#"pets{"id":1,"v":2}"#,
                r#"Pets{"a":1,"id":2,"w":4}"#
            ]
        );
        is_well(&target);
        target.execute("DROP TABLE Pets");
        let out = ends(&target, &["audit", "status"], 4);
        assert!(out.contains("Pets"), "{out}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn tables_without_transactions_are_named() {
    run(Backend::Mysql, |target| {
        target.execute("CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE t (id INT PRIMARY KEY)");
        let enabled = target.run(&["audit", "enable", "--all"]);
        assert_eq!(enabled.code, Some(0), "{enabled}");
        assert!(
            enabled
                .stderr
                .contains("`m` has an engine without transactions"),
            "{enabled}"
        );
        assert!(!enabled.stderr.contains("`t` has"), "{enabled}");
        for command in [&["doctor"][..], &["audit", "status"]] {
            let out = ends(&target, command, 0);
            assert!(
                out.contains("`m` has an engine without transactions"),
                "{out}"
            );
        }
        target.execute("START TRANSACTION; INSERT INTO m VALUES (1); ROLLBACK");
        ends(&target, &["audit", "reconcile"], 4);
        target.execute("ALTER TABLE m ENGINE = InnoDB");
        ends(&target, &["audit", "enable", "m"], 0);
        is_well(&target);
        assert!(!ends(&target, &["audit", "status"], 0).contains("engine"));
    });
}

/// Each image fits into `max_allowed_packet`, both together do not.
#[test]
#[ignore = "needs servers: scripts/test"]
fn entries_longer_than_a_packet_can_be_read() {
    run(Backend::Mysql, |target| {
        target.execute("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)");
        ends(&target, &["audit", "enable", "t"], 0);
        let most = "@@max_allowed_packet * 6 DIV 10";
        target.execute(&format!("INSERT INTO t VALUES (1, REPEAT('a', {most}))"));
        target.execute(&format!("UPDATE t SET v = REPEAT('b', {most})"));
        is_well(&target);
        ends(&target, &["audit", "seal"], 0);
        ends(&target, &["audit", "history", "t", "1"], 0);
        ends(&target, &["audit", "export", "--format", "csv"], 0);
        is_well(&target);
    });
}

/// Another program wrote it without a trigger.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_is_longer_than_an_entry_is_named() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO t VALUES (1, 'a')",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute("DROP TRIGGER accession_t_update");
        target.execute("UPDATE t SET v = REPEAT('a', @@max_allowed_packet - 10)");
        let ended = target.run(&["audit", "reconcile"]);
        assert!(
            ended.stderr.contains("a row of `t` is longer than"),
            "{ended}"
        );
        target.execute("UPDATE t SET v = 'a'");
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn accounts_that_can_hide_the_audit_log_are_named() {
    run(Backend::Mysql, |target| {
        target.execute("CREATE TABLE t (id INT PRIMARY KEY)");
        ends(&target, &["audit", "enable", "t"], 0);
        let name = format!("app_{}", target.name());
        // In a grant, `_` matches any character.
        let database = format!("`{}`", target.name().replace('_', "\\_"));
        target.execute(&format!(
            "CREATE USER {name}@'%' IDENTIFIED BY 'app'; GRANT SELECT, INSERT, CREATE TEMPORARY TABLES ON {database}.* TO {name}@'%'"
        ));
        let mut url = url::Url::parse(&target.url()).expect("an address");
        url.set_username(&name).expect("a name");
        url.set_password(Some("app")).expect("a password");
        let asks = || {
            let mut command = target.command(&["doctor"]);
            let ended = target
                .workspace
                .run(command.env("DATABASE_URL", url.as_str()));
            ended.stdout
        };
        let out = asks();
        assert!(
            out.contains("audit_log") && out.contains(&format!("'{name}'@'%'")),
            "{out}"
        );
        target.execute(&format!(
            "REVOKE CREATE TEMPORARY TABLES ON {database}.* FROM {name}@'%'"
        ));
        let out = asks();
        assert!(!out.contains(&format!("'{name}'")), "{out}");
        target.execute(&format!("DROP USER {name}@'%'"));
    });
}

/// A run that enabled a table was interrupted, and the table renamed.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_that_was_renamed_before_its_rows_were_recorded_is_named() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE m (id INT PRIMARY KEY, v INT); INSERT INTO m VALUES (1, 1), (2, 2)",
        );
        ends(&target, &["audit", "enable", "m"], 0);
        // As a kill leaves it: triggers and a run, no entries.
        target.execute(
            "DROP TRIGGER accession_audit_log_no_delete; DELETE FROM audit_log; \
             INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at, counts) \
             SELECT 'ffff0000-0000-7000-8000-000000000000', 'enable', 'running', '', '', '', 'mei', 'mei', 'host', '0', max(started_at), \
             '{\"tables\":{\"m\":{}}}' FROM import_runs; \
             RENAME TABLE m TO mm; INSERT INTO mm VALUES (3, 3)",
        );
        let sealed = target.run(&["audit", "seal"]);
        assert!(
            sealed.stderr.contains("`accession audit enable mm`"),
            "{sealed}"
        );
        for command in ["status", "verify"] {
            let out = ends(&target, &["audit", command], 4);
            assert!(out.contains("mm"), "{out}");
        }
        ends(&target, &["doctor"], 1);
        ends(&target, &["audit", "enable", "mm"], 0);
        let recorded = "SELECT count(DISTINCT record_id) FROM audit_log WHERE table_name = 'mm'";
        assert_eq!(target.value(recorded), "3");
    });
}
