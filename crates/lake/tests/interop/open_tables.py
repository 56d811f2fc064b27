"""Opens the tables of a lake with readers that know Delta and nothing of Lakewarden.

usage: open_tables.py LAKE

Prints what the readers saw as one JSON object. Last, it compacts the table as an administrator
might, through the same library.
"""

import json
import sys
from pathlib import Path

import deltalake
import duckdb
import duckdb_extension_delta
import polars as pl
import polars.selectors as cs

lake = Path(sys.argv[1])
said = {"readers": ["deltalake", "polars", "duckdb"]}

# The extension as a package brings it; DuckDB's own way is `INSTALL delta`, from its server.
extensions = Path(duckdb_extension_delta.__file__).parent / "extensions"
duck = duckdb.connect(config={"allow_unsigned_extensions": True})
duck.load_extension(str(next(extensions.glob("*/delta.duckdb_extension"))))


def scan(reader: str, name: str) -> pl.LazyFrame:
    path = str(lake / "curated" / name)
    if reader == "polars":
        return pl.scan_delta(path)
    if reader == "duckdb":
        rows = pl.from_arrow(duck.sql(f"SELECT * FROM delta_scan('{path}')").to_arrow_table())
        # DuckDB shows instants in its session's zone, which is the machine's.
        return rows.with_columns(cs.datetime(time_zone="*").dt.convert_time_zone("UTC")).lazy()
    import pyarrow as pa

    table = deltalake.DeltaTable(path)
    return pl.from_arrow(pa.table(table.to_pyarrow_dataset().to_table())).lazy()


for reader in said["readers"]:
    grown = scan(reader, "grown")
    all_rows = grown.collect()
    row = all_rows.filter(pl.col("id") == 8).to_dicts()[0]
    said[reader] = {
        "grown": {
            "rows": all_rows.height,
            "ids": int(all_rows["id"].sum()),
            "last_city": all_rows.filter(pl.col("id") == 272)["city"][0],
            "member": row["member"],
            "amount": str(row["amount"]),
            "at": row["at"].isoformat(),
            # Files are skipped by the log's bounds; the answer must not change.
            "skipped_to": grown.filter(pl.col("id") > 262).collect().height,
        },
        "empty": {"rows": scan(reader, "empty").collect().height},
    }

table = deltalake.DeltaTable(str(lake / "curated" / "grown"))
protocol = table.protocol()
assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2), protocol
assert table.history(1)[0]["engineInfo"].startswith("Lakewarden/"), table.history(1)
table.optimize.compact()
table.create_checkpoint()
said["compacted"] = len(deltalake.DeltaTable(str(lake / "curated" / "grown")).file_uris()) == 1

json.dump(said, sys.stdout)
