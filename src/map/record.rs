//! Maps one record to one row, then the records inside it.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::layout::{ColumnRule, Expression, IdentityRule};
use crate::model::{
    Column, ColumnType, Conversion, Deferred, Fingerprint, Hasher, MappedRow, Origin, Rule, Table,
    Value, canonical_json,
};

use super::MappingProblem;
use super::coverage::Coverage;
use super::element::Element;
use super::evaluate::{Evaluated, Scope};
use super::from_json::{Misfit, from_json};
use super::resolved::Resolved;
use super::rule::{PreparedLayout, PreparedRule, PreparedTable, absent};

/// The state while one element is mapped.
pub(super) struct Walk<'a> {
    prepared: &'a PreparedLayout<'a>,
    element: &'a Element<'a>,
    resolved: &'a Resolved<'a>,
    rows: &'a mut Vec<MappedRow>,
    pub(super) problems: Vec<MappingProblem>,
    /// The values that are not known because of problems: row and column.
    pub(super) unknown: Vec<(usize, usize)>,
    /// JSON Pointer to the current value.
    pub(super) pointer: String,
    pub(super) captures: Vec<String>,
    /// The enclosing rows, innermost last.
    enclosing: Vec<usize>,
    /// What is read of the records of the current rule; `None` if nothing is.
    coverage: Option<&'a Coverage>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        prepared: &'a PreparedLayout<'a>,
        element: &'a Element<'a>,
        resolved: &'a Resolved<'a>,
        captures: Vec<String>,
        rows: &'a mut Vec<MappedRow>,
    ) -> Self {
        Self {
            prepared,
            element,
            resolved,
            rows,
            problems: Vec::new(),
            unknown: Vec::new(),
            pointer: String::new(),
            captures,
            enclosing: Vec::new(),
            coverage: None,
        }
    }

    /// Applies a rule of the source to the element.
    pub(super) fn document(&mut self, rule: &'a PreparedRule, coverage: &'a Coverage) {
        self.coverage = coverage.record(&rule.each);
        match self.element.index {
            Some(index) => {
                let (token, rest) = rule
                    .each
                    .split_first()
                    .expect("a streamed rule begins with a wildcard");
                self.visit(rule, token, rest, &index.to_string(), self.element.value);
            }
            None => self.each(rule, &rule.each, self.element.value),
        }
    }

    /// Maps `record` to a row, then the records inside it.
    pub(super) fn record(
        &mut self,
        rule: &'a PreparedRule,
        record: &Json,
        pointer: Arc<str>,
        part: Option<u32>,
    ) {
        let problems_before = self.problems.len();
        let mut values = rule.template.clone();
        let mut conversions = Vec::new();
        let mut unknown = Vec::new();
        for column_rule in &rule.columns {
            match self.column(rule, column_rule, record, &pointer, part) {
                Ok((value, conversion)) => {
                    values[column_rule.column] = value;
                    conversions.extend(conversion);
                }
                Err(misfit) => {
                    unknown.push((self.rows.len(), column_rule.column));
                    self.problems
                        .push(self.problem(rule, column_rule, &pointer, misfit))
                }
            }
        }
        if let Some(unless) = &rule.unless
            && let Some(found) = self.scope(record, &pointer, part).find(unless)
            && found != Value::Default
            && found != values[unless.column]
        {
            // Another row takes its place. A row that an earlier run created from this record does not count.
            self.problems.truncate(problems_before);
            return;
        }
        let table = &self.prepared.layout.tables[rule.table].table;
        if self.problems.len() == problems_before {
            let lacking = rule
                .required
                .iter()
                .filter(|&&column| values[column].is_null());
            self.problems
                .extend(lacking.map(|&column| missing_value(table, column, rule, &pointer)));
        }
        let identity = match self.identity(rule, &values, record, &pointer, part) {
            Ok(identity) => identity,
            Err(problem) => return self.problems.push(problem),
        };
        let prepared = &self.prepared.tables[rule.table];
        let digest = match rule.deferred {
            Deferred::Nothing => prepared
                .hasher
                .row(prepared.mapped.iter().map(|&column| &values[column])),
            Deferred::Digest | Deferred::Identity(_) => Fingerprint([0; 16]),
        };
        self.unknown.extend(unknown);
        self.rows.push(MappedRow {
            table: rule.table,
            origin: Origin {
                file: self.element.file,
                pointer,
                part,
            },
            identity,
            digest,
            values,
            parent: self.enclosing.last().copied(),
            deferred: rule.deferred.clone(),
            conversions,
        });
        self.inner_records(rule, record);
    }

    fn inner_records(&mut self, rule: &'a PreparedRule, record: &Json) {
        let coverage = self.coverage;
        self.enclosing.push(self.rows.len() - 1);
        for inner in &rule.records {
            self.coverage = coverage.and_then(|coverage| coverage.record(&inner.each));
            self.each(inner, &inner.each, record);
        }
        self.enclosing.pop();
        self.coverage = coverage;
    }

    fn scope<'s>(&'s self, record: &'s Json, pointer: &'s str, part: Option<u32>) -> Scope<'s> {
        Scope {
            record,
            position: (self.element.path, pointer, part),
            captures: &self.captures,
            name_captures: self.element.captures.len(),
            enclosing: &self.enclosing,
            rows: self.rows,
            resolved: self.resolved,
            coverage: self.coverage,
        }
    }

    fn column(
        &self,
        rule: &PreparedRule,
        column_rule: &ColumnRule,
        record: &Json,
        pointer: &str,
        part: Option<u32>,
    ) -> Result<(Value, Option<Conversion>), Misfit> {
        let scope = self.scope(record, pointer, part);
        let prepared = &self.prepared.tables[rule.table];
        let column = &self.prepared.layout.tables[rule.table].table.columns[column_rule.column];
        let found = match (
            scope.evaluate(&column_rule.expression),
            &column_rule.default,
        ) {
            (Evaluated::Nothing | Evaluated::Null, Some(default)) => Evaluated::Json(default),
            (found, _) => found,
        };
        match found {
            Evaluated::Null if column.ty == ColumnType::Json && !column.nullable => {
                Ok((Value::Json("null".into()), None))
            }
            Evaluated::Nothing | Evaluated::Null => Ok((absent(column), None)),
            Evaluated::Json(json) => fit(prepared, column, column_rule, json),
            Evaluated::Made(json) => fit(prepared, column, column_rule, &json),
            Evaluated::Value(value) => retype(prepared, column, column_rule, value),
            Evaluated::Name(name) => {
                let namespace = &prepared.namespaces[column_rule.column];
                let id = Uuid::new_v5(namespace, name.as_bytes());
                Ok((Value::Uuid(id), None))
            }
            Evaluated::Missing(missing) => {
                Err(missing.misfit(self.prepared.layout, &*self.resolved.references))
            }
        }
    }

    fn identity(
        &self,
        rule: &PreparedRule,
        values: &[Value],
        record: &Json,
        pointer: &str,
        part: Option<u32>,
    ) -> Result<Fingerprint, MappingProblem> {
        let table = &self.prepared.layout.tables[rule.table].table;
        let mut hasher = Hasher::new();
        hasher.bytes(table.name.as_bytes());
        match &rule.identity {
            // NULL is not unique in SQL: a record whose key contains NULL is identified by its place.
            IdentityRule::Columns(columns)
                if columns.iter().all(|&column| values[column] != Value::Null) =>
            {
                let values = columns.iter().map(|&column| &values[column]);
                values.for_each(|value| value.hash_into(&mut hasher));
            }
            IdentityRule::Pointers(pointers) => {
                for inner in pointers {
                    let Some(value) = inner.find(record).filter(|value| !value.is_null()) else {
                        return Err(MappingProblem {
                            pointer: pointer.to_owned(),
                            rule: Rule::MissingValue,
                            message: format!("no value at `{inner}`, which identifies records of `{}`", table.name),
                            hint: "add the value to the file, or choose another `identity` in the layout".to_owned(),
                            cause: None,
                        });
                    };
                    hasher.bytes(canonical_json(&value.to_string()).as_bytes());
                }
            }
            IdentityRule::Columns(_) | IdentityRule::Position => {
                hasher
                    .bytes(self.element.path.as_bytes())
                    .bytes(pointer.as_bytes());
                hasher.fixed(&part.map_or(u64::MAX, u64::from).to_le_bytes());
            }
        }
        Ok(hasher.fingerprint())
    }

    fn problem(
        &self,
        rule: &PreparedRule,
        column_rule: &ColumnRule,
        pointer: &str,
        misfit: Misfit,
    ) -> MappingProblem {
        let table = &self.prepared.layout.tables[rule.table].table;
        let inner = column_rule.expression.pointer();
        let inner = inner.map(ToString::to_string).unwrap_or_default();
        MappingProblem {
            pointer: format!("{pointer}{inner}"),
            rule: misfit.rule,
            message: match misfit.rule {
                // Does not depend on the column or the record.
                Rule::Parameter => misfit.message,
                _ => format!(
                    "`{}.{}`: {}",
                    table.name, table.columns[column_rule.column].name, misfit.message
                ),
            },
            hint: misfit.hint,
            cause: misfit.cause,
        }
    }
}

