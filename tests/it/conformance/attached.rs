//! Recorded tables that become partitions, or inherit: changes through another table are recorded, or reported.

use super::partitions::{assert_reports, entries};
use super::target::{Backend, Target, run};
use super::{ends, is_well};

/// A recorded table with a row, and a partitioned table that is not recorded.
fn recorded_and_parent(target: &Target) {
    target.execute(
        "CREATE TABLE recorded (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO recorded VALUES (1, 'a'); \
         CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id); \
         CREATE TABLE other PARTITION OF parent FOR VALUES FROM (100) TO (200)",
    );
    ends(target, &["audit", "enable", "recorded"], 0);
    is_well(target);
}

const ATTACH: &str = "ALTER TABLE parent ATTACH PARTITION recorded FOR VALUES FROM (0) TO (100)";

fn attached(target: &Target) {
    recorded_and_parent(target);
    target.execute(ATTACH);
    ends(target, &["audit", "enable", "recorded"], 0);
    is_well(target);
}

/// Its trigger for INSERT does not fire if the statement is on the other table.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_recorded_table_that_becomes_a_partition_is_reported_until_its_triggers_are_right() {
    run(Backend::Postgres, |target| {
        recorded_and_parent(&target);
        target.execute(ATTACH);
        target.execute("UPDATE parent SET v = 'b'; DELETE FROM parent");
        assert_eq!(entries(&target, "UPDATE"), ["recorded 1"]);
        assert_eq!(entries(&target, "DELETE"), ["recorded 1"]);
        target.execute("INSERT INTO parent VALUES (2, 'c')");
        assert_reports(&target, "recorded");
        ends(&target, &["audit", "reconcile"], 4);
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(entries(&target, "INSERT")[1..], ["recorded 2"]);
        is_well(&target);
        target.execute(
            "INSERT INTO parent VALUES (3, 'd'); UPDATE parent SET id = 150 WHERE id = 3; TRUNCATE parent",
        );
        assert_eq!(entries(&target, "INSERT")[2..], ["recorded 3"]);
        assert_eq!(
            entries(&target, "DELETE")[1..],
            ["recorded 3", "recorded 2"]
        );
        is_well(&target);
    });
}

