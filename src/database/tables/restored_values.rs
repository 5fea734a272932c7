//! Values of the audit log as they are written back, and as defaults state them.

use serde_json::Value as Json;

use crate::audit::Image;
use crate::model::{ColumnType, Value};

use crate::database::engine::Dialect;

/// Whether a value is the one that a default says, if that is a literal: `5`, `'x'`, `'x'::text`, `(true)`.
pub(in crate::database) fn is_default(value: &Json, sql: &str) -> bool {
    let sql = sql.trim().trim_start_matches('(').trim_end_matches(')');
    let literal = match sql.strip_prefix('\'') {
        Some(rest) => rest.rfind('\'').map(|end| rest[..end].replace("''", "'")),
        None => Some(sql.split("::").next().unwrap_or(sql).to_owned()),
    };
    let literal = literal.unwrap_or_default();
    match value {
        Json::Null => true,
        Json::String(text) => *text == literal,
        Json::Bool(truth) => {
            let names = if *truth {
                ["true", "1"]
            } else {
                ["false", "0"]
            };
            names.iter().any(|name| literal.eq_ignore_ascii_case(name))
        }
        Json::Number(number) => literal.parse::<f64>().ok() == number.as_f64(),
        Json::Array(_) | Json::Object(_) => false,
    }
}

/// The text of a member of an image, for engines that write a value's own text.
pub(in crate::database) fn text_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::String(text) => Value::text(text.as_str()),
        Json::Object(members) => match members.get("$real").and_then(Json::as_str) {
            Some(name) => Value::text(name),
            None => special(members).unwrap_or_else(|| Value::text(json.to_string())),
        },
        // Both are the text of a boolean, too.
        Json::Bool(truth) => Value::text(if *truth { "1" } else { "0" }),
        Json::Number(_) | Json::Array(_) => Value::text(json.to_string()),
    }
}

/// Converts a member of an image to a value, exactly: reals are written with all digits, and values that JSON lacks as
/// an object.
pub(in crate::database) fn from_image(json: &Json, ty: ColumnType, dialect: &dyn Dialect) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::String(text) => dialect.decode(Value::text(text.as_str()), ty),
        Json::Number(number) => {
            let text = number.to_string();
            let integer = text.parse().ok().filter(|_| ty != ColumnType::Real);
            match (integer, text.parse()) {
                (Some(integer), _) => Value::Integer(integer),
                (None, Ok(real)) => Value::Real(real),
                (None, Err(_)) => Value::text(text),
            }
        }
        Json::Object(members) => special(members).unwrap_or_else(|| Value::text(json.to_string())),
        Json::Array(_) => Value::text(json.to_string()),
    }
}

fn special(members: &Image) -> Option<Value> {
    let text = |name: &str| members.get(name)?.as_str();
    if let Some(hex) = text("$text") {
        let bytes = data_encoding::HEXUPPER.decode(hex.as_bytes());
        return bytes.ok().map(|bytes| Value::InvalidText(bytes.into()));
    }
    if let Some(hex) = text("$blob") {
        // MySQL's BIT is a number, whose first digit may be missing.
        let hex = format!("{}{hex}", "0".repeat(hex.len() % 2));
        let bytes = data_encoding::HEXUPPER_PERMISSIVE.decode(hex.as_bytes());
        return bytes.ok().map(|bytes| Value::Blob(bytes.into()));
    }
    Some(Value::Real(match text("$real")? {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => f64::NAN,
    }))
}
