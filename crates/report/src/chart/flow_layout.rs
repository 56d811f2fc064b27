//! Where the relations of a run stand and where the ribbons between them run.
//!
//! A relation's layer is one more than the deepest relation it reads; tables that nobody reads stand
//! last. A ribbon that passes a layer gets a bend there, with room of its own, so that it runs beside the
//! layer's bars and not behind them. Within a layer, bars and bends are ordered by the mean place of their
//! neighbours.

use crate::data::{CUSTOMERS, LineageEdge, Report};
use std::collections::BTreeMap;

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// A conformed table, one a dataset.
    Dataset,
    /// The table of customers.
    Customers,
    /// A curated table.
    Model,
    /// No relation: the place where a ribbon passes a layer.
    Bend,
}

/// A relation and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: NodeKind,
    pub(super) layer: usize,
    /// Upper edge of its bar.
    pub(super) y: f64,
    /// Height of its bar.
    pub(super) height: f64,
    /// Whether any ribbon begins or ends here.
    pub(super) used: bool,
    /// Height that its words take.
    pub(super) words: f64,
}

/// Where a relation stands: its words are beside it, over it, or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// An export, at the left.
    First,
    /// Between, of so many layers in all.
    Middle(usize),
    /// At the right.
    Last,
}

/// A ribbon: from one bar to another, `direct` and `indirect` thick.
#[derive(Debug, Clone)]
pub(super) struct Ribbon<'a> {
    pub(super) edge: &'a LineageEdge,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Its bends, from left to right.
    pub(super) via: Vec<usize>,
    pub(super) from_y: f64,
    pub(super) to_y: f64,
    pub(super) direct: f64,
    pub(super) indirect: f64,
}

impl Ribbon<'_> {
    /// Gives the whole thickness.
    pub(super) fn thickness(&self) -> f64 {
        self.direct + self.indirect
    }

    /// Lists its places from left to right: bar, bends, bar.
    fn stops(&self) -> impl Iterator<Item = usize> {
        [self.from].into_iter().chain(self.via.iter().copied()).chain([self.to])
    }
}

/// Relations and ribbons in place.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) nodes: Vec<Node>,
    pub(super) ribbons: Vec<Ribbon<'a>>,
    pub(super) layers: usize,
    pub(super) height: f64,
}

/// Room that a relation needs: the least, and what comes besides its bar for words and distance.
fn room(node: &Node, last: usize) -> (f64, f64) {
    match node.layer {
        _ if node.kind == NodeKind::Bend => (0.0, 5.0),
        0 => (39f64.max(node.words + 10.0), 12.0),
        layer if layer == last => (58f64.max(node.words + 14.0), 16.0),
        _ => (0.0, above(node) + 26.0),
    }
}

/// Room over the bar of a relation in the middle.
fn above(node: &Node) -> f64 {
    38f64.max(node.words + 10.0)
}

/// Lays out a report's relations; `words` says what height the words of a relation take.
pub(super) fn lay_out<'a>(report: &'a Report, words: &dyn Fn(&Node, Layer) -> f64) -> Layout<'a> {
    let mut nodes = nodes(report);
    let index: BTreeMap<String, usize> = nodes.iter().enumerate().map(|(i, node)| (node.name.clone(), i)).collect();
    let links: Vec<(usize, usize, &LineageEdge)> = report
        .lineage
        .iter()
        .filter_map(|e| Some((*index.get(&e.from)?, *index.get(&e.to)?, e)))
        .filter(|(from, to, _)| from != to)
        .collect();
    let layers = set_layers(&mut nodes, &links);
    // A cycle cannot be built; if one is given, what leads backwards is not drawn.
    let links: Vec<_> = links.into_iter().filter(|(from, to, _)| nodes[*from].layer < nodes[*to].layer).collect();
    let mut ribbons = ribbons(&links, nodes.len());
    set_heights(&mut nodes, &ribbons);
    for node in &mut nodes {
        let layer = match node.layer {
            0 => Layer::First,
            layer if layer + 1 == layers => Layer::Last,
            _ => Layer::Middle(layers),
        };
        node.words = words(node, layer);
    }
    bend(&mut nodes, &mut ribbons);
    let height = set_places(&mut nodes, &ribbons, layers);
    attach(&nodes, &mut ribbons);
    Layout { nodes, ribbons, layers, height }
}

fn nodes(report: &Report) -> Vec<Node> {
    let node =
        |name: &str, kind| Node { name: name.to_owned(), kind, layer: 0, y: 0.0, height: 0.0, used: false, words: 0.0 };
    let mut out: Vec<Node> = report.datasets.iter().map(|d| node(&d.name, NodeKind::Dataset)).collect();
    let names = || report.lineage.iter().flat_map(|e| [e.from.as_str(), e.to.as_str()]);
    if report.identity.is_some() || names().any(|name| name == CUSTOMERS) {
        out.push(node(CUSTOMERS, NodeKind::Customers));
    }
    out.extend(report.models.iter().map(|m| node(&m.name, NodeKind::Model)));
    for edge in &report.lineage {
        for (name, kind) in [(&edge.to, NodeKind::Model), (&edge.from, NodeKind::Dataset)] {
            if !out.iter().any(|n| n.name == *name) {
                out.push(node(name, kind));
            }
        }
    }
    out
}

