//! The layouts that are embedded: all of them load; srs4autism is what its documentation says.

use super::*;
use crate::layout::{
    EachToken, Expression, IdentityRule, Layout, ParameterDefault, RecordRule, builtin, describe,
};

pub(super) fn srs4autism() -> Layout {
    builtin("srs4autism").expect("sound")
}

#[test]
fn every_built_in_layout_loads_without_warning_under_its_own_name() {
    let names = Layout::builtin_names();
    assert!(names.contains(&"srs4autism"));
    for name in names {
        let files = LayoutFiles::built_in(name).expect(name);
        let checked = check(&files).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(checked.layout.name, name);
        assert_eq!(checked.warnings, [], "{name}");
    }
}

#[test]
fn srs4autism_reads_its_three_files_element_by_element() {
    let layout = srs4autism();
    let files: Vec<String> = layout
        .sources
        .iter()
        .map(|source| source.files.text())
        .collect();
    assert_eq!(
        files,
        [
            "profiles/child_profiles.json",
            "content_db/approved_cards.json",
            "content_db/chat_history.json"
        ]
    );
    assert!(
        layout
            .sources
            .iter()
            .all(|source| source.streamed && source.captures == 0)
    );
    // Cards and messages need to know the only profile.
    assert_eq!(layout.waves, [vec![0], vec![1, 2]]);
    assert!(matches!(
        layout.parameters[0].default,
        Some(ParameterDefault::Only {
            table: 0,
            column: 0
        })
    ));
}

#[test]
fn srs4autism_knows_its_records_again() {
    let layout = srs4autism();
    let [profiles, cards, messages] = &layout.sources[..] else {
        panic!("three sources");
    };
    let profile = &profiles.records[0];
    assert_eq!(profile.each, [EachToken::Every]);
    assert_eq!(profile.identity, IdentityRule::Columns(vec![0]));
    assert!(matches!(&profile.columns[0].expression, Expression::First(ids) if ids.len() == 2));
    let lists: Vec<&RecordRule> = profile.records.iter().collect();
    assert_eq!(lists.len(), 3);
    for list in lists {
        assert_eq!(list.split, [",", "，", "、"]);
        assert!(!list.depends_on_parent_key);
        assert!(matches!(
            list.columns[0].expression,
            Expression::Parent {
                levels: 1,
                column: 0
            }
        ));
    }
    assert_eq!(
        profile.records[0].identity,
        IdentityRule::Columns(vec![1, 2, 3])
    );
    assert_eq!(
        profile.records[2].identity,
        IdentityRule::Columns(vec![1, 2])
    );
    for rule in [&cards.records[0], &messages.records[0]] {
        assert!(
            matches!(&rule.identity, IdentityRule::Pointers(ids) if ids[0].to_string() == "/id")
        );
        assert!(matches!(
            rule.columns[0].expression,
            Expression::Parameter(0)
        ));
    }
}

#[test]
fn a_description_says_where_every_column_comes_from() {
    // The digest changes with every word of the layout's files.
    let text = describe(&srs4autism());
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("digest "))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    srs4autism: SRS4Autism data directory

    parameters
      profile: profile that owns the cards and chat messages (if not set: `profiles.id` of the only row)

    profiles/child_profiles.json
      must satisfy child_profiles.schema.json, is read element by element
      members that nothing reads are noticed

      /* → profiles
        known again by id
        id                      TEXT NOT NULL  /id, else /name
        name                    TEXT NOT NULL  /name
        dob                     TEXT           /dob
        gender                  TEXT           /gender
        address                 TEXT           /address
        school                  TEXT           /school
        neighborhood            TEXT           /neighborhood
        interests               JSON           /interests
        character_roster        JSON           /character_roster
        verbal_fluency          TEXT           /verbal_fluency
        passive_language_level  TEXT           /passive_language_level
        mental_age              REAL           /mental_age
        raw_input               TEXT           /raw_input
        extracted_data          JSON           /extracted_data
        created_at              TIMESTAMP      time of the run
        updated_at              TIMESTAMP      time of the run

        /mastered_words split at "," "，" "、" → mastered_words
          known again by profile_id, word, language
          id          INTEGER NOT NULL  numbered by the database
          profile_id  TEXT NOT NULL     profiles.id of the enclosing row
          word        TEXT NOT NULL     the record itself
          language    TEXT NOT NULL     always "zh"
          added_at    TIMESTAMP         time of the run
          refers to profiles (id) by profile_id

        /mastered_english_words split at "," "，" "、" → mastered_words
          known again by profile_id, word, language
          id          INTEGER NOT NULL  numbered by the database
          profile_id  TEXT NOT NULL     profiles.id of the enclosing row
          word        TEXT NOT NULL     the record itself
          language    TEXT NOT NULL     always "en"
          added_at    TIMESTAMP         time of the run
          refers to profiles (id) by profile_id

        /mastered_grammar split at "," "，" "、" → mastered_grammar
          known again by profile_id, grammar_uri
          id           INTEGER NOT NULL  numbered by the database
          profile_id   TEXT NOT NULL     profiles.id of the enclosing row
          grammar_uri  TEXT NOT NULL     the record itself
          added_at     TIMESTAMP         time of the run
          refers to profiles (id) by profile_id

    content_db/approved_cards.json
      must satisfy approved_cards.schema.json, is read element by element
      members that nothing reads are noticed

      /* → approved_cards
        known again by /id in the record
        id           INTEGER NOT NULL  numbered by the database
        profile_id   TEXT NOT NULL     parameter profile
        card_type    TEXT NOT NULL     /card_type, else /type
        content      JSON NOT NULL     the record itself
        approved_at  TIMESTAMP         /created_at
        refers to profiles (id) by profile_id

    content_db/chat_history.json
      must satisfy chat_history.schema.json, is read element by element
      members that nothing reads are noticed

      /* → chat_messages
        known again by /id in the record
        id          INTEGER NOT NULL  numbered by the database
        profile_id  TEXT NOT NULL     parameter profile
        role        TEXT NOT NULL     /role
        content     TEXT NOT NULL     /content
        timestamp   TIMESTAMP         /timestamp
        refers to profiles (id) by profile_id
    "#);
}
