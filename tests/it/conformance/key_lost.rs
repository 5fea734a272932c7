//! Recorded tables that have no primary key any more, or are a view now: reported by name until they are disabled or
//! get a key, while all other tables are compared and recorded as before.

use super::target::{Backend, Target};
use super::{audit, ends, is_well, on_every_database};

on_every_database!(
    a_table_rebuilt_without_a_key_is_reported_until_it_is_disabled,
    a_table_rebuilt_without_a_key_is_recorded_again_with_one,
    a_view_in_the_place_of_a_table_is_reported_until_it_is_disabled;
    servers: a_dropped_key_is_reported_until_the_table_is_disabled,
        a_dropped_key_that_is_restored_is_accounted_for
);

/// Two recorded tables with a row each.
fn with_tables(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'a'), (2, 'b'); \
         CREATE TABLE other (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO other VALUES (1, 'a')",
    );
    ends(target, &["audit", "enable", "t", "other"], 0);
    is_well(target);
}

/// Creates the table again, filled from itself, as many tools do.
fn rebuild(target: &Target) {
    target.execute("CREATE TABLE t2 AS SELECT * FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t");
    target.execute("UPDATE t SET v = 'changed' WHERE id = 1");
    target.execute("DELETE FROM t WHERE id = 2");
}

/// Every command that looks for problems names the table; those that compare continue with the other one.
#[track_caller]
fn is_reported(target: &Target, words: &str) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let printed = ends(target, arguments, code);
        assert!(printed.contains("`t`"), "{printed}");
        assert!(printed.contains(words), "{printed}");
        assert!(printed.contains("`accession audit disable t`"), "{printed}");
    }
    target.execute("UPDATE other SET v = 'c'");
    let (code, found) = audit(target, &["reconcile"]);
    assert_eq!(code, Some(4), "{found:#}");
    let tables: Vec<_> = found["differences"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| one["table"].as_str().expect("a name"))
        .collect();
    assert_eq!(tables, ["t"], "{found:#}");
    assert_eq!(found["tables"]["other"]["rows"], 1, "{found:#}");
    ends(target, &["audit", "enable", "t"], 1);
    // It neither fails nor repairs the table.
    ends(target, &["audit", "enable", "--all"], 0);
    let fixed = target.run(&["doctor", "--fix"]);
    assert_eq!(fixed.code, Some(1), "{fixed}");
    assert!(fixed.stderr.contains("rejected: t: "), "{fixed}");
    assert!(
        !fixed.stdout.contains("`accession doctor --fix` recreates"),
        "{fixed}"
    );
    assert!(
        fixed
            .stdout
            .contains("`accession doctor --fix` cannot repair this"),
        "{fixed}"
    );
}

/// Disabling the table is all that is left to do.
#[track_caller]
fn is_settled_by_disabling(target: &Target) {
    let (code, disabled) = audit(target, &["disable", "t"]);
    assert_eq!(code, Some(0), "{disabled:#}");
    assert_eq!(disabled["tables"], serde_json::json!(["t"]));
    is_well(target);
    let left = match target.backend {
        Backend::Sqlite => {
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 't'"
        }
        Backend::Postgres => {
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgname LIKE 'accession%'"
        }
        Backend::Mysql => {
            "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND event_object_table = 't'"
        }
    };
    assert_eq!(target.value(left), "0");
}

fn a_table_rebuilt_without_a_key_is_reported_until_it_is_disabled(target: Target) {
    with_tables(&target);
    rebuild(&target);
    is_reported(&target, "no primary key any more");
    is_settled_by_disabling(&target);
}

fn a_table_rebuilt_without_a_key_is_recorded_again_with_one(target: Target) {
    with_tables(&target);
    rebuild(&target);
    match target.backend {
        Backend::Sqlite => target.execute(
            "CREATE TABLE t3 (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t3 SELECT * FROM t; \
             DROP TABLE t; ALTER TABLE t3 RENAME TO t",
        ),
        Backend::Postgres | Backend::Mysql => target.execute("ALTER TABLE t ADD PRIMARY KEY (id)"),
    }
    ends(&target, &["audit", "enable", "t"], 0);
    target.execute("UPDATE t SET v = 'again'");
    is_well(&target);
}

fn a_view_in_the_place_of_a_table_is_reported_until_it_is_disabled(target: Target) {
    with_tables(&target);
    target.execute("DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id, 'x' AS v");
    is_reported(&target, "removed or renamed");
    is_settled_by_disabling(&target);
}

fn drop_key(target: &Target) {
    target.execute(match target.backend {
        Backend::Postgres => "ALTER TABLE t DROP CONSTRAINT t_pkey",
        Backend::Sqlite | Backend::Mysql => "ALTER TABLE t DROP PRIMARY KEY",
    });
    target.execute("INSERT INTO t VALUES (3, 'c')");
    target.execute("UPDATE t SET v = 'changed' WHERE id = 1");
}

fn a_dropped_key_is_reported_until_the_table_is_disabled(target: Target) {
    with_tables(&target);
    drop_key(&target);
    is_reported(&target, "no primary key any more");
    is_settled_by_disabling(&target);
}

fn a_dropped_key_that_is_restored_is_accounted_for(target: Target) {
    with_tables(&target);
    drop_key(&target);
    target.execute("ALTER TABLE t ADD PRIMARY KEY (id)");
    ends(&target, &["audit", "enable", "t"], 0);
    target.execute("UPDATE t SET v = 'again'");
    is_well(&target);
}
