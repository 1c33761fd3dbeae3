//! E-mail addresses, web addresses, names on social networks and internet addresses.

use super::ip;
use super::tokens::{Gap, Kind, Tokens};
use crate::story::{Class, Hit, NumberKind};

/// The most tokens an address is followed over on either side.
pub(super) const REACH: usize = 64;

/// Finds e-mail, web and internet addresses, handles, and hardware addresses.
pub(super) fn find(t: &Tokens, out: &mut Vec<Hit>) {
    let mut i = 0;
    let mut free_from = 0;
    while i < t.len() {
        let start = t.get(i).map_or(0, |token| token.start);
        let found = if start < free_from { None } else { url(t, i) };
        let found = found
            .or_else(|| email(t, i))
            .or_else(|| spelled_email(t, i))
            .or_else(|| spelled_url(t, i))
            .or_else(|| handle(t, i))
            .or_else(|| labelled_handle(t, i))
            .or_else(|| ip::v4(t, i))
            .or_else(|| ip::colon_address(t, i));
        if let Some(hit) = found {
            free_from = free_from.max(hit.span.end);
            out.push(hit);
        }
        i += 1;
    }
}

/// Top-level domains that are no word or unit beside a full stop.
const PLAIN_TLDS: &str = "com org net edu gov mil int example invalid localhost onion biz xyz dev uk au nz za ke ng gh tz ug zw zm \
                          bw mw np bd br mx jp cn ru eu kr vn lk pg fj ws cz ch se dk fi gr hu jm tt asia";
/// Top-level domains that are words, units or abbreviations too: they need a path, "www" or a second level.
const WORD_TLDS: &str = "in is it no so to me my am at be by as do us he ca co pt id es de la al ph pk ai io tv sh gl ly fr info app \
                         site online live life world today help support team work news zone link click page space store shop tech \
                         social chat club center community foundation family email health care clinic doctor hospital blog cloud \
                         test local cl ar pe bo ec nl sg hk gd cc ms st name pro mobi ac et rw sn ml cm mz ao na ls sz mg il ae sa";
/// Second levels under which countries register.
const SECOND_LEVELS: &str = "co com org gov ac net edu nic res gob or go nhs ltd";

/// Whether `word` is in a list of words with single spaces between them.
fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|known| known == word)
}

/// What may be part of a label of a domain.
pub(super) fn is_label(t: &Tokens, i: usize) -> bool {
    t.get(i).is_some_and(|token| token.kind != Kind::Mark) || t.is_mark(i, "-")
}

/// The last token of a domain that begins at token `i`, and its dots. Labels touch one another.
fn domain(t: &Tokens, i: usize) -> (usize, Vec<usize>) {
    let mut last = i;
    let mut dots = Vec::new();
    let mut at = i + 1;
    while at - i < REACH && t.touches(at) {
        if is_label(t, at) && !t.is_mark(at, "-") {
            last = at;
        } else if t.is_mark(at, ".") && is_label(t, at + 1) && t.touches(at + 1) {
            dots.push(at);
        } else if !t.is_mark(at, "-") {
            break;
        }
        at += 1;
    }
    dots.retain(|dot| *dot < last);
    // "site.com.Please": the capital begins a sentence.
    if let [.., before, dot] = dots[..]
        && t.is_capital(dot + 1)
        && !t.is_capital(before + 1)
        && listed(PLAIN_TLDS, t.norm(before + 1))
    {
        dots.pop();
        last = dot - 1;
    }
    (last, dots)
}

/// The end in bytes of a path that goes on from byte `from`, without the punctuation of the sentence.
fn path_end(text: &str, from: usize) -> usize {
    let after = &text[from..];
    let stop =
        after.find(|c: char| c.is_whitespace() || "<>\"“”‘’`|{}[]^".contains(c)).unwrap_or(after.len());
    let path = &after[..stop];
    let open = path.matches('(').count();
    let mut shut = path.matches(')').count();
    // One walk from the end: a bracket stays if it was opened inside the path.
    let mut end = path.len();
    for (at, c) in path.char_indices().rev() {
        let closes = c == ')' && shut > open;
        let punctuation = ".,;:!?'*_…।".contains(c) || !c.is_ascii() && !c.is_alphanumeric();
        if !closes && !punctuation {
            break;
        }
        shut -= usize::from(closes);
        end = at;
    }
    from + end
}

