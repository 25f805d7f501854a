//! The one error of the product and its one rendering.
//!
//! A handler returns [`Error`]; `into_response` only attaches it to the response, and the outermost layer of
//! the [`service`](super::service) writes the envelope, since only there the request id and the [`Dialect`] are known.

use std::borrow::Cow;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// The result of everything that can answer with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the body is not JSON, or not an object.
    InvalidJson,
    /// 400: the request is wrong in a way that the operation's own document answers with 400.
    InvalidRequest,
    /// 400: a collection mode cannot be left.
    InvalidTransition,
    /// 401: no credential, or one that does not hold.
    Unauthorized,
    /// 403: the resource is visible, the action is not allowed.
    Forbidden,
    /// 404: there is no such resource within the caller's reach.
    NotFound,
    /// 409: the request contradicts the present state.
    Conflict,
    /// 412: `If-Match` names another version.
    PreconditionFailed,
    /// 413: the body is larger than 1 MiB.
    PayloadTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 422: fields or parameters are wrong; `details.fields` names each.
    InvalidParameter,
    /// 429: too many attempts; `Retry-After` tells when to come back.
    TooManyRequests,
    /// 500: a fault on this side.
    InternalError,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson | Self::InvalidRequest | Self::InvalidTransition => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidParameter => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An answer names at most this many wrong fields.
pub const MAX_FIELDS: usize = 100;
/// An answer repeats at most this many characters of a field's name.
pub const MAX_FIELD_NAME: usize = 200;

/// One wrong field of a body, or one wrong parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's path with dots, as in `user.email`, or the parameter's name.
    pub field: String,
    /// What is wrong with it.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// An error at `field`.
    pub fn new(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// What an operation answers when it cannot do what it was asked.
#[derive(Clone, Debug)]
pub struct Error {
    code: Code,
    message: Cow<'static, str>,
    details: Value,
    retry_after: Option<u64>,
    /// What happened inside, for the log alone.
    cause: Option<String>,
}

impl Error {
    fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), details: json!({}), retry_after: None, cause: None }
    }

    /// 400 for a body that is not a JSON object.
    pub fn invalid_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidJson, message)
    }

    /// 400 for an operation whose document says so.
    pub fn invalid_request(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { details: json!({ "field": field }), ..Self::new(Code::InvalidRequest, message) }
    }

    /// 400 for a collection mode that cannot be left.
    pub fn invalid_transition(message: &'static str, details: Value) -> Self {
        Self { details, ..Self::new(Code::InvalidTransition, message) }
    }

    /// 401, with no word on what was wrong.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Authentication required")
    }

    /// 403 for what the caller can see and may not do.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// 404, the same for what does not exist and for what is another tenant's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Record not found")
    }

    /// 404 of the settings document for a write that would change nothing.
    pub fn nothing_changed(message: &'static str) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// 409 for a request that contradicts the present state.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 409 for the loser of two concurrent updates.
    #[must_use]
    pub fn changed_meanwhile() -> Self {
        Self::conflict("The record was changed by another request; read it again and repeat yours")
    }

    /// 412 for an `If-Match` that names another version.
    #[must_use]
    pub fn precondition_failed() -> Self {
        Self::new(Code::PreconditionFailed, "The record has another version than If-Match names")
    }

    /// 413.
    #[must_use]
    pub fn payload_too_large() -> Self {
        Self::new(Code::PayloadTooLarge, "The body is larger than 1 MiB")
    }

    /// 415.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(Code::UnsupportedMediaType, "The body must be sent as application/json")
    }

    /// 422 naming every wrong field at once, up to [`MAX_FIELDS`], so that the answer stays small whatever was sent.
    #[must_use]
    pub fn invalid(mut fields: Vec<FieldError>) -> Self {
        fields.truncate(MAX_FIELDS);
        for field in &mut fields {
            field.field = field.field.chars().take(MAX_FIELD_NAME).collect();
        }
        Self { details: json!({ "fields": fields }), ..Self::new(Code::InvalidParameter, "Some parameters are wrong") }
    }

    /// 422 naming one wrong field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }

    /// 429; `seconds` until another attempt is worth making.
    #[must_use]
    pub fn too_many_requests(seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(Code::TooManyRequests, "Too many attempts; try again later") }
    }

    /// 500; `cause` goes to the log and never to the caller.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Code::InternalError, "Server error") }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Writes the envelope `{"error": {"code", "message", "details", "request_id"}}`, and the cause to the log.
    pub(crate) fn render(self, dialect: Dialect, request_id: &str) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(request_id, cause, "request failed on this side");
        }
        let code = dialect.code(self.code);
        let Self { message, details, retry_after, .. } = self;
        let error = ErrorContent { code, message, details, request_id: request_id.to_owned() };
        let mut response = (code.status(), Json(ErrorBody { error })).into_response();
        let headers = response.headers_mut();
        if code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Which document's codes an operation answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// The codes of this product.
    #[default]
    Scanward,
    /// The Update Client document, where every bad input is 400 `invalid_request`.
    UpdateClient,
}

impl Dialect {
    fn code(self, code: Code) -> Code {
        match (self, code) {
            (Self::UpdateClient, Code::InvalidJson | Code::InvalidParameter) => Code::InvalidRequest,
            _ => code,
        }
    }
}

/// The envelope of every error, as the OpenAPI document shows it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ErrorBody {
    error: ErrorContent,
}

/// What an error tells.
#[derive(Serialize, utoipa::ToSchema)]
struct ErrorContent {
    /// A stable code for programs.
    code: Code,
    /// A sentence for people.
    #[schema(value_type = String)]
    message: Cow<'static, str>,
    /// More for programs: `fields` with 422, the modes with `invalid_transition`.
    details: Value,
    /// Quote this id when you ask for help.
    request_id: String,
}

/// The whole error with its cause, for whoever runs the platform; callers of the API get its envelope.
impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(fields) = self.details.get("fields") {
            write!(f, ": {fields}")?;
        }
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}
