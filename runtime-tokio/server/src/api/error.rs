//! Errors of the API: Centrifugo's codes, with a sentence that says what is wrong.

use http::StatusCode;
use serde_json::{Value, json};
use throng_tokio::core::protocol::{ErrorCode, Failure};
use throng_tokio::{SendError, hub};

/// The code of an error. The codes are Centrifugo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Internal = 100,
    PermissionDenied = 103,
    MethodNotFound = 104,
    LimitExceeded = 106,
    BadRequest = 107,
    NotAvailable = 108,
    Unrecoverable = 112,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Error {
    pub(super) code: Code,
    why: String,
}

impl Error {
    pub(super) fn new(code: Code, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, why)
    }

    /// The code and the message, which begins as Centrifugo's.
    pub(super) fn to_json(&self) -> Value {
        json!({ "code": self.code as u32, "message": format!("{}: {}", self.code.message(), self.why) })
    }

    /// The status if the caller wants errors of HTTP: Centrifugo's, and 429 for a limit.
    pub(super) const fn status(&self) -> StatusCode {
        match self.code {
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::MethodNotFound => StatusCode::NOT_FOUND,
            Code::LimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Code::BadRequest | Code::NotAvailable => StatusCode::BAD_REQUEST,
            Code::Unrecoverable => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }
}

impl Code {
    pub(super) const ALL: [Self; 7] = [
        Self::Internal,
        Self::PermissionDenied,
        Self::MethodNotFound,
        Self::LimitExceeded,
        Self::BadRequest,
        Self::NotAvailable,
        Self::Unrecoverable,
    ];

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Internal => "internal server error",
            Self::PermissionDenied => "permission denied",
            Self::MethodNotFound => "not found",
            Self::LimitExceeded => "limit exceeded",
            Self::BadRequest => "bad request",
            Self::NotAvailable => "not available",
            Self::Unrecoverable => "unrecoverable position",
        }
    }
}

impl From<hub::Error> for Error {
    fn from(error: hub::Error) -> Self {
        use hub::Refusal;
        let code = match error.refusal() {
            Some(
                Refusal::EmptyName
                | Refusal::NameTooLong { .. }
                | Refusal::MessageTooBig { .. }
                | Refusal::KeyTooLong { .. }
                | Refusal::InfoTooLong { .. },
            ) => Code::BadRequest,
            Some(Refusal::NoHistory | Refusal::NoPresence) => Code::NotAvailable,
            Some(_) => Code::LimitExceeded,
            None => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let is = |code: ErrorCode| failure.code == code.number();
        let code = match () {
            () if is(ErrorCode::LimitExceeded) => Code::LimitExceeded,
            () if is(ErrorCode::NotAvailable) => Code::NotAvailable,
            () if is(ErrorCode::Internal) => Code::Internal,
            () => Code::BadRequest,
        };
        Self::new(code, failure.why)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(error) => error.into(),
            other => Self::bad(other.to_string()),
        }
    }
}
