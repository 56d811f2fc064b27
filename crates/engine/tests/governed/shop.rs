//! The tables: as the governed session gets them, and as they are without the rows that it must not show.

use crate::people::*;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::*;
use lakewarden_policy::Ruling;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Memory,
    Parquet,
    /// Parquet, and it is known beforehand whose each row is.
    Placed,
}

/// A table with all that is known of each of its rows.
pub struct Table {
    pub name: &'static str,
    /// `None`: about nobody.
    pub subject: Option<SubjectColumns>,
    /// All stored rows.
    pub rows: RecordBatch,
    /// Whose each row is, as far as it can be told.
    pub whose: Vec<Option<u32>>,
    /// Why it is withheld.
    pub withheld: Vec<Option<Reason>>,
}

fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn numbers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
}

/// A text that says so if it must not be seen.
fn marked(text: String, withheld: Option<Reason>) -> Option<String> {
    Some(if withheld.is_some() { format!("{CANARY}-{text}") } else { text })
}

/// The same for a number. Sign by parity, so that a canary would be the least and the greatest of all.
fn counted(number: i64, withheld: Option<Reason>) -> Option<i64> {
    let canary = if number % 2 == 0 { CANARY_NUMBER + number } else { -CANARY_NUMBER - number };
    Some(if withheld.is_some() { canary } else { number })
}

fn place(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    let towns = texts(values);
    let field = Arc::new(Field::new("town", DataType::Utf8, true));
    Arc::new(StructArray::from(vec![(field, towns)]))
}

const CITIES: [&str; 4] = ["Nanjing", "Leeds", "Porto", "Kyoto"];

fn people() -> Table {
    let whose: Vec<Option<u32>> = (0..PEOPLE).map(Some).chain([None, None]).collect();
    // A row of a table without its subject is about a person who is not known.
    let withheld: Vec<Option<Reason>> = whose.iter().map(|n| n.map_or(Some(Reason::NotGranted), refusal)).collect();
    let each = || whose.iter().zip(&withheld).enumerate().map(|(at, (n, w))| (at as u32, *n, *w));
    let rows =
        batch(vec![
            ("customer_id", texts(each().map(|(_, n, _)| n.map(id)))),
            (
                "name",
                texts(each().map(|(at, n, w)| {
                    marked(if n.is_some() { format!("Person {at:02}") } else { "Walk-in".into() }, w)
                })),
            ),
            // Only withheld people are 41.
            ("age", numbers(each().map(|(at, _, w)| Some(if w.is_some() { 41 } else { 20 + i64::from(at % 13) })))),
            ("city", texts(each().map(|(at, _, _)| Some(CITIES[at as usize % 4].to_owned())))),
            ("spend", numbers(each().map(|(at, _, w)| counted(i64::from(at) * 10, w)))),
            // A number, but for withheld people.
            ("code", texts(each().map(|(at, _, w)| marked(at.to_string(), w)))),
            ("place", place(each().map(|(at, _, w)| marked(format!("Town {}", at % 3), w)))),
            ("secret", texts(each().map(|(at, _, w)| marked(format!("secret {at}"), w)))),
        ]);
    Table { name: "people", subject: Some(SubjectColumns::CustomerId), rows, whose, withheld }
}

/// The tokens of one row of orders: its pseudonyms of two domains, some unknown, some of two people.
fn order_tokens(row: u32) -> [Option<u32>; 2] {
    let person = row * 7 % PEOPLE;
    match row {
        r if r % 11 == 0 => [None, None],
        r if r % 13 == 1 => [Some(person), Some((person + 1) % PEOPLE)],
        r if r % 17 == 2 => [None, Some(person)],
        r if r % 19 == 3 => [Some(99_999), None],
        r if r % 23 == 4 => [Some(99_999), Some(person)],
        _ => [Some(person), Some(person)],
    }
}

