"""Prints the tables and the queries of TPC-H and TPC-DS, as DuckDB's extensions bring them, as one JSON object.

usage: queries.py

The texts are the benchmark's; they are taken from the installed packages and are in no file of this repository.
"""

import importlib
import json
import sys
from pathlib import Path

import duckdb

said = {}
duck = duckdb.connect(config={"allow_unsigned_extensions": True})
for benchmark, make_tables in (("tpch", "dbgen"), ("tpcds", "dsdgen")):
    package = importlib.import_module(f"duckdb_extension_{benchmark}")
    extensions = Path(package.__file__).parent / "extensions"
    duck.load_extension(str(next(extensions.glob(f"*/{benchmark}.duckdb_extension"))))
    duck.sql(f"CREATE SCHEMA {benchmark}")
    # Scale 0: the tables without rows.
    duck.sql(f"CALL {make_tables}(sf=0, schema='{benchmark}')")
    columns = duck.execute(
        """SELECT table_name, column_name, data_type FROM information_schema.columns
           WHERE table_schema = ? ORDER BY table_name, ordinal_position""",
        [benchmark],
    ).fetchall()
    queries = duck.sql(f"SELECT query_nr, query FROM {benchmark}_queries() ORDER BY query_nr").fetchall()
    said[benchmark] = {"columns": columns, "queries": queries}
json.dump(said, sys.stdout)
