//! The routes of `template.yaml`, the same that AWS makes of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The template that is deployed.
pub const TEMPLATE: &str = include_str!("../template.yaml");

/// A route of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The method, in capitals.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// The function that it leads to.
    pub function: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, serde_yaml_ng::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function {
    metadata: Metadata,
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    build_properties: BuildProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildProperties {
    binary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    properties: BTreeMap<String, serde_yaml_ng::Value>,
}

/// The routes of a template.
///
/// # Errors
/// When the template is not one, or has no routes.
pub fn routes(template: &str) -> Result<Vec<Route>> {
    let template: Template = serde_yaml_ng::from_str(template).context("the template is not one of SAM")?;
    let mut routes = Vec::new();
    for (name, resource) in template.resources {
        if resource.get("Type").and_then(|kind| kind.as_str()) != Some("AWS::Serverless::Function") {
            continue;
        }
        let function: Function =
            serde_yaml_ng::from_value(resource).with_context(|| format!("the function {name} is incomplete"))?;
        let events = function.properties.events.into_values().filter(|event| event.r#type == "HttpApi");
        for event in events {
            let text = |field: &str| {
                let value = event.properties.get(field).and_then(|value| value.as_str());
                value.map(str::to_owned).with_context(|| format!("a route of {name} has no {field}"))
            };
            let function = function.metadata.build_properties.binary.clone();
            routes.push(Route { method: text("Method")?.to_uppercase(), path: text("Path")?, function });
        }
    }
    ensure!(!routes.is_empty(), "the template has no routes");
    routes.sort();
    Ok(routes)
}
