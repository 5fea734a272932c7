//! The result of compiling a layout.

use super::*;
use crate::layout::{As, EachToken, Expression, IdentityRule, Layout, ParameterDefault, describe};
use crate::model::{ColumnType, DefaultValue, OnDelete, SourceIndex, TableIndex, Value};

const ANYTHING: &str = "true";

fn layout(toml: &str, sql: &str) -> Layout {
    match check(&files(toml, sql, ANYTHING)) {
        Ok(checked) => checked.layout,
        Err(error) => panic!("{error:?}"),
    }
}

/// A source with a single rule that starts with `rule`.
fn source(file: &str, rule: &str) -> String {
    format!(
        "[[source]]\nfiles = '{file}'\nschema = 'people.schema.json'\n[[source.records]]\n{rule}\n"
    )
}

#[test]
fn captures_of_the_file_come_before_those_of_each_outermost_first() {
    let sql = "CREATE TABLE a (id TEXT PRIMARY KEY, k TEXT); CREATE TABLE b (id TEXT PRIMARY KEY, k TEXT, n TEXT);";
    let rule = "table = 'a'\neach = '/{kind}'\ncolumns = { id = '{user}', k = '{kind}' }\n\
        [[source.records.records]]\ntable = 'b'\neach = '/x/{key}'\ncolumns = { id = '{key}', k = '{kind}', n = '{user}' }\n\
        [[source.records.records]]\ntable = 'b'\neach = '/y/{name}'\ncolumns = { id = '{name}' }\n";
    let layout = layout(&format!("name = 'x'\n{}", source("{user}.json", rule)), sql);
    let source = &layout.sources[SourceIndex::from(0)];
    assert_eq!(source.captures, 3);
    let outer = &source.records[0];
    assert_eq!(outer.each, [EachToken::Capture(1)]);
    let name = |name: &str| EachToken::Name(name.to_owned());
    assert_eq!(outer.records[0].each, [name("x"), EachToken::Capture(2)]);
    assert_eq!(outer.records[1].each, [name("y"), EachToken::Capture(2)]);
    let slots: Vec<_> = outer.records[0]
        .columns
        .iter()
        .map(|column| match column.expression {
            Expression::Capture(slot) => slot,
            _ => panic!("{column:?}"),
        })
        .collect();
    assert_eq!(slots, [2, 1, 0]);
}

#[test]
fn captures_with_a_shared_slot_are_described_by_name() {
    let sql = "CREATE TABLE a (id TEXT PRIMARY KEY, k TEXT);";
    let rule = "table = 'a'\neach = '/x/{key}'\ncolumns = { id = '{key}', k = '{user}' }\n\
        [[source.records]]\ntable = 'a'\neach = '/y/{name}'\ncolumns = { id = '{name}', k = '{user}' }\n";
    let text = describe(&layout(
        &format!("name = 'x'\n{}", source("{user}.json", rule)),
        sql,
    ));
    for shown in [
        "/x/{key} → a",
        "/y/{name} → a",
        "id  TEXT NOT NULL  {name}",
        "k   TEXT           {user}",
    ] {
        assert!(text.contains(shown), "{shown}\n{text}");
    }
}

#[test]
fn every_form_of_a_column_is_parsed() {
    let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, a TEXT, b JSON, c TIMESTAMP, d BIGINT, e TEXT);
               CREATE TABLE other (id TEXT PRIMARY KEY, x TEXT, y TEXT, UNIQUE (x, y));";
    let rule = "table = 't'\neach = ''\n[source.records.columns]\n\
        code = ['/code', ['/old', { value = 'none' }]]\n\
        a = { parameter = 'p' }\n\
        b = { rest = true }\n\
        c = { from = ['/at', '/time'], as = 'unix_ms', default = 0 }\n\
        d = { value = 0x10 }\n\
        e = { reference = 'other.id', where = { y = '/y', x = { value = 'k' } } }\n";
    let parameters = "[parameters.p]\nhelp = 'h'\ndefault = 'text'\n";
    let layout = layout(
        &format!("name = 'x'\n{parameters}{}", source("t.json", rule)),
        sql,
    );
    let rule = &layout.sources[SourceIndex::from(0)].records[0];
    let table = &layout.tables[rule.table];
    let column = |name: &str| {
        let index = table.table.column(name);
        let mut columns = rule.columns.iter();
        columns
            .find(|column| Some(column.column) == index)
            .expect(name)
    };
    assert!(
        matches!(&column("code").expression, Expression::First(items)
        if matches!(&items[1], Expression::First(inner) if inner.len() == 2))
    );
    assert!(matches!(column("a").expression, Expression::Parameter(0)));
    assert!(matches!(column("b").expression, Expression::Rest));
    assert_eq!(column("c").conversion, Some(As::UnixMilliseconds));
    assert_eq!(column("c").default, Some(0.into()));
    assert!(matches!(&column("d").expression, Expression::Constant(value) if *value == 16));
    let Expression::Reference(reference) = &column("e").expression else {
        panic!("{:?}", column("e"));
    };
    // In the order of the key, not of the layout.
    let key: Vec<usize> = reference.key.iter().map(|(column, _)| *column).collect();
    assert_eq!(key, [1, 2]);
    assert!(
        matches!(&layout.parameters[0].default, Some(ParameterDefault::Text(text)) if text == "text")
    );
    assert_eq!(rule.identity, IdentityRule::Columns(vec![1]));
    assert_eq!(table.mapped, [false, true, true, true, true, true, true]);
}

