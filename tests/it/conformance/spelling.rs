//! Values look the same whoever writes them, and columns may have any name.

use super::target::{Backend, Target, run};
use super::{ends, is_well, on_every_database};

on_every_database!(
    columns_may_be_called_as_anything_in_a_trigger,
    zeros_have_signs
);

/// Names that occur in the triggers, or in queries of the same rows.
const NAMES: [&str; 30] = [
    "old",
    "new",
    "o",
    "n",
    "r",
    "run",
    "run_id",
    "record_id",
    "old_value",
    "new_value",
    "changed_by",
    "changed_at",
    "source_file_id",
    "accession",
    "accession_rows",
    "entries",
    "stored",
    "live",
    "found",
    "name",
    "attnum",
    "place",
    "was",
    "becomes",
    "entry",
    "known",
    "image",
    "json",
    "tg_relid",
    "accession_ignored",
];

fn columns_may_be_called_as_anything_in_a_trigger(target: Target) {
    let quote = if target.backend == Backend::Mysql {
        '`'
    } else {
        '"'
    };
    let columns: Vec<String> = NAMES
        .iter()
        .map(|name| format!("{quote}{name}{quote} VARCHAR(20) DEFAULT 'x' UNIQUE"))
        .collect();
    target.execute(&format!(
        "CREATE TABLE t (id INT PRIMARY KEY, {})",
        columns.join(", ")
    ));
    ends(&target, &["audit", "enable", "t"], 0);
    target.execute("INSERT INTO t (id) VALUES (1)");
    for name in NAMES {
        target.execute(&format!("UPDATE t SET {quote}{name}{quote} = 'y'"));
    }
    is_well(&target);
    let last = "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1";
    assert_eq!(target.value(last), r#"{"id":1,"accession_ignored":"y"}"#);
    if target.backend != Backend::Mysql {
        target.execute("ALTER TABLE t ADD COLUMN extra VARCHAR(10)");
        target.execute("UPDATE t SET old = 'z'; INSERT INTO t (id) VALUES (2)");
        ends(&target, &["audit", "enable", "t"], 0);
    }
    target.execute("DELETE FROM t");
    is_well(&target);
}

fn zeros_have_signs(target: Target) {
    target.execute("CREATE TABLE t (id INT PRIMARY KEY, x DOUBLE PRECISION, y REAL); INSERT INTO t VALUES (1, 0, 0)");
    ends(&target, &["audit", "enable", "t"], 0);
    target.execute("UPDATE t SET x = -x, y = -y WHERE id = 1");
    is_well(&target);
    target.execute("UPDATE t SET x = 0, y = 0 WHERE id = 1");
    is_well(&target);
}

/// Rows that were there are written by a query, others by triggers, in sessions with settings of their own.
#[test]
#[ignore = "needs servers: scripts/test"]
fn settings_of_a_session_do_not_change_how_values_are_written() {
    run(Backend::Postgres, |target| {
        let row = "12.34::numeric::money, 't'::regclass, 't'::regtype, 'lower(text)'::regprocedure, '1 day 2 hours', ARRAY['t'::regclass], 0.1";
        target.execute(&format!(
            "CREATE TABLE t (id INT PRIMARY KEY, m money, c regclass, ty regtype, f regprocedure, i interval, l regclass[], x real); \
             INSERT INTO t VALUES (1, {row})"
        ));
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute(&format!("INSERT INTO t VALUES (2, {row})"));
        let german = format!(
            "SET lc_monetary = 'de_DE.UTF-8'; SET quote_all_identifiers = on; SET IntervalStyle = 'postgres'; INSERT INTO t VALUES (3, {row})"
        );
        if target.try_execute(&german).is_err() {
            target.execute(&format!(
                "SET quote_all_identifiers = on; INSERT INTO t VALUES (3, {row})"
            ));
        }
        let images = "SELECT DISTINCT replace(replace(new_value, '\"id\":2', '\"id\":1'), '\"id\":3', '\"id\":1') FROM audit_log";
        let images = target.rows(images);
        assert_eq!(images.len(), 1, "{images:?}");
        assert!(images[0][0].contains(r#""m":"$12.34""#), "{images:?}");
        assert!(images[0][0].contains(r#""c":"public.t""#), "{images:?}");
        is_well(&target);
        target.execute("DELETE FROM t WHERE id = 3");
        is_well(&target);
        // The path of the schemas is as it was when entries are looked for.
        target.execute("ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET x = 2; INSERT INTO t VALUES (4, '1', 't')");
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
    });
}
