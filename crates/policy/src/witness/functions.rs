//! `lakewarden_witness(id, unknown)` and `lakewarden_witnesses(witness)`: sets of up to k subjects as bytes.
//!
//! A witness is 8 bytes, a hash of the id; a set is different witnesses one after another, k of them at most, and after
//! them the witness of unknown persons, if there are any. Two ids with one hash count as one: a row more is held back,
//! never one less.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use foldhash::quality::FixedState;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Bytes of a witness.
pub(super) const WIDTH: usize = 8;

/// The witness of persons who are not known. They may be one and the same, so that they count as no person, and a row
/// behind which there is no other is held back. No id has this hash.
pub(super) const UNKNOWN: u64 = 0;

/// `lakewarden_witness(id, unknown)`: the witness of a subject. Without an id it is [`UNKNOWN`], or null where `unknown`
/// is false: the row is about no person.
pub(super) fn witness() -> ScalarUDF {
    ScalarUDF::new_from_impl(Witness { signature: Signature::any(2, Volatility::Immutable) })
}

/// `lakewarden_witnesses(witness)`: up to `k` different witnesses of a group.
pub(super) fn witnesses(k: u32) -> AggregateUDF {
    let signature = Signature::exact(vec![DataType::Binary], Volatility::Immutable);
    AggregateUDF::new_from_impl(Witnesses { k, signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Witness {
    signature: Signature,
}

impl ScalarUDFImpl for Witness {
    fn name(&self) -> &str {
        "lakewarden_witness"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ids, unknown] = args.args.as_slice() else { return exec_err!("a witness is of one subject") };
        let ids = cast(&ids.to_array(args.number_rows)?, &DataType::Utf8)?;
        let unknown = cast(&unknown.to_array(args.number_rows)?, &DataType::Boolean)?;
        let hash = FixedState::with_seed(0x6c61_6b65);
        let mut out = BinaryBuilder::with_capacity(ids.len(), ids.len() * WIDTH);
        for (id, unknown) in ids.as_string::<i32>().iter().zip(unknown.as_boolean()) {
            let witness = match (id, unknown) {
                (Some(id), _) => Some(hash.hash_one(id).max(UNKNOWN + 1)),
                (None, Some(true) | None) => Some(UNKNOWN),
                (None, Some(false)) => None,
            };
            out.append_option(witness.map(u64::to_le_bytes));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Witnesses {
    k: u32,
    signature: Signature,
}

impl AggregateUDFImpl for Witnesses {
    fn name(&self) -> &str {
        "lakewarden_witnesses"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[set]", args.name), DataType::Binary, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(Sets::new(self.k))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sets::new(self.k)))
    }
}

/// How many different persons a set of witnesses has, and whether there are unknown ones besides; `None` if it is damaged.
pub(super) fn count_witnesses(set: &[u8]) -> Option<(usize, bool)> {
    let (witnesses, rest) = set.as_chunks::<WIDTH>();
    let known = witnesses.iter().filter(|w| u64::from_le_bytes(**w) != UNKNOWN).count();
    rest.is_empty().then_some((known, known < witnesses.len()))
}

/// A set a group.
#[derive(Debug)]
struct Sets {
    k: usize,
    groups: Vec<Set>,
}

/// The persons of a group: up to k known ones, and whether there are unknown ones.
#[derive(Debug, Clone, Default)]
struct Set {
    known: Vec<u64>,
    unknown: bool,
}

impl Set {
    fn bytes(&self) -> Vec<u8> {
        self.known.iter().chain(self.unknown.then_some(&UNKNOWN)).flat_map(|w| w.to_le_bytes()).collect()
    }
}

impl Sets {
    fn new(k: u32) -> Self {
        Self { k: k as usize, groups: Vec::new() }
    }

    fn add(&mut self, group: usize, set: &[u8]) -> Result<()> {
        let own = &mut self.groups[group];
        let (witnesses, rest) = set.as_chunks::<WIDTH>();
        if !rest.is_empty() {
            return exec_err!("a set of witnesses is damaged");
        }
        for witness in witnesses {
            match u64::from_le_bytes(*witness) {
                UNKNOWN => own.unknown = true,
                witness if own.known.len() < self.k && !own.known.contains(&witness) => own.known.push(witness),
                _ => {}
            }
        }
        Ok(())
    }

    fn emit(&mut self, to: EmitTo) -> BinaryArray {
        let groups = to.take_needed(&mut self.groups);
        let mut out = BinaryBuilder::with_capacity(groups.len(), groups.len() * self.k * WIDTH);
        groups.iter().for_each(|group| out.append_value(group.bytes()));
        out.finish()
    }
}

impl GroupsAccumulator for Sets {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups.resize_with(total, Set::default);
        let [sets] = values else { return exec_err!("witnesses are of one column") };
        let sets = sets.as_binary::<i32>();
        for (row, group) in groups.iter().enumerate() {
            let counts = filter.is_none_or(|f| f.is_valid(row) && f.value(row));
            if counts && sets.is_valid(row) && self.groups[*group].known.len() < self.k {
                self.add(*group, sets.value(row))?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        GroupsAccumulator::update_batch(self, values, groups, None, total)
    }

    /// A row's own set is the state of a group of that row alone.
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [sets] = values else { return exec_err!("witnesses are of one column") };
        let Some(filter) = filter else { return Ok(vec![sets.clone()]) };
        let out = filter.iter().map(|counts| counts == Some(true));
        Ok(vec![nullif(sets, &BooleanArray::from_iter(out.map(|counts| Some(!counts))))?])
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(self.emit(emit)))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(self.emit(emit))])
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Set>()
            + self.groups.iter().map(|g| g.known.capacity() * WIDTH).sum::<usize>()
    }
}

/// The same without groups.
#[derive(Debug)]
struct OneGroup(Sets);

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |v| v.len());
        GroupsAccumulator::update_batch(&mut self.0, values, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.groups.resize_with(1, Set::default);
        Ok(ScalarValue::Binary(Some(self.0.groups[0].bytes())))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn singles(ids: &[Option<u64>]) -> ArrayRef {
        Arc::new(ids.iter().map(|id| id.map(|id| id.to_le_bytes().to_vec())).collect::<BinaryArray>())
    }

    proptest! {
        /// However rows are cut into batches and merged, a group has min(k, its different subjects) witnesses.
        #[test]
        fn a_group_has_as_many_witnesses_as_subjects_up_to_k(
            rows in prop::collection::vec((0usize..4, prop::option::weighted(0.8, 0u64..12)), 0..120),
            cut in any::<prop::sample::Index>(),
            k in 1u32..9,
        ) {
            let (groups, ids): (Vec<usize>, Vec<Option<u64>>) = rows.iter().copied().unzip();
            let cut = cut.index(rows.len() + 1);
            let mut parts = [Sets::new(k), Sets::new(k)];
            for (part, range) in parts.iter_mut().zip([0..cut, cut..rows.len()]) {
                GroupsAccumulator::update_batch(part, &[singles(&ids[range.clone()])], &groups[range], None, 4).unwrap();
            }
            let [mut first, mut second] = parts;
            let state = GroupsAccumulator::state(&mut second, EmitTo::All).unwrap();
            GroupsAccumulator::merge_batch(&mut first, &state, &[0, 1, 2, 3], 4).unwrap();
            let sets = GroupsAccumulator::evaluate(&mut first, EmitTo::All).unwrap();
            for group in 0..4 {
                let subjects: BTreeSet<u64> = rows.iter().filter(|(g, _)| *g == group).filter_map(|(_, id)| *id).collect();
                let (found, unknown) = count_witnesses(sets.as_binary::<i32>().value(group)).unwrap();
                let known = subjects.iter().filter(|id| **id != UNKNOWN).count();
                prop_assert_eq!(found, known.min(k as usize));
                // Once a set is full it does not matter whether there are unknown persons besides.
                prop_assert!(unknown == subjects.contains(&UNKNOWN) || found == k as usize);
            }
        }
    }
}
