"""psycopg 3 and asyncpg by way of PgBouncer, which gives each transaction another session."""
import asyncio
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

import asyncpg
import numpy
import psycopg
from pgvector.asyncpg import register_vector as register_asyncpg
from pgvector.psycopg import register_vector
from psycopg.types.json import Jsonb

from common import COLUMNS, Teller, queries, ranking, rows, tables

NAMES = ", ".join(COLUMNS)
PLACES = ", ".join(["%s"] * len(COLUMNS))


def find():
	"""The program: the machine's, else of Debian's package, unpacked and not installed, which would start a service."""
	there = shutil.which("pgbouncer", path="/usr/sbin:" + os.environ["PATH"])
	folder = os.path.join(os.environ["CLIENTS_CACHE"], "pgbouncer")
	if there is None and not os.path.exists(f"{folder}/root/usr/sbin/pgbouncer"):
		os.makedirs(folder, exist_ok=True)
		got = subprocess.run("(apt-get download pgbouncer libevent-2.1-7 || { apt-get update && apt-get download pgbouncer libevent-2.1-7; })"
			" && for d in *.deb; do dpkg -x $d root; done", shell=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		if got.returncode:
			print(f"skipped: no PgBouncer: {got.stderr.strip().splitlines()[-1]}")
			sys.exit()
	return there or f"{folder}/root/usr/sbin/pgbouncer", ":".join(glob.glob(f"{folder}/root/usr/lib/*"))


def values(row):
	return [Jsonb(row[c]) if c == "meta" else numpy.array(row[c]) if c == "embedding" else row[c] for c in COLUMNS]


def on_psycopg(table, tell):
	items = f"items_{table}_strong"
	# PgBouncer before 1.21 knows no prepared statements: prepare_threshold=None
	conns = [psycopg.connect(autocommit=True, prepare_threshold=None) for _ in range(3)]
	for c in conns:
		register_vector(c)
	conns[0].execute(f"DELETE FROM {items}")
	with conns[0].cursor() as cur:
		cur.executemany(f"INSERT INTO {items} ({NAMES}) VALUES ({PLACES})", [values(r) for r in rows[:50]])
	# one writes, another reads: each statement is a transaction, in whichever session
	seen = []
	for i in range(30):
		conns[i % 3].execute(f"UPDATE {items} SET price = %s WHERE id = %s", [i + 0.5, 1 + i % 5])
		seen.append(conns[(i + 1) % 3].execute(f"SELECT price FROM {items} WHERE id = %s", [1 + i % 5]).fetchone()[0])
	tell("seen", seen)
	for i, q in enumerate(queries[:4]):
		for op in ("<->", "<=>", "<#>"):
			tell(f"nearest:{op} {i}", ranking(conns[i % 3].execute(f"SELECT id, embedding {op} %s AS d FROM {items} ORDER BY d LIMIT 5", [numpy.array(q)])))
	with conns[0].transaction(), conns[0].cursor(name="c") as cur:
		cur.itersize = 10
		tell("cursor", [r[0] for r in cur.execute(f"SELECT id FROM {items} ORDER BY id")])
	sessions = {c.execute("SELECT pg_backend_pid()").fetchone()[0] for c in conns}
	tell("few_sessions", len(sessions) <= 2)
	for c in conns:
		c.close()


async def on_asyncpg(table, tell):
	pool = await asyncpg.create_pool(min_size=3, max_size=3, statement_cache_size=0, init=register_asyncpg)
	answers = await asyncio.gather(*[pool.fetch(f"SELECT id, embedding <=> $1 AS d FROM items_{table}_strong ORDER BY d LIMIT 5", numpy.array(q)) for q in queries])
	for i, found in enumerate(answers):
		tell(f"nearest:asyncpg {i}", ranking(found))
	await pool.close()


def main():
	program, libraries = find()
	with tempfile.TemporaryDirectory() as folder:
		port = 6432
		with open(f"{folder}/ini", "w") as f:
			f.write(f"""[databases]
* = host={os.environ['PGHOST']} port={os.environ['PGPORT']} user={os.environ['PGUSER']}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
""")
		# it does not run as root
		user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
		if os.getuid() == 0:
			shutil.chown(folder, user)
		pooler = subprocess.Popen([program, *(["-u", user] if os.getuid() == 0 else []), f"{folder}/ini"], env={**os.environ, "LD_LIBRARY_PATH": libraries},
			stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		try:
			os.environ["PGHOST"], os.environ["PGPORT"] = folder, str(port)
			for _ in range(200):
				if os.path.exists(f"{folder}/.s.PGSQL.{port}") or pooler.poll() is not None:
					break
				time.sleep(0.05)
			for table in tables:
				on_psycopg(table, Teller(table))
				asyncio.run(on_asyncpg(table, Teller(table)))
		finally:
			pooler.terminate()
			pooler.wait()


main()
