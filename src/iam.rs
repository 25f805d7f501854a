//! The permissions of the template, enforced: each function here may do what its role on AWS may do, and nothing else.
//!
//! Only the part of IAM that the template uses is supported: `Allow` statements, in a function's own policies or in
//! policies that several functions share; single actions; the table, its index, the key or the secret as the resource;
//! and conditions on the leading keys of DynamoDB, which must be present, or on the purpose in KMS's encryption
//! context. A template that uses more is refused, so that no policy is enforced in part.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};
use lambda_http::BoxFuture;
use serde_json::Value;
use serde_yaml_ng::{Mapping, Value as Yaml, value::TaggedValue};
use shared::keys::{KeyProvider, Material, Purpose};

/// An action on a resource that a role allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action, as in `dynamodb:Query`.
    pub action: String,
    /// The resource: `Table`, `Table/index/GSI1` or the logical id of a key or a secret.
    pub resource: String,
    /// The partition key, in which a final `*` matches any end, or the purpose of a key; `None` matches any.
    pub subject: Option<String>,
    /// The logical id of the policy that several functions share; `None` for a policy of the function's own.
    pub shared: Option<String>,
}

impl Permission {
    fn allows(&self, action: &str, resource: &str, subject: &str) -> bool {
        self.action == action
            && self.resource == resource
            && self.subject.as_ref().is_none_or(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => subject.starts_with(prefix),
                None => subject == pattern,
            })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} of {}", self.action, self.resource, self.subject.as_deref().unwrap_or("*"))?;
        self.shared.as_ref().map_or(Ok(()), |policy| write!(f, ", by {policy}"))
    }
}

/// The role of a function, and the permissions that were used so far.
#[derive(Clone, Debug)]
pub struct Role(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    function: String,
    permissions: Vec<Permission>,
    used: Mutex<BTreeSet<Permission>>,
}

impl Role {
    /// Reads the role of a function with these `policies`, which refer to the `resources` of a template.
    ///
    /// # Errors
    /// When a policy has a form that is not supported here.
    pub fn new(function: &str, policies: &[Yaml], resources: &Mapping) -> Result<Self> {
        let mut permissions = Vec::new();
        for policy in policies {
            let (document, shared) = match policy {
                Yaml::Tagged(reference) if reference.tag == "Ref" => {
                    let managed =
                        resources.get(&reference.value).and_then(|it| it.get("Properties")?.get("PolicyDocument"));
                    let managed = managed
                        .with_context(|| format!("{function} refers to a policy that is not in the template"))?;
                    (managed, reference.value.as_str().map(str::to_owned))
                }
                document => (document, None),
            };
            let statements = document.get("Statement").and_then(Yaml::as_sequence);
            for statement in statements.with_context(|| format!("a policy of {function} has no statements"))? {
                let read = permissions_of(statement, shared.as_deref(), resources);
                permissions.extend(read.with_context(|| format!("a statement of {function} cannot be enforced here"))?);
            }
        }
        let parts = Parts { function: function.to_owned(), permissions, used: Mutex::default() };
        Ok(Self(Arc::new(parts)))
    }

