"""Does the judge of writes find faults? Both sides are local; the one gets the statements, or does them, slightly wrong."""
import io
import random
import re

import kinds
import writejudge
from world import ident
from writeworld import LocalStore, WriteWorld

# what is sent in place of a statement
REWRITES = {
    "TRUNCATE leaves rows": lambda sql: re.sub(r"^TRUNCATE (f\.\w+)$", r"DELETE FROM \1 WHERE n <> 3", sql),
    "ROLLBACK TO undoes nothing": lambda sql: sql.replace("ROLLBACK TO", "RELEASE"),
    "ROLLBACK commits": lambda sql: "COMMIT" if sql == "ROLLBACK" else sql,
    "a list of keys loses its last": lambda sql: re.sub(r"(^(?:DELETE|UPDATE).*ANY \('{[^{}']+),[^,{}']+}'", r"\1}'", sql),
    "UPDATE … FROM leaves out its condition": lambda sql: re.sub(r"^(UPDATE .* FROM [^()]* WHERE a\d+\.\S+ = a\d+\.\S+) AND .*", r"\1", sql),
}
MISCOUNTS = {
    "the number of updated rows is that of keys": lambda sql, n: n + 1 if sql.startswith("UPDATE") and n == 0 else n,
    "the number of deleted rows is not known": lambda sql, n: 0 if sql.startswith("DELETE") else n,
}


def trigger(target, event, body):
    name = f"f.{target.name}"
    return [f"CREATE FUNCTION {name}_fault() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} END $f$",
            f"CREATE TRIGGER fault {event} ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_fault()"]


def columns(target, fits):
    return [ident(c.name) for c in target.table.columns if fits(c) and c is not target.key]


def changed(target, fits, value, event="BEFORE UPDATE"):
    """A trigger that changes the columns that fit, in the new row."""
    body = " ".join(f"NEW.{c} := {value.format(c=c)};" for c in columns(target, fits))
    return trigger(target, event, body + " RETURN NEW;") if body else []


# what is done to a table, so that it writes as one with that fault
DAMAGES = {
    "an UPDATE leaves a column as it was": lambda t: changed(t, lambda c: c.name == "n", "OLD.{c}"),
    "an UPDATE to NULL is none": lambda t: changed(t, lambda c: c.null and not c.dynamic_key, "coalesce(NEW.{c}, OLD.{c})"),
    "a DELETE is lost": lambda t: trigger(t, "AFTER DELETE", f"IF OLD.n = 5 THEN INSERT INTO f.{t.name} SELECT OLD.*; END IF; RETURN NULL;")
    if not t.auto else [],
    "an UPDATE loses a dynamic field": lambda t: changed(t, lambda c: c.name == "$meta", "NEW.{c} - 'extra'"),
    "NULL is written as an empty text": lambda t: changed(t, lambda c: c.null and c.kind == "text" and not c.dynamic_key, "coalesce(NEW.{c}, '')",
                                                          "BEFORE INSERT OR UPDATE"),
    "-0 is written as 0": lambda t: changed(t, lambda c: c.kind in ("real", "double precision") and not c.dynamic_key, "NEW.{c} + 0",
                                            "BEFORE INSERT OR UPDATE"),
    "an empty array is not written": lambda t: changed(t, lambda c: c.kind.endswith("[]") and not c.is_vector,
                                                       "CASE WHEN NEW.{c} = '{{}}' THEN OLD.{c} ELSE NEW.{c} END"),
    "a vector is not updated": lambda t: changed(t, lambda c: c.is_vector, "OLD.{c}"),
    "NULL is taken where none may be": lambda t: [f"ALTER TABLE f.{t.name} ALTER {c} DROP NOT NULL"
                                                  for c in columns(t, lambda c: not c.null and c.name != "part")],
}


class Quiet(writejudge.Sequence):
    def report(self, verdict):
        pass


def compared(sides, pgvector, seed, statements, rewrite=None, miscount=None, damage=None, shrunk=False):
    """How many statements it took to find a fault, None when none was found; and the judge."""
    here, there = sides
    judge = writejudge.WriteJudge(here, there, rewrite, miscount, io.StringIO())
    index = 0
    while judge.counts["statements"] < statements and not judge.failures:
        rng = random.Random(f"{seed}/writes/{index}")
        # as Milvus Lite 3 has them: with NULLs
        the_world = WriteWorld(rng, kinds.LITE_3, pgvector, index, local=True)
        stored = LocalStore(there.run, damage)
        stored.build(the_world)
        (writejudge.Sequence if shrunk else Quiet)(judge, the_world, stored, rng).run(writejudge.PER_WORLD)
        index += 1
    return judge.counts["statements"] if judge.failures else None, judge


def run(sides, pgvector, seed, statements, stale):
    """How many faults, and how many of them, or of nothing, were misjudged."""
    found, judge = compared(sides, pgvector, seed, statements, shrunk=True)
    n = judge.counts["statements"]
    wrong = found is not None
    if found:
        print(f"FAILED  no fault, but one is found by write {found}: {judge.out.getvalue()}")
    else:
        print(f"ok      no fault: nothing found in {n} writes")
    if judge.counts["errors"] > 0.1 * n or judge.counts["rows"] < 0.5 * n:
        print(f"FAILED  too many of the writes fail ({judge.counts['errors']}) or write nothing ({n - judge.counts['rows']})")
        wrong += 1
    faults = [(name, {"rewrite": f}) for name, f in REWRITES.items()] + [("the first parameters stay", {"rewrite": stale})]
    faults += [(name, {"miscount": f}) for name, f in MISCOUNTS.items()] + [(name, {"damage": f}) for name, f in DAMAGES.items()]
    for name, planted in faults:
        shrunk = name == next(iter(DAMAGES))
        found, judge = compared(sides, pgvector, seed, statements, shrunk=shrunk, **planted)
        print(f"{'ok' if found else 'FAILED':8}{name}: " + (f"found by write {found}: {judge.failures[0]}" if found else "not found"), flush=True)
        wrong += found is None
        if shrunk and found:
            steps = judge.out.getvalue().partition("--- cut down to ")[2]
            print("        cut down to " + steps.partition("\n--- the tables")[0].replace("\n", "\n        "))
            # of dozens; what the rows are may take a step before
            if int(steps.split(" ")[0] or 99) > 3:
                print("FAILED  one, or a few, would have been enough")
                wrong += 1
    return len(faults), wrong
