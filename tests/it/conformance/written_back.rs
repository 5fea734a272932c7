//! Reverts of changes in tables with columns of every type: a row is afterwards what it was, to the byte.

use serde_json::Value;

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, ends, is_well, key_types, on_every_database};

on_every_database!(
    values_of_every_type_are_written_back,
    rows_with_keys_of_every_type_are_written_back,
    values_of_every_type_are_printed_exactly,
    a_value_that_an_altered_column_rejects_is_a_finding,
    a_column_that_was_added_and_must_have_a_value_is_a_finding,
);

/// A column: its declaration, two values as SQL, and the expression that shows a value (`{}`) to the byte.
type Typed = (&'static str, &'static str, &'static str, &'static str);

const SHOWN_BY_SQLITE: &str = "typeof({}) || ' ' || quote({})";

const SQLITE: &[Typed] = &[
    (
        "ANY",
        "9223372036854775807",
        "'9223372036854775807'",
        SHOWN_BY_SQLITE,
    ),
    (
        "ANY",
        "-9223372036854775807 - 1",
        "x'00FF'",
        SHOWN_BY_SQLITE,
    ),
    ("ANY", "1e308", "9e999", SHOWN_BY_SQLITE),
    ("ANY", "-9e999", "0.1 + 0.2", SHOWN_BY_SQLITE),
    ("ANY", "1.0", "1", SHOWN_BY_SQLITE),
    ("ANY", "5e-324", "-0.0", SHOWN_BY_SQLITE),
    ("ANY", "''", "x''", SHOWN_BY_SQLITE),
    ("TEXT", "7", "'7.0'", SHOWN_BY_SQLITE),
    ("TEXT", "'{\"$blob\":\"00\"}'", "'汉\"\\'", SHOWN_BY_SQLITE),
    ("TEXT", "'1e5'", "'null'", SHOWN_BY_SQLITE),
    ("INTEGER", "9007199254740993", "-1", SHOWN_BY_SQLITE),
    ("REAL", "3", "1.7976931348623157e308", SHOWN_BY_SQLITE),
    ("BLOB", "zeroblob(3)", "x'7B7D'", SHOWN_BY_SQLITE),
    (
        "INTEGER GENERATED ALWAYS AS (c10 / 3) VIRTUAL",
        "",
        "",
        SHOWN_BY_SQLITE,
    ),
    (
        "TEXT GENERATED ALWAYS AS (c8 || '!') STORED",
        "",
        "",
        SHOWN_BY_SQLITE,
    ),
];

const SHOWN_BY_POSTGRES: &str = "{}::text";

