//! Streets, houses, flats and plots.

use super::tokens::{Case, Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit};

/// The most words of a street's name.
const WORDS: usize = 4;

/// Finds addresses.
pub(super) fn find(t: &Tokens, out: &mut Vec<Hit>) {
    for i in 0..t.len() {
        let found = house_and_street(t, i)
            .or_else(|| named_street(t, i))
            .or_else(|| street_first(t, i))
            .or_else(|| house(t, i))
            .or_else(|| neighbourhood(t, i));
        out.extend(found);
    }
}

/// A hit of this room.
fn place(t: &Tokens, first: usize, last: usize, confidence: f32, rule: &'static str) -> Hit {
    t.hit(first, last, Class::Place, confidence, rule)
}

/// Whether token `i` may be a word of a street's name.
fn names_street(t: &Tokens, i: usize) -> bool {
    let plain = Flags::STOP.or(Flags::UNIT).or(Flags::RESULT).or(Flags::AFTER_FRACTION).or(Flags::COUNTED);
    // "MG Road": initials that are a unit or a result elsewhere.
    let initials = t.raw(i).len() == 2
        && t.case(i) == Case::Upper
        && t.has(i + 1, Flags::STREET)
        && t.case(i + 1) == Case::Title;
    let particle = matches!(t.norm(i), "the" | "of" | "de" | "da" | "do" | "st" | "dos" | "das" | "la");
    t.is_word(i) && t.gap(i) != Gap::Line && (particle || initials || !t.has(i, plain))
}

/// Whether token `i` ends a street's name after `first`.
fn is_street_noun(t: &Tokens, i: usize, cue: bool) -> bool {
    if t.gap(i) == Gap::Line {
        return false;
    }
    let strong = t.has(i, Flags::STREET) && (t.case(i) != Case::Lower || cue);
    let weak = t.has(i, Flags::STREET_WEAK) && t.is_capital(i) && t.is_capital(i.wrapping_sub(1));
    // "St" and "Dr" before a name are a saint and a doctor.
    let title = matches!(t.norm(i), "st" | "dr")
        && t.is_capital(i + 1)
        && !t.is_mark(i + 1, ",")
        && t.gap(i + 1) == Gap::Space;
    strong || (weak && !title)
}

/// The end of a house number at token `i`: "4", "12A", "12/3", "12-14".
fn house_number(t: &Tokens, i: usize) -> Option<usize> {
    if !t.is_number(i) || t.norm(i).len() > 5 || !t.opens_number(i) {
        return None;
    }
    let mut last = i;
    if t.is_word(last + 1)
        && t.touches(last + 1)
        && t.raw(last + 1).len() == 1
        && !t.has(last + 1, Flags::UNIT.or(Flags::YEARS))
    {
        last += 1;
    }
    for _ in 0..2 {
        if t.is_mark(last + 1, "/-")
            && t.touches(last + 1)
            && t.touches(last + 2)
            && t.is_number(last + 2)
            && t.norm(last + 2).len() <= 4
        {
            last += 2;
        }
    }
    (!t.runs_on(last)).then_some(last)
}

/// Whether a word for an address stands within four tokens before token `i`.
fn address_cue(t: &Tokens, i: usize) -> Option<usize> {
    (1..=4).map(|n| i.wrapping_sub(n)).find(|at| {
        matches!(
            t.norm(*at),
            "address"
                | "lives"
                | "living"
                | "stays"
                | "staying"
                | "resides"
                | "residing"
                | "alamat"
                | "endereco"
                | "direccion"
                | "add"
                | "addr"
                | "resident"
                | "home"
                | "mora"
                | "vive"
                | "tinggal"
                | "lived"
                | "rents"
                | "house"
        )
    })
}

/// "4 Chapel Row", "12 MG Road"; in lower case after "lives at".
fn house_and_street(t: &Tokens, i: usize) -> Option<Hit> {
    let number_end = house_number(t, i)?;
    let cue = address_cue(t, i);
    let from = number_end + 1 + usize::from(t.is_mark(number_end + 1, ","));
    for n in 0..WORDS {
        let at = from + n;
        // A full stop after an abbreviation: "12 St. Mary Road".
        if !names_street(t, at) {
            return None;
        }
        let capital = t.is_capital(at)
            || cue.is_some()
            || matches!(t.norm(at), "de" | "da" | "do" | "dos" | "the" | "of");
        if !capital || t.has(at, Flags::MONTH) && n == 0 {
            return None;
        }
        if is_street_noun(t, at + 1, cue.is_some()) {
            // In capitals everything looks like a name: the noun must be plain there.
            let shouted =
                t.case(at) == Case::Upper && t.case(at + 1) == Case::Upper && !t.has(at + 1, Flags::STREET);
            if shouted && cue.is_none() && n == 0 && t.raw(at).len() < 4 {
                return None;
            }
            let last = tail(t, at + 1);
            return Some(place(t, i, last, 0.92, "street_address").with_cue(t, cue));
        }
    }
    None
}