    /// The permissions of the role.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.0.permissions
    }

    /// The permissions that were used so far.
    #[must_use]
    pub fn used(&self) -> BTreeSet<Permission> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks that the role allows reading a secret of the template, by its logical id.
    ///
    /// # Errors
    /// When the role does not allow it.
    pub fn read_secret(&self, secret: &str) -> Result<()> {
        self.check("secretsmanager:GetSecretValue", secret, "")
    }

    fn check(&self, action: &str, resource: &str, subject: &str) -> Result<()> {
        let Parts { function, permissions, used } = &*self.0;
        let permission = permissions.iter().find(|permission| permission.allows(action, resource, subject));
        let permission = permission
            .with_context(|| format!("the role of {function} does not allow {action} on {resource} of {subject}"))?;
        used.lock().unwrap_or_else(PoisonError::into_inner).insert(permission.clone());
        Ok(())
    }

    /// Checks a call of DynamoDB, by its name and its body.
    fn check_call(&self, call: &str, body: &Value) -> Result<()> {
        let key = |of: &Value| of.pointer("/PK/S").and_then(Value::as_str).unwrap_or_default().to_owned();
        let check = |action: &str, subject: &str| self.check(&format!("dynamodb:{action}"), "Table", subject);
        match call {
            "GetItem" | "UpdateItem" | "DeleteItem" => check(call, &key(&body["Key"])),
            "PutItem" => check(call, &key(&body["Item"])),
            "BatchGetItem" => {
                let tables = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
                let mut keys = tables.flat_map(|table| table["Keys"].as_array().into_iter().flatten());
                keys.try_for_each(|item| check(call, &key(item)))
            }
            "BatchWriteItem" => {
                let tables = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
                let mut puts = tables.flat_map(|requests| requests.as_array().into_iter().flatten());
                puts.try_for_each(|put| check(call, &key(put.pointer("/PutRequest/Item").unwrap_or(&Value::Null))))
            }
            "TransactWriteItems" => {
                let items = body["TransactItems"].as_array().into_iter().flatten();
                let mut actions = items.flat_map(|item| item.as_object().into_iter().flatten());
                actions.try_for_each(|(action, of)| match action.as_str() {
                    "Put" => check("PutItem", &key(&of["Item"])),
                    "ConditionCheck" => check("ConditionCheckItem", &key(&of["Key"])),
                    action => check(&format!("{action}Item"), &key(&of["Key"])),
                })
            }
            "Query" => {
                let partition = body.pointer("/ExpressionAttributeValues/:pk/S").and_then(Value::as_str);
                let resource =
                    body["IndexName"].as_str().map_or_else(|| "Table".to_owned(), |it| format!("Table/index/{it}"));
                self.check("dynamodb:Query", &resource, partition.unwrap_or_default())
            }
            call => check(call, ""),
        }
    }
}