/// Sets each relation's layer; gives their number.
fn set_layers(nodes: &mut [Node], links: &[(usize, usize, &LineageEdge)]) -> usize {
    let customers = nodes.iter().any(|n| n.kind == NodeKind::Customers);
    for node in nodes.iter_mut() {
        node.layer = match node.kind {
            NodeKind::Dataset => 0,
            NodeKind::Customers => 1,
            NodeKind::Model => 1 + usize::from(customers),
            NodeKind::Bend => node.layer,
        };
    }
    let deepest = nodes.len() + 1;
    // Longest paths: at most one more layer a round, so that a cycle ends as well.
    for _ in 0..nodes.len() {
        let before: Vec<usize> = nodes.iter().map(|n| n.layer).collect();
        for (from, to, _) in links {
            if nodes[*to].kind == NodeKind::Model {
                nodes[*to].layer = nodes[*to].layer.max(before[*from] + 1).min(deepest);
            }
        }
    }
    let last = nodes.iter().map(|n| n.layer).max().unwrap_or(0);
    for (i, node) in nodes.iter_mut().enumerate() {
        if node.kind == NodeKind::Model && !links.iter().any(|(from, ..)| *from == i) {
            node.layer = last;
        }
    }
    last + 1
}

fn ribbons<'a>(links: &[(usize, usize, &'a LineageEdge)], nodes: usize) -> Vec<Ribbon<'a>> {
    let columns = |e: &LineageEdge| f64::from(e.direct) + f64::from(e.indirect);
    let mut sums = vec![(0.0, 0.0); nodes];
    for (from, to, edge) in links {
        sums[*from].0 += columns(edge);
        sums[*to].1 += columns(edge);
    }
    let outgoing: f64 = sums.iter().map(|s| s.0).sum();
    let busiest = sums.iter().map(|s| s.0.max(s.1)).fold(0.0, f64::max);
    // Neither all ribbons together nor the busiest bar grow beyond what a page can show.
    let unit = (520.0 / outgoing.max(1.0)).min(150.0 / busiest.max(1.0)).min(5.0);
    let ribbon = |(from, to, edge): &(usize, usize, &'a LineageEdge)| {
        let (direct, indirect) = (f64::from(edge.direct) * unit, f64::from(edge.indirect) * unit);
        let grow = (1.2 / (direct + indirect).max(1e-9)).max(1.0);
        let (direct, indirect) = if direct + indirect > 0.0 { (direct * grow, indirect * grow) } else { (0.0, 1.2) };
        Ribbon { edge, from: *from, to: *to, via: Vec::new(), from_y: 0.0, to_y: 0.0, direct, indirect }
    };
    links.iter().map(ribbon).collect()
}

