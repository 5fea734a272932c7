//! What is known to be wrong: each test fails, and says why it is not run.

use crate::audit_trail::Trail;
use crate::rows;

/// Other programs open the database without `foreign_keys` and `recursive_triggers`, the defaults of SQLite.
#[test]
#[ignore = "REPLACE without recursive_triggers deletes a row without firing any trigger; only a reconciliation finds it"]
fn a_replace_by_another_program_loses_no_row_silently() {
    let trail = Trail::begin();
    trail.execute("PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF;");
    trail.execute("REPLACE INTO approved_cards (id, profile_id, card_type, content) VALUES (1, 'child_0001', 'basic', '{}')");
    rows::assert_trail_gives_rows(&trail.connection);
}

#[test]
#[ignore = "REPLACE without recursive_triggers deletes a row without firing any trigger; only a reconciliation finds it"]
fn a_replace_that_hits_a_unique_key_loses_no_row_silently() {
    let trail = Trail::begin();
    trail.execute("PRAGMA recursive_triggers = OFF;");
    trail.execute("REPLACE INTO mastered_words (id, profile_id, word, language) VALUES (77, 'child_0001', '苹果', 'zh')");
    rows::assert_trail_gives_rows(&trail.connection);
}
