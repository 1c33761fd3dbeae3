#!/usr/bin/env python3
"""Prints what each scrubber finds in labelled texts, one table a file.

usage: table.py CURTAIN_BINARY EVAL_DIR [--json FILE]
"""

import argparse
import functools
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pycountry
import systems

# The classes of a table, and the labels of synthetic.jsonl that belong to each.
OF_LABEL = {
    "PERSON": "name",
    "STREET_ADDRESS": "place",
    "GPE": "place",
    "ZIP_CODE": "place",
    "DATE_TIME": "date",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "id_number",
    "IBAN_CODE": "id_number",
    "US_SSN": "id_number",
    "US_DRIVER_LICENSE": "id_number",
    "DOMAIN_NAME": "url",
    "IP_ADDRESS": "ip",
    "AGE": "age_over_89",
}
CLASSES = ["name", "place", "facility", "date", "id_number", "age_over_89", "phone", "email", "url", "handle", "ip"]
# Rows that count some of these labels once more.
EXTRA = ["place and facility", "place, finer"]
# ISO's names and codes of countries, and of the states of federations that English-language texts mention most.
FEDERATIONS = {"AU", "BR", "CA", "DE", "IN", "MX", "NG", "US"}
OTHER_NAMES = {"uk", "usa", "u.s.", "russia", "turkey", "ivory coast", "greenlander", "cyprus (greek)"}
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day", re.IGNORECASE)


@functools.cache
def countries_and_states():
    names = set(OTHER_NAMES)
    for country in pycountry.countries:
        names |= {country.name, country.alpha_2}
        names |= {getattr(country, "common_name", ""), getattr(country, "official_name", "")}
    for state in pycountry.subdivisions:
        if state.country_code in FEDERATIONS:
            names |= {state.name, state.code.partition("-")[2]}
    return {name.lower() for name in names if name}


class Label:
    """An identifier: where it is, its class or None where a scrubber may leave it, and the rows that count it."""

    def __init__(self, text, start, end, kind):
        self.start, self.end, self.kind = start, end, kind
        letters = {i for i in range(start, end) if text[i].isalnum()}
        if kind == "date":
            # A year may stay.
            for year in YEAR.finditer(text[start:end]):
                letters -= set(range(start + year.start(), start + year.end()))
        self.letters = letters
        self.rows = [kind] if kind else []


class Text:
    """A text with its labels and, in a file of posts, the clinical spans to be kept."""

    def __init__(self, text, labels, keep):
        self.text, self.labels, self.keep = text, labels, keep


def general(row):
    """A line of synthetic.jsonl."""
    text, labels = row["text"], []
    for start, end, name in row["spans"]:
        words = text[start:end].strip()
        kind, state = OF_LABEL.get(name), name == "GPE" and words.lower() in countries_and_states()
        if kind == "date" and (YEAR.fullmatch(words) or WEEKDAY.fullmatch(words)):
            kind = None
        if name == "AGE" and not (words.isdigit() and int(words) > 89):
            kind = None
        label = Label(text, start, end, kind)
        if kind == "place" and not state:
            label.rows.append("place, finer")
        if state:
            label.kind = None
        labels.append(label)
    return Text(text, labels, [])


def post(row):
    """A line of cases.jsonl."""
    labels = [Label(row["text"], one["start"], one["end"], one["class"]) for one in row["identifiers"]]
    for label in labels:
        if label.kind in ("place", "facility"):
            label.rows.append("place and facility")
    return Text(row["text"], labels, [(one["start"], one["end"]) for one in row["keep"]])


def read(path):
    """The texts of a file, or None where its lines are of neither form."""
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except ValueError as error:
            sys.exit(f"{path.name}, line {number}: {error}")
    for key, parse in (("identifiers", post), ("spans", general)):
        if rows and all(key in row and "text" in row for row in rows):
            return [parse(row) for row in rows]
    return None


