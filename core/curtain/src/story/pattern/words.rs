//! The words that decide what a number beside them means.
//!
//! Lists are in the folded form of [`super::tokens`]: lower case, without diacritics.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word says about a number beside it. One word may say several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u32);

impl Flags {
    pub(super) const NONE: Self = Self(0);
    /// A unit, a dosing interval, a countable dose form: the number before it is a measure.
    pub(super) const UNIT: Self = Self(1);
    /// A vital sign, laboratory value or score: the number after it is a result.
    pub(super) const RESULT: Self = Self(1 << 1);
    /// A function word, of no name or street.
    pub(super) const STOP: Self = Self(1 << 2);
    /// A word directly before a date, seldom before anything else.
    pub(super) const DATE: Self = Self(1 << 3);
    /// A word that may stand before a date, and before other numbers too.
    pub(super) const DATE_WEAK: Self = Self(1 << 4);
    /// A word for birth.
    pub(super) const BIRTH: Self = Self(1 << 5);
    /// A unit of age in years.
    pub(super) const YEARS: Self = Self(1 << 6);
    /// A label before an age.
    pub(super) const AGE: Self = Self(1 << 7);
    /// A person: relation, role, pronoun.
    pub(super) const PERSON: Self = Self(1 << 8);
    /// A title before a name.
    pub(super) const TITLE: Self = Self(1 << 9);
    /// A label before a telephone number, seldom before anything else.
    pub(super) const PHONE: Self = Self(1 << 10);
    /// A word that may stand before a telephone number.
    pub(super) const PHONE_WEAK: Self = Self(1 << 11);
    /// A noun that ends a street's name.
    pub(super) const STREET: Self = Self(1 << 12);
    /// The same, when written with a capital: short or with another meaning.
    pub(super) const STREET_WEAK: Self = Self(1 << 13);
    /// A noun that begins a street's name.
    pub(super) const STREET_FIRST: Self = Self(1 << 14);
    /// A digit as a word.
    pub(super) const DIGIT: Self = Self(1 << 15);
    /// A month.
    pub(super) const MONTH: Self = Self(1 << 16);
    /// A vehicle.
    pub(super) const VEHICLE: Self = Self(1 << 17);
    /// A state or province, or its postal abbreviation, where five-digit codes follow.
    pub(super) const STATE: Self = Self(1 << 18);
    /// What follows an age in a case post: sex, living, illness.
    pub(super) const AFTER_AGE: Self = Self(1 << 19);
    /// A verb or adverb after "may" the verb.
    pub(super) const AFTER_MAY: Self = Self(1 << 20);
    /// A label before a postal code.
    pub(super) const POSTCODE: Self = Self(1 << 21);
    /// A word that numbers a thing of the ward or the article: bed, figure, grade.
    pub(super) const COUNTED: Self = Self(1 << 22);
    /// What makes a fraction clinical when it follows: murmur, power.
    pub(super) const AFTER_FRACTION: Self = Self(1 << 23);

    /// Whether any of `others` is set.
    pub(super) fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Both sets together.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The flags of a folded word.
pub(super) fn flags(word: &str) -> Flags {
    WORDS.get(word).copied().unwrap_or(Flags::NONE)
}

static WORDS: LazyLock<HashMap<&'static str, Flags>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Flags> = HashMap::with_capacity(2048);
    for (flag, list) in LISTS {
        for word in list.split_whitespace() {
            let entry = words.entry(word).or_insert(Flags::NONE);
            *entry = entry.or(*flag);
        }
    }
    for (names, _) in super::months::NAMES {
        for word in names.split_whitespace() {
            let entry = words.entry(word).or_insert(Flags::NONE);
            *entry = entry.or(Flags::MONTH);
        }
    }
    words
});