/// A hit over bytes.
pub(super) fn bytes(start: usize, end: usize, class: Class, confidence: f32, rule: &'static str) -> Hit {
    Hit { span: start..end, class, confidence, rule, cue: None, date: None }
}

/// "https://…", "www.…", "tharpani-care.example/family/3", "bit.ly/3xyz", and names of files with digits.
fn url(t: &Tokens, i: usize) -> Option<Hit> {
    let token = t.get(i)?;
    if token.kind == Kind::Mark {
        return None;
    }
    let scheme = matches!(t.norm(i), "http" | "https" | "ftp" | "hxxp" | "hxxps")
        && t.is_mark(i + 1, ":")
        && t.is_mark(i + 2, "/")
        && t.touches(i + 1)
        && t.touches(i + 2);
    if scheme {
        let end = path_end(t.text, token.start);
        return (end > token.start + 8).then(|| bytes(token.start, end, Class::Url, 0.99, "url_scheme"));
    }
    if token.gap == Gap::None && (is_label(t, i.wrapping_sub(1)) || t.is_mark(i.wrapping_sub(1), "@._/\\'&+"))
    {
        return None;
    }
    if let Some(file) = file_name(t, i) {
        return Some(file);
    }
    let (last, dots) = domain(t, i);
    let tld = dots.last().map(|dot| dot + 1).filter(|tld| *tld == last && t.is_word(*tld))?;
    if t.touches(last + 1) && t.is_mark(last + 1, "@") {
        return None;
    }
    let mut end = t.span(last, last).end;
    let port =
        t.is_mark(last + 1, ":") && t.touches(last + 1) && t.is_number(last + 2) && t.touches(last + 2);
    let after = if port { last + 3 } else { last + 1 };
    let path = t.touches(after) && t.is_mark(after, "/?#") && t.touches(after + 1);
    let name = t.norm(tld);
    let www = t.norm(i) == "www" && dots.len() > 1;
    let second = dots.len() > 1 && listed(SECOND_LEVELS, t.norm(dots[dots.len() - 2] + 1));
    let plain = listed(PLAIN_TLDS, name);
    let odd_host = dots[0] > i + 1 || !t.is_word(i);
    let known = plain || listed(WORD_TLDS, name);
    let accepted = match (www, plain, known) {
        (true, ..) => true,
        (_, true, _) => t.norm(i).len() > 1 || path || odd_host,
        (_, _, true) => {
            path && (t.norm(i).len() > 1 || name == "me")
                || second
                || odd_host && dots.len() > 1 && t.is_word(dots[0] + 1)
        }
        _ => false,
    };
    // "and/or" has no dot; "mg.kg/day" no known end; "he/she.is/was" is a sentence.
    if !accepted || (name == "is" && !www && !second && !path) {
        return None;
    }
    let social =
        dots.len() == 1 && matches!(t.norm(i), "fb" | "facebook" | "instagram" | "twitter" | "x" | "tiktok");
    if path || port {
        end = path_end(t.text, end).max(end);
    } else if t.touches(after) && t.is_mark(after, "/") {
        end = t.span(after, after).end;
    }
    let class = if social && path { Class::Handle } else { Class::Url };
    let confidence = match (path, plain || www) {
        (true, _) => 0.98,
        (_, true) => 0.93,
        _ => 0.85,
    };
    Some(bytes(token.start, end, class, confidence, "url_domain"))
}

/// A picture or document whose name has digits: `IMG_20240318_1040.jpg`.
fn file_name(t: &Tokens, i: usize) -> Option<Hit> {
    const KINDS: &str = "jpg jpeg png heic gif tif tiff bmp webp pdf doc docx xls xlsx csv txt mp4 mov avi mp3 m4a opus dcm zip";
    let mut at = i;
    let mut digits = 0;
    while at - i < REACH {
        if t.is_number(at) {
            digits += t.norm(at).len();
        }
        let next = at + 1;
        if !t.touches(next) || !(is_label(t, next) || t.is_mark(next, "_.")) {
            break;
        }
        at = next;
    }
    let named = t.is_mark(at.wrapping_sub(1), ".") && at > i + 1 && listed(KINDS, t.norm(at));
    (named && digits >= 3).then(|| t.hit(i, at, Class::Number(NumberKind::Other), 0.96, "file_name"))
}

