//! The way of the data: exports, conformed tables, customers, curated tables, and the columns between them.

use super::WIDE;
use super::flow_layout::{Layer, Layout, Node, NodeKind, Ribbon, lay_out};
use super::list::{Entry, list};
use crate::data::{LineageEdge, Report};
use crate::draw::{Drawing, LINE, Path, more_height, n, text, wrapped};
use crate::format::integer;
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

const TOP: f64 = 46.0;
const LABELS: f64 = 182.0;
const TOKENISER: f64 = 212.0;
const FIRST: f64 = 240.0;
const LAST: f64 = 690.0;
const BAR: f64 = 6.0;

/// Draws the way of the data; `None` if there is no lineage.
pub(crate) fn flow(report: &Report, language: Language) -> Option<Drawing> {
    if report.lineage.is_empty() {
        return None;
    }
    let words = Words { report, language };
    let layout = lay_out(report, &|node, layer| words.height(node, layer));
    let picture = Picture { words, layout: &layout };
    let governed = report.lineage.iter().filter(|e| e.purpose.is_some()).count();
    let sources = layout.nodes.iter().filter(|n| n.kind == NodeKind::Dataset && n.used).count();
    let tables = layout.nodes.iter().filter(|n| n.kind == NodeKind::Model).count();
    let description = words::WAY_CAPTION.with(
        language,
        &[
            &words::DATASETS.say(language, sources as u64),
            &words::TABLES.say(language, tables as u64),
            &integer(report.lineage.len() as u64),
            &integer(governed as u64),
        ],
    );
    let body = html! {
        (picture.heads())
        @for r in layout.ribbons.iter().filter(|r| r.edge.purpose.is_none()) { (picture.ribbon(r)) }
        @for r in layout.ribbons.iter().filter(|r| r.edge.purpose.is_some()) { (picture.ribbon(r)) }
        @for node in &layout.nodes { (picture.node(node)) }
    };
    let title = words::WAY_FIGURE.say(language).to_owned();
    let narrow = Some(list(&report.lineage.iter().map(|edge| words.entry(edge)).collect::<Vec<_>>()));
    Some(Drawing { id: "flow", title, description, width: WIDE, height: TOP + layout.height + 30.0, body, narrow })
}

/// What the words of a relation are, and what room they take.
#[derive(Clone, Copy)]
struct Words<'a> {
    report: &'a Report,
    language: Language,
}

/// Room for the words of a relation in the middle, of so many layers in all.
fn middle_room(layers: usize) -> f64 {
    (LAST - FIRST) / layers.saturating_sub(1).max(1) as f64 - 4.0
}

/// Where the words of a relation at the end begin.
const END_WORDS: f64 = LAST + BAR + 9.0;

