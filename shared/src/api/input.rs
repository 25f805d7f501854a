//! Checked input: a body is read field by field, so that one answer names everything that is wrong with it.

use axum::extract::{FromRequest, Request};
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};
use utoipa::openapi::{
    ObjectBuilder, RefOr, Schema, Type,
    schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder},
};

use super::error::{Error, FieldError};

/// The largest body that an operation reads, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The errors found while reading a body.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldError>);

impl Problems {
    /// Notes that the value at `path` is wrong; returns `None` so that a reader can end with it.
    pub fn note<T>(&mut self, path: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> Option<T> {
        self.0.push(FieldError::new(path, message));
        None
    }

    /// Ends the reading of `value`: the value, or everything that is wrong.
    ///
    /// # Errors
    /// 422 with every noted problem.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::invalid(self.0)),
        }
    }
}

/// What can be read from a JSON value.
pub trait Field: Sized {
    /// Reads `value`, found at `path`; notes what is wrong and returns `None` then.
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self>;

    /// What an absent field stands for; `None` makes the field required.
    fn absent() -> Option<Self> {
        None
    }

    /// What `null` stands for where the field is optional; `None` makes it the same as absent.
    fn null() -> Option<Self> {
        None
    }

    /// What the OpenAPI document says about the field.
    fn schema() -> RefOr<Schema>;
}

impl<T: Field> Field for Option<T> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        if value.is_null() { Some(T::null()) } else { T::read(value, path, problems).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema() -> RefOr<Schema> {
        T::schema()
    }
}

/// A field that `null` clears. As `Option<Nullable<T>>`, an absent field leaves the stored value alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nullable<T> {
    /// `null`: clear the stored value.
    Null,
    /// Store this value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Merges this field of a partial update into what is stored.
    pub fn merge<U>(update: Option<Self>, stored: &mut Option<U>)
    where
        T: Into<U>,
    {
        match update {
            None => {}
            Some(Self::Null) => *stored = None,
            Some(Self::Value(value)) => *stored = Some(value.into()),
        }
    }
}

/// Replaces what is stored where an optional field of a partial update is present.
pub fn set<T>(stored: &mut T, update: Option<impl Into<T>>) {
    if let Some(update) = update {
        *stored = update.into();
    }
}

impl<T: Field> Field for Nullable<T> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        T::read(value, path, problems).map(Self::Value)
    }

    fn null() -> Option<Self> {
        Some(Self::Null)
    }

    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(T::schema()).into()
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(values) = value.as_array() else { return problems.note(path, "must be an array") };
        let read: Vec<Option<T>> = values
            .iter()
            .enumerate()
            .map(|(index, value)| T::read(value, &format!("{path}[{index}]"), problems))
            .collect();
        read.into_iter().collect()
    }

    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).into()
    }
}

impl Field for bool {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        value.as_bool().or_else(|| problems.note(path, "must be true or false"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

/// An object of free form, as the configuration of a tool is.
impl Field for Map<String, Value> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        value.as_object().cloned().or_else(|| problems.note(path, "must be an object"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(true))).into()
    }
}

/// An object while it is read field by field; what is left over at the end is unknown.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read the object at `path`; the path of a whole body is empty.
    pub fn open(value: &'a Value, path: &'a str, problems: &mut Problems) -> Option<Self> {
        match value.as_object() {
            Some(object) => Some(Self { object, path, known: Vec::new() }),
            None => problems.note(path, "must be an object"),
        }
    }

    /// Reads the field `name`.
    pub fn take<T: Field>(&mut self, name: &'static str, problems: &mut Problems) -> Option<T> {
        self.known.push(name);
        let path = self.at(name);
        match self.object.get(name) {
            Some(value) => T::read(value, &path, problems),
            None => T::absent().or_else(|| problems.note(&path, "is required")),
        }
    }

    /// Ends the reading: every field that was not taken is unknown.
    pub fn close(self, problems: &mut Problems) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            problems.note::<()>(&self.at(name), "is not a field of this request");
        }
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// The schema of an object while it is written field by field.
#[derive(Default)]
pub struct ObjectSchema(ObjectBuilder);

