//! Compiles a pipeline's models against the dictionary: no data, no lake.

use crate::apart::{self, Origins};
use crate::contract;
use crate::customers::Customers;
use crate::error::PipelineError;
use crate::graph::{self, Node, place, sql_problem};
use crate::labels::{self, Judged};
use crate::noise;
use crate::parallel::side_by_side;
use crate::project::OpenProject;
use crate::purposes;
use crate::record::{ColumnLabel, ColumnUse};
use crate::relations::Relations;
use crate::row_rules;
use crate::subjects;
use crate::without_subject;
use chrono::{DateTime, Utc};
use datafusion::logical_expr::LogicalPlan;
use futures::executor::block_on;
use lakewarden_dictionary::{Model, Pipeline, Problem, Table, is_placeholder, nearest};
use lakewarden_engine::{
    Compiled, Engine, EngineError, EngineOptions, Session, SessionSpec, TableNoise, on_planning_stack,
};
use lakewarden_lineage::{Lineage, column_lineage};
use lakewarden_policy::noise::{Follows, Mechanism};
use object_store::memory::InMemory;
use std::sync::Arc;

/// A model that compiles.
#[derive(Debug, Clone)]
pub struct CompiledModel {
    /// The model.
    pub model: Model,
    /// Its contract.
    pub table: Table,
    /// The relations it reads.
    pub reads: Vec<String>,
    /// Which columns its columns come from.
    pub uses: Vec<ColumnUse>,
    /// What its columns are labelled; a constant or a count has none.
    pub labels: Vec<ColumnLabel>,
    /// The same, in full.
    pub lineage: Lineage,
    /// How many data subjects have to stand behind each row; 1 for a table that has a subject column.
    pub minimum_subjects: u32,
    /// The noise that its table is published with, if it declares any.
    pub noise: Option<Mechanism>,
    /// From whose data its rows follow, as far as that can be told.
    pub follows: Option<Follows>,
}

/// Compiles a pipeline's models, in the order in which they run.
///
/// # Errors
/// If the engine cannot be started.
pub async fn compile(
    open: &OpenProject,
    pipeline: &Pipeline,
) -> Result<(Vec<CompiledModel>, Vec<Problem>), PipelineError> {
    let compiler = Compiler::new(open, pipeline)?;
    let models = &pipeline.models;
    let parsed = side_by_side(models.len(), |at| Node::parse(&models[at]));
    let (nodes, mut problems) = graph::order(models.iter().zip(parsed));
    let mut compiled = Vec::new();
    for result in compiler.each(&nodes, |node, table| compiler.compile(node, table)) {
        match result? {
            Ok(model) => compiled.push(model),
            Err(own) => problems.extend(own),
        }
    }
    let origins: Vec<Origins> = compiled.iter().map(|model| Origins::of(&model.lineage)).collect();
    let with_origins = compiled.iter().zip(&origins).map(|(model, origins)| (&model.model, origins));
    problems.extend(apart::check(open, with_origins));
    problems.extend(noise::check(open, compiled.iter().map(noise::Made::of)));
    problems.extend(compiler.relations.sources().check(open, pipeline, &nodes));
    let channels = pipeline.channels.iter().filter_map(|c| open.project.dataset(&c.dataset.value));
    problems.extend(row_rules::check(open, channels));
    Ok((compiled, problems))
}

/// What the models of one pipeline are compiled with.
pub(crate) struct Compiler<'a> {
    pub(crate) open: &'a OpenProject,
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) relations: Relations<'a>,
    names: Vec<String>,
    engine: Engine,
}

impl<'a> Compiler<'a> {
    /// Gets ready for a pipeline's models.
    ///
    /// # Errors
    /// If the engine cannot be started.
    pub fn new(open: &'a OpenProject, pipeline: &'a Pipeline) -> Result<Self, PipelineError> {
        let options = EngineOptions { partitions: 1, ..EngineOptions::default() };
        let engine = Engine::new(Arc::new(InMemory::new()), options).map_err(PipelineError::of_model("check"))?;
        let relations = Relations::declared(open, pipeline, DateTime::UNIX_EPOCH);
        Ok(Self { open, pipeline, names: relations.names(), relations, engine })
    }

