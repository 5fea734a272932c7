//! Tests of `docs/layouts.md`: its code blocks are the files of the tutorial, and its commands print the output shown.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::fixtures;
use crate::workspace::Workspace;

/// A fenced block: the info string and the text.
struct Block {
    info: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = fs::read_to_string(root.join("docs/layouts.md")).expect("read");
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in manual.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                let (info, text) = (info.to_owned(), String::new());
                blocks.push(Block { info, text });
            }
            None if open => {
                let block = blocks.last_mut().expect("just opened");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// A workspace like the reader's: the files in `choir`, the layout in `choir-layout`.
fn choir() -> Workspace {
    let workspace = Workspace::empty();
    fixtures::copy(&fixtures::path("tutorial"), &workspace.root().join("choir"));
    fixtures::copy(
        &fixtures::path("layouts/tutorial"),
        &workspace.root().join("choir-layout"),
    );
    workspace
}

#[test]
fn the_blocks_of_the_tutorial_are_its_files() {
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for block in blocks() {
        if let Some((_, path)) = block.info.split_once(" fixtures/") {
            shown
                .entry(path.to_owned())
                .or_default()
                .push_str(&block.text);
        }
    }
    // Blocks are separated by prose instead of an empty line.
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned).collect()
    };
    for (path, text) in &shown {
        let file = fs::read_to_string(fixtures::path(path)).expect(path);
        assert_eq!(lines(text), lines(&file), "fixtures/{path}");
    }
    let layout = fs::read_dir(fixtures::path("layouts/tutorial")).expect("the layout");
    for file in layout {
        let name = file.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8");
        assert!(
            shown.contains_key(&format!("layouts/tutorial/{name}")),
            "{name} is not documented"
        );
    }
}

#[test]
fn the_mistake_in_the_tutorial_gives_the_error_shown() {
    let workspace = choir();
    let path = workspace.root().join("choir-layout/layout.toml");
    let mapping = fs::read_to_string(&path).expect("read");
    fs::write(
        &path,
        mapping.replace("voice  = \"/voice\"", "voise  = \"/voice\""),
    )
    .expect("written");
    let ended = workspace.run(
        workspace
            .command()
            .args(["layout", "check", "./choir-layout"]),
    );
    assert_eq!(ended.code, Some(3), "{ended}");
    let documented = blocks()
        .into_iter()
        .find(|block| block.text.starts_with("layout.toml:"));
    assert_eq!(ended.stdout, documented.expect("a mistake").text);
}
