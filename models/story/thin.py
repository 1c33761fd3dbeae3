#!/usr/bin/env python3
"""Leaves names out of the word table that need no place in it: they are spelled like names, and are nothing else.

    thin.py WORDS_TSV SPELLING_BIN > THIN_TSV

A word that no list has counts as a name if the spelling model says so, so that only the names that it would miss, and those
that are also words, have to be listed.
"""
import math
import struct
import sys
from pathlib import Path

from build import GIVEN, PLACE, SURNAME

# Names that the model is surer of than this are left to it.
SURE = 0.6
NAMES = 3 << GIVEN | 3 << SURNAME | 3 << PLACE


class Spelling:
    """The model of `story_spelling.bin`, as `core/curtain/src/story/spelling.rs` reads it."""

    def __init__(self, file):
        magic, self.longest, power, self.scale, self.bias = struct.unpack("<4sBB2xff", file[:16])
        assert magic == b"CSPL" and len(file) == 16 + (1 << power)
        self.mask = (1 << power) - 1
        self.weights = struct.unpack(f"{1 << power}b", file[16:])

    def name(self, word):
        """How probably a word is a name, 0 to 1; half where it cannot tell."""
        parts = [part.replace("'", "") for part in word.split("-")]
        scores = [self.part(part) for part in parts if len(part) >= 3 and part.isascii() and part.isalpha()]
        return max(scores, default=0.5)

    def part(self, word):
        marked, total = f"^{word}$".encode(), 0
        for start in range(len(marked)):
            value = 0x811C9DC5
            for letter in marked[start : start + self.longest]:
                value = (value ^ letter) * 0x01000193 & 0xFFFFFFFF
                total += self.weights[(value ^ value >> 16) & self.mask]
        return 1 / (1 + math.exp(-(total * self.scale + self.bias)))


def main():
    spelling = Spelling(Path(sys.argv[2]).read_bytes())
    for line in Path(sys.argv[1]).open(encoding="utf-8"):
        key, flags = line.rstrip("\n").split("\t")
        flags = int(flags)
        strongest = max(flags >> GIVEN & 3, flags >> SURNAME & 3, flags >> PLACE & 3)
        only_a_name = flags & ~NAMES == 0 and strongest <= 2 and " " not in key
        if not (only_a_name and spelling.name(key) >= SURE):
            sys.stdout.write(line)


if __name__ == "__main__":
    main()