#[test]
fn identity_is_explicit_or_the_primary_key_or_a_unique_constraint() {
    let sql = "CREATE TABLE t (id TEXT PRIMARY KEY, a TEXT UNIQUE, b TEXT UNIQUE);";
    let identity = |rest: &str| {
        let rule = format!("table = 't'\neach = '/*'\n{rest}");
        layout(&format!("name = 'x'\n{}", source("t.json", &rule)), sql).sources
            [SourceIndex::from(0)]
        .records[0]
            .identity
            .clone()
    };
    let columns = "columns = { id = '/id', b = '/b' }";
    assert_eq!(identity(columns), IdentityRule::Columns(vec![0]));
    assert_eq!(
        identity(&format!("identity = 'position'\n{columns}")),
        IdentityRule::Position
    );
    let written = identity(&format!("identity = ['/a', '/b']\n{columns}"));
    assert!(matches!(written, IdentityRule::Pointers(pointers) if pointers.len() == 2));
}

#[test]
fn dependence_on_a_generated_key_is_propagated() {
    let sql = "CREATE TABLE a (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
               CREATE TABLE b (id TEXT PRIMARY KEY, a INTEGER REFERENCES a);
               CREATE TABLE c (id TEXT PRIMARY KEY, a INTEGER, code TEXT);";
    let rule = |id: &str| {
        format!(
            "table = 'a'\neach = '/*'\ncolumns = {{ code = '/code'{id} }}\n\
        [[source.records.records]]\ntable = 'b'\neach = '/b'\ncolumns = {{ id = '/id', a = '^id' }}\n\
        [[source.records.records.records]]\ntable = 'c'\neach = '/c'\ncolumns = {{ id = '/id', a = '^a' }}\n\
        [[source.records.records.records]]\ntable = 'c'\neach = '/d'\ncolumns = {{ id = '/id', code = '^^code' }}\n"
        )
    };
    let depends = |id: &str| {
        let layout = layout(&format!("name = 'x'\n{}", source("t.json", &rule(id))), sql);
        let a = &layout.sources[SourceIndex::from(0)].records[0];
        let b = &a.records[0];
        [a, b, &b.records[0], &b.records[1]].map(|rule| rule.depends_on_parent_key)
    };
    assert_eq!(depends(""), [false, true, true, false]);
    assert_eq!(depends(", id = '/id'"), [false; 4]);
}

#[test]
fn sources_come_after_sources_they_refer_to() {
    let sql = "CREATE TABLE child (id TEXT PRIMARY KEY, parent TEXT REFERENCES parent);
               CREATE TABLE parent (id TEXT PRIMARY KEY, up TEXT REFERENCES parent);
               CREATE TABLE free (id TEXT PRIMARY KEY);";
    let toml = [
        "name = 'x'\n".to_owned(),
        source(
            "child.json",
            "table = 'child'\neach = '/*'\ncolumns = { id = '/id', parent = '/p' }",
        ),
        source(
            "free.json",
            "table = 'free'\neach = '/*'\ncolumns = { id = '/id' }",
        ),
        source(
            "parent.json",
            "table = 'parent'\neach = '/*'\ncolumns = { id = '/id', up = '/up' }",
        ),
        // Fills both tables: its children take the key from the enclosing row, so it depends on no other source.
        source(
            "both.json",
            "table = 'parent'\neach = '/*'\ncolumns = { id = '/id' }\n\
            [[source.records.records]]\ntable = 'child'\neach = '/c/*'\ncolumns = { id = '/id', parent = '^id' }",
        ),
    ];
    let layout = layout(&toml.concat(), sql);
    assert_eq!(waves(&layout), [vec![1, 2, 3], vec![0]]);
    let names: Vec<&str> = layout
        .tables
        .iter()
        .map(|t| t.table.name.as_str())
        .collect();
    assert_eq!(names, ["parent", "child", "free"]);
}

#[test]
fn documents_are_streamed_only_when_every_rule_and_the_schema_allow_it() {
    let streamed = |each: &str, schema: &str| {
        let (toml, _) = edit(TOML, "each = \"/*\"", each);
        check(&files(&toml, SQL, schema))
            .expect(each)
            .layout
            .sources[SourceIndex::from(0)]
        .streamed
    };
    assert!(streamed("each = \"/*\"", SCHEMA));
    assert!(streamed("each = \"/{n}\"", SCHEMA));
    assert!(!streamed("each = \"/0\"", SCHEMA));
    assert!(!streamed("each = \"/*\"", "{\"items\": {}}"));
    assert!(!streamed(
        "each = \"/*\"",
        "{\"type\": \"array\", \"minItems\": 1}"
    ));
}

