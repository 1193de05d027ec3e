"""Run clients on a local table and on foreign ones, and compare what they tell.

A client is given tables, does the same with each of them, and prints what it got, a JSON
object a line: {"table": …, "step": …, "value": …}. What the local table, pgvector's, answers
is what the others have to answer. Where that can't be, DIFFERENT says what comes instead.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import psycopg
from psycopg import sql

import examples

here = os.path.dirname(os.path.abspath(__file__))
cache = os.environ["CLIENTS_CACHE"]
METRIC = {"s_hnsw": "<=>", "s_flat": "<->", "l3_flat": "<#>", "l3_auto": "<->"}
PYTHON = ("psycopg", "sqlalchemy", "django", "asyncpg", "pandas")
OTHERS = ("pgbouncer", "node", "go", "java")

# What a foreign table answers otherwise, and always will: step → value.
# PostgreSQL itself refuses a conflict target (42P10): a foreign table has no unique index.
# Milvus has no transactions: the row stays after ROLLBACK, and a WARNING tells.
DIFFERENT = {
	"do_update": {"error": "42P10"},
	"do_nothing_target": {"error": "42P10"},
	"rollback": {"rows": 1, "warned": True},
	# SQLAlchemy's MetaData.reflect(), which pandas uses there, does not look at foreign tables
	"delete_rows": "not reflected",
}


def make_data():
	"""Rows and query vectors. Components are multiples of 1/64, which text, float4 and JSON keep."""
	rng = random.Random(20)
	vector = lambda: [rng.randrange(-64, 65) / 64 for _ in range(8)]
	words = ["Elephants", "d'été \"x\"", "海豚", "back\\slash", "a,b{c}", "tab\there", "%_"]
	rows = [{
		"id": i, "title": f"{rng.choice(words)} {i}", "lang": ["en", "fr", "de", "日本"][i % 4],
		"n": rng.randrange(-2**31, 2**31) if i % 10 == 0 else i % 7, "price": i / 7, "ok": i % 3 == 0,
		"tags": rng.sample(["a", "b", "c d", 'e"f', "g,h"], i % 4),
		"meta": {"k": i % 5, "name": rng.choice(words), "deep": {"list": [1, None, "x"]}},
		"embedding": vector(),
	} for i in range(1, 201)]
	return {"rows": rows, "queries": [vector() for _ in range(8)]}


def same(here, there):
	"""Equal, but for the last digits of numbers: Milvus' scores are float4."""
	if isinstance(here, bool) or isinstance(there, bool):
		return here is there
	if isinstance(here, (int, float)) and isinstance(there, (int, float)):
		return here == there or (isinstance(here, float) or isinstance(there, float)) and abs(here - there) <= 1e-5 * max(1, abs(here))
	if isinstance(here, list) and isinstance(there, list):
		return len(here) == len(there) and all(map(same, here, there))
	if isinstance(here, dict) and isinstance(there, dict):
		return here.keys() == there.keys() and all(same(here[k], there[k]) for k in here)
	return type(here) is type(there) and here == there


def same_ranking(here, there):
	"""[[key, distance], …]: the distances agree one by one, and the keys but for ties."""
	if not (isinstance(here, list) and isinstance(there, list) and len(here) == len(there)):
		return False
	if not same([d for _, d in here], [d for _, d in there]):
		return False
	distance = {k: d for k, d in here}
	last = here[-1][1] if here else None
	return len({k for k, _ in there}) == len(there) and all(
		same(float(distance[k]), float(d)) if k in distance else same(float(d), float(last)) for k, d in there)


def compare(told, tables):
	"""What differs, as lines; and how much was compared."""
	bad, compared = [], 0
	truth = told.get(tables[0], {})
	if len(truth) < 5:
		return [f"only {len(truth)} steps on {tables[0]}"], 0
	for step, value in truth.items():
		if isinstance(value, dict) and "error" in value and not step.startswith("bad_"):
			bad.append(f"{step}: error {value['error']} on {tables[0]}")
	for table in tables[1:]:
		answers = told.get(table, {})
		for step in truth.keys() | answers.keys():
			if step not in truth or step not in answers:
				bad.append(f"{table} {step}: not done on {'the local table' if step not in truth else table}")
				continue
			compared += 1
			name = step.split(":")[0]
			equal = same_ranking if name == "nearest" else same
			want, got = truth[step], answers[step]
			want = DIFFERENT.get(name, want)
			if not equal(want, got):
				bad.append(f"{table} {step}:\n    expected {json.dumps(want, ensure_ascii=False)[:600]}\n    got      {json.dumps(got, ensure_ascii=False)[:600]}")
	return bad, compared


