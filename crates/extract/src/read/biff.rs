//! What the old binary workbooks take to be parsed, measured without parsing their cells.
//!
//! A parser makes of each sheet a rectangle that spans its cells, and of each cell a text of its own. A few bytes are
//! enough to ask for terabytes: two cells in far corners, a sheet listed a thousand times, a long text that every cell
//! refers to. Sources: [MS-CFB] 2 for the container, [MS-XLS] 2.4 for the records.

use std::collections::HashMap;

/// Why a workbook cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Damaged,
    Locked,
}

/// Sheets that a workbook may have: each is looked through, and they may be listed to stand in each other.
const MAX_SHEETS: usize = 4096;
/// Bytes that a cell takes in a sheet's rectangle: a value and a formula.
const CELL: u64 = 64;
/// Sector numbers from here on are marks.
const MARKS: u32 = 0xffff_fffa;
/// Streams below this many bytes are in the small sectors.
const SMALL: usize = 4096;

/// Says how many bytes the sheets of a workbook will take in memory, at most.
pub(crate) fn measure(bytes: &[u8]) -> Result<u64, Unfit> {
    let file = Compound::open(bytes).ok_or(Unfit::Damaged)?;
    if file.find("EncryptedPackage").is_some() {
        return Err(Unfit::Locked);
    }
    let stream = file.stream("Workbook").or_else(|| file.stream("Book")).ok_or(Unfit::Damaged)?;
    let mut sheets = Vec::new();
    let mut texts = Vec::new();
    for record in Records(&stream) {
        let record = record.ok_or(Unfit::Damaged)?;
        match record.kind {
            // FilePass: zero stands for no more than an obfuscation that is not in use.
            0x002f if word(record.data, 0) != Some(0) => return Err(Unfit::Locked),
            // BoundSheet8: where the sheet begins.
            0x0085 => sheets.push(double(record.data, 0).ok_or(Unfit::Damaged)? as usize),
            0x00fc => texts = shared_texts(&record).ok_or(Unfit::Damaged)?,
            0x000a => break,
            _ => {}
        }
    }
    if sheets.len() > MAX_SHEETS {
        return Err(Unfit::Damaged);
    }
    // A sheet that is listed twice is parsed twice, but looked at once.
    let mut known = HashMap::new();
    let mut sum = texts.iter().map(|t| u64::from(*t) * 3).sum::<u64>();
    for start in sheets {
        let size = match known.get(&start) {
            Some(size) => *size,
            None => {
                let size = sheet(stream.get(start..).ok_or(Unfit::Damaged)?, &texts).ok_or(Unfit::Damaged)?;
                known.insert(start, size);
                size
            }
        };
        sum = sum.saturating_add(size);
    }
    Ok(sum)
}

/// What one sheet takes.
fn sheet(stream: &[u8], texts: &[u32]) -> Option<u64> {
    let (mut area, mut declared, mut text) = (Area::default(), 0u64, 0u64);
    let mut depth = 0u32;
    for (number, record) in Records(stream).enumerate() {
        let record = record?;
        match record.kind {
            0x0809 if number > 0 => depth += 1,
            0x000a if depth > 0 => depth -= 1,
            0x000a => break,
            _ if depth > 0 => {}
            // Dimensions: room is made for as many cells.
            0x0200 => {
                let d = record.data;
                let (rows, columns) = if d.len() == 10 {
                    (u64::from(word(d, 2)?.checked_sub(word(d, 0)?)?), word(d, 6)?.saturating_sub(word(d, 4)?))
                } else {
                    (u64::from(double(d, 4)?.checked_sub(double(d, 0)?)?), word(d, 10)?.saturating_sub(word(d, 8)?))
                };
                declared = declared.max((rows + 1).saturating_mul(u64::from(columns) + 1));
            }
            // Number, Label, BoolErr, Rk, Formula, RString.
            0x0203 | 0x0204 | 0x0205 | 0x027e | 0x0006 | 0x00d6 => {
                area.add(word(record.data, 0)?, word(record.data, 2)?);
                text += record.data.len() as u64;
            }
            // String: what a formula gave.
            0x0207 => text += 3 * (record.data.len() + record.more.iter().map(|m| m.len()).sum::<usize>()) as u64,
            // LabelSst: a text of the table, copied.
            0x00fd => {
                area.add(word(record.data, 0)?, word(record.data, 2)?);
                let index = double(record.data, 6)? as usize;
                text += u64::from(texts.get(index).copied().unwrap_or_default()) * 3;
            }
            // MulRk: a row of numbers.
            0x00bd => {
                let last = record.data.len().checked_sub(2)?;
                area.add(word(record.data, 0)?, word(record.data, 2)?);
                area.add(word(record.data, 0)?, word(record.data, last)?);
            }
            _ => {}
        }
    }
    Some(area.cells().max(declared).saturating_mul(CELL).saturating_add(text))
}

/// The rectangle that cells span.
#[derive(Default)]
struct Area(Option<(u16, u16, u16, u16)>);

impl Area {
    fn add(&mut self, row: u16, column: u16) {
        let (top, bottom, left, right) = self.0.unwrap_or((row, row, column, column));
        self.0 = Some((top.min(row), bottom.max(row), left.min(column), right.max(column)));
    }

    fn cells(&self) -> u64 {
        self.0.map_or(0, |(top, bottom, left, right)| (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1))
    }
}

