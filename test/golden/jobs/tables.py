"""Parquet files of pyarrow and DuckDB for jobs, and what both read of the parts that jobs write.

    python tables.py make WINE.csv FOLDER     rows.csv, and the same rows as Parquet files
    python tables.py read FOLDER              what pyarrow and DuckDB read of FOLDER/*.parquet, as JSON
"""

import csv
import datetime
import decimal
import glob
import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 300
NAMES = ["Šárka", "a,b", 'say "no"', "", None, "two\nlines", "日本"]


def make(wine, folder):
    with open(wine, newline="") as file:
        header, *rows = csv.reader(file)
    columns = {"id": [10**12 + i for i in range(ROWS)], "name": [NAMES[i % len(NAMES)] for i in range(ROWS)]}
    for at, name in enumerate(header):
        columns[name] = [float(rows[i % len(rows)][at]) * (1 + i // len(rows) / 64) for i in range(ROWS)]
    columns["cultivar"] = [rows[i % len(rows)][-1] for i in range(ROWS)]
    columns["sold"] = [i % 3 == 0 for i in range(ROWS)]
    columns["price"] = [decimal.Decimal(i) / 4 for i in range(ROWS)]
    columns["picked"] = [datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in range(ROWS)]
    types = {name: pa.float64() for name in header}
    types |= {"id": pa.int64(), "name": pa.string(), "cultivar": pa.int8(), "sold": pa.bool_()}
    types |= {"price": pa.decimal128(12, 2), "picked": pa.date32()}
    columns["cultivar"] = [int(value) for value in columns["cultivar"]]
    table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
    with open(f"{folder}/rows.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *header])
        for i in range(ROWS):
            writer.writerow([columns["id"][i], *(repr(columns[name][i]) for name in header)])
    pq.write_table(table, f"{folder}/pyarrow-snappy.parquet", compression="snappy", row_group_size=128)
    pq.write_table(table, f"{folder}/pyarrow-zstd.parquet", compression="zstd", use_dictionary=False, version="1.0")
    pq.write_table(table, f"{folder}/pyarrow-gzip.parquet", compression="gzip", data_page_version="2.0")
    own = duckdb.connect()
    own.register("rows", table)
    for codec in ["snappy", "zstd", "uncompressed"]:
        to = f"{folder}/duckdb-{codec}.parquet"
        own.execute(f"COPY rows TO '{to}' (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 2048)")


def read(folder):
    parts = sorted(glob.glob(f"{folder}/**/*.parquet", recursive=True))
    tables = [pq.read_table(part) for part in parts]
    table = pa.concat_tables(tables)
    own = duckdb.sql(f"SELECT * FROM read_parquet({parts!r}) ORDER BY row")
    print(
        json.dumps(
            {
                "types": {field.name: str(field.type) for field in table.schema},
                "rows": table.to_pylist(),
                "duckdbTypes": dict(zip(own.columns, map(str, own.types))),
                "duckdb": [dict(zip(own.columns, row)) for row in own.fetchall()],
            }
        )
    )


if __name__ == "__main__":
    make(*sys.argv[2:]) if sys.argv[1] == "make" else read(sys.argv[2])
