//! Values that SQLite stores and others do not: text of any bytes, and keys with NULL.

use serde_json::Value;

use super::is_well;
use super::target::{Backend, run};
use super::written_back::Wide;

/// Every value of every row, to the byte.
fn rows(wide: &Wide) -> Vec<Vec<String>> {
    let shown = |column: &str| format!("typeof({column}), hex({column})");
    let u = format!(
        "SELECT {}, {} FROM u ORDER BY 1, 2, 3, 4",
        shown("id"),
        shown("v")
    );
    let k = format!(
        "SELECT {}, {}, v FROM k ORDER BY 1, 2, 3, 4",
        shown("a"),
        shown("b")
    );
    [u, k]
        .iter()
        .flat_map(|query| wide.target.rows(query))
        .collect()
}

#[test]
fn text_of_any_bytes_is_restored_to_the_byte() {
    run(Backend::Sqlite, |target| {
        let mut wide = Wide::empty(target);
        let values = [
            "CAST(x'61FF62' AS TEXT)",
            "CAST(x'EDA080' AS TEXT)",
            "'a' || char(0) || 'b'",
            "char(0)",
            "CAST(x'FF00FE' AS TEXT)",
            "x'61FF62'",
            "9e999",
            "-9e999",
            "9223372036854775807",
            "'{\"$text\":\"61\"}'",
            "char(65534)",
        ];
        wide.target.execute(
            "CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE k (a TEXT, b, v INT, PRIMARY KEY (a, b))",
        );
        for (id, value) in values.iter().enumerate() {
            wide.target.execute(&format!(
                "INSERT INTO u VALUES ({id}, {value}); INSERT INTO k VALUES ({value}, 1, {id}), ('x', {value}, {id})"
            ));
        }
        wide.enables("u");
        wide.enables("k");
        for changes in [
            "DELETE FROM u; DELETE FROM k",
            "UPDATE u SET v = 'plain'; UPDATE k SET v = 100 + v",
            "UPDATE u SET v = CAST(x'C3' AS TEXT) || v; UPDATE k SET b = CAST(b || x'C3' AS TEXT) WHERE a = 'x' AND typeof(b) = 'text'",
        ] {
            let before = rows(&wide);
            let mut run = wide.during_an_import(changes);
            let after = rows(&wide);
            for round in 0..4 {
                wide.revert(&run, 0);
                let expected = if round % 2 == 0 { &before } else { &after };
                assert_eq!(rows(&wide), *expected, "{changes}, round {round}");
                run = wide.last_run();
            }
        }
        is_well(&wide.target);

        // Such a row is found by its key.
        super::ends(
            &wide.target,
            &["audit", "why", "k", r#"["{\"$text\":\"61FF62\"}","1"]"#],
            0,
        );
        // A later change of it is found, too.
        let run = wide.during_an_import("UPDATE k SET v = 7 WHERE a = CAST(x'61FF62' AS TEXT)");
        wide.target
            .execute("UPDATE k SET v = 8 WHERE a = CAST(x'61FF62' AS TEXT)");
        wide.target
            .execute("UPDATE k SET v = 7 WHERE a = CAST(x'61FF62' AS TEXT)");
        wide.revert(&run, 0);
        wide.revert(&wide.last_run(), 0);
        let run = wide.during_an_import("INSERT INTO k VALUES (CAST(x'FE' AS TEXT), 1, 1)");
        wide.target
            .execute("UPDATE k SET a = 'moved' WHERE a = CAST(x'FE' AS TEXT)");
        let report = wide.revert(&run, 4);
        assert_eq!(report["status"], "conflict", "{report:#}");
    });
}

#[test]
fn a_row_with_null_in_its_key_is_a_finding() {
    run(Backend::Sqlite, |target| {
        let mut wide = Wide::empty(target);
        wide.target
            .execute("CREATE TABLE u (id TEXT PRIMARY KEY, v INT)");
        wide.enables("u");
        let run = wide.during_an_import("INSERT INTO u VALUES (NULL, 1), (NULL, 2), ('a', 3)");
        let report: Value = wide.revert(&run, 4);
        assert_eq!(report["status"], "rejected", "{report:#}");
        let message = report["findings"][0]["message"].as_str().expect("a string");
        assert!(message.contains("NULL in `id`"), "{message}");
        assert_eq!(wide.target.count("u"), 3);
        // It is not reported as removed.
        super::ends(&wide.target, &["audit", "why", "u", ""], 0);
    });
}
