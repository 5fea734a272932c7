//! Random histories: imports, edits with plain SQL and reverts in any order. After each step, audit log, seals and rows
//! must agree.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::edits::edit;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// A step of a history.
#[derive(Debug, Clone)]
enum Event {
    /// The application's files change and are imported.
    Import { words: Vec<u8>, card: u8 },
    /// Another program writes.
    Sql(usize),
    /// A run is reverted, counted back from the latest.
    Revert {
        back: usize,
        on_conflict: &'static str,
    },
    /// Changes by other programs are sealed.
    Seal,
}

const SQL: [&str; 8] = [
    "UPDATE profiles SET mental_age = coalesce(mental_age, 0) + 0.1, gender = NULL",
    "DELETE FROM approved_cards WHERE id = (SELECT max(id) FROM approved_cards)",
    "INSERT INTO mastered_words (profile_id, word, language) SELECT id, 'own ' || (SELECT count(*) FROM audit_log), 'en' FROM profiles",
    "UPDATE mastered_words SET word = word || '!' WHERE id % 3 = 0",
    "UPDATE chat_messages SET id = id + 1000 WHERE id = (SELECT max(id) FROM chat_messages)",
    "UPDATE approved_cards SET card_type = X'00FF' WHERE id = 1",
    "DELETE FROM mastered_words WHERE id % 2 = 0",
    "INSERT OR IGNORE INTO approved_cards (id, profile_id, card_type, content) SELECT 4, id, 'basic', '{}' FROM profiles",
];

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (prop::collection::vec(0..12_u8, 0..8), any::<u8>()).prop_map(|(words, card)| Event::Import { words, card }),
        3 => (0..SQL.len()).prop_map(Event::Sql),
        3 => (0..4_usize, prop_oneof![Just("skip"), Just("force")])
            .prop_map(|(back, on_conflict)| Event::Revert { back, on_conflict }),
        1 => Just(Event::Seal),
    ]
}

fn run(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    command
        .args(arguments)
        .args(["--database", "target/legacy.db"]);
    workspace.run(&mut command)
}

fn perform(workspace: &Workspace, event: &Event) {
    match event {
        Event::Import { words, card } => {
            edit(workspace, "profiles/child_profiles.json", |profiles| {
                let words: Vec<String> = words.iter().map(|word| format!("word {word}")).collect();
                profiles[0]["mastered_words"] = json!(words.join(", "));
            });
            edit(workspace, "content_db/approved_cards.json", |cards| {
                cards[0]["front"] = json!(format!("front {card}"));
            });
            let ended = workspace.import(&["--prune", "--on-conflict", "take-file"]);
            // Changes by the application may prevent the revert; then nothing changes.
            assert!(matches!(ended.code, Some(0 | 1 | 3 | 4)), "{ended}");
        }
        Event::Sql(at) => workspace
            .connection()
            .execute_batch(SQL[*at])
            .expect(SQL[*at]),
        Event::Revert { back, on_conflict } => {
            let query = "SELECT id FROM import_runs ORDER BY started_at DESC, id DESC";
            let runs = rows::texts(&workspace.connection(), query);
            let run_id = &runs[back % runs.len()];
            let ended = run(
                workspace,
                &[
                    "revert",
                    run_id,
                    "--no-backup",
                    "--on-conflict",
                    on_conflict,
                ],
            );
            assert!(matches!(ended.code, Some(0 | 1 | 4)), "{ended}");
        }
        Event::Seal => {
            let ended = run(workspace, &["audit", "seal"]);
            assert_eq!(ended.code, Some(0), "{ended}");
        }
    }
}

#[test]
fn audit_log_seals_and_rows_agree_after_any_history() {
    let cases = std::env::var("ACCESSION_TEST_HISTORIES");
    let cases = cases.ok().and_then(|cases| cases.parse().ok()).unwrap_or(4);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::default()
    };
    let histories = prop::collection::vec(event(), 3..10);
    TestRunner::new(config)
        .run(&histories, |history| {
            let workspace = Workspace::of("srs4autism/valid/small");
            workspace.imports(&[]);
            for event in &history {
                perform(&workspace, event);
                for proof in ["reconcile", "verify"] {
                    let ended = run(&workspace, &["audit", proof, "--limit", "5"]);
                    prop_assert_eq!(ended.code, Some(0), "{:?}: {}", event, ended);
                }
            }
            rows::assert_sound(&workspace.connection());
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
