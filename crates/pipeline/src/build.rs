//! Runs a model and stages its table.

use crate::anonymity::Anonymity;
use crate::compile::CompiledModel;
use crate::contract::Contract;
use crate::error::PipelineError;
use crate::load::Loading;
use crate::noise::{self, Turn};
use crate::people_count::PeopleCount;
use crate::placed::Written;
use crate::record::{ModelAccount, ModelWarning, ScanAccount};
use crate::table_description;
use lakewarden_engine::{Engine, Relation, RowSubjects, ScanFigures, Session, SessionSpec, SubjectIndex, TableNoise};
use lakewarden_lake::{StagedTable, WriterOptions, Zone};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// What a model is built from.
pub struct Readable {
    /// The relations it reads.
    pub relations: Vec<Relation>,
    /// The customers, if models read its table that ask whose its rows are.
    pub followed_by: Option<Arc<SubjectIndex>>,
}

/// A model's table before it is published.
pub struct Built {
    /// Its files.
    pub staged: StagedTable,
    /// What became of the rows it read.
    pub account: ModelAccount,
    /// Whose its rows are, if somebody will ask.
    pub rows: Option<RowSubjects>,
}

impl Loading<'_> {
    /// Builds a model's table from these relations. Its scans' accounts are closed, its contract kept and its
    /// rows as anonymous as its entry demands, or it is an error.
    ///
    /// # Errors
    /// Those of the engine, the contract and the lake.
    pub async fn build(
        &self,
        engine: &Engine,
        model: &CompiledModel,
        turn: Option<&Turn>,
        reads: Readable,
        progress: &dyn Fn(u64),
    ) -> Result<Built, PipelineError> {
        let name = &model.model.name;
        let purpose = model.table.purpose.value.clone();
        let minimum_subjects = model.minimum_subjects;
        let spec = SessionSpec { purpose: purpose.clone(), as_of: self.as_of, zone: self.zone, minimum_subjects };
        let mut session = Session::new(engine, &spec, reads.relations).map_err(PipelineError::of_model(name))?;
        if let Some(declared) = &model.table.noise {
            let turn = turn.ok_or(PipelineError::Worker)?;
            let source = Some(Arc::new(self.keys.noise(name)));
            let publication = turn.release().name();
            session = session.noised(TableNoise { declared: declared.clone(), publication, source });
        }
        let mut running = session.run(&model.model.sql).await.map_err(PipelineError::of_model(name))?;
        let mut contract = Contract::new(&model.table, self.seed)?;
        let mut anonymity = Anonymity::of(&model.table, self.seed)?;
        let mut people = PeopleCount::for_table(&model.table, self.seed);
        let mut written = reads.followed_by.map(|subjects| Written::new(name, &subjects)).transpose()?;
        let options = WriterOptions::new(self.run, Handle::current())
            .within(self.writing)
            .with_description(table_description::describe_table(&model.table, &model.labels));
        let schema = crate::contract::stored_schema(&model.table);
        let mut writer = self.lake.writer(Zone::Curated, name, schema, options)?;
        while let Some(batch) = running.next().await.map_err(PipelineError::of_model(name))? {
            block_in_place(|| {
                let batch = contract.take(&batch)?;
                if let Some(anonymity) = &mut anonymity {
                    anonymity.take(&batch)?;
                }
                if let Some(written) = &mut written {
                    written.take(&batch)?;
                }
                people.iter_mut().for_each(|people| people.add(&batch));
                // A table that breaks its contract is not stored; the rest is read to count what breaks it.
                if contract.is_kept() { writer.write(batch).map_err(PipelineError::from) } else { Ok(()) }
            })?;
            progress(writer.rows());
        }
        contract.finish()?;
        let anonymity = anonymity.map(Anonymity::finish).transpose()?;
        let scans = running.accounts().map_err(PipelineError::of_model(name))?;
        let staged = block_in_place(|| writer.finish())?;
        let rows = written.map(|written| written.finish(&staged.files)).transpose()?;
        let scans: Vec<ScanAccount> = scans.into_iter().map(scan).collect();
        let suppressed = running.suppressed();
        let account = ModelAccount {
            table: name.clone(),
            purpose,
            warnings: ModelWarning::find_all(&scans, staged.rows, suppressed, minimum_subjects),
            scans,
            rows: staged.rows,
            people: people.map(PeopleCount::finish),
            suppressed,
            anonymity,
            noise: noise::account(model, turn.map(Turn::release), false),
            lineage: model.uses.clone(),
            labels: model.labels.clone(),
        };
        Ok(Built { staged, account, rows })
    }
}

fn scan(figures: ScanFigures) -> ScanAccount {
    ScanAccount {
        basis: match figures.basis {
            Some(basis) => {
                serde_json::to_value(basis).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
            }
            None => crate::record::NOT_PERSONAL.to_owned(),
        },
        relation: figures.relation,
        read: figures.read,
        used: figures.used,
        without_subject: figures.without_subject,
        withheld: figures.withheld.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect(),
    }
}
