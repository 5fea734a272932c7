//! Partitions of PostgreSQL that move from a recorded table to another one: both tables are named until the audit log
//! accounts for the rows of both.

use super::partitions::{assert_reports, entries};
use super::target::{Backend, Target, run};
use super::{ends, is_well};

/// Creates two partitioned tables; `a` has a row in each of its partitions.
fn with_tables(target: &Target, recorded: &[&str]) {
    target.execute(
        "CREATE TABLE a (id INT, region VARCHAR(10), v VARCHAR(10), PRIMARY KEY (region, id)) PARTITION BY LIST (region); \
         CREATE TABLE north PARTITION OF a FOR VALUES IN ('n'); CREATE TABLE south PARTITION OF a FOR VALUES IN ('s'); \
         CREATE TABLE b (id INT, region VARCHAR(10), v VARCHAR(10), PRIMARY KEY (region, id)) PARTITION BY LIST (region); \
         INSERT INTO a VALUES (1, 'n', 'x'), (2, 's', 'x')",
    );
    ends(target, &[&["audit", "enable"], recorded].concat(), 0);
    is_well(target);
}

fn moves(target: &Target) {
    target.execute(
        "ALTER TABLE a DETACH PARTITION south; ALTER TABLE b ATTACH PARTITION south FOR VALUES IN ('s')",
    );
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partition_that_moved_between_recorded_tables_is_named_until_both_are_accounted_for() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a", "b"]);
        moves(&target);
        target.execute("INSERT INTO b VALUES (8, 's', 'y'); UPDATE south SET v = 'z' WHERE id = 2");
        assert_eq!(entries(&target, "INSERT")[2..], [r#"b ["s","8"]"#]);
        assert_eq!(entries(&target, "UPDATE"), [r#"b ["s","2"]"#]);
        for _ in 0..2 {
            assert_reports(&target, "south");
            for command in ["status", "verify"] {
                let out = ends(&target, &["audit", command], 4);
                assert!(
                    out.contains("from table `a`") && out.contains("to table `b`"),
                    "{out}"
                );
            }
            ends(&target, &["audit", "reconcile"], 4);
            // Not forgotten when a command writes that does not account for the rows.
            ends(&target, &["audit", "seal"], 0);
        }
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"a ["s","2"]"#]);
        is_well(&target);
        target.execute("TRUNCATE south");
        assert_eq!(entries(&target, "DELETE").len(), 3);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn enabling_either_table_accounts_for_its_rows() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a", "b"]);
        moves(&target);
        ends(&target, &["audit", "enable", "a"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"a ["s","2"]"#]);
        assert_reports(&target, "south");
        ends(&target, &["audit", "enable", "b"], 0);
        assert_eq!(entries(&target, "INSERT")[2..], [r#"b ["s","2"]"#]);
        is_well(&target);
        // Back again; this time the table that got it brings the other one.
        target.execute(
            "ALTER TABLE b DETACH PARTITION south; ALTER TABLE a ATTACH PARTITION south FOR VALUES IN ('s')",
        );
        ends(&target, &["audit", "enable", "a"], 0);
        assert_eq!(entries(&target, "DELETE")[1..], [r#"b ["s","2"]"#]);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partition_that_moved_to_a_table_that_is_not_recorded_is_named() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a"]);
        moves(&target);
        assert_reports(&target, "`south` was detached from table `a`");
        ends(&target, &["audit", "seal"], 0);
        assert_reports(&target, "south");
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"a ["s","2"]"#]);
        is_well(&target);
        target.execute("TRUNCATE b");
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn disabling_the_new_table_does_not_hide_the_rows_that_the_old_one_lost() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a", "b"]);
        moves(&target);
        ends(&target, &["audit", "disable", "b"], 0);
        assert_reports(&target, "south");
        ends(&target, &["audit", "enable", "a"], 0);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_empty_partition_that_was_detached_is_named_without_rows() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a"]);
        target.execute("DELETE FROM a WHERE region = 's'");
        target.execute("ALTER TABLE a DETACH PARTITION south");
        for (command, code) in [("status", 4), ("verify", 4)] {
            let printed = ends(&target, &["audit", command], code);
            assert!(printed.contains("with its rows if it had any"), "{printed}");
        }
        let fixed = target.run(&["doctor", "--fix"]);
        assert_eq!(fixed.code, Some(0), "{fixed}");
        assert!(!fixed.stderr.contains("nothing to do"), "{fixed}");
        assert!(fixed.stderr.contains("south"), "{fixed}");
        is_well(&target);
    });
}

/// Also a detached partition that is not attached again.
#[test]
#[ignore = "needs servers: scripts/test"]
fn doctor_records_the_rows_of_a_detached_partition_as_deleted() {
    run(Backend::Postgres, |target| {
        with_tables(&target, &["a"]);
        target.execute("ALTER TABLE a DETACH PARTITION south");
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(entries(&target, "DELETE"), [r#"a ["s","2"]"#]);
        is_well(&target);
        // Its own trigger was dropped with those of the table.
        target.execute("ALTER TABLE a DETACH PARTITION north");
        ends(&target, &["audit", "disable", "a"], 0);
        target.execute("TRUNCATE north");
        assert_eq!(entries(&target, "DELETE").len(), 1);
        for command in ["status", "verify"] {
            ends(&target, &["audit", command], 0);
        }
    });
}

/// Old partitions are often moved to another schema.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partition_that_was_detached_and_is_in_another_schema_is_named_until_its_rows_are_accounted_for()
 {
    run(Backend::Postgres, |target| {
        target.execute("CREATE SCHEMA old");
        with_tables(&target, &["a"]);
        target.execute("ALTER TABLE north SET SCHEMA old");
        is_well(&target);
        for (partition, command) in [
            ("old.north", &["audit", "enable", "a"][..]),
            ("old.south", &["doctor", "--fix"]),
        ] {
            let own = partition.replace("old.south", "south");
            target.execute(&format!("ALTER TABLE a DETACH PARTITION {own}"));
            if own == "south" {
                target.execute("ALTER TABLE south SET SCHEMA old");
            }
            assert_reports(&target, partition);
            for command in ["status", "verify"] {
                let out = ends(&target, &["audit", command], 4);
                let expected = format!("`{partition}` was detached from table `a`");
                assert!(out.contains(&expected), "{out}");
            }
            ends(&target, command, 0);
            is_well(&target);
        }
        assert_eq!(
            entries(&target, "DELETE"),
            [r#"a ["n","1"]"#, r#"a ["s","2"]"#]
        );
        target.execute("UPDATE old.south SET v = 'z'");
        assert_eq!(entries(&target, "UPDATE"), [""; 0]);
    });
}
