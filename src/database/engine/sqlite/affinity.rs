//! The affinity of SQLite's columns (<https://www.sqlite.org/datatype3.html#type_affinity>): how a column converts the
//! values that are stored in it.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Affinity {
    /// Of columns without a type: nothing is converted.
    #[default]
    Blob,
    Text,
    /// INTEGER, too: only CAST distinguishes them.
    Numeric,
    Real,
}

impl Affinity {
    /// The affinity of a column with this declared type.
    pub(super) fn of(declared: &str, is_strict: bool) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Self::Numeric
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["BLOB"]) || declared.is_empty() || is_strict && declared == "ANY" {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::Numeric | Self::Real)
    }

    /// The type to which values are cast for comparisons with this affinity; `None` for comparisons without one.
    pub(super) fn cast_type(self) -> Option<&'static str> {
        match self {
            Self::Blob => None,
            Self::Text => Some("TEXT"),
            Self::Numeric => Some("NUMERIC"),
            Self::Real => Some("REAL"),
        }
    }

    /// An expression for the value of `expression` as a column stores it. CAST does more: it makes a number of every
    /// string, and cuts reals off.
    pub(super) fn applied(self, expression: &str) -> String {
        if self.keeps(expression) {
            return expression.to_owned();
        }
        let value = format!("({expression})");
        let number = |ty: &str, and: &str| {
            format!(
                "CASE WHEN {value} = CAST({value} AS {ty}){and} THEN CAST({value} AS {ty}) ELSE {value} END"
            )
        };
        // The only integer that SQLite does not make of a real.
        let not_least = format!(" AND {value} > -9223372036854775808");
        match self {
            Self::Blob => expression.to_owned(),
            Self::Text => format!(
                "CASE WHEN typeof({value}) IN ('integer', 'real') THEN CAST({value} AS TEXT) ELSE {value} END"
            ),
            Self::Numeric => format!(
                "CASE typeof({value}) WHEN 'text' THEN {} WHEN 'real' THEN {} ELSE {value} END",
                number("NUMERIC", ""),
                number("INTEGER", &not_least),
            ),
            Self::Real => format!(
                "CASE typeof({value}) WHEN 'integer' THEN CAST({value} AS REAL) WHEN 'text' THEN {} ELSE {value} END",
                number("REAL", ""),
            ),
        }
    }

    /// Whether the expression is a literal that is not converted.
    fn keeps(self, expression: &str) -> bool {
        let is_text = expression.starts_with('\'')
            && expression.matches('\'').count().is_multiple_of(2)
            && expression.ends_with('\'')
            && !expression.trim_matches('\'').contains('\'');
        let is_number = expression.parse::<f64>().is_ok();
        let is_integer = expression.parse::<i64>().is_ok();
        match self {
            Self::Blob => true,
            Self::Text => is_text,
            Self::Numeric => is_integer,
            Self::Real => is_number && !is_integer,
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::*;

    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = Text)]
        written: String,
    }

    #[test]
    fn values_are_converted_as_a_column_converts_them() {
        let mut sqlite = SqliteConnection::establish(":memory:").expect("a database");
        let types = [
            "",
            "TEXT",
            "INTEGER",
            "REAL",
            "DECIMAL(5, 2)",
            "FLOAT",
            "VARCHAR(9)",
            "POINT",
            "ANY",
        ];
        let values = [
            "3",
            "3.0",
            "2.5",
            "'3'",
            "'3.0'",
            "' 3 '",
            "'3x'",
            "'abc'",
            "''",
            "'1e2'",
            "'0x10'",
            "'-0.0'",
            "-0.0",
            "1e300",
            "9223372036854775807",
            "'9223372036854775808'",
            "x'33'",
            "NULL",
            "(1 + 1)",
            "'it''s'",
            "'007'",
            "1e18",
            "9.3e18",
            "-9223372036854775808.0",
            "'1' || '2'",
        ];
        for declared in types {
            for value in values {
                let applied = Affinity::of(declared, false).applied(value);
                let statement = format!(
                    "DROP TABLE IF EXISTS t; CREATE TABLE t (a {declared}); INSERT INTO t VALUES ({value})"
                );
                sqlite.batch_execute(&statement).expect("a table");
                let query = format!(
                    "SELECT CASE WHEN typeof(a) = typeof(b) AND quote(a) = quote(b) THEN '' \
                     ELSE quote(a) || ' is ' || quote(b) END AS written FROM (SELECT a, ({applied}) AS b FROM t)"
                );
                let found: Written = diesel::sql_query(query)
                    .get_result(&mut sqlite)
                    .expect("a row");
                assert_eq!(found.written, "", "{declared} {value}");
            }
        }
    }
}
