//! Row-level security: rows that policies hide are never taken for rows that were deleted.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

fn with_policy(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t VALUES (1, 'a'), (2, 'b'); \
         CREATE POLICY mine ON t USING (id = 1)",
    );
}

const FORCE: &str = "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY";

#[track_caller]
fn fails(target: &Target, arguments: &[&str]) {
    let ended = target.run(arguments);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("row-level security"), "{ended}");
    assert!(ended.stderr.contains("hint: "), "{ended}");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_with_hidden_rows_is_not_recorded_in_part() {
    run(Backend::Postgres, |target| {
        with_policy(&target);
        target.execute(FORCE);
        fails(&target, &["audit", "enable", "t"]);
        target.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY");
        ends(&target, &["audit", "enable", "t"], 0);
        assert_eq!(target.count("audit_log"), 2);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn hidden_rows_are_an_error_and_not_a_difference() {
    run(Backend::Postgres, |target| {
        with_policy(&target);
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        target.execute(FORCE);
        let out = ends(&target, &["doctor"], 1);
        assert!(
            out.contains("row-level security") && out.contains("`t`"),
            "{out}"
        );
        fails(&target, &["audit", "reconcile"]);
        fails(&target, &["audit", "enable", "t"]);
        // Its trigger could not record all rows.
        assert!(target.try_execute("TRUNCATE t").is_err());
        assert_eq!(target.count("audit_log"), 2);
        // What is written and seen is recorded as ever.
        target.execute("UPDATE t SET v = 'c' WHERE id = 1; DELETE FROM t");
        target.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY");
        is_well(&target);
        assert_eq!(target.count("audit_log"), 4);
    });
}
