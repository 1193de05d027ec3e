"""Collections as LangChain and LlamaIndex make them, by PyMilvus.

Their fields, types, indexes and documents are those that langchain-milvus 0.3.3
and llama-index-vector-stores-milvus 1.2.0 made on Milvus 2.3.5 and Milvus Lite 3.2,
looked at afterwards.  The packages are not installed here: they bring a hundred others.
"""

import json
import os
import sys

# the library, not the file beside this one
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
from pymilvus import DataType, MilvusClient    # noqa: E402

TEXTS = ["Whales live in the sea.", "Elephants live in Africa."]
VECTORS = [[0, 1, 0], [1, 0, 0]]
FILES = ["a.pdf", "b.pdf"]


def make_one(client, name, fields, dynamic, metric, index, rows):
    if client.has_collection(name):
        client.drop_collection(name)
    schema = client.create_schema(auto_id=any(f.get("auto_id") for f in fields), enable_dynamic_field=dynamic)
    for field in fields:
        schema.add_field(**field)
    vector = next(f["field_name"] for f in fields if f["datatype"] == DataType.FLOAT_VECTOR)
    params = client.prepare_index_params()
    params.add_index(field_name=vector, index_type=index, metric_type=metric, params={})
    client.create_collection(name, schema=schema, consistency_level="Session")
    client.insert(name, rows)
    client.create_index(name, params)
    client.load_collection(name)


def text_field(name, **more):
    return dict(field_name=name, datatype=DataType.VARCHAR, max_length=65535, **more)


def make(uri):
    client = MilvusClient(uri=uri)
    langchain = [text_field("text"), dict(field_name="pk", datatype=DataType.INT64, is_primary=True, auto_id=True),
                 dict(field_name="vector", datatype=DataType.FLOAT_VECTOR, dim=3)]
    # the default: a field for each key of the first document's metadata
    make_one(client, "LangChainCollection", langchain + [text_field("source"), dict(field_name="page", datatype=DataType.INT64)], False, "L2", "AUTOINDEX",
             [dict(text=t, vector=v, source=f, page=3) for t, v, f in zip(TEXTS, VECTORS, FILES)])
    # enable_dynamic_field=True
    make_one(client, "LangChainDynamic", langchain, True, "L2", "AUTOINDEX",
             [dict(text=t, vector=v, source=f, page=3) for t, v, f in zip(TEXTS, VECTORS, FILES)])
    node = [text_field("id", is_primary=True), text_field("doc_id"), text_field("text"),
            dict(field_name="embedding", datatype=DataType.FLOAT_VECTOR, dim=3)]
    make_one(client, "llamacollection", node, True, "IP", "FLAT",
             [dict(id="n%d" % i, doc_id="doc-" + f, text=t, embedding=v, file_name=f, page=3, document_id="doc-" + f, ref_doc_id="doc-" + f,
                   _node_type="TextNode", _node_content=json.dumps({"id_": "n%d" % i, "metadata": {"file_name": f, "page": 3}, "text": ""}))
              for i, (t, v, f) in enumerate(zip(TEXTS, VECTORS, FILES), 1)])
    client.close()