fn permissions_of(statement: &Yaml, shared: Option<&str>, resources: &Mapping) -> Result<Vec<Permission>> {
    ensure!(statement.get("Effect").and_then(Yaml::as_str) == Some("Allow"), "its effect is not Allow");
    let actions = texts(statement.get("Action").context("it has no action")?)?;
    let named = each(statement.get("Resource").context("it has no resource")?);
    let named: Vec<String> = named.into_iter().map(|it| resource(it, resources)).collect::<Result<_>>()?;
    let subjects = match statement.get("Condition") {
        Some(condition) => subjects(condition)?.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let mut permissions = Vec::new();
    for action in &actions {
        ensure!(!action.contains('*'), "{action} is more than one action");
        for resource in &named {
            let of = |subject: &Option<String>| Permission {
                action: action.clone(),
                resource: resource.clone(),
                subject: subject.clone(),
                shared: shared.map(str::to_owned),
            };
            permissions.extend(subjects.iter().map(of));
        }
    }
    Ok(permissions)
}

/// The values of a statement's condition. A condition on leading keys also holds for a call without any, so a second
/// condition must require them.
fn subjects(condition: &Yaml) -> Result<Vec<String>> {
    const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
    let known = [
        ("ForAllValues:StringLike", LEADING_KEYS),
        ("ForAllValues:StringEquals", LEADING_KEYS),
        ("StringEquals", "kms:EncryptionContext:purpose"),
    ];
    let operators = condition.as_mapping().context("its condition is not a mapping")?;
    let keys = operators.values().filter_map(Yaml::as_mapping).map(Mapping::len).sum::<usize>();
    let found = known.iter().find_map(|(operator, key)| Some((*operator, *key, condition.get(operator)?.get(key)?)));
    let (operator, key, values) = found.context("its condition is not one of leading keys or of a purpose")?;
    let expected = if key == LEADING_KEYS {
        let absent = condition.get("Null").and_then(|it| it.get(LEADING_KEYS)).and_then(Yaml::as_str);
        ensure!(absent == Some("false"), "it holds for a call without leading keys");
        2
    } else {
        1
    };
    ensure!(keys == expected && operators.len() == expected, "it has more conditions than are supported here");
    let values = texts(values)?;
    let is_known = |value: &String| {
        let end = if operator.ends_with("StringLike") { "*" } else { "" };
        !value.strip_suffix(end).unwrap_or(value).contains(['*', '?'])
    };
    ensure!(values.iter().all(is_known), "a value has a wildcard that is not its end");
    Ok(values)
}

/// The values of a list, or the single value given instead of a list.
fn each(value: &Yaml) -> Vec<&Yaml> {
    value.as_sequence().map_or_else(|| vec![value], |list| list.iter().collect())
}

fn texts(value: &Yaml) -> Result<Vec<String>> {
    each(value).into_iter().map(|it| it.as_str().map(str::to_owned).context("a value is not a string")).collect()
}

/// Resolves a statement's resource: the ARN of a resource as in `!GetAtt SealingKey.Arn`, the table by the parameter
/// that holds its ARN as in `!GetAtt TableArn.Value` or `!Sub ${TableArn.Value}/index/GSI1`, or a secret as in `!Ref
/// AdminPassword`.
fn resource(value: &Yaml, resources: &Mapping) -> Result<String> {
    let Yaml::Tagged(tagged) = value else { bail!("a resource is not of this template") };
    let TaggedValue { tag, value } = &**tagged;
    let text = value.as_str().context("a resource is not a string")?;
    let kind = |id: &str| resources.get(id).and_then(|it| it.get("Type")?.as_str());
    if *tag == "Ref" {
        ensure!(kind(text) == Some("AWS::SecretsManager::Secret"), "the reference to {text} is not its ARN");
        return Ok(text.to_owned());
    }
    let (attribute, rest) = match text.strip_prefix("${").and_then(|text| text.split_once('}')) {
        Some(parts) if *tag == "Sub" => parts,
        _ => (text, ""),
    };
    let id = match attribute.split_once('.') {
        Some((id, "Arn")) => id.to_owned(),
        Some((id, "Value")) if kind(id) == Some("AWS::SSM::Parameter") => {
            let value = resources.get(id).and_then(|it| it.get("Properties")?.get("Value"));
            chosen(value.with_context(|| format!("{id} has no value"))?, resources)?
        }
        _ => bail!("{text} is not the ARN of a resource"),
    };
    Ok(format!("{id}{rest}"))
}

/// Resolves a parameter's value here, where no table was restored: the last choice of `!If [UsesRestoredTable, ...]`.
fn chosen(value: &Yaml, resources: &Mapping) -> Result<String> {
    match value {
        Yaml::Tagged(tagged) if tagged.tag == "If" => {
            let choices = tagged.value.as_sequence().map(Vec::as_slice).unwrap_or_default();
            let [Yaml::String(condition), _, otherwise] = choices else { bail!("an If does not have three parts") };
            ensure!(condition == "UsesRestoredTable", "{condition} is not supported here");
            resource(otherwise, resources)
        }
        value => resource(value, resources),
    }
}

/// Refuses calls of DynamoDB that the role does not allow, before they are sent.
impl Intercept for Role {
    fn name(&self) -> &'static str {
        "Role"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let body = request.body().bytes().unwrap_or_default();
        let body = serde_json::from_slice(body).unwrap_or_default();
        Ok(self.check_call(target.unwrap_or_default(), &body)?)
    }
}

/// A key provider that is limited to a function's role.
pub struct Restricted {
    provider: Arc<dyn KeyProvider>,
    role: Role,
}

impl Restricted {
    /// Limits `provider` to the purposes that `role` allows.
    #[must_use]
    pub fn new(provider: Arc<dyn KeyProvider>, role: Role) -> Self {
        Self { provider, role }
    }

    fn check(&self, action: &str, purpose: Purpose) -> shared::Result<()> {
        self.role.check(action, "SealingKey", purpose.as_str()).map_err(shared::Error::internal)
    }
}

impl KeyProvider for Restricted {
    fn generate(&self, purpose: Purpose) -> BoxFuture<'_, shared::Result<(Material, Vec<u8>)>> {
        Box::pin(async move {
            self.check("kms:GenerateDataKey", purpose)?;
            self.provider.generate(purpose).await
        })
    }

    fn unwrap(&self, purpose: Purpose, wrapped: Vec<u8>) -> BoxFuture<'_, shared::Result<Material>> {
        Box::pin(async move {
            self.check("kms:Decrypt", purpose)?;
            self.provider.unwrap(purpose, wrapped).await
        })
    }
}
