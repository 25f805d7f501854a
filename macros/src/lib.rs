//! The macros of the `shared` crate, which exports them again. Their output names everything by its path in `shared`.

mod input;
mod operation;
mod patch;
mod resource;

use proc_macro::TokenStream;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, parse_macro_input};

/// Reads a struct with named fields from a JSON object or from the query string, and describes it in the OpenAPI
/// document. A field of type `Option` may be absent, any other is required, and a field that the struct lacks is an
/// error. `#[input(flatten)]` reads the fields of an inner struct as if they were fields of the outer one.
#[proc_macro_derive(Input, attributes(input))]
pub fn input(item: TokenStream) -> TokenStream {
    input::expand(parse_macro_input!(item)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes the partial update of a struct whose fields are all `Option`: `#[patch(Name)]` names it. In the update an absent
/// field leaves the stored value as it is, and `null` clears it. `#[patch(given = Type)]` on a field names the type of its new
/// values where that is stricter than the stored one, into which it must turn.
#[proc_macro_derive(Patch, attributes(patch))]
pub fn patch(item: TokenStream) -> TokenStream {
    patch::expand(&parse_macro_input!(item)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct the attributes of a resource: `#[resource("users")]` names its type, and its field `id` is its id.
#[proc_macro_derive(Resource, attributes(resource))]
pub fn resource(item: TokenStream) -> TokenStream {
    resource::expand(&parse_macro_input!(item)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a handler an operation: `#[operation(put, "/v2/users/{id}")]`.
///
/// The name of the function is the operation's id. The first paragraph of its documentation is the summary, the rest the
/// description. Its types say everything else; what they cannot say follows the path: `409 = "The name is taken"` or any
/// expression of an `Error` adds an answer, and `deprecated` marks the operation.
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    operation::expand(&parse_macro_input!(arguments), parse_macro_input!(item)).into()
}

/// The documentation comment of an item, line by line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
