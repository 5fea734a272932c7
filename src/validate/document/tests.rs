//! Tests of violations, their places and their messages.

use serde_json::json;

use super::*;
use crate::layout::{FilePattern, Unmapped};
use crate::parse::{Chunks, Framing};

static NEVER: AtomicBool = AtomicBool::new(false);

fn source(schema: Value) -> Source {
    let streamed = schema.get("type") == Some(&json!("array"));
    Source {
        files: FilePattern::parse("f.json").expect("valid"),
        schema_name: "f.schema.json".to_owned(),
        schema,
        unmapped: Unmapped::Notice,
        records: Vec::new(),
        captures: 0,
        streamed,
    }
}

/// Returns `line:column pointer message` of each finding, and the number of valid elements.
fn checked(schema: Value, text: &str, show: ShowValues) -> (Vec<String>, usize) {
    let source = source(schema);
    let validator = DocumentValidator::compile(&source).expect("compiles");
    let framing = Framing::of(&source, "f.json");
    let limits = Limits::default();
    let (mut findings, mut valid) = (Vec::new(), 0);
    for chunk in Chunks::new(text.as_bytes(), "f.json", framing, limits).with_sizes(20, 10) {
        let chunk = chunk.expect("readable");
        for (_, result) in validator.valid_elements("f.json", &chunk, limits, show, &NEVER) {
            match result {
                Ok(_) => valid += 1,
                Err(found) => findings.extend(found.findings),
            }
        }
    }
    let view = |finding: Finding| {
        let place = finding.place.expect("placed");
        let pointer = place.pointer.clone().expect("has a pointer");
        let place = place.to_string();
        format!(
            "{} {pointer} {}",
            place.trim_start_matches("f.json:"),
            finding.message
        )
    };
    (findings.into_iter().map(view).collect(), valid)
}

fn masked(schema: Value, text: &str) -> Vec<String> {
    checked(schema, text, ShowValues::Masked).0
}

#[test]
fn every_violation_has_its_own_place() {
    let schema = json!({
        "type": "array",
        "items": {"$ref": "#/$defs/profile"},
        "$defs": {"profile": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "maxLength": 3},
                "age": {"type": ["number", "null"], "maximum": 99},
                "born": {"type": "string", "format": "date"},
                "kind": {"enum": ["a", "b"]},
                "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
            },
            "additionalProperties": false,
        }},
    });
    let text = concat!(
        "[\n  {\"name\": \"猫\", \"age\": 1e999999},\n  {\"name\": 5, \"a/ge\": \"x\",\r\n",
        "   \"age\": true, \"born\": \"5 May\", \"kind\": \"c\", \"tags\": [\"é\", 7]},",
        " {\"name\": \"secret\"}, {\"name\": \"ok\"}]"
    );
    let (findings, valid) = checked(schema, text, ShowValues::Masked);
    let expected = [
        "2:24 /0/age `maximum`: expected at most 99",
        "3:12 /1/name `type`: expected a string, found a number",
        "3:15 /1/a~1ge `additionalProperties`: unexpected property `a/ge`",
        "4:11 /1/age `type`: expected a number or null, found a boolean",
        "4:25 /1/born `format`: expected a date such as `2024-05-01` (format `date`)",
        "4:42 /1/kind `enum`: expected `\"a\"` or `\"b\"`",
        "4:61 /1/tags/1 `type`: expected a string, found a number",
        "4:75 /2/name `maxLength`: expected at most 3 characters, found 6 characters",
    ];
    assert_eq!(findings, expected);
    assert_eq!(valid, 1);
}

#[test]
fn a_missing_member_is_placed_at_its_object() {
    let schema =
        json!({"type": "object", "properties": {"u": {"required": ["a", "b"], "type": "object"}}});
    assert_eq!(
        masked(schema, "\n{\"u\": {\"a\": 1}}"),
        ["2:7 /u `required`: the property `b` is missing"]
    );
}

#[test]
fn a_wrong_root_type_is_reported_for_a_whole_document() {
    let schema = json!({"type": "array", "items": {"type": "object"}});
    assert_eq!(
        masked(schema, " {\"a\": 1}"),
        ["1:2  `type`: expected an array, found an object"]
    );
}

