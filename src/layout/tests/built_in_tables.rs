//! The tables of srs4autism match its documentation.

use super::built_in::srs4autism;
use crate::model::{DefaultValue, OnDelete, Table};

/// One line per column, then keys and indexes, in the notation of the documentation.
fn definition(table: &Table) -> String {
    let mut lines = vec![table.name.clone()];
    let names = |columns: &[usize]| {
        let names: Vec<&str> = columns
            .iter()
            .map(|&c| table.columns[c].name.as_str())
            .collect();
        names.join(", ")
    };
    for column in &table.columns {
        let null = if column.nullable { "" } else { " NOT NULL" };
        let default = match column.default {
            Some(DefaultValue::CurrentTimestamp) => " DEFAULT now",
            Some(DefaultValue::Value(_)) => " DEFAULT value",
            None => "",
        };
        lines.push(format!("{} {}{null}{default}", column.name, column.ty));
    }
    let auto = if table.autoincrement {
        " AUTOINCREMENT"
    } else {
        ""
    };
    lines.push(format!("PRIMARY KEY ({}){auto}", names(&table.primary_key)));
    lines.extend(
        table
            .unique
            .iter()
            .map(|key| format!("UNIQUE ({})", names(key))),
    );
    lines.extend(table.foreign_keys.iter().map(|key| {
        let action = match key.on_delete {
            OnDelete::Cascade => "CASCADE",
            OnDelete::SetNull => "SET NULL",
            OnDelete::Restrict => "RESTRICT",
        };
        format!(
            "({}) → {} ({}) ON DELETE {action}",
            names(&key.columns),
            key.table,
            key.references.join(", ")
        )
    }));
    lines.extend(table.indexes.iter().map(|index| {
        let columns: Vec<usize> = index.columns.iter().map(|column| column.column).collect();
        format!("{} ({})", index.name, names(&columns))
    }));
    lines.join("\n")
}

#[test]
fn srs4autism_has_the_documented_tables() {
    let layout = srs4autism();
    let definitions: Vec<String> = layout
        .tables
        .iter()
        .map(|table| definition(&table.table))
        .collect();
    insta::assert_snapshot!(definitions.join("\n\n"), @r#"
    profiles
    id TEXT NOT NULL
    name TEXT NOT NULL
    dob TEXT
    gender TEXT
    address TEXT
    school TEXT
    neighborhood TEXT
    interests JSON
    character_roster JSON
    verbal_fluency TEXT
    passive_language_level TEXT
    mental_age REAL
    raw_input TEXT
    extracted_data JSON
    created_at TIMESTAMP DEFAULT now
    updated_at TIMESTAMP DEFAULT now
    PRIMARY KEY (id)

    mastered_words
    id INTEGER NOT NULL
    profile_id TEXT NOT NULL
    word TEXT NOT NULL
    language TEXT NOT NULL
    added_at TIMESTAMP DEFAULT now
    PRIMARY KEY (id) AUTOINCREMENT
    UNIQUE (profile_id, word, language)
    (profile_id) → profiles (id) ON DELETE CASCADE
    idx_mastered_words_profile_id (profile_id)
    idx_mastered_words_language (language)

    mastered_grammar
    id INTEGER NOT NULL
    profile_id TEXT NOT NULL
    grammar_uri TEXT NOT NULL
    added_at TIMESTAMP DEFAULT now
    PRIMARY KEY (id) AUTOINCREMENT
    UNIQUE (profile_id, grammar_uri)
    (profile_id) → profiles (id) ON DELETE CASCADE
    idx_mastered_grammar_profile_id (profile_id)

    approved_cards
    id INTEGER NOT NULL
    profile_id TEXT NOT NULL
    card_type TEXT NOT NULL
    content JSON NOT NULL
    approved_at TIMESTAMP DEFAULT now
    PRIMARY KEY (id) AUTOINCREMENT
    (profile_id) → profiles (id) ON DELETE CASCADE
    idx_approved_cards_profile_id (profile_id)

    chat_messages
    id INTEGER NOT NULL
    profile_id TEXT NOT NULL
    role TEXT NOT NULL
    content TEXT NOT NULL
    timestamp TIMESTAMP DEFAULT now
    PRIMARY KEY (id) AUTOINCREMENT
    (profile_id) → profiles (id) ON DELETE CASCADE
    idx_chat_messages_profile_id (profile_id)
    idx_chat_messages_timestamp (timestamp)
    "#);
}
