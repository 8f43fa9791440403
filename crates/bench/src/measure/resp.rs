//! Requests as clients write them to Redis: arrays of bulk strings. Frames are cut out of what arrives in pieces.

/// Bytes of one frame that are kept to look for an id in: names, keys and short arguments come first.
const KEPT: usize = 4 << 10;

/// Where the next byte belongs.
#[derive(Debug, Default)]
enum At {
    /// Before a frame, or in the line that says how many arguments it has.
    #[default]
    Count,
    /// In the line that says how long an argument is.
    Length,
    /// In an argument, with this many bytes of it to come, the line's end included.
    Argument(usize),
}

/// Cuts one direction of a connection into frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    at: At,
    /// Arguments to come.
    left: usize,
    line: Vec<u8>,
    frame: Vec<u8>,
}

impl Frames {
    /// Takes what arrived, and gives the frames that it completes: their beginnings, arguments by newline.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> Vec<Vec<u8>> {
        let mut done = Vec::new();
        while let Some(&byte) = piece.first() {
            if let At::Argument(left) = self.at {
                let taken = left.min(piece.len());
                self.keep(&piece[..taken]);
                piece = &piece[taken..];
                self.at = At::Argument(left - taken);
                if left == taken {
                    self.left = self.left.saturating_sub(1);
                    self.next(&mut done);
                }
                continue;
            }
            piece = &piece[1..];
            if byte == b'\n' {
                self.end_line(&mut done);
            } else {
                self.line.push(byte);
            }
        }
        done
    }

    fn end_line(&mut self, done: &mut Vec<Vec<u8>>) {
        let line = std::mem::take(&mut self.line);
        let number = line.get(1..).map(|digits| String::from_utf8_lossy(digits).trim().parse().unwrap_or(0));
        match self.at {
            At::Count => {
                self.left = number.unwrap_or(0);
                self.next(done);
            }
            // The argument and its line's end.
            At::Length | At::Argument(_) => self.at = At::Argument(number.unwrap_or(0) + 2),
        }
    }

    fn next(&mut self, done: &mut Vec<Vec<u8>>) {
        if self.left > 0 {
            self.at = At::Length;
            return;
        }
        self.at = At::Count;
        if !self.frame.is_empty() {
            done.push(std::mem::take(&mut self.frame));
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.frame.len());
        self.frame.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*1\r\n$4\r\nPING\r\n";

    #[test]
    fn frames_are_cut_wherever_pieces_end() {
        for size in 1..=TWO.len() {
            let mut frames = Frames::default();
            let cut: Vec<Vec<u8>> = TWO.chunks(size).flat_map(|piece| frames.feed(piece)).collect();
            assert_eq!(cut, [b"SET\r\nk\r\na\r\nb\r\n".to_vec(), b"PING\r\n".to_vec()], "pieces of {size}");
        }
    }

    #[test]
    fn of_a_big_frame_the_beginning_is_kept() {
        let mut big = b"*2\r\n$3\r\nSET\r\n$9000\r\n".to_vec();
        big.extend(vec![b'x'; 9_000]);
        big.extend(b"\r\n");
        big.extend(TWO);
        let cut = Frames::default().feed(&big);
        assert_eq!((cut.len(), cut[0].len()), (3, KEPT));
    }

    #[test]
    fn empty_arguments_and_frames_are_no_trouble() {
        let cut = Frames::default().feed(b"*0\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
        assert_eq!(cut, [b"ECHO\r\n\r\n".to_vec()]);
    }
}
