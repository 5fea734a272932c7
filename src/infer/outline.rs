//! Turns clusters of files and their profiles into the text of a layout.

use serde_json::Value;

use super::cluster::{FileCluster, capture_alternatives};
use super::emit::{self, Proposal};
use super::profile::{PathBudget, PathProfile};
use super::tables::{
    ClusterDraft, Collector, Files, Namespace, TableDraft, cluster_name, drafts, infer,
};

/// The profile of the documents of a cluster.
#[derive(Debug, Default)]
pub struct DocumentProfile {
    profile: PathProfile,
    budget: PathBudget,
}

impl DocumentProfile {
    /// Adds a document that is read as a whole.
    pub fn document(&mut self, document: &Value) {
        self.profile.observe(document, 0, &mut self.budget);
    }

    /// Starts a document that is an array or a sequence of lines; its elements follow.
    pub fn begin_array(&mut self) {
        self.profile.count += 1;
        self.profile.arrays.get_or_insert_default().count += 1;
    }

    /// Adds an element of the current array.
    pub fn element(&mut self, element: &Value) {
        let arrays = self.profile.arrays.get_or_insert_default();
        arrays.elements.observe(element, 1, &mut self.budget);
    }

    /// Records that the current array has no elements.
    pub fn array_was_empty(&mut self) {
        self.profile.arrays.get_or_insert_default().empty += 1;
    }
}

/// A layout without keys and references.
#[derive(Debug)]
pub struct Outline {
    pub(crate) name: String,
    pub(crate) clusters: Vec<ClusterDraft>,
    pub(crate) tables: Vec<TableDraft>,
}

impl Outline {
    /// Creates the outline of `clusters` of the files `paths`; `name` is the name of the layout.
    #[must_use]
    pub(crate) fn new(
        name: &str,
        clusters: &[FileCluster],
        paths: &[String],
        profiles: Vec<DocumentProfile>,
    ) -> Self {
        let mut names = Namespace::default();
        let mut tables: Vec<TableDraft> = Vec::new();
        let mut outlined = Vec::new();
        for (index, (cluster, profile)) in clusters.iter().zip(profiles).enumerate() {
            let paths = cluster.files.iter().map(|&file| paths[file].as_str());
            let paths: Vec<&str> = paths.collect();
            let mut wanted = cluster_name(&cluster.patterns[0], name);
            if !names.is_free(&wanted) && profile.profile.arrays.is_some() {
                wanted.push_str("_items");
            }
            let name = names.relation(&wanted);
            let files = match (&paths[..], cluster.patterns.len()) {
                ([_], 1) => Files::One,
                _ => Files::Many,
            };
            let first = tables.len();
            let drafted = drafts(index, &name, &profile.profile, files).into_iter();
            tables.extend(drafted.map(|draft| TableDraft {
                parent: draft.parent.map(|parent| parent + first),
                ..draft
            }));
            outlined.push(ClusterDraft {
                name,
                alternatives: capture_alternatives(&cluster.patterns, &paths),
                patterns: cluster.patterns.clone(),
                files: paths.len(),
                profile: profile.profile,
            });
        }
        Self {
            name: name.to_owned(),
            clusters: outlined,
            tables,
        }
    }

    /// Whether the documents of a cluster are arrays or lines, which are read element by element.
    #[must_use]
    pub fn is_by_element(&self, cluster: usize) -> bool {
        let profile = &self.clusters[cluster].profile;
        profile.only_arrays().is_some() && profile.nulls == 0
    }

    /// Starts the third pass.
    #[must_use]
    pub fn collector(&self) -> Collector<'_> {
        Collector::new(&self.clusters, &self.tables)
    }

    /// Returns the layout after the third pass.
    #[must_use]
    pub fn proposal(&self, collector: Collector<'_>) -> Proposal {
        let inferred = infer(&self.clusters, &self.tables, &collector.finish());
        emit::proposal(&self.name, &self.clusters, &inferred)
    }
}
