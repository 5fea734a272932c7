//! Why a row is as it is.

mod data;

pub use data::{why_csv, why_json};

use crate::operations::audit::why::{
    ExplainedColumn, LiveRow, Origin, ParameterStandIn, Proof, ValueSource, Verdict, Why,
};
use crate::parse::FilePosition;
use crate::report::Style;
use crate::report::counts::{facts, grouped, moment};
use crate::report::rows::rule_words;

use super::shown::{self, Cut, safe, short, shorten, signature};

/// The record, the run, the proof; then each column with its value, its writer and its place.
#[must_use]
pub fn why_text(why: &Why, cut: Cut) -> String {
    let mut out = format!("  {}.{}\n", safe(&why.table), safe(&why.record_id));
    match &why.origin {
        None => out.push_str("  no file accounts for this row: another program made it\n"),
        Some(origin) => out.push_str(&origin_text(origin)),
    }
    if let Some(deleted) = &why.deleted {
        out.push_str(&format!(
            "  deleted by entry {}  {}\n",
            deleted.entry,
            signature(deleted)
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
        LiveRow::Gone => "the row is not in the table, and no entry deletes it",
        LiveRow::Unrecorded => "the table has such a row, and no entry makes it",
        LiveRow::There(_) | LiveRow::Deleted | LiveRow::NotCompared => {
            "the table holds other values than the trail"
        }
    };
    let what = Style::paint(Style::ERROR, what);
    format!(
        "{what}: somebody changed it around the trail; `accession audit reconcile` lists all such rows"
    )
}

fn origin_text(origin: &Origin) -> String {
    let run = &origin.run;
    let place = place(origin.position.as_ref());
    let part = origin.part.map(|part| format!(", part {part}"));
    let pointer = match origin.pointer.as_str() {
        "" => "the whole document".to_owned(),
        pointer => format!("at {}", safe(pointer)),
    };
    let proof = match &origin.proof {
        Proof::Read => format!(
            "{}: the archived original was read again, its digest is right, the record is there",
            Style::paint(Style::SUCCESS, "proved")
        ),
        Proof::Missing(why) => format!(
            "{}: {}",
            Style::paint(Style::WARNING, "not proved"),
            safe(why)
        ),
        Proof::Broken(why) => format!("{}: {}", Style::paint(Style::ERROR, "broken"), safe(why)),
    };
    facts(&[
        ("file", Some(safe(&origin.file.path))),
        (
            "record",
            Some(format!("{pointer}{}{}", part.unwrap_or_default(), place)),
        ),
        ("sha256", origin.file.sha256.clone()),
        ("run", Some(format!("{} ({})", run.id, safe(&run.kind)))),
        ("when", Some(moment(&run.started_at))),
        ("actor", Some(safe(&run.actor))),
        ("reason", run.reason.as_deref().map(safe)),
        ("source", Some(safe(&run.source))),
        (
            "layout",
            Some(format!(
                "{}, digest {}",
                safe(&run.layout),
                run.layout_digest
            )),
        ),
        (
            "archive",
            origin
                .archive
                .as_ref()
                .map(|path| safe(&path.display().to_string())),
        ),
        (
            "gone",
            origin
                .gone
                .as_ref()
                .map(|run| format!("run {} no longer found the record", short(run))),
        ),
        (
            "also",
            (origin.others > 0).then(|| format!("{} more records became this row", origin.others)),
        ),
        ("proof", Some(proof)),
    ])
}

/// `, line 3, column 7, bytes 20 to 27`: the last one is the first behind the value.
fn place(position: Option<&FilePosition>) -> String {
    position.map_or_else(String::new, |position| {
        let FilePosition {
            line,
            column,
            bytes,
        } = position;
        format!(
            ", line {}, column {}, bytes {} to {}",
            grouped(*line),
            grouped(*column),
            bytes.start,
            bytes.end
        )
    })
}

fn column_text(column: &ExplainedColumn, cut: Cut) -> String {
    let blamed = &column.blamed;
    let name = Style::paint(Style::NOTICE, &safe(&blamed.column));
    let mut out = format!("  {name}  {}\n", shown::value(&blamed.value, cut));
    let mut say = |text: String| out.push_str(&format!("    {text}\n"));
    say(format!(
        "entry {}  {}",
        blamed.signature.entry,
        signature(&blamed.signature)
    ));
    if let Some(source) = &column.source {
        say(source_words(source, cut));
    }
    if let Some((rule, text)) = &column.conversion {
        let text = shorten(safe(text), cut);
        say(format!(
            "converted: {}; written as {text}",
            rule_words(rule)
        ));
    }
    let file = |file: &String| shorten(safe(file), cut);
    match &column.verdict {
        Verdict::Proved => say(Style::paint(Style::SUCCESS, "the file says the same")),
        Verdict::Differs { file: says } => say(format!(
            "{}: the file says {}",
            Style::paint(Style::ERROR, "differs from what the run imported"),
            file(says)
        )),
        Verdict::ChangedSince { file: says } => say(format!(
            "{}: the file says {}",
            Style::paint(Style::WARNING, "changed otherwise"),
            file(says)
        )),
        Verdict::NotInFile => {}
        Verdict::Unproved => say(Style::paint(Style::WARNING, "the file was not asked")),
    }
    if let Some(now) = &column.in_table {
        say(format!(
            "{}: the table holds {}",
            Style::paint(Style::ERROR, "changed around the trail"),
            shown::value(now, cut)
        ));
    }
    out
}

fn source_words(source: &ValueSource, cut: Cut) -> String {
    match source {
        ValueSource::File {
            pointer,
            position,
            text,
        } => {
            let text = text
                .as_ref()
                .map(|text| format!(": {}", shorten(safe(text), cut)));
            format!(
                "from {}{}{}",
                safe(pointer),
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
            let pointers = safe(&pointers.join(", "));
            match default {
                Some(default) => format!(
                    "{what} at {pointers}: the layout's default {}",
                    shown::value(default, cut)
                ),
                None => format!("{what} at {pointers}"),
            }
        }
        ValueSource::Capture { name, value } => {
            format!(
                "from the name or place of the record, `{{{}}}`: {}",
                safe(name),
                safe(value)
            )
        }
        ValueSource::Parent { table, column } => {
            format!(
                "from the enclosing record's row: `{}.{}`",
                safe(table),
                safe(column)
            )
        }
        ValueSource::Constant(value) => {
            format!("a constant of the layout: {}", shown::value(value, cut))
        }
        ValueSource::Parameter { name, default } => {
            let given = format!("the parameter `{}`, given to the run", safe(name));
            match default {
                None => given,
                Some(ParameterStandIn::Text(text)) => {
                    format!("{given}, or the layout's default for it, `{}`", safe(text))
                }
                Some(ParameterStandIn::OnlyRow { table, column }) => format!(
                    "{given}, or taken from the only row: `{}.{}`",
                    safe(table),
                    safe(column)
                ),
            }
        }
        ValueSource::Reference { table, column, key } => format!(
            "`{}.{}` of the row with this `{}`",
            safe(table),
            safe(column),
            safe(&key.join("`, `"))
        ),
        ValueSource::Rest { pointer } => {
            format!("the members of {} that nothing else reads", safe(pointer))
        }
        ValueSource::MadeId => "made for a record that has no identifier of its own".to_owned(),
        ValueSource::Database => {
            "not in the file: a default or number of the database, or another program".to_owned()
        }
    }
}
