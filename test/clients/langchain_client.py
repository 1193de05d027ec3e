"""langchain-postgres: a PGVectorStore over a foreign table; its add_documents() through a small table with a trigger."""
import json

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVectorStore
from langchain_postgres.v2.indexes import DistanceStrategy
from sqlalchemy import create_engine, text

from common import Teller, floats, queries, ranking, rows, state, tables

STRATEGIES = {"<->": DistanceStrategy.EUCLIDEAN, "<=>": DistanceStrategy.COSINE_DISTANCE, "<#>": DistanceStrategy.INNER_PRODUCT}
VECTORS = {r["title"]: r["embedding"] for r in rows} | {f"query {i}": q for i, q in enumerate(queries)}


class Given(Embeddings):
	"""An embedding model that knows its texts."""
	def embed_documents(self, texts):
		return [VECTORS[t] for t in texts]

	def embed_query(self, text):
		return VECTORS[text]


def store(name, strategy=DistanceStrategy.COSINE_DISTANCE):
	return PGVectorStore.create_sync(engine, Given(), name, id_column="id", content_column="title", metadata_columns=["lang", "n", "price", "ok", "tags"],
		metadata_json_column="meta", distance_strategy=strategy)


engine = PGEngine.from_connection_string("postgresql+psycopg://")
plain = create_engine("postgresql+psycopg://")
for table in tables:
	tell, items = Teller(table), f"items_{table}"
	with plain.begin() as c:
		c.execute(text(f"DELETE FROM {items}"))
		# langchain-postgres inserts with ON CONFLICT (id) DO UPDATE, which needs a unique index. A table
		# that has one, and whose trigger puts each row into the foreign table instead
		for statement in f"""
			CREATE TABLE {items}_in (LIKE {items}, PRIMARY KEY (id));
			CREATE FUNCTION {items}_put() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				DELETE FROM {items} WHERE id = NEW.id;
				INSERT INTO {items} SELECT NEW.*;
				RETURN NULL;
			END $$;
			CREATE TRIGGER put BEFORE INSERT ON {items}_in FOR EACH ROW EXECUTE FUNCTION {items}_put()""".split(";\n\t\t\tCREATE"):
			c.exec_driver_sql(statement if "CREATE" in statement.split("(")[0] else "CREATE" + statement)
	documents = [Document(id=r["id"], page_content=r["title"], metadata={k: r[k] for k in ("lang", "n", "price", "ok", "tags")} | r["meta"]) for r in rows[:40]]
	writer = store(f"{items}_in")
	writer.add_documents(documents, ids=[d.id for d in documents])
	writer.add_documents(documents[:2], ids=[1, 2])      # again: replaced
	vs = store(items)

	def shown(found):
		return [[d.id, d.page_content, d.metadata] for d in found]
	tell("get_by_ids", sorted(shown(vs.get_by_ids([3, 4, 999])), key=lambda d: int(d[0])))
	for op, strategy in STRATEGIES.items():
		of = store(items, strategy)
		found = of.similarity_search_with_score("query 0", k=8)
		tell(f"nearest:{op}", ranking((d.id, s) for d, s in found))
		tell(f"documents:{op}", shown(d for d, _ in found[:3]))
		tell(f"nearest:{op} filter", ranking((d.id, s) for d, s in of.similarity_search_with_score("query 1", k=5, filter={"lang": {"$in": ["en", "fr"]}, "n": {"$gt": 1}})))
		tell(f"nearest:{op} not", ranking((d.id, s) for d, s in of.similarity_search_with_score("query 1", k=5, filter={"$or": [{"price": {"$lt": 2.0}}, {"lang": {"$like": "d%"}}]})))
	tell("by_vector", [d.id for d in vs.similarity_search_by_vector(queries[2], k=5)])
	tell("mmr", [d.id for d in vs.max_marginal_relevance_search("query 3", k=4, fetch_k=20)])
	tell("retriever", [d.id for d in vs.as_retriever(search_kwargs={"k": 3, "filter": {"ok": True}}).invoke("query 4")])
	tell("delete", vs.delete(ids=[3, 4]))
	tell("delete_filter", vs.delete(filter={"lang": "日本"}))
	with plain.begin() as c:
		tell("after", [list(r) for r in c.execute(text(f"SELECT id, title, lang, n, price, ok, tags, meta FROM {items} ORDER BY id"))])
	# on the foreign table itself
	tell.attempt("do_update", lambda: vs.add_documents(documents[:1], ids=[1]))
