//! Types of columns that only MariaDB and MySQL have: the entries are well-formed, exact, and can be reverted.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, ends, is_well};

/// The last entry's row and new image.
fn last(target: &Target) -> Vec<String> {
    let last = "SELECT record_id, COALESCE(new_value, '') FROM audit_log ORDER BY id DESC LIMIT 1";
    target.rows(last).concat()
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn spatial_columns_are_bytes() {
    run(Backend::Mysql, |target| {
        for (name, shape) in [
            ("geometry", "POINT(1 2)"),
            ("point", "POINT(1 2)"),
            ("linestring", "LINESTRING(1 2,3 4)"),
            ("polygon", "POLYGON((0 0,1 1,1 0,0 0))"),
            ("multipoint", "MULTIPOINT(1 2,3 4)"),
            ("multilinestring", "MULTILINESTRING((1 2,3 4))"),
            ("multipolygon", "MULTIPOLYGON(((0 0,1 1,1 0,0 0)))"),
            ("geometrycollection", "GEOMETRYCOLLECTION(POINT(1 2))"),
        ] {
            let table = format!("t_{name}");
            let value = format!("ST_GeomFromText('{shape}')");
            target.execute(&format!(
                "CREATE TABLE {table} (id INT PRIMARY KEY, p {name}); INSERT INTO {table} VALUES (1, {value})"
            ));
            ends(&target, &["audit", "enable", &table], 0);
            target.execute(&format!("INSERT INTO {table} VALUES (2, {value})"));
            let hex = target.value(&format!("SELECT HEX(p) FROM {table} WHERE id = 2"));
            let image = format!(r#"{{"id":2,"p":{{"$blob":"{hex}"}}}}"#);
            assert_eq!(last(&target), ["2".to_owned(), image], "{name}");
        }
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn timestamps_are_exact_in_the_hour_that_a_zone_has_twice() {
    run(Backend::Mysql, |target| {
        target.execute("CREATE TABLE n (id INT PRIMARY KEY, t TIMESTAMP NULL UNIQUE)");
        ends(&target, &["audit", "enable", "n"], 0);
        target.execute(
            "SET time_zone = '+00:00'; INSERT INTO n VALUES (1, '2024-10-27 00:30:00'), (2, '2024-10-27 01:30:00'); \
             SET time_zone = 'Europe/Berlin'; UPDATE n SET id = id + 10; \
             CREATE TABLE old (id INT, t TIMESTAMP NULL); INSERT INTO old SELECT id, t FROM n; DELETE FROM n; INSERT INTO n SELECT * FROM old",
        );
        let images = "SELECT new_value FROM audit_log WHERE action = 'INSERT' ORDER BY id";
        let at =
            |id: u32, hour: &str| format!(r#"{{"id":{id},"t":"2024-10-27T{hour}:30:00.000000Z"}}"#);
        let expected = [at(1, "00"), at(2, "01"), at(11, "00"), at(12, "01")];
        assert_eq!(target.rows(images).concat(), expected);
        is_well(&target);
        // From one 02:30 to the other.
        target.execute(
            "SET time_zone = 'Europe/Berlin'; DELETE FROM n WHERE id = 12; \
             UPDATE n SET t = FROM_UNIXTIME(1729992600) WHERE id = 11; UPDATE n JOIN old ON old.id = 12 SET n.t = old.t",
        );
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn the_timestamp_zero_is_a_value() {
    run(Backend::Mysql, |target| {
        target.execute(
            "SET sql_mode = ''; CREATE TABLE n (t TIMESTAMP NOT NULL DEFAULT '2001-01-01', id INT, u TIMESTAMP NULL, PRIMARY KEY (t)); \
             INSERT INTO n VALUES ('0000-00-00', 1, '0000-00-00')",
        );
        ends(&target, &["audit", "enable", "n"], 0);
        let zero = "0000-00-00T00:00:00.000000Z";
        assert_eq!(
            last(&target),
            [zero, &format!(r#"{{"t":"{zero}","id":1,"u":"{zero}"}}"#)]
        );
        target.execute("SET sql_mode = ''; UPDATE n SET u = NULL");
        assert_eq!(
            last(&target),
            [zero, &format!(r#"{{"t":"{zero}","u":null}}"#)]
        );
        target.execute("SET sql_mode = ''; UPDATE n SET u = '0000-00-00'");
        assert_eq!(
            last(&target),
            [zero, &format!(r#"{{"t":"{zero}","u":"{zero}"}}"#)]
        );
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn reverting_a_deletion_restores_columns_of_the_application() {
    run(Backend::Mysql, |target| {
        let layout = crate::fixtures::path("layouts/anything");
        let import = ["--layout", layout.to_str().expect("UTF-8")];
        let imports = |options: &[&str]| {
            let imported = target.import(&[&import[..], options].concat());
            assert_eq!(imported.code, Some(0), "{imported}");
        };
        target
            .workspace
            .write("records/a.json", r#"["one", "two"]"#);
        imports(&[]);
        target.execute(
            "ALTER TABLE items ADD b BIT(1), ADD c BIT(10), ADD p POINT, ADD z INT(6) ZEROFILL, ADD y YEAR, ADD t TIMESTAMP NULL",
        );
        ends(
            &target,
            &[&["audit", "enable", "items"], &ARCHIVE[..]].concat(),
            0,
        );
        target.execute(
            "UPDATE items SET b = 1, c = 5, p = POINT(1, 2), z = 42, y = 0, t = '2024-05-06 07:08:09' WHERE id = 2",
        );
        let row = "SELECT HEX(b), HEX(c), ST_AsText(p), z, y, t FROM items WHERE id = 2";
        let before = target.rows(row);
        target.workspace.write("records/a.json", r#"["one"]"#);
        imports(&["--prune"]);
        assert_eq!(target.count("items"), 1);
        let last = "SELECT id FROM import_runs WHERE kind = 'import' ORDER BY id DESC LIMIT 1";
        ends(
            &target,
            &[&["revert", &target.value(last)], &ARCHIVE[..]].concat(),
            0,
        );
        assert_eq!(target.rows(row), before);
        is_well(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn values_that_strict_mode_rejects_are_written_back() {
    run(Backend::Mysql, |target| {
        let mut wide = super::written_back::Wide::empty(target);
        wide.target.execute(
            "CREATE TABLE u (id INT PRIMARY KEY, a DATE, b DATETIME(3), c TIMESTAMP(6) NULL, d ENUM('x', 'y'), \
             e SET('a', 'b'), f YEAR, g BIT(9), h TIME(3)); \
             SET sql_mode = 'ALLOW_INVALID_DATES'; \
             INSERT INTO u VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00', 'neither', '', 0, b'0', '-00:00:01'), \
             (2, '2024-00-00', '2024-02-00', NULL, 'y', 'a,b', 1999, b'101010101', '838:59:59.999'), \
             (3, '2024-02-31', '2023-02-29 10:00:00.5', NULL, 'x', 'b', 2155, b'1', '-838:59:59')",
        );
        wide.enables("u");
        let rows = |wide: &super::written_back::Wide| {
            wide.target
                .rows("SELECT id, a, b, c, HEX(d), d + 0, e + 0, f, g + 0, h FROM u ORDER BY id")
        };
        for changes in [
            "DELETE FROM u",
            "UPDATE u SET a = NULL, b = NULL, c = NULL, d = NULL, e = NULL, f = NULL, g = NULL, h = NULL",
        ] {
            let before = rows(&wide);
            let mut run = wide.during_an_import(changes);
            let after = rows(&wide);
            for round in 0..2 {
                wide.revert(&run, 0);
                let expected = if round % 2 == 0 { &before } else { &after };
                assert_eq!(rows(&wide), *expected, "{changes}, round {round}");
                run = wide.last_run();
            }
            wide.revert(&run, 0);
            assert_eq!(rows(&wide), before, "{changes}");
        }
        is_well(&wide.target);
    });
}
