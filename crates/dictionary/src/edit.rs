//! Changes to a declarative file that leave everything else in it as it is: comments, order, spelling.

use crate::diagnostic::Problem;
use crate::yaml::{self, Entry, Node, Value};
use std::sync::Arc;

/// Why a dataset was not added to a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddChannelError {
    /// The file cannot be read; the problems say why.
    Unreadable(Vec<Problem>),
    /// `channels` is missing, or not an object.
    NoChannels,
    /// The pipeline has this dataset.
    Present,
}

/// Adds a dataset and the pattern of its files to the `channels` of a pipeline's file; returns the new text.
///
/// # Errors
/// [`AddChannelError`]; the text is then to be left as it is.
pub fn add_channel(path: &str, text: &str, dataset: &str, files: &str) -> Result<String, AddChannelError> {
    let path: Arc<str> = path.into();
    let before = channels(&path, text)?;
    if before.value.entries().iter().any(|entry| entry.key == dataset) {
        return Err(AddChannelError::Present);
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let pair = format!("{}: {}", scalar(dataset), scalar(files));
    let (at, insertion) = if before.value.span.start < text.len() && text[before.value.span.start..].starts_with('{') {
        in_braces(text, &before.value, &pair).ok_or(AddChannelError::NoChannels)?
    } else {
        on_a_line(text, &before, &pair, line_end)
    };
    let mut after = text.to_owned();
    after.insert_str(at, &insertion);
    // What was written is read, so that no spelling of the file can make it mean something else.
    let same = |a: &Entry, b: &Entry| a.key == b.key && a.value.describe() == b.value.describe();
    let is_added =
        |entry: &Entry| entry.key == dataset && matches!(&entry.value.value, Value::Scalar(v, _) if v == files);
    let (old, new) = (before.value.entries(), channels(&path, &after)?);
    match new.value.entries() {
        [rest @ .., last]
            if is_added(last) && rest.len() == old.len() && rest.iter().zip(old).all(|(a, b)| same(a, b)) =>
        {
            Ok(after)
        }
        _ => Err(AddChannelError::NoChannels),
    }
}

/// The entry of `channels`.
fn channels(path: &Arc<str>, text: &str) -> Result<Entry, AddChannelError> {
    let mut problems = Vec::new();
    let node: Node = yaml::parse(path, text, &mut problems).ok_or(AddChannelError::Unreadable(problems))?;
    let entry = node.entries().iter().find(|entry| entry.key == "channels").cloned();
    entry.filter(|entry| matches!(entry.value.value, Value::Map(_) | Value::Nothing)).ok_or(AddChannelError::NoChannels)
}

/// Before the closing brace of `{ a: b }`.
fn in_braces(text: &str, map: &Node, pair: &str) -> Option<(usize, String)> {
    let close = map.span.start + text[map.span.start..map.span.end].rfind('}')?;
    let inside = text[map.span.start + 1..close].trim_end();
    let at = map.span.start + 1 + inside.len();
    let separator = if inside.trim().is_empty() || inside.ends_with(',') { " " } else { ", " };
    let end = if text[at..close].is_empty() { " " } else { "" };
    Some((at, format!("{separator}{pair}{end}")))
}

/// On a line of its own after the last entry, indented as the first.
fn on_a_line(text: &str, channels: &Entry, pair: &str, line_end: &str) -> (usize, String) {
    let entries = channels.value.entries();
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = match entries.first() {
        Some(first) => text[line_start(first.key_span.start)..first.key_span.start].to_owned(),
        None => {
            let own = line_start(channels.key_span.start);
            format!("{}  ", &text[own..channels.key_span.start])
        }
    };
    let last = entries.last().map_or(channels.key_span.end, |entry| entry.value.span.end.max(entry.key_span.end));
    // The end of a block may be the beginning of the line after it.
    let written = text[..last].trim_end().len();
    let at = text[written..].find('\n').map_or(text.len(), |newline| written + newline + 1);
    let first = if text[..at].ends_with('\n') { "" } else { line_end };
    (at, format!("{first}{indent}{pair}{line_end}"))
}

/// A text as a YAML scalar that is valid inside braces as well.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./*".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.' || c == '/');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if starts && !word && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> Result<String, AddChannelError> {
        add_channel("pipelines/shop/pipeline.yaml", text, "orders", "exports/orders/{date}.csv")
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for (before, after) in [
            (
                "pipeline: shop\nchannels: # what arrives\n  members: exports/members/* # daily\n\n  # shops\n  stores: 'exports/stores/*'  # rarely\nidentity:\n  link_on: [phone]\n",
                "pipeline: shop\nchannels: # what arrives\n  members: exports/members/* # daily\n\n  # shops\n  stores: 'exports/stores/*'  # rarely\n  orders: 'exports/orders/{date}.csv'\nidentity:\n  link_on: [phone]\n",
            ),
            (
                "channels:\n    erp:\n        database:\n            url: env:X\n            table: t\nidentity: {}\n",
                "channels:\n    erp:\n        database:\n            url: env:X\n            table: t\n    orders: 'exports/orders/{date}.csv'\nidentity: {}\n",
            ),
            (
                "channels: { members: exports/* }\nschedule: 0 3 * * *\n",
                "channels: { members: exports/*, orders: 'exports/orders/{date}.csv' }\nschedule: 0 3 * * *\n",
            ),
            ("channels: {}\n", "channels: { orders: 'exports/orders/{date}.csv' }\n"),
            (
                "channels:\nschedule: 0 3 * * *\n",
                "channels:\n  orders: 'exports/orders/{date}.csv'\nschedule: 0 3 * * *\n",
            ),
            (
                "a: b\r\nchannels:\r\n  m: x\r\n",
                "a: b\r\nchannels:\r\n  m: x\r\n  orders: 'exports/orders/{date}.csv'\r\n",
            ),
            ("channels:\n  m: x", "channels:\n  m: x\n  orders: 'exports/orders/{date}.csv'\n"),
        ] {
            assert_eq!(added(before).as_deref(), Ok(after));
        }
    }

    #[test]
    fn what_cannot_be_added_is_refused() {
        assert_eq!(added("channels:\n  orders: x\n"), Err(AddChannelError::Present));
        assert_eq!(added("pipeline: shop\n"), Err(AddChannelError::NoChannels));
        assert_eq!(added("channels: [a]\n"), Err(AddChannelError::NoChannels));
        assert!(matches!(added("channels: {\n"), Err(AddChannelError::Unreadable(problems)) if !problems.is_empty()));
    }
}
