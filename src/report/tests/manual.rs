//! `docs/json.md`: `manual.md` with a section for each document, and one for each part that several documents have.

use std::fmt::Write as _;

use super::schema::{Document, schema};
use super::table::{COMMON, kind, table, words};
use crate::operations::audit::Attribution;
use crate::report::audit::EntryView;
use crate::report::findings::FindingsView;
use crate::report::rejects::RejectView;
use crate::report::runs::RunView;

/// Generates the manual.
pub(super) fn manual(documents: &[Document]) -> String {
    // Of a type and one that contains it, the larger is recognized first.
    let parts = [
        ("Entry", schema::<EntryView<'_>>()),
        ("Attribution", schema::<Attribution>()),
        ("Run", schema::<RunView<'_>>()),
        ("Reject", schema::<RejectView<'_>>()),
        ("Findings", schema::<FindingsView<'_>>()),
    ];
    let definition = |name: &str| {
        let part = parts.iter().find(|(part, _)| *part == name);
        part.map(|(_, schema)| (schema.clone(), schema.clone()))
            .or_else(|| {
                let mut roots = documents.iter().map(|document| &document.schema);
                roots.find_map(|root| Some((root.clone(), root["$defs"].get(name)?.clone())))
            })
            .expect("a type of a document")
    };
    let mut common = String::new();
    for name in COMMON {
        let (root, schema) = definition(name);
        let mut heading = words(name);
        heading[..1].make_ascii_uppercase();
        let _ = write!(common, "### {heading}\n\n");
        let description = schema["description"].as_str().unwrap_or_default();
        let _ = write!(common, "{description}\n\n");
        let without: Vec<_> = parts.iter().filter(|(part, _)| *part != name).collect();
        common.push_str(&table(&root, &schema, &without));
    }
    let mut commands = String::new();
    let all: Vec<_> = parts.iter().collect();
    for Document {
        name,
        command,
        schema,
    } in documents.iter().filter(|one| one.name != "error")
    {
        let _ = write!(commands, "## `{command}`\n\n");
        let text = schema["description"].as_str().unwrap_or_default();
        // The first sentence says what the heading says.
        if let Some((_, more)) = text.split_once(". ") {
            let _ = write!(commands, "{more}\n\n");
        }
        if schema["type"] == "array" {
            let _ = write!(commands, "An {}: ", kind(schema, schema));
        }
        let _ = write!(commands, "[schema](schema/{name}.json)\n\n");
        commands.push_str(&table(schema, schema, &all));
    }
    let error = documents.iter().find(|one| one.name == "error");
    let error = &error.expect("the document of failures").schema;
    include_str!("manual.md")
        .replace("{{error}}\n\n", &table(error, error, &[]))
        .replace("{{common}}\n\n", &common)
        .replace("{{commands}}\n\n", &commands)
}
