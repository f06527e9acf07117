//! What a message is answered with.

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
use throng_core::frame::Frame;
use tower_layer::Layer;
use tower_service::Service;

/// What a service may return: nothing, or something that can be sent, which then goes to the client whose message it was.
pub trait Answer {
    /// The frame, if there is one.
    ///
    /// # Errors
    /// It cannot be encoded.
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

/// The answer to an error where nobody chose another: `{"type":"error","id":7,"code":"over_rate","message":"…"}`.
fn in_json(error: &ServiceError, request: Option<&RequestId>) -> Option<Frame> {
    let id = fmt::from_fn(|f| match request {
        Some(request) => write!(f, r#","{}":{}"#, Escaped(request.field()), request.json()),
        None => Ok(()),
    });
    let (code, message) = (Escaped(error.code()), format!("{error}"));
    format!(r#"{{"type":"error"{id},"code":"{code}","message":"{}"}}"#, Escaped(&message)).into_frame().ok()
}

/// A text as it stands within a string of JSON, which this module writes without the `json` feature too.
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

/// Answers errors, so that none is left: [`AnswerErrors`].
///
/// [`Builder::messages`](crate::Builder::messages) puts one around every service, which answers
/// `{"type":"error","code":…,"message":…}`, where `code` is [`ServiceError::code`]. The id of the request is repeated behind
/// the type, if the hub [looks for one](crate::Builder::request_id). A layer of your own stands further in, so that
/// the errors of what it encloses are answered as it says.
#[derive(Clone, Default)]
pub struct AnswerErrorsLayer {
    /// `None`: in JSON.
    choose: Option<Choose>,
}

impl AnswerErrorsLayer {
    /// Answers as `choose` says: nothing, text, a frame. It is given the error and the message that it is about, with its
    /// client and its [id](Incoming::request_id). For that each message costs one allocation, and stays in memory until it is answered.
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

/// A service whose errors are answers: [`AnswerErrorsLayer`].
#[derive(Clone)]
pub struct AnswerErrors<S> {
    inner: S,
    choose: Option<Choose>,
    /// Why the inner service takes no more: the answer to the next call.
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

/// How an error is answered, with what is needed of the message that it is about. Boxed, so that the future is no larger for those
/// who choose nothing.
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
                // An answer that has no form must not leave the client without one.
                choose(error, about).unwrap_or_else(|_| in_json(error, about.request_id()))
            }
        }
    }
}

pin_project! {
    /// The answer of a service, or to its error.
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
