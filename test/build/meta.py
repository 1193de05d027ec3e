"""What PGXN asks of META.json (its Meta Spec 1.0.0), and that each version told is the control file's.

Prints what is wrong; nothing else. Runs at the top of the source.
"""
import json
import os
import re

with open("milvus_fdw.control") as f:
    version = re.search(r"^default_version = '(.*)'$", f.read(), re.M).group(1)
with open("META.json") as f:
    meta = json.load(f)
with open("Makefile") as f:
    oldest, newest = map(int, re.search(r"needs PostgreSQL (\d+) to (\d+)", f.read()).groups())

required = ["name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"]
optional = ["description", "generated_by", "tags", "no_index", "prereqs", "release_status", "resources"]
semver = r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?"


def wrong(found, what):
    if found:
        print("META.json:", what)


for key in required:
    wrong(not meta.get(key), f"no {key}")
for key in meta:
    wrong(key not in required + optional and not key.startswith("x_"), f"{key} is no key of the specification")
wrong(not re.fullmatch(semver, version), f"{version}, of the control file, is no semantic version X.Y.Z")
wrong(meta["version"] != version, f"version {meta['version']}, the control file has {version}")
wrong(re.search(r"[\s/\\]", meta["name"]), "name")
wrong(meta["license"] != "postgresql", "license: LICENSE is PostgreSQL's")
wrong(meta["meta-spec"].get("version") != "1.0.0", "meta-spec")
wrong(list(meta["provides"]) != ["milvus_fdw"], "provides the extension, and nothing else")
for name, extension in meta["provides"].items():
    wrong(set(extension) - {"file", "version", "abstract", "docfile"}, f"keys of {name}")
    wrong(extension.get("version") != version, f"version of {name}, the control file has {version}")
    for key in ("file", "docfile"):
        wrong(not os.path.isfile(extension.get(key, "")), f"{key} of {name} is not there")
for tag in meta.get("tags", []):
    wrong(not 0 < len(tag) < 256 or re.search(r"[/\\\x00-\x1f]", tag), f"tag {tag}")
for phase, relations in meta.get("prereqs", {}).items():
    wrong(phase not in ("configure", "build", "test", "runtime", "develop"), f"prereqs of {phase}")
    for relation, needs in relations.items():
        wrong(relation not in ("requires", "recommends", "suggests", "conflicts"), f"prereqs that are {relation}")
        for name, least in needs.items():
            wrong(not all(re.fullmatch(rf"((>=|<=|>|<|==|!=) *)?{semver}", part.strip()) for part in least.split(",")), f"version of {name}")
wrong(meta["prereqs"]["runtime"]["requires"].get("PostgreSQL") != f">= {oldest}.0.0, < {newest + 1}.0.0",
      f"PostgreSQL {oldest} to {newest}, says the Makefile")

changelog = "packaging/debian/changelog"
if os.path.exists(changelog):
    with open(changelog) as f:
        first = f.readline()
    if not first.startswith(f"milvus-fdw ({version}-"):
        print(f"{changelog}: begins with {first.strip()}, the control file has {version}")
with open("CHANGELOG.md") as f:
    if f"## {version}\n" not in f.read():
        print(f"CHANGELOG.md: no {version}")
upgrades = [name for name in os.listdir("upgrade") if name.endswith(f"--{version}.sql")]
if not upgrades:
    print(f"upgrade: no way to {version}")
