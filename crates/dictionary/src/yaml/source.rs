//! A file's text, addressed by characters as the parser does.

use crate::diagnostic::Span;
use std::sync::Arc;

/// Keys written twice that are reported one by one; after that the file is given up.
const MOST_REPAIRS: u32 = 100;

/// A file's text, addressed by characters as the parser does.
pub(super) struct Source<'a> {
    path: &'a Arc<str>,
    /// The characters, without a byte-order mark; keys that are there twice are renamed here.
    pub chars: Vec<char>,
    /// Byte offset of each character in the file, and of the end.
    offsets: Vec<usize>,
    /// Index of the first character of each line.
    lines: Vec<usize>,
    /// Keys that are there twice: index of the renamed character, and what it was.
    pub repairs: Vec<(usize, char)>,
}

impl<'a> Source<'a> {
    /// Addresses the text of the file at `path`.
    pub fn new(path: &'a Arc<str>, text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let base = text.len() - body.len();
        let chars: Vec<char> = body.chars().collect();
        let mut offsets: Vec<usize> = body.char_indices().map(|(offset, _)| base + offset).collect();
        offsets.push(text.len());
        let newlines = chars.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        Self { path, chars, offsets, lines, repairs: Vec::new() }
    }

    /// The span of characters `start..end`.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let last = self.chars.len();
        let (start, end) = (start.min(last), end.min(last));
        let line = self.lines.partition_point(|first| *first <= start);
        let line_start = self.lines[line - 1];
        Span {
            path: self.path.clone(),
            start: self.offsets[start],
            end: self.offsets[end.max(start)],
            line: line as u32,
            column: (start - line_start) as u32 + 1,
        }
    }

    /// The characters `start..end` as the file has them, before any key was renamed.
    pub fn written(&self, start: usize, end: usize) -> String {
        let last = self.chars.len();
        let (start, end) = (start.min(last), end.min(last));
        let mut text = self.chars[start..end.max(start)].to_vec();
        for (index, original) in &self.repairs {
            if (start..end).contains(index) {
                text[index - start] = *original;
            }
        }
        text.into_iter().collect()
    }

    /// Gives the key at `index` a spelling of its own, so that the rest of the file can be read.
    pub fn rename_key_at(&mut self, index: usize) -> bool {
        let quoted = matches!(self.chars.get(index), Some('"' | '\''));
        let index = index + usize::from(quoted);
        let number = self.repairs.len() as u32;
        let (Some(original), Some(unused)) = (self.chars.get(index).copied(), char::from_u32(0xE000 + number)) else {
            return false;
        };
        let closed = quoted && matches!(original, '"' | '\'');
        if number >= MOST_REPAIRS || closed || self.repairs.iter().any(|(i, _)| *i == index) {
            return false;
        }
        self.repairs.push((index, original));
        self.chars[index] = unused;
        true
    }
}
