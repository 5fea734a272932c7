//! Logical replication: rows that a subscription applies are recorded like others.

use super::target::{Backend, Target, run, setting};
use super::{ends, is_well};

const TABLE: &str = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))";

/// Runs SQL as the superuser of the server that the tests started.
#[track_caller]
fn as_superuser(admin: &str, target: &Target, sql: &str) {
    let (server, _) = admin.rsplit_once('/').expect("a database");
    let url = format!("{server}/{}", target.name());
    let mut command = std::process::Command::new("psql");
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, &url]);
    let ended = crate::workspace::CommandOutput::of(command.output().expect("psql"));
    assert_eq!(ended.code, Some(0), "{sql}\n{ended}");
}

#[track_caller]
fn waits_for(target: &Target, query: &str) {
    for _ in 0..200 {
        if target.value(query) == "t" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("not replicated: {query}");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn rows_that_a_subscription_applies_are_recorded() {
    let admin = setting("TEST_POSTGRES_ADMIN_URL");
    run(Backend::Postgres, |target| {
        run(Backend::Postgres, |publisher| {
            target.execute(TABLE);
            ends(&target, &["audit", "enable", "t"], 0);
            is_well(&target);
            publisher.execute(TABLE);
            let slot = format!("slot_{}", publisher.name());
            // On one server CREATE SUBSCRIPTION would wait for itself to create the slot.
            as_superuser(&admin, &publisher, "CREATE PUBLICATION p FOR TABLE t");
            let create = format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')");
            as_superuser(&admin, &publisher, &create);
            let (server, _) = admin.rsplit_once('/').expect("a database");
            as_superuser(
                &admin,
                &target,
                &format!(
                    "CREATE SUBSCRIPTION s CONNECTION '{server}/{}' PUBLICATION p WITH (create_slot = false, slot_name = '{slot}', copy_data = false)",
                    publisher.name()
                ),
            );
            for (arguments, code) in [
                (&["doctor"][..], 1),
                (&["audit", "status"], 4),
                (&["audit", "verify"], 4),
            ] {
                let out = ends(&target, arguments, code);
                assert!(out.contains("accession_insert"), "{out}");
            }
            ends(&target, &["audit", "enable", "t"], 0);
            is_well(&target);
            publisher.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
            publisher.execute("UPDATE t SET v = 'c' WHERE id = 1");
            publisher.execute("DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 'd')");
            waits_for(&target, "SELECT count(*) = 1 FROM t WHERE id = 3");
            let entries = "SELECT action || ' ' || record_id FROM audit_log ORDER BY id";
            assert_eq!(
                target.rows(entries).concat(),
                ["INSERT 1", "INSERT 2", "UPDATE 1", "DELETE 2", "INSERT 3"]
            );
            publisher.execute("TRUNCATE t");
            waits_for(&target, "SELECT count(*) = 0 FROM t");
            is_well(&target);
            as_superuser(
                &admin,
                &target,
                "ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE)",
            );
            as_superuser(&admin, &target, "DROP SUBSCRIPTION s");
            as_superuser(
                &admin,
                &publisher,
                &format!(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{slot}'"
                ),
            );
            waits_for(
                &publisher,
                &format!("SELECT NOT active FROM pg_replication_slots WHERE slot_name = '{slot}'"),
            );
            as_superuser(
                &admin,
                &publisher,
                &format!("SELECT pg_drop_replication_slot('{slot}')"),
            );
        });
    });
}