def searches(log, tables):
	"""Were the searches sent as searches? By the plans in the server's log (auto_explain)."""
	bad, sent = [], {t: 0 for t in tables[1:]}
	for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", log):
		scan = re.search(r"Foreign Scan on (?:\w+\.)?(?:items|notes)_(\w+)", entry)
		query = re.search(r"Query Text: (.*?)\n\t *(?:->|Limit|Sort|Foreign|Aggregate|LockRows|Merge|Delete|Update|Insert)", entry, re.S)
		if not scan or not query or "plan:" not in entry:
			continue
		text = query.group(1)
		table = scan.group(1).removesuffix("_strong")
		if table not in sent or not re.search(r"order by", text, re.I) or not re.search(r"limit", text, re.I):
			continue
		if METRIC[table] in text:
			if "Milvus Search:" in entry:
				sent[table] += 1
			else:
				bad.append(f"no search was sent: {entry[:1500]}")
	bad += [f"{t}: no search was seen in the server's log" for t, n in sent.items() if n == 0]
	return bad, sum(sent.values())


def command(client):
	if client in PYTHON or client == "pgbouncer":
		return [f"{cache}/venv-clients/bin/python3", f"{here}/{client}_client.py"]
	if client == "langchain":
		return [f"{cache}/venv-langchain/bin/python3", f"{here}/langchain_client.py"]
	# prints the command, a word a line, or "skipped: why"
	made = subprocess.run([f"{here}/others", client], stdout=subprocess.PIPE, text=True)
	if made.returncode != 0 or made.stdout.startswith("skipped"):
		return made.stdout.strip() or f"test/clients/others {client} failed"
	return made.stdout.split("\n")[:-1]


def main(clients):
	name = f"clients_{os.getpid()}"
	serverlog = os.path.join(os.path.dirname(os.environ["PGDATA"]), "log")
	few = clients[:1] == ["--few"]
	clients = clients[few:]
	failed = skipped = done = 0
	with psycopg.connect(dbname="postgres", autocommit=True) as admin:
		admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
		for setting in ("session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "statement_timeout = '120s'"):
			admin.execute(sql.SQL("ALTER DATABASE {} SET " + setting).format(sql.Identifier(name)))
	os.environ["PGDATABASE"] = name
	psql = os.path.join(subprocess.check_output([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], text=True).strip(), "psql")
	try:
		subprocess.run([psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-v", f"s_port={os.environ['MILVUS_S_PORT']}",
			"-v", f"l3_port={os.environ['MILVUS_L3_PORT']}", "-f", f"{here}/tables.sql"], check=True, stdout=subprocess.DEVNULL)
		with tempfile.TemporaryDirectory() as work:
			os.environ["CLIENT_DATA"] = f"{work}/data.json"
			with open(os.environ["CLIENT_DATA"], "w") as f:
				json.dump(make_data(), f)
			for client in clients:
				start = time.monotonic()
				short = ["local", *METRIC] if not few or client == "psycopg" else ["local", "s_hnsw", "l3_flat"]
				if client == "doc":
					count, bad = examples.run(psql, *(f"{cache}/venv-{v}/bin/python3" for v in ("clients", "langchain")))
					done += 1
					failed += bool(bad)
					print("\n".join([*bad, f"{'FAILED ' if bad else 'ok     '} doc: {count} examples of doc/clients.md, {time.monotonic() - start:.1f} s"]), flush=True)
					continue
				run = command(client)
				if isinstance(run, str):
					print(f"clients {client}: {run}" if run.startswith("skipped") else f"FAILED  {client}: {run}", flush=True)
					skipped += run.startswith("skipped")
					failed += not run.startswith("skipped")
					continue
				begin = os.path.getsize(serverlog)
				with open(f"{work}/err", "w+") as err, open(f"{work}/out", "w+") as out:
					try:
						status = subprocess.run([*run, *short], stdout=out, stderr=err, timeout=600).returncode
					except subprocess.TimeoutExpired:
						status = "none: not done after 600 s"
					err.seek(0)
					out.seek(0)
					complaints, answers = err.read(), out.read()
				told = {}
				for line in answers.splitlines():
					if line.startswith("skipped"):
						break
					answer = json.loads(line)
					told.setdefault(answer["table"], {})[answer["step"]] = answer["value"]
				else:
					line = ""
				if line and status == 0:
					print(f"clients {client}: {line}", flush=True)
					skipped += 1
					continue
				with open(serverlog, errors="replace") as log:
					log.seek(begin)
					unsent, sent = searches(log.read(), short)
				if status == 0:
					bad, compared = compare(told, short)
					bad += unsent
				else:
					last = list(told)[-1:] and list(told[list(told)[-1]])[-1:]
					bad, compared = [f"exit status {status}, on {list(told)[-1:]} after step {last}\n{complaints[-3000:]}"], 0
				done += 1
				failed += bool(bad)
				for line in bad:
					print(f"        {line}")
				print(f"{'FAILED ' if bad else 'ok     '} {client}: {compared} answers compared, {sent} searches sent, {time.monotonic() - start:.1f} s", flush=True)
	finally:
		with psycopg.connect(autocommit=True) as c:
			c.execute("""SELECT milvus.drop_collection(relname::regclass) FROM pg_class WHERE relkind = 'f' AND relname !~ '_strong$'""")
		with psycopg.connect(dbname="postgres", autocommit=True) as admin:
			admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
	print(f"{done} clients compared, {failed} failed, {skipped} skipped")
	return 1 if failed else 0 if done else 77


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
