#!/usr/bin/env python3
"""Trains the spelling model of the story room: is an unknown word spelled like a name?

    train.py --lexicon DL --packages DIR --hand DIR --lexicon-hand DIR --words words.tsv --out DIR [--compare]

DL is the download folder of the lexicon's builder, --packages has those of requirements-data.txt, the two hand folders are
this model's lists and the lexicon's, words.tsv is the lexicon's table. Writes story_spelling.bin, agreement.tsv (for the Rust
test) and report.txt; with --compare only compare.txt, measured on the dev words. One thread, fixed seeds: the same inputs
give the same bytes.
"""
import os
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import argparse, hashlib, struct
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

import sources

CAP = 15000
# How much each group counts; the groups of a side share one half of everything.
POSITIVE = {"villages_india": 2.0, "names_india": 1.6, "places_india": 0.8, "names_nepal_bangladesh_pakistan": 1.0, "places_nepal": 0.4, "places_bangladesh_pakistan_lanka": 0.7,
            "places_philippines": 1.0, "names_indonesia": 0.8, "places_indonesia": 1.0, "names_se_asia": 0.4, "places_se_asia": 0.5, "names_pacific_indigenous": 0.8, "places_pacific": 0.5,
            "names_africa": 1.5, "surnames_africa": 0.9, "names_ethiopia": 0.4, "places_east_africa": 0.8, "places_west_africa": 0.8, "places_south_africa": 0.7,
            "names_latin": 0.8, "places_latin": 0.9, "names_brazil": 0.6, "places_brazil": 0.7, "names_english": 1.0, "surnames_us": 1.0, "names_elsewhere": 0.5,
            "places_uk_ireland": 0.9, "places_us_canada": 0.8, "places_australia_nz": 0.6}
NEGATIVE = {"english_common": 0.8, "english_rare": 0.8, "english_obscure": 1.0, "medical": 1.3, "drugs": 1.5, "spanish": 1.0, "portuguese": 0.9, "indonesian": 1.0, "tagalog": 0.9, "swahili": 0.8,
            "hinglish": 1.2, "chat": 0.7, "abbreviations": 0.5, "misspelled_english": 2.2, "misspelled_medical": 2.2, "misspelled_drugs": 0.7, "misspelled_other": 0.7, "joined": 0.4, "clipped": 0.5}

FNV_START, FNV_PRIME = np.uint32(0x811C9DC5), np.uint32(0x01000193)


class Shape:
    """What the model looks at."""

    def __init__(self, longest=5, bits=15, length=False, vowels=False, root=False):
        self.longest, self.bits, self.length, self.vowels, self.root = longest, bits, length, vowels, root

    def __str__(self):
        return f"1..{self.longest}-grams, 2^{self.bits}{', length' if self.length else ''}{', vowel shapes' if self.vowels else ''}{', over the root of their number' if self.root else ''}"


def grams(letters, lengths, longest, bits):
    """Rows and buckets of all n-grams: FNV-1a over the bytes, folded to `bits` bits. The same stands in spelling.rs."""
    rows, buckets = [], []
    width = letters.shape[1]
    hashes = np.full(letters.shape, FNV_START, np.uint32)
    for n in range(1, longest + 1):
        hashes = (hashes[:, :width - n + 1] ^ letters[:, n - 1:]) * FNV_PRIME
        fits = np.arange(width - n + 1)[None, :] + n <= lengths[:, None]
        row, _ = np.nonzero(fits)
        value = hashes[fits]
        rows.append(row)
        buckets.append((value ^ (value >> np.uint32(16))) & np.uint32((1 << bits) - 1))
    return rows, buckets


