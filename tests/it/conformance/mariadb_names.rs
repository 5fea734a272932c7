//! Names of triggers, which are unique in a database of MariaDB or MySQL.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, ends, is_well};

/// `a_b` (`c`) and `a` (`b_c`).
#[test]
#[ignore = "needs servers: scripts/test"]
fn cascades_of_columns_with_alike_names_are_different() {
    run(Backend::Mysql, |target| {
        let mut layout = "name = \"alike\"\n".to_owned();
        for (table, column) in [
            ("p", ""),
            ("q", ""),
            ("a", "b_c = \"/r\"\n"),
            ("a_b", "c = \"/r\"\n"),
        ] {
            layout += &format!(
                "[[source]]\nfiles = \"{table}.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
                 table = \"{table}\"\neach = \"/*\"\n[source.records.columns]\nid = \"/id\"\n{column}"
            );
            target
                .workspace
                .write(&format!("{table}.json"), r#"[{"id":1,"r":1}]"#);
        }
        let directory = target.workspace.root().join("layout");
        std::fs::create_dir(&directory).expect("made");
        let tables = "CREATE TABLE p (id BIGINT PRIMARY KEY);\nCREATE TABLE q (id BIGINT PRIMARY KEY);\n\
                      CREATE TABLE a (id BIGINT PRIMARY KEY, b_c BIGINT REFERENCES p(id) ON DELETE CASCADE);\n\
                      CREATE TABLE a_b (id BIGINT PRIMARY KEY, c BIGINT REFERENCES q(id) ON DELETE CASCADE);\n";
        let schema = r#"{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"r":{"type":"integer"}}}}"#;
        for (name, text) in [
            ("layout.toml", layout.as_str()),
            ("tables.sql", tables),
            ("any.schema.json", schema),
        ] {
            std::fs::write(directory.join(name), text).expect("written");
        }
        let imported = target.import(&["--layout", directory.to_str().expect("UTF-8")]);
        assert_eq!(imported.code, Some(0), "{imported}");
        target.execute("DELETE FROM q; DELETE FROM p");
        assert_eq!([target.count("a"), target.count("a_b")], [0, 0]);
    });
}

fn guards(target: &Target) -> Vec<String> {
    let guards = "SELECT CONCAT(event_object_table, ' ', trigger_name) FROM information_schema.triggers \
                  WHERE trigger_schema = DATABASE() AND event_object_table IN ('audit_log', 'import_runs') ORDER BY 1";
    target.rows(guards).concat()
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn tables_that_are_called_like_guards_do_not_replace_them() {
    run(Backend::Mysql, |target| {
        target.execute("CREATE TABLE t (id INT PRIMARY KEY)");
        ends(&target, &["audit", "enable", "t"], 0);
        let expected = guards(&target);
        target.execute("CREATE TABLE audit_log_no (id INT PRIMARY KEY, v INT); CREATE TABLE import_runs_no (id INT PRIMARY KEY)");
        ends(
            &target,
            &["audit", "enable", "audit_log_no", "import_runs_no"],
            0,
        );
        assert_eq!(guards(&target), expected);
        target.execute("INSERT INTO audit_log_no VALUES (1, 1); UPDATE audit_log_no SET v = 2; DELETE FROM audit_log_no");
        assert_eq!(
            target.value("SELECT count(*) FROM audit_log WHERE table_name = 'audit_log_no'"),
            "3"
        );
        is_well(&target);
        // As an earlier version left it: the table's trigger has the guard's name.
        target.execute(
            "DROP TRIGGER accession_audit_log_no_update; \
             CREATE TRIGGER accession_audit_log_no_update AFTER UPDATE ON audit_log_no FOR EACH ROW SET @nothing = 1",
        );
        ends(&target, &["doctor"], 1);
        ends(&target, &[&["doctor", "--fix"], &ARCHIVE[..]].concat(), 0);
        assert_eq!(guards(&target), expected);
        is_well(&target);
    });
}
