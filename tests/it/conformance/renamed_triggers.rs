//! Audit triggers that another program renamed, copied, or created again under another name: they are known by what
//! they call or write, and each change is recorded once as soon as a command has written.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, ends, is_well, on_every_database};

on_every_database!(
    a_renamed_trigger_is_reported_and_replaced_by_the_next_command_that_writes,
    a_copied_trigger_is_reported_and_dropped,
    all_triggers_can_be_renamed,
    disabling_a_table_drops_renamed_and_copied_triggers,
);

fn enabled(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'a')",
    );
    ends(
        target,
        &[&["audit", "enable", "t"], &ARCHIVE[..]].concat(),
        0,
    );
    is_well(target);
}

fn triggers(target: &Target) -> Vec<String> {
    let query = match target.backend {
        Backend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 't' ORDER BY 1"
        }
        Backend::Postgres => {
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass ORDER BY 1"
        }
        Backend::Mysql => {
            "SELECT trigger_name FROM information_schema.triggers \
             WHERE trigger_schema = DATABASE() AND event_object_table = 't' ORDER BY 1"
        }
    };
    target.rows(query).concat()
}

/// The name of the audit trigger for an event.
fn trigger(target: &Target, event: &str) -> String {
    let mut triggers = triggers(target).into_iter();
    let ends = |name: &String| {
        name.ends_with(&format!(" {event}")) || name.ends_with(&format!("_{event}"))
    };
    triggers.find(ends).expect("a trigger")
}

/// Creates a trigger like one of ours under another name.
fn copy(target: &Target, of: &str, name: &str) {
    match target.backend {
        Backend::Sqlite => {
            let text = target.value(&format!(
                "SELECT sql FROM sqlite_master WHERE name = '{of}'"
            ));
            target.execute(&text.replacen(&format!("\"{of}\""), name, 1));
        }
        Backend::Postgres => {
            let event = of.trim_start_matches("accession_");
            let text = target.value(&format!(
                "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgname = 'accession_{event}'"
            ));
            target.execute(&format!(
                "{}; ALTER TABLE t ENABLE ALWAYS TRIGGER {name}",
                text.replacen(of, name, 1)
            ));
        }
        Backend::Mysql => {
            let parts = target.rows(&format!(
                "SELECT action_timing, event_manipulation, REPLACE(HEX(action_statement), CHAR(10), ''), sql_mode FROM information_schema.triggers \
                 WHERE trigger_schema = DATABASE() AND trigger_name = '{of}'"
            ));
            let [timing, event, body, mode] = &parts[0][..] else {
                panic!("{parts:?}");
            };
            let body = data_encoding::HEXUPPER
                .decode(body.as_bytes())
                .expect("hexadecimal");
            let body = String::from_utf8(body).expect("UTF-8");
            target.execute(&format!(
                "SET sql_mode = '{mode}';\nDELIMITER //\nCREATE TRIGGER {name} {timing} {event} ON t FOR EACH ROW {body}//\nDELIMITER ;"
            ));
        }
    }
}

fn rename(target: &Target, of: &str, name: &str) {
    match target.backend {
        Backend::Postgres => target.execute(&format!("ALTER TRIGGER {of} ON t RENAME TO {name}")),
        Backend::Sqlite => {
            copy(target, of, name);
            target.execute(&format!("DROP TRIGGER \"{of}\""));
        }
        Backend::Mysql => {
            copy(target, of, name);
            target.execute(&format!("DROP TRIGGER `{of}`"));
        }
    }
}

#[track_caller]
fn is_reported(target: &Target, name: &str) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let out = ends(target, arguments, code);
        assert!(out.contains(name), "{name}\n{out}");
    }
}

/// Each change has one entry.
#[track_caller]
fn records_once(target: &Target) {
    let before = target.count("audit_log");
    target.execute("INSERT INTO t VALUES (7, 'x')");
    target.execute("UPDATE t SET v = 'y' WHERE id = 7");
    target.execute("DELETE FROM t WHERE id = 7");
    assert_eq!(target.count("audit_log"), before + 3);
    is_well(target);
}

fn a_renamed_trigger_is_reported_and_replaced_by_the_next_command_that_writes(target: Target) {
    enabled(&target);
    let wanted = triggers(&target);
    rename(&target, &trigger(&target, "update"), "foo");
    target.execute("UPDATE t SET v = 'b'");
    assert_eq!(target.count("audit_log"), 2);
    is_reported(&target, "foo");
    ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    assert_eq!(triggers(&target), wanted);
    records_once(&target);
}