def matrix(words, shape):
    marked = [f"^{w}$".encode() for w in words]
    lengths = np.array([len(w) for w in marked])
    width = int(lengths.max())
    letters = np.zeros((len(words), width), np.uint32)
    for i, w in enumerate(marked):
        letters[i, :len(w)] = np.frombuffer(w, np.uint8)
    rows, buckets = grams(letters, lengths, shape.longest, shape.bits)
    if shape.vowels:
        kinds = np.zeros(256, np.uint32)
        kinds[97:123] = ord("C")
        kinds[[ord(c) for c in "aeiou"]] = ord("V")
        kinds[[ord("^"), ord("$"), ord("y")]] = [ord("<"), ord(">"), ord("Y")]
        more = grams(kinds[letters], lengths, 6, shape.bits)
        rows, buckets = rows + more[0][2:], buckets + more[1][2:]
    if shape.length:
        one = np.minimum(lengths, 16).astype(np.uint32)[:, None]
        more = grams(np.concatenate([np.full_like(one, 1), one], 1), np.full(len(words), 2), 2, shape.bits)
        rows, buckets = rows + more[0][1:], buckets + more[1][1:]
    rows, buckets = np.concatenate(rows), np.concatenate(buckets)
    counts = np.bincount(rows, minlength=len(words))
    values = (1 / np.sqrt(counts) if shape.root else np.ones(len(words)))[rows]
    return csr_matrix((values.astype(np.float32), (rows, buckets)), shape=(len(words), 1 << shape.bits))


def fit(x, y, weight, penalty, start=None):
    """Logistic regression with an L2 penalty, the bias unpenalised."""
    turned, sign, weight = x.T.tocsr(), np.where(y, 1.0, -1.0), weight / weight.sum()

    def loss(p):
        margin = sign * (x @ p[:-1] + p[-1])
        pull = -sign * weight / (1 + np.exp(np.clip(margin, -50, 50)))
        return float(weight @ np.logaddexp(0, -margin) + penalty / 2 * p[:-1] @ p[:-1]), np.append(turned @ pull + penalty * p[:-1], pull.sum())

    p = minimize(loss, np.zeros(x.shape[1] + 1) if start is None else start, jac=True, method="L-BFGS-B", options={"maxiter": 150, "maxcor": 8}).x
    return p[:-1], p[-1]


def quantise(weights):
    scale = np.float32(np.quantile(np.abs(weights), 0.9999) / 127)
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def area(score, y, weight):
    """Area under the ROC curve with weights; ties count half."""
    at = np.argsort(score, kind="stable")
    score, good, bad = score[at], (weight * y)[at], (weight * ~y)[at]
    _, first = np.unique(score, return_index=True)
    good, bad = np.add.reduceat(good, first), np.add.reduceat(bad, first)
    return float((good * (np.cumsum(bad) - bad / 2)).sum() / good.sum() / bad.sum())


def quantile(values, weights, share):
    """The value below which `share` of the weight lies."""
    at = np.argsort(values, kind="stable")
    return float(values[at][np.searchsorted(np.cumsum(weights[at]) / weights.sum(), share)])


class Words:
    """All words of both sides with group, side of the split and weight."""

    def __init__(self, args):
        src = sources.Sources(args.lexicon, args.packages, args.hand, args.lexicon_hand)
        flags = {}
        for line in Path(args.words).read_text(encoding="utf-8").splitlines():
            key, bits = line.split("\t")
            flags[key] = int(bits)
        good, bad = sources.positives(src), sources.negatives(src, flags)
        names, others = set().union(*good.values()), set().union(*bad.values())
        both = names & others
        self.both = len(both)
        common = {w: s for w, s in bad["english_common"].items() if flags.get(w, 0) & 7 >= 5}
        known = common | {w: w for w in bad["medical"] if w in flags}
        taken = names | others
        for group, made in (("misspelled_english", sources.misspellings(common, 60000, 1)), ("misspelled_medical", sources.misspellings(bad["medical"], 60000, 2)),
                            ("misspelled_drugs", sources.misspellings(bad["drugs"], 15000, 3)),
                            ("misspelled_other", sources.misspellings({w: s for g in ("spanish", "portuguese", "indonesian", "hinglish", "tagalog") for w, s in bad[g].items()}, 15000, 4)),
                            ("joined", sources.joined({w for w in common if flags[w] & 7 >= 6}, 15000, 5)), ("clipped", sources.clipped(known, 15000, 6))):
            bad[group] = {w: s for w, s in made.items() if w not in taken}
        self.words, self.group, self.y, self.split, self.unknown, weight = [], [], [], [], [], []
        cap = {"misspelled_english": 40000, "misspelled_medical": 40000, "villages_india": 25000, "english_common": 25000, "english_obscure": 25000, "spanish": 25000, "portuguese": 25000, "indonesian": 25000}
        for side, groups, share in ((True, good, POSITIVE), (False, bad, NEGATIVE)):
            assert set(groups) == set(share), set(groups) ^ set(share)
            for group in sorted(groups):
                chosen = sorted((w for w in groups[group] if w not in both), key=sources.order)[:cap.get(group, CAP)]
                for word in sorted(chosen):
                    self.words.append(word)
                    self.group.append(group)
                    self.y.append(side)
                    self.split.append(sources.order("split " + groups[group][word])[0] % 10)
                    self.unknown.append(word not in flags)
                    weight.append(share[group] / sum(share.values()) / len(chosen))
        self.y, self.split, self.unknown = np.array(self.y), np.array(self.split), np.array(self.unknown)
        self.group, self.weight = np.array(self.group), np.array(weight)
        # A word of several groups of one side stands on one side of the split only: the smallest number wins.
        least = {}
        for word, split in zip(self.words, self.split):
            least[word] = min(split, least.get(word, 9))
        self.split = np.array([least[w] for w in self.words])