#[test]
fn values_are_shown_only_on_request() {
    let schema = json!({"type": "array", "items": {"properties": {"a": {"pattern": "^x"}, "b": {"type": "null"}}}});
    let text = format!("[{{\"a\": \"secret\", \"b\": \"{}\"}}]", "猫".repeat(300));
    let (findings, _) = checked(schema.clone(), &text, ShowValues::Masked);
    assert_eq!(
        findings,
        [
            "1:8 /0/a `pattern`: expected a string that matches `^x`",
            "1:23 /0/b `type`: expected null, found a string",
        ]
    );
    let (findings, _) = checked(schema, &text, ShowValues::Shown);
    assert!(findings[0].ends_with("matches `^x`, found `\"secret\"`"));
    assert!(findings[1].ends_with("猫… (302 characters)`"));
}

#[test]
fn the_likely_alternative_is_explained() {
    let schema = json!({"type": "array", "items": {"anyOf": [
        {"type": "null"},
        {"type": "string", "format": "uuid"},
        {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]}},
    ]}});
    assert_eq!(
        masked(schema, "[null, \"x\", [4,\n2], 1.5, [4]]"),
        [
            "1:8 /1 `format`: expected a UUID (format `uuid`)",
            "2:1 /2/1 `minimum`: expected at least 3",
            "2:5 /3 `anyOf`: expected a string, an array or null, found a number",
        ]
    );
    let schema = json!({"type": "array", "items": {"oneOf": [
        {"properties": {"kind": {"const": "a"}, "n": {"type": "number"}}, "required": ["kind"]},
        {"properties": {"kind": {"const": "b"}, "s": {"type": "string"}}, "required": ["kind"]},
    ]}});
    assert_eq!(
        masked(
            schema,
            r#"[{"kind": "a", "n": "x"}, {"kind": "b", "s": 1}, {"kind": "c"}]"#
        ),
        [
            "1:21 /0/n `type`: expected a number, found a string",
            "1:46 /1/s `type`: expected a string, found a number",
            "1:50 /2 `oneOf`: matches none of the 2 allowed forms: at `/kind` `const`: expected `\"a\"`; at `/kind` `const`: expected `\"b\"`",
        ]
    );
}

#[test]
fn violations_by_member_names_are_placed_at_the_name() {
    let schema = json!({"type": "object", "propertyNames": {"maxLength": 2}});
    assert_eq!(
        masked(schema, "{\"a\": 1,\n \"long\": 2}"),
        ["2:2 /long `propertyNames`: invalid property name: expected at most 2 characters"]
    );
}

#[test]
fn elements_without_a_schema_are_valid_and_boolean_schemas_are_applied() {
    let text = "[1, {}, null]";
    assert_eq!(
        checked(json!({"type": "array"}), text, ShowValues::Masked),
        (vec![], 3)
    );
    assert_eq!(
        checked(
            json!({"type": "array", "items": true}),
            text,
            ShowValues::Masked
        )
        .1,
        3
    );
    assert_eq!(
        checked(
            json!({"type": "array", "items": false}),
            text,
            ShowValues::Masked
        )
        .0
        .len(),
        3
    );
    assert_eq!(checked(json!(true), text, ShowValues::Masked), (vec![], 1));
}

#[test]
fn invalid_schemas_are_rejected_without_network_access() {
    for schema in [
        json!({"type": "array", "items": {"type": "strnig"}}),
        json!({"type": "array", "items": {"$ref": "https://example.com/x.json"}}),
        json!({"type": "array", "items": {"$ref": "#/$defs/missing"}}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{}]}),
    ] {
        assert!(
            DocumentValidator::compile(&source(schema.clone())).is_err(),
            "{schema}"
        );
    }
}

#[test]
fn violations_beyond_the_limit_are_counted() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let members: Vec<_> = (0..1500).map(|n| format!("\"{n}\": {n}")).collect();
    let findings = masked(schema, &format!("{{{}}}", members.join(",")));
    assert_eq!(findings.len(), 1001);
    assert_eq!(
        findings[1000],
        "1:1  500 more violations of the schema in this record"
    );
}

#[test]
fn huge_exponents_are_checked_quickly() {
    let schema =
        json!({"type": "array", "items": {"type": "integer", "minimum": 0, "multipleOf": 3}});
    let text = format!(
        "[{}]",
        ["1e999999999999", "-1e999999999", "1e-999999999"].join(",")
    );
    assert!(!masked(schema, &text).is_empty());
}

#[test]
fn a_validator_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<DocumentValidator>();
    shared::<Chunk>();
}