impl ObjectSchema {
    /// Adds the field `name` with what its documentation says.
    #[must_use]
    pub fn field<T: Field>(self, name: &str, documentation: &str) -> Self {
        let mut schema = T::schema();
        let description = Some(documentation.trim().to_owned());
        match &mut schema {
            RefOr::T(Schema::Object(object)) => object.description = description,
            RefOr::T(Schema::Array(array)) => array.description = description,
            RefOr::T(Schema::OneOf(choices)) => choices.description = description,
            _ => {}
        }
        let object = self.0.property(name, schema);
        Self(if T::absent().is_none() { object.required(name) } else { object })
    }

    /// Ends the schema of an object with these fields and no others.
    #[must_use]
    pub fn closed(self) -> RefOr<Schema> {
        self.0.additional_properties(Some(AdditionalProperties::FreeForm(false))).into()
    }
}

/// Defines the shape of a request body: a struct with its [`Field`] reader and its OpenAPI schema. A field of type
/// `Option` may be absent, any other is required, and a field that is not listed is an error.
#[macro_export]
macro_rules! input {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:expr])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $crate::api::input::Field for $name {
            fn read(
                value: &serde_json::Value,
                path: &str,
                problems: &mut $crate::api::input::Problems,
            ) -> Option<Self> {
                let mut fields = $crate::api::input::Fields::open(value, path, problems)?;
                $(let $field: Option<$type> = fields.take(stringify!($field), problems);)*
                fields.close(problems);
                Some(Self { $($field: $field?,)* })
            }

            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::api::input::ObjectSchema::default()
                    $(.field::<$type>(stringify!($field), concat!($($doc),*)))*
                    .closed()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <Self as $crate::api::input::Field>::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

/// The body of a request, read and checked.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: Field> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Error> {
        require_json(&request)?;
        let bytes = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { Error::payload_too_large() } else { Error::internal(error) }
        })?;
        read(&bytes.to_bytes()).map(Self)
    }
}

/// Reads a body from its bytes.
///
/// # Errors
/// 400 `invalid_json` for bytes that are not a JSON object, 422 naming every wrong field.
pub fn read<T: Field>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.is_empty() {
        return Err(Error::invalid_json("The request needs a JSON object as its body"));
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid_json(format!("The body is not valid JSON: {error}")))?;
    if !value.is_object() {
        return Err(Error::invalid_json("The body must be a JSON object"));
    }
    let mut problems = Problems::default();
    let body = T::read(&value, "", &mut problems);
    problems.finish(body)
}

fn require_json(request: &Request) -> Result<(), Error> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Error::unsupported_media_type()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub)]

    use super::*;
    use crate::api::values::{Line, Name};

    input! {
        /// An example.
        pub struct Example {
            /// Required.
            name: Name,
            /// Clearable.
            comment: Option<Nullable<Line>>,
            /// Optional.
            flags: Option<Vec<bool>>,
        }
    }

    fn fields(error: &Error) -> String {
        format!("{error:?}")
    }

    #[test]
    fn names_every_wrong_field_at_once() {
        let error = read::<Example>(br#"{"comment": 5, "flags": [true, "x"], "nmae": "a"}"#).unwrap_err();
        for part in ["\"name\"", "is required", "\"comment\"", "\"flags[1]\"", "\"nmae\"", "is not a field"] {
            assert!(fields(&error).contains(part), "{part} in {error:?}");
        }
    }

    #[test]
    fn tells_absent_from_null_from_value() {
        let read = |text: &str| {
            let Example { name, comment, flags } = read::<Example>(text.as_bytes()).unwrap();
            assert_eq!((&*name, flags), ("a", None));
            comment
        };
        assert_eq!(read(r#"{"name": "a"}"#), None);
        assert_eq!(read(r#"{"name": "a", "comment": null}"#), Some(Nullable::Null));
        assert!(matches!(read(r#"{"name": "a", "comment": "x"}"#), Some(Nullable::Value(_))));
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        for text in ["", "[]", "5", "{", "{\"name\": \"a\"} x"] {
            assert_eq!(read::<Example>(text.as_bytes()).unwrap_err().code(), crate::api::error::Code::InvalidJson);
        }
    }
}
