//! Operations on several resources that a body names.

use axum::Json;
use http::request::Parts;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use uuid::Uuid;

use super::{
    access::{Lookup, Refusal},
    body::Body,
    caller::Caller,
    describe::{Describe, Description},
};
use crate::{
    Error, Input, Result,
    error::{Code, FieldError},
    input::{Bounded, Field, Problems, Value},
    store::{Authorized, Found, Owned, Reads, Write},
    tenancy::Authority,
};

/// The largest number of resources that a request names: they are read in one batch.
const MAX: usize = 50;

/// The ids of resources, each once.
#[derive(Clone, Debug)]
struct Ids(Vec<Uuid>);

impl Field for Ids {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        if !(1..=MAX).contains(&value.as_array().map_or(1, Vec::len)) {
            return problems.add(path, format!("must hold 1 to {MAX} ids"));
        }
        let ids = Bounded::<Uuid, MAX>::read(value, path, problems)?.into_inner();
        match (1..ids.len()).find(|at| ids.iter().take(*at).any(|id| Some(id) == ids.get(*at))) {
            Some(at) => problems.add(&format!("{path}[{at}]"), "is there twice"),
            None => Some(Self(ids)),
        }
    }
}

impl JsonSchema for Ids {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ids".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array", "items": generator.subschema_for::<Uuid>(), "minItems": 1, "maxItems": MAX,
            "uniqueItems": true,
        })
    }
}

/// The body of an operation on several resources.
#[derive(Debug, Input)]
struct Several {
    /// The ids of the resources.
    ids: Ids,
}

/// The entities that the body names, within the caller's scope.
#[derive(Debug)]
pub struct Targets<E>(pub Vec<Authorized<E>>);

impl<E: Owned<Id: From<Uuid>>> Lookup for Targets<E> {
    type Names = Result<Vec<Uuid>>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        Body::read(parts).map(|Several { ids: Ids(ids) }| ids)
    }

    fn reads(ids: &Self::Names, _: &Authority) -> Reads {
        let ids = ids.as_deref().unwrap_or_default();
        ids.iter().fold(Reads::none(), |reads, id| reads.owned::<E>(E::Id::from(*id)))
    }

    fn find(ids: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let (mut entities, mut unknown) = (Vec::new(), Vec::new());
        for (at, id) in ids?.into_iter().enumerate() {
            match caller.store().owned(found, E::Id::from(id)) {
                Ok(entity) => entities.push(entity),
                Err(error) if error.code() == Code::NotFound => {
                    unknown.push(FieldError::new(format!("ids[{at}]"), "is none that you can see"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if unknown.is_empty() { Ok(Self(entities)) } else { Err(Error::invalid(unknown).into()) }
    }
}

impl<E> Describe for Targets<E> {
    fn describe(operation: &mut Description<'_>) {
        Body::<Several>::describe(operation);
        operation.error(Error::invalid_field("ids[0]", "is none that you can see"));
    }
}

/// What became of several resources.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Deleted {
    /// The ids of those that were deleted.
    deleted: Vec<Uuid>,
    /// Those that were not.
    refused: Vec<Refused>,
}

/// A resource that was not deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusedDeletion")]
struct Refused {
    /// The resource's id.
    id: Uuid,
    /// The code of the error that its own deletion would answer with.
    code: Code,
    /// The reason.
    message: String,
}

impl<E: Owned<Id: Into<Uuid>>> Targets<E> {
    /// Deletes each by the write that `delete` prepares, apart from the others: what is refused for one is none of the
    /// others' business.
    ///
    /// # Errors
    /// 429 and 500, with which the rest is left as it is.
    pub async fn delete<'a>(&self, delete: impl Fn(&Authorized<E>) -> Result<Write<'a, E>>) -> Result<Json<Deleted>> {
        let mut result = Deleted::default();
        for entity in &self.0 {
            let id = entity.id().into();
            let deleted = match delete(entity) {
                Ok(write) => write.commit().await.map(drop),
                Err(error) => Err(error),
            };
            match deleted {
                Ok(()) => result.deleted.push(id),
                Err(error) if error.code().status() == 429 || error.code().status() >= 500 => return Err(error),
                Err(error) => {
                    let (code, message) = (error.code(), error.message().to_owned());
                    result.refused.push(Refused { id, code, message });
                }
            }
        }
        Ok(Json(result))
    }
}
