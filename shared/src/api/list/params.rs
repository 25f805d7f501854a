//! The parameters of a list in the OpenAPI document.

use std::marker::PhantomData;

use utoipa::openapi::{
    ObjectBuilder, RefOr, Schema, Type,
    path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle},
    schema::ArrayBuilder,
};

use super::{Listed, MAX_PER_PAGE};

/// The parameters of a list in the OpenAPI document, with its columns.
pub struct ListParams<E>(PhantomData<E>);

impl<E: Listed> utoipa::IntoParams for ListParams<E> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = || E::COLUMNS.iter().map(|column| column.name);
        let filters = names().fold(ObjectBuilder::new(), |object, name| object.property(name, text()));
        let sorts = names().flat_map(|name| [format!("{name}:asc"), format!("{name}:desc")]);
        let sort_by =
            ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(sorts)));
        let number = |max: Option<usize>| {
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(max.map(|max| max as f64))
        };
        let parameter = |name: &str, schema: RefOr<Schema>, description: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(utoipa::openapi::Required::False)
                .schema(Some(schema))
                .description(Some(description))
        };
        vec![
            parameter(
                "q",
                filters.into(),
                "Filters by columns, as in q[name]=acme*; * stands for anything, case does not matter.",
            )
            .style(Some(ParameterStyle::DeepObject))
            .explode(Some(true))
            .build(),
            parameter("date_range_start", text(), "Created at this time or later, as YYYY-MM-DD hh:mm:ss in UTC.")
                .build(),
            parameter("date_range_end", text(), "Created at this time or earlier, as YYYY-MM-DD hh:mm:ss in UTC.")
                .build(),
            parameter(
                "relative_date_range",
                text(),
                "Created in the last 30s, 5m, 2h, 10d, 3M, 2q or 1y, or in a quarter such as 1q2020.",
            )
            .build(),
            parameter(
                "sort_by",
                sort_by.into(),
                "Sorts by columns, as in name:asc,created_at:desc; a space serves for the colon.",
            )
            .style(Some(ParameterStyle::Form))
            .explode(Some(false))
            .build(),
            parameter("page", number(None).into(), "The page to show, from 1.").build(),
            parameter("per_page", number(Some(MAX_PER_PAGE)).into(), "The size of a page; 25 without it.").build(),
            parameter(
                "cursor",
                text(),
                "The next_cursor of the page before; holds for the same filters and order only.",
            )
            .build(),
        ]
    }
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}
