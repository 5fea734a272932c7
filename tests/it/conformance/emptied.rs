//! Tables that lose all their rows while their changes are not recorded.

use super::target::Target;
use super::{ARCHIVE, ends, is_well, on_every_database};

on_every_database!(an_import_records_that_a_disabled_table_was_emptied);

fn an_import_records_that_a_disabled_table_was_emptied(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let rows = target.count("approved_cards");
    assert!(rows > 0);
    let disable = [&["audit", "disable", "approved_cards"], &ARCHIVE[..]].concat();
    ends(&target, &disable, 0);
    target.execute("DELETE FROM approved_cards");
    let path = "profiles/child_profiles.json";
    let text = target.workspace.read(path).replace(" banana,", " cherry,");
    target.workspace.write(path, text);
    let imported = target.imports(&[]);
    assert!(imported.stderr.contains("approved_cards"), "{imported}");
    let deletions =
        "SELECT count(*) FROM audit_log WHERE table_name = 'approved_cards' AND action = 'DELETE'";
    assert_eq!(target.value(deletions), rows.to_string());
    is_well(&target);
}
