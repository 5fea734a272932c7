//! DEFAULT clauses that can be evaluated without a database.

use serde_json::Value as Json;
use sqlparser::ast::{Expr, FunctionArguments, UnaryOperator, Value as SqlValue};

use crate::layout::literal::typed;
use crate::model::{ColumnType, DefaultValue, Value};

/// Returns the default that `expr` gives a column of type `ty`; `None` for `DEFAULT NULL`.
///
/// # Errors
/// The reason why it is invalid.
pub(super) fn evaluate(expr: &Expr, ty: ColumnType) -> Result<Option<DefaultValue>, String> {
    if is_now(expr) {
        return match ty {
            ColumnType::Timestamp => Ok(Some(DefaultValue::CurrentTimestamp)),
            ColumnType::Text { .. }
            | ColumnType::Integer
            | ColumnType::Real
            | ColumnType::Boolean
            | ColumnType::Json
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Blob => Err(format!("`{expr}` is not {ty}")),
        };
    }
    let Some(literal) = literal(expr) else {
        return Err(format!("`{expr}` is not a literal"));
    };
    let value = match (literal, ty) {
        (Literal::Null, _) => return Ok(None),
        (Literal::Bytes(bytes), ColumnType::Blob) => Ok(Value::Blob(bytes.into())),
        (Literal::Bytes(_), _) => Err("is a BLOB".to_owned()),
        // The literal contains JSON text; SQLite schemas write booleans as 0 and 1.
        (Literal::Json(Json::String(text)), ColumnType::Json) => {
            serde_json::from_str::<Json>(&text)
                .map(|json| Value::Json(json.to_string().into()))
                .map_err(|_| "is not JSON".to_owned())
        }
        (Literal::Json(json), ColumnType::Boolean) if json.as_u64() == Some(0) => {
            Ok(Value::Boolean(false))
        }
        (Literal::Json(json), ColumnType::Boolean) if json.as_u64() == Some(1) => {
            Ok(Value::Boolean(true))
        }
        (Literal::Json(json), _) => typed(&json, ty),
    };
    match value {
        Ok(value) => Ok(Some(DefaultValue::Value(value))),
        Err(reason) => Err(format!("`{expr}` {reason}")),
    }
}

enum Literal {
    Null,
    Json(Json),
    Bytes(Vec<u8>),
}

fn literal(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => number(&format!("-{expr}")).map(Literal::Json),
        Expr::UnaryOp {
            op: UnaryOperator::Plus,
            expr,
        } => number(&expr.to_string()).map(Literal::Json),
        Expr::Value(value) => match &value.value {
            SqlValue::Null => Some(Literal::Null),
            SqlValue::Boolean(value) => Some(Literal::Json(Json::from(*value))),
            SqlValue::SingleQuotedString(text) => Some(Literal::Json(Json::from(text.as_str()))),
            SqlValue::Number(text, false) => number(text).map(Literal::Json),
            SqlValue::HexStringLiteral(digits) => data_encoding::HEXUPPER_PERMISSIVE
                .decode(digits.as_bytes())
                .ok()
                .map(Literal::Bytes),
            _ => None,
        },
        _ => None,
    }
}

/// Converts a SQL number to JSON; SQL also allows `.5` and `5.`.
fn number(text: &str) -> Option<Json> {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) => Some(Json::Number(number)),
        Err(_) => serde_json::Number::from_f64(text.parse().ok()?).map(Json::Number),
    }
}

fn is_now(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_now(inner),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let bare = match &function.args {
                FunctionArguments::None => true,
                FunctionArguments::List(list) => list.args.is_empty() && list.clauses.is_empty(),
                FunctionArguments::Subquery(_) => false,
            };
            bare && matches!(name.as_str(), "current_timestamp" | "now")
        }
        _ => false,
    }
}
