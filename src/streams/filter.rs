//! Filter patterns: which records of a stream a function is called with.
//!
//! The part of Lambda's patterns that is supported: nested fields; a list of exact values, of which any one may match;
//! and in such a list `{"exists": true}`, `{"prefix": ".."}` and `{"anything-but": [..]}`. Others are refused.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A filter pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Pattern);

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    /// Each of the fields matches.
    Fields(Vec<(String, Pattern)>),
    /// One of the rules holds.
    Any(Vec<Rule>),
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Exactly(Value),
    Exists(bool),
    Prefix(String),
    AnythingBut(Vec<Value>),
}

impl Filter {
    /// Reads a pattern from its JSON text.
    ///
    /// # Errors
    /// When it is not a pattern, or uses what is not supported here.
    pub fn parse(text: &str) -> Result<Self> {
        let pattern: Value = serde_json::from_str(text).context("the pattern is not JSON")?;
        ensure!(pattern.is_object(), "the pattern is not an object");
        Ok(Self(Pattern::read(&pattern)?))
    }

    /// Whether a record matches.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.0.matches(Some(record))
    }
}

/// Whether a record matches one of the filters; without filters, every record does.
#[must_use]
pub fn selects(filters: &[Filter], record: &Value) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.matches(record))
}

impl Pattern {
    fn read(pattern: &Value) -> Result<Self> {
        match pattern {
            Value::Object(fields) => {
                ensure!(!fields.is_empty(), "an object without fields matches nothing");
                let read = |(name, of): (&String, &Value)| {
                    ensure!(!name.starts_with('$'), "{name} is not supported here");
                    Ok((name.clone(), Self::read(of).with_context(|| format!("the field {name}"))?))
                };
                Ok(Self::Fields(fields.iter().map(read).collect::<Result<_>>()?))
            }
            Value::Array(rules) => {
                ensure!(!rules.is_empty(), "a list without values matches nothing");
                Ok(Self::Any(rules.iter().map(Rule::read).collect::<Result<_>>()?))
            }
            value => bail!("{value} is not in a list"),
        }
    }

    /// A field that is absent matches only where it must be. A list matches by any of its elements.
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Fields(_), Some(Value::Array(elements))) => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            (Self::Fields(fields), value) => {
                fields.iter().all(|(name, pattern)| pattern.matches(value.and_then(|value| value.get(name))))
            }
            (Self::Any(rules), value) => {
                let mut leaves = Vec::new();
                gather_leaves(value, &mut leaves);
                rules.iter().any(|rule| rule.holds(&leaves))
            }
        }
    }
}

/// The values at a field that are neither objects nor lists. A field that holds objects has none, so it does not exist.
fn gather_leaves<'a>(value: Option<&'a Value>, leaves: &mut Vec<&'a Value>) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(elements)) => elements.iter().for_each(|element| gather_leaves(Some(element), leaves)),
        Some(leaf) => leaves.push(leaf),
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self> {
        let operator = match rule {
            Value::Object(operator) => operator,
            Value::Array(_) => bail!("a list in a list"),
            value => return Ok(Self::Exactly(value.clone())),
        };
        let mut operators = operator.iter();
        match (operators.next(), operators.next()) {
            (Some((name, Value::Bool(exists))), None) if name == "exists" => Ok(Self::Exists(*exists)),
            (Some((name, Value::String(prefix))), None) if name == "prefix" => Ok(Self::Prefix(prefix.clone())),
            (Some((name, of)), None) if name == "anything-but" => {
                let values = of.as_array().cloned().unwrap_or_else(|| vec![of.clone()]);
                let is_plain = |value: &Value| value.is_string() || value.is_number();
                ensure!(
                    !values.is_empty() && values.iter().all(is_plain),
                    "anything-but takes strings and numbers here"
                );
                Ok(Self::AnythingBut(values))
            }
            _ => bail!("the operator {rule} is not supported here"),
        }
    }

    fn holds(&self, leaves: &[&Value]) -> bool {
        match self {
            Self::Exists(exists) => leaves.is_empty() != *exists,
            Self::Exactly(expected) => leaves.iter().any(|leaf| equal(leaf, expected)),
            Self::Prefix(prefix) => {
                leaves.iter().any(|leaf| leaf.as_str().is_some_and(|text| text.starts_with(prefix)))
            }
            Self::AnythingBut(excluded) => {
                leaves.iter().any(|leaf| !excluded.iter().any(|excluded| equal(leaf, excluded)))
            }
        }
    }
}