impl<'a> Words<'a> {
    fn name(&self, name: &'a str) -> &'a str {
        self.report.label(self.language, name)
    }

    fn purpose(&self, purpose: &'a str) -> &'a str {
        let model = self.report.models.iter().find(|m| m.purpose == purpose);
        model.map_or(purpose, |m| m.purpose_label.say(self.language, purpose))
    }

    /// Height that the words of a relation take.
    fn height(&self, node: &'a Node, layer: Layer) -> f64 {
        match layer {
            Layer::First => {
                let facts = self.facts(node);
                2.0 * LINE + self.more(node, "t", LABELS - 4.0) + more_height("s", &facts, LABELS - 4.0)
            }
            Layer::Middle(layers) => {
                let room = middle_room(layers);
                2.0 * LINE + self.more(node, "b", room) + more_height("m", &node.name, room)
            }
            Layer::Last => {
                let room = WIDE - END_WORDS;
                let purpose = self.bound(node).unwrap_or_default();
                3.0 * LINE
                    + self.more(node, "b", room)
                    + more_height("m", &node.name, room)
                    + more_height("s", &purpose, room - 8.0)
            }
        }
    }

    fn more(&self, node: &'a Node, class: &str, room: f64) -> f64 {
        more_height(class, self.name(&node.name), room)
    }

    /// What is known of an export.
    fn facts(&self, node: &Node) -> String {
        let mut facts = Vec::new();
        if let Some(dataset) = self.report.datasets.iter().find(|d| d.name == node.name) {
            facts.push(words::ROWS.say(self.language, dataset.read));
            if dataset.treatments.pseudonymised > 0 {
                facts.push(words::PSEUDONYMS.say(self.language, dataset.treatments.pseudonymised.into()));
            }
        }
        if !node.used {
            facts.push(words::UNUSED.say(self.language).to_owned());
        }
        facts.join(" · ")
    }

    /// The purpose that a table is bound to.
    fn bound(&self, node: &Node) -> Option<String> {
        let model = self.report.models.iter().find(|m| m.name == node.name && !m.purpose.is_empty())?;
        let purpose = model.purpose_label.say(self.language, &model.purpose);
        Some(words::FOR_PURPOSE.with(self.language, &[purpose]))
    }

    /// One read, for the list.
    fn entry(&self, edge: &'a LineageEdge) -> Entry {
        let columns =
            words::EDGE_COLUMNS.with(self.language, &[&integer(edge.direct.into()), &integer(edge.indirect.into())]);
        let note = match &edge.purpose {
            Some(purpose) => {
                format!("{columns} · {}", words::FOR_PURPOSE.with(self.language, &[self.purpose(purpose)]))
            }
            None => columns,
        };
        Entry {
            name: format!("{} → {}", self.name(&edge.from), self.name(&edge.to)),
            note,
            value: String::new(),
            share: None,
            class: "band",
        }
    }
}

struct Picture<'a> {
    words: Words<'a>,
    layout: &'a Layout<'a>,
}

impl Picture<'_> {
    fn x(&self, layer: usize) -> f64 {
        let last = self.layout.layers.saturating_sub(1).max(1);
        FIRST + (LAST - FIRST) * layer as f64 / last as f64
    }

    /// Draws the heads of the layers and the line at which clear-text identifiers end.
    fn heads(&self) -> Markup {
        let say = |phrase: words::Phrase| phrase.say(self.words.language);
        let bottom = TOP + self.layout.height + 4.0;
        let identity = self.layout.nodes.iter().any(|n| n.kind == NodeKind::Customers);
        html! {
            (text(0.0, 16.0, "h", say(words::EXPORTS)))
            (text(FIRST, 16.0, "h", say(words::CONFORMED)))
            @if identity { (text(self.x(1), 16.0, "h c", say(words::IDENTITY_LAYER))) }
            (text(LAST, 16.0, "h", say(words::CURATED)))
            path.gateline d=(Path::at(TOKENISER, TOP - 12.0).vertical(bottom).open()) {}
            (text(TOKENISER, bottom + 16.0, "s c accent", say(words::TOKENISED_HERE)))
        }
    }

    fn ribbon(&self, r: &Ribbon<'_>) -> Markup {
        let place = |node: usize| self.x(self.layout.nodes[node].layer);
        let to = place(r.to);
        // Where the ribbon's upper edge runs: level across the width of a bar, swaying in between.
        let mut edge = vec![(place(r.from) + BAR, TOP + r.from_y)];
        for bend in &r.via {
            let (x, y) = (place(*bend), TOP + self.layout.nodes[*bend].y);
            edge.extend([(x, y), (x + BAR, y)]);
        }
        edge.push((to, TOP + r.to_y));
        let part = |offset: f64, thickness: f64| {
            let upper: Vec<(f64, f64)> = edge.iter().map(|(x, y)| (*x, y + offset)).collect();
            let lower: Vec<(f64, f64)> = upper.iter().rev().map(|(x, y)| (*x, y + thickness)).collect();
            let start = Path::at(upper[0].0, upper[0].1);
            let there = upper.windows(2).fold(start, |path, pair| path.sway(pair[0], pair[1]));
            let turn = there.line(lower[0].0, lower[0].1);
            lower.windows(2).fold(turn, |path, pair| path.sway(pair[0], pair[1])).close()
        };
        let class = if r.edge.purpose.is_some() { "ribbon governed" } else { "ribbon" };
        let (direct, indirect) = (integer(r.edge.direct.into()), integer(r.edge.indirect.into()));
        let (from, to_name) = (self.words.name(&r.edge.from), self.words.name(&r.edge.to));
        let title = words::EDGE.with(self.words.language, &[from, to_name, &direct, &indirect]);
        html! {
            g class=(class) {
                title { (title) @if let Some(purpose) = &r.edge.purpose { " · " (self.words.purpose(purpose)) } }
                @if r.direct > 0.0 { path.direct d=(part(0.0, r.direct)) {} }
                @if r.indirect > 0.0 { path.indirect d=(part(r.direct, r.indirect)) {} }
                @if r.edge.purpose.is_some() {
                    rect.gate x=(n(to - 11.0)) y=(n(TOP + r.to_y)) width="3" height=(n(r.thickness())) {}
                }
            }
        }
    }

