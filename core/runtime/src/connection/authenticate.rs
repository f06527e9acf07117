//! Authenticates a connection after the WebSocket upgrade and before its client opens.

use crate::compression::KeptContext;
use crate::connection::handshake_transport::write_all;
use crate::handler::application::Application;
use crate::handler::limit::{Failure, within};
use crate::handshake::authenticating::{Authenticating, End, FrameStream, ReceiveError};
use crate::handshake::request::Connecting;
use crate::handshake::span::ConnectionSpan;
use crate::host::Report;
use crate::host::transport::{Reader, Transport};
use crate::notice::hook::Hook;
use crate::state::connection::ConnectionShared;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;
use throng_core::hub::Cause;
use throng_core::websocket::Decoder;
use throng_core::{CloseFrame, Instant};

/// How authentication after the upgrade ended.
pub(crate) enum AuthenticationResult {
    /// The connection is authenticated. Holds the decoder, if it has read only a part of a message, and the bytes that were read
    /// but not yet decoded.
    Authenticated(Option<Box<Decoder>>, Vec<u8>),
    /// The connection is rejected. Holds the last bytes to send to it.
    Rejected(Vec<u8>),
}

/// A connection and its reserved client, while `authenticate` decides whether the client opens.
pub(crate) struct Asked<'a> {
    pub(crate) connection: &'a ConnectionShared,
    pub(crate) member: &'a Member,
    pub(crate) span: &'a ConnectionSpan,
}

/// Runs the application's `authenticate` hook. `accepted` is the time at which the connection was accepted; `kept` is the
/// compression context, if the connection keeps one from message to message.
pub(crate) async fn authenticate<R: Reader>(
    Asked { connection, member, span }: Asked<'_>,
    connecting: &mut Connecting,
    transport: &mut Transport<R>,
    accepted: Instant,
    kept: Option<&mut KeptContext>,
) -> AuthenticationResult {
    let shared = &connection.shared;
    let rest = mem::take(&mut transport.rest);
    let stream = FrameStream {
        reader: &mut transport.reader,
        writer: &*transport.writer,
        decoder: connection.decoder(),
        shared,
        kept,
        rest,
        at: 0,
        output: Vec::new(),
        written: 0,
        items: 0,
        bytes: shared.settings.config.decoder().max_message,
        end: None,
    };
    let mut session = Authenticating { member, connecting, span, stream };
    let now = shared.now();
    let until = limit(shared, accepted).min(now + shared.settings.config.authentication());
    let asked =
        within(shared, Some(until.since(now)), || Application::of(shared).hooks.authenticate(&mut session))
            .await;
    let mut stream = session.stream;
    let answer = match asked {
        Ok(answer) => answer,
        Err(failure) => {
            shared.report(failure.report(None, Hook::Authenticate));
            Err(shared.close_frame(match failure {
                Failure::Panicked => Cause::Panicked,
                Failure::TimedOut => Cause::AuthenticationTimedOut,
            }))
        }
    };
    match (stream.end.take(), answer) {
        (None, Ok(())) => {}
        (Some(End::Closed(code)), _) => return AuthenticationResult::Rejected(stream.close(code, "")),
        // An open client whose peer ends its sending direction also gets a close frame without a code.
        (Some(End::HalfClosed), _) => return AuthenticationResult::Rejected(stream.close(None, "")),
        (Some(End::Error(ReceiveError::Closed)), _) => return AuthenticationResult::Rejected(Vec::new()),
        (Some(End::Error(ReceiveError::TooMuch)), _) => {
            let rejection = shared.close_frame(Cause::TooMuchBeforeAuthentication);
            return reject(shared, stream, &rejection);
        }
        (Some(End::Error(error)), _) => {
            if let ReceiveError::Protocol(error) = error {
                shared.counts.bad_input(error);
            }
            return reject(shared, stream, &error.into());
        }
        (None, Err(rejection)) => return reject(shared, stream, &rejection),
    }
    // Once the client is open, its lane writes to the transport. So the rest of the output must be written now.
    if write_all(stream.writer, &stream.output[stream.written..]).await.is_err() {
        return AuthenticationResult::Rejected(Vec::new());
    }
    let decoder = (!stream.decoder.is_fresh()).then(|| Box::new(stream.decoder));
    stream.rest.drain(..stream.at);
    AuthenticationResult::Authenticated(decoder, stream.rest)
}

/// The time at which the hook must have returned: nine tenths of `deadlines.handshake`. When that deadline is over, the hub ends
/// the transport; the last tenth is for writing a close frame.
fn limit(shared: &Shared, accepted: Instant) -> Instant {
    const TENTHS: u32 = 9;
    let handshake = shared.look(|inner| inner.hub.config().deadlines.handshake);
    accepted + handshake.checked_mul(TENTHS).unwrap_or(Duration::MAX) / 10
}

fn reject(shared: &Shared, stream: FrameStream<'_>, rejection: &CloseFrame) -> AuthenticationResult {
    shared.report(Report::Rejected { code: rejection.code.0 });
    AuthenticationResult::Rejected(stream.close(Some(rejection.code), &rejection.reason))
}
