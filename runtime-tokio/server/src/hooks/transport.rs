//! Requests to the back end: a POST of JSON.

use super::failure::Failure;
use crate::config::Config;
use crate::config::hooks::HookUrl;
use crate::requests::{Requests, Trouble, Trust};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use std::time::Duration;

/// Connections to back ends. Nothing is there until the first request.
#[derive(Debug)]
pub(super) struct Transport(Requests);

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    /// How long the next attempt should wait.
    pub(super) retry_after: Option<Duration>,
    /// The body, or why there is none that can be read.
    pub(super) body: Result<Bytes, Failure>,
}

impl Transport {
    /// At most `idle` idle connections are kept for each server.
    pub(super) fn new(config: &Config, idle: usize) -> Self {
        let trust = Trust { file: config.hooks.ca_file.clone(), key: "hooks.ca_file" };
        Self(Requests::new(trust, idle))
    }

    /// Sends a body in JSON; the answer has at most `most` bytes. The caller limits the time.
    pub(super) async fn post(
        &self,
        url: &HookUrl,
        headers: HeaderMap,
        body: Bytes,
        most: u64,
    ) -> Result<Reply, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.uri().clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let reply = self.0.send(request, most).await?;
        let seconds = reply.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = reply.body.map_err(Failure::from);
        Ok(Reply { status: reply.status, retry_after: seconds.map(Duration::from_secs), body })
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::Unreachable(why),
            Trouble::TooBig(most) => Self::TooBig(most),
        }
    }
}
