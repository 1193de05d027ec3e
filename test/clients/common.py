"""What the Python clients share: the data, and how they tell what they got."""
import json
import os
import sys

with open(os.environ["CLIENT_DATA"]) as f:
	data = json.load(f)
rows, queries = data["rows"], data["queries"]
COLUMNS = ("id", "title", "lang", "n", "price", "ok", "tags", "meta", "embedding")
tables = sys.argv[1:]


def state(error):
	"""The SQLSTATE of an error, whichever library wrapped it."""
	while error is not None:
		for e in (error, getattr(error, "orig", None)):
			code = getattr(e, "sqlstate", None) or getattr(e, "pgcode", None)
			if code:
				return code
		error = error.__cause__ or error.__context__
	return None


class Teller:
	def __init__(self, table):
		self.table = table

	def __call__(self, step, value):
		print(json.dumps({"table": self.table, "step": step, "value": value}), flush=True)

	def attempt(self, step, function):
		"""Tells what it returns, or the SQLSTATE of its error. An error without one is the client's end."""
		try:
			value = function()
		except Exception as e:
			if state(e) is None:
				raise
			value = {"error": state(e)}
		self(step, value)


def floats(vector):
	"""A vector in whatever class the client has for it."""
	return [float(x) for x in (vector.to_list() if hasattr(vector, "to_list") else vector)]


def ranking(found):
	return [[k, float(d)] for k, d in found]
