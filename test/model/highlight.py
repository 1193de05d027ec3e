"""Lexical highlights (2.6.8 on): internal/proxy/highlighter.go, querynodev2/delegator (GetHighlight, util.go)."""

import json
import random
import re

import base
import vectors
from base import invalid, plain, wrapped
from pymilvus.grpc_gen import common_pb2

FRAGMENT_SIZE, FRAGMENTS = 100, 5
LEXICAL, SEMANTIC = 0, 1


def of(request, leg, version):
    """addHighlightTask: what marks the hits of a search, or None."""
    if version < (2, 6, 8) or not request.HasField("highlighter"):
        return None
    if request.highlighter.type == SEMANTIC:
        raise base.Unimplemented("the model has no service that highlights")
    if request.highlighter.type != LEXICAL:
        raise invalid("unsupported highlight type: %s", request.highlighter.type)
    return Lexical({pair.key: pair.value for pair in request.highlighter.params}, leg, version)


def tags(params, name, instead, what):
    if name not in params:
        return [instead]
    try:
        found = json.loads(params[name])
    except ValueError as error:
        raise invalid("unmarshal %s as string %s failed: %s", name, what, error)
    if found is not None and not (isinstance(found, list) and all(tag is None or isinstance(tag, str) for tag in found)):
        raise invalid("unmarshal %s as string %s failed: no array of strings", name, what)
    if not found:
        raise invalid("%s cannot be empty list", name)
    return [tag or "" for tag in found]


def number(params, name, instead, least):
    if name not in params:
        return instead
    text = params[name]
    if not re.fullmatch(r"[+-]?[0-9]+", text) or not least <= int(text) < 2 ** 63:
        raise invalid("invalid %s: %s", name, text)
    return int(text)


def queries(text):
    """highlight_query: [(field, text)]."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise invalid("unmarshal highlight queries as json array failed: %s", error)
    if found is not None and not isinstance(found, list):
        raise invalid("unmarshal highlight queries as json array failed: no array")

    def wrong(what):
        return invalid("unmarshal highlight queries failed: %s", what)
    wanted = []
    for query in found or []:
        if not isinstance(query, dict):
            raise wrong("item in array is not json object")
        for key in ("text", "type", "field"):
            if key not in query:
                raise wrong("must set `%s` in query" % key)
            if not isinstance(query[key], str):
                raise wrong("`%s` must be string" % key)
            if key == "type" and query[key] != "TextMatch":
                raise wrong("invalid highlight query type: %s" % query[key])
        wanted.append((query["field"], query["text"]))
    return wanted


class Lexical:
    """The fields to mark, each with the words of the searches' own texts and of further ones."""

    def __init__(self, params, leg, version):
        self.version, self.schema = version, leg.collection.schema
        self.before = tags(params, "pre_tags", "<em>", "array")
        self.after = tags(params, "post_tags", "</em>", "list")
        self.size = number(params, "fragment_size", FRAGMENT_SIZE, 1)
        self.most = number(params, "num_of_fragments", FRAGMENTS, 0)
        self.offset = number(params, "fragment_offset", 0, 0)
        own = base.go_bool(params.get("highlight_search_text", "false"))
        if own is None:
            raise invalid('unmarshal highlight_search_text as bool failed: strconv.ParseBool: parsing "%s": invalid syntax',
                          params["highlight_search_text"])
        wanted = queries(params["highlight_query"]) if "highlight_query" in params else []
        self.own, self.further = {}, {}
        if own:
            self.take_own(leg)
        for name, text in wanted:
            if self.schema.field(name) is None:
                raise invalid("highlight field not found in schema: %s", name)
            self.further.setdefault(name, set()).update(self.schema.field(name).analyzer.words(text))

    def take_own(self, leg):
        """createLexicalHighlighter: the request must name the metric, the index alone does not do."""
        if leg.info.params.get("metric_type", "") != "BM25":
            # what it prints of the metric is not set yet
            raise invalid('Search highlight only support with metric type "BM25" but was: ')
        if leg.info.field.name not in self.schema.bm25:
            raise base.MilvusError(base.SERVICE_INTERNAL, "service internal error: Search with highlight failed, "
                                                          "input field of BM25 annsField not found")
        texts = leg.queries
        if texts is None:
            groups = leg.group.placeholders
            if len(groups) != 1 or not len(groups[0].values):
                raise invalid("please provide varchar/text for BM25 Function based search")
            if groups[0].type != vectors.VARCHAR:
                raise invalid("please provide varchar/text for BM25 Function based search, got %s",
                              common_pb2.PlaceholderType.Name(groups[0].type))
            texts = [value.decode() for value in groups[0].values]
        name = self.schema.bm25[leg.info.field.name]
        self.own[name] = [set(self.schema.field(name).analyzer.words(text)) for text in texts]

    def fill(self, results, answers, output):
        """lexicalHighlightOperator: nothing where nothing was found, else a column of fragments for each field."""
        if not any(answers):
            return
        names = list(dict.fromkeys(list(self.own) + list(self.further)))
        # lo.Values(h.tasks): a Go map has no order
        random.shuffle(names)
        vectors_asked = any(field.is_vector for field in output.columns(with_pk=False))
        for name in names:
            field = self.schema.field(name)
            if vectors_asked and name not in output.fields:
                # with vectors the rows are fetched again, with the fields asked for and no other (requeryOperator)
                raise plain("get highlight failed, text field not in output field %s: %d", name, field.id)
        for name in names:
            self.check_field(self.schema.field(name), sum(map(len, answers)))
        for name in names:
            column = results.highlight_results.add(field_name=name)
            own = self.own.get(name, [])
            for place, hits in enumerate(answers):
                words = self.further.get(name, set()) | (own[place] if place < len(own) else set())
                for hit in hits:
                    column.datas.add(fragments=self.fragments(name, hit.row.values[name] or "", words))

    def check_field(self, field, rows):
        if field.type not in (base.DT.VarChar, base.DT.Text) and self.version >= (2, 6, 20):
            raise base.MilvusError(base.SERVICE_INTERNAL, "service internal error: get highlight failed, string "
                                       "field :%d has 0 rows, expected %d" % (field.id, rows))
        if not field.analyzed:
            raise wrapped(base.PARAMETER_INVALID, "get highlight failed, the highlight field not found, %s:%d"
                          % (field.name, field.id))

    # --- one text ---

    def fragments(self, name, text, words):
        """fetchFragmentsFromOffsets and buildStringFragments."""
        found = []
        for start, end in merged(self.schema.field(name).analyzer.spans(text, words)):
            if found and start <= found[-1][1]:
                found[-1][1] = max(found[-1][1], end)
                found[-1][2].append((start, end))
                continue
            if len(found) >= self.most:
                break
            first = max(0, start - self.offset)
            found.append([first, min(max(end, first + self.size), len(text)), [(start, end)]])
        return [self.marked(text, *fragment) for fragment in found]

    def marked(self, text, start, end, spans):
        """The tags take turns within a fragment, each kind for itself."""
        parts, at = [], start
        for number, (begin, stop) in enumerate(spans):
            parts += [text[at:begin], self.before[number % len(self.before)], text[begin:stop],
                      self.after[number % len(self.after)]]
            at = stop
        return "".join(parts) + text[at:end]


def merged(spans):
    """mergeOffsets: what touches or overlaps is one."""
    found = []
    for start, end in sorted(spans):
        if found and end <= found[-1][1]:
            continue
        if found and start <= found[-1][1]:
            found[-1][1] = end
        else:
            found.append([start, end])
    return found