    /// Does something with every model that has a contract, on all cores, and gives the results in order. No model
    /// needs another's result: what one gives is in its contract.
    pub fn each<'n, T: Send>(
        &self,
        nodes: &'n [Node<'a>],
        work: impl Fn(&'n Node<'a>, &'a Table) -> T + Sync,
    ) -> Vec<T> {
        // What a table is for has to be known before anything can be said of its model.
        let known = |table: &&Table| !is_placeholder(&table.purpose.value);
        let table = |node: &'n Node<'a>| Some((node, self.open.project.table(&node.model.name).filter(known)?));
        let with_tables: Vec<_> = nodes.iter().filter_map(table).collect();
        side_by_side(with_tables.len(), |at| work(with_tables[at].0, with_tables[at].1))
    }

    /// What SQL is planned by.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Compiles a model, or says what is wrong with it.
    ///
    /// # Errors
    /// Those of the engine that are not the model's.
    pub fn compile(
        &self,
        node: &Node<'_>,
        table: &Table,
    ) -> Result<Result<CompiledModel, Vec<Problem>>, PipelineError> {
        // Planning waits for nothing. What is judged of a plan recurses over it as planning does.
        on_planning_stack(|| block_on(compile_model(self, node, table)))
    }
}

async fn compile_model(
    compiler: &Compiler<'_>,
    node: &Node<'_>,
    table: &Table,
) -> Result<Result<CompiledModel, Vec<Problem>>, PipelineError> {
    let Compiler { open, relations, names, engine, .. } = compiler;
    let purpose = &table.purpose.value;
    let mut problems = unknown_relations(names, node);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let mut nobody: Option<Customers> = None;
    let names = node.reads.iter().map(|r| r.name.as_str());
    let readable = relations.of(names, purpose, &mut nobody)?;
    problems.extend(purposes::relations(open, node, purpose, &readable));
    problems.extend(without_subject::check(open, node, &readable));
    problems.extend(subjects::check(&open.project, node, table));
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let spec = SessionSpec {
        purpose: purpose.clone(),
        as_of: DateTime::<Utc>::UNIX_EPOCH,
        zone: open.zone(),
        minimum_subjects: open.project.minimum_subjects(table),
    };
    let mut session = Session::new(engine, &spec, readable).map_err(PipelineError::of_model(&node.model.name))?;
    if let Some(declared) = &table.noise {
        session = session.noised(TableNoise { declared: declared.clone(), publication: String::new(), source: None });
    }
    let compiled = match node.query() {
        Ok(query) => session.compile_query(query).await,
        Err(error) => Err(error),
    };
    let Compiled { plan, standing, follows, noise } = match compiled {
        Ok(compiled) => compiled,
        Err(EngineError::Forbidden { purpose, columns }) => {
            return Ok(Err(purposes::columns(open, node.model, &purpose, &columns)));
        }
        Err(error @ EngineError::Sql(_)) => return Ok(Err(vec![sql_problem(node.model, error)])),
        Err(error) => return Err(PipelineError::Engine { model: node.model.name.clone(), error }),
    };
    problems.extend(compare(node.model, table, &plan));
    let lineage = match column_lineage(&plan).and_then(Lineage::complete) {
        Ok(lineage) => lineage,
        Err(error) => {
            let span = place(node.model, None);
            problems.push(Problem::error(
                "LW2008",
                span,
                format!("where its columns come from cannot be told: {error}"),
            ));
            return Ok(Err(problems));
        }
    };
    // Where it cannot be told, the worst is taken, and the reason is a problem of its own.
    let picked = standing.as_ref().map_or(true, |standing| standing.picks_one_of_many);
    let noise = match noise.transpose() {
        Ok(noise) => noise,
        Err(error) => {
            problems.push(noise::problem(&error, node.model, table));
            None
        }
    };
    let noised = noise.is_some();
    let judged = Judged { open, model: node.model, table, plan: &plan, lineage: &lineage, picked, noised };
    let (labels, own) = labels::judge(&judged);
    let labelled = own.iter().any(|problem| matches!(problem.code, "LW2007" | "LW2009"));
    problems.extend(own);
    problems.extend(labels::judge_rows(standing, node.model, table, &lineage, labelled));
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    Ok(Ok(CompiledModel {
        model: node.model.clone(),
        table: table.clone(),
        reads: node.reads.iter().map(|r| r.name.clone()).collect(),
        uses: uses(&lineage),
        labels,
        lineage,
        minimum_subjects: spec.minimum_subjects,
        noise,
        follows: follows.ok(),
    }))
}

