//! Arrays of a bounded length, which is looked at before their elements are.

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

impl<T: Field, const MAX: usize> Field for Bounded<T, MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        if value.as_array().is_some_and(|array| array.len() > MAX) {
            return problems.add(path, format!("must hold at most {MAX}"));
        }
        Vec::read(value, path, problems).map(Self)
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
