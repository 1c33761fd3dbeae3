//! Baseline JPEG, segment by segment, and its scan block by block.

use ring::digest;

use super::{AuditError, Walk};

/// JFIF 1.01, no unit, aspect 1:1, no thumbnail: the one APP0 that gives nothing away. [JFIF 1.02, 10]
const BARE_JFIF: [u8; 14] = *b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

// Markers. [ITU-T T.81, table B.1]
const SOI: u8 = 0xD8;
const APP0: u8 = 0xE0;
const DQT: u8 = 0xDB;
const SOF0: u8 = 0xC0;
const DHT: u8 = 0xC4;
const SOS: u8 = 0xDA;
const EOI: u8 = 0xD9;

/// Components 1, 2, 3 with DC and AC tables 0/0, 1/1, 1/1; the full spectrum, no approximation: all
/// that baseline allows. [T.81, B.2.3]
const SCAN_HEADER: [u8; 10] = [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0];

/// SHA-256 over the tables of [T.81, K.3.3], each behind its class and number: DC 0, AC 0, DC 1, AC 1.
const STANDARD_HUFFMAN: [u8; 32] = [
    0xf3, 0x61, 0xab, 0x42, 0xf7, 0x1f, 0xf0, 0x19, 0x27, 0x5c, 0x52, 0x24, 0x94, 0xac, 0xce, 0xdf, 0x9f,
    0xad, 0xd1, 0x3f, 0x16, 0xaf, 0x71, 0x63, 0x2c, 0xa2, 0x82, 0x55, 0xa7, 0x55, 0x4a, 0x15,
];

pub(super) fn check(bytes: &[u8], width: u32, height: u32) -> Result<(), AuditError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.expect(&[0xFF, SOI], "no SOI")?;
    walk.expect(&[0xFF, APP0, 0, 16], "no JFIF header")?;
    walk.expect(&BARE_JFIF, "a JFIF header that says more than it must")?;
    let mut tables = Tables::default();
    let mut frame = None;
    loop {
        walk.expect(&[0xFF], "bytes between segments")?;
        let marker = walk.take(1)?[0];
        let Some(length) = walk.u16()?.checked_sub(2) else { return walk.fail("a segment without length") };
        let body = walk.take(length)?;
        match marker {
            DQT if tables.take_quantisation(body) => {}
            DHT if tables.take_huffman(body) => {}
            SOF0 if frame.is_none() => frame = Some(Frame::read(body, width, height)),
            SOS if body == SCAN_HEADER => break,
            _ => return walk.fail("a segment that is not needed to show the picture"),
        }
    }
    let (Some(frame), Some(codes)) = (frame.flatten(), tables.codes()) else {
        return walk.fail("a frame or table that is not the picture's");
    };
    let Some(end) = bytes.get(walk.at..).and_then(|data| scan_end(data, &frame, &codes)) else {
        return walk.fail("a scan that is more or less than the picture");
    };
    walk.at += end;
    walk.expect(&[0xFF, EOI], "no EOI after the scan")?;
    if walk.at_end() { Ok(()) } else { walk.fail("bytes after the end of the image") }
}

/// How many blocks the scan holds.
struct Frame {
    units: u64,
    /// Luma blocks in each unit; two more are chroma.
    luma_blocks: u32,
}

impl Frame {
    /// [T.81, B.2.2]: 8 bits, the expected size, three components at 4:4:4 or 4:2:0 with quantisation
    /// tables 0, 1, 1.
    fn read(body: &[u8], width: u32, height: u32) -> Option<Self> {
        let [h1, h0] = u16::try_from(height).ok()?.to_be_bytes();
        let [w1, w0] = u16::try_from(width).ok()?.to_be_bytes();
        let (luma_blocks, side) = match body.strip_prefix(&[8, h1, h0, w1, w0])? {
            [3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1] => (1, 8),
            [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1] => (4, 16),
            _ => return None,
        };
        Some(Self { units: u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side)), luma_blocks })
    }
}

/// The tables seen so far.
#[derive(Default)]
struct Tables<'a> {
    quantisation: [bool; 2],
    /// Class and number, counts and symbols: DC 0, AC 0, DC 1, AC 1.
    huffman: [Option<&'a [u8]>; 4],
}

impl<'a> Tables<'a> {
    /// [T.81, B.2.4.1]: tables 0 and 1 once each, a byte and 64 elements of one byte.
    fn take_quantisation(&mut self, mut body: &[u8]) -> bool {
        while let [head, rest @ ..] = body {
            let Some(seen) = self.quantisation.get_mut(usize::from(*head)) else { return false };
            let Some((elements, left)) = rest.split_at_checked(64) else { return false };
            if std::mem::replace(seen, true) || elements.contains(&0) {
                return false;
            }
            body = left;
        }
        true
    }

