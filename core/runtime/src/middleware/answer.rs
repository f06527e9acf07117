//! Answers of services, and answers to their errors.

use super::error::ServiceError;
use super::incoming::Incoming;
use crate::notice::message::{IntoFrame, SendError};
use crate::notice::request_id::RequestId;
use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::fmt::Write;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use throng_core::Frame;
use tower_layer::Layer;
use tower_service::Service;

/// The return value of a service: nothing, or something to send to the client whose message was handled.
pub trait Answer {
    /// The answer as a frame; `None` for no answer.
    ///
    /// # Errors
    /// The answer cannot be encoded.
    fn answer(self) -> Result<Option<Frame>, SendError>;
}

impl Answer for () {
    fn answer(self) -> Result<Option<Frame>, SendError> {
        Ok(None)
    }
}

impl<T: IntoFrame> Answer for T {
    fn answer(self) -> Result<Option<Frame>, SendError> {
        self.into_frame().map(Some)
    }
}

impl<T: Answer> Answer for Option<T> {
    fn answer(self) -> Result<Option<Frame>, SendError> {
        self.map_or(Ok(None), T::answer)
    }
}

impl<T: Answer, E: Answer> Answer for Result<T, E> {
    fn answer(self) -> Result<Option<Frame>, SendError> {
        match self {
            Ok(answer) => answer.answer(),
            Err(answer) => answer.answer(),
        }
    }
}

/// The default answer to an error: `{"type":"error","id":7,"code":"over_rate","message":"…"}`.
pub(super) fn in_json(error: &ServiceError, request: Option<&RequestId>) -> Option<Frame> {
    let id = fmt::from_fn(|f| match request {
        Some(request) => write!(f, r#","{}":{}"#, Escaped(request.field()), request.json()),
        None => Ok(()),
    });
    let (code, message) = (Escaped(error.code()), format!("{error}"));
    format!(r#"{{"type":"error"{id},"code":"{code}","message":"{}"}}"#, Escaped(&message)).into_frame().ok()
}

/// Text escaped for a JSON string. This module also writes JSON without the `json` feature.
struct Escaped<'a>(&'a str);

impl RequestId {
    /// The id in JSON: `7` or `"a7"`.
    pub(super) fn json(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self.as_str() {
            Some(text) => write!(f, "\"{}\"", Escaped(text)),
            None => fmt::Display::fmt(self, f),
        })
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '"' | '\\' => write!(f, "\\{letter}"),
            '\0'..' ' => write!(f, "\\u{:04x}", u32::from(letter)),
            _ => f.write_char(letter),
        })
    }
}

type Choose = Arc<dyn Fn(&ServiceError, &Incoming) -> Result<Option<Frame>, SendError> + Send + Sync>;

/// Answers errors, so that the outer layers see none.
///
/// [`Builder::messages`](crate::Builder::messages) puts this layer around every service. It answers
/// `{"type":"error","code":…,"message":…}`, where `code` is [`ServiceError::code`], and repeats the request's id after
/// the type if [`Builder::request_id`](crate::Builder::request_id) is set. Put a layer of your own further in to answer
/// the errors of what it encloses differently.
#[derive(Clone, Default)]
pub struct AnswerErrorsLayer {
    /// The application's closure; `None` answers in JSON.
    choose: Option<Choose>,
}

impl AnswerErrorsLayer {
    /// Answers as `choose` says: nothing, text, a frame. `choose` gets the error and the message, with its client and
    /// its [id](Incoming::request_id). This costs one allocation per message, and the message stays in memory until it
    /// is answered.
    ///
    /// ```
    /// use throng_runtime::middleware::{AnswerErrorsLayer, Incoming, ServiceError};
    ///
    /// let layer = AnswerErrorsLayer::by(|error: &ServiceError, about: &Incoming| match about.request_id() {
    ///     Some(id) => Some(format!("request {id} failed: {error}")),
    ///     None => None,
    /// });
    /// # let _ = layer;
    /// ```
    pub fn by<A: Answer>(choose: impl Fn(&ServiceError, &Incoming) -> A + Send + Sync + 'static) -> Self {
        Self { choose: Some(Arc::new(move |error, about| choose(error, about).answer())) }
    }
}

impl<S> Layer<S> for AnswerErrorsLayer {
    type Service = AnswerErrors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AnswerErrors { inner, choose: self.choose.clone(), failed: None }
    }
}

/// The service of [`AnswerErrorsLayer`].
#[derive(Clone)]
pub struct AnswerErrors<S> {
    inner: S,
    choose: Option<Choose>,
    /// The error of the inner service's `poll_ready`: the answer to the next call.
    failed: Option<ServiceError>,
}

impl<S> Service<Incoming> for AnswerErrors<S>
where
    S: Service<Incoming>,
    S::Response: Answer,
    S::Error: Into<ServiceError>,
{
    type Response = Option<Frame>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.failed = ready!(self.inner.poll_ready(cx)).err().map(Into::into);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        let failed = self.failed.take();
        let how = match &self.choose {
            Some(choose) => How::Chosen(Box::new((Arc::clone(choose), incoming.clone()))),
            None => How::InJson(incoming.request_id().cloned()),
        };
        let inner = if failed.is_none() { Some(self.inner.call(incoming)) } else { None };
        Answering { inner, failed, how }
    }
}

/// How an error is answered, with the parts of the message that the answer needs. Boxed, so that the future is not
/// larger for applications without a closure.
enum How {
    InJson(Option<RequestId>),
    Chosen(Box<(Choose, Incoming)>),
}

impl How {
    fn answer(&self, error: &ServiceError) -> Option<Frame> {
        match self {
            Self::InJson(request) => in_json(error, request.as_ref()),
            Self::Chosen(chosen) => {
                let (choose, about) = &**chosen;
                // If the chosen answer cannot be encoded, the client gets the default one.
                choose(error, about).unwrap_or_else(|_| in_json(error, about.request_id()))
            }
        }
    }
}

pin_project! {
    /// The future of a service's answer, or of the answer to its error.
    pub struct Answering<F> {
        #[pin]
        inner: Option<F>,
        failed: Option<ServiceError>,
        how: How,
    }
}

impl<F, A, E> Future for Answering<F>
where
    F: Future<Output = Result<A, E>>,
    A: Answer,
    E: Into<ServiceError>,
{
    type Output = Result<Option<Frame>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = match (this.inner.as_pin_mut(), this.failed.take()) {
            (Some(inner), _) => match ready!(inner.poll(cx)) {
                Ok(answer) => answer.answer().map_err(|_| ServiceError::NotEncoded),
                Err(error) => Err(error.into()),
            },
            (None, Some(error)) => Err(error),
            (None, None) => return Poll::Pending,
        };
        Poll::Ready(Ok(answered.unwrap_or_else(|error| this.how.answer(&error))))
    }
}