/// Any command that writes makes the triggers, and reports the rows that can lack an entry.
#[test]
#[ignore = "needs servers: scripts/test"]
fn the_next_command_that_writes_makes_the_triggers_of_a_new_partition() {
    run(Backend::Postgres, |target| {
        recorded_and_parent(&target);
        target.execute(ATTACH);
        target.execute("INSERT INTO parent VALUES (2, 'c')");
        let sealed = target.run(&["audit", "seal"]);
        assert_eq!(sealed.code, Some(0), "{sealed}");
        assert!(
            sealed.stderr.contains("`recorded` became a partition")
                && sealed.stderr.contains("accession audit enable recorded"),
            "{sealed}"
        );
        target.execute("INSERT INTO parent VALUES (3, 'd')");
        assert_eq!(entries(&target, "INSERT")[1..], ["recorded 3"]);
        ends(&target, &["audit", "reconcile"], 4);
        ends(&target, &["audit", "enable", "recorded"], 0);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_detached_table_stays_recorded_and_can_be_attached_again() {
    run(Backend::Postgres, |target| {
        attached(&target);
        target.execute(
            "ALTER TABLE parent DETACH PARTITION recorded; INSERT INTO recorded VALUES (2, 'b')",
        );
        is_well(&target);
        target.execute(ATTACH);
        target.execute("INSERT INTO parent VALUES (3, 'c')");
        assert_eq!(
            entries(&target, "INSERT")[1..],
            ["recorded 2", "recorded 3"]
        );
        is_well(&target);
        ends(&target, &["audit", "disable", "recorded"], 0);
        target.execute("DELETE FROM parent; INSERT INTO parent VALUES (4, 'd')");
        assert_eq!(entries(&target, "DELETE").len(), 0);
        ends(&target, &["audit", "enable", "recorded"], 0);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn recording_the_whole_table_records_its_partitions_under_its_name() {
    run(Backend::Postgres, |target| {
        attached(&target);
        target.execute("INSERT INTO parent VALUES (101, 'z')");
        let failed = target.run(&["audit", "enable", "other"]);
        assert!(
            failed.stderr.contains("`accession audit enable parent`"),
            "{failed}"
        );
        ends(&target, &["audit", "enable", "parent"], 0);
        assert_eq!(entries(&target, "INSERT")[1..], ["parent 1", "parent 101"]);
        is_well(&target);
        target.execute("INSERT INTO recorded VALUES (2, 'b'); DELETE FROM parent WHERE id = 1; TRUNCATE recorded");
        assert_eq!(entries(&target, "DELETE"), ["parent 1", "parent 2"]);
        is_well(&target);
        // Detached, its rows are no longer those of the whole table.
        target.execute(
            "INSERT INTO recorded VALUES (3, 'c'); ALTER TABLE parent DETACH PARTITION recorded",
        );
        assert_reports(&target, "recorded");
        ends(&target, &["audit", "enable", "parent", "recorded"], 0);
        assert_eq!(entries(&target, "DELETE")[2..], ["recorded 1", "parent 3"]);
        is_well(&target);
        target.execute("INSERT INTO recorded VALUES (4, 'd')");
        assert_eq!(
            entries(&target, "INSERT").last().map(String::as_str),
            Some("recorded 4")
        );
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partitioned_table_can_become_a_partition() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE middle (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id); \
             CREATE TABLE leaf PARTITION OF middle FOR VALUES FROM (0) TO (50); INSERT INTO middle VALUES (1, 'a')",
        );
        ends(&target, &["audit", "enable", "middle"], 0);
        target.execute(
            "CREATE TABLE top (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id); \
             ALTER TABLE top ATTACH PARTITION middle FOR VALUES FROM (0) TO (100); \
             INSERT INTO top VALUES (2, 'b'); UPDATE top SET v = 'c' WHERE id = 1; TRUNCATE top",
        );
        assert_eq!(entries(&target, "INSERT"), ["middle 1", "middle 2"]);
        assert_eq!(entries(&target, "UPDATE"), ["middle 1"]);
        assert_eq!(entries(&target, "DELETE").len(), 2);
        is_well(&target);
        target.execute("INSERT INTO leaf VALUES (3, 'd')");
        ends(&target, &["audit", "enable", "--all"], 0);
        is_well(&target);
        target.execute("TRUNCATE middle");
        assert_eq!(entries(&target, "DELETE")[2..], ["top 3"]);
        is_well(&target);
        ends(&target, &["audit", "disable", "top"], 0);
        target.execute("INSERT INTO top VALUES (4, 'e')");
        assert_eq!(
            entries(&target, "INSERT").last().map(String::as_str),
            Some("top 3")
        );
    });
}

/// A table that lost its triggers is not hidden by becoming a partition.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_without_triggers_that_becomes_a_partition_is_reported() {
    run(Backend::Postgres, |target| {
        recorded_and_parent(&target);
        let triggers = "DROP FUNCTION accession_recorded_insert, accession_recorded_update, accession_recorded_delete, accession_recorded_truncate CASCADE";
        target.execute(&format!("{triggers}; {ATTACH}"));
        assert_reports(&target, "recorded");
        ends(&target, &["audit", "enable", "recorded"], 0);
        is_well(&target);
        // The same, attached to a table that is recorded.
        target.execute(&format!(
            "ALTER TABLE parent DETACH PARTITION recorded; {triggers}"
        ));
        ends(&target, &["audit", "enable", "parent"], 0);
        target.execute(ATTACH);
        assert_reports(&target, "recorded");
        ends(&target, &["audit", "enable", "parent"], 0);
        ends(&target, &["audit", "disable", "recorded"], 0);
        is_well(&target);
    });
}

/// A statement on the parent changes and deletes rows of the child, and never inserts any.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_recorded_table_that_inherits_later_is_recorded_through_its_parent() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE grand (id INT, v VARCHAR(10)); CREATE TABLE parent () INHERITS (grand); \
             CREATE TABLE recorded (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO recorded VALUES (1, 'a'), (2, 'b')",
        );
        ends(&target, &["audit", "enable", "recorded"], 0);
        target.execute(
            "ALTER TABLE recorded INHERIT parent; UPDATE grand SET v = 'c' WHERE id = 1; DELETE FROM parent WHERE id = 1; \
             INSERT INTO recorded VALUES (3, 'd'); TRUNCATE grand",
        );
        assert_eq!(entries(&target, "UPDATE"), ["recorded 1"]);
        assert_eq!(
            entries(&target, "DELETE"),
            ["recorded 1", "recorded 2", "recorded 3"]
        );
        is_well(&target);
        target.execute(
            "ALTER TABLE recorded NO INHERIT parent; INSERT INTO recorded VALUES (4, 'e')",
        );
        is_well(&target);
    });
}

/// Imports into a table that is a partition of another one, recorded or not.
#[test]
#[ignore = "needs servers: scripts/test"]
fn imports_work_on_a_partition() {
    run(Backend::Postgres, |target| {
        let target = target.with("srs4autism/valid/small");
        let columns = "(id BIGINT NOT NULL PRIMARY KEY, profile_id TEXT NOT NULL, grammar_uri TEXT NOT NULL, added_at TIMESTAMPTZ)";
        target.execute(&format!(
            "CREATE TABLE mastered_grammar {columns}; CREATE TABLE parent {columns} PARTITION BY RANGE (id)"
        ));
        target.imports(&[]);
        target.execute(
            "ALTER TABLE parent ATTACH PARTITION mastered_grammar FOR VALUES FROM (0) TO (1000)",
        );
        assert_reports(&target, "mastered_grammar");
        let path = "profiles/child_profiles.json";
        let original = target.workspace.read(path);
        target
            .workspace
            .write(path, original.replace(" banana,", " cherry,"));
        let imported = target.imports(&[]);
        assert!(
            imported
                .stderr
                .contains("`mastered_grammar` became a partition"),
            "{imported}"
        );
        assert_reports(&target, "mastered_grammar");
        ends(&target, &["audit", "enable", "mastered_grammar"], 0);
        is_well(&target);
        target.execute("DELETE FROM parent");
        is_well(&target);
        ends(&target, &["audit", "enable", "parent"], 0);
        target
            .workspace
            .write(path, original.replace(" banana,", " medlar,"));
        let failed = target.import(&[]);
        assert_eq!(failed.code, Some(1), "{failed}");
        assert!(
            failed.stderr.contains("`accession audit disable parent`"),
            "{failed}"
        );
        ends(&target, &["audit", "disable", "parent"], 0);
        target.imports(&["--on-conflict", "take-file", "--prune"]);
        is_well(&target);
    });
}
