//! Queries that DataFusion alone answers wrongly: the governed session answers them rightly.

/// A query and its rows.
pub struct Case {
    /// Its rows are compared as a set if it does not end in an order, or an order and a limit.
    pub sql: &'static str,
    pub expected: &'static [&'static str],
    /// With how many partitions DataFusion alone is wrong, or fails.
    pub partitions: usize,
}

impl Case {
    fn is_right(&self, mut found: Vec<String>) -> bool {
        let ordered = self.sql.rsplit(')').next().is_some_and(|end| end.contains("ORDER BY"));
        if !ordered {
            found.sort();
        }
        found == self.expected
    }
}

pub mod check {
    use super::Case;
    use crate::shop::{Source, ask, lines, session, tables};
    use datafusion::catalog::MemorySchemaProvider;
    use datafusion::datasource::MemTable;
    use datafusion::error::Result;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};
    use lakewarden_dictionary::LawfulBasis;
    use lakewarden_engine::{logical_rules, physical_rules};
    use std::sync::Arc;

    /// A session over the tables as the gate shows them, in three parts each.
    fn plain(partitions: usize, with_rules: bool) -> SessionContext {
        let config = SessionConfig::new().with_target_partitions(partitions);
        let mut builder = SessionStateBuilder::new().with_config(config).with_default_features();
        if with_rules {
            builder = builder.with_optimizer_rules(logical_rules()).with_physical_optimizer_rules(physical_rules());
        }
        let context = SessionContext::new_with_state(builder.build());
        let catalog = context.catalog("datafusion").unwrap();
        catalog.register_schema("crm", Arc::new(MemorySchemaProvider::new())).unwrap();
        for table in tables() {
            let rows = table.visible();
            let third = rows.num_rows().div_ceil(3);
            let starts = (0..rows.num_rows()).step_by(third);
            let parts = starts.map(|at| vec![rows.slice(at, third.min(rows.num_rows() - at))]).collect();
            let provider = Arc::new(MemTable::try_new(rows.schema(), parts).unwrap());
            let (schema, name) = table.name.split_once('.').unwrap_or(("public", table.name));
            catalog.schema(schema).unwrap().register_table(name.to_owned(), provider).unwrap();
        }
        context
    }

    async fn answer(context: &SessionContext, sql: &str) -> Result<Vec<String>> {
        Ok(lines(&context.sql(sql).await?.collect().await?))
    }

    /// The governed session is right.
    pub async fn governed(cases: &[Case]) {
        for source in [Source::Memory, Source::Parquet] {
            let governed = session(source, LawfulBasis::Consent).await;
            for case in cases {
                let (found, _) = ask(&governed, case.sql).await.unwrap();
                assert!(case.is_right(found.clone()), "{}\n{found:?}", case.sql);
            }
        }
    }

    /// So is DataFusion with the engine's rules, however many partitions there are.
    pub async fn with_rules(cases: &[Case]) {
        for partitions in [1, 2, 3, 8] {
            let context = plain(partitions, true);
            for case in cases {
                let found = answer(&context, case.sql).await.unwrap();
                assert!(case.is_right(found.clone()), "{partitions} partitions: {}\n{found:?}", case.sql);
            }
        }
    }

    /// When this fails, DataFusion has mended something: see whether what guards against it can go.
    pub async fn alone(cases: &[Case]) {
        for case in cases {
            let found = answer(&plain(case.partitions, false), case.sql).await;
            assert!(!found.is_ok_and(|found| case.is_right(found)), "{}", case.sql);
        }
    }
}
