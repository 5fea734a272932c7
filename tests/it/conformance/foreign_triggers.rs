//! Triggers, rules and policies of another program on the tables of the ledger, which swallow or change entries.

use super::on_every_database;
use super::target::{Backend, Target};
use super::{ends, is_well};

on_every_database!(
    a_run_without_entries_is_not_committed,
    rows_whose_entries_are_swallowed_are_not_recorded,
    triggers_of_others_on_the_ledger_are_named_until_they_are_dropped;
    servers: an_entry_that_is_changed_is_missed
);

/// Creates what keeps the entries of a table from being written, and returns the statement that drops it.
fn swallow(target: &Target, table: &str) -> String {
    match target.backend {
        Backend::Sqlite => {
            target.execute(&format!(
                "CREATE TRIGGER evil BEFORE INSERT ON audit_log WHEN NEW.table_name = '{table}' \
                 BEGIN SELECT RAISE(IGNORE); END"
            ));
            "DROP TRIGGER evil".to_owned()
        }
        Backend::Postgres => {
            target.execute(&format!(
                "CREATE RULE evil AS ON INSERT TO audit_log WHERE NEW.table_name = '{table}' DO INSTEAD NOTHING"
            ));
            "DROP RULE evil ON audit_log".to_owned()
        }
        // There a trigger can only change an entry.
        Backend::Mysql => {
            target.execute(&format!(
                "CREATE TRIGGER evil BEFORE INSERT ON audit_log FOR EACH ROW \
                 SET NEW.table_name = IF(NEW.table_name = '{table}', 'nothing', NEW.table_name)"
            ));
            "DROP TRIGGER evil".to_owned()
        }
    }
}

#[track_caller]
fn are_named(target: &Target, names: &[&str]) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let printed = ends(target, arguments, code);
        for name in names {
            assert!(printed.contains(&format!("`{name}`")), "{name}\n{printed}");
        }
    }
}

fn a_run_without_entries_is_not_committed(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let path = "profiles/child_profiles.json";
    let before = target.workspace.read(path);
    let drop = swallow(&target, "mastered_words");
    let (runs, rows) = (target.count("import_runs"), target.count("mastered_words"));
    target
        .workspace
        .write(path, before.replace("banana", "cherry"));
    let failed = target.import(&[]);
    assert_eq!(failed.code, Some(4), "{failed}");
    assert!(failed.stderr.contains("caused only 0 entries"), "{failed}");
    assert_eq!(target.count("import_runs"), runs);
    assert_eq!(target.count("mastered_words"), rows);
    are_named(&target, &["evil", "audit_log"]);
    target.execute(&drop);
    target.imports(&[]);
    is_well(&target);
}

fn rows_whose_entries_are_swallowed_are_not_recorded(target: Target) {
    target.execute("CREATE TABLE other (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY)");
    ends(&target, &["audit", "enable", "other"], 0);
    target.execute("INSERT INTO t VALUES (1), (2)");
    let drop = swallow(&target, "t");
    if target.backend == Backend::Mysql {
        // The entries are there, with another table: named, as the next case shows.
        return;
    }
    ends(&target, &["audit", "enable", "t"], 1);
    target.execute(&drop);
    ends(&target, &["audit", "enable", "t"], 0);
    is_well(&target);
}

fn triggers_of_others_on_the_ledger_are_named_until_they_are_dropped(target: Target) {
    target.execute("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    ends(&target, &["audit", "enable", "t"], 0);
    is_well(&target);
    // The name does not make it one of ours.
    let (create, name, drop): (_, _, &[&str]) = match target.backend {
        Backend::Sqlite => (
            "CREATE TRIGGER accession_own AFTER INSERT ON import_runs BEGIN SELECT 1; END",
            "accession_own",
            &["DROP TRIGGER accession_own"],
        ),
        Backend::Mysql => (
            "CREATE TRIGGER accession_own AFTER INSERT ON import_runs FOR EACH ROW SET @own = 1",
            "accession_own",
            &["DROP TRIGGER accession_own"],
        ),
        Backend::Postgres => (
            "CREATE POLICY own ON import_runs USING (true)",
            "own",
            &["DROP POLICY own ON import_runs"],
        ),
    };
    target.execute(create);
    are_named(&target, &[name, "import_runs"]);
    // They are not tables of the application.
    ends(&target, &["audit", "enable", "--all"], 0);
    ends(&target, &["audit", "enable", "import_runs"], 1);
    for statement in drop {
        target.execute(statement);
    }
    is_well(&target);
}

/// A trigger takes the entries of a run away from it.
fn an_entry_that_is_changed_is_missed(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute(match target.backend {
        Backend::Sqlite | Backend::Mysql => {
            "CREATE TRIGGER evil BEFORE INSERT ON audit_log FOR EACH ROW SET NEW.run_id = NULL"
        }
        Backend::Postgres => {
            "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.run_id := NULL; RETURN NEW; END'; \
             CREATE TRIGGER evil BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION evil(); \
             ALTER TABLE audit_log ENABLE ALWAYS TRIGGER evil"
        }
    });
    let path = "profiles/child_profiles.json";
    let changed = target.workspace.read(path).replace("banana", "cherry");
    target.workspace.write(path, changed);
    let failed = target.import(&[]);
    assert_eq!(failed.code, Some(4), "{failed}");
    are_named(&target, &["evil"]);
}
