//! `anyOf` and `oneOf`: of all the reasons why no form fits, the ones that help.
//!
//! The form that the value was probably meant to have is the one whose types fit; only its violations are told. Where
//! no form stands out, the forms are listed with one reason each.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonTypeSet;

use crate::model::ShowValues;

use super::violation::{Violation, at_value, explain};
use super::wording::{found, types};

/// How many forms are listed.
const LISTED: usize = 4;

/// How well a form fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is for another type of value.
    OtherType,
    /// A constant tells that another form is meant.
    OtherConstant,
    /// It is wrong in details only.
    Details,
}

/// The violations of a value at which none of the forms in `context` fits.
pub(super) fn explain_alternatives(
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
            "`{keyword}`: fits none of the {} allowed forms: {}",
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

/// The types that would do, if the type alone is at fault in every form.
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
