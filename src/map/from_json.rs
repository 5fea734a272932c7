//! Converts a JSON value to the type of a column, exactly or with a recorded conversion.

use chrono::{Datelike as _, NaiveDate};
use serde_json::{Number, Value as Json};
use uuid::Uuid;

use crate::layout::As;
use crate::model::{
    Column, ColumnType, ConversionRule, Place, Rule, Timestamp, Value, canonical_json,
};

/// Why a JSON value does not fit a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) hint: String,
    /// The rejected record that is the cause, if there is one.
    pub(super) cause: Option<Box<Place>>,
}

/// A converted value, and the conversion that was applied.
pub(super) type Fitted = (Value, Option<ConversionRule>);

/// Converts `json` (not null) to a value of `column`. `namespace` is for strings in UUID columns that are not UUIDs.
pub(super) fn from_json(
    json: &Json,
    column: &Column,
    conversion: Option<As>,
    namespace: &Uuid,
) -> Result<Fitted, Misfit> {
    let exact = |value| Ok((value, None));
    match (column.ty, json) {
        (ColumnType::Text { max_chars }, Json::String(text)) => exact(fit_text(text, max_chars)?),
        (ColumnType::Text { max_chars }, Json::Number(_) | Json::Bool(_))
            if conversion == Some(As::Text) =>
        {
            Ok((
                fit_text(&json.to_string(), max_chars)?,
                Some(ConversionRule::AsText),
            ))
        }
        (ColumnType::Json, json) if conversion == Some(As::Object) => object(json),
        (ColumnType::Integer, Json::Number(number)) if conversion == Some(As::Ordinal) => {
            let ordinal = integer(number)?.checked_add(1).ok_or_else(out_of_range)?;
            exact(Value::Integer(ordinal))
        }
        (ColumnType::Json, json) => exact(Value::Json(json.to_string().into())),
        (ColumnType::Boolean, Json::Bool(value)) => exact(Value::Boolean(*value)),
        (ColumnType::Integer, Json::Number(number)) => exact(Value::Integer(integer(number)?)),
        (ColumnType::Real, Json::Number(number)) => real(number),
        (ColumnType::Timestamp, Json::String(text)) if conversion.is_none() => timestamp(text),
        (ColumnType::Timestamp, Json::Number(number)) => match conversion {
            Some(As::Unix) => unix_time(number, 6),
            Some(As::UnixMilliseconds) => unix_time(number, 3),
            Some(As::Text | As::Object | As::Ordinal) | None => Err(wrong_type(column.ty, json)),
        },
        (ColumnType::Date, Json::String(text)) => match NaiveDate::parse_from_str(text, "%Y-%m-%d")
        {
            // Chrono also accepts `2024-5-1`, and years that databases do not support.
            Ok(day) if day.to_string() == *text && day.year() > 0 => exact(Value::Date(day)),
            Ok(_) | Err(_) => Err(wrong_type(column.ty, json)),
        },
        (ColumnType::Uuid, Json::String(text)) => match Uuid::try_parse(text) {
            Ok(id) if id.to_string() == *text => exact(Value::Uuid(id)),
            Ok(id) => Ok((Value::Uuid(id), Some(ConversionRule::ToCanonicalUuid))),
            Err(_) => Ok((
                Value::Uuid(Uuid::new_v5(namespace, text.as_bytes())),
                Some(ConversionRule::ToUuidV5),
            )),
        },
        (
            ColumnType::Text { .. }
            | ColumnType::Integer
            | ColumnType::Real
            | ColumnType::Boolean
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Blob,
            _,
        ) => Err(wrong_type(column.ty, json)),
    }
}

/// Converts to an object. PHP has one type for lists and maps, and writes an empty one as a list.
fn object(json: &Json) -> Result<Fitted, Misfit> {
    match json {
        Json::Object(_) => Ok((Value::Json(json.to_string().into()), None)),
        Json::Array(items) if items.is_empty() => Ok((
            Value::Json("{}".into()),
            Some(ConversionRule::EmptyArrayToObject),
        )),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            let mut misfit = wrong_type(ColumnType::Json, json);
            misfit.message = misfit.message.replace("a JSON value", "an object");
            misfit.hint =
                "fix the value in the file, or remove `as = \"object\"` from the layout".to_owned();
            Err(misfit)
        }
    }
}

