#!/usr/bin/env python3
"""check.py WORDS_TSV WORD... : the flags of words. check.py WORDS_TSV --cases FILE : words of the posts outside identifiers that have no flag of
an ordinary word."""
import json, re, sys
from pathlib import Path
from build import fold, COMMON, GIVEN, SURNAME, PLACE
import build
T = dict((k, int(v)) for k, v in (l.rstrip("\n").split("\t") for l in open(sys.argv.pop(1), encoding="utf-8")))
BITS = "MEDICAL DRUG FOREIGN REGION EPONYM PHRASE STARTS RARE FACILITY PLACENOUN ROLE HONORIFIC WHENWORD".split()


def show(word):
    v = T.get(fold(word))
    if v is None:
        return f"{word}: -"
    out = [f"{n}{(v >> s) & m}" for n, s, m in (("COMMON", COMMON, 7), ("GIVEN", GIVEN, 3), ("SURNAME", SURNAME, 3), ("PLACE", PLACE, 3)) if (v >> s) & m]
    return f"{word}: " + " ".join(out + [b for b in BITS if v & getattr(build, b)])


if sys.argv[1] == "--cases":
    ok = 7 | sum(getattr(build, b) for b in "MEDICAL DRUG FOREIGN REGION ROLE HONORIFIC EPONYM FACILITY PLACENOUN WHENWORD".split())
    seen, inside, n = {}, {}, 0
    for line in open(sys.argv[2], encoding="utf-8"):
        case = json.loads(line)
        text = case["text"]
        spans = [(i["start"], i["end"], i["class"]) for i in case["identifiers"]]
        for m in re.finditer(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*", text):
            n += 1
            hit = next((c for s, e, c in spans if m.start() < e and m.end() > s), None)
            w = fold(m[0])
            if len(w) < 2 or not re.match(r"[a-z]", w): continue
            v = T.get(w, 0)
            if hit is None:
                if not v & ok and not all(T.get(p, 0) & ok for p in w.split("-")):
                    seen.setdefault(w, []).append(case["id"])
            elif hit in ("name", "place"):
                if not v: inside.setdefault(w, []).append(hit)
    print(n, "words;", len(seen), "kinds outside identifiers without an ordinary flag:")
    print(" ".join(f"{w}[{show(w).split(': ')[1]}]" for w in sorted(seen)))
    print("names and places that the table lacks:", " ".join(f"{w}({v[0][0]})" for w, v in sorted(inside.items())))
else:
    for w in sys.argv[1:]:
        print(show(w))
