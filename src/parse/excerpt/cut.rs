//! Cuts a line around places in it. The most recent cells are remembered for the text before a place; the text after it
//! is collected until there is enough.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use crate::model::Excerpt;
use crate::parse::mask::Cell;
use crate::parse::position::Position;

/// Terminal cells shown before and after the place.
pub(super) const BEFORE: usize = 36;
pub(super) const AFTER: usize = 60;
/// The number of cells to remember. More are never needed, although combining marks take no terminal cell of their own.
const CELLS: usize = 4 * AFTER;

/// The cells that may still be needed.
#[derive(Default)]
pub(super) struct Cells {
    recent: VecDeque<Cell>,
    /// Whether cells before `recent` were dropped.
    forgotten: bool,
    open: Vec<Window>,
}

/// An excerpt that is still missing the text after its place.
struct Window {
    index: usize,
    cut_before: bool,
    cells: Vec<Cell>,
    marked: Range<usize>,
    room: usize,
}

impl Cells {
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn push(
        &mut self,
        cell: Cell,
        line: u64,
        wanted: &mut VecDeque<(Position, usize)>,
        found: &mut [Option<Excerpt>],
    ) {
        self.open_before(cell.column, line, wanted);
        self.open.retain_mut(|window| {
            let full = !window.push(cell);
            if full {
                found[window.index] = Some(window.excerpt(Cut::After));
            }
            !full
        });
        self.recent.push_back(cell);
        if self.recent.len() > CELLS {
            self.recent.pop_front();
            self.forgotten = true;
        }
    }

    /// Opens windows for the places before `column`, which are in the last cell.
    fn open_before(&mut self, column: u64, line: u64, wanted: &mut VecDeque<(Position, usize)>) {
        while let Some(&(at, index)) = wanted.front() {
            if at.line != line || at.column >= column {
                return;
            }
            wanted.pop_front();
            let window = Window::new(index, &self.recent, self.forgotten, Mark::Last);
            self.open.push(window);
        }
    }

    /// Ends the line after `columns`, or where the rest of it is not needed: places that remain are after its end.
    pub(super) fn end(
        &mut self,
        columns: u64,
        cut: Cut,
        line: u64,
        wanted: &mut VecDeque<(Position, usize)>,
        found: &mut [Option<Excerpt>],
    ) {
        self.open_before(columns + 1, line, wanted);
        while let Some(&(at, index)) = wanted.front() {
            if at.line != line {
                break;
            }
            wanted.pop_front();
            let window = Window::new(index, &self.recent, self.forgotten, Mark::After);
            self.open.push(window);
        }
        for mut window in std::mem::take(&mut self.open) {
            found[window.index] = Some(window.excerpt(cut));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Last,
    After,
}

/// Whether the line continues after the excerpt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    After,
    Nothing,
}

fn width(cell: Cell) -> usize {
    cell.glyph.width().unwrap_or(0)
}

impl Window {
    fn new(index: usize, recent: &VecDeque<Cell>, forgotten: bool, mark: Mark) -> Self {
        let mut room = BEFORE;
        let mut first = recent.len();
        // A combining mark is not separated from its base character.
        while first > 0 && (room >= width(recent[first - 1]) || first == recent.len()) {
            first -= 1;
            room = room.saturating_sub(width(recent[first]));
        }
        let cells: Vec<Cell> = recent.range(first..).copied().collect();
        let marked = match mark {
            Mark::Last => cells.len().saturating_sub(1)..cells.len(),
            Mark::After => cells.len()..cells.len(),
        };
        Self {
            index,
            cut_before: forgotten || first > 0,
            cells,
            marked,
            room: AFTER,
        }
    }

    /// Adds a cell; returns false if there is no room for it.
    fn push(&mut self, cell: Cell) -> bool {
        if self.room < width(cell) || self.cells.len() > 2 * CELLS {
            return false;
        }
        self.room -= width(cell);
        // If the place is at the start of a token, mark the whole token.
        let first = self.marked.start;
        let begins = first == 0
            || self.cells.get(first.wrapping_sub(1)).map(|c| c.token) != Some(cell.token);
        let of_token = self
            .cells
            .get(first)
            .is_some_and(|marked| marked.token == cell.token);
        if of_token && begins && self.marked.end == self.cells.len() {
            self.marked.end += 1;
        }
        self.cells.push(cell);
        true
    }

    fn excerpt(&mut self, cut: Cut) -> Excerpt {
        let blank = |cell: &&Cell| cell.glyph == ' ';
        let (mut start, mut end) = (0, self.cells.len());
        if !self.cut_before {
            let blanks = self.cells.iter().take_while(blank).count();
            start = blanks.min(self.marked.start);
        }
        if cut == Cut::Nothing {
            // Trailing blanks are shown only if one of them is marked.
            let blanks = self.cells.iter().rev().take_while(blank).count();
            end = (end - blanks).max(self.marked.end);
        }
        let mut text = String::new();
        if self.cut_before {
            text.push('…');
        }
        let shift = text.chars().count();
        text.extend(self.cells[start..end].iter().map(|cell| cell.glyph));
        if cut == Cut::After {
            text.push('…');
        }
        Excerpt {
            text,
            marked: self.marked.start - start + shift..self.marked.end - start + shift,
        }
    }
}
