//! Report of `audit why`: the origin of a row and of its values.

mod data;

pub use data::{WhyView, why_csv};

use crate::operations::audit::why::{
    ExplainedColumn, LiveRow, Origin, ParameterStandIn, Proof, ValueSource, Verdict, Why,
};
use crate::parse::FilePosition;
use crate::report::Style;
use crate::report::counts::{facts, grouped, short_timestamp};
use crate::report::rows::conversion_text;

use super::shown::{self, Cut, attribution_text, escape_line, short, shorten};

/// The record, the run and the proof; then each column with its value, its last change and its location.
#[must_use]
pub fn why_text(why: &Why, cut: Cut) -> String {
    let mut out = format!(
        "  {}.{}\n",
        escape_line(&why.table),
        escape_line(&why.record_id)
    );
    match &why.origin {
        None => out.push_str("  this row does not come from a file: another program inserted it\n"),
        Some(origin) => out.push_str(&origin_text(origin)),
    }
    if let Some(deleted) = &why.deleted {
        out.push_str(&format!(
            "  deleted by entry {}  {}\n",
            deleted.entry,
            attribution_text(deleted)
        ));
    }
    for column in &why.columns {
        out.push('\n');
        out.push_str(&column_text(column, cut));
    }
    if why.differs_from_table() {
        out.push_str(&format!("\n  {}\n", table_text(why)));
    }
    out
}

fn table_text(why: &Why) -> String {
    let what = match why.live {
        LiveRow::Removed => "the row is not in the table, but no entry deletes it",
        LiveRow::Unrecorded => "the row is in the table, but no entry inserts it",
        LiveRow::There(_) | LiveRow::Deleted | LiveRow::NotCompared => {
            "the values in the table differ from the audit log"
        }
    };
    let what = Style::paint(Style::ERROR, what);
    format!(
        "{what}: it was changed without an entry; `accession audit reconcile` lists all such rows"
    )
}

fn origin_text(origin: &Origin) -> String {
    let run = &origin.run;
    let place = place(origin.position.as_ref());
    let part = origin.part.map(|part| format!(", part {part}"));
    let pointer = match origin.pointer.as_str() {
        "" => "the whole document".to_owned(),
        pointer => format!("at {}", escape_line(pointer)),
    };
    let proof = match &origin.proof {
        Proof::Read => format!(
            "{}: the archived original has the right digest and contains the record",
            Style::paint(Style::SUCCESS, "proved")
        ),
        Proof::Missing(why) => format!(
            "{}: {}",
            Style::paint(Style::WARNING, "not proved"),
            escape_line(why)
        ),
        Proof::Broken(why) => format!(
            "{}: {}",
            Style::paint(Style::ERROR, "broken"),
            escape_line(why)
        ),
    };
    facts(&[
        ("file", Some(escape_line(&origin.file.path))),
        (
            "record",
            Some(format!("{pointer}{}{}", part.unwrap_or_default(), place)),
        ),
        ("sha256", origin.file.sha256.clone()),
        (
            "run",
            Some(format!("{} ({})", run.id, escape_line(&run.kind))),
        ),
        ("when", Some(short_timestamp(&run.started_at))),
        ("actor", Some(escape_line(&run.actor))),
        ("reason", run.reason.as_deref().map(escape_line)),
        ("source", Some(escape_line(&run.source))),
        (
            "layout",
            Some(format!(
                "{}, digest {}",
                escape_line(&run.layout),
                run.layout_digest
            )),
        ),
        (
            "archive",
            origin
                .archive
                .as_ref()
                .map(|path| escape_line(&path.display().to_string())),
        ),
        (
            "gone",
            origin
                .removed
                .as_ref()
                .map(|run| format!("the record was missing in run {}", short(run))),
        ),
        (
            "also",
            (origin.others > 0)
                .then(|| format!("{} more records were merged into this row", origin.others)),
        ),
        ("proof", Some(proof)),
    ])
}

/// `, line 3, column 7, bytes 20 to 27`; the end of the byte range is exclusive.
fn place(position: Option<&FilePosition>) -> String {
    position.map_or_else(String::new, |position| {
        format!(
            ", line {}, column {}, bytes {} to {}",
            grouped(position.line),
            grouped(position.column),
            position.first_byte,
            position.end_byte
        )
    })
}

