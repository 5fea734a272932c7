//! What is known to be wrong: each test fails, and says why it is not run.

use crate::references::{chain, with};

/// `ON DELETE SET NULL` would quietly change a row that the file still describes otherwise.
#[test]
#[ignore = "what ON DELETE SET NULL does to rows that were not written is not compared with the plan"]
fn a_record_that_others_still_refer_to_is_not_pruned_silently() {
    let workspace = chain();
    workspace.write("shops.json", "[]");
    workspace.imports(&with(&[]));
    workspace.write(
        "pages/a.json",
        r#"[{"id": "bob", "boss": "cleo"}, {"id": "cleo", "boss": "ada"}]"#,
    );
    workspace.write(
        "pages/b.json",
        r#"[{"id": "dan", "boss": "bob", "note": "new"}]"#,
    );
    let before = workspace.tree();
    let ended = workspace.import(&with(&["--prune"]));
    assert!(matches!(ended.code, Some(3 | 4)), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}
