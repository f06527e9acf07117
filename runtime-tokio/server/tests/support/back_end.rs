//! A back end over real HTTP: it notes what it is asked, and answers as a test says.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

use super::{PATIENCE, within};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How it answers the requests for a path.
#[derive(Clone, Debug)]
pub(crate) enum Answering {
    Json(Value),
    Text(&'static str),
    Status(u16),
    /// After this time.
    Slowly(Duration, Value),
    /// Not at all.
    Never,
    /// The head and a part of the body, and no more.
    HalfOf(&'static str),
    /// A body without end.
    Endless,
}

/// A request that it got.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("visible ASCII"))
    }
}

#[derive(Default)]
struct Shared {
    /// By path: answers that are given once, in order, and then always the last one.
    answers: Mutex<BTreeMap<String, Vec<Answering>>>,
    asked: Mutex<BTreeMap<String, Vec<Asked>>>,
    now: AtomicUsize,
    most: AtomicUsize,
    connections: AtomicUsize,
}

/// The back end, in a runtime of its own, so that its connections end with it.
pub(crate) struct BackEnd {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl BackEnd {
    pub(crate) fn start() -> Self {
        let mut back_end = Self { port: 0, shared: Arc::default(), runtime: None };
        back_end.begin();
        back_end
    }

    /// Listens, on the same port as before.
    pub(crate) fn begin(&mut self) {
        let listener = within("the port is free", || TcpListener::bind(("127.0.0.1", self.port)).ok());
        listener.set_nonblocking(true).expect("a listener can be");
        self.port = listener.local_addr().expect("it is bound").port();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("threads can be started");
        let shared = Arc::clone(&self.shared);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&self.shared));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let counted = listener.tap_io(move |_| _ = shared.connections.fetch_add(1, Ordering::SeqCst));
            axum::serve(counted, router).await
        });
        self.runtime = Some(runtime);
    }

    /// Closes the port and all connections.
    pub(crate) fn stop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// From now on, requests for this path are answered so.
    pub(crate) fn answer(&self, path: &str, answering: Answering) {
        self.answer_each(path, vec![answering]);
    }

    /// The requests for this path are answered so in turn, and all later ones as the last.
    pub(crate) fn answer_each(&self, path: &str, answers: Vec<Answering>) {
        self.shared.answers.lock().expect("no panic").insert(format!("/{path}"), answers);
    }

    pub(crate) fn result(&self, path: &str, result: Value) {
        self.answer(path, Answering::Json(json!({ "result": result })));
    }

    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.shared.asked.lock().expect("no panic").get(&format!("/{path}")).cloned().unwrap_or_default()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn was_asked(&self, path: &str, times: usize) -> Vec<Asked> {
        super::soon(&format!("/{path} is asked {times} times"), || {
            Some(self.asked(path)).filter(|asked| asked.len() >= times)
        })
        .await
    }

    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were there at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Counts a request while it is answered.
struct Here(Arc<Shared>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, bytes: Bytes) -> Response {
    let here = shared.now.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most.fetch_max(here, Ordering::SeqCst);
    let _here = Here(Arc::clone(&shared));
    let answering = {
        let mut answers = shared.answers.lock().expect("no panic");
        match answers.get_mut(uri.path()) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => Answering::Status(404),
        }
    };
    // Noted after the answer is chosen: a test that sees the question may change the next answer.
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let asked = Asked { headers, bytes, body };
    shared.asked.lock().expect("no panic").entry(uri.path().into()).or_default().push(asked);
    match answering {
        Answering::Json(json) => json.to_string().into_response(),
        Answering::Text(text) => text.into_response(),
        Answering::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Answering::Slowly(time, json) => {
            tokio::time::sleep(time).await;
            json.to_string().into_response()
        }
        Answering::Never => {
            tokio::time::sleep(10 * PATIENCE).await;
            StatusCode::NO_CONTENT.into_response()
        }
        Answering::HalfOf(text) => {
            let half = futures_util::stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(text)) });
            Response::new(Body::from_stream(futures_util::StreamExt::chain(
                half,
                futures_util::stream::pending(),
            )))
        }
        Answering::Endless => {
            let part = || Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096]));
            Response::new(Body::from_stream(futures_util::stream::repeat_with(part)))
        }
    }
}
