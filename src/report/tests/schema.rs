//! The documents with the schemas of their views.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::database::MigrationState;
use crate::database::NotRecorded;
use crate::model::{EntryId, Timing};
use crate::operations::audit::{AsOf, AsOfRow, Blame};
use crate::report::audit::{
    AuditReportView, EntryDetailsView, EntryView, LogView, RowsFromFileView, VersionView, WhyView,
};
use crate::report::rows::ByName;
use crate::report::{
    ArchiveView, CheckedReceiptView, CheckedView, DisabledView, EnabledView, FailureView,
    HealthView, ImportView, LayoutSummaryView, LayoutView, MigratedView, OutsideSealView,
    ProposedView, ReconciledView, RejectDetailsView, RejectsView, RestoredView, RevertView,
    RevertedMigrationView, RunDetailsView, RunView, SealsView, TableStatesView, ValidateView,
    VerifiedArchiveView, VerifyView, WrittenReceiptView,
};

/// A document that a command prints.
pub(super) struct Document {
    /// Name of the schema file.
    pub(super) name: &'static str,
    /// The command.
    pub(super) command: &'static str,
    pub(super) schema: Value,
}

/// The document of `audit as-of`, which is written while the rows are read.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct AsOfDocument {
    /// The rows.
    rows: Vec<AsOfRow>,
    #[schemars(flatten)]
    summary: AsOf,
}

/// A page of entries as a document.
#[derive(JsonSchema)]
#[schemars(rename = "LogEntries")]
#[expect(dead_code, reason = "only its schema is used")]
struct LogEntriesDocument {
    /// The newest entries, newest first; with `--after`, the next ones, oldest first.
    entries: Vec<EntryView<'static>>,
    /// Number of all entries.
    count: u64,
    /// The highest number among the entries, for the next `--after`.
    last_entry: Option<EntryId>,
}

/// The versions of a row as a document.
#[derive(JsonSchema)]
#[schemars(rename = "History")]
#[expect(dead_code, reason = "only its schema is used")]
struct HistoryDocument {
    /// The table.
    table: String,
    /// The row's primary key as text.
    record_id: String,
    /// Its versions, oldest first.
    versions: Vec<VersionView<'static>>,
    /// Why later changes may have no entry under the name of the table; `null` if they should have.
    not_recorded: Option<NotRecorded>,
}

fn of<T: JsonSchema>(name: &'static str, command: &'static str) -> Document {
    let mut schema = schema::<T>();
    let id = format!("urn:accession:schema:{name}");
    let members = schema.as_object_mut().expect("an object");
    members.insert("title".to_owned(), format!("accession {command}").into());
    members.shift_insert(0, "$id".to_owned(), id.into());
    add_timings(members);
    Document {
        name,
        command,
        schema,
    }
}

/// Adds the member that `--timings` adds to every document that is an object.
fn add_timings(document: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = document.get_mut("properties") else {
        return;
    };
    let member = json!({
        "description": "Only with `--timings`: how long each step took so far.",
        "type": "array",
        "items": { "$ref": "#/$defs/Timing" },
    });
    properties.insert("timings".to_owned(), member);
    let types = document.entry("$defs").or_insert_with(|| json!({}));
    types["Timing"] = schema::<Vec<Timing>>()["$defs"]["Timing"].take();
}

impl<N, T: JsonSchema> JsonSchema for ByName<N, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        <BTreeMap<String, T>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <BTreeMap<String, T>>::json_schema(generator)
    }
}

/// The schema of a view, as it is serialized.
pub(super) fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let root = settings.into_generator().into_root_schema_for::<T>();
    // The suffix distinguishes views from the types that they show.
    let root = json!(root);
    let mut schema: Value =
        serde_json::from_str(&root.to_string().replace("View\"", "\"")).expect("JSON");
    let types = |schema: &Value| schema["$defs"].as_object().map(|types| types.len());
    assert_eq!(types(&schema), types(&root), "two types with one name");
    tidy(&mut schema);
    schema
}

/// Removes sizes of integers, which JSON does not have, and line ends of descriptions.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").is_some_and(Value::is_string) {
                members.shift_remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text.replace('\n', " ");
                assert!(!text.contains("[`"), "a link of rustdoc: {text}");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// All documents, in the order of the manual.
pub(super) fn documents() -> Vec<Document> {
    vec![
        of::<FailureView>("error", "(any command that fails)"),
        of::<ImportView<'_>>("import", "import"),
        of::<ValidateView<'_>>("validate", "validate"),
        of::<VerifyView<'_>>("verify", "verify"),
        of::<Vec<RunView<'_>>>("runs-list", "runs list"),
        of::<RunDetailsView<'_>>("runs-show", "runs show"),
        of::<RejectsView<'_>>("rejects-list", "rejects list"),
        of::<RejectDetailsView<'_>>("rejects-show", "rejects show"),
        of::<Vec<RejectDetailsView<'_>>>("rejects-export", "rejects export"),
        of::<RevertView<'_>>("revert", "revert"),
        of::<LogView<'_>>("audit-log", "audit log"),
        of::<LogEntriesDocument>("audit-log-entries", "audit log --entries"),
        of::<EntryDetailsView<'_>>("audit-show", "audit show"),
        of::<AuditReportView<'_>>("audit-report", "audit report"),
        of::<Vec<EntryView<'_>>>("audit-export", "audit export"),
        of::<HistoryDocument>("audit-history", "audit history"),
        of::<Blame>("audit-blame", "audit blame"),
        of::<AsOfDocument>("audit-as-of", "audit as-of"),
        of::<WhyView<'_>>("audit-why", "audit why"),
        of::<RowsFromFileView<'_>>("audit-where", "audit where"),
        of::<SealsView<'_>>("audit-verify", "audit verify"),
        of::<CheckedReceiptView<'_>>("audit-verify-receipt", "audit verify --receipt"),
        of::<WrittenReceiptView>("audit-receipt-output", "audit receipt --output"),
        of::<ReconciledView<'_>>("audit-reconcile", "audit reconcile"),
        of::<OutsideSealView<'_>>("audit-seal", "audit seal"),
        of::<TableStatesView<'_>>("audit-status", "audit status"),
        of::<EnabledView<'_>>("audit-enable", "audit enable"),
        of::<DisabledView<'_>>("audit-disable", "audit disable"),
        of::<ArchiveView<'_>>("archive-list", "archive list"),
        of::<VerifiedArchiveView<'_>>("archive-verify", "archive verify"),
        of::<RestoredView<'_>>("archive-restore", "archive restore"),
        of::<ProposedView<'_>>("layout-init", "layout init"),
        of::<CheckedView<'_>>("layout-check", "layout check"),
        of::<Vec<LayoutSummaryView<'_>>>("layout-list", "layout list"),
        of::<LayoutView<'_>>("layout-show", "layout show"),
        of::<Vec<MigrationState>>("migrate-status", "migrate status"),
        of::<MigratedView<'_>>("migrate-up", "migrate up"),
        of::<RevertedMigrationView<'_>>("migrate-down", "migrate down"),
        of::<HealthView<'_>>("doctor", "doctor"),
    ]
}
