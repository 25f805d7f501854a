//! The typed answers: one resource, a created resource, a list, nothing.

use std::{borrow::Cow, fmt::Display};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use uuid::Uuid;

use super::{
    describe::{Describe, Description},
    precondition::etag,
};
use crate::{domain::Resource, store::Authorized};

/// A resource with its id and type.
#[derive(Debug, Serialize)]
pub(super) struct Data<T> {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    attributes: T,
}

impl<T: Resource> From<T> for Data<T> {
    fn from(attributes: T) -> Self {
        Self { id: attributes.id(), kind: T::TYPE, attributes }
    }
}

impl<T: Resource> JsonSchema for Data<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Resource", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("{} with its id and type.", T::schema_name()),
            "type": "object",
            "properties": {
                "id": generator.subschema_for::<Uuid>(),
                "type": { "type": "string", "const": T::TYPE },
                "attributes": generator.subschema_for::<T>(),
            },
            "required": ["id", "type", "attributes"],
        })
    }
}

/// `{"data": {"id", "type", "attributes"}}`.
#[derive(Debug, Serialize)]
pub struct Single<T> {
    data: Data<T>,
}

impl<T: Resource> Single<T> {
    /// Shows a resource.
    pub fn new(resource: T) -> Self {
        Self { data: resource.into() }
    }

    /// Shows a found entity with its version.
    pub fn of<E>(entity: &Authorized<E>) -> Versioned<Self>
    where
        T: for<'e> From<&'e E>,
    {
        Self::versioned(entity, T::from(entity))
    }

    /// Shows a resource with the version of its entity.
    pub fn versioned<E>(entity: &Authorized<E>, resource: T) -> Versioned<Self> {
        Versioned::new(entity.version(), Self::new(resource))
    }
}

impl<T: Resource> JsonSchema for Single<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Response", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("One {}.", T::schema_name()),
            "type": "object",
            "properties": { "data": generator.subschema_for::<Data<T>>() },
            "required": ["data"],
        })
    }
}

impl<T: Resource> IntoResponse for Single<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl<T: Resource> Describe for Single<T> {
    fn describe(operation: &mut Description<'_>) {
        Json::<Self>::describe(operation);
    }
}

/// An answer with the version that `If-Match` may name later.
#[derive(Debug)]
pub struct Versioned<T> {
    etag: String,
    answer: T,
}

impl<T> Versioned<T> {
    /// Adds a version to an answer.
    pub fn new(version: impl Display, answer: T) -> Self {
        Self { etag: etag(version), answer }
    }
}

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

impl<T: Describe> Describe for Versioned<T> {
    fn describe(operation: &mut Description<'_>) {
        T::describe(operation);
        operation.answer_header(200, "etag", "ETag");
    }
}

/// 201 with the new resource and its location.
#[derive(Debug)]
pub struct Created<T> {
    location: String,
    single: Single<T>,
}

impl<T: Resource> Created<T> {
    /// A new resource at `location`, a path of this API.
    pub fn at(location: String, resource: T) -> Self {
        Self { location, single: Single::new(resource) }
    }
}

impl<T: Resource> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.single)).into_response();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl<T: Resource> Describe for Created<T> {
    fn describe(operation: &mut Description<'_>) {
        let schema = operation.schema::<Single<T>>();
        operation.answer(201, "Created");
        operation.content(201, "application/json", schema);
        operation.answer_header(201, "location", "Location");
    }
}

/// An empty object: the request succeeded.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Done {}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl Describe for Done {
    fn describe(operation: &mut Description<'_>) {
        Json::<Self>::describe(operation);
    }
}

/// 200 without a body, as the documents show the answer to an organization's update.
#[derive(Debug)]
pub struct Empty;

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        StatusCode::OK.into_response()
    }
}

impl Describe for Empty {
    fn describe(operation: &mut Description<'_>) {
        operation.answer(200, "OK, without a body");
    }
}

/// `{"data": [...], "meta": {"pagination": {...}}}`.
#[derive(Debug, Serialize)]
pub struct List<T> {
    data: Vec<Data<T>>,
    meta: Meta,
}

/// The place of a page in its list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListMeta")]
struct Meta {
    pagination: Pagination,
}

/// The place of a page in its list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Pagination {
    /// The number of all items that match; null where it is not known without reading them all.
    pub total_count: Option<u64>,
    /// The number of pages that they fill; null where `total_count` is.
    pub total_pages: Option<u64>,
    /// The page shown; null when the page was found by a cursor.
    pub current_page: Option<u64>,
    /// The number of items on a page.
    pub per_page: u64,
    /// The cursor of the page after this one; null on the last.
    pub next_cursor: Option<String>,
}

impl<T: Resource> List<T> {
    /// A page of a list.
    pub(super) fn new(data: Vec<Data<T>>, pagination: Pagination) -> Self {
        Self { data, meta: Meta { pagination } }
    }

    /// Shows a list that is never longer than a page.
    pub fn whole(items: impl IntoIterator<Item = T>) -> Self {
        let data: Vec<_> = items.into_iter().map(Data::from).collect();
        let total_count = data.len() as u64;
        let per_page = total_count.max(1);
        let (total_count, total_pages) = (Some(total_count), Some(1));
        Self::new(data, Pagination { total_count, total_pages, current_page: Some(1), per_page, next_cursor: None })
    }
}

impl<T: Resource> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}List", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("A page of a list of {}.", T::TYPE.replace('_', " ")),
            "type": "object",
            "properties": {
                "data": { "type": "array", "items": generator.subschema_for::<Data<T>>() },
                "meta": generator.subschema_for::<Meta>(),
            },
            "required": ["data", "meta"],
        })
    }
}

impl<T: Resource> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl<T: Resource> Describe for List<T> {
    fn describe(operation: &mut Description<'_>) {
        Json::<Self>::describe(operation);
    }
}