const LISTS: &[(Flags, &str)] = &[
    (
        Flags::UNIT,
        "mg mgs mcg ug ng pg g gm gms gr gram grams gramme grammes kg kgs kilo kilos kilograms ml mls dl cl l lt ltr \
         litre litres liter liters cc iu u unit units miu mu meq mmol umol nmol pmol mol mosm mm cm cms m km kms mile \
         miles metre metres meter meters feet foot ft inch inches lb lbs pounds oz hr hrs h hour hours min mins minute \
         minutes sec secs seconds s ms day days d week weeks wk wks month months mo mos mth mths year years yr yrs y yo \
         bpm mmhg cmh kpa torr hz degrees degree deg celsius centigrade fahrenheit percent pct times tab tabs tablet \
         tablets capsule capsules dose doses vial vials amp amps ampoule ampoules drop drops gtt puff puffs spoon \
         spoons tsp tbsp sachet sachets bottle bottles strip strips bd tds tid qid qds od bid prn sos stat nocte hourly \
         joules j kcal cal watts rpm cells copies cfu lakh lakhs crore thousand million millions billion juta ribu \
         dia dias hora horas semana semanas meses mes ano anos hari minggu bulan jam menit tahun thn din hafte mahine \
         mahina ghante saal araw oras linggo buwan taon siku wiki miezi masaa dakika jours heures semaines mois gotas \
         comprimidos ampolas pills sessions session cycles cycle episodes pints pint bags bag fr gauge patients cases \
         children beds people women men boys girls households contacts am pm hz mv ma db dpt episodes attempts stitches \
         sutures fingers pads kids adults deaths others unid ui mgs mcgs cmm cumm hpf lpf dyn minuto minutos",
    ),
    (
        Flags::RESULT,
        "bp hr pr rr sp spo sats sat saturation saturations saturating sating o temp temperature t pulse fever febrile hb \
         hgb haemoglobin hemoglobin plt plts platelet platelets wbc tlc tc wcc rbc esr crp creat creatinine cr urea bun na \
         cl sodium potassium chloride bicarb bicarbonate glucose sugar sugars rbs fbs ppbs bsl grbs bgl bm hba cd alt ast \
         alp sgot sgpt ggt ldh ck ckmb trop troponin tsh ferritin b egfr gfr ef lvef map mcv mch mchc hct pcv pco po pao \
         paco ph hco lactate fio flow pef pefr fev gcs apgar weight wt height ht bmi muac rate score scores scale level \
         levels count counts titre titer qtc qrs qt calcium ca mg mgso phos amylase lipase uric chol cholesterol ldl \
         hdl tg triglycerides vitamin vit vl afp cea psa inr aptt ptt pt bilirubin bili albumin alb afi fhr fh fundal \
         nadi suhu tensi saturasi glicemia glucosa presion saturacion temperatura pulso td pa fc ta fr barthel mmse moca \
         phq gad epds bishop wells curb nihss apache sofa news ews mews spo pain power ratio range ranges k x respiration \
         respirations breathing heart systolic diastolic crt iop va hematocrit haematocrit neutrophils lymphocytes \
         eosinophils iron mgdl bpm aso ana ige igg igm ammonia cpk dimer ddimer bnp egg cvp icp urine output uop satting bipap cpap niv ipap epap peep pip fio",
    ),
    (
        Flags::STOP,
        "the a an of on at by for with and or to in into is are was were be been but not no nor from as it its he she they \
         we i you his her him them my our your their this that these those then than so if when while who whom which what \
         where why how has had have having do does did can could should would shall might must there here all any some \
         each every both such only very too also just now out off over under up down about after before between during \
         until since against per via versus vs more most less near around along across down main other same another \
         again still yet please pls kindly thanks thank give given use need nil il se ka ki ke ko hai hain me mein par ya \
         aur y e o de da do los las el la un una em no na para por con com que di ke dan atau yang dari pada ini itu sa ng \
         ang mga si kay nang ay po one two three four five six seven eight nine ten i ii iii iv next last both live lives",
    ),
    (
        Flags::DATE,
        "on dated date dt seen admitted admit adm doa dod dos doi lmp edd edc dob born discharged died expired taken \
         reviewed collected reported received visit visited operated delivered started onset since posted fu followup \
         tgl tanggal tarikh fecha data petsa tarehe ngayong noong nung janm lahir nascimento nasc nacimiento nac dinank \
         injured injury accident fell bitten stung burnt burned assaulted crash collapsed operated listed booked \
         mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday sun sunday \
         presented recorded registered updated scheduled appointment appt rv op surgery review examined on's birthdate \
         birthday bday implanted inserted vaccinated married sejak desde dia hr's",
    ),
    (
        Flags::DATE_WEAK,
        "last next from by after before till until to between el em le pada due around approx approximately back starting \
         dari hingga sampai til this started of",
    ),
    (
        Flags::BIRTH,
        "dob born birth birthdate birthday bday janm janam janma nascimento nasc nascido nascida nacimiento nacido nacida \
         lahir kelahiran ttl ipinanganak kapanganakan naissance nee yob alizaliwa जन्म",
    ),
    (
        Flags::YEARS,
        "yo yr yrs year years yrold yearold yof yom yoa y ano anos ans tahun thn taon taong saal sal baras varsh varsha \
         miaka jaar anni वर्ष साल yaer yeras yers vayasu vayassu",
    ),
    (
        Flags::AGE,
        "age aged ages umar umr usia edad idade umri miaka ageing turning turned aayu उम्र आयु edade gulang leeftijd",
    ),
    (
        Flags::PERSON,
        "pt patient patients paciente pasien man woman lady gentleman male female widow widower farmer grandmother \
         grandfather grandma grandpa granny gran nan nana mother father mum mom mummy dad daddy amma appa mae madre padre \
         pai abuela abuelo avo nenek kakek lolo lola nani nana dadi dada mama papa baba bapak ibu husband wife spouse sister \
         brother aunt auntie uncle neighbour neighbor shes hes saas utente pop poppy gramps grandad granddad he she who resident client pensioner retiree elder gogo ouma oupa \
         mzee bibi babu great old elderly senior matriarch m f mw maji thatha paati ajji ajja ammamma kaka kaki",
    ),
    (
        Flags::TITLE,
        "mr mrs ms miss mx dr smt shri sri sh km kumari sister fr father elder lolo lola mzee pak bapak ibu bu nana gogo \
         tata seu dona don dna sra sr senora senhor senhora chief alhaji alhaja mallam mama baba auntie uncle aunty \
         granny grandma grandpa aling mang tn ny nyonya tuan prof sir madam lady lord reverend rev pastor",
    ),
    (
        Flags::PHONE,
        "tel telp tlp telephone phone ph phn fone telefone telefono telepon telf mob mobile mobil cell cellphone cel celular \
         celphone whatsapp whatsap watsapp whatapp wa wapp contact contacts hp handphone hape sms landline fax facsimile \
         faks helpline hotline pager bleep beeper nomor nohp phno mobno simu namba fon ponsel viber telegram signal \
         ext extn extension call phones",
    ),
    (
        Flags::PHONE_WEAK,
        "nmbr nbr numb message messages answering ring ringing text texting dial dialled reach number numbers no num nos message msg called calling direct office \
         home kin nok line emergency clinic llamar ligar hubungi tawag tawagan piga mpesa",
    ),
    (
        Flags::STREET,
        "road street lane avenue boulevard highway crescent terrace marg nagar gali mohalla colony salai veethi theru",
    ),
    (
        Flags::STREET_WEAK,
        "rd st str ln ave av blvd hwy drive dr close court row place square gardens grove hill mews sector trail route \
         parkway pike way walk park view rise yard cottage cottages villas buildings bypass chowk bazar bazaar extension layout quarters estate wynd brae loop \
         wharf quay terr cres bend chawl wadi path track circuit parade crossing circle heights",
    ),
    (
        Flags::STREET_FIRST,
        "chemin camino caminho rua avenida av travessa alameda rodovia estrada calle carrera jiron jalan jl jln gang gg lorong rue callejon \
         pasaje praca ladeira diagonal transversal avda carretera",
    ),
    (Flags::DIGIT, "zero oh o one two three four five six seven eight nine double triple"),
    (
        Flags::VEHICLE,
        "bus car auto autorickshaw rickshaw truck lorry ambulance bike motorbike motorcycle moto tractor van jeep taxi cab \
         matatu boda bodaboda jeepney tricycle scooter scooty vehicle veh plate plates rego plat nopol placa placas patente \
         matricula reg registration regn ute pickup minibus tempo numberplate trailer bakkie carro onibus trotro danfo keke",
    ),
    (
        Flags::STATE,
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois \
         indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana \
         nebraska nevada hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania rhode tennessee \
         texas utah vermont virginia washington wisconsin wyoming al ak az ar ca co ct de fl ga hi id il in ia ks ky la \
         me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy pr gu vi as mp dc",
    ),
    (
        Flags::AFTER_AGE,
        "m f male female lives living lady woman man gentleman widow widower retired bedbound bedridden frail independent \
         farmer grandmother grandfather pensioner with presents presented presenting admitted found fell known had has \
         who was is came brought resident from at lived diabetic hypertensive homemaker housewife rancher fisherman \
         and mobile walks walking previously otherwise fit demented c w nursing complaining complains",
    ),
    (
        Flags::AFTER_MAY,
        "need needs require be have has not also go help well still become cause start take use benefit get give show \
         indicate want i we you he she they it come see try stop help only mean lead die respond develop need worsen improve \
         return continue bleed represent reflect account require keep do then just make never even always or and receive \
         resume stay suffer feel add consider repeat follow work lose let deteriorate progress refuse leave bring increase",
    ),
    (Flags::POSTCODE, "zip zipcode pin pincode postcode postal cep kodepos eircode plz cp"),
    (
        Flags::COUNTED,
        "room bed ward grade stage figure fig table tooth size needle suture french gauge lead question point photo image \
         dose day step item page chapter cycle visit para type score blade bottle tablet vial class category cat line rib \
         digit toe finger web space zone part slide cot bay theatre level lesion wound nodule node twin option week month \
         year minute hour shock stroke attempt bag pair group arm episode time times gravida pregnancy child trial pic \
         picture version point tip answer reply comment q problem issue no's section station cubicle table appendix box",
    ),
    (
        Flags::AFTER_FRACTION,
        "murmur power strength ago back hx history duration later prior post hrs pain score out hourly times weeks days \
         months hours reflex vision acuity nodes quadrants limbs limb both right left lul lll arm leg systolic diastolic \
         syst esm psm pansystolic ejection patients pts cases samples positive pos negative doses wk amenorrhoea amenorrhea \
         gestation pregnant old",
    ),
];
