//! What a session of MariaDB or MySQL sets does not reach the audit log.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

fn with_rows(target: &Target) {
    target.execute("CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(20)); CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, v INT); \
                    INSERT INTO n VALUES (1, 'x'), (2, 'y')");
    ends(target, &["audit", "enable", "n", "a"], 0);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_session_cannot_choose_the_number_of_an_entry() {
    run(Backend::Mysql, |target| {
        with_rows(&target);
        target.execute(
            "UPDATE n SET v = 'first' WHERE id = 1; SET insert_id = 50; UPDATE n SET v = 'second'; \
             SET insert_id = 1; UPDATE n SET v = 'third' WHERE id = 1; \
             SET sql_select_limit = 0; SET insert_id = 9223372036854775807; DELETE FROM n WHERE id = 2",
        );
        // Its own number is the application's to choose.
        target.execute("SET insert_id = 70; INSERT INTO a (v) VALUES (1), (2)");
        target.execute("UPDATE n SET v = 'last' WHERE id = 1; INSERT INTO a (v) VALUES (3)");
        let entries = "SELECT CONCAT(action, ' ', record_id) FROM audit_log ORDER BY id";
        assert_eq!(
            target.rows(entries).concat(),
            [
                "INSERT 1",
                "INSERT 2",
                "UPDATE 1",
                "UPDATE 1",
                "UPDATE 2",
                "UPDATE 1",
                "DELETE 2",
                "INSERT 70",
                "INSERT 71",
                "UPDATE 1",
                "INSERT 72"
            ]
        );
        // A statement may reserve some that it does not use.
        assert_eq!(target.value("SELECT max(id) < 20 FROM audit_log"), "1");
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_session_cannot_choose_the_time_of_an_entry() {
    run(Backend::Mysql, |target| {
        with_rows(&target);
        for zone in ["+00:00", "-05:00", "Europe/Berlin", "SYSTEM"] {
            target.execute(&format!(
                "SET time_zone = '{zone}'; UPDATE n SET v = 'honest {zone}' WHERE id = 1; \
                 SET timestamp = UNIX_TIMESTAMP() - 20 * 3600; UPDATE n SET v = 'before {zone}' WHERE id = 1; \
                 SET timestamp = DEFAULT; SET timestamp = UNIX_TIMESTAMP() + 200 * 86400; UPDATE n SET v = 'after {zone}' WHERE id = 1"
            ));
        }
        let wrong = "SELECT count(*) FROM audit_log WHERE ABS(TIMESTAMPDIFF(SECOND, \
                     STR_TO_DATE(changed_at, '%Y-%m-%dT%H:%i:%s.%fZ'), UTC_TIMESTAMP())) > 300";
        assert_eq!(target.value(wrong), "0");
        assert_eq!(target.value("SELECT count(*) FROM audit_log"), "14");
        is_well(&target);
    });
}

/// A row that `UPDATE IGNORE` leaves as it was gets no entry.
#[test]
#[ignore = "needs servers: scripts/test"]
fn ignored_changes_of_special_rows_get_no_entry() {
    run(Backend::Mysql, |target| {
        target.execute(
            "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, a INT UNIQUE, b TIMESTAMP NULL UNIQUE); \
             INSERT INTO t VALUES (1, 1, '0000-00-00'), (2, 2, NULL), (3, 3, FROM_UNIXTIME(1729992600))",
        );
        let is_mariadb = target.value("SELECT VERSION() LIKE '%MariaDB%'") == "1";
        let versioning = if is_mariadb {
            "WITH SYSTEM VERSIONING"
        } else {
            ""
        };
        target.execute(&format!(
            "CREATE TABLE v (id INT PRIMARY KEY, a INT UNIQUE) {versioning}"
        ));
        ends(&target, &["audit", "enable", "t", "v"], 0);
        let ignored = [
            "SET sql_mode = ''; UPDATE IGNORE t SET a = 2 WHERE id = 1",
            "SET time_zone = 'Europe/Berlin'; UPDATE IGNORE t SET a = 2 WHERE id = 3",
            "INSERT INTO v VALUES (1, 1); UPDATE v SET a = 5; SET time_zone = '+05:00'; INSERT INTO v VALUES (2, 2); \
             UPDATE IGNORE v SET a = 5 WHERE id = 2; UPDATE IGNORE v SET a = 6 WHERE id = 2",
        ];
        for statement in ignored {
            target.execute(statement);
        }
        let entries = "SELECT CONCAT(table_name, ' ', new_value) FROM audit_log WHERE action = 'UPDATE' ORDER BY id";
        assert_eq!(
            target.rows(entries).concat(),
            [r#"v {"id":1,"a":5}"#, r#"v {"id":2,"a":6}"#]
        );
        is_well(&target);
    });
}
