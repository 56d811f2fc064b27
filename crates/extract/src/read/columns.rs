//! A column of text under construction: one buffer, no allocation a row.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

/// Values one after another; an absent value is the empty text.
#[derive(Debug, Clone)]
pub(crate) struct TextColumn {
    values: Vec<u8>,
    offsets: Vec<i32>,
}

impl TextColumn {
    /// An empty column with room for some rows.
    pub(crate) fn with_capacity(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { values: Vec::with_capacity(bytes), offsets }
    }

    /// Rows finished so far.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Bytes held so far.
    pub(crate) fn bytes(&self) -> usize {
        self.values.len()
    }

    /// The text of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        &self.values[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Adds a row. The batches' cap on bytes keeps offsets far below 2 GiB.
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        self.values.extend_from_slice(value);
        self.offsets.push(self.values.len() as i32);
    }

    /// Adds a row of which `write` appends the bytes.
    pub(crate) fn push_with<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.values.len();
        let result = write(&mut self.values);
        if result.is_err() {
            self.values.truncate(start);
        } else {
            self.offsets.push(self.values.len() as i32);
        }
        result
    }

    /// Forgets all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        if rows < self.len() {
            self.offsets.truncate(rows + 1);
            self.values.truncate(self.offsets[rows] as usize);
        }
    }

    /// The column as an array; `None` if it is not UTF-8, which readers of decoded text rule out.
    pub(crate) fn finish(self) -> Option<StringArray> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        StringArray::try_new(offsets, Buffer::from_vec(self.values), None).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_come_and_go() {
        let mut column = TextColumn::with_capacity(2, 8);
        column.push(b"a");
        column.push("上海".as_bytes());
        assert!(
            column
                .push_with(|out| {
                    out.push(b'x');
                    Err(())
                })
                .is_err()
        );
        column
            .push_with(|out| {
                out.extend(b"yz");
                Ok::<_, ()>(())
            })
            .unwrap();
        column.truncate(2);
        column.truncate(9);
        column.push(b"");
        assert_eq!(column.len(), 3);
        let array = column.finish().unwrap();
        assert_eq!(array.iter().collect::<Vec<_>>(), [Some("a"), Some("上海"), Some("")]);
    }
}
