//! MariaDB: commands that read the catalog while another program changes the definition of a table.

use std::thread::sleep;
use std::time::Duration;

use super::is_well;
use super::target::{Backend, Held, Target, run};
use crate::fixtures;
use crate::workspace::CommandOutput;

const IMPORT: [&str; 6] = [
    "import",
    "legacy",
    "--layout",
    "layout",
    "--archive",
    "target/archive",
];

/// Waits until a query returns a row other than 0.
fn until(target: &Target, query: &str) {
    while target.value(query) == "0" {
        sleep(Duration::from_millis(10));
    }
}

/// A session that has read a table in a transaction, so that the table's definition cannot change.
pub(super) fn reading(target: &Target, table: &str) -> Held {
    let reading = target.holds(&format!(
        "SELECT count(*) FROM {table}; SELECT GET_LOCK(DATABASE(), 0)"
    ));
    until(target, "SELECT IS_USED_LOCK(DATABASE()) IS NOT NULL");
    reading
}

/// Renames tables, and holds the definition of the first until the result is dropped: the statement waits for the
/// second, which a transaction has read.
fn renaming(target: &Target) -> [Held; 2] {
    let reading = reading(target, "other");
    let renaming = target.holds("RENAME TABLE fees TO a, a TO fees, other TO b, b TO other");
    until(
        target,
        "SELECT count(*) FROM information_schema.processlist \
         WHERE db = DATABASE() AND state = 'Waiting for table metadata lock'",
    );
    [reading, renaming]
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_whose_definition_is_being_changed_is_not_missing() {
    run(Backend::Mysql, |target| {
        let root = target.workspace.root();
        fixtures::copy(&fixtures::path("tutorial"), &target.workspace.source_dir());
        fixtures::copy(&fixtures::path("layouts/tutorial"), &root.join("layout"));
        target.execute("CREATE TABLE other (id INT PRIMARY KEY)");
        let status = ["audit", "status"];
        let commands: [&[&str]; 6] = [
            &IMPORT,
            &status,
            &["audit", "verify"],
            &["audit", "reconcile"],
            &["audit", "enable", "other"],
            &["doctor"],
        ];
        target.run(&IMPORT);
        for command in commands {
            let expected = target.run(command);
            assert_eq!(expected.code, Some(0), "{expected}");
            let held = renaming(&target);
            let begun = target.command(command).spawn().expect("it starts");
            sleep(Duration::from_millis(400));
            let [reading, renaming] = held;
            drop(reading);
            let ended = CommandOutput::of(begun.wait_with_output().expect("an end"));
            drop(renaming);
            assert_eq!(ended.code, Some(0), "{command:?}\n{ended}");
        }
        is_well(&target);
    });
}
