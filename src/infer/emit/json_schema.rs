//! Writes the JSON Schema of a cluster of files, as strict as the documents allow.
//!
//! Members that become a JSON column are described by their types only. Unknown members are allowed; an import
//! reports them.

use serde_json::{Value, json};

use crate::infer::profile::{ObjectProfile, PathProfile};
use crate::infer::tables::{InferredType, MapType, are_records, as_map, infer_type, members};
use crate::model::ColumnType;

/// Returns the schema as text.
pub(crate) fn schema(title: &str, evidence: &str, profile: &PathProfile) -> String {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$comment": evidence,
    });
    if let (Value::Object(schema), Value::Object(keywords)) = (&mut schema, document(profile)) {
        schema.extend(keywords);
    }
    format!("{schema:#}\n")
}

fn document(profile: &PathProfile) -> Value {
    if let Some(arrays) = profile.only_arrays().filter(|_| profile.nulls == 0) {
        return json!({"type": "array", "items": element(&arrays.elements, 0)});
    }
    let objects = profile.only_objects();
    match objects.filter(|_| profile.nulls == 0 && !profile.has_no_content()) {
        Some(found) => match as_map(found, 0) {
            Some(map) => of_map(&map, profile, 0),
            None => object(found, profile, 1),
        },
        None => opaque(profile),
    }
}

/// The keywords of a value in an array or a map.
fn element(profile: &PathProfile, depth: usize) -> Value {
    match &profile.objects {
        Some(objects) if are_records(profile) => object(objects, profile, depth + 1),
        Some(_) => opaque(profile),
        None if profile.has_containers() => opaque(profile),
        None => member(profile, depth),
    }
}

fn member(profile: &PathProfile, depth: usize) -> Value {
    match infer_type(profile, depth) {
        InferredType::Column(ty) => column(profile, ty),
        InferredType::Struct(objects) => object(objects, profile, depth),
        InferredType::Records(arrays) => {
            json!({"type": types(profile), "items": element(&arrays.elements, depth)})
        }
        InferredType::Map(map) => of_map(&map, profile, depth),
    }
}

fn of_map(found: &MapType, profile: &PathProfile, depth: usize) -> Value {
    let mut keywords = container(profile);
    let value = &found.value;
    let inner = value.only_objects();
    keywords["additionalProperties"] = match inner.filter(|inner| inner.count == value.count) {
        Some(inner) => match as_map(inner, depth + 1) {
            Some(deeper) => of_map(&deeper, value, depth + 1),
            None if inner.any.is_some() => opaque(value),
            None => object(inner, value, depth + 1),
        },
        None => member(value, depth),
    };
    keywords
}

/// The keywords of objects, which PHP may have written as `[]` if empty.
fn container(profile: &PathProfile) -> Value {
    let mut keywords = json!({"type": types(profile)});
    if profile.array_count() > 0 {
        keywords["maxItems"] = json!(0);
    }
    keywords
}

fn object(objects: &ObjectProfile, profile: &PathProfile, depth: usize) -> Value {
    let mut keywords = container(profile);
    keywords["properties"] = json!({});
    let (kept, _) = members(objects);
    for (name, profile) in &kept {
        let mut property = member(profile, depth);
        property["$comment"] = json!(format!("in {} of {}", profile.count, objects.count));
        keywords["properties"][name] = property;
    }
    let required = kept
        .iter()
        .filter(|(_, profile)| profile.count == objects.count);
    let required: Vec<&str> = required.map(|(name, _)| name.as_str()).collect();
    if !required.is_empty() {
        keywords["required"] = json!(required);
    }
    keywords
}

fn column(profile: &PathProfile, ty: ColumnType) -> Value {
    let format = match ty {
        ColumnType::Json => return opaque(profile),
        ColumnType::Timestamp => Some("date-time"),
        ColumnType::Date => Some("date"),
        ColumnType::Uuid => Some("uuid"),
        ColumnType::Text { .. }
        | ColumnType::Integer
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Blob => None,
    };
    let choices = profile
        .strings
        .as_ref()
        .and_then(|strings| strings.enumeration());
    if let (Some(choices), None) = (choices, format) {
        let null = (profile.nulls > 0).then_some(Value::Null);
        let choices: Vec<Value> = choices.into_iter().map(Value::from).chain(null).collect();
        return json!({"enum": choices});
    }
    let mut keywords = json!({"type": types(profile)});
    if let Some(format) = format {
        keywords["format"] = json!(format);
    }
    keywords
}

/// Values stored as JSON are only restricted to their types.
fn opaque(profile: &PathProfile) -> Value {
    if profile.nulls == profile.count {
        // Only null was seen, so the type is unknown.
        json!({})
    } else if profile.has_no_content() {
        json!({"type": ["array", "object", "null"]})
    } else {
        json!({"type": types(profile)})
    }
}

/// The value of `type`: a name, or several.
fn types(profile: &PathProfile) -> Value {
    let objects = profile.objects.as_ref().map_or(0, |objects| objects.count);
    let numbers = profile.numbers.count;
    let integers = numbers > 0 && profile.numbers.integers == numbers;
    let counts = [
        ("object", objects),
        ("array", profile.array_count()),
        ("string", profile.string_count()),
        ("integer", if integers { numbers } else { 0 }),
        ("number", if integers { 0 } else { numbers }),
        ("boolean", profile.booleans),
        ("null", profile.nulls),
    ];
    let seen = counts.into_iter().filter(|(_, count)| *count > 0);
    match &seen.map(|(name, _)| name).collect::<Vec<_>>()[..] {
        [one] => json!(one),
        several => json!(several),
    }
}
