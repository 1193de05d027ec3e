"""psycopg 3 with pgvector-python, and its pool."""
import numpy
import psycopg
from pgvector.psycopg import register_vector
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from common import COLUMNS, Teller, floats, queries, ranking, rows, tables

PLACES = ", ".join(["%s"] * len(COLUMNS))
NAMES = ", ".join(COLUMNS)


def values(row):
	return [Jsonb(row[c]) if c == "meta" else numpy.array(row[c], dtype=numpy.float32) if c == "embedding" else row[c] for c in COLUMNS]


def plain(row):
	return [floats(v) if c == "embedding" else v for c, v in zip(COLUMNS, row)]


def whole_life(conn, table, tell, notices):
	items, notes = f"items_{table}", f"notes_{table}"
	conn.execute(f"DELETE FROM {items}")
	conn.execute(f"DELETE FROM {notes}")
	tell("empty", conn.execute(f"SELECT count(*) FROM {items}").fetchone()[0])

	# loading
	with conn.cursor() as cur:
		cur.executemany(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES})", [values(r) for r in rows[:20]])
		tell("executemany", cur.rowcount)
		with cur.copy(f"COPY {items} ({NAMES}) FROM STDIN") as copy:
			for r in rows[20:130]:
				copy.write_row(values(r))
		tell("copy", cur.rowcount)
		with cur.copy(f"COPY {items} ({NAMES}) FROM STDIN WITH (FORMAT BINARY)") as copy:
			copy.set_types(["int8", "varchar", "text", "int4", "float8", "bool", "text[]", "jsonb", "vector"])
			for r in rows[130:]:
				copy.write_row(values(r))
		tell("copy_binary", cur.rowcount)
		cur.executemany(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES}) RETURNING id", [values({**r, "id": r["id"] + 500}) for r in rows[:3]], returning=True)
		returned = []
		while True:
			returned.append(cur.fetchone()[0])
			if not cur.nextset():
				break
		tell("executemany_returning", returned)
		cur.execute(f"DELETE FROM {items} WHERE id > %s", [500])
		tell("delete_range", cur.rowcount)

	# reading, as text and in binary
	for binary in (False, True):
		with conn.cursor(binary=binary) as cur:
			tell(f"all_{binary}", [plain(r) for r in cur.execute(f"SELECT {NAMES} FROM {items} ORDER BY id")])
	with conn.cursor() as cur, cur.copy(f"COPY (SELECT {NAMES} FROM {items} ORDER BY id LIMIT 20) TO STDOUT") as copy:
		copy.set_types(["int8", "varchar", "text", "int4", "float8", "bool", "text[]", "jsonb", "vector"])
		tell("copy_to", [plain(r) for r in copy.rows()])

	# searching; prepared at its first use, so the later ones run with a generic plan
	for op in ("<->", "<=>", "<#>"):
		for i, q in enumerate(queries):
			tell(f"nearest:{op} {i}", ranking(conn.execute(
				f"SELECT id, embedding {op} %s AS distance FROM {items} ORDER BY distance LIMIT %s", [numpy.array(q), 10])))
		q = numpy.array(queries[0])
		tell(f"nearest:{op} filter", ranking(conn.execute(
			f"SELECT id, embedding {op} %s FROM {items} WHERE lang = %s AND n > %s AND ok ORDER BY embedding {op} %s LIMIT 10", [q, "en", 2, q])))
		tell(f"nearest:{op} array", ranking(conn.execute(
			f"SELECT id, embedding {op} %s FROM {items} WHERE lang = ANY(%s) AND tags && %s ORDER BY embedding {op} %s LIMIT 10", [q, ["fr", "日本"], ["a", "c d"], q])))
		tell(f"nearest:{op} page", ranking(conn.execute(
			f"SELECT id, embedding {op} %s AS d FROM {items} ORDER BY d LIMIT 10 OFFSET 10", [q])))
	with conn.cursor(binary=True) as cur:
		tell("nearest:<-> binary", ranking(cur.execute(
			f"SELECT id, embedding <-> %b AS d FROM {items} ORDER BY d LIMIT 10", [numpy.array(queries[1])])))
	one = lambda statement, *p: [list(r) for r in conn.execute(statement, p)]
	tell("keys", one(f"SELECT id, title FROM {items} WHERE id = ANY(%s) ORDER BY id", [3, 1, 77, 999]))
	tell("filters", one(f"SELECT id FROM {items} WHERE title LIKE %s AND price > %s AND meta @> %s ORDER BY id", "%1%", 3.5, Jsonb({"k": 2})))
	tell("counts", one(f"SELECT lang, count(*), sum(n)::bigint FROM {items} GROUP BY lang ORDER BY lang"))
	tell("join", one(f"SELECT i.id, x.v FROM {items} i JOIN (VALUES (5, 'five'), (6, 'six')) x(k, v) ON i.id = x.k ORDER BY 1"))

	# cursors of the server
	with conn.transaction():
		with conn.cursor(name="c1") as cur:
			cur.itersize = 30
			cur.execute(f"SELECT id, title FROM {items} WHERE n < %s ORDER BY id", [5])
			tell("cursor", [list(r) for r in cur])
		with conn.cursor(name="c2", scrollable=True) as cur:
			cur.execute(f"SELECT id FROM {items} ORDER BY id")
			cur.scroll(50)
			forward = cur.fetchone()
			cur.scroll(-11)
			tell("cursor_scroll", [forward, cur.fetchone()])
	with conn.cursor(name="c3", withhold=True) as cur:
		cur.execute(f"SELECT id FROM {items} ORDER BY embedding <-> %s LIMIT 30", [numpy.array(queries[2])])
		tell("cursor_hold", len(cur.fetchmany(7)) + len(cur.fetchall()))

	# pipeline: several statements before the first answer
	with conn.pipeline():
		cursors = [conn.execute(f"SELECT id, embedding <=> %s AS d FROM {items} ORDER BY d LIMIT 3", [numpy.array(q)]) for q in queries[:4]]
		conn.execute(f"UPDATE {items} SET price = price + 1 WHERE id = %s", [4])
		after = conn.execute(f"SELECT price FROM {items} WHERE id = %s", [4])
	for i, cur in enumerate(cursors):
		tell(f"nearest:pipeline {i}", ranking(cur))
	tell("pipeline_update", list(after.fetchone()))

	# changing
	tell("update", conn.execute(f"UPDATE {items} SET title = %s, tags = %s WHERE id = %s", ["neu", ["z"], 5]).rowcount)
	tell("update_many", conn.execute(f"UPDATE {items} SET price = price * 2, meta = %s WHERE lang = %s", [Jsonb({"new": [1, 2]}), "de"]).rowcount)
	tell("update_vector", [floats(r[0]) for r in conn.execute(f"UPDATE {items} SET embedding = %s WHERE id = %s RETURNING embedding", [numpy.array(queries[3]), 6])])
	tell("update_none", conn.execute(f"UPDATE {items} SET title = 'x' WHERE id = 12345").rowcount)
	tell("delete_keys", conn.execute(f"DELETE FROM {items} WHERE id = ANY(%s)", [[10, 20, 30, 999]]).rowcount)
	tell("delete_returning", sorted(r[0] for r in conn.execute(f"DELETE FROM {items} WHERE lang = %s AND ok RETURNING id", ["fr"])))
	tell("after", [plain(r) for r in conn.execute(f"SELECT {NAMES} FROM {items} ORDER BY id")])

	# keys that the database makes: by a sequence, and by Milvus
	key = conn.execute(f"INSERT INTO {items} ({NAMES.replace('id, ', '', 1)}) VALUES ({PLACES[4:]}) RETURNING id", values(rows[0])[1:]).fetchone()[0]
	tell("sequence", [key >= 1000, conn.execute(f"DELETE FROM {items} WHERE id = %s", [key]).rowcount])
	key = conn.execute(f"INSERT INTO {notes} (title, embedding) VALUES (%s, %s) RETURNING id", ["n", numpy.array(queries[0])]).fetchone()[0]
	tell("auto_id", [list(r) for r in conn.execute(f"SELECT title, id = %s FROM {notes} WHERE id = %s", [key, key])])

	# conflicts
	def conflict(clause):
		# one key that is there, and one that is not
		done = conn.cursor()
		done.execute(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES}), ({PLACES}) {clause}", values({**rows[0], "title": "again"}) + values({**rows[0], "id": 901}))
		there = [list(r) for r in conn.execute(f"SELECT id, title FROM {items} WHERE id IN (1, 901) ORDER BY id")]
		return [done.rowcount, there]
	tell.attempt("do_nothing", lambda: conflict("ON CONFLICT DO NOTHING"))
	tell.attempt("do_nothing_target", lambda: conflict("ON CONFLICT (id) DO NOTHING"))
	tell.attempt("do_update", lambda: conflict("ON CONFLICT (id) DO UPDATE SET title = excluded.title"))

	# transactions
	del notices[:]
	try:
		with conn.transaction():
			conn.execute(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES})", values({**rows[0], "id": 950}))
			raise RuntimeError
	except RuntimeError:
		pass
	left = conn.execute(f"DELETE FROM {items} WHERE id = 950").rowcount
	tell("rollback", {"rows": left, "warned": any(n.startswith("what was written to Milvus is not rolled back") for n in notices)})
	with conn.transaction():
		conn.execute(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES})", values({**rows[0], "id": 951}))
		seen = conn.execute(f"SELECT title FROM {items} WHERE id = 951").fetchone()
	tell("commit", [list(seen), conn.execute(f"DELETE FROM {items} WHERE id = 951").rowcount])
	# errors that are the statement's own leave the session usable
	tell.attempt("bad_dimension", lambda: [conn.execute(f"SELECT id FROM {items} ORDER BY embedding <-> %s LIMIT 1", [numpy.array([1.0, 2.0])]).fetchone()] and None)
	tell("alive", conn.execute(f"SELECT count(*) > 0 FROM {items}").fetchone()[0])


for table in tables:
	notices = []
	with psycopg.connect(autocommit=True, prepare_threshold=0, application_name="psycopg") as conn:
		register_vector(conn)
		conn.add_notice_handler(lambda d: notices.append(d.message_primary))
		whole_life(conn, table, Teller(table), notices)
	tell = Teller(table)
	with ConnectionPool("", min_size=1, max_size=2, configure=register_vector) as pool:
		def nearest(i):
			with pool.connection() as c:
				return ranking(c.execute(f"SELECT id, embedding <-> %s AS d FROM items_{table} ORDER BY d LIMIT 5", [numpy.array(queries[i])]))
		for i in range(4):
			tell(f"nearest:pool {i}", nearest(i))
