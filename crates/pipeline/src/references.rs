//! Values that datasets refer to in other datasets, gathered while those are loaded.

use crate::error::PipelineError;
use crate::load::Arrivals;
use arrow::array::RecordBatch;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, Rule};
use lakewarden_extract::{KeyRoom, KeySet};
use lakewarden_lake::{Lake, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A column of a dataset.
type Place = (String, String);

/// What a run needs to know of columns that rules refer to, and what it knows so far: about 36 bytes a value.
pub struct References {
    seed: u64,
    room: KeyRoom,
    wanted: BTreeSet<Place>,
    found: Mutex<BTreeMap<Place, Arc<KeySet>>>,
}

/// The columns that a dataset's rules refer to.
fn of_dataset(dataset: &Dataset) -> impl Iterator<Item = Place> + '_ {
    let rules = dataset.fields.iter().flat_map(|f| &f.rules);
    rules.filter_map(|rule| match &rule.rule.value {
        Rule::References { dataset, column } => Some((dataset.clone(), column.clone())),
        _ => None,
    })
}

/// By dataset: those among these that must be loaded before.
pub(crate) fn needs(datasets: &[&Dataset]) -> Vec<Vec<usize>> {
    let at = |name: &str| datasets.iter().position(|d| d.name.value == name);
    datasets
        .iter()
        .map(|dataset| {
            of_dataset(dataset).filter_map(|(name, _)| at(&name)).collect::<BTreeSet<_>>().into_iter().collect()
        })
        .collect()
}

impl References {
    /// What the rules of datasets with new files refer to. What is in datasets that are not among these is read from
    /// the lake at once.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Damaged`].
    pub async fn of(lake: &Lake, arrivals: &[Arrivals<'_>], seed: u64, room: &KeyRoom) -> Result<Self, PipelineError> {
        let with_new = arrivals.iter().filter(|a| !a.new.is_empty());
        let wanted: BTreeSet<Place> = with_new.flat_map(|a| of_dataset(a.dataset)).collect();
        let mut found = BTreeMap::new();
        for (dataset, column) in &wanted {
            if arrivals.iter().any(|a| a.dataset.name.value == *dataset) {
                continue;
            }
            let values = values_of(lake, dataset, column, seed, room).await?;
            found.insert((dataset.clone(), column.clone()), Arc::new(values));
        }
        Ok(Self { seed, room: room.clone(), wanted, found: Mutex::new(found) })
    }

    /// What the rules of a dataset refer to, as the lake holds it.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Damaged`].
    pub async fn of_lake(
        lake: &Lake,
        dataset: &Dataset,
        seed: u64,
        room: &KeyRoom,
    ) -> Result<BTreeMap<Place, Arc<KeySet>>, PipelineError> {
        let mut found = BTreeMap::new();
        for (name, column) in of_dataset(dataset) {
            let values = values_of(lake, &name, &column, seed, room).await?;
            found.insert((name, column), Arc::new(values));
        }
        Ok(found)
    }

    /// Begins to gather what others refer to in a dataset.
    pub fn gather(&self, dataset: &Dataset) -> Gathered {
        let name = &dataset.name.value;
        let columns = self.wanted.iter().filter(|(d, _)| d == name).map(|(_, column)| column.clone());
        Gathered {
            dataset: name.clone(),
            columns: columns.map(|column| (column, KeySet::within(&self.room, self.seed))).collect(),
        }
    }

    /// Takes what was gathered of a dataset that is loaded.
    ///
    /// # Errors
    /// [`PipelineError::Worker`] if another thread died.
    pub fn put(&self, gathered: Gathered) -> Result<(), PipelineError> {
        let mut found = self.found.lock().map_err(|_| PipelineError::Worker)?;
        for (column, values) in gathered.columns {
            found.insert((gathered.dataset.clone(), column), Arc::new(values));
        }
        Ok(())
    }

    /// What the rules of a dataset refer to, as far as it is known.
    ///
    /// # Errors
    /// [`PipelineError::Worker`] if another thread died.
    pub fn for_dataset(&self, dataset: &Dataset) -> Result<BTreeMap<Place, Arc<KeySet>>, PipelineError> {
        let found = self.found.lock().map_err(|_| PipelineError::Worker)?;
        Ok(of_dataset(dataset).filter_map(|place| Some((place.clone(), found.get(&place)?.clone()))).collect())
    }
}

/// The values of a column in the lake: none, if it is not there.
async fn values_of(
    lake: &Lake,
    dataset: &str,
    column: &str,
    seed: u64,
    room: &KeyRoom,
) -> Result<KeySet, PipelineError> {
    let mut values = KeySet::within(room, seed);
    if let Some(table) = lake.table(Zone::Conformed, dataset).await?
        && table.schema.field_with_name(column).is_ok()
    {
        let mut batches = lake.read_table_batches(&table, Some(&[column]))?;
        while let Some(batch) = batches.try_next().await? {
            values.observe_values(&batch, column).map_err(PipelineError::of_keys(dataset, &[column]))?;
        }
    }
    Ok(values)
}

/// The values of a dataset's columns that others refer to.
pub struct Gathered {
    dataset: String,
    columns: Vec<(String, KeySet)>,
}

impl Gathered {
    /// The columns it looks at.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(column, _)| column.as_str())
    }

    /// Takes in rows of the dataset's conformed table. Files of before a column was declared lack it.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if a column is not what the dictionary says.
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<(), PipelineError> {
        for (column, values) in &mut self.columns {
            if batch.schema_ref().field_with_name(column).is_ok() {
                values.observe_values(batch, column).map_err(PipelineError::of_keys(&self.dataset, &[column]))?;
            }
        }
        Ok(())
    }
}
