//! Configurations of any form, within limits.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use shared::input::{Field, Problems};

use crate::{MAX_BYTES, secret_patterns::names_secret_key};

const MAX_KEYS: usize = 200;
/// Limits, together with [`MAX_SECRETS`], how much the places of the secrets add to the item.
const MAX_KEY_BYTES: usize = 128;
const MAX_SECRETS: usize = 50;
const MAX_DEPTH: usize = 8;
/// The name of the whole body in errors.
const BODY: &str = "body";

/// A configuration of any form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FreeForm(pub(crate) Map<String, Value>);

impl Field for FreeForm {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let object = Map::read(value, path, problems)?;
        let mut counts = Counts::default();
        counts.add(value, 1);
        let Counts { keys, longest_key, secrets, depth } = counts;
        let bytes = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
        let rules = [
            (bytes > MAX_BYTES, "must be at most 64 KiB of JSON"),
            (keys > MAX_KEYS, "must have at most 200 keys in all"),
            (longest_key > MAX_KEY_BYTES, "must not have a key of more than 128 bytes"),
            (secrets > MAX_SECRETS, "must hold at most 50 secrets"),
            (depth > MAX_DEPTH, "must be nested at most 8 levels deep"),
        ];
        let path = if path.is_empty() { BODY } else { path };
        let broken: Vec<_> = rules.iter().filter(|(is_broken, _)| *is_broken).collect();
        for (_, rule) in &broken {
            problems.add::<()>(path, *rule);
        }
        broken.is_empty().then_some(Self(object))
    }
}

impl JsonSchema for FreeForm {
    fn schema_name() -> Cow<'static, str> {
        "FreeForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Any JSON object of at most 64 KiB, 200 keys of at most 128 bytes, 50 secrets and 8 levels.",
            "type": "object",
            "additionalProperties": true,
        })
    }
}

/// The size of a value in several respects.
#[derive(Default)]
struct Counts {
    keys: usize,
    longest_key: usize,
    secrets: usize,
    depth: usize,
}

impl Counts {
    fn add(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(object) => {
                self.depth = self.depth.max(depth);
                self.keys += object.len();
                for (key, value) in object {
                    self.longest_key = self.longest_key.max(key.len());
                    self.secrets += usize::from(names_secret_key(key));
                    self.add(value, depth + 1);
                }
            }
            Value::Array(values) => {
                self.depth = self.depth.max(depth);
                values.iter().for_each(|value| self.add(value, depth + 1));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::input::read;

    use super::*;

    fn accepts(value: &Value) -> bool {
        read::<FreeForm>(value.to_string().as_bytes()).is_ok()
    }

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!({}), |inner, level| if level % 2 == 0 { json!({ "a": inner }) } else { json!([inner]) })
    }

    fn object(keys: usize, name: impl Fn(usize) -> String) -> Value {
        (0..keys).map(|key| (name(key), Value::from(1))).collect::<Map<_, _>>().into()
    }

    #[test]
    fn a_configuration_keeps_its_limits() {
        assert!(accepts(&json!({})) && accepts(&json!({ "a": [1.5, null, "", { "b": -0.0 }], "": 1e300 })));
        assert!(accepts(&json!({ "a": nested(7) })) && !accepts(&json!({ "a": nested(8) })));
        assert!(accepts(&object(200, |key| format!("k{key}"))) && !accepts(&object(201, |key| format!("k{key}"))));
        assert!(
            accepts(&object(50, |key| format!("token{key}"))) && !accepts(&object(51, |key| format!("token{key}")))
        );
        assert!(accepts(&json!({ "k".repeat(128): 1 })) && !accepts(&json!({ "k".repeat(129): 1 })));
        assert!(accepts(&json!({ "a": "x".repeat(65_528) })) && !accepts(&json!({ "a": "x".repeat(65_529) })));
        assert!(!accepts(&json!({ "a": "é".repeat(40_000) })));
    }
}