const POSTGRES: &[Typed] = &[
    ("smallint", "-32768", "7", SHOWN_BY_POSTGRES),
    ("bigint", "9223372036854775807", "0", SHOWN_BY_POSTGRES),
    ("boolean", "true", "false", SHOWN_BY_POSTGRES),
    ("real", "0.1", "'-0'", SHOWN_BY_POSTGRES),
    ("double precision", "'NaN'", "1e308", SHOWN_BY_POSTGRES),
    (
        "double precision",
        "'-Infinity'",
        "0.1::float8 + 0.2::float8",
        SHOWN_BY_POSTGRES,
    ),
    (
        "numeric",
        "123456789012345678901234567890.1234567890",
        "'NaN'",
        SHOWN_BY_POSTGRES,
    ),
    ("numeric(9,3)", "1.500", "-999999.999", SHOWN_BY_POSTGRES),
    ("\"Mood of\"", "'so ''so\"'", "'汉'", SHOWN_BY_POSTGRES),
    (
        "\"Mood of\"[]",
        "ARRAY['汉', NULL]::\"Mood of\"[]",
        "'{}'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "integer[]",
        "'[0:1]={1,NULL}'",
        "'{{1,2},{3,4}}'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "text[]",
        "ARRAY['a,b', '\"', NULL, 'NULL', '']",
        "'{}'",
        SHOWN_BY_POSTGRES,
    ),
    ("bit(3)", "'101'", "'000'", SHOWN_BY_POSTGRES),
    ("bit varying(9)", "'1'", "''", SHOWN_BY_POSTGRES),
    (
        "interval",
        "'1 year -2 mons 3 days -04:05:06.789'",
        "'-00:00:00.000001'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "interval day to second(2)",
        "'1 day 00:00:01.25'",
        "'0'",
        SHOWN_BY_POSTGRES,
    ),
    ("inet", "'10.0.0.1/8'", "'::1'", SHOWN_BY_POSTGRES),
    ("cidr", "'10.0.0.0/8'", "'2001:db8::/32'", SHOWN_BY_POSTGRES),
    (
        "macaddr",
        "'08:00:2b:01:02:03'",
        "'00:00:00:00:00:00'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "macaddr8",
        "'08:00:2b:01:02:03:04:05'",
        "'00:00:00:00:00:00:00:00'",
        SHOWN_BY_POSTGRES,
    ),
    ("time", "'24:00'", "'00:00:00.000001'", SHOWN_BY_POSTGRES),
    (
        "time with time zone",
        "'10:00:00.5+05:30'",
        "'24:00-12'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "timestamp with time zone",
        "'2026-02-03 04:05:06.789+02'",
        "'infinity'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "timestamp(3) with time zone",
        "'0044-03-15 00:00+00 BC'",
        "'10000-01-01 00:00+00'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "timestamp",
        "'2026-02-03 04:05:06.789'",
        "'-infinity'",
        SHOWN_BY_POSTGRES,
    ),
    ("date", "'infinity'", "'0044-03-15 BC'", SHOWN_BY_POSTGRES),
    (
        "uuid",
        "'0C000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "jsonb",
        "'{\"b\": 1.50, \"a\": null}'",
        "'\"null\"'",
        SHOWN_BY_POSTGRES,
    ),
    ("jsonb", "'null'", "'[]'", SHOWN_BY_POSTGRES),
    (
        "json",
        "'{ \"b\":1e2,  \"b\": 2 }'",
        "' null'",
        SHOWN_BY_POSTGRES,
    ),
    ("bytea", "'\\x00ff'::bytea", "''::bytea", SHOWN_BY_POSTGRES),
    (
        "xml",
        "'<a/>text<b/>'",
        "'<!-- x --><a>&lt;</a>'",
        SHOWN_BY_POSTGRES,
    ),
    ("money", "1234567.89", "-0.01", SHOWN_BY_POSTGRES),
    ("int4range", "'[1,5)'", "'empty'", SHOWN_BY_POSTGRES),
    (
        "tstzrange",
        "'[2026-01-01 00:00+00,)'",
        "'(,)'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "nummultirange",
        "'{[1,2),(3.50,4]}'",
        "'{}'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "\"a pair\"",
        "ROW('a \"b\", (c)', 1.50)",
        "ROW(NULL, NULL)",
        SHOWN_BY_POSTGRES,
    ),
    (
        "\"a pair\"[]",
        "ARRAY[ROW('x,y', 1)::\"a pair\"]",
        "'{}'",
        SHOWN_BY_POSTGRES,
    ),
    ("\"Code\"", "'abc'", "'de '", SHOWN_BY_POSTGRES),
    ("percent", "1.50", "99.99", SHOWN_BY_POSTGRES),
    ("char(5)", "'a'", "'c  d'", SHOWN_BY_POSTGRES),
    ("varchar(5)", "'a    '", "''", SHOWN_BY_POSTGRES),
    ("\"char\"", "'x'", "''", SHOWN_BY_POSTGRES),
    ("name", "'pg_class'", "'A b'", SHOWN_BY_POSTGRES),
    ("oid", "4294967295", "0", SHOWN_BY_POSTGRES),
    ("regclass", "'audit_log'", "'pg_class'", SHOWN_BY_POSTGRES),
    ("pg_lsn", "'16/B374D848'", "'0/0'", SHOWN_BY_POSTGRES),
    (
        "point",
        "'(0.1,-1e300)'",
        "'(NaN,Infinity)'",
        SHOWN_BY_POSTGRES,
    ),
    ("line", "'{1,-1,0.3}'", "'{0,1,2}'", SHOWN_BY_POSTGRES),
    (
        "lseg",
        "'[(0,0),(1,1)]'",
        "'[(0.1,0),(1,1)]'",
        SHOWN_BY_POSTGRES,
    ),
    ("box", "'(1,1),(0,0)'", "'(2,2),(0.1,0)'", SHOWN_BY_POSTGRES),
    (
        "path",
        "'[(0,0),(1,1)]'",
        "'((0,0),(1,1))'",
        SHOWN_BY_POSTGRES,
    ),
    (
        "polygon",
        "'((0,0),(1,1),(2,0))'",
        "'((0,0))'",
        SHOWN_BY_POSTGRES,
    ),
    ("circle", "'<(0,0),1.5>'", "'<(0,0),0>'", SHOWN_BY_POSTGRES),
    ("tsvector", "'''a'':1A fat:2B,4'", "''", SHOWN_BY_POSTGRES),
    (
        "tsquery",
        "'''fat'':AB & !''rat'''",
        "''",
        SHOWN_BY_POSTGRES,
    ),
    (
        "bigint GENERATED ALWAYS AS (c1 / 2) STORED",
        "",
        "",
        SHOWN_BY_POSTGRES,
    ),
    (
        "numeric(12,1) GENERATED ALWAYS AS (c7 * 2) STORED",
        "",
        "",
        SHOWN_BY_POSTGRES,
    ),
];