/// Characters of each text in the table of shared texts (SST, [MS-XLS] 2.4.265).
fn shared_texts(record: &Record<'_>) -> Option<Vec<u32>> {
    let mut parts = std::iter::once(record.data.get(8..)?).chain(record.more.iter().copied());
    let (mut rest, mut texts) = (parts.next()?, Vec::new());
    loop {
        if rest.is_empty() {
            match parts.next() {
                Some(part) => rest = part,
                None => return Some(texts),
            }
            continue;
        }
        let mut characters = usize::from(word(rest, 0)?);
        let mut flags = *rest.get(2)?;
        texts.push(characters as u32);
        rest = &rest[3..];
        let mut extra = 0;
        if flags & 8 != 0 {
            extra += 4 * usize::from(word(rest, 0)?);
            rest = &rest[2..];
        }
        if flags & 4 != 0 {
            extra += double(rest, 0)? as usize;
            rest = &rest[4..];
        }
        while characters > 0 {
            let width = 1 + usize::from(flags & 1);
            let here = characters.min(rest.len() / width);
            rest = &rest[here * width..];
            characters -= here;
            if characters > 0 {
                // What goes on in another record says anew how wide its characters are.
                rest = parts.next()?;
                flags = *rest.first()?;
                rest = &rest[1..];
            }
        }
        while extra > 0 {
            let here = extra.min(rest.len());
            rest = &rest[here..];
            extra -= here;
            if extra > 0 {
                rest = parts.next()?;
            }
        }
    }
}

pub(super) struct Record<'a> {
    pub(super) kind: u16,
    pub(super) data: &'a [u8],
    /// The records that continue it.
    more: Vec<&'a [u8]>,
}

/// The records of a stream; `None` for one that is cut.
pub(super) struct Records<'a>(pub(super) &'a [u8]);

impl<'a> Records<'a> {
    fn take(&mut self) -> Option<(u16, &'a [u8])> {
        let (kind, length) = (word(self.0, 0)?, usize::from(word(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = &self.0[4 + length..];
        Some((kind, data))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Option<Record<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((kind, data)) = self.take() else {
            self.0 = &[];
            return Some(None);
        };
        let mut more = Vec::new();
        while word(self.0, 0) == Some(0x003c) {
            match self.take() {
                Some((_, part)) => more.push(part),
                None => {
                    self.0 = &[];
                    return Some(None);
                }
            }
        }
        Some(Some(Record { kind, data, more }))
    }
}

/// A compound file ([MS-CFB]): a file system in a file.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    small_table: Vec<u32>,
    small: Vec<u8>,
    entries: Vec<(String, u32, usize)>,
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let sector = match word(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file =
            Self { bytes, sector, table: Vec::new(), small_table: Vec::new(), small: Vec::new(), entries: Vec::new() };
        let most = bytes.len() / sector + 1;
        let mut parts: Vec<u32> = doubles(bytes.get(76..512)?).collect();
        let mut next = double(bytes, 68)?;
        for _ in 0..most {
            if next >= MARKS {
                break;
            }
            parts.extend(doubles(file.at(next)?));
            next = parts.pop()?;
        }
        if next < MARKS {
            return None;
        }
        for part in parts.into_iter().filter(|p| *p < MARKS) {
            // A table larger than the file can need is one that names a sector again and again.
            if file.table.len() > 2 * most + sector {
                return None;
            }
            let found: Vec<u32> = doubles(file.at(part)?).collect();
            file.table.extend(found);
        }
        for entry in file.chain(double(bytes, 48)?, usize::MAX)?.chunks_exact(128) {
            let length = usize::from(word(entry, 64)?).saturating_sub(2).min(62);
            let letters: Vec<u16> = entry[..length].chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
            let size = usize::try_from(double(entry, 120)?).ok()?;
            file.entries.push((String::from_utf16_lossy(&letters), double(entry, 116)?, size));
        }
        if double(bytes, 64)? > 0 {
            let (_, start, size) = file.entries.first()?;
            file.small = file.chain(*start, *size)?;
            file.small_table = doubles(&file.chain(double(bytes, 60)?, usize::MAX)?).collect();
        }
        Some(file)
    }

    fn find(&self, name: &str) -> Option<&(String, u32, usize)> {
        self.entries.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name))
    }

    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let (_, start, size) = self.find(name)?;
        if *size >= SMALL {
            return self.chain(*start, *size);
        }
        let (mut out, mut next) = (Vec::new(), *start);
        while next < MARKS && out.len() < *size {
            let from = next as usize * 64;
            out.extend_from_slice(self.small.get(from..from + 64)?);
            next = *self.small_table.get(next as usize)?;
        }
        out.truncate(*size);
        Some(out)
    }

    /// The bytes of a sector; the last of a file may be short.
    fn at(&self, number: u32) -> Option<&'a [u8]> {
        let from = (number as usize + 1).checked_mul(self.sector)?;
        // An empty sector would be followed for ever.
        self.bytes.get(from..from.checked_add(self.sector)?.min(self.bytes.len())).filter(|sector| !sector.is_empty())
    }

    /// The sectors that follow each other from this one, `size` bytes of them. More than the file has go in a circle.
    fn chain(&self, start: u32, size: usize) -> Option<Vec<u8>> {
        let (mut out, mut next) = (Vec::new(), start);
        while next < MARKS && out.len() < size {
            out.extend_from_slice(self.at(next)?);
            if out.len() > self.bytes.len() + self.sector {
                return None;
            }
            next = *self.table.get(next as usize)?;
        }
        out.truncate(size);
        Some(out)
    }
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

pub(super) fn double(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

fn doubles(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
