//! Records that refer to each other, across files and within a file; uses `fixtures/layouts/chain`.

use serde_json::json;

use crate::edits::edit;
use crate::fixtures;
use crate::rows;
use crate::workspace::Workspace;

const LAYOUT: [&str; 2] = ["--layout", "chain"];

pub(crate) fn chain() -> Workspace {
    let workspace = Workspace::of("chain/valid/whole");
    fixtures::copy(
        &fixtures::path("layouts/chain"),
        &workspace.root().join("chain"),
    );
    workspace
}

pub(crate) fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&LAYOUT[..], more].concat()
}

pub(crate) fn ids(workspace: &Workspace, table: &str) -> Vec<String> {
    let query = format!("SELECT id FROM {table} ORDER BY id");
    rows::texts(&workspace.connection(), &query)
}

/// Runs SQL as another program.
fn execute(workspace: &Workspace, sql: &str) {
    workspace.connection().execute_batch(sql).expect(sql);
}

#[test]
fn records_may_refer_to_later_ones() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    assert_eq!(ids(&workspace, "employees"), ["ada", "bob", "cleo", "dan"]);
    assert_eq!(ids(&workspace, "shops"), ["shop-1", "shop-2"]);
    rows::assert_sound(&workspace.connection());
    let again = workspace.imports(&LAYOUT);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn many_records_may_refer_to_later_ones() {
    let workspace = chain();
    let page: Vec<_> = (0..3_000)
        .map(|number| json!({"id": format!("e{number}"), "boss": format!("e{}", (number + 1) % 3_000)}))
        .collect();
    workspace.write("pages/c.json", serde_json::Value::from(page).to_string());
    workspace.imports(&LAYOUT);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_missing_reference_is_reported() {
    for (path, reference) in [
        ("cities.json", "region"),
        ("shops.json", "city"),
        ("shops.json", "owner"),
        ("pages/a.json", "boss"),
    ] {
        let workspace = chain();
        edit(&workspace, path, |records| {
            records[1][reference] = json!("nowhere")
        });
        let before = workspace.tree();
        for more in [&[][..], &["--dry-run"]] {
            let ended = workspace.import(&with(more));
            assert_eq!(ended.code, Some(3), "{reference}: {ended}");
            assert!(ended.stderr.contains("[missing-reference]"), "{ended}");
            assert!(ended.stderr.contains(path), "{ended}");
            assert!(!ended.stderr.contains("nowhere"), "{ended}");
            before.assert_unchanged(&workspace.tree(), ended);
        }
    }
}

#[test]
fn skipping_a_record_also_skips_records_that_refer_to_it() {
    let workspace = chain();
    edit(&workspace, "cities.json", |cities| {
        cities[0]["region"] = json!("nowhere")
    });
    let ended = workspace.import(&with(&["--skip-invalid"]));
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(ids(&workspace, "cities"), ["s1"]);
    assert_eq!(ids(&workspace, "shops"), ["shop-2"]);
    rows::assert_sound(&workspace.connection());
    edit(&workspace, "cities.json", |cities| {
        cities[0]["region"] = json!("north")
    });
    workspace.imports(&LAYOUT);
    assert_eq!(ids(&workspace, "shops"), ["shop-1", "shop-2"]);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn new_records_find_their_parents_in_the_database() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    edit(&workspace, "shops.json", |shops| {
        shops.push(json!({"id": "shop-3", "city": "n1", "owner": "dan"}));
    });
    edit(&workspace, "pages/b.json", |page| {
        page.push(json!({"id": "eve", "boss": "cleo"}));
    });
    workspace.imports(&LAYOUT);
    assert_eq!(ids(&workspace, "shops").len(), 3);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn everything_can_be_pruned() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    for path in [
        "regions.json",
        "cities.json",
        "shops.json",
        "pages/a.json",
        "pages/b.json",
    ] {
        workspace.write(path, "[]");
    }
    workspace.imports(&with(&["--prune"]));
    for table in ["regions", "cities", "shops", "employees"] {
        assert!(ids(&workspace, table).is_empty(), "{table}");
    }
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_record_on_two_pages_is_removed_when_it_is_on_neither() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    edit(&workspace, "pages/b.json", |page| drop(page.pop()));
    workspace.imports(&with(&["--prune"]));
    assert!(ids(&workspace, "employees").contains(&"ada".to_owned()));
    rows::assert_sound(&workspace.connection());
}

/// The shop is in a file that is not read again, because it did not change.
#[test]
fn a_record_that_others_still_refer_to_is_not_pruned() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    workspace.write("cities.json", r#"[{"id": "s1", "region": "south"}]"#);
    let before = workspace.tree();
    for more in [
        &["--prune"][..],
        &["--prune", "--dry-run"],
        &["--prune", "--on-conflict", "take-file"],
    ] {
        let ended = workspace.import(&with(more));
        assert_eq!(ended.code, Some(4), "{ended}");
        let expected = "warning[still-referred]: cities.json: `cities` n1: the record was removed from the file, and `shops` shop-1 still refers";
        assert!(ended.stderr.contains(expected), "{ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
    let ended = workspace.imports(&with(&["--prune", "--on-conflict", "keep-database"]));
    assert!(
        ended.stderr.contains("still refers to its row; kept"),
        "{ended}"
    );
    assert_eq!(ids(&workspace, "cities"), ["n1", "s1"]);
    rows::assert_sound(&workspace.connection());
}

/// `ON DELETE SET NULL` would change a row that its file still defines differently, whether or not that file is read.
#[test]
fn a_value_that_a_file_still_has_is_not_set_to_null() {
    for read in [true, false] {
        let workspace = chain();
        workspace.write("shops.json", "[]");
        workspace.write(
            "pages/b.json",
            r#"[{"id": "dan", "boss": "bob", "note": "new"}]"#,
        );
        workspace.write("pages/c.json", r#"[{"id": "eve", "boss": "dan"}]"#);
        workspace.imports(&LAYOUT);
        workspace.write("pages/b.json", "[]");
        if read {
            workspace.write(
                "pages/c.json",
                r#"[{"id": "eve", "boss": "dan", "note": "new"}]"#,
            );
        }
        let before = workspace.tree();
        for more in [&["--prune"][..], &["--prune", "--dry-run"]] {
            let ended = workspace.import(&with(more));
            assert_eq!(ended.code, Some(4), "{ended}");
            let who = if read {
                "a record of `employees` in pages/c.json"
            } else {
                "`employees` eve"
            };
            assert!(
                ended
                    .stderr
                    .contains(&format!("{who} still refers to its row")),
                "{ended}"
            );
            before.assert_unchanged(&workspace.tree(), ended);
        }
        let ended = workspace.import(&with(&["--prune", "--on-conflict", "take-file"]));
        assert_eq!(ended.code, Some(if read { 4 } else { 0 }), "{ended}");
        let boss = rows::texts(
            &workspace.connection(),
            "SELECT coalesce(boss_id, '-') FROM employees WHERE id = 'eve'",
        );
        assert_eq!(boss, [if read { "dan" } else { "-" }]);
        rows::assert_audit_log_reproduces_rows(&workspace.connection());
    }
}

/// A record that is still referenced by one that stays is kept too; a row that no longer refers to it does not count.
#[test]
fn rows_that_refer_to_each_other_are_pruned_together_or_not_at_all() {
    let workspace = chain();
    workspace.write("shops.json", "[]");
    workspace.write(
        "pages/b.json",
        r#"[{"id": "dan", "boss": "bob"}, {"id": "ada"}]"#,
    );
    workspace.imports(&LAYOUT);
    // `bob` refers to `cleo`, who refers to `ada`; `dan` refers to `bob`.
    workspace.write("pages/a.json", "[]");
    workspace.write("pages/b.json", r#"[{"id": "dan", "boss": "bob"}]"#);
    let ended = workspace.import(&with(&["--prune"]));
    assert_eq!(ended.code, Some(4), "{ended}");
    for (removed, referrer) in [
        ("bob", "a record of `employees` in pages/b.json"),
        ("cleo", "`employees` bob"),
        ("ada", "`employees` cleo"),
    ] {
        let expected =
            format!("`employees` {removed}: the record was removed from the file, and {referrer}");
        assert!(ended.stderr.contains(&expected), "{ended}");
    }
    workspace.write("pages/b.json", r#"[{"id": "dan"}]"#);
    workspace.imports(&with(&["--prune"]));
    assert_eq!(ids(&workspace, "employees"), ["dan"]);
    rows::assert_sound(&workspace.connection());
    rows::assert_audit_log_reproduces_rows(&workspace.connection());
}

/// Another program assigned a city to a region; `ON DELETE CASCADE` would delete it with the region.
#[test]
fn rows_of_other_programs_are_not_deleted_with_their_parents() {
    let workspace = chain();
    workspace.write(
        "regions.json",
        r#"[{"id": "north"}, {"id": "south"}, {"id": "east"}]"#,
    );
    workspace.imports(&LAYOUT);
    execute(
        &workspace,
        "INSERT INTO cities VALUES ('e1', 'east'), ('e2', 'east');",
    );
    workspace.write("regions.json", r#"[{"id": "north"}, {"id": "south"}]"#);
    let before = workspace.tree();
    for more in [&["--prune"][..], &["--prune", "--on-conflict", "take-file"]] {
        let ended = workspace.import(&with(more));
        assert_eq!(ended.code, Some(4), "{ended}");
        let expected = "and `cities` e1 and 1 more still refer to its row";
        assert!(ended.stderr.contains(expected), "{ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
    execute(&workspace, "DELETE FROM cities WHERE region_id = 'east';");
    workspace.imports(&with(&["--prune"]));
    assert_eq!(ids(&workspace, "regions"), ["north", "south"]);
    rows::assert_sound(&workspace.connection());
    rows::assert_audit_log_reproduces_rows(&workspace.connection());
}

/// The row was created from the first page; the second page is not read again, because it did not change.
#[test]
fn a_record_that_is_still_on_another_page_is_not_pruned() {
    let workspace = chain();
    workspace.write("pages/a.json", r#"[{"id": "ada"}, {"id": "bob"}]"#);
    workspace.write("pages/b.json", r#"[{"id": "bob"}, {"id": "dan"}]"#);
    workspace.imports(&with(&[]));
    workspace.write("pages/a.json", r#"[{"id": "ada"}]"#);
    workspace.imports(&with(&["--prune"]));
    assert_eq!(ids(&workspace, "employees"), ["ada", "bob", "dan"]);
}

/// Both files are read again: the region is known and unchanged, but its row was deleted.
#[test]
fn a_new_record_whose_parent_was_deleted_in_the_database_is_reported() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    execute(
        &workspace,
        "DELETE FROM shops; DELETE FROM regions WHERE id = 'north';",
    );
    workspace.write("regions.json", workspace.read("regions.json") + "\n");
    edit(&workspace, "cities.json", |cities| {
        cities.push(json!({"id": "n2", "region": "north"}));
    });
    let before = workspace.tree();
    for more in [&[][..], &["--dry-run"]] {
        let ended = workspace.import(&with(more));
        assert_eq!(ended.code, Some(3), "{ended}");
        let expected = "`region_id` of `cities` refers to a row of `regions` that is in the files, but was deleted";
        assert!(ended.stderr.contains(expected), "{ended}");
        assert!(ended.stderr.contains("at: /2/region"), "{ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
    let ended = workspace.import(&with(&["--skip-invalid"]));
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(ids(&workspace, "cities"), ["s1"]);
    execute(&workspace, "INSERT INTO regions VALUES ('north');");
    workspace.write("regions.json", workspace.read("regions.json") + "\n");
    workspace.imports(&LAYOUT);
    assert_eq!(ids(&workspace, "cities"), ["n2", "s1"]);
}

/// The same in one batch, with the child first.
#[test]
fn a_new_record_whose_later_parent_was_deleted_in_the_database_is_reported() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    execute(
        &workspace,
        "DELETE FROM shops; UPDATE employees SET boss_id = NULL; DELETE FROM employees WHERE id = 'bob';",
    );
    edit(&workspace, "pages/a.json", |page| {
        page.insert(0, json!({"id": "abe", "boss": "bob"}));
    });
    let before = workspace.tree();
    let ended = workspace.import(&LAYOUT);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(ended.stderr.contains("at: /0/boss"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

/// Records that refer to the deleted row and did not change either are not written.
#[test]
fn rows_that_were_deleted_together_cause_no_conflict() {
    let workspace = chain();
    workspace.imports(&LAYOUT);
    execute(
        &workspace,
        "DELETE FROM shops; DELETE FROM regions WHERE id = 'north';",
    );
    for path in ["regions.json", "cities.json", "shops.json"] {
        workspace.write(path, workspace.read(path) + "\n");
    }
    workspace.imports(&LAYOUT);
    assert_eq!(ids(&workspace, "regions"), ["south"]);
    assert_eq!(ids(&workspace, "cities"), ["s1"]);
}

/// A record inside another one, whose foreign key is not in any file.
#[test]
fn a_new_word_of_a_profile_that_was_deleted_in_the_database_is_reported() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    execute(&workspace, "DELETE FROM profiles;");
    let path = "profiles/child_profiles.json";
    workspace.write(
        path,
        workspace.read(path).replace("banana", "banana, cherry"),
    );
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(
        ended.stderr.contains("was deleted in the database"),
        "{ended}"
    );
    assert!(ended.stderr.contains(path), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}
