//! `database:` of a channel.

use super::{Fields, spanned_key};
use crate::diagnostic::Spanned;
use crate::model::{Channel, Database, DatabaseRelation};
use crate::spec::{DATABASE, DATABASE_TLS};
use crate::terms::duration;
use crate::yaml::{Entry, Value};

/// How long a statement may take where nothing is declared, seconds.
const TIMEOUT: u64 = 3600;

/// Reads a channel that is a database; `None` if too little of it can be understood to read anything.
pub(super) fn channel(entry: &Entry) -> Option<Channel> {
    let node = &entry.value.entries().iter().find(|e| e.key == "database")?.value;
    if !matches!(node.value, Value::Map(_)) {
        return None;
    }
    let fields = Fields::new(&DATABASE, node);
    let relation = match (fields.spanned("table"), fields.spanned("query")) {
        (Some(table), None) => DatabaseRelation::Table(table),
        (None, Some(query)) => DatabaseRelation::Query(query),
        _ => return None,
    };
    let database = Database {
        url: fields.parsed("url")?,
        relation,
        incremental: fields.spanned("incremental"),
        overlap: fields.parsed("overlap"),
        partition_on: fields.spanned("partition_on"),
        parallel: fields.parsed("parallel").map_or(1, |n: Spanned<u32>| n.value.max(1)),
        timeout: fields.optional_text("timeout").and_then(|text| duration(&text).ok()).unwrap_or(TIMEOUT),
        tls: fields.object("tls", &DATABASE_TLS).is_some(),
        ca_file: fields.object("tls", &DATABASE_TLS).and_then(|tls| tls.spanned("ca_file")),
        span: fields.span(),
    };
    let files = Spanned { value: String::new(), span: node.head() };
    Some(Channel { dataset: spanned_key(entry), files, database: Some(Box::new(database)) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::model::{DatabaseAddress, DatabaseRelation, Overlap};
    use crate::testing::{load_with, rendered};

    const PIPELINE: &str = "pipelines/shop/pipeline.yaml";

    #[test]
    fn databases_are_read() {
        let loaded = load_with(
            PIPELINE,
            "  members: exports/members/*\n",
            "  members:\n    database:\n      url: env:SHOP_DB_URL\n      table: crm.members\n      \
             incremental: 注册时间\n      overlap: PT1H30M\n      partition_on: id\n      parallel: 4\n      \
             timeout: PT5M\n      tls: { ca_file: ~/ca.pem }\n",
        );
        assert_eq!(rendered(&loaded.problems), [""; 0]);
        let channel = &loaded.project.pipeline("shop").unwrap().channels[1];
        let database = channel.database.as_ref().unwrap();
        assert_eq!((channel.dataset.value.as_str(), channel.files.value.as_str()), ("members", ""));
        assert_eq!(database.url.value, DatabaseAddress::Environment("SHOP_DB_URL".into()));
        assert!(matches!(&database.relation, DatabaseRelation::Table(t) if t.value == "crm.members"));
        assert_eq!(database.incremental.as_ref().unwrap().value, "注册时间");
        assert_eq!(database.overlap.as_ref().unwrap().value, Overlap::Seconds(5400));
        assert_eq!((database.parallel, database.timeout, database.tls), (4, 300, true));
        assert_eq!(database.ca_file.as_ref().unwrap().value, "~/ca.pem");
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let loaded = load_with(
            PIPELINE,
            "  members: exports/members/*\n",
            "  members: { database: { url: 'mysql://reader@localhost/crm', query: SELECT 1 } }\n",
        );
        assert_eq!(rendered(&loaded.problems), [""; 0]);
        let database = loaded.project.pipeline("shop").unwrap().channels[1].database.clone().unwrap();
        assert!(matches!(&database.relation, DatabaseRelation::Query(q) if q.value == "SELECT 1"));
        assert_eq!((database.parallel, database.timeout, database.tls), (1, 3600, false));
        assert!(database.incremental.is_none() && database.overlap.is_none() && database.ca_file.is_none());
    }
}
