//! The settings that decide how PostgreSQL writes values.

use crate::database::engine::postgres::quote::{identifier, literal};

/// Without these the session's settings determine the format of values, and which operators are used. Written as
/// `pg_proc` stores them.
pub(super) const SETTINGS: [(&str, &str); 9] = [
    ("search_path", "pg_catalog, pg_temp"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "iso_8601"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("quote_all_identifiers", "off"),
    // Rows that a policy hides are an error instead of missing rows.
    ("row_security", "off"),
];

/// A list stays a list: quoted, it would be one name.
pub(super) fn setting(value: &str) -> String {
    if value.contains(", ") {
        value.to_owned()
    } else {
        literal(value)
    }
}

/// Statements that make queries of a transaction format values as the triggers do, whatever the session's settings.
/// Names of tables need a schema then, until [`after_images`].
pub(in crate::database) fn image_settings() -> String {
    let settings = SETTINGS.map(|(name, value)| format!("SET LOCAL {name} = {}", setting(value)));
    settings.join("; ")
}

/// Statements that make a transaction read what the triggers write. Strings with intervals and dates are unambiguous in
/// ISO form; amounts of money are not, and XML may be a part of a document.
pub(in crate::database) fn restore_settings() -> String {
    let money = SETTINGS.iter().find(|(name, _)| *name == "lc_monetary");
    let money = money.map_or("C", |(_, value)| value);
    format!(
        "SET LOCAL lc_monetary = {}; SET LOCAL xmloption = content",
        literal(money)
    )
}

/// Statement after which tables of `schema` are found by their names again.
pub(in crate::database) fn after_images(schema: &str) -> String {
    format!("SET LOCAL search_path = {}", identifier(schema))
}