/// Numbers are equal by their value, however they are written.
fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_matches_as_lambda_does() {
        let record = json!({
            "eventName": "INSERT",
            "dynamodb": {
                "SizeBytes": 26,
                "NewImage": {
                    "item_type": {"S": "event"},
                    "is_open": {"BOOL": true},
                    "gone": {"NULL": true},
                    "nothing": null,
                    "tags": {"SS": ["red", "green"]},
                    "list": {"L": [{"S": "one"}, {"S": "two"}]},
                    "empty": {"S": ""},
                },
            },
        });
        let cases = [
            (r#"{"eventName": ["INSERT"]}"#, true),
            (r#"{"eventName": ["MODIFY", "INSERT"]}"#, true),
            (r#"{"eventName": ["insert"]}"#, false),
            (r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item_type": {"S": ["event"]}}}}"#, true),
            (r#"{"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"item_type": {"S": ["event"]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": ["user"]}}}}"#, false),
            (r#"{"dynamodb": {"OldImage": {"item_type": {"S": ["event"]}}}}"#, false),
            (r#"{"dynamodb": {"SizeBytes": [26]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": [26.0]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": ["26"]}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"is_open": {"BOOL": [true]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"is_open": {"BOOL": [false]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"nothing": [null]}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": [null]}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"missing": [null]}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"empty": {"S": [""]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"missing": {"S": [{"exists": false}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"exists": false}]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"exists": true}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": [{"exists": true}]}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"prefix": "ev"}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"prefix": "vent"}]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": ["user", {"prefix": "e"}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"anything-but": ["user"]}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"item_type": {"S": [{"anything-but": "event"}]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"missing": {"S": [{"anything-but": ["user"]}]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"tags": {"SS": ["green"]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"tags": {"SS": ["blue"]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"list": {"L": {"S": ["two"]}}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"list": {"L": {"S": ["three"]}}}}}"#, false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(Filter::parse(pattern).unwrap().matches(&record), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        let patterns = [
            "",
            "[]",
            "{}",
            r#""INSERT""#,
            r#"{"eventName": "INSERT"}"#,
            r#"{"eventName": []}"#,
            r#"{"eventName": {}}"#,
            r#"{"eventName": [["INSERT"]]}"#,
            r#"{"eventName": [{"suffix": "T"}]}"#,
            r#"{"eventName": [{"equals-ignore-case": "insert"}]}"#,
            r#"{"eventName": [{"wildcard": "I*"}]}"#,
            r#"{"eventName": [{"prefix": 1}]}"#,
            r#"{"eventName": [{"prefix": "I", "exists": true}]}"#,
            r#"{"eventName": [{"exists": "true"}]}"#,
            r#"{"eventName": [{"anything-but": {"prefix": "I"}}]}"#,
            r#"{"eventName": [{"anything-but": []}]}"#,
            r#"{"dynamodb": {"SizeBytes": [{"numeric": [">", 5]}]}}"#,
            r#"{"$or": [{"eventName": ["INSERT"]}]}"#,
        ];
        for pattern in patterns {
            assert!(Filter::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn one_of_several_filters_is_enough() {
        let filters = [r#"{"a": [1]}"#, r#"{"b": [2]}"#].map(|pattern| Filter::parse(pattern).unwrap());
        assert!(selects(&filters, &json!({"a": 0, "b": 2})));
        assert!(selects(&filters, &json!({"a": 1, "b": 0})));
        assert!(!selects(&filters, &json!({"a": 2, "b": 1})));
        assert!(selects(&[], &json!({})));
    }

    proptest! {
        #[test]
        fn a_value_matches_itself_or_anything_but_itself(
            value in prop_oneof![any::<i64>().prop_map(Value::from), any::<String>().prop_map(Value::from)],
            other in any::<String>(),
        ) {
            let matches = |rule: Value, record: Value| {
                Filter::parse(&json!({"field": [rule]}).to_string()).unwrap().matches(&record)
            };
            let (record, different) = (json!({"field": value}), value != json!(other));
            let excluded = matches(json!({"anything-but": [value]}), record.clone());
            let exists = matches(json!({"exists": true}), record.clone());
            let is_absent = matches(json!({"exists": false}), record.clone());
            prop_assert!(matches(value, record.clone()));
            prop_assert!(!excluded);
            prop_assert_eq!(matches(json!(other), record.clone()), !different);
            prop_assert_eq!(matches(json!({"anything-but": other}), record), different);
            prop_assert!(exists && !is_absent);
        }
    }
}
