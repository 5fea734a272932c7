//! Spans of SQL statements, for `-vvv`, `ACCESSION_LOG` and `--timings`. They contain no values.

use std::fmt::{self, Write};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use tracing::{Level, Span};

/// Diesel writes the values of a statement after this mark.
const VALUES: &str = " -- binds: ";

/// The span of a statement; it ends when it is dropped.
pub(super) fn statement_span(sql: impl fmt::Display) -> Span {
    match tracing::enabled!(Level::TRACE) {
        true => tracing::trace_span!("statement", sql = without_values(sql)),
        false => Span::none(),
    }
}

/// Makes a span of each statement of a connection that Diesel implements.
#[derive(Default)]
pub(super) struct StatementSpans(Option<Span>);

impl Instrumentation for StatementSpans {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => self.0 = Some(statement_span(query)),
            InstrumentationEvent::FinishQuery { .. } => self.0 = None,
            _ => {}
        }
    }
}

/// The SQL text up to the values, with its string literals masked.
fn without_values(sql: impl fmt::Display) -> String {
    let mut text = UpToValues(String::new());
    // Ends with an error at the values, which can be large and are not formatted.
    let _ = write!(text, "{sql}");
    let parts = text.0.split('\'').enumerate();
    parts.fold(String::new(), |masked, (part, text)| match part % 2 {
        0 => masked + text,
        _ => masked + "'…'",
    })
}

struct UpToValues(String);

impl Write for UpToValues {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        match self.0.find(VALUES) {
            Some(end) => {
                self.0.truncate(end);
                Err(fmt::Error)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;

    use super::*;

    #[test]
    fn values_and_literals_are_left_out() {
        let query = diesel::sql_query("SELECT 'it''s' || ? AS \"a\"").bind::<Text, _>("secret");
        let query = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query);
        assert_eq!(without_values(query), "SELECT '…''…' || ? AS \"a\"");
    }
}
