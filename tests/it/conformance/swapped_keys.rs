//! A statement that swaps the keys of two rows. PostgreSQL allows it if the key is deferrable.

use serde_json::Value;

use super::target::{Backend, Target, run};
use super::{audit, ends, is_well};

fn swap(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY DEFERRABLE, a TEXT, b TEXT); \
         INSERT INTO t VALUES (1, 'one', 'x'), (2, 'two', 'x')",
    );
    ends(target, &["audit", "enable", "t"], 0);
    target.execute("UPDATE t SET id = 3 - id");
    target.execute("UPDATE t SET b = 'new' WHERE id = 1");
}

fn column<'r>(row: &'r Value, name: &str) -> &'r Value {
    let columns = row["columns"].as_array().expect("columns");
    let found = columns.iter().find(|one| one["column"] == name);
    &found.expect("the column")["value"]
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn each_row_keeps_its_entries() {
    run(Backend::Postgres, |target| {
        swap(&target);
        is_well(&target);
        let (_, rows) = audit(&target, &["as-of", "t", "--at", "now"]);
        assert_eq!(rows["count"], 2, "{rows:#}");
        assert_eq!(rows["problems"], Value::Array(Vec::new()), "{rows:#}");
        for (record, a, b) in [("1", "two", "new"), ("2", "one", "x")] {
            let (_, history) = audit(&target, &["history", "t", record]);
            let versions = history["versions"].as_array().expect("versions");
            let problems = versions.iter().filter(|one| !one["problem"].is_null());
            assert_eq!(problems.count(), 0, "{history:#}");
            let (_, blame) = audit(&target, &["blame", "t", record]);
            let found = (column(&blame, "a"), column(&blame, "b"));
            assert_eq!(found, (&Value::from(a), &Value::from(b)), "{blame:#}");
            let shown = rows["rows"].as_array().expect("rows");
            let shown = shown.iter().find(|row| row["record_id"] == record);
            let values = &shown.expect("the row")["values"];
            assert_eq!((&values["a"], &values["b"]), found, "{rows:#}");
        }
    });
}

/// After the swap the second row is deleted, and another one gets its key.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_later_row_with_the_key_is_another_one() {
    run(Backend::Postgres, |target| {
        swap(&target);
        target.execute("DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'other', 'y')");
        is_well(&target);
        let (_, rows) = audit(&target, &["as-of", "t", "--at", "now"]);
        assert_eq!(rows["count"], 2, "{rows:#}");
        let (_, blame) = audit(&target, &["blame", "t", "2"]);
        assert_eq!(column(&blame, "a"), "other", "{blame:#}");
        let (_, blame) = audit(&target, &["blame", "t", "1"]);
        assert_eq!(column(&blame, "a"), "two", "{blame:#}");
    });
}
