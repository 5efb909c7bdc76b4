//! Stands between the wire and the frame parser, which looks at a frame's size only after it has taken all of it in.
//!
//! Reads frame headers as the bytes go by and stops at the first frame that breaks a limit: declared too big, in too many
//! fragments, or one too many. So a connection never holds more than a message's worth of memory.

use tokio::time::Instant;

use super::{
    limits::{FRAMES_PER_SECOND, Inbound},
    line::Broken,
};

/// What a ping, a pong or a close may carry (RFC 6455 §5.5). The parser would take in whatever they declare before it looks.
const MOST_CONTROL: u64 = 125;

/// Follows frame headers (RFC 6455 §5.2) through the bytes of a connection.
pub struct Guard {
    limits: &'static Inbound,
    part: Part,
    fragments: u32,
    message: u64,
    budget: f64,
    filled: Instant,
}

/// Where in a frame the next byte is.
enum Part {
    First,
    Second { continues: bool, last: bool },
    Length { left: u8, length: u64, masked: bool, continues: bool, last: bool },
    Rest { left: u64 },
}

impl Guard {
    /// At the beginning of a connection.
    pub fn new(limits: &'static Inbound) -> Self {
        let (budget, filled) = (f64::from(limits.burst), Instant::now());
        Self { limits, part: Part::First, fragments: 0, message: 0, budget, filled }
    }

    /// Reads on. Nothing is to be read after an error.
    pub fn read(&mut self, bytes: &[u8], now: Instant) -> Result<(), Broken> {
        let mut bytes = bytes;
        while let Some((byte, after)) = bytes.split_first() {
            if let Part::Rest { left } = &mut self.part {
                let skip = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= u64::try_from(skip).unwrap_or(*left);
                if *left == 0 {
                    self.part = Part::First;
                }
                bytes = bytes.get(skip..).unwrap_or_default();
                continue;
            }
            self.header_byte(*byte, now)?;
            bytes = after;
        }
        Ok(())
    }

    /// The client was asked for a frame, which is not to count against it.
    pub fn ask(&mut self) {
        self.budget = (self.budget + 1.0).min(f64::from(self.limits.burst));
    }

    fn header_byte(&mut self, byte: u8, now: Instant) -> Result<(), Broken> {
        match self.part {
            Part::First => {
                self.spend_frame(now)?;
                let control = byte & 0x08 != 0;
                self.part = Part::Second { continues: !control, last: byte & 0x80 != 0 };
                Ok(())
            }
            Part::Second { continues, last } => {
                let masked = byte & 0x80 != 0;
                match byte & 0x7f {
                    126 => self.part = Part::Length { left: 2, length: 0, masked, continues, last },
                    127 => self.part = Part::Length { left: 8, length: 0, masked, continues, last },
                    short => return self.payload(u64::from(short), masked, continues, last),
                }
                Ok(())
            }
            Part::Length { left, length, masked, continues, last } => {
                let length = (length << 8) | u64::from(byte);
                if left == 1 {
                    return self.payload(length, masked, continues, last);
                }
                self.part = Part::Length { left: left - 1, length, masked, continues, last };
                Ok(())
            }
            Part::Rest { .. } => Ok(()),
        }
    }

    /// A frame's header is complete: its declared length is known before any of it is taken in.
    fn payload(&mut self, length: u64, masked: bool, data: bool, last: bool) -> Result<(), Broken> {
        if !data && length > MOST_CONTROL {
            return Err(Broken::Framing);
        }
        if data {
            self.fragments += 1;
            self.message = self.message.saturating_add(length);
            let most = u64::try_from(self.limits.message).unwrap_or(u64::MAX);
            if self.message > most || self.fragments > self.limits.fragments {
                return Err(Broken::TooBig);
            }
            if last {
                (self.fragments, self.message) = (0, 0);
            }
        }
        let left = length.saturating_add(if masked { 4 } else { 0 });
        self.part = if left == 0 { Part::First } else { Part::Rest { left } };
        Ok(())
    }

