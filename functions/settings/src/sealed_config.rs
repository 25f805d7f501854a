//! Configurations whose secrets are sealed: each secret value is stored sealed in a field of its own, bound to its item
//! and its place in the configuration, which holds `"***"` at that place.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::{
    Error, Result,
    error::FieldError,
    keys::{Sealed, SealingKey},
    store::{Key, MASK},
};
use zeroize::Zeroizing;

use crate::{
    json_text,
    secret_patterns::{compared, has_password, is_address, is_secret_value, names_its_value_secret, names_secret_key},
};

/// A configuration as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SealedConfig {
    /// The configuration with `"***"` in place of each secret.
    #[serde(with = "json_text")]
    config: Map<String, Value>,
    /// The JSON text of each secret, by its JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, Sealed>,
}

impl SealedConfig {
    /// The field of an entity that holds the secrets.
    pub(crate) const SECRETS: &'static str = "secrets";

    /// The configuration without its secrets.
    pub(crate) fn masked(&self) -> &Map<String, Value> {
        &self.config
    }

    /// Seals a configuration that replaces `stored` in the item at the key `item`. A secret that is the same, or for which
    /// `"***"` is sent, stays as it is sealed, so that the result equals `stored` when nothing has changed.
    ///
    /// # Errors
    /// 422 naming each `"***"` for which nothing is stored, or which would go to another server than before: a caller who
    /// cannot read a secret must not learn it by directing it to another server.
    pub(crate) fn seal(config: Map<String, Value>, stored: &Self, item: &Key, sealing: &SealingKey) -> Result<Self> {
        let mut config = Value::Object(config);
        let mut taken = Vec::new();
        take_secrets(&mut config, &Place::default(), &mut taken);
        let sends_address = taken.iter().any(|(_, secret)| secret.as_str().is_some_and(has_password));
        let Value::Object(config) = config else { return Err(Error::internal("a configuration is an object")) };
        let has_moved = sends_address || addresses(&config) != addresses(&stored.config);
        let (mut secrets, mut problems) = (BTreeMap::new(), Vec::new());
        for (Place { pointer, field }, secret) in taken {
            let context = item.field_context(&pointer);
            match stored.secrets.get(&pointer) {
                Some(_) if secret == MASK && has_moved => {
                    problems
                        .push(FieldError::new(field, "must be sent again, since the server that it is for changes"));
                }
                Some(sealed) if secret == MASK || is_sealed(&secret, sealed, &context, sealing) => {
                    secrets.insert(pointer, sealed.clone());
                }
                None if secret == MASK => {
                    problems.push(FieldError::new(field, "has no stored value that *** could keep"))
                }
                _ => {
                    let text = Zeroizing::new(serde_json::to_string(&secret).map_err(Error::internal)?);
                    secrets.insert(pointer, sealing.seal(&text, &context)?);
                }
            }
        }
        if problems.is_empty() { Ok(Self { config, secrets }) } else { Err(Error::invalid(problems)) }
    }
}

fn is_sealed(secret: &Value, sealed: &Sealed, context: &str, sealing: &SealingKey) -> bool {
    let opened = sealing.open(sealed, context).ok();
    opened.is_some_and(|text| serde_json::from_str::<Value>(&text).is_ok_and(|opened| opened == *secret))
}

/// Every value of a configuration that is part of an address, as it is compared, by its JSON pointer.
fn addresses(config: &Map<String, Value>) -> BTreeMap<String, Cow<'_, Value>> {
    fn within<'a>(object: &'a Map<String, Value>, at: &Place, found: &mut BTreeMap<String, Cow<'a, Value>>) {
        object.iter().for_each(|(name, value)| collect(name, value, &at.member(name), found));
    }
    fn collect<'a>(name: &str, value: &'a Value, at: &Place, found: &mut BTreeMap<String, Cow<'a, Value>>) {
        match value {
            Value::Object(object) => within(object, at, found),
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(index, value)| collect(name, value, &at.element(index), found));
            }
            value if is_address(name, value) => drop(found.insert(at.pointer.clone(), compared(value))),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    within(config, &Place::default(), &mut found);
    found
}

/// The place of a value in a configuration: its JSON pointer, which is unique, and its path as errors show it.
#[derive(Default)]
struct Place {
    pointer: String,
    field: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let pointer = format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"));
        let field = if self.field.is_empty() { name.to_owned() } else { format!("{}.{name}", self.field) };
        Self { pointer, field }
    }

    fn element(&self, index: usize) -> Self {
        Self { pointer: format!("{}/{index}", self.pointer), field: format!("{}[{index}]", self.field) }
    }
}

/// Takes the secrets out of a value and puts `"***"` in their places.
fn take_secrets(value: &mut Value, at: &Place, taken: &mut Vec<(Place, Value)>) {
    match value {
        Value::Object(object) => {
            let is_value_secret = names_its_value_secret(object);
            for (name, value) in object {
                let is_secret = names_secret_key(name) || (is_value_secret && name == "value");
                take_or_descend(value, is_secret, at.member(name), taken);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                take_or_descend(value, false, at.element(index), taken);
            }
        }
        _ => {}
    }
}

