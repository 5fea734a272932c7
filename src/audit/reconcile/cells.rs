//! The values of an image, visited without building it: there are as many images as rows.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

/// A text that is no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an image of the trail is no JSON object of plain values")]
pub struct NotAnImage;

/// Calls `visit` with a hash of each member of `image`: of its name and value, by a hasher that has taken the row
/// already. Values that the trail writes alike have equal hashes, whatever JSON they are spelled in.
///
/// # Errors
/// When it is no image.
pub fn each_cell<H: Hasher + Clone>(
    image: &str,
    row: &H,
    visit: &mut dyn FnMut(u64),
) -> Result<(), NotAnImage> {
    let mut json = serde_json::Deserializer::from_str(image);
    json.deserialize_map(Members { row, visit })
        .map_err(|_| NotAnImage)?;
    json.end().map_err(|_| NotAnImage)
}

struct Members<'v, H> {
    row: &'v H,
    visit: &'v mut dyn FnMut(u64),
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
            members.next_value_seed(Value(&mut hasher))?;
            (self.visit)(hasher.finish());
        }
    }
}

/// Feeds a text into a hasher.
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

    /// As numbers, which SQLite stores, and shows where no trigger tells that they mean booleans.
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        (5_u8, u64::from(value)).hash(self.0);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (2_u8, text).hash(self.0);
        Ok(())
    }

    /// Numbers, whose text `arbitrary_precision` gives as an object, and what JSON has no values for (`$blob`, `$real`).
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        3_u8.hash(self.0);
        while members.next_key_seed(Text(self.0))?.is_some() {
            members.next_value_seed(Text(self.0))?;
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
        each_cell(image, &DefaultHasher::new(), &mut |cell| cells.push(cell))?;
        Ok(cells)
    }

    #[test]
    fn values_are_told_apart_and_spelling_is_not() {
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
        assert!(!same(r#"{"a":0.1}"#, r#"{"a":0.10000000000000001}"#));
        assert!(!same(r#"{"a":null}"#, r#"{"a":""}"#));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for text in ["", "[]", "{", r#"{"a":[1]}"#, r#"{"a":1}x"#, "null"] {
            assert_eq!(cells(text), Err(NotAnImage), "{text}");
        }
    }
}
