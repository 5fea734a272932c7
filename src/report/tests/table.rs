//! A schema as a table of Markdown: a row for each member, also of objects inside.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::members::resolved;

/// Types with a section of their own, in this order.
pub(super) const COMMON: [&str; 11] = [
    "Findings",
    "Finding",
    "FindingGroup",
    "File",
    "Conversion",
    "Seal",
    "Attribution",
    "Entry",
    "Run",
    "Reject",
    "Timing",
];
/// More values are listed without their meanings.
const EXPLAINED: usize = 16;

/// Types whose members can be among those of another type, by name.
type Parts<'a> = [&'a (&'a str, Value)];

/// A table of the members; empty if they have a section of their own.
pub(super) fn table(root: &Value, schema: &Value, parts: &Parts<'_>) -> String {
    if is_common(&schema["items"]).is_some() {
        return String::new();
    }
    let rows = String::new();
    let mut table = Table { root, parts, rows };
    table.members(schema.get("items").unwrap_or(schema), "");
    let rows = table.rows;
    format!("| property | type | meaning |\n| --- | --- | --- |\n{rows}\n")
}

struct Table<'a> {
    root: &'a Value,
    parts: &'a Parts<'a>,
    rows: String,
}

impl Table<'_> {
    fn members(&mut self, schema: &Value, prefix: &str) {
        let schema = resolved(self.root, schema);
        self.variants(schema, prefix);
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let mut done: Vec<&str> = Vec::new();
        let parts = self.parts;
        for (name, member) in properties {
            let is_done = |name: &String| done.contains(&name.as_str());
            let begins = |part: &&&(&str, Value)| {
                let names = part.1["properties"].as_object().unwrap_or(&none);
                let is_in = |name: &String| properties.contains_key(name) && !is_done(name);
                names.contains_key(name) && names.keys().all(is_in)
            };
            match parts.iter().find(begins) {
                _ if is_done(name) => {}
                Some((part, schema)) => {
                    let link = link(part);
                    let _ = writeln!(self.rows, "| {prefix}… | | the properties of {link} |");
                    let names = schema["properties"].as_object().unwrap_or(&none).keys();
                    done.extend(names.map(String::as_str));
                }
                None => self.member(&format!("{prefix}{name}"), member, ""),
            }
        }
    }

    /// The members of an object that is one of several variants. A member that several of them have is one row.
    fn variants(&mut self, schema: &Value, prefix: &str) {
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let variants: Vec<&Value> = variants
            .filter(|variant| variant["properties"].is_object())
            .collect();
        let tag = |variant: &Value| -> Option<String> {
            Some(variant["properties"]["kind"]["const"].as_str()?.to_owned())
        };
        let tags: Vec<String> = variants.iter().copied().filter_map(tag).collect();
        if !tags.is_empty() {
            let meanings = variants.iter().map(|one| one["description"].as_str());
            let tags: Vec<_> = tags.iter().map(String::as_str).zip(meanings).collect();
            let values = values(&tags);
            let _ = writeln!(self.rows, "| `{prefix}kind` | string | {values} |");
        }
        let mut members: Vec<(&String, Value, Vec<String>)> = Vec::new();
        for variant in &variants {
            for (name, member) in variant["properties"].as_object().into_iter().flatten() {
                let mut member = member.clone();
                if member.get("description").is_none() {
                    member["description"] = variant["description"].clone();
                }
                let same =
                    |(other, one, _): &&mut (&String, Value, _)| *other == name && *one == member;
                match members.iter_mut().find(same) {
                    _ if name == "kind" => {}
                    Some((_, _, of)) => of.extend(tag(variant)),
                    None => members.push((name, member, tag(variant).into_iter().collect())),
                }
            }
        }
        for (name, member, of) in members {
            let of = match of.is_empty() || of.len() == variants.len() {
                true => String::new(),
                false => format!("(`{}`) ", of.join("`, `")),
            };
            self.member(&format!("{prefix}{name}"), &member, &of);
        }
    }

    /// A member, and those inside it. `of` names the variants that have it.
    fn member(&mut self, name: &str, schema: &Value, of: &str) {
        let inner = without_null(schema);
        let own = resolved(self.root, inner);
        let mut described = [schema, inner].into_iter();
        let meaning = described.find_map(|one| one["description"].as_str());
        let constants = own["oneOf"].as_array().into_iter().flatten();
        let mut constants: Vec<_> = constants
            .filter_map(|one| Some((one["const"].as_str()?, one["description"].as_str())))
            .collect();
        let plain = own["enum"].as_array().into_iter().flatten();
        constants.extend(plain.filter_map(|value| Some((value.as_str()?, None))));
        let meaning = format!("{} {}", meaning.unwrap_or_default(), values(&constants));
        let (kind, meaning) = (kind(self.root, schema), meaning.trim());
        let _ = writeln!(self.rows, "| `{name}` | {kind} | {of}{meaning} |");
        if is_common(inner).is_some() || is_common(&own["items"]).is_some() {
            return;
        }
        if own["items"].is_object() {
            self.members(&own["items"], &format!("{name}[]."));
        } else if own["additionalProperties"].is_object() {
            self.members(&own["additionalProperties"], &format!("{name}.*."));
        } else {
            self.members(own, &format!("{name}."));
        }
    }
}