/// A number or letter after the street's noun: "Sector 7", "Gali No. 3".
fn tail(t: &Tokens, noun: usize) -> usize {
    let numbered = matches!(t.norm(noun), "sector" | "gali" | "cross" | "phase" | "lane" | "marg" | "nagar");
    let mut at = noun + 1;
    while at < noun + 3 && (t.norm(at) == "no" || t.is_mark(at, ".#")) && t.gap(at) != Gap::Line {
        at += 1;
    }
    let fits =
        numbered && t.is_number(at) && t.gap(at) != Gap::Line && t.norm(at).len() <= 3 && !t.runs_on(at);
    if fits && !t.has(at + 1, Flags::UNIT) { at } else { noun }
}

/// "Muskrat Road": one or two capitalised words and the noun.
fn named_street(t: &Tokens, i: usize) -> Option<Hit> {
    let name = |at: usize| {
        t.is_capital(at)
            && t.raw(at).len() > 1
            && !t.has(at, Flags::STOP.or(Flags::UNIT).or(Flags::RESULT).or(Flags::COUNTED))
            && !matches!(
                t.norm(at),
                "nearest"
                    | "main"
                    | "off"
                    | "beside"
                    | "behind"
                    | "opposite"
                    | "opp"
                    | "no"
                    | "long"
                    | "wall"
                    | "sesame"
            )
    };
    let before = i.wrapping_sub(1);
    // Begin at the first of the capitalised words, two at most.
    if !name(i) || (name(before) && t.gap(i) == Gap::Space && t.has(i + 1, Flags::STREET)) {
        return None;
    }
    (1..=2).find_map(|n| {
        let noun = i + n;
        let inner = (1..n).all(|k| name(i + k) && t.gap(i + k) == Gap::Space);
        let fits = inner && t.has(noun, Flags::STREET) && t.is_capital(noun) && t.gap(noun) == Gap::Space;
        let shouted = t.case(noun) == Case::Upper && t.case(i) == Case::Upper;
        fits.then(|| place(t, i, tail(t, noun), if shouted { 0.55 } else { 0.6 }, "street_name"))
    })
}

/// "Rua X 123", "Calle 5 No 12", "Jl. Merdeka 5".
fn street_first(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.has(i, Flags::STREET_FIRST) || (t.touches(i) && t.is_mark(i.wrapping_sub(1), ".@/'-_")) {
        return None;
    }
    let mut at = i + 1;
    let dotted = t.is_mark(at, ".") && t.touches(at);
    at += usize::from(dotted);
    let short = matches!(
        t.norm(i),
        "av" | "ave" | "jl" | "jln" | "gg" | "gang" | "jalan" | "rue" | "diagonal" | "transversal" | "avda"
    );
    // "AV block", "gang", "jalan" (to walk): a short or common word needs its capital.
    if short && !(dotted || t.is_capital(i) && (t.raw(i).len() > 2 && t.case(i) == Case::Title)) {
        return None;
    }
    let particle = |at: usize| {
        matches!(
            t.norm(at),
            "de" | "da" | "do" | "dos" | "das" | "del" | "la" | "las" | "los" | "e" | "y" | "raya"
        )
    };
    let mut last = None;
    let mut names = 0;
    while at < i + 8 && t.gap(at) != Gap::Line && names < 5 {
        let name = t.is_word(at)
            && t.is_capital(at)
            && !(t.has(at, Flags::UNIT.or(Flags::RESULT)) && (2..4).contains(&t.raw(at).len()))
            && t.norm(at) != "no";
        if name {
            last = Some(at);
            names += 1;
        } else if t.is_mark(at, ".")
            && t.touches(at)
            && t.raw(at.wrapping_sub(1)).len() <= 4
            && t.is_capital(at + 1)
        {
            // An initial or an abbreviation inside the name.
        } else if !(particle(at) && t.is_word(at + 1)) {
            break;
        }
        at += 1;
    }
    // A number at the end, or right after the noun ("Calle 5").
    let mut number = None;
    for _ in 0..2 {
        let mut from = at;
        while from < at + 3
            && (t.is_mark(from, ",#.°") || matches!(t.norm(from), "no" | "numero" | "nomor" | "n" | "nr"))
            && t.gap(from) != Gap::Line
        {
            from += 1;
        }
        let Some(end) =
            house_number(t, from).filter(|end| t.gap(from) != Gap::Line && !t.has(end + 1, Flags::UNIT))
        else {
            break;
        };
        number = Some(end);
        at = end + 1;
    }
    let last = number.or(last)?;
    let confidence = if number.is_some() { 0.9 } else { 0.7 };
    (names > 0 || number.is_some() && t.is_capital(i)).then(|| place(t, i, last, confidence, "street_first"))
}

