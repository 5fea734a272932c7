//! The grammar of column expressions.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::layout::rules::As;

use super::json::to_json;
use super::shape::{Grammar, in_written_order};
use super::{WrittenColumn, WrittenExpression, WrittenForm};

const FORMS: &str = "a string, an array, or one of `{ value = … }`, `{ parameter = … }`, \
                     `{ reference = … }`, `{ from = … }`, `{ uuid = … }`, `{ rest = true }`";

impl Grammar<'_> {
    /// Reads `[….columns]`.
    pub(super) fn columns(&mut self, table: &DeTable<'_>) -> Vec<WrittenColumn> {
        in_written_order(table)
            .into_iter()
            .map(|(name, value)| self.column(name, value))
            .collect()
    }

    fn column(&mut self, name: Spanned<String>, value: &Spanned<DeValue<'_>>) -> WrittenColumn {
        let from = value.get_ref().as_table().and_then(|table| {
            let from = table.get("from")?;
            Some((table, from))
        });
        let Some((table, from)) = from else {
            return WrittenColumn {
                name,
                expression: self.expression(value),
                default: None,
                conversion: None,
            };
        };
        self.keys(table, &["from", "default", "as"]);
        let expression = self.expression(from);
        let default = table.get("default").and_then(|value| self.constant(value));
        let conversion = table.get("as").and_then(|value| self.conversion(value));
        WrittenColumn {
            name,
            expression,
            default,
            conversion,
        }
    }

    pub(super) fn expression(&mut self, value: &Spanned<DeValue<'_>>) -> Option<WrittenExpression> {
        let form = match value.get_ref() {
            DeValue::String(text) => WrittenForm::Text(text.to_string()),
            DeValue::Array(items) => {
                if items.is_empty() {
                    let hint = "write at least one expression";
                    self.error(value.span().start, "the array is empty", hint);
                }
                let items: Vec<_> = items.iter().map(|item| self.expression(item)).collect();
                WrittenForm::First(items.into_iter().collect::<Option<_>>()?)
            }
            DeValue::Table(table) => self.table_form(value, table)?,
            other @ (DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)) => {
                let message = format!("a column expression cannot be of type {}", other.type_str());
                self.error(
                    value.span().start,
                    message,
                    "write a constant as `{ value = … }`",
                );
                return None;
            }
        };
        let span = value.span();
        Some(WrittenExpression { span, form })
    }

    fn table_form(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        table: &DeTable<'_>,
    ) -> Option<WrittenForm> {
        let at = value.span().start;
        if let Some(constant) = table.get("value") {
            self.keys(table, &["value"]);
            let constant = self.constant(constant)?;
            Some(WrittenForm::Value(constant.into_inner()))
        } else if table.get("parameter").is_some() {
            self.keys(table, &["parameter"]);
            let parameter = self.text(table, at, "parameter")?;
            Some(WrittenForm::Parameter(parameter))
        } else if table.get("reference").is_some() {
            self.keys(table, &["reference", "where"]);
            self.reference(table, at)
        } else if let Some(name) = table.get("uuid") {
            self.keys(table, &["uuid"]);
            self.uuid(name)
        } else if let Some(rest) = table.get("rest") {
            self.keys(table, &["rest"]);
            let yes = rest.get_ref().as_bool() == Some(true);
            if !yes {
                self.error(
                    rest.span().start,
                    "`rest` can only be `true`",
                    "remove the column",
                );
            }
            yes.then_some(WrittenForm::Rest)
        } else if table.get("from").is_some() {
            let hint = "set `default` and `as` at the column itself";
            self.error(at, "`{ from = … }` cannot be nested in another form", hint);
            None
        } else {
            self.error(at, "not an expression", format!("write {FORMS}"));
            None
        }
    }

    fn reference(&mut self, table: &DeTable<'_>, at: usize) -> Option<WrittenForm> {
        let target = self.text(table, at, "reference");
        let key = table.get("where").and_then(|key| key.get_ref().as_table());
        let Some(key) = key else {
            let hint = "add `where = { key_column = … }` to identify the row";
            self.error(at, "the reference has no `where`", hint);
            return None;
        };
        let key: Vec<_> = in_written_order(key)
            .into_iter()
            .map(|(column, value)| Some((column, self.expression(value)?)))
            .collect();
        Some(WrittenForm::Reference {
            target: target?,
            key: key.into_iter().collect::<Option<_>>()?,
        })
    }

    fn uuid(&mut self, name: &Spanned<DeValue<'_>>) -> Option<WrittenForm> {
        match name.get_ref() {
            DeValue::String(text) if text == "position" => Some(WrittenForm::Uuid(None)),
            DeValue::Array(items) if !items.is_empty() => {
                let items: Vec<_> = items.iter().map(|item| self.expression(item)).collect();
                let items = items.into_iter().collect::<Option<_>>()?;
                Some(WrittenForm::Uuid(Some(items)))
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                let hint = "write values that identify the record, `[\"{user_id}\", \"/key\"]`, \
                              or `\"position\"`";
                let message = "a UUID cannot be generated from this";
                self.error(name.span().start, message, hint);
                None
            }
        }
    }

    fn constant(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Spanned<serde_json::Value>> {
        match to_json(value.get_ref()) {
            Ok(json) => Some(Spanned::new(value.span(), json)),
            Err(reason) => {
                self.error(value.span().start, reason, "write another constant");
                None
            }
        }
    }

    fn conversion(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Spanned<As>> {
        let conversion = match value.get_ref().as_str() {
            Some("text") => As::Text,
            Some("unix") => As::Unix,
            Some("unix_ms") => As::UnixMilliseconds,
            Some("object") => As::Object,
            Some("ordinal") => As::Ordinal,
            other => {
                let hint =
                    "write `\"text\"`, `\"unix\"`, `\"unix_ms\"`, `\"object\"` or `\"ordinal\"`";
                let message = match other {
                    Some(word) => format!("`{word}` is not a conversion"),
                    None => "not a conversion".to_owned(),
                };
                self.error(value.span().start, message, hint);
                return None;
            }
        };
        Some(Spanned::new(value.span(), conversion))
    }
}
