//! Number formats of cells in old binary workbooks, which the reader of their values does not give.
//! Source: [MS-XLS] 2.4 for the records, 2.5.198.3 for what is built in.

use super::biff::{Compound, Records, double, word};
use super::cell_format::CellFormat;
use std::collections::HashMap;

/// The formats of one sheet's cells.
#[derive(Debug, Default)]
pub(super) struct SheetFormats {
    /// Number of the format record of a cell, by row and column from 0.
    cells: HashMap<(u32, u32), u16>,
    /// The formats that the records (XF) name.
    formats: Vec<Option<CellFormat>>,
}

impl SheetFormats {
    /// Those of a sheet by its place in the workbook, from 0. `None` if the bytes do not hold them.
    pub(super) fn read(bytes: &[u8], place: usize) -> Option<Self> {
        let file = Compound::open(bytes)?;
        // Workbooks older than Excel 97 write their formats otherwise; their numbers are shown plainly.
        let Some(stream) = file.stream("Workbook") else { return Some(Self::default()) };
        let (mut codes, mut records, mut sheets) = (HashMap::new(), Vec::new(), Vec::new());
        for record in Records(&stream) {
            let record = record?;
            match record.kind {
                // Format: its number, and its code.
                0x041e => {
                    codes.insert(word(record.data, 0)?, text(record.data.get(2..)?)?);
                }
                // XF: at 2 the number of the format.
                0x00e0 => records.push(word(record.data, 2)?),
                0x0085 => sheets.push(double(record.data, 0)? as usize),
                0x000a => break,
                _ => {}
            }
        }
        let format = |number: &u16| {
            codes
                .get(number)
                .map(|code| CellFormat::compile(code))
                .or_else(|| built_in(*number).map(CellFormat::compile))
        };
        let mut found = Self { cells: HashMap::new(), formats: records.iter().map(format).collect() };
        found.read_cells(stream.get(*sheets.get(place)?..)?)?;
        Some(found)
    }

    /// The format of a cell, if it says how numbers are shown.
    pub(super) fn get(&self, row: u32, column: u32) -> Option<&CellFormat> {
        self.formats.get(usize::from(*self.cells.get(&(row, column))?))?.as_ref()
    }

    fn read_cells(&mut self, sheet: &[u8]) -> Option<()> {
        let mut depth = 0u32;
        for (number, record) in Records(sheet).enumerate() {
            let record = record?;
            let data = record.data;
            match record.kind {
                0x0809 if number > 0 => depth += 1,
                0x000a if depth > 0 => depth -= 1,
                0x000a => break,
                _ if depth > 0 => {}
                // Number, Rk, Formula: row, column, format record.
                0x0203 | 0x027e | 0x0006 => self.put(word(data, 0)?, word(data, 2)?, word(data, 4)?),
                // MulRk: row, first column, and for each column its format record and number.
                0x00bd => {
                    let (row, first) = (word(data, 0)?, word(data, 2)?);
                    let cells = data.get(4..data.len().checked_sub(2)?)?;
                    for (at, cell) in cells.chunks_exact(6).enumerate() {
                        self.put(row, first.checked_add(u16::try_from(at).ok()?)?, word(cell, 0)?);
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn put(&mut self, row: u16, column: u16, record: u16) {
        if self.formats.get(usize::from(record)).is_some_and(Option::is_some) {
            self.cells.insert((row.into(), column.into()), record);
        }
    }
}

/// A text with its length in characters (XLUnicodeString).
fn text(data: &[u8]) -> Option<String> {
    let length = usize::from(word(data, 0)?);
    let wide = data.get(2)? & 1 == 1;
    let bytes = data.get(3..3 + length * if wide { 2 } else { 1 })?;
    Some(if wide {
        let letters: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
        String::from_utf16_lossy(&letters)
    } else {
        bytes.iter().map(|b| char::from(*b)).collect()
    })
}

/// The codes of formats that no workbook defines. Dates among them are shown as each country writes them, so they say
/// nothing.
fn built_in(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        9 => "0%",
        10 => "0.00%",
        37 | 38 => "#,##0;(#,##0)",
        39 | 40 => "#,##0.00;(#,##0.00)",
        _ => return None,
    })
}
