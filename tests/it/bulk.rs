//! Generates a source directory that takes some time to import.

use serde_json::{Value, json};

use crate::workspace::Workspace;

/// How many records [`fill`] writes, and therefore how many rows are expected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bulk {
    pub(crate) words: usize,
    pub(crate) cards: usize,
    pub(crate) messages: usize,
}

impl Bulk {
    /// Takes some tenths of a second in a debug build.
    pub(crate) const A_WHILE: Self = Self {
        words: 3_000,
        cards: 100,
        messages: 600,
    };

    /// Returns the number of rows per table.
    pub(crate) fn rows(self) -> [(&'static str, i64); 4] {
        let count = |count: usize| i64::try_from(count).expect("few");
        [
            ("approved_cards", count(self.cards)),
            ("chat_messages", count(self.messages)),
            ("mastered_words", count(self.words)),
            ("profiles", 1),
        ]
    }
}

/// Writes the three files of an `srs4autism` directory; the text of each record contains `edition`.
pub(crate) fn fill(workspace: &Workspace, bulk: Bulk, edition: &str) {
    let words: Vec<String> = (0..bulk.words)
        .map(|word| format!("word{word:06}"))
        .collect();
    let profile = json!([{
        "id": "child_0001", "name": "Somebody Invented", "raw_input": edition, "mastered_english_words": words.join(", "),
    }]);
    let cards: Vec<Value> = (0..bulk.cards)
        .map(|card| {
            json!({
                "id": format!("card-{card:06}"), "card_type": "basic", "front": edition, "created_at": "2024-05-01T10:00:00Z",
                // Incompressible, so that the archive also uses space on a small disk.
                "image_data": noise(card as u64, 2_000),
            })
        })
        .collect();
    let messages: Vec<Value> = (0..bulk.messages)
        .map(|message| {
            json!({
                "id": format!("msg-{message:06}"), "role": "user", "content": format!("{edition} {message}"),
                "timestamp": "2024-05-01T10:00:00Z",
            })
        })
        .collect();
    workspace.write("profiles/child_profiles.json", profile.to_string());
    workspace.write(
        "content_db/approved_cards.json",
        Value::from(cards).to_string(),
    );
    workspace.write(
        "content_db/chat_history.json",
        Value::from(messages).to_string(),
    );
}

/// Returns pseudo-random text that looks like base64 and depends only on the seed (SplitMix64).
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let mut bytes = Vec::new();
    while bytes.len() < length {
        bytes.extend(next().to_le_bytes());
    }
    data_encoding::BASE64.encode(&bytes)[..length].to_owned()
}
