//! Workbooks written part by part: what no library writes, such as a formula without a result.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::io::{Cursor, Write};

/// A sheet: its name, whether it is hidden, and the XML of its rows.
pub struct RawSheet<'a> {
    pub name: &'a str,
    pub hidden: bool,
    pub rows: &'a str,
}

/// A workbook of these sheets. Style 0 is `General`, style 1 `0.0%`, style 2 `000000`.
pub fn raw_book(sheets: &[RawSheet<'_>], full_calculation: bool) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, content: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    part(
        "[Content_Types].xml",
        &format!(
            "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
        ),
    );
    part(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let mut listed = String::new();
    let mut relations = String::new();
    for (at, sheet) in sheets.iter().enumerate().map(|(at, sheet)| (at + 1, sheet)) {
        let state = if sheet.hidden { " state=\"hidden\"" } else { "" };
        listed.push_str(&format!("<sheet name=\"{}\" sheetId=\"{at}\"{state} r:id=\"rId{at}\"/>", sheet.name));
        relations.push_str(&format!(
            "<Relationship Id=\"rId{at}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>"
        ));
        part(
            &format!("xl/worksheets/sheet{at}.xml"),
            &format!("<worksheet xmlns=\"{main}\"><sheetData>{}</sheetData></worksheet>", sheet.rows),
        );
    }
    let calculation = if full_calculation { "<calcPr calcId=\"1\" fullCalcOnLoad=\"1\"/>" } else { "" };
    part(
        "xl/workbook.xml",
        &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{listed}</sheets>{calculation}</workbook>"),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!("<Relationships xmlns=\"{package}/relationships\">{relations}</Relationships>"),
    );
    part(
        "xl/styles.xml",
        &format!(
            "<styleSheet xmlns=\"{main}\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"0.0%\"/><numFmt numFmtId=\"165\" formatCode=\"000000\"/></numFmts><fonts count=\"1\"><font/></fonts><fills count=\"1\"><fill/></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"/><xf numFmtId=\"165\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
        ),
    );
    zip.finish().unwrap().into_inner()
}

/// Rows of cells; each cell is XML of its own, or empty.
pub fn rows(rows: &[&[&str]]) -> String {
    let mut out = String::new();
    for row in rows {
        out.push_str("<row>");
        for cell in *row {
            out.push_str(if cell.is_empty() { "<c/>" } else { cell });
        }
        out.push_str("</row>");
    }
    out
}

/// A cell with a text.
pub fn text_cell(text: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")
}