const BYTES: &str = "HEX(CAST({} AS BINARY))";
const TEXT: &str = "CONCAT(COALESCE(HEX({}), 'NULL'), ' ', COALESCE({}, 'NULL'))";
const NUMBER: &str = "CAST({} + 0e0 AS CHAR)";
const BLOB: &str = "HEX({})";

const MARIADB: &[Typed] = &[
    ("TINYINT", "-128", "1", TEXT),
    (
        "BIGINT",
        "9223372036854775807",
        "-9223372036854775808",
        TEXT,
    ),
    (
        "BIGINT UNSIGNED",
        "18446744073709551615",
        "9007199254740993",
        TEXT,
    ),
    ("INT(6) ZEROFILL", "42", "0", TEXT),
    ("BOOLEAN", "TRUE", "2", TEXT),
    ("FLOAT", "0.1", "-3.4e38", NUMBER),
    ("DOUBLE", "0.1e0 + 0.2e0", "1.7976931348623157e308", NUMBER),
    ("DOUBLE(8,2)", "42.5", "-0.01", NUMBER),
    (
        "DECIMAL(65,30)",
        "12345678901234567890123456789012345.123456789012345678901234567890",
        "-0.5",
        TEXT,
    ),
    ("DECIMAL(6,1) ZEROFILL", "42.5", "0", TEXT),
    ("BIT(1)", "b'1'", "b'0'", BLOB),
    ("BIT(10)", "b'101'", "b'1111111111'", BLOB),
    (
        "BIT(64)",
        "x'FFFFFFFFFFFFFFFE'",
        "x'0020000000000001'",
        BLOB,
    ),
    ("ENUM('x', 'so ''so', '0', '汉')", "'汉'", "'0'", BYTES),
    ("SET('x', 'y', 'z')", "'x,z'", "''", BYTES),
    ("TIME(6)", "'-838:59:59'", "'00:00:00.000001'", TEXT),
    ("YEAR", "2026", "0", TEXT),
    ("DATE", "'9999-12-31'", "'1000-01-01'", TEXT),
    (
        "DATETIME(6)",
        "'2026-01-31 10:00:00.123456'",
        "'9999-12-31 23:59:59.999999'",
        TEXT,
    ),
    ("DATETIME", "'2026-03-29 02:30:00'", "'1000-01-01'", TEXT),
    (
        "TIMESTAMP(6) NULL",
        "'2026-01-31 10:00:00.5'",
        "'1980-01-01'",
        TEXT,
    ),
    (
        "TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP",
        "'2001-02-03 04:05:06'",
        "'2002-02-03'",
        TEXT,
    ),
    ("CHAR(5) CHARACTER SET utf8mb4", "'a'", "'c  d'", BYTES),
    ("VARCHAR(9) CHARACTER SET latin1", "'\u{fc}  '", "''", BYTES),
    (
        "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "'A'",
        "'a'",
        BYTES,
    ),
    (
        "TEXT CHARACTER SET utf8mb4",
        "'\\\\ \" \\' \\n'",
        "'🎻'",
        BYTES,
    ),
    ("JSON", "'{ \"b\":1e2,  \"b\": 2 }'", "'null'", BYTES),
    ("BINARY(3)", "x'00FF'", "''", BLOB),
    ("VARBINARY(9)", "x'00FF'", "x''", BLOB),
    ("LONGBLOB", "x'7B7D'", "x''", BLOB),
    ("POINT", "POINT(0.1, -1e300)", "POINT(0, 0)", BLOB),
    (
        "POLYGON",
        "ST_GeomFromText('POLYGON((0 0,1 1,2 0,0 0))', 4326)",
        "ST_GeomFromText('POLYGON((0 0,1 1,2 0,0 0))')",
        BLOB,
    ),
    (
        "UUID",
        "'0C000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        TEXT,
    ),
    ("INET6", "'::ffff:10.0.0.1'", "'::'", TEXT),
    ("INET4", "'10.0.0.1'", "'0.0.0.0'", TEXT),
    (
        "VARCHAR(9) CHARACTER SET utf8mb4 INVISIBLE",
        "'hidden'",
        "''",
        BYTES,
    ),
    ("BIGINT AS (c1 DIV 3) VIRTUAL", "", "", TEXT),
    (
        "VARCHAR(20) CHARACTER SET utf8mb4 AS (CONCAT(c0, '!')) PERSISTENT",
        "",
        "",
        BYTES,
    ),
];