    fn spend_frame(&mut self, now: Instant) -> Result<(), Broken> {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.budget = (self.budget + passed * FRAMES_PER_SECOND).min(f64::from(self.limits.burst)) - 1.0;
        if self.budget < 0.0 { Err(Broken::TooMany) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sync::{frame::MOST_IN, limits::INBOUND};

    /// A masked frame's header and body as a client would send it.
    fn frame(first: u8, length: usize, body: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
            126..65536 => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(vec![0; body]);
        bytes
    }

    fn feed(bytes: &[u8], chunk: usize) -> Result<(), Broken> {
        let mut guard = Guard::new(&INBOUND);
        let now = Instant::now();
        bytes.chunks(chunk).try_for_each(|chunk| guard.read(chunk, now))
    }

    proptest! {
        #[test]
        fn sound_frames_pass_however_they_are_cut(lengths in proptest::collection::vec(0usize..=MOST_IN, 0..8), chunk in 1usize..5000) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| frame(0x81, *length, *length)).collect();
            prop_assert_eq!(feed(&bytes, chunk), Ok(()));
        }

        #[test]
        fn any_bytes_end_in_a_verdict_or_pass(bytes in proptest::collection::vec(any::<u8>(), 0..3000), chunk in 1usize..100) {
            let _ = feed(&bytes, chunk);
        }
    }

    #[test]
    fn a_frame_that_declares_too_much_is_stopped_at_its_header() {
        assert_eq!(feed(&frame(0x81, MOST_IN + 1, 0), 3), Err(Broken::TooBig));
        assert_eq!(feed(&frame(0x81, 1 << 40, 0), 1), Err(Broken::TooBig));
    }

    #[test]
    fn a_control_frame_that_declares_too_much_is_stopped_at_its_header() {
        for opcode in [0x88, 0x89, 0x8a] {
            assert_eq!(feed(&frame(opcode, 125, 125), 7), Ok(()));
            assert_eq!(feed(&frame(opcode, 126, 0), 1), Err(Broken::Framing));
            assert_eq!(feed(&frame(opcode, 1 << 40, 0), 3), Err(Broken::Framing));
        }
    }

    #[test]
    fn fragments_are_counted_and_summed() {
        let tiny: Vec<u8> = (0..17).flat_map(|n| frame(if n == 0 { 0x01 } else { 0x00 }, 1, 1)).collect();
        assert_eq!(feed(&tiny, 7), Err(Broken::TooBig));
        let halves: Vec<u8> =
            [0x01, 0x00, 0x80].into_iter().flat_map(|first| frame(first, MOST_IN / 2, MOST_IN / 2)).collect();
        assert_eq!(feed(&halves, 1000), Err(Broken::TooBig));
        let pinged: Vec<u8> =
            [(0x01, 10), (0x89, 5), (0x80, 10)].into_iter().flat_map(|(first, n)| frame(first, n, n)).collect();
        assert_eq!(feed(&pinged, 4), Ok(()));
    }

    #[test]
    fn in_the_long_run_two_frames_a_second_pass() {
        let (mut guard, begun, ping) = (Guard::new(&INBOUND), Instant::now(), frame(0x89, 0, 0));
        let mut send = |seconds| guard.read(&ping, begun + std::time::Duration::from_secs(seconds));
        assert!((0..INBOUND.burst).all(|_| send(0).is_ok()));
        assert!((1..=300).all(|second| send(second).is_ok() && send(second).is_ok()));
        assert_eq!(send(300), Err(Broken::TooMany));
    }

    #[test]
    fn what_was_asked_for_is_free() {
        let (mut guard, now, report) = (Guard::new(&INBOUND), Instant::now(), frame(0x81, 5, 5));
        for _ in 0..10 * INBOUND.burst {
            guard.ask();
            assert_eq!(guard.read(&report, now), Ok(()));
        }
        assert!((1..INBOUND.burst).all(|_| guard.read(&report, now).is_ok()), "and nothing is saved up by it");
        assert_eq!(guard.read(&report, now), Err(Broken::TooMany));
    }

    #[test]
    fn one_frame_too_many_is_stopped() {
        let pings: Vec<u8> = (0..=INBOUND.burst).flat_map(|_| frame(0x89, 0, 0)).collect();
        assert_eq!(feed(&pings, 64), Err(Broken::TooMany));
    }
}
