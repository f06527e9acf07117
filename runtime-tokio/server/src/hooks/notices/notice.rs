//! A notice as JSON.

use crate::config::hooks::NoticeEvent;
use crate::hooks::question::Meta;
use bytes::Bytes;
use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::Left;

/// Something that has happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Notice<'a> {
    Disconnect {
        #[serde(flatten)]
        who: Subject,
        code: u16,
        reason: &'a str,
        by: &'static str,
        open_ms: u64,
    },
    Unsubscribe {
        #[serde(flatten)]
        who: Subject,
        channel: &'a str,
        why: &'static str,
    },
    Away {
        #[serde(flatten)]
        who: Subject,
        code: u16,
        reason: &'a str,
        by: &'static str,
    },
    Resumed {
        #[serde(flatten)]
        who: Subject,
        /// `None`: the new connection took over one that was open.
        #[serde(skip_serializing_if = "Option::is_none")]
        away_ms: Option<u64>,
    },
    Occupied {
        channel: &'a str,
    },
    Vacated {
        channel: &'a str,
    },
}

/// The client to which it has happened.
#[derive(Debug, Serialize)]
pub(super) struct Subject {
    pub(super) client: String,
    pub(super) user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<Meta>,
}

#[derive(Serialize)]
struct Timed<'a> {
    /// Milliseconds since 1970.
    time_ms: u64,
    #[serde(flatten)]
    notice: &'a Notice<'a>,
}

impl Notice<'_> {
    /// The word for metrics.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::Disconnect { .. } => NoticeEvent::Disconnect.name(),
            Self::Unsubscribe { .. } => NoticeEvent::Unsubscribe.name(),
            Self::Away { .. } => NoticeEvent::Away.name(),
            Self::Resumed { .. } => NoticeEvent::Resumed.name(),
            Self::Occupied { .. } => NoticeEvent::Occupied.name(),
            Self::Vacated { .. } => NoticeEvent::Vacated.name(),
        }
    }

    /// The notice as it happens now.
    pub(super) fn to_json(&self) -> Bytes {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_ms = millis(since_1970);
        // Names and numbers can always be written.
        serde_json::to_vec(&Timed { time_ms, notice: self }).unwrap_or_default().into()
    }
}

/// A time in whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Why a client has left a room.
pub(super) const fn why(left: Left) -> &'static str {
    match left {
        Left::Asked => "asked",
        Left::Removed => "removed",
        Left::RoomClosed => "room_closed",
        Left::Ended => "ended",
        _ => "other",
    }
}