/// "name@host.example", and payment addresses such as "name@okaxis".
fn email(t: &Tokens, i: usize) -> Option<Hit> {
    const MAIL: &str = "gmail yahoo hotmail outlook rediffmail icloud proton protonmail ymail";
    const PAY: &str = "okaxis oksbi okicici okhdfcbank ybl ibl axl paytm upi apl sbi icici hdfcbank axisbank ptsbi ptaxis pthdfc ptyes \
                       fbl kotak airtel jio postbank yesbank freecharge";
    if !t.is_mark(i, "@") {
        return None;
    }
    let host = i + 1;
    let webmail = listed(MAIL, t.norm(host));
    let close = t.touches(i) && t.touches(host);
    if !(close || webmail && t.gap(i) != Gap::Line && t.gap(host) != Gap::Line) {
        return None;
    }
    let mut first = i;
    let mut letters = 0;
    while i - first < REACH {
        let before = first.wrapping_sub(1);
        let joins = first == i || t.touches(first);
        if !joins || !(is_label(t, before) || t.is_mark(before, "._+%'")) {
            break;
        }
        letters += usize::from(t.is_word(before)) + t.norm(before).len();
        first = before;
    }
    while first < i && t.get(first).is_some_and(|token| token.kind == Kind::Mark) {
        first += 1;
    }
    if first == i || !is_label(t, host) {
        return None;
    }
    let (last, dots) = domain(t, host);
    let named = dots.last().is_some_and(|dot| t.is_word(dot + 1) && t.norm(dot + 1).chars().count() > 1);
    if named && (letters > 1 || t.is_word(first)) {
        return Some(t.hit(first, last, Class::Email, 0.99, "email"));
    }
    // "name@gmail,com" slipped on the keyboard.
    if webmail && t.is_mark(host + 1, ",") && t.norm(host + 2) == "com" {
        return Some(t.hit(first, host + 2, Class::Email, 0.95, "email"));
    }
    if webmail {
        let spaced = t.is_mark(last + 1, ".") && matches!(t.norm(last + 2), "com" | "co" | "in");
        let last = if spaced { last + 2 } else { last };
        return Some(t.hit(first, last, Class::Email, 0.9, "email"));
    }
    let pay = dots.is_empty() && listed(PAY, t.norm(host));
    pay.then(|| t.hit(first, last, Class::Number(NumberKind::Account), 0.95, "payment_address"))
}

/// A spelled sign that begins at token `i`: "dot", "(dot)", "[ dot ]"; gives the token after it.
fn sign(t: &Tokens, i: usize, words: &[&str]) -> Option<usize> {
    if words.contains(&t.norm(i)) && t.is_word(i) && t.gap(i) != Gap::Line {
        return Some(i + 1);
    }
    let inside = t.is_mark(i, "([{<") && words.contains(&t.norm(i + 1)) && t.is_mark(i + 2, ")]}>");
    inside.then_some(i + 3)
}

/// The same, that ends at token `i`; gives the token before it.
fn sign_before(t: &Tokens, i: usize, words: &[&str]) -> Option<usize> {
    if words.contains(&t.norm(i)) && t.is_word(i) && t.gap(i + 1) != Gap::Line {
        return i.checked_sub(1);
    }
    let inside = t.is_mark(i, ")]}>")
        && words.contains(&t.norm(i.wrapping_sub(1)))
        && t.is_mark(i.wrapping_sub(2), "([{<");
    if inside { i.checked_sub(3) } else { None }
}

const DOT: &[&str] = &["dot", "punto", "ponto", "titik"];
const JOINT: &[&str] = &["dot", "punto", "ponto", "titik", "underscore", "dash", "hyphen"];