#[test]
fn every_portable_spelling_of_tables_is_parsed() {
    let sql = "CREATE TABLE IF NOT EXISTS u (\"id\" uuid, v VARCHAR(255) UNIQUE NOT NULL, c CHAR(2),
                   b BOOLEAN DEFAULT FALSE, o BOOLEAN DEFAULT 1, j JSONB DEFAULT '{\"a\" : 1}', n INT DEFAULT -3,
                   r DOUBLE PRECISION DEFAULT 1.5, t TIMESTAMP WITH TIME ZONE DEFAULT now(),
                   z TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP, d DATETIME, e DATE DEFAULT '2024-05-01', x BLOB,
                   CONSTRAINT pk PRIMARY KEY (id));
               CREATE TABLE w (id BIGINT PRIMARY KEY, u_id UUID, s TEXT DEFAULT NULL, k INTEGER,
                   FOREIGN KEY (u_id) REFERENCES u ON DELETE SET NULL, UNIQUE (u_id, s));
               CREATE UNIQUE INDEX w_k ON w (k DESC, s);
               CREATE TABLE g (id INTEGER NOT NULL, PRIMARY KEY (id))";
    let rule = "table = 'u'\neach = '/*'\ncolumns = { id = '/id', v = '/v' }";
    let layout = layout(&format!("name = 'x'\n{}", source("u.json", rule)), sql);
    let u = &layout.tables[TableIndex::from(0)].table;
    let types: Vec<String> = u
        .columns
        .iter()
        .map(|column| column.ty.to_string())
        .collect();
    assert_eq!(
        types.join(" "),
        "UUID VARCHAR(255) VARCHAR(2) BOOLEAN BOOLEAN JSON INTEGER REAL TIMESTAMP TIMESTAMP TIMESTAMP DATE BLOB"
    );
    assert_eq!(u.primary_key, [0]);
    assert!(!u.columns[0].nullable && !u.columns[1].nullable && u.columns[2].nullable);
    assert_eq!(u.unique, [vec![1]]);
    let default = |name: &str| u.columns[u.column(name).expect(name)].default.clone();
    let value = |value: Value| Some(DefaultValue::Value(value));
    assert_eq!(default("b"), value(Value::Boolean(false)));
    assert_eq!(default("o"), value(Value::Boolean(true)));
    assert_eq!(default("j"), value(Value::Json("{\"a\":1}".into())));
    assert_eq!(default("n"), value(Value::Integer(-3)));
    assert_eq!(default("r"), value(Value::Real(1.5)));
    assert_eq!(default("t"), Some(DefaultValue::CurrentTimestamp));
    assert_eq!(default("z"), Some(DefaultValue::CurrentTimestamp));
    assert_eq!(
        default("e"),
        value(Value::Date(
            chrono::NaiveDate::from_ymd_opt(2024, 5, 1).expect("a date")
        ))
    );
    let w = &layout.tables[TableIndex::from(1)].table;
    assert_eq!(w.columns[0].ty, ColumnType::Integer);
    assert_eq!(
        (
            w.generated_key(),
            layout.tables[TableIndex::from(2)].table.generated_key()
        ),
        (None, Some(0))
    );
    assert_eq!(w.foreign_keys[0].references, ["id"]);
    assert_eq!(w.foreign_keys[0].on_delete, OnDelete::SetNull);
    assert_eq!(w.unique, [vec![1, 2], vec![3, 2]]);
    assert!(w.indexes[0].unique && w.indexes[0].columns[0].descending);
    assert_eq!(w.columns[2].default, None);
}

#[test]
fn keywords_of_other_databases_are_valid_column_names() {
    let sql = "CREATE TABLE t (id UUID PRIMARY KEY, key VARCHAR(255) NOT NULL, value JSON NOT NULL, level VARCHAR(20),
                   timestamp TIMESTAMP, role TEXT, user TEXT, index INTEGER, \"order\" INTEGER, type TEXT, date DATE, text TEXT,
                   UNIQUE (id, key, timestamp));
               CREATE INDEX t_key ON t (key, timestamp DESC);";
    let rule = "table = 't'\neach = '/*'\ncolumns = { id = '/id', key = '/k', value = '/v' }";
    let layout = layout(&format!("name = 'x'\n{}", source("t.json", rule)), sql);
    let table = &layout.tables[TableIndex::from(0)].table;
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names.join(" "),
        "id key value level timestamp role user index order type date text"
    );
    assert_eq!(table.unique, [vec![0, 1, 4]]);
    assert_eq!(table.indexes[0].columns.len(), 2);
}
