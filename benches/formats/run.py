"""Loads one export, written in many ways, with Lakewarden and with DuckDB, and prints MB/s, rows/s and peak memory.

    python benches/formats/run.py LAKEWARDEN DIR [--rows 1000000] [--runs 3] [--cases csv-utf8,json] [--format json]

LAKEWARDEN is the binary, DIR a folder for the files and lakes (clear text of invented people). Both programs run as
processes of their own, one after the other, case by case; the best of the runs counts. DuckDB gets the same cores and the
same memory. Needs duckdb and, for some encodings and XLSX, its extensions (.ci/requirements.txt).
"""

import argparse
import gzip
import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import time

import duckdb

from peer import COLUMNS, load

HERE = pathlib.Path(__file__).parent
# Case: container, encoding as the dictionary names it, Python's name of it, compression.
CASES = {
    "csv-utf8": ("csv", "utf8", "utf-8", None),
    "csv-utf8-gzip": ("csv", "utf8", "utf-8", "gzip"),
    "csv-utf8-zstd": ("csv", "utf8", "utf-8", "zstd"),
    "csv-gb18030": ("csv", "gb18030", "gb18030", None),
    "csv-big5": ("csv", "big5", "big5", None),
    "csv-utf16": ("csv", "utf16", "utf-16", None),
    "csv-latin1": ("csv", "latin1", "latin-1", None),
    "ndjson": ("ndjson", "utf8", None, None),
    "ndjson-gzip": ("ndjson", "utf8", None, "gzip"),
    "json": ("json", "utf8", None, None),
    "parquet": ("parquet", "utf8", None, None),
    "xlsx": ("xlsx", "utf8", None, None),
}
SHEET_ROWS = 250_000
RULES = {
    "receipt_no": "rules: [required]",
    "line_no": "rules: [required]",
    "sold_at": "rules: [required]",
    "quantity": "rules: [required, { between: { min: -10000, max: 10000 } }]",
    "paid_amount": "rules: [required, { between: { min: -10000000, max: 10000000 } }]",
    "kind": "map: { 销售: sale, 退货: return }\n    rules: [required, { in: [sale, return] }]",
}


def rows(db, count, words):
    """A table of till lines: three to a receipt, 80,000 members, telephone numbers spelled in three ways."""
    cash, sale, back = words
    db.execute(f"""
        CREATE OR REPLACE TABLE sales AS
        SELECT 'R' || lpad((i // 3)::VARCHAR, 10, '0') AS receipt_no,
               i % 3 + 1 AS line_no,
               'S' || lpad((hash(i // 3) % 400)::VARCHAR, 4, '0') AS store_code,
               strftime(TIMESTAMP '2025-01-01' + INTERVAL (i // 3 * 17) SECOND, '%Y-%m-%d %H:%M:%S') AS sold_at,
               'M' || lpad((hash(i // 3 + 1) % 80000)::VARCHAR, 8, '0') AS member_no,
               CASE hash(i // 3) % 3 WHEN 0 THEN '+86 ' WHEN 1 THEN '0086' ELSE '' END
                   || '13' || lpad((hash(i // 3 + 1) % 80000)::VARCHAR, 9, '0') AS phone,
               'SKU-' || lpad((hash(i) % 4000)::VARCHAR, 5, '0') AS sku,
               1 + hash(i) % 3 AS quantity,
               (100 + hash(i) % 90000 / 100)::DECIMAL(12, 2) AS unit_price,
               (90 + hash(i) % 80000 / 100)::DECIMAL(12, 2) AS paid_amount,
               '{cash}' AS payment_method,
               CASE WHEN hash(i) % 20 = 0 THEN '{back}' ELSE '{sale}' END AS kind
        FROM range({count}) t(i)
    """)


def path(case, folder):
    """Where the file of a case lies."""
    container, _, _, compression = CASES[case]
    return folder / f"{case}.{container}{ {None: '', 'gzip': '.gz', 'zstd': '.zst'}[compression] }"


