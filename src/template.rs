//! The routes and roles of `template.yaml`, the same that AWS makes of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_yaml_ng::{Mapping, Value};

use crate::iam::Role;

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
    resources: Mapping,
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
    #[serde(default)]
    policies: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    properties: BTreeMap<String, Value>,
}

/// What a template says of its functions.
#[derive(Debug)]
pub struct Functions {
    /// The routes that lead to them.
    pub routes: Vec<Route>,
    /// The role of each, by its name.
    pub roles: BTreeMap<String, Role>,
}

/// The functions of a template.
///
/// # Errors
/// When the template is not one, has no routes, or has a policy that cannot be enforced here.
pub fn functions(template: &str) -> Result<Functions> {
    let Template { resources } = serde_yaml_ng::from_str(template).context("the template is not one of SAM")?;
    let mut functions = Functions { routes: Vec::new(), roles: BTreeMap::new() };
    for (name, resource) in &resources {
        if resource.get("Type").and_then(Value::as_str) != Some("AWS::Serverless::Function") {
            continue;
        }
        let name = name.as_str().unwrap_or_default();
        let function: Function = serde_yaml_ng::from_value(resource.clone())
            .with_context(|| format!("the function {name} is incomplete"))?;
        let binary = function.metadata.build_properties.binary;
        let events = function.properties.events.into_values().filter(|event| event.r#type == "HttpApi");
        for event in events {
            let text = |field: &str| {
                let value = event.properties.get(field).and_then(|value| value.as_str());
                value.map(str::to_owned).with_context(|| format!("a route of {name} has no {field}"))
            };
            let route = Route { method: text("Method")?.to_uppercase(), path: text("Path")?, function: binary.clone() };
            functions.routes.push(route);
        }
        let role = Role::new(&binary, &function.properties.policies, &resources)?;
        functions.roles.insert(binary, role);
    }
    ensure!(!functions.routes.is_empty(), "the template has no routes");
    functions.routes.sort();
    Ok(functions)
}