def share(part, whole):
    return {"part": part, "of": whole}


def score(texts, found):
    """Every number of one scrubber on one file, by name of its row."""
    all_labels, hit = Counter(), Counter()
    hidden = inside = must = must_inside = other = other_hidden = keep = kept = 0
    for text, spans in zip(texts, found, strict=True):
        cover = {i for start, end in spans for i in range(start, end) if not text.text[i].isspace()}
        labelled = {i for label in text.labels for i in range(label.start, label.end)}
        needed = {i for label in text.labels if label.kind for i in range(label.start, label.end)}
        for label in text.labels:
            rows = ["all identifiers", *label.rows] if label.rows else []
            all_labels.update(rows)
            hit.update(rows if cover >= label.letters else [])
        hidden += len(cover)
        inside += len(cover & labelled)
        must += len(cover - (labelled - needed))
        must_inside += len(cover & needed)
        free = {i for i, char in enumerate(text.text) if not char.isspace()} - labelled
        other += len(free)
        other_hidden += len(cover & free)
        keep += len(text.keep)
        kept += sum(cover.isdisjoint(range(start, end)) for start, end in text.keep)
    rows = {row: share(hit[row], all_labels[row]) for row in ["all identifiers", *CLASSES, *EXTRA] if all_labels[row]}
    rows["precision"] = share(inside, hidden)
    if any(not label.kind for text in texts for label in text.labels):
        rows["precision, needed"] = share(must_inside, must)
    rows["other text hidden"] = share(other_hidden, other)
    if keep:
        rows["clinical kept"] = share(kept, keep)
        rows["keep touched"] = share(keep - kept, keep)
    return rows


def percent(number):
    return f"{100 * number['part'] / number['of']:.1f}" if number["of"] else "-"


def show(file, count, results):
    """One aligned table: a line for each number, a column for each scrubber."""
    names = list(results)
    lines = [[f"{file}, {count} texts", "of", *names]]
    for row in next(iter(results.values()))["rows"]:
        numbers = [results[name]["rows"][row] for name in names]
        # What was hidden differs from one scrubber to the other, what is labelled does not.
        of = "" if row.startswith("precision") else str(numbers[0]["of"])
        lines.append([row, of, *map(percent, numbers)])
    lines.append(["ms per text, median", "", *(f"{results[name]['ms_per_text']:.2f}" for name in names)])
    lines.append(["ms to load", "", *(f"{results[name]['load_ms']:.0f}" for name in names)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print(line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:])), sep="  ")
    print()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("curtain", metavar="CURTAIN_BINARY")
    options.add_argument("folder", metavar="EVAL_DIR", type=Path)
    options.add_argument("--json", metavar="FILE", type=Path, help="also write the numbers here")
    given = options.parse_args()

    first = [path for path in (given.folder / "synthetic.jsonl", given.folder / "cases.jsonl") if path.exists()]
    paths = first + sorted(set(given.folder.glob("*.jsonl")) - set(first))
    presidio = systems.Presidio()
    scrubbers = [systems.Curtain(given.curtain), presidio, systems.Philter(presidio.nlp)]
    for scrubber in scrubbers:
        print(f"{scrubber.name}: {scrubber.about}")
    print("All lines but the last two are percentages.\n")

    report = {"scrubbers": {scrubber.name: scrubber.about for scrubber in scrubbers}, "files": {}}
    for path in paths:
        texts = read(path)
        if texts is None:
            print(f"{path.name}: not labelled texts, left out", file=sys.stderr)
            continue
        results = {}
        for scrubber in scrubbers:
            run = scrubber.run([text.text for text in texts])
            results[scrubber.name] = {
                "rows": score(texts, run.spans),
                "ms_per_text": run.ms_per_text,
                "load_ms": scrubber.load_ms,
            }
        show(path.name, len(texts), results)
        report["files"][path.name] = {"texts": len(texts), "results": results}
    if given.json:
        given.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