/// The strictest of all its pseudonyms; one of nobody known is not granted.
fn strictest(tokens: &[Option<u32>]) -> Option<Reason> {
    tokens.iter().flatten().filter_map(|n| if *n >= PEOPLE { Some(Reason::NotGranted) } else { refusal(*n) }).min()
}

fn orders() -> Table {
    const ROWS: u32 = 300;
    let tokens: Vec<[Option<u32>; 2]> = (0..ROWS).map(order_tokens).collect();
    let withheld: Vec<Option<Reason>> = tokens.iter().map(|t| strictest(t)).collect();
    let whose = tokens.iter().map(|t| t.iter().flatten().copied().find(|n| *n < PEOPLE)).collect();
    let each = || (0..ROWS).map(|r| (i64::from(r), withheld[r as usize]));
    let mut items = ListBuilder::new(StringBuilder::new());
    for (row, w) in each() {
        for item in 0..row % 4 {
            items.values().append_option(marked(format!("item {item}"), w));
        }
        items.append(true);
    }
    let rows = batch(vec![
        ("order_id", numbers(each().map(|(r, w)| counted(r, w)))),
        ("phone_token", texts(tokens.iter().map(|t| t[0].map(phone)))),
        ("email_token", texts(tokens.iter().map(|t| t[1].map(email)))),
        ("amount", numbers(each().map(|(r, w)| counted(r * 37 % 101, w)))),
        (
            "day",
            Arc::new(
                each()
                    .map(|(r, w)| Some(if w.is_some() { 47_000 } else { 15_000 + r as i32 % 90 }))
                    .collect::<Date32Array>(),
            ),
        ),
        ("status", texts(each().map(|(r, w)| marked(["paid", "sent", "returned"][r as usize % 3].into(), w)))),
        ("items", Arc::new(items.finish())),
    ]);
    let subject = SubjectColumns::linking(["phone_token", "email_token"]);
    Table { name: "orders", subject: Some(subject), rows, whose, withheld }
}

fn visits() -> Table {
    const ROWS: u32 = 200;
    let whose: Vec<Option<u32>> = (0..ROWS).map(|r| (r % 6 != 0).then_some(r * 3 % PEOPLE)).collect();
    let withheld: Vec<Option<Reason>> = whose.iter().map(|n| n.and_then(refusal)).collect();
    let each = || (0..ROWS).map(|r| (i64::from(r), withheld[r as usize]));
    let rows = batch(vec![
        ("visit_id", numbers(each().map(|(r, w)| counted(r, w)))),
        ("page", texts(each().map(|(r, w)| marked(format!("/p{}", r % 5), w)))),
        ("device_token", texts(whose.iter().map(|n| n.map(device)))),
        ("seconds", numbers(each().map(|(r, w)| counted(r * 13 % 59, w)))),
    ]);
    Table { name: "visits", subject: Some(SubjectColumns::linking(["device_token"])), rows, whose, withheld }
}

/// A name and columns that must be quoted.
fn loyalty() -> Table {
    let whose: Vec<Option<u32>> = (0..PEOPLE).map(Some).collect();
    let withheld: Vec<Option<Reason>> = whose.iter().map(|n| n.and_then(refusal)).collect();
    let rows = batch(vec![
        ("Points", numbers((0..PEOPLE).map(|n| counted(i64::from(n % 9), refusal(n))))),
        ("customer_id", texts((0..PEOPLE).map(|n| Some(id(n))))),
        ("Tier of", texts((0..PEOPLE).map(|n| marked(format!("T{}", n % 3), refusal(n))))),
    ]);
    Table { name: "Loyalty", subject: Some(SubjectColumns::CustomerId), rows, whose, withheld }
}

fn cards() -> Table {
    let table = loyalty();
    let rows = batch(vec![
        ("customer_id", table.rows.column(1).clone()),
        ("card", texts((0..PEOPLE).map(|n| marked(format!("card {n}"), refusal(n))))),
    ]);
    Table { name: "crm.cards", rows, ..table }
}

