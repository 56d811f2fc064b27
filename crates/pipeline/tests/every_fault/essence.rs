//! What two lakes must have in common: everything but the ids and times of the runs that wrote them.

use crate::fault_store::contents;
use lakewarden_lake::{Lake, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Of every table: its columns, the SHA-256 of its files in their order, its ledger, and what its writer noted.
///
/// Left out are the names of files, which carry the run's id, the run's own id, the marks of publications, and the
/// times in logs. The bytes of the Parquet files carry none of these.
pub async fn essence(lake: &Lake) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let table = lake.table(zone, &name).await.unwrap().unwrap();
            let mut text = format!("{:?}\n", table.schema);
            for file in &table.files {
                let bytes = lake.store().get(&Path::from(file.path.as_str())).await.unwrap().bytes().await.unwrap();
                writeln!(text, "{:x?} {} rows", Sha256::digest(&bytes), file.rows).unwrap();
            }
            let ledger: BTreeMap<_, _> =
                table.transactions.iter().filter(|(id, _)| !id.starts_with("lakewarden/publication/")).collect();
            let noted: BTreeMap<_, _> = table
                .metadata
                .iter()
                .filter(|(key, _)| key.starts_with("lakewarden.") && *key != "lakewarden.run")
                .collect();
            write!(text, "{ledger:?}\n{noted:?}").unwrap();
            all.insert(format!("{zone}/{name}"), text);
        }
    }
    all
}

/// Every object of the zones, logs included, with its bytes.
pub async fn whole(lake: &Lake) -> BTreeMap<String, Vec<u8>> {
    let objects = contents(lake.store().as_ref()).await;
    objects.into_iter().filter(|(path, _)| !path.starts_with("_lakewarden/")).map(|(p, b)| (p, b.to_vec())).collect()
}