const TYPES_OF_POSTGRES: &str = "CREATE TYPE \"Mood of\" AS ENUM ('so ''so\"', '汉', 'sad'); \
     CREATE TYPE \"a pair\" AS (\"a b\" text, n numeric(6,2)); \
     CREATE DOMAIN \"Code\" AS varchar(3) CHECK (VALUE <> ''); \
     CREATE DOMAIN percent AS numeric(4,2);";

fn types(backend: Backend) -> &'static [Typed] {
    match backend {
        Backend::Sqlite => SQLITE,
        Backend::Postgres => POSTGRES,
        Backend::Mysql => MARIADB,
    }
}

/// A target whose table `t` has columns of every type, and a row 1 with the first values, which is recorded.
pub(super) struct Wide {
    pub(super) target: Target,
    runs: u32,
}

impl Wide {
    fn new(target: Target) -> Self {
        let wide = Self::empty(target);
        let types = types(wide.target.backend).iter().enumerate();
        let columns: Vec<String> = types
            .map(|(at, typed)| format!("c{at} {}", typed.0))
            .collect();
        let key = match wide.target.backend {
            Backend::Postgres => "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            Backend::Sqlite => "INTEGER PRIMARY KEY",
            Backend::Mysql => "INT PRIMARY KEY",
        };
        let strict = match wide.target.backend {
            Backend::Sqlite => " STRICT",
            Backend::Postgres | Backend::Mysql => "",
        };
        if wide.target.backend == Backend::Postgres {
            wide.target.execute(TYPES_OF_POSTGRES);
        }
        let columns = columns.join(", ");
        wide.target
            .execute(&format!("CREATE TABLE t (id {key}, {columns}){strict}"));
        wide.enables("t");
        wide.target.execute(&wide.insert(1, First));
        wide
    }