fn shops() -> Table {
    let rows = batch(vec![
        ("city", texts(CITIES.iter().map(|c| Some((*c).to_owned())))),
        ("region", texts(["east", "north", "south", "east"].iter().map(|c| Some((*c).to_owned())))),
    ]);
    Table { name: "shops", subject: None, whose: vec![None; 4], withheld: vec![None; 4], rows }
}

/// All of them.
pub fn tables() -> Vec<Table> {
    vec![people(), orders(), visits(), loyalty(), cards(), shops()]
}

impl Table {
    /// The figures that a scan of the whole of it must come to.
    pub fn figures(&self, basis: LawfulBasis) -> ScanFigures {
        let mut withheld: BTreeMap<&'static str, u64> = BTreeMap::new();
        for reason in self.withheld.iter().flatten() {
            *withheld.entry(reason.name()).or_default() += 1;
        }
        let (read, complete) = (self.rows.num_rows() as u64, true);
        let free = self.whose.iter().zip(&self.withheld).filter(|(n, w)| n.is_none() && w.is_none()).count() as u64;
        let used = read - withheld.values().sum::<u64>();
        let relation = self.name.to_owned();
        ScanFigures {
            relation,
            purpose: PURPOSE.into(),
            basis: Some(basis),
            complete,
            read,
            used,
            without_subject: free,
            withheld,
        }
    }

    /// What may be seen of it, with the column of the customer that the engine adds.
    pub fn visible(&self) -> RecordBatch {
        let keep = self.withheld.iter().map(|w| Some(w.is_none())).collect();
        let mut columns: Vec<(String, ArrayRef)> =
            self.rows.schema().fields().iter().map(|f| f.name().clone()).zip(self.rows.columns().to_vec()).collect();
        if matches!(self.subject, Some(SubjectColumns::Tokens { .. })) {
            columns.push(("customer_id".into(), texts(self.whose.iter().map(|n| n.map(id)))));
        }
        let all = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        datafusion::arrow::compute::filter_record_batch(&all, &keep).unwrap()
    }

    async fn content(&self, source: Source, store: &InMemory) -> Content {
        let schema: SchemaRef = self.rows.schema();
        let halves = [0, self.rows.num_rows() / 2];
        let slices = [self.rows.slice(0, halves[1]), self.rows.slice(halves[1], self.rows.num_rows() - halves[1])];
        if source == Source::Memory {
            return Content::Memory { schema, batches: slices.to_vec() };
        }
        let mut files = Vec::new();
        for (at, slice) in slices.iter().enumerate() {
            let properties = WriterProperties::builder().set_max_row_group_row_count(Some(32)).build();
            let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties)).unwrap();
            writer.write(slice).unwrap();
            let bytes = writer.into_inner().unwrap();
            let path = format!("conformed/{}/part-{at}.parquet", self.name);
            files.push(DataFile { path: path.clone(), size: bytes.len() as u64 });
            store.put(&Path::from(path), bytes.into()).await.unwrap();
        }
        Content::Files { schema, files }
    }

    /// Whose its rows are, by their places.
    fn row_subjects(&self, subject: &SubjectColumns, content: &Content) -> RowSubjects {
        let index = index();
        let names = match subject {
            SubjectColumns::Tokens { linking, .. } => linking.clone(),
            SubjectColumns::CustomerId => vec!["customer_id".to_owned()],
            SubjectColumns::Unresolvable => Vec::new(),
        };
        let of = |text: &str| {
            let bits = lakewarden_privacy::token_bits(text).unwrap();
            let found = if *subject == SubjectColumns::CustomerId { index.of_id(bits) } else { index.of_token(bits) };
            found.map_or(RowName::Unknown, RowName::Customer)
        };
        let column = |name: &String| self.rows.column_by_name(name).unwrap().as_string::<i32>();
        let columns: Vec<&StringArray> = names.iter().map(column).collect();
        let mut rows = RowSubjectsBuilder::new(index.len(), index.apart()).unwrap();
        for row in 0..self.rows.num_rows() {
            assert!(rows.row(columns.iter().filter(|c| c.is_valid(row)).map(|c| of(c.value(row)))));
        }
        let Content::Files { files, .. } = content else { panic!("rows in files") };
        let half = self.rows.num_rows() / 2;
        let counts = [half, self.rows.num_rows() - half];
        rows.finish(files.iter().zip(counts).map(|(f, rows)| (f.path.as_str(), rows as u64))).unwrap()
    }

    /// As a session is given it.
    pub async fn relation(&self, source: Source, store: &InMemory, basis: LawfulBasis) -> Relation {
        let content = self.content(source, store).await;
        let Some(subject) = self.subject.clone() else {
            return Relation { name: self.name.into(), content, ruling: Ruling::Open, governance: None };
        };
        let rows = (source == Source::Placed).then(|| Arc::new(self.row_subjects(&subject, &content)));
        let governance = Some(Governance { subject, subjects: index(), decisions: decisions(), rows, retention: None });
        let ruling = Ruling::Gated { basis, forbidden_columns: Vec::new() };
        Relation { name: self.name.into(), content, ruling, governance }
    }
}