def write(case, folder, count):
    """Writes the file of a case."""
    container, _, codec, compression = CASES[case]
    target = path(case, folder)
    db = duckdb.connect()
    if container == "xlsx":
        load(db, "excel")
    rows(db, count, ("现金", "销售", "退货") if codec not in ("latin-1", "big5") else ("cash", "sale", "return"))
    plain = folder / f"{case}.plain"
    options = {
        "csv": "FORMAT csv, HEADER",
        "ndjson": "FORMAT json",
        "json": "FORMAT json, ARRAY true",
        "parquet": "FORMAT parquet, COMPRESSION snappy",
        "xlsx": "FORMAT xlsx, HEADER true",
    }[container]
    db.execute(f"COPY (SELECT * FROM sales ORDER BY receipt_no, line_no) TO '{plain}' ({options})")
    if codec not in (None, "utf-8"):
        with open(plain, encoding="utf-8", newline="") as text, open(f"{plain}.2", "w", encoding=codec, newline="") as out:
            shutil.copyfileobj(text, out, 1 << 20)
        os.replace(f"{plain}.2", plain)
    if compression == "gzip":
        with open(plain, "rb") as source, gzip.open(target, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(source, packed, 1 << 20)
        plain.unlink()
    elif compression == "zstd":
        db.execute(f"COPY (SELECT * FROM sales ORDER BY receipt_no, line_no) TO '{target}' (FORMAT csv, HEADER, COMPRESSION zstd)")
        plain.unlink()
    else:
        os.replace(plain, target)


def project(folder, case, file):
    """A project of this one export."""
    container, encoding, _, _ = CASES[case]
    (folder / "schemas/channels").mkdir(parents=True)
    (folder / "pipelines/load").mkdir(parents=True)
    key = folder.parent / "bench.key"
    (folder / "lakewarden.yaml").write_text(
        f"project: formats\nlake: ./lake\ntime_zone: Asia/Shanghai\njurisdiction: CN\nkey: {{ file: {key} }}\nmemory_budget: 2GiB\n"
    )
    (folder / "schemas/purposes.yaml").write_text(
        "purposes:\n  accounting:\n    label: { zh: 记账, en: Accounting }\n    meaning: Keeping the books.\n"
        "    data_use: functional.service.improve\njurisdictions:\n  CN: { label: { zh: 中国, en: China }, regulation: PIPL, default: opt_in }\n"
    )
    (folder / "pipelines/load/pipeline.yaml").write_text(
        f"pipeline: load\nlabel: {{ zh: 载入, en: Load }}\nchannels:\n  sales: {file}\n"
    )
    lines = [
        "dataset: sales", "label: { zh: 销售, en: Sales }", "meaning: One line of one receipt.", "source: A till",
        "owner: till@example.com", "update_frequency: daily",
        f"format: {{ container: {container}, encoding: {encoding} }}",
        "key: [receipt_no, line_no]", "event_time: sold_at", "retention: P10Y",
        "purposes: { accounting: legal_obligation }", "fields:",
    ]
    for name, kind in COLUMNS.items():
        logical = {"VARCHAR": "string", "BIGINT": "integer", "TIMESTAMP": "timestamp"}.get(kind, "decimal(12, 2)")
        direct = name in ("member_no", "phone")
        lines += [
            f"  - name: {name}", f"    label: {{ zh: {name}, en: {name} }}", f"    meaning: The till's {name}.",
            f"    type: {logical}", f"    identifier: {'direct' if direct else 'none'}",
            f"    category: {'user.unique_id' if direct else 'user.behavior.purchase_history'}",
            f"    treatment: {'{ pseudonymise: ' + name + ' }' if direct else 'keep'}",
        ]
        if direct:
            lines.append(f"    normalise: {'phone' if name == 'phone' else 'identifier'}")
        if name in RULES:
            lines.append(f"    {RULES[name]}")
    (folder / "schemas/channels/sales.yaml").write_text("\n".join(lines) + "\n")


def measured(command, cwd=None):
    """Runs a program: seconds, processor seconds, peak MiB."""
    begin = time.perf_counter()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = child.stdout.read(), child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        return None, err.strip().splitlines()[-1:] + out.strip().splitlines()[-1:]
    return (seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1024)), None


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("lakewarden", type=pathlib.Path)
    cli.add_argument("dir", type=pathlib.Path)
    cli.add_argument("--rows", type=int, default=1_000_000)
    cli.add_argument("--runs", type=int, default=3)
    cli.add_argument("--cases", default=",".join(CASES))
    cli.add_argument("--threads", type=int, default=os.cpu_count())
    cli.add_argument("--memory", default="2GiB")
    cli.add_argument("--format", choices=["text", "json"], default="text")
    args = cli.parse_args()
    work = args.dir.resolve()
    work.mkdir(parents=True, exist_ok=True)
    binary = args.lakewarden.resolve()
    key = work / "bench.key"
    if not key.exists():
        key.write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
        key.chmod(0o600)
    results = []
    if args.format == "text":
        print(f"{'':<15}{'MB':>7}{'rows':>10} | {'Lakewarden':^38} | {'DuckDB ' + duckdb.__version__:^38} | {'DuckDB, without duplicates':^26}")
        head = f"{'s':>6}{'MB/s':>8}{'rows/s/core':>13}{'MiB':>7}    "
        print(f"{'':<32} | {head} | {head} | {'s':>6}{'MiB':>8}")
    for case in args.cases.split(","):
        count = min(args.rows, SHEET_ROWS) if case == "xlsx" else args.rows
        file = path(case, work)
        if not file.exists():
            # In a process of its own: a program's peak memory is never less than that of the process that started it.
            writer = multiprocessing.get_context("spawn").Process(target=write, args=(case, work, count))
            writer.start()
            writer.join()
        size = file.stat().st_size / 1e6
        best = {}
        for _ in range(args.runs):
            folder, out = work / "project", work / "peer.parquet"
            shutil.rmtree(folder, ignore_errors=True)
            project(folder, case, file)
            ours = [str(binary), "--project", str(folder), "run", "--as-of", "2026-09-30"]
            theirs = [sys.executable, str(HERE / "peer.py"), case, str(file), str(out), "--threads", str(args.threads), "--memory", args.memory]
            for name, command in {"ours": ours, "theirs": theirs, "once": theirs + ["--dedupe"]}.items():
                done, error = measured(command)
                if done is None:
                    best[name] = error
                elif name not in best or isinstance(best[name], list) or done[0] < best[name][0]:
                    best[name] = done
        results.append({"case": case, "megabytes": round(size, 1), "rows": count, **best})
        if args.format == "text":
            def cell(name):
                if isinstance(best[name], list):
                    return f"{' '.join(best[name])[:37]:<38}"
                seconds, cpu, peak = best[name]
                return f"{seconds:6.2f}{size / seconds:8.1f}{count / cpu:13.0f}{peak:7.0f}    "
            once = best["once"]
            last = "cannot" if isinstance(once, list) else f"{once[0]:6.2f}{once[2]:8.0f}"
            print(f"{case:<15}{size:7.1f}{count:>10} | {cell('ours')} | {cell('theirs')} | {last}", flush=True)
    if args.format == "json":
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
