//! The HTTP API, in the shape of Centrifugo's, so that its server libraries work: `POST /api/<method>`. A channel is a room.
//!
//! | file | methods |
//! | --- | --- |
//! | `publish` | publish, broadcast, send |
//! | `members` | subscribe, unsubscribe, disconnect, refresh |
//! | `queries` | presence, presence_stats, history, history_remove, channels, info |
//! | `lists` | clients, users, rooms |
//! | `operators` | stats, events, config |
//! | `batch` | batch |
//! | `methods` | the table of all but `batch` |
//! | `rights` | what a key may do |
//! | `openapi`, `schemas`, `operator_schemas` | the description of all this, made of the table |
//! | `parameters`, `error` | how they are read and answered; the codes |

mod batch;
mod elsewhere;
mod error;
mod lists;
mod members;
mod methods;
mod openapi;
mod operator_schemas;
mod operators;
mod parameters;
mod pattern;
mod publish;
mod queries;
mod rights;
mod schemas;

pub(crate) use openapi::serve as openapi;

use crate::admin::Rank;
use crate::config::Config;
use crate::guard;
use crate::server::{Server, Shared};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use error::Error;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::LengthLimitError;
use methods::{METHODS, find};
use rights::Caller;
use serde_json::{Value, json};
use std::error::Error as _;
use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The header with which a caller asks for errors as statuses of HTTP.
const ERROR_MODE: &str = "x-centrifugo-error-mode";

/// The route `/api/{method}`.
pub(crate) async fn call(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(method): Path<String>,
    request: Request<Body>,
) -> Response {
    let config = server.live.config();
    if request.method() != Method::POST {
        let why = "The API takes POST with a body in JSON.\n";
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], why).into_response();
    }
    // Before the body is read.
    let caller = match authorized(&server, &config, peer, request.headers()) {
        Ok(caller) => caller,
        Err(refused) => {
            let what = format!("a request for the API from {}: {}", peer.ip(), refused.status());
            server.records.events.refused(&what);
            return *refused;
        }
    };
    let found = find(&method);
    let Some(method) = found.map(|method| method.name).or((method == "batch").then_some("batch")) else {
        count("unknown", 404);
        let known: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        let why = format!("There is no such method: there are {}, batch.\n", known.join(", "));
        return (StatusCode::NOT_FOUND, why).into_response();
    };
    let is_transport = request.headers().get(ERROR_MODE).is_some_and(|mode| mode == "transport");
    let body = match body_of(request, &config).await {
        Ok(body) => body,
        Err((status, why)) => {
            count(method, status.as_u16().into());
            return (status, why).into_response();
        }
    };
    // What is no JSON is an error of HTTP, as in Centrifugo.
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        count(method, 400);
        return (StatusCode::BAD_REQUEST, format!("The body is no JSON: {error}.\n")).into_response();
    }
    let outcome = match found {
        Some(method) => {
            let allowed = rights::check(caller, method, &body);
            allowed.and_then(|()| (method.command)(&server, &config, &body))
        }
        None => batch::batch(&server, &config, caller, &body),
    };
    let (status, answer) = answered(method, outcome, is_transport);
    (status, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// Counts what came of a command, and gives the status and the body.
fn answered(method: &'static str, outcome: Result<Value, Error>, is_transport: bool) -> (StatusCode, Value) {
    match outcome {
        Ok(answer) => {
            count(method, 0);
            (StatusCode::OK, answer)
        }
        Err(error) => {
            count(method, error.code as u32);
            match is_transport {
                true => (error.status(), error.to_json()),
                false => (StatusCode::OK, json!({ "error": error.to_json() })),
            }
        }
    }
}

/// Who calls, or the answer to a request without a key.
fn authorized<'a>(
    server: &Server,
    config: &'a Config,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<Caller<'a>, Box<Response>> {
    match server.start_key.rank(config, peer, headers) {
        Rank::Admin => return Ok(Caller::Admin),
        Rank::StartKeyFromElsewhere => {
            const WHY: &str = "The key that was made at the start is for peers of this machine that use its address or \"localhost\". \
                Set `admin.key` for others.\n";
            count("unauthorized", 403);
            return Err(Box::new((StatusCode::FORBIDDEN, WHY).into_response()));
        }
        Rank::Other => {}
    }
    let has_admin_key = config.admin.key.is_some() || server.start_key.valid(config).is_some();
    let why = match (guard::caller(headers, &config.api.keys), config.api.keys.is_empty()) {
        (Some(key), _) => return Ok(Caller::Key(key)),
        (None, true) if has_admin_key => {
            "The API needs the key of the admin page in the header X-API-Key: `api.keys` is empty.\n"
        }
        (None, true) => "The API is off: no key is in the config's `api.keys`.\n",
        (None, false) => {
            "The API needs one of the keys of the config's `api.keys` in the header X-API-Key.\n"
        }
    };
    count("unauthorized", 401);
    Err(Box::new((StatusCode::UNAUTHORIZED, why).into_response()))
}

async fn body_of(request: Request<Body>, config: &Config) -> Result<Bytes, (StatusCode, String)> {
    let most = config.api.body_bytes.0;
    let too_long = || {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body may have {most} bytes at most: `api.body_bytes`.\n"),
        )
    };
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > most) {
        return Err(too_long());
    }
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    match tokio::time::timeout(BODY_TIME, to_bytes(request.into_body(), limit)).await {
        // An empty body is a command without parameters.
        Ok(Ok(body)) if body.is_empty() => Ok(Bytes::from_static(b"{}")),
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if is_too_long(&error) => Err(too_long()),
        Ok(Err(error)) => {
            // The innermost cause says what is wrong.
            let why = causes(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
            Err((StatusCode::BAD_REQUEST, format!("The body cannot be read: {why}.\n")))
        }
        Err(_) => Err((
            StatusCode::REQUEST_TIMEOUT,
            format!("The body took longer than {} s.\n", BODY_TIME.as_secs()),
        )),
    }
}

/// Whether a body was given up because of its length, and not because it is broken or the client has gone.
fn is_too_long(error: &axum::Error) -> bool {
    causes(error).any(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// What has caused an error, the innermost cause last.
fn causes(error: &axum::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    iter::successors(error.source(), |cause| (*cause).source())
}

fn count(method: &'static str, code: u32) {
    metrics::counter!("throng_api_requests_total", "method" => method, "code" => code.to_string())
        .increment(1);
}