/// Returns `levels` nested objects with `leaf` in the innermost.
fn nested(levels: usize, leaf: &str) -> String {
    format!("{}{leaf}{}", r#"{"x":"#.repeat(levels), "}".repeat(levels))
}

/// A schema that examines each value twice as often as the enclosing one.
fn doubling(word: &str) -> Value {
    let part = json!({"properties": {"x": {"$ref": "#"}}});
    json!({"type": ["object", "null"], word: [part, part]})
}

#[test]
fn a_schema_that_refers_to_itself_twice_is_stopped() {
    let schemas = [
        doubling("allOf"),
        doubling("anyOf"),
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$dynamicAnchor": "node",
            "type": ["object", "null"],
            "allOf": [
                {"properties": {"x": {"$dynamicRef": "#node"}}},
                {"properties": {"x": {"$dynamicRef": "#node"}}}
            ]
        }),
    ];
    for schema in schemas {
        assert_eq!(
            checked(schema.clone(), &nested(100, "null"), ShowValues::Masked),
            (vec![], 1)
        );
        let found = masked(schema.clone(), &nested(100, "1"));
        let reported = found.iter().any(|finding| {
            finding.contains("too large to list all schema violations")
                || finding.contains("against the schema `f.schema.json` takes too long")
        });
        assert!(reported, "{schema}: {found:?}");
    }
}

