"""PostgreSQL with the extension, by psql."""
import json
import os
import subprocess

LEVELS = ("eventually", "bounded", "session", "strong")
SETUP = """
SET client_min_messages = error;
DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS vector; EXCEPTION WHEN OTHERS THEN NULL; END $$;
CREATE EXTENSION milvus_fdw;
CREATE SERVER m FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host {host}, port {port}, request_timeout '60'{more});
CREATE USER MAPPING FOR CURRENT_USER SERVER m{login};
CREATE SCHEMA f; CREATE SCHEMA l;
"""


class SqlError(Exception):
    pass


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def unicode_quote(text):
    """With escapes for what is not ASCII."""
    if text.isascii():
        return quote(text) if "\\" not in text else "E" + quote(text.replace("\\", "\\\\"))
    return "U&" + quote("".join(c if c.isascii() and c != "\\" else "\\\\" if c == "\\" else f"\\+{ord(c):06X}" for c in text))


def login_options(user, password):
    if not user:
        return ""
    return f" OPTIONS (token {quote(user)})" if password is None else f" OPTIONS (user {quote(user)}, password {quote(password)})"


def tls_options(tls):
    """Of CREATE SERVER, behind others."""
    if tls is None:
        return ""
    return ", sslmode 'verify-full'" + (f", sslrootcert {quote(tls)}" if tls else "")


class Sql:
    def __init__(self, address, user=None, password=None, more="", setup=True):
        host, _, port = address.rpartition(":")
        self.psql = [os.path.join(os.environ["AGAINST_BINDIR"], "psql"), "-XAt", "-v", "ON_ERROR_STOP=1"]
        if not setup:
            return
        self.run(SETUP.format(host=quote(host.strip("[]")), port=quote(port), login=login_options(user, password), more=more))

    def run(self, script, seconds=120):
        """The lines that come, with command tags."""
        env = {**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": f"-c client_min_messages=error -c statement_timeout={seconds}s"}
        done = subprocess.run(self.psql, input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False)
        if done.returncode != 0:
            raise SqlError(" ".join(done.stderr.decode().split())[:400])
        return done.stdout.decode().split("\n")[:-1]

    def all(self, queries, before=""):
        """The rows of each query, in one session: lists of values, as JSON has them."""
        lines = self.run(before + "\n" + "\n".join(f"SELECT '=' || coalesce(json_agg(row_to_json(q))::text, '[]') FROM ({query}) q;" for query in queries))
        texts = "\n".join(["", *lines]).split("\n=")[1:]
        return [[list(r.values()) for r in json.loads(text)] for text in texts]

    def rows(self, query, before=""):
        return self.all([query], before)[0]

    def column(self, query, before=""):
        return [r[0] for r in self.rows(query, before)]

    def foreign(self, name, collection, columns, more=""):
        self.run(f"CREATE FOREIGN TABLE f.{name} ({columns}) SERVER m OPTIONS (collection {quote(collection.name)}{more})")