fn fit_text(text: &str, max_chars: Option<u32>) -> Result<Value, Misfit> {
    if let Some(max) = max_chars {
        let chars = text.chars().count();
        if chars as u64 > u64::from(max) {
            return Err(Misfit {
                rule: Rule::TooLong,
                message: format!(
                    "the string has {chars} characters, but the column allows only {max}"
                ),
                hint: "shorten the string in the file, or widen the column in tables.sql"
                    .to_owned(),
                cause: None,
            });
        }
    }
    Ok(Value::text(text))
}

/// Converts to an integer. JSON has no integer type: any number without a fractional part is one (`3`, `3.0`, `3e0`).
fn integer(number: &Number) -> Result<i64, Misfit> {
    if let Some(value) = number.as_i64() {
        return Ok(value);
    }
    let canonical = canonical_json(&number.to_string());
    let (digits, zeros) = canonical.split_once('e').unwrap_or((&canonical, "0"));
    match zeros.parse::<usize>() {
        Ok(zeros) if zeros <= 18 => format!("{digits}{}", "0".repeat(zeros))
            .parse()
            .map_err(|_| out_of_range()),
        Ok(_) => Err(out_of_range()),
        Err(_) => Err(Misfit {
            rule: Rule::WrongType,
            message: "expected an integer, found a number with a fractional part".to_owned(),
            hint: "fix the value in the file, or make the column REAL in tables.sql".to_owned(),
            cause: None,
        }),
    }
}

fn real(number: &Number) -> Result<Fitted, Misfit> {
    let text = number.to_string();
    let value = text
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or_else(out_of_range)?;
    // `{:?}` writes a binary64 as the shortest decimal that parses to the same number.
    let exact = canonical_json(&format!("{value:?}")) == canonical_json(&text);
    Ok((
        Value::Real(value),
        (!exact).then_some(ConversionRule::RoundedToBinary64),
    ))
}

fn timestamp(text: &str) -> Result<Fitted, Misfit> {
    let Some(read) = Timestamp::parse(text) else {
        return Err(wrong_type(ColumnType::Timestamp, &Json::Null));
    };
    let rule = match read.offset_seconds {
        _ if read.truncated => Some(ConversionRule::TruncatedToMicroseconds),
        None => Some(ConversionRule::AssumedUtc),
        Some(0) => None,
        Some(_) => Some(ConversionRule::ToUtc),
    };
    Ok((Value::Timestamp(read.timestamp), rule))
}

/// Converts a number of units since 1970 without using binary floating point. A unit is 10^`micro_digits` microseconds.
fn unix_time(number: &Number, micro_digits: i64) -> Result<Fitted, Misfit> {
    let canonical = canonical_json(&number.to_string());
    let (digits, exponent) = canonical.split_once('e').unwrap_or((&canonical, "0"));
    let exponent = exponent.parse::<i64>().ok();
    let exponent = exponent
        .and_then(|exponent| exponent.checked_add(micro_digits))
        .ok_or_else(out_of_range)?;
    let micros = match usize::try_from(exponent) {
        Ok(zeros) if zeros <= 18 => format!("{digits}{}", "0".repeat(zeros)).parse::<i64>().ok(),
        Ok(_) => None,
        Err(_) => {
            let kept = usize::try_from(-exponent)
                .ok()
                .and_then(|cut| digits.len().checked_sub(cut));
            match kept.map(|kept| &digits[..kept]) {
                None | Some("" | "-") => Some(0),
                Some(kept) => kept.parse().ok(),
            }
        }
    };
    let timestamp = micros
        .and_then(Timestamp::from_micros)
        .ok_or_else(out_of_range)?;
    Ok((
        Value::Timestamp(timestamp),
        Some(ConversionRule::FromUnixTime),
    ))
}

