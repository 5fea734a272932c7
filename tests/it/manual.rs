//! `docs/layouts.md` is true: its blocks are the files of the tutorial, and its commands print what it says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::fixtures;
use crate::workspace::{Workspace, repeatable};

/// A fenced block: what stands behind the fence, and the text.
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

/// A workspace like the reader's: the layout in `choir`, the files in `data`.
fn choir() -> Workspace {
    let workspace = Workspace::empty();
    fixtures::copy(&fixtures::path("tutorial"), &workspace.root().join("data"));
    fixtures::copy(
        &fixtures::path("layouts/tutorial"),
        &workspace.root().join("choir"),
    );
    workspace
}

#[test]
fn the_blocks_of_the_tutorial_are_its_files() {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for block in blocks() {
        if let Some((_, path)) = block.info.split_once(" fixtures/") {
            told.entry(path.to_owned())
                .or_default()
                .push_str(&block.text);
        }
    }
    // Between blocks there is text instead of an empty line.
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned).collect()
    };
    for (path, text) in &told {
        let file = fs::read_to_string(fixtures::path(path)).expect(path);
        assert_eq!(lines(text), lines(&file), "fixtures/{path}");
    }
    let layout = fs::read_dir(fixtures::path("layouts/tutorial")).expect("the layout");
    for file in layout {
        let name = file.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8");
        assert!(
            told.contains_key(&format!("layouts/tutorial/{name}")),
            "{name} is not told"
        );
    }
}

#[test]
fn the_commands_of_the_tutorial_print_what_it_says() {
    let workspace = choir();
    let blocks = blocks();
    let mut ran = 0;
    for pair in blocks.windows(2) {
        let [command, output] = pair else { continue };
        if command.info != "sh" {
            continue;
        }
        let words: Vec<&str> = command.text.split_whitespace().skip(1).collect();
        let ended = workspace.run(workspace.command().args(&words));
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(ended.stderr, "", "{ended}");
        assert_eq!(repeatable(&ended.stdout, &workspace), output.text);
        ran += 1;
    }
    assert_eq!(ran, 2);
}

#[test]
fn the_mistake_in_the_tutorial_is_told_as_it_says() {
    let workspace = choir();
    let path = workspace.root().join("choir/layout.toml");
    let mapping = fs::read_to_string(&path).expect("read");
    fs::write(
        &path,
        mapping.replace("voice  = \"/voice\"", "voise  = \"/voice\""),
    )
    .expect("written");
    let ended = workspace.run(workspace.command().args(["layout", "check", "./choir"]));
    assert_eq!(ended.code, Some(3), "{ended}");
    let told = blocks()
        .into_iter()
        .find(|block| block.text.starts_with("layout.toml:"));
    assert_eq!(ended.stdout, told.expect("a mistake").text);
}