    /// A target with an imported table whose inserted rows run statements.
    pub(super) fn empty(target: Target) -> Self {
        let mut wide = Self { target, runs: 0 };
        wide.during_an_import("");
        wide
    }

    pub(super) fn enables(&self, table: &str) {
        let enable = [&["audit", "enable", table], &ARCHIVE[..]].concat();
        ends(&self.target, &enable, 0);
    }

    /// The columns that can be written, with their values.
    fn written(&self, which: Which) -> (Vec<String>, Vec<&'static str>) {
        let types = types(self.target.backend).iter().enumerate();
        let types = types.filter(|(_, typed)| !typed.1.is_empty());
        let value = |typed: &Typed| match which {
            First => typed.1,
            Second => typed.2,
            Null => "NULL",
        };
        types
            .map(|(at, typed)| (format!("c{at}"), value(typed)))
            .unzip()
    }

    fn insert(&self, id: u32, which: Which) -> String {
        let (columns, values) = self.written(which);
        let overriding = match self.target.backend {
            Backend::Postgres => "OVERRIDING SYSTEM VALUE ",
            Backend::Sqlite | Backend::Mysql => "",
        };
        format!(
            "INSERT INTO t (id, {}) {overriding}VALUES ({id}, {})",
            columns.join(", "),
            values.join(", ")
        )
    }

    fn update(&self, id: u32, which: Which) -> String {
        let (columns, values) = self.written(which);
        let set = columns.iter().zip(values);
        let set: Vec<String> = set
            .map(|(column, value)| format!("{column} = {value}"))
            .collect();
        format!("UPDATE t SET {} WHERE id = {id}", set.join(", "))
    }

    /// Every value of every row, to the byte.
    fn rows(&self) -> Vec<Vec<String>> {
        let types = types(self.target.backend).iter().enumerate();
        let shown: Vec<String> = types
            .map(|(at, typed)| typed.3.replace("{}", &format!("c{at}")))
            .collect();
        let query = format!("SELECT id, {} FROM t ORDER BY id", shown.join(", "));
        self.target.rows(&query)
    }

