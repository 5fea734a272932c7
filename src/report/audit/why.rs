//! Report of `audit why`: the origin of a row and of its values.

mod data;
mod live;
mod unsourced;

pub use data::{WhyView, why_csv};

use std::io::{self, Write};

use crate::database::NotRecorded;
use crate::model::escape_line;
use crate::operations::audit::why::{
    ExplainedColumn, Origin, ParameterStandIn, Proof, ValueSource, Verdict, Why,
};
use crate::parse::FilePosition;
use crate::report::Style;
use crate::report::counts::{facts, grouped, plural, short_timestamp};
use crate::report::rows::conversion_text;

use super::not_recorded::{not_recorded_text, since};
use super::shown::{self, Cut, attribution_text, short};

/// Writes the record, the run and the proof; then each column with its value, its last change and its location.
///
/// # Errors
/// Those of `out`.
pub fn why_text(out: &mut dyn Write, why: &Why, cut: Cut) -> io::Result<()> {
    let (table, record) = (escape_line(&why.table), escape_line(&why.record_id));
    writeln!(out, "  {table} {record}")?;
    out.write_all(
        match &why.origin {
            None => unsourced::unsourced_text(why),
            Some(origin) => origin_text(origin),
        }
        .as_bytes(),
    )?;
    if let Some(deleted) = &why.deleted {
        let by = attribution_text(deleted);
        writeln!(out, "  deleted by entry {}  {by}", deleted.entry)?;
    }
    if let Some(now) = &why.renamed_to {
        writeln!(
            out,
            "  the table was renamed: later entries are those of `{}`",
            escape_line(now)
        )?;
    }
    for (entry, run) in &why.known_gaps {
        writeln!(
            out,
            "  known gap: a change before entry {entry} has no entry; run {} accepted it",
            short(run)
        )?;
    }
    let missing = live::disabled(why);
    if let Some(missing) = missing {
        let text = not_recorded_text(&why.table, missing);
        write!(out, "  {text}")?;
    }
    for column in &why.columns {
        out.write_all(b"\n")?;
        write_column(out, column, missing, cut)?;
    }
    if why.differs_from_table() {
        writeln!(out, "\n  {}", live::table_text(why))?;
    }
    Ok(())
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
            (origin.others > 0).then(|| {
                let others = plural(origin.others as u64, "more record");
                format!("merged into this row: {others}")
            }),
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

fn write_column(
    out: &mut dyn Write,
    column: &ExplainedColumn,
    missing: Option<&NotRecorded>,
    cut: Cut,
) -> io::Result<()> {
    let blamed = &column.blamed;
    let name = Style::paint(Style::NOTICE, &escape_line(&blamed.column));
    write!(out, "  {name}  ")?;
    shown::write_value(out, &blamed.value, cut)?;
    let by = attribution_text(&blamed.attribution);
    writeln!(out, "\n    entry {}  {by}", blamed.attribution.entry)?;
    if let Some(source) = &column.source {
        write_source(out, source, cut)?;
    }
    if let Some((rule, text)) = &column.conversion {
        let begin = format!("conversion: {}; in the file: ", conversion_text(rule));
        write_line(out, &begin, text, cut)?;
    }
    match &column.verdict {
        Verdict::Proved => {
            let same = Style::paint(Style::SUCCESS, "the file has the same value");
            writeln!(out, "    {same}")?;
        }
        Verdict::Differs { file } => {
            let differs = Style::paint(Style::ERROR, "differs from what the run imported");
            write_line(out, &format!("{differs}: the file has "), file, cut)?;
        }
        Verdict::ChangedSince { file } => {
            let changed = Style::paint(Style::WARNING, "changed since the import");
            write_line(out, &format!("{changed}: the file has "), file, cut)?;
        }
        Verdict::NotInFile => {}
        Verdict::Unproved => {
            let unproved = Style::paint(Style::WARNING, "not compared with the file");
            writeln!(out, "    {unproved}")?;
        }
    }
    if let Some(now) = &column.in_table {
        let since = missing.map(since).unwrap_or_default();
        let changed = match since.as_str() {
            "" => Style::paint(Style::ERROR, "changed without an entry"),
            since => Style::paint(Style::ERROR, &format!("not recorded{since}")),
        };
        write!(out, "    {changed}: the table has ")?;
        shown::write_value(out, now, cut)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes a line that ends with a value.
fn write_line(out: &mut dyn Write, begin: &str, text: &str, cut: Cut) -> io::Result<()> {
    write!(out, "    {begin}")?;
    shown::write_text(out, text, cut)?;
    out.write_all(b"\n")
}

fn write_source(out: &mut dyn Write, source: &ValueSource, cut: Cut) -> io::Result<()> {
    match source {
        ValueSource::File {
            pointer,
            position,
            text: Some(text),
        } => {
            let (pointer, place) = (escape_line(pointer), place(position.as_ref()));
            write_line(out, &format!("from {pointer}{place}: "), text, cut)
        }
        source => writeln!(out, "    {}", source_text(source, cut)),
    }
}

fn source_text(source: &ValueSource, cut: Cut) -> String {
    match source {
        ValueSource::File {
            pointer, position, ..
        } => format!("from {}{}", escape_line(pointer), place(position.as_ref())),
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
            format!("the properties of {} that are not mapped otherwise", escape_line(pointer))
        }
        ValueSource::MadeId => "generated, because the record has no identifier".to_owned(),
        ValueSource::Database => {
            "not from the file: a default or a generated value of the database, or written by another program".to_owned()
        }
    }
}
