//! Arrays of a bounded length, which is looked at before their elements are. There are no others: the work on an array would grow
//! with what a caller sends.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Field, Problems, Value};

/// An array of at most `MAX` elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// The elements.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }

    /// The elements, as another type.
    pub fn into<U>(self) -> Vec<U>
    where
        T: Into<U>,
    {
        self.0.into_iter().map(T::into).collect()
    }
}

impl<T, const MAX: usize> From<Bounded<T, MAX>> for Vec<T> {
    fn from(bounded: Bounded<T, MAX>) -> Self {
        bounded.0
    }
}

impl<T: Field, const MAX: usize> Field for Bounded<T, MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(values) = value.as_array() else { return problems.add(path, "must be an array") };
        if values.len() > MAX {
            return problems.add(path, format!("must hold at most {MAX}"));
        }
        let read = values.iter().enumerate().map(|(at, value)| T::read(value, &format!("{path}[{at}]"), problems));
        // All are read, so that every problem is named.
        read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<T>>>().map(Self)
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for Bounded<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}UpTo{MAX}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>(), "maxItems": MAX })
    }
}
