//! The JSON Schema of a kind of files, as strict as what was seen allows and no stricter.
//!
//! What becomes a JSON column is described by its types alone; members that were never seen are allowed, and an import
//! tells of them.

use serde_json::{Map, Value, json};

use crate::model::ColumnType;

use super::form::{self, Form, are_records, form, map, members};
use super::shape::{Objects, Shape};

/// The schema, as text.
pub(super) fn schema(title: &str, evidence: &str, shape: &Shape) -> String {
    let mut keywords = Map::new();
    keywords.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    keywords.insert("title".to_owned(), json!(title));
    keywords.insert("$comment".to_owned(), json!(evidence));
    keywords.extend(document(shape));
    format!("{:#}\n", Value::Object(keywords))
}

fn document(shape: &Shape) -> Map<String, Value> {
    if let Some(lists) = shape.only_lists().filter(|_| shape.nulls == 0) {
        let mut keywords = typed(&["array"]);
        keywords.insert(
            "items".to_owned(),
            Value::Object(element(&lists.elements, 0)),
        );
        return keywords;
    }
    match shape
        .only_objects()
        .filter(|_| shape.nulls == 0 && !shape.is_hollow())
    {
        Some(found) => match map(found, 0) {
            Some(map) => of_map(&map, shape, 0),
            None => object(found, shape, 1),
        },
        None => opaque(shape),
    }
}

/// A value in an array or a map.
fn element(shape: &Shape, depth: usize) -> Map<String, Value> {
    match &shape.objects {
        Some(objects) if are_records(shape) => object(objects, shape, depth + 1),
        Some(_) => opaque(shape),
        None if shape.has_containers() => opaque(shape),
        None => member(shape, depth),
    }
}

fn member(shape: &Shape, depth: usize) -> Map<String, Value> {
    match form(shape, depth) {
        Form::Column(ty) => column(shape, ty),
        Form::Nested(objects) => object(objects, shape, depth),
        Form::Records(lists) => {
            let mut keywords = typed(&types(shape));
            keywords.insert(
                "items".to_owned(),
                Value::Object(element(&lists.elements, depth)),
            );
            keywords
        }
        Form::Map(map) => of_map(&map, shape, depth),
    }
}

fn of_map(found: &form::Map, shape: &Shape, depth: usize) -> Map<String, Value> {
    let mut keywords = container(shape);
    let value = &found.value;
    let inner = value
        .only_objects()
        .filter(|inner| inner.count == value.count);
    let value = match inner {
        Some(inner) => match map(inner, depth + 1) {
            Some(deeper) => of_map(&deeper, value, depth + 1),
            None if inner.any.is_some() => opaque(value),
            None => object(inner, value, depth + 1),
        },
        None => member(value, depth),
    };
    keywords.insert("additionalProperties".to_owned(), Value::Object(value));
    keywords
}

/// Objects, where PHP may have written `[]` for an empty one.
fn container(shape: &Shape) -> Map<String, Value> {
    let mut keywords = typed(&types(shape));
    if shape.list_count() > 0 {
        keywords.insert("maxItems".to_owned(), json!(0));
    }
    keywords
}

fn object(objects: &Objects, shape: &Shape, depth: usize) -> Map<String, Value> {
    let mut keywords = container(shape);
    let (kept, _) = members(objects);
    let properties = kept.iter().map(|(name, shape)| {
        let mut keywords = member(shape, depth);
        let evidence = format!("in {} of {}", shape.count, objects.count);
        keywords.insert("$comment".to_owned(), json!(evidence));
        (name.clone(), Value::Object(keywords))
    });
    keywords.insert("properties".to_owned(), Value::Object(properties.collect()));
    let required = kept
        .iter()
        .filter(|(_, shape)| shape.count == objects.count);
    let required: Vec<&str> = required.map(|(name, _)| name.as_str()).collect();
    if !required.is_empty() {
        keywords.insert("required".to_owned(), json!(required));
    }
    keywords
}

fn column(shape: &Shape, ty: ColumnType) -> Map<String, Value> {
    let format = match ty {
        ColumnType::Json => return opaque(shape),
        ColumnType::Timestamp => Some("date-time"),
        ColumnType::Date => Some("date"),
        ColumnType::Uuid => Some("uuid"),
        ColumnType::Text { .. }
        | ColumnType::Integer
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Blob => None,
    };
    let choices = shape.texts.as_ref().and_then(|texts| texts.enumeration());
    if let (Some(choices), None) = (choices, format) {
        let null = (shape.nulls > 0).then_some(Value::Null);
        let choices: Vec<Value> = choices.into_iter().map(Value::from).chain(null).collect();
        return Map::from_iter([("enum".to_owned(), Value::Array(choices))]);
    }
    let mut keywords = typed(&types(shape));
    if let Some(format) = format {
        keywords.insert("format".to_owned(), json!(format));
    }
    keywords
}

/// What is stored as JSON may be anything of these types.
fn opaque(shape: &Shape) -> Map<String, Value> {
    if shape.nulls == shape.count {
        // Nobody knows what it is when it is there.
        Map::new()
    } else if shape.is_hollow() {
        typed(&["array", "object", "null"])
    } else {
        typed(&types(shape))
    }
}

fn types(shape: &Shape) -> Vec<&'static str> {
    let texts = shape.text_count();
    let objects = shape.objects.as_ref().map_or(0, |objects| objects.count);
    let numbers = shape.numbers.count;
    let integers = numbers > 0 && shape.numbers.integers == numbers;
    [
        ("object", objects),
        ("array", shape.list_count()),
        ("string", texts),
        ("integer", if integers { numbers } else { 0 }),
        ("number", if integers { 0 } else { numbers }),
        ("boolean", shape.booleans),
        ("null", shape.nulls),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, _)| name)
    .collect()
}

fn typed(types: &[&str]) -> Map<String, Value> {
    let types = match types {
        [one] => json!(one),
        several => json!(several),
    };
    Map::from_iter([("type".to_owned(), types)])
}
