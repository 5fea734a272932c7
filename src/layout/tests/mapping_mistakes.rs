//! Mistakes in layout.toml: each results in one problem at its line.

use super::*;

#[test]
fn a_layout_without_mistakes_loads() {
    assert!(loaded(TOML, SQL).warnings.is_empty());
}

#[test]
fn invalid_toml_is_one_problem() {
    toml_mistake("name = \"sample\"", "name = ", "string");
}

#[test]
fn unknown_keys_are_reported_with_a_similar_one() {
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
    assert_eq!(found[0].hint, "did you mean `title`?");
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
        "is not an expression",
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
        "`name` of `people` must not be NULL, but is not mapped",
    );
}

#[test]
fn references_beyond_the_outermost_record_are_rejected() {
    toml_mistake(
        "\"^id\"",
        "\"^^id\"",
        "refers 2 levels up, but there are only 1",
    );
    toml_mistake("id = \"/id\"", "id = \"^id\"", "is not inside another one");
    toml_mistake("\"^id\"", "\"^note\"", "does not fill `people.note`");
    toml_mistake("\"^id\"", "\"^nope\"", "has no column `nope`");
}

#[test]
fn malformed_patterns_and_pointers_are_rejected() {
    toml_mistake("\"people.json\"", "\"/people.json\"", "relative path");
    toml_mistake("each = \"/*\"", "each = \"*\"", "begins with `/`");
    toml_mistake("each = \"/*\"", "each = \"/{a b}\"", "is not a capture");
    toml_mistake("\"/name\"", "\"/na~me\"", "must be followed by");
    let (toml, _) = edit(TOML, "people.json", "{x}.json");
    let (toml, line) = edit(&toml, "each = \"/*\"", "each = \"/{x}\"");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", line, "duplicate capture");
}