/// Gives each ribbon a bend in every layer that it passes.
fn bend(nodes: &mut Vec<Node>, ribbons: &mut [Ribbon<'_>]) {
    for ribbon in ribbons {
        for layer in nodes[ribbon.from].layer + 1..nodes[ribbon.to].layer {
            ribbon.via.push(nodes.len());
            let height = ribbon.thickness();
            nodes.push(Node {
                name: String::new(),
                kind: NodeKind::Bend,
                layer,
                y: 0.0,
                height,
                used: true,
                words: 0.0,
            });
        }
    }
}

fn set_heights(nodes: &mut [Node], ribbons: &[Ribbon<'_>]) {
    for (i, node) in nodes.iter_mut().enumerate() {
        let sum = |of: fn(&Ribbon<'_>) -> usize| -> f64 {
            ribbons.iter().filter(|r| of(r) == i).map(Ribbon::thickness).sum()
        };
        let (leaving, arriving) = (sum(|r| r.from), sum(|r| r.to));
        node.used = leaving + arriving > 0.0;
        node.height = leaving.max(arriving).max(5.0);
    }
}

/// Orders each layer and stacks it, spread over the height of the tallest; gives that height.
fn set_places(nodes: &mut [Node], ribbons: &[Ribbon<'_>], layers: usize) -> f64 {
    let last = layers.saturating_sub(1);
    let need = |node: &Node| {
        let (least, besides) = room(node, last);
        (node.height + besides).max(least)
    };
    let sum = |nodes: &[Node], layer| nodes.iter().filter(|n| n.layer == layer).map(need).sum::<f64>();
    let height = (0..layers).map(|layer| sum(nodes, layer)).fold(0.0, f64::max);
    for round in 0..7 {
        for layer in 0..layers {
            let mut members: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].layer == layer).collect();
            if round > 0 {
                let wish: Vec<f64> = (0..nodes.len()).map(|i| wish(i, nodes, ribbons)).collect();
                members.sort_by(|a, b| wish[*a].total_cmp(&wish[*b]));
            }
            let spare = (height - sum(nodes, layer)) / members.len().max(1) as f64;
            let mut y = 0.0;
            for i in members {
                let room = need(&nodes[i]) + spare;
                // Words of a relation in the middle stand over its bar.
                let named = nodes[i].kind != NodeKind::Bend;
                let above = if named && layer > 0 && layer < last { above(&nodes[i]) } else { 0.0 };
                nodes[i].y = y + above + (room - above - nodes[i].height) / 2.0;
                y += room;
            }
        }
    }
    height
}

/// Gives the place a relation would like: the mean of its neighbours', by thickness; the last for one unused.
fn wish(i: usize, nodes: &[Node], ribbons: &[Ribbon<'_>]) -> f64 {
    let middle = |j: usize| nodes[j].y + nodes[j].height / 2.0;
    let (mut sum, mut weight) = (0.0, 0.0);
    for ribbon in ribbons {
        let stops: Vec<usize> = ribbon.stops().collect();
        for pair in stops.windows(2).filter(|pair| pair.contains(&i)) {
            sum += ribbon.thickness() * middle(if pair[0] == i { pair[1] } else { pair[0] });
            weight += ribbon.thickness();
        }
    }
    if weight > 0.0 { sum / weight } else { f64::MAX }
}

/// Stacks the ribbons' ends on their bars, in the order of the places that they come from or go to.
fn attach(nodes: &[Node], ribbons: &mut [Ribbon<'_>]) {
    for (i, node) in nodes.iter().enumerate() {
        for leaving in [true, false] {
            let mut here: Vec<usize> =
                (0..ribbons.len()).filter(|r| (if leaving { ribbons[*r].from } else { ribbons[*r].to }) == i).collect();
            let other = |r: &Ribbon<'_>| {
                let next = if leaving { r.via.first().unwrap_or(&r.to) } else { r.via.last().unwrap_or(&r.from) };
                nodes[*next].y
            };
            here.sort_by(|a, b| other(&ribbons[*a]).total_cmp(&other(&ribbons[*b])));
            let all: f64 = here.iter().map(|r| ribbons[*r].thickness()).sum();
            let mut y = node.y + (node.height - all) / 2.0;
            for r in here {
                let end = if leaving { &mut ribbons[r].from_y } else { &mut ribbons[r].to_y };
                *end = y;
                y += ribbons[r].thickness();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Model};

    fn edge(from: &str, to: &str) -> LineageEdge {
        LineageEdge { from: from.into(), to: to.into(), direct: 2, indirect: 1, purpose: None }
    }

    fn report(edges: Vec<LineageEdge>) -> Report {
        Report {
            datasets: ["a", "b"].map(|name| Dataset { name: name.into(), ..Dataset::default() }).into(),
            models: ["m", "n"].map(|name| Model { name: name.into(), ..Model::default() }).into(),
            lineage: edges,
            ..Report::default()
        }
    }

    #[test]
    fn what_is_read_stands_before_what_reads_it() {
        let report = report(vec![edge("a", "m"), edge("m", "n"), edge("b", "customers"), edge("customers", "m")]);
        let layout = lay_out(&report, &|_, _| 0.0);
        assert_eq!((layout.layers, layout.ribbons.len()), (4, 4));
        for r in &layout.ribbons {
            assert!(layout.nodes[r.from].layer < layout.nodes[r.to].layer);
            let bar = &layout.nodes[r.to];
            assert!(r.to_y >= bar.y - 0.01 && r.to_y + r.thickness() <= bar.y + bar.height + 0.01);
        }
    }

    #[test]
    fn bars_of_a_layer_do_not_overlap() {
        let names: Vec<String> = (0..20).map(|i| format!("d{i}")).collect();
        let edges = names.iter().flat_map(|d| ["m", "n"].map(|m| edge(d, m))).collect();
        let datasets = names.iter().map(|name| Dataset { name: name.clone(), ..Dataset::default() }).collect();
        let report = Report { datasets, ..report(edges) };
        let layout = lay_out(&report, &|_, _| 90.0);
        let mut bars: Vec<(f64, f64)> = layout.nodes.iter().filter(|n| n.layer == 0).map(|n| (n.y, n.height)).collect();
        bars.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(bars.len(), 20);
        assert!(bars.windows(2).all(|w| w[0].0 + w[0].1 < w[1].0));
        let middle = |bar: &(f64, f64)| bar.0 + bar.1 / 2.0;
        assert!(bars.windows(2).all(|w| middle(&w[1]) - middle(&w[0]) >= 90.0), "words of a bar have their height");
    }

    #[test]
    fn cycles_and_unknown_names_end() {
        let report = report(vec![edge("m", "n"), edge("n", "m"), edge("m", "m"), edge("ghost", "m"), edge("a", "new")]);
        let layout = lay_out(&report, &|_, _| 0.0);
        assert!(layout.nodes.iter().any(|n| n.name == "ghost") && layout.nodes.iter().any(|n| n.name == "new"));
        assert!(layout.height.is_finite());
        assert_eq!(lay_out(&Report::default(), &|_, _| 0.0).ribbons.len(), 0);
    }
}
