//! Who may come in, by JSON web tokens: in a header, in the query, or, for pages that can do neither safely, as the first
//! message. Before a token expires its peer is told, and may send another one, as `token …`; otherwise its connection is closed.
//!
//! Run `cargo run --release --example auth -- --secret 'at least 32 random bytes, really'`, then
//!
//! ```sh
//! TOKEN=$(curl -s -X POST http://127.0.0.1:8080/login/ada)
//! websocat "ws://127.0.0.1:8080/ws?token=$TOKEN"
//! ```

#![allow(clippy::print_stdout)]

use axum::extract::{Path, State};
use axum::routing::{get, post};
use clap::Parser;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::{
    Authenticating, Client, CloseCode, CloseFrame, Connecting, Expiring, Expiry, Fatal, Handler, Hub,
    Message, Refusal,
};

/// What the peer is told of a token that is wrong, or expired: from 4000 on, codes are an application's own.
const UNAUTHORIZED: CloseCode = CloseCode(4401);

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:8080")]
    address: String,
    /// What tokens are signed with: at least 32 bytes, as many as the signature has (RFC 7518 section 3.2).
    #[arg(long)]
    secret: String,
    /// Seconds for which a token is good.
    #[arg(long, default_value_t = 600)]
    lifetime: u64,
    /// Seconds until a token that is made now becomes good.
    #[arg(long, default_value_t = 0)]
    delay: u64,
}

/// Whoever guesses the secret is anybody. Not a `value_parser` of clap, which would print a secret that is refused.
fn long_enough(secret: &str) -> Result<(), String> {
    match secret.len() {
        32.. => Ok(()),
        length => Err(format!(
            "the value of --secret has {length} bytes, and needs at least 32 that nobody can guess"
        )),
    }
}

/// What a token says: who, and from when until when, in seconds since 1970.
#[derive(Clone, Deserialize, Serialize)]
struct Claims {
    sub: String,
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
}

impl Claims {
    fn expiry(&self) -> Expiry {
        Expiry::at_unix_seconds(self.exp).close_with(CloseFrame::new(UNAUTHORIZED, "the token has expired"))
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Anybody who asks gets a token: here a password would be asked for.
async fn login(State(args): State<Arc<Args>>, Path(user): Path<String>) -> String {
    let nbf = now().as_secs().saturating_add(args.delay);
    let claims = Claims { sub: user, exp: nbf.saturating_add(args.lifetime), nbf: Some(nbf) };
    let key = EncodingKey::from_secret(args.secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap_or_default()
}

struct Doorkeeper(DecodingKey);

impl Doorkeeper {
    fn check(&self, token: &[u8]) -> Option<Claims> {
        let validation = Validation { leeway: 0, validate_nbf: true, ..Validation::default() };
        Some(jsonwebtoken::decode::<Claims>(token, &self.0, &validation).ok()?.claims)
    }
}

impl Handler for Doorkeeper {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let request = connecting.request();
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = bearer.map(str::to_owned).or_else(|| request.query("token")) else {
            // It will have to say who it is when the WebSocket is open.
            connecting.authenticate();
            return Ok(());
        };
        let Some(claims) = self.check(token.as_bytes()) else {
            connecting.set_refusal_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return Err(Refusal::custom(401, "The token is not valid, or has expired.\n"));
        };
        connecting.set_user(&claims.sub);
        connecting.set_expiry(claims.expiry());
        connecting.insert(claims);
        Ok(())
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let token = session.receive().await?;
        let claims = self.check(token.as_bytes()).ok_or(CloseFrame::new(UNAUTHORIZED, "who are you?"))?;
        session.set_user(&claims.sub)?;
        session.set_expiry(claims.expiry())?;
        session.insert(claims);
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        if let Some(Claims { sub, .. }) = client.get() {
            let _ = client.send(format!("Hello {sub}"));
        }
    }

    async fn expiring(&self, client: &Client, expiring: Expiring) {
        let _ = client.send(format!("Your token expires in {} s.", expiring.left.as_secs()));
    }

    async fn message(&self, client: &Client, message: Message) {
        let Some(token) = message.as_bytes().strip_prefix(b"token ") else {
            let _ = client.send(message);
            return;
        };
        // Another user's token is no renewal.
        let claims = self.check(token).filter(|claims| client.user().as_deref() == Some(&*claims.sub));
        let answer = match claims {
            Some(claims) => client.set_expiry(claims.expiry()).map_or("Too late.", |()| "Thank you."),
            None => "That is no good token of yours.",
        };
        let _ = client.send(answer);
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let args = Arc::new(Args::parse());
    long_enough(&args.secret)?;
    let hub = Hub::builder().handler(Doorkeeper(DecodingKey::from_secret(args.secret.as_bytes()))).build()?;
    let ws = axum::Router::new().route("/ws", get(throng_tokio::axum::connect)).with_state(hub.clone());
    let app = axum::Router::new().route("/login/{user}", post(login)).with_state(Arc::clone(&args)).merge(ws);
    let listening = tokio::net::TcpListener::bind(&args.address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {}: {error}", args.address))?;
    let address = listener.local_addr()?;
    let serving = throng_tokio::axum::serve(listener, app, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("auth on http://{address}");
    serving.await;
    Ok(())
}