#[test]
fn violations_of_recursive_schemas_are_listed() {
    let schema = json!({"properties": {"x": {"$ref": "#"}}, "type": ["object", "null"]});
    let found = masked(schema, &nested(60, "1"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("`type`: expected an object or null, found a number"),
        "{found:?}"
    );
}

#[test]
fn a_pattern_with_catastrophic_backtracking_is_a_finding() {
    let schema =
        json!({"type": "array", "items": {"pattern": "^(?=(a|a)*b)(a|aa)+\\1$|(x+x+)+(?!z)y"}});
    let texts = vec![format!("\"{}\"", "x".repeat(60)); 3].join(",");
    let found = masked(schema, &format!("[{texts}]"));
    assert_eq!(found.len(), 3, "{found:?}");
}

/// From each position, the lookahead reads the string to its end.
#[test]
fn a_pattern_that_reads_a_long_string_again_and_again_is_a_finding() {
    let matched = |pattern: &str, length: usize| {
        let schema = json!({"type": "array", "items": {"pattern": pattern}});
        masked(schema, &format!("[\"{}\"]", "x".repeat(length)))
    };
    for pattern in [
        "(?!.*y)z",
        "(?=.*y)z",
        "(?<=.*y)z",
        "^(?:(?!.*y)x)*z",
        "x++y",
    ] {
        let found = matched(pattern, 1000);
        assert!(
            found[0].contains("expected a string that matches"),
            "{found:?}"
        );
        let found = matched(pattern, 20_000);
        assert!(found[0].contains("takes too long"), "{pattern}: {found:?}");
    }
    for pattern in ["^(?!\\s*$).+", "^(?=.*x)", "(?!y)x", "^(x)\\1"] {
        assert_eq!(matched(pattern, 20_000), [""; 0], "{pattern}");
    }
    assert_eq!(matched("^(?:(?!y).)*$", 3000), [""; 0]);
    let schema = json!({"type": "array", "items": {"patternProperties": {"(?=.*y)z": {}}}});
    let named = |length: usize| {
        let text = format!("[{{\"{}\": 1}}]", "x".repeat(length));
        masked(schema.clone(), &text)
    };
    assert_eq!(named(1000), [""; 0]);
    let found = named(20_000);
    assert!(found[0].contains("takes too long"), "{found:?}");
}

/// Schemas that compare each member with thousands of alternatives, and a document of as many members.
fn many_alternatives() -> Vec<(&'static str, Value)> {
    let names = |format: fn(usize) -> String| (0..3000).map(format);
    let each = |part: fn(usize) -> Value| (0..3000).map(part).collect::<Vec<_>>();
    let named = |format, value: Value| {
        let members = names(format).map(|name| (name, value.clone()));
        Value::Object(members.collect())
    };
    let own = |at| json!({"properties": {format!("p{at}"): {}}});
    let constant = |at| json!({"const": at});
    let dependent: serde_json::Map<String, Value> =
        (0..3000).map(|at| (format!("p{at}"), own(at))).collect();
    vec![
        (
            "anyOf",
            json!({"anyOf": each(own), "unevaluatedProperties": false}),
        ),
        (
            "dependentSchemas",
            json!({"dependentSchemas": dependent, "unevaluatedProperties": false}),
        ),
        (
            "patternProperties",
            json!({"patternProperties": named(|at| format!("(a|b)*x{at}$"), json!({}))}),
        ),
        (
            "propertyNames",
            json!({"propertyNames": {"oneOf": each(|at| json!({"const": format!("p{at}")}))}}),
        ),
        (
            "additionalProperties",
            json!({"additionalProperties": {"oneOf": each(constant)}}),
        ),
        (
            "enum",
            json!({"additionalProperties": {"enum": (0..30_000).map(|at| json!([at])).collect::<Vec<_>>()}}),
        ),
        (
            "patternProperties and additionalProperties",
            json!({
                "patternProperties": named(|at| format!("(a|b)*x{at}$"), json!({})),
                "additionalProperties": {"type": "integer"},
            }),
        ),
        (
            "$dynamicRef",
            json!({
                "$dynamicAnchor": "node",
                "anyOf": each(|at| json!({"properties": {format!("p{at}"): {"$dynamicRef": "#node"}}})),
                "unevaluatedProperties": false,
            }),
        ),
    ]
}

/// An object with `count` members.
fn members(count: usize, value: &str) -> String {
    let members: Vec<_> = (0..count).map(|at| format!("\"p{at}\": {value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn schemas_of_many_alternatives_are_stopped() {
    for (word, schema) in many_alternatives() {
        let value = if word == "enum" { "[-1]" } else { "1" };
        // Few members are within the limit: the verdict is the validator's.
        let few = masked(schema.clone(), &members(5, value));
        assert!(
            !few.iter().any(|it| it.contains("takes too long")),
            "{word}: {few:?}"
        );
        let text = members(20_000, value);
        let found = masked(schema, &text);
        let stopped = found.iter().any(|it| it.contains("takes too long"));
        assert!(stopped || word == "enum", "{word}: {:?}", found.first());
        assert!(!found.is_empty(), "{word}");
    }
}

#[test]
fn arrays_of_many_alternatives_are_stopped() {
    let each = |part: fn(usize) -> Value| (0..3000).map(part).collect::<Vec<_>>();
    let contains = json!({
        "type": "object",
        "properties": {"a": {
            "anyOf": each(|at| json!({"contains": {"const": at}})),
            "unevaluatedItems": {"type": "string"},
        }},
    });
    let unique = json!({"type": "object", "properties": {"a": {"allOf": each(|_| json!({"uniqueItems": true}))}}});
    let items: Vec<_> = (0..20_000).map(|at| at.to_string()).collect();
    let text = format!("{{\"a\": [{}]}}", items.join(","));
    for schema in [contains, unique] {
        let found = masked(schema, &text);
        assert!(found[0].contains("takes too long"), "{found:?}");
    }
}

/// Definitions that each apply the next one twice to a member: the leaf is examined 2³⁰ times.
#[test]
fn definitions_that_double_with_each_level_are_stopped() {
    let mut definitions = serde_json::Map::new();
    for at in 0..30 {
        let next = json!({"properties": {"x": {"$ref": format!("#/$defs/a{}", at + 1)}}});
        definitions.insert(format!("a{at}"), json!({"allOf": [next, next]}));
    }
    definitions.insert("a30".to_owned(), json!({"type": "null"}));
    let schema = json!({"type": "object", "$ref": "#/$defs/a0", "$defs": definitions});
    let found = masked(schema.clone(), &nested(30, "null"));
    assert!(found[0].contains("takes too long"), "{found:?}");
    let found = masked(schema, &nested(5, "null"));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_interrupt_stops_a_long_validation() {
    let (_, schema) = many_alternatives().remove(0);
    let source = source(schema);
    let validator = DocumentValidator::compile(&source).expect("compiles");
    let text = members(3_000, "1");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let interrupted = AtomicBool::new(true);
    for chunk in Chunks::new(
        text.as_bytes(),
        "f.json",
        Framing::Document,
        Limits::default(),
    ) {
        let chunk = chunk.expect("readable");
        let found = validator.check(
            &chunk,
            0,
            &value,
            "f.json",
            ShowValues::Masked,
            &interrupted,
        );
        assert!(found[0].message.contains("takes too long"));
    }
}
