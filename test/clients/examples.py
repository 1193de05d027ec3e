"""Run the examples of doc/clients.md, each on the table docs of the README, and compare what they print."""
import os
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
SOURCES = {"js": "node/client.mjs", "go": "go/client.go", "java": "java/Client.java"}


def blocks():
	with open(f"{here}/../../README.md") as f:
		readme = f.read()
	with open(f"{here}/../../doc/clients.md") as f:
		text = f.read()
	# the README's table, its rows, its index
	docs = re.search(r"^CREATE FOREIGN TABLE docs .*?^SELECT milvus\.load.*?$", readme, re.S | re.M).group()
	return docs, re.findall(r"^```(\w+)\n(.*?)^```$", text, re.S | re.M)


def run(psql, python, langchain_python):
	"""How many there were, and what went wrong."""
	docs, examples = blocks()
	bad, done = [], 0

	def sql(statements):
		return subprocess.run([psql, "-XqAt", "-v", "ON_ERROR_STOP=1"], input=statements, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	collection = os.environ["PGDATABASE"] + "_docs"
	made = sql(docs.replace(") SERVER m;", f") SERVER m OPTIONS (collection '{collection}');"))
	if made.returncode:
		return 0, [made.stdout]
	rows = re.search(r"^INSERT INTO docs .*?;$", docs, re.M).group()
	for language, text in examples:
		done += 1
		if language in SOURCES:
			# lines of the test's own client
			with open(f"{here}/{SOURCES[language]}") as f:
				source = f.read()
			bad += [f"{SOURCES[language]} lacks: {line}" for line in text.splitlines() if line.strip() not in source]
		elif language == "sql":
			ran = sql(text)
			if ran.returncode:
				bad.append(f"{text}\n{ran.stdout}")
		else:
			sql("DELETE FROM docs; " + rows)
			want = [line[4:] for line in text.splitlines() if line.startswith("# → ")]
			ran = subprocess.run([langchain_python if "langchain" in text else python, "-W", "error::SyntaxWarning", "-c", text],
				stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
			if ran.returncode or ran.stdout.splitlines() != want or not want:
				bad.append(f"{text}\nprinted:\n{ran.stdout}{ran.stderr[-2000:]}")
	return done, bad
