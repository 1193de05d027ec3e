"""asyncpg with pgvector-python: statements prepared and cached, values in binary, its pool."""
import asyncio
import json

import asyncpg
import numpy
from pgvector import Vector
from pgvector.asyncpg import register_vector

from common import COLUMNS, Teller, floats, queries, ranking, rows, state, tables

NAMES = ", ".join(COLUMNS)
PLACES = ", ".join(f"${i + 1}" for i in range(len(COLUMNS)))


def values(row):
	return [numpy.array(row[c], dtype=numpy.float32) if c == "embedding" else row[c] for c in COLUMNS]


def plain(row):
	return [floats(v) if c == "embedding" else v for c, v in zip(COLUMNS, row)]


async def initialize(conn):
	await register_vector(conn)
	# in binary, or copy_records_to_table() refuses jsonb: a byte 1, and the text
	await conn.set_type_codec("jsonb", encoder=lambda v: b"\1" + json.dumps(v).encode(), decoder=lambda b: json.loads(b[1:]),
		schema="pg_catalog", format="binary")


async def whole_life(conn, table, tell, notices):
	items, notes = f"items_{table}", f"notes_{table}"
	insert = f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES})"
	await conn.execute(f"DELETE FROM {items}")

	# loading
	await conn.executemany(insert, [values(r) for r in rows[:20]])
	tell("copy", await conn.copy_records_to_table(items, records=[values(r) for r in rows[20:150]], columns=COLUMNS))
	tell("unnest", await conn.execute(f"INSERT INTO {items} (id, title, lang, n, price, ok, tags, meta, embedding)"
		" SELECT i, t, 'en', n, 1.5, true, '{}', m, e FROM unnest($1::bigint[], $2::text[], $3::int[], $4::jsonb[], $5::vector[]) u(i, t, n, m, e)",
		*zip(*[(r["id"], r["title"], r["n"], r["meta"], Vector(r["embedding"])) for r in rows[150:]])))
	tell("fetchmany", sorted(r[0] for r in await conn.fetchmany(f"{insert} RETURNING id", [values({**r, "id": r["id"] + 500}) for r in rows[:4]])))
	tell("delete_range", await conn.execute(f"DELETE FROM {items} WHERE id > $1", 500))

	# reading
	tell("all", [plain(r) for r in await conn.fetch(f"SELECT {NAMES} FROM {items} ORDER BY id")])
	for i in range(8):
		tell(f"row {i}", plain(await conn.fetchrow(f"SELECT {NAMES} FROM {items} WHERE id = $1", 20 + i)))
	tell("keys", [list(r) for r in await conn.fetch(f"SELECT id, title FROM {items} WHERE id = ANY($1) ORDER BY id", [3, 1, 77, 999])])
	tell("filters", [r[0] for r in await conn.fetch(f"SELECT id FROM {items} WHERE title LIKE $1 AND price > $2 AND tags @> $3 AND meta @> $4 ORDER BY id", "%1%", 1.0, ["a"], {"k": 2})])
	async with conn.transaction():
		tell("cursor", [r[0] async for r in conn.cursor(f"SELECT id FROM {items} WHERE n < $1 ORDER BY id", 5, prefetch=30)])
		cur = await conn.cursor(f"SELECT id FROM {items} ORDER BY id")
		await cur.forward(50)
		tell("cursor_forward", [r[0] for r in await cur.fetch(5)])

	# searching: cached statements, and one prepared by hand
	for op in ("<->", "<=>", "<#>"):
		for i, q in enumerate(queries):
			tell(f"nearest:{op} {i}", ranking(await conn.fetch(f"SELECT id, embedding {op} $1 AS d FROM {items} ORDER BY d LIMIT $2", numpy.array(q), 10)))
		tell(f"nearest:{op} filter", ranking(await conn.fetch(
			f"SELECT id, embedding {op} $1 AS d FROM {items} WHERE lang = ANY($2) AND n BETWEEN $3 AND $4 ORDER BY d LIMIT 10", numpy.array(queries[0]), ["en", "fr"], 2, 5)))
		prepared = await conn.prepare(f"SELECT id, embedding {op} $1 AS d FROM {items} ORDER BY d LIMIT 10 OFFSET $2")
		for i in range(7):
			tell(f"nearest:{op} prepared {i}", ranking(await prepared.fetch(numpy.array(queries[i]), i * 3)))

	# changing
	for i in range(7):
		tell(f"update {i}", await conn.execute(f"UPDATE {items} SET title = $1, embedding = $2 WHERE id = $3", f"neu {i}", numpy.array(queries[i]), i + 5))
	tell("update_returning", sorted(list(r) for r in await conn.fetch(f"UPDATE {items} SET price = price * $1 WHERE lang = $2 AND id < 20 RETURNING id, price", 2.0, "de")))
	await conn.executemany(f"DELETE FROM {items} WHERE id = $1", [(30,), (31,), (999,)])
	tell("delete", await conn.execute(f"DELETE FROM {items} WHERE id = ANY($1)", [40, 41, 42, 999]))
	tell("after", [plain(r) for r in await conn.fetch(f"SELECT {NAMES} FROM {items} ORDER BY id")])
	key = await conn.fetchval(f"INSERT INTO {notes} (title, embedding) VALUES ($1, $2) RETURNING id", "n", numpy.array(queries[0]))
	tell("auto_id", [list(r) for r in await conn.fetch(f"SELECT title FROM {notes} WHERE id = $1", key)])
	await conn.execute(f"DELETE FROM {notes}")

	# conflicts
	for step, clause in (("do_nothing", "ON CONFLICT DO NOTHING"), ("do_update", "ON CONFLICT (id) DO UPDATE SET title = excluded.title")):
		try:
			done = await conn.execute(f"{insert} {clause}", *values({**rows[0], "title": "again"}))
			value = [done, await conn.fetchval(f"SELECT title FROM {items} WHERE id = 1")]
		except asyncpg.PostgresError as e:
			value = {"error": state(e)}
		tell(step, value)

	# rollback
	del notices[:]
	transaction = conn.transaction()
	await transaction.start()
	await conn.execute(insert, *values({**rows[0], "id": 950}))
	await transaction.rollback()
	left = await conn.execute(f"DELETE FROM {items} WHERE id = 950")
	tell("rollback", {"rows": int(left.split()[1]), "warned": any("not rolled back" in n for n in notices)})


async def main():
	for table in tables:
		tell, notices = Teller(table), []
		conn = await asyncpg.connect()
		conn.add_log_listener(lambda _, message: notices.append(message.message))
		await initialize(conn)
		await whole_life(conn, table, tell, notices)
		await conn.close()
		async with asyncpg.create_pool(min_size=2, max_size=2, init=initialize) as pool:
			answers = await asyncio.gather(*[pool.fetch(f"SELECT id, embedding <=> $1 AS d FROM items_{table} ORDER BY d LIMIT 5", numpy.array(q)) for q in queries])
			for i, found in enumerate(answers):
				tell(f"nearest:pool {i}", ranking(found))

asyncio.run(main())