    /// Makes these changes a part of an import, by a trigger, and returns the run.
    pub(super) fn during_an_import(&mut self, changes: &str) -> String {
        let (target, backend) = (&self.target, self.target.backend);
        if !changes.is_empty() {
            target.execute(&match backend {
                Backend::Postgres => format!(
                    "CREATE FUNCTION zz_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {changes}; RETURN NULL; END $$; \
                     CREATE TRIGGER zz_change AFTER INSERT ON items FOR EACH STATEMENT EXECUTE FUNCTION zz_change()"
                ),
                Backend::Sqlite => {
                    format!("CREATE TRIGGER zz_change AFTER INSERT ON items BEGIN {changes}; END")
                }
                Backend::Mysql => {
                    format!(
                        "DELIMITER //\nCREATE TRIGGER zz_change AFTER INSERT ON items FOR EACH ROW BEGIN {changes}; END//\n"
                    )
                }
            });
        }
        self.runs += 1;
        let file = format!("records/{}.json", self.runs);
        target.workspace.write(&file, r#"["one"]"#);
        let layout = crate::fixtures::path("layouts/anything");
        let imported = target.import(&["--layout", layout.to_str().expect("UTF-8")]);
        assert_eq!(imported.code, Some(0), "{imported}");
        if !changes.is_empty() {
            target.execute(match backend {
                Backend::Postgres => "DROP FUNCTION zz_change CASCADE",
                Backend::Sqlite | Backend::Mysql => "DROP TRIGGER zz_change",
            });
        }
        self.last_run()
    }

    pub(super) fn last_run(&self) -> String {
        let last = "SELECT id FROM import_runs ORDER BY id DESC LIMIT 1";
        self.target.value(last)
    }

    /// Reverts a run, and returns the report.
    #[track_caller]
    pub(super) fn revert(&self, run: &str, code: i32) -> Value {
        self.reverts(run, &[], code)
    }

    /// The same, with options.
    #[track_caller]
    pub(super) fn reverts(&self, run: &str, options: &[&str], code: i32) -> Value {
        let revert = ["revert", run, "--format", "json"];
        let revert = [&revert[..], options, &ARCHIVE[..]].concat();
        serde_json::from_str(&ends(&self.target, &revert, code)).expect("JSON")
    }

    /// Reverts these changes, reverts that, and so on: the rows are as they were each time.
    #[track_caller]
    fn goes_there_and_back(&mut self, changes: &str) {
        let before = self.rows();
        let mut run = self.during_an_import(changes);
        let after = self.rows();
        assert_ne!(before, after, "{changes}");
        for round in 0..2 {
            self.revert(&run, 0);
            let expected = if round % 2 == 0 { &before } else { &after };
            assert_eq!(self.rows(), *expected, "{changes}, round {round}");
            run = self.last_run();
        }
        is_well(&self.target);
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    First,
    Second,
    Null,
}
use Which::{First, Null, Second};

fn values_of_every_type_are_written_back(target: Target) {
    let mut wide = Wide::new(target);
    wide.goes_there_and_back(&wide.insert(2, Second));
    wide.goes_there_and_back(&wide.insert(3, Null));
    wide.goes_there_and_back(&wide.update(1, Second));
    wide.goes_there_and_back(&wide.update(1, Null));
    wide.goes_there_and_back("DELETE FROM t WHERE id = 1");
    let changes = [
        wide.update(1, Null),
        wide.update(1, Second),
        "DELETE FROM t WHERE id = 1".to_owned(),
        wide.insert(1, Null),
        wide.update(1, First),
        wide.update(1, Second),
    ];
    wide.goes_there_and_back(&changes.join("; "));
    // One column at a time, each in a row of its own.
    let (columns, _) = wide.written(Null);
    let (_, second) = wide.written(Second);
    let ids = 100..100 + u32::try_from(columns.len()).expect("few");
    let rows: Vec<_> = ids.clone().map(|id| wide.insert(id, First)).collect();
    wide.target.execute(&rows.join("; "));
    let changes = columns.iter().zip(second).zip(ids);
    let changes = changes
        .map(|((column, value), id)| format!("UPDATE t SET {column} = {value} WHERE id = {id}"));
    wide.goes_there_and_back(&changes.collect::<Vec<_>>().join("; "));
    if wide.target.backend != Backend::Postgres {
        wide.goes_there_and_back("UPDATE t SET id = 9 WHERE id = 1");
    }
    is_well(&wide.target);
}

fn rows_with_keys_of_every_type_are_written_back(target: Target) {
    let types = key_types::types(target.backend);
    let mut wide = Wide::empty(target);
    let mut changes = Vec::new();
    for (number, (declared, [first, second, third])) in types.iter().enumerate() {
        let column = key_types::column(declared, "k");
        wide.target.execute(&format!(
            "CREATE TABLE t{number} ({column}, v INT, PRIMARY KEY (k)); INSERT INTO t{number} VALUES ({first}, 1)"
        ));
        changes.push(format!("UPDATE t{number} SET v = 4 WHERE v = 1"));
        changes.push(format!("UPDATE t{number} SET k = {third} WHERE v = 4"));
        if *declared != "boolean" {
            wide.target
                .execute(&format!("INSERT INTO t{number} VALUES ({second}, 2)"));
            changes.push(format!("DELETE FROM t{number} WHERE v = 2"));
        }
        changes.push(format!("INSERT INTO t{number} VALUES ({first}, 3)"));
    }
    ends(
        &wide.target,
        &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
        0,
    );
    let rows = |wide: &Wide| -> Vec<Vec<Vec<String>>> {
        let of = |number| format!("SELECT k, v FROM t{number} ORDER BY v, k");
        (0..types.len())
            .map(|number| wide.target.rows(&of(number)))
            .collect()
    };
    let before = rows(&wide);
    let mut run = wide.during_an_import(&changes.join("; "));
    let after = rows(&wide);
    for round in 0..2 {
        wide.revert(&run, 0);
        let expected = if round % 2 == 0 { &before } else { &after };
        assert_eq!(rows(&wide), *expected, "round {round}");
        run = wide.last_run();
    }
    is_well(&wide.target);
}

/// What the commands print is the text of the database, or a number with all its digits.
fn values_of_every_type_are_printed_exactly(target: Target) {
    let mut wide = Wide::new(target);
    let last = wide.during_an_import("");
    let target = &wide.target;
    let image =
        target.value("SELECT new_value FROM audit_log WHERE table_name = 't' ORDER BY id LIMIT 1");
    let image: Value = serde_json::from_str(&image).expect("JSON");
    let (_, history) = audit(target, &["history", "t", "1"]);
    let version = &history["versions"][0]["changes"];
    let (_, as_of) = audit(target, &["as-of", "t", "1", "--at", &last]);
    let export = ends(target, &["audit", "export"], 0);
    let entry = export
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|entry| entry["table"] == "t")
        .expect("an entry");
    for (column, value) in image.as_object().expect("an object") {
        let changed = version.as_array().expect("changes").iter();
        let changed = changed.filter(|change| change["column"] == *column);
        let new: Vec<&Value> = changed.map(|change| &change["new"]).collect();
        assert_eq!(new, [value], "history {column}");
        let row = &as_of["rows"][0]["values"];
        assert_eq!(row[column], *value, "as-of {column}: {as_of:#}");
        assert_eq!(entry["new"][column], *value, "export {column}");
    }
}

fn a_value_that_an_altered_column_rejects_is_a_finding(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(20), w INT); INSERT INTO u VALUES (1, 'long enough', 1), (2, 'short', 2)",
    );
    wide.enables("u");
    let deleted = wide.during_an_import("DELETE FROM u WHERE id = 1");
    let updated = wide.during_an_import("UPDATE u SET v = 'x', w = 3 WHERE id = 2");
    let message = |report: &Value| {
        assert_eq!(report["status"], "rejected", "{report:#}");
        let finding = &report["findings"][0];
        assert_eq!(finding["rule"], "not-restorable", "{report:#}");
        finding["message"].as_str().expect("a string").to_owned()
    };
    let altered = match wide.target.backend {
        Backend::Postgres => "ALTER TABLE u ALTER v TYPE varchar(4)",
        Backend::Mysql => "ALTER TABLE u MODIFY v VARCHAR(4)",
        Backend::Sqlite => {
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_master SET sql = replace(sql, 'v VARCHAR(20)', 'v VARCHAR(20) CHECK (length(v) < 5)') WHERE name = 'u'; \
             PRAGMA writable_schema = OFF"
        }
    };
    wide.target.execute(altered);
    wide.enables("u");
    let before = wide.target.rows("SELECT * FROM u ORDER BY id");
    for (run, row) in [(&deleted, "`u` `1`"), (&updated, "`u` `2`")] {
        let said = message(&wide.revert(run, 4));
        assert!(said.starts_with(row) && said.contains("`v`"), "{said}");
        let text = wide.target.run(&[&["revert", run], &ARCHIVE[..]].concat());
        for raw in ["22001", "1406", "1265", "SQLSTATE"] {
            assert!(!text.stderr.contains(raw), "{text}");
        }
        assert!(text.stderr.contains("hint: "), "{text}");
    }
    assert_eq!(wide.target.rows("SELECT * FROM u ORDER BY id"), before);
    is_well(&wide.target);
}