/// The values of an enumeration with their meanings.
fn values(values: &[(&str, Option<&str>)]) -> String {
    let explains = values.len() <= EXPLAINED && values.iter().any(|(_, meaning)| meaning.is_some());
    let text = values.iter().map(|(value, meaning)| match meaning {
        Some(meaning) if explains => format!("`{value}`: {}", meaning.trim_end_matches('.')),
        Some(_) | None => format!("`{value}`"),
    });
    let text: Vec<String> = text.collect();
    text.join(if explains { "; " } else { ", " })
}

/// The type of a member, in words.
pub(super) fn kind(root: &Value, schema: &Value) -> String {
    let inner = without_null(schema);
    let mut types = schema["type"].as_array().into_iter().flatten();
    let is_nullable = !std::ptr::eq(inner, schema) || types.any(|one| one == "null");
    let or_null = if is_nullable { " or null" } else { "" };
    if let Some(name) = is_common(inner) {
        return format!("{}{or_null}", link(name));
    }
    let own = resolved(root, inner);
    let mut only = own["type"].as_array().into_iter().flatten();
    let only = only.find_map(|one| one.as_str().filter(|one| *one != "null"));
    let name = match own["type"].as_str().or(only) {
        Some("array") if own["items"].is_object() => {
            let items = kind(root, &own["items"]);
            let plural = if items.starts_with(['[', 'a']) {
                ""
            } else {
                "s"
            };
            format!("array of {items}{plural}")
        }
        Some("object") if own["additionalProperties"].is_object() => "object by name".to_owned(),
        Some(name) => name.to_owned(),
        None if own["oneOf"][0]["const"].is_string() => "string".to_owned(),
        None if own["oneOf"].is_array() => "object".to_owned(),
        None => "any".to_owned(),
    };
    format!("{name}{or_null}")
}

/// The alternative of `anyOf` that is not null.
fn without_null(schema: &Value) -> &Value {
    let mut alternatives = schema["anyOf"].as_array().into_iter().flatten();
    let other = alternatives.find(|one| one["type"] != "null");
    other.unwrap_or(schema)
}

/// The name of a type with a section of its own.
fn is_common(schema: &Value) -> Option<&'static str> {
    let name = schema["$ref"].as_str()?.rsplit('/').next()?;
    COMMON.into_iter().find(|common| *common == name)
}

/// A link to the section of a type.
fn link(name: &str) -> String {
    let words = words(name);
    format!("[{words}](#{})", words.replace(' ', "-"))
}

/// `FindingGroup` as `finding group`.
pub(super) fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
