//! Checked input: a JSON object or a query string is read field by field, so that one answer names everything that is
//! invalid in it.
//!
//! - [`Field`]: a value that can be read; `#[derive(Input)]` makes one of a struct.
//! - [`values`]: the kinds of text, each with its one rule; [`choice!`](crate::choice): one of several names.
//! - [`Fields`] and [`ObjectSchema`]: an object while it is read, and while it is described.

mod bounded;
mod choice;
mod object;
pub mod values;

use std::borrow::Cow;

pub use bounded::Bounded;
pub use object::{FieldSet, Fields, ObjectSchema, check, read};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Map;
pub use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Result,
    error::{FieldError, MAX_FIELDS},
    id::{ConfigId, OrganizationId, PortListId, ScannerId, ScheduleId, TargetId, UserId},
};

/// The problems found while reading input: as many as an answer names.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldError>);

impl Problems {
    /// Adds that the value at `path` is invalid; returns `None`, so that a reader can end with it.
    pub fn add<T>(&mut self, path: &str, message: impl Into<Cow<'static, str>>) -> Option<T> {
        if !self.is_full() {
            self.0.push(FieldError::new(path, message));
        }
        None
    }

    /// Whether no further problem would be named.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_FIELDS
    }

    /// Ends the reading of `value`: the value, or everything that is invalid.
    ///
    /// # Errors
    /// 422 with every problem.
    pub fn finish<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::invalid(self.0)),
        }
    }
}

/// A value that can be read from JSON. Its schema describes it in the OpenAPI document.
pub trait Field: Sized + JsonSchema {
    /// Reads `value`, found at `path`; adds what is invalid and returns `None` then.
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self>;

    /// The JSON value of a text in a query string or a path.
    fn from_text(text: &str) -> Value {
        Value::from(text)
    }

    /// The value of an absent field; `None` makes the field required.
    fn absent() -> Option<Self> {
        None
    }

    /// The value of `null` where the field is optional; `None` makes it the same as absent.
    fn null() -> Option<Self> {
        None
    }

    /// The schema of the field, which may refer to a component.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

impl<T: Field> Field for Option<T> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        if value.is_null() { Some(T::null()) } else { T::read(value, path, problems).map(Some) }
    }

    fn from_text(text: &str) -> Value {
        T::from_text(text)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// A field that `null` clears. As `Option<Nullable<T>>`, an absent field leaves the stored value as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nullable<T> {
    /// `null`: clear the stored value.
    Null,
    /// Store this value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Merges this field of a partial update into the stored value.
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

/// Replaces the stored value where an optional field of a partial update is present.
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
}

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

impl Field for bool {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        value.as_bool().or_else(|| problems.add(path, "must be true or false"))
    }

    fn from_text(text: &str) -> Value {
        text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from)
    }
}

/// Any JSON object, such as the configuration of a tool.
impl Field for Map<String, Value> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        value.as_object().cloned().or_else(|| problems.add(path, "must be an object"))
    }
}

impl Field for Uuid {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        // One spelling: with hyphens.
        match value.as_str().map(str::parse::<uuid::fmt::Hyphenated>) {
            Some(Ok(id)) => Some(id.into_uuid()),
            _ => problems.add(path, "must be a UUID"),
        }
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Field for $id {
            fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
                Uuid::read(value, path, problems).map(Self::from)
            }
        }
    )*};
}

ids!(ConfigId, OrganizationId, PortListId, ScannerId, ScheduleId, TargetId, UserId);

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> Field for Whole<MIN, MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        // `6.0` is a whole number too.
        let whole = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number < 1e15);
        let number = value.as_u64().or(whole.map(|number| number as u64));
        match number.filter(|number| (MIN..=MAX).contains(number)) {
            Some(number) => Some(Self(number)),
            None => problems.add(path, format!("must be a whole number from {MIN} to {MAX}")),
        }
    }

    fn from_text(text: &str) -> Value {
        text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}
