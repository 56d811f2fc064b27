//! Archives and streams made for tests, honest and not.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use flate2::{Compress, Compression, FlushCompress};
use std::io::Write;

/// A member of a zip archive as it is written there.
pub struct Packed {
    pub name: String,
    /// 0: as it is, 8: deflate, anything else: what no reader knows.
    pub method: u16,
    pub flags: u16,
    pub content: Vec<u8>,
    pub crc: u32,
    /// The size that the directory tells.
    pub told: u32,
    /// Unix mode, for links.
    pub mode: u32,
}

impl Packed {
    pub fn new(name: &str, text: &[u8]) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(text);
        Self {
            name: name.into(),
            method: 8,
            flags: 0x0800,
            content: encoder.finish().unwrap(),
            crc: crc.sum(),
            told: text.len() as u32,
            mode: 0,
        }
    }

    pub fn stored(name: &str, text: &[u8]) -> Self {
        Self { method: 0, content: text.to_vec(), ..Self::new(name, text) }
    }
}

/// The parts of a workbook with this one among them.
pub fn book_parts(own: Packed) -> Vec<Packed> {
    let part = |name: &str, text: &str| Packed::new(name, text.as_bytes());
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    vec![
        part(
            "[Content_Types].xml",
            &format!(
                r#"<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
            ),
        ),
        part(
            "_rels/.rels",
            &format!(
                r#"<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        part(
            "xl/workbook.xml",
            &format!(
                r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"#
            ),
        ),
        part(
            "xl/_rels/workbook.xml.rels",
            &format!(
                r#"<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        own,
    ]
}

/// A zip archive with just these members, written by hand: writers of archives refuse most of what is tested here.
pub fn zip(members: &[Packed]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = out.len() as u32;
        let name = member.name.as_bytes();
        let mut common = Vec::new();
        for number in [20u16, member.flags, member.method, 0, 0x21] {
            common.extend(number.to_le_bytes());
        }
        for number in [member.crc, member.content.len() as u32, member.told] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name);
        out.extend(&member.content);
        directory.extend(b"PK\x01\x02");
        directory.extend([20, 3]);
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((member.mode << 16).to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(name);
    }
    let (start, size, count) = (out.len() as u32, directory.len() as u32, members.len() as u16);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

/// A deflate stream of `head` and then `times` as many bytes as `block` has.
pub fn deflated(head: &[u8], block: &[u8], times: usize) -> Vec<u8> {
    let pack = |bytes: &[u8], end: FlushCompress| {
        let mut out = Vec::with_capacity(bytes.len() / 50 + 4096);
        Compress::new(Compression::best(), false).compress_vec(bytes, &mut out, end).unwrap();
        out
    };
    let mut out = pack(head, FlushCompress::Full);
    let one = pack(block, FlushCompress::Full);
    (0..times).for_each(|_| out.extend(&one));
    out.extend(pack(b"", FlushCompress::Finish));
    out
}

/// A compound file ([MS-CFB]) of one stream, as old workbooks are.
pub fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().max(4096).div_ceil(512);
    let tables = (sectors + 1).div_ceil(127);
    assert!(tables <= 109);
    let mut out = vec![0u8; 512];
    out[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    let mut put = |at: usize, number: u32| out[at..at + 4].copy_from_slice(&number.to_le_bytes());
    put(24, 0x0003_003e);
    put(28, 0x0009_fffe);
    put(32, 6);
    put(44, tables as u32);
    put(48, tables as u32);
    put(56, 4096);
    put(60, 0xffff_fffe);
    put(68, 0xffff_fffe);
    for part in 0..109 {
        put(76 + part * 4, if part < tables { part as u32 } else { 0xffff_ffff });
    }
    let first = tables + 1;
    let mut table = vec![0xffff_fffdu32; tables];
    table.push(0xffff_fffe);
    table.extend((0..sectors).map(|s| if s + 1 < sectors { (first + s + 1) as u32 } else { 0xffff_fffe }));
    table.resize(tables * 128, 0xffff_ffff);
    out.extend(table.iter().flat_map(|n| n.to_le_bytes()));
    for (name, kind, start, size) in
        [("Root Entry", 5u8, 0xffff_fffeu32, 0), (name, 2, first as u32, sectors * 512), ("", 0, 0, 0), ("", 0, 0, 0)]
    {
        let mut entry = [0u8; 128];
        let letters: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry[..letters.len()].copy_from_slice(&letters);
        entry[64] = if name.is_empty() { 0 } else { letters.len() as u8 + 2 };
        entry[66] = kind;
        for side in [68, 72, 76] {
            entry[side..side + 4].copy_from_slice(&0xffff_ffffu32.to_le_bytes());
        }
        if kind == 5 {
            entry[76..80].copy_from_slice(&1u32.to_le_bytes());
        }
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&(size as u32).to_le_bytes());
        out.extend(entry);
    }
    out.extend(stream);
    out.resize(512 * (1 + first + sectors), 0);
    out
}

/// A cell of an old workbook.
pub enum Cell {
    Text(&'static str),
    Number(f64),
    /// A number, and the code of the format that its cell shows it in.
    Shown(f64, &'static str),
    Error,
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn text16(text: &str) -> Vec<u8> {
    let letters: Vec<u16> = text.encode_utf16().collect();
    let mut out = (letters.len() as u16).to_le_bytes().to_vec();
    out.push(1);
    out.extend(letters.iter().flat_map(|l| l.to_le_bytes()));
    out
}

/// Cells by (row, column).
pub type Cells = Vec<(u16, u16, Cell)>;

/// An old binary workbook ([MS-XLS]): sheets with names and cells; `listed` times each.
pub fn xls(sheets: &[(&str, Cells)], from_1904: bool, listed: usize) -> Vec<u8> {
    let begin = |kind: u16| {
        let mut data = [0u8; 16];
        data[..2].copy_from_slice(&0x0600u16.to_le_bytes());
        data[2..4].copy_from_slice(&kind.to_le_bytes());
        record(0x0809, &data)
    };
    let mut texts: Vec<&str> = Vec::new();
    let mut codes: Vec<&str> = Vec::new();
    let mut bodies = Vec::new();
    for (_, cells) in sheets {
        let mut body = begin(0x0010);
        for (row, column, cell) in cells {
            let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
            body.extend(match cell {
                Cell::Text(text) => {
                    let index = texts.iter().position(|t| t == text).unwrap_or_else(|| {
                        texts.push(text);
                        texts.len() - 1
                    });
                    record(0x00fd, &[&place[..], &(index as u32).to_le_bytes()].concat())
                }
                Cell::Number(number) => record(0x0203, &[&place[..], &number.to_le_bytes()].concat()),
                Cell::Shown(number, code) => {
                    let format = codes.iter().position(|c| c == code).unwrap_or_else(|| {
                        codes.push(code);
                        codes.len() - 1
                    });
                    let place = [row.to_le_bytes(), column.to_le_bytes(), (format as u16 + 1).to_le_bytes()].concat();
                    record(0x0203, &[&place[..], &number.to_le_bytes()].concat())
                }
                Cell::Error => record(0x0205, &[&place[..], &[0x17, 1]].concat()),
            });
        }
        body.extend(record(0x000a, &[]));
        bodies.push(body);
    }
    let table: Vec<u8> = [(texts.len() as u32).to_le_bytes(), (texts.len() as u32).to_le_bytes()]
        .concat()
        .into_iter()
        .chain(texts.iter().flat_map(|t| text16(t)))
        .collect();
    let name16 = |name: &str| {
        let letters: Vec<u16> = name.encode_utf16().collect();
        let mut out = vec![letters.len() as u8, 1];
        out.extend(letters.iter().flat_map(|l| l.to_le_bytes()));
        out
    };
    let names: Vec<Vec<u8>> = (0..listed)
        .flat_map(|i| {
            sheets.iter().map(move |(n, _)| name16(&if i == 0 { (*n).to_owned() } else { format!("{n}{i}") }))
        })
        .collect();
    let mut globals = [begin(0x0005), record(0x0022, &[u8::from(from_1904), 0])].concat();
    for (at, code) in codes.iter().enumerate() {
        globals.extend(record(0x041e, &[&(164 + at as u16).to_le_bytes()[..], &text16(code)].concat()));
    }
    for format in std::iter::once(0).chain((0..codes.len()).map(|at| 164 + at as u16)).filter(|_| !codes.is_empty()) {
        let mut xf = [0u8; 20];
        xf[2..4].copy_from_slice(&format.to_le_bytes());
        globals.extend(record(0x00e0, &xf));
    }
    let entries: usize = names.iter().map(|n| 4 + 6 + n.len()).sum();
    let mut start = globals.len() + entries + 4 + table.len() + 4;
    let mut starts = Vec::new();
    for body in &bodies {
        starts.push(start as u32);
        start += body.len();
    }
    let mut out = globals;
    for (i, name) in names.iter().enumerate() {
        let start = starts[i % starts.len()];
        out.extend(record(0x0085, &[&start.to_le_bytes()[..], &[0, 0], name].concat()));
    }
    out.extend(record(0x00fc, &table));
    out.extend(record(0x000a, &[]));
    bodies.iter().for_each(|body| out.extend(body));
    compound("Workbook", &out)
}