def rebalanced(words, mask):
    """The weights within `mask`, each group again with its share."""
    weight = np.zeros(len(words.words))
    for side, share in ((True, POSITIVE), (False, NEGATIVE)):
        for group, part in share.items():
            inside = mask & (words.group == group)
            if inside.sum() >= 10:
                weight[inside] = part / sum(share.values()) / inside.sum()
    return weight


def compare(words, say):
    """Everything that was tried, measured on the dev words."""
    train, dev = words.split >= 2, words.split == 1
    tried = [(Shape(n, bits), 3e-5) for n in (4, 5) for bits in (14, 15)] + [(Shape(n, 16), p) for n, p in ((4, 3e-5), (5, 1e-5))]
    tried += [(Shape(n, 15), p) for n in (4, 5) for p in (1e-5, 6e-5)] + [(Shape(5, 15), 1e-4), (Shape(5, 15, vowels=True), 3e-5)]
    tried += [(Shape(n, bits, root=True), 3e-6) for n in (4, 5) for bits in (14, 15, 16)]
    tried += [(Shape(5, 15, root=True), p) for p in (1e-5, 1e-6)] + [(Shape(5, 15, length=True, root=True), 3e-6)]
    weight = rebalanced(words, dev)
    say("| features | penalty | AUC dev | AUC dev, 8 bits | specificity at 97 % recall, 8 bits | recall at 90 % specificity, 8 bits |\n|---|---|---:|---:|---:|---:|")
    for shape, penalty in tried:
        x = matrix(words.words, shape)
        w, bias = fit(x[train], words.y[train], words.weight[train], penalty)
        q, scale = quantise(w)
        exact, small = x[dev] @ w + bias, (x[dev] @ q.astype(np.float64)) * scale + bias
        y, part = words.y[dev], weight[dev]
        cut = quantile(small[y], part[y], 0.03)
        high = quantile(small[~y], part[~y], 0.9)
        say(f"| {shape} | {penalty:g} | {area(exact, y, part):.4f} | {area(small, y, part):.4f} | {part[~y][small[~y] < cut].sum() / part[~y].sum():.3f} | {part[y][small[y] >= high].sum() / part[y].sum():.3f} |")