    fn node(&self, node: &Node) -> Markup {
        let (x, y) = (self.x(node.layer), TOP + node.y);
        let class = if node.kind == NodeKind::Dataset { "bar" } else { "bar strong" };
        let words = match node.kind {
            NodeKind::Bend => return html! {},
            NodeKind::Dataset => self.export(node),
            _ if node.layer + 1 == self.layout.layers => self.at_the_end(node),
            _ => self.in_the_middle(node),
        };
        html! {
            rect class=(class) x=(n(x)) y=(n(y)) width=(n(BAR)) height=(n(node.height)) {}
            (words)
        }
    }

    /// An export at the left, joined to its conformed table through the tokeniser's line.
    fn export(&self, node: &Node) -> Markup {
        let y = TOP + node.y;
        let room = LABELS - 4.0;
        let name = self.words.name(&node.name);
        let facts = self.words.facts(node);
        let name_more = more_height("t", name, room);
        let first = y + node.height / 2.0 - 1.0 - (name_more + more_height("s", &facts, room)) / 2.0;
        html! {
            rect.joint x=(n(LABELS + 6.0)) y=(n(y)) width=(n(FIRST - LABELS - 6.0)) height=(n(node.height)) {}
            rect.bar x=(n(LABELS + 6.0)) y=(n(y)) width="3" height=(n(node.height)) {}
            (wrapped(0.0, first, "t", name, room))
            (wrapped(0.0, first + 14.5 + name_more, "s", &facts, room))
        }
    }

    fn at_the_end(&self, node: &Node) -> Markup {
        let room = WIDE - END_WORDS;
        let (name, purpose) = (self.words.name(&node.name), self.words.bound(node).unwrap_or_default());
        let (name_more, code_more) = (more_height("b", name, room), more_height("m", &node.name, room));
        let all = name_more + code_more + more_height("s", &purpose, room - 8.0);
        let first = TOP + node.y + node.height / 2.0 - 11.0 - all / 2.0;
        let third = first + 30.5 + name_more + code_more;
        let governed = self.layout.ribbons.iter().any(|r| r.edge.to == node.name && r.edge.purpose.is_some());
        html! {
            (wrapped(END_WORDS, first, "b", name, room))
            (wrapped(END_WORDS, first + 15.0 + name_more, "m", &node.name, room))
            @if governed && !purpose.is_empty() { rect.gate x=(n(END_WORDS)) y=(n(third - 9.0)) width="3" height="11" {} }
            @if !purpose.is_empty() {
                (wrapped(if governed { END_WORDS + 8.0 } else { END_WORDS }, third, "s", &purpose, room - 8.0))
            }
        }
    }

    fn in_the_middle(&self, node: &Node) -> Markup {
        let x = self.x(node.layer) + BAR / 2.0;
        let room = middle_room(self.layout.layers);
        let name = self.words.name(&node.name);
        let code = TOP + node.y - 7.0 - more_height("m", &node.name, room);
        html! {
            (wrapped(x, code - 13.0 - more_height("b", name, room), "b c halo", name, room))
            (wrapped(x, code, "m c halo", &node.name, room))
        }
    }
}
