//! The audit log as an HTML page: one self-contained file without scripts, suitable for printing.

use std::io::{self, Write};

use crate::audit::FieldChange;
use crate::database::audit_log::AuditEntry;
use crate::model::{RunKind, escape_line};
use crate::operations::audit::Attribution;
use crate::report::counts::{plural, short_timestamp};

use super::entries::changes;
use super::shown;

const STYLE: &str = include_str!("export.css");

/// Returns the page up to the first entry. The content security policy forbids loading or running anything, whatever
/// the values contain.
pub(super) fn begin(title: &str, subtitle: &str) -> String {
    let (title, subtitle) = (escape(title), escape(subtitle));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p>{subtitle}</p>\n</header>\n\
         <table>\n<thead>\n<tr><th scope=\"col\">Entry</th><th scope=\"col\">When (UTC), who, why</th>\
         <th scope=\"col\">Row</th><th scope=\"col\">Change</th></tr>\n</thead>\n<tbody>\n"
    )
}

/// Writes the table row of an entry.
pub(super) fn entry(
    out: &mut dyn Write,
    entry: &AuditEntry,
    attribution: &Attribution,
) -> io::Result<()> {
    let kind = match entry.action.as_str() {
        "INSERT" => "insert",
        "UPDATE" => "update",
        "DELETE" => "delete",
        _ => "other",
    };
    let mut who = format!(
        "<time>{}</time> <b>{}</b>",
        escape(&short_timestamp(&attribution.at)),
        escape(&attribution.actor)
    );
    let mut push = |label: &str, text: Option<&str>| {
        if let Some(text) = text {
            who.push_str(&format!(
                "<br><span class=\"label\">{label}</span> {}",
                escape(text)
            ));
        }
    };
    push("database user", attribution.db_user.as_deref());
    push(
        match attribution.is_of(RunKind::Import) {
            true => "import",
            false => "run",
        },
        attribution.run.as_deref(),
    );
    push("reason", attribution.reason.as_deref());
    push("file", attribution.file.as_deref());
    write!(
        out,
        "<tr class=\"{kind}\"><td class=\"number\">{}</td><td>{who}</td><td><b>{}</b><br>{}</td><td><span class=\"action\">{}</span>",
        entry.id,
        escape(&entry.table_name),
        escape(&entry.record_id),
        escape(&entry.action),
    )?;
    columns(out, entry)?;
    out.write_all(b"</td></tr>\n")
}

fn columns(out: &mut dyn Write, entry: &AuditEntry) -> io::Result<()> {
    let changes = changes(entry);
    if changes.is_empty() {
        let mut raw = [&entry.old_value, &entry.new_value].into_iter().flatten();
        return raw.try_for_each(|text| {
            out.write_all(b"<p>")?;
            write_escaped(out, text)?;
            out.write_all(b"</p>")
        });
    }
    out.write_all(b"<dl>")?;
    changes
        .into_iter()
        .try_for_each(|change| column(out, &change))?;
    out.write_all(b"</dl>")
}

fn column(out: &mut dyn Write, change: &FieldChange) -> io::Result<()> {
    write!(out, "<div><dt>{}</dt><dd>", escape(&change.column))?;
    let shown = |out: &mut dyn Write, tag: &str, value: &Option<serde_json::Value>| match value {
        Some(value) => {
            write!(out, "<{tag}>")?;
            write_escaped(out, &shown::plain(value))?;
            write!(out, "</{tag}>")
        }
        None => Ok(()),
    };
    match (&change.old, &change.new) {
        // A value without a counterpart is not highlighted.
        (None, new) => shown(out, "span", new)?,
        (old, None) => shown(out, "span", old)?,
        (old, new) => {
            shown(out, "del", old)?;
            out.write_all(" → ".as_bytes())?;
            shown(out, "ins", new)?;
        }
    }
    out.write_all(b"</dd></div>")
}

/// Returns the page after the last entry.
pub(super) fn finish(count: u64) -> String {
    let entries = plural(count, "entry");
    format!(
        "</tbody>\n</table>\n<footer><p>{entries}; the export is complete.</p></footer>\n</body>\n</html>\n"
    )
}

/// Writes a text as [`escape`] returns it, piece by piece: it may be large.
fn write_escaped(out: &mut dyn Write, mut text: &str) -> io::Result<()> {
    while !text.is_empty() {
        let mut end = text.len().min(64 * 1024);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, rest) = text.split_at(end);
        out.write_all(escape(piece).as_bytes())?;
        text = rest;
    }
    Ok(())
}

/// Escapes text for HTML content and attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
