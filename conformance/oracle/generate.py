"""Writes the vectors of `conformance/v1/`: the reviewed cases as they are, and the drawn ones with the oracle's answers.

    python3 conformance/oracle/generate.py            writes what has changed
    python3 conformance/oracle/generate.py --check    only says whether anything would change

The same on every machine whose time-zone data knows the years up to 2026. Where the oracle does not agree with a reviewed
case, nothing is written: one of the two is wrong, and a person must say which.
"""

import argparse
import importlib
import json
import sys
import tomllib
from pathlib import Path

from answer import KIT, SHIPPED, Unsupported, answer
from cases import ASKED, question

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parent.parent / "src" / "domain" / "controls.toml"
# The order in which they are drawn. The server sorts them by name.
GROUPS = [
    "lattice",
    "values",
    "layers",
    "floors",
    "law",
    "grants",
    "windows",
    "turns",
    "days",
    "zone-change",
    "ages",
    "age-signals",
    "decisions",
    "offline",
    "signatures",
    "receiving",
    "traces",
    "frames",
    "usage",
    "codes",
    "devices",
]
# Where a group's drawn cases come from, if not from a module of its name.
MODULES = {"signatures": "snapshots"}


def main():
    parser = argparse.ArgumentParser(description="Writes the conformance vectors.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if something would change")
    check = parser.parse_args().check
    wanted = dict(documents())
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    left = [path for path in KIT.glob("*.json") if path not in wanted and path.name != "schema.json"]
    for path in changed + left:
        print(f"{'would change' if check else 'changed'}: {path.name}")
    if check and changed + left:
        sys.exit("The vectors are not what the oracle makes of them: run python3 conformance/oracle/generate.py")
    for path in changed:
        path.write_text(wanted[path])
    for path in left:
        path.unlink()


def documents():
    """Every file of the kit that is made here, with its text."""
    catalogue = tomllib.loads(CATALOGUE.read_text())
    SHIPPED["it"] = catalogue["control"]
    yield KIT / "catalogue.json", lines({}, "control", catalogue["control"])
    seen = set()
    for group in GROUPS:
        about, cases = of_group(group)
        for case in cases:
            if case["id"] in seen or not case["id"].startswith(f"{group}/"):
                sys.exit(f"{case['id']} is there twice, or in another group than its own")
            seen.add(case["id"])
        yield KIT / f"{group}.json", lines({"group": group, "about": about}, "cases", cases)


def of_group(group):
    """What a group is about and its cases: the reviewed ones first."""
    path = HERE / "reviewed" / f"{group}.json"
    by_hand = json.loads(path.read_text()) if path.exists() else {}
    module = drawn(group)
    reviewed = [confirmed(case) for case in by_hand.get("cases", [])]
    made = [answered(case) for case in module.cases()] if module else []
    return by_hand.get("about") or " ".join(module.__doc__.split()), reviewed + made


def drawn(group):
    """The module that draws a group's cases, where there is one."""
    name = MODULES.get(group, group).replace("-", "_")
    return importlib.import_module(f"cases.{name}") if (HERE / "cases" / f"{name}.py").exists() else None


def confirmed(case):
    """A reviewed case; the oracle must think the same."""
    once(case)
    told = result(case)
    if told is not None and told != case["expect"]:
        sys.exit(f"{case['id']}: reviewed as {json.dumps(case['expect'])}, but the oracle says {json.dumps(told)}")
    return ordered(case, "reviewed", case["expect"])


def answered(case):
    once(case)
    return ordered(case, "oracle", result(case))


def once(case):
    """Refuses what was asked before under another name: it would count twice and prove nothing more."""
    asked = question(case["op"], case["input"])
    if asked in ASKED:
        sys.exit(f"{case['id']} asks what another case asks already")
    ASKED.add(asked)


def result(case):
    """What the oracle says; None for an operation that it does not know."""
    try:
        return answer(case["op"], case["input"])
    except Unsupported:
        return None


def ordered(case, origin, expect):
    named = {name: case[name] for name in ("id", "op", "why")}
    return {**named, "origin": origin, "input": case["input"], "expect": expect}


def lines(head, name, entries):
    """A JSON document with one entry per line, so that a change to a case is a change to a line."""
    text = lambda it: json.dumps(it, ensure_ascii=False)
    first = "".join(f"  {text(key)}: {text(value)},\n" for key, value in head.items())
    return f"{{\n{first}  {text(name)}: [\n" + ",\n".join(f"    {text(entry)}" for entry in entries) + "\n  ]\n}\n"


if __name__ == "__main__":
    main()
