//! Tables whose changes fire no triggers: virtual tables of SQLite, and foreign tables of PostgreSQL.

use super::target::{Backend, Target, run, setting};
use super::{ARCHIVE, audit, ends};

#[test]
fn virtual_tables_are_named_and_not_recorded() {
    run(Backend::Sqlite, |target| {
        target.execute(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text); CREATE VIRTUAL TABLE found USING fts5(text); \
             CREATE VIRTUAL TABLE areas USING rtree(id, x0, x1); INSERT INTO found VALUES ('word')",
        );
        are_named(&target, &["found", "areas"]);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn foreign_tables_are_named_and_not_recorded() {
    run(Backend::Postgres, |target| {
        target.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
        // Only a superuser creates a wrapper.
        let admin = setting("TEST_POSTGRES_ADMIN_URL");
        let (server, _) = admin.rsplit_once('/').expect("an address");
        let statements = "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing; \
             CREATE FOREIGN TABLE found (text TEXT) SERVER elsewhere; ALTER FOREIGN TABLE found OWNER TO accession";
        let mut client = std::process::Command::new("psql");
        client.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statements]);
        let created = client.arg(format!("{server}/{}", target.name())).status();
        assert!(created.expect("the client").success());
        are_named(&target, &["found"]);
    });
}

/// The table `notes` is recorded; the others are named, which is not an error.
#[track_caller]
fn are_named(target: &Target, tables: &[&str]) {
    let all = [&["enable", "--all"], &ARCHIVE[..]].concat();
    let (code, enabled) = audit(target, &all);
    assert_eq!(code, Some(0), "{enabled:#}");
    assert_eq!(
        enabled["tables"],
        serde_json::json!(["notes"]),
        "{enabled:#}"
    );
    let (code, status) = audit(target, &["status"]);
    assert_eq!(code, Some(0), "{status:#}");
    let text = ends(target, &["audit", "status"], 0);
    for table in tables {
        let rejected = enabled["refused"].to_string();
        assert!(
            rejected.contains(table) && rejected.contains("virtual or foreign"),
            "{enabled:#}"
        );
        let states = status["tables"].as_array().expect("an array");
        let state = states.iter().find(|state| state["table"] == *table);
        assert_eq!(state.expect("listed")["state"], "no_triggers", "{status:#}");
        assert!(text.contains("a virtual or foreign table"), "{text}");
        let named = [&["audit", "enable", table], &ARCHIVE[..]].concat();
        let failed = target.run(&named);
        assert_eq!(failed.code, Some(1), "{failed}");
        assert!(failed.stderr.contains("virtual or foreign"), "{failed}");
        let disabled = [&["audit", "disable", table], &ARCHIVE[..]].concat();
        ends(target, &disabled, 0);
    }
    for command in ["verify", "reconcile"] {
        ends(target, &["audit", command], 0);
    }
    ends(target, &["doctor"], 0);
}
