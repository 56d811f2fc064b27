"""Runs retail.sql over raw exports and prints what each step took.

    python benches/peer/run.py EXPORTS OUT [--as-of 2025-12-31] [--threads 2] [--memory 2GiB] [--format json]

EXPORTS holds one folder a dataset, as in the sample (`lakewarden sample EXPORTS --customers N`).
"""

import argparse
import datetime
import gzip
import json
import multiprocessing
import pathlib
import resource
import secrets
import shutil
import sys
import time

import duckdb

DATASETS = ["crm_members", "pos_sales", "tmall_orders", "miniapp_events", "app_events"]
GB18030 = {"pos_sales", "tmall_orders"}
PIECE = 32 << 20


def transcode(job):
    """Writes bytes `start..end` of a GB18030 file, which begin and end at line breaks, as UTF-8."""
    source, start, end, header, target = job
    with open(source, "rb") as f:
        f.seek(start)
        text = f.read(end - start)
    with open(target, "wb") as f:
        f.write(header)
        f.write(text.decode("gb18030").encode())


def pieces(source, folder):
    """Cuts a CSV at line breaks. 0x0A is never the second byte of a GB18030 character."""
    with open(source, "rb") as f:
        header = f.readline()
        size = source.stat().st_size
        start, number = f.tell(), 0
        while start < size:
            f.seek(min(start + PIECE, size))
            f.readline()
            end = f.tell()
            yield str(source), start, end, header.decode("gb18030").encode(), str(folder / f"{source.stem}-{number:04}.csv")
            start, number = end, number + 1


def to_utf8(exports, work, threads):
    """Makes a folder in which every export is readable by DuckDB, whose GB18030 decoder is not built in."""
    jobs = []
    for name in DATASETS:
        files = sorted(p for p in (exports / name).iterdir() if p.is_file())
        if not files:
            sys.exit(f"{exports / name} is empty")
        (work / name).mkdir(parents=True)
        for file in files:
            if name not in GB18030:
                (work / name / file.name).symlink_to(file.resolve())
                continue
            if file.suffix == ".gz":
                plain = work / f"{name}-{file.stem}"
                with gzip.open(file) as packed, open(plain, "wb") as f:
                    shutil.copyfileobj(packed, f, 1 << 20)
                file = plain
            jobs += pieces(file, work / name)
    with multiprocessing.get_context("spawn").Pool(threads) as pool:
        pool.map(transcode, jobs, chunksize=1)


def steps(script):
    """Splits the script at its `-- step:` lines."""
    for part in script.split("\n-- step: ")[1:]:
        name, _, sql = part.partition("\n")
        yield name.strip(), sql


def peak():
    """Largest memory of this process or of a child, MiB. (Linux counts in KiB, macOS in bytes.)"""
    unit = 1 if sys.platform == "darwin" else 1024
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * unit >> 20


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("exports", type=pathlib.Path)
    cli.add_argument("out", type=pathlib.Path)
    cli.add_argument("--as-of", type=datetime.date.fromisoformat, default=datetime.date.today())
    cli.add_argument("--threads", type=int, default=2)
    cli.add_argument("--memory", default="2GiB", help="DuckDB's memory_limit")
    cli.add_argument("--format", choices=["text", "json"], default="text")
    args = cli.parse_args()

    if args.out.exists() and any(args.out.iterdir()):
        sys.exit(f"{args.out} is not empty")
    for zone in ["conformed", "identity", "curated"]:
        (args.out / zone).mkdir(parents=True)
    work = args.out / "work"

    taken = []

    def timed(name, action):
        begin = time.perf_counter()
        action()
        taken.append((name, time.perf_counter() - begin, peak()))
        if args.format == "text":
            print(f"{name:<34}{taken[-1][1]:8.2f} s {taken[-1][2]:7} MiB peak so far", flush=True)

    timed("GB18030 to UTF-8", lambda: to_utf8(args.exports, work, args.threads))
    db = duckdb.connect(config={"threads": args.threads, "memory_limit": args.memory, "temp_directory": str(work / "spill")})
    for name, value in {"exports": str(work), "out": str(args.out), "salt": secrets.token_hex(32), "as_of_on": args.as_of}.items():
        db.execute(f"SET VARIABLE {name} = ?", [value])
    script = pathlib.Path(__file__).with_name("retail.sql").read_text(encoding="utf-8")
    for name, sql in steps(script):
        timed(name, lambda: db.execute(sql))

    tables = sorted(p for zone in ["conformed", "identity", "curated"] for p in (args.out / zone).glob("*.parquet"))
    rows = {f"{p.parent.name}/{p.stem}": db.execute("SELECT count(*) FROM read_parquet(?)", [str(p)]).fetchone()[0] for p in tables}
    db.close()
    shutil.rmtree(work)
    total = sum(seconds for _, seconds, _ in taken)
    if args.format == "json":
        stages = [{"step": n, "seconds": round(s, 3), "peak_mib": m} for n, s, m in taken]
        print(json.dumps({"steps": stages, "seconds": round(total, 3), "peak_mib": peak(), "rows": rows, "duckdb": duckdb.__version__}))
    else:
        print(f"{'total':<34}{total:8.2f} s {peak():7} MiB peak")
        for table, count in rows.items():
            print(f"{table:<34}{count:>12} rows")


if __name__ == "__main__":
    main()
