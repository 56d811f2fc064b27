//! A table with noise: governed rows, bounded, noised the same way whenever it is run again.

use crate::shop::*;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use lakewarden_dictionary::{LawfulBasis, Noise, NoiseBound, NoisedColumn, Period, Span, Spanned};
use lakewarden_engine::{EngineError, Session, TableNoise};
use lakewarden_policy::noise::threshold;
use lakewarden_privacy::noise::{DiscreteLaplace, NoiseSource};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::sync::Arc;

const SQL: &str = "SELECT city, count(DISTINCT customer_id) AS buyers, sum(spend) AS spend FROM people GROUP BY city";

/// What governed rows of [`SQL`] add up to: who refused is not among them, and `spend` of one is 70 at most.
const EXACT: &str = "SELECT city, count(DISTINCT customer_id) AS buyers, \
                     CAST(sum(CASE WHEN spend > 70 THEN 70 ELSE spend END) AS BIGINT) AS spend \
                     FROM people WHERE customer_id IS NOT NULL GROUP BY city";

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: Span::file(&"people.yaml".into()) }
}

fn declared(epsilon: &str, most: &str) -> Noise {
    let between = NoiseBound::Between { low: "0".parse().unwrap(), high: most.parse().unwrap() };
    let column = |name: &str, bound| NoisedColumn { name: spanned(name.to_owned()), bound };
    Noise {
        epsilon: spanned(epsilon.parse().unwrap()),
        delta: spanned(0.01),
        rows_per_person: spanned(1),
        every: spanned(Period { months: 1, days: 0 }),
        columns: vec![column("buyers", NoiseBound::People), column("spend", between)],
        span: Span::file(&"people.yaml".into()),
    }
}

fn source(key: u8) -> Option<Arc<NoiseSource>> {
    Some(Arc::new(KeyRing::new(MasterKey::from_bytes([key; 32]), 1).noise("people_by_city")))
}

async fn session(from: Source, declared: Noise, source: Option<Arc<NoiseSource>>, number: u32) -> Session {
    let (engine, relations) = relations(from, LawfulBasis::Consent).await;
    let publication = number.to_string();
    Session::new(&engine, &spec(), relations).unwrap().noised(TableNoise { declared, publication, source })
}

