//! Postal codes, post boxes and coordinates.

use super::tokens::{Case, Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit, Locale};

/// Finds postal codes, post boxes and coordinates.
pub(super) fn find(t: &Tokens, locale: Locale, out: &mut Vec<Hit>) {
    for i in 0..t.len() {
        let found = labelled_code(t, i)
            .or_else(|| british(t, i))
            .or_else(|| canadian(t, i))
            .or_else(|| after_place(t, i, locale))
            .or_else(|| brazilian(t, i))
            .or_else(|| post_box(t, i))
            .or_else(|| decimal_pair(t, i))
            .or_else(|| degrees(t, i))
            .or_else(|| plus_code(t, i))
            .or_else(|| three_words(t, i));
        out.extend(found);
    }
}

/// A hit of this room.
fn place(t: &Tokens, first: usize, last: usize, confidence: f32, rule: &'static str) -> Hit {
    t.hit(first, last, Class::Place, confidence, rule)
}

/// "ZIP 59847", "pincode 846 004", "postcode 2830", "CEP 12345-678", "kode pos 85361".
fn labelled_code(t: &Tokens, i: usize) -> Option<Hit> {
    let two_words = matches!((t.norm(i), t.norm(i + 1)), ("kode", "pos") | ("codigo", "postal"));
    if !(two_words || t.has(i, Flags::POSTCODE)) {
        return None;
    }
    let weak = matches!(t.norm(i), "cp" | "pin");
    let mut at = i + 1 + usize::from(two_words);
    for _ in 0..4 {
        let filler = matches!(t.norm(at), "code" | "no" | "number" | "is" | "postal" | "area")
            || t.is_mark(at, ":-.#=");
        if !filler || t.gap(at) == Gap::Line {
            break;
        }
        at += 1;
    }
    if t.gap(at) == Gap::Line {
        return None;
    }
    if let Some(last) = alphanumeric_code(t, at) {
        return Some(place(t, at, last, 0.95, "postcode_label").with_cue(t, Some(i)));
    }
    let length = t.norm(at).len();
    if !t.is_number(at) || !(3..=7).contains(&length) || (weak && length < 5) {
        return None;
    }
    // "846 004", "59847-1234", "12345-678".
    let tail = |next: usize| t.is_number(next) && t.gap(next) != Gap::Line && !t.runs_on(next);
    let spaced = length == 3 && tail(at + 1) && matches!(t.norm(at + 1).len(), 2 | 3);
    let hyphened = t.is_mark(at + 1, "-")
        && t.touches(at + 1)
        && tail(at + 2)
        && (3..=4).contains(&t.norm(at + 2).len());
    let last = if spaced {
        at + 1
    } else if hyphened {
        at + 2
    } else {
        at
    };
    if length == 3 && !spaced && !matches!(t.norm(i), "zip" | "zipcode" | "postcode")
        || t.runs_on(last)
        || measured(t, last)
    {
        return None;
    }
    Some(place(t, at, last, 0.95, "postcode_label").with_cue(t, Some(i)))
}

/// Whether a unit follows token `last` on its line.
fn measured(t: &Tokens, last: usize) -> bool {
    t.gap(last + 1) != Gap::Line && t.has(last + 1, Flags::UNIT) || t.is_mark(last + 1, "%")
}

