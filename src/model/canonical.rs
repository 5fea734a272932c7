//! The canonical form of a JSON text: equal for equal values, whatever wrote them.
//!
//! Like RFC 8785, with two differences: members are sorted by their UTF-8 bytes, and numbers keep every digit as
//! `coefficient` `e` `exponent` without trailing zeros, because a binary64 detour would lose some. Databases that
//! re-format JSON (JSONB, MySQL) therefore give the same digest as the text that was sent.

use serde_json::Value;

/// The canonical form of `text`; a text that is not JSON is returned as it is.
#[must_use]
pub fn canonical_json(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let mut out = String::with_capacity(text.len());
            write_value(&value, &mut out);
            out
        }
        Err(_) => text.to_owned(),
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => write_number(&number.to_string(), out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (i, (name, member)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_value(member, out);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

/// Writes a JSON number as `[-]digits[e±n]`: no leading or trailing zeros in `digits`, zero as `0`.
fn write_number(text: &str, out: &mut String) {
    let (negative, unsigned) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        out.push('0');
        return;
    }
    // An exponent beyond 64 bits is no number any database stores: keep the text apart from all others.
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i64>() else {
        out.push_str(text);
        return;
    };
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let shift = i64::try_from(trailing).unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0);
    if negative {
        out.push('-');
    }
    out.push_str(significant);
    let exponent = exponent.saturating_add(shift);
    if exponent != 0 {
        out.push('e');
        out.push_str(&exponent.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::canonical_json;

    #[test]
    fn equal_numbers_have_one_form() {
        for text in ["100", "1e2", "1E+2", "100.0", "1.00e2", "0.1e3"] {
            assert_eq!(canonical_json(text), "1e2", "{text}");
        }
        for text in ["0", "-0", "0.0", "0e7"] {
            assert_eq!(canonical_json(text), "0", "{text}");
        }
        assert_eq!(canonical_json("-0.5"), "-5e-1");
    }

    #[test]
    fn digits_beyond_binary64_are_kept() {
        assert_ne!(
            canonical_json("0.1000000000000000055"),
            canonical_json("0.1")
        );
        assert_ne!(
            canonical_json("9007199254740993"),
            canonical_json("9007199254740992")
        );
    }

    #[test]
    fn members_are_sorted_and_space_dropped() {
        assert_eq!(
            canonical_json(r#" { "b" : [1, "x\u0041"], "a": null }"#),
            r#"{"a":null,"b":[1,"xA"]}"#
        );
    }
}