#[test]
fn a_split_string_must_be_read_by_its_parts() {
    let (toml, _) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words/*\"\nsplit = \",\"",
    );
    assert!(problems(&files(&toml, SQL, SCHEMA)).is_empty());
    let (unread, line) = edit(&toml, "word = \"\"", "word = { value = \"x\" }");
    let found = problems(&files(&unread, SQL, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        line - 3,
        "no column is mapped to the parts",
    );
}

#[test]
fn split_needs_separators_and_a_string() {
    let (toml, line) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words/*\"\nsplit = [\"\"]",
    );
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        line + 1,
        "a separator must not be empty",
    );
    let (toml, line) = edit(
        TOML,
        "each = \"/words/*\"",
        "each = \"/words\"\nsplit = [\",\"]",
    );
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(
        &found,
        "layout.toml",
        line + 1,
        "only a string can be split",
    );
}

#[test]
fn records_need_an_identity() {
    let (sql, _) = edit(SQL, ",\n    UNIQUE (person_id, word)", "");
    let found = problems(&files(TOML, &sql, SCHEMA));
    assert_one(&found, "layout.toml", 15, "cannot be matched");
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
    toml_mistake("\"/name\"", "{ value = 7 }", "is not a string");
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", default = true }",
        "is not a string",
    );
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", as = \"unix\" }",
        "which is TEXT",
    );
    toml_mistake(
        "\"/name\"",
        "{ from = \"/name\", as = \"uinx\" }",
        "`uinx` is not a conversion",
    );
    toml_mistake("\"/name\"", "{ rest = true }", "`rest` is an object");
    toml_mistake("\"/name\"", "{ rest = false }", "`rest` can only be `true`");
    toml_mistake(
        "\"/name\"",
        "7",
        "a column expression cannot be of type integer",
    );
    toml_mistake("\"/name\"", "[]", "the array is empty");
    toml_mistake("\"/name\"", "{ nothing = 1 }", "not an expression");
    toml_mistake("\"/name\"", "[{ from = \"/id\" }]", "cannot be nested");
    toml_mistake("\"/name\"", "{ value = inf }", "infinity");
}

#[test]
fn only_values_from_files_are_converted() {
    for value in ["{ value = 5 }", "{ rest = true }"] {
        let new = format!("{{ from = {value}, as = \"text\" }}");
        toml_mistake("\"/name\"", &new, "`as` converts values from files only");
    }
    toml_mistake(
        "word = \"\"",
        "word = { from = \"^name\", as = \"text\" }",
        "`as` converts values from files only",
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

/// The key of an enclosing row is generated when the row is written, after UUIDs and references were computed.
#[test]
fn generated_keys_cannot_be_used_in_uuids_or_references() {
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
        let late =
            "the database generates this key of the enclosing row only when the row is written";
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
        "is not a key of `words`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words.word\" }",
        "has no `where`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words\", where = { id = \"/id\" } }",
        "is not a column",
    );
    toml_mistake(
        "\"/name\"",
        &reference("wrd = \"/name\""),
        "has no column `wrd`",
    );
    toml_mistake(
        "\"/name\"",
        "{ reference = \"words.id\", where = { word = \"/name\", person_id = \"/id\" } }",
        "`id` is INTEGER, but `name` is TEXT",
    );
}

#[test]
fn unmapped_is_a_notice_or_a_rejection() {
    toml_mistake(
        "files = \"people.json\"",
        "unmapped = \"ignore\"\nfiles = \"people.json\"",
        "`ignore` is not a value of `unmapped`",
    );
}

#[test]
fn sources_with_circular_references_are_rejected() {
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
        "`a.json`, `b.json` refer to each other",
    );
}

#[test]
fn a_parameter_cannot_default_to_a_row_of_its_own_source() {
    let (toml, _) = edit(
        TOML,
        "[[source]]",
        "[parameters.p]\ndefault = { only = \"people.id\" }\n[[source]]",
    );
    let (toml, _) = edit(&toml, "\"/name\"", "{ parameter = \"p\" }");
    let found = problems(&files(&toml, SQL, SCHEMA));
    assert_one(&found, "layout.toml", 5, "which this source fills");
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
    assert!(first.starts_with("layout.toml:4:1: unknown key `extra`; defined are"));
    let error = check(&files(&toml, SQL, SCHEMA)).expect_err("mistakes");
    assert_eq!(error.to_string(), "the layout has 3 errors");
}

#[test]
fn possible_mistakes_are_warnings() {
    let (toml, _) = edit(
        TOML,
        "[[source]]",
        "[parameters.p]\nhelp = \"x\"\n[[source]]",
    );
    let sql = format!("{SQL}CREATE TABLE spare (id TEXT PRIMARY KEY);");
    let warnings: Vec<String> = loaded(&toml, &sql)
        .warnings
        .iter()
        .map(LayoutProblem::to_string)
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("the parameter `p` is not used"));
    assert!(
        warnings[1].starts_with("tables.sql:12:14: table `spare` is not filled by any records")
    );
}

#[test]
fn the_values_and_the_column_of_a_uuid_are_checked() {
    for (name, message) in [
        ("{ uuid = 'place' }", "a UUID cannot be generated from this"),
        ("{ uuid = [] }", "a UUID cannot be generated from this"),
        (
            "{ uuid = 'position' }",
            "`uuid` requires a column of type UUID",
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
fn a_placeholder_must_reference_its_own_key_and_contain_no_records() {
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
        ("'/id'", "", 8, "`unless` is not a reference"),
        (
            "{ reference = 'people.name', where = { id = '/id' } }",
            "",
            8,
            "`unless` must reference the primary key of `people`",
        ),
        (
            "{ reference = 'words.id', where = { word = '/id' } }",
            "",
            8,
            "`unless` must reference the primary key of `people`",
        ),
        (
            good,
            words,
            8,
            "a record with `unless` cannot contain records",
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
        "`b/{y}.json` does not have the same captures",
    );
    toml_mistake(
        "files = \"people.json\"",
        "files = ['a.json', 7]",
        "expected a file pattern, found integer",
    );
}

#[test]
fn members_similar_to_a_named_one_are_warnings() {
    let open = SCHEMA.replace(",\n    \"additionalProperties\": false", "");
    let (toml, line) = edit(TOML, "name = \"/name\"", "name = \"/nmae\"");
    let checked = check(&files(&toml, SQL, &open)).expect("a warning only");
    assert_one(
        &checked.warnings,
        "layout.toml",
        line,
        "does not describe `/*/nmae`",
    );
    let far = TOML.replace("\"/name\"", "\"/entirely_different\"");
    let checked = check(&files(&far, SQL, &open)).expect("valid");
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}

#[test]
fn each_mistake_is_reported_once() {
    for (old, new, message) in [
        (
            "files = \"people.json\"",
            "files = \"/{x}.json\"",
            "a file pattern must be a relative path",
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
        found[0]
            .message
            .contains("do not fill any column of `marks`"),
        "{found:?}"
    );
}
