//! Mistakes in layout.toml: each is one problem at its line.

use super::*;

#[test]
fn a_layout_without_mistakes_loads() {
    assert!(loaded(TOML, SQL).warnings.is_empty());
}

#[test]
fn broken_toml_is_one_problem() {
    toml_mistake("name = \"sample\"", "name = ", "string");
}

#[test]
fn unknown_keys_are_reported_with_the_near_one() {
    toml_mistake(
        "table = \"words\"",
        "tabel = 1\ntable = \"words\"",
        "unknown key `tabel`",
    );
    let (toml, _) = edit(
        TOML,
        "name = \"sample\"",
        "name = \"sample\"\ntitel = \"x\"",
    );
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", 2, "unknown key `titel`");
    assert_eq!(found[0].remedy, "did you mean `title`?");
}

#[test]
fn missing_keys_are_reported() {
    toml_mistake(
        "[[source]]\nfiles = \"people.json\"",
        "[[source]]",
        "`files` is missing",
    );
    toml_mistake("name = \"sample\"", "title = \"x\"", "`name` is missing");
}

#[test]
fn unknown_tables_columns_parameters_and_captures_are_reported() {
    toml_mistake(
        "table = \"words\"",
        "table = \"wrds\"",
        "there is no table `wrds`",
    );
    toml_mistake(
        "name = \"/name\"",
        "nam = \"/name\"\nname = \"/name\"",
        "has no column `nam`",
    );
    toml_mistake(
        "name = \"/name\"",
        "name = { parameter = \"who\" }",
        "there is no parameter `who`",
    );
    toml_mistake(
        "name = \"/name\"",
        "name = \"{user}\"",
        "there is no capture `{user}`",
    );
    toml_mistake(
        "name = \"/name\"",
        "name = \"name\"",
        "says nothing about where",
    );
}

#[test]
fn a_column_is_mapped_once() {
    let (toml, line) = edit(TOML, "name = \"/name\"", "name = \"/name\"\nname = \"/id\"");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line + 1, "duplicate key");
}

#[test]
fn columns_that_must_not_be_null_need_a_source() {
    let (toml, line) = edit(TOML, "name = \"/name\"", "note = \"/name\"");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        line - 4,
        "nothing fills `name` of `people`",
    );
}

#[test]
fn parents_further_out_than_there_are_records_are_refused() {
    toml_mistake("\"^id\"", "\"^^id\"", "leads 2 levels out, and there are 1");
    toml_mistake("id = \"/id\"", "id = \"^id\"", "no record encloses");
    toml_mistake("\"^id\"", "\"^note\"", "does not fill `people.note`");
    toml_mistake("\"^id\"", "\"^nope\"", "has no column `nope`");
}

#[test]
fn malformed_patterns_and_pointers_are_refused() {
    toml_mistake("\"people.json\"", "\"/people.json\"", "relative path");
    toml_mistake("each = \"/*\"", "each = \"*\"", "begins with `/`");
    toml_mistake("each = \"/*\"", "each = \"/{a b}\"", "is no capture");
    toml_mistake("\"/name\"", "\"/na~me\"", "must be followed by");
    let (toml, _) = edit(TOML, "people.json", "{x}.json");
    let (toml, line) = edit(&toml, "each = \"/*\"", "each = \"/{x}\"");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line, "stands twice");
}