def report(words, score, test, title, say):
    weight = rebalanced(words, test)
    y = words.y
    good, bad = test & y & (weight > 0), test & ~y & (weight > 0)
    say(f"\n## {title}: {good.sum()} names, {bad.sum()} other words\n")
    both = good | bad
    say(f"ROC AUC {area(score[both], y[both], weight[both]):.4f}")
    cuts = [quantile(score[bad], weight[bad], s) for s in (0.5, 0.7, 0.9)]
    say("recall at specificity 50, 70, 90 %: " + ", ".join(f"{weight[good][score[good] >= c].sum() / weight[good].sum():.3f} (p {1 / (1 + np.exp(-c)):.3f})" for c in cuts))
    for recall in (0.99, 0.98, 0.97, 0.95, 0.90):
        c = quantile(score[good], weight[good], 1 - recall)
        say(f"recall {recall}: p >= {1 / (1 + np.exp(-c)):.3f}, specificity {weight[bad][score[bad] < c].sum() / weight[bad].sum():.3f}")
    for spec in (0.95, 0.98, 0.99):
        c = quantile(score[bad], weight[bad], spec)
        say(f"specificity {spec}: p >= {1 / (1 + np.exp(-c)):.3f}, recall {weight[good][score[good] >= c].sum() / weight[good].sum():.3f}")
    keep = quantile(score[good], weight[good], 0.03)
    say("\n| names | words | AUC against all others | recall at 50 % | 70 % | 90 % | at the 97 % threshold |\n|---|---:|---:|---:|---:|---:|---:|")
    for group in sorted(POSITIVE):
        mine = good & (words.group == group)
        if mine.sum():
            some = mine | bad
            say(f"| {group} | {mine.sum()} | {area(score[some], y[some], weight[some]):.3f} | " + " | ".join(f"{(score[mine] >= c).mean():.3f}" for c in cuts + [keep]) + " |")
    say("\n| others | words | AUC against all names | left alone at the 97 % threshold | at p 0.5 | at p 0.9 |\n|---|---:|---:|---:|---:|---:|")
    for group in sorted(NEGATIVE):
        mine = bad & (words.group == group)
        if mine.sum():
            some = mine | good
            say(f"| {group} | {mine.sum()} | {area(score[some], y[some], weight[some]):.3f} | {(score[mine] < keep).mean():.3f} | {(score[mine] < 0).mean():.3f} | {(score[mine] < np.log(9)).mean():.3f} |")


def main():
    ask = argparse.ArgumentParser()
    for name in ("lexicon", "packages", "hand", "lexicon-hand", "words", "out"):
        ask.add_argument(f"--{name}", required=True)
    ask.add_argument("--compare", action="store_true")
    ask.add_argument("--longest", type=int, default=4)
    ask.add_argument("--bits", type=int, default=15)
    ask.add_argument("--penalty", type=float, default=3e-5)
    args = ask.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    words = Words(args)
    log = open(out / ("compare.txt" if args.compare else "report.txt"), "w")

    def say(text):
        print(text, flush=True)
        print(text, file=log, flush=True)

    say(f"{words.y.sum()} names, {(~words.y).sum()} others; {words.both} words of both sides left out")
    if args.compare:
        compare(words, say)
        return
    shape = Shape(args.longest, args.bits)
    x = matrix(words.words, shape)
    train, test = words.split >= 1, words.split == 0
    w, bias = fit(x[train], words.y[train], words.weight[train], args.penalty)
    q, scale = quantise(w)
    bias = np.float32(bias)
    say(f"{shape}, penalty {args.penalty:g}, largest weight {np.abs(w).max():.2f}, scale {scale:.6f}, bias {bias:.4f}, zero weights {(q == 0).mean():.3f}")
    packed = b"CSPL" + struct.pack("<BBHff", shape.longest, shape.bits, 0, scale, bias) + q.tobytes()
    (out / "story_spelling.bin").write_bytes(packed)
    say(f"story_spelling.bin: {len(packed)} bytes, SHA-256 {hashlib.sha256(packed).hexdigest()}")
    score = (x @ q.astype(np.float64)) * float(scale) + float(bias)
    report(words, score, test, "All held-out words, as if none were known", say)
    report(words, score, test & words.unknown, "Held-out words that words.fst does not have", say)
    sample = sorted(set(np.array(words.words)[test].tolist()), key=sources.order)[:200]
    value = (matrix(sample, shape) @ q.astype(np.float64)) * float(scale) + float(bias)
    (out / "agreement.tsv").write_text("".join(f"{word}\t{1 / (1 + np.exp(-v)):.6f}\n" for word, v in sorted(zip(sample, value))))


if __name__ == "__main__":
    main()
