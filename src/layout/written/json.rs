//! Conversion of TOML values to JSON: constants and defaults.

use serde_json::{Map, Number, Value};
use toml::de::DeValue;

/// Converts `value` to JSON, or returns why JSON cannot represent it. Dates become strings.
pub(super) fn to_json(value: &DeValue<'_>) -> Result<Value, &'static str> {
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Integer(integer) => {
            let value = i64::from_str_radix(integer.as_str(), integer.radix())
                .map_err(|_| "the number does not fit into 64 bits")?;
            Value::from(value)
        }
        DeValue::Float(float) => Value::Number(
            float
                .as_str()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .ok_or("JSON cannot represent infinity or NaN")?,
        ),
        DeValue::Array(items) => items
            .iter()
            .map(|item| to_json(item.get_ref()))
            .collect::<Result<_, _>>()?,
        DeValue::Table(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(name, member)| Ok((name.get_ref().to_string(), to_json(member.get_ref())?)))
                .collect::<Result<_, &'static str>>()?;
            Value::Object(members)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, &'static str> {
        to_json(DeValue::parse(text).expect(text).get_ref())
    }

    #[test]
    fn toml_values_are_converted_to_json() {
        assert_eq!(read("0x1f"), Ok(json!(31)));
        assert_eq!(read("-1.5"), Ok(json!(-1.5)));
        assert_eq!(read("[true, { a = 'x' }]"), Ok(json!([true, { "a": "x" }])));
        assert_eq!(read("2024-05-01"), Ok(json!("2024-05-01")));
        assert!(read("inf").is_err());
    }
}
