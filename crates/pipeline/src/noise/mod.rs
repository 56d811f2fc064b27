//! Tables with noise: what they may be made of, how often they are published, and what a run says of it.

mod release;
mod sources;

pub(crate) use release::{Release, Turn, turn};
pub(crate) use sources::{Made, check, of_each_one};

use crate::compile::CompiledModel;
use crate::graph::place;
use crate::record::{NoiseAccount, NoiseFigure, NoiseMechanism};
use lakewarden_dictionary::{ExactNumber, Model, Problem, Table};
use lakewarden_policy::noise::{Figure, NotNoised};

/// Why a model cannot have the noise that its table declares.
pub(crate) fn problem(error: &NotNoised, model: &Model, table: &Table) -> Problem {
    let problem = Problem::error("LW2017", place(model, None), error.to_string()).hint(error.hint());
    match &table.noise {
        Some(noise) => problem.related(noise.epsilon.span.clone(), "noise is declared here"),
        None => problem,
    }
}

/// What a run says of a table's noise; `None` for one without.
pub(crate) fn account(model: &CompiledModel, release: Option<&Release>, kept: bool) -> Option<NoiseAccount> {
    let (declared, mechanism, release) = (model.table.noise.as_ref()?, model.noise.as_ref()?, release?);
    Some(NoiseAccount {
        mechanism: NoiseMechanism::DiscreteLaplace,
        epsilon: number(declared.epsilon.value),
        delta: declared.delta.value,
        rows_per_person: declared.rows_per_person.value,
        threshold: u64::try_from(mechanism.threshold).unwrap_or(u64::MAX),
        figures: [&mechanism.people].into_iter().chain(&mechanism.sums).map(figure).collect(),
        every: declared.every.value.to_string(),
        kept,
        publications: release.publications,
        epsilon_spent: release.epsilon_spent,
        delta_spent: release.delta_spent,
    })
}

fn number(exact: ExactNumber) -> f64 {
    exact.units as f64 / 10f64.powi(exact.scale.into())
}

fn figure(figure: &Figure) -> NoiseFigure {
    let unit = 10f64.powi(figure.digits.into());
    let (t, s) = figure.scale;
    NoiseFigure {
        column: figure.column.clone(),
        low: figure.low as f64 / unit,
        high: figure.high as f64 / unit,
        scale: t as f64 / s as f64 / unit,
    }
}
