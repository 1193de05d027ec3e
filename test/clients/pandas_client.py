"""pandas, by way of SQLAlchemy: to_sql() and read_sql()."""
import csv
import io

import pandas
from pgvector.sqlalchemy import Vector
from sqlalchemy import create_engine, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.exc import InvalidRequestError

from common import COLUMNS, Teller, floats, queries, ranking, rows, tables

engine = create_engine("postgresql+psycopg://")
TYPES = {"embedding": Vector(8), "tags": ARRAY(TEXT), "meta": JSONB}


def by_copy(table, conn, keys, data):
	"""The method of pandas' documentation: COPY of CSV."""
	out = io.StringIO()
	csv.writer(out).writerows([["[" + ",".join(map(str, v)) + "]" if k == "embedding" else v for k, v in zip(keys, row)] for row in data])
	with conn.connection.cursor() as cur, cur.copy(f"COPY {table.name} ({', '.join(keys)}) FROM STDIN WITH CSV") as copy:
		copy.write(out.getvalue())
		return len(rows)


for table in tables:
	tell, items = Teller(table), f"items_{table}"
	with engine.begin() as c:
		c.execute(text(f"DELETE FROM {items}"))
	frame = pandas.DataFrame(rows, columns=COLUMNS)
	tell("to_sql", frame[:20].to_sql(items, engine, if_exists="append", index=False, dtype=TYPES))
	tell("to_sql_multi", frame[20:130].to_sql(items, engine, if_exists="append", index=False, dtype=TYPES, method="multi", chunksize=30))
	# what COPY gets as CSV: arrays and documents as PostgreSQL writes them
	simple = frame[130:].assign(tags="{}", meta="{}")
	simple.to_sql(items, engine, if_exists="append", index=False, dtype={"embedding": Vector(8)}, method=by_copy)
	read = pandas.read_sql(f"SELECT {', '.join(COLUMNS)} FROM {items} ORDER BY id", engine)
	tell("read_sql", [[floats(v.strip("[]").split(",")) if isinstance(v, str) and v[0] == "[" and len(v) > 2 else v for v in r] for r in read.values.tolist()])
	tell("read_chunks", [len(f) for f in pandas.read_sql(f"SELECT id FROM {items}", engine.connect().execution_options(stream_results=True), chunksize=70)])
	tell("read_params", pandas.read_sql(text(f"SELECT id FROM {items} WHERE lang = :lang AND n = ANY(:n) ORDER BY id"), engine, params={"lang": "en", "n": [1, 2]})["id"].tolist())
	for op in ("<->", "<=>", "<#>"):
		found = pandas.read_sql(text(f"SELECT id, embedding {op} CAST(:q AS vector) AS d FROM {items} ORDER BY d LIMIT 10"), engine, params={"q": str(queries[0])})
		tell(f"nearest:{op}", ranking(found.values.tolist()))
	tell("group", pandas.read_sql(f"SELECT lang, count(*) AS c FROM {items} GROUP BY lang ORDER BY lang", engine).values.tolist())
	try:
		frame[:5].to_sql(items, engine, if_exists="delete_rows", index=False, dtype=TYPES)
		tell("delete_rows", pandas.read_sql(f"SELECT id FROM {items} ORDER BY id", engine)["id"].tolist())
	except InvalidRequestError as e:
		tell("delete_rows", "not reflected" if "Could not reflect" in str(e) else str(e))
