//! The schemas of srs4autism accept real data and reject data that the application cannot use.

use serde_json::json;

use super::built_in::srs4autism;

/// Checks which documents a schema accepts and which it rejects.
fn assert_schema(source: usize, accepted: &[serde_json::Value], rejected: &[serde_json::Value]) {
    let layout = srs4autism();
    let validator =
        jsonschema::validator_for(&layout.sources[source.into()].schema).expect("a schema");
    for record in accepted {
        assert!(validator.is_valid(&json!([record])), "{record}");
    }
    for record in rejected {
        assert!(!validator.is_valid(&json!([record])), "{record}");
    }
}

#[test]
fn srs4autism_schemas_accept_real_data_and_reject_data_the_application_cannot_use() {
    assert_schema(
        0,
        &[
            json!({"name": "a"}),
            json!({"id": null, "name": "a", "interests": null, "mental_age": 6.5, "nickname": "n"}),
            json!({"id": "x", "name": "a", "mastered_words": "一, 二", "extracted_data": {"a": 1}}),
        ],
        &[
            json!({"id": "x"}),
            json!({"id": "", "name": "a"}),
            json!({"name": ""}),
            json!({"name": "a", "id": 7}),
            json!({"name": "a", "mastered_words": ["一"]}),
            json!({"name": "a", "interests": "music"}),
            json!("a"),
        ],
    );
    assert_schema(
        1,
        &[
            json!({"id": "c", "card_type": "basic", "tags": null, "field__Remarks_annotations": []}),
            json!({"id": "c", "type": "cloze", "tags": "a, b", "created_at": "2024-01-01T00:00:00.123456+08:00"}),
            json!({"id": "c", "type": "cloze", "card_type": null, "created_at": null}),
        ],
        &[
            json!({"id": "c"}),
            json!({"id": "", "type": "basic"}),
            json!({"type": "basic"}),
            json!({"id": "c", "type": "other"}),
            json!({"id": "c", "type": null}),
            json!({"id": "c", "type": "basic", "created_at": "yesterday"}),
        ],
    );
    let message =
        json!({"id": "m", "role": "user", "content": "", "timestamp": "2024-01-01T00:00:00"});
    let without = |name: &str| {
        let mut message = message.clone();
        message.as_object_mut().expect("an object").remove(name);
        message
    };
    let with = |name: &str, value: serde_json::Value| {
        let mut message = message.clone();
        message[name] = value;
        message
    };
    assert_schema(
        2,
        &[
            message.clone(),
            with("timestamp", json!("2024-01-01 00:00:00.5Z")),
            with("config", json!(null)),
            with("mentions", json!(["@word:一"])),
        ],
        &[
            without("id"),
            without("role"),
            without("content"),
            without("timestamp"),
            with("role", json!("tool")),
            with("timestamp", json!("2024-01-01")),
            with("timestamp", json!("2024-01-01T00:00:00+0800")),
            with("timestamp", json!(17)),
            with("id", json!("")),
        ],
    );
}