/// The last token of a run of touching letters, digits and `-._` from token `i`.
fn atom_end(t: &Tokens, i: usize) -> usize {
    let mut last = i;
    while last - i < REACH
        && t.touches(last + 1)
        && (is_label(t, last + 1)
            || (t.is_mark(last + 1, "._") && t.touches(last + 2) && is_label(t, last + 2)))
    {
        last += 1;
    }
    last
}

/// The first token of such a run that ends at token `i`.
fn atom_start(t: &Tokens, i: usize) -> usize {
    let mut first = i;
    while i - first < REACH
        && first > 0
        && t.touches(first)
        && (is_label(t, first - 1) || t.is_mark(first - 1, "._+"))
    {
        first -= 1;
    }
    first
}

/// "thandeka (dot) rural (at) mail (dot) example", "name at gmail dot com", "name[at]x.com".
fn spelled_email(t: &Tokens, i: usize) -> Option<Hit> {
    const AT: &[&str] = &["at", "arroba"];
    let bracket = t.is_mark(i, "([{<") && AT.contains(&t.norm(i + 1)) && t.is_mark(i + 2, ")]}>");
    let plain = AT.contains(&t.norm(i)) && t.gap(i) == Gap::Space && t.gap(i + 1) == Gap::Space;
    let host = if bracket {
        i + 3
    } else if plain {
        i + 1
    } else {
        return None;
    };
    let before = i.checked_sub(1)?;
    if !is_label(t, before) || t.is_mark(before, "-") || !is_label(t, host) || t.gap(host) == Gap::Line {
        return None;
    }
    let mut first = atom_start(t, before);
    let mut signs = 0;
    while signs < 6
        && let Some(end) = first.checked_sub(1).and_then(|before| sign_before(t, before, JOINT))
        && is_label(t, end)
    {
        first = atom_start(t, end);
        signs += 1;
    }
    let mut last = atom_end(t, host);
    let mut dots = 0;
    while dots < 6
        && let Some(next) = sign(t, last + 1, DOT)
        && is_label(t, next)
        && t.gap(next) != Gap::Line
    {
        last = atom_end(t, next);
        dots += 1;
    }
    let webmail = matches!(
        t.norm(host),
        "gmail" | "yahoo" | "hotmail" | "outlook" | "rediffmail" | "icloud" | "protonmail"
    );
    let literal = (host..last).any(|at| t.is_mark(at, "."));
    let user = first < before || !t.is_word(before) || signs > 0;
    let known = t.is_word(last) && (listed(PLAIN_TLDS, t.norm(last)) || listed(WORD_TLDS, t.norm(last)));
    let accepted = match (bracket, dots > 0, literal) {
        (true, true, _) | (true, _, true) => true,
        (true, ..) => webmail,
        (false, true, _) => known,
        (false, false, true) => known && (webmail || user),
        (false, false, false) => webmail && t.norm(host) != "outlook",
    };
    accepted.then(|| t.hit(first, last, Class::Email, 0.95, "email_spelled"))
}

/// "ramclinic dot com slash notes".
fn spelled_url(t: &Tokens, i: usize) -> Option<Hit> {
    if !is_label(t, i) || t.touches(i) || t.is_mark(i, "-") {
        return None;
    }
    let mut last = i;
    let mut dots = 0;
    while dots < 4
        && let Some(next) = sign(t, last + 1, DOT)
        && is_label(t, next)
        && t.gap(next) != Gap::Line
    {
        last = atom_end(t, next);
        dots += 1;
    }
    let plain = listed(PLAIN_TLDS, t.norm(last)) || (dots > 1 && listed(WORD_TLDS, t.norm(last)));
    if dots == 0 || !plain {
        return None;
    }
    let mut slashes = 0;
    while slashes < 6 && t.norm(last + 1) == "slash" && is_label(t, last + 2) && t.gap(last + 2) == Gap::Space
    {
        last = atom_end(t, last + 2);
        slashes += 1;
    }
    Some(t.hit(i, last, Class::Url, 0.85, "url_spelled"))
}

