//! MariaDB: triggers that are created again while another program writes, and triggers that another program created
//! again with settings of its own.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::mariadb_definitions::reading;
use super::target::{Backend, Target, run};
use super::{ARCHIVE, enables, ends, is_well};

const WAITING: &str = "SELECT count(*) FROM information_schema.processlist \
                       WHERE db = DATABASE() AND state = 'Waiting for table metadata lock'";

/// Waits until as many sessions wait for the definition of a table. What is recorded must not depend on it: on a busy
/// machine it goes on after a while, and says what the sessions do.
#[expect(clippy::print_stderr, reason = "it helps to investigate a failure")]
fn until_waiting(target: &Target, sessions: u64) {
    let start = Instant::now();
    while target.value(WAITING).parse::<u64>().expect("a number") < sessions {
        if start.elapsed() > Duration::from_secs(20) {
            let processes = "SELECT concat_ws(' | ', id, db, state, time, info) FROM information_schema.processlist";
            eprintln!("not {sessions} sessions wait:\n{}", target.value(processes));
            return;
        }
        sleep(Duration::from_millis(10));
    }
}

/// Enables the auditing of a table that another session reads; a third one has inserted a row as soon as the first
/// statement that changes a trigger has been executed.
fn enables_while_a_row_is_inserted(target: &Target, table: &str) {
    let reading = reading(target, table);
    let mut command = target.command(&[&["audit", "enable", table], &ARCHIVE[..]].concat());
    let enabling = command.spawn().expect("it starts");
    until_waiting(target, 1);
    std::thread::scope(|scope| {
        scope.spawn(|| target.execute(&format!("INSERT INTO {table} (id) VALUES (2)")));
        until_waiting(target, 2);
        drop(reading);
    });
    let enabled = enabling.wait_with_output().expect("an end");
    assert_eq!(enabled.status.code(), Some(0));
}

fn enabled(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t VALUES (1, 'a')",
    );
    enables(target, "t");
}

const RECORDED: &str =
    "SELECT count(*) FROM audit_log WHERE record_id = '2' AND changed_by = 'external'";

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_change_while_triggers_are_created_again_is_recorded() {
    run(Backend::Mysql, |target| {
        enabled(&target);
        target.execute("ALTER TABLE t ADD COLUMN w INT");
        enables_while_a_row_is_inserted(&target, "t");
        assert_eq!(target.value(RECORDED), "1");
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_change_while_a_renamed_table_gets_its_triggers_is_recorded() {
    run(Backend::Mysql, |target| {
        enabled(&target);
        target.execute("RENAME TABLE t TO other");
        enables_while_a_row_is_inserted(&target, "other");
        let recorded = format!("{RECORDED} AND table_name = 'other'");
        assert_eq!(target.value(&recorded), "1");
        is_well(&target);
    });
}

/// The names of triggers move with the tables.
#[test]
#[ignore = "needs servers: scripts/test"]
fn tables_that_exchanged_their_names_get_their_triggers() {
    run(Backend::Mysql, |target| {
        enabled(&target);
        target.execute("CREATE TABLE s (id INT PRIMARY KEY, n INT); INSERT INTO s VALUES (7, 1)");
        enables(&target, "s");
        target.execute("RENAME TABLE t TO x, s TO t, x TO s");
        ends(
            &target,
            &[&["audit", "enable", "s", "t"], &ARCHIVE[..]].concat(),
            0,
        );
        target.execute("INSERT INTO t VALUES (8, 2); INSERT INTO s VALUES (2, 'b')");
        is_well(&target);
    });
}

/// Creates the trigger for UPDATE again after these settings, with the same text.
fn created_again(target: &Target, settings: &str) {
    let text = target.value(
        "SELECT HEX(action_statement) FROM information_schema.triggers \
         WHERE trigger_schema = DATABASE() AND trigger_name = 'accession_t_update'",
    );
    let text = data_encoding::HEXUPPER.decode(text.as_bytes());
    let text = String::from_utf8(text.expect("hexadecimal")).expect("UTF-8");
    target.execute(&format!(
        "{settings};\nDELIMITER ;;\nDROP TRIGGER accession_t_update;;\n\
         CREATE TRIGGER accession_t_update AFTER UPDATE ON t FOR EACH ROW {text};;"
    ));
}

const OURS: &str = "SET sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
                    STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO'";

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_trigger_with_other_settings_is_reported_until_it_is_created_again() {
    run(Backend::Mysql, |target| {
        enabled(&target);
        created_again(&target, OURS);
        is_well(&target);
        for settings in [
            "SET sql_mode = ''".to_owned(),
            "SET sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'".to_owned(),
            format!("{OURS}, character_set_client = 'latin1'"),
            format!("{OURS}, collation_connection = 'latin1_swedish_ci'"),
        ] {
            created_again(&target, &settings);
            // Commands that have another task leave it as it is.
            ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
            ends(&target, &["doctor"], 1);
            for command in ["status", "verify"] {
                let out = ends(&target, &["audit", command], 4);
                assert!(out.contains("accession_t_update"), "{settings}\n{out}");
            }
            enables(&target, "t");
            is_well(&target);
        }
    });
}

/// Not as one of an earlier version, which has recorded every change.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_reports_triggers_with_other_settings() {
    run(Backend::Mysql, |target| {
        let target = target.with("srs4autism/valid/small");
        target.imports(&[]);
        target.execute(
            "SET sql_mode = ''; CREATE OR REPLACE TRIGGER accession_profiles_delete AFTER DELETE ON profiles \
             FOR EACH ROW INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by) \
             VALUES ('profiles', OLD.id, 'DELETE', '{}', NULL, '', '')",
        );
        let imported = target.imports(&[]);
        assert!(
            imported.stderr.contains("accession_profiles_delete"),
            "{imported}"
        );
        ends(&target, &["audit", "status"], 4);
        enables(&target, "profiles");
        is_well(&target);
    });
}
