//! Internet addresses and hardware addresses.

use std::net::Ipv6Addr;

use super::tokens::{Kind, Tokens};
use super::web::{REACH, bytes, is_label};
use crate::story::{Class, Hit, NumberKind};

/// "192.0.2.61".
pub(super) fn v4(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_number(i) || !t.opens_number(i) || (t.touches(i) && t.is_mark(i.wrapping_sub(1), ".")) {
        return None;
    }
    let last = i + 6;
    let dotted = (i + 1..=last)
        .all(|at| t.touches(at) && if (at - i) % 2 == 1 { t.is_mark(at, ".") } else { t.is_number(at) });
    let parts: Vec<u32> = (0..4).filter_map(|k| t.small(i + 2 * k)).collect();
    if !dotted || parts.len() != 4 || parts.iter().any(|part| *part > 255) {
        return None;
    }
    let goes_on = t.touches(last + 1)
        && (t.is_word(last + 1) || t.is_mark(last + 1, ".") && t.is_number(last + 2) && t.touches(last + 2));
    let before = t.norm(i.wrapping_sub(1));
    let version = matches!(before, "v" | "version" | "ver" | "firmware" | "fw" | "release" | "section");
    // Sections are numbered in small parts only.
    let small = parts.iter().all(|part| *part < 20) && before != "ip" && t.norm(i.wrapping_sub(2)) != "ip";
    (!goes_on && !version && !small).then(|| t.hit(i, last, Class::Ip, 0.96, "ip_v4"))
}

/// An IPv6 address or a hardware address of six pairs.
pub(super) fn colon_address(t: &Tokens, i: usize) -> Option<Hit> {
    let is_hex = |at: usize| {
        t.get(at).is_some_and(|x| x.kind != Kind::Mark && x.end - x.start <= 4)
            && t.raw(at).bytes().all(|b| b.is_ascii_hexdigit())
    };
    if !is_hex(i) || (t.touches(i) && (is_label(t, i.wrapping_sub(1)) || t.is_mark(i.wrapping_sub(1), ":.")))
    {
        return None;
    }
    let mut last = i;
    let mut colons = 0;
    let mut hyphens = 0;
    while last - i < REACH && t.touches(last + 1) && (is_hex(last + 1) || t.is_mark(last + 1, ":.-")) {
        last += 1;
        colons += usize::from(t.is_mark(last, ":"));
        hyphens += usize::from(t.is_mark(last, "-"));
    }
    if colons < 2 && hyphens != 5 {
        return None;
    }
    while last > i && t.is_mark(last, ".-") {
        last -= 1;
    }
    if t.touches(last + 1) && t.is_word(last + 1) {
        return None;
    }
    let span = t.span(i, last);
    let text = &t.text[span.clone()];
    let pairs = |mark: char| {
        let parts: Vec<&str> = text.split(mark).collect();
        parts.len() == 6 && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if pairs(':') || pairs('-') {
        return Some(bytes(
            span.start,
            span.end,
            Class::Number(NumberKind::Device),
            0.95,
            "hardware_address",
        ));
    }
    let text = text.strip_suffix(':').filter(|cut| !cut.ends_with(':')).unwrap_or(text);
    let groups = text.split(':').filter(|part| !part.is_empty()).count();
    (groups >= 3 && text.parse::<Ipv6Addr>().is_ok())
        .then(|| bytes(span.start, span.start + text.len(), Class::Ip, 0.96, "ip_v6"))
}
