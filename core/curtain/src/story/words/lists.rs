//! Short lists of function words that the passes lean on. All folded.

macro_rules! list {
    ($(#[$doc:meta])* $name:ident: $($word:literal)*) => {
        $(#[$doc])*
        pub(super) fn $name(word: &str) -> bool {
            matches!(word, $($word)|*)
        }
    };
}

list! {
    /// What eponyms stand before.
    is_eponymous: "disease" "diseases" "syndrome" "syndromes" "sign" "signs" "palsy" "angina" "cyst" "cysts" "score" "scores"
    "scale" "criteria" "criterion" "classification" "test" "tests" "phenomenon" "triad" "law" "chorea" "contracture"
    "contractures" "encephalopathy" "fracture" "fractures" "tumour" "tumor" "sarcoma" "lymphoma" "disorder" "ataxia"
    "dystrophy" "neuropathy" "atrophy" "anaemia" "anemia" "thyroiditis" "nephritis" "purpura" "arteritis" "vasculitis"
    "procedure" "operation" "manoeuvre" "maneuver" "position" "catheter" "forceps" "retractor" "clamp" "suture" "stain"
    "solution" "iodine" "lactate" "ulcer" "ulcers" "hernia" "murmur" "reflex" "response" "reaction" "bodies" "body" "cell"
    "cells" "node" "nodes" "spots" "lines" "line" "formula" "index" "grade" "stage" "type" "lesion" "deformity" "oedema"
    "edema" "gangrene" "granulomatosis" "macroglobulinaemia" "oesophagus" "esophagus" "diverticulum" "gland" "duct"
    "tube" "bag" "airway" "splint" "traction" "collar" "bandage" "needle" "speculum" "lamp" "chart" "agar" "medium"
    "method" "technique" "incision" "point" "rule" "rules" "scoring" "system" "curve" "equation" "block" "waves"
    "respiration" "breathing" "nodules" "facies" "pupil" "pupils" "keratitis" "dementia" "psychosis" "rash" "fever"
    "virus" "mask" "valve" "pouch" "tendon" "ligament" "canal" "space" "membrane"
    "malformation" "anomaly" "defect" "tetralogy" "complex" "mutation" "sequence" "enfermedad" "sindrome" "doenca"
    "mal" "morbus" "penyakit" "toxin" "antibody" "antibodies" "gait" "dermatitis" "melanosis" "naevus" "nevus"
}

list! {
    /// What makes an eponym of any name before it.
    is_disorder: "disease" "syndrome" "sign" "signs" "palsy" "angina" "cyst" "score" "criteria" "classification" "phenomenon" "triad" "chorea"
    "contracture" "encephalopathy" "fracture" "sarcoma" "lymphoma" "ataxia" "dystrophy" "thyroiditis" "purpura" "arteritis" "procedure"
    "manoeuvre" "maneuver" "catheter" "forceps" "stain" "murmur" "reflex" "diverticulum" "deformity" "scale" "line" "lines" "body" "bodies" "formula"
    "angle" "drain" "drains" "traction" "sling" "class" "type" "ratio" "law" "rule" "clamp" "retractor" "suture" "knot" "flap" "graft" "incision"
    "nail" "brace" "needle" "cannula" "scissors" "lamp" "solution" "agar" "medium" "node" "nodes" "gland" "duct" "canal" "fossa" "tubercle"
    "ligament" "fascia" "membrane" "pouch" "cells" "stent" "valve" "shunt" "pulpotomy" "osteotomy" "anastomosis" "resection" "hysterectomy"
    "laparotomy" "sphincterotomy" "position" "granuloma" "tumour" "tumor" "nodule" "nodules" "sinus" "protocol" "regimen" "trial" "study" "guideline"
    "guidelines" "equation" "nomogram" "staging" "grading" "scoring" "antigen" "phenotype" "mutation" "anomaly" "malformation" "defect"
    "index" "system" "splint" "tube" "zones" "zone" "abscess" "arcade" "virus" "fever" "ulcer" "hernia" "test" "grade" "stage"
}

list! {
    /// Abbreviations whose point ends no name.
    is_written_short: "pt" "st" "sta" "sto" "ste" "brgy" "bgy" "vill" "dist" "distt" "teh" "tal" "kec" "kel" "kab" "jl" "jln" "mt" "ft" "po" "ps"
    "blk" "subd" "psgr" "mun" "dep" "co" "twp" "hosp" "govt" "gov" "dr" "smt" "kum"
}

list! {
    /// Words that begin the name of a place, whatever they mean alone.
    is_place_prefix: "lac" "lago" "lake" "mount" "fort" "port" "porto" "puerto" "cape" "isla" "ilha" "isle" "inis" "villa" "vila" "rio" "san" "santa"
    "santo" "sao" "saint" "st" "new" "old" "great" "little" "upper" "lower" "north" "south" "east" "west" "nova" "novo" "nuevo" "nueva" "los"
    "las" "el" "la" "big" "red" "black" "white" "green" "ban" "baan" "kampung" "char" "tanjung" "sungai" "pulau" "teluk" "bukit" "gunung" "wadi" "tel"
    "ras" "umm" "ait" "oued" "glen" "loch" "ben" "inver" "aber" "llan" "pen" "tre" "bally" "kil" "dun" "bari"
}

list! {
    /// Small words inside names of people and places.
    is_particle: "te" "es" "ul" "ni" "nic" "mac" "mc" "an" "ua" "ferch" "ngo" "du" "de" "da" "do" "dos" "das" "di" "del" "della" "la" "las" "los" "le" "van" "von" "der" "den" "ten" "bin" "binti"
    "bint" "ibn" "al" "el" "y" "e" "ap" "ab" "wa" "ole" "na" "of" "the" "san" "santa" "st" "saint"
}

list! {
    /// Where somebody or something is.
    is_whereabouts: "in" "from" "near" "outside" "around" "at" "via" "towards" "toward" "beyond" "behind" "above" "below" "opposite"
    "visiting" "between" "beside" "upstream" "downstream" "past" "off" "through" "across" "reach" "leaving" "leave"
    "en" "em" "de" "desde" "cerca" "perto" "di" "dari" "ke" "dekat" "sa" "taga" "kutoka" "katika" "se" "mein"
    "no" "na" "do" "da" "nr" "nearest" "than"
}

list! {
    /// Small prepositions before places, also before much else.
    is_direction: "to" "of" "for" "by" "with" "on" "and" "or" "via" "into" "within" "until"
}

list! {
    /// Words with a capital before a number or letter of their own, which are no place.
    is_label: "figure" "figures" "fig" "photo" "photos" "image" "images" "picture" "table" "day" "days" "week" "weeks" "month"
    "case" "cases" "group" "type" "grade" "stage" "class" "ward" "room" "bed" "question" "q" "part" "lead" "leads"
    "zone" "level" "category" "phase" "step" "slide" "unit" "title" "history" "section" "appendix" "video" "panel"
    "post" "thread" "comment" "comments" "reply" "update" "i" "god" "internet" "whatsapp" "facebook" "google"
    "theatre" "casualty" "emergency" "labour" "paeds" "surgery" "medicine" "ob" "er" "ed" "icu"
    "monday" "tuesday" "wednesday" "thursday" "friday" "saturday" "sunday"
}

list! {
    /// Generic words in names of facilities: alone they name none.
    is_generic: "district" "government" "govt" "general" "community" "regional" "state" "primary" "rural" "cottage" "mission"
    "memorial" "teaching" "university" "national" "provincial" "central" "county" "city" "town" "village" "municipal"
    "public" "private" "local" "base" "referral" "tertiary" "secondary" "health" "healthcare" "medical" "medicine"
    "centre" "center" "centres" "care" "family" "maternity" "maternal" "child" "children" "women" "eye" "dental" "heart"
    "cancer" "tb" "hiv" "art" "antenatal" "post" "sub" "sub-district" "sub-county" "the" "our" "your" "my" "this" "that"
    "their" "a" "an" "nearest" "mobile" "area" "zonal" "divisional" "civil" "military" "army" "police" "railway" "urban"
    "field" "outpatient" "emergency" "day" "night" "high" "middle" "elementary" "primary-care" "urgent" "walk-in"
    "geral" "regional-de" "municipal-de" "basica" "saude" "salud" "centro" "posto" "unidade" "unidad" "puesto" "rumah"
    "sakit" "umum" "daerah" "of" "de" "da" "do" "and" "for" "in" "at" "to" "from" "near" "new" "old" "big" "small"
    "main" "same" "another" "other" "school" "station" "level" "private-sector" "gp" "vet" "veterinary" "surgical"
    "orthopaedic" "paediatric" "psychiatric" "mental" "skin" "fever" "camp" "reply" "question" "referring" "specialist"
    "boarding" "speciality" "specialty" "super" "multi" "is" "was" "no" "any" "some" "each" "every" "his" "her" "follow-up" "follow" "up" "well"
}

list! {
    /// What a person does, after a name that is also a word: "May took", "Will said".
    is_deed: "here" "wrote" "drew" "weighs" "weighed" "posted" "replied" "sits" "sleeps" "eats" "cries" "speaks" "remains" "took" "says" "said" "went" "came" "fell" "told" "wants" "wanted" "lives" "lived" "refuses" "refused" "has" "had" "was"
    "is" "himself" "herself" "asked" "asks" "ate" "drank" "denies" "denied" "complains" "complained" "looks" "looked"
    "feels" "felt" "slept" "walks" "walked" "thinks" "thought" "reports" "reported" "presented" "presents" "agreed"
    "agrees" "declined" "declines" "vomited" "works" "worked" "stopped" "started" "will" "ji" "gave" "brought" "got"
    "called" "needs" "gets" "keeps" "seems" "wakes" "cried" "died" "returned" "arrived" "noticed" "sent" "did" "does" "would" "can" "could" "cannot" "kept" "left" "lost" "woke"
}

list! {
    /// Before the name of somebody who is spoken to, of or by.
    is_address: "ta" "thx" "tks" "tq" "ty" "goes" "call" "calls" "hi" "hello" "dear" "hey" "thanks" "thank" "regards" "cc" "attn" "namaste" "sincerely" "yours" "signed" "ask"
    "asked" "tell" "told" "named" "called" "spoke" "meet" "met" "salam" "ola" "hola" "oi" "gracias" "obrigado" "habari"
    "salaam" "cheers" "agree" "agreed" "disagree" "dr" "rx" "alias" "aka" "paging" "congrats" "rip" "says" "said" "jina" "saw" "know" "knew" "remember" "@"
}

list! {
    /// A name follows these, sooner or later.
    is_name_label: "name" "names" "naam" "nama" "nombre" "nome" "pangalan" "jina" "surname" "nok" "peyar" "hesaru"
}

list! {
    /// Months of other calendars, and names of months that the date patterns do not have.
    is_month_elsewhere: "baishakh" "boishakh" "vaisakh" "baisakh" "jestha" "jeth" "jyestha" "jyoistho" "asar" "ashadh" "asharh" "shrawan" "sawan" "srabon"
    "bhadra" "bhado" "bhadau" "bhadro" "ashwin" "asoj" "ashoj" "kartik" "kartika" "mangsir" "agrahayan" "ogrohayon" "poush" "paush" "poh" "magh" "falgun"
    "phalgun" "phagun" "fagun" "chaitra" "chait" "bohag" "ahar" "shaon" "ahin" "kati" "aghon" "puh" "sot" "muharram" "safar"
    "rabiulawal" "rajab" "shaban" "ramadan" "ramzan" "ramadhan" "shawwal" "syawal" "zulhijjah" "meskerem" "tikimt" "hidar" "tahsas" "yekatit"
    "megabit" "miyazya" "ginbot" "hamle" "nehase" "pagume" "ocak" "subat" "nisan" "mayis" "haziran" "temmuz" "agustos" "eylul" "ekim" "kasim"
    "aralik" "mayo" "chithirai" "vaikasi" "aani" "aadi" "aavani" "purattasi" "aippasi" "karthigai" "margazhi" "thai" "maasi" "panguni" "chingam" "kanni"
    "medam" "edavam" "midhunam" "karkidakam" "makaram" "kumbham" "meenam" "styczen" "luty" "kwiecien" "czerwiec" "lipiec" "sierpien" "wrzesien" "januar"
    "februar" "marz" "juni" "juli" "oktober" "dezember" "gennaio" "febbraio" "aprile" "maggio" "giugno" "luglio" "settembre" "ottobre" "dicembre"
    "mawrth" "ebrill" "mehefin" "gorffennaf" "awst" "medi" "hydref" "tachwedd" "rhagfyr" "ionawr" "chwefror"
}

list! {
    /// Units of time.
    is_duration: "days" "day" "weeks" "week" "months" "month" "years" "year" "hours" "hrs" "din" "dino" "hafte" "mahine" "saal" "dias" "semanas" "hari"
    "minggu" "bulan" "araw" "linggo" "wk" "wks" "d" "h" "mg" "ml" "g" "kg" "km"
}

list! {
    /// Between a label and what it announces.
    is_filler: "is" "was" "says" "said" "reads" "read" "reading" "badge" "tag" "of" "the" "patient" "pt" "hai" "are" "as" "on" "label"
    "shows" "showing" "ya" "ni" "patients" "child" "baby" "mother" "full" "his" "her" "my" "our" "es" "adalah" "ay" "e"
    "plate" "band" "s" "and" "dr" "mr" "mrs" "ms"
}

list! {
    /// After a name, in respect.
    is_suffix_honorific: "ji" "bhai" "ben" "bai" "didi" "amma" "anna" "akka" "garu" "saheb" "sahib" "sahab" "bhabhi" "dai" "appa" "ayya"
    "san" "bhaiya" "chacha" "kaka" "tai" "dada" "mausi" "chachi" "ammal"
}

list! {
    /// Lower-case nouns beside a place that its placeholder stands for too.
    is_swallowed: "village" "vill" "vilage" "gaon" "gram" "hamlet" "town" "district" "block" "taluk" "taluka" "tehsil" "mandal" "settlement"
    "community" "township" "reserve" "estate" "island" "basti" "tola"
}

list! {
    /// Nouns that name a feature of the land: after another word they make a place of it, whatever the word.
    is_geographic: "trail" "cove" "spit" "inlet" "creek" "hollow" "holler" "gulch" "fork" "narrows" "landing" "butte" "mesa" "canyon" "springs" "bluff" "bayou"
    "loch" "firth" "township" "settlement" "gully" "lake" "river" "island" "harbour" "harbor" "mountain" "valley" "beach" "reef"
    "waterhole" "outstation" "road" "street" "lane" "avenue" "nagar" "estate" "colony" "tola" "basti" "village" "taluk" "tehsil" "ranch"
    "parganas"
}

list! {
    /// Nouns of the land that are ordinary words too: they want a rare word or a preposition before them.
    is_landform: "flat" "flats" "point" "bench" "ridge" "bend" "basin" "gap" "falls" "plains" "downs" "bay" "station" "crossing" "head" "hill" "hills"
    "mountains" "mount" "bridge" "ford" "junction" "corner" "camp" "farm" "park" "reserve" "mission" "narrows" "spring" "well" "wells" "bore" "rock" "pass"
}

list! {
    /// Words that stand before such a noun without naming it.
    is_determiner: "the" "a" "an" "this" "that" "his" "her" "my" "our" "their" "your" "its" "same" "another" "next" "nearest" "each" "every" "some"
    "any" "no" "one" "two" "new" "old" "main" "whole" "small" "big" "other" "via" "by" "on" "in" "at" "near" "from" "to" "of" "for" "off" "and" "or"
    "is" "was" "dirt" "gravel" "bus" "train" "police" "gas" "power" "back" "front" "side" "down" "up" "rural" "remote" "tribal" "fishing" "home"
    "refugee" "long" "bad" "good" "rough" "wet" "dry" "public" "health" "eye" "outreach" "last" "first" "pain" "pressure" "entry" "trigger" "starting"
    "decimal" "freezing" "melting" "boiling" "muddy" "tar" "village" "across" "along" "over" "under" "with" "without" "mission" "summer" "winter" "which"
    "nasal" "building" "road" "river" "skin" "free" "perforator" "rotation" "advancement" "muscle"
}

list! {
    /// Lower-case nouns after a place.
    is_beside: "side" "bypass" "area" "border" "highway" "trailhead" "junction" "road" "rd" "valley" "river" "creek" "lake" "bazaar"
    "market" "outskirts" "ward" "station" "port" "camp" "farm" "mine" "forest" "hills" "jungle" "ghat"
    "lodge" "mission" "outpost" "reservation" "county" "parish" "region" "way" "locality" "municipality" "district"
    "village" "vill" "gaon" "hamlet" "town" "block" "taluk" "tehsil" "mandal" "settlement" "community"
}

list! {
    /// Titles that are nothing else.
    is_plain_title: "mr" "mrs" "dr" "smt" "mx" "mister"
}

list! {
    /// Titles that are units, or words of other languages, as well.
    is_doubtful_title: "km" "ms" "ny" "sr" "fr" "tn"
}

list! {
    /// Names that are mostly written short: "Md. Sadek".
    is_short_name: "md" "mohd" "ma" "sk" "abd" "muhd" "mst"
}

list! {
    /// The patient, whose name may be one letter.
    is_patient: "pt" "patient" "child" "paciente" "pasien" "px" "baby"
}

list! {
    /// "and", between two names.
    is_and: "and" "n" "aur" "y" "e" "dan" "at"
}

list! {
    /// What somebody says next after a name: "Sunny, did you try thiamine?"
    is_said_to_somebody: "did" "do" "can" "could" "would" "you" "your" "please" "pls" "thanks" "thank" "what" "how" "i" "we" "agree" "agreed" "good"
    "great" "have" "are" "any" "why" "when" "where" "yes" "no" "sorry" "just" "try" "check" "send" "which" "draw" "give" "go" "use" "start" "stop"
    "call" "keep" "put" "get" "let" "is" "was" "the" "it" "my" "that" "this" "if" "and" "thx" "ok"
}

list! {
    /// What an age is counted in, and who may be that old: after a number.
    is_aged: "y" "yo" "yr" "yrs" "year" "years" "m" "f" "male" "female" "anos" "años" "tahun" "thn" "saal" "mo" "months" "who" "lives" "boy"
    "girl" "lady" "man" "woman" "taong" "ans" "sal" "old" "varsh" "barsa"
}

list! {
    /// The same, written as one with the number: `52M`.
    is_age_ending: "m" "f" "y" "yo" "yr" "yrs" "yof" "yom" "mo" "thn" "th"
}

list! {
    /// What goes on after a great age: "his mother, 95 and frail".
    is_after_old_age: "f" "m" "yrs" "yo" "y" "years" "and" "who" "lives" "male" "female"
}

list! {
    /// Age, before a number.
    is_age_label: "vay" "vayasu" "umar" "umur" "edad" "idade" "age" "aged" "umri" "boyosh" "boyos" "vayathu" "umer"
}

list! {
    /// What makes a measurement of a number.
    is_measure: "kg" "kgs" "percent" "cm" "lb" "lbs" "bpm" "over" "min" "km" "mg"
}

list! {
    /// What a saturation is measured on.
    is_breathed: "room" "ra" "air" "oxygen" "o2" "nrb" "nc" "venturi" "ambiente" "admission" "arrival"
}

list! {
    /// Nouns before an eponym, with "de" between: "doença de Kawasaki", "sinal de Blumberg".
    is_disorder_before: "doenca" "sindrome" "mal" "sinal" "signo" "enfermedad" "enfermedade" "maladie" "syndrome" "signe" "escala" "score" "teste" "prueba"
    "test" "criterios" "classificacao" "clasificacion" "fratura" "fractura" "cisto" "quiste" "arcade" "pouch" "circle" "angle" "canal" "foramen"
    "ligament" "tetralogy" "tetralogia" "paralisia" "paralisis" "tireoidite" "tiroiditis" "contratura" "sarcoma" "tumor" "manobra" "maniobra"
}

list! {
    /// Nouns of facilities that are ordinary words unless they close a name with a capital: "Padmapar Cancer Home".
    is_house: "rehab" "centre" "center" "complex" "home" "suite" "lab" "labs" "laboratory" "pharmacy" "chemist" "chemists" "diagnostics" "imaging"
    "regional" "maternity" "hospice" "foundation" "institute" "gh" "post" "service" "services" "practice" "outpost" "ashram" "mill" "mills"
    "factory" "mine" "mines" "plantation" "hotel" "lodge" "prison" "barracks" "nursery" "kindergarten" "shelter" "hostel"
}

list! {
    /// Small words inside names of facilities.
    is_facility_particle: "of" "de" "da" "do" "dos" "del" "la" "and" "el" "los" "e" "y" "das"
}

list! {
    /// Articles and prepositions inside names of places: "mato do rio".
    is_place_particle: "la" "le" "do" "da" "de" "du" "del" "los" "las" "dos"
}

list! {
    /// Between "in" and the name of a place: "from the Elk Basin".
    is_before_place: "the" "of" "a" "o" "rural" "remote" "upper" "lower" "old" "new" "north" "south"
}

list! {
    /// Ways, whose name may begin with a house number.
    is_way: "street" "road" "lane" "avenue" "close" "drive" "rd" "st"
}

list! {
    /// Parts of a settlement that have a number, and are nothing else.
    is_numbered_part: "purok" "dusun" "rang" "sector" "sitio" "mohalla" "rt" "rw" "gali" "quadra" "lote" "manzana" "sub-block"
}

list! {
    /// Parts of a settlement that have a number, and words for much else.
    is_shared_part: "block" "camp" "ward" "zone" "phase" "lot" "house" "km" "parganas" "rd"
}

list! {
    /// Before a name in Devanagari or Bengali.
    is_indic_title: "श्री" "श्रीमती" "श्रीमान" "सुश्री" "कुमारी" "डॉ" "डॉक्टर" "डाक्टर" "मो" "श्रीमति" "মোঃ" "মোছাঃ" "ডাঃ" "ডা" "শ্রী" "শ্রীমতী" "বেগম"
}

list! {
    /// "name", and relations that a name follows.
    is_indic_name_label: "मरीज" "मरीज़" "रोगी" "पेशेंट" "पेशंट" "बच्चा" "बच्ची" "भाई" "बहन" "ससुर" "सास" "রোগী" "রোগীর" "नाम" "নাম" "नाव" "पुत्र" "पुत्री" "पत्नी" "पति" "पिता" "माता" "बेटा" "बेटी" "स्वामी" "পিতা" "মাতা" "স্বামী" "স্ত্রী"
}

list! {
    /// Before the name of a place.
    is_indic_place_noun: "गाँव" "गांव" "ग्राम" "गाव" "मोहल्ला" "जिला" "ज़िला" "तहसील" "थाना" "টোলা" "গ্রাম" "জেলা" "উপজেলা" "थोक" "निवासी" "वार्ड"
}

list! {
    /// Words that are in no name. These are not folded.
    is_indic_function_word: "है" "हैं" "का" "की" "के" "को" "से" "में" "ने" "और" "उम्र" "आयु" "वर्ष" "साल" "पर" "था" "थी" "एक" "यह" "वह" "बयान" "जी" "নাম" "বয়স" "গ্রাম" "জেলা" "থেকে" "ও" "এর" "বছর"
}
