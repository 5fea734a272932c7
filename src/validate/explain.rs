//! Converts validator errors to violations. Of all the reasons why no form of `anyOf` or `oneOf` matches, the helpful
//! ones are selected.
//!
//! The form that was probably intended is the one whose types match; only its violations are reported. If no single
//! form stands out, the forms are listed with one reason each.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonTypeSet;

use crate::model::ShowValues;

use super::violation::{Violation, at_member, at_value};
use super::wording::{expectation, found, types};

/// The maximum number of forms that are listed.
const LISTED: usize = 4;

/// How well a form matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The form is for another type of value.
    OtherType,
    /// A constant shows that another form is intended.
    OtherConstant,
    /// Only details do not match.
    Details,
}

/// Converts `error` to one or more violations.
pub(super) fn explain(error: &ValidationError<'_>, show: ShowValues) -> Vec<Violation> {
    let keyword = error.kind().keyword();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let violation = |name: &String| {
                let message = format!("`{keyword}`: unexpected property `{name}`");
                at_member(error, name, message)
            };
            unexpected.iter().map(violation).collect()
        }
        Kind::PropertyNames { error: inner } => {
            let name = inner.instance().as_str().unwrap_or_default();
            let message = format!("`{keyword}`: invalid property name: {}", expectation(inner));
            vec![at_member(error, name, message)]
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            explain_alternatives(error, context, show)
        }
        _ => {
            let message = format!("`{keyword}`: {}{}", expectation(error), found(error, show));
            vec![at_value(error, message)]
        }
    }
}

/// Returns the violations of a value that matches none of the forms in `context`.
fn explain_alternatives(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    show: ShowValues,
) -> Vec<Violation> {
    let best = context.iter().map(|form| fit(error, form)).max();
    let is_best = |form: &&Vec<ValidationError<'static>>| Some(fit(error, form)) == best;
    let likely: Vec<_> = context.iter().filter(is_best).collect();
    if let [only] = likely[..]
        && !only.is_empty()
    {
        return only.iter().flat_map(|inner| explain(inner, show)).collect();
    }
    let keyword = error.kind().keyword();
    let message = match expected_types(error, context) {
        Some(expected) => format!(
            "`{keyword}`: expected {}{}",
            types(expected),
            found(error, show)
        ),
        None => format!(
            "`{keyword}`: matches none of the {} allowed forms: {}",
            context.len(),
            reasons(error, &likely, show)
        ),
    };
    vec![at_value(error, message)]
}

fn fit(error: &ValidationError<'_>, form: &[ValidationError<'static>]) -> Fit {
    let is_other_type = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), Kind::Type { .. }) && inner.instance_path() == error.instance_path()
    };
    let is_constant = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), Kind::Constant { .. } | Kind::Enum { .. })
    };
    if form.iter().any(is_other_type) {
        Fit::OtherType
    } else if form.iter().any(is_constant) {
        Fit::OtherConstant
    } else {
        Fit::Details
    }
}

/// Returns the types that would match, if every form fails only because of the type.
fn expected_types(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
) -> Option<JsonTypeSet> {
    let of_form = |form: &Vec<ValidationError<'static>>| {
        form.iter().find_map(|inner| match inner.kind() {
            Kind::Type { kind } if inner.instance_path() == error.instance_path() => {
                Some(match kind {
                    TypeKind::Single(single) => JsonTypeSet::from(*single),
                    TypeKind::Multiple(several) => *several,
                })
            }
            _ => None,
        })
    };
    context
        .iter()
        .map(of_form)
        .try_fold(JsonTypeSet::empty(), |all, form| Some(all.union(form?)))
}

fn reasons(
    error: &ValidationError<'_>,
    forms: &[&Vec<ValidationError<'static>>],
    show: ShowValues,
) -> String {
    let here = error.instance_path().as_str();
    let reason = |form: &&Vec<ValidationError<'static>>| {
        let first = form.iter().flat_map(|inner| explain(inner, show)).next()?;
        let inner = first.pointer.strip_prefix(here).unwrap_or_default();
        Some(match inner {
            "" => first.message,
            inner => format!("at `{inner}` {}", first.message),
        })
    };
    let mut listed: Vec<_> = forms.iter().take(LISTED).filter_map(reason).collect();
    if forms.len() > LISTED {
        listed.push(format!("and {} more", forms.len() - LISTED));
    }
    listed.join("; ")
}
