//! The routes and roles of `template.yaml`, as AWS derives them.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use heck::ToKebabCase;
use serde::Deserialize;
use serde_yaml_ng::{Mapping, Value};

use crate::{iam::Role, streams};

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
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    #[serde(default)]
    policies: Vec<Value>,
    #[serde(default)]
    events: Mapping,
}

/// The OpenAPI document of the gateway.
#[derive(Deserialize)]
struct Definition {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(rename = "x-amazon-apigateway-integration")]
    integration: Reference,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

#[derive(Deserialize)]
struct Components {
    #[serde(rename = "x-amazon-apigateway-integrations")]
    integrations: BTreeMap<String, Integration>,
}

#[derive(Deserialize)]
struct Integration {
    uri: Value,
}

/// The functions of a template.
#[derive(Debug)]
pub struct Functions {
    /// The routes that lead to them.
    pub routes: Vec<Route>,
    /// The role of each function, by the function's name. A function without routes has one too.
    pub roles: BTreeMap<String, Role>,
    /// The streams that the functions are called with.
    pub mappings: Vec<streams::Mapping>,
    /// The functions that are called again and again.
    pub timers: Vec<Timer>,
}

/// A function that is called again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The function.
    pub function: String,
    /// The name of the event in the template.
    pub event: String,
    /// The time between two calls.
    pub every: Duration,
}

/// Reads the functions of a template.
///
/// # Errors
/// When it is not a SAM template, has no routes, a route leads to no function, or a policy or an
/// event cannot be enforced here.
pub fn functions(template: &str) -> Result<Functions> {
    let Template { resources } = serde_yaml_ng::from_str(template).context("the template is not a SAM template")?;
    let mut functions =
        Functions { routes: Vec::new(), roles: BTreeMap::new(), mappings: Vec::new(), timers: Vec::new() };
    for (id, resource) in &resources {
        let id = id.as_str().unwrap_or_default();
        let kind = resource.get("Type").and_then(Value::as_str);
        if kind == Some("AWS::Serverless::Function") {
            let function: Function = serde_yaml_ng::from_value(resource.clone())
                .with_context(|| format!("the function {id} is incomplete"))?;
            let role = Role::new(&name_of(id), &function.properties.policies, &resources)?;
            functions.roles.insert(name_of(id), role);
            let (timed, streamed): (Mapping, Mapping) = function.properties.events.into_iter().partition(is_timed);
            functions.mappings.extend(streams::mapping::read(&name_of(id), &streamed, &resources)?);
            for (event, properties) in &timed {
                functions.timers.push(timer(&name_of(id), event, properties)?);
            }
        } else if kind == Some("AWS::Serverless::HttpApi") {
            let definition = resource.get("Properties").and_then(|it| it.get("DefinitionBody")).cloned();
            let definition = serde_yaml_ng::from_value(definition.unwrap_or_default());
            functions
                .routes
                .extend(routes(definition.with_context(|| format!("the definition of {id} is incomplete"))?)?);
        }
    }
    for Route { method, path, function } in &functions.routes {
        ensure!(functions.roles.contains_key(function), "{method} {path} leads to {function}, which is no function");
    }
    ensure!(!functions.routes.is_empty(), "the template has no routes");
    functions.routes.sort();
    Ok(functions)
}

fn is_timed((_, event): &(Value, Value)) -> bool {
    event.get("Type").and_then(Value::as_str) == Some("ScheduleV2")
}

/// The timer of an event `ScheduleV2` with an expression as `rate(1 minute)`.
fn timer(function: &str, event: &Value, properties: &Value) -> Result<Timer> {
    let expression = properties.get("Properties").and_then(|it| it.get("ScheduleExpression")).and_then(Value::as_str);
    let rate = expression.and_then(|it| it.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' '));
    let minutes: u64 = match rate {
        Some((count, "minute" | "minutes")) => count.parse().context("the rate is no number")?,
        _ => bail!("{function} has a schedule that is no rate of minutes"),
    };
    let event = event.as_str().unwrap_or_default().to_owned();
    Ok(Timer { function: function.to_owned(), event, every: Duration::from_secs(minutes * 60) })
}

/// The name of a function, which is also that of its binary: `PortListsFunction` is `port-lists`.
fn name_of(logical_id: &str) -> String {
    logical_id.strip_suffix("Function").unwrap_or(logical_id).to_kebab_case()
}

fn routes(definition: Definition) -> Result<Vec<Route>> {
    let Definition { paths, components: Components { integrations } } = definition;
    let mut routes = Vec::new();
    for (path, operations) in paths {
        for (method, Operation { integration: Reference { to } }) in operations {
            let name = to.strip_prefix("#/components/x-amazon-apigateway-integrations/").unwrap_or_default();
            let function = integrations.get(name).and_then(|integration| function_of(&integration.uri));
            let function = function.with_context(|| format!("{method} {path} leads to no function"))?;
            routes.push(Route { method: method.to_uppercase(), path: path.clone(), function });
        }
    }
    Ok(routes)
}

/// The function whose alias is in the URI `!Sub arn:...:functions/${AuditFunction.Arn}:live/invocations`.
fn function_of(uri: &Value) -> Option<String> {
    let Value::Tagged(uri) = uri else { return None };
    let (_, id) = uri.value.as_str()?.strip_suffix(".Arn}:live/invocations")?.rsplit_once("${")?;
    Some(name_of(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_after_its_logical_id() {
        assert_eq!(name_of("AuditFunction"), "audit");
        assert_eq!(name_of("PortListsFunction"), "port-lists");
    }

    #[test]
    fn a_route_leads_to_the_alias_of_a_function() {
        let without_alias = TEMPLATE.replacen("${AuditFunction.Arn}:live", "${AuditFunction.Arn}", 1);
        assert!(functions(&without_alias).is_err());
        let elsewhere = TEMPLATE.replacen("${AuditFunction.Arn}:live", "${OtherFunction.Arn}:live", 1);
        assert!(functions(&elsewhere).is_err());
        assert!(functions(TEMPLATE).is_ok());
    }

    #[test]
    fn a_function_without_routes_has_its_role() {
        let worker = "Resources:\n  DeliverFunction: {Type: AWS::Serverless::Function, Properties: {}}\n";
        let functions = functions(&TEMPLATE.replacen("Resources:\n", worker, 1)).unwrap();
        assert!(functions.roles["deliver"].permissions().is_empty());
        assert!(functions.routes.iter().all(|route| route.function != "deliver"));
    }
}
