//! The one error of the product. It depends on no HTTP library: [`api`](crate::api) renders it.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::Serialize;

/// The result of everything that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ErrorCode")]
pub enum Code {
    /// 400: the body is not JSON, or not an object.
    InvalidJson,
    /// 400: invalid input of the operations under `/v2/clients`, and a missing `tool_name`.
    InvalidRequest,
    /// 400: the collection mode cannot be left.
    InvalidTransition,
    /// 401: no credential, or an invalid one.
    Unauthorized,
    /// 403: the resource is visible, the action is not allowed.
    Forbidden,
    /// 404: no such resource within the caller's scope.
    NotFound,
    /// 409: the request conflicts with the present state.
    Conflict,
    /// 412: `If-Match` names another version.
    PreconditionFailed,
    /// 413: the body is larger than 1 MiB.
    PayloadTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 422: fields or parameters are invalid; `details.fields` names each.
    InvalidParameter,
    /// 429: too many attempts; `Retry-After` says when to try again.
    TooManyRequests,
    /// 500: an internal error.
    InternalError,
}

impl Code {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidJson | Self::InvalidRequest | Self::InvalidTransition => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidParameter => 422,
            Self::TooManyRequests => 429,
            Self::InternalError => 500,
        }
    }
}

/// An answer names at most this many invalid fields.
pub(crate) const MAX_FIELDS: usize = 100;
/// An answer repeats at most this many characters of a field's name.
const MAX_FIELD_NAME: usize = 200;

/// One invalid field of a body, or one invalid parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// The field's path with dots, as in `user.email`, or the parameter's name.
    pub field: String,
    /// The rule that the field breaks.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// An error at `field`.
    pub fn new(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Details of an error, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ErrorDetails")]
pub enum Details {
    /// With `invalid_parameter`, and with `invalid_request` for several fields.
    #[schemars(title = "InvalidFields")]
    Fields {
        /// Every invalid field, up to 100 of them.
        fields: Vec<FieldError>,
    },
    /// With `invalid_request` for one field.
    #[schemars(title = "InvalidField")]
    Field {
        /// The invalid field.
        field: Cow<'static, str>,
    },
    /// With `invalid_transition`.
    #[schemars(title = "InvalidTransition")]
    Transition {
        /// The present mode.
        current_mode: Cow<'static, str>,
        /// The mode that was asked for.
        requested_mode: Cow<'static, str>,
    },
    /// With every other code.
    #[schemars(title = "NoDetails")]
    None {},
}

/// The reason why a request fails.
#[derive(Clone, Debug)]
pub struct Error {
    code: Code,
    message: Cow<'static, str>,
    details: Details,
    retry_after: Option<u64>,
    /// The internal cause, for the log alone.
    cause: Option<String>,
}

impl Error {
    fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), details: Details::None {}, retry_after: None, cause: None }
    }

    /// 400 for a body that is not a JSON object.
    pub fn invalid_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidJson, message)
    }

    /// 400 for an operation whose document says so.
    pub fn invalid_request(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { details: Details::Field { field: field.into() }, ..Self::new(Code::InvalidRequest, message) }
    }

    /// 400 for a collection mode that cannot be left.
    #[must_use]
    pub fn invalid_transition(message: &'static str, current: &'static str, requested: &'static str) -> Self {
        let details = Details::Transition { current_mode: current.into(), requested_mode: requested.into() };
        Self { details, ..Self::new(Code::InvalidTransition, message) }
    }

    /// 401, the same whatever is wrong with the credentials.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Authentication required")
    }

    /// 403 for an action that the caller may not do on what it can see.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// 404, the same for what does not exist and for what is another tenant's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Record not found")
    }

    /// 404 of the Client settings document for a write that would change nothing.
    #[must_use]
    pub fn nothing_changed(message: &'static str) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// 409 for a request that conflicts with the present state.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 409 for the later of two concurrent updates.
    #[must_use]
    pub fn changed_meanwhile() -> Self {
        Self::conflict("The record was changed by another request; read it again and repeat yours")
    }

    /// 412 for an `If-Match` that names another version.
    #[must_use]
    pub fn precondition_failed() -> Self {
        Self::new(Code::PreconditionFailed, "The record has another version than If-Match names")
    }

    /// 413 for a body that is too large.
    #[must_use]
    pub fn payload_too_large() -> Self {
        Self::new(Code::PayloadTooLarge, "The body is larger than 1 MiB")
    }

    /// 415 for a body that is not JSON by its media type.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(Code::UnsupportedMediaType, "The body must be sent as application/json")
    }

    /// 422 naming every invalid field at once, up to 100, so that the answer stays small.
    #[must_use]
    pub fn invalid(mut fields: Vec<FieldError>) -> Self {
        fields.truncate(MAX_FIELDS);
        for field in &mut fields {
            field.field = field.field.chars().take(MAX_FIELD_NAME).collect();
        }
        Self { details: Details::Fields { fields }, ..Self::new(Code::InvalidParameter, "Some parameters are wrong") }
    }

    /// The same error of fields that the request has elsewhere: those within `from` are within `to`.
    #[must_use]
    pub fn moved(mut self, from: &str, to: &str) -> Self {
        if let Details::Fields { fields } = &mut self.details {
            for field in fields {
                if let Some(rest) = field.field.strip_prefix(from).filter(|rest| rest.starts_with('.')) {
                    field.field = format!("{to}{rest}");
                }
            }
        }
        self
    }

    /// 422 naming one invalid field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }

    /// 429; another attempt makes sense after `seconds`.
    #[must_use]
    pub fn too_many_requests(seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(Code::TooManyRequests, "Too many attempts; try again later") }
    }

    /// 500; `cause` goes to the log and never to the caller.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Code::InternalError, "Server error") }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The details for programs.
    #[must_use]
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The number of seconds after which another attempt makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// The internal cause, which only the log may show.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

/// The whole error with its cause, for operators; callers of the API get its envelope.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Details::Fields { fields } = &self.details {
            for FieldError { field, message } in fields {
                write!(f, "; {field} {message}")?;
            }
        }
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}