pub fn spec() -> SessionSpec {
    let as_of = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    SessionSpec { purpose: PURPOSE.into(), as_of, zone: chrono_tz::Asia::Shanghai, minimum_subjects: 1 }
}

pub fn engine(store: Arc<dyn ObjectStore>) -> Engine {
    let options = EngineOptions { memory: 256 << 20, partitions: 3, batch_rows: 16 };
    Engine::new(store, options).unwrap()
}

/// All relations of a session, for tests that change one of them.
pub async fn relations(source: Source, basis: LawfulBasis) -> (Engine, Vec<Relation>) {
    let store = Arc::new(InMemory::new());
    let mut relations = Vec::new();
    for table in tables() {
        relations.push(table.relation(source, &store, basis).await);
    }
    (engine(store), relations)
}

pub async fn session(source: Source, basis: LawfulBasis) -> Session {
    let (engine, relations) = relations(source, basis).await;
    Session::new(&engine, &spec(), relations).unwrap()
}

/// DataFusion as it is, over tables without the withheld rows.
pub fn filtered() -> SessionContext {
    with_visible(SessionContext::new())
}

/// The same with the rules that make it right: see `claims.rs`.
pub fn filtered_and_mended() -> SessionContext {
    let mended = SessionStateBuilder::new()
        .with_default_features()
        .with_optimizer_rules(logical_rules())
        .with_physical_optimizer_rules(physical_rules());
    with_visible(SessionContext::new_with_state(mended.build()))
}

fn with_visible(context: SessionContext) -> SessionContext {
    let catalog = context.catalog("datafusion").unwrap();
    catalog.register_schema("crm", Arc::new(datafusion::catalog::MemorySchemaProvider::new())).unwrap();
    for table in tables() {
        let rows = table.visible();
        let provider = Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap());
        let (schema, name) = table.name.split_once('.').unwrap_or(("public", table.name));
        catalog.schema(schema).unwrap().register_table(name.to_owned(), provider).unwrap();
    }
    context
}

/// The rows of a result as text, in order.
pub fn lines(batches: &[RecordBatch]) -> Vec<String> {
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    let options = FormatOptions::default().with_null("∅");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            lines.push(cells.join(" | "));
        }
    }
    lines
}

/// Runs a query to its end.
pub async fn ask(session: &Session, sql: &str) -> Result<(Vec<String>, Vec<ScanFigures>), EngineError> {
    let mut running = session.run(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = running.next().await? {
        batches.push(batch);
    }
    let figures = running.accounts()?;
    Ok((lines(&batches), figures))
}
