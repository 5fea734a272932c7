//! Entries that no trigger writes, and whose values add up all the same.

use super::target::Target;
use super::{enables, ends, is_well, on_every_database};

on_every_database!(entries_that_cannot_be_read_are_reported);

fn entries_that_cannot_be_read_are_reported(target: Target) {
    target.execute("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))");
    enables(&target, "t");
    target.execute("INSERT INTO t VALUES (1, 'a')");
    is_well(&target);
    let [whole, part] = [r#"'{"id":1,"v":"a"}'"#, r#"'{"id":1}'"#];
    for (old, new) in [(whole, part), (part, whole)] {
        target.execute(&format!(
            "INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by) \
             SELECT table_name, record_id, 'UPDATE', {old}, {new}, changed_at, changed_by FROM audit_log \
             WHERE record_id = '1' AND action = 'INSERT'"
        ));
    }
    let found = ends(&target, &["audit", "reconcile"], 4);
    assert!(
        found.contains("the columns before and after differ"),
        "{found}"
    );
}