/// "Plot 14 Sector 7", "Flat 2B", "H.No 3-4-5/2", "Door no 5/12".
fn house(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_word(i) || (t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(,:;\"/-")) {
        return None;
    }
    let sure = matches!(
        t.norm(i),
        "plot"
            | "door"
            | "house"
            | "shop"
            | "quarter"
            | "quarters"
            | "qtr"
            | "qtrs"
            | "apt"
            | "apartment"
            | "khasra"
            | "hno"
    );
    let titled = matches!(t.norm(i), "flat" | "suite" | "lot" | "blk" | "plot") && t.is_capital(i);
    let initial = matches!(t.norm(i), "h" | "d") && (t.is_mark(i + 1, ".") || t.norm(i + 1) == "no");
    if !(sure || titled || initial) {
        return None;
    }
    let mut at = i + 1;
    let mut said = false;
    while at < i + 5
        && t.gap(at) != Gap::Line
        && (t.is_mark(at, ".:#-") || matches!(t.norm(at), "no" | "number" | "num"))
    {
        said |= matches!(t.norm(at), "no" | "number" | "num") || t.is_mark(at, "#");
        at += 1;
    }
    // "house 4 km away", "door 5", "lot 12345" (a batch) need "no" or another part of the address.
    let end = super::numbers::run_end(t, at)
        .filter(|end| t.gap(at) != Gap::Line && (at..=*end).any(|k| t.is_number(k)))?;
    let short = t.span(at, end).len() <= 14;
    let sector = t.norm(end + 1) == "sector"
        || t.is_mark(end + 1, ",") && matches!(t.norm(end + 2), "sector" | "block" | "phase" | "blk" | "lot");
    let more = if t.is_mark(end + 1, ",") { end + 2 } else { end + 1 };
    let last = if sector && t.is_number(more + 1) { more + 1 } else { end };
    let confirmed = said
        || sure && address_cue(t, i).is_some()
        || sector
        || matches!(t.norm(i), "apt" | "apartment" | "hno" | "plot" | "qtr" | "qtrs")
        || titled && matches!(t.norm(i), "flat" | "suite");
    let measured = t.has(end + 1, Flags::UNIT) && t.gap(end + 1) != Gap::Line
        || t.touches(end + 1) && t.is_mark(end + 1, "%");
    let unit_touches = end > at && t.is_word(end) && t.has(end, Flags::UNIT) && t.raw(end).len() > 1;
    if (initial && !said) || !confirmed || !short || measured || unit_touches {
        return None;
    }
    Some(place(t, i, last, 0.88, "house_number"))
}

/// "RT 03/RW 01 Desa Fatuneno", "Purok 3", "Sector 7, ...".
fn neighbourhood(t: &Tokens, i: usize) -> Option<Hit> {
    let number = |at: usize| t.is_number(at) && t.norm(at).len() <= 3 && t.gap(at) != Gap::Line;
    let skip_dot = |at: usize| at + usize::from(t.is_mark(at, "."));
    match t.norm(i) {
        "rt" if !t.touches(i) || t.is_mark(i.wrapping_sub(1), "(,") => {
            let first = skip_dot(i + 1);
            if !number(first) {
                return None;
            }
            let slash = first + 1 + usize::from(t.is_mark(first + 1, "/,-"));
            let rw = t.norm(slash) == "rw" && number(skip_dot(slash + 1));
            let bare = t.is_mark(first + 1, "/") && number(first + 2) && t.norm(first + 2).len() >= 2;
            let mut last = if rw {
                skip_dot(slash + 1)
            } else if bare {
                first + 2
            } else {
                return None;
            };
            // The village or ward goes with it.
            for _ in 0..2 {
                let noun = last + 1 + usize::from(t.is_mark(last + 1, ","));
                let known = matches!(
                    t.norm(noun),
                    "desa" | "dusun" | "kelurahan" | "kel" | "kampung" | "kecamatan" | "kec" | "kp" | "ds"
                );
                let name = skip_dot(noun + 1);
                if !known || !t.is_word(name) || t.gap(name) == Gap::Line {
                    break;
                }
                last = name;
                while t.is_capital(last + 1)
                    && t.gap(last + 1) == Gap::Space
                    && last < name + 2
                    && t.is_capital(name)
                {
                    last += 1;
                }
            }
            Some(place(t, i, last, 0.93, "rt_rw"))
        }
        "purok" | "sitio" | "zona" if number(skip_dot(i + 1)) && !t.has(i + 2, Flags::UNIT) => {
            Some(place(t, i, skip_dot(i + 1), 0.85, "purok"))
        }
        _ => None,
    }
}