#[test]
fn a_split_text_must_be_read_as_its_parts() {
    let (toml, _) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words/*\"\nsplit = \",\"",
    );
    assert!(problems(&files(&toml, SQL, SCHEMA)).is_empty());
    let (unread, line) = edit(&toml, "word = \"\"", "word = { value = \"x\" }");
    let found = problems(&files(&unread, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line - 3, "no column takes the parts");
}

#[test]
fn split_needs_separators_and_a_text() {
    let (toml, line) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words/*\"\nsplit = [\"\"]",
    );
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line + 1, "separates nothing");
    let (toml, line) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words\"\nsplit = [\",\"]",
    );
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line + 1, "only a text can be split");
}

#[test]
fn records_need_an_identity() {
    let (sql, _) = edit(SQL, ",\n    UNIQUE (person_id, word)", "");
    let found = problems(&files(TOML, &sql, SCHEMA));
    assert_one(&found, "layout.toml", 15, "cannot be known again");
    toml_mistake(
        "each = \"/*\"",
        "identity = \"id\"\neach = \"/*\"",
        "cannot identify",
    );
    toml_mistake(
        "each = \"/*\"",
        "identity = [\"/nope\"]\neach = \"/*\"",
        "cannot exist",
    );
}

#[test]
fn constants_defaults_and_conversions_must_fit_their_column() {
    toml_mistake("\"/name\"", "{ value = 7 }", "is not a text");
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", default = true }",
        "is not a text",
    );
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", as = \"unix\" }",
        "which is TEXT",
    );
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", as = \"uinx\" }",
        "`uinx` is no conversion",
    );
    toml_mistake("\"/name\"", "{ rest = true }", "`rest` gives an object");
    toml_mistake("\"/name\"", "{ rest = false }", "`rest` can only be `true`");
    toml_mistake("\"/name\"", "7", "cannot take its value from this integer");
    toml_mistake("\"/name\"", "[]", "nothing to choose from");
    toml_mistake("\"/name\"", "{ nothing = 1 }", "says nothing about where");
    toml_mistake("\"/name\"", "[{ from = \"/id\" }]", "cannot stand inside");
    toml_mistake("\"/name\"", "{ value = inf }", "no infinity");
}

#[test]
fn only_what_stands_in_files_is_converted() {
    for value in ["{ value = 5 }", "{ rest = true }"] {
        let new = format!("{{ from = {value}, as = \"text\" }}");
        toml_mistake(
            "\"/name\"",
            &new,
            "`as` converts values that stand in files",
        );
    }
    toml_mistake(
        "word = \"\"",
        "word = { from = \"^name\", as = \"text\" }",
        "`as` converts values that stand in files",
    );
    let unix = "{ from = \"/name\", default = \"now\", as = \"unix\" }";
    let (toml, line) = edit(TOML, "name = \"/name\"", &format!("name = {unix}"));
    let sql = SQL.replace("name TEXT", "name TIMESTAMP");
    let found = problems(&files(&toml, &sql, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        line,
        "the default cannot be converted",
    );
}

/// The key of an enclosing row is given when the row is written, after UUIDs are made and references looked up.
#[test]
fn what_the_database_gives_later_makes_no_uuid_and_finds_no_row() {
    let sql = format!(
        "{} CREATE TABLE letters (id UUID PRIMARY KEY, word_id INTEGER NOT NULL REFERENCES words (id), letter TEXT);",
        SQL
    );
    let rule = |id: &str| {
        format!(
            "word = \"\"\n\n[[source.records.records.records]]\ntable = \"letters\"\neach = \"/*\"\n\
             columns = {{ word_id = \"^id\", letter = \"\", id = {id} }}"
        )
    };
    for id in [
        "{ uuid = [\"^id\", \"\"] }",
        "{ reference = \"letters.id\", where = { id = [\"^id\"] } }",
    ] {
        let (toml, line) = edit(TOML, "word = \"\"", &rule(id));
        let found = problems(&files(&toml, &sql, SCHEMA));
        let late = "the database gives the enclosing row this key only when it is written";
        assert!(
            found
                .iter()
                .any(|problem| problem.message == late && problem.place.line == Some(line + 5)),
            "{found:?}"
        );
    }
}

#[test]
fn references_must_find_one_row() {
    let reference = |key: &str| format!("{{ reference = \"words.word\", where = {{ {key} }} }}");
    toml_mistake(
        "\"/name\"",
        &reference("word = \"/name\""),
        "is no key of `words`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words.word\" }",
        "has no `where`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words\", where = { id = \"/id\" } }",
        "does not name a column",
    );
    toml_mistake(
        "\"/name\"",
        &reference("wrd = \"/name\""),
        "has no column `wrd`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words.id\", where = { word = \"/name\", person_id = \"/id\" } }",
        "`id` is INTEGER and `name` is TEXT",
    );
}

#[test]
fn unmapped_is_a_notice_or_a_rejection() {
    toml_mistake(
        "files = \"people.json\"",
        "unmapped = \"ignore\"\nfiles = \"people.json\"",
        "`ignore` is no way",
    );
}

#[test]
fn sources_that_wait_for_each_other_are_refused() {
    let sql = "CREATE TABLE a (id TEXT PRIMARY KEY, other TEXT);
               CREATE TABLE b (id TEXT PRIMARY KEY, other TEXT);";
    let source = |file: &str, table: &str, other: &str| {
        format!(
            "[[source]]\nfiles = '{file}'\nschema = 'people.schema.json'\n[[source.records]]\n\
             table = '{table}'\neach = '/*'\n[source.records.columns]\nid = '/id'\n\
             other = {{ reference = '{other}.id', where = {{ id = '/name' }} }}\n"
        )
    };
    let toml = format!(
        "name = 'x'\n{}{}",
        source("a.json", "a", "b"),
        source("b.json", "b", "a")
    );
    let found = problems(&files(&toml, sql, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        2,
        "`a.json`, `b.json` wait for each other",
    );
}

#[test]
fn a_parameter_cannot_be_the_only_row_of_what_its_source_fills() {
    let (toml, _) = edit(
        TOML,
        "[[source]]",
        "[parameters.p]\ndefault = { only = \"people.id\" }\n[[source]]",
    );
    let (toml, _) = edit(&toml, "\"/name\"", "{ parameter = \"p\" }");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", 5, "which this source fills itself");
}

#[test]
fn several_mistakes_are_reported_together_in_order() {
    let (toml, _) = edit(TOML, "name = \"/name\"", "name = \"/nme\"");
    let (toml, _) = edit(&toml, "word = \"\"", "wrod = \"\"");
    let (toml, _) = edit(&toml, "[[source]]", "[[source]]\nextra = 1");
    let found = problems(&files(&toml, SQL, SCHEMA));
    let lines: Vec<_> = found.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [Some(4), Some(13), Some(20)]);
    let first = found[0].to_string();
    assert!(first.starts_with("layout.toml:4:1: unknown key `extra`; there are"));
    let error = check(&files(&toml, SQL, SCHEMA)).expect_err("mistakes");
    assert_eq!(error.to_string(), "the layout has 3 errors");
}

#[test]
fn doubtful_things_are_warnings() {
    let (toml, _) = edit(
        TOML,
        "[[source]]",
        "[parameters.p]\nhelp = \"x\"\n[[source]]",
    );
    let sql = format!("{SQL}CREATE TABLE spare (id TEXT PRIMARY KEY);");
    let warnings: Vec<String> = loaded(&toml, &sql)
        .warnings
        .iter()
        .map(Problem::to_string)
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("nothing uses the parameter `p`"));
    assert!(warnings[1].starts_with("tables.sql:12:14: nothing fills table `spare`"));
}

#[test]
fn what_a_uuid_is_made_of_and_where_it_goes_is_checked() {
    for (name, message) in [
        ("{ uuid = 'place' }", "no UUID can be made of this"),
        ("{ uuid = [] }", "no UUID can be made of this"),
        (
            "{ uuid = 'position' }",
            "`uuid` gives a UUID, and is for a column of that type",
        ),
        (
            "{ uuid = ['{nobody}'] }",
            "there is no capture `{nobody}` here",
        ),
    ] {
        let sql = SQL.replace("note TEXT", "note UUID");
        let column = if name == "{ uuid = 'position' }" {
            "name"
        } else {
            "note"
        };
        let (toml, _) = edit(
            TOML,
            "name = \"/name\"",
            &format!("name = '/name'\n{column} = {name}"),
        );
        let toml = match column {
            "name" => toml.replace("name = '/name'\n", ""),
            _ => toml,
        };
        let found = problems(&files(&toml, &sql, SCHEMA));
        assert!(
            found.iter().any(|problem| problem.message == message),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn a_stand_in_must_find_the_key_of_its_own_table_and_hold_no_records() {
    let with = |unless: &str, inner: &str| {
        let toml = format!(
            "name = 'x'\n[[source]]\nfiles = 'people.json'\nschema = 'people.schema.json'\n\
             [[source.records]]\ntable = 'people'\neach = '/*'\nunless = {unless}\n\
             [source.records.columns]\nid = '/id'\nname = '/name'\n{inner}"
        );
        let sql = "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT UNIQUE);
                   CREATE TABLE words (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT UNIQUE);";
        problems(&files(&toml, sql, SCHEMA))
    };
    let good = "{ reference = 'people.id', where = { name = '/name' } }";
    assert_eq!(with(good, ""), []);
    let words = "[[source.records.records]]\ntable = 'words'\neach = '/words/*'\n\
                 [source.records.records.columns]\nword = ''\n";
    for (unless, inner, line, message) in [
        ("'/id'", "", 8, "`unless` is no reference"),
        (
            "{ reference = 'people.name', where = { id = '/id' } }",
            "",
            8,
            "`unless` must find the primary key of `people`",
        ),
        (
            "{ reference = 'words.id', where = { word = '/id' } }",
            "",
            8,
            "`unless` must find the primary key of `people`",
        ),
        (
            good,
            words,
            8,
            "a record that may be left out has records inside it",
        ),
    ] {
        assert_one(&with(unless, inner), "layout.toml", line, message);
    }
}

#[test]
fn patterns_of_one_source_have_the_same_captures() {
    toml_mistake(
        "files = \"people.json\"",
        "files = ['a/{x}.json', 'b/{y}.json']",
        "`b/{y}.json` does not have the captures of the patterns before it",
    );
    toml_mistake(
        "files = \"people.json\"",
        "files = ['a.json', 7]",
        "expected a file pattern, found integer",
    );
}

#[test]
fn members_that_the_schema_names_nearly_alike_are_doubted() {
    let open = SCHEMA.replace(",\n    \"additionalProperties\": false", "");
    let (toml, line) = edit(TOML, "name = \"/name\"", "name = \"/nmae\"");
    let checked = check(&files(&toml, SQL, &open)).expect("may be meant");
    assert_one(
        &checked.warnings,
        "layout.toml",
        line,
        "does not describe `/*/nmae`",
    );
    let far = TOML.replace("\"/name\"", "\"/entirely_different\"");
    let checked = check(&files(&far, SQL, &open)).expect("may be meant");
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}

#[test]
fn one_mistake_is_told_once() {
    for (old, new, message) in [
        (
            "files = \"people.json\"",
            "files = \"/{x}.json\"",
            "a file pattern is a relative path",
        ),
        (
            "each = \"/words/*\"",
            "each = \"words/{x}\"",
            "a JSON Pointer is empty or begins",
        ),
    ] {
        let (toml, line) = edit(TOML, old, new);
        let toml = toml.replace("word = \"\"", "word = \"{x}\"");
        assert_one(
            &problems(&files(&toml, SQL, SCHEMA)),
            "layout.toml",
            line,
            message,
        );
    }
    let found = problems(&files(TOML, "", SCHEMA));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn records_must_fill_a_column() {
    let sql = format!("{SQL}CREATE TABLE marks (id INTEGER PRIMARY KEY AUTOINCREMENT);");
    let toml = format!(
        "{TOML}[[source.records]]\ntable = 'marks'\neach = '/*'\nidentity = 'position'\ncolumns = {{}}\n"
    );
    let found = problems(&files(&toml, &sql, SCHEMA));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].message.contains("fill no column of `marks`"),
        "{found:?}"
    );
}
