//! The page in a real browser: nothing is cut off at the width of a telephone, and the document follows its switches.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod browser_scenes;

use browser_scenes::scenes;
use lakewarden_report::{Language, render};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// Loads the report into a frame of a width, opens all that is folded, chooses each language, and measures: how wide the
/// document is, and every text whose box cuts it off.
const MEASURE: &str = r#"
const wait = () => new Promise(done => setTimeout(done, 60));
async function measure(frame) {
  const page = frame.contentDocument;
  for (const details of page.querySelectorAll("details")) details.open = true;
  const found = [];
  for (const language of ["zh", "en"]) {
    page.getElementById("language-" + language).click();
    await wait();
    const cut = [], wide = [];
    const edge = page.documentElement.clientWidth + 0.5;
    for (const element of page.querySelectorAll("article." + language + " *")) {
      const style = frame.contentWindow.getComputedStyle(element);
      if (element.closest("svg.defs, caption") || style.display === "none" || !element.getClientRects().length) continue;
      const own = [...element.childNodes].filter(n => n.nodeType === 3 && n.data.trim());
      if (!own.length) continue;
      const text = own[0].data.trim().slice(0, 60);
      if (style.textOverflow === "ellipsis" || text.endsWith("…")) cut.push(text);
      for (const node of own) {
        const range = page.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        if (box.right > edge || box.left < -0.5) wide.push(text);
      }
    }
    found.push({ language, lang: page.documentElement.lang, title: page.title, cut, wide,
                 width: page.documentElement.scrollWidth });
  }
  return found;
}
addEventListener("load", async () => {
  const frame = document.createElement("iframe");
  frame.width = WIDTH;
  frame.height = 800;
  frame.style.border = 0;
  frame.srcdoc = REPORT;
  await new Promise(loaded => { frame.addEventListener("load", loaded); document.body.append(frame); });
  await wait();
  const answer = await measure(frame);
  frame.remove();
  document.body.textContent = "ANSWER" + JSON.stringify(answer) + "END";
});
"#;

fn browser() -> PathBuf {
    std::env::var_os("LAKEWARDEN_BROWSER").expect("LAKEWARDEN_BROWSER is the path of a Chromium").into()
}

/// What the browser measured of a report at a width, one entry a language.
fn measure(html: &str, width: u32) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("measure.html");
    // A string of JSON is one of JavaScript; `<` would end the script early.
    let report = json!(html).to_string().replace('<', "\\u003c");
    let script = MEASURE.replace("WIDTH", &width.to_string()).replace("REPORT", &report);
    std::fs::write(&page, format!("<!DOCTYPE html><meta charset=utf-8><body><script>{script}</script>")).unwrap();
    let output = Command::new(browser())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.split_once("ANSWER[").and_then(|(_, rest)| rest.split_once("]END"));
    let (answer, _) = answer.unwrap_or_else(|| panic!("the browser measured nothing: {text:.2000}"));
    let answer = answer.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    serde_json::from_str(&format!("[{answer}]")).unwrap()
}

#[test]
#[ignore = "needs a Chromium at LAKEWARDEN_BROWSER"]
fn nothing_is_cut_off_at_the_width_of_a_telephone_or_of_a_screen() {
    for (scene, report) in scenes() {
        let html = render(&report, Language::English);
        for width in [390, 1_280] {
            for found in measure(&html, width) {
                let at = format!("{scene} at {width} px: {found}");
                assert!(found["width"].as_u64().unwrap() <= u64::from(width), "{at}");
                assert_eq!(found["cut"], json!([]), "{at}");
                assert_eq!(found["wide"], json!([]), "{at}");
            }
        }
    }
}

#[test]
#[ignore = "needs a Chromium at LAKEWARDEN_BROWSER"]
fn language_and_title_of_the_document_follow_the_switch() {
    let (_, report) = scenes().remove(0);
    for first in Language::ALL {
        let found = measure(&render(&report, first), 390);
        let of = |key: &str| found.iter().map(|f| f[key].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(of("lang"), ["zh-CN", "en"]);
        assert_eq!(of("title"), ["demo / 零售 · Lakewarden 运行记录", "demo / Retail · Lakewarden run record"]);
    }
}
