//! Tests with a pooler in transaction mode: all clients share one connection to the server, so that anything a client
//! leaves on it affects the next one.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::target::{Backend, Target, run, setting};
use crate::workspace::CommandOutput;

/// Runs a test on a database that is reached through the pooler.
fn pooled(case: impl FnOnce(Target, String)) {
    let pooler = setting("TEST_PGBOUNCER_URL");
    run(Backend::Postgres, |target| {
        let (pooler, _) = pooler.rsplit_once('/').expect("a database");
        let address = format!("{pooler}/{}", target.name());
        case(target.through(pooler), address);
    });
}

/// Returns what an ordinary application gets as answers through the pooler.
fn query(address: &str, statements: &[&str]) -> String {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
    for statement in statements {
        command.args(["-c", statement]);
    }
    let output = command.arg(address).output().expect("psql");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statements:?}\n{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The settings and prepared statements that remain on the connection to the server.
const LEFT: [&str; 3] = [
    "SHOW search_path",
    "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name <> 'application_name'",
    "SELECT name FROM pg_prepared_statements",
];

#[test]
#[ignore = "needs servers: scripts/test"]
fn everything_works_and_nothing_remains_for_other_clients() {
    pooled(|target, address| {
        let target = target.with("srs4autism/valid/small");
        let own = query(&address, &LEFT);
        let passes = |arguments: &[&str]| {
            let ended = target.run(arguments);
            assert_eq!(ended.code, Some(0), "{arguments:?}\n{ended}");
            assert_eq!(query(&address, &LEFT), own, "after {arguments:?}");
        };
        let import = ["import", "legacy", "--archive", "target/archive"];
        passes(&import);
        target.workspace.write(
            "profiles/child_profiles.json",
            target
                .workspace
                .read("profiles/child_profiles.json")
                .replace("Lakeside", "Seaside"),
        );
        passes(&import);
        passes(&["verify", "legacy"]);
        passes(&["audit", "verify"]);
        passes(&["audit", "reconcile"]);
        passes(&["audit", "log"]);
        passes(&["doctor"]);
        passes(&["migrate", "up"]);
        let run = target.value("SELECT max(id) FROM import_runs");
        let reason = ["--reason", "as a test", "--archive", "target/archive"];
        passes(&[&["revert", &run][..], &reason].concat());
        passes(&["audit", "verify"]);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn two_clients_and_an_application_see_only_their_own_tables() {
    pooled(|target, address| {
        let target = target.with("srs4autism/valid/small");
        target.execute(
            "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE whose AS SELECT 'public' AS name",
        );
        let own = query(&address, &["SHOW search_path"]);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let application = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(query(&address, &["SELECT name FROM whose"]), "public\n");
                    assert_eq!(query(&address, &["SHOW search_path"]), own);
                }
            });
            let clients = ["a", "b"].map(|schema| {
                let target = &target;
                scope.spawn(move || {
                    let archive = format!("target/{schema}");
                    let import = ["import", "legacy", "--archive", &archive];
                    let mut ends = Vec::new();
                    for work in [&import[..], &["verify", "legacy"], &["audit", "verify"]] {
                        for _ in 0..2 {
                            ends.push(target.run(&[work, &["--schema", schema]].concat()));
                        }
                    }
                    ends
                })
            });
            let ends: Vec<CommandOutput> = clients
                .into_iter()
                .flat_map(|client| client.join().expect("its end"))
                .collect();
            done.store(true, Ordering::Relaxed);
            application.join().expect("its own tables");
            for ended in ends {
                assert_eq!(ended.code, Some(0), "{ended}");
            }
        });
        for schema in ["a", "b"] {
            let runs = format!("SELECT count(*) FROM {schema}.import_runs");
            assert_eq!(target.value(&runs), "1");
        }
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn leftovers_of_other_clients_have_no_effect() {
    pooled(|target, address| {
        let target = target.with("srs4autism/valid/small");
        target.execute("CREATE SCHEMA elsewhere");
        let leaves = || {
            query(
                &address,
                &[
                    "SET search_path = elsewhere",
                    "SET TimeZone = 'Asia/Kathmandu'",
                    "SET lock_timeout = '1ms'",
                    "SET default_transaction_isolation = 'serializable'",
                    "SET default_transaction_read_only = on",
                ],
            )
        };
        leaves();
        target.imports(&[]);
        leaves();
        target.verifies("equal");
        let elsewhere = "SELECT count(*) FROM pg_tables WHERE schemaname = 'elsewhere'";
        assert_eq!(target.value(elsewhere), "0");
    });
}