fn column_text(column: &ExplainedColumn, cut: Cut) -> String {
    let blamed = &column.blamed;
    let name = Style::paint(Style::NOTICE, &escape_line(&blamed.column));
    let mut out = format!("  {name}  {}\n", shown::value(&blamed.value, cut));
    let mut push = |text: String| out.push_str(&format!("    {text}\n"));
    push(format!(
        "entry {}  {}",
        blamed.attribution.entry,
        attribution_text(&blamed.attribution)
    ));
    if let Some(source) = &column.source {
        push(source_text(source, cut));
    }
    if let Some((rule, text)) = &column.conversion {
        let text = shorten(escape_line(text), cut);
        push(format!(
            "conversion: {}; in the file: {text}",
            conversion_text(rule)
        ));
    }
    let file = |file: &String| shorten(escape_line(file), cut);
    match &column.verdict {
        Verdict::Proved => push(Style::paint(Style::SUCCESS, "the file has the same value")),
        Verdict::Differs { file: value } => push(format!(
            "{}: the file has {}",
            Style::paint(Style::ERROR, "differs from what the run imported"),
            file(value)
        )),
        Verdict::ChangedSince { file: value } => push(format!(
            "{}: the file has {}",
            Style::paint(Style::WARNING, "changed since the import"),
            file(value)
        )),
        Verdict::NotInFile => {}
        Verdict::Unproved => push(Style::paint(Style::WARNING, "not compared with the file")),
    }
    if let Some(now) = &column.in_table {
        push(format!(
            "{}: the table has {}",
            Style::paint(Style::ERROR, "changed without an entry"),
            shown::value(now, cut)
        ));
    }
    out
}

fn source_text(source: &ValueSource, cut: Cut) -> String {
    match source {
        ValueSource::File {
            pointer,
            position,
            text,
        } => {
            let text = text
                .as_ref()
                .map(|text| format!(": {}", shorten(escape_line(text), cut)));
            format!(
                "from {}{}{}",
                escape_line(pointer),
                place(position.as_ref()),
                text.unwrap_or_default()
            )
        }
        ValueSource::Absent {
            pointers,
            nulls,
            default,
        } => {
            let what = match nulls.len() {
                0 => "nothing",
                all if all == pointers.len() => "null",
                _ => "nothing, or null,",
            };
            let pointers = escape_line(&pointers.join(", "));
            match default {
                Some(default) => format!(
                    "{what} at {pointers}: the default of the layout, {}",
                    shown::value(default, cut)
                ),
                None => format!("{what} at {pointers}"),
            }
        }
        ValueSource::Capture { name, value } => {
            format!(
                "from the path or location of the record, `{{{}}}`: {}",
                escape_line(name),
                escape_line(value)
            )
        }
        ValueSource::Parent { table, column } => {
            format!(
                "from the enclosing record's row: `{}.{}`",
                escape_line(table),
                escape_line(column)
            )
        }
        ValueSource::Constant { value } => {
            format!("a constant in the layout: {}", shown::value(value, cut))
        }
        ValueSource::Parameter { name, default } => {
            let given = format!("the parameter `{}` of the run", escape_line(name));
            match default {
                None => given,
                Some(ParameterStandIn::Text(text)) => {
                    format!("{given}, or its default in the layout, `{}`", escape_line(text))
                }
                Some(ParameterStandIn::OnlyRow(column)) => {
                    format!("{given}, or from the only row: `{}`", escape_line(column))
                }
            }
        }
        ValueSource::Reference { table, column, key } => format!(
            "`{}.{}` of the row with this `{}`",
            escape_line(table),
            escape_line(column),
            escape_line(&key.join("`, `"))
        ),
        ValueSource::Rest { pointer } => {
            format!("the members of {} that are not mapped otherwise", escape_line(pointer))
        }
        ValueSource::MadeId => "generated, because the record has no identifier".to_owned(),
        ValueSource::Database => {
            "not from the file: a default or a generated value of the database, or written by another program".to_owned()
        }
    }
}
