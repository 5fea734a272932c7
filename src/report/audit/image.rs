//! Images of entries as JSON.

use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

/// How numbers are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As numbers with all digits; some programs keep only the first 15 or so.
    Exact,
    /// As strings.
    AsStrings,
}

/// An image as JSON; as a string if it is not valid JSON. It is parsed when it is written, because it may be large.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageView<'o> {
    text: Option<&'o str>,
    numbers: Numbers,
}

impl<'o> ImageView<'o> {
    pub(super) fn exact(text: Option<&'o str>) -> Self {
        let numbers = Numbers::Exact;
        Self { text, numbers }
    }

    pub(super) fn with_numbers_as_strings(self) -> Self {
        let numbers = Numbers::AsStrings;
        Self { numbers, ..self }
    }
}

impl Serialize for ImageView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(text) = self.text else {
            return serializer.serialize_none();
        };
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                if self.numbers == Numbers::AsStrings {
                    quote_numbers(&mut value);
                }
                value.serialize(serializer)
            }
            Err(_) => serializer.serialize_str(text),
        }
    }
}

pub(super) fn quote_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(Number::to_string(number)),
        Value::Array(items) => items.iter_mut().for_each(quote_numbers),
        Value::Object(members) => members.values_mut().for_each(quote_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