    /// [T.81, B.2.4.2]: each table once, a byte, 16 counts and as many symbols as they add up to.
    fn take_huffman(&mut self, mut body: &'a [u8]) -> bool {
        while let [head, rest @ ..] = body {
            let Some(counts) = rest.get(..16) else { return false };
            let symbols: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let Some((table, left)) = body.split_at_checked(17 + symbols) else { return false };
            let slot = match head {
                0x00 => 0,
                0x10 => 1,
                0x01 => 2,
                0x11 => 3,
                _ => return false,
            };
            if self.huffman[slot].replace(table).is_some() {
                return false;
            }
            body = left;
        }
        true
    }

    /// The codes, if every table is there and the Huffman tables are the standard's.
    fn codes(&self) -> Option<[Codes; 4]> {
        let [Some(dc0), Some(ac0), Some(dc1), Some(ac1)] = self.huffman else { return None };
        let tables = [dc0, ac0, dc1, ac1];
        let hash = digest::digest(&digest::SHA256, &tables.concat());
        let standard = hash.as_ref() == STANDARD_HUFFMAN && self.quantisation == [true, true];
        standard.then(|| tables.map(Codes::new))
    }
}

/// For every 16 bits that may come next, the length of the code they start with and its symbol; length
/// 0 where they start none.
struct Codes(Vec<(u8, u8)>);

impl Codes {
    /// [T.81, C.2]: codes of one length count up, and the next length goes on where they stop.
    fn new(table: &[u8]) -> Self {
        let (counts, symbols) = table[1..].split_at(16);
        let mut symbols = symbols.iter();
        let mut entries = Vec::with_capacity(1 << 16);
        for (length, count) in (1u8..).zip(counts) {
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                entries.extend(std::iter::repeat_n((length, *symbol), 1 << (16 - length)));
            }
        }
        entries.resize(1 << 16, (0, 0));
        Self(entries)
    }
}

/// Decodes the scan's symbols and counts blocks, keeping nothing. Gives the offset of the marker behind
/// it; `None` unless the data is exactly the frame's blocks, padded with ones. [T.81, F.2.2]
fn scan_end(data: &[u8], frame: &Frame, [dc0, ac0, dc1, ac1]: &[Codes; 4]) -> Option<usize> {
    let mut bits = Bits { data, at: 0, held: 0, count: 0 };
    for _ in 0..frame.units {
        for _ in 0..frame.luma_blocks {
            bits.block(dc0, ac0)?;
        }
        bits.block(dc1, ac1)?;
        bits.block(dc1, ac1)?;
    }
    bits.end()
}

/// The scan as bits, stuffed zero bytes removed.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, the first of them highest; zeros behind them.
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// One block of 64 coefficients.
    fn block(&mut self, dc: &Codes, ac: &Codes) -> Option<()> {
        // [T.81, F.1.2.1.1]: differences of 8-bit samples have at most 11 bits.
        let size = self.symbol(dc).filter(|size| *size <= 11)?;
        self.skip(size)?;
        let mut coefficient = 1;
        while coefficient < 64 {
            match self.symbol(ac)? {
                0x00 => return Some(()),
                0xF0 => coefficient += 16,
                symbol => {
                    let (run, size) = (symbol >> 4, symbol & 15);
                    if size == 0 {
                        return None;
                    }
                    coefficient += u32::from(run) + 1;
                    self.skip(size)?;
                }
            }
        }
        (coefficient == 64).then_some(())
    }

    fn symbol(&mut self, codes: &Codes) -> Option<u8> {
        self.fill();
        let (length, symbol) = codes.0[usize::try_from(self.held >> 48).ok()?];
        if length == 0 {
            return None;
        }
        self.skip(length)?;
        Some(symbol)
    }

    fn skip(&mut self, length: u8) -> Option<()> {
        self.fill();
        self.count = self.count.checked_sub(u32::from(length))?;
        self.held <<= length;
        Some(())
    }

    /// Holds more than 32 bits, or all that are left before the next marker.
    fn fill(&mut self) {
        while self.count <= 32 {
            let (byte, taken) = match self.data.get(self.at..) {
                Some([0xFF, 0x00, ..]) => (0xFF, 2),
                Some([byte, ..]) if *byte != 0xFF => (*byte, 1),
                _ => return,
            };
            self.at += taken;
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Where the marker stands, if nothing but padding is left before it: fewer than 8 bits, all ones.
    fn end(mut self) -> Option<usize> {
        self.fill();
        let padding = !(u64::MAX >> self.count.min(63));
        (self.count < 8 && self.held == padding).then_some(self.at)
    }
}