/// The last token of a code of letters and digits in the form of Britain or Canada, in any case.
fn alphanumeric_code(t: &Tokens, i: usize) -> Option<usize> {
    let mut text = String::new();
    let mut at = i;
    while text.len() < 8
        && (at == i || t.gap(at) != Gap::Line)
        && (t.is_word(at) || t.is_number(at))
        && t.raw(at).len() <= 3
    {
        text.push_str(t.norm(at));
        let ends = !t.touches(at + 1) || !(t.is_word(at + 1) || t.is_number(at + 1));
        if ends && (is_british(&text) || is_canadian(&text)) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Letters that stand before the first digit of a British postcode. [Royal Mail, postcode areas]
const AREAS: &str = "ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy g gl \
                     gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox \
                     pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn wr \
                     ws wv yo ze bx";

/// Whether folded letters and digits without a space are a British postcode. [BS 7666-2]
fn is_british(text: &str) -> bool {
    if !text.is_ascii() || !(5..=7).contains(&text.len()) {
        return false;
    }
    let (outward, inward) = text.split_at(text.len() - 3);
    let inward = inward.as_bytes();
    let unit = |b: u8| b.is_ascii_lowercase() && !b"cikmov".contains(&b);
    let letters = outward.bytes().take_while(u8::is_ascii_lowercase).count();
    let (area, district) = outward.split_at(letters);
    let district = district.as_bytes();
    inward[0].is_ascii_digit()
        && unit(inward[1])
        && unit(inward[2])
        && AREAS.split_ascii_whitespace().any(|known| known == area)
        && (1..=2).contains(&district.len())
        && district[0].is_ascii_digit()
        && !matches!(&inward[1..], b"st" | b"nd" | b"rd" | b"th")
}

/// Whether folded letters and digits without a space are a Canadian postal code. [Canada Post, address accuracy]
fn is_canadian(text: &str) -> bool {
    let b = text.as_bytes();
    let letter = |at: usize| b[at].is_ascii_lowercase() && !b"dfioqu".contains(&b[at]);
    let digit = |at: usize| b[at].is_ascii_digit();
    // The same form as a stage of a tumour and a count of pregnancies.
    b.len() == 6
        && (letter(0) && digit(1) && letter(2) && digit(3) && letter(4) && digit(5))
        && !b"wz".contains(&b[0])
        && !matches!((b[0], b[2], b[4]), (b't', b'n', b'm') | (b'g', b'p', b'a' | b'l'))
}

/// "SY7 0QX", and in lower case where the letters before the digit are two.
fn british(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_word(i)
        || t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(,.:-")
        || t.raw(i).len() > 2
        || !t.touches(i + 1)
    {
        return None;
    }
    let inner = usize::from(t.is_word(i + 2) && t.touches(i + 2) && t.raw(i + 2).len() == 1);
    let outward_last = i + 1 + inner;
    let (digit, unit) = (outward_last + 1, outward_last + 2);
    let spaced = t.gap(digit) == Gap::Space;
    let form = t.is_number(digit)
        && t.norm(digit).len() == 1
        && t.touches(unit)
        && t.raw(unit).len() == 2
        && t.is_word(unit);
    let (last, text) = if form && spaced {
        (unit, (i..=unit).map(|at| t.norm(at)).collect::<String>())
    } else if t.is_number(i + 1) && t.norm(i + 1).len() <= 3 && t.touches(i + 2) && t.raw(i + 2).len() == 2 {
        // "SY70QX": no space at all.
        (i + 2, (i..=i + 2).map(|at| t.norm(at)).collect::<String>())
    } else {
        return None;
    };
    let upper = t.case(i) != Case::Lower && t.case(last) == Case::Upper;
    let plain =
        upper || (spaced && t.raw(i).len() == 2 && !t.has(i, Flags::RESULT.or(Flags::UNIT).or(Flags::STOP)));
    if t.runs_on(last) || !plain || !is_british(&text) || (!spaced && text.len() < 6) {
        return None;
    }
    Some(place(t, i, last, if upper && spaced { 0.93 } else { 0.75 }, "postcode_british"))
}

/// "K0L 1A0".
fn canadian(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_word(i) || t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(,.:") || t.case(i) == Case::Lower {
        return None;
    }
    let text: String = (i..=i + 5).map(|at| t.norm(at)).collect();
    let spaced = t.gap(i + 3) == Gap::Space || t.is_mark(i + 3, "-");
    let tight = [1, 2, 4, 5].into_iter().all(|n| t.touches(i + n));
    let capitals = t.is_capital(i + 2) && t.is_capital(i + 4);
    (spaced && tight && capitals && is_canadian(&text) && !t.runs_on(i + 5))
        .then(|| place(t, i, i + 5, 0.9, "postcode_canadian"))
}

/// "MT 59847", "Montana 59847-1234", "Darbhanga - 846004".
fn after_place(t: &Tokens, i: usize, locale: Locale) -> Option<Hit> {
    if !t.is_number(i) || measured(t, i) {
        return None;
    }
    let length = t.norm(i).len();
    let before = i.wrapping_sub(1);
    if length == 5 && t.gap(i) == Gap::Space && t.has(before, Flags::STATE) {
        let abbreviation = t.raw(before).len() == 2;
        let capital = if abbreviation { t.case(before) == Case::Upper } else { t.is_capital(before) };
        let comes_after_place =
            t.is_mark(before.wrapping_sub(1), ",") || t.is_capital(before.wrapping_sub(1)) || !abbreviation;
        let plus_four =
            t.is_mark(i + 1, "-") && t.touches(i + 1) && t.norm(i + 2).len() == 4 && t.is_number(i + 2);
        let last = if plus_four { i + 2 } else { i };
        let round = t.norm(i).ends_with("000") && abbreviation;
        return (capital && comes_after_place && !round && !t.runs_on(last))
            .then(|| place(t, i, last, 0.9, "postcode_zip"));
    }
    let hyphen = t.is_mark(before, "-");
    let name = before.wrapping_sub(1);
    let indian = locale.country.is_none_or(|country| country.is(*b"IN"));
    let fits = length == 6
        && hyphen
        && indian
        && t.is_capital(name)
        && t.raw(name).len() > 2
        && !t.has(name, Flags::RESULT.or(Flags::STOP).or(Flags::UNIT))
        && !t.norm(i).starts_with('0')
        && !t.norm(i).ends_with("0000")
        && !t.runs_on(i);
    fits.then(|| place(t, i, i, 0.85, "postcode_indian"))
}

/// "12345-678".
fn brazilian(t: &Tokens, i: usize) -> Option<Hit> {
    let last = i + 2;
    let form = t.is_number(i)
        && t.norm(i).len() == 5
        && t.is_mark(i + 1, "-")
        && t.is_number(last)
        && t.norm(last).len() == 3
        && t.touches(i + 1)
        && t.touches(last);
    (form && t.opens_number(i) && !t.runs_on(last) && !measured(t, last))
        .then(|| place(t, i, last, 0.75, "postcode_brazilian"))
}

/// "PO Box 12", "P.O. Box 12", "Private Bag 7", "Caixa Postal 3".
fn post_box(t: &Tokens, i: usize) -> Option<Hit> {
    let after_po = match (t.norm(i), t.norm(i + 1)) {
        ("po" | "post", "box") | ("private" | "locked" | "mail", "bag") | ("caixa", "postal") => i + 2,
        ("pobox" | "apartado", _) => i + 1,
        ("post", "office") | ("p", "o") if t.norm(i + 2) == "box" => i + 3,
        ("p", ".") if t.norm(i + 2) == "o" => {
            let dot = usize::from(t.is_mark(i + 3, "."));
            if t.norm(i + 3 + dot) == "box" { i + 4 + dot } else { return None }
        }
        ("psc", _) if t.is_number(i + 1) && t.is_mark(i + 2, ",") && t.norm(i + 3) == "box" => i + 4,
        ("rr" | "hc" | "psc" | "cmr", _) if t.is_number(i + 1) && t.norm(i + 2) == "box" => i + 3,
        _ => return None,
    };
    let mut at = after_po;
    while at < after_po + 3 && (t.is_mark(at, ".:#-") || matches!(t.norm(at), "no" | "number")) {
        at += 1;
    }
    let code = t.is_number(at) || t.is_capital(at) && t.touches(at + 1) && t.is_number(at + 1);
    if !code || t.gap(at) == Gap::Line {
        return None;
    }
    let mut last = if t.is_number(at) { at } else { at + 1 };
    if t.is_mark(last + 1, "-") && t.touches(last + 1) && t.is_number(last + 2) {
        last += 2;
    }
    Some(place(t, i, last, 0.95, "post_box"))
}

/// A decimal with its sign at token `i`: its first token, last token, value below 180 and number of decimals.
fn decimal(t: &Tokens, i: usize) -> Option<(usize, usize, f64, usize)> {
    let number = if t.is_mark(i, "-") && t.touches(i + 1) { i + 1 } else { i };
    let fits = t.is_number(number)
        && t.norm(number).len() <= 3
        && t.is_mark(number + 1, ".")
        && t.touches(number + 1)
        && t.touches(number + 2)
        && t.is_number(number + 2)
        && t.norm(number + 2).len() <= 15;
    if !fits {
        return None;
    }
    let value: f64 = format!("{}.{}", t.norm(number), t.norm(number + 2)).parse().ok()?;
    (value <= 180.0).then(|| (i, number + 2, value, t.norm(number + 2).len()))
}

/// The hemisphere after token `last`, over a degree sign: its token.
fn hemisphere(t: &Tokens, last: usize) -> Option<usize> {
    let mut at = last + 1;
    if t.is_mark(at, "°") || matches!(t.norm(at), "o" | "deg" | "degrees") && t.gap(at) != Gap::Line {
        at += 1;
    }
    let letter = matches!(t.norm(at), "n" | "s" | "e" | "w" | "north" | "south" | "east" | "west")
        && t.gap(at) != Gap::Line;
    letter.then_some(at)
}

/// "26.1542, 85.8918", "26.15 N, 85.89 E", "lat 26.15 long 85.89".
fn decimal_pair(t: &Tokens, i: usize) -> Option<Hit> {
    if t.is_number(i) && (!t.opens_number(i) || t.touches(i) && t.is_mark(i.wrapping_sub(1), "-")) {
        return None;
    }
    let (first, end, latitude, places) = decimal(t, i)?;
    let north = hemisphere(t, end);
    let mut last = north.unwrap_or(end);
    if t.is_mark(last + 1, "°") {
        last += 1;
    }
    let mut at = last + 1;
    for _ in 0..3 {
        let skipped = t.is_mark(at, ",;/:")
            || matches!(t.norm(at), "long" | "lon" | "longitude" | "lng" | "and" | "by")
                && t.gap(at) != Gap::Line;
        if !skipped {
            break;
        }
        at += 1;
    }
    let (_, end, longitude, more_places) =
        decimal(t, at).filter(|_| t.gap(at) != Gap::Line || at > last + 1)?;
    let east = hemisphere(t, end);
    let mut last = east.unwrap_or(end);
    if east.is_none() && t.is_mark(last + 1, "°") {
        last += 1;
    }
    let cue = (1..=4).map(|n| i.wrapping_sub(n)).find(|at| {
        matches!(
            t.norm(*at),
            "lat"
                | "latitude"
                | "gps"
                | "coordinates"
                | "coords"
                | "coordinate"
                | "latlong"
                | "geo"
                | "location"
                | "pin"
        )
    });
    let precise = places >= 3 && more_places >= 3;
    let sure = precise || north.is_some() && east.is_some() || cue.is_some();
    let on_earth = latitude <= 90.0 && longitude <= 180.0 || longitude <= 90.0;
    (sure && on_earth && !measured(t, end))
        .then(|| place(t, first, last, 0.93, "coordinates").with_cue(t, cue))
}

/// 26°09'15"N 85°53'30"E, each on its own or both.
fn degrees(t: &Tokens, i: usize) -> Option<Hit> {
    let last = one_angle(t, i)?;
    let comma = usize::from(t.is_mark(last + 1, ",;"));
    let last = one_angle(t, last + 1 + comma).unwrap_or(last);
    Some(place(t, i, last, 0.93, "coordinates"))
}

/// The last token of an angle with minutes and a hemisphere that begins at token `i`.
fn one_angle(t: &Tokens, i: usize) -> Option<usize> {
    let degree = |at: usize| t.is_mark(at, "°") || t.norm(at) == "o" && t.touches(at);
    if !t.is_number(i) || t.norm(i).len() > 3 || !degree(i + 1) || !t.is_number(i + 2) {
        return None;
    }
    let mut at = i + 3;
    for _ in 0..8 {
        let part = t.is_number(at) || t.is_mark(at, "'\".,");
        if !part || t.gap(at) == Gap::Line {
            break;
        }
        at += 1;
    }
    (at > i + 3 && matches!(t.norm(at), "n" | "s" | "e" | "w")).then_some(at)
}

/// "8FVC9G8F+6X". [Open Location Code specification]
fn plus_code(t: &Tokens, i: usize) -> Option<Hit> {
    let alphabet = |text: &str| text.bytes().all(|b| b"23456789CFGHJMPQRVWX".contains(&b));
    if t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(:\",") {
        return None;
    }
    let mut head = String::new();
    let mut at = i;
    while head.len() <= 8
        && (at == i || t.touches(at))
        && (t.is_word(at) || t.is_number(at))
        && t.raw(at).len() <= 8
    {
        head.push_str(t.raw(at));
        at += 1;
    }
    if !matches!(head.len(), 4 | 6 | 8) || !t.is_mark(at, "+") || !t.touches(at) {
        return None;
    }
    let mut tail = String::new();
    let mut last = at;
    while tail.len() <= 3
        && t.touches(last + 1)
        && (t.is_word(last + 1) || t.is_number(last + 1))
        && t.raw(last + 1).len() <= 3
    {
        last += 1;
        tail.push_str(t.raw(last));
    }
    let letters = head.bytes().any(|b| b.is_ascii_uppercase());
    let digits = head.bytes().chain(tail.bytes()).any(|b| b.is_ascii_digit());
    (matches!(tail.len(), 2 | 3) && alphabet(&head) && alphabet(&tail) && letters && digits)
        .then(|| place(t, i, last, 0.93, "plus_code"))
}

/// "///filled.count.soap".
fn three_words(t: &Tokens, i: usize) -> Option<Hit> {
    let slashes = (i..i + 3).all(|at| t.is_mark(at, "/") && (at == i || t.touches(at)));
    let words = [3, 5, 7].into_iter().all(|n| t.is_word(i + n) && t.touches(i + n));
    let dots = [4, 6].into_iter().all(|n| t.is_mark(i + n, ".") && t.touches(i + n));
    (slashes && words && dots).then(|| place(t, i, i + 7, 0.95, "three_words"))
}
