//! Visits the values of an image without building it, because there are as many images as rows.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::audit::image::{bits, is_real};

/// A text that is not an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an image in the audit log is not a JSON object of plain values")]
pub struct NotAnImage;

/// Calls `visit` with a hash of the name of each member of `image`, and one of its name and value; the hasher already
/// contains the row. Values that the audit log writes identically have equal hashes, whatever their JSON spelling.
///
/// # Errors
/// When the text is not an image.
pub fn each_cell<H: Hasher + Clone>(
    image: &str,
    row: &H,
    visit: &mut dyn FnMut(u64, u64),
) -> Result<(), NotAnImage> {
    let mut json = serde_json::Deserializer::from_str(image);
    json.deserialize_map(Members { row, visit })
        .map_err(|_| NotAnImage)?;
    json.end().map_err(|_| NotAnImage)
}

struct Members<'v, H> {
    row: &'v H,
    visit: &'v mut dyn FnMut(u64, u64),
}

impl<'de, H: Hasher + Clone> Visitor<'de> for Members<'_, H> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        loop {
            let mut hasher = self.row.clone();
            if members.next_key_seed(Text(&mut hasher))?.is_none() {
                return Ok(());
            }
            let name = hasher.finish();
            members.next_value_seed(Value(&mut hasher))?;
            (self.visit)(name, hasher.finish());
        }
    }
}

/// Feeds a string into a hasher.
struct Text<'h, H>(&'h mut H);

impl<'de, H: Hasher> DeserializeSeed<'de> for Text<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de, H: Hasher> Visitor<'de> for Text<'_, H> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        text.hash(self.0);
        Ok(())
    }
}

/// The kinds of objects.
#[derive(Hash, serde::Deserialize)]
#[serde(field_identifier)]
enum Kind {
    #[serde(rename = "$blob")]
    Blob,
    #[serde(rename = "$real")]
    Real,
    /// The only other object represents a number, with a member name that is private to `serde_json`.
    #[serde(other)]
    Number,
}

/// Feeds the text of a number into a hasher; a real is hashed as binary64, as [`same_value`](crate::audit::same_value)
/// compares it.
struct Number<'h, H>(&'h mut H);

impl<'de, H: Hasher> DeserializeSeed<'de> for Number<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl<H: Hasher> Visitor<'_> for Number<'_, H> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        match text.parse::<f64>() {
            Ok(real) if is_real(text) => bits(real).hash(self.0),
            Ok(_) | Err(_) => text.hash(self.0),
        }
        Ok(())
    }
}

/// Feeds a value into a hasher.
struct Value<'h, H>(&'h mut H);

impl<'de, H: Hasher> DeserializeSeed<'de> for Value<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, H: Hasher> Visitor<'de> for Value<'_, H> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a plain value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        0_u8.hash(self.0);
        Ok(())
    }

    /// Hashed as numbers, because SQLite stores numbers, and writes numbers where no trigger knows that a column is
    /// boolean.
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        (5_u8, u64::from(value)).hash(self.0);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (2_u8, text).hash(self.0);
        Ok(())
    }

    /// Numbers, which `arbitrary_precision` represents as objects, and values that JSON lacks (`$blob`, `$real`).
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        3_u8.hash(self.0);
        while let Some(kind) = members.next_key::<Kind>()? {
            match kind {
                Kind::Blob | Kind::Real => {
                    kind.hash(self.0);
                    members.next_value_seed(Text(self.0))?;
                }
                Kind::Number => members.next_value_seed(Number(self.0))?,
            }
        }
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        (4_u8, value).hash(self.0);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        (5_u8, value).hash(self.0);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        (6_u8, value.to_bits()).hash(self.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;

    use super::*;

    fn cells(image: &str) -> Result<Vec<u64>, NotAnImage> {
        let mut cells = Vec::new();
        each_cell(image, &DefaultHasher::new(), &mut |_, cell| {
            cells.push(cell)
        })?;
        Ok(cells)
    }

    #[test]
    fn values_are_distinguished_and_spelling_is_ignored() {
        for one in [
            "1",
            "1.0",
            "null",
            "true",
            r#"{"$blob":"00"}"#,
            "12345678901234567890123",
            "-1.5e-7",
        ] {
            assert!(cells(&format!(r#"{{"a":{one}}}"#)).is_ok(), "{one}");
        }
        let image = r#"{"a":1,"b":1.0,"c":"1","d":null,"e":{"$blob":"00"},"f":false,"g":12345678901234567890123,"h":""}"#;
        let values = cells(image).expect("an image");
        let different: std::collections::BTreeSet<_> = values.iter().collect();
        assert_eq!((values.len(), different.len()), (8, 8));
        let spelled = r#" { "a" : 1, "b":1.0,"c":"\u0031","d":null ,"e":{"$blob":"00"},"f":false,"g":12345678901234567890123,"\u0068":""}"#;
        assert_eq!(cells(spelled), Ok(values));
        let same = |a: &str, b: &str| cells(a) == cells(b);
        assert!(!same(r#"{"a":1}"#, r#"{"b":1}"#));
        assert!(same(r#"{"a":0.1}"#, r#"{"a":0.10000000000000001}"#));
        assert!(same(r#"{"a":0.0}"#, r#"{"a":-0.0}"#));
        assert!(!same(r#"{"a":1}"#, r#"{"a":1.0}"#));
        assert!(!same(
            r#"{"a":{"$blob":"1E01"}}"#,
            r#"{"a":{"$blob":"10E0"}}"#
        ));
        assert!(!same(r#"{"a":null}"#, r#"{"a":""}"#));
    }

    #[test]
    fn invalid_image_is_rejected() {
        for text in ["", "[]", "{", r#"{"a":[1]}"#, r#"{"a":1}x"#, "null"] {
            assert_eq!(cells(text), Err(NotAnImage), "{text}");
        }
    }
}
