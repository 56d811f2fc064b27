"""What somebody would write by hand in DuckDB for one export: read, type, hash the identifiers, write Parquet.

    python benches/formats/peer.py CASE FILE OUT [--dedupe] [--threads 2] [--memory 2GiB]

CASE is the name of a case of run.py, which calls this.
"""

import argparse
import importlib
import multiprocessing
import pathlib
import tempfile

import duckdb

COLUMNS = {
    "receipt_no": "VARCHAR",
    "line_no": "BIGINT",
    "store_code": "VARCHAR",
    "sold_at": "TIMESTAMP",
    "member_no": "VARCHAR",
    "phone": "VARCHAR",
    "sku": "VARCHAR",
    "quantity": "BIGINT",
    "unit_price": "DECIMAL(12, 2)",
    "paid_amount": "DECIMAL(12, 2)",
    "payment_method": "VARCHAR",
    "kind": "VARCHAR",
}
ENCODINGS = {"utf16": "utf-16", "latin1": "latin-1"}
# Not built in; the extension stops in the middle of a large file, so these are rewritten first, on all cores.
REWRITTEN = {"gb18030", "big5"}
PIECE = 16 << 20
SALT = "0123456789abcdef" * 4


def load(db, name):
    """Loads an extension that came as a Python package, for there is no network."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    found = pathlib.Path(list(package.__path__)[0]).glob(f"extensions/*/{name}.duckdb_extension")
    db.load_extension(str(next(found)))


def transcode(job):
    """Writes bytes `start..end` of a file, which begin and end at line breaks, as UTF-8."""
    file, start, end, header, encoding, target = job
    with open(file, "rb") as f:
        f.seek(start)
        text = f.read(end - start)
    with open(target, "wb") as f:
        f.write((header + text).decode(encoding).encode())


def rewrite(file, encoding, work, threads):
    """Makes a folder of UTF-8 pieces. In neither encoding is 0x0A a part of another character."""
    jobs = []
    with open(file, "rb") as f:
        header = f.readline()
        start, size = f.tell(), pathlib.Path(file).stat().st_size
        while start < size:
            f.seek(min(start + PIECE, size))
            f.readline()
            jobs.append((file, start, f.tell(), header, encoding, f"{work}/{len(jobs):04}.csv"))
            start = f.tell()
    with multiprocessing.get_context("fork").Pool(threads) as pool:
        pool.map(transcode, jobs, chunksize=1)
    return f"{work}/*.csv"


def source(db, case, file):
    """The table function that reads the file."""
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
    container, _, detail = case.partition("-")
    encoding = detail.split("-")[0]
    if container == "csv":
        more = ""
        if encoding in ENCODINGS:
            more = f", encoding = '{ENCODINGS[encoding]}'"
        return f"read_csv('{file}', header = true, delim = ',', quote = '\"', escape = '\"', columns = {columns}{more})"
    if container in ("ndjson", "json"):
        shape = "newline_delimited" if container == "ndjson" else "array"
        return f"read_json('{file}', format = '{shape}', columns = {columns})"
    if container == "xlsx":
        load(db, "excel")
        return f"read_xlsx('{file}', header = true, all_varchar = true)"
    return f"read_parquet('{file}')"


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("case")
    cli.add_argument("file")
    cli.add_argument("out")
    cli.add_argument("--dedupe", action="store_true")
    cli.add_argument("--threads", type=int, default=2)
    cli.add_argument("--memory", default="2GiB")
    args = cli.parse_args()
    db = duckdb.connect(config={"threads": args.threads, "memory_limit": args.memory, "preserve_insertion_order": False})
    values = []
    for name, kind in COLUMNS.items():
        value = f"CAST({name} AS {kind})"
        if name == "phone":
            digits = "regexp_replace(phone, '^(\\+?86|0086)', '')"
            value = f"sha256('{SALT}phone+86' || replace(replace({digits}, ' ', ''), '-', ''))"
        elif name == "member_no":
            value = f"sha256('{SALT}member_no' || upper(trim(member_no)))"
        elif name == "sold_at":
            value = "CAST(sold_at AS TIMESTAMP) - INTERVAL 8 HOUR"
        elif name == "kind":
            value = "CASE kind WHEN '销售' THEN 'sale' WHEN '退货' THEN 'return' ELSE kind END"
        values.append(f"{value} AS {name}")
    once = " QUALIFY row_number() OVER (PARTITION BY receipt_no, line_no) = 1" if args.dedupe else ""
    work = tempfile.TemporaryDirectory(dir=pathlib.Path(args.out).parent)
    encoding = args.case.partition("-")[2]
    file = rewrite(args.file, encoding, work.name, args.threads) if encoding in REWRITTEN else args.file
    query = f"SELECT {', '.join(values)} FROM {source(db, args.case, file)}{once}"
    db.execute(f"COPY ({query}) TO '{args.out}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main()
