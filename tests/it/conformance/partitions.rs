//! Changes to single partitions are recorded, or reported until they are.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

#[track_caller]
pub(super) fn assert_reports(target: &Target, partition: &str) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let out = ends(target, arguments, code);
        assert!(out.contains(partition), "{partition}\n{out}");
    }
}

/// Creates an audited, partitioned table with a row in each partition; the partition `deep` is partitioned itself.
fn with_partitions(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT, region VARCHAR(10), v VARCHAR(10), PRIMARY KEY (region, id)) PARTITION BY LIST (region); \
         CREATE TABLE north PARTITION OF t FOR VALUES IN ('n'); \
         CREATE TABLE south PARTITION OF t FOR VALUES IN ('s'); \
         CREATE TABLE deep PARTITION OF t FOR VALUES IN ('d') PARTITION BY RANGE (id); \
         CREATE TABLE deep_low PARTITION OF deep FOR VALUES FROM (0) TO (100); \
         INSERT INTO t VALUES (1, 'n', 'a'), (2, 's', 'a'), (3, 'd', 'a')",
    );
    ends(target, &["audit", "enable", "t"], 0);
    is_well(target);
}

pub(super) fn entries(target: &Target, action: &str) -> Vec<String> {
    let query = format!(
        "SELECT table_name || ' ' || record_id FROM audit_log WHERE action = '{action}' ORDER BY id"
    );
    target.rows(&query).concat()
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn truncating_one_partition_or_all_is_recorded_once() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("INSERT INTO north VALUES (9, 'n', 'x'); TRUNCATE north");
        assert_eq!(
            entries(&target, "DELETE"),
            [r#"t ["n","1"]"#, r#"t ["n","9"]"#]
        );
        target.execute("TRUNCATE deep");
        assert_eq!(entries(&target, "DELETE").len(), 3);
        // A partition created since then is recorded with the whole table.
        target.execute(
            "CREATE TABLE west PARTITION OF t FOR VALUES IN ('w'); INSERT INTO t VALUES (4, 'w', 'a'); TRUNCATE t",
        );
        let mut deleted = entries(&target, "DELETE").split_off(3);
        deleted.sort();
        assert_eq!(deleted, [r#"t ["s","2"]"#, r#"t ["w","4"]"#]);
        let reconciled = target.run(&["audit", "reconcile"]);
        assert_eq!(reconciled.code, Some(0), "{reconciled}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_new_partition_is_reported_until_its_trigger_exists() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("CREATE TABLE west PARTITION OF t FOR VALUES IN ('w')");
        target.execute("INSERT INTO west VALUES (4, 'w', 'a')");
        assert_reports(&target, "west");
        ends(&target, &["audit", "enable", "--all"], 0);
        is_well(&target);
        target.execute("TRUNCATE west");
        assert_eq!(entries(&target, "DELETE"), [r#"t ["w","4"]"#]);
        is_well(&target);
    });
}

/// Every row has its entry, and nothing was truncated: any command that writes creates the trigger. After a TRUNCATE
/// without it that would not be known.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_new_partition_gets_its_trigger_from_the_next_command_that_writes() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        let seal = ["audit", "seal", "--archive", "target/archive"];
        for region in ["empty", "filled"] {
            target.execute(&format!(
                "CREATE TABLE {region} PARTITION OF t FOR VALUES IN ('{region}')"
            ));
            if region == "filled" {
                target.execute("INSERT INTO filled VALUES (4, 'filled', 'a')");
            }
            assert_reports(&target, region);
            ends(&target, &seal, 0);
            is_well(&target);
            target.execute(&format!("TRUNCATE {region}"));
            is_well(&target);
        }
        assert_eq!(entries(&target, "DELETE"), [r#"t ["filled","4"]"#]);
        target.execute(
            "CREATE TABLE cut PARTITION OF t FOR VALUES IN ('cut'); INSERT INTO cut VALUES (5, 'cut', 'a'); TRUNCATE cut",
        );
        target.execute("TRUNCATE cut");
        ends(&target, &seal, 0);
        assert_reports(&target, "cut");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_disabled_trigger_of_a_partition_is_reported() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("ALTER TABLE south DISABLE TRIGGER accession_insert");
        assert_reports(&target, "south");
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        target.execute("INSERT INTO t VALUES (5, 's', 'b')");
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_detached_partition_is_reported_until_its_rows_are_recorded() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("ALTER TABLE t DETACH PARTITION south");
        assert_reports(&target, "south");
        ends(&target, &["audit", "reconcile"], 4);
        ends(&target, &["audit", "enable", "t"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"t ["s","2"]"#]);
        is_well(&target);
        // The partition is attached again with another row: both rows are new to the audit log.
        target.execute(
            "INSERT INTO south VALUES (7, 's', 'b'); ALTER TABLE t ATTACH PARTITION south FOR VALUES IN ('s')",
        );
        assert_reports(&target, "south");
        ends(&target, &["audit", "reconcile"], 4);
        ends(&target, &["audit", "enable", "t"], 0);
        let mut inserted = entries(&target, "INSERT").split_off(3);
        inserted.sort();
        assert_eq!(inserted, [r#"t ["s","2"]"#, r#"t ["s","7"]"#]);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_detached_partition_can_be_audited_as_a_table() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("ALTER TABLE t DETACH PARTITION south");
        ends(&target, &["audit", "enable", "south"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"t ["s","2"]"#]);
        is_well(&target);
        target.execute("TRUNCATE south");
        assert_eq!(entries(&target, "DELETE")[1..], [r#"south ["s","2"]"#]);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn partitioned_tables_can_be_altered_and_disabled() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("ALTER TABLE t RENAME COLUMN v TO w; UPDATE north SET w = 'b'; UPDATE t SET w = 'c' WHERE id = 2");
        let new = "SELECT new_value FROM audit_log WHERE action = 'UPDATE' ORDER BY id";
        assert_eq!(
            target.rows(new).concat(),
            [
                r#"{"region":"n","id":1,"w":"b"}"#,
                r#"{"region":"s","id":2,"w":"c"}"#
            ]
        );
        assert_reports(&target, "`w`");
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        ends(&target, &["audit", "disable", "t"], 0);
        target.execute("TRUNCATE north");
        assert_eq!(entries(&target, "DELETE").len(), 0);
    });
}

/// Each row is recorded for the table that holds it, even if a statement on the parent changes it.
#[test]
#[ignore = "needs servers: scripts/test"]
fn rows_of_inheriting_tables_are_recorded_for_the_table_that_holds_them() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(10)); \
             CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent); \
             INSERT INTO parent VALUES (1, 'a'); INSERT INTO child VALUES (2, 'a')",
        );
        ends(&target, &["audit", "enable", "parent", "child"], 0);
        is_well(&target);
        target.execute("UPDATE parent SET v = 'b'; DELETE FROM parent; INSERT INTO child VALUES (3, 'c'); TRUNCATE parent");
        assert_eq!(entries(&target, "UPDATE"), ["parent 1", "child 2"]);
        assert_eq!(
            entries(&target, "DELETE"),
            ["parent 1", "child 2", "child 3"]
        );
        is_well(&target);
    });
}

/// A table that comes to be inherited from after its triggers were made.
#[test]
#[ignore = "needs servers: scripts/test"]
fn rows_of_a_child_that_is_made_later_are_not_those_of_the_parent() {
    run(Backend::Postgres, |target| {
        target.execute("CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO parent VALUES (1, 'a')");
        ends(&target, &["audit", "enable", "parent"], 0);
        target.execute("CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent); INSERT INTO child VALUES (2, 'b')");
        is_well(&target);
        ends(&target, &["audit", "enable", "child"], 0);
        target.execute("DELETE FROM parent");
        assert_eq!(entries(&target, "DELETE"), ["parent 1", "child 2"]);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_detached_partition_with_partitions_is_named_with_its_table() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute("ALTER TABLE t DETACH PARTITION deep");
        assert_reports(&target, "deep");
        assert_reports(&target, "`t`");
        ends(&target, &["audit", "enable", "t"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"t ["d","3"]"#]);
        is_well(&target);
        target.execute("TRUNCATE deep_low; DROP TABLE deep");
        assert_eq!(entries(&target, "DELETE").len(), 1);
        is_well(&target);
    });
}

/// Its trigger for TRUNCATE is still that of the first table.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partition_that_moved_to_another_table_is_named() {
    run(Backend::Postgres, |target| {
        with_partitions(&target);
        target.execute(
            "CREATE TABLE u (id INT, region VARCHAR(10), v VARCHAR(10), PRIMARY KEY (region, id)) PARTITION BY LIST (region)",
        );
        ends(&target, &["audit", "enable", "u"], 0);
        target.execute("ALTER TABLE t DETACH PARTITION south; ALTER TABLE u ATTACH PARTITION south FOR VALUES IN ('s')");
        assert_reports(&target, "south");
        target.execute("INSERT INTO u VALUES (8, 's', 'x'); TRUNCATE south");
        assert!(!entries(&target, "DELETE").contains(&r#"t ["s","8"]"#.to_owned()));
        ends(&target, &["audit", "enable", "t", "u"], 0);
        is_well(&target);
    });
}

/// Statements on partitions fire no triggers on MySQL and MariaDB; `reconcile` detects the changes in both directions.
#[test]
#[ignore = "needs servers: scripts/test"]
fn changes_to_partitions_on_mysql_are_detected_by_reconcile() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id) \
             (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (100)); \
             INSERT INTO t VALUES (1, 'a'), (50, 'b')",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        for statement in [
            "ALTER TABLE t TRUNCATE PARTITION low",
            "ALTER TABLE t DROP PARTITION high",
        ] {
            target.execute(statement);
            ends(&target, &["audit", "reconcile"], 4);
            ends(&target, &["audit", "enable", "t"], 0);
            is_well(&target);
        }
        let deleted = "SELECT record_id FROM audit_log WHERE action = 'DELETE' ORDER BY id";
        assert_eq!(target.rows(deleted).concat(), ["1", "50"]);
    });
}
