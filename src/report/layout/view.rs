//! Reports of `layout list` and `layout show` as documents.

use serde::Serialize;

use crate::layout::{Layout, LayoutTable, Source};
use crate::model::OnDelete;
use crate::operations::audit::why::ParameterStandIn;

/// A layout in the list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LayoutSummaryView<'o> {
    /// Its name.
    name: &'o str,
    /// One line about it.
    title: &'o str,
    /// Patterns of the files.
    files: Vec<&'o str>,
}

impl<'o> From<&'o Layout> for LayoutSummaryView<'o> {
    fn from(layout: &'o Layout) -> Self {
        let files = layout.sources.iter().flat_map(|one| one.files.texts());
        Self {
            name: &layout.name,
            title: &layout.title,
            files: files.map(String::as_str).collect(),
        }
    }
}

/// A layout as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LayoutView<'o> {
    /// Its name.
    name: &'o str,
    /// One line about it.
    title: &'o str,
    /// SHA-256 over its files.
    digest: String,
    /// The parameters that `--set` takes.
    parameters: Vec<ParameterView<'o>>,
    /// The kinds of files.
    sources: Vec<SourceView<'o>>,
    /// The tables, parents first.
    tables: Vec<TableView<'o>>,
}

/// A parameter of a layout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ParameterView<'o> {
    /// Its name.
    name: &'o str,
    /// What it is.
    help: &'o str,
    /// Its value if it is not given; `null` if it must be given.
    default: Option<ParameterStandIn>,
}

/// A kind of files.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SourceView<'o> {
    /// Patterns of their paths.
    files: Vec<&'o str>,
    /// File name of the JSON Schema.
    schema: &'o str,
    /// Names of the tables that they fill.
    tables: Vec<&'o str>,
}

/// A table of a layout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TableView<'o> {
    /// Its name.
    name: &'o str,
    /// Its columns.
    columns: Vec<ColumnView<'o>>,
    /// Names of the columns of the primary key.
    primary_key: Vec<&'o str>,
    /// Names of the columns of each UNIQUE constraint.
    unique: Vec<Vec<&'o str>>,
    /// Its foreign keys.
    foreign_keys: Vec<ForeignKeyView<'o>>,
}

/// A column of a layout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ColumnView<'o> {
    /// Its name.
    name: &'o str,
    /// Its type.
    r#type: String,
    /// Whether it can be NULL.
    nullable: bool,
    /// Whether its values come from the files.
    mapped: bool,
}

/// A foreign key of a layout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ForeignKeyView<'o> {
    /// Names of its columns.
    columns: Vec<&'o str>,
    /// The table that it refers to.
    table: &'o str,
    /// The columns that it refers to.
    references: &'o [String],
    /// The effect of deleting the row that is referred to.
    #[cfg_attr(test, schemars(extend("enum" = ["restrict", "cascade", "set null"])))]
    on_delete: &'static str,
}

impl<'o> From<&'o Layout> for LayoutView<'o> {
    fn from(layout: &'o Layout) -> Self {
        let parameters = layout.parameters.iter().map(|parameter| {
            let default = parameter.default.as_ref();
            ParameterView {
                name: &parameter.name,
                help: &parameter.help,
                default: default.map(|default| ParameterStandIn::of(default, layout)),
            }
        });
        let sources = layout.sources.iter();
        Self {
            name: &layout.name,
            title: &layout.title,
            digest: layout.digest.to_string(),
            parameters: parameters.collect(),
            sources: sources.map(|source| source_view(layout, source)).collect(),
            tables: layout.tables.iter().map(Into::into).collect(),
        }
    }
}

fn source_view<'o>(layout: &'o Layout, source: &'o Source) -> SourceView<'o> {
    let mut tables: Vec<&str> = Vec::new();
    for rule in source.rules() {
        let name = layout.tables[rule.table].table.name.as_str();
        if !tables.contains(&name) {
            tables.push(name);
        }
    }
    SourceView {
        files: source.files.texts().iter().map(String::as_str).collect(),
        schema: &source.schema_name,
        tables,
    }
}

impl<'o> From<&'o LayoutTable> for TableView<'o> {
    fn from(table: &'o LayoutTable) -> Self {
        let model = &table.table;
        let name = |&column: &usize| model.columns[column].name.as_str();
        let names = |columns: &[usize]| columns.iter().map(name).collect::<Vec<_>>();
        let columns = model.columns.iter().zip(&table.mapped);
        let columns = columns.map(|(column, mapped)| ColumnView {
            name: &column.name,
            r#type: column.ty.to_string(),
            nullable: column.nullable,
            mapped: *mapped,
        });
        let foreign_keys = model.foreign_keys.iter().map(|key| ForeignKeyView {
            columns: names(&key.columns),
            table: &key.table,
            references: &key.references,
            on_delete: on_delete(key.on_delete),
        });
        Self {
            name: &model.name,
            columns: columns.collect(),
            primary_key: names(&model.primary_key),
            unique: model.unique.iter().map(|columns| names(columns)).collect(),
            foreign_keys: foreign_keys.collect(),
        }
    }
}

fn on_delete(action: OnDelete) -> &'static str {
    match action {
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
        OnDelete::SetNull => "set null",
    }
}