fn a_column_that_was_added_and_must_have_a_value_is_a_finding(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target
        .execute("CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 1)");
    wide.enables("u");
    let run = wide.during_an_import("DELETE FROM u");
    wide.target.execute(match wide.target.backend {
        Backend::Sqlite => {
            "DROP TABLE u; CREATE TABLE u (id INT PRIMARY KEY, v INT, w INT NOT NULL)"
        }
        Backend::Postgres | Backend::Mysql => "ALTER TABLE u ADD w INT NOT NULL",
    });
    wide.enables("u");
    let archive = &ARCHIVE[..];
    let revert = ["revert", &run, "--format", "json"];
    for options in [&["--dry-run"][..], &[]] {
        let out = ends(&wide.target, &[&revert[..], options, archive].concat(), 4);
        let report: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(report["status"], "rejected", "{report:#}");
        let message = report["findings"][0]["message"].as_str().expect("a string");
        assert!(message.contains("`u` `1`: `w` was added"), "{message}");
    }
    assert_eq!(wide.target.count("u"), 0);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_number_that_only_the_database_gives_is_not_changed_back() {
    run(Backend::Postgres, |target| {
        let mut wide = Wide::empty(target);
        wide.target.execute(
            "CREATE TABLE u (id INT PRIMARY KEY, n INT GENERATED ALWAYS AS IDENTITY, v INT); INSERT INTO u VALUES (1, DEFAULT, 1)",
        );
        wide.enables("u");
        let run = wide.during_an_import("UPDATE u SET n = DEFAULT, v = 2");
        let before = wide.target.rows("SELECT * FROM u");
        let report = wide.revert(&run, 4);
        let message = report["findings"][0]["message"].as_str().expect("a string");
        assert!(message.contains("numbers `n` itself"), "{message}");
        assert_eq!(wide.target.rows("SELECT * FROM u"), before);
        wide.target
            .execute("ALTER TABLE u ALTER n SET GENERATED BY DEFAULT");
        wide.revert(&run, 0);
        assert_eq!(wide.target.value("SELECT n FROM u"), "1");
        is_well(&wide.target);
    });
}

/// A trigger that stamps every change is no reason to keep a run.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_value_that_a_trigger_changes_is_a_warning() {
    run(Backend::Postgres, |target| {
        let mut wide = Wide::empty(target);
        wide.target.execute(
            "CREATE TABLE u (id INT PRIMARY KEY, v INT, at timestamptz); INSERT INTO u VALUES (1, 1, now()); \
             CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := clock_timestamp(); RETURN NEW; END $$; \
             CREATE TRIGGER stamp BEFORE UPDATE ON u FOR EACH ROW EXECUTE FUNCTION stamp()",
        );
        wide.enables("u");
        let run = wide.during_an_import("UPDATE u SET v = 2");
        let report = wide.revert(&run, 0);
        assert_eq!(report["status"], "reverted", "{report:#}");
        assert_eq!(report["findings"][0]["level"], "warning", "{report:#}");
        assert_eq!(wide.target.value("SELECT v FROM u"), "1");
        is_well(&wide.target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_numbers_rows_of_a_table_that_only_the_database_numbers() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, file text NOT NULL, value jsonb)",
        );
        let mut wide = Wide::empty(target);
        let run = wide.during_an_import("");
        assert_eq!(wide.target.count("items"), 2);
        wide.revert(&run, 0);
        assert_eq!(wide.target.count("items"), 1);
        wide.target
            .execute("INSERT INTO items (file) VALUES ('own')");
        is_well(&wide.target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_revert_leaves_the_time_of_the_last_change_as_it_was() {
    run(Backend::Mysql, |target| {
        let mut wide = Wide::empty(target);
        wide.target.execute(
            "CREATE TABLE u (id INT PRIMARY KEY, v INT, at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP); \
             INSERT INTO u VALUES (1, 1, '2001-02-03')",
        );
        wide.enables("u");
        let before = wide.target.rows("SELECT * FROM u");
        let run = wide.during_an_import("UPDATE u SET v = 2, at = at");
        wide.revert(&run, 0);
        assert_eq!(wide.target.rows("SELECT * FROM u"), before);
        is_well(&wide.target);
    });
}