async fn batches(session: &Session, sql: &str) -> Result<Vec<RecordBatch>, EngineError> {
    let mut running = session.run(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = running.next().await? {
        batches.push(batch);
    }
    running.accounts()?;
    assert_eq!(running.suppressed(), 0, "how many rows are held back is not told");
    Ok(batches)
}

async fn rows(session: &Session, sql: &str) -> Vec<String> {
    lines(&batches(session, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")))
}

/// So little noise that there is none: what is left is consent, and bounds. In the order of the rows themselves.
#[tokio::test]
async fn with_a_large_epsilon_figures_are_those_of_the_governed_rows_within_their_bounds() {
    let mut exact = lines(&filtered().sql(EXACT).await.unwrap().collect().await.unwrap());
    exact.sort();
    for from in [Source::Memory, Source::Parquet] {
        // A scale of 1·70·2/1000 leaves one draw in six hundred that is not 0; of the few here, none is.
        let session = session(from, declared("1000", "70"), source(1), 0).await;
        assert_eq!(rows(&session, SQL).await, exact);
    }
}

#[tokio::test]
async fn noise_is_the_same_for_the_same_publication_and_another_for_another() {
    let mut noise = declared("1.0", "70");
    noise.delta = spanned(0.01);
    let of = async |from, noise: &Noise, key, number| {
        rows(&session(from, noise.clone(), source(key), number).await, SQL).await
    };
    // Cities have few people: a threshold of 2 lets them through but for the noise of the number itself.
    noise.epsilon = spanned("8.0".parse().unwrap());
    let first = of(Source::Memory, &noise, 1, 0).await;
    assert!(!first.is_empty());
    assert_eq!(of(Source::Memory, &noise, 1, 0).await, first);
    assert_eq!(of(Source::Parquet, &noise, 1, 0).await, first, "partitions and batches have no part in it");
    assert_ne!(of(Source::Memory, &noise, 2, 0).await, first, "another key");
    assert_ne!(of(Source::Memory, &noise, 1, 1).await, first, "another publication");
    noise.epsilon = spanned("8.1".parse().unwrap());
    assert_ne!(of(Source::Memory, &noise, 1, 0).await, first, "another scale");
}

/// 400 publications of one figure: mean and variance are those of the law, 2q/(1−q)² for q = exp(−ε/2).
#[tokio::test]
async fn published_figures_scatter_as_they_should() {
    let sql = "SELECT count(DISTINCT customer_id) AS buyers, sum(spend) AS spend FROM people";
    let exact =
        filtered().sql("SELECT count(DISTINCT customer_id) FROM people").await.unwrap().collect().await.unwrap();
    let exact = exact[0].column(0).as_primitive::<Int64Type>().value(0) as f64;
    let mut found = Vec::new();
    for publication in 0..400 {
        let session = session(Source::Memory, declared("1.0", "70"), source(1), publication).await;
        for batch in batches(&session, sql).await.unwrap() {
            found.extend(batch.column(0).as_primitive::<Int64Type>().values().iter().map(|v| *v as f64 - exact));
        }
    }
    assert_eq!(found.len(), 400, "thirty people are far above the threshold of 10");
    let q = (-0.5f64).exp();
    let law = 2.0 * q / (1.0 - q).powi(2);
    let mean = found.iter().sum::<f64>() / 400.0;
    let variance = found.iter().map(|x| x * x).sum::<f64>() / 400.0;
    assert!(mean.abs() < 4.0 * (law / 400.0).sqrt(), "{mean}");
    assert!((variance / law - 1.0).abs() < 4.0 * (5.0f64 / 400.0).sqrt(), "{variance} for {law}");
}

/// The threshold, by draws: a row that one person alone makes is shown with a chance of δ at most, and not much less.
#[test]
fn a_row_of_one_person_is_shown_as_seldom_as_declared() {
    let source = source(1).unwrap();
    for (rows, epsilon, delta) in [(1, 0.5, 0.01), (1, 0.1, 0.02), (3, 1.0, 0.05)] {
        let threshold = threshold(rows, epsilon, delta);
        let law = DiscreteLaplace::new(u128::from(rows) * 10, (epsilon * 10.0) as u128).unwrap();
        let draws = 40_000u32;
        let shown = (0..draws).filter(|n| 1 + source.draw(law, &[&n.to_le_bytes()]) >= threshold).count() as f64;
        let most = f64::from(draws) * delta / f64::from(rows);
        assert!(shown < most + 4.0 * most.sqrt() && shown > most * 0.5, "{rows} {epsilon} {delta}: {shown} of {most}");
    }
}

/// Nothing of a group below the threshold is seen, not even that it is there.
#[tokio::test]
async fn small_groups_are_not_shown() {
    let sql = "SELECT age, count(DISTINCT customer_id) AS buyers, sum(spend) AS spend FROM people GROUP BY age";
    let mut careful = declared("1.0", "70");
    careful.delta = spanned(1e-9);
    assert_eq!(rows(&session(Source::Memory, careful, source(1), 0).await, sql).await, [""; 0]);
}

#[tokio::test]
async fn without_a_key_or_with_sql_that_cannot_be_noised_nothing_runs() {
    let keyless = session(Source::Memory, declared("1.0", "70"), None, 0).await;
    assert!(keyless.plan(SQL).await.is_ok());
    let error = keyless.run(SQL).await.err().unwrap();
    assert!(matches!(&error, EngineError::Start { what } if what.contains("key")), "{error}");

    let session = session(Source::Memory, declared("1.0", "70"), source(1), 0).await;
    for sql in
        ["SELECT city, max(spend) AS spend, count(*) AS buyers FROM people GROUP BY city", "SELECT name FROM people"]
    {
        let Err(EngineError::Sql(problem)) = session.run(sql).await.map(|_| ()) else { panic!("ran: {sql}") };
        assert_eq!(problem.code, Some("LW2017"), "{sql}");
        assert!(session.compile(sql).await.unwrap().noise.unwrap().is_err());
    }
}

/// The plan that runs has the gate over the bounds, and the policy's gates below.
#[tokio::test]
async fn the_gate_stands_over_the_bounds() {
    let session = session(Source::Memory, declared("1.0", "70"), source(1), 0).await;
    let operators = session.operators(SQL).await.unwrap();
    let at = |what: &str| operators.find(what).unwrap_or_else(|| panic!("{what}: {operators}"));
    assert!(at("SortExec") < at("NoiseGateExec") && at("NoiseGateExec") < at("lakewarden_units"), "{operators}");
    assert!(at("lakewarden_units") < at("lakewarden_place"), "{operators}");
    assert!(at("lakewarden_place") < at("GovernedScanExec"), "{operators}");
}