fn take_or_descend(value: &mut Value, is_secret: bool, at: Place, taken: &mut Vec<(Place, Value)>) {
    if is_secret || is_secret_value(value) {
        taken.push((at, std::mem::replace(value, Value::from(MASK))));
    } else {
        take_secrets(value, &at, taken);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use shared::id::OrganizationId;

    use super::*;

    fn item(name: &str) -> Key {
        Key::configuration(OrganizationId(uuid::Uuid::nil()), "TOOL", name)
    }

    fn sealing() -> SealingKey {
        SealingKey::new("k", &[7; 32]).unwrap()
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn seal(config: &Map<String, Value>, stored: &SealedConfig) -> Result<SealedConfig> {
        SealedConfig::seal(config.clone(), stored, &item("a"), &sealing())
    }

    fn open(sealed: &SealedConfig) -> Map<String, Value> {
        let mut config = Value::Object(sealed.config.clone());
        for (pointer, secret) in &sealed.secrets {
            let text = sealing().open(secret, &item("a").field_context(pointer)).unwrap();
            *config.pointer_mut(pointer).unwrap() = serde_json::from_str(&text).unwrap();
        }
        object(config)
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{0,4}",
            "[/~.0-9\\[\\]]{0,3}",
            prop::sample::select(vec!["token", "Api-Key", "client_secret", "authorization", "level", "0"])
                .prop_map(str::to_owned),
        ]
    }

    /// Every text and number of a configuration is one that appears nowhere else.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("JSON has no other numbers", |x| x.is_finite()).prop_map(Value::from),
            "value-[a-z0-9]{12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key(), inner, 0..4)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }

    fn config() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map(key(), value(), 0..5).prop_map(|object| object.into_iter().collect())
    }

    /// The texts under keys that name a secret, found in another way than by the code under test.
    fn secret_texts(value: &Value, is_secret: bool, found: &mut Vec<String>) {
        match value {
            Value::String(text) if is_secret => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| secret_texts(value, is_secret, found)),
            Value::Object(object) => {
                object.iter().for_each(|(key, value)| secret_texts(value, is_secret || names_secret_key(key), found));
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn a_masked_configuration_holds_no_secret(config in config()) {
            let sealed = seal(&config, &SealedConfig::default()).unwrap();
            let mut secrets = Vec::new();
            secret_texts(&Value::Object(config), false, &mut secrets);
            let stored = serde_json::to_string(&sealed).unwrap();
            for secret in secrets {
                prop_assert!(!stored.contains(&secret));
            }
            prop_assert!(sealed.secrets.keys().all(|at| Value::Object(sealed.config.clone()).pointer(at) == Some(&json!(MASK))));
        }

        #[test]
        fn a_sealed_configuration_opens_again(config in config()) {
            prop_assert_eq!(open(&seal(&config, &SealedConfig::default()).unwrap()), config);
        }

        #[test]
        fn the_same_again_changes_nothing(config in config()) {
            let sealed = seal(&config, &SealedConfig::default()).unwrap();
            prop_assert_eq!(&seal(&config, &sealed).unwrap(), &sealed, "sent again");
            prop_assert_eq!(&seal(sealed.masked(), &sealed).unwrap(), &sealed, "as it is shown");
        }

        #[test]
        fn it_is_stored_and_read_unchanged(config in config()) {
            let sealed = seal(&config, &SealedConfig::default()).unwrap();
            let item: serde_dynamo::Item = serde_dynamo::to_item(&sealed).unwrap();
            prop_assert_eq!(serde_dynamo::from_item::<_, SealedConfig>(item).unwrap(), sealed);
        }

        #[test]
        fn a_secret_opens_only_in_its_item_and_place(secret in "value-[a-z0-9]{12}") {
            let sealed = seal(&object(json!({ "token": secret, "password": secret })), &SealedConfig::default()).unwrap();
            let (token, password) = (&sealed.secrets["/token"], &sealed.secrets["/password"]);
            prop_assert!(sealing().open(token, &item("a").field_context("/token")).is_ok());
            prop_assert!(sealing().open(token, &item("a").field_context("/password")).is_err());
            prop_assert!(sealing().open(password, &item("b").field_context("/password")).is_err());
        }
    }

    #[test]
    fn only_a_stored_secret_can_be_kept() {
        let stored =
            seal(&object(json!({ "token": "a", "list": [{ "secret": [1, 2] }] })), &SealedConfig::default()).unwrap();
        let kept =
            seal(&object(json!({ "token": "***", "level": "b", "list": [{ "secret": "***" }] })), &stored).unwrap();
        assert_eq!(Value::Object(open(&kept)), json!({ "token": "a", "level": "b", "list": [{ "secret": [1, 2] }] }));
        let moved = object(json!({ "token": "***", "url": "https://b.example.com", "list": [{ "secret": "c" }] }));
        assert!(format!("{:?}", seal(&moved, &stored).unwrap_err()).contains("must be sent again"));
        let error =
            seal(&object(json!({ "x": [{ "token": "***" }], "pin": "***", "token": "***" })), &stored).unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("\"x[0].token\"") && text.contains("\"pin\"") && !text.contains("\"token\""), "{text}");
    }

    #[test]
    fn values_are_secret_by_their_form_and_by_their_name() {
        let shown = |config: Value| {
            let sealed = seal(&object(config), &SealedConfig::default()).unwrap();
            Value::Object(sealed.masked().clone())
        };
        for secret in [
            json!({ "headers": [{ "name": "Authorization", "value": "S3CRET" }] }),
            json!({ "x": "Bearer S3CRET" }),
            json!({ "x": ["https://user:S3CRET@example.com/path"] }),
            json!({ "x": "-----BEGIN PRIVATE KEY-----S3CRET" }),
            json!({ "key": "S3CRET" }),
            json!({ "webhook_url": "https://hooks.example.com/S3CRET" }),
        ] {
            assert!(!shown(secret.clone()).to_string().contains("S3CRET"), "{secret}");
        }
        let harmless =
            json!({ "headers": [{ "name": "Accept", "value": "text/html" }], "path": "https://example.com/@x" });
        assert_eq!(shown(harmless.clone()), harmless);
    }
}
