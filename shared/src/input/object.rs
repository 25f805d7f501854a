//! Objects: read field by field, and described field by field.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::{Field, Problems};
use crate::{Error, Result};

/// A set of named fields: all fields of an object, or some of them. `#[derive(Input)]` makes one of a struct.
pub trait FieldSet: Sized {
    /// Takes the fields of this set out of an object.
    fn take(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self>;

    /// Adds the fields of this set to the schema of an object.
    fn describe(object: &mut ObjectSchema, generator: &mut SchemaGenerator);
}

/// An object while it is read field by field; a field that is left over at the end is unknown.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
    known: Vec<&'static str>,
    /// Whether all values are texts, as those of a query string.
    is_text: bool,
}

impl<'a> Fields<'a> {
    /// Reads the object at `path`; the path of a whole body is empty.
    pub fn read<T: FieldSet>(value: &'a Value, path: &'a str, problems: &mut Problems) -> Option<T> {
        let Some(object) = value.as_object() else { return problems.add(path, "must be an object") };
        let mut fields = Self { object, path, known: Vec::new(), is_text: false };
        let read = T::take(&mut fields, problems);
        fields.close("is not a field of this request", problems);
        read
    }

    /// Reads the parameters of a query string.
    ///
    /// # Errors
    /// 422 naming every parameter that is invalid or unknown.
    pub fn read_query<T: FieldSet>(parameters: &Map<String, Value>) -> Result<T> {
        let mut problems = Problems::default();
        let mut fields = Fields { object: parameters, path: "", known: Vec::new(), is_text: true };
        let read = T::take(&mut fields, &mut problems);
        fields.close("is not a parameter of this operation", &mut problems);
        problems.finish(read)
    }

    /// Reads the field `name`.
    pub fn take<T: Field>(&mut self, name: &'static str, problems: &mut Problems) -> Option<T> {
        self.known.push(name);
        let path = self.at(name);
        match self.object.get(name) {
            Some(Value::String(text)) if self.is_text => T::read(&T::from_text(text), &path, problems),
            Some(value) => T::read(value, &path, problems),
            None => T::absent().or_else(|| problems.add(&path, "is required")),
        }
    }

    fn close(self, message: &'static str, problems: &mut Problems) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            if problems.is_full() {
                break;
            }
            problems.add::<()>(&self.at(name), message);
        }
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// The schema of an object while it is written field by field.
#[derive(Debug, Default)]
pub struct ObjectSchema {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl ObjectSchema {
    /// The schema of an object with the fields of `T` and no others.
    pub fn of<T: FieldSet>(generator: &mut SchemaGenerator, documentation: &str) -> Schema {
        let Self { properties, required } = Self::fields::<T>(generator);
        let mut schema = json_schema!({
            "description": documentation,
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        schema
    }

    /// The parameters of a query string with the fields of `T`.
    pub fn query<T: FieldSet>(generator: &mut SchemaGenerator) -> Vec<Value> {
        let Self { properties, required } = Self::fields::<T>(generator);
        let parameter = |(name, mut schema): (String, Value)| {
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let required = required.contains(&Value::from(name.as_str()));
            serde_json::json!({
                "name": name, "in": "query", "required": required, "description": description, "schema": schema,
            })
        };
        properties.into_iter().map(parameter).collect()
    }

    fn fields<T: FieldSet>(generator: &mut SchemaGenerator) -> Self {
        let mut object = Self::default();
        T::describe(&mut object, generator);
        object
    }

    /// Adds the field `name` with its documentation.
    pub fn field<T: Field>(&mut self, generator: &mut SchemaGenerator, name: &str, documentation: &str) {
        let mut schema = T::schema(generator);
        schema.insert("description".to_owned(), documentation.into());
        self.properties.insert(name.to_owned(), schema.into());
        if T::absent().is_none() {
            self.required.push(name.into());
        }
    }
}

/// Reads a body from its bytes.
///
/// # Errors
/// 400 `invalid_json` for bytes that are not a JSON object, 422 naming every invalid field.
pub fn read<T: Field>(bytes: &[u8]) -> Result<T> {
    if bytes.is_empty() {
        return Err(Error::invalid_json("The request needs a JSON object as its body"));
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid_json(format!("The body is not valid JSON: {error}")))?;
    if !value.is_object() {
        return Err(Error::invalid_json("The body must be a JSON object"));
    }
    check(&value)
}

/// Reads a whole JSON value.
///
/// # Errors
/// 422 naming every invalid field.
pub fn check<T: Field>(value: &Value) -> Result<T> {
    let mut problems = Problems::default();
    let read = T::read(value, "", &mut problems);
    problems.finish(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Input,
        error::Code,
        input::{
            Bounded, Nullable,
            values::{Line, Name},
        },
    };

    /// An example.
    #[derive(Debug, Input)]
    struct Example {
        /// Required.
        name: Name,
        /// Clearable.
        comment: Option<Nullable<Line>>,
        #[input(flatten)]
        flags: Flags,
    }

    /// Fields that are flattened into another struct.
    #[derive(Debug, Input)]
    struct Flags {
        /// Optional.
        flags: Option<Bounded<bool, 3>>,
        /// Optional.
        r#type: Option<bool>,
    }

    #[test]
    fn names_every_invalid_field_at_once() {
        let error = read::<Example>(br#"{"comment": 5, "flags": [true, "x"], "nmae": "a"}"#).unwrap_err();
        let text = format!("{error:?}");
        for part in ["\"name\"", "is required", "\"comment\"", "\"flags[1]\"", "\"nmae\"", "is not a field"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn distinguishes_absent_from_null_from_value() {
        let read = |text: &str| {
            let Example { name, comment, flags } = read::<Example>(text.as_bytes()).unwrap();
            assert_eq!((&*name, flags.flags), ("a", None));
            comment
        };
        assert_eq!(read(r#"{"name": "a"}"#), None);
        assert_eq!(read(r#"{"name": "a", "comment": null}"#), Some(Nullable::Null));
        assert!(matches!(read(r#"{"name": "a", "comment": "x", "type": true}"#), Some(Nullable::Value(_))));
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        for text in ["", "[]", "5", "{", "{\"name\": \"a\"} x"] {
            assert_eq!(read::<Example>(text.as_bytes()).unwrap_err().code(), Code::InvalidJson);
        }
    }

    #[test]
    fn reads_a_query_by_the_types_of_its_parameters() {
        let query = |name: &str, text: &str| {
            Fields::read_query::<Flags>(&Map::from_iter([(name.to_owned(), Value::from(text))])).map(|it| it.r#type)
        };
        assert_eq!(query("type", "true").unwrap(), Some(true));
        assert!(format!("{:?}", query("type", "yes").unwrap_err()).contains("must be true or false"));
        assert!(format!("{:?}", query("typo", "true").unwrap_err()).contains("is not a parameter of this operation"));
    }

    #[test]
    fn the_schema_lists_flattened_fields_beside_the_others() {
        let schema = SchemaGenerator::default().into_root_schema_for::<Example>();
        let names: Vec<&String> = schema.get("properties").unwrap().as_object().unwrap().keys().collect();
        assert_eq!(names, ["comment", "flags", "name", "type"]);
        assert_eq!(schema.get("required"), Some(&serde_json::json!(["name"])));
        assert_eq!(schema.get("additionalProperties"), Some(&Value::from(false)));
    }
}
