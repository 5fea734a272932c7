//! Keys of SQLite as record ids: the SQL that the triggers have, and the same for values of an image.
//!
//! Reals have fifteen digits, because `CAST` prints seventeen since 3.53. So two reals can have the same record id.
//! Libraries before 3.43 round some reals of more digits down where the next digit is exactly 5, and every library
//! rounds a few in a million to the other side: their ids differ from ours in the last digit.

use super::converted::value;
use super::image::ONE_CALL;
use crate::audit::{AuditedTable, KeyRule};
use crate::database::engine::balanced::joined;

/// How [`record_id`] writes keys.
pub(in crate::database) const KEYS: KeyRule = KeyRule {
    real: |number| match number {
        "Infinity" => "Inf".to_owned(),
        "-Infinity" => "-Inf".to_owned(),
        number => number
            .parse()
            .map_or_else(|_| number.to_owned(), fifteen_digits),
    },
    has_namesakes: true,
};

/// The primary key as text; several columns as a JSON array of strings; BLOBs in hexadecimal. SQLite allows NULL in
/// keys that are not its rowid: without a record id for it, the entry would be rejected, and `INSERT OR IGNORE` would
/// continue without it.
pub(super) fn record_id(table: &AuditedTable, side: &str) -> String {
    let texts: Vec<_> = table
        .key
        .iter()
        .map(|&key| {
            let value = value(table, side, &table.columns[key].name);
            match table.rowid == Some(key) {
                true => format!("CAST({value} AS TEXT)"),
                false => format!(
                    "CASE typeof({value}) WHEN 'blob' THEN hex({value}) WHEN 'real' THEN format('%!.15g', {value}) \
                     ELSE COALESCE(CAST({value} AS TEXT), '') END"
                ),
            }
        })
        .collect();
    match &texts[..] {
        [] => format!("CAST({side}.rowid AS TEXT)"),
        [text] => text.clone(),
        texts if texts.len() <= ONE_CALL => format!("json_array({})", texts.join(", ")),
        texts => {
            let quoted = texts.iter().enumerate().map(|(index, text)| {
                let comma = if index == 0 { "" } else { "',' || " };
                format!("{comma}json_quote({text})")
            });
            format!("'[' || {} || ']'", joined(quoted.collect(), " || "))
        }
    }
}

/// `format('%!.15g', real)` of a finite number. SQLite rounds a half up, Rust to even.
fn fifteen_digits(real: f64) -> String {
    let exact = format!("{:.24e}", real.abs());
    let (digits, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let digits = digits.replace('.', "");
    let up = u64::from(digits.as_bytes()[15] >= b'5');
    let mut rounded = digits[..15].parse::<u64>().unwrap_or_default() + up;
    let mut exponent: i32 = exponent.parse().unwrap_or_default();
    if rounded == 1_000_000_000_000_000 {
        rounded /= 10;
        exponent += 1;
    }
    let digits = rounded.to_string();
    let digits = digits.trim_end_matches('0');
    let or_zero = |digits: &str| if digits.is_empty() { "0" } else { digits }.to_owned();
    let point = usize::try_from(exponent + 1).unwrap_or_default();
    let text = match exponent {
        0..15 if digits.len() <= point => format!("{digits:0<point$}.0"),
        0..15 => format!("{}.{}", &digits[..point], &digits[point..]),
        -4..0 => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or_default();
            format!("0.{}{digits}", "0".repeat(zeros))
        }
        _ => format!("{}.{}e{exponent:+03}", &digits[..1], or_zero(&digits[1..])),
    };
    format!("{}{text}", if real < 0.0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_types::{Double, Text};
    use proptest::prelude::*;

    use super::*;

    #[derive(QueryableByName)]
    struct Printed {
        #[diesel(sql_type = Text)]
        text: String,
    }

    /// What SQLite prints.
    fn printed(connection: &mut SqliteConnection, real: f64) -> String {
        let query = diesel::sql_query("SELECT format('%!.15g', ?) AS text").bind::<Double, _>(real);
        query
            .get_result::<Printed>(connection)
            .expect("a text")
            .text
    }

    #[test]
    fn reals_are_written_like_sqlite_writes_them() {
        let mut sqlite = SqliteConnection::establish(":memory:").expect("a database");
        for real in [
            0.0,
            -0.0,
            1.0,
            -1.5,
            0.1,
            0.1 + 0.2,
            100.0,
            1e14,
            1e15,
            1e16,
            1e-4,
            1e-5,
            -1e300,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            999_999_999_999_999.9,
            123_456_789_012_344.5,
            123_456_789_012_345.5,
            0.000_099_999_999_999_999_99,
            1e23,
        ] {
            assert_eq!(fifteen_digits(real), printed(&mut sqlite, real), "{real:?}");
        }
        assert_eq!((KEYS.real)("Infinity"), printed(&mut sqlite, f64::INFINITY));
        assert_eq!(
            (KEYS.real)("-Infinity"),
            printed(&mut sqlite, f64::NEG_INFINITY)
        );
    }

    proptest! {
        #[test]
        fn every_real_is_written_like_sqlite_writes_it(
            reals in prop::collection::vec((-1.0..1.0_f64, -30..30_i32), 200),
        ) {
            let mut sqlite = SqliteConnection::establish(":memory:").expect("a database");
            for (mantissa, exponent) in reals {
                let real = mantissa * 10_f64.powi(exponent);
                let (ours, theirs) = (fifteen_digits(real), printed(&mut sqlite, real));
                // SQLite computes with fewer digits than exist, so a tie may go to the other side.
                let value = |text: &str| text.parse::<f64>().expect("a number");
                let apart = (value(&ours) - value(&theirs)).abs();
                prop_assert!(
                    ours == theirs || apart <= real.abs() * 1.1e-14,
                    "{ours} {theirs}"
                );
            }
        }
    }
}