/// Converts a JSON value to the column's type and records the conversion.
fn fit(
    prepared: &PreparedTable,
    column: &Column,
    rule: &ColumnRule,
    json: &Json,
) -> Result<(Value, Option<Conversion>), Misfit> {
    let (value, done) = from_json(
        json,
        column,
        rule.conversion,
        &prepared.namespaces[rule.column],
    )?;
    let conversion = done.map(|done| Conversion {
        column: rule.column,
        rule: done,
        source_text: json
            .as_str()
            .map_or_else(|| json.to_string(), str::to_owned),
        stored_text: value.key_text(),
    });
    Ok((value, conversion))
}

/// Converts a value of another column, or the text of a parameter, to the column's type.
fn retype(
    prepared: &PreparedTable,
    column: &Column,
    rule: &ColumnRule,
    value: Value,
) -> Result<(Value, Option<Conversion>), Misfit> {
    match (&value, column.ty) {
        (Value::Null, _) => Ok((absent(column), None)),
        (Value::Text(_), ColumnType::Text { max_chars: None }) => Ok((value, None)),
        (Value::Text(text), ColumnType::Integer | ColumnType::Real | ColumnType::Boolean) => {
            let json = serde_json::from_str(text).unwrap_or(Json::Null);
            fit(prepared, column, rule, &json)
        }
        (Value::Text(text), _) => fit(prepared, column, rule, &Json::from(&**text)),
        (
            Value::Default
            | Value::ParentKey(_)
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Real(_)
            | Value::Json(_)
            | Value::Timestamp(_)
            | Value::Date(_)
            | Value::Uuid(_)
            | Value::Blob(_)
            | Value::InvalidText(_),
            _,
        ) => Ok((value, None)),
    }
}

fn missing_value(
    table: &Table,
    column: usize,
    rule: &PreparedRule,
    pointer: &str,
) -> MappingProblem {
    let source = rule
        .columns
        .iter()
        .find(|known| known.column == column)
        .map(|known| &known.expression);
    let wanted = source
        .and_then(Expression::pointer)
        .map_or_else(String::new, |inner| format!(" at `{inner}`"));
    MappingProblem {
        pointer: pointer.to_owned(),
        rule: Rule::MissingValue,
        message: format!(
            "no value{wanted} for the required column `{}.{}`",
            table.name, table.columns[column].name
        ),
        hint: "add the value to the file, or a default to the layout".to_owned(),
        cause: None,
    }
}
