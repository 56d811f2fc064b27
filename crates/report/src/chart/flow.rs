//! The way of the data: exports, conformed tables, customers, curated tables, and the columns between them.

use super::WIDE;
use super::flow_layout::{Layout, Node, NodeKind, Ribbon, lay_out};
use crate::data::Report;
use crate::draw::{Drawing, Path, fitted, n, text};
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
    let layout = lay_out(report);
    let picture = Picture { report, language, layout: &layout };
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
    Some(Drawing { id: "flow", title, description, width: WIDE, height: TOP + layout.height + 30.0, body })
}

struct Picture<'a> {
    report: &'a Report,
    language: Language,
    layout: &'a Layout<'a>,
}

impl Picture<'_> {
    fn x(&self, layer: usize) -> f64 {
        let last = self.layout.layers.saturating_sub(1).max(1);
        FIRST + (LAST - FIRST) * layer as f64 / last as f64
    }

    /// Draws the heads of the layers and the line at which clear-text identifiers end.
    fn heads(&self) -> Markup {
        let say = |phrase: words::Phrase| phrase.say(self.language);
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
        let name = |name: &str| self.name(name).to_owned();
        let (direct, indirect) = (integer(r.edge.direct.into()), integer(r.edge.indirect.into()));
        let title = words::EDGE.with(self.language, &[&name(&r.edge.from), &name(&r.edge.to), &direct, &indirect]);
        html! {
            g class=(class) {
                title { (title) @if let Some(purpose) = &r.edge.purpose { " · " (self.purpose(purpose)) } }
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
        let middle = y + node.height / 2.0;
        let dataset = self.report.datasets.iter().find(|d| d.name == node.name);
        let mut facts = Vec::new();
        if let Some(dataset) = dataset {
            facts.push(words::ROWS.say(self.language, dataset.read));
            if dataset.treatments.pseudonymised > 0 {
                facts.push(words::PSEUDONYMS.say(self.language, dataset.treatments.pseudonymised.into()));
            }
        }
        if !node.used {
            facts.push(words::UNUSED.say(self.language).to_owned());
        }
        html! {
            rect.joint x=(n(LABELS + 6.0)) y=(n(y)) width=(n(FIRST - LABELS - 6.0)) height=(n(node.height)) {}
            rect.bar x=(n(LABELS + 6.0)) y=(n(y)) width="3" height=(n(node.height)) {}
            (fitted(0.0, middle - 1.0, "t", self.name(&node.name), LABELS - 4.0))
            (fitted(0.0, middle + 13.5, "s", &facts.join(" · "), LABELS - 4.0))
        }
    }

    fn at_the_end(&self, node: &Node) -> Markup {
        let x = self.x(node.layer) + BAR + 9.0;
        let middle = TOP + node.y + node.height / 2.0;
        html! {
            (fitted(x, middle - 11.0, "b", self.name(&node.name), WIDE - x))
            (fitted(x, middle + 4.0, "m", &node.name, WIDE - x))
            (self.bound(node, x, middle + 19.5, WIDE - x))
        }
    }

    fn in_the_middle(&self, node: &Node) -> Markup {
        let x = self.x(node.layer) + BAR / 2.0;
        let y = TOP + node.y;
        let room = (LAST - FIRST) / self.layout.layers.saturating_sub(1).max(1) as f64 - 4.0;
        html! {
            (fitted(x, y - 20.0, "b c halo", self.name(&node.name), room))
            (fitted(x, y - 7.0, "m c halo", &node.name, room))
        }
    }

    /// The purpose a table is bound to, if it reads personal data.
    fn bound(&self, node: &Node, x: f64, y: f64, room: f64) -> Markup {
        let Some(model) = self.report.models.iter().find(|m| m.name == node.name && !m.purpose.is_empty()) else {
            return html! {};
        };
        let governed = self.layout.ribbons.iter().any(|r| r.edge.to == node.name && r.edge.purpose.is_some());
        let purpose = words::FOR_PURPOSE.with(self.language, &[self.purpose(&model.purpose)]);
        html! {
            @if governed { rect.gate x=(n(x)) y=(n(y - 9.0)) width="3" height="11" {} }
            (fitted(if governed { x + 8.0 } else { x }, y, "s", &purpose, room - 8.0))
        }
    }

    fn name<'a>(&'a self, name: &'a str) -> &'a str {
        self.report.label(self.language, name)
    }

    fn purpose<'a>(&'a self, purpose: &'a str) -> &'a str {
        let model = self.report.models.iter().find(|m| m.purpose == purpose);
        model.map_or(purpose, |m| m.purpose_label.say(self.language, purpose))
    }
}
