//! The one rendering of an error.
//!
//! A handler returns [`Error`]; `into_response` only attaches it to the response, and the outermost layer of the
//! [`service`](super::service()) writes the envelope, since only there the request id and the [`ErrorFormat`] are known.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Error,
    error::{Code, Details},
};

/// The document whose error codes an operation answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorFormat {
    /// The codes of this product.
    #[default]
    Scanward,
    /// The Update Client document, where all invalid input is 400 `invalid_request`.
    UpdateClient,
}

impl ErrorFormat {
    fn code(self, code: Code) -> Code {
        match (self, code) {
            (Self::UpdateClient, Code::InvalidJson | Code::InvalidParameter) => Code::InvalidRequest,
            _ => code,
        }
    }
}

/// The envelope of every error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody {
    error: ErrorContent,
}

/// An error.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorContent {
    /// A stable code for programs.
    code: Code,
    /// A sentence for people.
    message: String,
    /// Details for programs.
    details: Details,
    /// The id of the request; quote it when you ask for help.
    request_id: String,
}

impl ErrorBody {
    /// The envelope of an error.
    #[must_use]
    pub(super) fn new(error: &Error, format: ErrorFormat, request_id: &str) -> Self {
        let error = ErrorContent {
            code: format.code(error.code()),
            message: error.message().to_owned(),
            details: error.details().clone(),
            request_id: request_id.to_owned(),
        };
        Self { error }
    }

    /// The code.
    #[must_use]
    pub(super) fn code(&self) -> Code {
        self.error.code
    }
}

/// Renders an error, and writes its cause to the log.
pub(super) fn render(error: &Error, format: ErrorFormat, request_id: &str) -> Response {
    if let Some(cause) = error.cause() {
        tracing::error!(request_id, cause, "internal error");
    }
    let body = ErrorBody::new(error, format, request_id);
    let code = body.code();
    let mut response = (status(code), Json(body)).into_response();
    let headers = response.headers_mut();
    if code == Code::Unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status(self.code()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
