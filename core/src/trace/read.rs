//! Reads a log.

use super::checkpoint::Checkpoint;
use super::head::{Head, SHORTEST_RECORD};
use super::owned::OwnedEvent;
use super::{
    Beginning, CHECKPOINT, CONFIG, FIRST_NOTE, HubState, MAGIC, STATE, TraceError, VERSION, WITHOUT_STATE,
    event, frames,
};
use crate::field::{Field, Input, Wrong};
use crate::hub::Config;
use crate::time::Instant;
use bytes::Bytes;

/// Begins to read a log.
///
/// # Errors
/// The bytes are not a log, the log has another version, or it ends before the end of its config.
pub fn read(log: &[u8]) -> Result<Reader<'_>, TraceError> {
    let rest = log.strip_prefix(&MAGIC).ok_or(TraceError::NotATrace)?;
    let (version, rest) = rest.split_first_chunk().ok_or(TraceError::NoConfig)?;
    let version = u16::from_le_bytes(*version);
    if version != VERSION {
        return Err(TraceError::Version(version));
    }
    let mut records = Records { rest, at: log.len() - rest.len() };
    let at = records.at;
    let Found::Record { body: [CONFIG, fields @ ..], .. } = records.next() else {
        return Err(TraceError::NoConfig);
    };
    let mut input = Input(fields);
    let config = Config::take(&mut input).and_then(|config| input.end().map(|()| config));
    let config = config.map_err(|_| TraceError::Malformed { at })?;
    Ok(Reader { records, config, last: Instant::ORIGIN, zeros: frames::zeros(), failed: false, cut: 0 })
}

/// Iterates over the entries of a log. It returns `None` after an error.
///
/// The reader needs memory in proportion to the longest record. Payloads that were not [kept](super::Payloads::Kept) are
/// zeros from one buffer, which is as long as the longest payload.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    records: Records<'a>,
    config: Config,
    last: Instant,
    /// The buffer of zeros from which payloads are cut.
    zeros: Bytes,
    failed: bool,
    cut: usize,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry<'a> {
    /// An event and when it happened.
    Event(Instant, OwnedEvent<'a>),
    /// The hash of the run up to here.
    Checkpoint(Checkpoint),
    /// A window of a run begins here, with the state of the hub.
    State(Beginning, HubState<'a>),
    /// A window of a run begins here, without the state of the hub.
    WithoutState(Beginning),
}

impl Reader<'_> {
    /// The config with which the recorder began; an [`Event::Reconfigure`](crate::hub::Event::Reconfigure) may replace it
    /// later. Its hash key is zero, since the log does not have it.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The offset of the next record in the log, in bytes; at the end, the length of the undamaged part.
    #[must_use]
    pub fn position(&self) -> usize {
        self.records.at
    }

    /// The bytes of a torn tail, which was cut off; 0 until the end is reached.
    #[must_use]
    pub fn cut(&self) -> usize {
        self.cut
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Entry<'a>, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.next_entry();
        self.failed = matches!(read, Some(Err(_)));
        read
    }
}

impl<'a> Reader<'a> {
    /// Iterates over the events and their times. It returns `None` after an error.
    pub fn events(self) -> impl Iterator<Item = Result<(Instant, OwnedEvent<'a>), TraceError>> {
        self.filter_map(|read| match read {
            Ok(Entry::Event(now, event)) => Some(Ok((now, event))),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    fn next_entry(&mut self) -> Option<<Self as Iterator>::Item> {
        loop {
            let (at, body) = match self.records.next() {
                Found::Record { at, body } => (at, body),
                Found::Corrupt { at } => return Some(Err(TraceError::Corrupt { at })),
                Found::End { torn } => {
                    self.cut = torn;
                    return None;
                }
            };
            let (&tag, fields) = body.split_first()?;
            if let Some(read) = self.take(tag, Input(fields)) {
                return Some(read.map_err(|wrong| match wrong {
                    Wrong::Malformed => TraceError::Malformed { at },
                    Wrong::PayloadTooLong(bytes) => TraceError::PayloadTooLong { at, bytes },
                }));
            }
        }
    }

    /// Reads a record by its tag; `None` if it is a note that this release does not know.
    fn take(&mut self, tag: u8, mut input: Input<'a>) -> Option<Result<Entry<'a>, Wrong>> {
        Some(match tag {
            CHECKPOINT => {
                let checkpoint = Checkpoint::take(&mut input);
                checkpoint.and_then(|checkpoint| input.end().map(|()| Entry::Checkpoint(checkpoint)))
            }
            STATE | WITHOUT_STATE => self.take_beginning(tag, input),
            note if note >= FIRST_NOTE => return None,
            _ => event::take(tag, &mut input, self.last, &mut self.zeros).map(|(now, event)| {
                self.last = now;
                Entry::Event(now, event)
            }),
        })
    }
}

impl<'a> Reader<'a> {
    fn take_beginning(&mut self, tag: u8, mut input: Input<'a>) -> Result<Entry<'a>, Wrong> {
        let beginning = Beginning::take(&mut input)?;
        let entry = match tag {
            STATE => Entry::State(beginning, HubState::take(&mut input)?),
            _ => Entry::WithoutState(beginning),
        };
        input.end()?;
        self.last = beginning.now;
        Ok(entry)
    }
}

/// The records of a log.
#[derive(Clone, Debug)]
struct Records<'a> {
    rest: &'a [u8],
    /// The offset of `rest` in the log.
    at: usize,
}

enum Found<'a> {
    /// An undamaged record, whose body is not empty.
    Record { at: usize, body: &'a [u8] },
    /// A damaged record with more behind it.
    Corrupt { at: usize },
    /// The end of the log, before this many bytes of a torn tail.
    End { torn: usize },
}

impl<'a> Records<'a> {
    fn next(&mut self) -> Found<'a> {
        let (at, rest) = (self.at, self.rest);
        let mut input = Input(rest);
        let behind = match Head::take(&mut input) {
            Head::Whole { body, is_sound: true } => {
                self.at += rest.len() - input.0.len();
                self.rest = input.0;
                return Found::Record { at, body };
            }
            Head::Whole { is_sound: false, .. } => input.0,
            Head::Cut => &[],
            // A record behind it would begin after at least this many bytes.
            Head::Damaged => rest.get(SHORTEST_RECORD..).unwrap_or_default(),
        };
        // After a crash some file systems leave zeros behind the last byte written.
        if behind.iter().all(|&byte| byte == 0) {
            Found::End { torn: rest.len() }
        } else {
            Found::Corrupt { at }
        }
    }
}