/// `@hepdoc_rao`, not "@ 5 mg", "@60/min", "@night".
fn handle(t: &Tokens, i: usize) -> Option<Hit> {
    const NO_NAMES: &str = "night bedtime home rest hs once room the max rate least all everyone here channel low high admission \
                            discharge present morning evening hospital noon am pm day days dose a an his her this that each per od bd";
    // "u/name_1": how forums write it; "40 u/l" is a unit.
    if t.norm(i) == "u"
        && !t.touches(i)
        && t.is_mark(i + 1, "/")
        && t.touches(i + 1)
        && t.touches(i + 2)
        && t.is_word(i + 2)
    {
        let mut last = i + 2;
        while last - i < REACH
            && t.touches(last + 1)
            && (t.is_mark(last + 1, "_-") && t.touches(last + 2)
                || t.get(last + 1).is_some_and(|token| token.kind != Kind::Mark))
        {
            last += 1;
        }
        return (t.span(i + 2, last).len() >= 5).then(|| t.hit(i, last, Class::Handle, 0.9, "handle"));
    }
    if !t.is_mark(i, "@")
        || !t.touches(i + 1)
        || (t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(\"'[,;:/-*."))
    {
        return None;
    }
    // "@3rdyear_x" is a handle, "@ 60/min" and "@5mg" are none.
    let numbered = t.is_number(i + 1)
        && t.touches(i + 2)
        && t.is_word(i + 2)
        && !t.has(i + 2, super::words::Flags::UNIT);
    let begins = t.is_word(i + 1) || t.is_mark(i + 1, "_") || numbered;
    let mut last = i + 1;
    while last - i < REACH
        && t.touches(last + 1)
        && (t.get(last + 1).is_some_and(|token| token.kind != Kind::Mark)
            || t.is_mark(last + 1, "_")
            || (t.is_mark(last + 1, ".-@")
                && t.touches(last + 2)
                && t.get(last + 2).is_some_and(|x| x.kind != Kind::Mark)))
    {
        last += 1;
    }
    let letters = t.span(i + 1, last).len();
    let word = last == i + 1 && (listed(NO_NAMES, t.norm(last)) || t.has(last, super::words::Flags::UNIT));
    (begins && letters >= 2 && !word).then(|| t.hit(i, last, Class::Handle, 0.93, "handle"))
}

/// "insta: x", "ig some.name", `telegram id x_1`.
fn labelled_handle(t: &Tokens, i: usize) -> Option<Hit> {
    let plain = matches!(
        t.norm(i),
        "insta"
            | "instagram"
            | "facebook"
            | "twitter"
            | "tiktok"
            | "snapchat"
            | "telegram"
            | "skype"
            | "wechat"
            | "discord"
            | "linkedin"
    );
    let short = matches!(t.norm(i), "ig" | "fb" | "tg" | "snap" | "threads" | "kik" | "messenger");
    if !(plain || short) {
        return None;
    }
    let mut at = i + 1;
    let mut told = false;
    for _ in 0..3 {
        let word = matches!(t.norm(at), "id" | "handle" | "username" | "user");
        let skipped = word
            || t.is_mark(at, ":-=")
            || matches!(t.norm(at), "is" | "name" | "page" | "as" | "me" | "on" | "my");
        if !skipped {
            break;
        }
        told |= word || t.is_mark(at, ":=");
        at += 1;
    }
    if t.get(at).is_none_or(|token| token.kind == Kind::Mark && t.norm(at) != "_") || t.gap(at) == Gap::Line {
        return None;
    }
    // "IG 34s2d" is a gestation.
    if t.is_number(at) {
        return None;
    }
    let mut last = at;
    while last - at < REACH
        && t.touches(last + 1)
        && (t.get(last + 1).is_some_and(|token| token.kind != Kind::Mark)
            || (t.is_mark(last + 1, "_.") && t.touches(last + 2) && !t.is_mark(last + 2, "./")))
    {
        last += 1;
    }
    let letters = (at..=last).any(|x| t.is_word(x) && !matches!(t.norm(x), "g" | "m" | "a" | "e"));
    let coined = last > at;
    let long = t.span(at, last).len();
    let said = if coined { long >= 4 && letters } else { told && plain && t.is_word(at) && long >= 3 };
    let stop = !coined && t.has(at, super::words::Flags::STOP.or(super::words::Flags::UNIT));
    (said && !stop).then(|| t.hit(at, last, Class::Handle, 0.85, "handle_label").with_cue(t, Some(i)))
}