fn a_copied_trigger_is_reported_and_dropped(target: Target) {
    enabled(&target);
    let wanted = triggers(&target);
    copy(&target, &trigger(&target, "delete"), "foo");
    is_reported(&target, "foo");
    ends(&target, &[&["doctor", "--fix"], &ARCHIVE[..]].concat(), 0);
    assert_eq!(triggers(&target), wanted);
    records_once(&target);
}

fn all_triggers_can_be_renamed(target: Target) {
    enabled(&target);
    let wanted = triggers(&target);
    for (number, name) in wanted.iter().enumerate() {
        rename(&target, name, &format!("foo{number}"));
    }
    target.execute("UPDATE t SET v = 'b'");
    assert_eq!(target.count("audit_log"), 2);
    is_reported(&target, "foo");
    ends(
        &target,
        &[&["audit", "enable", "t"], &ARCHIVE[..]].concat(),
        0,
    );
    assert_eq!(triggers(&target), wanted);
    records_once(&target);
}

fn disabling_a_table_drops_renamed_and_copied_triggers(target: Target) {
    enabled(&target);
    copy(&target, &trigger(&target, "update"), "foo");
    rename(&target, &trigger(&target, "insert"), "bar");
    let (code, disabled) = audit(&target, &[&["disable", "t"], &ARCHIVE[..]].concat());
    assert_eq!(code, Some(0), "{disabled:#}");
    assert_eq!(triggers(&target), [""; 0]);
    target.execute("UPDATE t SET v = 'c'");
    assert_eq!(target.count("audit_log"), 1);
    for command in ["status", "verify"] {
        ends(&target, &["audit", command], 0);
    }
}

/// A renamed function is reported like another trigger, and replaced.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_renamed_function_still_records_and_is_replaced() {
    run(Backend::Postgres, |target| {
        enabled(&target);
        target.execute("ALTER FUNCTION accession_t_update() RENAME TO foo; ALTER TRIGGER accession_update ON t RENAME TO bar; UPDATE t SET v = 'b'");
        assert_eq!(target.count("audit_log"), 2);
        is_reported(&target, "bar");
        ends(&target, &["audit", "enable", "t"], 0);
        records_once(&target);
        target.execute("ALTER FUNCTION accession_t_truncate() RENAME TO baz");
        is_reported(&target, "accession_truncate");
        ends(&target, &["doctor", "--fix"], 0);
        records_once(&target);
    });
}

/// Renaming a trigger of a partitioned table renames its clones, but not the triggers for TRUNCATE.
#[test]
#[ignore = "needs servers: scripts/test"]
fn triggers_of_partitioned_tables_and_partitions_can_be_renamed() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) PARTITION BY RANGE (id); \
             CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100); INSERT INTO t VALUES (1, 'a')",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        for rename in [
            "ALTER TRIGGER accession_truncate ON low RENAME TO foo",
            "ALTER TRIGGER accession_truncate ON t RENAME TO foo",
            "ALTER TRIGGER accession_insert ON t RENAME TO foo",
        ] {
            target.execute(rename);
            let before = target.count("audit_log");
            target.execute("INSERT INTO t VALUES (2, 'b'); TRUNCATE t; INSERT INTO low VALUES (1, 'a'); TRUNCATE low");
            let rows = if before == 1 { 5 } else { 4 };
            assert_eq!(target.count("audit_log"), before + rows, "{rename}");
            ends(&target, &["audit", "reconcile"], 0);
            is_reported(
                &target,
                if rename.contains("ON low") {
                    "low"
                } else {
                    "foo"
                },
            );
            ends(&target, &["audit", "seal"], 0);
            records_once(&target);
        }
        ends(&target, &["audit", "disable", "t"], 0);
        target.execute("INSERT INTO t VALUES (3, 'c'); TRUNCATE t");
        ends(&target, &["audit", "status"], 0);
    });
}

/// A deferred trigger writes its entries when the transaction ends.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_constraint_trigger_in_place_of_ours_is_reported_and_replaced() {
    run(Backend::Postgres, |target| {
        enabled(&target);
        for (deferred, repair) in [
            (
                "DEFERRABLE INITIALLY DEFERRED",
                &["audit", "enable", "t"][..],
            ),
            ("DEFERRABLE", &["doctor", "--fix"]),
            ("", &["audit", "enable", "t"]),
        ] {
            target.execute(&format!(
                "DROP TRIGGER accession_update ON t; CREATE CONSTRAINT TRIGGER accession_update AFTER UPDATE ON t {deferred} \
                 FOR EACH ROW WHEN (old.* *<> new.*) EXECUTE FUNCTION accession_t_update(); \
                 ALTER TABLE t ENABLE ALWAYS TRIGGER accession_update"
            ));
            is_reported(&target, "accession_update");
            ends(&target, &[repair, &ARCHIVE[..]].concat(), 0);
            records_once(&target);
        }
    });
}
