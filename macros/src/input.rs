//! `#[derive(Input)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Result};

use crate::documentation;

pub(crate) fn expand(item: DeriveInput) -> Result<TokenStream> {
    let name = &item.ident;
    let about = documentation(&item.attrs);
    let fields = named_fields(&item)?;
    let (mut reads, mut names, mut describes) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let (Some(ident), ty) = (&field.ident, &field.ty) else { continue };
        if is_flat(field)? {
            reads.push(quote! { let #ident = <#ty as ::shared::input::FieldSet>::take(fields, problems); });
            describes.push(quote! { <#ty as ::shared::input::FieldSet>::describe(object, generator); });
        } else {
            let (key, about) = (key(ident), documentation(&field.attrs));
            reads.push(quote! { let #ident: Option<#ty> = fields.take(#key, problems); });
            describes.push(quote! { object.field::<#ty>(generator, #key, #about); });
        }
        names.push(ident);
    }
    Ok(quote! {
        impl ::shared::input::FieldSet for #name {
            fn take(
                fields: &mut ::shared::input::Fields<'_>,
                problems: &mut ::shared::input::Problems,
            ) -> Option<Self> {
                #(#reads)*
                Some(Self { #(#names: #names?,)* })
            }

            fn describe(
                object: &mut ::shared::input::ObjectSchema,
                generator: &mut ::shared::schemars::SchemaGenerator,
            ) {
                #(#describes)*
            }
        }

        impl ::shared::input::Field for #name {
            fn read(
                value: &::shared::input::Value,
                path: &str,
                problems: &mut ::shared::input::Problems,
            ) -> Option<Self> {
                ::shared::input::Fields::read(value, path, problems)
            }
        }

        impl ::shared::schemars::JsonSchema for #name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!(#name).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!(#name)).into()
            }

            fn json_schema(generator: &mut ::shared::schemars::SchemaGenerator) -> ::shared::schemars::Schema {
                ::shared::input::ObjectSchema::of::<Self>(generator, #about)
            }
        }
    })
}

/// The fields of a struct that has names for them.
pub(crate) fn named_fields(item: &DeriveInput) -> Result<impl Iterator<Item = &Field>> {
    match &item.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) && item.generics.params.is_empty() => {
            Ok(data.fields.iter())
        }
        _ => Err(Error::new_spanned(&item.ident, "needs a struct with named fields and without generics")),
    }
}

/// The name of a field in JSON: `r#type` is `type`.
fn key(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn is_flat(field: &Field) -> Result<bool> {
    let mut is_flat = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("input")) {
        attribute.parse_nested_meta(|meta| {
            is_flat = meta.path.is_ident("flatten");
            if is_flat { Ok(()) } else { Err(meta.error("only `flatten` is known here")) }
        })?;
    }
    Ok(is_flat)
}