fn unknown_relations(known: &[String], node: &Node<'_>) -> Vec<Problem> {
    node.reads
        .iter()
        .filter(|r| !known.contains(&r.name))
        .map(|r| {
            let problem = Problem::error(
                "LW2002",
                place(node.model, r.at),
                format!("there is no table {:?} in this pipeline", r.name),
            );
            match nearest(&r.name, known.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem.hint("a model reads the pipeline's channels, `customers` and other models"),
            }
        })
        .collect()
}

/// Compares what the SQL gives with what the contract promises.
fn compare(model: &Model, table: &Table, plan: &LogicalPlan) -> Vec<Problem> {
    let promised = contract::schema(table);
    let given = plan.schema();
    let mut problems = Vec::new();
    let whole = || place(model, None);
    for (field, column) in promised.fields().iter().zip(&table.columns) {
        match given.fields().iter().find(|f| f.name() == field.name()) {
            None => {
                let names: Vec<&str> = given.fields().iter().map(|f| f.name().as_str()).collect();
                let problem =
                    Problem::error("LW2004", whole(), format!("the model gives no column {:?}", field.name()))
                        .related(column.name.span.clone(), "promised here");
                problems.push(match nearest(field.name(), names.into_iter()) {
                    Some(near) => problem.hint(format!("it gives {near:?}; rename one of them")),
                    None => problem.hint("add it to the SELECT, or take it out of the contract"),
                });
            }
            Some(found) if !contract::fits(found.data_type(), field.data_type()) => problems.push(
                Problem::error(
                    "LW2005",
                    whole(),
                    format!(
                        "column {:?} is {}, its contract says {}",
                        field.name(),
                        found.data_type(),
                        field.data_type()
                    ),
                )
                .related(column.data_type.span.clone(), "promised here")
                .hint("CAST it in the SELECT, or mend the contract"),
            ),
            Some(_) => {}
        }
    }
    for field in given.fields() {
        if promised.field_with_name(field.name()).is_err() {
            problems.push(
                Problem::error("LW2006", whole(), format!("column {:?} is not in the contract", field.name()))
                    .related(table.name.span.clone(), "the contract")
                    .hint("declare it with its label and meaning, or leave it out of the SELECT"),
            );
        }
    }
    problems
}

fn uses(lineage: &Lineage) -> Vec<ColumnUse> {
    let mut uses = Vec::new();
    for output in &lineage.outputs {
        let name = Some(output.name.clone());
        for source in output.direct.keys() {
            uses.push(ColumnUse {
                relation: source.relation.to_string(),
                column: source.column.clone(),
                output: name.clone(),
                direct: true,
            });
        }
        for source in output.indirect.keys() {
            uses.push(ColumnUse {
                relation: source.relation.to_string(),
                column: source.column.clone(),
                output: name.clone(),
                direct: false,
            });
        }
    }
    for source in lineage.indirect.keys() {
        uses.push(ColumnUse {
            relation: source.relation.to_string(),
            column: source.column.clone(),
            output: None,
            direct: false,
        });
    }
    uses.sort();
    uses.dedup();
    uses
}
