//! The tables of the ledger as its migrations create them, read from their text.

/// A table that a migration creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CreatedTable<'t> {
    /// Its name.
    pub(super) name: &'t str,
    /// The names of its columns.
    pub(super) columns: Vec<&'t str>,
    /// The column that the database numbers, where the text says so.
    pub(super) numbered: Option<&'t str>,
    /// Its foreign keys.
    pub(super) foreign_keys: Vec<CreatedKey<'t>>,
    /// The statements that create it and its indexes, without the final semicolons.
    pub(super) statements: Vec<&'t str>,
}

/// A foreign key of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CreatedKey<'t> {
    /// The column.
    pub(super) column: &'t str,
    /// The table that it refers to.
    pub(super) parent: &'t str,
    /// `FOREIGN KEY (column) REFERENCES parent (column)`.
    pub(super) clause: &'t str,
}

const CLAUSES: [&str; 7] = [
    "PRIMARY",
    "FOREIGN",
    "INDEX",
    "CHECK",
    "UNIQUE",
    "CONSTRAINT",
    "--",
];

const NUMBERED: [&str; 2] = [" AUTO_INCREMENT", " AS IDENTITY"];

/// The tables that a migration creates, in the order of its text.
pub(super) fn created_tables(migration: &str) -> impl Iterator<Item = CreatedTable<'_>> {
    const CREATE: &str = "CREATE TABLE ";
    let starts = migration.match_indices("\nCREATE TABLE ");
    starts.filter_map(move |(at, _)| {
        let statement = &migration[at + 1..];
        let text = statement.strip_prefix(CREATE)?;
        let text = text.strip_prefix("IF NOT EXISTS ").unwrap_or(text);
        let (name, text) = text.split_once(" (\n")?;
        let (body, _) = text.split_once("\n)")?;
        let end = statement.find("\n)")?;
        let end = end + statement[end..].find(';')?;
        let mut statements = vec![&statement[..end]];
        statements.extend(indexes(migration, name));
        let lines = || body.lines().filter_map(|line| line.strip_prefix("    "));
        let column = |line: &'_ str| line.split_whitespace().next().map(str::len);
        let columns = lines().filter_map(|line| {
            let word = &line[..column(line)?];
            (!CLAUSES.contains(&word)).then(|| word.trim_matches(['`', '"', ',']))
        });
        let mut numbered = lines().filter(|line| NUMBERED.iter().any(|text| line.contains(text)));
        let numbered = numbered.next();
        Some(CreatedTable {
            name,
            numbered: numbered.and_then(|line| line.split_whitespace().next()),
            columns: columns.collect(),
            foreign_keys: lines().filter_map(foreign_key).collect(),
            statements,
        })
    })
}

fn foreign_key(line: &str) -> Option<CreatedKey<'_>> {
    let clause = line.trim_end_matches(',');
    let (column, rest) = clause.strip_prefix("FOREIGN KEY (")?.split_once(')')?;
    let (parent, _) = rest.strip_prefix(" REFERENCES ")?.split_once(' ')?;
    Some(CreatedKey {
        column,
        parent,
        clause,
    })
}

/// The statements of a migration that create indexes of a table. Each is a line.
fn indexes<'t>(migration: &'t str, table: &str) -> impl Iterator<Item = &'t str> {
    let of_table = format!(" ON {table} (");
    let lines = migration
        .lines()
        .filter(|line| line.starts_with("CREATE INDEX "));
    let lines = lines.filter(move |line| line.contains(&of_table));
    lines.filter_map(|line| line.strip_suffix(';'))
}

#[cfg(test)]
mod tests {
    use super::super::guards::MIGRATIONS;
    use super::*;

    #[test]
    fn each_table_of_each_migration_is_found_with_its_columns() {
        let (mut found, mut keys) = (0, 0);
        for folder in ["sqlite", "postgres", "mysql"] {
            let migrations = MIGRATIONS.get_dir(folder).expect("a folder").dirs();
            for file in migrations.filter_map(|dir| dir.get_file(dir.path().join("up.sql"))) {
                let text = file.contents_utf8().expect("a text");
                let created: Vec<_> = created_tables(text).collect();
                let expected = text
                    .lines()
                    .filter(|line| line.starts_with("CREATE TABLE "));
                assert_eq!(created.len(), expected.count(), "{:?}", file.path());
                let indexes = text
                    .lines()
                    .filter(|line| line.starts_with("CREATE INDEX "));
                let statements = created.iter().map(|table| table.statements.len());
                assert_eq!(
                    statements.sum::<usize>(),
                    created.len() + indexes.count(),
                    "{:?}",
                    file.path()
                );
                for table in created {
                    assert!(!table.columns.is_empty(), "{table:?}");
                    let is_name =
                        |c: &&str| c.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
                    assert!(table.columns.iter().all(is_name), "{table:?}");
                    found += 1;
                    if folder == "mysql" {
                        keys += table.foreign_keys.len();
                    }
                }
                if folder == "mysql" {
                    keys -= text.matches("    FOREIGN KEY (").count();
                }
            }
        }
        assert!(found > 20);
        assert_eq!(keys, 0);
    }
}
