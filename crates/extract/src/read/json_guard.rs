//! JSON on its way to the parser, held against limits before the parser holds it.

use crate::source::ReadFault;
use lakewarden_dictionary::Limits;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// How many bytes were read since the last record; shared by who reads bytes and who takes records.
#[derive(Clone, Default)]
pub(crate) struct Since {
    /// `None` where no record is being read.
    bytes: Rc<Cell<Option<u64>>>,
}

impl Since {
    /// A record begins, or the one before has ended.
    pub(crate) fn begin(&self) {
        self.bytes.set(Some(0));
    }

    /// What follows is no record.
    pub(crate) fn end(&self) {
        self.bytes.set(None);
    }

    fn add(&self, more: u64) -> u64 {
        let sum = self.bytes.get().map(|bytes| bytes + more);
        self.bytes.set(sum);
        sum.unwrap_or_default()
    }
}

/// Refuses a record that is too large while it is being read. Around the records, where anything may stand, texts
/// that are too long and nesting that is too deep are refused as well.
pub(crate) struct Guard<R> {
    inner: R,
    since: Since,
    limits: Limits,
    /// Whether there is anything around the records.
    around: bool,
    /// How deep that may go, records included.
    deepest: u32,
    depth: u32,
    /// Bytes of the text that is being read, if one is.
    text: Option<u64>,
    escaped: bool,
}

impl<R: Read> Guard<R> {
    /// `steps` is how many names lead to the records.
    pub(crate) fn new(inner: R, since: Since, limits: &Limits, steps: usize) -> Self {
        let deeper = u32::try_from(steps).unwrap_or(u32::MAX).saturating_add(1);
        let deepest = limits.nesting.saturating_add(deeper);
        Self { inner, since, limits: *limits, around: steps > 0, deepest, depth: 0, text: None, escaped: false }
    }

    fn look(&mut self, bytes: &[u8]) -> Result<(), ReadFault> {
        for byte in bytes {
            if let Some(length) = &mut self.text {
                *length += 1;
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.text = None,
                    _ if *length > self.limits.field => return Err(ReadFault::Text(self.limits.field)),
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.text = Some(0),
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth > self.deepest {
                        return Err(ReadFault::Nesting(self.limits.nesting));
                    }
                }
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if self.since.add(n as u64) > self.limits.record.saturating_add(buffer.len() as u64) {
            return Err(ReadFault::Record(self.limits.record).into());
        }
        if self.around {
            self.look(&buffer[..n])?;
        }
        Ok(n)
    }
}

/// How deep arrays and objects of a JSON value stand in each other; 0 for a single value.
pub(crate) fn depth(json: &[u8]) -> u32 {
    let (mut depth, mut deepest) = (0u32, 0u32);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::classify;

    fn read(text: &str, limits: Limits, steps: usize) -> Result<String, &'static str> {
        let mut out = String::new();
        let mut guard = Guard::new(text.as_bytes(), Since::default(), &limits, steps);
        guard.read_to_string(&mut out).map(|_| out).map_err(|e| classify(&e, "f", 0).code())
    }

    #[test]
    fn what_stands_around_is_bounded() {
        let limits = Limits { field: 3, nesting: 2, ..Limits::default() };
        let sound = r#"{"a\"":[[["]]"]]],"b":{"c":{}}}"#;
        assert_eq!(read(sound, limits, 1).unwrap(), sound);
        assert_eq!(read(r#"{"a":"abcd"}"#, limits, 1).unwrap_err(), "LW4033");
        assert_eq!(read("[[[[[", limits, 1).unwrap_err(), "LW4035");
        assert!(read("[[[[[", limits, 0).is_ok(), "each record is looked at by itself");
    }

    #[test]
    fn depth_is_that_of_brackets_outside_texts() {
        for (json, deep) in [("1", 0), (r#""[[""#, 0), ("[]", 1), (r#"{"a":[{"b":"\"]["}],"c":[]}"#, 3)] {
            assert_eq!(depth(json.as_bytes()), deep, "{json}");
        }
    }
}