fn out_of_range() -> Misfit {
    Misfit {
        rule: Rule::OutOfRange,
        message: "the number is outside the range of the column".to_owned(),
        hint: "fix the number in the file, or store it in a JSON or TEXT column".to_owned(),
        cause: None,
    }
}

fn wrong_type(ty: ColumnType, found: &Json) -> Misfit {
    let expected = match ty {
        ColumnType::Text { .. } => "a string",
        ColumnType::Integer => "an integer",
        ColumnType::Real => "a number",
        ColumnType::Boolean => "true or false",
        ColumnType::Json => "a JSON value",
        ColumnType::Timestamp => "a timestamp such as 2024-05-01T10:00:00Z (RFC 3339)",
        ColumnType::Date => "a date such as 2024-05-01 (ISO 8601)",
        ColumnType::Uuid => "a string that contains an identifier",
        ColumnType::Blob => "nothing: a BLOB column cannot be filled from JSON",
    };
    let found_json = found;
    let found = match found {
        Json::Null => "something else",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => match ty {
            ColumnType::Integer
            | ColumnType::Real
            | ColumnType::Boolean
            | ColumnType::Json
            | ColumnType::Blob => "a string",
            ColumnType::Text { .. }
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Uuid => "another string",
        },
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    let hint = match ty {
        ColumnType::Timestamp if !matches!(found_json, Json::Number(_)) => {
            "write the timestamp in the file as in the example"
        }
        ColumnType::Text { .. } => {
            "fix the value in the file, or use `as = \"text\"` or a JSON column in the layout"
        }
        ColumnType::Timestamp => {
            "fix the value in the file, or use `as = \"unix\"` in the layout for numbers"
        }
        ColumnType::Integer
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Date
        | ColumnType::Uuid
        | ColumnType::Blob => "fix the value in the file, or the column's type in tables.sql",
    };
    Misfit {
        rule: Rule::WrongType,
        message: format!("expected {expected}, found {found}"),
        hint: hint.to_owned(),
        cause: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fit(json: &str, ty: ColumnType, conversion: Option<As>) -> Result<Fitted, Rule> {
        let column = Column {
            name: "c".to_owned(),
            ty,
            nullable: true,
            default: None,
        };
        let json: Json = serde_json::from_str(json).expect(json);
        from_json(&json, &column, conversion, &Uuid::NAMESPACE_OID).map_err(|misfit| misfit.rule)
    }

    #[test]
    fn integers_are_exact_or_rejected() {
        let read = |text| fit(text, ColumnType::Integer, None).map(|fitted| fitted.0);
        assert_eq!(read("9223372036854775807"), Ok(Value::Integer(i64::MAX)));
        assert_eq!(read("-9223372036854775808"), Ok(Value::Integer(i64::MIN)));
        assert_eq!(read("12.50e1"), Ok(Value::Integer(125)));
        assert_eq!(read("3.0"), Ok(Value::Integer(3)));
        assert_eq!(read("9223372036854775808"), Err(Rule::OutOfRange));
        assert_eq!(read("1e400"), Err(Rule::OutOfRange));
        assert_eq!(read("0.5"), Err(Rule::WrongType));
        assert_eq!(read("\"3\""), Err(Rule::WrongType));
    }

    #[test]
    fn reals_report_lost_digits() {
        let read = |text| fit(text, ColumnType::Real, None);
        assert_eq!(read("0.1"), Ok((Value::Real(0.1), None)));
        assert_eq!(read("1e300"), Ok((Value::Real(1e300), None)));
        assert_eq!(
            read("0.1000000000000000055").map(|f| f.1),
            Ok(Some(ConversionRule::RoundedToBinary64))
        );
        assert_eq!(read("1e999"), Err(Rule::OutOfRange));
    }

    #[test]
    fn unix_times_keep_their_microseconds() {
        let read = |text, conversion| {
            fit(text, ColumnType::Timestamp, Some(conversion)).map(|f| f.0.key_text())
        };
        assert_eq!(
            read("1700000000.123456", As::Unix),
            Ok("2023-11-14T22:13:20.123456Z".to_owned())
        );
        assert_eq!(
            read("1700000000123", As::UnixMilliseconds),
            Ok("2023-11-14T22:13:20.123000Z".to_owned())
        );
        assert_eq!(
            read("0.0000001", As::Unix),
            Ok("1970-01-01T00:00:00.000000Z".to_owned())
        );
        for text in ["1e30", "1e9223372036854775807", "253402300800"] {
            assert_eq!(read(text, As::Unix), Err(Rule::OutOfRange), "{text}");
        }
    }

    #[test]
    fn dates_are_accepted_in_one_form_only() {
        let read = |text| fit(text, ColumnType::Date, None).map(|f| f.0.key_text());
        assert_eq!(read("\"2024-05-01\""), Ok("2024-05-01".to_owned()));
        for text in [
            "\"2024-5-1\"",
            "\" 2024-05-01\"",
            "\"+02024-05-01\"",
            "\"0000-01-01\"",
        ] {
            assert_eq!(read(text), Err(Rule::WrongType), "{text}");
        }
    }

    #[test]
    fn string_length_is_measured_in_characters() {
        let ty = ColumnType::Text { max_chars: Some(2) };
        assert_eq!(fit("\"你好\"", ty, None), Ok((Value::text("你好"), None)));
        assert_eq!(fit("\"你好吗\"", ty, None), Err(Rule::TooLong));
        assert_eq!(fit("17", ty, None), Err(Rule::WrongType));
        assert_eq!(
            fit("17", ty, Some(As::Text)),
            Ok((Value::text("17"), Some(ConversionRule::AsText)))
        );
    }

    #[test]
    fn only_an_empty_array_is_accepted_as_an_object() {
        let read = |text| fit(text, ColumnType::Json, Some(As::Object));
        let object = |text: &str| Value::Json(text.into());
        assert_eq!(read(r#"{"a":[]}"#), Ok((object(r#"{"a":[]}"#), None)));
        let converted = Some(ConversionRule::EmptyArrayToObject);
        assert_eq!(read("[]"), Ok((object("{}"), converted)));
        for text in ["[1]", "[[]]", "\"\"", "0", "false"] {
            assert_eq!(read(text), Err(Rule::WrongType), "{text}");
        }
        let kept = fit("[]", ColumnType::Json, None);
        assert_eq!(kept, Ok((object("[]"), None)));
    }

    #[test]
    fn ordinals_count_from_one() {
        let read = |text| fit(text, ColumnType::Integer, Some(As::Ordinal));
        assert_eq!(read("0"), Ok((Value::Integer(1), None)));
        assert_eq!(read("9223372036854775807"), Err(Rule::OutOfRange));
    }

    #[test]
    fn json_keeps_order_and_digits() {
        let text = r#"{"b":1.50,"a":12345678901234567890123}"#;
        assert_eq!(
            fit(text, ColumnType::Json, None),
            Ok((Value::Json(text.into()), None))
        );
    }

    #[test]
    fn other_identifiers_become_stable_uuids() {
        let (first, rule) =
            fit(&json!("6560f1a2.12").to_string(), ColumnType::Uuid, None).expect("fits");
        assert_eq!(rule, Some(ConversionRule::ToUuidV5));
        assert_eq!(
            fit(&json!("6560f1a2.12").to_string(), ColumnType::Uuid, None)
                .expect("fits")
                .0,
            first
        );
        let shouted = json!("0190163D-8694-739B-AEA5-966C26F8AD91").to_string();
        let (same, rule) = fit(&shouted, ColumnType::Uuid, None).expect("fits");
        assert_eq!(same.key_text(), "0190163d-8694-739b-aea5-966c26f8ad91");
        assert_eq!(rule, Some(ConversionRule::ToCanonicalUuid));
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(
            fit(&json!(id).to_string(), ColumnType::Uuid, None)
                .expect("fits")
                .1,
            None
        );
    }
}
