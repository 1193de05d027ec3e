"""A failing script, cut down for as long as it still fails the same way."""
import time

from tree import Node, Script, Seq, walk

SIMPLE = {"boolean": ["true", "false", "NULL::boolean"], "smallint": ["1::smallint"], "integer": ["1"], "bigint": ["1::bigint"],
          "numeric": ["1.0"], "real": ["1::real"], "double precision": ["1::double precision"], "text": ["'a'", "''"]}


class Shrinker:
    """fails(script) tells whether a script still shows the same failure."""

    def __init__(self, script, fails, tries=500, seconds=90):
        self.script = script
        self.fails = fails
        self.tries = tries
        self.end = time.monotonic() + seconds

    def still(self):
        if self.tries <= 0 or time.monotonic() > self.end:
            return False
        self.tries -= 1
        return self.fails(self.script)

    def cut_list(self, items, least=0, locked=0):
        """Leave out items of a list, from the end, halves first."""
        changed = False
        size = max(1, (len(items) - locked) // 2)
        while size:
            i = len(items) - size
            while i >= locked:
                if len(items) - size >= least:
                    kept = items[i:i + size]
                    del items[i:i + size]
                    if self.still():
                        changed = True
                    else:
                        items[i:i] = kept
                i -= size
            size //= 2
        return changed

    def replace(self, items, i):
        """Put something simpler in the place of one node."""
        node = items[i]
        options = []
        if node.optional:
            options.append(Node(""))
        if node.type:
            if len(node.parts) > 1 or not isinstance(node.parts[0], str):
                options += [n for n in walk(node) if n is not node and n.type == node.type][:8]
                options += [Node(text, type=node.type) for text in SIMPLE.get(node.type, [])]
        for option in options:
            items[i] = option
            if self.still():
                return True
        items[i] = node
        return False

    def descend(self, node):
        changed = False
        if isinstance(node, Seq):
            changed |= self.cut_list(node.parts, node.least)
        i = 0
        while i < len(node.parts):
            if isinstance(node.parts[i], Node):
                while self.replace(node.parts, i):
                    changed = True
                changed |= self.descend(node.parts[i])
            i += 1
        return changed

    def run(self):
        script = self.script
        changed = True
        while changed and self.tries > 0 and time.monotonic() < self.end:
            changed = self.cut_list(script.settings)
            # what it all begins with stays: PREPARE, or BEGIN and DECLARE
            locked = {"prepared": 1, "cursor": 2}.get(script.kind, 0)
            if len(script.statements) > 1:
                changed |= self.cut_list(script.statements, 1, locked)
            for statement in script.statements:
                changed |= self.descend(statement.node)
        return Script(script.kind, script.statements, script.settings)
